//! What keeps the record of a run beyond this machine, and whether the checkout may publish at all.

mod branches;
mod remote;

use std::path::Path;
use std::sync::Arc;

use crate::exit::Exit;
use crate::git::{Fetched, Followed, Git};
use igsync_apply::{Context, Ledger, Observer, Remote};
use igsync_base::files::RunLock;
use igsync_base::id::AccountName;
use igsync_base::text::quoted;
use igsync_model::config::Push;
use igsync_model::lockfile::{self, Records, Snapshot, format};

use super::credentials;
use super::failure::Failure;
use super::note::{Note, Noted};
use super::ports::Ports;
use super::project::Project;
use super::root::ContentRoot;
use branches::Branches;
use remote::{BranchRecord, Content};

/// What a command asks of the remote.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// What the command line says of pushing, whatever `git.push` is set to; `None`: nothing.
    push: Option<bool>,
    purpose: Purpose,
}

/// What the command is about to do with what is there.
#[derive(Clone, Copy)]
enum Purpose {
    /// Something may be published.
    Publish {
        /// Without knowing what is there.
        may_be_stale: bool,
        /// Live posts may be deleted, too: by no checkout that lacks commits of the remote, which may have taken the
        /// order back.
        deletes: bool,
    },
    /// A person says something of the record.
    Change,
    /// It relies on everything that others have recorded: the remote is read on any machine, where there is one.
    Import,
}

impl Terms {
    /// For a run that publishes, by what it finds on the remote unless it `may_be_stale`; `deletes`: live posts, too.
    pub(crate) fn of_publishing(push: Option<bool>, may_be_stale: bool, deletes: bool) -> Self {
        Self { push, purpose: Purpose::Publish { may_be_stale, deletes } }
    }

    /// For what a person says of the record: nothing is published.
    pub(crate) fn of_change(push: Option<bool>) -> Self {
        Self { push, purpose: Purpose::Change }
    }

    /// As [`Self::of_change`], for what relies on everything that others have recorded.
    pub(crate) fn of_import(push: Option<bool>) -> Self {
        Self { push, purpose: Purpose::Import }
    }

    fn publishes(self) -> bool {
        matches!(self.purpose, Purpose::Publish { .. })
    }

    /// Whether what is published depends on what is there: it has to be known, and in CI this has to be the tip.
    fn must_know(self) -> bool {
        matches!(self.purpose, Purpose::Publish { may_be_stale: false, .. })
    }

    fn deletes(self) -> bool {
        matches!(self.purpose, Purpose::Publish { deletes: true, .. })
    }

    fn must_read(self) -> bool {
        matches!(self.purpose, Purpose::Import)
    }

    fn push(self, root: &ContentRoot) -> Push {
        match self.push {
            Some(true) => Push::Always,
            Some(false) => Push::Never,
            None => root.config().git.push,
        }
    }

    fn off(self) -> &'static str {
        if self.push == Some(false) { "--no-push was passed" } else { "git.push in igsync.yaml is off" }
    }
}

/// Decided before anything is published.
#[derive(Default)]
pub(crate) struct RecordPlace {
    /// Where the record is pushed to.
    branch: Option<Arc<BranchRecord>>,
    /// What was there, or `None`: nothing was read.
    fetched: Option<Fetched>,
    /// Why it is not known what others have published. Matters only if something is to be published.
    doubt: Option<String>,
    /// Why nothing keeps the record of this machine, which will vanish.
    nowhere: Option<String>,
    /// Why the record on the remote was not read.
    unread: Option<String>,
}

impl RecordPlace {
    /// Whether the place lacks some of these: an earlier run could not push them.
    pub(crate) fn lacks(&self, records: &Records) -> bool {
        if self.branch.is_none() || self.doubt.is_some() {
            return false;
        }
        let text = self.fetched.as_ref().and_then(|fetched| fetched.text.as_deref());
        let standing = text.and_then(|text| format::parse(text).ok()).map(|parsed| parsed.records);
        !standing.unwrap_or_default().news(records).is_empty()
    }

    /// Why nothing keeps what is recorded here, on a machine that will vanish.
    pub(crate) fn nowhere(&self) -> Option<&str> {
        self.nowhere.as_deref()
    }

    /// Whether enough is known of the record to open it. Asked before the run lock is waited for.
    pub(crate) fn check_known(&self) -> Result<(), Failure> {
        let Some(doubt) = &self.doubt else { return Ok(()) };
        let help = "let this machine read the remote, or pass --allow-stale";
        Err(Failure::message(Exit::Stale, format!("nothing was published: {doubt}"), help))
    }

    /// Fails where the record is kept on a remote that could not be read.
    pub(crate) fn check_read(&self) -> Result<(), Failure> {
        let Some(why) = &self.unread else { return Ok(()) };
        Err(Failure::message(
            Exit::Refused,
            format!("the record on the remote cannot be read, so it is not known which posts are in it: {why}"),
            "let this machine read the remote, and run it again; git.branch in igsync.yaml names the branch, \
             git.state_branch one of its own",
        ))
    }

    /// Opens the record, and joins in what is on the remote by now. The run lock is held as long as the run lives.
    pub(crate) async fn open(
        &self,
        project: &Project,
        lock: RunLock,
        observer: Box<dyn Observer>,
        ports: &Ports,
    ) -> Result<Arc<Ledger>, Failure> {
        self.check_known()?;
        let mut store = lockfile::Ledger::open(Arc::clone(&ports.disk), project.paths.clone())?;
        if self.branch.is_none() && self.fetched.is_some() {
            // Read and not pushed to.
            store.take_over(&project.snapshot.records)?;
        }
        let remote = self.branch.clone().map(|branch| branch as Arc<dyn Remote>);
        let ledger = Arc::new(ledger_of(project, ports, store, observer, Some(lock)).kept_at(remote));
        ledger.fetch_record().await.map_err(|stop| Failure::halted(stop.into_halt()))?;
        Ok(ledger)
    }

    /// Lets the checkout come along with what was pushed; the note says where it could not.
    pub(crate) async fn follow(&self, ports: &Ports) -> Option<Note> {
        let branch = &self.branch.as_ref()?.record;
        let why = match branch.bring_checkout_along().await {
            Ok(None | Some(Followed::Moved)) => return None,
            Ok(Some(Followed::Left(why))) => why.to_owned(),
            Err(error) => error.to_string(),
        };
        (!ports.env.is_on("CI")).then(|| {
            Note::new(format!(
                "the record is on {}; your branch was not updated, because {why}\n\
                 next: git checkout -- igsync.lock && git pull --rebase (the journal holds the record as well)",
                branch.target()
            ))
        })
    }
}

/// Why nothing will keep the lockfile, as far as the files and the environment show.
pub(crate) fn known_offline(project: &Project, ports: &Ports) -> Option<String> {
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
/// records that are there.
pub(crate) async fn choose(
    root: &ContentRoot,
    snapshot: &mut Snapshot,
    terms: Terms,
    ports: &Ports,
) -> Noted<Result<RecordPlace, Failure>> {
    Noted::of(async |notes| find(root, snapshot, terms, ports, notes).await).await
}

async fn find(
    root: &ContentRoot,
    snapshot: &mut Snapshot,
    terms: Terms,
    ports: &Ports,
    notes: &mut Vec<Note>,
) -> Result<RecordPlace, Failure> {
    let is_ci = ports.env.is_on("CI");
    let push = terms.push(root);
    let wants = push == Push::Always || (push == Push::Auto && is_ci);
    let state_branch = root.config().git.state_branch.as_deref();
    // A laptop that asks no remote may still be told of one: its record is behind that of the machines that push.
    let reads = (terms.must_read() || terms.deletes()) && has_remote(root, ports).await;
    if root.sandbox || !(wants || is_ci || state_branch.is_some() || reads) {
        return Ok(RecordPlace::default());
    }
    if !root.is_configured() {
        // What it says of branches may not be what its author meant.
        let why = "igsync.yaml has errors (`igsync validate` shows them)".to_owned();
        return match push {
            Push::Always => Err(not_pushed(&why)),
            Push::Auto | Push::Never => Ok(RecordPlace { nowhere: is_ci.then_some(why), ..RecordPlace::default() }),
        };
    }
    let mut found = RecordPlace::default();
    let branches = match Branches::find(root, ports).await {
        Ok(branches) => branches,
        Err(why) if push == Push::Always => return Err(not_pushed(&why)),
        Err(why) => {
            found.doubt = unknown_branch(state_branch, terms, &why);
            if terms.deletes() && terms.must_know() && reads {
                let unknown = || format!("cannot check whether the remote's branch has taken an order back: {why}");
                found.doubt = found.doubt.or_else(|| Some(unknown()));
            }
            if !terms.must_know() {
                use_last_fetched(root, snapshot, &why, notes).await?;
            }
            // Without a remote nothing is kept there.
            found.unread = Some(why.clone()).filter(|_| reads || state_branch.is_some());
            found.nowhere = is_ci.then_some(why);
            return Ok(found);
        }
    };
    let mut can_push = false;
    if wants {
        match branches.record.preflight().await {
            Ok(fetched) => {
                found.fetched = Some(fetched);
                can_push = true;
            }
            Err(error) if push == Push::Always => return Err(not_pushed(&error.to_string())),
            Err(error) => {
                found.nowhere = Some(format!("cannot push to {} ({error})", branches.record.target()));
            }
        }
    } else if is_ci {
        found.nowhere = Some(terms.off().to_owned());
    }
    let must_be_tip = terms.must_know() && (is_ci || terms.deletes() && reads);
    if can_push || must_be_tip {
        let is_asked = terms.publishes() || branches.is_together();
        let tip = if is_asked { branches.tip(found.fetched.as_ref()).await } else { Err(String::new()) };
        if must_be_tip {
            found.doubt = branches.check_tip(&tip, ports).await?;
        }
        if let Err(why) = &tip
            && can_push
            && terms.publishes()
        {
            notes.push(Note::new(format!("note: cannot notice new commits of {}: {why}", branches.content.target())));
        }
        if can_push {
            found.branch = Some(Arc::new(record_at(&branches, tip.ok())));
        }
    }
    if found.fetched.is_none() {
        // Not pushed by us; what others have recorded there counts all the same.
        let mut read = branches.record.fetch().await.map_err(|error| error.to_string());
        if read.is_err() && reads && state_branch.is_none() && root.config().git.branch.is_none() {
            // The branch may be on this machine alone: what it came from has the record.
            if let Ok(default) = branches.of_default(root, ports).await {
                read = default.fetch().await.map_err(|error| error.to_string());
            }
        }
        match read {
            Ok(fetched) => found.fetched = Some(fetched),
            Err(why) => {
                found.unread = Some(why.clone());
                found.doubt = found.doubt.or_else(|| unknown_branch(state_branch, terms, &why));
                if !terms.must_know() {
                    use_last_fetched(root, snapshot, &why, notes).await?;
                }
            }
        }
    }
    if let Some(text) = found.fetched.as_ref().and_then(|fetched| fetched.text.as_deref()) {
        take_in(snapshot, text, branches.record.target())?;
    }
    Ok(found)
}

/// Whether the content root is in a repository with a remote. Where git does not answer there may be one.
async fn has_remote(root: &ContentRoot, ports: &Ports) -> bool {
    let has_git = |folder: &Path| ports.disk.stat(&folder.join(".git")).is_ok();
    let path = ports.disk.canonicalize(&root.path).unwrap_or_else(|_| root.path.clone());
    if root.sandbox || !path.ancestors().any(has_git) {
        return false;
    }
    let git = Git::offline(&root.path, root.settings().git_timeout, &credentials::environment(root.config()));
    git.remotes().await.map_or(true, |remotes| !remotes.is_empty())
}

/// Where a run keeps its record that began when the content's branch was at `tip`.
fn record_at(branches: &Branches, tip: Option<String>) -> BranchRecord {
    let content = match tip {
        None => Content::Unknown,
        Some(began_at) if branches.is_together() => Content::WithRecord { began_at },
        Some(began_at) => Content::Apart { branch: Box::new(branches.content.clone()), began_at },
    };
    BranchRecord { record: Arc::clone(&branches.record), content }
}

/// A record on a branch of its own is in no checkout: unread, every post would look unpublished.
fn unknown_branch(branch: Option<&str>, terms: Terms, why: &str) -> Option<String> {
    let branch = branch.filter(|_| terms.must_know())?;
    Some(format!("cannot read the record on branch {branch} ({why})"))
}

/// For commands that ask no remote: the record on a branch of its own, as it was last fetched.
pub(crate) async fn take_in_fetched(root: &ContentRoot, snapshot: &mut Snapshot) -> Noted<Result<(), Failure>> {
    Noted::of(async |notes| {
        let Some(branch) = root.config().git.state_branch.as_deref().filter(|_| !root.sandbox) else { return Ok(()) };
        let environment = credentials::environment(root.config());
        let git = Git::offline(&root.path, root.settings().git_timeout, &environment);
        match git.fetched_lockfile(branch).await {
            Ok(Some(text)) => return take_in(snapshot, &text, format_args!("branch {branch}")),
            Ok(None) => notes.push(Note::new(format!(
                "note: the record is on branch {branch}, which is not in this clone: `git fetch origin {branch}` \
                 fetches it, unless nothing was recorded yet"
            ))),
            Err(why) => notes.push(Note::new(format!("note: the record on branch {branch} was not read: {why}"))),
        }
        Ok(())
    })
    .await
}

/// As [`take_in_fetched`], fetched right now where the remote answers.
pub(crate) async fn take_in_newest(
    root: &ContentRoot,
    snapshot: &mut Snapshot,
    ports: &Ports,
) -> Noted<Result<(), Failure>> {
    Noted::of(async |notes| {
        if root.sandbox || root.config().git.state_branch.is_none() {
            return Ok(());
        }
        let found = match Branches::find(root, ports).await {
            Ok(branches) => {
                let fetched = branches.record.fetch().await;
                fetched.map_err(|error| error.to_string()).map(|fetched| (fetched, branches))
            }
            Err(why) => Err(why),
        };
        match found {
            Ok((fetched, branches)) => match fetched.text {
                Some(text) => take_in(snapshot, &text, branches.record.target()),
                None => Ok(()),
            },
            Err(why) => use_last_fetched(root, snapshot, &why, notes).await,
        }
    })
    .await
}

/// Goes on with what was fetched before, and notes that.
async fn use_last_fetched(
    root: &ContentRoot,
    snapshot: &mut Snapshot,
    why: &str,
    notes: &mut Vec<Note>,
) -> Result<(), Failure> {
    notes.push(Note::new(format!("note: the record could not be fetched: {why}")));
    take_in_fetched(root, snapshot).await.noting(notes)
}

/// Joins a lockfile from elsewhere into what this machine knows.
fn take_in(snapshot: &mut Snapshot, text: &[u8], place: impl std::fmt::Display) -> Result<(), Failure> {
    let records = match format::parse(text) {
        Ok(parsed) => parsed.records,
        Err(problem) => {
            return Err(Failure::message(
                Exit::Failure,
                format!("cannot read igsync.lock on {place}: {problem}"),
                "fix it there (git log -- igsync.lock lists its versions), or update igsync",
            ));
        }
    };
    snapshot.records.merge(records);
    if let Some(read) = snapshot.records.by_media() {
        snapshot.records = read;
    }
    snapshot.has_lockfile = true;
    Ok(())
}

fn not_pushed(why: &str) -> Failure {
    Failure::message(
        Exit::Failure,
        format!("cannot push the record, so nothing was done: {why}"),
        "allow this run to push, or keep the record on another branch (git.state_branch); \
         --no-push continues without",
    )
}

/// What to do about an account that had posts before igsync.
pub(crate) fn unrecorded(account: &AccountName, project: &Project) -> Note {
    let option = if project.config.accounts.len() > 1 {
        format!(" --account {}", quoted(account.as_str()))
    } else {
        String::new()
    };
    Note::new(format!(
        "note: account {account} has posts that are in no record: `igsync import{option}` shows them, and \
         `igsync import{option} --record-only` records them, so that none is published again"
    ))
}

/// How a person keeps the record where igsync does not: `message` is that of the commit.
pub(crate) fn how_to_keep(project: &Project, message: &str) -> Option<Note> {
    if project.sandbox {
        return None;
    }
    if let Some(base) = &project.settings.graph_url {
        // Whoever commits it makes every other machine believe that these posts are live.
        let forget = format!("`igsync lock rm --graph {}`", quoted(base.as_str()));
        return Some(Note::new(format!("the record is of {base} and stays on this machine; {forget} forgets it")));
    }
    let how = match &project.config.git.state_branch {
        Some(branch) => format!("`igsync lock merge --push` puts it on branch {branch}"),
        None => project.typed.commit("igsync.lock", message),
    };
    Some(Note::new(format!("keep the record: {how}")))
}

/// The record of a run, written through `store`; `observer` is shown what happens in the run. With `lock` the run
/// holds the run lock as long as it lives; a run that only asks has none, and publishes nothing.
pub(crate) fn ledger_of(
    project: &Project,
    ports: &Ports,
    store: lockfile::Ledger,
    observer: Box<dyn Observer>,
    lock: Option<RunLock>,
) -> Ledger {
    let (clock, dice) = (Arc::clone(&ports.clock), ports.random.generator());
    let context = Context::new(clock, ports.stop.clone(), project.waits(), observer, dice);
    let context = match lock {
        Some(lock) => context.holding(lock),
        None => context,
    };
    Ledger::new(Arc::new(context), store)
}
