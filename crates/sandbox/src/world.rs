//! Everything the sandbox knows: accounts, containers, media. Pure: `now` is an argument, and what
//! has to be recorded is collected for the caller.

mod accounts;
mod publish;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::account::{self, Account};
use super::container::{Comment, Container, Media, Phase};
use super::error::{CONTAINER_BUDGET, CONTAINER_GONE, Refusal};
use super::seed::{Change, NewPost};
use super::switches::Settings;
use super::time::{DAY, Millis};
use super::token::{self, Token};
use igsync_instagram::wire::StatusCode;

/// Containers per account and rolling 24 hours.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub(crate) const CONTAINER_LIMIT: usize = 400;

const FIRST_CONTAINER: u64 = 17_850_000_000_000_001;
const FIRST_MEDIA: u64 = 17_900_000_000_000_001;
const FIRST_COMMENT: u64 = 18_000_000_000_000_001;
/// Ids of real posts are no neighbours; a client that counts on must fail.
const STRIDE: u64 = 37;

/// The part of the world that is small and recorded as one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) accounts: Vec<Account>,
    pub(crate) tokens: Vec<Token>,
    /// How far this clock is ahead of the machine's.
    pub(crate) ahead_ms: Millis,
    /// Authorization codes that were exchanged.
    #[serde(default)]
    used_codes: Vec<String>,
    /// Switches that were changed while it ran.
    #[serde(default)]
    switches: Map<String, Value>,
}

/// One object that changed; all of them, in order, rebuild the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Line {
    Base(Base),
    Container(Box<Container>),
    Media(Box<Media>),
    Comment(Comment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Changed {
    Base,
    Container(u64),
    Media(u64),
    Comment(u64),
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    /// As the sandbox was started.
    start: Settings,
    base: Base,
    containers: BTreeMap<u64, Container>,
    media: BTreeMap<u64, Media>,
    /// The posts by their time, those of one moment by their id.
    posts: BTreeSet<(Millis, u64)>,
    comments: BTreeMap<u64, Comment>,
    changed: BTreeSet<Changed>,
}

fn next<T>(map: &BTreeMap<u64, T>, first: u64) -> u64 {
    map.last_key_value().map_or(first, |(last, _)| last + STRIDE)
}

impl World {
    /// A world that begins at `now`.
    pub(crate) fn new(settings: Settings, now: Millis) -> Self {
        Self {
            start: settings.clone(),
            settings,
            base: Base {
                accounts: account::at_start(),
                tokens: token::at_start(now),
                ahead_ms: 0,
                used_codes: Vec::new(),
                switches: Map::new(),
            },
            containers: BTreeMap::new(),
            media: BTreeMap::new(),
            posts: BTreeSet::new(),
            comments: BTreeMap::new(),
            changed: BTreeSet::from([Changed::Base]),
        }
    }

    /// Takes over one object as it was recorded.
    pub(crate) fn restore(&mut self, line: Line) {
        match line {
            Line::Base(base) => {
                // Switches of an older version that are gone are no reason not to start.
                self.settings = self.start.with(&base.switches).unwrap_or_else(|_| self.start.clone());
                self.base = base;
            }
            Line::Container(container) => {
                self.containers.insert(container.id, *container);
            }
            Line::Media(media) => self.keep(*media),
            Line::Comment(comment) => {
                self.comments.insert(comment.id, comment);
            }
        }
    }

    /// What changed since the last call, to be recorded before any answer mentions it.
    pub(crate) fn take_changes(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.changed).into_iter().filter_map(|changed| self.line(changed)).collect()
    }

    /// Puts changes back that could not be recorded.
    pub(crate) fn put_back(&mut self, lines: &[Line]) {
        self.changed.extend(lines.iter().map(|line| match line {
            Line::Base(_) => Changed::Base,
            Line::Container(container) => Changed::Container(container.id),
            Line::Media(media) => Changed::Media(media.id),
            Line::Comment(comment) => Changed::Comment(comment.id),
        }));
    }

    /// Everything, for a fresh file.
    pub(crate) fn all_lines(&self) -> Vec<Line> {
        let base = std::iter::once(Changed::Base);
        base.chain(self.containers.keys().map(|id| Changed::Container(*id)))
            .chain(self.media.keys().map(|id| Changed::Media(*id)))
            .chain(self.comments.keys().map(|id| Changed::Comment(*id)))
            .filter_map(|changed| self.line(changed))
            .collect()
    }

    fn line(&self, changed: Changed) -> Option<Line> {
        match changed {
            Changed::Base => Some(Line::Base(self.base.clone())),
            Changed::Container(id) => self.containers.get(&id).map(|one| Line::Container(Box::new(one.clone()))),
            Changed::Media(id) => self.media.get(&id).map(|one| Line::Media(Box::new(one.clone()))),
            Changed::Comment(id) => self.comments.get(&id).map(|one| Line::Comment(one.clone())),
        }
    }

    /// Forgets all posts and starts again at `now`, extra accounts kept.
    pub(crate) fn reset(&mut self, now: Millis) {
        let extra = std::mem::take(&mut self.base.accounts);
        *self = Self::new(self.start.clone(), now);
        for account in extra {
            self.add_account(Account { state: account::State::Active, professional_since: None, ..account });
        }
    }

    /// Changes some switches, for the next process, too.
    ///
    /// # Errors
    ///
    /// There is no such switch, or it has other values; nothing is changed.
    pub(crate) fn switch(&mut self, change: &Map<String, Value>) -> Result<(), serde_json::Error> {
        self.settings = self.settings.with(change)?;
        self.base.switches.extend(change.clone());
        self.changed.insert(Changed::Base);
        Ok(())
    }

    // --- time ---

    /// How far this clock is ahead of the machine's, in milliseconds.
    pub(crate) fn ahead(&self) -> Millis {
        self.base.ahead_ms
    }

    pub(crate) fn advance(&mut self, by: Millis) {
        self.base.ahead_ms = self.base.ahead_ms.saturating_add(by);
        self.changed.insert(Changed::Base);
    }

    // --- containers ---

    pub(crate) fn container(&self, id: u64) -> Option<&Container> {
        self.containers.get(&id)
    }

    pub(crate) fn containers_of<'a>(&'a self, user_id: &'a str) -> impl Iterator<Item = &'a Container> {
        self.containers.values().rev().filter(move |container| container.user_id == user_id)
    }

    /// Sets how far each unfinished upload has come, as `received` says.
    pub(crate) fn resume_uploads(&mut self, received: impl Fn(u64) -> u64) {
        for (id, container) in &mut self.containers {
            if let Some(upload) = container.upload.as_mut().filter(|upload| !upload.complete) {
                upload.received = received(*id);
            }
        }
    }

    pub(crate) fn container_mut(&mut self, id: u64) -> Option<&mut Container> {
        let container = self.containers.get_mut(&id)?;
        self.changed.insert(Changed::Container(id));
        Some(container)
    }

    /// Refuses when the account has made its containers of the last 24 hours.
    pub(crate) fn check_budget(&self, user_id: &str, now: Millis) -> Result<(), Refusal> {
        let made = self.containers_of(user_id).take_while(|container| container.created_at > now - DAY).count();
        if made >= CONTAINER_LIMIT { Err((&CONTAINER_BUDGET).into()) } else { Ok(()) }
    }

    /// Adds a container and returns its id; the one in `container` is ignored.
    pub(crate) fn add_container(&mut self, container: Container) -> u64 {
        let id = next(&self.containers, FIRST_CONTAINER);
        self.containers.insert(id, Container { id, ..container });
        self.changed.insert(Changed::Container(id));
        id
    }

    /// The state of a container, its children included.
    pub(crate) fn phase(&self, container: &Container, now: Millis) -> Phase {
        let own = container.phase(now);
        if own.code != StatusCode::Finished {
            return own;
        }
        let children = container.children.iter().filter_map(|id| self.containers.get(id));
        let mut worst = own;
        for phase in children.map(|child| child.phase(now)) {
            match phase.code {
                StatusCode::Error => return phase,
                StatusCode::InProgress => worst = phase,
                StatusCode::Expired => return Phase { code: StatusCode::Error, subcode: CONTAINER_GONE.subcode },
                StatusCode::Finished | StatusCode::Published => {}
            }
        }
        worst
    }

    // --- media ---

    pub(crate) fn media(&self, id: u64) -> Option<&Media> {
        self.media.get(&id).filter(|media| !media.deleted)
    }

    /// Deleted ones, too.
    pub(crate) fn any_media(&self, id: u64) -> Option<&Media> {
        self.media.get(&id)
    }

    /// All posts in publish order, deleted ones included.
    pub(crate) fn published(&self) -> impl DoubleEndedIterator<Item = &Media> {
        self.posts.iter().filter_map(|(_, id)| self.media.get(id))
    }

    /// The posts of one account, newest first, deleted ones included.
    pub(crate) fn media_of<'a>(&'a self, user_id: &'a str) -> impl Iterator<Item = &'a Media> {
        self.published().rev().filter(move |media| media.user_id == user_id)
    }

    fn keep(&mut self, media: Media) {
        if media.kind.is_some() {
            self.posts.insert((media.published_at, media.id));
        }
        self.media.insert(media.id, media);
    }

    fn add_media(&mut self, media: Media) {
        self.changed.insert(Changed::Media(media.id));
        self.keep(media);
    }

    /// Puts posts into the feed of an account as if they always had been there; their ids.
    pub(crate) fn seed(&mut self, user_id: &str, posts: Vec<NewPost>, now: Millis) -> Vec<u64> {
        let mut made = Vec::with_capacity(posts.len());
        for post in posts {
            let first = next(&self.media, FIRST_MEDIA);
            let ids: Vec<u64> = (0..).map(|n| first + n * STRIDE).take(post.len()).collect();
            for media in post.media(user_id, &ids, now) {
                self.add_media(media);
            }
            made.push(first);
        }
        made
    }

    /// Changes a live post behind the API's back.
    ///
    /// # Errors
    ///
    /// Why not; `None`: there is no such post.
    pub(crate) fn change_post(&mut self, id: u64, change: Change) -> Result<(), Option<String>> {
        let post = self.media.get(&id).filter(|media| media.kind.is_some()).ok_or(None)?;
        let slides = change.slides(post).map_err(Some)?;
        let all: Vec<u64> = post.children.iter().copied().chain([id]).collect();
        if let Some(deleted) = change.deleted {
            for media in all {
                if let Some(media) = self.media_mut(media) {
                    media.deleted = deleted;
                }
            }
        }
        if let Some(post) = self.media_mut(id) {
            change.apply(post, slides);
        }
        Ok(())
    }

    pub(crate) fn media_mut(&mut self, id: u64) -> Option<&mut Media> {
        let media = self.media.get_mut(&id)?;
        self.changed.insert(Changed::Media(id));
        Some(media)
    }

    /// The comments of one media, newest first.
    pub(crate) fn comments_of(&self, media_id: u64) -> impl Iterator<Item = &Comment> {
        self.comments.values().rev().filter(move |comment| comment.media_id == media_id && !comment.deleted)
    }

    pub(crate) fn comment(&self, id: u64) -> Option<&Comment> {
        self.comments.get(&id).filter(|comment| !comment.deleted)
    }

    pub(crate) fn comment_mut(&mut self, id: u64) -> Option<&mut Comment> {
        let comment = self.comments.get_mut(&id).filter(|comment| !comment.deleted)?;
        self.changed.insert(Changed::Comment(id));
        Some(comment)
    }

    pub(crate) fn add_comment(&mut self, media_id: u64, text: String, now: Millis) -> u64 {
        let id = next(&self.comments, FIRST_COMMENT);
        self.comments.insert(id, Comment { id, media_id, text, at: now, hidden: false, deleted: false });
        self.changed.insert(Changed::Comment(id));
        id
    }
}
