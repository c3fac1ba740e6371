//! Moves: the manifest has a new key, the record follows. No call is made.

use igsync_base::id::PostKey;
use igsync_model::manifest::Post;
use igsync_model::plan::{Action, Plan};

use super::book::{Book, Claim};
use super::context::Context;
use super::stop::Stop;

/// Renames the records of every moved post and returns how many posts that were. A post that another
/// machine has touched meanwhile keeps its key until the next run.
pub(super) async fn rename(plan: &Plan, book: &dyn Book, context: &Context) -> Result<usize, Stop> {
    let moves = plan.changes.iter().filter_map(|change| match (&change.action, &change.post) {
        (Action::Move { from }, Some(post)) => renamed(post, from, book, context),
        _ => None,
    });
    let written = book.claim(moves.collect()).await?;
    Ok(written.into_iter().filter(|written| *written).count())
}

/// Every attempt moves, whatever its state, and all of them with their tombstones in one durable write:
/// a post of which only the refused attempt has moved would be published again.
fn renamed(post: &Post, from: &PostKey, book: &dyn Book, context: &Context) -> Option<Claim> {
    let attempts = book.attempts(post.user_id.as_ref()?, from);
    let new_attempt = &mut || context.new_attempt();
    Some((context.protocol.moved)(&attempts, &post.key, Some(post), Some(&post.account), new_attempt))
}
