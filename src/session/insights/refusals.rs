//! Posts that never get insights, as Meta said it on this machine: so that no run asks again. What is lost with the
//! file are some calls.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use igsync_base::id::{MediaId, UserId};
use igsync_instagram::Refusals;

use super::super::ports::Ports;
use super::super::project::Project;

/// In bytes; a larger file is not ours.
const LIMIT: u64 = 1024 * 1024;
/// So many ids are kept of an account; what is older than the newest refusal needs none.
const KEPT: usize = 2_000;

#[derive(Default, Serialize, Deserialize)]
struct File {
    format_version: u32,
    /// By account, and by the base URL where that is not Meta's: an emulator's ids are no one's.
    accounts: BTreeMap<String, Known>,
}

#[derive(Default, Serialize, Deserialize)]
struct Known {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    posts: BTreeSet<MediaId>,
}

const VERSION: u32 = 1;

pub(super) fn recall(project: &Project, user: &UserId, ports: &Ports) -> Refusals {
    let known = read(project, ports).accounts.remove(&name(project, user)).unwrap_or_default();
    Refusals { posts: known.posts, until: known.until }
}

/// What cannot be written down is asked again.
pub(super) fn remember(project: &Project, user: &UserId, refused: &Refusals, ports: &Ports) {
    let mut file = read(project, ports);
    let newest = refused.posts.iter().rev().take(KEPT).cloned().collect();
    file.accounts.insert(name(project, user), Known { until: refused.until, posts: newest });
    file.format_version = VERSION;
    if let Ok(text) = serde_json::to_string(&file)
        && project.paths.prepare(&*ports.disk).is_ok()
    {
        let _ = ports.disk.replace(&project.paths.insights(), (text + "\n").as_bytes());
    }
}

/// A file of another version, or a damaged one, says nothing.
fn read(project: &Project, ports: &Ports) -> File {
    let bytes = ports.disk.read(&project.paths.insights(), LIMIT).unwrap_or_default();
    let file: File = serde_json::from_slice(&bytes).unwrap_or_default();
    if file.format_version == VERSION { file } else { File::default() }
}

fn name(project: &Project, user: &UserId) -> String {
    match &project.settings.graph_url {
        Some(base) => format!("{user} {base}"),
        None => user.to_string(),
    }
}
