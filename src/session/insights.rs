//! The numbers of published posts, read for one account.

mod journal;
mod refusals;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{Kind, MediaId, UserId};
use igsync_base::insights::{Numbers, Unread};
use igsync_instagram::scopes;
use igsync_instagram::{Client, Error, PostNumbers, Wanted};
use igsync_media::probe::{Format, probe};
use igsync_model::config::Account;
use igsync_model::insights::{Missing, Row, Sample};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Source;

use super::credentials;
use super::ports::Ports;
use super::project::Project;

pub(crate) use journal::Journal;

/// Stories have insights so long.
const STORY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Clocks of several machines have published, so the listing is read back a little further.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// Which published posts are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice {
    /// Published then or later.
    pub since: Option<Timestamp>,
    pub kind: Option<Kind>,
}

impl Choice {
    fn has(self, record: &Record) -> bool {
        self.kind.is_none_or(|kind| record.kind == kind)
            && self.since.is_none_or(|since| record.published_at().is_some_and(|at| at >= since))
    }
}

/// The posts of one account, and what else its listing held.
pub(crate) struct AccountRows {
    pub rows: Vec<Row>,
    /// The account's other posts that were read: what is usual is found out by all.
    pub others: Vec<(Kind, Sample)>,
    /// Permissions that the token lacks, or may lack.
    pub scopes: &'static [&'static str],
    /// `false`: that they are missing is one of two explanations.
    pub is_certain: bool,
    /// Requests that it took.
    pub calls: u32,
}

impl Default for AccountRows {
    /// Of an account that was not asked.
    fn default() -> Self {
        Self { rows: Vec::new(), others: Vec::new(), scopes: &[], is_certain: true, calls: 0 }
    }
}

/// The published records of an account that are shown.
pub(crate) fn chosen<'p>(project: &'p Project, user: &UserId, choice: Choice) -> Vec<&'p Record> {
    let records = project.snapshot.records.iter();
    let is_wanted =
        |record: &&Record| record.stage() == Stage::Published && record.user_id == *user && choice.has(record);
    records.filter(is_wanted).collect()
}

/// Reads the numbers of these records.
///
/// # Errors
///
/// Nothing could be read. A missing permission is no error.
pub(crate) async fn read(
    account: &Account,
    user: &UserId,
    records: &[&Record],
    client: &Client,
    project: &Project,
    ports: &Ports,
) -> Result<AccountRows, Error> {
    let now = client.server_now();
    let is_over = |record: &Record| {
        record.kind == Kind::Story && record.published_at().is_some_and(|at| now.duration_since(at) > STORY_LIFE)
    };
    let asked = records.iter().filter(|record| !is_over(record));
    let shown: BTreeMap<MediaId, Kind> =
        asked.clone().filter_map(|record| Some((record.claimed_media()?.clone(), record.kind))).collect();
    let oldest = asked.filter(|record| record.kind != Kind::Story && record.claimed_media().is_some());
    // The whole listing, where one of them has no time.
    let times: Option<Vec<Timestamp>> = oldest.map(|record| record.published_at()).collect();
    let oldest = times.and_then(|times| times.into_iter().min());
    let since = oldest.and_then(|at| at.checked_sub(MARGIN).ok()).unwrap_or(Timestamp::MIN);
    let known = refusals::recall(project, user, ports);
    let wanted = Wanted { user, posts: &shown, since, refused: &known };
    let found = client.insights(wanted).await?;
    if found.refused != known {
        refusals::remember(project, user, &found.refused, ports);
    }
    let is_doubted = found.posts.iter().any(|post| post.unread == Some(Unread::Withheld));
    let lacks = found.is_permitted == Some(false) || (is_doubted && found.is_permitted.is_none());
    let scopes: &[&str] = if lacks { scopes::for_insights(credentials::flavour(account.login)) } else { &[] };
    let live: HashMap<&MediaId, &PostNumbers> = found.posts.iter().map(|post| (&post.id, post)).collect();
    let durations = Durations { project, ports };
    let rows: Vec<Row> = records
        .iter()
        .map(|record| {
            let post = record.claimed_media().and_then(|id| live.get(id)).copied();
            let missing = match (record.claimed_media(), post) {
                (None, _) => Some(Missing::NoId),
                (Some(_), Some(post)) => post.unread.map(Missing::Unread),
                (Some(_), None) if record.kind == Kind::Story => Some(Missing::StoryOver),
                (Some(_), None) => Some(Missing::NotListed),
            };
            Row {
                key: record.key.clone(),
                account: account.name.clone(),
                user_id: user.clone(),
                kind: record.kind,
                media_id: record.claimed_media().cloned(),
                permalink: record.live().and_then(|live| live.permalink.clone()),
                published_at: record.published_at(),
                sample: Sample {
                    numbers: post.map_or_else(Numbers::default, |post| post.numbers),
                    duration_ms: post.and_then(|_| durations.of(record)),
                },
                missing,
            }
        })
        .collect();
    let others = found.posts.iter().filter(|post| !shown.contains_key(&post.id));
    let others = others.filter_map(|post| Some((post.kind?, Sample { numbers: post.numbers, duration_ms: None })));
    Ok(AccountRows {
        others: others.collect(),
        rows,
        scopes,
        is_certain: !lacks || found.is_permitted == Some(false),
        calls: found.calls,
    })
}

/// How long clips are, as their files say.
struct Durations<'p> {
    project: &'p Project,
    ports: &'p Ports,
}

impl Durations<'_> {
    /// Of a reel whose clip is on this disk as it was published, in milliseconds.
    fn of(&self, record: &Record) -> Option<u64> {
        if record.kind != Kind::Reel {
            return None;
        }
        let post = self.project.posts.iter().find(|post| {
            post.key == record.key && post.user_id.as_ref() == Some(&record.user_id) && post.content.kind == Kind::Reel
        })?;
        let Source::Local(path) = &post.content.items.first()?.source else { return None };
        let sent = record.media.iter().find(|sent| sent.file == **path)?;
        let place = self.project.root.join(&**path);
        if self.ports.disk.stat(&place).ok()?.len != sent.size {
            return None;
        }
        match probe(&mut *self.ports.disk.open(&place).ok()?).ok()?.format {
            Format::Video(video) => video.duration_ms,
            _ => None,
        }
    }
}
