//! The switches of a running sandbox: what Meta leaves open, or what was seen against its pages.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::time::{Millis, SECOND};

/// The answer to publishing a container that is published already. Meta documents none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishTwice {
    /// 24/2207006, which does not show that the post is live.
    NotFound,
    /// 9007/2207027
    NotReady,
    /// 100
    Invalid,
}

/// How forgiving a sandbox is where Meta's pages leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As the real API on a good day.
    #[default]
    Fair,
    /// Less forgiving in the switches below.
    Strict,
}

impl Profile {
    /// The switches in which the profiles differ.
    #[must_use]
    pub fn choices(self) -> Map<String, Value> {
        let strict = self == Self::Strict;
        let of = |fair: Value, least: Value| if strict { least } else { fair };
        let choices = [
            ("image_ms", of(json!(0), json!(SECOND))),
            ("listing_lag_ms", of(json!(0), json!(5 * SECOND))),
            ("quota_lag_ms", of(json!(0), json!(60 * SECOND))),
            ("min_aspect", of(json!(0.75), json!(0.8))),
            ("max_hashtags", of(json!(30), json!(5))),
            ("caption_utf16", of(json!(false), json!(true))),
            ("refuse_unready_children", of(json!(false), json!(true))),
        ];
        choices.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }
}

/// `POST /_sandbox/switches` changes them; `docs/sandbox.md` says what Meta's pages say about each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    pub image_ms: Millis,
    pub video_min_ms: Millis,
    pub video_max_ms: Millis,
    pub listing_lag_ms: Millis,
    pub quota_lag_ms: Millis,
    /// Posts per account in 24 hours.
    pub quota_total: usize,
    /// Whether stories count as posts.
    pub quota_counts_stories: bool,
    /// Trial reels per account in 24 hours.
    pub trial_quota: usize,
    pub assume_https: bool,
    /// A media host that takes longer fails with -2/2207003.
    pub fetch_timeout_ms: Millis,
    /// A redirect of a media host is followed, up to five times.
    pub follow_redirects: bool,
    /// Media that cannot be fetched fail in processing instead of at creation.
    pub fetch_faults_later: bool,
    pub publish_twice: PublishTwice,
    /// A carousel over children that are in progress or have failed is refused instead of waiting for them.
    pub refuse_unready_children: bool,
    /// PNG and WebP are treated as images, as was observed against the documentation.
    pub accept_png: bool,
    /// The narrowest feed image, width by height. Observed 3:4, documented 4:5.
    pub min_aspect: f64,
    /// Documented 30; the app announced 5.
    pub max_hashtags: usize,
    /// Captions are measured in UTF-16 units instead of characters.
    pub caption_utf16: bool,
    /// A bad video is refused at creation instead of failing in processing.
    pub video_faults_at_once: bool,
    /// Videos whose index is at the end are accepted.
    pub accept_moov_last: bool,
    /// What a reel is when `share_to_feed` was not sent.
    pub share_to_feed_default: bool,
    /// Resumable upload with an Instagram token, which documentation denies and the specification lists.
    pub upload_with_instagram: bool,
    /// Batches on a host that says it is Instagram's.
    pub batch_on_instagram: bool,
    /// Captions are read without their `@`.
    pub strip_at: bool,
    /// Captions cannot be read at all, as one page says of Instagram Login.
    pub hide_captions: bool,
    /// The first page of a listing is empty and has a `next`.
    pub empty_first_page: bool,
    /// What the usage headers say.
    pub usage_percent: u64,
    /// Texts for people come in another language.
    pub localised: bool,
    /// Calls need an `appsecret_proof`, as with the app's setting Require App Secret.
    pub require_proof: bool,
    /// A refreshed token has another text than the old one.
    pub refresh_changes_token: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            image_ms: 0,
            video_min_ms: 2 * SECOND,
            video_max_ms: 20 * SECOND,
            listing_lag_ms: 0,
            quota_lag_ms: 0,
            quota_total: 50,
            quota_counts_stories: true,
            trial_quota: 20,
            assume_https: false,
            fetch_timeout_ms: 60 * SECOND,
            follow_redirects: false,
            fetch_faults_later: false,
            publish_twice: PublishTwice::NotFound,
            refuse_unready_children: false,
            accept_png: false,
            min_aspect: 0.75,
            max_hashtags: 30,
            caption_utf16: false,
            video_faults_at_once: false,
            accept_moov_last: false,
            share_to_feed_default: false,
            upload_with_instagram: false,
            batch_on_instagram: false,
            strip_at: true,
            hide_captions: false,
            empty_first_page: false,
            usage_percent: 1,
            localised: false,
            require_proof: false,
            refresh_changes_token: true,
        }
    }
}

impl Settings {
    /// With some of them changed.
    ///
    /// # Errors
    ///
    /// There is no such switch, or it has other values.
    pub(crate) fn with(&self, change: &Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        if let Some(all) = all.as_object_mut() {
            all.extend(change.clone());
        }
        serde_json::from_value(all)
    }

    /// How long a video of this size and length is processed.
    pub(crate) fn video_ms(&self, bytes: u64, duration_ms: u64) -> Millis {
        let span = self.video_max_ms - self.video_min_ms;
        // A minute of video, or 60 MB, takes the whole span.
        let share = (bytes / 60_000).max(duration_ms / 60).min(1_000);
        self.video_min_ms + span * Millis::try_from(share).unwrap_or(0) / 1_000
    }
}
