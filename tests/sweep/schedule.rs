//! One simulation as a value: printed when it fails, read back to be replayed.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, WriteFault};
use super::lies::Lies;
use super::mutant::Mutant;
use super::remote::RemoteFault;
use super::scenario::Scenario;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub scenario: Scenario,
    #[serde(default)]
    pub clones: Clones,
    /// By the number of the request, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<(usize, Fault)>,
    /// By the number of the durable write, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<(usize, WriteFault)>,
    /// Facts whose announcement takes so many seconds, by their number: a pipe that no one reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<(usize, u32)>,
    /// The posts have a time, and every run waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// The record is kept at a remote as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote: bool,
    /// By the number of the call to the remote, counted over all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushes: Vec<(usize, RemoteFault)>,
    /// The first run is two runs of two machines with the same checkout; this seed paces them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<u64>,
    /// The second of the two has a checkout in which every post has another key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renamed: bool,
    /// What happens after which run, from 0; in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<(usize, Event)>,
    /// Clocks and leases that are not right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lies: Option<Lies>,
    #[serde(default)]
    pub habits: Habits,
    /// Makes other attempt ids.
    #[serde(default)]
    pub dice: u64,
    /// A protocol that is broken on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<Mutant>,
}

/// How many checkouts of the content publish to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clones {
    #[default]
    One,
    /// Two, a run of each in turn.
    InTurn,
    /// Two, both at once.
    Together,
    /// Two, first both at once, then in turn.
    Parted,
}

/// Where Meta's pages are silent; see [`super::world::Habits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    pub after_life: u8,
    pub twice: u8,
    pub page: usize,
    pub skew: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self { after_life: 1, twice: 3, page: 100, skew: -3_400, strict: false }
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
    /// Git merges the lockfiles of both clones.
    Sync,
    /// A new caption.
    Edit(usize),
    /// A new key.
    Move(usize),
    /// Another post takes the key that a moved one had.
    Reuse(usize),
    /// The manifest is deleted.
    Delete(usize),
    /// A deleted manifest comes back.
    Restore(usize),
    /// A person publishes the same by phone.
    HumanSame(usize),
    /// A person publishes a post of the same kind with another caption.
    HumanOther(usize),
    /// A manifest orders to delete its post.
    Order(usize),
    /// The order is taken back.
    Recall(usize),
    /// A person deletes the post in the app.
    HumanDelete(usize),
    /// From here on runs are started without `--allow-delete`; with it again.
    TakeKey,
    GiveKey,
    /// Publishing is paused; it goes on.
    Pause,
    Resume,
}

impl Event {
    /// As they are counted; without those that a record at a remote needs.
    pub const NAMES: [&str; 11] =
        ["Wait", "Revert", "Wipe", "Sync", "Edit", "Move", "Reuse", "Delete", "Restore", "HumanSame", "HumanOther"];

    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

impl Schedule {
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            clones: Clones::One,
            requests: Vec::new(),
            writes: Vec::new(),
            output: Vec::new(),
            waits: false,
            remote: false,
            pushes: Vec::new(),
            race: None,
            renamed: false,
            between: Vec::new(),
            lies: None,
            habits: Habits::default(),
            dice: 0,
            mutant: None,
        }
    }

    pub fn cloned(self, clones: Clones, dice: u64) -> Self {
        Self { clones, dice, ..self }
    }

    /// Where a carousel over unfinished items is refused.
    pub fn strict(mut self) -> Self {
        self.habits.strict = true;
        self
    }

    pub fn fault(mut self, request: usize, fault: Fault) -> Self {
        self.requests.push((request, fault));
        self
    }

    pub fn write(mut self, write: usize, fault: WriteFault) -> Self {
        self.writes.push((write, fault));
        self
    }

    pub fn waiting(self) -> Self {
        Self { waits: true, ..self }
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
