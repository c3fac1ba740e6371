//! What a run may wait for, in words.

use serde::Serialize;

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Meta processes the media.
    Processing,
    /// A publish of this run got no clear answer and may still take effect.
    Effect,
    /// An earlier run, or another one, may still publish: its lease.
    Lease,
    /// A second look at the account, which must agree with the first.
    SecondLook,
    /// Meta says that the container is not ready, although it is.
    NotReady,
    /// Whoever has published the post may still comment on it.
    Comment,
    /// An earlier run, or another one, may still delete: its lease.
    Deletion,
    /// The record could not be pushed, and is pushed again.
    Push,
    /// A call failed, and is sent again.
    Retry,
    /// The limit of calls is close.
    CallLimit,
    /// Its time has not come, and the run waits for it.
    ItsTime,
}

impl WaitsFor {
    pub const ALL: [Self; 11] = [
        Self::Processing,
        Self::Effect,
        Self::Lease,
        Self::SecondLook,
        Self::NotReady,
        Self::Comment,
        Self::Deletion,
        Self::Push,
        Self::Retry,
        Self::CallLimit,
        Self::ItsTime,
    ];

    /// For people, after "waiting until 12:00:".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Processing => "Instagram is processing it",
            Self::Effect => "its publish got no clear answer and may still take effect",
            Self::Lease => "an earlier run announced its publish and may still send it",
            Self::SecondLook => "a second read of the account must agree with the first",
            Self::NotReady => "Meta reports that it is not ready yet",
            Self::Comment => "the run that published it may still comment on it",
            Self::Deletion => "an earlier run announced its deletion and may still send it",
            Self::Push => "the push of the record is tried again",
            Self::Retry => "a failed call is sent again",
            Self::CallLimit => "Meta's call limit is almost reached",
            Self::ItsTime => "its time has not come",
        }
    }
}
