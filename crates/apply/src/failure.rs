//! Why one post was not published.

use super::engine::{Class, Refusal};

/// Why one post was not published; nothing of it is live.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that another part of a run asks for")]
pub struct Failure {
    /// For people: lower case, no full stop.
    pub reason: String,
    pub help: String,
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    pub fbtrace_id: Option<String>,
    /// Refused for its content: not tried again until what is sent changes.
    pub content: bool,
    /// A new container may well succeed.
    pub try_again: bool,
    /// The containers hold bytes that are not the file's: the attempt ends with them.
    pub spoilt: bool,
    /// The service is still at work: the next run continues with the same containers.
    pub is_busy: bool,
}

impl Failure {
    pub fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into(), ..Self::default() }
    }

    /// What a refusal says about one post; `step` names what was being done.
    pub fn refused(step: &str, refusal: &Refusal) -> Self {
        Self {
            code: refusal.code,
            subcode: refusal.subcode,
            fbtrace_id: refusal.trace.clone(),
            content: refusal.class == Class::Content,
            ..Self::new(format!("{step}: {}", refusal.text), refusal.help.clone())
        }
    }

    /// What a draft that failed says about its post.
    pub fn dead(why: &Refusal) -> Self {
        Self {
            code: why.code,
            subcode: why.subcode,
            content: why.class == Class::Content,
            try_again: why.class == Class::NewDraft,
            ..Self::new(why.text.clone(), why.help.clone())
        }
    }

    /// The draft became too old to be published.
    pub fn expired() -> Self {
        let failure =
            Self::new("the container expired before it was published", "run apply again: a new one is created");
        Self { try_again: true, ..failure }
    }

    /// Names the carousel item, from 1.
    #[must_use]
    pub fn in_item(mut self, number: usize) -> Self {
        self.reason = format!("item {number}: {}", self.reason);
        self
    }
}
