//! The three ports of the simulation: a network that leads to the model account, simulated time, and a
//! disk in memory that remembers every version of the lockfile.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync::apply::Stopper;
use igsync::exit::Exit;
use igsync::port::{
    Access, Body, Clock, Disk, Entry, MemDisk, Method, Request, Response, RunLock, Stat, Transport, TransportError,
};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::fault::Fault;
use super::schedule::Mutant;
use super::world::{Call, Reply, USERS, World, error};

/// When the simulation begins, in milliseconds since 1970. Not a whole second on purpose.
pub const EPOCH: i64 = 1_796_000_000_700;

/// Simulated time: it passes only while everything waits.
pub struct SimClock(tokio::time::Instant);

impl SimClock {
    pub fn new() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(EPOCH + self.elapsed_ms()).expect("a time of our age")
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else has to ask")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        tokio::time::sleep(duration).boxed()
    }
}

/// The way to the model account.
pub struct Net {
    pub clock: Arc<SimClock>,
    pub disk: MemDisk,
    pub dead: Notify,
    state: Mutex<NetState>,
}

pub struct NetState {
    pub world: World,
    /// Requests of all runs so far.
    pub requests: usize,
    pub faults: BTreeMap<usize, Fault>,
    /// Faults that met a request, with the request.
    pub fired: Vec<(Fault, Call)>,
    /// What happened, for a replay.
    pub log: Option<Vec<String>>,
    pub stopper: Option<Stopper>,
    /// See [`super::schedule::Mutant::PublishRetried`].
    pub retries_publish: bool,
    /// Media ids that a process was told and had to keep before it asked for anything else.
    told: Vec<(usize, u64)>,
    /// Requests that came before such an id was kept.
    pub hasty: Vec<String>,
    /// Between machines and Meta, when several machines race.
    pub pace: Option<fastrand::Rng>,
    is_dead: bool,
}

/// What becomes of one request.
enum Fate {
    Answer(Result<Response, TransportError>),
    /// After the time that one request may take.
    TimeOut,
    /// The process is gone.
    Never,
    /// Answered while the run is asked to stop.
    Stopping(Result<Response, TransportError>),
}

impl Net {
    pub fn new(clock: Arc<SimClock>, disk: MemDisk, world: World, faults: BTreeMap<usize, Fault>, log: bool) -> Self {
        let state = NetState {
            world,
            requests: 0,
            faults,
            fired: Vec::new(),
            log: log.then(Vec::new),
            stopper: None,
            retries_publish: false,
            told: Vec::new(),
            hasty: Vec::new(),
            pace: None,
            is_dead: false,
        };
        Self { clock, disk, dead: Notify::new(), state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, NetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new process begins.
    pub fn begin(&self, stopper: Stopper) {
        let mut state = self.state();
        state.told.clear();
        state.is_dead = false;
        state.stopper = Some(stopper);
    }

    /// The process is gone.
    pub fn die(&self) {
        self.state().is_dead = true;
        self.disk.crash();
        self.dead.notify_one();
    }

    /// A person asks the run to stop.
    pub fn stop(&self, exit: Exit) {
        if let Some(stopper) = &self.state().stopper {
            stopper.stop(exit);
        }
    }

    pub fn is_dead(&self) -> bool {
        self.state().is_dead || self.disk.has_crashed()
    }

    /// A media id is on disk before anything else is asked.
    fn check_kept(&self, state: &mut NetState, account: usize, call: &Call) {
        let told: Vec<u64> = state.told.extract_if(.., |(whose, _)| *whose == account).map(|(_, id)| id).collect();
        // Of two racing machines only one has this disk.
        for id in told.into_iter().filter(|_| state.pace.is_none()) {
            let kept = ["/site/.igsync/journal.jsonl", "/site/igsync.lock"]
                .iter()
                .filter_map(|path| self.disk.bytes(path))
                .any(|bytes| String::from_utf8_lossy(&bytes).contains(&format!("\"media_id\":\"{id}\"")));
            if !kept {
                state.hasty.push(format!("the media id {id} was not kept before {call:?}"));
            }
        }
    }

    fn decide(&self, request: &Request) -> Fate {
        let mut state = self.state();
        if state.is_dead || self.disk.has_crashed() {
            self.dead.notify_one();
            return Fate::Never;
        }
        let now = self.clock.elapsed_ms();
        let (account, call) = read(request);
        state.world.advance(now);
        let index = state.requests;
        state.requests += 1;
        self.check_kept(&mut state, account, &call);
        let fault = state.faults.remove(&index);
        if let Some(fault) = fault {
            state.fired.push((fault, call.clone()));
        }
        let fate = state.meet(fault, account, &call, now);
        if let (Call::Publish(_), Fate::Answer(Ok(answer))) = (&call, &fate)
            && answer.status == 200
            && fault.is_none()
        {
            let id = state.world.media.last().map(|media| media.id).unwrap_or_default();
            state.told.push((account, id));
        }
        if state.is_dead {
            self.disk.crash();
            self.dead.notify_one();
        }
        if state.log.is_some() {
            let date = state.world.date(now);
            let shown = match &fate {
                Fate::Answer(Ok(r)) | Fate::Stopping(Ok(r)) => {
                    format!("{} {}", r.status, String::from_utf8_lossy(&r.body))
                }
                Fate::Answer(Err(e)) | Fate::Stopping(Err(e)) => e.to_string(),
                Fate::TimeOut => "time-out".to_owned(),
                Fate::Never => "killed".to_owned(),
            };
            let line = format!("{now:>10} [{date}] #{index} {account}:{call:?} {fault:?} -> {shown}");
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
            Fault::Missing => self.reply(error(400, 24, Some(2_207_008)), now),
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
            Fault::Stop => {
                if let Some(stopper) = &self.stopper {
                    stopper.stop(Exit::Interrupted);
                }
                let reply = self.world.answer(now, account, call);
                match self.reply(reply, now) {
                    Fate::Answer(answer) => Fate::Stopping(answer),
                    other => other,
                }
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

    fn die(&mut self) -> Fate {
        self.is_dead = true;
        Fate::Never
    }

    fn reply(&self, reply: Reply, now: i64) -> Fate {
        let headers = vec![("date".to_owned(), self.world.date(now))];
        Fate::Answer(Ok(Response { status: reply.status, headers, body: reply.body.into_bytes() }))
    }
}

/// How long one request may take.
pub const TIMEOUT_MS: i64 = 60_000;

impl Transport for Net {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            let travel = self.state().pace.as_mut().map(|pace| pace.u64(1..4_000));
            if let Some(travel) = travel {
                self.clock.sleep(Duration::from_millis(travel)).await;
            }
            let mut fate = self.decide(&request);
            if matches!(fate, Fate::Answer(Err(_)) | Fate::TimeOut) && self.state().retries_publish {
                let (account, call) = read(&request);
                if matches!(call, Call::Publish(_)) {
                    let now = self.clock.elapsed_ms();
                    let mut state = self.state();
                    state.world.advance(now);
                    fate = state.meet(None, account, &call, now);
                }
            }
            match fate {
                Fate::Answer(answer) | Fate::Stopping(answer) => answer,
                Fate::TimeOut => {
                    self.clock.sleep(request.timeout).await;
                    Err(TransportError::NoAnswer("timed out".to_owned()))
                }
                Fate::Never => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// Which account speaks, by its token, and what it asks for.
fn read(request: &Request) -> (usize, Call) {
    let token = request.headers.iter().find(|(name, _)| *name == "authorization").map(|(_, value)| value.as_str());
    let account = usize::from(token.is_some_and(|token| token.ends_with('1')));
    let path: Vec<&str> = request.url.path_segments().into_iter().flatten().skip(1).collect();
    let form: Vec<(String, String)> = match &request.body {
        Body::Bytes { bytes, .. } => url::form_urlencoded::parse(bytes).into_owned().collect(),
        _ => request.url.query_pairs().into_owned().collect(),
    };
    let get = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let call = match (request.method, path.as_slice()) {
        (Method::Get, ["me"]) => Call::Me,
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
        (Method::Get, [container]) => Call::Status(number(container)),
        (Method::Post, [media]) => Call::Switch(number(media)),
        _ => Call::Other,
    };
    (account, call)
}

/// The disk of the simulation.
pub struct SimDisk {
    pub inner: MemDisk,
    /// Every lockfile that was ever written.
    pub versions: Mutex<Vec<Vec<u8>>>,
    mutant: Option<Mutant>,
}

impl SimDisk {
    pub fn new(inner: MemDisk, mutant: Option<Mutant>) -> Self {
        Self { inner, versions: Mutex::default(), mutant }
    }

    /// The journal without the attempts that the lockfile knows.
    fn without_known(&self, journal: &[u8]) -> Vec<u8> {
        let attempt = |line: &str| {
            line.split("\"attempt\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        };
        let lockfile = self.inner.bytes("/site/igsync.lock").unwrap_or_default();
        let known: Vec<String> = String::from_utf8_lossy(&lockfile).lines().skip(1).map(attempt).collect();
        let text = String::from_utf8_lossy(journal);
        let kept = text.split_inclusive('\n').filter(|line| !known.contains(&attempt(line)));
        kept.collect::<String>().into_bytes()
    }
}

impl Disk for SimDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.inner.read(path, limit)?;
        if self.mutant == Some(Mutant::LockfileWins) && path.ends_with("journal.jsonl") {
            return Ok(self.without_known(&bytes));
        }
        Ok(bytes)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Access>> {
        self.inner.open(path)
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.inner.stat(path)
    }
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonicalize(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.create_folder(path)
    }
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let is_dropped = match self.mutant {
            Some(Mutant::IntentNotWritten) => text.contains("\"state\":\"intent\""),
            Some(Mutant::IdAfterPermalink) => {
                text.contains("\"state\":\"published\"") && !text.contains("\"permalink\"")
            }
            _ => false,
        };
        if is_dropped { Ok(()) } else { self.inner.append(path, bytes) }
    }
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        self.inner.truncate(path, len)
    }
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.inner.replace(path, bytes)?;
        if path.ends_with("igsync.lock") {
            self.versions.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.to_vec());
            if self.mutant == Some(Mutant::JournalEmptied) {
                self.inner.put(path.with_file_name(".igsync/journal.jsonl"), igsync::lockfile::format::HEADER);
            }
        }
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Result<RunLock, String>> {
        self.inner.try_lock(path, holder)
    }
}
