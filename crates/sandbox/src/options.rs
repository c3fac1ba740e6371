//! How a sandbox behaves where there is a choice.

use std::path::PathBuf;
use std::time::Duration;

use super::switches::{Profile, Settings};
use super::time::{Millis, SECOND};
use igsync_base::id::UserId;

/// How long media take to process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processing {
    /// A video 2 to 20 seconds, by size and length.
    Realistic,
    /// A video 2 seconds at most.
    Quick,
}

/// Everything a sandbox is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where state and media are kept; without it they end with the process.
    pub data: Option<PathBuf>,
    pub profile: Profile,
    pub processing: Processing,
    /// How long a new post stays out of listings.
    pub listing_lag: Duration,
    /// How long a new post stays out of the reported quota usage.
    pub quota_lag: Duration,
    /// Posts per account in 24 hours.
    pub quota_total: usize,
    /// Media on foreign https hosts are treated as good without fetching them.
    pub assume_https: bool,
    /// Accounts beside the two that every sandbox has, with their user names.
    pub extra_accounts: Vec<(UserId, String)>,
}

impl Options {
    /// For `igsync sandbox`: the real API on a good day, only that videos take less time.
    #[must_use]
    pub fn fair() -> Self {
        Self {
            data: None,
            profile: Profile::Fair,
            processing: Processing::Realistic,
            listing_lag: Duration::ZERO,
            quota_lag: Duration::ZERO,
            quota_total: 50,
            assume_https: false,
            extra_accounts: Vec::new(),
        }
    }

    /// For `igsync sandbox --strict`: lags, and less is accepted.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            profile: Profile::Strict,
            listing_lag: Duration::from_secs(5),
            quota_lag: Duration::from_secs(60),
            ..Self::fair()
        }
    }

    /// For `--sandbox`: as little waiting as still shows that there is some.
    #[must_use]
    pub fn quick() -> Self {
        Self { processing: Processing::Quick, ..Self::fair() }
    }

    pub(crate) fn settings(&self) -> Settings {
        let (video_min_ms, video_max_ms) = match self.processing {
            Processing::Realistic => (2 * SECOND, 20 * SECOND),
            Processing::Quick => (SECOND / 5, 2 * SECOND),
        };
        let chosen = Settings::default().with(&self.profile.choices()).unwrap_or_default();
        Settings {
            video_min_ms,
            video_max_ms,
            listing_lag_ms: millis(self.listing_lag),
            quota_lag_ms: millis(self.quota_lag),
            quota_total: self.quota_total,
            assume_https: self.assume_https,
            ..chosen
        }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}
