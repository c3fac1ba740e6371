//! What a run is doing, for whoever interrupts it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exit::Exit;
use crate::report::events::{Json, Refused};
use crate::report::text::plural;
use igsync_apply::{Event, Observer, PostRef, Signal};
use igsync_base::text::one_line;

use super::terminal::Stream;

/// So many posts are named.
const NAMED: usize = 3;

/// What `apply` is doing. Clones see the same run.
#[derive(Clone, Default)]
pub struct UnderWay(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_applying: bool,
    /// Announced, and without an outcome.
    announced: Vec<PostRef>,
    /// The output for programs.
    json: Option<Json<Stream>>,
}

impl UnderWay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `apply` begins, with what writes its events for programs.
    pub(super) fn begin(&self, json: Option<Json<Stream>>) {
        *self.state() = State { is_applying: true, announced: Vec::new(), json };
    }

    /// An observer that also takes note of what is announced.
    pub(super) fn observing(&self, inner: Box<dyn Observer>) -> Box<dyn Observer> {
        Box::new(Watching { inner, run: self.clone() })
    }

    /// What is said at the first signal; `None`: nothing is under way that takes long to end.
    pub(super) fn on_first(&self, signal: Signal) -> Option<String> {
        let state = self.state();
        if !state.is_applying {
            return None;
        }
        let (name, again) = words(signal);
        Some(match posts(&state.announced) {
            None => format!(
                "{name}: nothing is being published; waiting up to 2 s for calls under way, then what happened is recorded\n  \
                 {again} exits at once; the next apply continues either way"
            ),
            Some(posts) => format!(
                "{name}: the publish of {posts} is announced; if it is under way, its answer is waited for up to 5 s\n  \
                 {again} exits at once: {posts} may then be live, and the next apply finds out before it sends anything"
            ),
        })
    }

    /// What is said at the second signal.
    pub(super) fn on_second(&self) -> Option<String> {
        let state = self.state();
        if !state.is_applying {
            return None;
        }
        Some(match posts(&state.announced) {
            None => "exited at once: no publish was under way; the next apply continues".to_owned(),
            Some(posts) => {
                format!("exited at once: {posts} may be live; the next apply finds out before it sends anything")
            }
        })
    }

    /// Ends the output for programs, where there is one.
    pub(super) fn close(&self, reason: &str, exit: Exit) {
        let json = self.state().json.clone();
        if let Some(json) = json {
            json.try_close(&Refused { reason: reason.to_owned(), ..Refused::default() }, exit);
        }
    }
}

fn words(signal: Signal) -> (&'static str, &'static str) {
    match signal {
        Signal::Interrupt => ("interrupted", "Ctrl-C again"),
        Signal::Terminate => ("asked to stop", "a second signal"),
    }
}

/// `posts/a and 2 more posts`; `None`: there is none.
fn posts(announced: &[PostRef]) -> Option<String> {
    if announced.is_empty() {
        return None;
    }
    let mut named: Vec<String> = announced.iter().take(NAMED).map(|post| one_line(post.key.as_str())).collect();
    if announced.len() > NAMED {
        named.push(plural(announced.len() - NAMED, "more post"));
    }
    let last = named.pop().unwrap_or_default();
    Some(if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) })
}

struct Watching {
    inner: Box<dyn Observer>,
    run: UnderWay,
}

impl Observer for Watching {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut state = self.run.state();
        match event {
            Event::IntentRecorded { post, .. } if !state.announced.contains(post) => {
                state.announced.push(post.clone());
            }
            Event::PostPublished { post, .. }
            | Event::PostAdopted { post, .. }
            | Event::PostFailed { post, .. }
            | Event::PostUnknown { post, .. }
            | Event::PostDeferred { post, .. }
            | Event::NotAttempted { post, .. } => state.announced.retain(|other| other != post),
            _ => {}
        }
        drop(state);
        self.inner.event(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(key: &str) -> PostRef {
        PostRef { key: key.into(), account: "brand".into() }
    }

    fn announced(keys: &[&str]) -> UnderWay {
        let run = UnderWay::default();
        run.begin(None);
        let mut observer = run.observing(Box::new(super::super::Silent));
        for key in keys {
            observer.event(&Event::IntentRecorded { post: post(key), container: "1".into() }).unwrap();
        }
        run
    }

    #[test]
    fn an_interruption_says_what_is_awaited_and_what_another_one_means() {
        insta::assert_snapshot!(announced(&["a"]).on_first(Signal::Interrupt).unwrap(), @r"
        interrupted: the publish of a is announced; if it is under way, its answer is waited for up to 5 s
          Ctrl-C again exits at once: a may then be live, and the next apply finds out before it sends anything
        ");
        insta::assert_snapshot!(announced(&[]).on_first(Signal::Terminate).unwrap(), @r"
        asked to stop: nothing is being published; waiting up to 2 s for calls under way, then what happened is recorded
          a second signal exits at once; the next apply continues either way
        ");
        insta::assert_snapshot!(announced(&["a", "b", "c", "d", "e"]).on_second().unwrap(), @"exited at once: a, b, c and 2 more posts may be live; the next apply finds out before it sends anything");
    }

    #[test]
    fn a_post_with_an_outcome_is_no_longer_named() {
        let run = announced(&["a", "b"]);
        run.observing(Box::new(super::super::Silent))
            .event(&Event::PostPublished { post: post("a"), media_id: None })
            .unwrap();
        assert!(run.on_second().unwrap().starts_with("exited at once: b may be live"));
    }

    #[test]
    fn only_a_run_that_publishes_has_something_to_say() {
        assert_eq!((UnderWay::default().on_first(Signal::Interrupt), UnderWay::default().on_second()), (None, None));
    }
}
