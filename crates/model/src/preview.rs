//! The coming feed as a page shows it: which tile stands where, which part of a picture it shows, what is on which day.
//! Pure; what draws pictures and writes the page follows this value.

mod card;
mod fold;
mod frame;
mod grid;
mod month;
mod pictures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::lockfile::Records;
use crate::manifest::{Item, Post};
use crate::plan::{AccountView, Action, Change, Plan, Work};
use igsync_base::feed::LivePost;
use igsync_base::id::{AccountName, Kind, MediaId, PostKey, UserId};
use igsync_base::path::Source;

pub use fold::fold;
pub use frame::{Frame, Media, Seen, Still};
pub use pictures::{STRIP, Shots, TILE};

/// So many live posts of an account are shown below what is coming: six rows.
pub const LIVE: usize = 18;

/// Everything that decides a page; the same input gives the same page.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub plan: &'a Plan,
    /// Every post, in any order.
    pub posts: &'a [Arc<Post>],
    pub records: &'a Records,
    /// What accounts show right now, newest first; an account that was not asked is not here.
    pub listed: &'a BTreeMap<AccountName, Vec<LivePost>>,
    /// How many months a calendar has, the present one included.
    pub months: u8,
}

/// The page.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    pub plan: &'a Plan,
    /// In the order of the configuration; one that has nothing to show is not here.
    pub accounts: Vec<AccountPage<'a>>,
}

/// What is coming to one account.
#[derive(Clone, Debug)]
pub struct AccountPage<'a> {
    pub account: &'a AccountView,
    /// Posts that go out as things are, in the order in which they do. Those without a time yet are last.
    pub cards: Vec<Card<'a>>,
    /// Every other post that the plan lists, in its order.
    pub others: Vec<&'a Change>,
    /// Newest first: what is coming above what is live.
    pub grid: Vec<Tile>,
    /// Reels that are not on the grid, newest first.
    pub off_grid: Vec<Tile>,
    /// Newest first.
    pub stories: Vec<Tile>,
    /// Live posts of the grid that are left out.
    pub older: usize,
    pub months: Vec<Month>,
    /// How many cards are due after the last month.
    pub later: usize,
}

/// A post that goes out.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    pub change: &'a Change,
    pub post: &'a Post,
    /// When it goes out; `None`: the post waits for a turn in its queue.
    pub at: Option<Timestamp>,
    /// Names the post on this page and in a calendar: hex digits, always the same for its account and key.
    pub id: String,
    pub slides: Vec<Slide<'a>>,
    /// Where the app folds the caption, in bytes; `None`: it shows all of it.
    pub fold: Option<usize>,
}

/// One picture or clip of a post at its true crop.
#[derive(Clone, Debug)]
pub struct Slide<'a> {
    pub item: &'a Item,
    pub frame: Frame,
    /// The places of `item.user_tags`, each from 0 to 1; `None`: without a place, or cut off.
    pub tags: Vec<Option<(f64, f64)>>,
}

/// One place of the grid or of a strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    pub shown: Shown,
    pub kind: Option<Kind>,
    pub frame: Frame,
}

/// What a tile represents.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// The place of its card.
    Coming(usize),
    Live(Box<LiveTile>),
}

/// A post that is live.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveTile {
    /// `None`: no record has it.
    pub key: Option<PostKey>,
    pub media_id: Option<MediaId>,
    pub at: Option<Timestamp>,
    pub permalink: Option<String>,
    /// Of the manifest, or as the account shows it.
    pub alt_text: Option<String>,
    /// The account was asked, and does not show it.
    pub is_unlisted: bool,
}

/// A month of a calendar in the time zone of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    pub days: Vec<Day>,
}

/// A local day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    pub date: Date,
    pub is_past: bool,
    pub is_today: bool,
    /// By `schedule.skip`.
    pub is_skipped: bool,
    /// By time.
    pub entries: Vec<Entry>,
    /// The most posts within 24 hours that end on this day; `None`: nothing goes out on it.
    pub in_24h: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub what: On,
}

/// What is at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The place of a card.
    Post(usize),
    /// A slot that no post takes.
    Slot,
}

/// What is coming. Asks `media` for what is shown, and for nothing else.
#[must_use]
pub fn page<'a>(input: Input<'a>, media: &dyn Media) -> Page<'a> {
    let accounts = input.plan.accounts.iter().map(|account| of_account(input, account, media));
    let has_something = |page: &AccountPage<'_>| {
        let tiles = page.grid.len() + page.off_grid.len() + page.stories.len();
        page.cards.len() + page.others.len() + tiles + page.account.schedule.slots.len() > 0
    };
    Page { plan: input.plan, accounts: accounts.filter(has_something).collect() }
}

fn of_account<'a>(input: Input<'a>, account: &'a AccountView, media: &dyn Media) -> AccountPage<'a> {
    let plan = input.plan;
    let of_it: Vec<&Change> = plan.changes.iter().filter(|change| change.account == account.name).collect();
    let mut coming: Vec<(&Change, &Post)> = Vec::new();
    let mut others = Vec::new();
    for change in of_it {
        match change.post.as_deref().filter(|_| is_coming(change)) {
            Some(post) => coming.push((change, post)),
            None if change.is_listed() => others.push(change),
            None => {}
        }
    }
    // What is due now goes out in the order of the plan, before what waits.
    coming.sort_by_key(|(change, _)| {
        let at = goes_out(plan, change);
        (at.is_none(), at)
    });
    let cards: Vec<Card<'_>> =
        coming.into_iter().map(|(change, post)| card::card(input, change, post, media)).collect();
    let tiles = grid::tiles(input, account, &cards, media);
    let (months, later) = month::months(input, account, &cards);
    AccountPage {
        account,
        others,
        grid: tiles.grid,
        off_grid: tiles.off_grid,
        stories: tiles.stories,
        older: tiles.older,
        months,
        later,
        cards,
    }
}

/// Whether it goes out as things are, now or later.
fn is_coming(change: &Change) -> bool {
    match change.action {
        Action::Wait => true,
        // A post that may be live already is shown as what is still coming until its record says so.
        _ => matches!(change.work(), Some(Work::Publish | Work::Settle)),
    }
}

/// When it goes out; `None`: that is not known.
fn goes_out(plan: &Plan, change: &Change) -> Option<Timestamp> {
    match change.action {
        Action::Wait => change.due_at,
        _ => Some(plan.now),
    }
}

/// Names a post wherever it is shown: the same for its account and key on every machine. An account whose user is not
/// known is named by its label.
#[must_use]
pub fn identity(user: Option<&UserId>, account: &AccountName, key: &PostKey) -> String {
    let of = user.map_or_else(|| account.as_str(), UserId::as_str);
    let mut id = String::with_capacity(32);
    for byte in &Sha256::digest(format!("{of}\n{key}"))[..16] {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// The first source of a post that a picture can be made of, and whether it is the cover of a reel.
fn face(post: &Post) -> Option<(&Source, bool)> {
    match post.content.cover() {
        Some(cover) => Some((cover, true)),
        None => post.content.items.first().map(|item| (&item.source, false)),
    }
}
