//! What must hold when nothing is left to do.

use igsync_base::id::Kind;
use igsync_model::lockfile::{Comment, Record, Records, Stage, State, Switch, Via, effective};

use super::fault::Fault;
use super::net::Fired;
use super::remote::RemoteFault;
use super::run::{Ended, Simulation};
use super::scenario::{Manifest, Scenario};
use super::schedule::{Clones, Event, Schedule};
use super::world::{Call, Media, World};

/// Everything that is wrong; empty when all is well.
pub fn violations(simulation: &Simulation, schedule: &Schedule) -> Vec<String> {
    let mut wrong = Vec::new();
    let records = simulation.records();
    let state = simulation.net.state();
    let world = &state.world;
    let context = Context { schedule, simulation, fired: &state.fired };
    for manifest in &simulation.manifests {
        let number = manifest.number;
        let made = || world.media.iter().filter(|media| media.owner == Some(number));
        let live: Vec<&Media> = made().filter(|media| !media.is_deleted).collect();
        if schedule.scenario.is_live() && made().count() > 1 {
            wrong.push(format!("post {number}, which was live at the beginning, was published again"));
        }
        if live.len() > context.most_live(manifest) {
            wrong.push(format!("post {number} is live {} times", live.len()));
        }
        let attempts: Vec<&Record> = records.iter().filter(|record| context.is_of(manifest, record)).collect();
        let known = attempts.iter().filter(|record| record.stage().rank() >= Stage::Published.rank()).count();
        let is_unrecorded = schedule.clones != Clones::One && live.len() > known.max(1);
        if is_unrecorded && !context.was_lost_or_gone(manifest) && !context.is_one_attempt_of_two(&live) {
            wrong.push(format!("post {number} is live {} times, and only {known} of them are recorded", live.len()));
        }
        wrong.extend(context.repeated(manifest, !live.is_empty(), world));
        if manifest.is_deleted || manifest.is_about_nothing() {
            continue;
        }
        let record = effective(records.attempts(&manifest.user_id(), &manifest.key()));
        wrong.extend(context.outcome(manifest, record, &live, world));
        // Of a post that two clones have published a person says which one stays; until then nothing is sent.
        let is_twice = attempts.iter().filter(|record| record.stage() == Stage::Published).count() > 1;
        if let Some(record) = record.filter(|record| record.stage() == Stage::Published && !is_twice) {
            wrong.extend(extras(manifest, record, &world.comments, &world.media, context.may_be_unsure_of_comments()));
        }
    }
    for record in records.iter() {
        wrong.extend(context.identity(record, world));
    }
    if schedule.scenario.is_live() {
        wrong.extend(context.orders(&records, world));
    }
    for (media, text) in &world.comments {
        let number = text.rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
        let owner = world.media.iter().find(|known| known.id == *media).and_then(|known| known.owner);
        if owner != number {
            wrong.push(format!("the comment of post {number:?} is on the media of {owner:?}"));
        }
        if world.comments.iter().filter(|(on, other)| other == text && on == media).count() > 1 {
            wrong.push(format!("`{text}` was posted twice"));
        }
    }
    wrong.extend(world.damaged.iter().cloned());
    if !context.disk_was_harmed() {
        wrong.extend(state.hasty.iter().cloned());
    }
    // Asked to stop, a run grants what is on the wire some seconds: that is no wait of its own.
    let silent = simulation.clock.silent_waits();
    let is_stopped = schedule.requests.iter().any(|(_, fault)| matches!(fault, Fault::Stop))
        || schedule.pushes.iter().any(|(_, fault)| matches!(fault, RemoteFault::Stop));
    if silent > 0 && !is_stopped {
        wrong.push(format!("{silent} waits that nobody was told of"));
    }
    if let Some(remote) = &simulation.remote {
        wrong.extend(remote.state().hasty.iter().cloned());
    }
    for (run, ended) in simulation.ended.iter().enumerate() {
        if let Ended::Broken(why) = ended
            && !context.disk_was_harmed()
        {
            wrong.push(format!("run {run} could not keep its records: {why}"));
        }
    }
    wrong
}

struct Context<'a> {
    schedule: &'a Schedule,
    simulation: &'a Simulation,
    fired: &'a [Fired],
}

/// What may be, post by post.
impl Context<'_> {
    /// What became of a post that someone wants to see.
    fn outcome(&self, manifest: &Manifest, record: Option<&Record>, live: &[&Media], world: &World) -> Option<String> {
        let number = manifest.number;
        let is_live = !live.is_empty();
        match record.map(|record| &record.state) {
            Some(State::Published(known)) => {
                let seen = record.and_then(|record| media_of(record, world));
                let adopted = seen.is_some_and(|media| media.owner.is_none() || self.is_taken_over(manifest, media))
                    || record.zip(seen).is_some_and(|(record, media)| self.is_anothers_twin(record, media, world));
                let by_hand = self.human_same(manifest) && known.media_id.is_none()
                    // Whoever deletes in the app, and has ordered nothing, is heard of by `drift`.
                    || self.happened(|event| matches!(event, Event::HumanDelete(_)));
                (!is_live && !adopted && !by_hand).then(|| format!("post {number} is recorded as live and is not"))
            }
            Some(State::Unknown(_)) if self.may_be_unknown(manifest) => None,
            Some(State::Unknown(reason)) => Some(format!(
                "post {number} is unknown ({}), though the evidence is clear",
                reason.as_ref().map(ToString::to_string).unwrap_or_default()
            )),
            Some(State::Deleted) => None,
            Some(State::Failed(_)) if self.was_refused(manifest) && (!is_live || self.may_be_double(manifest)) => None,
            _ if self.is_blocked() || self.is_held(manifest) => None,
            state => Some(format!("post {number} was dropped: {state:?}, live: {is_live}")),
        }
    }

    /// What is recorded as deleted is gone, what is recorded as live is not, and what is still ordered is done.
    fn orders(&self, records: &Records, world: &World) -> Vec<String> {
        let mut wrong = Vec::new();
        let by_hand = self.happened(|event| matches!(event, Event::HumanDelete(_)));
        for record in records.iter() {
            let Some(media) = media_of(record, world) else { continue };
            let (stage, key) = (record.stage(), &record.key);
            if stage == Stage::Deleted && !media.is_deleted {
                wrong.push(format!("{key} is recorded as deleted and is live"));
            }
            if stage == Stage::Published && media.is_deleted && !by_hand && key.as_str() != "posts/claims-it" {
                wrong.push(format!("{key} is recorded as live and is deleted"));
            }
            if record.is_being_deleted() && stage == Stage::Published && !self.is_blocked() {
                wrong.push(format!("the deletion of {key} was never settled"));
            }
        }
        let is_claimed = records.iter().any(|record| record.key.as_str() == "posts/claims-it");
        for number in self.simulation.ordered(world) {
            let is_gone = world.media.iter().any(|media| media.owner == Some(number) && media.is_deleted);
            if !is_gone && !is_claimed && !self.is_blocked() {
                wrong.push(format!("post {number} is ordered to be deleted and is live"));
            }
        }
        wrong
    }

    fn is_of(&self, manifest: &Manifest, record: &Record) -> bool {
        let is_alike = record.media_digest.as_ref() == Some(&manifest.media_digest());
        // Copies are told apart by their keys.
        is_alike && (self.schedule.scenario != Scenario::Copies || record.key == manifest.key())
    }

    /// What a copy repeats lost its manifest: the copy is that post now.
    fn is_taken_over(&self, manifest: &Manifest, media: &Media) -> bool {
        let was_deleted = |first: usize| {
            self.happened(|event| matches!(event, Event::Delete(place) if self.named(*place).number == first))
        };
        media.owner == manifest.media && manifest.media.is_some_and(was_deleted)
    }

    /// A copy that went out beside what it repeats.
    fn repeated(&self, manifest: &Manifest, is_live: bool, world: &World) -> Option<String> {
        let first = self.simulation.manifests.iter().find(|first| Some(first.number) == manifest.media)?;
        let is_first_live = world.media.iter().any(|media| media.owner == Some(first.number));
        let is_known = self.schedule.clones == Clones::One && !self.records_were_lost() && !self.may_be_double(first);
        let both = is_live && is_first_live && is_known;
        both.then(|| format!("post {} repeats post {}, and both are live", manifest.number, first.number))
    }

    /// A recorded id belongs to the post, or to a person's post that is the same to all who see it.
    fn identity(&self, record: &Record, world: &World) -> Option<String> {
        let id = record.claimed_media()?;
        let is_its = |manifest: &&Manifest| self.is_of(manifest, record);
        if self.schedule.scenario == Scenario::Swapped {
            return None;
        }
        let manifest = self.simulation.manifests.iter().find(is_its)?;
        let Some(media) = media_of(record, world) else {
            return Some(format!("{} has the media id {id}, which is nobody's", record.key));
        };
        let ours = media.owner == Some(manifest.number) || self.is_taken_over(manifest, media);
        let alike = media.owner.is_none()
            && self.human_same(manifest)
            && record.known_live().and_then(|live| live.via) != Some(Via::Publish);
        let excused = ours || alike || self.is_anothers_twin(record, media, world);
        (!excused).then(|| format!("{} has the media id of {:?}", record.key, media.owner))
    }

    /// Two posts with one caption, and another clone, which shares no record with this one, has published the
    /// other of them: in time, kind and caption it is the post that this clone looks for, and no record here
    /// claims it. Only a guess may be wrong like that (matched, or adopted before there was any container); what
    /// a clone has published itself it knows.
    fn is_anothers_twin(&self, record: &Record, media: &Media, world: &World) -> bool {
        let maker = |container: &str| world.maker(container);
        let seeker = record.container.as_ref().and_then(|container| maker(container.id.as_str()));
        let publisher = media.container.and_then(|container| maker(&container.to_string()));
        self.is_twin()
            && self.schedule.clones != Clones::One
            && record.certain_media().is_none()
            && publisher.is_some()
            && publisher != seeker
    }

    /// A comment is given up after two sendings without a clear answer.
    fn may_be_unsure_of_comments(&self) -> bool {
        let Schedule { requests, writes, pushes, between, .. } = self.schedule;
        requests.len() + writes.len() + pushes.len() + between.len() > 1 || self.schedule.clones != Clones::One
    }

    fn human_same(&self, manifest: &Manifest) -> bool {
        self.happened(|event| match event {
            Event::HumanSame(place) => {
                let same = self.named(*place);
                same.number == manifest.number || self.is_twin() && same.account == manifest.account
            }
            _ => false,
        })
    }

    fn named(&self, place: usize) -> &Manifest {
        // As it was when the event happened: posts only ever come to the end.
        let first = self.schedule.scenario.manifests().len();
        &self.simulation.manifests[place % first.min(self.simulation.manifests.len())]
    }

    fn is_twin(&self) -> bool {
        self.schedule.scenario == Scenario::Twins
    }

    fn was_edited(&self, manifest: &Manifest) -> bool {
        self.happened(|event| matches!(event, Event::Edit(place) if self.named(*place).number == manifest.number))
    }

    fn was_moved(&self, manifest: &Manifest) -> bool {
        self.happened(|event| matches!(event, Event::Move(place) if self.named(*place).number == manifest.number))
    }

    fn happened(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.schedule.between.iter().any(|(_, event)| what(event))
    }

    fn disk_was_harmed(&self) -> bool {
        self.schedule.writes.iter().any(|(_, fault)| fault.harms())
    }

    /// The listing shows nothing of it, or nothing that tells it from others.
    fn leaves_no_trace(&self, manifest: &Manifest) -> bool {
        let is_unlisted = manifest.kind == Kind::Story || manifest.trial;
        let is_bare = manifest.caption.is_empty() || self.schedule.scenario == Scenario::Bare;
        is_unlisted || is_bare || self.schedule.scenario.is_mute() || self.is_twin()
    }

    /// Some publish of it had no clear answer: a fault hit it, or a process died around it.
    fn was_unclear(&self, manifest: &Manifest) -> bool {
        let is_its_publish =
            |fired: &Fired| matches!(fired.call, Call::Publish(_)) && fired.about == Some(manifest.number);
        self.fired.iter().any(|fired| fired.fault.kills() || fired.fault == Fault::Stop || is_its_publish(fired))
            || self.disk_was_harmed()
            || !self.schedule.pushes.is_empty()
    }

    /// The container could not speak when it was asked what became of it.
    fn was_mute(&self, manifest: &Manifest) -> bool {
        let spoilt = |fired: &Fired| matches!(fired.fault, Fault::Fails(_)) && fired.about == Some(manifest.number);
        self.happened(|event| matches!(event, Event::Wait(seconds) if *seconds > 80_000))
            // For as long as it lasts, no container of the account can be read.
            || self.fired.iter().any(|fired| matches!(fired.fault, Fault::Unreadable(_)) || spoilt(fired))
            || self.records_were_lost()
    }

    fn records_were_lost(&self) -> bool {
        self.happened(|event| matches!(event, Event::Wipe))
    }

    fn was_lost_or_gone(&self, manifest: &Manifest) -> bool {
        self.records_were_lost() || self.disk_was_harmed() || manifest.is_deleted || self.was_mute(manifest)
    }

    /// At once, and with one lockfile, two clones may continue with the same attempt. Each has recorded what it
    /// published; joined, one record can hold one id.
    fn is_one_attempt_of_two(&self, live: &[&Media]) -> bool {
        let seen = String::from_utf8_lossy(&self.simulation.seen);
        let is_recorded = |media: &&Media| seen.contains(&format!("\"media_id\":\"{}\"", media.id));
        self.schedule.clones == Clones::Together && live.iter().all(is_recorded)
    }

    /// Other media of its kind in the same account, which no record may claim yet.
    fn has_rivals(&self, manifest: &Manifest) -> bool {
        let is_alike = |other: &Manifest| other.kind == manifest.kind && other.account == manifest.account;
        self.happened(|event| match event {
            Event::HumanOther(place) | Event::HumanSame(place) => is_alike(self.named(*place)),
            _ => false,
        }) || self.simulation.manifests.iter().filter(|other| is_alike(other)).count() > 1
    }

    fn was_hidden(&self, manifest: &Manifest) -> bool {
        self.fired.iter().any(|fired| matches!(fired.fault, Fault::Hide(_)) && fired.account == manifest.account)
    }

    fn may_be_unknown(&self, manifest: &Manifest) -> bool {
        let is_dark = || self.leaves_no_trace(manifest) || self.has_rivals(manifest) || self.was_hidden(manifest);
        self.human_same(manifest)
            || self.records_were_lost() && self.has_rivals(manifest)
            || self.is_twin() && self.was_unclear(manifest)
            // One clone doubts because of what another has published: of a twin whose id is a guess, or of the
            // post itself under the key that it had before.
            || self.is_twin() && self.schedule.clones != Clones::One
                && (self.simulation.manifests.iter().any(|twin| self.was_unclear(twin)) || self.was_moved(manifest))
            || self.was_unclear(manifest) && self.was_mute(manifest) && is_dark()
            // Two of its own look alike.
            || matches!(self.schedule.clones, Clones::Together | Clones::Parted)
    }

    /// Beyond igsync's power: the only witnesses of the publish were taken away, and Meta does not
    /// tell it to anyone; or no one told one clone of the other.
    fn may_be_double(&self, manifest: &Manifest) -> bool {
        let is_unseen = self.leaves_no_trace(manifest) || self.was_edited(manifest);
        let is_lost = self.records_were_lost() || self.schedule.clones == Clones::InTurn;
        // A refusal is believed when the container cannot contradict it any more.
        let is_lie = |fired: &Fired| {
            matches!(fired.fault, Fault::MissingDone | Fault::NotReadyDone) && fired.about == Some(manifest.number)
        };
        is_lost && is_unseen
            || matches!(self.schedule.clones, Clones::Together | Clones::Parted)
            || self.fired.iter().any(is_lie) && self.was_mute(manifest) && (is_unseen || self.was_hidden(manifest))
    }

    fn most_live(&self, manifest: &Manifest) -> usize {
        match self.schedule.clones {
            _ if !self.may_be_double(manifest) => 1,
            // What both did at once no one can take back; from then on nothing is added.
            Clones::Parted => {
                let first = &self.simulation.live_first;
                first.iter().filter(|post| **post == manifest.number).count().max(1)
            }
            // Each clone publishes once.
            Clones::InTurn | Clones::Together if !self.records_were_lost() => 2,
            _ => usize::MAX,
        }
    }

    fn was_refused(&self, manifest: &Manifest) -> bool {
        let is_about = |fired: &Fired| fired.about.is_none_or(|about| about == manifest.number);
        let is_refusal = |fired: &Fired| matches!(fired.fault, Fault::Content | Fault::Fails(2_207_026));
        self.fired.iter().any(|fired| is_refusal(fired) && is_about(fired))
    }

    /// A guard is before the post, and a person has been told.
    fn is_blocked(&self) -> bool {
        let Some(Ended::Refused(guards)) = self.simulation.ended.last() else { return false };
        // It refuses the whole run, so every post waits for a person.
        !guards.is_empty() && self.happened(|event| !matches!(event, Event::Wait(_) | Event::Sync))
    }

    /// It repeats another post, by its media or because a person has touched manifests.
    fn is_held(&self, manifest: &Manifest) -> bool {
        let is_touched = || self.happened(|event| !matches!(event, Event::Wait(_) | Event::Sync));
        // Published by another checkout under another key, before its time here: that is no rename, and a person decides.
        let is_named_twice = || {
            let fired = self.simulation.remote.iter().flat_map(|remote| remote.state().fired.clone());
            self.simulation.schedule.waits && fired.into_iter().any(|fault| matches!(fault, RemoteFault::Renamed(_)))
        };
        (manifest.media.is_some() || is_touched() || is_named_twice())
            && self.simulation.held.lock().unwrap().contains(&manifest.key())
    }
}

fn media_of<'a>(record: &Record, world: &'a World) -> Option<&'a Media> {
    let id = record.claimed_media()?;
    world.media.iter().find(|media| media.id.to_string() == id.as_str())
}

/// First comment and comment switch of a live post.
fn extras(
    manifest: &Manifest,
    record: &Record,
    comments: &[(u64, String)],
    all: &[Media],
    may_be_unsure: bool,
) -> Option<String> {
    let number = manifest.number;
    let live = record.live()?;
    let said = comments.iter().any(|(_, text)| *text == manifest.comment_text());
    if live.comment == Some(Comment::Done) && !said {
        return Some(format!("the comment of post {number} is recorded and was never posted"));
    }
    // Media found by matching get no comment and no switch before a person has confirmed them. What a later run
    // owes goes to media that the account lists, and trial reels are not listed.
    let waits = record.certain_media().is_none() || record.trial;
    if matches!(live.comment, Some(Comment::Due | Comment::Intent)) && !waits {
        return Some(format!("the comment of post {number} was forgotten: {:?}", live.comment));
    }
    if live.comment == Some(Comment::Unknown) && !may_be_unsure {
        return Some(format!("the comment of post {number} is unknown, though it was sent at most once"));
    }
    if live.via == Some(Via::Publish) && manifest.first_comment && live.comment.is_none() {
        return Some(format!("the comment of post {number} was dropped"));
    }
    let media = all.iter().find(|media| live.media_id.as_ref().is_some_and(|id| media.id.to_string() == id.as_str()));
    let off = media.is_some_and(|media| media.comments_off);
    match live.comment_switch {
        Some(Switch::Done) if !off => Some(format!("comments of post {number} are recorded as off and are on")),
        Some(Switch::Due) if !waits => Some(format!("comments of post {number} were never switched off")),
        _ => None,
    }
}
