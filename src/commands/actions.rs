//! What GitHub Actions is given: a summary of the step, outputs, annotations. The binary writes all of it
//! itself, since it is the last thing that a step runs, so that signals reach it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::cli::Command;
use crate::exit::Exit;
use crate::report::markdown::{self, Asked, End, Limit, Place, Run};
use crate::report::text::plural;
use crate::report::{self, workflow};
use igsync_apply::{Event, Observer};
use igsync_base::files::named;
use igsync_base::finding::Finding;
use igsync_base::text;
use igsync_model::config::Env;
use igsync_model::plan::{Mark, Plan};

use super::terminal::Stream;
use super::{Ports, Ui};

/// A token that ends sooner is a warning.
const LAST_DAYS: i64 = 7;

/// What a command leaves for the runner; nothing is written where there is none.
#[derive(Clone, Default)]
pub struct Actions {
    summary: Arc<Mutex<RunSummary>>,
    /// A runner started this process.
    is_on: bool,
    /// The streams of the process, for commands that the runner is to obey.
    out: Option<Stream>,
    err: Option<Stream>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the run")]
struct RunSummary {
    run: Run,
    /// Whether anything was begun.
    is_begun: bool,
    plan: Option<Plan>,
    findings: Vec<Finding>,
    folder: String,
    /// The page is on stdout already.
    is_shown: bool,
    /// A person's change of the record.
    changes: usize,
    /// Where the preview was written.
    preview: String,
    /// Whether the command is about some posts only.
    is_partial: bool,
    /// Whether someone has been asked about the very same points.
    is_asked: bool,
}

impl Actions {
    /// The runner's own streams, where a runner started this process.
    pub(super) fn of_process(env: &Env) -> Self {
        let is_on = env.is_on("GITHUB_ACTIONS");
        let stream = |stream| is_on.then_some(stream);
        Self {
            summary: Arc::default(),
            is_on,
            out: stream(Stream::new(std::io::stdout())),
            err: stream(Stream::new(std::io::stderr())),
        }
    }

    fn summary(&self) -> MutexGuard<'_, RunSummary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the command is.
    pub(super) fn begin(&self, command: &Command) {
        let mut summary = self.summary();
        summary.is_partial = match command {
            Command::Plan(args) => args.scope.is_partial(),
            // What a review leaves alone may wait for a person, too.
            Command::Apply(args) => args.scope.is_partial() || !args.plan.is_empty(),
            _ => true,
        };
        summary.run.command = match command {
            Command::Plan(_) => "plan",
            Command::Apply(_) => "apply",
            Command::Resolve(_) => "resolve",
            Command::Status(_) => "status",
            Command::Preview(_) => "preview",
            _ => "",
        };
    }

    /// Takes note of what is planned.
    pub(super) fn plan(&self, plan: &Plan) {
        if self.is_on {
            self.summary().plan = Some(plan.clone());
        }
    }

    pub(super) fn sandbox(&self, sandbox: bool) {
        self.summary().run.sandbox = sandbox;
    }

    /// Takes note of findings, and shows them on the lines of a pull request.
    pub(super) fn findings(&self, findings: &[Finding], folder: &str) {
        if !self.is_on {
            return;
        }
        let mut summary = self.summary();
        summary.findings = findings.to_vec();
        folder.clone_into(&mut summary.folder);
        drop(summary);
        self.say(&report::findings::github(findings, folder));
    }

    /// Shows duplicates, and what a branch does to the record, on the lines of a pull request.
    pub(super) fn branch(&self, plan: &Plan, folder: &str) {
        self.say(&report::branch::github(plan, folder));
        self.say(&report::duplicates::github(plan, folder));
    }

    /// The page is what the command prints: it is not repeated.
    pub(super) fn is_shown(&self) {
        self.summary().is_shown = true;
    }

    /// Where the preview was written.
    pub(super) fn preview(&self, path: &Path) {
        self.summary().preview = path.display().to_string();
    }

    pub(super) fn changed(&self, records: usize) {
        self.summary().changes += records;
    }

    /// Why the command ended early.
    pub(super) fn failed(&self, text: &str) {
        self.summary().run.failure = Some(text.trim().to_owned());
    }

    /// Something that the summary has to say beside the posts.
    pub(super) fn remark(&self, text: &str) {
        self.summary().run.remarks.push(text.to_owned());
    }

    /// Lines of the record that only this machine has.
    pub(super) fn keep(&self, lines: &[String]) {
        self.summary().run.to_keep.extend_from_slice(lines);
    }

    /// An observer that also takes note of every fact.
    pub(super) fn observing(&self, inner: Box<dyn Observer>) -> Box<dyn Observer> {
        if self.is_on { Box::new(SummaryObserver { inner, summary: Arc::clone(&self.summary) }) } else { inner }
    }

    /// Warns of a token that ends soon.
    pub(super) fn token(&self, account: &str, days_left: Option<i64>) {
        if let Some(days) = days_left.filter(|days| *days < LAST_DAYS) {
            let days = plural(usize::try_from(days).unwrap_or_default(), "day");
            let text = format!(
                "the token for {account} expires in {days}: renew it with `igsync auth refresh` and store the new one"
            );
            self.say(&workflow::annotation("warning", &text));
            self.remark(&text);
        }
    }

    /// What the process ends with. The action asks for green where no one has to act, or where a run by the clock finds
    /// only what someone was asked about before; the `exit_code` output keeps the true one.
    pub(super) fn exit_of_process(&self, exit: Exit, env: &Env) -> Exit {
        let is_deferred = exit == Exit::Deferred && env.is_on("IGSYNC_DEFERRED_IS_GREEN");
        let is_asked = self.summary().is_asked && markdown::is_for_a_person(exit);
        if is_deferred || is_asked { Exit::Done } else { exit }
    }

    /// Writes commands to the runner's log, past the guard against commands in others' text.
    fn say(&self, commands: &str) {
        if let Some(mut stream) = self.err.clone() {
            let _ = stream.write_all(commands.as_bytes());
        }
    }

    /// Annotations that are the command's data. `None`: no runner guards this stdout.
    pub(super) fn write(&self, commands: &str) -> Option<std::io::Result<()>> {
        let mut stream = self.out.clone()?;
        Some(stream.write_all(commands.as_bytes()).and_then(|()| stream.flush()))
    }

    /// Writes summary and outputs. What cannot be written changes no exit code: the posts are what counts.
    pub(super) fn finish(&self, exit: Exit, ports: &Ports, ui: &Ui) {
        let mut summary = self.summary();
        if summary.run.command.is_empty() || !self.is_on {
            return;
        }
        let asked = summary.asked(exit);
        if let Some((asked, path)) = asked.as_ref().zip(file(ports, "IGSYNC_DECISIONS")) {
            append(ports, ui, &path, &asked.text(), "list of what waits for a person");
        }
        let known = ports.env.get("IGSYNC_DECISIONS_KNOWN");
        let decision = match &asked {
            None => "",
            Some(asked) if asked.is_empty() => "none",
            Some(asked) if known == Some(&asked.digest()) => KNOWN,
            Some(_) => "new",
        };
        summary.is_asked = decision == KNOWN;
        if let Some(path) =
            file(ports, "GITHUB_STEP_SUMMARY").filter(|_| !summary.is_shown && summary.preview.is_empty())
        {
            let used = ports.disk.stat(&path).map_or(0, |stat| stat.len);
            let page = summary.page(exit, &ports.env, Limit::summary(used));
            append(ports, ui, &path, &format!("{page}\n"), "summary of this step");
        }
        if let Some(path) = file(ports, "GITHUB_OUTPUT") {
            let random = getrandom::u64().unwrap_or_else(|_| ports.random.generator().u64(..));
            let mut outputs = summary.outputs(exit);
            outputs.push(("decision", decision.to_owned()));
            append(ports, ui, &path, &workflow::outputs(&outputs, &format!("{random:016x}")), "outputs of this step");
        }
        let waiting: Vec<String> = summary.waiting();
        drop(summary);
        if decision == KNOWN {
            self.say(&workflow::annotation(
                "notice",
                "the same points as before wait for a person: see the open issue",
            ));
        }
        if exit == Exit::Deferred {
            let text = match waiting.first() {
                Some(reason) => format!("{} for a later run: {reason}", waits(waiting.len())),
                None => exit.words().meaning.to_owned(),
            };
            self.say(&workflow::annotation("notice", &text));
        }
    }
}

/// Someone was asked the same by an earlier run.
const KNOWN: &str = "known";

fn waits(posts: usize) -> String {
    format!("{} {}", plural(posts, "post"), if posts == 1 { "waits" } else { "wait" })
}

fn file(ports: &Ports, name: &str) -> Option<PathBuf> {
    let path = ports.env.get(name).map(Path::new).filter(|path| path.is_absolute())?;
    Some(named(&*ports.disk, path))
}

fn append(ports: &Ports, ui: &Ui, path: &Path, text: &str, what: &str) {
    if let Err(error) = ports.disk.append(path, text.as_bytes()) {
        ui.terminal.say(&format!("note: the {what} could not be written: {error}"));
    }
}

impl RunSummary {
    fn page(&self, exit: Exit, env: &Env, limit: Limit) -> String {
        match &self.plan {
            Some(plan) if self.run.command == "plan" => {
                markdown::plan(plan, &self.findings, &place(env, &self.folder), limit)
            }
            plan => markdown::run(&self.run, plan.as_ref(), exit, limit),
        }
    }

    /// What waits for a person; `None`: this run cannot know.
    fn asked(&self, exit: Exit) -> Option<Asked> {
        let is_whole = !self.is_partial && !self.run.sandbox;
        if is_whole { Asked::of(&self.run, self.plan.as_ref(), exit) } else { None }
    }

    fn waiting(&self) -> Vec<String> {
        let waits = |end: &End| match end {
            End::Deferred { reason } => Some(reason.clone()),
            _ => None,
        };
        self.run.posts.iter().filter_map(|(_, end)| waits(end)).collect()
    }

    fn outputs(&self, exit: Exit) -> Vec<(&'static str, String)> {
        let run = &self.run;
        let published: Vec<_> = run
            .posts
            .iter()
            .filter_map(|(post, end)| match end {
                End::Published { media_id, permalink } => Some(json!({
                    "key": post.key, "account": post.account, "media_id": media_id, "permalink": permalink,
                })),
                _ => None,
            })
            .collect();
        let summary = self.plan.as_ref().map(|plan| plan.summary).unwrap_or_default();
        let acts = self.plan.as_ref().is_some_and(Plan::acts);
        let ended =
            run.count(|end| !matches!(end, End::Deferred { .. } | End::NotAttempted { .. } | End::Unsettled { .. }));
        let changed = match run.command {
            "plan" => acts,
            "apply" => self.is_begun && ended + summary.moved > 0,
            _ => self.changes > 0,
        };
        let due = if self.is_begun { 0 } else { summary.publish + summary.resume + summary.deleting };
        let left =
            run.count(|end| matches!(end, End::Deferred { .. } | End::NotAttempted { .. } | End::Unsettled { .. }));
        let in_run = run.count(|end| matches!(end, End::Unknown { .. }));
        let before = self.plan.as_ref().map_or(0, |plan| {
            let is_new = |key: &igsync_base::id::PostKey| run.posts.iter().all(|(post, _)| post.key != *key);
            let unknown = plan.changes.iter().filter(|change| change.mark() == Mark::Unknown);
            unknown.filter(|change| is_new(&change.key)).count()
        });
        let unknown = (in_run + before).max(usize::from(exit == Exit::Unknown));
        let digest = self.plan.as_ref().map(|plan| plan.digest.to_string()).unwrap_or_default();
        vec![
            ("changed", changed.to_string()),
            ("published_count", published.len().to_string()),
            ("published", text::json(json!(published).to_string())),
            ("pending", (summary.scheduled + due + left).to_string()),
            ("unknown", unknown.to_string()),
            ("duplicates", summary.duplicate.to_string()),
            ("due", self.plan.as_ref().map_or(0, Plan::due).to_string()),
            ("refused", self.plan.as_ref().map_or(0, Plan::undecided).to_string()),
            ("preview", self.preview.clone()),
            ("exit_code", (exit as u8).to_string()),
            ("plan_digest", digest),
        ]
    }
}

/// Where the commit's files are, as far as the runner says it.
pub(super) fn place(env: &Env, folder: &str) -> Place {
    let get = |name| env.get(name).unwrap_or_default();
    Place::at_commit(get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), get("GITHUB_SHA"), folder)
}

struct SummaryObserver {
    inner: Box<dyn Observer>,
    summary: Arc<Mutex<RunSummary>>,
}

impl Observer for SummaryObserver {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        summary.is_begun |= matches!(event, Event::RunStarted { .. });
        summary.run.hear(event);
        drop(summary);
        self.inner.event(event)
    }
}
