//! Where the manifest of an imported post goes.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;
use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

use super::name::{Slug, safe_part, shortcode};
use super::write::MediaName;
use igsync_base::feed::LivePost;
use igsync_base::id::{AccountName, Kind};

/// The way of a manifest from the content root, with placeholders for what is known of its post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The parts of the path.
    parts: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Account,
    Year,
    Month,
    Day,
    Date,
    Slug,
    Shortcode,
    Kind,
    Id,
}

const VALUES: [(&str, Value); 9] = [
    ("account", Value::Account),
    ("yyyy", Value::Year),
    ("mm", Value::Month),
    ("dd", Value::Day),
    ("yyyy-mm-dd", Value::Date),
    ("slug", Value::Slug),
    ("shortcode", Value::Shortcode),
    ("kind", Value::Kind),
    ("id", Value::Id),
];

/// Why a template names no place for manifests.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error("there is no placeholder {{{0}}}")]
    Unknown(String),
    #[error("a brace has no counterpart")]
    LoneBrace,
    #[error("it leaves the content root")]
    Outside,
    #[error("a part of it is empty, hidden, or begins with `_`, so igsync would pass over it")]
    Hidden,
    #[error("it has characters that not every system takes in a name")]
    Characters,
}

impl TemplateError {
    /// What to do about it.
    pub const HELP: &'static str = "write it like 'posts/{account}/{yyyy}/{slug}-{shortcode}'; account, yyyy, mm, dd, \
                                    yyyy-mm-dd, slug, shortcode, kind and id are known";
}

/// Where one manifest goes, and how the files beside it are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the content root, `/`-separated.
    pub file: String,
    /// The last part of it without its ending.
    pub stem: String,
}

impl Place {
    /// Of a manifest that is known already.
    #[must_use]
    pub fn of(file: &str) -> Self {
        let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        Self { file: file.to_owned(), stem }
    }

    /// The folder from the content root; empty for the root itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The way to a file beside the manifest, from the content root.
    #[must_use]
    pub fn beside(&self, name: &str) -> String {
        let folder = self.folder();
        if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
    }

    /// How the pictures and clips of a post are named that is described here: one for each slide.
    #[must_use]
    pub fn media(&self, live: &LivePost, kind: Kind) -> Vec<MediaName> {
        let name = |suffix: String, is_video: bool| MediaName {
            file: format!("{}{suffix}.{}", self.stem, if is_video { "mp4" } else { "jpg" }),
            is_video,
        };
        if kind != Kind::Carousel {
            return vec![name(String::new(), kind == Kind::Reel)];
        }
        let slides = live.children.iter().flatten().enumerate();
        slides.map(|(slide, child)| name(format!("-{}", slide + 1), child.is_video)).collect()
    }
}

/// Below a folder of manifests.
const DEFAULT: &str = "imported/{yyyy}/{yyyy-mm-dd}-{slug}-{shortcode}";

impl Default for Template {
    fn default() -> Self {
        Self::below("posts")
    }
}

impl Template {
    /// Reads a template; an ending `.yaml` is left out.
    ///
    /// # Errors
    ///
    /// Why no manifest can be at the places that it names.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = text.strip_suffix(".yaml").or_else(|| text.strip_suffix(".yml")).unwrap_or(text);
        let text = text.strip_prefix("./").unwrap_or(text);
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(TemplateError::Outside);
        }
        let parts: Vec<Vec<Piece>> = text.split('/').map(pieces).collect::<Result<_, _>>()?;
        for part in &parts {
            let is_hidden = match part.first() {
                None => true,
                Some(Piece::Text(text)) => text.starts_with(['.', '_']),
                Some(Piece::Value(_)) => false,
            };
            if is_hidden {
                return Err(TemplateError::Hidden);
            }
        }
        Ok(Self { parts })
    }

    /// The default below a folder of manifests, which is there and is named from the content root; empty: the root.
    ///
    /// # Panics
    ///
    /// Never: the default is a template.
    #[must_use]
    pub fn below(folder: &str) -> Self {
        let default = Self::parse(DEFAULT).expect("the default is a template");
        let above = folder.split('/').filter(|part| !part.is_empty() && *part != ".");
        let above = above.map(|part| vec![Piece::Text(part.to_owned())]);
        Self { parts: above.chain(default.parts).collect() }
    }

    /// Whether the name of each post has in it what no other post has.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        let tells = |piece: &Piece| matches!(piece, Piece::Value(Value::Shortcode | Value::Id));
        self.parts.iter().flatten().any(tells)
    }

    /// The places that a post's manifest may have, the best first: where one is taken, the next has something in its
    /// name that no other post has. A number would depend on what else is there. `zone` is that of the account.
    #[must_use]
    pub fn places(&self, live: &LivePost, account: &AccountName, zone: &TimeZone) -> Vec<Place> {
        let parts: Vec<String> = self.parts.iter().map(|part| filled(part, live, account, zone)).collect();
        let (path, stem) = (parts.join("/"), parts.last().cloned().unwrap_or_default());
        let code = live.permalink.as_deref().and_then(shortcode);
        let suffixes = [Some(String::new()), code.map(|code| format!("-{code}")), Some(format!("-{}", live.id))];
        let place = |suffix: String| Place { file: format!("{path}{suffix}.yaml"), stem: format!("{stem}{suffix}") };
        suffixes.into_iter().flatten().map(place).collect()
    }
}

/// Keys and files that something has already; those that differ by case alone are one, as on many systems.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    keys: HashSet<String>,
    files: HashSet<String>,
}

impl Taken {
    /// The key of a manifest, or of a record.
    pub fn key(&mut self, key: &str) {
        self.keys.insert(folded(key));
    }

    /// A file, from the content root.
    pub fn file(&mut self, path: &str) {
        self.files.insert(folded(path));
    }

    /// Takes a place with the files beside it; `false`: something of it was taken, and nothing is taken now.
    pub fn take(&mut self, place: &Place, media: &[MediaName]) -> bool {
        // `a.yml` and `a.yaml` are one key.
        let key = folded(place.file.rsplit_once('.').map_or(&place.file, |(stem, _)| stem));
        let files: Vec<String> = media.iter().map(|media| folded(&place.beside(&media.file))).collect();
        let file = folded(&place.file);
        if self.keys.contains(&key) || files.iter().chain([&file]).any(|file| self.files.contains(file)) {
            return false;
        }
        self.keys.insert(key);
        self.files.extend(files.into_iter().chain([file]));
        true
    }

    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains(&folded(path))
    }
}

fn folded(name: &str) -> String {
    name.case_fold().nfc().collect()
}

fn pieces(part: &str) -> Result<Vec<Piece>, TemplateError> {
    let (mut pieces, mut rest) = (Vec::new(), part);
    while let Some(brace) = rest.find(['{', '}']) {
        if brace > 0 {
            pieces.push(literal(&rest[..brace])?);
        }
        let inside = rest[brace..].strip_prefix('{').ok_or(TemplateError::LoneBrace)?;
        let (name, after) = inside.split_once('}').ok_or(TemplateError::LoneBrace)?;
        let value = VALUES.iter().find(|(known, _)| *known == name);
        pieces.push(Piece::Value(value.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?.1));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(literal(rest)?);
    }
    Ok(pieces)
}

fn literal(text: &str) -> Result<Piece, TemplateError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ') || !c.is_ascii();
    let fits = text.chars().all(|c| is_plain(c) && !c.is_control());
    // As keys are written: a record is found again by its file.
    if fits { Ok(Piece::Text(text.nfc().collect())) } else { Err(TemplateError::Characters) }
}

fn filled(part: &[Piece], live: &LivePost, account: &AccountName, zone: &TimeZone) -> String {
    let mut out = String::new();
    let mut was_empty = false;
    let mut has_values = false;
    for piece in part {
        match piece {
            // What stands between an empty value and the next goes with it.
            Piece::Text(text) if was_empty => {
                out.push_str(text.strip_prefix(['-', '_', ' ']).unwrap_or(text));
                was_empty = false;
            }
            Piece::Text(text) => out.push_str(text),
            Piece::Value(value) => {
                let value = value.of(live, account, zone);
                has_values = true;
                was_empty = value.is_empty();
                out.push_str(&value);
            }
        }
    }
    if has_values { safe_part(&out) } else { out }
}

impl Value {
    fn of(self, live: &LivePost, account: &AccountName, zone: &TimeZone) -> String {
        let date = |format: &str| live.at.map_or_else(|| "undated".to_owned(), |at| local(at, zone, format));
        match self {
            Self::Account => account.to_string(),
            Self::Year => date("%Y"),
            Self::Month => date("%m"),
            Self::Day => date("%d"),
            Self::Date => date("%Y-%m-%d"),
            Self::Slug => Slug::of(live.caption.as_deref().unwrap_or_default()).as_str().to_owned(),
            Self::Shortcode => live.permalink.as_deref().and_then(shortcode).unwrap_or_else(|| live.id.to_string()),
            Self::Kind => live.kind.map_or_else(|| "post".to_owned(), |kind| kind.as_str().to_owned()),
            Self::Id => live.id.to_string(),
        }
    }
}

fn local(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    at.to_zoned_datetime(zone.clone()).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::live;
    use super::*;

    fn place(template: &str, live: &LivePost) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Template::parse(template).unwrap().places(live, &"brand".into(), &zone).remove(0).file
    }

    fn dated(caption: &str) -> LivePost {
        LivePost {
            at: Some("2024-12-31T23:30:00Z".parse().unwrap()),
            caption: Some(caption.to_owned()),
            permalink: Some("https://www.instagram.com/p/C9x-_Z/".to_owned()),
            ..live("179")
        }
    }

    #[test]
    fn a_manifest_is_named_by_day_words_and_code_in_the_zone_of_its_account() {
        let default = Template::default();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let place = default.places(&dated("Happy New Year!"), &"brand".into(), &zone).remove(0);
        assert_eq!(place.file, "posts/imported/2025/2025-01-01-happy-new-year-C9x-_Z.yaml");
        assert_eq!(place.stem, "2025-01-01-happy-new-year-C9x-_Z");
        assert_eq!(place.folder(), "posts/imported/2025");
        assert_eq!(Place::of(&place.file), place);
    }

    #[test]
    fn placeholders_are_filled_and_nothing_leaves_its_part() {
        assert_eq!(
            place("posts/{account}/{yyyy}/{slug}-{shortcode}", &dated("A b")),
            "posts/brand/2025/a-b-C9x-_Z.yaml"
        );
        assert_eq!(place("posts/{slug}-{shortcode}.yaml", &dated("")), "posts/C9x-_Z.yaml");
        assert_eq!(place("posts/{kind}-{mm}{dd}-{id}", &dated("")), "posts/image-0101-179.yaml");
        assert_eq!(place("posts/{slug}", &dated("nul")), "posts/post-nul.yaml");
        let unknown = LivePost { at: None, permalink: None, caption: None, ..live("179") };
        assert_eq!(place("p/{yyyy-mm-dd}-{slug}-{shortcode}", &unknown), "p/undated-179.yaml");
        let odd = LivePost { permalink: Some("https://www.instagram.com/p/_C9x/".to_owned()), ..unknown };
        assert_eq!(place("p/{shortcode}", &odd), "p/post-_C9x.yaml", "a name with _ at its beginning is passed over");
    }

    #[test]
    fn the_default_is_below_the_folder_of_manifests() {
        let of = |folder: &str| {
            let post = dated("A b");
            Template::below(folder).places(&post, &"brand".into(), &TimeZone::UTC).remove(0).file
        };
        let name = "imported/2024/2024-12-31-a-b-C9x-_Z.yaml";
        assert_eq!(of("content/posts"), format!("content/posts/{name}"));
        assert_eq!(of(""), name);
        assert_eq!(of("."), name);
        assert_eq!(Template::below("posts"), Template::default());
    }

    #[test]
    fn a_name_that_is_taken_gets_what_no_other_post_has_and_never_a_number() {
        let template = Template::parse("posts/{slug}").unwrap();
        let mut taken = Taken::default();
        taken.key("posts/A-B");
        let mut next = |live: &LivePost| {
            let places = template.places(live, &"brand".into(), &TimeZone::UTC);
            places.into_iter().find(|place| taken.take(place, &place.media(live, Kind::Image))).map(|place| place.file)
        };
        assert_eq!(next(&dated("a b")).as_deref(), Some("posts/a-b-C9x-_Z.yaml"), "by case alone it is one key");
        assert_eq!(next(&dated("a b")).as_deref(), Some("posts/a-b-179.yaml"));
        assert_eq!(next(&dated("a b")), None, "it is left alone");
        assert!(!template.is_unique() && Template::default().is_unique());
    }

    #[test]
    fn a_picture_of_another_post_is_never_in_the_place_of_a_slide() {
        let slide = |id: &str| igsync_base::feed::LiveChild {
            id: id.into(),
            is_video: false,
            media_url: None,
            thumbnail_url: None,
            alt_text: None,
        };
        let carousel =
            LivePost { kind: Some(Kind::Carousel), children: Some(["1", "2"].map(slide).into()), ..dated("new year") };
        let template = Template::parse("{slug}").unwrap();
        let mut taken = Taken::default();
        let mut next = |live: &LivePost| {
            let places = template.places(live, &"brand".into(), &TimeZone::UTC);
            let media = |place: &Place| place.media(live, live.kind.unwrap());
            places.into_iter().find(|place| taken.take(place, &media(place))).unwrap().file
        };
        assert_eq!(next(&carousel), "new-year.yaml");
        assert_eq!(next(&dated("new year 2")), "new-year-2-C9x-_Z.yaml", "its picture would be the second slide");
        let mut taken = Taken::default();
        taken.file("Posts/Sunset.jpg");
        let place = Place::of("posts/sunset.yaml");
        assert!(!taken.take(&place, &place.media(&dated(""), Kind::Image)), "a manifest names it");
    }

    #[test]
    fn a_name_is_written_as_keys_are() {
        assert_eq!(place("posts/cafe\u{301}/{slug}", &dated("a")), "posts/caf\u{e9}/a.yaml");
    }

    #[test]
    fn templates_that_name_no_place_are_refused() {
        for (text, error) in [
            ("posts/{title}", TemplateError::Unknown("title".to_owned())),
            ("posts/{slug", TemplateError::LoneBrace),
            ("posts/slug}", TemplateError::LoneBrace),
            ("/etc/{slug}", TemplateError::Outside),
            ("../{slug}", TemplateError::Outside),
            ("posts/../../{slug}", TemplateError::Outside),
            ("posts//{slug}", TemplateError::Hidden),
            ("", TemplateError::Hidden),
            ("posts/.hidden/{slug}", TemplateError::Hidden),
            ("posts/_{slug}", TemplateError::Hidden),
            ("posts\\{slug}", TemplateError::Characters),
            ("C:{slug}", TemplateError::Characters),
        ] {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_caption_says_its_file_stays_in_its_folder(caption in "(\\PC|[\u{0}-\u{7f}]){0,80}") {
            let file = place("posts/{slug}-{shortcode}", &dated(&caption));
            let name = file.strip_prefix("posts/").unwrap();
            prop_assert!(!name.contains('/') && !name.starts_with(['.', '_', '-']));
            prop_assert!(name.len() < 140 && name.is_ascii());
        }
    }
}
