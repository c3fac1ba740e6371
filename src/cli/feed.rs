//! What `igsync drift` and `igsync insights` take: both read live feeds.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use igsync_base::id::Kind;
use igsync_model::insights::{self, Column};

use super::values::{column, kind, since};

#[derive(Debug, Args)]
pub struct Drift {
    /// Compare with the built-in sandbox instead
    #[arg(long)]
    pub sandbox: bool,
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Only posts since this day (2026-11-30, in UTC) or time (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = since)]
    pub since: Option<jiff::Timestamp>,
    /// Only the newest live posts, so many of each account
    #[arg(long, value_name = "N", conflicts_with = "since", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub recent: Option<u32>,
    /// List the live posts that no record has, instead of counting them
    #[arg(long)]
    pub unmanaged: bool,
    /// Exit 2 when anything differs but what no record has
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// The format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: DriftFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DriftFormat {
    #[default]
    Human,
    Json,
    /// For an issue or the summary of a job
    Markdown,
}

#[derive(Debug, Args)]
pub struct Insights {
    /// Show the built-in sandbox's posts instead
    #[arg(long)]
    pub sandbox: bool,
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Only posts that were published since then: 30d, 2w, 12h, or a date
    #[arg(long, value_name = "TIME", value_parser = insights::Since::read)]
    pub since: Option<insights::Since>,
    /// Only posts of this kind: image, reel, carousel or story
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<Kind>,
    /// Order by this column (reach, likes, share-rate, …): numbers from the largest, unknown ones last
    #[arg(long, value_name = "COLUMN", default_value = "age", value_parser = column)]
    pub sort: Column,
    /// Append the numbers to this file, one JSON line per post
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// The format of the table on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: InsightsFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InsightsFormat {
    Human,
    Json,
    /// For a spreadsheet
    Csv,
    /// For the summary of a job
    Markdown,
}
