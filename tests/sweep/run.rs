//! One simulation: runs of the real apply code, and what happens between them.

mod between;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use igsync::engine::Instagram;
use igsync::engine::instagram::{refusal, waits_for};
use igsync::exit::Exit;
use igsync_apply::{
    AccountRun, Context, Event as Fact, Halt, Ledger, LocalFiles, Lookout, MediaSource, Observer, Protocol, Reread,
    Run, Setup, StopSignal, Waiting, Waits, causes_of, has_open, has_work, stop_channel,
};
use igsync_base::files::Disk;
use igsync_base::id::{AttemptId, MediaId, PostKey, UserId};
use igsync_instagram::{AccessToken, Client, Endpoint, Flavour, Timing};
use igsync_model::config::Login;
use igsync_model::lockfile::{self, Paths, Record, Records, Via, format};
use igsync_model::manifest::{Post, Queued};
use igsync_model::plan::{AccountView, Action, Change, Guard, Options, Plan, Premises, Selection, Why, Work};
use igsync_model::schedule::Slot;
use igsync_ports::{Clock, Transport};
use igsync_testkit::MemDisk;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::clock::{SimClock, pass};
use super::disk::SimDisk;
use super::fault::Key;
use super::lies::Lies;
use super::mutant::Mutant;
use super::net::{EPOCH, Net, ROOTS, token};
use super::remote::{RunRemote, SimRemote, published};
use super::scenario::{Manifest, Scenario, account_name};
use super::schedule::{Clones, Event, Schedule};
use super::world::{Habits, USERS, World, file_of};

/// Lockfile and journal.
type Files = [Option<Vec<u8>>; 2];

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
    /// Where the record is kept as well.
    pub remote: Option<Arc<SimRemote>>,
    pub manifests: Vec<Manifest>,
    pub ended: Vec<Ended>,
    /// Every text that a journal held.
    pub seen: Vec<u8>,
    /// The posts that were live after the first run, one entry for each media.
    pub live_first: Vec<usize>,
    /// Posts of which a person has said that they may repeat others.
    allowed: BTreeSet<PostKey>,
    /// The duplicates of the last plan.
    pub held: Mutex<BTreeSet<PostKey>>,
    /// What the files of each clone said when they were read last.
    read: Mutex<[Option<(Files, Records)>; 2]>,
    /// Whether runs are started with `--allow-delete`.
    pub has_key: bool,
    pub is_paused: bool,
    pub schedule: Schedule,
    /// When the simulation's people wrote the manifests.
    written_at: Timestamp,
    /// How the account is run, where it is not by the schedule.
    pub agenda: Option<Agenda>,
}

/// A queue, and how long each run waits for it.
#[derive(Clone, Debug)]
pub struct Agenda {
    pub slots: Vec<Slot>,
    pub zone: TimeZone,
    pub wait: Duration,
}

/// Takes every fact, some of them slowly.
struct Audience {
    clock: Arc<SimClock>,
    heard: usize,
    slow: Vec<(usize, u32)>,
}

impl Observer for Audience {
    fn event(&mut self, fact: &Fact) -> std::io::Result<()> {
        if matches!(fact, Fact::Waiting { .. }) {
            self.clock.hear_of_a_wait();
        }
        if let Some((_, seconds)) = self.slow.iter().find(|(number, _)| *number == self.heard) {
            self.clock.stall(*seconds);
        }
        self.heard += 1;
        Ok(())
    }
}

/// Runs after which nothing is left to do, at the latest.
pub const MOST_RUNS: usize = 11;

impl Simulation {
    pub fn new(schedule: &Schedule, log: bool) -> Self {
        let clock = Arc::new(SimClock::new());
        let memory = MemDisk::new();
        let manifests = schedule.scenario.manifests();
        for root in ROOTS {
            memory.put(Paths::new(Path::new(root)).lockfile, format::HEADER);
            for manifest in manifests.iter().filter(|manifest| manifest.local) {
                memory.put(Path::new(root).join(manifest.video()), file_of(manifest.number));
            }
        }
        let habits = schedule.habits;
        let habits = Habits {
            after_life: habits.after_life,
            twice: habits.twice,
            page: habits.page,
            skew: habits.skew,
            strict: habits.strict,
            mute: schedule.scenario.is_mute(),
        };
        let world = World::new(habits, EPOCH);
        let faults: BTreeMap<_, _> = schedule.requests.iter().copied().collect();
        let mut world = world;
        let first = if schedule.scenario.is_live() { begun(schedule, &mut world) } else { format::HEADER.to_owned() };
        for root in ROOTS.iter().filter(|_| schedule.scenario.is_live()) {
            memory.put(Paths::new(Path::new(root)).lockfile, &*first);
        }
        let net = Arc::new(Net::new(Arc::clone(&clock), memory.clone(), world, faults, log));
        net.state().lies = schedule.lies;
        net.state().pace = schedule.race.map(|seed| fastrand::Rng::with_seed(!seed));
        let remote =
            schedule.remote.then(|| Arc::new(SimRemote::new(Arc::clone(&net), manifests.clone(), schedule, &first)));
        let disk = Arc::new(SimDisk::new(memory, Arc::clone(&clock), schedule));
        disk.versions.lock().unwrap().push(first.into_bytes());
        let simulation = Self {
            clock,
            disk,
            net,
            remote,
            manifests,
            ended: Vec::new(),
            seen: Vec::new(),
            live_first: Vec::new(),
            allowed: BTreeSet::new(),
            held: Mutex::default(),
            read: Mutex::default(),
            has_key: true,
            is_paused: false,
            schedule: schedule.clone(),
            written_at: Timestamp::from_millisecond(EPOCH - 60_000).unwrap(),
            agenda: None,
        };
        simulation.place_write_faults();
        simulation
    }

    /// Reviving a disk takes its faults away.
    fn place_write_faults(&self) {
        let done = self.disk.inner.write_count();
        for (write, fault) in self.schedule.writes.iter().filter(|(write, _)| *write >= done) {
            if let Some(fault) = fault.of_disk() {
                self.disk.inner.fail_at(*write, fault);
            }
        }
    }

    /// The clones that run now.
    fn sites(&self, run: usize) -> Vec<usize> {
        match self.schedule.clones {
            Clones::One if self.schedule.race.is_some() && run == 0 => vec![0, 1],
            Clones::One => vec![0],
            Clones::Together => vec![0, 1],
            Clones::Parted if run == 0 => vec![0, 1],
            Clones::InTurn | Clones::Parted => vec![run % 2],
        }
    }

    /// Runs apply until nothing is left to do, with everything that the schedule wants in between.
    pub async fn go(&mut self) {
        let last_event = self.schedule.between.iter().map(|(run, _)| run + 1).max().unwrap_or(0);
        let last_event = last_event.max(self.schedule.lies.map_or(0, |lies| lies.until));
        // Both clones have to have seen that nothing is left.
        let in_turn = matches!(self.schedule.clones, Clones::InTurn | Clones::Parted);
        let enough = if in_turn { 3 } else { 2 };
        let mut quiet = 0;
        for run in 0..MOST_RUNS {
            let met = self.faults_met();
            self.lie(run);
            let ended = self.apply_once(run).await;
            self.note(&format!("run {run} ended: {ended:?}"));
            let is_clean = self.faults_met() == met;
            let is_done = ended.iter().all(|ended| matches!(ended, Ended::Exit(Exit::Done)));
            if self.schedule.scenario == Scenario::Twins {
                // A person knows that twins are meant.
                self.allowed.extend(self.held.lock().unwrap().iter().cloned());
            }
            self.ended.extend(ended);
            quiet = if is_clean && run >= last_event { quiet + 1 } else { 0 };
            // One idle run more shows that a finished record stays as it is.
            if quiet >= enough && is_done || quiet > 4 {
                break;
            }
            self.disk.inner.revive();
            self.place_write_faults();
            if run == 0 && self.schedule.race.is_some() {
                self.lose_rival();
            }
            let events: Vec<Event> =
                self.schedule.between.iter().filter(|(after, _)| *after == run).map(|(_, event)| *event).collect();
            for event in events {
                self.happen(event).await;
            }
            if run == 0 {
                self.live_first = self.net.state().world.owners();
            }
            if in_turn {
                // Two clones that take turns are not within Meta's lag of each other.
                self.wait(700).await;
            }
            if quiet > 0 {
                // Nothing of the schedule is left: time heals.
                self.sync();
                self.wait([1, 600, 7200, 26 * 3600, 26 * 3600][quiet.min(4)]).await;
            }
        }
        self.keep_journals();
    }

    /// The journals hold every version of every record.
    fn keep_journals(&mut self) {
        for root in ROOTS {
            let journal = self.disk.inner.bytes(Paths::new(Path::new(root)).journal());
            self.seen.extend(journal.unwrap_or_default());
        }
    }

    pub fn lies(&self) -> Option<Lies> {
        self.schedule.lies
    }

    /// The calls to the remote so far.
    pub fn pushes(&self) -> usize {
        self.remote.as_ref().map_or(0, |remote| remote.state().calls)
    }

    fn faults_met(&self) -> usize {
        let pushes = self.remote.as_ref().map_or(0, |remote| remote.state().fired.len());
        self.net.state().fired.len() + self.writes_hit() + pushes
    }

    fn writes_hit(&self) -> usize {
        if self.schedule.writes.is_empty() {
            return 0;
        }
        let done = self.disk.inner.write_count();
        self.schedule.writes.iter().filter(|(write, _)| *write < done).count()
    }

    pub fn note(&self, text: &str) {
        if let Some(log) = &mut self.net.state().log {
            log.push(format!("-- {text}"));
        }
    }

    async fn wait(&self, seconds: u32) {
        pass(Duration::from_secs(seconds.into())).await;
        let now = self.clock.elapsed_ms();
        self.net.state().world.advance(now);
    }

    pub fn posts(&self) -> Vec<Arc<Post>> {
        self.posts_as(|manifest| manifest)
    }

    fn posts_as(&self, name: impl Fn(Manifest) -> Manifest) -> Vec<Arc<Post>> {
        let written = self.manifests.iter().filter(|manifest| !manifest.is_deleted);
        let remembered = self.schedule.mutant == Some(Mutant::OrderRemembered);
        let first = self.schedule.scenario.manifests();
        let is_absent = |manifest: &Manifest| {
            manifest.is_absent && self.net.taken_back() != Some(Key::Manifest)
                || remembered && first.get(manifest.number).is_some_and(|first| first.is_absent)
        };
        let as_read = written.map(|manifest| Manifest { is_absent: is_absent(manifest), ..manifest.clone() });
        let posts = as_read.map(|manifest| name(manifest).post());
        let queued = self.agenda.is_some().then_some(Queued { from: None });
        let dated = |post: Arc<Post>| match (queued, self.schedule.waits) {
            (Some(_), _) => Arc::new(Post { queued, ..(*post).clone() }),
            (None, true) => Arc::new(Post { publish_at: Some(time_of(&post)), ..(*post).clone() }),
            (None, false) => post,
        };
        posts.map(dated).collect()
    }

    /// The records of both clones, as new processes read them; with a remote, those that are there.
    pub fn records(&self) -> Records {
        if let Some(remote) = &self.remote {
            return remote.records();
        }
        let mut all = Records::default();
        for site in 0..ROOTS.len() {
            all.merge(self.read(site).unwrap_or_default());
        }
        all
    }

    /// The records of one clone. A run that did nothing has left the files as they were read before.
    fn read(&self, site: usize) -> Result<Records, lockfile::Error> {
        let paths = Paths::new(Path::new(ROOTS[site]));
        let files = [paths.lockfile.clone(), paths.journal()].map(|path| self.disk.inner.bytes(path));
        if let Some((as_read, records)) = &self.read.lock().unwrap()[site]
            && *as_read == files
        {
            return Ok(records.clone());
        }
        let records = lockfile::read(&*self.disk, &paths)?.records;
        self.read.lock().unwrap()[site] = Some((files, records.clone()));
        Ok(records)
    }

    pub async fn apply_once(&self, run: usize) -> Vec<Ended> {
        let sites = self.sites(run);
        let (stoppers, stops): (Vec<_>, Vec<_>) = sites.iter().map(|_| stop_channel()).unzip();
        self.net.begin(stoppers);
        {
            let mut state = self.net.state();
            state.ordered = self.ordered(&state.world);
        }
        let all = join_all(sites.iter().zip(stops).map(|(site, stop)| self.apply(*site, stop, run)));
        let ended = tokio::select! {
            biased;
            () = self.net.dead.notified() => None,
            ended = all => Some(ended),
        };
        ended.filter(|_| !self.net.is_dead()).unwrap_or_else(|| vec![Ended::Died])
    }

    /// The posts that may be deleted by what people say now.
    pub fn ordered(&self, world: &World) -> Vec<usize> {
        let is_ordered =
            |manifest: &&Manifest| manifest.is_absent && !manifest.is_deleted && !manifest.is_about_nothing();
        let may = self.schedule.scenario.can_delete() && self.has_key && self.has_keys() && !self.is_paused();
        let ordered = self.manifests.iter().filter(is_ordered).filter(|_| may);
        let ordered: Vec<usize> = ordered.map(|manifest| manifest.number).collect();
        let is_live = |number: &&usize| world.owners().contains(number);
        // More than one run may delete is none.
        if ordered.iter().filter(is_live).count() > 1 { Vec::new() } else { ordered }
    }

    /// Whether nothing was taken back while a run was under way.
    fn has_keys(&self) -> bool {
        self.net.taken_back().is_none()
    }

    fn is_paused(&self) -> bool {
        self.is_paused || self.net.taken_back() == Some(Key::Pause)
    }

    /// Whether the runs of this schedule believe that they may delete.
    fn deletes(&self) -> bool {
        self.has_key || self.schedule.mutant == Some(Mutant::KeyIgnored)
    }

    /// As `igsync apply --yes`, without its terminal.
    async fn apply(&self, site: usize, stop: StopSignal, run: usize) -> Ended {
        let is_renamed = self.schedule.renamed && site == 1;
        let posts = if is_renamed { self.posts_as(Manifest::renamed) } else { self.posts() };
        let paths = Paths::new(Path::new(ROOTS[site]));
        let open = || self.share(site, &paths, stop.clone(), run);
        let (begun, records) = match self.begin(site, open).await {
            Ok(begun) => begun,
            Err(ended) => return ended,
        };
        let offline = self.premises(&posts, BTreeSet::new(), self.clock.now()).plan(&records);
        self.hold(&offline);
        let is_at_work = |account: &usize| {
            let is_awaited = |change: &Change| change.account == account_name(*account) && offline.awaits(change);
            has_work(&offline, &account_name(*account))
                || has_open(&records, &UserId::from(USERS[*account]))
                || offline.changes.iter().any(is_awaited)
        };
        let names: Vec<usize> = (0..self.schedule.scenario.accounts()).filter(is_at_work).collect();
        if !offline.acts() && names.is_empty() {
            let kept = match begun {
                Some(ledger) => ledger.keep_all().await,
                None => Ok(()),
            };
            return Ended::Exit(
                kept.map_or_else(|stop| stop.into_halt().cause.into(), |()| Exit::of(&causes_of(&offline))),
            );
        }
        let ledger = match begun.map_or_else(open, Ok) {
            Ok(ledger) => ledger,
            Err(ended) => return ended,
        };
        let (mut accounts, mut halted) = (Vec::new(), Vec::new());
        for account in names {
            let user = UserId::from(USERS[account]);
            let (hearer, name) = (Arc::downgrade(ledger.context()), account_name(account));
            let client = self.client(site, account).saying_pauses(move |pause, time, now| {
                if let Some(context) = hearer.upgrade() {
                    context.emit_pause(&name, waits_for(pause), time, now);
                }
            });
            let client = Arc::new(client);
            let halt = match ledger.context().ask(client.account(&user)).await {
                // As the command that connects accounts.
                Ok(Ok(_)) if client.wrong_date().is_some() => return Ended::Exit(Exit::Failure),
                Ok(Ok(_)) => {
                    accounts.push(self.account(site, account, client, &ledger));
                    continue;
                }
                Ok(Err(error)) => Halt::unreachable(&refusal(&error)),
                Err(stop) => stop.into_halt(),
            };
            halted.push((account_name(account), halt));
        }
        let mut run = Run::new(Arc::clone(&ledger), accounts, halted);
        let may_delete = self.deletes() && !self.is_paused();
        let accounts = (0..self.schedule.scenario.accounts()).map(account_name);
        let lookout = Desk {
            simulation: self,
            premises: self.premises(&posts, BTreeSet::new(), self.clock.now()),
            is_renamed,
            first: Mutex::default(),
        };
        let settled = run.settle(&posts, &accounts.filter(|_| may_delete).collect(), Some(&lookout)).await;
        let records = ledger.with_records(Clone::clone);
        let now = run.server_now().unwrap_or_else(|| self.clock.now());
        let premises = self.premises(&posts, settled, now);
        let plan = premises.plan(&records);
        self.hold(&plan);
        if !plan.guards.is_empty() {
            return match ledger.keep_all().await {
                Ok(()) => Ended::Refused(plan.guards),
                Err(stop) => Ended::Broken(stop.into_halt().reason),
            };
        }
        let before = self.announced_beside(&plan, &ledger);
        let lookout = Desk { simulation: self, premises: premises.clone(), is_renamed, first: Mutex::default() };
        let waiting = self.wait_of_a_run().map(|wait| Waiting {
            until: now.saturating_add(wait).unwrap_or(now),
            lookout: &lookout,
            agreed: None,
        });
        let tally = run.carry_out(&plan, self.known(premises), waiting.as_ref(), &lookout).await.tally;
        if self.announced_beside(&plan, &ledger) != before {
            return Ended::Broken("a publish was announced that the plan does not show".to_owned());
        }
        Ended::Exit(Exit::of(&tally.causes))
    }

    /// What a run that waits reads again.
    fn read_again(&self, premises: &Premises, is_renamed: bool) -> Reread {
        if self.schedule.mutant == Some(Mutant::OrderReadOnce) {
            return Reread { premises: premises.clone(), files: LocalFiles::default() };
        }
        let posts = if is_renamed { self.posts_as(Manifest::renamed) } else { self.posts() };
        let accounts = (0..self.schedule.scenario.accounts()).map(|account| self.view(account)).collect();
        Reread { premises: Premises { posts, accounts, ..premises.clone() }, files: LocalFiles::default() }
    }

    /// From what a run plans again.
    fn known(&self, mut premises: Premises) -> Premises {
        if self.schedule.mutant == Some(Mutant::PlanKept) {
            premises.complete = false;
            premises.options.allow_duplicate = premises.posts.iter().map(|post| post.key.clone()).collect();
        }
        premises
    }

    fn hold(&self, plan: &Plan) {
        let held = plan.changes.iter().filter(|change| change.action == Action::Hold(Why::Duplicate));
        *self.held.lock().unwrap() = held.map(|change| change.key.clone()).collect();
    }

    /// How many publishes are announced for posts that this plan publishes nothing of. With a remote those of other
    /// machines are among them, and this says nothing.
    fn announced_beside(&self, plan: &Plan, ledger: &Ledger) -> usize {
        // A record that is renamed takes its announcements along.
        let has_reason = |change: &Change| {
            change.work() == Some(Work::Publish) || matches!(change.action, Action::Move { .. }) || plan.awaits(change)
        };
        let post = |change: &Change| (change.user_id.clone(), change.key.clone());
        let with_reason: BTreeSet<_> = plan.changes.iter().filter(|change| has_reason(change)).map(post).collect();
        let beside: BTreeSet<_> = plan.changes.iter().map(post).filter(|post| !with_reason.contains(post)).collect();
        let is_beside = |record: &&Record| beside.contains(&(Some(record.user_id.clone()), record.key.clone()));
        if self.remote.is_some() {
            return 0;
        }
        ledger.with_records(|records| records.iter().filter(is_beside).map(|record| record.intents.len()).sum())
    }

    /// With a remote, what is there decides what there is to do; without, the files alone, as long as there
    /// may be nothing to do.
    async fn begin(
        &self,
        site: usize,
        open: impl Fn() -> Result<Arc<Ledger>, Ended>,
    ) -> Result<(Option<Arc<Ledger>>, Records), Ended> {
        // What an unfinished run has left is read once, where it is taken up again.
        let is_unfinished = self.ended.last().is_some_and(|ended| !matches!(ended, Ended::Exit(Exit::Done)));
        if self.remote.is_none() && !is_unfinished {
            let read = self.read(site);
            return read.map(|records| (None, records)).map_err(|error| Ended::Broken(format!("read: {error}")));
        }
        let ledger = open()?;
        if self.remote.is_some() {
            ledger.fetch_record().await.map_err(|stop| Ended::Exit(stop.into_halt().cause.into()))?;
        }
        let records = ledger.with_records(Clone::clone);
        Ok((Some(ledger), records))
    }

    fn share(&self, site: usize, paths: &Paths, stop: StopSignal, run: usize) -> Result<Arc<Ledger>, Ended> {
        let disk: Arc<dyn Disk> = Arc::clone(&self.disk) as _;
        let store = lockfile::Ledger::open(Arc::clone(&disk), paths.clone())
            .map_err(|error| Ended::Broken(format!("open: {error}")))?;
        let audience = Audience { clock: Arc::clone(&self.clock), heard: 0, slow: self.schedule.output.clone() };
        let attempt_ids = 1000 * self.schedule.dice + 10 * (run as u64 + 1) + site as u64;
        let dice = fastrand::Rng::with_seed(attempt_ids);
        let context = Context::new(Arc::clone(&self.clock) as _, stop, waits(), Box::new(audience), dice);
        let protocol = self.schedule.mutant.map_or_else(Protocol::default, Mutant::protocol);
        let context = Arc::new(context.with_protocol(protocol));
        Ok(Arc::new(
            Ledger::new(context, store)
                .kept_at(self.remote.as_ref().map(|remote| Arc::new(RunRemote::new(remote)) as _)),
        ))
    }

    fn premises(&self, posts: &[Arc<Post>], settled: BTreeSet<AttemptId>, now: Timestamp) -> Premises {
        Premises {
            posts: posts.to_vec(),
            accounts: (0..self.schedule.scenario.accounts()).map(|account| self.view(account)).collect(),
            now,
            complete: true,
            selection: Selection::all(),
            options: Options {
                has_lockfile: true,
                wait: self.wait_of_a_run(),
                allow_empty: true,
                allow_delete: self.deletes(),
                allow_duplicate: self.allowed.clone(),
                settled,
                ..Options::default()
            },
        }
    }

    fn wait_of_a_run(&self) -> Option<Duration> {
        let by_agenda = self.agenda.as_ref().map(|agenda| agenda.wait);
        by_agenda.or_else(|| self.schedule.waits.then_some(LONGEST_WAIT))
    }

    fn view(&self, account: usize) -> AccountView {
        let slots = self.agenda.as_ref().map(|agenda| agenda.slots.clone()).unwrap_or_default();
        AccountView {
            name: account_name(account),
            user_id: Some(UserId::from(USERS[account])),
            username: None,
            timezone: self.agenda.as_ref().map(|agenda| agenda.zone.clone()),
            max_publish_per_run: 5,
            max_delete_per_run: 1,
            allow_delete: self.net.taken_back() != Some(Key::Account),
            can_delete: self.schedule.scenario.login() == Login::Facebook,
            schedule: igsync_model::schedule::Schedule { slots, ..igsync_model::schedule::Schedule::default() },
            paused: self.is_paused().then(|| "paused".to_owned()),
        }
    }

    fn client(&self, site: usize, account: usize) -> Client {
        let flavour = match self.schedule.scenario.login() {
            Login::Instagram => Flavour::Instagram,
            Login::Facebook => Flavour::Facebook,
        };
        let endpoint = Endpoint::new(flavour, None, None, None).unwrap();
        let token = AccessToken::from_text(&token(site, account)).unwrap();
        // Without lies Meta's clock is off by a fixed time, whatever that is.
        let max_skew = self.schedule.lies.is_some().then_some(Duration::from_secs(300));
        let timing = Timing { jitter: false, max_skew, ..Timing::default() };
        Client::new(endpoint, token, Arc::clone(&self.net) as Arc<dyn Transport>, Arc::clone(&self.clock) as _, timing)
    }

    fn account(&self, site: usize, account: usize, client: Arc<Client>, ledger: &Arc<Ledger>) -> AccountRun {
        let written_at = self.written_at;
        let user_id = UserId::from(USERS[account]);
        let engine = Mutant::engine(self.schedule.mutant, Instagram::new(client, user_id.clone()));
        AccountRun::new(Setup {
            ledger: Arc::clone(ledger),
            name: account_name(account),
            user_id,
            media: MediaSource {
                uploads_video: engine.capabilities().uploads_video,
                host: None,
                root: PathBuf::from(ROOTS[site]),
                disk: Arc::clone(&self.disk) as _,
                files: std::sync::Mutex::default(),
                converting: None,
            },
            engine,
            graph: None,
            max_publish: 5,
            parallelism: 4,
            live_check: true,
            proof: None,
            added_at: Arc::new(move |_| Some(written_at)),
        })
    }
}

/// The defaults of production: in simulated time they cost nothing. Only looks at a container that stays mute are
/// fewer, each of them being one more of the same.
fn waits() -> Waits {
    Waits {
        poll_initial: None,
        poll_max: Duration::from_secs(300),
        poll_budget: Duration::from_secs(1800),
        settle: Duration::from_secs(60),
        look: Duration::from_secs(60),
        http_timeout: Duration::from_secs(60),
        max_skew: Some(Duration::from_secs(300)),
    }
}

/// The lockfile of posts that are live since three days.
fn begun(schedule: &Schedule, world: &mut World) -> String {
    let mut records = Records::default();
    for manifest in schedule.scenario.manifests() {
        let at = -3 * 24 * 60 * 60 * 1000;
        let id = world.publish_by_another(&manifest, at);
        let mut record = published(&manifest, &format!("attempt{}", manifest.number), Some(id));
        if let Some(live) = record.live_mut() {
            live.published_at = Timestamp::from_second((EPOCH + at).div_euclid(1000)).ok();
            if schedule.scenario == Scenario::Matched && manifest.is_absent {
                live.via = Some(Via::Settled);
            }
            if schedule.scenario == Scenario::Swapped && manifest.is_absent {
                live.media_id = world.media.first().map(|other| MediaId::new(other.id.to_string()));
            }
        }
        records.merge_in(record);
    }
    format::print(&records)
}

/// Every run of a schedule that waits does so for so long.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// When a post goes out in a schedule that waits: not all at once.
fn time_of(post: &Post) -> Timestamp {
    let last = post.key.as_str().bytes().last().unwrap_or_default();
    let seconds = 600 + 45 * i64::from(last % 4);
    Timestamp::from_millisecond(EPOCH + 1000 * seconds).expect("a time that can be written")
}

/// Where people write.
struct Desk<'a> {
    simulation: &'a Simulation,
    premises: Premises,
    is_renamed: bool,
    /// What was read first.
    first: Mutex<Option<Premises>>,
}

impl Lookout for Desk<'_> {
    fn read(&self) -> BoxFuture<'_, Result<Reread, Halt>> {
        let read = self.simulation.read_again(&self.premises, self.is_renamed);
        let mut first = self.first.lock().unwrap();
        let first = first.get_or_insert_with(|| read.premises.clone()).clone();
        let is_early = self.simulation.schedule.mutant == Some(Mutant::OrderReadEarly);
        let read = if is_early { Reread { premises: first, ..read } } else { read };
        Box::pin(async { Ok(read) })
    }
}
