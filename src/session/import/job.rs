//! The manifests that are to be written: their places, their texts, and what they say once they are read again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;

use igsync_base::feed::LivePost;
use igsync_base::files::Disk;
use igsync_base::finding::Severity;
use igsync_base::id::{Kind, MediaId, PostKey};
use igsync_base::path;
use igsync_model::config::Account;
use igsync_model::import::{self, Class, Classified, Description, MediaName, Place, Taken, Template};
use igsync_model::lockfile::{RECORD_ONLY, Record, Stage};
use igsync_model::manifest::{self, MediaType, Post, Source, shared_fields};

use super::super::project::Project;
use super::overlay::Overlay;

/// What is written, and how.
#[derive(Clone, Copy)]
pub(crate) struct Order<'o> {
    pub project: &'o Project,
    pub account: &'o Account,
    pub template: &'o Template,
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

/// Finds places and texts for the posts that have no manifest, oldest first, so that numbers in names do not depend on
/// what came later.
pub(crate) fn draft<'j>(order: Order<'_>, classified: &[Classified<'j>], disk: &dyn Disk) -> Jobs<'j> {
    let Order { project, account, template } = order;
    let mut taken = Taken::default();
    for post in &project.posts {
        taken.take(&post.file);
    }
    let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
    let mut defaults: HashMap<String, BTreeSet<&'static str>> = HashMap::new();
    let (mut drafts, mut fills) = (Vec::new(), Vec::new());
    for Classified { live, class } in classified.iter().rev() {
        let Some(kind) = live.kind else { continue };
        let Some(base) = base_of(class, live, order, disk) else { continue };
        if let Base::Described(_, post) = &base {
            fills.extend(filling(live, base.clone(), post));
            continue;
        }
        let place = match &base {
            Base::Unfinished(record) => Place::of(record.file.as_deref().unwrap_or_default()),
            Base::Nothing | Base::Alone(_) | Base::Described(..) => loop {
                let place = template.place(live, &account.name, &zone, &mut taken);
                if disk.stat(&project.root.join(&place.file)).is_err() {
                    break place;
                }
            },
        };
        let overridden = defaults
            .entry(place.folder().to_owned())
            .or_insert_with(|| shared_fields(disk, &project.root, account, place.folder()));
        let names = names(live, kind, &place);
        let text = import::write(&Description {
            live,
            kind,
            account: (project.config.accounts.len() > 1).then_some(&account.name),
            media: names.clone(),
            overridden,
        });
        drafts.push((*live, base, place, names, text));
    }
    let mut jobs = read_again(order, drafts, disk);
    jobs.all.extend(fills);
    jobs
}

/// The files of a manifest that is there, as it names them.
fn filling<'j>(live: &'j LivePost, base: Base, post: &Arc<Post>) -> Option<Job<'j>> {
    let names = names(live, post.content.kind, &Place::of(&post.file));
    let is_alike = names.len() == post.content.items.len()
        && names
            .iter()
            .zip(&post.content.items)
            .all(|(name, item)| name.is_video == (item.media_type == MediaType::Video));
    let place = Place::of(&post.file);
    let mut media = wanted(live, &place, names);
    for (wanted, item) in media.iter_mut().zip(&post.content.items) {
        let Source::Local(path) = &item.source else { return None };
        wanted.file = path.to_string();
    }
    is_alike.then(|| Job { live, base, place, text: String::new(), post: (**post).clone(), media })
}

type Draft<'j> = (&'j LivePost, Base, Place, Vec<MediaName>, String);

/// Reads the manifests as every later run will, before any is written.
fn read_again<'j>(order: Order<'_>, drafts: Vec<Draft<'j>>, disk: &dyn Disk) -> Jobs<'j> {
    let Order { project, account, .. } = order;
    if drafts.is_empty() {
        return Jobs::default();
    }
    let files: BTreeMap<_, _> = drafts
        .iter()
        .map(|(_, _, place, _, text)| (project.root.join(&place.file), text.clone().into_bytes()))
        .collect();
    let overlay = Overlay::new(disk, &project.root, files);
    let options = manifest::Options { allow_loopback: project.settings.is_loopback(), ignored_by_git: None };
    let loaded = manifest::load(&overlay, &project.root, &project.config, options);
    let mut wrong: HashMap<&str, &str> = HashMap::new();
    for finding in loaded.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        wrong.entry(&finding.file).or_insert(&finding.message);
    }
    let mut by_file: HashMap<Arc<str>, Post> = loaded
        .posts
        .iter()
        .filter(|post| post.account == account.name)
        .map(|post| (Arc::clone(&post.file), post.clone()))
        .collect();
    let mut jobs = Jobs::default();
    for (live, base, place, names, text) in drafts {
        let post = by_file.remove(&*place.file);
        let reason = match (&post, wrong.get(&*place.file)) {
            (_, Some(message)) => Some((*message).to_owned()),
            (None, _) => Some("no manifest is looked for there: see `posts` in igsync.yaml".to_owned()),
            (Some(post), None) if !says(post, live) => Some("it would not say what is live".to_owned()),
            (Some(_), None) => None,
        };
        match (reason, post) {
            (None, Some(post)) => {
                let media = wanted(live, &place, names);
                jobs.all.push(Job { live, base, place, text, post, media });
            }
            (reason, _) => {
                let reason = reason.unwrap_or_default();
                jobs.left.push(Left { what: place.file, reason });
                if matches!(base, Base::Nothing) {
                    jobs.alone.push(live);
                }
            }
        }
    }
    jobs
}

/// Whether the manifest is that of the post.
fn says(post: &Post, live: &LivePost) -> bool {
    let caption = live.caption.as_deref().map(manifest::normal_text).unwrap_or_default();
    post.imported.as_ref() == Some(&live.id) && post.content.caption == caption && Some(post.content.kind) == live.kind
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

/// How the files beside a manifest are named.
fn names(live: &LivePost, kind: Kind, place: &Place) -> Vec<MediaName> {
    let name = |suffix: String, is_video: bool| MediaName {
        file: format!("{}{suffix}.{}", place.stem, if is_video { "mp4" } else { "jpg" }),
        is_video,
    };
    match (kind, &live.children) {
        (Kind::Carousel, children) => {
            let slides = children.iter().flatten().enumerate();
            slides.map(|(slide, child)| name(format!("-{}", slide + 1), child.is_video)).collect()
        }
        (kind, _) => vec![name(String::new(), kind == Kind::Reel)],
    }
}

fn wanted(live: &LivePost, place: &Place, names: Vec<MediaName>) -> Vec<Wanted> {
    let folder = place.folder();
    let path = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
    let of = |(slide, name): (usize, MediaName)| {
        let child = live.children.as_ref().and_then(|children| children.get(slide));
        let url = child.map_or(&live.media_url, |child| &child.media_url);
        Wanted {
            post: live.id.clone(),
            id: child.map_or(&live.id, |child| &child.id).clone(),
            url: url.clone(),
            file: path(name.file),
            is_video: name.is_video,
        }
    };
    names.into_iter().enumerate().map(of).collect()
}
