//! One simulation as a value: printed when it fails, read back to be replayed.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, WriteFault};
use super::remote::RemoteFault;
use super::scenario::Scenario;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub scenario: Scenario,
    /// By the number of the request, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<(usize, Fault)>,
    /// By the number of the durable write, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<(usize, WriteFault)>,
    /// The record is kept at a remote as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote: bool,
    /// By the number of the call to the remote, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushes: Vec<(usize, RemoteFault)>,
    /// The first run is two runs of two machines with the same checkout; this seed paces them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<u64>,
    /// What happens after which run, from 0; in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<(usize, Event)>,
    #[serde(default)]
    pub habits: Habits,
    /// A protocol that is broken on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<Mutant>,
}

/// One way to break the protocol from outside, by what its ports do. Each must turn the sweep red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// A publish without an answer is sent again at once.
    PublishRetried,
    /// No announcement reaches the disk.
    IntentNotWritten,
    /// The media id reaches the disk with the permalink only.
    IdAfterPermalink,
    /// `FINISHED` is believed right after an unclear publish.
    FinishedBelieved,
    /// Folding leaves an empty journal.
    JournalEmptied,
    /// What the lockfile says of an attempt replaces what the journal says.
    LockfileWins,
    /// Announcements are said to be put, and are put with the results.
    AnnouncedLater,
    /// A text is put although another one stands there meanwhile.
    RejectionIgnored,
    /// What other machines have put is not joined in.
    OthersNotJoined,
}

impl Mutant {
    /// Those of the record at a remote.
    pub const REMOTE: [Self; 3] = [Self::AnnouncedLater, Self::RejectionIgnored, Self::OthersNotJoined];

    pub const ALL: [Self; 6] = [
        Self::PublishRetried,
        Self::IntentNotWritten,
        Self::IdAfterPermalink,
        Self::FinishedBelieved,
        Self::JournalEmptied,
        Self::LockfileWins,
    ];
}

/// Where Meta's pages are silent; see [`super::world::Habits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    pub after_life: u8,
    pub twice: u8,
    pub page: usize,
    pub skew: i64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { after_life: 1, twice: 3, page: 100, skew: -3_400 }
    }
}

/// What people, machines and time do between two runs. Posts are named by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Seconds pass.
    Wait(u32),
    /// The lockfile is an earlier version again; 0 is the one of the beginning.
    Revert(usize),
    /// `.igsync/` is deleted.
    Wipe,
    /// The machine is gone: a new one checks out the newest record.
    Lose,
    /// As `Lose`, with the checkout of an earlier version.
    LoseOld(usize),
    /// A new caption.
    Edit(usize),
    /// A new key.
    Move(usize),
    /// The manifest is deleted.
    Delete(usize),
    /// A deleted manifest comes back.
    Restore(usize),
    /// A person publishes the same by phone.
    HumanSame(usize),
    /// A person publishes a post of the same kind with another caption.
    HumanOther(usize),
}

impl Event {
    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

impl Schedule {
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            requests: Vec::new(),
            writes: Vec::new(),
            remote: false,
            pushes: Vec::new(),
            race: None,
            between: Vec::new(),
            habits: Habits::default(),
            mutant: None,
        }
    }

    pub fn fault(mut self, request: usize, fault: Fault) -> Self {
        self.requests.push((request, fault));
        self
    }

    pub fn write(mut self, write: usize, fault: WriteFault) -> Self {
        self.writes.push((write, fault));
        self
    }

    pub fn kept_at_remote(self) -> Self {
        Self { remote: true, ..self }
    }

    pub fn push(mut self, call: usize, fault: RemoteFault) -> Self {
        self.pushes.push((call, fault));
        self
    }

    pub fn raced(self, seed: u64) -> Self {
        Self { race: Some(seed), ..self.kept_at_remote() }
    }

    pub fn after(mut self, run: usize, event: Event) -> Self {
        self.between.push((run, event));
        self
    }
}
