//! Reads a map field by field, collecting what is wrong.

use super::node::{Entry, Node, Value};
use super::problems::Problems;
use super::quotes::in_quotes;
use super::repair::{blank_added, code_of, dash_apart, is_invisible};
use super::syntax::report_line;
use igsync_base::finding::Finding;
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
        if !report_missing_blanks(node, problems) {
            let finding = wrong_type(node, &format!("{what} has fields (`name: value`)"), None, problems);
            finding.help = Some(match node.value {
                Value::List(_) => "remove the dash or the brackets: here is one group of fields, not a list".into(),
                _ => "write each field as `name: value`, with a space after the colon".into(),
            });
        }
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
        self.entries
            .iter()
            .filter(|entry| !known.contains(&&*entry.key))
            .filter_map(|entry| report_unknown(entry, what, known, wrong_names, problems))
            .collect()
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
        node.any_text(name, problems).map(|text| (text, node))
    }

    pub fn flag(&self, name: &str, problems: &mut Problems<'_>) -> Option<(bool, &'n Node)> {
        let node = &self.get(name)?.value;
        let flag = node.as_bool();
        if flag.is_none() {
            let meant = node.scalar().and_then(flag_meant).map(str::to_owned);
            let finding = wrong_type(node, &format!("`{name}` is true or false"), meant, problems);
            finding.help.get_or_insert_with(|| format!("write `{name}: true` or `{name}: false`"));
        }
        flag.map(|flag| (flag, node))
    }

    pub fn number(&self, name: &str, problems: &mut Problems<'_>) -> Option<(f64, &'n Node)> {
        let node = &self.get(name)?.value;
        let number = node.as_number();
        if number.is_none() {
            let meant = number_meant(node).map(|number| number.to_string());
            let finding = wrong_type(node, &format!("`{name}` is a number"), meant, problems);
            finding.help.get_or_insert_with(|| "write digits, with a point where there are decimals".into());
        }
        number.map(|number| (number, node))
    }

    /// A whole number, zero or more.
    pub fn count(&self, name: &str, problems: &mut Problems<'_>) -> Option<(u64, &'n Node)> {
        let node = &self.get(name)?.value;
        let count = node.as_whole().and_then(|whole| u64::try_from(whole).ok());
        if count.is_none() {
            let meant = node.scalar().and_then(count_meant).map(|count| count.to_string());
            let finding = wrong_type(node, &format!("`{name}` is a whole number, zero or more"), meant, problems);
            finding.help.get_or_insert_with(|| "write digits, without a unit".into());
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
    /// See [`Fields::text`]. What only looks like quotes or blanks around it is an error.
    pub fn text(&self, name: &str, problems: &mut Problems<'_>) -> Option<&str> {
        let text = self.any_text(name, problems)?;
        if let Some((message, label)) = dressed(text) {
            let meant = undressed(text);
            problems.report(&rules::STRAY_CHARACTERS, &self.span, format!("{message} `{name}`"), label).help =
                problems.write(&self.span, &if is_bare(meant) { meant.to_owned() } else { in_quotes(meant) });
            return None;
        }
        Some(text)
    }

    /// See [`Fields::prose`].
    fn any_text(&self, name: &str, problems: &mut Problems<'_>) -> Option<&str> {
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
            None => {
                let meant = self.written(problems).map(in_quotes);
                let finding = wrong_type(self, &format!("`{name}` is text"), meant, problems);
                let lines = || format!("write it after `{name}:`, or below `{name}: |`, indented by two spaces");
                finding.help.get_or_insert_with(lines);
            }
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

    /// The value as it is in the file, where it is on one line.
    fn written<'t>(&self, problems: &Problems<'t>) -> Option<&'t str> {
        let written = problems.text().get(self.span.clone())?;
        let is_whole = self.scalar().is_some() || written.ends_with([']', '}']);
        (is_whole && !written.is_empty() && !written.contains('\n')).then_some(written)
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
        if !report_missing_dashes(self, problems) && !report_null_cut(self, name, problems) {
            let meant = self.written(problems).filter(|_| !self.is_null()).map(|written| format!("[{written}]"));
            let finding = wrong_type(self, &format!("`{name}` is a list"), meant, problems);
            if let Value::Map(_) = &self.value {
                finding.help.get_or_insert_with(|| "each entry of a list begins with a dash and a blank: `- `".into());
            }
            if self.is_null() {
                finding.help = Some(format!("write its entries below it, each after a dash, or remove `{name}`"));
            }
        }
        None
    }
}

/// `meant`: what to write instead.
pub(crate) fn wrong_type<'p>(
    node: &Node,
    expected: &str,
    meant: Option<String>,
    problems: &'p mut Problems<'_>,
) -> &'p mut Finding {
    let help = meant.and_then(|meant| problems.write(&node.span, &meant));
    let finding = problems.report(&rules::WRONG_TYPE, &node.place(), expected, format!("{} here", node.describe()));
    finding.help = help;
    finding
}

/// Reports `name:value` where fields are expected. `false`: there is none.
fn report_missing_blanks(node: &Node, problems: &mut Problems<'_>) -> bool {
    let is_text = node.scalar().is_some() && !node.span.is_empty();
    let Some(text) = problems.text().get(node.span.clone()).filter(|_| is_text) else { return false };
    let source = problems.source();
    let first = source.line_at(node.span.start);
    let lines = (first..first + text.lines().count().min(SHOWN_NAMES)).filter_map(|line| {
        let start = source.line(line).start;
        // In a list the text begins behind the dash; in a flow it is not the whole line.
        let line_text = source.text.get(source.line(line))?;
        Some((start, line, blank_added(line_text)?))
    });
    let found: Vec<_> = lines.collect();
    for (_, line, repair) in &found {
        report_line(*line, repair, problems);
    }
    !found.is_empty()
}

/// Reports `-text` where a list is expected. `false`: there is none.
pub(crate) fn report_missing_dashes(node: &Node, problems: &mut Problems<'_>) -> bool {
    let source = problems.source();
    let first = source.line_at(node.place().start);
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let text = |line: usize| source.text.get(source.line(line)).filter(|text| !text.trim().is_empty());
    let Some(column) = text(first).filter(|text| dash_apart(text).is_some()).map(blanks) else { return false };
    // What is indented further belongs to an entry.
    let lines = (first..).map_while(|line| Some((line, text(line)?))).take(SHOWN_NAMES);
    let own = lines
        .take_while(|(_, text)| blanks(text) > column || (blanks(text) == column && text[column..].starts_with('-')));
    let found: Vec<_> = own
        .filter(|(_, text)| blanks(text) == column)
        .filter_map(|(line, text)| Some((line, dash_apart(text)?)))
        .collect();
    for (line, repair) in &found {
        report_line(*line, repair, problems);
    }
    !found.is_empty()
}

/// Reports a field that is not in `known`; answers with the one that was probably meant.
pub(crate) fn report_unknown(
    entry: &Entry,
    what: &str,
    known: &[&'static str],
    wrong_names: &[(&str, &'static str)],
    problems: &mut Problems<'_>,
) -> Option<&'static str> {
    let name = undressed(&entry.key);
    // `username:friend`: the name goes on into the value.
    let joined = name.split_once(':').filter(|(name, _)| known.contains(name));
    let meant = wrong_names
        .iter()
        .find(|(wrong, right)| wrong.eq_ignore_ascii_case(name) && known.contains(right))
        .map(|(_, right)| *right)
        .or_else(|| known.iter().copied().find(|known| joined.is_some_and(|(name, _)| name == *known)))
        .or_else(|| problems.closest(name, known.iter().copied()));
    let label = match (joined, dressed(&entry.key)) {
        (Some((name, _)), _) => format!("a space is missing after `{name}:`"),
        (None, Some((_, label))) => label,
        (None, None) => meant.map_or_else(|| "not a field".to_owned(), |right| format!("did you mean `{right}`?")),
    };
    let instead = match (joined, meant) {
        (Some((name, value)), _) => Some(format!("{name}: {value}")),
        (None, meant) => meant.map(str::to_owned),
    };
    let line = instead.and_then(|instead| problems.write(&entry.key_span, &instead));
    let message = format!("{what} has no field `{}`", shown(&entry.key));
    let finding = problems.report(&rules::UNKNOWN_FIELD, &entry.key_span, message, label);
    finding.help = line.or_else(|| {
        Some(match meant {
            Some(right) => format!("write `{right}`"),
            None => format!("it has: {}", known.join(", ")),
        })
    });
    meant
}

/// What someone means who writes another word than true or false.
fn flag_meant(text: &str) -> Option<&'static str> {
    Some(match undressed(text).to_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" | "ja" | "oui" | "si" | "sí" => "true",
        "false" | "no" | "n" | "off" | "0" | "nein" | "non" => "false",
        _ => return None,
    })
}

/// A number with a percent sign, a decimal comma, or in quotes.
pub(crate) fn number_meant(node: &Node) -> Option<f64> {
    let text = undressed(node.scalar()?).replace(',', ".");
    let (digits, is_percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text.as_str(), false),
    };
    let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(if is_percent { number / 100.0 } else { number })
}

/// A time in seconds or milliseconds, or a number in quotes, as a whole number of milliseconds.
fn count_meant(text: &str) -> Option<u64> {
    let text = undressed(text).replace(',', ".");
    let (digits, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1.0),
        (None, Some(digits)) => (digits, 1000.0),
        (None, None) => (text.as_str(), 1.0),
    };
    let count = (digits.trim_end().parse::<f64>().ok()? * unit).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range of both")]
    (0.0..1e12).contains(&count).then_some(count as u64)
}

/// Whether a text needs no quotes as a value, in a list too.
fn is_bare(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '_'))
        && text.chars().all(|c| c.is_alphanumeric() || "./_-+".contains(c))
}

/// What is around a text that people take for no part of it, and a label.
fn dressed(text: &str) -> Option<(String, String)> {
    let first = text.chars().next()?;
    let last = text.chars().next_back()?;
    if let Some(c) = [first, last].into_iter().find(|c| is_invisible(*c)) {
        let message = format!("an invisible character, {}, is part of", code_of(c));
        return Some((message, "invisible at one end".into()));
    }
    let is_curly = CURLY.contains(first) && CURLY.contains(last) && text.chars().nth(1).is_some();
    is_curly.then(|| ("curly quotes are part of".into(), format!("`{first}` is not `\"`")))
}

/// Quotes of typesetting, which YAML takes for letters.
const CURLY: &str = "“”„‟‘’‚‛«»‹›";

/// Without what [`dressed`] finds.
fn undressed(text: &str) -> &str {
    let bare = text.trim_matches(is_invisible);
    match dressed(bare) {
        Some(_) => bare.trim_matches(|c| CURLY.contains(c)),
        None => bare,
    }
}

/// Reports a comment behind a text without quotes. `true`: there was one.
pub(crate) fn report_cut(node: &Node, name: &str, problems: &mut Problems<'_>) -> bool {
    let Some(cut) = &node.cut else { return false };
    if node.is_null() {
        return report_null_cut(node, name, problems);
    }
    let whole = node.span.start..cut.end;
    let fixed = in_quotes(problems.text().get(whole.clone()).unwrap_or_default());
    let help = problems.write(&whole, &fixed).or_else(|| Some("put the whole text in quotes".into()));
    problems
        .report(&rules::TEXT_CUT, cut, format!("`{name}` is cut short: ` #` begins a comment"), "not part of the text")
        .help = help;
    true
}

fn report_null_cut(node: &Node, name: &str, problems: &mut Problems<'_>) -> bool {
    let Some(cut) = node.cut.clone().filter(|_| node.is_null()) else { return false };
    let fixed = in_quotes(problems.text().get(cut.clone()).unwrap_or_default());
    let help = problems.write(&cut, &fixed).or_else(|| Some("put it in quotes".into()));
    problems
        .report(&rules::TEXT_CUT, &cut, format!("`{name}` has no value: `#` begins a comment"), "not part of the value")
        .help = help;
    true
}

/// The first of these names, for messages.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(SHOWN_NAMES).collect();
    let others = names.count();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("{}{more}", shown.join(between))
}

/// One line of at most 60 characters, for messages. What nobody sees is shown by its number.
pub(crate) fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let is_long = line.chars().nth(60).is_some();
    let mut out = String::with_capacity(line.len());
    for c in line.chars().take(if is_long { 59 } else { 60 }) {
        match c {
            // It joins the parts of an emoji.
            '\u{200d}' => out.push(c),
            c if is_invisible(c) => out.extend(["<U+", &format!("{:04X}", u32::from(c)), ">"]),
            c => out.push(c),
        }
    }
    if is_long {
        out.push('…');
    }
    out
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
