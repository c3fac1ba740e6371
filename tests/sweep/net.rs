//! The network of the simulation: it leads to the model account, and meets the schedule's faults.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_apply::{Signal, Stopper};
use igsync_model::lockfile::{Record, Stage, format};
use igsync_ports::{Body, Method, Request, Response, Transport, TransportError};
use igsync_testkit::MemDisk;
use tokio::sync::Notify;

use super::clock::{SimClock, pass};
use super::fault::{Fault, Key};
use super::lies::Lies;
use super::world::{Call, Reply, USERS, World, error};

/// When the simulation begins, in milliseconds since 1970. Not a whole second on purpose.
pub const EPOCH: i64 = 1_796_000_000_700;

/// The way to the model account.
pub struct Net {
    pub clock: Arc<SimClock>,
    pub disk: MemDisk,
    pub dead: Notify,
    /// What was taken back of an order to delete while a run was under way.
    taken_back: Mutex<Option<Key>>,
    state: Mutex<NetState>,
}

pub struct NetState {
    pub world: World,
    /// Requests of all runs so far.
    pub steps: Vec<Step>,
    /// Calls to the remote so far.
    pub pushes: usize,
    pub faults: BTreeMap<usize, Fault>,
    /// Faults that met a request.
    pub fired: Vec<Fired>,
    /// What happened, for a replay.
    pub log: Option<Vec<String>>,
    stoppers: Vec<Stopper>,
    /// Media ids that a process was told and had to keep before it asked for anything else.
    told: Vec<(Speaker, u64)>,
    /// Requests that came before such an id was kept, and publishes without a lease that covers them.
    pub hasty: Vec<String>,
    /// The posts that a run may ask to be deleted by now.
    pub ordered: Vec<usize>,
    /// What is at the remote, where there is one.
    pub kept: Option<Vec<u8>>,
    pub lies: Option<Lies>,
    /// Between machines and Meta, when several machines race.
    pub pace: Option<fastrand::Rng>,
    /// From a publish to its answer.
    pub publish_takes: Duration,
    is_dead: bool,
}

/// A fault that met a request.
#[derive(Clone, Debug)]
pub struct Fired {
    pub fault: Fault,
    pub call: Call,
    pub account: usize,
    /// The post that it is about.
    pub about: Option<usize>,
}

/// One request of a simulation, and what had happened before it.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: i64,
    pub call: Call,
    pub writes: usize,
    /// Calls to the remote.
    pub pushes: usize,
}

/// Whose request it is: which clone, for which account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    pub site: usize,
    pub account: usize,
}

/// The content roots of the two clones.
pub const ROOTS: [&str; 2] = ["/site", "/clone"];

/// The token of an account says which clone uses it.
pub fn token(site: usize, account: usize) -> String {
    format!("token{site}{account}")
}

/// What becomes of one request.
enum Fate {
    Answer(Result<Response, TransportError>),
    /// After the time that one request may take.
    TimeOut,
    /// The process is gone.
    Never,
}

impl Net {
    pub fn new(clock: Arc<SimClock>, disk: MemDisk, world: World, faults: BTreeMap<usize, Fault>, log: bool) -> Self {
        let state = NetState {
            world,
            steps: Vec::new(),
            pushes: 0,
            faults,
            fired: Vec::new(),
            log: log.then(Vec::new),
            stoppers: Vec::new(),
            told: Vec::new(),
            hasty: Vec::new(),
            ordered: Vec::new(),
            kept: None,
            lies: None,
            pace: None,
            publish_takes: Duration::ZERO,
            is_dead: false,
        };
        Self { clock, disk, dead: Notify::new(), taken_back: Mutex::default(), state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, NetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// New processes begin.
    pub fn begin(&self, stoppers: Vec<Stopper>) {
        self.clock.begin();
        // Each of two processes may have told of its death.
        let _ = self.dead.notified().now_or_never();
        let mut state = self.state();
        state.told.clear();
        state.is_dead = false;
        state.stoppers = stoppers;
    }

    /// The process is gone.
    pub fn die(&self) {
        self.state().is_dead = true;
        self.disk.crash();
        self.dead.notify_one();
    }

    /// A person asks the run to stop.
    pub fn stop(&self, signal: Signal) {
        for stopper in &self.state().stoppers {
            stopper.stop(signal);
        }
    }

    /// What was taken back of an order to delete.
    pub fn taken_back(&self) -> Option<Key> {
        *self.taken_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on nothing may be deleted.
    pub fn take_back(&self, key: Key) {
        self.state().ordered.clear();
        *self.taken_back.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    pub fn is_dead(&self) -> bool {
        self.state().is_dead || self.disk.has_crashed()
    }

    /// A media id is on disk before anything else is asked.
    fn check_kept(&self, state: &mut NetState, speaker: Speaker, call: &Call) {
        let told: Vec<u64> = state.told.extract_if(.., |(whose, _)| *whose == speaker).map(|(_, id)| id).collect();
        for id in told {
            let says = format!("\"media_id\":\"{id}\"");
            // The journal's last line, where all is well.
            let is_in = |path: &str| {
                let bytes = self.disk.bytes(Path::new(ROOTS[speaker.site]).join(path)).unwrap_or_default();
                bytes.rsplit(|byte| *byte == b'\n').any(|line| String::from_utf8_lossy(line).contains(&says))
            };
            let kept = is_in(".igsync/journal.jsonl") || is_in("igsync.lock");
            if !kept {
                state.hasty.push(format!("the media id {id} was not kept before {call:?}"));
            }
        }
    }

    /// Whatever the publish of this container can still do ends before its lease does.
    fn check_lease(&self, state: &mut NetState, speaker: Speaker, container: u64, now: i64) {
        let journal = self.disk.bytes(Path::new(ROOTS[speaker.site]).join(".igsync/journal.jsonl")).unwrap_or_default();
        let (journal, id) = (String::from_utf8_lossy(&journal), format!("\"{container}\""));
        let last = journal.lines().rev().find(|line| line.contains(&id)).unwrap_or_default();
        // One record, or a list of those that were written together.
        let together = if last.starts_with('[') { last.to_owned() } else { format!("[{last}]") };
        let written: Vec<Record> = serde_json::from_str(&together).unwrap_or_default();
        let is_meant = |record: &&Record| {
            record.container.as_ref().is_some_and(|part| part.id.to_string() == container.to_string())
        };
        let intents = written.iter().filter(is_meant).flat_map(|record| &record.intents);
        let lease = intents.map(|intent| intent.lease_until).max();
        let end = EPOCH + state.world.habits.skew + now + 2 * TIMEOUT_MS;
        // Meta's clock has whole seconds.
        if lease.is_none_or(|lease| lease.as_millisecond() < end - 1000) {
            state.hasty.push(format!("the publish of {container} at {now} has the lease {lease:?}"));
        }
    }

    /// A deletion is ordered, announced here and at the remote, and its post is no one else's.
    fn check_order(&self, state: &mut NetState, speaker: Speaker, id: u64, now: i64) {
        let owner = state.world.media.iter().find(|media| media.id == id).and_then(|media| media.owner);
        if !owner.is_some_and(|owner| state.ordered.contains(&owner)) {
            state.hasty.push(format!("post {owner:?} is to be deleted at {now} without an order"));
        }
        let journal = self.disk.bytes(Path::new(ROOTS[speaker.site]).join(".igsync/journal.jsonl")).unwrap_or_default();
        let is_its = |record: &&Record| record.claimed_media().is_some_and(|media| media.to_string() == id.to_string());
        let lease = |records: &[Record]| {
            let live = records.iter().filter(is_its).filter_map(|record| record.live());
            let open = live.flat_map(|live| live.deletions.iter()).filter(|deletion| deletion.outcome.is_none());
            open.map(|deletion| deletion.lease_until).max()
        };
        let written: Vec<Record> = String::from_utf8_lossy(&journal)
            .lines()
            .flat_map(|line| {
                let together = if line.starts_with('[') { line.to_owned() } else { format!("[{line}]") };
                serde_json::from_str::<Vec<Record>>(&together).unwrap_or_default()
            })
            .collect();
        let end = EPOCH + state.world.habits.skew + now + 2 * TIMEOUT_MS;
        let is_covered =
            |lease: Option<jiff::Timestamp>| lease.is_some_and(|lease| lease.as_millisecond() >= end - 1000);
        if !is_covered(lease(&written)) {
            state.hasty.push(format!("the deletion of {id} at {now} is not announced: {:?}", lease(&written)));
        }
        let Some(kept) = &state.kept else { return };
        let kept = format::parse(kept).expect("what igsync put").records;
        let kept: Vec<Record> = kept.into_iter().collect();
        let is_announced = is_covered(lease(&kept));
        let counting = kept.iter().filter(is_its).filter(|record| record.stage() != Stage::Forgotten);
        let posts: std::collections::BTreeSet<_> = counting.map(|record| &record.key).collect();
        if posts.len() > 1 {
            state.hasty.push(format!("{id} is to be deleted at {now}, and {posts:?} claim it"));
        }
        if !is_announced {
            state.hasty.push(format!("the deletion of {id} at {now} is not announced at the remote"));
        }
    }

    fn decide(&self, request: &mut Request) -> Fate {
        let mut state = self.state();
        if state.is_dead || self.disk.has_crashed() {
            self.dead.notify_one();
            return Fate::Never;
        }
        let now = self.clock.elapsed_ms();
        let (speaker, call) = read(request);
        let account = speaker.account;
        state.world.advance(now);
        state.world.speaker = speaker.site;
        let index = state.steps.len();
        let (writes, pushes) = (self.disk.write_count(), state.pushes);
        state.steps.push(Step { at: now, call: call.clone(), writes, pushes });
        self.check_kept(&mut state, speaker, &call);
        // A lease is as wrong as the clock that it was made by.
        if let Call::Publish(container) = call
            && state.lies.is_none()
        {
            self.check_lease(&mut state, speaker, container, now);
        }
        if let Call::Delete(media) = call {
            self.check_order(&mut state, speaker, media, now);
        }
        if let Some(lies) = state.lies.filter(|lies| index >= lies.from) {
            self.clock.set_ahead(lies.local);
        }
        let fault = state.faults.remove(&index);
        let about = state.world.about(&call);
        if let Some(Fault::TakenBack(key)) = fault {
            state.ordered.clear();
            *self.taken_back.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        }
        if let Some(fault) = fault {
            state.fired.push(Fired { fault, call: call.clone(), account, about });
        }
        let fate = state.meet(fault, account, &call, now);
        if let (Some(Fault::Fails(_)), Some(fired)) = (fault, state.fired.last().cloned()) {
            let spoilt = state.world.containers.values().rev().find(|c| c.account == account && c.fails.is_some());
            let about = spoilt.and_then(|container| container.owner);
            state.fired.pop();
            state.fired.push(Fired { about, ..fired });
        }
        if let (Call::Publish(_), Fate::Answer(Ok(answer))) = (&call, &fate)
            && answer.status == 200
            && fault.is_none()
        {
            let id = state.world.media.last().map(|media| media.id).unwrap_or_default();
            state.told.push((speaker, id));
        }
        if state.is_dead {
            self.disk.crash();
            self.dead.notify_one();
        }
        if state.log.is_some() {
            let date = state.world.date(now);
            let shown = match &fate {
                Fate::Answer(Ok(answer)) => format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
                Fate::Answer(Err(error)) => error.to_string(),
                Fate::TimeOut => "time-out".to_owned(),
                Fate::Never => "killed".to_owned(),
            };
            let call = match &call {
                Call::Upload { container, offset, bytes, .. } => {
                    format!("Upload({container}, {offset}+{})", bytes.len())
                }
                call => format!("{call:?}"),
            };
            let line =
                format!("{now:>10} [{date}] #{index} {}{account}:{call} {fault:?} -> {shown}", ROOTS[speaker.site]);
            state.log.get_or_insert_default().push(line);
        }
        fate
    }
}

impl NetState {
    /// Lets `call` meet its fault.
    fn meet(&mut self, fault: Option<Fault>, account: usize, call: &Call, now: i64) -> Fate {
        let silence = || Fate::Answer(Err(TransportError::NoAnswer("silence".to_owned())));
        let page = |status: u16, body: &str| Reply { status, body: body.to_owned() };
        let Some(fault) = fault else {
            let reply = self.world.answer(now, account, call);
            return self.reply(reply, now);
        };
        let later = |seconds: u32| now + i64::from(seconds) * 1000;
        match fault {
            Fault::LoseAnswer => {
                self.world.answer(now, account, call);
                silence()
            }
            Fault::LoseRequest => silence(),
            Fault::LateEffect(seconds) => {
                self.world.later(later(seconds), account, call.clone());
                silence()
            }
            Fault::TimeoutDone => {
                self.world.answer(now, account, call);
                Fate::TimeOut
            }
            Fault::TimeoutUndone => Fate::TimeOut,
            Fault::TimeoutLate(seconds) => {
                self.world.later(later(seconds) + TIMEOUT_MS, account, call.clone());
                Fate::TimeOut
            }
            Fault::BrokenOff => {
                self.world.answer(now, account, call);
                Fate::Answer(Err(TransportError::Unreadable("broke off".to_owned())))
            }
            Fault::SpamDone => self.done(account, call, now, error(400, 4, Some(2_207_051))),
            Fault::SpamUndone => self.reply(error(400, 4, Some(2_207_051)), now),
            Fault::NotReady => self.reply(error(400, 9007, Some(2_207_027)), now),
            Fault::Unreadable(seconds) => {
                self.world.unreadable_until = later(seconds);
                let reply = self.world.answer(now, account, call);
                self.reply(reply, now)
            }
            Fault::Hide(seconds) => {
                self.world.hidden = (now - 60_000, later(seconds));
                let reply = self.world.answer(now, account, call);
                self.reply(reply, now)
            }
            Fault::GarbageDone => self.done(account, call, now, page(200, "{\"id\": \"18")),
            Fault::GarbageUndone => self.reply(page(200, "{\"id\": \"18"), now),
            Fault::NoIdDone => self.done(account, call, now, page(200, "{}")),
            Fault::NoIdUndone => self.reply(page(200, "{}"), now),
            Fault::HtmlDone => self.done(account, call, now, page(502, "<html>")),
            Fault::HtmlUndone => self.reply(page(502, "<html>"), now),
            Fault::ServerErrorDone => self.done(account, call, now, error(500, 2, None)),
            Fault::ServerErrorUndone => self.reply(error(500, 2, None), now),
            Fault::RedirectDone => self.done(account, call, now, page(302, "")),
            Fault::RedirectUndone => self.reply(page(302, ""), now),
            Fault::HalfSent => {
                if let Call::Upload { container, offset, bytes, len } = call {
                    let bytes = bytes[..bytes.len() / 2].to_vec();
                    let half = Call::Upload { container: *container, offset: *offset, bytes, len: *len };
                    self.world.answer(now, account, &half);
                }
                silence()
            }
            Fault::Missing => self.reply(error(400, 24, Some(2_207_008)), now),
            Fault::MissingDone => self.done(account, call, now, error(400, 24, Some(2_207_006))),
            Fault::NotReadyDone => self.done(account, call, now, error(400, 9007, Some(2_207_027))),
            Fault::DeniedDone => self.done(account, call, now, error(400, 100, Some(33))),
            Fault::DeniedUndone => self.reply(error(400, 100, Some(33)), now),
            Fault::Fatal => self.reply(error(400, -1, Some(2_207_085)), now),
            Fault::Forbidden => self.reply(error(403, 10, None), now),
            Fault::Token => self.reply(error(400, 190, Some(463)), now),
            Fault::Throttle => self.reply(error(400, 80_002, None), now),
            Fault::Quota => self.reply(error(400, 9, Some(2_207_042)), now),
            Fault::Restricted => self.reply(error(400, 25, Some(2_207_050)), now),
            Fault::Content => self.reply(error(400, 36_003, Some(2_207_009)), now),
            Fault::NotSent => Fate::Answer(Err(TransportError::NotSent("refused".to_owned()))),
            Fault::Fails(subcode) => {
                let reply = self.world.answer(now, account, call);
                self.spoil(account, subcode);
                self.reply(reply, now)
            }
            Fault::KillBefore => self.die(),
            Fault::KillAfter => {
                self.world.answer(now, account, call);
                self.die()
            }
            Fault::KillLate(seconds) => {
                self.world.later(later(seconds), account, call.clone());
                self.die()
            }
            Fault::TakenBack(_) => {
                let reply = self.world.answer(now, account, call);
                self.reply(reply, now)
            }
            Fault::Stop => {
                for stopper in &self.stoppers {
                    stopper.stop(Signal::Interrupt);
                }
                let reply = self.world.answer(now, account, call);
                self.reply(reply, now)
            }
        }
    }

    fn done(&mut self, account: usize, call: &Call, now: i64, reply: Reply) -> Fate {
        self.world.answer(now, account, call);
        self.reply(reply, now)
    }

    /// The newest container that is not published yet fails while it is processed.
    fn spoil(&mut self, account: usize, subcode: u32) {
        let newest = self.world.containers.values_mut().rev().find(|c| c.account == account && c.media.is_none());
        if let Some(container) = newest {
            container.fails = Some(subcode);
        }
    }

    /// How long the answer to the request of now takes.
    fn pause_after_publish(&self) -> Duration {
        let is_publish = self.steps.last().is_some_and(|step| matches!(step.call, Call::Publish(_)));
        if is_publish { self.publish_takes } else { Duration::ZERO }
    }

    fn die(&mut self) -> Fate {
        self.is_dead = true;
        Fate::Never
    }

    fn reply(&self, reply: Reply, now: i64) -> Fate {
        let lies = self.lies.filter(|lies| self.steps.len() > lies.from);
        let date = self.world.date(now + lies.map_or(0, |lies| lies.date) * 1000);
        let headers = vec![("date".to_owned(), date)];
        Fate::Answer(Ok(Response { status: reply.status, headers, body: reply.body.into_bytes() }))
    }
}

/// How long one request may take.
pub const TIMEOUT_MS: i64 = 60_000;

impl Transport for Net {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            let travel = self.state().pace.as_mut().map(|pace| pace.u64(1..4_000));
            if let Some(travel) = travel {
                pass(Duration::from_millis(travel)).await;
            }
            let fate = self.decide(&mut request);
            let pause = self.state().pause_after_publish();
            if !pause.is_zero() {
                pass(pause).await;
            }
            match fate {
                Fate::Answer(answer) => answer,
                Fate::TimeOut => {
                    pass(request.timeout).await;
                    Err(TransportError::NoAnswer("timed out".to_owned()))
                }
                Fate::Never => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// Who speaks, by the token, and what is asked for.
fn read(request: &mut Request) -> (Speaker, Call) {
    let header = |name: &str| request.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
    let mut digits = header("authorization").unwrap_or_default().bytes().rev().map(|byte| usize::from(byte == b'1'));
    let account = digits.next().unwrap_or_default();
    let speaker = Speaker { site: digits.next().unwrap_or_default(), account };
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let size = |name: &str| header(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    let (offset, whole) = (size("offset"), size("file_size"));
    let path: Vec<&str> = request.url.path_segments().into_iter().flatten().skip(1).collect();
    if let Body::Stream { source, len, .. } = &mut request.body {
        let mut bytes = Vec::new();
        source.take(*len).read_to_end(&mut bytes).expect("a file in memory");
        let container = path.last().map(|id| number(id)).unwrap_or_default();
        return (speaker, Call::Upload { container, offset, bytes, len: whole });
    }
    let form: Vec<(String, String)> = match &request.body {
        Body::Bytes { bytes, .. } => url::form_urlencoded::parse(bytes).into_owned().collect(),
        _ => request.url.query_pairs().into_owned().collect(),
    };
    let get = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let call = match (request.method, path.as_slice()) {
        (Method::Get, ["me"]) => Call::Me,
        (Method::Get, [user]) if *user == USERS[account] => Call::Me,
        (Method::Get, [_, "content_publishing_limit"]) => Call::Quota,
        (Method::Post, [user, "media"]) if *user == USERS[account] => Call::Create(form),
        (Method::Get, [_, "media"]) => Call::Listing { after: get("after").and_then(|a| a.parse().ok()).unwrap_or(0) },
        (Method::Get, [_, "stories"]) => Call::Stories,
        (Method::Post, [user, "media_publish"]) if *user == USERS[account] => {
            Call::Publish(number(&get("creation_id").unwrap_or_default()))
        }
        (Method::Post, [media, "comments"]) => {
            Call::Comment { media: number(media), text: get("message").unwrap_or_default() }
        }
        (Method::Get, [media, "comments"]) => Call::Comments(number(media)),
        (Method::Get, [media])
            if get("fields").is_some_and(|fields| fields == "id" || fields.contains("like_count")) =>
        {
            Call::Look(number(media))
        }
        (Method::Delete, [media]) => Call::Delete(number(media)),
        (Method::Get, [container]) => Call::Status(number(container)),
        (Method::Post, [media]) => Call::Switch(number(media)),
        _ => Call::Other,
    };
    (speaker, call)
}
