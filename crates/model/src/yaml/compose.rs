//! Parser events to a tree, within bounds.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span, options};

use super::fields::shown;
use super::node::{Entry, Node, Value};
use super::problems::Problems;
use super::quotes::in_quotes;
use super::syntax;
use igsync_base::rules;

/// Deeper nesting is refused: a manifest needs five levels.
const DEPTH_LIMIT: usize = 32;
/// Values of one file, copies made by aliases included.
const NODE_LIMIT: usize = 10_000;
/// Text of one file in bytes, copies made by aliases included.
const TEXT_LIMIT: usize = 4 * 1024 * 1024;

/// Reads the one document of a file. `None`: it is not YAML, or too much of it; a finding says why.
/// An empty file is a null.
pub fn parse(problems: &mut Problems<'_>) -> Option<Node> {
    let text = problems.text();
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    let mut composer = Composer::default();
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => {
                if !composer.take(event, &span, problems) {
                    return None;
                }
            }
            Err(error) => {
                syntax::report(&error, problems);
                return None;
            }
        }
    }
    for whole in composer.unused.values() {
        report_lost_word(whole, problems);
    }
    Some(composer.root.unwrap_or_else(|| null_at(0)))
}

/// The line with this place as text in quotes.
fn as_text(place: &Range<usize>, problems: &Problems<'_>) -> Option<String> {
    problems.line_with(place, &in_quotes(problems.text().get(place.clone())?))
}

/// With the words behind it on its line, where they belong to no list.
fn with_rest(place: &Range<usize>, text: &str) -> Range<usize> {
    let rest = text.get(place.end..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim_end();
    let is_more = !rest.trim_start().is_empty() && !rest.trim_start().starts_with(['#', ',', ']', '}', ':']);
    place.start..if is_more { place.end + rest.len() } else { place.end }
}

/// An anchor that nothing refers to is a word that its author misses.
fn report_lost_word(whole: &Range<usize>, problems: &mut Problems<'_>) {
    let text = problems.text().get(whole.clone()).unwrap_or_default();
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let place = whole.start..whole.start + word.len();
    let message = format!("`{}` is read as the name of an anchor and is lost", shown(word));
    let line = as_text(whole, problems);
    problems.report(&rules::TEXT_CUT, &place, message, "not part of the text").help =
        Some(line.map_or_else(|| "put the whole text in quotes".into(), |line| format!("write: {line}")));
}

/// Where the anchor of the value that begins at `start` is.
fn anchor_before(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?.trim_end();
    let word = before.rsplit(|c: char| c.is_whitespace() || "[{,".contains(c)).next()?;
    word.starts_with('&').then(|| before.len() - word.len())
}

/// A second `---`: the end of a front matter, or another post.
fn report_another_document(place: &Range<usize>, problems: &mut Problems<'_>) {
    let rest = problems.text().get(place.end..).unwrap_or_default();
    let first = rest.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let (label, help) = match first {
        None => ("nothing follows it", "remove this line"),
        Some(line) if line == "---" || line == "..." => {
            ("another begins here", "remove this line and the next ones like it")
        }
        Some(line) if is_field(line) => ("another begins here", "give every post its own file"),
        Some(_) => (
            "another begins here",
            "remove this line; if the text below it is the caption, put it below `caption: |`, indented by two spaces",
        ),
    };
    problems.report(&rules::SEVERAL_DOCUMENTS, place, "a file holds one document", label).help = Some(help.into());
}

/// Whether a line is `name: value`.
fn is_field(line: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    line.split_once(':').is_some_and(|(name, value)| is_name(name) && (value.is_empty() || value.starts_with(' ')))
}

fn null_at(offset: usize) -> Node {
    Node { value: Value::Scalar { text: "".into(), plain: true }, span: offset..offset, cut: None }
}

/// A list or map that is still open.
struct Open {
    anchor: usize,
    span: Range<usize>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// `key`: read, its value is next.
    Map {
        entries: Vec<Entry>,
        key: Option<Key>,
    },
}

enum Key {
    Good(Box<str>, Range<usize>),
    /// Its value is dropped.
    Refused,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    /// Where the last scalar ended.
    last_end: usize,
    /// Anchors of texts that nothing has referred to yet, and where they are with their text.
    unused: BTreeMap<usize, Range<usize>>,
    budget: Budget,
}

/// What the file has cost so far.
#[derive(Default)]
struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Composer {
    /// `false`: stop, the finding is made.
    fn take(&mut self, event: Event<'_>, span: &Span, problems: &mut Problems<'_>) -> bool {
        let place = span.byte_range().unwrap_or(0..0);
        if let (Some(_), Some(tag)) = (event.tag(), span.tag_span().and_then(|tag| tag.byte_range())) {
            let whole = tag.start..trimmed(problems.text(), place.clone()).end.max(tag.end);
            let line = as_text(&whole, problems).filter(|_| event.scalar().is_some());
            let help =
                line.map_or_else(|| "remove it".into(), |line| format!("remove it; if it is text, write: {line}"));
            problems.report(&rules::YAML_TAG, &tag, "YAML tags are not supported", "a tag").help = Some(help);
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    report_another_document(&place, problems);
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let source = problems.text();
                let span = trimmed(source, place);
                let text = if plain && span.is_empty() { "".into() } else { text };
                let cut = match (plain, span.is_empty()) {
                    (true, true) => comment_instead(source, span.start, self.last_end),
                    (true, false) => comment_behind(source, span.end),
                    (false, _) => None,
                };
                self.last_end = span.end.max(self.last_end);
                if anchor != 0 {
                    self.unused.extend(anchor_before(source, span.start).map(|at| (anchor, at..span.end)));
                }
                let node = Node { value: Value::Scalar { text: text.into(), plain }, span, cut };
                return self.close(node, anchor, problems);
            }
            Event::Alias(anchor) => {
                self.unused.remove(&anchor);
                let Some(target) = self.anchors.get(&anchor) else {
                    problems.report(
                        &rules::YAML_SYNTAX,
                        &place,
                        "an alias inside its own anchor never ends",
                        "refers to the value that contains it",
                    );
                    return false;
                };
                // Weighed before it is copied: ten nested aliases would otherwise fill the memory first.
                let weight = target.weight();
                if !self.budget.afford(weight, &place, problems) {
                    return false;
                }
                let node = Node { span: place, ..target.clone() };
                return self.attach(node, problems);
            }
            Event::UnresolvedAlias(name) => {
                let line = as_text(&with_rest(&place, problems.text()), problems);
                let help = line.map_or_else(
                    || "text that begins with `*` needs quotes".into(),
                    |line| format!("if it is text, write: {line}"),
                );
                problems
                    .report(
                        &rules::YAML_SYNTAX,
                        &place,
                        format!("no anchor `&{}` comes before this alias", shown(&name)),
                        "an alias",
                    )
                    .help = Some(help);
                return self.attach(null_at(place.start), problems);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { anchor, span: place, content: Content::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open { anchor, span: place, content: Content::Map { entries: Vec::new(), key: None } });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, mut span, content }) = self.open.pop() {
                    // Of a list in brackets the end is known, too.
                    if problems.text().get(place.clone()).is_some_and(|end| end == "]" || end == "}") {
                        span.end = place.end;
                    }
                    let value = match content {
                        Content::List(nodes) => Value::List(nodes),
                        Content::Map { entries, .. } => Value::Map(entries),
                    };
                    return self.close(Node { value, span, cut: None }, anchor, problems);
                }
            }
            _ => {}
        }
        true
    }

    /// A value is complete: remember it for aliases and hang it into its parent.
    fn close(&mut self, node: Node, anchor: usize, problems: &mut Problems<'_>) -> bool {
        let own = if anchor == 0 { (1, node.scalar().map_or(0, str::len)) } else { node.weight() };
        if !self.budget.afford(own, &node.span, problems) {
            return false;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node, problems)
    }

    fn attach(&mut self, node: Node, problems: &mut Problems<'_>) -> bool {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(nodes)) => nodes.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                None => *key = Some(checked_key(node, entries, problems)),
                Some(Key::Good(key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                Some(Key::Refused) => {}
            },
        }
        true
    }
}

impl Budget {
    fn afford(&mut self, (nodes, bytes): (usize, usize), place: &Range<usize>, problems: &mut Problems<'_>) -> bool {
        self.nodes += nodes;
        self.bytes += bytes;
        let fits = self.nodes <= NODE_LIMIT && self.bytes <= TEXT_LIMIT;
        if !fits {
            problems
                .report(
                    &rules::YAML_TOO_COMPLEX,
                    place,
                    "the file holds more values than any post needs",
                    format!("more than {NODE_LIMIT} values or {} MiB of text up to here", TEXT_LIMIT / 1024 / 1024),
                )
                .help = Some("anchors and aliases count as often as they are used".into());
        }
        fits
    }
}

fn checked_key(node: Node, entries: &[Entry], problems: &mut Problems<'_>) -> Key {
    let is_null = node.is_null();
    let span = node.place();
    let Value::Scalar { text, plain } = node.value else {
        problems.report(&rules::WRONG_TYPE, &span, "a field's name is text", "not text");
        return Key::Refused;
    };
    if plain && &*text == "<<" {
        problems.report(&rules::MERGE_KEY, &span, "merge keys are not supported", "a merge key").help =
            Some("fields that several posts share belong in `_defaults.yaml`".into());
        return Key::Refused;
    }
    if is_null {
        problems.report(&rules::WRONG_TYPE, &span, "a field without a name", "no name before the colon");
        return Key::Refused;
    }
    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
        let line = problems.source().line_at(first.key_span.start) + 1;
        problems
            .report(
                &rules::DUPLICATE_FIELD,
                &span,
                format!("`{}` appears twice", shown(&text)),
                format!("first on line {line}"),
            )
            .help = Some("keep one of them".into());
        return Key::Refused;
    }
    Key::Good(text, span)
}

/// Without the white space and line breaks that a block's span ends with.
fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text.get(span.clone()).map_or(span.end, |own| span.start + own.trim_end().len());
    span.start..end
}

/// A comment on the same line behind `offset`.
fn comment_behind(text: &str, offset: usize) -> Option<Range<usize>> {
    let rest = text.get(offset..)?;
    let behind = rest.trim_start_matches([' ', '\t']);
    // A line may be long and hold thousands of values: it is read to its end only where a comment is.
    let comment = behind.starts_with('#').then(|| behind.lines().next())??;
    let start = offset + rest.len() - behind.len();
    Some(start..start + comment.trim_end().len())
}

/// A comment where a value is missing. The parser places such a value somewhere on its line.
fn comment_instead(text: &str, offset: usize, last_end: usize) -> Option<Range<usize>> {
    let start = text.get(last_end..offset)?.rfind('\n').map_or(last_end, |newline| last_end + newline + 1);
    let rest = text.get(start..)?;
    comment_behind(text, start + rest.len() - rest.trim_start_matches([':', '-', ' ', '\t']).len())
}
