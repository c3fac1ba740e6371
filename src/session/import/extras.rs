//! What of live posts takes calls of its own: the first comment, the collaborators.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream;

use igsync_base::feed::{Extras, LivePost};
use igsync_base::id::{Kind, MediaId};
use igsync_instagram::{Client, Error};

use super::job::Left;

/// Posts that are asked about at a time.
const AT_A_TIME: usize = 4;
/// Comments come newest first, 50 a call: those of a post with more of them are not read to the first.
const PAGES: u32 = 4;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The username of the account, without `@`: its own first comments.
    pub comments_of: Option<String>,
    pub collaborators: bool,
}

/// What was read, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub extras: HashMap<MediaId, Extras>,
    pub left: Vec<Left>,
    pub calls: u32,
}

/// Reads the extras of these posts; of stories there are none.
///
/// # Errors
///
/// The account can be asked nothing more.
pub(crate) async fn read_extras(client: &Client, posts: &[&LivePost], wish: &Wish) -> Result<Read, Error> {
    let mut read = Read::default();
    let asked = posts.iter().filter(|post| post.kind != Some(Kind::Story));
    let ask = |post: &&LivePost| {
        let post = (*post).clone();
        async move { (one(client, &post, wish).await, post) }
    };
    let mut all = stream::iter(asked.map(ask)).buffered(AT_A_TIME);
    while let Some((one, post)) = all.next().await {
        read.calls += one.calls;
        for error in one.problems {
            let reason = match error {
                Problem::Refused(error) if error.is_account_level() => return Err(error),
                Problem::Refused(error) => error.to_string(),
                Problem::TooMany => "it has more comments than are read back to its first".to_owned(),
            };
            read.left.push(Left { what: post.id.to_string(), reason });
        }
        read.extras.insert(post.id, one.extras);
    }
    Ok(read)
}

#[derive(Default)]
struct One {
    extras: Extras,
    problems: Vec<Problem>,
    calls: u32,
}

enum Problem {
    Refused(Error),
    TooMany,
}

async fn one(client: &Client, post: &LivePost, wish: &Wish) -> One {
    let mut one = One::default();
    if let (Some(username), Some(at)) = (&wish.comments_of, post.at)
        && post.comments != Some(0)
    {
        match client.comments_by_name(&post.id, PAGES).await {
            Ok(comments) => {
                one.calls += u32::try_from(comments.comments.len().div_ceil(50).max(1)).unwrap_or(PAGES);
                let first = comments.first_of(username, at).map(str::to_owned);
                if first.is_none() && !comments.is_complete {
                    one.problems.push(Problem::TooMany);
                }
                one.extras.first_comment = Some(first);
            }
            Err(error) => one.problems.push(Problem::Refused(error)),
        }
    }
    if wish.collaborators {
        one.calls += 1;
        match client.collaborators(&post.id).await {
            Ok(names) => one.extras.collaborators = Some(names),
            Err(error) => one.problems.push(Problem::Refused(error)),
        }
    }
    one
}
