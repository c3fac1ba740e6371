//! How each post of a run ended, and what that makes of the run.

use crate::exit::Exit;
use crate::graph::Error;
use crate::graph::codes::{self, Class};
use crate::id::MediaId;

use super::context::Halt;
use super::event::{Event, PostRef};

/// How one post ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Published(Option<MediaId>),
    Adopted(MediaId),
    /// Settled as not published and closed; the next plan decides.
    Closed,
    Failed(Failure),
    Unknown {
        reason: String,
    },
    /// Left for a later run by quota, rate limit or cap.
    Deferred {
        reason: String,
    },
    NotAttempted {
        reason: String,
    },
    /// Live by the hand of another machine, which has recorded it.
    Elsewhere {
        reason: String,
    },
    /// A publish was sent without a clear answer; the next run finds out before it sends anything.
    Unsettled {
        reason: String,
    },
    /// The post is under way, nothing of it is live, and it was left as it stands.
    Pending {
        reason: String,
    },
}

/// Why one post was not published; nothing of it is live.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// For people: lower case, no full stop.
    pub reason: String,
    pub help: String,
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    pub fbtrace_id: Option<String>,
    /// Refused for its content: not tried again until the manifest changes.
    pub content: bool,
    /// A new container may well succeed.
    pub try_again: bool,
    /// The containers hold bytes that are not the file's: the attempt ends with them.
    pub spoilt: bool,
}

impl Failure {
    pub fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into(), ..Self::default() }
    }

    /// What an answer of Meta says about one post; `step` names what was being done.
    pub fn from_answer(step: &str, error: &Error) -> Self {
        let mut failure = Self::new(format!("{step}: {error}"), error.help());
        if let Some(api) = error.api() {
            failure.code = Some(api.code);
            failure.subcode = api.subcode;
            failure.fbtrace_id.clone_from(&api.fbtrace_id);
            failure.content = api.known().class == Class::FixContent;
        }
        failure
    }

    /// What a container that reads `ERROR` or `EXPIRED` says about its post.
    pub fn from_container(expired: bool, subcode: Option<i64>) -> Self {
        if expired {
            let failure =
                Self::new("the container expired before it was published", "run apply again: a new one is made");
            return Self { try_again: true, ..failure };
        }
        let Some(known) = subcode.and_then(codes::lookup_subcode) else {
            let number = subcode.map_or_else(String::new, |subcode| format!(" (subcode {subcode})"));
            return Self::new(
                format!("Meta could not process the media{number}"),
                "check the media file, then run apply again: a new container is made",
            );
        };
        Self {
            code: known.code,
            subcode,
            content: known.class == Class::FixContent,
            try_again: matches!(known.class, Class::NewContainer | Class::Retry),
            ..Self::new(format!("{} (subcode {})", known.meaning, subcode.unwrap_or_default()), known.remedy)
        }
    }

    /// Names the carousel item, from 1.
    #[must_use]
    pub fn in_item(mut self, number: usize) -> Self {
        self.reason = format!("item {number}: {}", self.reason);
        self
    }
}

impl Outcome {
    /// What happens to a post that had not been begun when its account was halted.
    pub fn halted(halt: &Halt) -> Self {
        let reason = halt.reason.clone();
        if halt.exit == Exit::Deferred { Self::Deferred { reason } } else { Self::NotAttempted { reason } }
    }

    /// The exit of a run in which this was the only post.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Published(_) | Self::Adopted(_) | Self::Closed | Self::Elsewhere { .. } => Exit::Done,
            Self::Failed(_) | Self::NotAttempted { .. } | Self::Unsettled { .. } | Self::Pending { .. } => {
                Exit::Incomplete
            }
            Self::Unknown { .. } => Exit::Unknown,
            Self::Deferred { .. } => Exit::Deferred,
        }
    }

    /// The fact to announce.
    pub fn event(&self, post: PostRef) -> Option<Event> {
        match self {
            Self::Published(media_id) => Some(Event::PostPublished { post, media_id: media_id.clone() }),
            Self::Adopted(media_id) => Some(Event::PostAdopted { post, media_id: media_id.clone() }),
            Self::Closed => None,
            Self::Failed(failure) => Some(Event::PostFailed {
                post,
                reason: failure.reason.clone(),
                code: failure.code,
                subcode: failure.subcode,
                fbtrace_id: failure.fbtrace_id.clone(),
                help: failure.help.clone(),
            }),
            Self::Unknown { reason } => {
                let key = post.key.argument();
                let help = format!("say how it is: `igsync resolve {key} --published` or `--not-published`");
                Some(Event::PostUnknown { reason: reason.clone(), settles_itself: false, help, post })
            }
            Self::Unsettled { reason } => {
                let help = format!("run apply again, or only find out: `igsync resolve {}`", post.key.argument());
                Some(Event::PostUnknown { reason: reason.clone(), settles_itself: true, help, post })
            }
            Self::Deferred { reason } => Some(Event::PostDeferred { post, reason: reason.clone() }),
            Self::NotAttempted { reason } | Self::Pending { reason } | Self::Elsewhere { reason } => {
                Some(Event::NotAttempted { post, reason: reason.clone() })
            }
        }
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub published: usize,
    pub adopted: usize,
    pub failed: usize,
    pub unknown: usize,
    pub unsettled: usize,
    pub deferred: usize,
    pub not_attempted: usize,
    pub moved: usize,
    exit: Option<Exit>,
}

impl Tally {
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Published(_) => self.published += 1,
            Outcome::Adopted(_) => self.adopted += 1,
            Outcome::Closed => {}
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Unknown { .. } => self.unknown += 1,
            Outcome::Unsettled { .. } => self.unsettled += 1,
            Outcome::Deferred { .. } => self.deferred += 1,
            Outcome::NotAttempted { .. } | Outcome::Pending { .. } | Outcome::Elsewhere { .. } => {
                self.not_attempted += 1;
            }
        }
        self.end(outcome.exit());
    }

    /// Adds another part of the same run.
    pub fn absorb(&mut self, other: &Self) {
        self.published += other.published;
        self.adopted += other.adopted;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.unsettled += other.unsettled;
        self.deferred += other.deferred;
        self.not_attempted += other.not_attempted;
        self.moved += other.moved;
        if let Some(exit) = other.exit {
            self.end(exit);
        }
    }

    /// Takes note of one more reason for the exit code.
    pub fn end(&mut self, exit: Exit) {
        self.exit = Some(self.exit.map_or(exit, |so_far| so_far.or(exit)));
    }

    pub fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Done)
    }
}
