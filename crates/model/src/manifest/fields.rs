//! Which fields there are, what is known of each, and what people write instead.

use Kind::{Carousel, Image, Reel, Story};
use igsync_base::id::Kind;

/// One field of a manifest: facts only, what they mean is written where they are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    /// The kinds that take it.
    pub kinds: &'static [Kind],
    /// Of these kinds, those that Meta's pages do not document it for.
    pub unclear_for: &'static [Kind],
    /// Whether Meta takes it from an account with Instagram Login.
    pub on_instagram_login: Taken,
    /// Whether `_defaults.yaml` may hold it.
    pub shared: bool,
    pub form: Form,
    /// One sentence, as an editor shows it, without what the other facts say.
    pub about: &'static str,
}

/// Whether Meta takes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// Its pages contradict each other.
    Unclear,
    No,
}

/// What can be written in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Kind,
    /// The key of a post.
    Key,
    /// A path or a URL.
    Media,
    /// A path.
    File,
    Items,
    /// With at most so many characters.
    Text(Option<usize>),
    Hashtags,
    /// Where hashtags go.
    Place,
    UserTags,
    ProductTags,
    Usernames,
    /// Digits.
    Id,
    Sponsors,
    Milliseconds,
    Flag,
    Audio,
    Trial,
    Time,
    /// A time, or a place in the queue.
    Due,
    /// Any number.
    Number,
    Accounts,
    State,
}

const ALL: &[Kind] = &Kind::ALL;
const FEED: &[Kind] = &[Image, Reel, Carousel];

/// Every field of a manifest.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
pub(super) static FIELDS: &[Field] = &[
    field("kind", ALL, Form::Kind, "What the post is: image, reel, carousel or story"),
    field("id", ALL, Form::Key, "The post's key instead of its path; keeps it the same post when the file is renamed")
        .of_one_post(),
    field("image", &[Image, Story], Form::Media, "A JPEG: a path relative to this file, or an https URL").of_one_post(),
    field("video", &[Reel, Story], Form::Media, "An MP4 or MOV: a path relative to this file, or an https URL")
        .of_one_post(),
    field(
        "items",
        &[Carousel],
        Form::Items,
        "2 to 10 images and videos, in this order; all are cropped to the shape of the first",
    )
    .of_one_post(),
    field("caption", FEED, Form::Text(Some(2200)), "The text: at most 2,200 characters, hashtags included"),
    field("caption_file", FEED, Form::File, "A file that holds the caption").of_one_post(),
    field(
        "hashtags",
        FEED,
        Form::Hashtags,
        "Appended to the caption; with or without #; set:NAME inserts a set of igsync.yaml",
    ),
    field(
        "hashtags_in",
        FEED,
        Form::Place,
        "Where the hashtags go: at the end of the caption, which is the default, or of the first comment",
    ),
    field(
        "alt_text",
        &[Image],
        Form::Text(Some(1000)),
        "A description for people who cannot see the picture: at most 1,000 characters",
    ),
    field(
        "user_tags",
        &[Image, Reel, Story],
        Form::UserTags,
        "Accounts tagged in the picture or video; x and y on images only",
    ),
    field("collaborators", FEED, Form::Usernames, "Up to 3 accounts that are asked to share the post as theirs"),
    field("location_id", FEED, Form::Id, "The id of a Facebook Page that has a location"),
    field("product_tags", &[Image, Reel], Form::ProductTags, "Up to 5 products").on_instagram_login(Taken::No),
    field("cover", &[Reel], Form::Media, "The cover of a reel, a JPEG; wins over thumb_offset").of_one_post(),
    field("thumb_offset", &[Reel], Form::Milliseconds, "The still of the video, in milliseconds from its start"),
    field("share_to_feed", &[Reel], Form::Flag, "Whether the reel is also in the feed; default true"),
    field("audio_name", &[Reel], Form::Text(None), "A name for the reel's own sound; can be given once"),
    field("audio_configuration", &[Reel], Form::Audio, "Music from Instagram's library").on_instagram_login(Taken::No),
    field("trial_params", &[Reel], Form::Trial, "Shows the reel to non-followers first"),
    field("is_ai_generated", ALL, Form::Flag, "Labels the post as made with AI").unclear_for(&[Story]),
    field("is_paid_partnership", ALL, Form::Flag, "Labels the post as a paid partnership")
        .on_instagram_login(Taken::Unclear)
        .unclear_for(&[Story]),
    field(
        "branded_content_sponsor_ids",
        ALL,
        Form::Sponsors,
        "Up to 2 ids of professional accounts that pay for the post",
    )
    .unclear_for(&[Story]),
    field("first_comment", FEED, Form::Text(None), "Posted right after publishing"),
    field("comment_enabled", FEED, Form::Flag, "false switches comments off after publishing"),
    field(
        "publish_at",
        ALL,
        Form::Due,
        "Not before: 2026-12-01T18:00:00+01:00, or 2026-12-01T18:00[Europe/Berlin], or local time; queue, or queue from \
         2026-12-10: in the next free slot of schedule.slots",
    ),
    field("publish_until", ALL, Form::Time, "Not after, in the forms of publish_at"),
    field("queue_order", ALL, Form::Number, "Of a post in the queue: smaller numbers first, then by key; default 0"),
    field("draft", ALL, Form::Flag, "true: checked, never published"),
    field("allow_duplicate", ALL, Form::Flag, "true: goes out although it repeats another post of the account")
        .of_one_post(),
    field("note", ALL, Form::Text(None), "For people: shown in the plan, never sent"),
    field("accounts", ALL, Form::Accounts, "Names from igsync.yaml; one post per account"),
    field(
        "imported",
        ALL,
        Form::Id,
        "The media id of the live post that this file describes, written by `igsync import`; such a file is never \
         published",
    )
    .of_one_post(),
    field(
        "state",
        ALL,
        Form::State,
        "present, or absent: the live post is deleted, where igsync.yaml and apply --allow-delete permit it",
    )
    .of_one_post(),
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
    ("notes", "note"),
    ("remark", "note"),
    ("sponsors", "branded_content_sponsor_ids"),
    ("sponsor_ids", "branded_content_sponsor_ids"),
    ("audio", "audio_name"),
    ("music", "audio_configuration"),
    ("trial", "trial_params"),
    ("key", "id"),
    ("allow_repost", "allow_duplicate"),
    ("repost", "allow_duplicate"),
];

const fn field(name: &'static str, kinds: &'static [Kind], form: Form, about: &'static str) -> Field {
    Field { name, kinds, unclear_for: &[], on_instagram_login: Taken::Yes, shared: true, form, about }
}

impl Field {
    const fn unclear_for(self, unclear_for: &'static [Kind]) -> Self {
        Self { unclear_for, ..self }
    }

    const fn on_instagram_login(self, on_instagram_login: Taken) -> Self {
        Self { on_instagram_login, ..self }
    }

    const fn of_one_post(self) -> Self {
        Self { shared: false, ..self }
    }
}

pub(super) fn named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Whether a kind takes a field; every field of [`FIELDS`] is known here.
pub(super) fn takes(kind: Kind, name: &str) -> bool {
    named(name).is_some_and(|field| field.kinds.contains(&kind))
}

/// The kind that someone means who writes `word`.
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
        (Reel, "alt_text") => "Instagram accepts it for images only",
        (Story, _) => "a story has no caption, location, collaborators or comments",
        _ => return None,
    })
}
