//! Events as JSON, one object per line.

use std::io::{self, Write};

use crate::apply::{Event, Observer};

/// One event with its newline.
#[must_use]
pub fn line(event: &Event) -> String {
    // Names and numbers only: this cannot fail.
    serde_json::to_string(event).unwrap_or_default() + "\n"
}

/// Writes each event as it happens.
pub struct Json<W>(W);

impl<W: Write> Json<W> {
    pub fn new(writer: W) -> Self {
        Self(writer)
    }
}

impl<W: Write + Send> Observer for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.0.write_all(line(event).as_bytes())?;
        self.0.flush()
    }
}
