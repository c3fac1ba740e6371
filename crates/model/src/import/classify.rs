//! What each live post of a feed is to a content root. Errs on the side of leaving a post alone: what is recorded
//! wrongly would hide a post that an open attempt has published, or keep one back that was never out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::name::shortcode;
use crate::lockfile::{Live, Record, Records, Stage, State};
use crate::manifest::{Post, PostState, caption_digest, plain_caption_digest};
use igsync_base::feed::{Feed, LivePost};
use igsync_base::id::{Digest, Kind, MediaId, PostKey, UserId};

/// A container lives this long.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
const CONTAINER_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Everything that decides what live posts are.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub user_id: &'a UserId,
    /// Newest first.
    pub feed: &'a Feed,
    /// The feed was read back to this time; `None`: to its end.
    pub since: Option<Timestamp>,
    /// So many of the newest posts are looked at.
    pub limit: Option<usize>,
    /// The manifests of the account.
    pub posts: &'a [Arc<Post>],
    pub records: &'a Records,
    pub matching: &'a Matching,
    /// Of the account: the days of its queue begin in it.
    pub zone: &'a TimeZone,
}

/// Which guesses a person has confirmed: manifests that say of no time that they were to go out then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    #[default]
    None,
    Keys(BTreeSet<PostKey>),
    All,
}

impl Matching {
    fn has(&self, key: &PostKey) -> bool {
        match self {
            Self::None => false,
            Self::Keys(keys) => keys.contains(key),
            Self::All => true,
        }
    }
}

/// A live post and what it is.
#[derive(Clone, Debug)]
pub struct Classified<'a> {
    pub live: &'a LivePost,
    pub class: Class,
}

/// What a live post is to a content root.
#[derive(Clone, Debug)]
pub enum Class {
    /// In the record, under this key.
    Known(PostKey),
    /// Perhaps what an open attempt of this post has published, or what is recorded as live without its id: never taken.
    Contested(PostKey),
    /// The live post of one manifest that no record is of.
    Matched {
        post: Arc<Post>,
        /// By its time, by the id that it names, or because a person said so; else it is only shown.
        is_recorded: bool,
    },
    /// It fits several manifests, or its manifest fits several live posts or is recorded as another one: left alone.
    Ambiguous(Vec<PostKey>),
    /// Nothing here knows of it.
    New,
    /// Of a kind that igsync does not know: left alone.
    OtherKind,
}

impl Class {
    /// In machine-readable output.
    pub const NAMES: [&'static str; 6] = ["known", "contested", "matched", "ambiguous", "new", "other_kind"];

    /// One of [`Self::NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::Contested(_) => "contested",
            Self::Matched { .. } => "matched",
            Self::Ambiguous(_) => "ambiguous",
            Self::New => "new",
            Self::OtherKind => "other_kind",
        }
    }
}

/// Says of each live post what it is, newest first.
#[must_use]
pub fn classify<'a>(question: &Question<'a>) -> Vec<Classified<'a>> {
    let own = Own::of(question);
    let all: Vec<&LivePost> = question.feed.posts.iter().collect();
    let first: Vec<Option<Class>> = all.iter().map(|live| own.known(live).or_else(|| own.contested(live))).collect();
    let fits = Fits::new(question, &all, &first);
    let is_wanted = |live: &&LivePost| question.since.is_none_or(|since| live.at.is_none_or(|at| at >= since));
    let classes = all.iter().zip(first).enumerate().filter(|(_, (live, _))| is_wanted(live));
    let classify = |(place, (live, first)): (usize, (&&'a LivePost, Option<Class>))| {
        let class = first.or_else(|| fits.class(place)).unwrap_or(if live.kind.is_some() {
            Class::New
        } else {
            Class::OtherKind
        });
        Classified { live, class }
    };
    classes.take(question.limit.unwrap_or(usize::MAX)).map(classify).collect()
}

/// What the record says of live posts.
struct Own<'a> {
    by_id: HashMap<&'a MediaId, &'a PostKey>,
    /// Of posts whose id is not known: by the code of the link that a person gave.
    by_code: HashMap<String, &'a PostKey>,
    /// Attempts that may own a live post without knowing which, each with the caption that its manifest has now.
    claimants: Vec<(&'a Record, Option<Digest>)>,
}

impl<'a> Own<'a> {
    fn of(question: &Question<'a>) -> Self {
        let (mut by_id, mut by_code, mut claimants) = (HashMap::new(), HashMap::new(), Vec::new());
        let captions: HashMap<&PostKey, Option<Digest>> =
            question.posts.iter().map(|post| (&post.key, plain_caption_digest(&post.content.caption))).collect();
        let claimant = |record: &'a Record| (record, captions.get(&record.key).cloned().flatten());
        let mine = question.records.iter().filter(|record| record.user_id == *question.user_id);
        for record in mine.filter(|record| record.stage() != Stage::Forgotten) {
            if let Some(media) = record.claimed_media() {
                let known = by_id.entry(media).or_insert(&record.key);
                // The key of a manifest says more.
                if known.as_str().strip_prefix(crate::lockfile::RECORD_ONLY) == Some(media.as_str()) {
                    *known = &record.key;
                }
            }
            match &record.state {
                State::Containers | State::Intent | State::Unknown(_) => claimants.push(claimant(record)),
                State::Published(Live { media_id: None, permalink, .. }) => {
                    match permalink.as_deref().and_then(shortcode) {
                        Some(code) => _ = by_code.insert(code, &record.key),
                        None => claimants.push(claimant(record)),
                    }
                }
                State::Published(_)
                | State::NotPublished(_)
                | State::Failed(_)
                | State::Deleted
                | State::Ignored
                | State::Forgotten(_) => {}
            }
        }
        Self { by_id, by_code, claimants }
    }

    fn known(&self, live: &LivePost) -> Option<Class> {
        let by_link = || self.by_code.get(&live.permalink.as_deref().and_then(shortcode)?);
        let key = self.by_id.get(&live.id).or_else(by_link)?;
        Some(Class::Known((*key).clone()))
    }

    fn contested(&self, live: &LivePost) -> Option<Class> {
        let (rival, _) = self.claimants.iter().find(|(record, says)| may_own(record, says.as_ref(), live))?;
        Some(Class::Contested(rival.key.clone()))
    }
}

/// Whether a live post may be what an attempt has published, as far as kind, number of slides and time show. The
/// caption says nothing against it while the attempt is open: Instagram may have changed it, and there may be none.
fn may_own(record: &Record, says: Option<&Digest>, live: &LivePost) -> bool {
    if record.evidence.contains(&live.id) {
        return true;
    }
    let is_excluded = record.not_ours.contains(&live.id)
        || record.fingerprint.as_ref().is_some_and(|before| before.contains(&live.id));
    let has_kind = live.kind.is_none_or(|kind| kind == record.kind);
    let slides = live.children.as_ref().map(Vec::len);
    let has_slides = record.kind != Kind::Carousel
        || record.children.is_empty()
        || slides.is_none_or(|slides| slides == record.children.len());
    if is_excluded || !has_kind || !has_slides || record.kind == Kind::Story {
        return false;
    }
    let first = record.intents.iter().map(|intent| intent.at).min();
    let made = record.container.iter().chain(&record.children).filter_map(|made| made.created_at).min();
    // Containers of which no publish was announced here may have been published by another clone.
    let from = first.or(made);
    let end = record.container.as_ref().and_then(|made| made.created_at).or(from);
    let until = end.and_then(|end| end.checked_add(CONTAINER_LIFE).ok());
    if let Some(at) = live.at
        && (from.is_some_and(|from| at.as_second() < from.as_second()) || until.is_some_and(|until| at > until))
    {
        return false;
    }
    if record.is_open() {
        // Nothing was ever made that could be live.
        return from.is_some() || record.stage() != Stage::Containers;
    }
    // One that is live said what its caption is.
    let recorded = live.caption.as_deref().and_then(caption_digest);
    let is_alike = || says.is_some() && says == caption_of(live).as_ref();
    record.caption_digest.is_none() || recorded.is_none() || recorded == record.caption_digest || is_alike()
}

fn caption_of(live: &LivePost) -> Option<Digest> {
    live.caption.as_deref().and_then(plain_caption_digest)
}

/// Which live posts and manifests fit each other, by their places.
struct Fits<'a> {
    question: &'a Question<'a>,
    /// Manifests that name this post as theirs.
    named: HashMap<usize, Vec<&'a Arc<Post>>>,
    by_live: HashMap<usize, Vec<usize>>,
    by_post: HashMap<usize, Vec<usize>>,
    all: &'a [&'a LivePost],
}

/// A live post's kind, number of slides and caption.
type Likeness = (Kind, usize, Digest);

impl<'a> Fits<'a> {
    fn new(question: &'a Question<'a>, all: &'a [&'a LivePost], first: &[Option<Class>]) -> Self {
        let mut alike: HashMap<Likeness, Vec<usize>> = HashMap::new();
        for (place, post) in question.posts.iter().enumerate().filter(|(_, post)| may_match(post, question)) {
            let slides = if post.content.kind == Kind::Carousel { post.content.items.len() } else { 0 };
            if let Some(caption) = plain_caption_digest(&post.content.caption) {
                alike.entry((post.content.kind, slides, caption)).or_default().push(place);
            }
        }
        let (mut by_live, mut by_post): (HashMap<usize, Vec<usize>>, HashMap<usize, Vec<usize>>) = Default::default();
        // What is contested counts as a post that a manifest could be of.
        let free = first.iter().enumerate().filter(|(_, class)| !matches!(class, Some(Class::Known(_))));
        for (place, _) in free {
            let live = all[place];
            let (Some(kind), Some(caption)) = (live.kind, caption_of(live)) else { continue };
            let slides = match (kind, &live.children) {
                (Kind::Carousel, Some(children)) => children.len(),
                (Kind::Carousel, None) => continue,
                _ => 0,
            };
            for post in alike.get(&(kind, slides, caption)).into_iter().flatten() {
                if fits(&question.posts[*post], live, question) {
                    by_live.entry(place).or_default().push(*post);
                    by_post.entry(*post).or_default().push(place);
                }
            }
        }
        let by_id: HashMap<&MediaId, usize> = all.iter().enumerate().map(|(place, live)| (&live.id, place)).collect();
        let mut named: HashMap<usize, Vec<&Arc<Post>>> = HashMap::new();
        for post in question.posts {
            if let Some(place) = post.imported.as_ref().and_then(|media| by_id.get(media)) {
                named.entry(*place).or_default().push(post);
            }
        }
        Self { question, named, by_live, by_post, all }
    }

    fn class(&self, place: usize) -> Option<Class> {
        match self.named.get(&place).map(Vec::as_slice) {
            Some([only])
                if self.all[place].kind.is_none_or(|kind| kind == only.content.kind)
                    && is_unpublished(only, self.question) =>
            {
                return Some(Class::Matched { post: Arc::clone(only), is_recorded: true });
            }
            Some(several) => return Some(Class::Ambiguous(several.iter().map(|post| post.key.clone()).collect())),
            None => {}
        }
        let posts = self.by_live.get(&place)?;
        let keys = || posts.iter().map(|post| self.question.posts[*post].key.clone()).collect();
        let [only] = posts.as_slice() else { return Some(Class::Ambiguous(keys())) };
        if self.by_post.get(only).is_some_and(|lives| lives.len() > 1) {
            return Some(Class::Ambiguous(keys()));
        }
        let post = Arc::clone(&self.question.posts[*only]);
        let is_recorded = self.is_sure(&post, self.all[place]) || self.question.matching.has(&post.key);
        Some(Class::Matched { post, is_recorded })
    }

    /// Whether the manifest says by its time that it was to be live by then, and no post is left unread that it could be
    /// as well.
    fn is_sure(&self, post: &Post, live: &LivePost) -> bool {
        let Some(due) = post.publish_at else { return false };
        let feed = self.question.feed;
        let read_to = match (feed.is_complete, self.question.since) {
            (true, None) => None,
            (true, since) => since,
            (false, _) => feed.posts.iter().filter_map(|post| post.at).min().or(Some(Timestamp::MAX)),
        };
        live.at.is_some() && read_to.is_none_or(|read_to| due >= read_to)
    }
}

/// Whether no record says that the post is another one, or may be.
fn is_unpublished(post: &Post, question: &Question<'_>) -> bool {
    match question.records.effective(question.user_id, &post.key) {
        None => true,
        Some(record) => matches!(record.stage(), Stage::NotPublished | Stage::Failed),
    }
}

/// Whether a manifest still waits for its live post.
fn may_match(post: &Post, question: &Question<'_>) -> bool {
    is_unpublished(post, question)
        && !post.draft
        && post.state == PostState::Present
        && post.imported.is_none()
        && post.content.kind != Kind::Story
}

/// Whether the live post is not older than the manifest asks for, and no person has ruled it out.
fn fits(post: &Post, live: &LivePost, question: &Question<'_>) -> bool {
    // Meta's times have whole seconds.
    let due = post.publish_at.or_else(|| post.queued.as_ref()?.since(question.zone));
    let is_late_enough = due.zip(live.at).is_none_or(|(due, at)| at.as_second() >= due.as_second());
    is_late_enough && !question.records.not_ours(question.user_id, &post.key).contains(&live.id)
}

#[cfg(test)]
mod tests;
