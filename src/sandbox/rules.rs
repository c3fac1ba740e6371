//! Which parameter of a creation fits which kind of container, as data.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::error::Refusal;
use super::params::Params;
use super::token::Login;

/// The columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Image,
    ChildImage,
    ChildVideo,
    Carousel,
    Reel,
    Story,
}

/// What a kind does with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Takes it.
    Yes,
    /// Refuses the request.
    No,
    /// Goes on as if it were not there.
    Skip,
}
use Use::{No, Skip, Yes};

struct Rule {
    name: &'static str,
    /// By [`Shape`]: image, child image, child video, carousel, reel, story.
    shapes: [Use; 6],
    facebook_only: bool,
}

const fn rule(name: &'static str, shapes: [Use; 6]) -> Rule {
    Rule { name, shapes, facebook_only: false }
}

const fn facebook(name: &'static str, shapes: [Use; 6]) -> Rule {
    Rule { name, shapes, facebook_only: true }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule("media_type",                  [Yes,  Yes,  Yes,  Yes,  Yes,  Yes]),
    rule("image_url",                   [Yes,  Yes,  No,   Skip, No,   Yes]),
    rule("video_url",                   [No,   No,   Yes,  Skip, Yes,  Yes]),
    facebook("upload_type",             [No,   No,   Yes,  Skip, Yes,  Yes]),
    rule("is_carousel_item",            [Yes,  Yes,  Yes,  No,   No,   No]),
    rule("children",                    [Skip, Skip, Skip, Yes,  Skip, Skip]),
    rule("caption",                     [Yes,  No,   No,   Yes,  Yes,  Skip]),
    rule("alt_text",                    [Yes,  Yes,  No,   Skip, No,   No]),
    rule("user_tags",                   [Yes,  Yes,  Yes,  Skip, Yes,  Yes]),
    rule("collaborators",               [Yes,  No,   No,   Yes,  Yes,  No]),
    rule("location_id",                 [Yes,  No,   No,   Yes,  Yes,  Skip]),
    facebook("product_tags",            [Yes,  Yes,  Yes,  Yes,  Yes,  No]),
    rule("cover_url",                   [Skip, Skip, Skip, Skip, Yes,  Skip]),
    rule("thumb_offset",                [Skip, Skip, Yes,  Skip, Yes,  Skip]),
    rule("share_to_feed",               [Skip, Skip, Skip, Yes,  Yes,  Skip]),
    rule("audio_name",                  [Skip, Skip, Skip, Skip, Yes,  Skip]),
    rule("trial_params",                [No,   No,   No,   No,   Yes,  No]),
    rule("is_ai_generated",             [Yes,  No,   No,   Yes,  Yes,  Yes]),
    rule("branded_content_sponsor_ids", [Yes,  No,   No,   Yes,  Yes,  Yes]),
    rule("is_paid_partnership",         [Yes,  No,   No,   Yes,  Yes,  Yes]),
    facebook("audio_configuration",     [No,   No,   No,   No,   Yes,  No]),
    facebook("poll_attachment",         [Yes,  No,   No,   Yes,  Yes,  No]),
    facebook("is_poll_duration_extended", [Yes, No,  No,   Yes,  Yes,  No]),
    facebook("is_comment_prompt_used",  [Yes,  No,   No,   Yes,  Yes,  No]),
];

/// The parameters that this kind of container takes; others are dropped as the real API drops what
/// it does not know.
///
/// # Errors
///
/// Code 100 for a parameter that this kind, or this login, must not be sent.
pub(crate) fn fitting(
    params: &Params,
    shape: Shape,
    login: Login,
) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
    let mut kept = serde_json::Map::new();
    for name in params.names() {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else { continue };
        if !params.has(name) {
            continue;
        }
        match rule.shapes[shape as usize] {
            No => return Err(Refusal::parameter(format_args!("param {name} is not allowed"))),
            Yes if rule.facebook_only && login == Login::Instagram => {
                return Err(Refusal::parameter(format_args!("param {name} is not supported with Instagram Login")));
            }
            Yes => {
                kept.insert(name.to_owned(), params.as_map()[name].clone());
            }
            Skip => {}
        }
    }
    Ok(kept)
}
