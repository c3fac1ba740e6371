//! Moves: the manifest has a new key, the record follows. No call is made.

use crate::id::PostKey;
use crate::manifest::Post;
use crate::plan::{Action, Plan};

use super::context::{Halt, Shared};

/// Renames the records of every moved post and returns how many posts that were.
pub(super) fn rename(plan: &Plan, shared: &Shared) -> Result<usize, Halt> {
    let mut count = 0;
    for change in &plan.changes {
        if let Action::Moved { from } = &change.action
            && let Some(post) = &change.post
        {
            rename_one(post, from, shared)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Every attempt moves, whatever its state, and all of them with their tombstones in one durable write:
/// a post of which only the refused attempt has moved would be published again.
fn rename_one(post: &Post, from: &PostKey, shared: &Shared) -> Result<(), Halt> {
    let Some(user_id) = &post.user_id else { return Ok(()) };
    let attempts = shared.attempts(user_id, from);
    let records =
        (shared.protocol.moved)(&attempts, &post.key, Some(post), Some(&post.account), &mut || shared.new_attempt());
    shared.record_all(records)
}
