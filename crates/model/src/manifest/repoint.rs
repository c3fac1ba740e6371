//! A manifest that names other files than before: the same text but for those values.

use std::ops::Range;
use std::sync::Arc;

use super::media::{Spot, value_at};
use crate::yaml::{self, Fields, Node, Problems, Value};
use igsync_base::path::local;

/// Why a manifest is not changed: what it says is written in a way in which one value cannot be replaced alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be replaced alone: an anchor, a block or an escape is in the way")]
pub struct NotAlone;

/// The text of `file` with another file name at each spot: the last part of a path, in the folder that is written
/// there. Every other byte stays, comments among them.
///
/// # Errors
///
/// [`NotAlone`], where the result would not say exactly that.
pub fn repoint(file: &Arc<str>, text: &str, names: &[(Spot<'_>, String)]) -> Result<String, NotAlone> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mark, text) = text.split_at(start);
    let old = parse(file, text).ok_or(NotAlone)?;
    let mut edits: Vec<Edit> = Vec::new();
    for (spot, name) in names {
        let edit = edit(file, text, &old, *spot, name).ok_or(NotAlone)?;
        match edits.iter().find(|known| known.span == edit.span) {
            Some(known) if known.value == edit.value => {}
            Some(_) => return Err(NotAlone),
            None => edits.push(edit),
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    let mut new = String::from(mark);
    let mut read = 0;
    for edit in &edits {
        new.push_str(text.get(read..edit.span.start).ok_or(NotAlone)?);
        new.push_str(&edit.written);
        read = edit.span.end;
    }
    new.push_str(&text[read..]);
    let says_it = parse(file, &new[start..]).is_some_and(|node| says(&old, &node, &edits));
    if says_it { Ok(new) } else { Err(NotAlone) }
}

/// The local file that a manifest names at a spot, relative to the content root.
#[must_use]
pub fn source_at(file: &Arc<str>, text: &str, spot: Spot<'_>) -> Option<Arc<str>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = parse(file, text)?;
    let mut problems = Problems::new(Arc::clone(file), text);
    let fields = Fields::of(&node, "a manifest", &mut problems)?;
    let path = value_at(fields, spot, &mut problems)?.scalar()?;
    local(file.rsplit_once('/').map_or("", |(folder, _)| folder), path).ok()
}

struct Edit {
    span: Range<usize>,
    /// As YAML understands it.
    value: String,
    /// As it is written in the file.
    written: String,
}

fn parse(file: &Arc<str>, text: &str) -> Option<Node> {
    let mut problems = Problems::new(Arc::clone(file), text);
    yaml::parse(&mut problems).filter(|_| problems.is_empty())
}

fn edit(file: &Arc<str>, text: &str, old: &Node, spot: Spot<'_>, name: &str) -> Option<Edit> {
    let mut problems = Problems::new(Arc::clone(file), text);
    let fields = Fields::of(old, "a manifest", &mut problems)?;
    let node = value_at(fields, spot, &mut problems)?;
    let path = node.scalar()?;
    let value = match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    };
    let written = match text.get(node.span.clone())? {
        plain if plain == path => value.clone(),
        // A JSON text is a YAML text in double quotes.
        quoted if is_within(quoted, '"') => serde_json::to_string(&value).ok()?,
        quoted if is_within(quoted, '\'') => format!("'{}'", value.replace('\'', "''")),
        _ => return None,
    };
    Some(Edit { span: node.span.clone(), value, written })
}

fn is_within(text: &str, quote: char) -> bool {
    text.len() >= 2 && text.starts_with(quote) && text.ends_with(quote)
}

/// Whether the new tree is the old one with these values at their places. An alias has a place of its own.
fn says(old: &Node, new: &Node, edits: &[Edit]) -> bool {
    match (&old.value, &new.value) {
        (Value::Scalar { text, plain }, Value::Scalar { text: now, plain: is_plain }) => {
            let edit = edits.iter().find(|edit| edit.span == old.span);
            plain == is_plain && edit.map_or(&**text, |edit| edit.value.as_str()) == &**now
        }
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| says(old, new, edits))
        }
        (Value::Map(old), Value::Map(new)) => {
            old.len() == new.len()
                && old.iter().zip(new).all(|(old, new)| old.key == new.key && says(&old.value, &new.value, edits))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repointed(text: &str, names: &[(Spot<'_>, &str)]) -> Result<String, NotAlone> {
        let names: Vec<_> = names.iter().map(|(spot, name)| (*spot, (*name).to_owned())).collect();
        repoint(&"posts/a.yaml".into(), text, &names)
    }

    fn first(text: &str) -> Result<String, NotAlone> {
        repointed(text, &[(Spot::Item(0), "new.igsync.jpg")])
    }

    #[test]
    fn one_value_changes_and_its_folder_quotes_and_neighbours_stay() {
        for (old, new) in [
            ("a.png", "new.igsync.jpg"),
            ("./a.png", "./new.igsync.jpg"),
            ("../pictures of us/a.png # the best", "../pictures of us/new.igsync.jpg # the best"),
            ("\"./a.png\"", "\"./new.igsync.jpg\""),
            ("'./it''s a.png'   ", "'./new.igsync.jpg'   "),
            ("\"./\\u00fc \\\"x\\\"/a.png\"", "\"./ü \\\"x\\\"/new.igsync.jpg\""),
        ] {
            let text = |value: &str| {
                format!("\u{feff}# harbour\r\nkind: image\r\nimage: {value}\r\ncaption: |\r\n  a.png\r\n")
            };
            assert_eq!(first(&text(old)).as_deref(), Ok(text(new).as_str()));
        }
        assert_eq!(first("{kind: image, image: a.png}"), Ok("{kind: image, image: new.igsync.jpg}".into()));
        assert_eq!(first("{\"image\":\"a.png\"}"), Ok("{\"image\":\"new.igsync.jpg\"}".into()));
    }

    #[test]
    fn a_manifest_says_which_file_it_names() {
        let at = |text: &str| source_at(&"posts/a.yaml".into(), text, Spot::Item(0));
        assert_eq!(at("\u{feff}image: ../media/./a.png\n").as_deref(), Some("media/a.png"));
        for text in ["image: /a.png\n", "kind: image\n", "image: [\n"] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn items_and_covers_change_together() {
        let text = "items:\n  - { image: a.png, alt_text: a.png }\n  - video: 'b.mov'\n\ncover: c.png\n";
        let names = [(Spot::Cover, "c.igsync.jpg"), (Spot::Item(1), "b.igsync.mp4"), (Spot::Item(0), "a.igsync.jpg")];
        let new =
            "items:\n  - { image: a.igsync.jpg, alt_text: a.png }\n  - video: 'b.igsync.mp4'\n\ncover: c.igsync.jpg\n";
        assert_eq!(repointed(text, &names), Ok(new.into()));
    }

    #[test]
    fn what_would_change_more_than_the_value_is_left_to_a_person() {
        assert_eq!(first("image: &a a.png\ncaption: *a\n"), Err(NotAlone));
        assert_eq!(first("image: |\n  a.png\n"), Err(NotAlone));
        assert_eq!(first("image: >-\n  a.png\n"), Ok("image: >-\n  new.igsync.jpg\n".into()));
        assert_eq!(first("video: [a.png]\n"), Err(NotAlone));
        assert_eq!(first("kind: image\n"), Err(NotAlone));
        assert_eq!(first("image: a.png\nimage: b.png\n"), Err(NotAlone));
        let both = "items:\n  - image: &a a.png\n  - image: *a\n";
        assert_eq!(repointed(both, &[(Spot::Item(0), "n.jpg"), (Spot::Item(1), "n.jpg")]), Err(NotAlone));
    }

    proptest! {
        #[test]
        fn whatever_is_written_only_the_value_changes(
            before in "[ -~\n]{0,40}", path in "[ -~]{1,20}", behind in "[ -~\n]{0,40}", name in "[a-z #:'\"-]{1,9}\\.jpg",
        ) {
            let text = format!("{before}\nimage: {path}\n{behind}");
            if let Ok(new) = first_as(&text, &name) {
                let old = parse(&"a".into(), &text).unwrap();
                let new = parse(&"a".into(), &new).unwrap();
                let (Value::Map(old), Value::Map(new)) = (&old.value, &new.value) else { panic!("no manifest") };
                for (old, new) in old.iter().zip(new) {
                    prop_assert_eq!(&old.key, &new.key);
                    if &*old.key == "image" {
                        prop_assert!(new.value.scalar().unwrap().ends_with(&name));
                    }
                }
            }
        }
    }

    fn first_as(text: &str, name: &str) -> Result<String, NotAlone> {
        repointed(text, &[(Spot::Item(0), name)])
    }
}
