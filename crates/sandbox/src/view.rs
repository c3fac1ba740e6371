//! The world's objects as the API shows them.

use serde_json::{Value, json};

use super::account::Account;
use super::call::Call;
use super::container::{Comment, Container, Media, MediaType, Stored};
use super::fields::{self, Field, Node, Unknown};
use super::insights;
use super::page_of::{self, Window, place};
use super::seed;
use super::time::{self, DAY, Millis, SECOND};
use super::token::{Login, Token};
use super::world::World;
use igsync_base::id::Kind;
use igsync_instagram::wire::StatusCode;

/// Who looks, when, and by which address.
#[derive(Clone, Copy)]
pub(crate) struct Eye<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) token: &'a Token,
}

/// How long a link to media works; 4.5 to 6 days were observed.
const LINK_LIFE: Millis = 5 * DAY;

type Found = Result<Option<Value>, Unknown>;

fn below(result: Result<Value, super::error::Refusal>) -> Found {
    result.map(Some).map_err(Unknown::Below)
}

pub(crate) struct MediaView<'a> {
    pub(crate) eye: Eye<'a>,
    pub(crate) media: &'a Media,
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The id that a code of a permalink represents.
pub(crate) fn id_of(code: &str) -> Option<u64> {
    code.bytes().try_fold(0u64, |id, letter| {
        let digit = LETTERS.iter().position(|other| *other == letter)?;
        id.checked_mul(64)?.checked_add(u64::try_from(digit).ok()?)
    })
}

/// `C9x…`: the id in base 64, as permalinks have it.
pub(crate) fn shortcode(id: u64) -> String {
    let mut code = Vec::new();
    let mut rest = id;
    while rest > 0 {
        code.push(char::from(LETTERS[usize::try_from(rest % 64).unwrap_or(0)]));
        rest /= 64;
    }
    code.iter().rev().collect()
}

pub(crate) fn permalink(media: &Media, username: &str) -> Option<String> {
    let code = shortcode(media.id);
    Some(match media.kind? {
        Kind::Reel if !media.seed.old_video => format!("https://www.instagram.com/reel/{code}/"),
        Kind::Story => format!("https://www.instagram.com/stories/{username}/{}", media.id),
        Kind::Image | Kind::Carousel | Kind::Reel => format!("https://www.instagram.com/p/{code}/"),
    })
}

impl Node for MediaView<'_> {
    const TYPE: &'static str = "IGMedia";

    fn field(&self, field: &Field) -> Found {
        let Self { eye, media } = self;
        // A link says in `oe` when it ends.
        let end = (eye.call.now + LINK_LIFE) / SECOND;
        let link = |stored: &Stored| json!(format!("{}/_sandbox/media/{}?oe={end:X}", eye.call.base, stored.name));
        let username =
            || eye.world.account(&media.user_id).map(|account| account.username.as_str()).unwrap_or_default();
        let is_reel = media.kind == Some(Kind::Reel);
        let facebook = eye.token.login != Login::Instagram;
        let text = |name: &str| media.params.get(name).cloned();
        Ok(match field.name.as_str() {
            "id" | "ig_id" | "legacy_instagram_media_id" => Some(json!(media.id.to_string())),
            // Without `@`, as for callers without admin tasks; children have none.
            "caption" if eye.world.settings.hide_captions => None,
            "caption" if !eye.world.settings.strip_at => media.caption.as_ref().map(|caption| json!(caption)),
            "caption" => media.caption.as_ref().map(|caption| json!(caption.replace('@', ""))),
            "timestamp" => Some(json!(time::graph(media.published_at))),
            "permalink" => permalink(media, username()).map(Value::from),
            "shortcode" => Some(json!(shortcode(media.id))),
            "media_type" => Some(json!(media.media_type.as_str())),
            "media_product_type" => Some(json!(match media.kind {
                Some(Kind::Reel) if !media.seed.old_video => "REELS",
                Some(Kind::Story) => "STORY",
                _ => "FEED",
            })),
            "media_url" if media.seed.has_bytes() => shown(eye.world, media).stored.as_ref().map(link),
            "thumbnail_url" if media.media_type == MediaType::Video => {
                Some(media.cover.as_ref().map_or_else(|| link(&seed::picture(media.id)), link))
            }
            "media_url" | "thumbnail_url" => None,
            "username" => Some(json!(username())),
            "owner" => Some(json!({ "id": media.user_id })),
            "alt_text" => text("alt_text"),
            "is_shared_to_feed" => {
                is_reel.then(|| json!(truth(text("share_to_feed"), eye.world.settings.share_to_feed_default)))
            }
            "is_ai_generated" => Some(json!(truth(text("is_ai_generated"), false))),
            "is_comment_enabled" => Some(json!(media.comment_enabled)),
            "media_audio_type" if facebook => media.seed.audio.map(|audio| json!(audio.as_str())),
            "copyright_check_information" if facebook && media.media_type == MediaType::Video => {
                Some(copyright_check(media.seed.copyrighted))
            }
            "copyright_check_information" if facebook => None,
            "like_count" => insights::count(media, "likes").map(Value::from),
            "view_count" => insights::count(media, "views").map(Value::from),
            "shares_count" if facebook => insights::count(media, "shares").map(Value::from),
            "saved_count" if facebook => insights::count(media, "saved").map(Value::from),
            "reposts_count" if facebook => insights::count(media, "reposts").map(Value::from),
            "comments_count" => insights::value(*eye, media, "comments"),
            "insights" => {
                let metric = field.metric.as_deref().unwrap_or_default();
                return below(insights::answer(*eye, media, metric, field.breakdown.as_deref()));
            }
            "children" if media.children.is_empty() => None,
            "children" => {
                let children = media.children.iter().filter_map(|id| eye.world.media(*id));
                let list: Result<Vec<Value>, _> =
                    children.map(|media| fields::select(&MediaView { eye: *eye, media }, &field.sub)).collect();
                return below(list.map(|data| json!({ "data": data })));
            }
            "comments" => {
                let window = Window::nested(field.limit);
                let rows = eye
                    .world
                    .comments_of(media.id)
                    .map(|comment| (place(comment.id), CommentView { eye: *eye, comment }));
                return below(page_of::page(eye.call, &format!("{}/comments", media.id), &window, rows, &field.sub));
            }
            _ => return Err(Unknown::Field),
        })
    }
}

/// What an album shows is its first slide.
fn shown<'a>(world: &'a World, media: &'a Media) -> &'a Media {
    media.children.first().and_then(|id| world.media(*id)).unwrap_or(media)
}

/// Those that were made here, and those that were there before.
pub(crate) fn comments_count(world: &World, media: &Media) -> u64 {
    world.comments_of(media.id).fold(media.seed.comments, |count, _| count + 1)
}

/// Of a video.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media>
fn copyright_check(found: bool) -> Value {
    let matches = if found { json!([{ "content_title": "A song" }]) } else { json!([]) };
    json!({ "status": { "status": "completed", "matches_found": found }, "copyright_matches": matches })
}

/// A flag as it was sent: JSON or text.
fn truth(value: Option<Value>, default: bool) -> bool {
    match value {
        Some(Value::Bool(flag)) => flag,
        Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1"),
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => default,
    }
}

pub(crate) struct CommentView<'a> {
    pub(crate) eye: Eye<'a>,
    pub(crate) comment: &'a Comment,
}

impl Node for CommentView<'_> {
    const TYPE: &'static str = "IGComment";

    fn field(&self, field: &Field) -> Found {
        let Self { eye, comment } = self;
        let author = || {
            let media = eye.world.media(comment.media_id)?;
            eye.world.account(&media.user_id)
        };
        Ok(match field.name.as_str() {
            "id" => Some(json!(comment.id.to_string())),
            "text" => Some(json!(comment.text)),
            "timestamp" => Some(json!(time::graph(comment.at))),
            "username" => author().map(|account| json!(account.username)),
            "from" | "user" => author().map(|account| json!({ "id": account.user_id, "username": account.username })),
            "media" => Some(json!({ "id": comment.media_id.to_string() })),
            "hidden" => Some(json!(comment.hidden)),
            "like_count" => Some(json!(0)),
            "parent_id" | "replies" | "legacy_instagram_comment_id" => None,
            _ => return Err(Unknown::Field),
        })
    }
}

pub(crate) struct ContainerView<'a> {
    pub(crate) eye: Eye<'a>,
    pub(crate) container: &'a Container,
}

impl Node for ContainerView<'_> {
    const TYPE: &'static str = "ShadowIGMediaBuilder";

    fn field(&self, field: &Field) -> Found {
        let Self { eye, container } = self;
        let phase = eye.world.phase(container, eye.call.now);
        Ok(match field.name.as_str() {
            "id" => Some(json!(container.id.to_string())),
            "status_code" => Some(json!(phase.code.as_str())),
            "status" => Some(json!(phase.text())),
            "video_status" => container.upload.as_ref().map(|upload| {
                let uploading = if upload.complete { "complete" } else { "in_progress" };
                let done = matches!(phase.code, StatusCode::Finished | StatusCode::Published);
                json!({
                    "uploading_phase": { "status": uploading, "bytes_transferred": upload.received },
                    "processing_phase": { "status": if done { "complete" } else { "not_started" } },
                })
            }),
            "copyright_check_status" => None,
            _ => return Err(Unknown::Field),
        })
    }
}

pub(crate) struct UserView<'a> {
    pub(crate) eye: Eye<'a>,
    pub(crate) account: &'a Account,
}

impl Node for UserView<'_> {
    const TYPE: &'static str = "IGUser";

    fn field(&self, field: &Field) -> Found {
        let Self { eye, account } = self;
        let instagram = eye.token.login != Login::Facebook;
        let window = Window::nested(field.limit);
        Ok(match field.name.as_str() {
            // App-scoped with Instagram Login.
            "id" if eye.token.login == Login::Instagram || eye.call.path.first().is_some_and(|part| part == "me") => {
                Some(json!(account.scoped_id))
            }
            "id" | "ig_id" | "legacy_instagram_user_id" => Some(json!(account.user_id)),
            "user_id" if instagram => Some(json!(account.user_id)),
            "account_type" if instagram => Some(json!("Business")),
            "username" | "name" => Some(json!(account.username)),
            "media_count" => Some(json!(eye.world.media_of(&account.user_id).filter(|media| !media.deleted).count())),
            "followers_count" | "follows_count" => Some(json!(0)),
            "has_profile_pic" | "is_published" => Some(json!(true)),
            "biography" | "website" | "profile_picture_url" => None,
            "media" | "stories" => {
                let rows = page_of::listing(*eye, &account.user_id, field.name == "stories");
                let path = format!("{}/{}", account.user_id, field.name);
                return below(page_of::page(eye.call, &path, &window, rows.into_iter(), &field.sub));
            }
            _ => return Err(Unknown::Field),
        })
    }
}

/// A Facebook Page.
pub(crate) struct PageView<'a> {
    pub(crate) eye: Eye<'a>,
    pub(crate) account: &'a Account,
}

impl Node for PageView<'_> {
    const TYPE: &'static str = "Page";

    fn field(&self, field: &Field) -> Found {
        let Self { eye, account } = self;
        Ok(match field.name.as_str() {
            "id" => Some(json!(account.page_id)),
            "name" => Some(json!(format!("Page of {}", account.username))),
            "access_token" => Some(json!(account.page_token)),
            "tasks" => Some(json!(["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"])),
            "category" => Some(json!("Community")),
            "instagram_business_account" | "connected_instagram_account" => {
                // Below a Page, the account shows the id that publishing uses.
                let mut call = eye.call.clone();
                call.path.clear();
                let eye = Eye { call: &call, ..*eye };
                return below(fields::select(&UserView { eye, account }, &field.sub));
            }
            _ => return Err(Unknown::Field),
        })
    }
}
