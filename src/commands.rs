//! One file per subcommand: load, call the core, report. The only place that wires modules together.

mod actions;
mod apply;
mod auth;
mod base;
mod branch;
mod connect;
mod credentials;
mod desk;
mod draw;
mod explain;
mod extras;
mod github;
mod hosts;
mod init;
mod lock;
mod log;
mod new;
mod plan;
mod private;
mod project;
mod refresh;
mod remote;
mod resolve;
mod run_lock;
mod sandbox;
mod schema;
mod signals;
mod status;
mod subject;
mod terminal;
mod validate;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use clap::Parser as _;

use crate::apply::{Event, Halt, Observer, StopSignal};
use crate::cli::{Cli, Command};
use crate::config::Env;
use crate::exit::Exit;
use crate::lockfile;
use crate::port::{Clock, Disk, HttpOptions, HttpTransport, Linked, RealClock, RealDisk, Transport, TransportError};
use crate::report::{self, Style};
use crate::text::visible;

pub use actions::Actions;
pub use terminal::{Stream, Streams, Terminal};

/// The doors of a command to what is outside: files, time, network, environment. Nothing is shown through them.
pub struct Ports {
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    /// Made only by commands that need it: a plan stays offline.
    pub transport: Box<dyn Fn() -> Result<Arc<dyn Transport>, TransportError> + Send + Sync>,
    pub env: Env,
    pub stop: StopSignal,
    /// Where attempt ids come from.
    pub seed: u64,
}

/// Where a person or a runner sees what a command does.
pub struct Ui {
    pub terminal: Terminal,
    pub actions: Actions,
}

/// Why a command ended early, ready to be shown.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub report: miette::Report,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<miette::Report>) -> Self {
        Self { exit, report: error.into() }
    }

    /// A failure that is a sentence and a remedy.
    pub fn message(exit: Exit, message: impl std::fmt::Display, help: impl std::fmt::Display) -> Self {
        Self::new(exit, miette::miette!(help = help.to_string(), "{message}"))
    }

    /// A file that cannot be used, said in these words, unless a link is in the way: that is refused.
    fn of_file(
        error: &(dyn std::error::Error + 'static),
        message: impl std::fmt::Display,
        help: impl std::fmt::Display,
    ) -> Self {
        match Linked::of(error) {
            Some(linked) => linked.clone().into(),
            None => Self::message(Exit::Failure, message, help),
        }
    }

    /// A run that ended before anything was published.
    fn halted(halt: Halt) -> Self {
        Self::message(halt.cause.into(), halt.reason, halt.help)
    }
}

impl<E: Into<miette::Report>> From<E> for Failure {
    fn from(error: E) -> Self {
        let report = error.into();
        let exit = if is_about_a_link(&report) { Exit::Refused } else { Exit::Failure };
        Self { exit, report }
    }
}

fn is_about_a_link(report: &miette::Report) -> bool {
    use lockfile::{Error, LockError};
    // These two stand for what they hold: as causes it would be said twice.
    let is_kept = matches!(report.downcast_ref(), Some(Error::Link(_)))
        || matches!(report.downcast_ref(), Some(LockError::Store(Error::Link(_))));
    is_kept || Linked::of(report.as_ref()).is_some()
}

/// Hears everything and says nothing.
struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}

/// How a command ends: an exit code, or a failure that is still to be shown.
pub type Ended = Result<Exit, Failure>;

/// Runs the command line in this process.
pub fn main(cli: Cli) -> Exit {
    let terminal = Terminal::of_process(&cli.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::message(Exit::Failure, error, "free some memory or threads, then run it again");
            return terminal.fail(&failure);
        }
    };
    let env = Env::from_process();
    log::start(&env, &terminal);
    let exit = runtime.block_on(async {
        let ui = Ui { terminal, actions: Actions::of_process(&env) };
        let ports = Ports {
            disk: Arc::new(RealDisk),
            clock: Arc::new(RealClock::new()),
            transport: Box::new(|| Ok(Arc::new(HttpTransport::new(&HttpOptions::default())?))),
            env,
            stop: signals::listen(),
            seed: getrandom::u64().unwrap_or_else(|_| fastrand::u64(..)),
        };
        actions::exit_of_process(run(cli, &ports, &ui).await, &ports.env)
    });
    // A blocking read of a large file must not hold the process.
    runtime.shutdown_background();
    exit
}

/// Runs one command line; the failure, where there is one, has been shown when this returns.
pub async fn run(cli: Cli, ports: &Ports, ui: &Ui) -> Exit {
    ui.actions.begin(&cli.command);
    let ended = match cli.command {
        Command::Validate(args) => validate::run(&cli.global, &args, ports, ui).await,
        Command::Plan(args) => plan::run(&cli.global, &args, ports, ui).await,
        Command::Apply(args) => apply::run(&cli.global, &args, ports, ui).await,
        Command::Auth(args) => auth::run(&cli.global, &args, ports, ui).await,
        Command::Status(args) => status::run(&cli.global, &args, ports, ui).await,
        Command::Resolve(args) => resolve::run(&cli.global, &args, ports, ui).await,
        Command::Lock(args) => lock::run(&cli.global, &args, ports, ui).await,
        Command::Sandbox(args) => sandbox::run(&cli.global, &args, ports, ui).await,
        Command::Init { folder } => init::run(&cli.global, folder.as_deref(), ports, ui),
        Command::New(args) => new::run(&cli.global, &args, ports, ui),
        Command::Explain { code } => explain::run(&code, ui),
        Command::Schema { of } => schema::run(of, ui),
        Command::Completions { shell } => extras::completions(shell, ui),
        Command::Man => extras::manual(ui),
        Command::Other(words) => extras::unknown(&words),
    };
    let exit = ended.unwrap_or_else(|failure| {
        ui.actions.failed(&report::failure::render(failure.report.as_ref(), Style::plain()));
        ui.terminal.fail(&failure)
    });
    ui.actions.finish(exit, ports, ui);
    exit
}

/// Reads the command line.
///
/// # Errors
///
/// It is wrong, or asks for help: what clap has to say has been shown. Its own exit code 2 becomes 64, because
/// 2 means that there are changes.
pub fn command_line(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Exit> {
    let words: Vec<OsString> = words.into_iter().collect();
    Cli::try_parse_from(&words).map_err(|error| {
        // Clap quotes words as they came and colours its own, so it is shown words that can be shown.
        let shown = words.iter().map(|word| visible(&word.to_string_lossy()).replace('\n', "␊"));
        let error = Cli::try_parse_from(shown).err().unwrap_or(error);
        terminal::show_usage(&error);
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })
}

/// Workflow commands as data: a runner is meant to obey them.
fn write_commands(ui: &Ui, text: &str) -> Result<(), Failure> {
    match ui.actions.write(text) {
        Some(written) => judge(written),
        None => judge(ui.terminal.write_as_it_is(text)),
    }
}

/// As [`write_stdout`], for a report that is coloured where stdout is.
fn write_coloured(ui: &Ui, text: &str) -> Result<(), Failure> {
    judge(ui.terminal.write_coloured(text))
}

/// A closed pipe is the reader's wish, everything else is an error.
fn write_stdout(ui: &Ui, text: &str) -> Result<(), Failure> {
    judge(ui.terminal.write(text))
}

fn judge(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::message(Exit::Failure, format!("the output could not be written: {error}"), "free some space"))
        }
        _ => Ok(()),
    }
}
