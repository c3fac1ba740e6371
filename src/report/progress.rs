//! Events for people (provisional: plain lines).

use std::io::{self, Write};
use std::sync::Arc;

use crate::apply::{Event, Observer};
use crate::port::Clock;

pub struct Human<W>(W);

impl<W: Write> Human<W> {
    pub fn new(writer: W, _: bool, _: Arc<dyn Clock>) -> Self {
        Self(writer)
    }
}

impl<W: Write + Send> Observer for Human<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        writeln!(self.0, "{}", super::events::line(event).trim())
    }
}
