//! `igsync lock` and what its commands take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Change, OutputFormat};

#[derive(Debug, Subcommand)]
pub enum Lock {
    /// List the posts that are recorded
    List(LockList),
    /// Show every attempt of one post
    Show(LockShow),
    /// Give a record another key, for example after renaming a manifest that also changed
    Mv(LockMove),
    /// Forget a post: it will be published again; with a glob, imported posts, which will not
    Rm(LockRemove),
    /// Never publish a post
    Ignore(LockChange),
    /// Accept what is live: an edited manifest, which the plan no longer lists, or what drift found on Instagram
    Accept(LockAccept),
    /// Merge other lockfiles, including ones with git's conflict markers, into igsync.lock
    Merge(LockMerge),
}

impl Lock {
    /// Which record it works on.
    #[must_use]
    pub fn scope(&self) -> &LockScope {
        match self {
            Self::List(args) => &args.scope,
            Self::Show(args) => &args.scope,
            Self::Mv(args) => &args.scope,
            Self::Rm(args) => &args.scope,
            Self::Ignore(args) => &args.scope,
            Self::Accept(args) => &args.scope,
            Self::Merge(args) => &args.scope,
        }
    }
}

/// Where the record is, and how it is written to stdout.
#[derive(Clone, Debug, Args)]
pub struct LockScope {
    /// The sandbox's record instead of igsync.lock
    #[arg(long)]
    pub sandbox: bool,
    /// The account, if several have a post with this key
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The format of the outcome on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct LockList {
    #[command(flatten)]
    pub scope: LockScope,
}

#[derive(Debug, Args)]
pub struct LockShow {
    /// The post: its key, or the path of its manifest
    pub key: String,
    #[command(flatten)]
    pub scope: LockScope,
}

#[derive(Debug, Args)]
pub struct LockMove {
    /// The current key of the record
    pub old: String,
    /// The new key, or the path of its manifest
    pub new: String,
    #[command(flatten)]
    pub scope: LockScope,
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct LockRemove {
    /// The post: its key, or the path of its manifest; or a glob over the keys of imported posts
    #[arg(required_unless_present = "graph")]
    pub key: Option<String>,
    /// Every post that was recorded through this base URL (`IGSYNC_GRAPH_URL`), instead of one post
    #[arg(long, value_name = "URL", conflicts_with = "key")]
    pub graph: Option<String>,
    /// Only what says that the post is live as this media, of a post that is recorded as live more than once
    #[arg(long, value_name = "ID", requires = "key")]
    pub media: Option<String>,
    #[command(flatten)]
    pub scope: LockScope,
    /// Forget without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct LockChange {
    /// The post: its key, or the path of its manifest
    pub key: String,
    #[command(flatten)]
    pub scope: LockScope,
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct LockAccept {
    /// The post: its key, or the path of its manifest
    pub key: String,
    /// Record that the post was deleted on Instagram; no one is asked, and nothing is sent
    #[arg(long)]
    pub deleted: bool,
    /// Of a post that is recorded as live more than once: which of them
    #[arg(long, value_name = "ID")]
    pub media: Option<String>,
    #[command(flatten)]
    pub scope: LockScope,
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct LockMerge {
    /// Lockfiles to merge; without any, only conflict markers in igsync.lock itself are resolved
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub scope: LockScope,
    #[command(flatten)]
    pub change: Change,
}
