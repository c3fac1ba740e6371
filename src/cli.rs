//! The command line. The doc comments are the manual.

mod auth;
mod feed;
mod import;
mod init;
mod lock;
mod preview;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use igsync_base::id::Kind;

use values::{duration, kind};

pub use auth::{Auth, AuthAccounts, AuthInspect, AuthLogin, AuthToken, LoginArg};
pub use feed::{Drift, DriftFormat, Insights, InsightsFormat};
pub use import::{Import, Since};
pub use init::{ActionRef, Init, is_plain};
pub use lock::{Lock, LockAccept, LockChange, LockList, LockMerge, LockMove, LockRemove, LockScope, LockShow};
pub use preview::{Preview, PreviewFormat};

/// Terraform's plan and apply, for Instagram: posts as YAML in git, published exactly once.
#[derive(Debug, Parser)]
#[command(name = "igsync", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The content root, instead of the current folder
    #[arg(short = 'C', long = "chdir", value_name = "DIR", global = true)]
    pub chdir: Option<PathBuf>,
    /// The configuration file, instead of igsync.yaml in the content root
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Colour,
    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more to stderr; twice: every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests and configuration; no network, no token
    Validate(Validate),
    /// Make files that pass from media that do not, beside the originals, and point the manifests at them
    Fix(Fix),
    /// Show what apply would do; no network, no token
    Plan(Plan),
    /// Write the coming feed as one page, or as a calendar file; no network, no token
    Preview(Preview),
    /// Publish what is missing and record the new ids
    Apply(Apply),
    /// Settle a post that apply left open or unknown: ask Meta again, or state whether it is live
    Resolve(Resolve),
    /// Show what is live, and record it or write its manifests: the way in for an account with posts
    Import(Import),
    /// Show and correct the lockfile; no network, but where accept asks what is live
    #[command(subcommand)]
    Lock(Lock),
    /// Compare what is live on Instagram with the lockfile; changes no record
    Drift(Drift),
    /// Show token, quota, open and unknown posts of each account; the exit code suits a health check
    Status(Status),
    /// Show the numbers of published posts, against what is usual for the account; reads, and changes nothing
    Insights(Insights),
    /// Get, renew and check access tokens
    #[command(subcommand)]
    Auth(Auth),
    /// Serve an emulator of Instagram's publishing API on loopback
    Sandbox(Sandbox),
    /// Create what a content repository needs: configuration, lockfile, a draft, editor schema
    Init(Init),
    /// Create a manifest to fill in
    New(New),
    /// Explain a rule, an API code or an exit code
    Explain {
        /// A rule (IGS2101, caption-too-long), an API code (9007, 2207052) or exit:9
        #[arg(value_name = "CODE", allow_negative_numbers = true)]
        code: String,
    },
    /// Print a JSON Schema
    Schema {
        /// What it describes
        of: Schema,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Command {
    /// Whether it works on the built-in sandbox.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        match self {
            Self::Plan(args) => args.scope.sandbox,
            Self::Apply(args) => args.scope.sandbox,
            Self::Status(args) => args.sandbox,
            Self::Drift(args) => args.sandbox,
            Self::Insights(args) => args.sandbox,
            Self::Preview(args) => args.sandbox,
            Self::Resolve(args) => args.sandbox,
            Self::Lock(command) => command.scope().sandbox,
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub struct New {
    /// image, reel, carousel or story
    #[arg(value_parser = kind, required_unless_present = "from")]
    pub kind: Option<Kind>,
    /// The manifest's name, without extension; missing folders are created
    #[arg(required_unless_present = "from")]
    pub name: Option<String>,
    /// A draft for each of these pictures and clips, or of all in a folder, named after the file
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["kind", "name"])]
    pub from: Vec<PathBuf>,
    /// One carousel of the files, in their order, instead of a post for each
    #[arg(long, requires = "from", conflicts_with_all = ["kind", "name"])]
    pub carousel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// A post
    Manifest,
    /// A `_defaults.yaml`
    Defaults,
    /// `igsync.yaml`
    Config,
    /// One line of `igsync.lock`
    Lock,
    /// What `plan --format json` prints
    Plan,
    /// One line of what `apply --format json` prints
    Events,
    /// What `validate --format json` prints
    Findings,
    /// What `fix --format json` prints
    Fix,
    /// What `drift --format json` prints
    Drift,
    /// What `insights --format json` prints
    Insights,
    /// What `import --format json` prints
    Import,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Only these manifests, or the manifests in these folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check published posts as well
    #[arg(long)]
    pub all: bool,
    /// The format of the findings
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: FindingsFormat,
}

#[derive(Debug, Args)]
pub struct Fix {
    /// Only these manifests or media files, or those in these folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write the files and change the manifests; without it, they are only listed
    #[arg(long)]
    pub write: bool,
    /// Fix the manifests of published posts as well
    #[arg(long)]
    pub all: bool,
    /// The format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    Human,
    Json,
    /// Annotations for GitHub Actions
    Github,
}

/// How a plan is written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    #[default]
    Human,
    Json,
    /// For a comment on a pull request
    Markdown,
    /// Annotations for GitHub Actions
    Github,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    #[default]
    Human,
    Json,
}

/// Which posts, and which of their guards, both plan and apply consider.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Scope {
    /// Run against the built-in sandbox: needs no account, publishes nothing for real
    #[arg(long)]
    pub sandbox: bool,
    /// Only posts of these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Only these posts: keys, manifest paths, or globs over keys
    #[arg(long, value_name = "KEY|GLOB")]
    pub target: Vec<String>,
    /// Skip these posts
    #[arg(long, value_name = "KEY|GLOB")]
    pub exclude: Vec<String>,
    /// Publish at most this many posts per account, instead of the configured number
    #[arg(long, value_name = "N")]
    pub max_publish: Option<u32>,
    /// Continue without an igsync.lock: nothing was ever published from this content root
    #[arg(long)]
    pub allow_new_lock: bool,
    /// Publish this post although it repeats another one, or was deleted
    #[arg(long, value_name = "KEY")]
    pub allow_duplicate: Vec<String>,
    /// Delete live posts whose manifests say `state: absent`, where the account's `allow_delete` permits it
    #[arg(long)]
    pub allow_delete: bool,
    /// Continue although there are records but no manifests
    #[arg(long)]
    pub allow_empty: bool,
    /// Publish posts that are late
    #[arg(long)]
    pub include_late: bool,
    /// Retry posts that were refused for their content
    #[arg(long)]
    pub retry_failed: bool,
    /// Decide what is due as if it were this time; in apply only against a sandbox
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<jiff::Timestamp>,
    /// Also publish what falls due within this time (for example 50m), each post at its second; apply waits for them
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait: Option<std::time::Duration>,
}

impl Scope {
    /// Whether it leaves out posts.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        [&self.account, &self.target, &self.exclude].iter().any(|names| !names.is_empty())
    }
}

/// What Meta is asked before a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Refresh {
    /// Nothing
    #[default]
    None,
    /// What became of open attempts
    Pending,
    /// Also which of the due posts are live already
    Full,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub scope: Scope,
    /// Exit 2 when apply would act now
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Exit 5 when apply would refuse; with --base only for what this branch adds or changes
    #[arg(long)]
    pub fail_on_refusal: bool,
    /// What to ask Meta before planning; nothing is recorded
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub refresh: Refresh,
    /// Show first what this branch does to the record and which posts it touches since it left REV; runs git
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Also write the plan to a file, so that `apply --plan` does this and nothing else
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The format of the plan on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: PlanFormat,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Apply {
    #[command(flatten)]
    pub scope: Scope,
    /// Publish without asking
    #[arg(long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// Do only what this file of `plan --out` has, and nothing if a post of it has changed; repeated: what any of them has
    #[arg(long, value_name = "FILE")]
    pub plan: Vec<PathBuf>,
    /// Prepare and upload this many posts at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallelism: u8,
    /// Wait this long for another run to end (for example 30s or 5m)
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub lock_timeout: std::time::Duration,
    /// What to ask Meta before planning; with none, the plan uses files alone and open attempts are settled later
    #[arg(long, value_name = "WHAT", default_value = "pending")]
    pub refresh: Refresh,
    /// Do not compare the posts with what is live before publishing
    #[arg(long)]
    pub no_live_check: bool,
    /// Do not prove, before the first container, that Meta can fetch the media
    #[arg(long)]
    pub no_probe: bool,
    #[command(flatten)]
    pub keep: Keep,
    /// In CI: continue although the checkout is not the tip of the remote branch
    #[arg(long)]
    pub allow_stale: bool,
    /// In CI: continue although igsync pushes no record, because something else saves igsync.lock
    #[arg(long)]
    pub allow_ephemeral_lock: bool,
    /// The format of the events on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

/// Whether the record goes to the git remote.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Keep {
    /// Commit and push the record to the git remote, whatever git.push is set to
    #[arg(long, overrides_with = "no_push")]
    pub push: bool,
    /// Do not push the record, whatever git.push is set to
    #[arg(long, overrides_with = "push")]
    pub no_push: bool,
}

#[derive(Debug, Args)]
pub struct Resolve {
    /// The post: its key, or the path of its manifest
    pub key: String,
    /// State that it is live, with its media id (digits) or its link if you know one of them
    #[arg(long, value_name = "ID|URL", num_args = 0..=1, conflicts_with = "not_published")]
    pub published: Option<Option<String>>,
    /// State that it is not live, and that what looked like it is another post: apply may publish it
    #[arg(long)]
    pub not_published: bool,
    /// The built-in sandbox's post, as apply --sandbox left it
    #[arg(long)]
    pub sandbox: bool,
    /// The account, if several have a post with this key
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    #[command(flatten)]
    pub change: Change,
    /// The format of the outcome on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

/// How far a change of the record goes.
#[derive(Clone, Copy, Debug, Args)]
pub struct Change {
    /// Show what would be recorded, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub keep: Keep,
}

#[derive(Debug, Args)]
pub struct Status {
    /// Report on the built-in sandbox instead
    #[arg(long)]
    pub sandbox: bool,
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Exit 9 when a token has fewer days left
    #[arg(long, value_name = "N")]
    pub min_days: Option<u32>,
    /// The format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

/// Where `igsync sandbox` listens.
pub const SANDBOX_PORT: u16 = 8787;

#[derive(Debug, Args)]
pub struct Sandbox {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = SANDBOX_PORT)]
    pub port: u16,
    /// Where posts and media are kept, instead of .igsync/sandbox in the content root
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A JSON file of faults to start with
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Accept https URLs of other hosts without fetching them
    #[arg(long)]
    pub assume_https: bool,
    /// Be stricter: lags of listing and quota, 4:5, 5 hashtags, captions in UTF-16 units
    #[arg(long)]
    pub strict: bool,
    /// Print the accounts, tokens and apps that it has
    #[arg(long)]
    pub world: bool,
}
