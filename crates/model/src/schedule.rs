//! When an account publishes: how late a post may be, the gap between two of them, and the slots of its queue.

mod calendar;
pub mod crons;
mod days;
mod slot;

use std::time::Duration;

use jiff::civil::Date;

pub use calendar::Calendar;
pub use days::Days;
pub use slot::Slot;

/// The `schedule` of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// A post that is overdue by more is left alone.
    pub late_after: Duration,
    /// Between the due times of two posts; zero: none is kept.
    pub min_gap: Duration,
    /// When the queue is served; empty: there is no queue.
    pub slots: Vec<Slot>,
    /// Days without slots.
    pub skip: Vec<Days>,
}

impl Schedule {
    /// Whether a local day has no slots because of `skip`.
    #[must_use]
    pub fn is_skipped(&self, day: Date) -> bool {
        self.skip.iter().any(|days| days.has(day))
    }
}

impl Default for Schedule {
    fn default() -> Self {
        let late_after = Duration::from_secs(24 * 60 * 60);
        Self { late_after, min_gap: Duration::ZERO, slots: Vec::new(), skip: Vec::new() }
    }
}

/// Why a text is none of these, in the words of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub message: String,
    pub help: String,
}
