//! What `igsync import` takes.

use clap::Args;
use igsync_model::import::{Template, TemplateError};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Keep, OutputFormat};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Import {
    /// The account whose feed is read, if there are several
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Only posts from this day on, in the account's time zone, or from this time on (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = since)]
    pub since: Option<Since>,
    /// Only the newest N posts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Record that the manifest KEY, which has no time, describes the live post that looks like it; all: every such one
    #[arg(long = "match", value_name = "KEY|all")]
    pub matching: Vec<String>,
    /// Record what is live, without manifests
    #[arg(long, conflicts_with = "write")]
    pub record_only: bool,
    /// Record what is live, and write its manifests and media
    #[arg(long)]
    pub write: bool,
    /// Write manifests without their pictures and clips
    #[arg(long, requires = "write", conflicts_with = "record_only")]
    pub no_media: bool,
    /// Write the account's own first comments too: a call for each post that has comments
    #[arg(long, requires = "write", conflicts_with = "record_only")]
    pub comments: bool,
    /// Write collaborators too: a call for each post, with Facebook Login only
    #[arg(long, requires = "write", conflicts_with = "record_only")]
    pub collaborators: bool,
    /// Where manifests go, instead of posts/imported/{yyyy}/{yyyy-mm-dd}-{slug}-{shortcode}; {account}, {mm}, {dd},
    /// {kind} and {id} are known too
    #[arg(long, value_name = "TEMPLATE", requires = "write", conflicts_with = "record_only", value_parser = template)]
    pub to: Option<Template>,
    #[command(flatten)]
    pub keep: Keep,
    /// The format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

/// From when on posts are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Since {
    Day(Date),
    Time(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    let day = || text.parse().map(Since::Day);
    let found = text.parse().map(Since::Time).or_else(|_| day());
    found.map_err(|_| "write a day, 2024-05-01, or a time, 2024-05-01T10:00:00Z".to_owned())
}

fn template(text: &str) -> Result<Template, String> {
    Template::parse(text).map_err(|error| format!("{error}; {}", TemplateError::HELP))
}
