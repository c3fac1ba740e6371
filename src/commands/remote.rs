//! What keeps the record of a run beyond this machine, and whether the checkout may publish at all.

mod place;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::apply::{Context, Ledger, Observer};
use crate::cli::{Apply, Keep};
use crate::config::Push;
use crate::exit::Exit;
use crate::git::{Branch, Followed, Git};
use crate::lockfile::format::{self, HEADER};
use crate::lockfile::{self, Record, Records, Snapshot};
use crate::port::{Kept, Remote, RunLock};
use crate::report::text::commands;
use crate::text;

use super::project::{Project, Start};
use super::{Failure, Ports, Ui, credentials, run_lock};
use place::Place;

/// What a command asks of the remote.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    keep: Keep,
    /// What is published depends on what stands there: it has to be known, and in CI this has to be the tip.
    must_know: bool,
}

impl Terms {
    pub(super) fn of_apply(args: &Apply) -> Self {
        Self { keep: args.keep, must_know: !args.allow_stale }
    }

    /// For what a person says of the record: nothing is published.
    pub(super) fn of_change(keep: Keep) -> Self {
        Self { keep, must_know: false }
    }

    fn push(self, start: &Start) -> Push {
        match (self.keep.push, self.keep.no_push) {
            (true, _) => Push::Always,
            (_, true) => Push::Never,
            _ => start.config().git.push,
        }
    }

    fn off(self) -> &'static str {
        if self.keep.no_push { "--no-push was passed" } else { "git.push in igsync.yaml is off" }
    }
}

/// Decided before anything is published.
#[derive(Default)]
pub(super) struct Keeping {
    /// Where the record is pushed to.
    branch: Option<Arc<Branch>>,
    /// What stood there, or `None`: nothing was read.
    kept: Option<Kept>,
    /// Why it is not known what others have published. Matters only if something is to be published.
    doubt: Option<String>,
    /// Why nothing keeps the record of this machine, which will vanish.
    nowhere: Option<String>,
}

impl Keeping {
    /// Whether the place lacks some of these: an earlier run could not push them.
    pub(super) fn lacks(&self, records: &Records) -> bool {
        if self.branch.is_none() || self.doubt.is_some() {
            return false;
        }
        let text = self.kept.as_ref().and_then(|kept| kept.text.as_deref());
        let standing = text.and_then(|text| format::parse(text).ok()).map(|parsed| parsed.records);
        !standing.unwrap_or_default().news(records).is_empty()
    }

    /// Why nothing keeps what is recorded here, on a machine that will vanish.
    pub(super) fn nowhere(&self) -> Option<&str> {
        self.nowhere.as_deref()
    }

    /// Takes the run lock, which is held as long as the run lives, opens the record, and joins in what stands at the
    /// remote by now.
    pub(super) async fn open(
        &self,
        project: &Project,
        (command, patience): (&str, Duration),
        observer: Box<dyn Observer>,
        ports: &Ports,
        ui: &Ui,
    ) -> Result<Arc<Ledger>, Failure> {
        if let Some(doubt) = &self.doubt {
            let help = "let this machine read the remote, or pass --allow-stale";
            return Err(Failure::message(Exit::Stale, format!("nothing was published: {doubt}"), help));
        }
        let lock = run_lock::acquire(&project.paths, patience, command, ports, ui).await?;
        let mut store = lockfile::Ledger::open(Arc::clone(&ports.disk), project.paths.clone())?;
        if self.branch.is_none() && self.kept.is_some() {
            // Read and not pushed to.
            store.take_over(&project.snapshot.records)?;
        }
        let remote = self.branch.clone().map(|branch| branch as Arc<dyn Remote>);
        let ledger = Arc::new(ledger_of(project, ports, store, observer, Some(lock)).kept_at(remote));
        ledger.fetch_record().await.map_err(|stop| Failure::halted(stop.into_halt()))?;
        Ok(ledger)
    }

    /// Lets the checkout come along with what was pushed, and tells a person where it could not.
    pub(super) async fn follow(&self, ports: &Ports, ui: &Ui) {
        let Some(branch) = &self.branch else { return };
        let why = match branch.bring_checkout_along().await {
            Ok(None | Some(Followed::Moved)) => return,
            Ok(Some(Followed::Left(why))) => why.to_owned(),
            Err(error) => error.to_string(),
        };
        if !ports.env.is_on("CI") {
            ui.terminal.say(&format!(
                "the record is at {}; your branch was left alone, because {why}\n\
                 next: git checkout -- igsync.lock && git pull --rebase (the journal holds the record as well)",
                branch.target()
            ));
        }
    }
}

/// Why nothing will keep the lockfile, as far as the files and the environment tell.
pub(super) fn known_offline(project: &Project, ports: &Ports) -> Option<String> {
    if project.sandbox || !ports.env.is_on("CI") {
        return None;
    }
    if project.config.git.push == Push::Never {
        return Some("git.push in igsync.yaml is off".to_owned());
    }
    let has_git = |folder: &Path| ports.disk.stat(&folder.join(".git")).is_ok();
    let root = ports.disk.canonicalize(&project.root).unwrap_or_else(|_| project.root.clone());
    (!root.ancestors().any(has_git)).then(|| "the content root is in no git repository".to_owned())
}

/// Finds the remote, proves that it can be pushed to, compares the checkout with its tip, and takes in the
/// records that stand there.
pub(super) async fn choose(
    start: &Start,
    snapshot: &mut Snapshot,
    terms: Terms,
    ports: &Ports,
    ui: &Ui,
) -> Result<Keeping, Failure> {
    let is_ci = ports.env.is_on("CI");
    let push = terms.push(start);
    let wants = push == Push::Always || (push == Push::Auto && is_ci);
    let state_branch = start.config().git.state_branch.as_deref();
    if start.sandbox || !(wants || is_ci || state_branch.is_some()) {
        return Ok(Keeping::default());
    }
    if !start.is_configured() {
        // What it says of branches may not be what its author meant.
        let why = "igsync.yaml has errors (`igsync validate` shows them)".to_owned();
        return match push {
            Push::Always => Err(not_pushed(&why)),
            Push::Auto | Push::Never => Ok(Keeping { nowhere: is_ci.then_some(why), ..Keeping::default() }),
        };
    }
    let mut keeping = Keeping::default();
    let place = match Place::find(start, ports).await {
        Ok(place) => place,
        Err(why) if push == Push::Always => return Err(not_pushed(&why)),
        Err(why) => {
            keeping.doubt = unknown_branch(state_branch, terms, &why);
            if !terms.must_know {
                make_do(start, snapshot, &why, ui).await?;
            }
            keeping.nowhere = is_ci.then_some(why);
            return Ok(keeping);
        }
    };
    if wants {
        match place.record.preflight().await {
            Ok(kept) => {
                keeping.kept = Some(kept);
                keeping.branch = Some(Arc::clone(&place.record));
            }
            Err(error) if push == Push::Always => return Err(not_pushed(&error.to_string())),
            Err(error) => {
                keeping.nowhere = Some(format!("{} can not be pushed to ({error})", place.record.target()));
            }
        }
    } else if is_ci {
        keeping.nowhere = Some(terms.off().to_owned());
    }
    if is_ci && terms.must_know {
        keeping.doubt = place.check_tip(keeping.kept.as_ref(), ports).await?;
    }
    if keeping.kept.is_none() {
        // Not pushed by us; what others have recorded there counts all the same.
        match place.record.fetch().await {
            Ok(kept) => keeping.kept = Some(kept),
            Err(error) => {
                let why = error.to_string();
                keeping.doubt = keeping.doubt.or_else(|| unknown_branch(state_branch, terms, &why));
                if !terms.must_know {
                    make_do(start, snapshot, &why, ui).await?;
                }
            }
        }
    }
    if let Some(text) = keeping.kept.as_ref().and_then(|kept| kept.text.as_deref()) {
        take_in(snapshot, text, place.record.target())?;
    }
    Ok(keeping)
}

/// A record on a branch of its own is in no checkout: unread, every post would look unpublished.
fn unknown_branch(branch: Option<&str>, terms: Terms, why: &str) -> Option<String> {
    let branch = branch.filter(|_| terms.must_know)?;
    Some(format!("the record on branch {branch} can not be read ({why})"))
}

/// For commands that ask no remote: the record on a branch of its own, as it was last fetched.
pub(super) async fn take_in_fetched(start: &Start, snapshot: &mut Snapshot, ui: &Ui) -> Result<(), Failure> {
    let Some(branch) = start.config().git.state_branch.as_deref().filter(|_| !start.sandbox) else { return Ok(()) };
    let environment = credentials::environment(start.config());
    let git = Git::offline(&start.root, start.settings().git_timeout, &environment);
    match git.fetched_lockfile(branch).await {
        Ok(Some(text)) => take_in(snapshot, &text, format_args!("branch {branch}")),
        Ok(None) => {
            ui.terminal.say(&format!(
                "note: the record is on branch {branch}, which is not in this clone: `git fetch origin {branch}` \
                 brings it, unless nothing was recorded yet"
            ));
            Ok(())
        }
        Err(why) => {
            ui.terminal.say(&format!("note: the record on branch {branch} was not read: {why}"));
            Ok(())
        }
    }
}

/// As [`take_in_fetched`], fetched right now where the remote answers.
pub(super) async fn take_in_newest(
    start: &Start,
    snapshot: &mut Snapshot,
    ports: &Ports,
    ui: &Ui,
) -> Result<(), Failure> {
    if start.sandbox || start.config().git.state_branch.is_none() {
        return Ok(());
    }
    let fetched = match Place::find(start, ports).await {
        Ok(place) => place.record.fetch().await.map_err(|error| error.to_string()).map(|kept| (kept, place)),
        Err(why) => Err(why),
    };
    match fetched {
        Ok((kept, place)) => match kept.text {
            Some(text) => take_in(snapshot, &text, place.record.target()),
            None => Ok(()),
        },
        Err(why) => make_do(start, snapshot, &why, ui).await,
    }
}

/// Goes on with what was fetched before, and says so.
async fn make_do(start: &Start, snapshot: &mut Snapshot, why: &str, ui: &Ui) -> Result<(), Failure> {
    ui.terminal.say(&format!("note: the record could not be fetched: {why}"));
    take_in_fetched(start, snapshot, ui).await
}

/// Joins a lockfile from elsewhere into what this machine knows.
fn take_in(snapshot: &mut Snapshot, text: &[u8], place: impl std::fmt::Display) -> Result<(), Failure> {
    let records = match format::parse(text) {
        Ok(parsed) => parsed.records,
        Err(problem) => {
            return Err(Failure::message(
                Exit::Failure,
                format!("igsync.lock at {place} can not be read: {problem}"),
                "mend it there (git log -- igsync.lock shows its versions), or update igsync",
            ));
        }
    };
    snapshot.records.merge(records);
    snapshot.has_lockfile = true;
    Ok(())
}

fn not_pushed(why: &str) -> Failure {
    Failure::message(
        Exit::Failure,
        format!("the record can not be pushed, so nothing was done: {why}"),
        "give this run the right to push, or let another branch keep the record (git.state_branch); \
         --no-push goes on without",
    )
}

/// Folds the record and brings it to where other machines read it. What did not arrive is handed to whoever
/// reads the log.
pub(super) async fn keep_all(ledger: &Ledger, ui: &Ui) -> Result<(), Failure> {
    let kept = ledger.keep_all().await;
    kept.map_err(|stop| {
        hand_over(&ledger.not_kept(), ui);
        Failure::halted(stop.into_halt())
    })
}

/// Tells a person how to keep a record that was not pushed.
pub(super) fn say_how_to_keep(project: &Project, message: &str, ui: &Ui) {
    if project.sandbox {
        return;
    }
    let how = match &project.config.git.state_branch {
        Some(branch) => format!("`igsync lock merge --push` puts it on branch {branch}"),
        None => format!("git add igsync.lock && git commit -m \"{message}\""),
    };
    ui.terminal.say(&commands(&format!("keep the record: {how}"), ui.terminal.program));
}

/// Shows the record lines that only this machine has, as they have to stand in the lockfile.
pub(super) fn hand_over(records: &[Record], ui: &Ui) {
    if records.is_empty() {
        return;
    }
    let line = |record| text::json(format::print_line(std::slice::from_ref(record)).trim_end().to_owned());
    let lines: Vec<String> = records.iter().map(line).collect();
    ui.terminal.insist(&format!(
        "recorded on this machine only; should it be lost, save these lines to a file and join them with \
         `igsync lock merge FILE`:\n{HEADER}{}\n",
        lines.join("\n")
    ));
    ui.actions.keep(&lines);
}

/// The record of a run that `observer` hears of. Without a lock nothing may be published.
pub(super) fn ledger_of(
    project: &Project,
    ports: &Ports,
    store: lockfile::Ledger,
    observer: Box<dyn Observer>,
    lock: Option<RunLock>,
) -> Ledger {
    let (clock, dice) = (Arc::clone(&ports.clock), fastrand::Rng::with_seed(ports.seed));
    let context = Context::new(clock, ports.stop.clone(), project.waits(), observer, dice);
    let context = match lock {
        Some(lock) => context.holding(lock),
        None => context,
    };
    Ledger::new(Arc::new(context), store)
}
