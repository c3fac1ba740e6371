//! Which parameter of a creation fits which kind of container, and its type, as data.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use serde_json::{Map, Value};

use super::error::Refusal;
use super::params::Params;
use super::switches::Settings;
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
pub(crate) enum Use {
    /// Cannot do without it.
    Need,
    /// Takes it.
    Yes,
    /// Refuses the request.
    No,
    /// Goes on as if it were not there.
    Skip,
}
use Use::{Need, No, Skip, Yes};

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Flag,
    /// A list of texts.
    List,
    /// A list of ids, which are numbers.
    Ids,
    /// A list of objects.
    Objects,
    Object,
}
use Type::{Flag, Ids, List, Object, Objects, Text};

impl Type {
    /// As Meta's specification calls it.
    #[cfg(test)]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Text => "string",
            Flag => "bool",
            List => "list<string>",
            Ids => "list<unsigned int>",
            Objects => "list<map>",
            Object => "map",
        }
    }

    /// # Errors
    ///
    /// Code 100 when the value cannot be read as this type.
    fn check(self, params: &Params, name: &str) -> Result<(), Refusal> {
        match self {
            Text => Ok(()),
            Flag => params.flag(name).map(drop),
            List => params.list(name).map(drop),
            Objects => params.objects(name).map(drop),
            Object => params.object(name).map(drop),
            Ids => {
                let ids = params.list(name)?.unwrap_or_default();
                let wrong = || Refusal::parameter(format_args!("Param {name} must be an array of ids"));
                if ids.iter().all(|id| id.parse::<u64>().is_ok()) { Ok(()) } else { Err(wrong()) }
            }
        }
    }
}

pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// By [`Shape`]: image, child image, child video, carousel, reel, story.
    shapes: [Use; 6],
    facebook_only: bool,
}

const fn rule(name: &'static str, kind: Type, shapes: [Use; 6]) -> Rule {
    Rule { name, kind, shapes, facebook_only: false }
}

const fn facebook(name: &'static str, kind: Type, shapes: [Use; 6]) -> Rule {
    Rule { name, kind, shapes, facebook_only: true }
}

/// Every parameter that the sandbox knows; others are ignored, as the real API ignores them.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    //                                             image child child  carousel reel story
    //                                                   image video
    rule("media_type",                  Text,    [Yes,  Yes,  Need, Need, Need, Need]),
    rule("image_url",                   Text,    [Need, Need, No,   Skip, No,   Yes]),
    rule("video_url",                   Text,    [No,   No,   Yes,  Skip, Yes,  Yes]),
    facebook("upload_type",             Text,    [No,   No,   Yes,  Skip, Yes,  Yes]),
    rule("is_carousel_item",            Flag,    [Yes,  Yes,  Yes,  No,   No,   No]),
    rule("children",                    List,    [Skip, Skip, Skip, Need, Skip, Skip]),
    rule("caption",                     Text,    [Yes,  No,   No,   Yes,  Yes,  Skip]),
    rule("alt_text",                    Text,    [Yes,  Yes,  No,   Skip, No,   No]),
    rule("user_tags",                   Objects, [Yes,  Yes,  Yes,  Skip, Yes,  Yes]),
    rule("collaborators",               List,    [Yes,  No,   No,   Yes,  Yes,  No]),
    rule("location_id",                 Text,    [Yes,  No,   No,   Yes,  Yes,  Skip]),
    facebook("product_tags",            Objects, [Yes,  Yes,  Yes,  Yes,  Yes,  No]),
    rule("cover_url",                   Text,    [Skip, Skip, Skip, Skip, Yes,  Skip]),
    rule("thumb_offset",                Text,    [Skip, Skip, Yes,  Skip, Yes,  Skip]),
    rule("share_to_feed",               Flag,    [Skip, Skip, Skip, Yes,  Yes,  Skip]),
    rule("audio_name",                  Text,    [Skip, Skip, Skip, Skip, Yes,  Skip]),
    rule("trial_params",                Object,  [No,   No,   No,   No,   Yes,  No]),
    rule("is_ai_generated",             Flag,    [Yes,  No,   No,   Yes,  Yes,  Yes]),
    rule("branded_content_sponsor_ids", Ids,     [Yes,  No,   No,   Yes,  Yes,  Yes]),
    rule("is_paid_partnership",         Flag,    [Yes,  No,   No,   Yes,  Yes,  Yes]),
    facebook("audio_configuration",     Text,    [No,   No,   No,   No,   Yes,  No]),
    facebook("poll_attachment",         Object,  [Yes,  No,   No,   Yes,  Yes,  No]),
    facebook("is_poll_duration_extended", Flag,  [Yes,  No,   No,   Yes,  Yes,  No]),
    facebook("is_comment_prompt_used",  Flag,    [Yes,  No,   No,   Yes,  Yes,  No]),
];

/// The parameters that this kind of container takes; others are dropped as the real API drops what
/// it does not know.
///
/// # Errors
///
/// Code 100 for a parameter that this kind, or this login, must not be sent, for one that is missing
/// and for one of the wrong type.
pub(crate) fn fitting(
    params: &Params,
    shape: Shape,
    login: Login,
    settings: &Settings,
) -> Result<Map<String, Value>, Refusal> {
    let mut kept = Map::new();
    for name in params.names().filter(|name| params.has(name)) {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else { continue };
        let denied = rule.facebook_only && !(name == "upload_type" && settings.upload_with_instagram);
        match rule.shapes[shape as usize] {
            No => return Err(Refusal::parameter(format_args!("param {name} is not allowed"))),
            Need | Yes if denied && login == Login::Instagram => {
                return Err(Refusal::parameter(format_args!("param {name} is not supported with Instagram Login")));
            }
            Need | Yes => {
                rule.kind.check(params, name)?;
                kept.insert(name.to_owned(), params.as_map()[name].clone());
            }
            Skip => {}
        }
    }
    let missing = RULES.iter().find(|rule| rule.shapes[shape as usize] == Need && !params.has(rule.name));
    match missing {
        Some(rule) => Err(Refusal::parameter(format_args!("The parameter {} is required", rule.name))),
        None => Ok(kept),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;

    /// In Meta's documentation and changelog, and not yet in the specification.
    const NEWER_THAN_SPECIFICATION: &[&str] = &[
        "audio_configuration",
        "branded_content_sponsor_ids",
        "is_ai_generated",
        "is_comment_prompt_used",
        "is_paid_partnership",
        "is_poll_duration_extended",
        "poll_attachment",
    ];
    /// In the specification, and not known to the sandbox.
    const UNKNOWN_TO_SANDBOX: &[&str] = &[];

    /// The parameters of `POST {edge}` in one of Meta's files, with their types.
    fn specified(file: &std::path::Path, edge: &str) -> BTreeMap<String, String> {
        let spec: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let apis = spec["apis"].as_array().unwrap();
        let api = apis.iter().find(|api| api["method"] == "POST" && api["endpoint"] == edge).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        api["params"].as_array().unwrap().iter().map(|param| (text(&param["name"]), text(&param["type"]))).collect()
    }

    #[test]
    fn names_and_types_are_those_of_metas_specification() {
        let Some(folder) = std::env::var_os("IGSYNC_SPEC_DIR").map(PathBuf::from) else {
            eprintln!("SKIPPED: no specification; IGSYNC_SPEC_DIR names a folder with IGUser.json");
            return;
        };
        for file in ["IGUser.json", "IGUserForIGOnlyAPI.json"] {
            let mut theirs = specified(&folder.join(file), "media");
            theirs.retain(|name, _| !UNKNOWN_TO_SANDBOX.contains(&name.as_str()));
            let ours = RULES.iter().filter(|rule| !NEWER_THAN_SPECIFICATION.contains(&rule.name));
            let ours: BTreeMap<_, _> = ours.map(|rule| (rule.name.to_owned(), rule.kind.as_str().to_owned())).collect();
            assert_eq!(ours, theirs, "{file}");
        }
        let publish = specified(&folder.join("IGUser.json"), "media_publish");
        assert_eq!(publish, BTreeMap::from([("creation_id".to_owned(), "unsigned int".to_owned())]));
    }

    #[test]
    fn every_exception_is_one() {
        for name in NEWER_THAN_SPECIFICATION {
            assert!(RULES.iter().any(|rule| rule.name == *name), "{name} is no parameter");
        }
    }
}
