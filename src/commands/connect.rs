//! From the accounts of the configuration to accounts that can act: tokens, endpoints, identities.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::apply::{self, AccountRun, Converting, Engine, Halt, Ledger, MediaSource, Proof, Refusal, Run, Setup};
use crate::cli::Apply;
use crate::config::{Account, Hosting, Settings};
use crate::engine::Instagram;
use crate::engine::instagram::{waits_for, wrong_clock};
use crate::exit::Exit;
use crate::git::History;
use crate::graph::{AccessToken, Client, Identity};
use crate::hosting::proof::{Prover, Reach};
use crate::hosting::{Host, Surroundings};
use crate::id::{AccountName, UserId};
use crate::port::Transport;
use crate::sandbox::{self, Sandbox};

use super::credentials::{self, account_halt};
use super::project::{Project, mending_of};
use super::{Failure, Ports, Ui};

/// What all connections share.
pub(super) struct Connector {
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
pub(super) struct Pace {
    pub max_publish: Option<u32>,
    pub parallelism: u8,
    pub live_check: bool,
    /// Whether URLs are proven before containers are made.
    pub probe: bool,
}

impl Pace {
    pub(super) fn of(args: &Apply) -> Self {
        Self {
            max_publish: args.scope.max_publish,
            parallelism: args.parallelism,
            live_check: !args.no_live_check,
            probe: !args.no_probe,
        }
    }

    /// For a run that only asks.
    pub(super) fn reading() -> Self {
        Self { max_publish: Some(0), parallelism: 1, live_check: true, probe: false }
    }
}

/// The clients of connected accounts.
pub(super) type Clients = HashMap<AccountName, Arc<Client>>;

/// The accounts of a run.
pub(super) struct Accounts {
    pub runs: Vec<AccountRun>,
    /// Accounts that could not be connected or asked, and why.
    pub halted: Vec<(AccountName, Halt)>,
    /// The way to the API of each connected account.
    pub clients: Clients,
    /// Keeps the in-process sandbox alive.
    sandbox: Option<Served>,
}

impl Accounts {
    /// The user behind each connected account.
    pub(super) fn users(&self) -> HashMap<AccountName, UserId> {
        self.runs.iter().map(|run| (run.name().clone(), run.user_id().clone())).collect()
    }

    /// The accounts as one run; the in-process sandbox lives as long as the second value.
    pub(super) fn into_run(self, ledger: Arc<Ledger>) -> (Run, Option<Served>) {
        (Run::new(ledger, self.runs, self.halted), self.sandbox)
    }
}

impl Connector {
    /// Opens the way out; starts the sandbox when the run is to stay at home.
    pub(super) async fn open(project: &Project, ports: &Ports) -> Result<Self, Failure> {
        let transport = (ports.transport)()
            .map_err(|error| Failure::message(Exit::Failure, error, "check the proxy and TLS settings"))?;
        let sandbox = if project.sandbox { Some(Served::start(project, ports, &transport).await?) } else { None };
        Ok(Self { transport, sandbox, prover: OnceLock::new(), hosts: Mutex::default() })
    }

    /// Connects the named accounts. A wrong user ends the run (nothing has been published yet); an
    /// account whose token is bad is set aside.
    pub(super) async fn connect_all(
        self,
        project: &Project,
        pace: &Pace,
        names: &HashSet<AccountName>,
        ledger: &Arc<Ledger>,
        ports: &Ports,
        ui: &Ui,
    ) -> Result<Accounts, Failure> {
        let mut accounts = Accounts { runs: Vec::new(), halted: Vec::new(), clients: HashMap::new(), sandbox: None };
        for account in project.config.accounts.iter().filter(|account| names.contains(&account.name)) {
            let connected = match self.client(account, project, ports, ui).await {
                Ok(client) => self.identify(saying_pauses(client, account, ledger), account, project, ledger).await?,
                Err(halt) => Err(halt),
            };
            match connected {
                Ok((client, user_id)) => {
                    check_clock(&client)?;
                    let client = Arc::new(client);
                    accounts.clients.insert(account.name.clone(), Arc::clone(&client));
                    accounts.runs.push(self.account_run(account, client, user_id, project, pace, ledger, ports));
                }
                Err(halt) => accounts.halted.push((account.name.clone(), halt)),
            }
        }
        accounts.sandbox = self.sandbox;
        Ok(accounts)
    }

    pub(super) async fn client(
        &self,
        account: &Account,
        project: &Project,
        ports: &Ports,
        ui: &Ui,
    ) -> Result<Client, Halt> {
        let Some(served) = &self.sandbox else {
            return credentials::connect(account, &project.config, &project.settings, &self.transport, ports, ui).await;
        };
        let token = AccessToken::from_text(sandbox::TOKEN).map_err(|error| account_halt(error, "try again"))?;
        // Its clock is its own.
        let settings =
            Settings { graph_url: Some(served.base()), upload_url: None, max_skew: None, ..project.settings.clone() };
        credentials::client(account.login, token, &settings, &self.transport, ports)
    }

    /// Asks the token who it is. The outer error ends the run: publishing to the wrong account cannot
    /// be undone.
    async fn identify(
        &self,
        client: Client,
        account: &Account,
        project: &Project,
        ledger: &Ledger,
    ) -> Result<Result<(Client, UserId), Halt>, Failure> {
        let expected = project.user_of(account);
        // The in-process sandbox's token is everybody's.
        if let (Some(_), Some(user)) = (&self.sandbox, &expected) {
            return Ok(Ok((client, user.clone())));
        }
        let identity = match ledger.context().ask(identity_of(&client, account, expected.as_ref())).await {
            Ok(Ok(Some(identity))) => identity,
            Ok(Ok(None)) => return Ok(Err(several_accounts(account))),
            Ok(Err(error)) => return Ok(Err(credentials::refused(account, &client, &error))),
            Err(stop) => return Ok(Err(stop.into_halt())),
        };
        check_identity(account, expected.as_ref(), &identity)?;
        Ok(Ok((client, identity.user_id)))
    }

    #[expect(clippy::too_many_arguments, reason = "it gathers what an account is made of")]
    fn account_run(
        &self,
        account: &Account,
        client: Arc<Client>,
        user_id: UserId,
        project: &Project,
        pace: &Pace,
        ledger: &Arc<Ledger>,
        ports: &Ports,
    ) -> AccountRun {
        let is_loopback = client.endpoint().is_loopback();
        let base =
            self.sandbox.as_ref().map_or_else(|| project.settings.graph_url.clone(), |served| Some(served.base()));
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
                host: self
                    .host(account, base.filter(|_| is_loopback), project, ports)
                    .map(|host| host as Arc<dyn apply::Host>),
                root: project.root.clone(),
                disk: Arc::clone(&ports.disk),
                digests: Arc::clone(&project.digests),
                converting: mending_of(account).map(|mending| Converting { mending, kept: Arc::clone(&project.kept) }),
                hashed: Arc::clone(&project.hashed),
            },
            engine,
            max_publish: pace.max_publish.unwrap_or(account.max_publish_per_run) as usize,
            min_gap: account.schedule.min_gap,
            parallelism: usize::from(pace.parallelism),
            live_check: pace.live_check,
            proof: pace.probe.then(|| self.proof(is_loopback, project, ports)),
            added_at: Arc::new(move |file| in_git.added_at(file)),
        })
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

/// A client whose waits are said as those of the run.
fn saying_pauses(client: Client, account: &Account, ledger: &Arc<Ledger>) -> Client {
    let (run, name) = (Arc::downgrade(ledger.context()), account.name.clone());
    client.saying_pauses(move |pause, time, now| {
        if let Some(run) = run.upgrade() {
            run.tell_pause(&name, waits_for(pause), time, now);
        }
    })
}

/// `None`: the token reaches several accounts, and the configuration does not say which is meant.
pub(super) async fn identity_of(
    client: &Client,
    account: &Account,
    expected: Option<&UserId>,
) -> Result<Option<Identity>, crate::graph::Error> {
    if let Some(user) = expected {
        return client.account(user).await.map(Some);
    }
    let mut reached = client.accounts().await?;
    if let Some(wanted) = &account.username {
        reached.retain(|found| found.username.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(wanted)));
    }
    Ok(if reached.len() == 1 { reached.pop() } else { None })
}

/// A clock that is wrong ends the run before anything is sent, whichever of the two it is.
fn check_clock(client: &Client) -> Result<(), Failure> {
    match client.wrong_date() {
        None => Ok(()),
        Some(wrong) => {
            let Refusal { text, help, .. } = wrong_clock(&wrong);
            Err(Failure::message(Exit::Failure, text, help))
        }
    }
}

fn several_accounts(account: &Account) -> Halt {
    account_halt(
        format!("the token of account {} does not say which Instagram account is meant", account.name),
        "set user_id (or username) of the account in igsync.yaml",
    )
}

fn check_identity(account: &Account, expected: Option<&UserId>, identity: &Identity) -> Result<(), Failure> {
    if let Some(expected) = expected
        && *expected != identity.user_id
    {
        return Err(Failure::message(
            Exit::Refused,
            format!("the token of account {} belongs to user {}, not to {expected}", account.name, identity.user_id),
            "correct user_id in igsync.yaml, or use the token of the right account",
        ));
    }
    match (&account.username, &identity.username) {
        (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) => Err(Failure::message(
            Exit::Refused,
            format!("the token of account {} belongs to @{found}, not to @{wanted}", account.name),
            "correct username in igsync.yaml, or use the token of the right account",
        )),
        _ => Ok(()),
    }
}

/// A sandbox in this process on a free port.
pub(super) struct Served {
    address: std::net::SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    async fn start(project: &Project, ports: &Ports, transport: &Arc<dyn Transport>) -> Result<Self, Failure> {
        let users = project.config.accounts.iter().filter_map(|account| {
            let name = account.username.clone().unwrap_or_else(|| account.name.to_string());
            Some((account.user_id.clone()?, name))
        });
        let options = sandbox::Options {
            data: Some(project.paths.folder.clone()),
            extra_accounts: users.collect(),
            ..sandbox::Options::quick()
        };
        let sandbox = Sandbox::new(&options, Arc::clone(&ports.disk), Arc::clone(&ports.clock))
            .map_err(|error| Failure::of_file(&error, &error, "remove .igsync/sandbox to begin anew"))?
            .fetching_through(Arc::clone(transport));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|error| Failure::message(Exit::Failure, error, "the sandbox needs a free port on 127.0.0.1"))?;
        let address = listener.local_addr().map_err(|error| Failure::message(Exit::Failure, error, "try again"))?;
        let task = tokio::spawn(async move {
            let _ = sandbox.serve(listener).await;
        });
        Ok(Self { address, task })
    }

    fn base(&self) -> url::Url {
        url::Url::parse(&format!("http://{}/", self.address)).expect("an address and a port make a URL")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
