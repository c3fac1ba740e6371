//! The manifests that are to be written: their places, their texts, and what they say once they are read again.

mod again;
mod places;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use igsync_base::feed::{Extras, LivePost};
use igsync_base::files::Disk;
use igsync_base::id::{MediaId, PostKey};
use igsync_base::path;
use igsync_model::config::Account;
use igsync_model::import::{self, Class, Classified, Description, MediaName, Place, Template};
use igsync_model::lockfile::{RECORD_ONLY, Record, Stage};
use igsync_model::manifest::{MediaType, Post, Source, shared_fields};

use super::super::project::Project;
pub(crate) use again::Disturbed;
use again::{read, read_again};
use places::{Places, is_its_own, taken};

pub(crate) use places::default_place;

/// What is written, and how.
#[derive(Clone, Copy)]
pub(crate) struct Order<'o> {
    pub project: &'o Project,
    pub account: &'o Account,
    pub template: &'o Template,
    /// All that was read of the feed, newest first.
    pub feed: &'o [LivePost],
    /// What was read beside the feed, by the post.
    pub extras: &'o HashMap<MediaId, Extras>,
    /// Whether a text has something in it that is never written to a file.
    pub is_secret: &'o dyn Fn(&str) -> bool,
}

/// What is recorded of a post that gets a manifest.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    Nothing,
    /// Under the key of a record alone: it moves to that of the manifest.
    Alone(Record),
    /// Under the key of the manifest, which is not there.
    Unfinished(Record),
    /// With its manifest, some of whose files are not here.
    Described(Record, Arc<Post>),
}

/// One manifest that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Job<'j> {
    pub live: &'j LivePost,
    pub base: Base,
    pub place: Place,
    pub text: String,
    /// As it is read again, without its media.
    pub post: Post,
    pub media: Vec<Wanted>,
}

/// A picture or a clip that is to be beside a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The post, which is read again where its links have expired.
    pub post: MediaId,
    /// The slide of a carousel, or the post.
    pub id: MediaId,
    /// `None`: Instagram gives none.
    pub url: Option<String>,
    /// From the content root.
    pub file: String,
    pub is_video: bool,
}

/// Why something is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The file or the post it is about.
    pub what: String,
    /// Lower case, no full stop.
    pub reason: String,
}

/// All manifests that are to be written.
#[derive(Debug, Default)]
pub(crate) struct Jobs<'j> {
    pub all: Vec<Job<'j>>,
    /// New posts whose manifests would not say what is live: they are recorded alone.
    pub alone: Vec<&'j LivePost>,
    pub left: Vec<Left>,
}

/// Finds places and texts for the posts that have no manifest.
///
/// # Errors
///
/// Written, they would change what other manifests are.
pub(crate) fn draft<'j>(
    order: Order<'_>,
    classified: &[Classified<'j>],
    disk: &dyn Disk,
) -> Result<Jobs<'j>, Disturbed> {
    let Order { project, account, .. } = order;
    let before = read(project, disk);
    let mut taken = taken(project, &before);
    let mut jobs = Jobs::default();
    let mut wanted = Vec::new();
    for Classified { live, class } in classified.iter().rev() {
        let Some(kind) = live.kind else { continue };
        let Some(base) = base_of(class, live, order, disk) else { continue };
        if has_secret(live, order) {
            jobs.left
                .push(Left { what: live.id.to_string(), reason: "a secret of this run is in its text".to_owned() });
            jobs.alone.extend(matches!(base, Base::Nothing).then_some(*live));
            continue;
        }
        match &base {
            Base::Described(_, post) => jobs.all.extend(filling(live, base.clone(), post)),
            Base::Nothing | Base::Alone(_) | Base::Unfinished(_) => wanted.push((*live, kind, base)),
        }
    }
    jobs.all.retain(|job| is_its_own(job, &before));
    let mut places = Places { order, disk, taken: &mut taken }.of(&wanted);
    let mut defaults: HashMap<String, BTreeSet<&'static str>> = HashMap::new();
    let mut drafts = Vec::new();
    for (live, kind, base) in wanted {
        let Some(place) = places.remove(&live.id) else {
            jobs.left.push(Left { what: live.id.to_string(), reason: "each name for it is taken".to_owned() });
            jobs.alone.extend(matches!(base, Base::Nothing).then_some(live));
            continue;
        };
        let overridden = defaults
            .entry(place.folder().to_owned())
            .or_insert_with(|| shared_fields(disk, &project.root, account, place.folder()));
        let names = place.media(live, kind);
        let text = import::write(&Description {
            live,
            kind,
            account: (project.config.accounts.len() > 1).then_some(&account.name),
            media: names.clone(),
            overridden,
            extras: order.extras.get(&live.id).unwrap_or(&Extras::NONE),
        });
        drafts.push((live, base, place, names, text));
    }
    read_again(order, drafts, &before, disk, &mut jobs)?;
    Ok(jobs)
}

fn has_secret(live: &LivePost, order: Order<'_>) -> bool {
    let slides = live.children.iter().flatten().map(|child| &child.alt_text);
    let comment = order.extras.get(&live.id).and_then(|extras| extras.first_comment.as_ref());
    let mut texts = [&live.caption, &live.alt_text].into_iter().chain(slides).chain(comment).flatten();
    texts.any(|text| (order.is_secret)(text))
}

/// The posts that get a manifest by this run, as far as is known before it is written.
pub(crate) fn new_manifests<'j>(order: Order<'_>, classified: &[Classified<'j>], disk: &dyn Disk) -> Vec<&'j LivePost> {
    let is_new = |base: &Base| matches!(base, Base::Nothing | Base::Alone(_) | Base::Unfinished(_));
    let new = classified.iter().filter(|one| base_of(&one.class, one.live, order, disk).as_ref().is_some_and(is_new));
    new.map(|one| one.live).collect()
}

/// The files of a manifest that is there, as it names them.
fn filling<'j>(live: &'j LivePost, base: Base, post: &Arc<Post>) -> Option<Job<'j>> {
    let place = Place::of(&post.file);
    let names = place.media(live, post.content.kind);
    let is_alike = names.len() == post.content.items.len()
        && names
            .iter()
            .zip(&post.content.items)
            .all(|(name, item)| name.is_video == (item.media_type == MediaType::Video));
    let mut media = wanted(live, &place, names);
    for (wanted, item) in media.iter_mut().zip(&post.content.items) {
        let Source::Local(path) = &item.source else { return None };
        wanted.file = path.to_string();
    }
    is_alike.then(|| Job { live, base, place, text: String::new(), post: (**post).clone(), media })
}

/// `None`: the post gets no manifest from here.
fn base_of(class: &Class, live: &LivePost, order: Order<'_>, disk: &dyn Disk) -> Option<Base> {
    match class {
        Class::New => Some(Base::Nothing),
        Class::Known(key) => known(key, live, order, disk),
        Class::Contested(_) | Class::Matched { .. } | Class::Ambiguous(_) | Class::OtherKind => None,
    }
}

/// A post that is recorded and has no manifest: it was recorded alone, or an earlier run was ended in between.
fn known(key: &PostKey, live: &LivePost, order: Order<'_>, disk: &dyn Disk) -> Option<Base> {
    let Order { project, account, .. } = order;
    let user = project.user_of(account)?;
    let is_it = |record: &&Record| record.stage() == Stage::Published && record.claimed_media() == Some(&live.id);
    let record = project.snapshot.records.attempts(&user, key).iter().find(is_it)?;
    if !record.is_imported() {
        return None;
    }
    let is_its = |post: &&Arc<Post>| {
        post.account == account.name && (post.key == *key || post.imported.as_ref() == Some(&live.id))
    };
    if let Some(post) = project.posts.iter().find(is_its) {
        let is_gone =
            |source: &Source| matches!(source, Source::Local(path) if disk.stat(&project.root.join(&**path)).is_err());
        // What was edited stays edited: only a manifest that says what was recorded gets its files.
        let now = record.media_digest.as_ref().and_then(|media| post.digest_if_media(media, None));
        let is_as_recorded = post.key == *key && post.imported.as_ref() == Some(&live.id) && now == record.digest;
        let lacks_files = is_as_recorded && post.content.items.iter().any(|item| is_gone(&item.source));
        return lacks_files.then(|| Base::Described(record.clone(), Arc::clone(post)));
    }
    if record.is_record_only() {
        return Some(Base::Alone(record.clone()));
    }
    // A lockfile can say anything: its file is taken where it is the one that the key is of.
    let file = record.file.as_deref().filter(|file| {
        let is_local = path::local("", file).is_ok_and(|local| *local == **file);
        let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml"));
        is_local && stem == Some(key.as_str()) && !key.as_str().starts_with(RECORD_ONLY)
    });
    file.map(|_| Base::Unfinished(record.clone()))
}

fn wanted(live: &LivePost, place: &Place, names: Vec<MediaName>) -> Vec<Wanted> {
    let of = |(slide, name): (usize, MediaName)| {
        let child = live.children.as_ref().and_then(|children| children.get(slide));
        let url = child.map_or(&live.media_url, |child| &child.media_url);
        Wanted {
            post: live.id.clone(),
            id: child.map_or(&live.id, |child| &child.id).clone(),
            url: url.clone(),
            file: place.beside(&name.file),
            is_video: name.is_video,
        }
    };
    names.into_iter().enumerate().map(of).collect()
}
