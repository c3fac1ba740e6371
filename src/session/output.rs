//! A file that a command writes because the command line names it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use igsync_base::files::{FileKind, named};

use super::failure::Failure;
use super::ports::Ports;
use crate::exit::Exit;

/// In bytes; what igsync writes says in them what it is.
const START: usize = 1024;

/// What is written, and which option names its file.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    /// `a preview`
    pub(crate) what: &'static str,
    /// One of these stands at the start of each.
    pub(crate) marks: &'static [&'static str],
    /// `-o`
    pub(crate) option: &'static str,
    /// What else can be done where the file cannot be written: `, or - for stdout`
    pub(crate) or: &'static str,
}

/// A file that may be written. Looked at before anything else is done.
pub(crate) struct Output {
    path: PathBuf,
    shown: String,
    written: Written,
}

impl Output {
    /// # Errors
    ///
    /// What is there is something else, or is reached through a link that a branch could have brought.
    pub(crate) fn open(file: &Path, written: Written, ports: &Ports) -> Result<Self, Failure> {
        let output = Self { path: named(&*ports.disk, file), shown: file.display().to_string(), written };
        let mut start = [0; START];
        let len = match ports.disk.open(&output.path) {
            Ok(mut found) => read_start(&mut found, &mut start).map_err(|error| output.failure(&error))?,
            Err(error) if error.kind() == ErrorKind::NotFound && output.has_folder(ports) => return Ok(output),
            Err(error) => return Err(output.failure(&error)),
        };
        let text = String::from_utf8_lossy(&start[..len]);
        if len > 0 && !written.marks.iter().any(|mark| text.contains(mark)) {
            return Err(Failure::message(
                Exit::Failure,
                format!("{} is there already, and it is not {}", output.shown, written.what),
                format!("pass {} another file, or remove this one; nothing was changed", written.option),
            ));
        }
        Ok(output)
    }

    /// As the user named it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, text: &str, ports: &Ports) -> Result<(), Failure> {
        ports.disk.replace(&self.path, text.as_bytes()).map_err(|error| self.failure(&error))
    }

    fn has_folder(&self, ports: &Ports) -> bool {
        let folder = self.path.parent().map(|folder| ports.disk.stat(folder));
        folder.is_some_and(|stat| stat.is_ok_and(|stat| stat.kind == FileKind::Folder))
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        let Written { option, or, .. } = self.written;
        let help = format!("pass {option} a file in a folder that exists and can be written{or}");
        Failure::of_file(error, format!("{} cannot be written: {error}", self.shown), help)
    }
}

fn read_start(source: &mut impl std::io::Read, start: &mut [u8]) -> std::io::Result<usize> {
    let mut len = 0;
    while len < start.len() {
        match source.read(&mut start[len..])? {
            0 => break,
            more => len += more,
        }
    }
    Ok(len)
}
