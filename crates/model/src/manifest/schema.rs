//! What a manifest says, decoded and with every default applied. One [`Post`] per manifest and account.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use igsync_base::content::{Content, SentFile};
use igsync_base::id::{AccountName, Digest, MediaId, PostKey, UserId};
use igsync_media::convert::Target;

/// What the user wants to exist: one manifest for one account.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what a manifest says, each on its own")]
pub struct Post {
    pub key: PostKey,
    pub account: AccountName,
    /// `None` until the token has been asked who it is and the lockfile does not know either.
    pub user_id: Option<UserId>,
    /// The manifest, relative to the content root, `/`-separated.
    pub file: Arc<str>,
    /// The line of the manifest that a message about the whole post points at, from 1.
    pub line: usize,
    /// What its creation says.
    pub content: Content,
    /// The file that the caption was read from, relative to the content root.
    pub caption_file: Option<Arc<str>>,
    /// Posted right after publishing; the hashtags that go there are part of it.
    pub first_comment: Option<String>,
    /// For people; never sent, and not part of any digest.
    pub note: Option<String>,
    /// `false` is set after publishing and after the first comment.
    pub comment_enabled: bool,
    /// What the manifest by itself says of `comment_enabled`; `None`: nothing, or the post has no comments.
    pub own_comment_enabled: Option<bool>,
    /// Not before. Of a post in the queue: the slot, once a plan has given it one.
    pub publish_at: Option<Timestamp>,
    /// It goes out in a slot of the account's.
    pub queued: Option<Queued>,
    /// In the queue smaller numbers go first; then the key decides.
    pub queue_order: f64,
    /// Not after.
    pub publish_until: Option<Timestamp>,
    pub draft: bool,
    /// It goes out although it repeats another post of its account: by the manifest, or by the command line.
    pub allow_duplicate: bool,
    pub state: PostState,
    /// The live post that the manifest describes: it is never published.
    pub imported: Option<MediaId>,
    /// SHA-256 of everything that creation sends except the media bytes ([`crate::manifest`] joins
    /// it with the media digests).
    pub text_digest: Digest,
    /// The same of what the manifest says by itself; `None`: defaults add nothing.
    pub own_digest: Option<Digest>,
    /// As `text_digest`, with each hashtag as often as it is given, as it was sent by older versions; `None`: no hashtag is
    /// given twice.
    pub doubled_digest: Option<Digest>,
    /// Identity of kind and media. `None`: some media file was not read.
    pub media_digest: Option<Digest>,
    /// Identity of all that creation sends. `None`: some media file was not read.
    pub digest: Option<Digest>,
    /// Of a local cover that was read; `media_digest` leaves covers out.
    pub cover_digest: Option<Digest>,
    /// Identity of what an engine is sent: `digest`, what becomes of pictures that are converted, and where local files
    /// are hosted. `None`: it is not known, or there are no local files.
    pub sent_digest: Option<Digest>,
    /// What git calls the local files behind `digest`, in the order of [`Content::sources`]. Empty: not known, or there
    /// are none.
    pub files: Vec<SentFile>,
    /// Pictures that are converted before they are published. Not part of any digest.
    pub conversions: Vec<Conversion>,
    /// Whether there is a finding of severity error for this post.
    pub has_errors: bool,
    /// The slot that a plan has given it.
    pub slot: Option<Timestamp>,
    /// When a plan has it go out, where the account keeps a gap.
    pub due_at: Option<Timestamp>,
}

/// A place in the queue of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// No slot before this day, in the time zone of the account.
    pub from: Option<Date>,
}

impl Queued {
    /// From when on it may go out, in the time zone of its account; `None`: from now on.
    #[must_use]
    pub fn since(&self, zone: &TimeZone) -> Option<Timestamp> {
        zone.to_ambiguous_timestamp(self.from?.at(0, 0, 0, 0)).compatible().ok()
    }
}

/// A picture that is published as another file than the one in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The source, relative to the content root.
    pub path: Arc<str>,
    pub target: Target,
    /// What is done to it, as [`igsync_media::convert::ConversionPlan::work`] says it.
    pub work: String,
    /// Width and height of the result, in pixels.
    pub size: (u32, u32),
    /// Of the result, in bytes; `None`: it was not drawn yet.
    pub len: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostState {
    Present,
    /// Delete the live post.
    Absent,
}
