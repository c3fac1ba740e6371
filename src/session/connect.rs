//! From the accounts of the configuration to accounts that can act: tokens, endpoints, identities.

mod identity;
mod served;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::engine::Instagram;
use crate::engine::instagram::waits_for;
use crate::git::History;
use crate::hosting::proof::{Prover, Reach};
use crate::hosting::{Host, Surroundings};
use igsync_apply::{self as apply, AccountRun, Converting, Engine, Halt, Ledger, MediaSource, Proof, Run, Setup};
use igsync_base::id::{AccountName, UserId};
use igsync_instagram::{AccessToken, Client};
use igsync_model::config::{Account, Hosting, Settings};
use igsync_ports::Transport;
use igsync_sandbox as sandbox;

use super::credentials::{self, account_halt};
use super::failure::Failure;
use super::ports::Ports;
use super::project::{Owner, Owners, Project, convert_settings_of};
use identity::check_clock;
use served::Served;

pub(crate) use identity::identify;

/// What all connections share.
pub(crate) struct Connector {
    transport: Arc<dyn Transport>,
    /// Runs in this process while the value lives.
    sandbox: Option<Served>,
    prover: OnceLock<Arc<Prover>>,
    hosts: Mutex<Vec<Hosted>>,
}

/// What a configuration says about hosting, and what came of it.
type Hosted = (Option<Hosting>, Option<Arc<Host>>);

/// A signature that ends sooner than this may end before Meta has fetched the file.
const MOST_OF_A_RUN: Duration = Duration::from_secs(40 * 60);

/// How much a run may do at a time.
pub(crate) struct Pace {
    pub max_publish: Option<u32>,
    pub parallelism: u8,
    pub live_check: bool,
    /// Whether URLs are proven before containers are made.
    pub probe: bool,
}

impl Pace {
    /// For a run that only asks.
    pub(crate) fn reading() -> Self {
        Self { max_publish: Some(0), parallelism: 1, live_check: true, probe: false }
    }
}

/// The clients of connected accounts.
pub(crate) type Clients = HashMap<AccountName, Arc<Client>>;

/// The accounts of a run.
pub(crate) struct Accounts {
    pub runs: Vec<AccountRun>,
    /// Accounts that could not be connected or asked, and why.
    pub halted: Vec<(AccountName, Halt)>,
    /// The way to the API of each connected account.
    pub clients: Clients,
    /// Whose token each connected account has.
    pub owners: Owners,
    /// Keeps the in-process sandbox alive.
    sandbox: Option<Served>,
}

impl Accounts {
    /// The accounts as one run; the in-process sandbox lives as long as the second value.
    pub(crate) fn into_run(self, ledger: Arc<Ledger>) -> (Run, Option<Served>) {
        (Run::new(ledger, self.runs, self.halted), self.sandbox)
    }
}

impl Connector {
    /// Opens the way out; starts the sandbox when the run is to stay at home.
    pub(crate) async fn open(project: &Project, ports: &Ports) -> Result<Self, Failure> {
        let transport = ports.open_transport()?;
        let sandbox = if project.sandbox { Some(Served::start(project, ports, &transport).await?) } else { None };
        Ok(Self { transport, sandbox, prover: OnceLock::new(), hosts: Mutex::default() })
    }

    /// Connects accounts for a run, one after the other.
    pub(crate) fn connecting<'a>(
        self,
        project: &'a Project,
        pace: Pace,
        ledger: &'a Arc<Ledger>,
        ports: &'a Ports,
    ) -> Connecting<'a> {
        Connecting {
            connector: self,
            project,
            pace,
            ledger,
            ports,
            runs: Vec::new(),
            halted: Vec::new(),
            clients: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    /// The way to the API of one account. A halt says why there is none.
    pub(crate) async fn client(&self, account: &Account, project: &Project, ports: &Ports) -> Result<Client, Halt> {
        match &self.sandbox {
            None => credentials::connect(account, &project.config, &project.settings, &self.transport, ports).await,
            Some(served) => self.client_of(served, account, project, ports),
        }
    }

    fn client_of(&self, served: &Served, account: &Account, project: &Project, ports: &Ports) -> Result<Client, Halt> {
        let token = AccessToken::from_text(sandbox::TOKEN).map_err(|error| account_halt(error, "try again"))?;
        // Its clock is its own.
        let settings =
            Settings { graph_url: Some(served.base()), upload_url: None, max_skew: None, ..project.settings.clone() };
        credentials::client(account.login, token, &settings, &self.transport, ports)
    }

    /// One for all accounts of a run, so that a file that two of them share is read once.
    fn proof(&self, is_loopback: bool, project: &Project, ports: &Ports) -> Proof {
        let reach = if is_loopback { Reach::ThisMachine } else { Reach::Internet };
        let prover = self.prover.get_or_init(|| {
            let waits = project.waits();
            // Meta may fetch again until it has finished, and the last post of a run is made last.
            let run_time = waits.poll_budget.max(MOST_OF_A_RUN);
            let (transport, clock) = (Arc::clone(&self.transport), Arc::clone(&ports.clock));
            Arc::new(Prover::new(transport, clock, reach, waits.http_timeout, run_time))
        });
        let config = project.config.clone();
        Proof { prover: prover.clone(), judge: Arc::new(move |finding| config.judge(finding)) }
    }

    /// Where the local media of an account get their URLs; one host for all accounts that say the same.
    fn host(
        &self,
        account: &Account,
        loopback_base: Option<url::Url>,
        project: &Project,
        ports: &Ports,
    ) -> Option<Arc<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, host)) = hosts.iter().find(|(hosting, _)| *hosting == account.hosting) {
            return host.clone();
        }
        let surroundings = Surroundings {
            root: project.root.clone(),
            disk: Arc::clone(&ports.disk),
            transport: Arc::clone(&self.transport),
            env: &|name| ports.env.get(name).map(str::to_owned),
            environment: credentials::environment(&project.config),
            secrets: credentials::secret_variables(&project.config),
            timeout: project.settings.http_timeout,
            loopback_base,
        };
        // The in-process sandbox is known for one.
        let hosting = account.hosting.as_ref().filter(|_| !project.sandbox);
        let host = Host::open(hosting, surroundings).map(Arc::new);
        hosts.push((account.hosting.clone(), host.clone()));
        host
    }
}

/// The accounts of a run while they are connected.
pub(crate) struct Connecting<'a> {
    connector: Connector,
    project: &'a Project,
    pace: Pace,
    ledger: &'a Arc<Ledger>,
    ports: &'a Ports,
    runs: Vec<AccountRun>,
    halted: Vec<(AccountName, Halt)>,
    clients: Clients,
    owners: Owners,
}

impl<'a> Connecting<'a> {
    pub(crate) fn project(&self) -> &'a Project {
        self.project
    }

    /// The way to the API of the next account, for [`Self::add`]. Its token is read; no one is asked yet.
    pub(crate) async fn client(&self, account: &Account) -> Result<Client, Halt> {
        self.connector.client(account, self.project, self.ports).await
    }

    /// Connects an account. One whose token is bad, or is another account's, is set aside; a wrong clock ends the run.
    pub(crate) async fn add(&mut self, account: &Account, client: Result<Client, Halt>) -> Result<(), Failure> {
        let connected = match client {
            Ok(client) => self.identify(saying_pauses(client, account, self.ledger), account).await,
            Err(halt) => Err(halt),
        };
        match connected {
            Ok((client, owner)) => {
                check_clock(&client)?;
                let client = Arc::new(client);
                self.clients.insert(account.name.clone(), Arc::clone(&client));
                self.runs.push(self.account_run(account, client, owner.user_id.clone()));
                self.owners.insert(account.name.clone(), owner);
            }
            Err(halt) => self.halted.push((account.name.clone(), halt)),
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Accounts {
        let Self { connector, runs, halted, clients, owners, .. } = self;
        Accounts { runs, halted, clients, owners, sandbox: connector.sandbox }
    }

    /// Asks the token who it is: publishing to the wrong account cannot be undone.
    async fn identify(&self, client: Client, account: &Account) -> Result<(Client, Owner), Halt> {
        let expected = self.project.user_of(account);
        // The in-process sandbox's token is everyone's.
        if let (Some(_), Some(user)) = (&self.connector.sandbox, &expected) {
            return Ok((client, Owner { user_id: user.clone(), username: None }));
        }
        match self.ledger.context().ask(identify(&client, account, expected.as_ref())).await {
            Ok(Ok(identified)) => identified.map(|identity| {
                let owner = Owner { user_id: identity.user_id, username: identity.username };
                (client, owner)
            }),
            Ok(Err(error)) => Err(credentials::refused(account, &client, &error)),
            Err(stop) => Err(stop.into_halt()),
        }
    }

    fn account_run(&self, account: &Account, client: Arc<Client>, user_id: UserId) -> AccountRun {
        let Self { connector, project, pace, ledger, ports, .. } = self;
        let is_loopback = client.endpoint().is_loopback();
        let base =
            connector.sandbox.as_ref().map_or_else(|| project.settings.graph_url.clone(), |served| Some(served.base()));
        let in_git = if project.sandbox {
            History::none()
        } else {
            let environment = credentials::environment(&project.config);
            History::at(&project.root, project.settings.git_timeout, &environment)
        };
        let graph = client.endpoint().foreign_base().filter(|_| !project.sandbox).map(str::to_owned);
        let engine = Arc::new(Instagram::new(client, user_id.clone()));
        AccountRun::new(Setup {
            ledger: Arc::clone(ledger),
            name: account.name.clone(),
            user_id,
            graph,
            media: MediaSource {
                uploads_video: engine.capabilities().uploads_video,
                host: connector
                    .host(account, base.filter(|_| is_loopback), project, ports)
                    .map(|host| host as Arc<dyn apply::Host>),
                root: project.root.clone(),
                disk: Arc::clone(&ports.disk),
                files: Mutex::new(project.local_files()),
                converting: convert_settings_of(account)
                    .map(|convert_settings| Converting { convert_settings, kept: Arc::clone(&project.kept) }),
            },
            engine,
            max_publish: pace.max_publish.unwrap_or(account.max_publish_per_run) as usize,
            parallelism: usize::from(pace.parallelism),
            live_check: pace.live_check,
            proof: pace.probe.then(|| connector.proof(is_loopback, project, ports)),
            added_at: Arc::new(move |file| in_git.added_at(file)),
        })
    }
}

/// A client whose waits are said as those of the run.
fn saying_pauses(client: Client, account: &Account, ledger: &Arc<Ledger>) -> Client {
    let (run, name) = (Arc::downgrade(ledger.context()), account.name.clone());
    client.saying_pauses(move |pause, time, now| {
        if let Some(run) = run.upgrade() {
            run.emit_pause(&name, waits_for(pause), time, now);
        }
    })
}
