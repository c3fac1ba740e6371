//! Moves: the manifest has a new key, the record follows. No call is made.

use crate::id::PostKey;
use crate::manifest::Post;
use crate::plan::{Action, Plan};

use super::context::{Halt, Shared};
use super::remote::Claim;

/// Renames the records of every moved post and returns how many posts that were. A post that another
/// machine has touched meanwhile keeps its key until the next run.
pub(super) async fn rename(plan: &Plan, shared: &Shared) -> Result<usize, Halt> {
    let moves = plan.changes.iter().filter_map(|change| match (&change.action, &change.post) {
        (Action::Move { from }, Some(post)) => renamed(post, from, shared),
        _ => None,
    });
    let written = shared.claim(moves.collect()).await?;
    Ok(written.into_iter().filter(|written| *written).count())
}

/// Every attempt moves, whatever its state, and all of them with their tombstones in one durable write:
/// a post of which only the refused attempt has moved would be published again.
fn renamed(post: &Post, from: &PostKey, shared: &Shared) -> Option<Claim> {
    let attempts = shared.attempts(post.user_id.as_ref()?, from);
    let new_attempt = &mut || shared.new_attempt();
    Some((shared.protocol.moved)(&attempts, &post.key, Some(post), Some(&post.account), new_attempt))
}
