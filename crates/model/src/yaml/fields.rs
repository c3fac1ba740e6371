//! Reads a map field by field, collecting what is wrong.

use std::fmt::Write;

use super::node::{Entry, Node, Value};
use super::problems::Problems;
use igsync_base::rules;

/// The longest text that is read, in bytes: no text of a post needs as much, and what `_defaults.yaml` gives every
/// post of a folder must not be multiplied into gigabytes.
pub const TEXT_LIMIT: usize = 16 * 1024;
/// The longest list that is read: no list of a post has a third as many entries.
const LIST_LIMIT: usize = 100;
/// What is longer is no misspelt name. In bytes.
const LONGEST_NAME: usize = 64;
/// So many names are listed in a message.
const SHOWN_NAMES: usize = 20;

/// The fields of one map. Every reader returns `None` both for an absent field and for one with a
/// finding, so the caller continues with the rest.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'n> {
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// `what` names the map in messages: "a manifest", "`items`".
    pub fn of(node: &'n Node, what: &str, problems: &mut Problems<'_>) -> Option<Self> {
        if let Value::Map(entries) = &node.value {
            return Some(Self { entries });
        }
        wrong_type(node, &format!("{what} has fields (`name: value`)"), problems);
        None
    }

    pub fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    pub fn get(&self, name: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| &*entry.key == name)
    }

    /// Reports every field that is not in `known`. `wrong_names` maps what people write to what is meant.
    /// Answers with the fields that were meant: they are not missing, too.
    pub fn reject_unknown(
        &self,
        what: &str,
        known: &[&'static str],
        wrong_names: &[(&str, &'static str)],
        problems: &mut Problems<'_>,
    ) -> Vec<&'static str> {
        let mut meant_names = Vec::new();
        for entry in self.entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            let meant = wrong_names
                .iter()
                .find(|(wrong, right)| wrong.eq_ignore_ascii_case(&entry.key) && known.contains(right))
                .map(|(_, right)| *right)
                .or_else(|| problems.closest(&entry.key, known.iter().copied()));
            let label = meant.map_or_else(|| "not a field".to_owned(), |right| format!("did you mean `{right}`?"));
            let finding = problems.report(
                &rules::UNKNOWN_FIELD,
                &entry.key_span,
                format!("{what} has no field `{}`", shown(&entry.key)),
                label,
            );
            finding.help = Some(match meant {
                Some(right) => format!("write `{right}`"),
                None => format!("it has: {}", known.join(", ")),
            });
            meant_names.extend(meant);
        }
        meant_names
    }

    /// Text. A number is taken as it is written; nothing, `true` and text that a comment cuts are errors.
    pub fn text(&self, name: &str, problems: &mut Problems<'_>) -> Option<(&'n str, &'n Node)> {
        let node = &self.get(name)?.value;
        node.text(name, problems).map(|text| (text, node))
    }

    /// Text in which a `#` is likely: a comment behind it is an error.
    pub fn prose(&self, name: &str, problems: &mut Problems<'_>) -> Option<(&'n str, &'n Node)> {
        let node = &self.get(name)?.value;
        if report_cut(node, name, problems) {
            return None;
        }
        node.text(name, problems).map(|text| (text, node))
    }

    pub fn flag(&self, name: &str, problems: &mut Problems<'_>) -> Option<(bool, &'n Node)> {
        let node = &self.get(name)?.value;
        let flag = node.as_bool();
        if flag.is_none() {
            wrong_type(node, &format!("`{name}` is true or false"), problems);
        }
        flag.map(|flag| (flag, node))
    }

    pub fn number(&self, name: &str, problems: &mut Problems<'_>) -> Option<(f64, &'n Node)> {
        let node = &self.get(name)?.value;
        let number = node.as_number();
        if number.is_none() {
            wrong_type(node, &format!("`{name}` is a number"), problems);
        }
        number.map(|number| (number, node))
    }

    /// A whole number, zero or more.
    pub fn count(&self, name: &str, problems: &mut Problems<'_>) -> Option<(u64, &'n Node)> {
        let node = &self.get(name)?.value;
        let count = node.as_whole().and_then(|whole| u64::try_from(whole).ok());
        if count.is_none() {
            wrong_type(node, &format!("`{name}` is a whole number, zero or more"), problems);
        }
        count.map(|count| (count, node))
    }

    pub fn list(&self, name: &str, problems: &mut Problems<'_>) -> Option<(&'n [Node], &'n Node)> {
        self.long_list(name, LIST_LIMIT, problems)
    }

    /// A list that may have up to `limit` entries.
    pub fn long_list(&self, name: &str, limit: usize, problems: &mut Problems<'_>) -> Option<(&'n [Node], &'n Node)> {
        let node = &self.get(name)?.value;
        node.long_list(name, limit, problems).map(|list| (list, node))
    }

    /// A list of texts, each with its place.
    pub fn texts(&self, name: &str, problems: &mut Problems<'_>) -> Option<Vec<(&'n str, &'n Node)>> {
        let (nodes, _) = self.list(name, problems)?;
        Some(nodes.iter().filter_map(|node| node.text(name, problems).map(|text| (text, node))).collect())
    }

    /// A map inside this one.
    pub fn fields(&self, name: &str, problems: &mut Problems<'_>) -> Option<Fields<'n>> {
        Fields::of(&self.get(name)?.value, &format!("`{name}`"), problems)
    }
}

impl Node {
    /// See [`Fields::text`].
    pub fn text(&self, name: &str, problems: &mut Problems<'_>) -> Option<&str> {
        if self.is_null() {
            if !report_null_cut(self, name, problems) {
                problems
                    .report(&rules::EMPTY_VALUE, &self.span, format!("`{name}` has no value"), "nothing here")
                    .help = Some(format!("remove `{name}`, or write \"\" for an empty text"));
            }
            return None;
        }
        let text = self.scalar().filter(|_| self.as_bool().is_none());
        match text {
            None => wrong_type(self, &format!("`{name}` is text"), problems),
            Some(text) if text.len() > TEXT_LIMIT => {
                let message = format!("`{name}` has more than {} KiB", TEXT_LIMIT / 1024);
                let label = format!("{} bytes, at most {TEXT_LIMIT} are read", text.len());
                problems.report(&rules::INVALID_VALUE, &self.span, message, label).help =
                    Some("shorten it: no text of a post needs that much".into());
                return None;
            }
            Some(_) => {}
        }
        text
    }

    /// See [`Fields::list`].
    pub fn list(&self, name: &str, problems: &mut Problems<'_>) -> Option<&[Node]> {
        self.long_list(name, LIST_LIMIT, problems)
    }

    /// See [`Fields::long_list`].
    pub fn long_list(&self, name: &str, limit: usize, problems: &mut Problems<'_>) -> Option<&[Node]> {
        if let Value::List(nodes) = &self.value {
            if nodes.len() > limit {
                let message = format!("the list `{name}` has more than {limit} entries");
                let label = format!("{} entries, at most {limit} are read", nodes.len());
                problems.report(&rules::INVALID_VALUE, &self.place(), message, label).help = Some("shorten it".into());
                return None;
            }
            return Some(nodes);
        }
        if !report_null_cut(self, name, problems) {
            wrong_type(self, &format!("`{name}` is a list"), problems);
        }
        None
    }
}

fn wrong_type(node: &Node, expected: &str, problems: &mut Problems<'_>) {
    let written = problems.text().get(node.span.clone()).unwrap_or_default();
    let help = match node.scalar() {
        Some(_) if expected.ends_with("is text") => Some(format!("put it in quotes: \"{}\"", shown(written))),
        Some(_) if expected.ends_with("is a list") && !node.is_null() => Some(format!("write [{}]", shown(written))),
        _ => None,
    };
    problems.report(&rules::WRONG_TYPE, &node.place(), expected, format!("{} here", node.describe())).help = help;
}

/// Reports a comment behind a text without quotes. `true`: there was one.
pub(crate) fn report_cut(node: &Node, name: &str, problems: &mut Problems<'_>) -> bool {
    let Some(cut) = &node.cut else { return false };
    if node.is_null() {
        return report_null_cut(node, name, problems);
    }
    let whole = problems.text().get(node.span.start..cut.end).unwrap_or_default();
    let fixed = quoted(whole);
    problems
        .report(&rules::TEXT_CUT, cut, format!("`{name}` is cut short: ` #` begins a comment"), "not part of the text")
        .help = Some(format!("put the whole text in quotes: {fixed}"));
    true
}

fn report_null_cut(node: &Node, name: &str, problems: &mut Problems<'_>) -> bool {
    let Some(cut) = node.cut.clone().filter(|_| node.is_null()) else { return false };
    let fixed = quoted(problems.text().get(cut.clone()).unwrap_or_default());
    problems
        .report(&rules::TEXT_CUT, &cut, format!("`{name}` has no value: `#` begins a comment"), "not part of the value")
        .help = Some(format!("put it in quotes: {fixed}"));
    true
}

/// As a double-quoted YAML text, shortened for a message.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in shown(text).chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        let _ = write!(out, "{c}");
    }
    out.push('"');
    out
}

/// The first of these names, for messages.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(SHOWN_NAMES).collect();
    let others = names.count();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("{}{more}", shown.join(between))
}

/// One line of at most 60 characters, for messages.
pub(crate) fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().nth(60).is_some() { line.chars().take(59).chain(['…']).collect() } else { line.to_owned() }
}

/// The name that was probably meant.
pub fn closest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of the lengths, and no name is this long.
    if written.len() > LONGEST_NAME {
        return None;
    }
    let written = written.to_lowercase().replace('-', "_");
    names
        .into_iter()
        .filter(|name| name.len() <= LONGEST_NAME)
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1.max(name.len().min(written.len()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
