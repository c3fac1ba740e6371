//! The rules of manifests, each as a sentence.

mod bad_input;
mod captions;
mod digests;
mod fields;
mod names;
mod posts;
mod problems;
mod typed;

use std::fs;
use std::path::Path;

use super::{Files, Loaded, Options, Post, check_files, load, place};
use crate::config::{self, Config, Env};
use igsync_base::finding::Finding;
use igsync_host::RealDisk;
use igsync_media::DigestCache;
use igsync_testkit::temporary_folder;

/// A content root in a temporary folder.
pub(super) struct Root(pub tempfile::TempDir);

impl Root {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let root = Self(temporary_folder());
        for (path, text) in files {
            root.write(path, text.as_bytes());
        }
        root
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn config(&self) -> Config {
        let loaded = config::load(&RealDisk, self.path(), None, &Env::default());
        assert!(loaded.findings.is_empty(), "{:#?}", loaded.findings);
        loaded.config
    }

    pub(super) fn load(&self) -> Loaded {
        load(&RealDisk, self.path(), &self.config(), Options::default())
    }
}

/// What is wrong with the media of all posts.
pub(super) fn media_findings(root: &Root, loaded: &Loaded) -> Vec<Finding> {
    let mut cache = DigestCache::default();
    let mut files = Files::new(&RealDisk, root.path(), &mut cache);
    let broken = |post: &Post| check_files(post, loaded.guessed.contains(&post.file), None, &mut files);
    let of = |(post, found): (&Post, Vec<_>)| {
        found.into_iter().map(|(spot, broken)| place(&RealDisk, root.path(), post, spot, broken)).collect::<Vec<_>>()
    };
    let found: Vec<_> = loaded.posts.iter().map(broken).collect();
    loaded.posts.iter().zip(found).flat_map(of).collect()
}

/// The posts of one manifest `posts/a.yaml`.
pub(super) fn load_one(text: &str) -> Loaded {
    Root::new(&[("posts/a.yaml", text)]).load()
}

/// Every finding as `rule|underlined text|label`.
pub(super) fn lines(loaded: &Loaded) -> Vec<String> {
    loaded
        .findings
        .iter()
        .map(|finding| {
            let place =
                finding.source.as_ref().zip(finding.span.clone()).map_or("-", |(source, span)| &source.text[span]);
            format!("{}|{}|{}", finding.rule.name, place, finding.label)
        })
        .collect()
}
