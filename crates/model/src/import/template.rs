//! Where the manifest of an imported post goes.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;
use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

use super::name::{Slug, safe_part, shortcode};
use igsync_base::feed::LivePost;
use igsync_base::id::AccountName;

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
}

impl Default for Template {
    fn default() -> Self {
        Self::parse("posts/imported/{yyyy}/{yyyy-mm-dd}-{slug}-{shortcode}").expect("the default is a template")
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

    /// The place of a post's manifest; the first that is not `taken`. `zone` is that of its account.
    pub fn place(&self, live: &LivePost, account: &AccountName, zone: &TimeZone, taken: &mut Taken) -> Place {
        let parts: Vec<String> = self.parts.iter().map(|part| filled(part, live, account, zone)).collect();
        let path = parts.join("/");
        let stem = parts.last().cloned().unwrap_or_default();
        for number in 1_u32.. {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let file = format!("{path}{suffix}.yaml");
            if taken.take(&file) {
                return Place { file, stem: format!("{stem}{suffix}") };
            }
        }
        unreachable!("there are fewer files than numbers")
    }
}

/// Names that files have already; those that differ by case alone are one, as on many systems.
#[derive(Clone, Debug, Default)]
pub struct Taken(HashSet<String>);

impl Taken {
    /// Takes a name. `false`: it was taken.
    pub fn take(&mut self, file: &str) -> bool {
        // `a.yml` and `a.yaml` are one key.
        let key = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        self.0.insert(key.case_fold().nfc().collect())
    }
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
    if fits { Ok(Piece::Text(text.to_owned())) } else { Err(TemplateError::Characters) }
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
        Template::parse(template).unwrap().place(live, &"brand".into(), &zone, &mut Taken::default()).file
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
        let place = default.place(&dated("Happy New Year!"), &"brand".into(), &zone, &mut Taken::default());
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
    fn names_that_differ_by_case_alone_are_numbered() {
        let mut taken = Taken::default();
        assert!(taken.take("posts/A-B.yml"));
        let zone = TimeZone::UTC;
        let template = Template::parse("posts/{slug}").unwrap();
        let mut next = || template.place(&dated("a b"), &"brand".into(), &zone, &mut taken).file;
        assert_eq!([next(), next()], ["posts/a-b-2.yaml", "posts/a-b-3.yaml"]);
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
