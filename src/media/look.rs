//! What files are, each looked into once.

use std::collections::HashMap;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use super::convert::{Header, Outlook, Refusal, Wish, header, outlook};
use super::probe::{Facts, probe};
use crate::port::Disk;

/// Files under a content root, by their path from there.
pub struct Files<'a> {
    disk: &'a dyn Disk,
    root: &'a Path,
    facts: HashMap<Arc<str>, Option<Arc<Facts>>>,
    headers: HashMap<Arc<str>, Option<Result<Header, Refusal>>>,
}

impl<'a> Files<'a> {
    #[must_use]
    pub fn new(disk: &'a dyn Disk, root: &'a Path) -> Self {
        Self { disk, root, facts: HashMap::new(), headers: HashMap::new() }
    }

    /// `None`: it cannot be read.
    pub fn facts(&mut self, path: &Arc<str>) -> Option<Arc<Facts>> {
        let (disk, root) = (self.disk, self.root);
        let look = || probe(&mut disk.open(&root.join(&**path)).ok()?).ok().map(Arc::new);
        self.facts.entry(Arc::clone(path)).or_insert_with(look).clone()
    }

    /// What conversion makes of a file; `None`: it is sent as it is.
    pub fn outlook(&mut self, path: &Arc<str>, wish: &Wish) -> Result<Option<Outlook>, Refusal> {
        let Some(facts) = self.facts(path) else { return Ok(None) };
        let (disk, root, headers) = (self.disk, self.root, &mut self.headers);
        let look = || header(BufReader::new(disk.open(&root.join(&**path)).ok()?), &facts.format);
        outlook(&facts, || headers.entry(Arc::clone(path)).or_insert_with(look).clone(), wish)
    }
}
