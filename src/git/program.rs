//! Running git: bounded in time, asking no person, obeying nothing of the user's that has effects of its own.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use super::error::Error;
use super::redact::shown;
use crate::process::{self, Call, Environment, Limits, Problem, TalksTo};

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

/// How far git may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the remotes, in the way that the user has configured.
    Remotes,
    /// Nowhere: what this clone does not have is not there. For commands that run nothing but git itself.
    ThisClone,
}

/// The git program, not yet in any repository.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// For one call.
    limit: Duration,
    environment: Environment,
    reach: Reach,
}

impl Program {
    pub(super) fn new(reach: Reach, limit: Duration, environment: &Environment) -> Self {
        Self { limit, environment: environment_of(reach, environment), reach }
    }

    /// What git is given where nothing is added.
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Runs git in a folder to its end, whatever that is. `settings` go before the arguments.
    pub(super) async fn run(
        &self,
        folder: &Path,
        environment: Environment,
        settings: &[OsString],
        arguments: &[impl AsRef<OsStr>],
        input: &[u8],
    ) -> Result<Output, Error> {
        let mut all: Vec<OsString> = ["--no-pager", "-C"].map(OsString::from).into();
        all.push(folder.into());
        all.extend(SETTINGS.iter().flat_map(|setting| ["-c", setting]).map(OsString::from));
        if self.reach == Reach::ThisClone {
            // Git before 2.44 knows no GIT_NO_LAZY_FETCH, and would fetch what a partial clone lacks.
            all.extend(["-c", "protocol.allow=never"].map(OsString::from));
        }
        all.extend_from_slice(settings);
        all.extend(arguments.iter().map(|argument| argument.as_ref().to_owned()));
        let call = Call {
            program: "git".into(),
            arguments: all,
            folder: None,
            environment,
            talks_to: TalksTo::Us(input),
            limits: Limits { time: self.limit, output: MOST, said: MOST_SAID },
        };
        let output = process::run(call).await.map_err(|problem| match problem {
            Problem::NotStarted(error) | Problem::Lost(error) => Error::NotRun(error.to_string()),
            Problem::TooSlow => Error::TooLong { command: name_of(arguments), limit: self.limit },
            Problem::TooMuch => Error::TooMuch { command: name_of(arguments) },
        })?;
        Ok(Output {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

pub(super) fn failed(arguments: &[impl AsRef<OsStr>], output: &Output) -> Error {
    let said = shown(&output.stderr);
    let said = if said.is_empty() {
        output.code.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit {code}"))
    } else {
        said
    };
    Error::Failed { command: name_of(arguments), code: output.code, said }
}

/// The subcommand, behind the settings of the call.
pub(super) fn name_of(arguments: &[impl AsRef<OsStr>]) -> String {
    let mut words = arguments.iter().map(AsRef::as_ref);
    while let Some(word) = words.next() {
        if word == "-c" {
            words.next();
        } else {
            return word.to_string_lossy().into_owned();
        }
    }
    String::new()
}

/// Git writes no more than this: the largest lockfile, and the names of every file of a large repository. In bytes.
const MOST: u64 = 512 << 20;

/// A remote may say much while it works. In bytes.
const MOST_SAID: u64 = 4 << 20;

/// Settings of the user that would run programs, ask questions or change what our plumbing does; and what looks like
/// a repository without a work tree is none.
const SETTINGS: &[&str] = &[
    "safe.bareRepository=explicit",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    "i18n.commitEncoding=UTF-8",
    "advice.detachedHead=false",
];

/// What a surrounding git (igsync in a hook, a `git bisect run`) says about another repository, index or command,
/// and what would change the meaning of our arguments. `git rev-parse --local-env-vars` has most of them.
const NOT_INHERITED: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_CONFIG",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_ATTR_SOURCE",
    "GIT_PAGER",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_CURL_VERBOSE",
];

/// Traces would mix with the answers.
const TRACES: &str = "GIT_TRACE";

/// What git is given on the way to `reach`.
///
/// Git starts credential helpers and ssh, which keep what they need: the caller's `GITHUB_TOKEN`, `GIT_ASKPASS`,
/// `SSH_AUTH_SOCK` and the like, and settings that came by `GIT_CONFIG_COUNT`. Offline there is nothing to
/// authenticate, and what `git -c` gave a surrounding command is that command's alone.
fn environment_of(reach: Reach, environment: &Environment) -> Environment {
    let is_offline = reach == Reach::ThisClone;
    let environment = environment
        .clone()
        .leaving_out(|name| {
            NOT_INHERITED.contains(&name) || name.starts_with(TRACES) || (is_offline && name == "GIT_CONFIG_PARAMETERS")
        })
        .with_absolute_path()
        .with("LC_ALL", "C")
        .with("GIT_TERMINAL_PROMPT", "0")
        .with("GCM_INTERACTIVE", "never")
        .with("GIT_LITERAL_PATHSPECS", "1")
        .with("GIT_OPTIONAL_LOCKS", "0");
    if is_offline {
        // No protocol at all, whatever `protocol.*.allow` of the configuration says.
        environment.with("GIT_NO_LAZY_FETCH", "1").with("GIT_ALLOW_PROTOCOL", "")
    } else {
        environment
    }
}
