//! Events for programs: one JSON object per line.

use std::fmt;
use std::io::{self, Write};

use crate::apply::{Event, Observer};

/// Writes each event as it comes, so that a reader at the other end of a pipe is never behind.
pub struct Json {
    out: Box<dyn Write + Send>,
}

impl Json {
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").finish_non_exhaustive()
    }
}

impl Observer for Json {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::progress::testing::{Shared, post_ref};
    use super::*;

    #[test]
    fn each_event_is_one_line_with_its_name_first() {
        let out = Shared::default();
        let mut json = Json::new(Box::new(out.clone()));
        json.event(&Event::PostPublished { post: post_ref("posts/a"), media_id: Some("179".into()) }).unwrap();
        json.event(&Event::PostUnknown { post: post_ref("posts/b"), reason: "two\nlines\u{1b}".into() }).unwrap();
        insta::assert_snapshot!(out.text(), @r#"
        {"event":"post_published","key":"posts/a","account":"brand","media_id":"179"}
        {"event":"post_unknown","key":"posts/b","account":"brand","reason":"two\nlines\u001b"}
        "#);
    }

    #[test]
    fn a_closed_pipe_is_an_error() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let event = Event::RecordPushed { commit: "abc".into() };
        assert_eq!(Json::new(Box::new(Closed)).event(&event).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
