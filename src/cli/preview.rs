//! `igsync preview`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How far a calendar looks ahead.
const MONTHS: u8 = 2;

#[derive(Debug, Args)]
pub struct Preview {
    /// Where it is written, instead of igsync-preview.html or .ics in the current folder; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A page, or a calendar file with one event for each post
    #[arg(long, value_name = "FORMAT", default_value = "html")]
    pub format: PreviewFormat,
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// How many months the calendar of the page has, this one included
    #[arg(long, value_name = "N", default_value_t = MONTHS, value_parser = clap::value_parser!(u8).range(1..=24))]
    pub months: u8,
    /// Show what is coming as if it were this time
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<jiff::Timestamp>,
    /// Ask the accounts for their newest posts, and show those below what is coming; nothing is recorded
    #[arg(long)]
    pub refresh: bool,
    /// Show the built-in sandbox's feed below what is coming to it
    #[arg(long)]
    pub sandbox: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PreviewFormat {
    /// One self-contained page
    #[default]
    Html,
    /// A calendar file (RFC 5545)
    Ics,
}
