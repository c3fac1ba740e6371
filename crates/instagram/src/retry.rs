//! Whether a call may be sent again: one pure function of the call and its failure.

use super::codes;
use super::errors::{ApiError, Error, Why};
use super::publish::{PublishAnswer, publish_outcome};

#[cfg(test)]
mod tests;

/// What a call does at Meta, as far as sending it twice is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Changes nothing.
    Read,
    /// A second one costs one of the 400 containers of the day, nothing more.
    CreateContainer,
    /// As [`Self::CreateContainer`], over other containers: a refusal speaks of those, and only their status shows
    /// what helps.
    CreateCarousel,
    /// Cannot be undone: never sent twice without proof.
    Publish,
    /// Continues from where the server is.
    Upload,
    /// A second one is a second comment.
    Comment,
    /// Sets a value; a second one changes nothing.
    Switch,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Send the same again after a delay of this pace.
    Retry(Pace),
    /// It may have happened: look before anything else.
    OutcomeUnknown,
    /// It did not happen (or, of a read: is not known), and sending it again now does not help.
    Stop(Stop),
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Half a second, doubling: a hiccup.
    Soon,
    /// A quarter of a minute, doubling: Meta's own fetching or processing.
    Spaced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// Meta said no to this one call. [`Error::class`] shows whether the content is to blame.
    Refused,
    /// 9007: the same container can be published later.
    NotReady,
    /// Meta said no to the account: its other posts would fail as well.
    Account,
    /// Tried as often as is sensible, or no use in trying.
    GaveUp,
}

/// Tries of one call in all, the first included.
pub const MAX_SOON: u32 = 4;
/// Tries of one call in all, the first included, when they are minutes apart.
pub const MAX_SPACED: u32 = 3;

/// Decides about the call that failed for the `attempt`-th time (from 1).
#[must_use]
pub fn decide(call: Call, failure: &Error, attempt: u32) -> Verdict {
    match failure {
        // Nothing left this machine, so nothing can happen twice.
        Error::NotSent { .. } => again(Pace::Soon, attempt),
        Error::Local { .. } => Verdict::Stop(Stop::GaveUp),
        _ if call == Call::Publish => after_publish(failure),
        Error::Unclear { why, .. } => after_unclear(call, why, attempt),
        Error::Api(error) => after_refusal(call, error, attempt),
        Error::Upload(_) if failure.is_account_level() => Verdict::Stop(Stop::Account),
        Error::Upload(refusal) if refusal.retriable => again(Pace::Soon, attempt),
        Error::Upload(_) => Verdict::Stop(Stop::Refused),
    }
}

fn again(pace: Pace, attempt: u32) -> Verdict {
    let most = match pace {
        Pace::Soon => MAX_SOON,
        Pace::Spaced => MAX_SPACED,
    };
    if attempt < most { Verdict::Retry(pace) } else { Verdict::Stop(Stop::GaveUp) }
}

fn after_publish(failure: &Error) -> Verdict {
    match publish_outcome(failure) {
        PublishAnswer::NotReady(_) => Verdict::Stop(Stop::NotReady),
        PublishAnswer::Refused(_) if failure.is_account_level() => Verdict::Stop(Stop::Account),
        PublishAnswer::Refused(_) => Verdict::Stop(Stop::Refused),
        PublishAnswer::NotSent => Verdict::Stop(Stop::GaveUp),
        PublishAnswer::Unclear => Verdict::OutcomeUnknown,
    }
}

fn after_unclear(call: Call, why: &Why, attempt: u32) -> Verdict {
    if matches!(call, Call::Comment | Call::Publish) {
        return Verdict::OutcomeUnknown;
    }
    match why {
        // 408 and 429 come from gateways; Meta itself sends an envelope.
        Why::NoAnswer(_) | Why::BrokenOff(_) | Why::Status(408 | 429 | 500..) => again(Pace::Soon, attempt),
        // The same question gets the same answer.
        Why::Status(_) | Why::Redirect(_) | Why::Malformed(_) | Why::NoNewId => Verdict::Stop(Stop::GaveUp),
    }
}

fn after_refusal(call: Call, error: &ApiError, attempt: u32) -> Verdict {
    let pace = pace_of(call, error.code, error.subcode);
    match (call, pace) {
        // Errors of this kind have come back for things that went through.
        (Call::Comment, _) if is_doubtful(error) => Verdict::OutcomeUnknown,
        _ if error.known().account_level => Verdict::Stop(Stop::Account),
        (Call::Comment | Call::Publish, _) | (_, None) => Verdict::Stop(Stop::Refused),
        (_, Some(pace)) => again(pace, attempt),
    }
}

/// The refusals that pass by themselves.
fn pace_of(call: Call, code: i64, subcode: Option<i64>) -> Option<Pace> {
    match (code, subcode) {
        _ if codes::contradicts(code, subcode) => None,
        (-1, Some(2_207_001)) => Some(Pace::Soon),
        (1 | 2, subcode) if subcode.is_none_or(|subcode| codes::lookup_subcode(subcode).is_none()) => Some(Pace::Soon),
        // Sending the creation again makes the new container that helps here.
        (-1, Some(2_207_032)) if matches!(call, Call::CreateContainer | Call::CreateCarousel) => Some(Pace::Soon),
        _ if call != Call::CreateContainer => None,
        (-2, Some(2_207_003)) | (24, Some(2_207_008)) | (9004, Some(2_207_052) | None) => Some(Pace::Spaced),
        _ => None,
    }
}

/// Server errors and the spam block: they have been seen on writes that took effect.
fn is_doubtful(error: &ApiError) -> bool {
    error.http_status < 400 || matches!((error.code, error.subcode), (-1 | 1 | 2, _) | (_, Some(2_207_001 | 2_207_051)))
}
