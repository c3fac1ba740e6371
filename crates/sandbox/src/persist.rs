//! The world on disk: one JSON object per line, the last line about an object counts. A restart
//! reads all lines and writes the file again.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::machine::locked;
use super::world::{Line, World};
use igsync_base::files::Disk;

const MAX_STATE: u64 = 1 << 30;

pub(crate) struct Persist {
    /// `None`: nothing is kept.
    path: Option<PathBuf>,
    disk: Arc<dyn Disk>,
    /// Held while writing: whoever finds nothing left to write knows that it is written.
    writing: Mutex<()>,
}

/// Why a sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot use the sandbox's data folder {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("line {line} of {} is damaged", path.display())]
    Damaged { path: PathBuf, line: usize, source: serde_json::Error },
}

impl miette::Diagnostic for Error {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(match self {
            Self::Io { .. } => "name another folder with --data",
            Self::Damaged { .. } => "remove the file: it holds nothing but sandbox posts",
        }))
    }
}

impl Persist {
    pub(crate) fn new(folder: Option<&PathBuf>, disk: Arc<dyn Disk>) -> Self {
        Self { path: folder.map(|folder| folder.join("state.jsonl")), disk, writing: Mutex::default() }
    }

    /// Restores the world and compacts the file.
    pub(crate) fn load(&self, world: &mut World) -> Result<(), Error> {
        let Some(path) = &self.path else { return Ok(()) };
        let failed = |source| Error::Io { path: path.clone(), source };
        match self.disk.read(path, MAX_STATE) {
            Ok(bytes) => restore(&bytes, world, path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        self.rewrite(world).map_err(failed)
    }

    /// Replaces the file by the world as it is.
    pub(crate) fn rewrite(&self, world: &mut World) -> io::Result<()> {
        let _writing = locked(&self.writing);
        world.take_changes();
        match &self.path {
            Some(path) => self.disk.replace(path, &text(&world.all_lines())?),
            None => Ok(()),
        }
    }

    /// Appends what changed. When it returns, that survives a power cut.
    pub(crate) fn save(&self, world: &Mutex<World>) -> io::Result<()> {
        let _writing = locked(&self.writing);
        let lines = locked(world).take_changes();
        let Some(path) = self.path.as_ref().filter(|_| !lines.is_empty()) else { return Ok(()) };
        let result = text(&lines).and_then(|text| self.disk.append(path, &text));
        if result.is_err() {
            locked(world).put_back(&lines);
        }
        result
    }
}

fn text(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn restore(bytes: &[u8], world: &mut World, path: &std::path::Path) -> Result<(), Error> {
    // A torn last line belongs to a change that no answer has mentioned.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    for (n, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let damaged = |source| Error::Damaged { path: path.to_path_buf(), line: n + 1, source };
        world.restore(serde_json::from_slice(line).map_err(damaged)?);
    }
    Ok(())
}
