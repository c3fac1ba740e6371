//! The tiles of a profile: the grid, reels that are not on it, stories.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::frame::first;
use super::{Card, Frame, Input, LIVE, LiveTile, Media, Shown, Still, Tile};
use crate::lockfile::{Record, Stage, effective};
use crate::manifest::{Content, Post};
use crate::plan::AccountView;
use igsync_base::feed::LivePost;
use igsync_base::id::{Kind, MediaId, PostKey};
use igsync_media::crop::{Crop, FULL};

#[derive(Default)]
pub(super) struct Tiles {
    pub grid: Vec<Tile>,
    pub off_grid: Vec<Tile>,
    pub stories: Vec<Tile>,
    pub older: usize,
}

/// Where a post is shown on a profile.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Strip {
    Grid,
    OffGrid,
    Stories,
}

fn strip(kind: Option<Kind>, is_on_grid: bool) -> Strip {
    match kind {
        Some(Kind::Story) => Strip::Stories,
        _ if is_on_grid => Strip::Grid,
        _ => Strip::OffGrid,
    }
}

/// A trial reel is on no profile until it leaves its trial.
fn is_on_grid(content: &Content) -> bool {
    content.reel.as_ref().is_none_or(|reel| reel.share_to_feed && reel.trial.is_none())
}

impl Tiles {
    fn put(&mut self, strip: Strip, shown: Shown, kind: Option<Kind>, frame: Frame) {
        let (to, frame) = match strip {
            Strip::Grid => (&mut self.grid, frame.tile()),
            Strip::OffGrid => (&mut self.off_grid, Frame { crop: frame.crop.to(FULL), ..frame }),
            Strip::Stories => (&mut self.stories, frame),
        };
        to.push(Tile { shown, kind, frame });
    }
}

/// What an account will look like: the last to go out is the first that is seen.
pub(super) fn tiles(input: Input<'_>, account: &AccountView, cards: &[Card<'_>], media: &dyn Media) -> Tiles {
    let mut tiles = Tiles::default();
    for (place, card) in cards.iter().enumerate().rev().filter(|(_, card)| card.at.is_some()) {
        let content = &card.post.content;
        let strip = strip(Some(content.kind), is_on_grid(content));
        tiles.put(strip, Shown::Coming(place), Some(content.kind), first(card.post, media));
    }
    let mut shown: HashMap<Strip, usize> = HashMap::new();
    for live in live(input, account) {
        let strip = live.strip();
        let count = shown.entry(strip).or_default();
        *count += 1;
        if *count <= LIVE {
            tiles.put(strip, Shown::Live(Box::new(live.tile())), live.kind(), live.frame(media));
        } else if strip == Strip::Grid {
            tiles.older += 1;
        }
    }
    tiles
}

/// A live post: as it is recorded, as its manifest has it, as the account shows it.
struct Live<'a> {
    record: Option<&'a Record>,
    post: Option<&'a Post>,
    row: Option<&'a LivePost>,
    is_unlisted: bool,
}

/// What is live, newest first.
fn live<'a>(input: Input<'a>, account: &AccountView) -> Vec<Live<'a>> {
    let listed = input.listed.get(&account.name);
    let is_of_it = |record: &&Record| account.user_id.as_ref() == Some(&record.user_id);
    let records = input.records.posts().filter_map(effective).filter(is_of_it);
    let records: Vec<&Record> = records.filter(|record| record.stage() == Stage::Published).collect();
    let of_it = input.posts.iter().filter(|post| post.user_id == account.user_id);
    let posts: HashMap<&PostKey, &Post> = of_it.map(|post| (&post.key, &**post)).collect();
    let rows: HashMap<&MediaId, &LivePost> = listed.into_iter().flatten().map(|row| (&row.id, row)).collect();
    let known: HashSet<&MediaId> = records.iter().filter_map(|record| record.claimed_media()).collect();
    let of_record = |record: &&'a Record| {
        let row = record.claimed_media().and_then(|id| rows.get(id)).copied();
        // What was made of another kind since is not what people see. What was edited is the nearest to it.
        let post = posts.get(&record.key).copied().filter(|post| post.content.kind == record.kind);
        let is_unlisted = listed.is_some() && row.is_none() && record.kind != Kind::Story;
        Live { record: Some(record), post, row, is_unlisted }
    };
    let mut lives: Vec<Live<'_>> = records.iter().map(of_record).collect();
    let unrecorded = listed.into_iter().flatten().filter(|row| !known.contains(&row.id));
    lives.extend(unrecorded.map(|row| Live { record: None, post: None, row: Some(row), is_unlisted: false }));
    lives.sort_by_cached_key(|live| std::cmp::Reverse((live.at(), live.id().cloned(), live.key().cloned())));
    lives
}

impl Live<'_> {
    fn at(&self) -> Option<Timestamp> {
        self.row.and_then(|row| row.at).or_else(|| self.record?.published_at())
    }

    fn id(&self) -> Option<&MediaId> {
        self.record.and_then(Record::claimed_media).or_else(|| self.row.map(|row| &row.id))
    }

    fn key(&self) -> Option<&PostKey> {
        self.record.map(|record| &record.key)
    }

    fn kind(&self) -> Option<Kind> {
        self.record.map(|record| record.kind).or_else(|| self.row?.kind)
    }

    fn strip(&self) -> Strip {
        let is_trial = self.record.is_some_and(|record| record.trial);
        let is_listed = self.row.and_then(|row| row.share_to_feed) != Some(false);
        strip(self.kind(), self.post.map_or(is_listed && !is_trial, |post| is_on_grid(&post.content)))
    }

    fn frame(&self, media: &dyn Media) -> Frame {
        let of_files = self.post.map(|post| first(post, media));
        match (of_files, self.row.and_then(of_listing)) {
            (Some(frame), Some(_)) if matches!(frame.still, Still::File { .. }) => frame,
            (_, Some(listed)) => listed,
            (Some(frame), None) => frame,
            (None, None) => Frame { still: Still::Missing, crop: Crop::whole(), size: None },
        }
    }

    fn tile(&self) -> LiveTile {
        let item = self.post.and_then(|post| post.content.items.first());
        let recorded = self.record.and_then(Record::live);
        LiveTile {
            key: self.key().cloned(),
            media_id: self.id().cloned(),
            at: self.at(),
            permalink: recorded.and_then(|live| live.permalink.clone()).or_else(|| self.row?.permalink.clone()),
            alt_text: item.and_then(|item| item.alt_text.clone()).or_else(|| self.row?.alt_text.clone()),
            is_unlisted: self.is_unlisted,
        }
    }
}

/// The picture that the account shows of a post. Of what size it is, only its bytes tell.
fn of_listing(row: &LivePost) -> Option<Frame> {
    let first = row.children.iter().flatten().next();
    let of_child = || {
        let child = first?;
        if child.is_video { child.thumbnail_url.clone() } else { child.media_url.clone() }
    };
    let own = || {
        let is_clip = row.kind == Some(Kind::Reel);
        if is_clip { row.thumbnail_url.clone() } else { row.media_url.clone() }
    };
    let link = if row.kind == Some(Kind::Carousel) { of_child().or_else(own) } else { own() }?;
    let crop = if row.kind == Some(Kind::Reel) { Crop::whole().to(FULL) } else { Crop::whole() };
    Some(Frame { still: Still::Listed(Arc::from(link)), crop, size: None })
}
