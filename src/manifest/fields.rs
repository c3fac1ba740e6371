//! Which fields there are, which kinds take them, and what people write instead.

use crate::id::Kind;
use Kind::{Carousel, Image, Reel, Story};

/// One field of a manifest.
pub(super) struct Field {
    pub name: &'static str,
    /// The kinds that take it.
    pub kinds: &'static [Kind],
    /// Whether `_defaults.yaml` may hold it.
    pub shared: bool,
}

const ALL: &[Kind] = &Kind::ALL;
const FEED: &[Kind] = &[Image, Reel, Carousel];

/// Every field of a manifest.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
pub(super) static FIELDS: &[Field] = &[
    field("kind", ALL, true),
    field("id", ALL, false),
    field("image", &[Image, Story], false),
    field("video", &[Reel, Story], false),
    field("items", &[Carousel], false),
    field("caption", FEED, true),
    field("caption_file", FEED, false),
    field("hashtags", FEED, true),
    field("alt_text", &[Image], true),
    field("user_tags", &[Image, Reel, Story], true),
    field("collaborators", FEED, true),
    field("location_id", FEED, true),
    field("product_tags", &[Image, Reel], true),
    field("cover", &[Reel], false),
    field("thumb_offset", &[Reel], true),
    field("share_to_feed", &[Reel], true),
    field("audio_name", &[Reel], true),
    field("audio_configuration", &[Reel], true),
    field("trial_params", &[Reel], true),
    field("is_ai_generated", ALL, true),
    field("is_paid_partnership", ALL, true),
    field("branded_content_sponsor_ids", ALL, true),
    field("first_comment", FEED, true),
    field("comment_enabled", FEED, true),
    field("publish_at", ALL, true),
    field("publish_until", ALL, true),
    field("draft", ALL, true),
    field("accounts", ALL, true),
    field("state", ALL, false),
];

/// The fields of one item of a carousel.
pub(super) const ITEM_FIELDS: &[&str] = &["image", "video", "alt_text", "user_tags", "product_tags", "thumb_offset"];

/// What people write, and the field they mean.
pub(super) static WRONG_NAMES: &[(&str, &str)] = &[
    ("photo", "image"),
    ("picture", "image"),
    ("img", "image"),
    ("image_url", "image"),
    ("image_path", "image"),
    ("file", "image"),
    ("media", "items"),
    ("movie", "video"),
    ("clip", "video"),
    ("reel", "video"),
    ("video_url", "video"),
    ("album", "items"),
    ("carousel", "items"),
    ("children", "items"),
    ("images", "items"),
    ("slides", "items"),
    ("type", "kind"),
    ("media_type", "kind"),
    ("cover_url", "cover"),
    ("cover_image", "cover"),
    ("thumbnail", "cover"),
    ("text", "caption"),
    ("description", "caption"),
    ("message", "caption"),
    ("title", "caption"),
    ("tags", "hashtags"),
    ("alt", "alt_text"),
    ("accessibility_caption", "alt_text"),
    ("custom_accessibility_caption", "alt_text"),
    ("mentions", "user_tags"),
    ("tagged_users", "user_tags"),
    ("location", "location_id"),
    ("place", "location_id"),
    ("date", "publish_at"),
    ("time", "publish_at"),
    ("schedule", "publish_at"),
    ("scheduled", "publish_at"),
    ("scheduled_at", "publish_at"),
    ("scheduled_publish_time", "publish_at"),
    ("publish_time", "publish_at"),
    ("expires", "publish_until"),
    ("expires_at", "publish_until"),
    ("comment", "first_comment"),
    ("comments_enabled", "comment_enabled"),
    ("disable_comments", "comment_enabled"),
    ("account", "accounts"),
    ("sponsors", "branded_content_sponsor_ids"),
    ("sponsor_ids", "branded_content_sponsor_ids"),
    ("audio", "audio_name"),
    ("music", "audio_configuration"),
    ("trial", "trial_params"),
    ("key", "id"),
];

const fn field(name: &'static str, kinds: &'static [Kind], shared: bool) -> Field {
    Field { name, kinds, shared }
}

/// Whether a kind takes a field; every field of [`FIELDS`] is known here.
pub(super) fn takes(kind: Kind, name: &str) -> bool {
    FIELDS.iter().any(|field| field.name == name && field.kinds.contains(&kind))
}

/// The kind that somebody means who writes `word`.
pub(super) fn kind_meant(word: &str) -> Option<Kind> {
    Some(match word.to_ascii_lowercase().as_str() {
        "image" | "photo" | "picture" | "images" | "feed" | "post" => Image,
        "reel" | "reels" | "video" | "clip" | "clips" => Reel,
        "carousel" | "album" | "carousel_album" | "gallery" | "slideshow" | "carousels" => Carousel,
        "story" | "stories" => Story,
        _ => return None,
    })
}

/// Why a kind does not take a field, and what to do instead.
pub(super) fn instead(kind: Kind, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (Image, "video") => "write `kind: reel`; Instagram publishes every single video as a reel",
        (Reel, "image") => "write `kind: image`, or `cover` for the cover of a reel",
        (Image | Reel | Story, "items") => "write `kind: carousel`",
        (Carousel, "image" | "video") => "put it into `items`",
        (Carousel, "alt_text" | "user_tags" | "product_tags" | "thumb_offset") => "put it on the item it belongs to",
        (Reel, "alt_text") => "Instagram takes it for images only",
        (Story, _) => "a story has no caption, location, collaborators or comments",
        _ => return None,
    })
}
