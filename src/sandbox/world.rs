//! Everything the sandbox knows: accounts, containers, media. Pure: `now` is an argument, and what
//! has to be written down is collected for the caller.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use super::container::{Comment, Container, Marks, Media, Phase, Role};
use super::error::{
    CONTAINER_BUDGET, CONTAINER_GONE, CONTAINER_NOT_FOUND, NOT_READY, PARAMETER, QUOTA, Refusal, TOKEN_UNREADABLE,
};
use super::options::{PublishTwice, Settings};
use super::time::{DAY, Millis};
use super::token::{self, Token};
use crate::graph::wire::StatusCode;
use crate::id::Kind;

/// Containers per account and rolling 24 hours.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub(crate) const CONTAINER_LIMIT: usize = 400;

const FIRST_CONTAINER: u64 = 17_850_000_000_000_001;
const FIRST_MEDIA: u64 = 17_900_000_000_000_001;
const FIRST_COMMENT: u64 = 18_000_000_000_000_001;
/// Ids of real posts are no neighbours; a client that counts on must fail.
const STRIDE: u64 = 37;

/// The part of the world that is small and written down as one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) accounts: Vec<Account>,
    pub(crate) tokens: Vec<Token>,
    /// How far this clock is ahead of the machine's.
    pub(crate) ahead_ms: Millis,
    /// Authorization codes that were exchanged.
    #[serde(default)]
    used_codes: Vec<String>,
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
    base: Base,
    containers: BTreeMap<u64, Container>,
    media: BTreeMap<u64, Media>,
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
            settings,
            base: Base {
                accounts: account::at_start(),
                tokens: token::at_start(now),
                ahead_ms: 0,
                used_codes: Vec::new(),
            },
            containers: BTreeMap::new(),
            media: BTreeMap::new(),
            comments: BTreeMap::new(),
            changed: BTreeSet::from([Changed::Base]),
        }
    }

    /// Takes over one object as it was written down.
    pub(crate) fn restore(&mut self, line: Line) {
        match line {
            Line::Base(base) => self.base = base,
            Line::Container(mut container) => {
                // The bytes of an unfinished upload were in memory only.
                if let Some(upload) = container.upload.as_mut().filter(|upload| !upload.complete) {
                    upload.received = 0;
                }
                self.containers.insert(container.id, *container);
            }
            Line::Media(media) => {
                self.media.insert(media.id, *media);
            }
            Line::Comment(comment) => {
                self.comments.insert(comment.id, comment);
            }
        }
    }

    /// What changed since the last call, to be written down before anybody is told.
    pub(crate) fn take_changes(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.changed).into_iter().filter_map(|changed| self.line(changed)).collect()
    }

    /// Puts changes back that could not be written down.
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

    /// Forgets all posts and starts anew at `now`, extra accounts kept.
    pub(crate) fn reset(&mut self, now: Millis) {
        let extra = std::mem::take(&mut self.base.accounts);
        *self = Self::new(self.settings.clone(), now);
        for account in extra {
            self.add_account(account);
        }
    }

    // --- accounts and tokens ---

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.base.accounts
    }

    pub(crate) fn account(&self, user_id: &str) -> Option<&Account> {
        self.base.accounts.iter().find(|account| account.user_id == user_id)
    }

    /// Adds an account unless it is there.
    pub(crate) fn add_account(&mut self, account: Account) {
        if self.account(&account.user_id).is_none() {
            self.base.accounts.push(account);
            self.changed.insert(Changed::Base);
        }
    }

    pub(crate) fn token(&self, text: &str) -> Option<&Token> {
        self.base.tokens.iter().find(|token| token.text == text)
    }

    pub(crate) fn token_names(&self) -> impl Iterator<Item = &str> {
        self.base.tokens.iter().map(|token| token.text.as_str())
    }

    /// Adds a token with the reach of another one. Its text is new.
    pub(crate) fn issue(&mut self, model: &str, prefix: &str, now: Millis, life: Millis) -> Result<Token, Refusal> {
        let old = self.token(model).ok_or(&TOKEN_UNREADABLE)?;
        let text = format!("{prefix}-{}", self.base.tokens.len());
        let token = Token { text, issued_at: now, expires_at: Some(now + life), dead: None, ..old.clone() };
        self.base.tokens.push(token.clone());
        self.changed.insert(Changed::Base);
        Ok(token)
    }

    /// Whether an authorization code is used for the first time.
    pub(crate) fn use_code(&mut self, code: &str) -> bool {
        let fresh = !self.base.used_codes.iter().any(|used| used == code);
        self.base.used_codes.push(code.to_owned());
        self.changed.insert(Changed::Base);
        fresh
    }

    /// Makes a token answer 190 with this subcode from now on.
    pub(crate) fn kill_token(&mut self, text: &str, subcode: i64) {
        if let Some(token) = self.base.tokens.iter_mut().find(|token| token.text == text) {
            token.dead = Some(subcode);
            self.changed.insert(Changed::Base);
        }
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

    /// Where a container stands, its children included.
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

    // --- publishing ---

    /// Posts of the last 24 hours, and how many of them the reported usage already counts.
    pub(crate) fn usage(&self, user_id: &str, now: Millis) -> (usize, usize) {
        let recent = self.media_of(user_id).take_while(|media| media.published_at > now - DAY);
        let lag = self.settings.quota_lag_ms;
        recent.fold((0, 0), |(all, seen), media| (all + 1, seen + usize::from(media.published_at + lag <= now)))
    }

    /// The one call that cannot be undone. A container becomes a post once at most.
    pub(crate) fn publish(&mut self, user_id: &str, id: u64, marks: &Marks, now: Millis) -> Result<u64, Refusal> {
        let settings = self.settings.clone();
        let usage = self.usage(user_id, now).0;
        let container = self.containers.get_mut(&id).filter(|container| container.user_id == user_id);
        let container = container.ok_or(&CONTAINER_NOT_FOUND)?;
        container.publish_calls += 1;
        container.marks.not_ready_publishes += marks.not_ready_publishes;
        self.changed.insert(Changed::Container(id));
        let container = container.clone();
        match self.phase(&container, now).code {
            StatusCode::Published => return Err(twice(settings.publish_twice)),
            StatusCode::Expired => return Err((&CONTAINER_GONE).into()),
            StatusCode::InProgress => return Err((&NOT_READY).into()),
            StatusCode::Error => {
                return Err(NOT_READY.because("The media could not be processed and cannot be published"));
            }
            StatusCode::Finished => {}
        }
        let Role::Post(kind) = container.role else {
            return Err(PARAMETER.because("(#100) A carousel item cannot be published by itself"));
        };
        if usage >= settings.quota_total {
            return Err((&QUOTA).into());
        }
        if container.marks.not_ready_publishes > 0 {
            if let Some(container) = self.containers.get_mut(&id) {
                container.marks.not_ready_publishes -= 1;
            }
            return Err((&NOT_READY).into());
        }
        Ok(self.make_public(&container, kind, marks.hide_ms.max(container.marks.hide_ms), now))
    }

    fn make_public(&mut self, container: &Container, kind: Kind, hide: Millis, now: Millis) -> u64 {
        let id = next(&self.media, FIRST_MEDIA);
        let children: Vec<Container> =
            container.children.iter().filter_map(|id| self.containers.get(id)).cloned().collect();
        let listed_at = now + hide.max(self.settings.listing_lag_ms);
        let mut post = media_of(container, id, Some(kind), now, listed_at);
        for (child, id) in children.iter().zip((1..).map(|n| id + n * STRIDE)) {
            post.children.push(id);
            self.media.insert(id, media_of(child, id, None, now, listed_at));
            self.changed.insert(Changed::Media(id));
        }
        self.media.insert(id, post);
        self.changed.insert(Changed::Media(id));
        for used in std::iter::once(container.id).chain(container.children.iter().copied()) {
            if let Some(used) = self.container_mut(used) {
                used.media_id = Some(id);
            }
        }
        id
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
    pub(crate) fn published(&self) -> impl Iterator<Item = &Media> {
        self.media.values().filter(|media| media.kind.is_some())
    }

    /// The posts of one account, newest first, deleted ones included.
    pub(crate) fn media_of<'a>(&'a self, user_id: &'a str) -> impl Iterator<Item = &'a Media> {
        self.media.values().rev().filter(move |media| media.kind.is_some() && media.user_id == user_id)
    }

    pub(crate) fn media_mut(&mut self, id: u64) -> Option<&mut Media> {
        let media = self.media.get_mut(&id)?;
        self.changed.insert(Changed::Media(id));
        Some(media)
    }

    /// The comments of one media, newest first.
    pub(crate) fn comments_of(&self, media_id: u64) -> impl Iterator<Item = &Comment> {
        self.comments.values().rev().filter(move |comment| comment.media_id == media_id)
    }

    pub(crate) fn comment(&self, id: u64) -> Option<&Comment> {
        self.comments.get(&id)
    }

    pub(crate) fn add_comment(&mut self, media_id: u64, text: String, now: Millis) -> u64 {
        let id = next(&self.comments, FIRST_COMMENT);
        self.comments.insert(id, Comment { id, media_id, text, at: now });
        self.changed.insert(Changed::Comment(id));
        id
    }
}

fn media_of(container: &Container, id: u64, kind: Option<Kind>, now: Millis, listed_at: Millis) -> Media {
    Media {
        id,
        user_id: container.user_id.clone(),
        container: container.id,
        kind,
        media_type: container.media_type,
        caption: container.caption.clone(),
        children: Vec::new(),
        params: container.params.clone(),
        stored: container.stored.clone(),
        cover: container.cover.clone(),
        published_at: now,
        listed_at,
        comment_enabled: true,
        deleted: false,
        unreadable: container.marks.unreadable,
    }
}

/// Meta documents nothing here, so by default the answer does not even say that the post is live.
fn twice(choice: PublishTwice) -> Refusal {
    match choice {
        PublishTwice::NotFound => (&CONTAINER_NOT_FOUND).into(),
        PublishTwice::NotReady => (&NOT_READY).into(),
        PublishTwice::Invalid => PARAMETER.because("(#100) The media has already been published"),
    }
}
