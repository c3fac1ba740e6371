//! Events as JSON, one object per line. The last line of a run is `run_finished` or `run_refused`, however it ends.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{Timestamp, Unit};
use serde::Serialize;

use super::findings::{FindingJson, json_of};
use super::plan_json::{GuardJson, guard_json};
use crate::exit::Exit;
use igsync_apply::{Counts, Event, Observer};
use igsync_base::finding::{Finding, Severity};
use igsync_base::id::{AccountName, PostKey};
use igsync_model::plan::{Guard, Mismatch};
use igsync_ports::Clock;

/// Raised when a field changes its meaning or goes away.
pub const FORMAT_VERSION: &str = "1.0";

/// Why a run ended before it acted.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    /// One sentence: lower case, no full stop.
    pub reason: String,
    pub help: Option<String>,
    pub guards: Vec<Guard>,
    /// Those that are errors are shown.
    pub findings: Vec<Finding>,
    /// Posts that are not as they were reviewed.
    pub mismatches: Vec<Mismatch>,
}

/// What every line has beside its event.
#[derive(Serialize)]
struct Line<'a, E> {
    #[serde(flatten)]
    event: &'a E,
    /// By this machine's clock.
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format_version: Option<&'static str>,
}

/// The end of a run as it is printed: what is left to do is an exit code.
#[derive(Serialize)]
struct Finished {
    event: &'static str,
    #[serde(flatten)]
    counts: Counts,
    exit_code: u8,
    elapsed_ms: u64,
}

#[derive(Serialize)]
struct RefusedJson<'a> {
    event: &'static str,
    reason: &'a str,
    help: Option<&'a str>,
    guards: Vec<GuardJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mismatches: Vec<MismatchJson<'a>>,
    exit_code: u8,
}

/// A post that is not as it was reviewed.
#[derive(Serialize)]
struct MismatchJson<'a> {
    key: &'a PostKey,
    account: &'a AccountName,
    file: &'a str,
    line: Option<usize>,
    message: &'a str,
}

/// Writes each event as it happens. Clones write the same run.
pub struct Json<W>(Arc<Mutex<Lines<W>>>);

impl<W> Clone for Json<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Lines<W> {
    out: W,
    clock: Arc<dyn Clock>,
    run_id: String,
    is_first: bool,
    /// When the run began to act, by the monotonic clock.
    acts_since: Option<Duration>,
    counts: Counts,
    is_ended: bool,
}

impl<W: Write> Json<W> {
    pub fn new(out: W, clock: Arc<dyn Clock>, run_id: String) -> Self {
        let counts = Counts::default();
        Self(Arc::new(Mutex::new(Lines {
            out,
            clock,
            run_id,
            is_first: true,
            acts_since: None,
            counts,
            is_ended: false,
        })))
    }

    fn lines(&self) -> MutexGuard<'_, Lines<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run ends before it acts, for this reason; nothing more is written afterwards.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn refused(&self, refused: &Refused, exit: Exit) -> io::Result<()> {
        self.lines().refuse(refused, exit)
    }

    /// The run ends, whatever was written of it: after `run_started` with what is known of its posts.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn close(&self, why: &Refused, exit: Exit) -> io::Result<()> {
        self.lines().close(why, exit)
    }

    /// As [`Self::close`], unless someone is writing just now.
    pub fn try_close(&self, why: &Refused, exit: Exit) {
        if let Ok(mut lines) = self.0.try_lock() {
            // The process is about to end: no one could be told.
            let _ = lines.close(why, exit);
        }
    }
}

fn mismatch_json(mismatch: &Mismatch) -> MismatchJson<'_> {
    let Mismatch { account, key, file, line, message } = mismatch;
    MismatchJson { key, account, file, line: *line, message }
}

impl<W: Write> Lines<W> {
    fn write(&mut self, event: &impl Serialize) -> io::Result<()> {
        if self.is_ended {
            return Ok(());
        }
        let is_first = std::mem::replace(&mut self.is_first, false);
        let now = self.clock.now();
        let line = super::json_line(&Line {
            event,
            at: now.round(Unit::Millisecond).unwrap_or(now),
            run_id: is_first.then_some(&*self.run_id),
            format_version: is_first.then_some(FORMAT_VERSION),
        });
        self.out.write_all(line.as_bytes())?;
        self.out.flush()
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { .. } => self.acts_since = Some(self.clock.monotonic()),
            Event::PostPublished { .. } => self.counts.published += 1,
            Event::PostDeleted { .. } => self.counts.deleted += 1,
            Event::PostFailed { .. } => self.counts.failed += 1,
            Event::PostUnknown { settles_itself: false, .. } => self.counts.unknown += 1,
            Event::PostUnknown { settles_itself: true, .. } => self.counts.unsettled += 1,
            Event::PostDeferred { .. } => self.counts.deferred += 1,
            Event::NotAttempted { .. } => self.counts.not_attempted += 1,
            Event::RunFinished { counts, causes, elapsed_ms } => {
                return self.finish(*counts, Exit::of(causes), *elapsed_ms);
            }
            _ => {}
        }
        self.write(event)
    }

    fn finish(&mut self, counts: Counts, exit: Exit, elapsed_ms: u64) -> io::Result<()> {
        self.write(&Finished { event: "run_finished", counts, exit_code: exit as u8, elapsed_ms })?;
        self.is_ended = true;
        Ok(())
    }

    fn refuse(&mut self, refused: &Refused, exit: Exit) -> io::Result<()> {
        let errors = refused.findings.iter().filter(|finding| finding.severity == Severity::Error);
        self.write(&RefusedJson {
            event: "run_refused",
            reason: &refused.reason,
            help: refused.help.as_deref(),
            guards: refused.guards.iter().map(guard_json).collect(),
            findings: errors.map(json_of).collect(),
            mismatches: refused.mismatches.iter().map(mismatch_json).collect(),
            exit_code: exit as u8,
        })?;
        self.is_ended = true;
        Ok(())
    }

    fn close(&mut self, why: &Refused, exit: Exit) -> io::Result<()> {
        match self.acts_since {
            Some(since) => {
                let elapsed = self.clock.monotonic().saturating_sub(since);
                self.finish(self.counts, exit, u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
            }
            None => self.refuse(why, exit),
        }
    }
}

impl<W: Write + Send> Observer for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.lines().event(event)
    }
}

#[cfg(test)]
mod tests {
    use super::super::progress::testing::{Shared, StoppedClock, post_ref};
    use super::*;
    use igsync_apply::Cause;

    fn json(out: &Shared) -> (Json<Shared>, Arc<StoppedClock>) {
        let clock = Arc::new(StoppedClock::default());
        (Json::new(out.clone(), Arc::clone(&clock) as Arc<dyn Clock>, "k3v9".into()), clock)
    }

    fn published(key: &str) -> Event {
        Event::PostPublished { post: post_ref(key), media_id: Some("179".into()) }
    }

    fn started() -> Event {
        Event::RunStarted {
            to_publish: 2,
            to_resume: 0,
            plan_digest: "v1:sha256:a".into(),
            to_delete: 0,
            not_reviewed: None,
        }
    }

    #[test]
    fn each_event_is_one_line_with_its_name_first_and_the_first_names_the_run() {
        let out = Shared::default();
        let (mut json, _) = json(&out);
        json.event(&published("posts/a")).unwrap();
        json.event(&Event::NotAttempted { post: post_ref("posts/b"), reason: "two\nlines\u{1b}".into() }).unwrap();
        insta::assert_snapshot!(out.text(), @r#"
        {"event":"post_published","key":"posts/a","account":"brand","media_id":"179","at":"1970-01-01T00:00:00Z","run_id":"k3v9","format_version":"1.0"}
        {"event":"not_attempted","key":"posts/b","account":"brand","reason":"two\nlines\u001b","at":"1970-01-01T00:00:00Z"}
        "#);
    }

    #[test]
    fn the_end_of_a_run_has_its_exit_code_and_nothing_follows() {
        let out = Shared::default();
        let (mut json, _) = json(&out);
        let finished = Event::RunFinished {
            counts: Counts {
                published: 1,
                failed: 2,
                unknown: 3,
                unsettled: 4,
                deferred: 5,
                not_attempted: 6,
                deleted: 7,
            },
            causes: [Cause::Incomplete, Cause::Unknown].into(),
            elapsed_ms: 7,
        };
        json.event(&finished).unwrap();
        json.event(&published("posts/a")).unwrap();
        json.close(&Refused::default(), Exit::Failure).unwrap();
        insta::assert_snapshot!(out.text(), @r#"{"event":"run_finished","published":1,"failed":2,"unknown":3,"unsettled":4,"deferred":5,"not_attempted":6,"deleted":7,"exit_code":4,"elapsed_ms":7,"at":"1970-01-01T00:00:00Z","run_id":"k3v9","format_version":"1.0"}"#);
    }

    #[test]
    fn a_run_that_breaks_off_ends_with_what_is_known_of_it() {
        let out = Shared::default();
        let (mut json, clock) = json(&out);
        json.event(&started()).unwrap();
        json.event(&published("posts/a")).unwrap();
        clock.advance(2);
        json.try_close(&Refused { reason: "exited at once".into(), ..Refused::default() }, Exit::Interrupted);
        let last = out.text().lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with(r#"{"event":"run_finished","published":1,"failed":0,"#), "{last}");
        assert!(last.contains(r#""exit_code":130,"elapsed_ms":2000,"#), "{last}");
    }

    #[test]
    fn a_run_that_never_acts_says_why() {
        let out = Shared::default();
        let (json, _) = json(&out);
        let refused = Refused { reason: "no lockfile".into(), help: Some("make one".into()), ..Refused::default() };
        json.refused(&refused, Exit::Refused).unwrap();
        json.close(&refused, Exit::Failure).unwrap();
        insta::assert_snapshot!(out.text(), @r#"{"event":"run_refused","reason":"no lockfile","help":"make one","guards":[],"findings":[],"exit_code":5,"at":"1970-01-01T00:00:00Z","run_id":"k3v9","format_version":"1.0"}"#);
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
        let mut json = Json::new(Closed, Arc::new(StoppedClock::default()), "k3v9".into());
        assert_eq!(json.event(&event).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
