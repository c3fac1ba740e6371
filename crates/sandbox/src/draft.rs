//! A creation request, read and checked before any media is fetched.

use serde_json::{Map, Value};

use super::container::{MediaType, Role};
use super::error::{
    CAPTION_TOO_LONG, CAROUSEL_SIZE, FETCH, LOCATION, MEDIA_TYPE, PRODUCT_TAG, PRODUCT_TAG_NO_POSITION,
    PRODUCT_TAG_POSITION, Refusal, THUMB_OFFSET, TOO_MANY_TAGS,
};
use super::params::Params;
use super::rules::{self, Shape};
use super::switches::Settings;
use super::token::Login;
use igsync_base::id::Kind;

/// In characters; Meta does not state how it counts them, hence the switch `caption_utf16`.
const MAX_CAPTION: usize = 2_200;
const MAX_MENTIONS: usize = 20;
const MAX_ALT_TEXT: usize = 1_000;
const MAX_COLLABORATORS: usize = 3;

/// Where the bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    None,
    Image(String),
    Video(String),
    /// They are sent to the container itself.
    Upload,
}

#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) role: Role,
    pub(crate) media_type: MediaType,
    pub(crate) source: Source,
    pub(crate) cover_url: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) children: Vec<u64>,
    /// In milliseconds.
    pub(crate) thumb_offset: Option<i64>,
    pub(crate) params: Map<String, Value>,
}

pub(crate) fn read(params: &Params, login: Login, settings: &Settings) -> Result<Draft, Refusal> {
    let shape = shape(params)?;
    let kept = rules::fitting(params, shape, login, settings)?;
    let source = source(params, shape)?;
    let caption = kept.contains_key("caption").then(|| params.text("caption")).flatten();
    check_caption(caption.as_deref().unwrap_or_default(), settings)?;
    check_details(params, &kept, matches!(source, Source::Image(_)))?;
    let (role, media_type) = match shape {
        Shape::Image => (Role::Post(Kind::Image), MediaType::Image),
        Shape::ChildImage => (Role::Child, MediaType::Image),
        Shape::ChildVideo => (Role::Child, MediaType::Video),
        Shape::Carousel => (Role::Post(Kind::Carousel), MediaType::CarouselAlbum),
        Shape::Reel => (Role::Post(Kind::Reel), MediaType::Video),
        Shape::Story if matches!(source, Source::Image(_)) => (Role::Post(Kind::Story), MediaType::Image),
        Shape::Story => (Role::Post(Kind::Story), MediaType::Video),
    };
    let thumb_offset = params.number("thumb_offset")?;
    if thumb_offset.is_some_and(|offset| offset < 0) {
        return Err((&THUMB_OFFSET).into());
    }
    Ok(Draft {
        role,
        media_type,
        source,
        cover_url: (shape == Shape::Reel).then(|| params.text("cover_url")).flatten(),
        caption,
        children: if shape == Shape::Carousel { children(params)? } else { Vec::new() },
        thumb_offset,
        params: kept,
    })
}

fn shape(params: &Params) -> Result<Shape, Refusal> {
    let is_child = params.flag("is_carousel_item")?.unwrap_or(false);
    match (params.text("media_type").as_deref(), is_child) {
        (None | Some("IMAGE"), false) => Ok(Shape::Image),
        (None | Some("IMAGE"), true) => Ok(Shape::ChildImage),
        (Some("VIDEO"), true) => Ok(Shape::ChildVideo),
        (Some("CAROUSEL"), _) => Ok(Shape::Carousel),
        (Some("REELS"), _) => Ok(Shape::Reel),
        (Some("STORIES"), _) => Ok(Shape::Story),
        // Single feed videos are reels since 2023.
        _ => Err((&MEDIA_TYPE).into()),
    }
}

fn source(params: &Params, shape: Shape) -> Result<Source, Refusal> {
    let required = |name: &str| Refusal::parameter(format_args!("The parameter {name} is required"));
    let upload = match params.text("upload_type").as_deref() {
        None => false,
        Some("resumable") => true,
        Some(_) => return Err(Refusal::parameter("Param upload_type must be one of {resumable}")),
    };
    let video = || params.text("video_url").map(Source::Video).or(upload.then_some(Source::Upload));
    match shape {
        Shape::Carousel => Ok(Source::None),
        Shape::Image | Shape::ChildImage => {
            params.text("image_url").map(Source::Image).ok_or_else(|| required("image_url"))
        }
        Shape::ChildVideo | Shape::Reel => video().ok_or_else(|| required("video_url")),
        Shape::Story => match (params.text("image_url"), video()) {
            (Some(_), Some(_)) => Err(Refusal::parameter("Only one of image_url and video_url is allowed")),
            (Some(url), None) => Ok(Source::Image(url)),
            (None, Some(video)) => Ok(video),
            (None, None) => Err(required("image_url or video_url")),
        },
    }
}

fn children(params: &Params) -> Result<Vec<u64>, Refusal> {
    let ids = params.list("children")?.ok_or_else(|| Refusal::parameter("The parameter children is required"))?;
    if !(2..=10).contains(&ids.len()) {
        return Err((&CAROUSEL_SIZE).into());
    }
    ids.iter()
        .map(|id| id.parse().map_err(|_| Refusal::parameter("Param children must be an array of media ids")))
        .collect()
}

fn check_caption(caption: &str, settings: &Settings) -> Result<(), Refusal> {
    let len = if settings.caption_utf16 { caption.encode_utf16().count() } else { caption.chars().count() };
    if len > MAX_CAPTION {
        return Err((&CAPTION_TOO_LONG).into());
    }
    if tags(caption, '@') > MAX_MENTIONS {
        return Err((&TOO_MANY_TAGS).into());
    }
    if tags(caption, '#') > settings.max_hashtags {
        return Err(Refusal::parameter("The caption has too many hashtags"));
    }
    Ok(())
}

/// How many `@name` or `#tag` a caption holds; an address like `a@b` is none.
fn tags(caption: &str, mark: char) -> usize {
    let mut before = ' ';
    let mut rest = caption.chars().peekable();
    let mut count = 0;
    while let Some(c) = rest.next() {
        let opens = c == mark && !before.is_alphanumeric() && before != mark;
        if opens && rest.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
            count += 1;
        }
        before = c;
    }
    count
}

fn check_details(params: &Params, kept: &Map<String, Value>, is_image: bool) -> Result<(), Refusal> {
    if params.text("alt_text").is_some_and(|text| text.chars().count() > MAX_ALT_TEXT) {
        return Err(Refusal::parameter("Param alt_text must be at most 1000 characters"));
    }
    if params.list("collaborators")?.is_some_and(|names| names.len() > MAX_COLLABORATORS) {
        return Err(Refusal::parameter("Param collaborators must have at most 3 usernames"));
    }
    if params.list("branded_content_sponsor_ids")?.is_some_and(|ids| ids.len() > 2) {
        return Err(Refusal::parameter("Param branded_content_sponsor_ids must have at most 2 ids"));
    }
    if let Some(id) = params.text("location_id") {
        // Ids of Pages are digits and never short of ten.
        if id.len() < 5 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err((&LOCATION).into());
        }
    }
    let strategy = |trial: &Map<String, Value>| {
        matches!(trial.get("graduation_strategy").and_then(Value::as_str), Some("MANUAL" | "SS_PERFORMANCE"))
    };
    if params.object("trial_params")?.is_some_and(|trial| !strategy(&trial)) {
        return Err(Refusal::parameter("Param trial_params[graduation_strategy] must be MANUAL or SS_PERFORMANCE"));
    }
    if kept.contains_key("audio_configuration") && params.object("audio_configuration")?.is_none() {
        return Err(Refusal::parameter("Param audio_configuration must be a JSON object"));
    }
    if kept.contains_key("poll_attachment") && params.flag("is_comment_prompt_used")? == Some(true) {
        return Err(Refusal::parameter("A poll and a comment prompt exclude each other"));
    }
    check_user_tags(params, is_image && params.text("media_type").as_deref() != Some("STORIES"))?;
    check_product_tags(params, is_image)
}

/// A coordinate from 0 to 1, as number or text.
fn position(tag: &Map<String, Value>, axis: &str) -> Option<Result<f64, Refusal>> {
    let value = match tag.get(axis)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let wrong = || Refusal::parameter(format_args!("Tag position {axis} must be between 0 and 1"));
    Some(value.filter(|value| (0.0..=1.0).contains(value)).ok_or_else(wrong))
}

fn check_user_tags(params: &Params, needs_position: bool) -> Result<(), Refusal> {
    let tags = params.objects("user_tags")?.unwrap_or_default();
    if tags.len() > MAX_MENTIONS {
        return Err((&TOO_MANY_TAGS).into());
    }
    for tag in &tags {
        if tag.get("username").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(Refusal::parameter("Param user_tags needs a username in every tag"));
        }
        for axis in ["x", "y"] {
            match position(tag, axis) {
                Some(result) => _ = result?,
                None if needs_position => {
                    return Err(Refusal::parameter("Param user_tags needs x and y in every tag of a photo"));
                }
                None => {}
            }
        }
    }
    Ok(())
}

pub(crate) fn check_product_tags(params: &Params, is_image: bool) -> Result<(), Refusal> {
    let tags = params.objects("product_tags")?.unwrap_or_default();
    if tags.len() > 5 {
        return Err(Refusal::parameter("Param product_tags must have at most 5 tags"));
    }
    for tag in &tags {
        let id = tag.get("product_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        if !id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err((&PRODUCT_TAG).into());
        }
        for axis in ["x", "y"] {
            match (position(tag, axis), is_image) {
                (Some(result), true) => _ = result?,
                (Some(_), false) => return Err((&PRODUCT_TAG_POSITION).into()),
                (None, true) => return Err((&PRODUCT_TAG_NO_POSITION).into()),
                (None, false) => {}
            }
        }
    }
    Ok(())
}

/// Whether Meta could fetch from this address at all: http or https, ASCII only.
pub(crate) fn check_url(text: &str) -> Result<url::Url, Refusal> {
    if !text.is_ascii() {
        return Err(FETCH.because("The media could not be fetched from this URI: it is not US-ASCII"));
    }
    url::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| FETCH.because("The media could not be fetched from this URI"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_counted_as_readers_see_them() {
        assert_eq!(tags("#a #b## c#d (#e) #", '#'), 3);
        assert_eq!(tags("@harbour write to a@b.org, @x.", '@'), 2);
    }
}
