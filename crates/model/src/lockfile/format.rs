//! Records as text and back. JSON Lines: a header with the version, then one record per line, ordered by
//! the SHA-256 of `user_id/key`, so that branches which each publish touch different places of the file.
//! Knows no files: the store says which one a text came from.

mod flat;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::convert::Infallible;
use std::slice;

use miette::Diagnostic;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

pub(super) use self::flat::Flat;
use super::record::{Created, Deletion, Past, PublishIntent, Record, Refusal, Sending};
use super::records::Records;
use igsync_base::content::SentFile;
use igsync_base::id::MediaId;
use igsync_base::text::excerpt;

/// The newest format this igsync reads, and the one it writes.
pub const VERSION: u64 = 1;

/// What the records of one text take in memory at most, in bytes, as `weight` counts: 150,000 carousels of ten
/// items, or 350,000 pictures.
pub const LIMIT: u64 = 340 << 20;

/// A longer line is weighed before it is read. In bytes.
const LONG_LINE: usize = 64 * 1024;

/// The first line of every lockfile and journal.
pub const HEADER: &str = "{\"igsync_lock\":1}\n";

/// What a text held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub records: Records,
    /// Versions of records read, before merging.
    pub versions: usize,
    /// The text held git's conflict markers; both sides were read.
    pub had_conflicts: bool,
    /// What the versions take, as [`weight`] counts.
    weight: u64,
}

/// Why a text could not be read as records. Lines count from 1. Where another version of the text can be
/// had is known to the store, so only it says how to bring one back.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum Error {
    #[error("the file is empty; even its header is missing")]
    Empty,
    #[error("line {line}: written by a newer igsync (format {found}, this one reads {VERSION})")]
    #[diagnostic(help("update igsync; nothing was changed"))]
    NewerFormat { line: usize, found: u64 },
    #[error("line {line}: written by a newer igsync ({what})")]
    #[diagnostic(help("update igsync; if that line was edited by hand, undo the edit"))]
    NewerRecord { line: usize, what: String },
    #[error("line {line}: not the header of a lockfile")]
    #[diagnostic(help("the first line must be {{\"igsync_lock\":1}}"))]
    NoHeader { line: usize },
    #[error("line {line}: not a record ({problem})")]
    Damaged { line: usize, problem: String },
    #[error("line {line}: cut short")]
    CutShort { line: usize },
    #[error("line {line}: a git conflict marker without its counterpart")]
    LoneMarker { line: usize },
    #[error("line {line}: the records up to here take more than {} MiB, the most that is read", LIMIT >> 20)]
    #[diagnostic(help("split the posts among several content roots, each with its own lockfile"))]
    TooLarge { line: usize },
}

/// The whole text of a lockfile or journal. Equal records give equal text.
#[must_use]
pub fn print(records: &Records) -> String {
    let Ok(text) = print_checked::<Infallible>(records, |_, _, _| Ok(()));
    text
}

/// The text of a lockfile, unless [`parse`] would refuse it: what the next run cannot read is never written.
///
/// # Errors
///
/// [`Error::TooLarge`] at the line that has no more room.
pub fn print_lockfile(records: &Records) -> Result<String, Error> {
    print_within(records, LIMIT)
}

/// The same with records that weigh at most `limit`.
pub(super) fn print_within(records: &Records, limit: u64) -> Result<String, Error> {
    let mut room = Room { taken: 0, limit };
    print_checked(records, |line, text, record| {
        let fits = room.is_enough_to_read(text.as_bytes()) && room.take(text.as_bytes(), slice::from_ref(record));
        if fits { Ok(()) } else { Err(Error::TooLarge { line }) }
    })
}

/// `check` gets the number, the text and the record of each line.
fn print_checked<E>(
    records: &Records,
    mut check: impl FnMut(usize, &str, &Record) -> Result<(), E>,
) -> Result<String, E> {
    let mut ordered: Vec<([u8; 32], &Record)> =
        records.posts().flat_map(|attempts| attempts.iter().map(|record| (place(record), record))).collect();
    ordered.sort_by(|(place_a, a), (place_b, b)| place_a.cmp(place_b).then_with(|| a.attempt.cmp(&b.attempt)));
    let mut text = String::with_capacity(HEADER.len() + ordered.len() * 512);
    text.push_str(HEADER);
    for (index, (_, record)) in ordered.into_iter().enumerate() {
        let line = json(record);
        check(index + 2, &line, record)?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// One line that holds all of `records` or, when it is torn, none: a single record as itself, several
/// (both sides of a move) as a list.
#[must_use]
pub fn print_line(records: &[Record]) -> String {
    let mut line = match records {
        [record] => json(record),
        several => format!("[{}]", several.iter().map(json).collect::<Vec<_>>().join(",")),
    };
    line.push('\n');
    line
}

fn json(record: &Record) -> String {
    serde_json::to_string(record).expect("records hold only text, numbers and lists")
}

/// Where a record is in the text.
pub(super) fn place(record: &Record) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(record.user_id.as_str());
    hash.update("/");
    hash.update(record.key.as_str());
    hash.finalize().into()
}

/// Reads a whole text: a lockfile, or a journal that ends in a whole line. Both sides of git's conflicts
/// are read, records in any order, CRLF, and a byte-order mark.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Error> {
    parse_within(bytes, LIMIT)
}

/// The same with records that weigh at most `limit`.
fn parse_within(bytes: &[u8], limit: u64) -> Result<Parsed, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(Error::Empty);
    }
    let mut parsed = Parsed::default();
    let mut section = Section::Both;
    let mut has_header = false;
    for (index, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let text = raw.trim_ascii();
        if let Some(marker) = Marker::of(text) {
            section = section.after(marker).ok_or(Error::LoneMarker { line })?;
            parsed.had_conflicts = true;
        } else if text.is_empty() || section == Section::Base {
            // What both sides started from is in both of them.
        } else if !has_header {
            read_header(text, line)?;
            has_header = true;
        } else {
            let is_whole = raw.ends_with(b"\n");
            read_line(text, line, limit, &mut parsed).map_err(|error| match error {
                Error::TooLarge { .. } => error,
                _ if is_whole => error,
                _ => Error::CutShort { line },
            })?;
        }
    }
    let line = bytes.split(|byte| *byte == b'\n').count();
    match section {
        Section::Both if has_header => Ok(parsed),
        Section::Both => Err(Error::NoHeader { line: 1 }),
        _ => Err(Error::LoneMarker { line }),
    }
}

/// In which line, from 1, each attempt is written; of several the first.
#[must_use]
pub fn lines(text: &str) -> HashMap<&str, usize> {
    const NAME: &str = "\"attempt\":\"";
    let mut lines = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let attempts = line.split(NAME).skip(1).filter_map(|rest| rest.split('"').next());
        for attempt in attempts {
            lines.entry(attempt).or_insert(index + 1);
        }
    }
    lines
}

/// A journal, and what to do about its last line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    pub parsed: Parsed,
    pub ending: Ending,
}

/// How a journal ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// There is nothing in it, not even the header.
    #[default]
    Empty,
    Whole,
    /// The last record is all there, only its newline is not.
    NoNewline,
    /// A write was torn: everything from this byte on is part of a line.
    Torn {
        at: usize,
    },
}

/// Reads a journal. A torn last line is no damage: its write never succeeded, so nothing relied on it.
///
/// It is this machine's own, so that its size is not limited: it holds several versions of many records, and
/// each is needed.
pub fn parse_journal(bytes: &[u8]) -> Result<Journal, Error> {
    let at = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let (whole, tail) = bytes.split_at(at);
    let mut journal = Journal::default();
    if !whole.trim_ascii().is_empty() {
        journal = Journal { parsed: parse_within(whole, u64::MAX)?, ending: Ending::Whole };
    }
    if !tail.is_empty() {
        let is_record = !whole.is_empty() && read_line(tail, 0, u64::MAX, &mut journal.parsed).is_ok();
        journal.ending = if is_record { Ending::NoNewline } else { Ending::Torn { at } };
    }
    Ok(journal)
}

fn read_line(text: &[u8], line: usize, limit: u64, parsed: &mut Parsed) -> Result<(), Error> {
    if text.starts_with(b"{\"igsync_lock\"") {
        return read_header(text, line);
    }
    let mut room = Room { taken: parsed.weight, limit };
    if !room.is_enough_to_read(text) {
        return Err(Error::TooLarge { line });
    }
    let records: Vec<Record> = if text.starts_with(b"[") {
        serde_json::from_slice(text)
    } else {
        serde_json::from_slice(text).map(|one| vec![one])
    }
    .map_err(|error| line_error(&error, line))?;
    let fits = room.take(text, &records);
    parsed.weight = room.taken;
    if !fits {
        return Err(Error::TooLarge { line });
    }
    parsed.versions += records.len();
    parsed.records.extend(records);
    Ok(())
}

/// How much of a limit the lines of one text take, as [`weight`] counts.
struct Room {
    taken: u64,
    limit: u64,
}

impl Room {
    /// Whether a line may be read at all. Only a long one can take much more than its text while it is read.
    fn is_enough_to_read(&self, line: &[u8]) -> bool {
        line.len() <= LONG_LINE || most(line) <= self.limit.saturating_sub(self.taken)
    }

    /// Adds a line with its records. Returns whether they still fit.
    fn take(&mut self, line: &[u8], records: &[Record]) -> bool {
        self.taken += line.len() as u64 + records.iter().map(weight).sum::<u64>();
        self.taken <= self.limit
    }
}

/// What a record takes in memory besides its texts, in bytes; they are as long as its line.
fn weight(record: &Record) -> u64 {
    let Record { children, container, fingerprint, intents, refusals, not_ours, evidence, media, rest, .. } = record;
    let id = size_of::<MediaId>() + SHORT;
    let slides = record.known_live().map_or(0, |live| live.slides.len());
    let ids = fingerprint.as_ref().map_or(0, Vec::len) + not_ours.len() + evidence.len() + slides;
    let containers = children.len() + usize::from(container.is_some());
    let past = if rest.is_nothing() { 0 } else { size_of::<Past>() };
    let comments = record.known_live().map_or(0, |live| live.comments.len());
    let deletions = record.known_live().map_or(0, |live| live.deletions.len());
    let sendings = comments * (size_of::<Sending>() + SHORT) + deletions * size_of::<Deletion>();
    let announced = sendings + intents.len() * size_of::<PublishIntent>() + refusals.len() * size_of::<Refusal>();
    let media = media.len() * (size_of::<SentFile>() + 2 * SHORT);
    (size_of::<Record>() + past + ids * id + containers * (size_of::<Created>() + SHORT) + announced + media) as u64
}

/// What a line takes at most while it is read: each comma may bring another entry of a list.
fn most(line: &[u8]) -> u64 {
    let entries = line.split(|byte| *byte == b',').count();
    (line.len() + entries * (size_of::<Created>() + SHORT)) as u64
}

/// What a short text takes in memory beyond its length. In bytes.
const SHORT: usize = 16;

fn read_header(text: &[u8], line: usize) -> Result<(), Error> {
    /// Read on its own, so that everything else may change with the version.
    #[derive(Deserialize)]
    struct Version {
        igsync_lock: u64,
    }
    /// Nothing may be lost when an old igsync writes the file again.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Header {
        #[serde(rename = "igsync_lock")]
        _version: u64,
    }
    let Version { igsync_lock: found } = serde_json::from_slice(text).map_err(|_| Error::NoHeader { line })?;
    match found.cmp(&VERSION) {
        Ordering::Less => return Err(Error::NoHeader { line }),
        Ordering::Greater => return Err(Error::NewerFormat { line, found }),
        Ordering::Equal => {}
    }
    serde_json::from_slice::<Header>(text).map(|_| ()).map_err(|error| line_error(&error, line))
}

fn line_error(error: &serde_json::Error, line: usize) -> Error {
    let text = error.to_string();
    let text = text.split_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    // Field names are foreign text.
    let what = excerpt(text.split_once(", expected").map_or(text, |(what, _)| what), 300);
    if what.starts_with("unknown field") || what.starts_with("unknown variant") {
        Error::NewerRecord { line, what }
    } else {
        // What is wrong with a record as a whole has no place in the line.
        let place = if error.column() > 0 { format!(", column {}", error.column()) } else { String::new() };
        Error::Damaged { line, problem: format!("{what}{place}") }
    }
}

/// Which part of a conflict a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Outside of any conflict.
    Both,
    Ours,
    Base,
    Theirs,
}

#[derive(Clone, Copy)]
enum Marker {
    Start,
    Base,
    Middle,
    End,
}

impl Marker {
    /// Exactly seven signs: the longer ones inside a base section belong to older conflicts.
    fn of(line: &[u8]) -> Option<Self> {
        let (signs, rest) = line.split_at_checked(7)?;
        if !rest.is_empty() && !rest.starts_with(b" ") {
            return None;
        }
        match signs {
            b"<<<<<<<" => Some(Self::Start),
            b"|||||||" => Some(Self::Base),
            b"=======" => Some(Self::Middle),
            b">>>>>>>" => Some(Self::End),
            _ => None,
        }
    }
}

impl Section {
    fn after(self, marker: Marker) -> Option<Self> {
        match (self, marker) {
            (Self::Both, Marker::Start) => Some(Self::Ours),
            (Self::Ours, Marker::Base) => Some(Self::Base),
            (Self::Ours | Self::Base, Marker::Middle) => Some(Self::Theirs),
            (Self::Theirs, Marker::End) => Some(Self::Both),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
