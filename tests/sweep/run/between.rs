//! What people, machines and time do between two runs.

use std::path::Path;
use std::sync::Arc;

use igsync_model::lockfile::{Paths, Records, format};

use super::super::net::ROOTS;
use super::super::scenario::Manifest;
use super::super::schedule::{Clones, Event};
use super::Simulation;

impl Simulation {
    pub(super) async fn happen(&mut self, event: Event) {
        self.note(&format!("{event:?}"));
        match event {
            Event::Wait(seconds) => self.wait(seconds).await,
            Event::Revert(version) => {
                let versions = self.disk.versions.lock().unwrap();
                let version = versions.get(version).or(versions.last());
                self.disk.inner.put("/site/igsync.lock", version.expect("the first version"));
            }
            Event::Wipe => {
                self.keep_journals();
                self.disk.inner.wipe("/site/.igsync");
            }
            Event::Lose | Event::LoseOld(_) => {
                let remote = Arc::clone(self.remote.as_ref().expect("the record is kept at a remote"));
                let checkout = match event {
                    Event::LoseOld(version) => remote.state().texts.get(version).cloned(),
                    _ => None,
                };
                self.keep_journals();
                self.disk.inner.wipe("/site/.igsync");
                self.disk.inner.put("/site/igsync.lock", checkout.unwrap_or_else(|| remote.newest()));
            }
            Event::Sync => self.sync(),
            Event::Edit(place) => self.edit(place, |manifest| manifest.caption.push_str(" again")),
            Event::Move(place) => self.edit(place, |manifest| manifest.key.push_str("-moved")),
            Event::Reuse(place) => {
                let (moved, number) = (&self.manifests[place % self.manifests.len()], self.manifests.len());
                if let Some(key) = moved.key.strip_suffix("-moved") {
                    let new = Manifest::under(key, number, moved.account);
                    self.manifests.push(new);
                }
            }
            Event::Delete(place) => self.edit(place, |manifest| manifest.is_deleted = true),
            Event::Restore(place) => self.edit(place, |manifest| manifest.is_deleted = false),
            Event::HumanSame(place) => self.human(place, false),
            Event::HumanOther(place) => self.human(place, true),
            Event::Order(place) => self.edit(place, |manifest| manifest.is_absent = true),
            Event::Recall(place) => self.edit(place, |manifest| manifest.is_absent = false),
            Event::HumanDelete(place) => {
                let number = self.manifests[place % self.manifests.len()].number;
                let world = &mut self.net.state().world;
                world.media.iter_mut().filter(|media| media.owner == Some(number)).for_each(|m| m.is_deleted = true);
            }
            Event::TakeKey => self.has_key = false,
            Event::GiveKey => self.has_key = true,
            Event::Pause => self.is_paused = true,
            Event::Resume => self.is_paused = false,
        }
    }

    /// Both clones have the lines of both lockfiles.
    pub(super) fn sync(&self) {
        if self.schedule.clones == Clones::One {
            return;
        }
        let files = ROOTS.map(|root| Paths::new(Path::new(root)).lockfile);
        let texts = files.each_ref().map(|file| self.disk.inner.bytes(file).unwrap_or_default());
        if texts[0] == texts[1] {
            return;
        }
        let mut all = Records::default();
        for text in &texts {
            all.merge(format::parse(text).unwrap().records);
        }
        for file in files {
            self.disk.inner.put(file, format::print(&all));
        }
    }

    fn edit(&mut self, place: usize, how: impl FnOnce(&mut Manifest)) {
        let places = self.manifests.len();
        how(&mut self.manifests[place % places]);
    }

    fn human(&mut self, place: usize, other: bool) {
        let manifest = &self.manifests[place % self.manifests.len()];
        let caption = if other { "A person's own words".to_owned() } else { manifest.caption.replace('@', "") };
        let children = if manifest.kind == igsync_base::id::Kind::Carousel { 3 } else { 0 };
        let now = self.clock.elapsed_ms();
        self.net.state().world.publish_by_phone(manifest.account, manifest.kind, &caption, children, now);
    }

    /// The machine that raced with this one is gone, its disk with it.
    pub(super) fn lose_rival(&mut self) {
        self.keep_journals();
        self.net.state().pace = None;
        let paths = Paths::new(Path::new(ROOTS[1]));
        self.disk.inner.wipe(&paths.folder);
        self.disk.inner.put(&paths.lockfile, format::HEADER);
    }
}
