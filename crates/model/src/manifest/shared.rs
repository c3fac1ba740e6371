//! Which fields a manifest is given that it does not have itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::fields::FIELDS;
use crate::config::{Account, Defaults};
use crate::yaml::{self, FILE_LIMIT, Problems, Value, read_text};
use igsync_base::files::ReadDisk;

/// The fields that `_defaults.yaml` files and the configuration of an account add to manifests in a folder, which is
/// relative to the content root. A file that cannot be read adds none.
#[must_use]
pub fn shared_fields(disk: &dyn ReadDisk, root: &Path, account: &Account, folder: &str) -> BTreeSet<&'static str> {
    let mut names: BTreeSet<&'static str> = configured(&account.defaults);
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for folder in std::iter::once("").chain(ends.map(|end| &folder[..end])) {
        let file: Arc<str> =
            if folder.is_empty() { "_defaults.yaml".into() } else { format!("{folder}/_defaults.yaml").into() };
        let Ok(text) = read_text(disk, &root.join(&*file), &file, FILE_LIMIT) else { continue };
        let mut problems = Problems::new(file, &text.text);
        if let Some(Value::Map(entries)) = yaml::parse(&mut problems).map(|node| node.value) {
            let has = |name: &str| entries.iter().any(|entry| &*entry.key == name);
            names.extend(FIELDS.iter().map(|field| field.name).filter(|name| has(name)));
        }
    }
    names
}

fn configured(defaults: &Defaults) -> BTreeSet<&'static str> {
    let Defaults { hashtags, hashtags_in, share_to_feed, collaborators, location_id } = defaults;
    [
        ("hashtags", hashtags.is_some()),
        ("hashtags_in", hashtags_in.is_some()),
        ("share_to_feed", share_to_feed.is_some()),
        ("collaborators", collaborators.is_some()),
        ("location_id", location_id.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_there)| is_there.then_some(name))
    .collect()
}
