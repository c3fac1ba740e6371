//! What must hold when nothing is left to do.

use igsync::id::Kind;
use igsync::lockfile::{Comment, Record, State, Switch, Via, effective};

use super::fault::Fault;
use super::run::{Ended, Simulation};
use super::scenario::{Manifest, Scenario};
use super::schedule::{Event, Schedule};
use super::world::{Call, Media};

/// Everything that is wrong; empty when all is well.
pub fn violations(simulation: &Simulation, schedule: &Schedule) -> Vec<String> {
    let mut wrong = Vec::new();
    let records = simulation.records();
    let state = simulation.net.state();
    let world = &state.world;
    let context = Context { schedule, simulation, fired: &state.fired };
    for manifest in &simulation.manifests {
        let number = manifest.number;
        let live: Vec<&Media> = world.media.iter().filter(|media| media.owner == Some(number)).collect();
        if live.len() > 1 && !context.may_be_double(manifest) {
            wrong.push(format!("post {number} is live {} times", live.len()));
        }
        if manifest.is_deleted {
            continue;
        }
        let attempts = records.attempts(&manifest.user_id(), &manifest.key());
        let record = effective(attempts);
        wrong.extend(context.outcome(manifest, record, &live, &world.media));
        if let Some(record) = record.filter(|record| record.state == State::Published) {
            wrong.extend(extras(manifest, record, &world.comments, &world.media));
        }
    }
    for record in records.iter() {
        wrong.extend(context.identity(record, &world.media));
    }
    for (media, text) in &world.comments {
        let number = text.rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
        let owner = world.media.iter().find(|known| known.id == *media).and_then(|known| known.owner);
        if owner != number {
            wrong.push(format!("the comment of post {number:?} is on the media of {owner:?}"));
        }
        let is_double = simulation.manifests.iter().any(|m| Some(m.number) == number && context.may_be_double(m));
        if world.comments.iter().filter(|(_, other)| other == text).count() > 1 && !is_double {
            wrong.push(format!("`{text}` was posted twice"));
        }
    }
    if schedule.writes.is_empty() {
        wrong.extend(state.hasty.iter().cloned());
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
    fired: &'a [(Fault, Call)],
}

impl Context<'_> {
    /// What became of a post that somebody wants to see.
    fn outcome(&self, manifest: &Manifest, record: Option<&Record>, live: &[&Media], all: &[Media]) -> Option<String> {
        let number = manifest.number;
        let is_live = !live.is_empty();
        let state = record.map(|record| record.state);
        match state {
            Some(State::Published) => {
                let adopted = record.and_then(|record| record.media_id.as_ref()).is_some_and(|id| {
                    all.iter().any(|media| media.owner.is_none() && media.id.to_string() == id.as_str())
                });
                let by_hand = self.human_same(manifest) && record.is_some_and(|r| r.media_id.is_none());
                (!is_live && !adopted && !by_hand).then(|| format!("post {number} is recorded as live and is not"))
            }
            Some(State::Unknown) if self.may_be_unknown(manifest) => None,
            Some(State::Unknown) => Some(format!(
                "post {number} is unknown ({}), though the evidence is clear",
                record.and_then(|record| record.reason.as_deref()).unwrap_or_default()
            )),
            Some(State::Failed) if self.was_refused() && (!is_live || self.may_be_double(manifest)) => None,
            _ if self.is_blocked() => None,
            _ => Some(format!("post {number} was dropped: {state:?}, live: {is_live}")),
        }
    }

    /// A recorded id belongs to the post, or to a person's post that is the same to all who see it.
    fn identity(&self, record: &Record, all: &[Media]) -> Option<String> {
        let id = record.media_id.as_ref()?;
        let manifest = self.simulation.manifests.iter().find(|m| {
            m.user_id() == record.user_id
                && record.key.as_str().trim_end_matches("-moved") == m.key.trim_end_matches("-moved")
        })?;
        let Some(media) = all.iter().find(|media| media.id.to_string() == id.as_str()) else {
            return Some(format!("{} has the media id {id}, which is nobody's", record.key));
        };
        let ours = media.owner == Some(manifest.number);
        let alike = media.owner.is_none() && self.human_same(manifest) && record.via != Some(Via::Publish);
        (!ours && !alike).then(|| format!("{} has the media id of {:?}", record.key, media.owner))
    }

    fn human_same(&self, manifest: &Manifest) -> bool {
        self.happened(
            |event| matches!(event, Event::HumanSame(place) if self.is_twin() || self.names(*place, manifest)),
        )
    }

    fn names(&self, place: usize, manifest: &Manifest) -> bool {
        place % self.simulation.manifests.len() == manifest.number
    }

    fn is_twin(&self) -> bool {
        self.schedule.scenario == Scenario::Twins
    }

    fn was_edited(&self, manifest: &Manifest) -> bool {
        self.happened(|event| matches!(event, Event::Edit(place) if self.names(*place, manifest)))
    }

    fn happened(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.schedule.between.iter().any(|(_, event)| what(event))
    }

    fn disk_was_harmed(&self) -> bool {
        !self.schedule.writes.is_empty()
    }

    /// The listing shows nothing of it.
    fn leaves_no_trace(&self, manifest: &Manifest) -> bool {
        manifest.kind == Kind::Story || self.schedule.scenario == Scenario::Bare || self.is_twin()
    }

    /// Some publish had no clear answer: a fault hit it, or a process died around it.
    fn was_unclear(&self) -> bool {
        self.fired
            .iter()
            .any(|(fault, call)| fault.kills() || *fault == Fault::Stop || matches!(call, Call::Publish(_)))
            || self.disk_was_harmed()
            || !self.schedule.pushes.is_empty()
    }

    /// The container could not speak when it was asked what became of it.
    fn was_mute(&self) -> bool {
        self.happened(|event| matches!(event, Event::Wait(seconds) if *seconds > 80_000))
            || self.fired.iter().any(|(fault, _)| matches!(fault, Fault::Unreadable(_) | Fault::Fails(_)))
            || self.records_were_lost()
    }

    fn records_were_lost(&self) -> bool {
        self.happened(|event| matches!(event, Event::Wipe))
    }

    fn may_be_unknown(&self, manifest: &Manifest) -> bool {
        let rivals = self.human_same(manifest)
            || self.happened(|event| matches!(event, Event::HumanOther(_) | Event::HumanSame(_)))
            || self.simulation.manifests.iter().filter(|other| other.kind == manifest.kind).count() > 1;
        let is_hidden = self.fired.iter().any(|(fault, _)| matches!(fault, Fault::Hide(_)));
        self.human_same(manifest)
            || self.records_were_lost() && rivals
            || self.is_twin() && self.was_unclear()
            || self.was_unclear() && self.was_mute() && (self.leaves_no_trace(manifest) || rivals || is_hidden)
    }

    /// Beyond igsync's power: the only witnesses of the publish were taken away, and Meta does not
    /// tell it to anybody.
    fn may_be_double(&self, manifest: &Manifest) -> bool {
        self.records_were_lost() && (self.leaves_no_trace(manifest) || self.was_edited(manifest))
    }

    fn was_refused(&self) -> bool {
        self.fired.iter().any(|(fault, _)| matches!(fault, Fault::Content | Fault::Fails(2_207_026)))
    }

    /// A guard stands before the post, and a person has been told.
    fn is_blocked(&self) -> bool {
        let Some(Ended::Refused(guards)) = self.simulation.ended.last() else { return false };
        // It refuses the whole run, so every post waits for a person.
        !guards.is_empty() && self.happened(|event| !matches!(event, Event::Wait(_)))
    }
}

/// First comment and comment switch of a live post.
fn extras(manifest: &Manifest, record: &Record, comments: &[(u64, String)], all: &[Media]) -> Option<String> {
    let number = manifest.number;
    let said = comments.iter().any(|(_, text)| *text == manifest.comment_text());
    if record.comment == Some(Comment::Done) && !said {
        return Some(format!("the comment of post {number} is recorded and was never posted"));
    }
    // Media found by matching get no comment and no switch before a person has confirmed them.
    let waits = record.via == Some(Via::Settled);
    if matches!(record.comment, Some(Comment::Due | Comment::Intent)) && !waits {
        return Some(format!("the comment of post {number} was forgotten: {:?}", record.comment));
    }
    if record.via == Some(Via::Publish) && manifest.first_comment && record.comment.is_none() {
        return Some(format!("the comment of post {number} was dropped"));
    }
    let media = all.iter().find(|media| record.media_id.as_ref().is_some_and(|id| media.id.to_string() == id.as_str()));
    let off = media.is_some_and(|media| media.comments_off);
    match record.comment_switch {
        Some(Switch::Done) if !off => Some(format!("comments of post {number} are recorded as off and are on")),
        Some(Switch::Due) if !waits => Some(format!("comments of post {number} were never switched off")),
        _ => None,
    }
}
