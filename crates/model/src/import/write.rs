//! The manifest of a live post, as YAML that reads back as the same post.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_yaml::FlowSeq;

use crate::manifest::normal_text;
use igsync_base::feed::{Extras, LivePost};
use igsync_base::id::{AccountName, Kind};

/// What a manifest is written from.
#[derive(Clone, Debug)]
pub struct Description<'a> {
    pub live: &'a LivePost,
    pub kind: Kind,
    /// `None`: there is but one.
    pub account: Option<&'a AccountName>,
    /// One for each picture or clip, in order.
    pub media: Vec<MediaName>,
    /// Fields that defaults would add where the manifest does not have them.
    pub overridden: &'a BTreeSet<&'static str>,
    /// What was read beside the feed.
    pub extras: &'a Extras,
}

/// A picture or a clip of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaName {
    /// The name of the file, beside the manifest.
    pub file: String,
    pub is_video: bool,
}

/// What Instagram has not given of a post, and a manifest could say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReadBack(Vec<&'static str>);

impl NotReadBack {
    /// `has_collaborators`: they were asked for.
    #[must_use]
    pub fn of(kind: Kind, has_collaborators: bool) -> Self {
        let of_reels: &[&str] = if kind == Kind::Reel { &["cover", "music", "trial"] } else { &[] };
        let any = ["location", "tagged accounts", "collaborators", "products", "paid partnership"];
        let any = any.into_iter().filter(|name| !(has_collaborators && *name == "collaborators"));
        Self(any.chain(of_reels.iter().copied()).collect())
    }

    /// In words, for one line.
    #[must_use]
    pub fn names(&self) -> String {
        self.0.join(", ")
    }
}

/// The text of the manifest.
#[must_use]
pub fn write(described: &Description<'_>) -> String {
    let mut text = heading(described);
    let fields = fields(described);
    // Writing to a string cannot fail, and every value is one that YAML has.
    let _ = serde_yaml::to_fmt_writer_with_options(&mut text, &Fields(fields), options());
    text
}

/// Long lines stay lines: what a person sees in the file is what is in the caption.
fn options() -> serde_yaml::SerializerOptions {
    serde_yaml::ser_options! { folded_wrap_chars: 1_000_000, compact_list_indent: false }
}

/// Comments with nothing in them that a stranger wrote but a link, which is in its only form.
fn heading(described: &Description<'_>) -> String {
    let mut text = String::new();
    let is_plain = |link: &&String| link.chars().all(|c| c.is_ascii_graphic());
    let link = described.live.permalink.as_ref().filter(is_plain).map_or("Instagram", String::as_str);
    let at = described.live.at.map_or_else(String::new, |at| format!(", live since {at}"));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# Imported from {link}{at}. This file is never published.");
    let _ = writeln!(
        text,
        "# Instagram does not give back: {}.",
        NotReadBack::of(described.kind, described.extras.collaborators.is_some()).names()
    );
    text
}

fn fields(described: &Description<'_>) -> Vec<(&'static str, Value)> {
    let Description { live, kind, account, media, overridden, extras } = described;
    let is = |name: &str| overridden.contains(name);
    let mut fields =
        vec![("kind", Value::Text(kind.as_str().to_owned())), ("imported", Value::Text(live.id.to_string()))];
    fields.extend(account.map(|account| ("accounts", Value::Words(vec![account.to_string()]))));
    if *kind != Kind::Story {
        fields.push(("caption", Value::Text(normal_text(live.caption.as_deref().unwrap_or_default()))));
        // They are in the caption already, and a default may be added any day.
        fields.push(("hashtags", Value::Words(vec![])));
    }
    let alt = live.alt_text.as_deref().map(normal_text).filter(|text| !text.is_empty());
    match (kind, media.as_slice()) {
        (Kind::Carousel, slides) => {
            let alt = |place: usize| live.children.as_ref()?.get(place)?.alt_text.as_deref();
            let slide = |(place, slide): (usize, &MediaName)| {
                let alt = alt(place).map(normal_text).filter(|text| !text.is_empty() && !slide.is_video);
                Value::Map(
                    [Some(file(slide)), alt.map(|alt| ("alt_text", Value::Text(alt)))].into_iter().flatten().collect(),
                )
            };
            fields.push(("items", Value::List(slides.iter().enumerate().map(slide).collect())));
        }
        (_, media) => fields.extend(media.first().map(file)),
    }
    match (kind, alt) {
        (Kind::Image, Some(alt)) => fields.push(("alt_text", Value::Text(alt))),
        (Kind::Image, None) if is("alt_text") => fields.push(("alt_text", Value::Text(String::new()))),
        _ => {}
    }
    if *kind == Kind::Reel && (live.share_to_feed.is_some() || is("share_to_feed")) {
        fields.push(("share_to_feed", Value::Flag(live.share_to_feed.unwrap_or(true))));
    }
    if live.is_ai_generated == Some(true) || is("is_ai_generated") {
        fields.push(("is_ai_generated", Value::Flag(live.is_ai_generated.unwrap_or(false))));
    }
    if *kind != Kind::Story && (live.comment_enabled == Some(false) || is("comment_enabled")) {
        fields.push(("comment_enabled", Value::Flag(live.comment_enabled.unwrap_or(true))));
    }
    let mut told = Vec::new();
    if let Some(names) = extras.collaborators.as_ref().filter(|names| *kind != Kind::Story && !names.is_empty()) {
        told.push(("collaborators", Value::Words(names.clone())));
    }
    if let Some(Some(text)) = extras.first_comment.as_ref().filter(|_| *kind != Kind::Story) {
        told.push(("first_comment", Value::Text(normal_text(text))));
    }
    let is_told = |name: &str| told.iter().any(|(told, _)| *told == name);
    let taken_back: Vec<_> = taken_back(*kind).filter(|(name, _)| is(name) && !is_told(name)).collect();
    fields.extend(told);
    fields.extend(taken_back);
    fields
}

/// What takes back a default of which Instagram says nothing.
fn taken_back(kind: Kind) -> impl Iterator<Item = (&'static str, Value)> {
    let text = || Value::Text(String::new());
    let list = || Value::Words(vec![]);
    let feed = kind != Kind::Story;
    let reel = kind == Kind::Reel;
    let single = matches!(kind, Kind::Image | Kind::Reel);
    [
        (feed, "collaborators", list()),
        (feed, "location_id", text()),
        (feed, "first_comment", text()),
        (single, "user_tags", list()),
        (single, "product_tags", list()),
        (reel, "audio_name", text()),
        (true, "is_paid_partnership", Value::Flag(false)),
        (true, "branded_content_sponsor_ids", list()),
        (true, "note", text()),
    ]
    .into_iter()
    .filter_map(|(has, name, value)| has.then_some((name, value)))
}

fn file(media: &MediaName) -> (&'static str, Value) {
    (if media.is_video { "video" } else { "image" }, Value::Text(format!("./{}", media.file)))
}

/// The values that manifests have.
enum Value {
    Text(String),
    Flag(bool),
    /// On one line.
    Words(Vec<String>),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

struct Fields(Vec<(&'static str, Value)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(&self.0, serializer)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Words(words) => FlowSeq(words).serialize(serializer),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Map(fields) => map(fields, serializer),
        }
    }
}

fn map<S: Serializer>(fields: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests;
