//! What can go wrong at one request.

use serde::{Deserialize, Serialize};

use super::world::Call;

/// One fault at one request. Numbers are seconds unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The call took effect, its answer never came.
    LoseAnswer,
    /// Neither effect nor answer.
    LoseRequest,
    /// No answer; the call takes effect this much later.
    LateEffect(u32),
    /// As the three above, after the whole time that one request may take.
    TimeoutDone,
    TimeoutUndone,
    TimeoutLate(u32),
    /// The call took effect, its answer broke off.
    BrokenOff,
    /// The call took effect and answered 4/2207051.
    SpamDone,
    /// 4/2207051, and nothing happened.
    SpamUndone,
    /// 9007, whatever the container said.
    NotReady,
    /// Containers answer 100/33 for so long.
    Unreadable(u32),
    /// What was published lately, or will be, is not listed for so long.
    Hide(u32),
    GarbageDone,
    GarbageUndone,
    NoIdDone,
    NoIdUndone,
    HtmlDone,
    HtmlUndone,
    /// Code 2 with status 500.
    ServerErrorDone,
    ServerErrorUndone,
    RedirectDone,
    RedirectUndone,
    /// Half of an upload arrived; any other call never did.
    HalfSent,
    /// 24/2207008.
    Missing,
    /// The call took effect, and 24/2207006 came back, as where a proxy repeats a request.
    MissingDone,
    /// The call took effect, and 9007 came back.
    NotReadyDone,
    /// 190/463.
    Token,
    /// 80002.
    Throttle,
    /// 9/2207042.
    Quota,
    /// 25/2207050.
    Restricted,
    /// 36003/2207009, a refusal for content.
    Content,
    /// The call took effect, and 100/33 came back.
    DeniedDone,
    /// 100/33, and nothing happened.
    DeniedUndone,
    /// -1/2207085, a refusal to delete without a reason.
    Fatal,
    /// 10, a permission that is missing.
    Forbidden,
    /// The connection never came up.
    NotSent,
    /// The newest container fails while it is processed, with this subcode.
    Fails(u32),
    /// The process dies before the request leaves.
    KillBefore,
    /// The process dies after the call took effect.
    KillAfter,
    /// The process dies, and the call takes effect this much later.
    KillLate(u32),
    /// A person asks the run to stop while the request is on the wire.
    Stop,
    /// A person takes an order back while the request is on the wire, or one of its keys.
    TakenBack(Key),
}

/// What a deletion needs, and people can take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// `state: absent`
    Manifest,
    /// `allow_delete`
    Account,
    /// That nothing is paused.
    Pause,
}

impl Key {
    pub const ALL: [Self; 3] = [Self::Manifest, Self::Account, Self::Pause];
}

impl Fault {
    /// Every kind, each with the parameters that are worth a sweep of their own.
    pub const SWEPT: &[Self] = &[
        Self::LoseAnswer,
        Self::LoseRequest,
        Self::LateEffect(5),
        Self::LateEffect(40),
        Self::TimeoutDone,
        Self::TimeoutUndone,
        Self::TimeoutLate(5),
        Self::TimeoutLate(40),
        Self::BrokenOff,
        Self::SpamDone,
        Self::SpamUndone,
        Self::NotReady,
        Self::Unreadable(20),
        Self::Unreadable(1800),
        Self::Unreadable(100_000),
        Self::Hide(30),
        Self::Hide(600),
        Self::GarbageDone,
        Self::GarbageUndone,
        Self::NoIdDone,
        Self::NoIdUndone,
        Self::HtmlDone,
        Self::HtmlUndone,
        Self::ServerErrorDone,
        Self::ServerErrorUndone,
        Self::RedirectDone,
        Self::RedirectUndone,
        Self::HalfSent,
        Self::Missing,
        Self::MissingDone,
        Self::NotReadyDone,
        Self::Token,
        Self::Throttle,
        Self::Quota,
        Self::Restricted,
        Self::Content,
        Self::NotSent,
        Self::Fails(2_207_076),
        Self::Fails(2_207_026),
        Self::KillBefore,
        Self::KillAfter,
        Self::KillLate(20),
        Self::Stop,
    ];

    /// What only a deletion meets.
    pub const OF_DELETIONS: &[Self] = &[Self::DeniedDone, Self::DeniedUndone, Self::Fatal, Self::Forbidden];

    /// Those that are worth meeting at a call: of several that come to the same there, one.
    pub fn of(call: &Call) -> impl Iterator<Item = Self> {
        let is_upload = matches!(call, Call::Upload { .. });
        let changes = call.changes_something();
        let only = if matches!(call, Call::Delete(_)) { Self::OF_DELETIONS } else { &[] };
        Self::SWEPT.iter().chain(only).copied().filter(move |fault| match fault {
            Self::HalfSent => is_upload,
            // Whether, and when, a question was heard makes no difference.
            Self::LoseAnswer
            | Self::LateEffect(_)
            | Self::TimeoutDone
            | Self::TimeoutLate(_)
            | Self::SpamDone
            | Self::GarbageDone
            | Self::NoIdDone
            | Self::HtmlDone
            | Self::ServerErrorDone
            | Self::RedirectDone
            | Self::NotReadyDone
            | Self::KillAfter
            | Self::KillLate(_) => changes,
            _ => true,
        })
    }

    /// Whether it would have come to the same one call earlier, at the same time.
    pub fn is_same_before(self, call: &Call) -> bool {
        match self {
            Self::Unreadable(_) => !matches!(call, Call::Status(_) | Call::Look(_)),
            Self::Hide(_) => !matches!(call, Call::Listing { .. } | Call::Stories),
            _ => false,
        }
    }

    /// The kind without its parameter, for counting.
    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }

    pub fn kills(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter | Self::KillLate(_))
    }
}

/// What can go wrong at one durable write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteFault {
    Denied,
    SyncFailed,
    DiskFull,
    CrashBefore,
    CrashAfter,
    /// So many bytes land.
    Torn(u16),
    /// The write takes so many seconds.
    Stall(u32),
    /// The machine sleeps for so many seconds during the write: its monotonic clock stands still.
    Sleep(u32),
}

impl WriteFault {
    pub const SWEPT: &[Self] = &[
        Self::Denied,
        Self::SyncFailed,
        Self::DiskFull,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Torn(1),
        Self::Torn(40),
        Self::Torn(300),
        Self::Stall(30),
        Self::Sleep(3600),
    ];

    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }

    /// `None`: nothing fails.
    pub fn of_disk(self) -> Option<igsync_testkit::mem_disk::Fault> {
        use igsync_testkit::mem_disk::Fault as Disk;
        Some(match self {
            Self::Denied => Disk::Error(std::io::ErrorKind::PermissionDenied),
            Self::SyncFailed => Disk::SyncFailed,
            Self::DiskFull => Disk::DiskFull,
            Self::CrashBefore => Disk::CrashBefore,
            Self::CrashAfter => Disk::CrashAfter,
            Self::Torn(bytes) => Disk::Torn(usize::from(bytes)),
            Self::Stall(_) | Self::Sleep(_) => return None,
        })
    }

    /// Whether a record may be lost by it.
    pub fn harms(self) -> bool {
        self.of_disk().is_some()
    }
}
