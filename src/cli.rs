//! The command line. The doc comments are the manual.

mod lock;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use igsync_base::id::Kind;

pub use lock::{Lock, LockChange, LockList, LockMerge, LockMove, LockRemove, LockScope, LockShow};

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
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr; twice: every request
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
    /// Show what apply would do; no network, no token
    Plan(Plan),
    /// Publish what is missing and record the new ids
    Apply(Apply),
    /// Say whether a post is live, or find out again: settles what apply left open or unknown
    Resolve(Resolve),
    /// Look into the lockfile and correct it; no network
    #[command(subcommand)]
    Lock(Lock),
    /// Show token, quota, open and unknown posts of each account; exit codes fit for a health check
    Status(Status),
    /// Make, renew and check access tokens
    #[command(subcommand)]
    Auth(Auth),
    /// Serve an emulator of Instagram's publishing API on loopback
    Sandbox(Sandbox),
    /// Make what a content repository needs: configuration, lockfile, a draft, editor schema
    Init {
        /// The folder, instead of the current one; what is there already is kept
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Make a manifest ready to fill in
    New(New),
    /// Say what a rule, an API code or an exit code means
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

#[derive(Debug, Args)]
pub struct New {
    /// image, reel, carousel or story
    #[arg(value_parser = kind)]
    pub kind: Kind,
    /// The manifest's name, without extension; folders are made
    pub name: String,
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
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Only these manifests, or the manifests in these folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check published posts as well
    #[arg(long)]
    pub all: bool,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: FindingsFormat,
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

/// Which posts, and which of their guards, both plan and apply look at.
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
    /// Not these posts
    #[arg(long, value_name = "KEY|GLOB")]
    pub exclude: Vec<String>,
    /// Publish at most so many posts per account, instead of the configured number
    #[arg(long, value_name = "N")]
    pub max_publish: Option<u32>,
    /// Go on without an igsync.lock: nothing was ever published from here
    #[arg(long)]
    pub allow_new_lock: bool,
    /// Publish this post although the same media or caption was published before
    #[arg(long, value_name = "KEY")]
    pub allow_repost: Vec<String>,
    /// Go on although there are records and not one manifest
    #[arg(long)]
    pub allow_empty: bool,
    /// Publish posts that are late
    #[arg(long)]
    pub include_late: bool,
    /// Try posts again that were refused for their content
    #[arg(long)]
    pub retry_failed: bool,
    /// Decide what is due as if it were this time; in apply only against a sandbox
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<jiff::Timestamp>,
}

/// What Meta is asked before a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Refresh {
    /// Nothing
    #[default]
    None,
    /// What became of open attempts
    Pending,
    /// That, and which of the posts that are due are live already
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
    /// Ask Meta before planning; finds out, records nothing
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub refresh: Refresh,
    /// Show first what this branch does to the record and which posts it touches since it left REV; asks git
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// How the plan is written to stdout
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
    /// Make so many posts' containers and uploads at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallelism: u8,
    /// Wait so long for another run to end (for example 30s or 5m)
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub lock_timeout: std::time::Duration,
    /// Ask Meta before planning; with none, the plan is made from files and open attempts are settled after it
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
    /// In CI: go on although the checkout is not the tip of the remote branch
    #[arg(long)]
    pub allow_stale: bool,
    /// In CI: go on although igsync pushes no record, because something else keeps igsync.lock
    #[arg(long)]
    pub allow_ephemeral_lock: bool,
    /// How the events are written to stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

/// Whether the record goes to the git remote.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Keep {
    /// Commit and push the record to the git remote, whatever git.push says
    #[arg(long, overrides_with = "no_push")]
    pub push: bool,
    /// Do not push the record, whatever git.push says
    #[arg(long, overrides_with = "push")]
    pub no_push: bool,
}

#[derive(Debug, Args)]
pub struct Resolve {
    /// The post: its key, or the path of its manifest
    pub key: String,
    /// It is live: its media id (digits) or its link, or neither when you do not know them
    #[arg(long, value_name = "ID|URL", num_args = 0..=1, conflicts_with = "not_published")]
    pub published: Option<Option<String>>,
    /// It is not live, and what looked like it is not it: apply may publish it
    #[arg(long)]
    pub not_published: bool,
    /// The account, when several have a post of this name
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    #[command(flatten)]
    pub change: Change,
    /// How the outcome is written to stdout
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
    /// Look at the built-in sandbox instead
    #[arg(long)]
    pub sandbox: bool,
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Exit 9 when a token has fewer days left
    #[arg(long, value_name = "N")]
    pub min_days: Option<u32>,
    /// How the state is written to stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Lead step by step to a working token
    Login(AuthLogin),
    /// Exchange a short-lived token for one of about 60 days, printed alone to stdout
    Exchange(AuthToken),
    /// Renew a long-lived token before it expires; the new one is printed alone to stdout
    Refresh(AuthToken),
    /// Check tokens: validity, days left, permissions held and missing
    Inspect(AuthInspect),
    /// List the Instagram accounts that a token reaches, and their ids
    Accounts(AuthAccounts),
}

#[derive(Debug, Args)]
pub struct AuthLogin {
    /// The account of igsync.yaml that the token is for
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Which of Meta's logins, instead of the configured one
    #[arg(long, value_name = "LOGIN")]
    pub login: Option<LoginArg>,
    /// Sign in through the browser: an address that the app's dashboard lists as redirect URI
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Option<String>,
    /// Print a new token even to a terminal
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoginArg {
    Instagram,
    Facebook,
}

#[derive(Debug, Args)]
pub struct AuthToken {
    /// The account whose token it is
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Print the new token even to a terminal
    #[arg(long)]
    pub show: bool,
}

#[derive(Debug, Args)]
pub struct AuthInspect {
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Exit 9 when a token has fewer days left
    #[arg(long, value_name = "N")]
    pub min_days: Option<u32>,
    /// How the facts are written to stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct AuthAccounts {
    /// The account whose token it is
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// How the accounts are written to stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct Sandbox {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Where posts and media are kept, instead of .igsync/sandbox in the content root
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Faults to begin with, as a JSON file
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Take https URLs of other hosts for good without fetching them
    #[arg(long)]
    pub assume_https: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| "kinds are image, reel, carousel and story".to_owned())
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    std::time::Duration::try_from(span).map_err(|_| "a duration can not be negative".to_owned())
}
