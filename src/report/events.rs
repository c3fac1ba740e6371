//! Events as JSON, one object per line.

use std::io::{self, Write};

use serde::Serialize;

use crate::exit::Exit;
use igsync_apply::{Counts, Event, Observer};

/// The end of a run as it is printed: what is left to do is an exit code.
#[derive(Serialize)]
struct Finished {
    event: &'static str,
    #[serde(flatten)]
    counts: Counts,
    exit_code: u8,
    elapsed_ms: u64,
}

/// One event with its newline.
#[must_use]
pub fn line(event: &Event) -> String {
    match event {
        Event::RunFinished { counts, causes, elapsed_ms } => super::json_line(&Finished {
            event: "run_finished",
            counts: *counts,
            exit_code: Exit::of(causes) as u8,
            elapsed_ms: *elapsed_ms,
        }),
        other => super::json_line(other),
    }
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

#[cfg(test)]
mod tests {
    use super::super::progress::testing::{Shared, post_ref};
    use super::*;
    use igsync_apply::Cause;

    #[test]
    fn each_event_is_one_line_with_its_name_first() {
        let out = Shared::default();
        let mut json = Json::new(out.clone());
        json.event(&Event::PostPublished { post: post_ref("posts/a"), media_id: Some("179".into()) }).unwrap();
        json.event(&Event::NotAttempted { post: post_ref("posts/b"), reason: "two\nlines\u{1b}".into() }).unwrap();
        insta::assert_snapshot!(out.text(), @r#"
        {"event":"post_published","key":"posts/a","account":"brand","media_id":"179"}
        {"event":"not_attempted","key":"posts/b","account":"brand","reason":"two\nlines\u001b"}
        "#);
    }

    #[test]
    fn the_end_of_a_run_has_its_exit_code() {
        let finished = Event::RunFinished {
            counts: Counts { published: 1, failed: 2, unknown: 3, unsettled: 4, deferred: 5, not_attempted: 6 },
            causes: [Cause::Incomplete, Cause::Unknown].into(),
            elapsed_ms: 7,
        };
        insta::assert_snapshot!(line(&finished), @r#"{"event":"run_finished","published":1,"failed":2,"unknown":3,"unsettled":4,"deferred":5,"not_attempted":6,"exit_code":4,"elapsed_ms":7}"#);
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
        assert_eq!(Json::new(Closed).event(&event).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
