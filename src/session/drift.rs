//! One account's feed beside its record, read and compared; and what the last comparison on this machine saw.

mod seen;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::Instagram;
use crate::engine::instagram::refusal;
use igsync_apply::missing::{Found, Sight, Suspect, search};
use igsync_apply::{Context, Halt, Stop};
use igsync_base::feed::Feed;
use igsync_base::id::{AccountName, MediaId, PostKey, UserId};
use igsync_instagram::{Client, WHOLE_FEED};
use igsync_model::drift::{Absence, Drift, Range, compare, reopened};
use igsync_model::lockfile::Record;

use super::credentials::read_again;
use super::project::Project;

pub(crate) use seen::{Seen, recall, remember};

/// What was read of one account.
pub(crate) struct Looked {
    pub drift: Drift,
    /// The feed was read to its end, or past the range.
    pub is_complete: bool,
    /// Of the feed alone.
    pub calls: u32,
}

/// Reads an account's feed, compares it, and looks a second time for what is not in it.
///
/// # Errors
///
/// The feed could not be read, or the run has to end: nothing is known then.
pub(crate) async fn look(
    project: &Project,
    account: &AccountName,
    user: &UserId,
    client: &Arc<Client>,
    range: Range,
    run: &Context,
) -> Result<Looked, Halt> {
    let (since, pages) = match range {
        Range::All => (None, WHOLE_FEED),
        Range::Since(since) => (Some(since), WHOLE_FEED),
        Range::Recent(count) => (None, u32::try_from(count.div_ceil(100)).unwrap_or(WHOLE_FEED)),
    };
    let feed = read(user, client, since, pages, run).await?;
    let graph = graph_of(project);
    let records = &project.snapshot.records;
    let mut drift = compare(user, graph.as_deref(), records, &feed, &project.posts, range);
    let suspects: Vec<Suspect> = drift
        .unlisted
        .iter()
        .map(|post| Suspect { media: post.media.clone(), published_at: post.published_at })
        .collect();
    if !suspects.is_empty() {
        let is_ours = |record: &&Record| record.user_id == *user && record.graph == graph;
        let mut recorded: Vec<(Option<Timestamp>, MediaId)> = records
            .iter()
            .filter(is_ours)
            .filter_map(|record| Some((record.published_at(), record.live()?.media_id.clone()?)))
            .collect();
        // The newest first: the likeliest to answer.
        recorded.sort_by(|a, b| b.cmp(a));
        let recorded: Vec<MediaId> = recorded.into_iter().map(|(_, media)| media).collect();
        let rows = feed.posts.iter().map(|post| (&post.id, post.at));
        let sight = Sight::new(rows, feed.is_complete, since);
        let engine = Instagram::new(Arc::clone(client), user.clone());
        let found = search(run, account, &engine, &suspects, &recorded, Some(sight)).await.map_err(Stop::into_halt)?;
        for (post, found) in drift.unlisted.iter_mut().zip(found) {
            post.absence = match found {
                Found::Gone => Absence::Gone,
                Found::There => Absence::Answers,
                Found::Unclear => Absence::NotSeen,
            };
        }
    }
    hide_secrets(&mut drift, client);
    Ok(Looked { drift, is_complete: feed.is_complete, calls: feed.calls })
}

/// Whatever a server puts into a caption: no token is shown. Compared is what it sent.
fn hide_secrets(drift: &mut Drift, client: &Client) {
    let live = drift.edited.iter_mut().flat_map(|post| &mut post.differences).filter_map(|one| one.live.as_mut());
    let captions = drift.unmanaged.iter_mut().filter_map(|post| post.caption.as_mut());
    for text in live.chain(captions) {
        *text = client.without_secrets(text);
    }
}

/// What of an account's feed a plan takes into account.
pub(crate) struct Glance {
    /// As [`look`] finds it, of all posts, without looking twice for what is not listed: for a count.
    pub drift: Drift,
    /// Posts whose comments are to be switched off again.
    pub reopened: BTreeMap<PostKey, MediaId>,
}

/// Reads an account's feed once.
///
/// # Errors
///
/// As [`look`].
pub(crate) async fn glance(
    project: &Project,
    user: &UserId,
    client: &Arc<Client>,
    run: &Context,
) -> Result<Glance, Halt> {
    let feed = read(user, client, None, WHOLE_FEED, run).await?;
    let (graph, records) = (graph_of(project), &project.snapshot.records);
    Ok(Glance {
        drift: compare(user, graph.as_deref(), records, &feed, &project.posts, Range::All),
        reopened: reopened(user, graph.as_deref(), records, &feed, project.posts.iter().map(|post| &**post)),
    })
}

async fn read(
    user: &UserId,
    client: &Client,
    since: Option<Timestamp>,
    pages: u32,
    run: &Context,
) -> Result<Feed, Halt> {
    let feed = run.ask(client.feed(user, since, pages)).await.map_err(Stop::into_halt)?;
    feed.map_err(|error| read_again(Halt::unreachable(&refusal(&error)), &error))
}

/// The base of the records that this run is about.
fn graph_of(project: &Project) -> Option<String> {
    project.settings.graph_url.as_ref().map(ToString::to_string).filter(|_| !project.sandbox)
}
