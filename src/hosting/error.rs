//! Why a file has no public URL.

use std::sync::Arc;

use miette::Diagnostic;
use thiserror::Error;

use igsync_media::FileError;
use igsync_model::config::hosting::template;

#[derive(Clone, Debug, Error, Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    File(#[from] FileError),
    #[error("{name} is converted by igsync, and its host serves only files that exist already")]
    #[diagnostic(help(
        "convert the file yourself and name the result, or use media.hosting.object_store or media.hosting.command"
    ))]
    MadeHere { name: Arc<str> },
    #[error("the host gives {name} an address on this machine, which Meta cannot reach")]
    #[diagnostic(help("use an https address; loopback addresses work only against a sandbox"))]
    OnThisMachine { name: Arc<str> },

    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] template::Error),

    #[error("media are hosted from git, but git failed: {problem}")]
    #[diagnostic(help(
        "run igsync in a checkout of the repository, or choose another media.hosting than github or {{commit}}"
    ))]
    NoGit { problem: String },
    #[error("media are hosted from a commit, but there is none yet")]
    #[diagnostic(help("commit the media and push them, then run apply again"))]
    NoCommit,
    #[error("commit {commit} is not pushed, so Meta cannot fetch its media")]
    #[diagnostic(help("run `git push`, then run apply again"))]
    NotPushed { commit: String },
    #[error("{name} {what}: the host does not have these bytes")]
    #[diagnostic(help("commit and push the file, then run apply again"))]
    Uncommitted { name: Arc<str>, what: &'static str },
    #[error("the repository has no remote `origin`, so igsync does not know where its media are")]
    #[diagnostic(help("write hosting: {{ github: owner/name }}, or run `git remote add origin …`"))]
    NoOrigin,
    #[error("the remote `origin` is not on github.com")]
    #[diagnostic(help(
        "write hosting: {{ github: owner/name }} for a mirror there, or {{ url: … }} for the raw files of another server"
    ))]
    NotOnGithub,

    #[error("the object store has no keys: nothing in {missing}")]
    #[diagnostic(help(
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (for R2, MinIO and others too), or AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE"
    ))]
    NoKeys { missing: String },
    #[error("cannot use the object store: {problem}")]
    #[diagnostic(help("correct media.hosting.object_store in igsync.yaml, or the AWS_ variables"))]
    StoreSettings { problem: String },
    #[error("there is no bucket `{bucket}` at {endpoint}")]
    #[diagnostic(help("create the bucket, or correct media.hosting.object_store: bucket, region, endpoint"))]
    NoBucket { bucket: String, endpoint: String },
    #[error("the keys give no access to the bucket `{bucket}` ({code})")]
    #[diagnostic(help(
        "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; they must belong to the same account as the bucket"
    ))]
    WrongKeys { bucket: String, code: String },
    #[error("the keys of the object store have expired (ExpiredToken)")]
    #[diagnostic(help("set new ones in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"))]
    ExpiredKeys,
    #[error("the keys may not write into the bucket `{bucket}` (AccessDenied)")]
    #[diagnostic(help("allow them s3:PutObject and s3:GetObject on the bucket's objects"))]
    NotAllowed { bucket: String },
    #[error("the bucket `{bucket}` is in another region{}", region.as_ref().map_or_else(String::new, |region| format!(": {region}")))]
    #[diagnostic(help("set media.hosting.object_store.region"))]
    OtherRegion { bucket: String, region: Option<String> },
    #[error("the clock of this machine is wrong, so the object store rejects its signatures")]
    #[diagnostic(help("set the clock, then run apply again"))]
    WrongClock,
    #[error("the bucket has {found} bytes as {name}, expected {expected}")]
    #[diagnostic(help("names come from the content: remove the damaged object, then run apply again"))]
    OtherBytes { name: String, found: u64, expected: u64 },
    #[error("{endpoint} did not {step} {name}: {problem}")]
    #[diagnostic(help("nothing was created at Meta; run apply again when the store answers"))]
    Store { name: Arc<str>, step: &'static str, endpoint: String, problem: String, is_unreachable: bool },

    #[error("the hosting command `{program}` could not be run: {problem}")]
    #[diagnostic(help(
        "media.hosting.command is a program and its arguments, without a shell; paths are relative to the content root"
    ))]
    NoProgram { program: String, problem: String },
    #[error("the hosting command `{program}` {what} (for {name})")]
    #[diagnostic(help(
        "run it by hand with a path, a digest and a type; it must print one https URL and nothing else"
    ))]
    Program { program: String, name: Arc<str>, what: String },

    #[error("the sandbox did not accept {name} (HTTP {status})")]
    #[diagnostic(help(
        "the base URL is on loopback but is no igsync sandbox: set media.hosting, or start `igsync sandbox`"
    ))]
    NoSandbox { name: Arc<str>, status: u16 },
    #[error("the sandbox did not accept {name}: {problem}")]
    #[diagnostic(help("is it still running?"))]
    SandboxGone { name: Arc<str>, problem: String },
}

impl Error {
    /// Whether every other file would meet the same: the account's run ends instead of failing post by post.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::File(_)
            | Self::MadeHere { .. }
            | Self::Uncommitted { .. }
            | Self::OtherBytes { .. }
            | Self::Program { .. } => false,
            Self::Store { is_unreachable, .. } => *is_unreachable,
            Self::OnThisMachine { .. }
            | Self::Template(_)
            | Self::NoGit { .. }
            | Self::NoCommit
            | Self::NotPushed { .. }
            | Self::NoOrigin
            | Self::NotOnGithub
            | Self::NoKeys { .. }
            | Self::StoreSettings { .. }
            | Self::NoBucket { .. }
            | Self::WrongKeys { .. }
            | Self::ExpiredKeys
            | Self::NotAllowed { .. }
            | Self::OtherRegion { .. }
            | Self::WrongClock
            | Self::NoProgram { .. }
            | Self::NoSandbox { .. }
            | Self::SandboxGone { .. } => true,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> String {
        self.help().map_or_else(String::new, |help| help.to_string())
    }
}
