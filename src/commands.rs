//! One file per subcommand: load, call the core, report. The only place that wires modules together.

mod actions;
mod apply;
mod auth;
mod chosen;
mod connect;
mod difference;
mod drift;
mod explain;
mod extras;
mod findings;
mod fix;
mod import;
mod init;
mod insights;
mod lock;
mod log;
mod new;
mod plan;
mod preview;
mod record;
mod record_edit;
mod refresh;
mod resolve;
mod sandbox;
mod schema;
mod signals;
mod status;
mod terminal;
mod under_way;
mod validate;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use clap::Parser as _;

use crate::cli::{Cli, Command, Global, Keep};
use crate::exit::Exit;
use crate::report::{self, Style};
use crate::session::{Failure, Note, Noted, Place, Ports, Random};
use igsync_apply::{Event, Observer};
use igsync_base::text::visible;
use igsync_host::{HttpOptions, HttpTransport, RealClock, RealDisk};
use igsync_model::config::Env;

pub use actions::Actions;
pub use terminal::{Stream, Streams, Terminal};
pub use under_way::UnderWay;

/// Where a person or a runner sees what a command does.
pub struct Ui {
    pub terminal: Terminal,
    pub actions: Actions,
    /// What a signal is answered with.
    pub under_way: UnderWay,
}

impl Ui {
    fn note(&self, note: &Note) {
        self.terminal.say(&note.to_string());
    }

    fn notes(&self, notes: impl IntoIterator<Item = Note>) {
        for note in notes {
            self.note(&note);
        }
    }

    /// Says the notes that come along with a value.
    fn noted<T>(&self, noted: Noted<T>) -> T {
        self.notes(noted.notes);
        noted.value
    }
}

impl Global {
    fn place(&self) -> Place {
        Place { chdir: self.chdir.clone(), config: self.config.clone() }
    }
}

impl Keep {
    /// What is said of pushing; `None`: nothing.
    fn push(self) -> Option<bool> {
        match (self.push, self.no_push) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
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
    let terminal = Terminal::of_process(&cli);
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
        let ui = Ui { terminal, actions: Actions::of_process(&env), under_way: UnderWay::default() };
        let ports = Ports {
            disk: Arc::new(RealDisk),
            clock: Arc::new(RealClock::new()),
            transport: Box::new(|| Ok(Arc::new(HttpTransport::new(&HttpOptions::default())?))),
            env,
            stop: signals::listen(ui.terminal.clone(), ui.under_way.clone()),
            random: Random::with_seed(getrandom::u64().unwrap_or_else(|_| fastrand::u64(..))),
        };
        let exit = run(cli, &ports, &ui).await;
        ui.actions.exit_of_process(exit, &ports.env)
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
        Command::Fix(args) => fix::run(&cli.global, &args, ports, ui).await,
        Command::Plan(args) => plan::run(&cli.global, &args, ports, ui).await,
        Command::Preview(args) => preview::run(&cli.global, &args, ports, ui).await,
        // By far the largest future: on the stack of every command it would take more than all others.
        Command::Apply(args) => Box::pin(apply::run(&cli.global, &args, ports, ui)).await,
        Command::Auth(args) => auth::run(&cli.global, &args, ports, ui).await,
        Command::Status(args) => status::run(&cli.global, &args, ports, ui).await,
        Command::Drift(args) => drift::run(&cli.global, &args, ports, ui).await,
        Command::Insights(args) => insights::run(&cli.global, &args, ports, ui).await,
        Command::Import(args) => import::run(&cli.global, &args, ports, ui).await,
        Command::Resolve(args) => resolve::run(&cli.global, &args, ports, ui).await,
        Command::Lock(args) => lock::run(&cli.global, &args, ports, ui).await,
        Command::Sandbox(args) => sandbox::run(&cli.global, &args, ports, ui).await,
        Command::Init(args) => init::run(&cli.global, &args, ports, ui).await,
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

/// Text for programs whose cells are clean already: line ends stay as they are.
fn write_cells(ui: &Ui, text: &str) -> Result<(), Failure> {
    judge(ui.terminal.write_as_it_is(text))
}

/// As [`write_stdout`], for a report that is coloured where stdout is.
fn write_coloured(ui: &Ui, text: &str) -> Result<(), Failure> {
    judge(ui.terminal.write_coloured(text))
}

/// A closed pipe is the reader's choice, everything else is an error.
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
