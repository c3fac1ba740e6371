//! Running git: bounded in time, asking nobody, obeying nothing of the user's that has effects of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::redact::shown;

/// Why git gave no usable answer. Texts are for people: without credentials, one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("git can not be run: {0}")]
    NotRun(String),
    #[error("git {command} gave no answer within {} s", limit.as_secs_f64())]
    TooLong { command: String, limit: Duration },
    /// Git ended with an error.
    #[error("git {command}: {said}")]
    Failed { command: String, code: Option<i32>, said: String },
    #[error("git {command} answered something that igsync does not understand")]
    Unreadable { command: String },
}

/// How git ended.
pub(crate) struct Output {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    /// As git and the remote wrote it: to be judged, not to be shown.
    pub stderr: String,
}

impl Output {
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }
}

/// The git program in one folder.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
    /// For one call.
    limit: Duration,
}

impl Git {
    #[must_use]
    pub fn new(folder: &Path, limit: Duration) -> Self {
        Self { folder: folder.to_owned(), limit }
    }

    /// Runs git to its end, whatever that is.
    pub(crate) async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output, Error> {
        let mut command = tokio::process::Command::from(prepared(&self.folder, arguments));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| Error::NotRun(error.to_string()))?;
        let family = Family::of(&child);
        let stdin = child.stdin.take();
        let talk = async move {
            let write = async move {
                if let Some(mut stdin) = stdin {
                    // A git that ends early says why on its own.
                    let _ = stdin.write_all(input).await;
                }
            };
            tokio::join!(write, child.wait_with_output()).1
        };
        match tokio::time::timeout(self.limit, talk).await {
            Ok(Ok(output)) => {
                family.has_ended();
                Ok(Output {
                    code: output.status.code(),
                    stdout: output.stdout,
                    stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
                })
            }
            Ok(Err(error)) => Err(Error::NotRun(error.to_string())),
            Err(_) => Err(Error::TooLong { command: name_of(arguments), limit: self.limit }),
        }
    }

    /// What git wrote, once it succeeded.
    pub(super) async fn bytes(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Error> {
        let output = self.run(arguments, input).await?;
        if output.succeeded() { Ok(output.stdout) } else { Err(failed(arguments, &output)) }
    }

    /// The one line that git wrote, once it succeeded.
    pub(super) async fn line(&self, arguments: &[&str], input: &[u8]) -> Result<String, Error> {
        let text = self.bytes(arguments, input).await?;
        let text = String::from_utf8(text).map_err(|_| Error::Unreadable { command: name_of(arguments) })?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// As [`Self::line`]; `None` where git says no by its exit code 1, or wrote nothing.
    pub(super) async fn answer(&self, arguments: &[&str]) -> Result<Option<String>, Error> {
        match self.line(arguments, b"").await {
            Ok(line) => Ok(Some(line).filter(|line| !line.is_empty())),
            Err(Error::Failed { code: Some(1), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

pub(super) fn failed(arguments: &[&str], output: &Output) -> Error {
    let said = shown(&output.stderr);
    let said = if said.is_empty() {
        output.code.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit {code}"))
    } else {
        said
    };
    Error::Failed { command: name_of(arguments), code: output.code, said }
}

fn name_of(arguments: &[&str]) -> String {
    arguments.first().copied().unwrap_or_default().to_owned()
}

/// Settings of the user that would run programs, ask questions or change what our plumbing does.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    "i18n.commitEncoding=UTF-8",
    "advice.detachedHead=false",
];

/// What a surrounding git (igsync in a hook, a `git bisect run`) says about another repository or index,
/// and traces, which would mix with the answers.
const NOT_INHERITED: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_SETUP",
    "GIT_CURL_VERBOSE",
];

pub(super) fn prepared(folder: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(folder);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.args(arguments);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    // Git starts credential helpers and ssh; the account's token is none of their business.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("IGSYNC_")) {
            command.env_remove(name);
        }
    }
    command
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0");
    // ssh asks on the terminal by itself. Who has set up an ssh of their own knows what it does.
    if ["GIT_SSH", "GIT_SSH_COMMAND"].iter().all(|name| std::env::var_os(name).is_none()) {
        command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
    }
    in_its_own_group(&mut command);
    command
}

/// Ctrl-C is meant for igsync, which then decides about a push that is under way.
#[cfg(unix)]
fn in_its_own_group(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn in_its_own_group(_: &mut std::process::Command) {}

/// Git and what it has started, ended together when nobody waits for them any more.
struct Family {
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Family {
    #[cfg(unix)]
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { group: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_: &tokio::process::Child) -> Self {
        Self {}
    }

    /// The number of a process that has ended may belong to another one soon.
    #[cfg_attr(not(unix), expect(clippy::unused_self, reason = "nothing is held there"))]
    fn has_ended(self) {
        #[cfg(unix)]
        {
            let mut this = self;
            this.group = None;
        }
    }
}

#[cfg(unix)]
impl Drop for Family {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended in this very moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}
