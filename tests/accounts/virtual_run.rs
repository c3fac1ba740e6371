//! Commands in this process on a clock that no one has to wait for.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync::cli::Cli;
use igsync::commands::{self, Actions, Stream, Streams, Terminal, Ui, UnderWay};
use igsync::report::Program;
use igsync::session::{Ports, Random};
use igsync_apply::{StopSignal, stop_channel};
use igsync_host::{HttpOptions, HttpTransport, RealDisk};
use igsync_ports::{Clock, Transport, TransportError};
use igsync_testkit::Captured;
use jiff::Timestamp;

use crate::project::{Output, Project};

/// Stands still; sleeping moves it at once. Shared by a sandbox and its client.
#[derive(Clone, Default)]
pub struct Virtual(Arc<Mutex<Duration>>);

impl Virtual {
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap() + self.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.advance(duration);
        tokio::task::yield_now().boxed()
    }
}

/// Runs a command line in `project` on this clock.
#[must_use = "check how it ended"]
pub fn run(project: &Project, clock: &Virtual, variables: &[(&str, &str)], line: &str) -> Output {
    run_through(project, clock, Box::new(real_way), variables, line)
}

/// As [`run_on`], until someone stops it.
#[must_use = "check how it ended"]
pub fn run_until(
    project: &Project,
    clock: Arc<dyn Clock>,
    stop: StopSignal,
    variables: &[(&str, &str)],
    line: &str,
) -> Output {
    run_all(project, clock, Box::new(real_way), stop, variables, line)
}

/// As [`run`], on any clock.
#[must_use = "check how it ended"]
pub fn run_on(project: &Project, clock: Arc<dyn Clock>, variables: &[(&str, &str)], line: &str) -> Output {
    run_all(project, clock, Box::new(real_way), stop_channel().1, variables, line)
}

fn real_way() -> Result<Arc<dyn Transport>, TransportError> {
    Ok(Arc::new(HttpTransport::new(&HttpOptions::default())?))
}

/// What makes the way to Meta, once per command.
pub type MakeTransport = Box<dyn Fn() -> Result<Arc<dyn Transport>, TransportError> + Send + Sync>;

/// As [`run`], through another transport.
#[must_use = "check how it ended"]
pub fn run_through(
    project: &Project,
    clock: &Virtual,
    transport: MakeTransport,
    variables: &[(&str, &str)],
    line: &str,
) -> Output {
    run_all(project, Arc::new(clock.clone()), transport, stop_channel().1, variables, line)
}

fn run_all(
    project: &Project,
    clock: Arc<dyn Clock>,
    transport: MakeTransport,
    stop: StopSignal,
    variables: &[(&str, &str)],
    line: &str,
) -> Output {
    let (out, err) = (Captured::default(), Captured::default());
    let ports = Ports {
        disk: Arc::new(RealDisk),
        clock,
        transport,
        env: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        stop,
        random: Random::with_seed(7),
    };
    let ui = Ui {
        terminal: Terminal {
            streams: Streams { out: Stream::new(out.clone()), err: Stream::new(err.clone()) },
            is_interactive: false,
            shows_progress: false,
            colour_out: false,
            colour_err: false,
            width: 80,
            unicode: true,
            quiet: false,
            verbose: 0,
            program: Program::named("igsync"),
        },
        actions: Actions::default(),
        under_way: UnderWay::default(),
    };
    let folder = project.path().to_str().unwrap();
    let words = ["igsync", "-C", folder].into_iter().chain(line.split_whitespace());
    let cli = Cli::try_parse_from(words).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exit = runtime.block_on(commands::run(cli, &ports, &ui));
    Output { code: exit as i32, stdout: out.text(), stderr: err.text() }
}

/// Runs the real binary in `project` with one text on its stdin.
#[must_use = "check how it ended"]
pub fn with_input(project: &Project, words: &[&str], input: &str) -> Output {
    let mut command = project.command(words.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not ask may be gone before it is told.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
