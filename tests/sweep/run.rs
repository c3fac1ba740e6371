//! One simulation: runs of the real apply code, and what happens between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use igsync::apply::{
    AccountRun, Event as Fact, MediaSource, Observer, Shared, Tally, Waits, Work, rename, stop_channel,
};
use igsync::config::Login;
use igsync::exit::Exit;
use igsync::graph::{AccessToken, Client, Endpoint, Flavour, Timing};
use igsync::id::{AttemptId, PostKey, UserId};
use igsync::lockfile::{self, Ledger, Paths, Record, Records};
use igsync::manifest::{Post, caption_digest};
use igsync::plan::{self, AccountView, Action, Guard, Input, Options, Plan, Selection};
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

    /// As `igsync apply --yes`: settle, plan, publish, fold.
    async fn apply(&self, stop: igsync::apply::Stop, run: u64) -> Ended {
        let posts = self.posts();
        let disk: Arc<dyn Disk> = Arc::clone(&self.disk) as _;
        let snapshot = match lockfile::read(&*disk, &self.paths) {
            Ok(snapshot) => snapshot,
            Err(error) => return Ended::Broken(format!("read: {error}")),
        };
        let offline = self.plan(&posts, &snapshot.records, BTreeSet::new());
        let names: Vec<usize> = (0..self.schedule.scenario.accounts())
            .filter(|account| has_work(&offline, &snapshot.records, *account))
            .collect();
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
        let mut tally = Tally::default();
        let mut runs = Vec::new();
        for account in names {
            let user = UserId::from(USERS[account]);
            let client = self.client(account);
            match shared.ask(client.account(&user)).await {
                Ok(Ok(_)) => runs.push(self.account(account, client, &shared)),
                Ok(Err(error)) => tally.end(if error.is_account_level() { Exit::Account } else { Exit::Incomplete }),
                Err(halt) => tally.end(halt.exit),
            }
        }
        let (mut runs, settled) = settle(runs, &posts, &mut tally).await;
        let records = shared.with_records(Clone::clone);
        let plan = self.plan(&posts, &records, settled);
        if !plan.guards.is_empty() {
            return match shared.fold() {
                Ok(()) => Ended::Refused(plan.guards),
                Err(halt) => Ended::Broken(halt.reason),
            };
        }
        match rename(&plan, &shared) {
            Ok(moved) => tally.moved = moved,
            Err(halt) => tally.end(halt.exit),
        }
        let ended = join_all(runs.iter_mut().map(|run| publish(run, &plan))).await;
        for (counted, _) in ended {
            tally.absorb(&counted);
        }
        if let Err(halt) = shared.fold() {
            tally.end(halt.exit);
        }
        tally.end(exit_of(&plan));
        Ended::Exit(tally.exit())
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
                hosting: None,
                commit: None,
                sandbox: None,
                root: PathBuf::from(ROOT),
                disk: Arc::clone(&self.disk) as _,
                transport: Arc::clone(&self.net) as _,
                digests: Arc::default(),
                hashed: Arc::default(),
                timeout: self.waits().http_timeout,
                uploaded: std::sync::Mutex::default(),
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

async fn settle(
    mut runs: Vec<AccountRun>,
    posts: &[Arc<Post>],
    tally: &mut Tally,
) -> (Vec<AccountRun>, BTreeSet<AttemptId>) {
    let wanted: HashMap<(UserId, PostKey), Arc<Post>> =
        posts.iter().filter_map(|post| Some(((post.user_id.clone()?, post.key.clone()), Arc::clone(post)))).collect();
    let ended = join_all(runs.iter_mut().map(|run| {
        let (user, wanted) = (run.user_id.clone(), &wanted);
        async move { run.settle_open(&|key: &PostKey| wanted.get(&(user.clone(), key.clone())).cloned()).await }
    }))
    .await;
    let mut settled = BTreeSet::new();
    for (index, ended) in ended.into_iter().enumerate().rev() {
        tally.absorb(&ended.tally);
        settled.extend(ended.not_live);
        if let Some(halt) = ended.halt {
            tally.end(halt.exit);
            runs.remove(index);
        }
    }
    (runs, settled)
}

async fn publish(run: &mut AccountRun, plan: &Plan) -> (Tally, Option<igsync::apply::Halt>) {
    let work = plan
        .changes
        .iter()
        .filter(|change| change.account == run.name && is_work(change))
        .filter_map(|change| change.post.clone())
        .map(|post| Work { post })
        .collect();
    run.publish_all(work).await
}

fn is_work(change: &plan::Change) -> bool {
    change.acts() && matches!(change.action, Action::Publish | Action::Resume(_))
}

fn has_work(plan: &Plan, records: &Records, account: usize) -> bool {
    let name = account_name(account);
    plan.changes.iter().any(|change| change.account == name && is_work(change))
        || records.open(&UserId::from(USERS[account])).next().is_some()
}

fn exit_of(plan: &Plan) -> Exit {
    let mut exit = Exit::Done;
    if plan.summary.late + plan.summary.failed > 0 {
        exit = exit.or(Exit::Incomplete);
    }
    if plan.summary.unknown > 0 {
        exit = exit.or(Exit::Unknown);
    }
    exit
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
