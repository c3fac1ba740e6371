//! Running a foreign program: the one place where igsync starts another process.
//!
//! Each is bounded in time and output, gets an environment in which every variable was decided on, and is ended
//! together with what it has started when its time is over or its caller is gone.

mod environment;
mod group;
mod seal;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

pub use environment::{Environment, Secrets};
use group::ProcessGroup;
pub use seal::seal;

/// A program with all that it is given. There is no shell.
pub(crate) struct Call<'a> {
    pub program: OsString,
    pub arguments: Vec<OsString>,
    /// `None`: where igsync itself was started.
    pub folder: Option<PathBuf>,
    pub environment: Environment,
    pub talks_to: TalksTo<'a>,
    pub limits: Limits,
}

/// Who is at the other end of stdin and stderr. Its stdout is always read.
pub(crate) enum TalksTo<'a> {
    /// igsync alone: it reads these bytes, and what it says is kept.
    Us(&'a [u8]),
    /// The person at the terminal, if there is one: a password manager asks its own questions.
    Person,
}

/// What a program may use up before it is ended.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub time: Duration,
    /// On stdout, in bytes.
    pub output: u64,
    /// On stderr, in bytes.
    pub said: u64,
}

/// What came out of a program that ended by itself.
pub(crate) struct Output {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    /// Empty where it went to a person.
    pub stderr: Vec<u8>,
}

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Problem {
    NotStarted(io::Error),
    TooSlow,
    TooMuch,
    Lost(io::Error),
}

/// Runs the program to its end. When the returned future is dropped, the program and all that it started are
/// killed.
pub(crate) async fn run(call: Call<'_>) -> Result<Output, Problem> {
    let mut command = Command::new(&call.program);
    command.args(&call.arguments).stdout(Stdio::piped()).kill_on_drop(true);
    command.env_clear().envs(call.environment.variables());
    if let Some(folder) = &call.folder {
        command.current_dir(folder);
    }
    let (input, shares_terminal) = match call.talks_to {
        TalksTo::Us([]) => {
            command.stdin(Stdio::null()).stderr(Stdio::piped());
            (&[][..], false)
        }
        TalksTo::Us(input) => {
            command.stdin(Stdio::piped()).stderr(Stdio::piped());
            (input, false)
        }
        TalksTo::Person => {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
            (&[][..], is_at_a_terminal())
        }
    };
    // A group of its own is in the background of a terminal, and stopped as soon as it asks something there. So
    // what a person can answer stays in our group; Ctrl-C then reaches it as well.
    #[cfg(unix)]
    if !shares_terminal {
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(Problem::NotStarted)?;
    let group = ProcessGroup::of(&child, shares_terminal);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async move {
        if let Some(mut stdin) = stdin {
            // A program that ends early says why on its own.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let Limits { time, output, said } = call.limits;
    let whole = async {
        let ((), stdout, stderr) = tokio::try_join!(write, read(stdout, output), read(stderr, said))?;
        let status = child.wait().await.map_err(Problem::Lost)?;
        Ok(Output { status, stdout, stderr })
    };
    let output = tokio::time::timeout(time, whole).await.map_err(|_| Problem::TooSlow)??;
    group.has_ended();
    Ok(output)
}

/// Whether someone can see what a program asks, or answer it.
fn is_at_a_terminal() -> bool {
    io::stdin().is_terminal() || io::stderr().is_terminal()
}

async fn read(source: Option<impl AsyncRead + Unpin>, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let Some(source) = source else { return Ok(bytes) };
    source.take(most.saturating_add(1)).read_to_end(&mut bytes).await.map_err(Problem::Lost)?;
    if bytes.len() as u64 > most { Err(Problem::TooMuch) } else { Ok(bytes) }
}

#[cfg(all(test, unix))]
mod tests;
