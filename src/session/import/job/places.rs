//! Places of new manifests: where manifests are looked for, and where nothing is.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use igsync_base::feed::LivePost;
use igsync_base::files::{Disk, ReadDisk};
use igsync_base::id::{Kind, MediaId};
use igsync_model::import::{Place, Taken, Template};
use igsync_model::lockfile::Stage;
use igsync_model::manifest::{Loaded, Post, Source};

use super::super::super::project::Project;
use super::super::fetched::is_ours;
use super::Base;
use super::Job;
use super::Order;

/// The place of a manifest by default: where manifests are looked for. A `posts/` that is made where the whole content
/// root holds manifests would hide them.
pub(crate) fn default_place(project: &Project, disk: &dyn ReadDisk) -> Template {
    let has_posts = || disk.stat(&project.root.join("posts")).is_ok();
    Template::below(match project.config.posts.as_ref().and_then(|folders| folders.first()) {
        Some(folder) => folder,
        None if project.manifests > 0 && !has_posts() => "",
        None => "posts",
    })
}

/// Every key that a manifest or a record has, and every file that a manifest names.
pub(super) fn taken(project: &Project, before: &Loaded) -> Taken {
    let mut taken = Taken::default();
    let read = before.posts.iter().chain(&before.unplanned);
    for post in read.chain(project.posts.iter().map(|post| &**post)) {
        taken.key(post.key.as_str());
        taken.file(&post.file);
        // A file with an `id` has the name of another key.
        taken.key(post.file.rsplit_once('.').map_or(&*post.file, |(stem, _)| stem));
        for file in local_files(post) {
            taken.file(file);
        }
    }
    for record in project.snapshot.records.iter().filter(|record| record.stage() != Stage::Forgotten) {
        taken.key(record.key.as_str());
    }
    taken
}

fn local_files(post: &Post) -> impl Iterator<Item = &str> {
    post.content.sources().filter_map(|source| match source {
        Source::Local(path) => Some(&**path),
        Source::Url(_) => None,
    })
}

/// Whether no other manifest names a file that is to be fetched for this one.
pub(super) fn is_its_own(job: &Job<'_>, before: &Loaded) -> bool {
    let others = before.posts.iter().chain(&before.unplanned).filter(|post| *post.file != *job.place.file);
    let named: HashSet<&str> = others.flat_map(local_files).collect();
    !job.media.iter().any(|wanted| named.contains(wanted.file.as_str()))
}

/// Finds places that nothing has.
pub(super) struct Places<'p> {
    pub order: Order<'p>,
    pub disk: &'p dyn Disk,
    pub taken: &'p mut Taken,
}

impl Places<'_> {
    /// Those of the posts that are wanted. The oldest of all that were read goes first, wanted or not: a name depends
    /// neither on what came later nor on how many are asked for.
    pub(super) fn of(self, wanted: &[(&LivePost, Kind, Base)]) -> HashMap<MediaId, Place> {
        let Order { project, account, template, feed, .. } = self.order;
        let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
        let mut places = HashMap::new();
        let mut open: HashSet<&MediaId> = HashSet::new();
        for (live, kind, base) in wanted {
            match base {
                Base::Unfinished(record) => {
                    let place = Place::of(record.file.as_deref().unwrap_or_default());
                    let media = place.media(live, *kind);
                    if media.iter().any(|media| self.taken.has_file(&place.beside(&media.file))) {
                        continue;
                    }
                    for media in &media {
                        self.taken.file(&place.beside(&media.file));
                    }
                    places.insert(live.id.clone(), place);
                }
                Base::Nothing | Base::Alone(_) | Base::Described(..) => _ = open.insert(&live.id),
            }
        }
        for live in feed.iter().rev() {
            let Some(kind) = live.kind else { continue };
            if places.contains_key(&live.id) {
                continue;
            }
            let candidates = template.places(live, &account.name, &zone);
            if !open.contains(&live.id) {
                if let Some(first) = candidates.first() {
                    self.taken.take(first, &first.media(live, kind));
                }
                continue;
            }
            let is_free = |place: &Place| {
                let is_there = |file: &str| self.disk.stat(&project.root.join(file)).is_ok();
                let is_foreign = |file: String| is_there(&file) && !is_ours(self.disk, &project.root, &file);
                !is_there(&place.file)
                    && !place.media(live, kind).iter().any(|media| is_foreign(place.beside(&media.file)))
            };
            let mut free = candidates.into_iter().filter(is_free);
            if let Some(place) = free.find(|place| self.taken.take(place, &place.media(live, kind))) {
                places.insert(live.id.clone(), place);
            }
        }
        places
    }
}
