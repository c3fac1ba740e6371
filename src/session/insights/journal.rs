//! `--record FILE`: numbers over time, one line per post and run.

use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use igsync_base::files::{FileKind, named};
use igsync_model::insights::{Column, Row, Unit};

use super::super::failure::Failure;
use super::super::ports::Ports;
use crate::exit::Exit;

/// In bytes; the first line of such a file is shorter.
const FIRST_LINE: usize = 64 * 1024;

/// A file that lines of numbers are appended to. Looked at before anything is read from Meta.
pub(crate) struct Journal {
    path: PathBuf,
    shown: String,
}

impl Journal {
    /// # Errors
    ///
    /// The file is something else, or is reached through a link that a branch could have brought.
    pub(crate) fn open(file: &Path, ports: &Ports) -> Result<Self, Failure> {
        let journal = Self { path: named(&*ports.disk, file), shown: file.display().to_string() };
        let mut start = Vec::new();
        match ports.disk.open(&journal.path) {
            Ok(found) => {
                let read = found.take(FIRST_LINE as u64).read_to_end(&mut start);
                read.map_err(|error| journal.failure(&error, "read"))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound && journal.has_folder(ports) => {}
            Err(error) => return Err(journal.failure(&error, "read")),
        }
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let is_ours = |line: &Value| line.get("at").is_some() && line.get("media_id").is_some();
        if !start.is_empty() && !serde_json::from_slice::<Value>(first).is_ok_and(|line| is_ours(&line)) {
            return Err(Failure::message(
                Exit::Failure,
                format!("{} holds something else than recorded insights", journal.shown),
                "pass --record a new file, or one that --record made; nothing was changed",
            ));
        }
        Ok(journal)
    }

    /// As the user named it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Appends one line per row that has numbers, all of a run in one write; how many those are.
    pub(crate) fn append(&self, rows: &[Row], at: Timestamp, ports: &Ports) -> Result<usize, Failure> {
        let lines: Vec<Value> = rows.iter().filter_map(|row| line(row, at)).collect();
        if lines.is_empty() {
            return Ok(0);
        }
        let mut text = String::new();
        // What a crash cut off must not swallow the next line.
        if self.is_cut_off(ports) {
            text.push('\n');
        }
        for line in &lines {
            text += &line.to_string();
            text.push('\n');
        }
        ports.disk.append(&self.path, text.as_bytes()).map_err(|error| self.failure(&error, "written"))?;
        Ok(lines.len())
    }

    fn has_folder(&self, ports: &Ports) -> bool {
        let folder = self.path.parent().map(|folder| ports.disk.stat(folder));
        folder.is_some_and(|stat| stat.is_ok_and(|stat| stat.kind == FileKind::Folder))
    }

    fn is_cut_off(&self, ports: &Ports) -> bool {
        let Ok(mut file) = ports.disk.open(&self.path) else { return false };
        let mut last = [b'\n'];
        file.seek(SeekFrom::End(-1)).is_ok() && file.read_exact(&mut last).is_ok() && last != [b'\n']
    }

    fn failure(&self, error: &std::io::Error, done: &str) -> Failure {
        let help = "pass --record a file in a folder that exists and can be written";
        Failure::of_file(error, format!("{} could not be {done}: {error}", self.shown), help)
    }
}

/// `None`: nothing is known of it. What is not known has no field.
fn line(row: &Row, at: Timestamp) -> Option<Value> {
    let mut numbers = Map::new();
    for column in Column::numbers() {
        let value = match column.unit() {
            Some(Unit::Count | Unit::Milliseconds) => row.sample.count(column).map(Value::from),
            Some(Unit::Percent) => row.sample.value(column).map(Value::from),
            // Rates can be made of the counts.
            Some(Unit::Share) | None => None,
        };
        numbers.extend(value.map(|value| (column.name().to_owned(), value)));
    }
    if numbers.is_empty() {
        return None;
    }
    let mut line = Map::new();
    line.insert("at".into(), json!(at));
    line.insert("key".into(), json!(row.key));
    line.insert("media_id".into(), json!(row.media_id.as_ref()?));
    line.extend(numbers);
    Some(Value::Object(line))
}
