//! The file that a preview is written to.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use igsync_base::files::{FileKind, named};

use super::super::failure::Failure;
use super::super::ports::Ports;
use crate::exit::Exit;

/// In bytes; a preview says in them that it is one.
const START: usize = 1024;

/// A file that a preview may be written to. Looked at before anything else is done.
pub(crate) struct Output {
    path: PathBuf,
    shown: String,
}

impl Output {
    /// # Errors
    ///
    /// What is there is no preview, or is reached through a link that a branch could have brought.
    pub(crate) fn open(file: &Path, marks: [&str; 2], ports: &Ports) -> Result<Self, Failure> {
        let output = Self { path: named(&*ports.disk, file), shown: file.display().to_string() };
        let mut start = [0; START];
        let len = match ports.disk.open(&output.path) {
            Ok(mut found) => read_start(&mut found, &mut start).map_err(|error| output.failure(&error))?,
            Err(error) if error.kind() == ErrorKind::NotFound && output.has_folder(ports) => return Ok(output),
            Err(error) => return Err(output.failure(&error)),
        };
        let text = String::from_utf8_lossy(&start[..len]);
        if len > 0 && !marks.iter().any(|mark| text.contains(mark)) {
            return Err(Failure::message(
                Exit::Failure,
                format!("{} is there already, and it is no preview", output.shown),
                "pass -o another file, or remove this one; nothing was changed",
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
        let help = "pass -o a file in a folder that exists and can be written, or - for stdout";
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
