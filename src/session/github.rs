//! What GitHub Actions says about the repository of a job. A file of the runner, no call.

use std::path::Path;
use std::sync::Arc;

use igsync_base::files::named;
use igsync_base::finding::Finding;
use igsync_base::rules;
use igsync_model::config::Hosting;
use igsync_model::config::{Config, FILE};

use super::ports::Ports;

/// Larger events exist only with more commits than a plan is about. In bytes.
const LIMIT: u64 = 16 << 20;

/// Accounts whose media are to be served by a repository that the event calls private.
pub(crate) fn private_hosts(config: &Config, ports: &Ports) -> Vec<Finding> {
    let mut hosts = config.accounts.iter().filter_map(|account| match &account.hosting {
        Some(Hosting::Github(repository)) => Some(repository.as_ref()),
        _ => None,
    });
    let Some(first) = hosts.next() else { return Vec::new() };
    let Some(private) = private_repository(ports) else { return Vec::new() };
    let is_meant = |named: Option<&igsync_model::config::Repository>| {
        named.is_none_or(|named| named.to_string().eq_ignore_ascii_case(&private))
    };
    if !is_meant(first) && !hosts.any(is_meant) {
        return Vec::new();
    }
    let message = "the repository is private: Meta cannot fetch its raw files";
    let help = "use `object_store` or `command`, name a public mirror (`hosting: { github: owner/name }`), or make the repository public";
    vec![Finding::new(&rules::PRIVATE_REPOSITORY, Arc::from(FILE), message).help(help)]
}

/// The repository of the job, if it is private.
fn private_repository(ports: &Ports) -> Option<String> {
    let path = ports.env.get("GITHUB_EVENT_PATH")?;
    let disk = &*ports.disk;
    let bytes = disk.read(&named(disk, Path::new(path)), LIMIT).ok()?;
    let event: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let repository = &event["repository"];
    let name = repository["full_name"].as_str()?;
    (repository["private"] == true).then(|| name.to_owned())
}
