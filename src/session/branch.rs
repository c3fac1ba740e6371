//! What a branch adds and changes, for `plan --base`: files as git says, the record from three versions of it.

use crate::exit::Exit;
use crate::git::Fork;
use igsync_model::lockfile::{self, Base, Paths, RecordChange, Records, changes, format};
use igsync_model::plan::Branch;

use super::base;
use super::failure::Failure;
use super::ports::Ports;
use super::project::Project;

/// The lockfile below the content root.
const LOCKFILE: &str = "igsync.lock";

/// What this checkout adds and changes since it left `rev`.
pub(crate) async fn of(project: &Project, rev: &str, ports: &Ports) -> Result<Branch, Failure> {
    let git = base::git(project);
    let failed = |error| base::failed(&error, rev);
    let fork = git.fork(rev).await.map_err(failed)?;
    let changed = git.changed_since(&fork).await.map_err(failed)?;
    let left_at = git.lockfile_at(&fork.left_at).await.map_err(failed)?;
    let tip =
        if fork.tip == fork.left_at { left_at.clone() } else { git.lockfile_at(&fork.tip).await.map_err(failed)? };
    let here = lockfile::text(&*ports.disk, &Paths::new(&project.root))?;
    let versions = Versions { left_at, tip, here };
    let record = record(&versions, &fork, changed.contains(LOCKFILE))?;
    let files = base::with_users(changed, project.posts.iter().map(|post| &**post));
    Ok(Branch { base: rev.to_owned(), files, record })
}

/// The text of the lockfile, three times. `None`: there is none.
struct Versions {
    left_at: Option<Vec<u8>>,
    tip: Option<Vec<u8>>,
    here: Option<Vec<u8>>,
}

/// What the branch does to `igsync.lock`. This machine's journal is no part of a branch.
fn record(versions: &Versions, fork: &Fork, is_touched: bool) -> Result<Vec<RecordChange>, Failure> {
    let Versions { left_at, tip, here } = versions;
    // A lockfile that git neither has nor is to have is no branch's.
    let is_private = left_at.is_none() && tip.is_none() && !is_touched;
    if here == left_at || here == tip || is_private {
        return Ok(Vec::new());
    }
    let tip = parse(tip.as_deref(), &fork.tip)?;
    // Damage that the base has repaired since is not the branch's.
    let left_at = parse(left_at.as_deref(), &fork.left_at).unwrap_or_else(|_| tip.clone());
    let records = parse(here.as_deref(), "this checkout")?;
    let mut found = changes(Base { left_at: &left_at, tip: &tip }, &records);
    let text = String::from_utf8_lossy(here.as_deref().unwrap_or_default());
    let lines = format::lines(&text);
    for change in &mut found {
        change.line = change.written().and_then(|record| lines.get(record.attempt.as_str()).copied());
    }
    Ok(found)
}

fn parse(text: Option<&[u8]>, place: &str) -> Result<Records, Failure> {
    let Some(text) = text else { return Ok(Records::default()) };
    format::parse(text).map(|parsed| parsed.records).map_err(|problem| {
        Failure::message(
            Exit::Failure,
            format!("cannot read {LOCKFILE} in {place}: {problem}"),
            "restore a version that can be read (git log -- igsync.lock lists them), or update igsync",
        )
    })
}
