//! Running one foreign program, bounded in time and output.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// More than this on one of its outputs ends the program. In bytes.
pub(super) const OUTPUT_LIMIT: u64 = 64 * 1024;

/// A program with all that it is given. There is no shell.
pub(super) struct Call {
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub folder: PathBuf,
    /// On top of this process's own environment.
    pub variables: Vec<(&'static str, String)>,
    /// Taken out of it.
    pub hidden: Vec<String>,
    pub patience: Duration,
}

/// What came out of it.
pub(super) struct Output {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Problem {
    NotStarted(io::Error),
    TooSlow,
    TooMuch,
    Lost(io::Error),
}

/// Runs the program to its end. When the returned future is dropped, the program and all that it
/// started are killed.
pub(super) async fn run(call: Call) -> Result<Output, Problem> {
    let mut command = Command::new(&call.program);
    command
        .args(&call.arguments)
        .current_dir(&call.folder)
        .envs(call.variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for name in &call.hidden {
        command.env_remove(name);
    }
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(Problem::NotStarted)?;
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
        let status = child.wait().await.map_err(Problem::Lost)?;
        Ok(Output { status, stdout, stderr })
    };
    let output = tokio::time::timeout(call.patience, whole).await.map_err(|_| Problem::TooSlow)??;
    // Ended by itself: what it left running on purpose may stay.
    std::mem::forget(group);
    Ok(output)
}

async fn read(source: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let Some(source) = source else { return Ok(bytes) };
    source.take(OUTPUT_LIMIT + 1).read_to_end(&mut bytes).await.map_err(Problem::Lost)?;
    if bytes.len() as u64 > OUTPUT_LIMIT { Err(Problem::TooMuch) } else { Ok(bytes) }
}

/// The processes of a program: a script's own children do not die with it.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // It may be gone already.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
