//! Moves: the manifest has a new key, the record follows. No call is made.

use crate::id::PostKey;
use crate::lockfile::State;
use crate::manifest::Post;
use crate::plan::{Action, Plan};

use super::context::{Halt, Shared};

/// Renames the records of every moved post and returns how many posts that were.
pub fn rename(plan: &Plan, shared: &Shared) -> Result<usize, Halt> {
    let mut moved = 0;
    for change in &plan.changes {
        if let Action::Moved { from } = &change.action
            && let Some(post) = &change.post
        {
            rename_one(post, from, shared)?;
            moved += 1;
        }
    }
    Ok(moved)
}

/// Every attempt moves, whatever its state, and each with its tombstone in one durable write: one
/// without the other would be published again.
fn rename_one(post: &Post, from: &PostKey, shared: &Shared) -> Result<(), Halt> {
    let Some(user_id) = &post.user_id else { return Ok(()) };
    let attempts = shared.attempts(user_id, from);
    for old in attempts.into_iter().filter(|record| record.state != State::Forgotten) {
        let [mut copy, tombstone] = old.moved(post.key.clone(), shared.new_attempt());
        copy.account = post.account.clone();
        copy.file = Some(post.file.to_string());
        copy.rev += 1;
        shared.record_all(vec![copy, tombstone])?;
    }
    Ok(())
}
