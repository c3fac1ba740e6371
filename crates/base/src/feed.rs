//! An account's feed as its service shows it: everything about a live post that can be read back.

use jiff::Timestamp;

use super::id::{Kind, MediaId};

/// One live post. Fields that a login or a post does not have are optional: absent is not "no".
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePost {
    pub id: MediaId,
    /// `None`: a kind that igsync does not publish, or does not know.
    pub kind: Option<Kind>,
    /// A video of the feed from before reels; its kind is [`Kind::Reel`].
    pub is_old_video: bool,
    /// Server time of the publish.
    pub at: Option<Timestamp>,
    /// `@` is missing for most callers. As the server sent it.
    pub caption: Option<String>,
    /// On Instagram's host, or on the host of an API on this machine; without query.
    pub permalink: Option<String>,
    pub alt_text: Option<String>,
    /// "May appear in the grid"; of reels.
    pub share_to_feed: Option<bool>,
    pub comment_enabled: Option<bool>,
    pub is_ai_generated: Option<bool>,
    pub audio: Option<Audio>,
    /// A copyright check found matches, so that others may not see or hear the post.
    pub has_copyright_match: Option<bool>,
    /// Of a single picture or clip. Signed links that expire: never written, never shown.
    pub media_url: Option<String>,
    /// Of clips.
    pub thumbnail_url: Option<String>,
    pub likes: Option<u64>,
    pub comments: Option<u64>,
    /// Of a carousel, in its order; `None` where the listing did not say.
    pub children: Option<Vec<LiveChild>>,
}

/// One slide of a live carousel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveChild {
    pub id: MediaId,
    pub is_video: bool,
    pub media_url: Option<String>,
    pub thumbnail_url: Option<String>,
    pub alt_text: Option<String>,
}

/// What of a live post takes calls of its own to read; `None`: not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// The comment that the account itself has made right after publishing; inside, `None`: there is none.
    pub first_comment: Option<Option<String>>,
    /// Usernames, without `@`.
    pub collaborators: Option<Vec<String>>,
}

impl Extras {
    /// Nothing was asked for.
    pub const NONE: Self = Self { first_comment: None, collaborators: None };
}

/// What a reel sounds of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    Music,
    Original,
}

/// Several pages of posts, newest first. Stories are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    pub posts: Vec<LivePost>,
    /// Read back past the time that was asked for, or to the end.
    pub is_complete: bool,
    /// Requests that it took.
    pub calls: u32,
}
