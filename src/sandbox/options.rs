//! How a sandbox behaves where there is a choice.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::{Millis, SECOND};
use crate::id::UserId;

/// How long media take to process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processing {
    /// An image a second, a video 2 to 20 seconds by size and length.
    Realistic,
    /// Images at once, a video 2 seconds at most.
    Quick,
}

/// Everything a sandbox is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where state and media are kept; without it they end with the process.
    pub data: Option<PathBuf>,
    pub processing: Processing,
    /// How long a new post stays out of listings.
    pub listing_lag: Duration,
    /// How long a new post stays out of the reported quota usage.
    pub quota_lag: Duration,
    /// Posts per account in 24 hours.
    pub quota_total: usize,
    /// Media on foreign https hosts are taken for good without fetching them.
    pub assume_https: bool,
    /// Accounts beside the two that every sandbox has, with their user names.
    pub extra_accounts: Vec<(UserId, String)>,
}

impl Options {
    /// For `igsync sandbox`: waits and lags as a client meets them at Meta, only shorter.
    #[must_use]
    pub fn realistic() -> Self {
        Self {
            data: None,
            processing: Processing::Realistic,
            listing_lag: Duration::from_secs(5),
            quota_lag: Duration::from_secs(60),
            quota_total: 50,
            assume_https: false,
            extra_accounts: Vec::new(),
        }
    }

    /// For `--sandbox`: as little waiting as still shows that there is some.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            processing: Processing::Quick,
            listing_lag: Duration::ZERO,
            quota_lag: Duration::ZERO,
            ..Self::realistic()
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        let (image_ms, video_min_ms, video_max_ms) = match self.processing {
            Processing::Realistic => (SECOND, 2 * SECOND, 20 * SECOND),
            Processing::Quick => (0, SECOND / 5, 2 * SECOND),
        };
        Settings {
            image_ms,
            video_min_ms,
            video_max_ms,
            listing_lag_ms: millis(self.listing_lag),
            quota_lag_ms: millis(self.quota_lag),
            quota_total: self.quota_total,
            assume_https: self.assume_https,
            ..Settings::default()
        }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

/// The answer to publishing a container that is published already. Meta documents none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishTwice {
    /// 24/2207006, which does not tell that the post is live.
    NotFound,
    /// 9007/2207027
    NotReady,
    /// 100
    Invalid,
}

/// The switches of a running sandbox; `POST /_sandbox/switches` changes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    pub image_ms: Millis,
    pub video_min_ms: Millis,
    pub video_max_ms: Millis,
    pub listing_lag_ms: Millis,
    pub quota_lag_ms: Millis,
    pub quota_total: usize,
    pub assume_https: bool,
    pub publish_twice: PublishTwice,
    /// PNG and WebP are taken for images, as was observed against the documentation.
    pub accept_png: bool,
    /// The narrowest feed image, width by height. Documented 4:5, observed 3:4.
    pub min_aspect: f64,
    /// Documented 30; the app announced 5.
    pub max_hashtags: usize,
    /// A bad video is refused at creation instead of failing in processing.
    pub video_faults_at_once: bool,
    /// Videos whose index stands at the end are accepted.
    pub accept_moov_last: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            image_ms: SECOND,
            video_min_ms: 2 * SECOND,
            video_max_ms: 20 * SECOND,
            listing_lag_ms: 0,
            quota_lag_ms: 0,
            quota_total: 50,
            assume_https: false,
            publish_twice: PublishTwice::NotFound,
            accept_png: false,
            min_aspect: 0.8,
            max_hashtags: 30,
            video_faults_at_once: false,
            accept_moov_last: false,
        }
    }
}

impl Settings {
    /// How long a video of this size and length is processed.
    pub(crate) fn video_ms(&self, bytes: u64, duration_ms: u64) -> Millis {
        let span = self.video_max_ms - self.video_min_ms;
        // A minute of video, or 60 MB, takes the whole span.
        let share = (bytes / 60_000).max(duration_ms / 60).min(1_000);
        self.video_min_ms + span * Millis::try_from(share).unwrap_or(0) / 1_000
    }
}
