//! Fields that do not exist, and the line that was meant where it is more than another name.

use super::decode::in_flow;
use super::fields::WRONG_NAMES;
use crate::yaml::{Entry, Fields, Node, Problems, Value, report_unknown, shown};
use igsync_base::id::Kind;
use igsync_base::rules;

/// As [`Fields::reject_unknown`], for manifests and items. `kind`: of the manifest.
pub(super) fn reject_unknown(
    fields: Fields<'_>,
    what: &str,
    kind: Option<Kind>,
    known: &[&'static str],
    problems: &mut Problems<'_>,
) -> Vec<&'static str> {
    let unknown = fields.entries().iter().filter(|entry| !known.contains(&&*entry.key));
    let report = |entry: &Entry| match other_value(entry, kind, known) {
        Some(meant) => {
            report(entry, what, &meant, problems);
            Some(meant.field)
        }
        None => report_unknown(entry, what, known, WRONG_NAMES, problems),
    };
    unknown.filter_map(report).collect()
}

/// A field whose value is written in another way, too.
struct Meant {
    field: &'static str,
    /// Without it there are words only.
    value: Option<String>,
    /// What the field takes, in front of the line; may be empty.
    words: &'static str,
}

fn report(entry: &Entry, what: &str, meant: &Meant, problems: &mut Problems<'_>) {
    let Meant { field, value, words } = meant;
    let whole = entry.key_span.start..entry.value.span.end.max(entry.key_span.end);
    let line = value.as_ref().map(|value| problems.line_with(&whole, &format!("{field}: {value}")));
    let help = match line {
        Some(Some(line)) => format!("{words}write: {line}"),
        Some(None) => format!("{words}write `{field}`"),
        None => (*words).to_owned(),
    };
    let message = format!("{what} has no field `{}`", shown(&entry.key));
    let label = format!("did you mean `{field}`?");
    problems.report(&rules::UNKNOWN_FIELD, &entry.key_span, message, label).help = Some(help);
}

/// The field that was meant, where its name alone would be wrong again.
fn other_value(entry: &Entry, kind: Option<Kind>, known: &[&'static str]) -> Option<Meant> {
    let name = entry.key.to_lowercase();
    let right = WRONG_NAMES.iter().find(|(wrong, _)| *wrong == name).map(|(_, right)| *right);
    let value = &entry.value;
    let is_one_file = kind.is_some_and(|kind| kind != Kind::Carousel);
    let meant = match (right?, value.scalar()) {
        ("items", _) if is_one_file && !only_path(value).is_some_and(|path| is_media(path) && !path.contains(',')) => {
            Meant { field: "items", value: None, words: SEVERAL_FILES }
        }
        ("items", Some(paths)) if paths.contains(',') => {
            Meant { field: "items", value: Some(items_in(paths)?), words: "" }
        }
        ("items" | "image" | "video", Some(path)) if kind == Some(Kind::Carousel) && known.contains(&"items") => {
            Meant { field: "items", value: Some(items_in(path)?), words: "" }
        }
        ("items" | "image" | "video", Some(path)) if is_media(path) => {
            Meant { field: media_field(path), value: Some(in_flow(path)), words: "" }
        }
        ("items", None) if is_one_file => {
            let path = only_path(value)?;
            if value.span.len() <= 1 {
                return Some(Meant { field: media_field(path), value: None, words: ONE_FILE });
            }
            Meant { field: media_field(path), value: Some(in_flow(path)), words: "" }
        }
        ("items", None) => Meant { field: "items", value: Some(items(value)?), words: "" },
        ("location_id", Some(place)) if !place.bytes().all(|byte| byte.is_ascii_digit()) => Meant {
            field: "location_id",
            // A number that nobody has: it is to be replaced.
            value: Some("\"123456789012345\"".into()),
            words: "Instagram takes the id of a Facebook Page that has a location, not a name; with that number, ",
        },
        ("comment_enabled", Some(_)) if name.starts_with("disable") => {
            Meant { field: "comment_enabled", value: Some((!value.as_bool()?).to_string()), words: "" }
        }
        _ => return None,
    };
    known.contains(&meant.field).then_some(meant)
}

/// What is said of several files in a post of another kind.
const SEVERAL_FILES: &str =
    "write `kind: carousel` and the files as `items`, or one file as `image: ./file.jpg` or `video: ./file.mp4`";
const ONE_FILE: &str = "write the path on one line, without a dash: `image: ./file.jpg` or `video: ./file.mp4`";

/// A path, or the only one of a list.
fn only_path(value: &Node) -> Option<&str> {
    match &value.value {
        Value::List(nodes) => <&[Node; 1]>::try_from(&nodes[..]).ok()?[0].scalar(),
        _ => value.scalar(),
    }
}

/// The paths of a text, separated by commas or blanks, as items of a carousel.
pub(super) fn items_in(text: &str) -> Option<String> {
    let parts = |marks: &[char]| -> Option<Vec<&str>> {
        let parts: Vec<&str> = text.split(marks).map(str::trim).filter(|part| !part.is_empty()).collect();
        parts.iter().all(|part| is_media(part)).then_some(parts)
    };
    let paths = parts(&[',', ';', ' ']).or_else(|| parts(&[',', ';'])).filter(|paths| !paths.is_empty())?;
    let item = |path: &&str| format!("{{ {}: {} }}", media_field(path), in_flow(path));
    Some(format!("[{}]", paths.iter().map(item).collect::<Vec<_>>().join(", ")))
}

/// Paths as items of a carousel.
fn items(value: &Node) -> Option<String> {
    let Value::List(nodes) = &value.value else { return None };
    let item = |node: &Node| {
        let path = node.scalar().filter(|path| is_media(path))?;
        Some(format!("{{ {}: {} }}", media_field(path), in_flow(path)))
    };
    let items: Vec<String> = nodes.iter().map(item).collect::<Option<_>>()?;
    (value.span.len() > 1).then(|| format!("[{}]", items.join(", ")))
}

/// Whether a text can be a path or an address.
pub(super) fn is_media(text: &str) -> bool {
    text.contains('.') && (!text.contains(':') || text.contains("://")) && !text.contains('\n')
}

/// The field that takes a file of this name.
pub(super) fn media_field(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    if matches!(extension.as_str(), "mp4" | "mov" | "m4v" | "webm" | "avi" | "mkv") { "video" } else { "image" }
}
