//! One simulation: runs of the real apply code, and what happens between them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use igsync::apply::{
    AccountRun, Event as Fact, Halt, MediaSource, Observer, Run, Shared, Waits, exit_of, has_open, has_work,
    stop_channel,
};
use igsync::config::Login;
use igsync::exit::Exit;
use igsync::graph::{AccessToken, Client, Endpoint, Flavour, Timing};
use igsync::id::{AttemptId, PostKey, UserId};
use igsync::lockfile::{self, Ledger, Paths, Record, Records};
use igsync::manifest::{Post, caption_digest};
use igsync::plan::{self, AccountView, Guard, Input, Options, Plan, Selection};
use igsync::port::{Clock, Disk, MemDisk, Transport};
use jiff::Timestamp;

use super::ports::{EPOCH, Net, SimClock, SimDisk};
use super::scenario::{Manifest, Scenario, account_name};
use super::schedule::{Event, Mutant, Schedule};
use super::world::{Habits, USERS, World};

const ROOT: &str = "/site";

/// How one run ended.
#[derive(Debug)]
pub enum Ended {
    Exit(Exit),
    /// Killed by the schedule.
    Died,
    /// Refused by guards.
    Refused(Vec<Guard>),
    /// The records could not be read or kept.
    Broken(String),
}

/// A simulation under way.
pub struct Simulation {
    pub clock: Arc<SimClock>,
    pub disk: Arc<SimDisk>,
    pub net: Arc<Net>,
    pub manifests: Vec<Manifest>,
    pub ended: Vec<Ended>,
    /// Every text that a journal held.
    pub seen: Vec<u8>,
    /// Posts of which a person has said that they are no reposts.
    allowed: BTreeSet<PostKey>,
    paths: Paths,
    schedule: Schedule,
    /// When the simulation's people wrote the manifests.
    written_at: Timestamp,
}

struct Deaf;

impl Observer for Deaf {
    fn event(&mut self, _: &Fact) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs after which nothing is left to do, at the latest.
pub const MOST_RUNS: usize = 9;

impl Simulation {
    pub fn new(schedule: &Schedule, log: bool) -> Self {
        let clock = Arc::new(SimClock::new());
        let memory = MemDisk::new();
        let paths = Paths::new(Path::new(ROOT));
        memory.put(&paths.lockfile, lockfile::format::HEADER);
        let habits = schedule.habits;
        let habits =
            Habits { after_life: habits.after_life, twice: habits.twice, page: habits.page, skew: habits.skew };
        let world = World::new(habits, EPOCH);
        let faults: BTreeMap<_, _> = schedule.requests.iter().copied().collect();
        let net = Arc::new(Net::new(Arc::clone(&clock), memory.clone(), world, faults, log));
        net.state().retries_publish = schedule.mutant == Some(Mutant::PublishRetried);
        let disk = Arc::new(SimDisk::new(memory, schedule.mutant));
        disk.versions.lock().unwrap().push(lockfile::format::HEADER.into());
        let simulation = Self {
            clock,
            disk,
            net,
            manifests: schedule.scenario.manifests(),
            ended: Vec::new(),
            seen: Vec::new(),
            allowed: BTreeSet::new(),
            paths,
            schedule: schedule.clone(),
            written_at: Timestamp::from_millisecond(EPOCH - 60_000).unwrap(),
        };
        simulation.place_write_faults();
        simulation
    }

    /// Reviving a disk takes its faults away.
    fn place_write_faults(&self) {
        let done = self.disk.inner.writes().len();
        for (write, fault) in self.schedule.writes.iter().filter(|(write, _)| *write >= done) {
            self.disk.inner.fail_at(*write, fault.of_disk());
        }
    }

    /// Runs apply until nothing is left to do, with everything that the schedule wants in between.
    pub async fn go(&mut self) {
        let last_event = self.schedule.between.iter().map(|(run, _)| run + 1).max().unwrap_or(0);
        let mut quiet = 0;
        for run in 0..MOST_RUNS {
            let met = self.net.state().fired.len() + self.writes_hit();
            let ended = self.apply_once(run as u64).await;
            self.note(&format!("run {run} ended: {ended:?}"));
            let is_clean = self.net.state().fired.len() + self.writes_hit() == met;
            let is_done = matches!(ended, Ended::Exit(Exit::Done));
            if let Ended::Refused(guards) = &ended
                && self.schedule.scenario == Scenario::Twins
            {
                // A person knows that twins are meant.
                self.allowed.extend(guards.iter().flat_map(|guard| guard.keys.clone()));
            }
            self.ended.push(ended);
            quiet = if is_clean && run >= last_event { quiet + 1 } else { 0 };
            // One idle run more shows that a finished record stays as it is.
            if quiet >= 2 && is_done || quiet > 4 {
                break;
            }
            self.disk.inner.revive();
            self.place_write_faults();
            let events: Vec<Event> =
                self.schedule.between.iter().filter(|(after, _)| *after == run).map(|(_, event)| *event).collect();
            for event in events {
                self.happen(event).await;
            }
            if quiet > 0 {
                // Nothing of the schedule is left: time heals.
                self.wait([1, 600, 7200, 26 * 3600, 26 * 3600][quiet.min(4)]).await;
            }
        }
        self.keep_journal();
    }

    /// The journal holds every version of every record.
    fn keep_journal(&mut self) {
        self.seen.extend(self.disk.inner.bytes(self.paths.journal()).unwrap_or_default());
    }

    fn writes_hit(&self) -> usize {
        let done = self.disk.inner.writes().len();
        self.schedule.writes.iter().filter(|(write, _)| *write < done).count()
    }

    pub fn note(&self, text: &str) {
        if let Some(log) = &mut self.net.state().log {
            log.push(format!("-- {text}"));
        }
    }

    async fn wait(&self, seconds: u32) {
        self.clock.sleep(Duration::from_secs(seconds.into())).await;
        let now = self.clock.elapsed_ms();
        self.net.state().world.advance(now);
    }

    async fn happen(&mut self, event: Event) {
        self.note(&format!("{event:?}"));
        match event {
            Event::Wait(seconds) => self.wait(seconds).await,
            Event::Revert(version) => {
                let versions = self.disk.versions.lock().unwrap();
                let version = versions.get(version).or(versions.last());
                self.disk.inner.put(&self.paths.lockfile, version.expect("the first version"));
            }
            Event::Wipe => {
                self.keep_journal();
                self.disk.inner.wipe(&self.paths.folder);
            }
            Event::Edit(place) => self.edit(place, |manifest| manifest.caption.push_str(" again")),
            Event::Move(place) => self.edit(place, |manifest| manifest.key.push_str("-moved")),
            Event::Delete(place) => self.edit(place, |manifest| manifest.is_deleted = true),
            Event::Restore(place) => self.edit(place, |manifest| manifest.is_deleted = false),
            Event::HumanSame(place) => self.human(place, false),
            Event::HumanOther(place) => self.human(place, true),
        }
    }

    fn edit(&mut self, place: usize, how: impl FnOnce(&mut Manifest)) {
        let places = self.manifests.len();
        how(&mut self.manifests[place % places]);
    }

    fn human(&mut self, place: usize, other: bool) {
        let manifest = &self.manifests[place % self.manifests.len()];
        let caption = if other { "A person's own words".to_owned() } else { manifest.caption.replace('@', "") };
        let children = if manifest.kind == igsync::id::Kind::Carousel { 3 } else { 0 };
        let now = self.clock.elapsed_ms();
        self.net.state().world.publish_by_phone(manifest.account, manifest.kind, &caption, children, now);
    }

    pub fn posts(&self) -> Vec<Arc<Post>> {
        self.manifests.iter().filter(|manifest| !manifest.is_deleted).map(Manifest::post).collect()
    }

    /// The records as a new process reads them.
    pub fn records(&self) -> Records {
        lockfile::read(&self.disk.inner, &self.paths).map(|snapshot| snapshot.records).unwrap_or_default()
    }

    async fn apply_once(&self, run: u64) -> Ended {
        let (stopper, stop) = stop_channel();
        self.net.begin(stopper);
        let ended = tokio::select! {
            biased;
            () = self.net.dead.notified() => Ended::Died,
            ended = self.apply(stop, run) => ended,
        };
        if self.net.is_dead() { Ended::Died } else { ended }
    }

    /// As `igsync apply --yes`, without its terminal.
    async fn apply(&self, stop: igsync::apply::Stop, run: u64) -> Ended {
        let posts = self.posts();
        let disk: Arc<dyn Disk> = Arc::clone(&self.disk) as _;
        let snapshot = match lockfile::read(&*disk, &self.paths) {
            Ok(snapshot) => snapshot,
            Err(error) => return Ended::Broken(format!("read: {error}")),
        };
        let offline = self.plan(&posts, &snapshot.records, BTreeSet::new());
        let is_at_work = |account: &usize| {
            has_work(&offline, &account_name(*account)) || has_open(&snapshot.records, &UserId::from(USERS[*account]))
        };
        let names: Vec<usize> = (0..self.schedule.scenario.accounts()).filter(is_at_work).collect();
        if !offline.acts() && names.is_empty() {
            return Ended::Exit(exit_of(&offline));
        }
        let ledger = match Ledger::open(Arc::clone(&disk), self.paths.clone()) {
            Ok(ledger) => ledger,
            Err(error) => return Ended::Broken(format!("open: {error}")),
        };
        let shared = Arc::new(Shared::new(
            Arc::clone(&self.clock) as _,
            disk,
            stop,
            self.waits(),
            PathBuf::from(ROOT),
            ledger,
            Box::new(Deaf),
            fastrand::Rng::with_seed(run + 1),
        ));
        let mut run = Run::new(Arc::clone(&shared), Vec::new(), Vec::new());
        for account in names {
            let user = UserId::from(USERS[account]);
            let client = self.client(account);
            let halt = match shared.ask(client.account(&user)).await {
                Ok(Ok(_)) => {
                    run.accounts.push(self.account(account, client, &shared));
                    continue;
                }
                Ok(Err(error)) => Halt::unreachable(&error),
                Err(halt) => halt,
            };
            run.halted.push((account_name(account), halt));
        }
        let settled = run.settle(&posts).await;
        let records = shared.with_records(Clone::clone);
        let plan = self.plan(&posts, &records, settled);
        if !plan.guards.is_empty() {
            return match run.leave().await {
                Ok(()) => Ended::Refused(plan.guards),
                Err(halt) => Ended::Broken(halt.reason),
            };
        }
        Ended::Exit(run.carry_out(&plan).await.tally.exit())
    }

    fn plan(&self, posts: &[Arc<Post>], records: &Records, settled: BTreeSet<AttemptId>) -> Plan {
        let records: Vec<&Record> = records.iter().collect();
        let accounts: Vec<AccountView> = (0..self.schedule.scenario.accounts()).map(view).collect();
        plan::plan(&Input {
            posts,
            records: &records,
            accounts: &accounts,
            now: self.clock.now(),
            complete: true,
            selection: &Selection::all(),
            options: &Options {
                has_lockfile: true,
                allow_empty: true,
                allow_repost: self.allowed.clone(),
                settled,
                ..Options::default()
            },
            caption_digest: &|post| caption_digest(&post.caption),
        })
    }

    /// The defaults of production: in simulated time they cost nothing.
    fn waits(&self) -> Waits {
        let believes = self.schedule.mutant == Some(Mutant::FinishedBelieved);
        Waits {
            poll_initial: None,
            poll_max: Duration::from_secs(60),
            poll_budget: Duration::from_secs(1800),
            settle: Duration::from_secs(if believes { 0 } else { 60 }),
            look: Duration::from_secs(60),
            http_timeout: Duration::from_secs(60),
        }
    }

    fn client(&self, account: usize) -> Client {
        let endpoint = Endpoint::new(Flavour::Instagram, None, None, None).unwrap();
        let token = AccessToken::from_text(&format!("IGtoken{account}")).unwrap();
        let timing = Timing { jitter: false, ..Timing::default() };
        Client::new(endpoint, token, Arc::clone(&self.net) as Arc<dyn Transport>, Arc::clone(&self.clock) as _, timing)
    }

    fn account(&self, account: usize, client: Client, shared: &Arc<Shared>) -> AccountRun {
        let written_at = self.written_at;
        AccountRun {
            shared: Arc::clone(shared),
            name: account_name(account),
            user_id: UserId::from(USERS[account]),
            client,
            media: MediaSource {
                login: Login::Instagram,
                host: None,
                root: PathBuf::from(ROOT),
                disk: Arc::clone(&self.disk) as _,
                digests: Arc::default(),
                hashed: Arc::default(),
            },
            graph: None,
            max_publish: 5,
            min_gap: Duration::ZERO,
            parallelism: 4,
            live_check: true,
            added_at: Arc::new(move |_| Some(written_at)),
            undecided: std::collections::HashSet::new(),
        }
    }
}

fn view(account: usize) -> AccountView {
    AccountView {
        name: account_name(account),
        user_id: Some(UserId::from(USERS[account])),
        username: None,
        timezone: None,
        max_publish_per_run: 5,
        late_after: Duration::from_secs(24 * 60 * 60),
        paused: None,
    }
}
