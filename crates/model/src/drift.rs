//! What an account shows otherwise than its record says: the record and the manifests compared with a feed that was
//! read back. Pure. What cannot be compared counts as equal: a false alarm over a live post would only teach people to
//! ignore the command.

mod reopened;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::lockfile::{Record, Records, Stage, Switch, Via};
use crate::manifest::digest::of_json;
use crate::manifest::{Post, caption_digest, normalise_caption};
use crate::plan::is_as_published;
use igsync_base::feed::{Feed, LiveChild, LivePost};
use igsync_base::id::{Digest, Kind, MediaId, PostKey, UserId};

pub use reopened::reopened;

/// One account's feed beside its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Live posts of the range. Stories are in no feed.
    pub live: usize,
    /// Of these, how many a record has.
    pub recorded: usize,
    /// Live posts that differ from their record, newest first.
    pub edited: Vec<Differing>,
    /// Live posts that no record has, newest first.
    pub unmanaged: Vec<LivePost>,
    /// Published by the record, of the range, and not in the feed: each may be gone, or not be shown.
    pub unlisted: Vec<Unlisted>,
}

impl Drift {
    /// The recorded posts that are not listed, of one kind of absence.
    pub fn absent(&self, absence: Absence) -> impl Iterator<Item = &Unlisted> {
        self.unlisted.iter().filter(move |post| post.absence == absence)
    }

    /// Whether anything differs but what no record has. What is only not seen may be as it was.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.edited.is_empty() || self.absent(Absence::Gone).next().is_some()
    }
}

/// A live post that differs from its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub key: PostKey,
    pub media: MediaId,
    pub permalink: Option<String>,
    /// At least one.
    pub differences: Vec<Difference>,
    /// What Instagram shows of each fact that differs, for a record that accepts it.
    pub shown: Vec<Digest>,
    /// The post is recorded as live more than once.
    pub is_one_of_several: bool,
}

/// A recorded post that the feed does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    pub key: PostKey,
    pub media: MediaId,
    pub permalink: Option<String>,
    pub published_at: Option<Timestamp>,
    pub absence: Absence,
    /// The post is recorded as live more than once.
    pub is_one_of_several: bool,
}

/// What is known of a post that its feed does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// Not enough to say that it is gone.
    #[default]
    NotSeen,
    /// It answers when it is asked for: archived, or left out.
    Answers,
    /// Proven, by two looks and a witness.
    Gone,
}

/// One thing that differs. The texts are what people compare; `None` where that side has none, or is not known by its
/// words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub fact: Fact,
    pub recorded: Option<String>,
    pub live: Option<String>,
}

/// What of a live post is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    Caption,
    AltText,
    /// The number of slides, and their order where it is recorded.
    Slides,
    /// Whether comments are on.
    Comments,
    AiLabel,
    /// A reel is not shown in the grid.
    OffGrid,
    /// A copyright check found something, so that others may not see or hear the post.
    Copyright,
}

impl Fact {
    pub const ALL: [Self; 7] =
        [Self::Caption, Self::AltText, Self::Slides, Self::Comments, Self::AiLabel, Self::OffGrid, Self::Copyright];

    /// As machine-readable output names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Caption => "caption",
            Self::AltText => "alt_text",
            Self::Slides => "slides",
            Self::Comments => "comments",
            Self::AiLabel => "ai_label",
            Self::OffGrid => "off_grid",
            Self::Copyright => "copyright",
        }
    }
}

/// Which live posts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    All,
    Since(Timestamp),
    /// The newest, so many.
    Recent(usize),
}

/// Compares an account's feed with its records that were made through `graph`.
#[must_use]
pub fn compare(
    user: &UserId,
    graph: Option<&str>,
    records: &Records,
    feed: &Feed,
    posts: &[Arc<Post>],
    range: Range,
) -> Drift {
    let (live, since) = ranged(feed, range);
    let is_ours = |record: &&Record| record.user_id == *user && record.graph.as_deref() == graph;
    let manifests: HashMap<&PostKey, &Post> =
        posts.iter().filter(|post| post.user_id.as_ref() == Some(user)).map(|post| (&post.key, &**post)).collect();
    let mut claims: HashMap<&MediaId, &Record> = HashMap::new();
    for record in records.iter().filter(is_ours).filter(|record| record.stage() != Stage::Forgotten) {
        let Some(media) = record.claimed_media() else { continue };
        // Where two records name one media, the one that is live speaks for it.
        let claim = claims.entry(media).or_insert(record);
        if claim.live().is_none() && record.live().is_some() {
            *claim = record;
        }
    }
    let mut media_of: HashMap<&PostKey, HashSet<&MediaId>> = HashMap::new();
    for record in records.iter().filter(is_ours).filter(|record| record.live().is_some()) {
        media_of.entry(&record.key).or_default().extend(record.claimed_media());
    }
    let is_one_of_several = |key: &PostKey| media_of.get(key).is_some_and(|media| media.len() > 1);
    let told = Told::of(&feed.posts);
    let mut drift = Drift { live: live.len(), ..Drift::default() };
    for post in live {
        let Some(record) = claims.get(&post.id) else {
            drift.unmanaged.push(post.clone());
            continue;
        };
        drift.recorded += 1;
        let differing = differing(record, post, manifests.get(&record.key).copied(), told);
        drift
            .edited
            .extend(differing.map(|post| Differing { is_one_of_several: is_one_of_several(&record.key), ..post }));
    }
    let listed: HashSet<&MediaId> = feed.posts.iter().map(|post| &post.id).collect();
    let is_in_range = |at: Option<Timestamp>| since.is_none_or(|since| at.is_none_or(|at| at >= since));
    let mut unlisted: Vec<Unlisted> =
        records.iter().filter(is_ours).filter_map(|record| unlisted(record, &listed)).collect();
    unlisted.retain(|post| is_in_range(post.published_at));
    unlisted.sort_by(|a, b| (b.published_at, &a.key).cmp(&(a.published_at, &b.key)));
    unlisted.dedup_by(|a, b| a.media == b.media);
    for post in &mut unlisted {
        post.is_one_of_several = is_one_of_several(&post.key);
    }
    drift.unlisted = unlisted;
    drift
}

/// The posts of the range, and the time from which recorded posts are looked for among them; `None`: all of them.
fn ranged(feed: &Feed, range: Range) -> (Vec<&LivePost>, Option<Timestamp>) {
    let posts = &feed.posts;
    let oldest = |posts: &[&LivePost]| posts.iter().rev().find_map(|post| post.at).or(Some(Timestamp::MAX));
    let is_meant = |post: &&LivePost| match range {
        Range::Since(since) => post.at.is_none_or(|at| at >= since),
        Range::All | Range::Recent(_) => true,
    };
    let count = if let Range::Recent(count) = range { count } else { usize::MAX };
    let live: Vec<&LivePost> = posts.iter().filter(is_meant).take(count).collect();
    // What is older than the last post that was read says nothing.
    let is_whole = feed.is_complete && posts.len() < LISTED;
    let reach = if is_whole && posts.len() <= count { None } else { oldest(&live) };
    let since = match range {
        Range::Since(since) => Some(reach.map_or(since, |reach| if is_whole { since } else { reach.max(since) })),
        Range::All | Range::Recent(_) => reach,
    };
    (live, since)
}

/// A listing holds no more media.
const LISTED: usize = 10_000;

/// A published record whose media is not listed. Stories leave the feed by themselves, trial reels may not be in it.
fn unlisted(record: &Record, listed: &HashSet<&MediaId>) -> Option<Unlisted> {
    let live = record.live().filter(|_| record.kind != Kind::Story && !record.trial)?;
    let media = live.media_id.as_ref().filter(|media| !listed.contains(media))?;
    Some(Unlisted {
        key: record.key.clone(),
        media: media.clone(),
        permalink: live.permalink.clone(),
        published_at: live.published_at,
        absence: Absence::default(),
        is_one_of_several: false,
    })
}

/// Which fields a feed has for anyone: where no post has one, this login does not get it.
#[derive(Clone, Copy, Debug)]
struct Told {
    captions: bool,
    alt_texts: bool,
}

impl Told {
    fn of(posts: &[LivePost]) -> Self {
        let slides = |post: &LivePost| post.children.iter().flatten().any(|slide| slide.alt_text.is_some());
        Self {
            captions: posts.iter().any(|post| post.caption.is_some()),
            alt_texts: posts.iter().any(|post| post.alt_text.is_some() || slides(post)),
        }
    }

    /// One post by itself tells what it has.
    const ALL: Self = Self { captions: true, alt_texts: true };
}

/// How one live post differs from its record. `None`: not at all, as far as can be compared, or a person has accepted
/// it as it is.
fn differing(record: &Record, live: &LivePost, manifest: Option<&Post>, told: Told) -> Option<Differing> {
    let known = record.live()?;
    if record.accepted.as_ref().is_some_and(|accepted| accepted.shown.as_ref() == Some(&shown(live))) {
        return None;
    }
    let mut differences = Vec::new();
    // A manifest that was edited says nothing of what is live; the plan shows that.
    let published = manifest.filter(|post| is_as_published(post, record) && !was_only_named(record));
    differences.extend(caption(record, live, published, told));
    if let Some(post) = published {
        differences.extend(alt_texts(post, live, told));
        differences.extend(ai_label(post, live));
        differences.extend(off_grid(post, live));
    }
    differences.extend(slides(record, live, published));
    differences.extend(comments(record, live, manifest));
    if live.has_copyright_match == Some(true) {
        differences.push(difference(Fact::Copyright, None, Some("a match was found")));
    }
    // Each fact by itself: what this login does not show says nothing about the others.
    differences.retain(|difference| !record.has_accepted(&fact_shown(difference.fact, live)));
    (!differences.is_empty()).then(|| Differing {
        key: record.key.clone(),
        media: live.id.clone(),
        permalink: live.permalink.clone().or_else(|| known.permalink.clone()),
        shown: differences.iter().map(|difference| fact_shown(difference.fact, live)).collect(),
        differences,
        is_one_of_several: false,
    })
}

/// The identity of one fact as a live post shows it. That of a caption is the one by which captions are known anywhere.
fn fact_shown(fact: Fact, live: &LivePost) -> Digest {
    let text = |text: &Option<String>| text.as_deref().map(normalise_caption).filter(|text| !text.is_empty());
    let name = ("shown", fact.name());
    let slides = || live.children.iter().flatten();
    match fact {
        Fact::Caption => {
            live.caption.as_deref().and_then(caption_digest).unwrap_or_else(|| of_json(&(name, "no caption")))
        }
        Fact::AltText => {
            let texts: Vec<_> = slides().map(|slide| text(&slide.alt_text)).collect();
            of_json(&(name, text(&live.alt_text), texts))
        }
        Fact::Slides => of_json(&(name, slides().map(|slide| &slide.id).collect::<Vec<_>>())),
        Fact::Comments => of_json(&(name, live.comment_enabled)),
        Fact::AiLabel => of_json(&(name, live.is_ai_generated)),
        Fact::OffGrid => of_json(&(name, live.share_to_feed)),
        Fact::Copyright => of_json(&(name, live.has_copyright_match)),
    }
}

/// Compares one post that was read by itself, as [`compare`] compares those of a feed.
#[must_use]
pub fn compare_one(record: &Record, live: &LivePost, manifest: Option<&Post>) -> Option<Differing> {
    differing(record, live, manifest, Told::ALL)
}

/// The identity of all that is compared of a live post, as older versions have recorded what was accepted.
fn shown(live: &LivePost) -> Digest {
    let text = |text: &Option<String>| text.as_deref().map(normalise_caption).filter(|text| !text.is_empty());
    let slides: Option<Vec<_>> = live
        .children
        .as_ref()
        .map(|slides| slides.iter().map(|slide| (slide.id.clone(), text(&slide.alt_text))).collect());
    of_json(&(
        "shown",
        (text(&live.caption), text(&live.alt_text), slides),
        (live.comment_enabled, live.is_ai_generated, live.share_to_feed, live.has_copyright_match == Some(true)),
    ))
}

fn difference(fact: Fact, recorded: Option<&str>, live: Option<&str>) -> Difference {
    Difference { fact, recorded: recorded.map(str::to_owned), live: live.map(str::to_owned) }
}

fn caption(record: &Record, live: &LivePost, published: Option<&Post>, told: Told) -> Option<Difference> {
    // One that was read back had the caption that it was read with, none included.
    let is_known = record.digest.is_some() || record.caption_digest.is_some() || record.is_imported();
    if !told.captions || !is_known || was_only_named(record) {
        return None;
    }
    let now = live.caption.as_deref().unwrap_or_default();
    let shown = caption_digest(now);
    // A manifest that was accepted may be the one that was corrected as the live post was.
    if shown == record.caption_digest || shown.is_some_and(|shown| record.has_accepted(&shown)) {
        return None;
    }
    let sent = published.map(|post| post.content.caption.as_str());
    if sent.is_some_and(|sent| without_line_ends(sent) == without_line_ends(now)) {
        return None;
    }
    Some(difference(Fact::Caption, sent, Some(now)))
}

/// Whether a person has said that the post is live, and igsync sent nothing: its manifest may say something else.
fn was_only_named(record: &Record) -> bool {
    let is_named = record.live().is_some_and(|live| live.via == Some(Via::Resolved));
    is_named && record.container.is_none() && record.children.is_empty()
}

/// A caption without the white space at the ends of its lines, which Instagram does not keep.
fn without_line_ends(caption: &str) -> String {
    normalise_caption(caption).lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn alt_texts(post: &Post, live: &LivePost, told: Told) -> Option<Difference> {
    if !told.alt_texts {
        return None;
    }
    let sent: Vec<&str> = post.content.items.iter().map(|item| item.alt_text.as_deref().unwrap_or_default()).collect();
    let now: Vec<&str> = match (post.content.kind, &live.children) {
        (Kind::Carousel, Some(slides)) => {
            slides.iter().map(|slide| slide.alt_text.as_deref().unwrap_or_default()).collect()
        }
        (Kind::Carousel, None) | (Kind::Story, _) => return None,
        (Kind::Image | Kind::Reel, _) => vec![live.alt_text.as_deref().unwrap_or_default()],
    };
    // Other slides have other texts: their number is what differs.
    let is_other = |(sent, now): (&&str, &&str)| normalise_caption(sent) != normalise_caption(now);
    let place = (sent.len() == now.len()).then(|| sent.iter().zip(&now).position(is_other)).flatten()?;
    let text = |texts: &[&str]| texts.get(place).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    Some(Difference { fact: Fact::AltText, recorded: text(&sent), live: text(&now) })
}

fn ai_label(post: &Post, live: &LivePost) -> Option<Difference> {
    let (sent, now) = (post.content.is_ai_generated.unwrap_or(false), live.is_ai_generated?);
    let words = |is_labelled| if is_labelled { "labelled" } else { "not labelled" };
    (sent != now).then(|| difference(Fact::AiLabel, Some(words(sent)), Some(words(now))))
}

fn off_grid(post: &Post, live: &LivePost) -> Option<Difference> {
    let was_sent = post.content.reel.as_ref().is_some_and(|reel| reel.share_to_feed);
    let is_off = was_sent && live.share_to_feed == Some(false);
    is_off.then(|| difference(Fact::OffGrid, Some("in the grid"), Some("not in the grid")))
}

/// Their number; and which they are in which order where that is recorded: which slides a container became is not known.
fn slides(record: &Record, live: &LivePost, published: Option<&Post>) -> Option<Difference> {
    let slides = live.children.as_ref().filter(|_| record.kind == Kind::Carousel)?;
    let now = slides.len();
    let sent = if record.children.is_empty() { published?.content.items.len() } else { record.children.len() };
    if sent != now {
        return Some(difference(Fact::Slides, Some(&sent.to_string()), Some(&now.to_string())));
    }
    let imported = record.children.iter().filter(|_| record.is_imported()).map(|slide| slide.id.as_str());
    let seen = record.live().into_iter().flat_map(|live| live.slides.iter()).map(MediaId::as_str);
    let known: Vec<&str> = imported.chain(seen).collect();
    let is_as_known = known.is_empty() || known.iter().zip(slides).all(|(known, slide)| *known == slide.id.as_str());
    let place = |slide: &LiveChild| {
        let place = known.iter().position(|known| *known == slide.id.as_str());
        place.map_or_else(|| "another".to_owned(), |place| (place + 1).to_string())
    };
    let meant = (1..=sent).map(|place| place.to_string()).collect::<Vec<_>>().join(", ");
    let shown = slides.iter().map(place).collect::<Vec<_>>().join(", ");
    (!is_as_known).then(|| difference(Fact::Slides, Some(&meant), Some(&shown)))
}

fn comments(record: &Record, live: &LivePost, manifest: Option<&Post>) -> Option<Difference> {
    let (now, known) = (live.comment_enabled?, record.live()?);
    let said = manifest.and_then(|post| post.own_comment_enabled);
    let wanted = match (said, known.comment_switch) {
        // Apply has still to switch them off.
        (_, Some(Switch::Due)) => return None,
        (Some(said), _) => said,
        // A default that was added later says nothing of what is live.
        (None, Some(Switch::Done)) => false,
        (None, None) if known.via == Some(Via::Publish) => true,
        (None, _) => return None,
    };
    let words = |is_on| if is_on { "on" } else { "off" };
    (wanted != now).then(|| difference(Fact::Comments, Some(words(wanted)), Some(words(now))))
}

#[cfg(test)]
mod tests;
