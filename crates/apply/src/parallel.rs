//! One step for several posts of an account side by side.

use std::sync::{Arc, Mutex};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};

use igsync_model::manifest::Post;

use super::context::lock;
use super::failure::Failure;
use super::stop::Stop;

/// What came of the step, in the order of the posts.
pub(super) struct Sorted<T> {
    pub(super) done: Vec<T>,
    pub(super) failed: Vec<(Arc<Post>, Failure)>,
    /// Why nothing more was begun.
    pub(super) stopped: Option<Stop>,
}

/// Takes the step for `at_once` posts at a time. What stops the account stops it before the next post is begun.
pub(super) async fn side_by_side<'a, T>(
    posts: Vec<Arc<Post>>,
    at_once: usize,
    step: impl Fn(Arc<Post>) -> LocalBoxFuture<'a, Result<T, Stop>>,
) -> Sorted<T> {
    let (halted, step): (&Mutex<Option<Stop>>, _) = (&Mutex::default(), &step);
    let ended: Vec<_> = stream::iter(posts)
        .map(|post| async move {
            let before = lock(halted).clone();
            let ended = match before {
                Some(halt) => Err(halt),
                None => step(Arc::clone(&post)).await,
            };
            if let Err(halt @ (Stop::Account(_) | Stop::Run(_))) = &ended {
                lock(halted).get_or_insert_with(|| halt.clone());
            }
            (post, ended)
        })
        .buffered(at_once.max(1))
        .collect()
        .await;
    let mut sorted = Sorted { done: Vec::new(), failed: Vec::new(), stopped: None };
    for (post, ended) in ended {
        match ended {
            Ok(value) => sorted.done.push(value),
            Err(Stop::Post(failure)) => sorted.failed.push((post, failure)),
            Err(halt) => sorted.stopped = sorted.stopped.or(Some(halt)),
        }
    }
    sorted
}
