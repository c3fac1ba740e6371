//! The record opened for a change that a person makes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::{Change, Global, LockScope, OutputFormat};
use crate::exit::Exit;
use crate::report::lock::Done;
use crate::report::text::visible;
use crate::session::connect::{Connector, Pace};
use crate::session::project::{OfPublished, Project};
use crate::session::record::{RecordPlace, Terms, choose, how_to_keep, ledger_of, take_in_newest};
use crate::session::root::ContentRoot;
use crate::session::subject::Named;
use igsync_apply::by_hand::{NewAttempt, Objection, Subject};
use igsync_apply::{AccountRun, Cause, Halt, Ledger, Observer, Stop};
use igsync_base::id::{AccountName, AttemptId, MediaId, PostKey, UserId};
use igsync_instagram::Client;
use igsync_model::config::{Account, Push};
use igsync_model::lockfile::{self, Record, Records, Stage};
use igsync_model::manifest::PostState;

use super::connect::connect_all;
use super::record::{self, print_unpushed_records};
use super::{Ended, Failure, Ports, Silent, Ui, write_stdout};

/// The record opened for a change.
pub(super) struct RecordEdit {
    pub project: Project,
    /// `None`: a dry run.
    open: Option<OpenRecord>,
    ids: fastrand::Rng,
    format: OutputFormat,
}

/// What a change is written into. The run holds the run lock.
struct OpenRecord {
    ledger: Arc<Ledger>,
    remote: RecordPlace,
    /// Why it would be gone with this machine, and no one said that it may be.
    nowhere: Option<String>,
}

impl OpenRecord {
    /// Fails where nothing would keep what is written.
    fn check(&self) -> Result<(), Failure> {
        let Some(why) = &self.nowhere else { return Ok(()) };
        Err(Failure::message(
            Exit::Failure,
            format!("nothing was recorded, because the record would be lost with this machine: {why}"),
            "allow this job to push (permissions: contents: write), or pass --no-push and commit \
             igsync.lock yourself",
        ))
    }
}

/// Who opens the record, and how far what is changed goes.
pub(super) struct Opening<'a> {
    pub command: &'a str,
    pub sandbox: bool,
    pub change: Change,
    pub format: OutputFormat,
    /// Hears what asking Meta brings.
    pub observer: Box<dyn Observer>,
    /// Nothing is done without the record that is kept on a remote, not even a dry run.
    pub must_read: bool,
}

/// An account that can be asked.
pub(super) struct Connected {
    pub client: Arc<Client>,
    pub user_id: UserId,
    /// The run that asks.
    pub ledger: Arc<Ledger>,
}

impl RecordEdit {
    pub(super) async fn open(
        global: &Global,
        scope: &LockScope,
        change: Change,
        command: &str,
        ports: &Ports,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let (sandbox, format) = (scope.sandbox, scope.format);
        let opening = Opening { command, sandbox, change, format, observer: Box::new(Silent), must_read: false };
        Self::of(opening, global, ports, ui).await
    }

    pub(super) async fn of(opening: Opening<'_>, global: &Global, ports: &Ports, ui: &Ui) -> Result<Self, Failure> {
        let Opening { command, sandbox, change, format, observer, must_read } = opening;
        let ids = ports.random.generator();
        let root = ContentRoot::open(&global.place(), sandbox, ports).await?;
        let mut snapshot = root.snapshot(ports)?;
        if change.dry_run {
            if must_read {
                let terms = Terms::of_import(change.keep.push());
                ui.noted(choose(&root, &mut snapshot, terms, ports).await)?.check_read()?;
            } else {
                ui.noted(take_in_newest(&root, &mut snapshot, ports).await)?;
            }
            return Ok(Self {
                project: Project::read(root, snapshot, OfPublished::Compare, ports).await?,
                open: None,
                ids,
                format,
            });
        }
        let push = change.keep.push();
        let terms = if must_read { Terms::of_import(push) } else { Terms::of_change(push) };
        let remote = ui.noted(choose(&root, &mut snapshot, terms, ports).await)?;
        if must_read {
            remote.check_read()?;
        }
        let mut project = Project::read(root, snapshot, OfPublished::Compare, ports).await?;
        let ledger = record::open(&remote, &project, (command, Duration::ZERO), observer, ports, ui).await?;
        project.snapshot.records = ledger.with_records(Clone::clone);
        let by_others = change.keep.no_push || project.config.git.push == Push::Never;
        let nowhere = remote.nowhere().filter(|_| !by_others).map(str::to_owned);
        Ok(Self { project, open: Some(OpenRecord { ledger, remote, nowhere }), ids, format })
    }

    /// Nothing is written, no one is asked.
    pub(super) fn is_dry(&self) -> bool {
        self.open.is_none()
    }

    pub(super) fn records(&self) -> &Records {
        &self.project.snapshot.records
    }

    pub(super) fn user_of(named: &Named) -> Result<UserId, Failure> {
        named.user_id.clone().ok_or_else(|| {
            Failure::message(
                Exit::Failure,
                format!("the user id of account {} is not known yet", named.account),
                "set user_id in igsync.yaml",
            )
        })
    }

    /// The same post, with the names by which git knows its files, for its record.
    pub(super) fn identified(&self, named: &Named, ports: &Ports) -> Named {
        let post = named.post.as_ref().map(|post| self.project.identified(post, &*ports.disk));
        Named { post, ..named.clone() }
    }

    /// What a decision changes about one post.
    pub(super) fn decide(
        &mut self,
        named: &Named,
        decide: impl FnOnce(&Subject<'_>, &mut NewAttempt<'_>) -> Result<Vec<Record>, Objection>,
    ) -> Result<Vec<Record>, Failure> {
        let user = Self::user_of(named)?;
        let attempts = self.records().attempts(&user, &named.key).to_vec();
        let graph = self.project.settings.graph_url.as_ref().map(ToString::to_string);
        let subject = Subject {
            user_id: &user,
            key: &named.key,
            attempts: &attempts,
            post: named.post.as_deref(),
            graph: graph.filter(|_| !self.project.sandbox),
        };
        let ids = &mut self.ids;
        let mut new_attempt =
            || AttemptId::new(std::iter::repeat_with(|| ids.lowercase()).take(16).collect::<String>());
        decide(&subject, &mut new_attempt).map_err(|objection| objected(&objection, &named.key))
    }

    /// Asks Meta as this post's account. `Err` says why it could not be asked; what it may have recorded
    /// until then is kept. Never called in a dry run.
    pub(super) async fn ask<T>(
        &mut self,
        named: &Named,
        ports: &Ports,
        work: impl AsyncFnOnce(&mut AccountRun, &Client) -> Result<T, Stop>,
    ) -> Result<Result<T, Halt>, Failure> {
        let Some(open @ OpenRecord { ledger, .. }) = &self.open else {
            let help = "leave out --dry-run";
            return Err(Failure::message(Exit::Usage, "a dry run does not ask Meta", help));
        };
        open.check()?;
        let connector = Connector::open(&self.project, ports).await?;
        let only = HashSet::from([named.account.clone()]);
        let connected = connect_all(connector.connecting(&self.project, Pace::reading(), ledger, ports), &only).await;
        let answer = match connected {
            Ok(mut accounts) => Ok(match accounts.runs.first_mut().zip(accounts.clients.get(&named.account)) {
                Some((run, client)) => work(run, client).await.map_err(Stop::into_halt),
                None => Err(accounts.halted.pop().map_or_else(|| unknown_account(&named.account), |(_, halt)| halt)),
            }),
            Err(failure) => Err(failure),
        };
        self.project.snapshot.records = ledger.with_records(Clone::clone);
        answer
    }

    /// Connects an account, so that it can be asked for more than one thing; in a dry run, too.
    pub(super) async fn connect(&mut self, account: &Account, ports: &Ports) -> Result<Connected, Failure> {
        let ledger = if let Some(open) = &self.open {
            open.check()?;
            Arc::clone(&open.ledger)
        } else {
            let (disk, paths) = (Arc::clone(&ports.disk), self.project.paths.clone());
            let store = lockfile::Ledger::in_memory(disk, paths, self.records().clone());
            Arc::new(ledger_of(&self.project, ports, store, Box::new(Silent), None))
        };
        let connector = Connector::open(&self.project, ports).await?;
        let only = HashSet::from([account.name.clone()]);
        let mut accounts =
            connect_all(connector.connecting(&self.project, Pace::reading(), &ledger, ports), &only).await?;
        self.project.adopt_owners(&accounts.owners);
        let client = accounts.clients.get(&account.name).map(Arc::clone);
        match client.zip(accounts.owners.get(&account.name)) {
            Some((client, owner)) => Ok(Connected { client, user_id: owner.user_id.clone(), ledger }),
            None => Err(Failure::halted(
                accounts.halted.pop().map_or_else(|| unknown_account(&account.name), |(_, halt)| halt),
            )),
        }
    }

    /// Refuses what is said of a post under a key that its record does not have yet: it would be recorded twice.
    /// `command` is what to type of the key that it has.
    pub(super) fn refuse_moved(&self, named: &Named, command: impl Fn(&str) -> String) -> Result<(), Failure> {
        let Some(old) = self.key_before(named) else { return Ok(()) };
        Err(Failure::message(
            Exit::Failure,
            format!("{} has no record yet: it has the media of {old}, whose manifest is gone", named.key),
            format!("`{}`; the next apply moves that record", command(&old.argument())),
        ))
    }

    /// The key under which a post is still recorded that has another one by now: the next apply moves the record.
    fn key_before(&self, named: &Named) -> Option<PostKey> {
        let (post, user) = (named.post.as_ref()?, named.user_id.as_ref()?);
        // What is ordered away takes over no record by its looks.
        if post.state == PostState::Absent && post.imported.is_none() {
            return None;
        }
        let counts = |record: &&Record| record.stage() != Stage::Forgotten;
        if self.records().attempts(user, &named.key).iter().any(|record| counts(&record)) {
            return None;
        }
        let is_there =
            |key: &PostKey| self.project.posts.iter().any(|post| post.key == *key && post.account == named.account);
        let is_it = |record: &&Record| match &post.imported {
            Some(media) => record.claimed_media() == Some(media),
            None => {
                record.kind == post.content.kind
                    && record.media_digest.is_some()
                    && record.media_digest == post.media_digest
            }
        };
        let of_user = self.records().iter().filter(|record| record.user_id == *user).filter(counts);
        let mut found = of_user.filter(is_it).map(|record| &record.key).filter(|key| !is_there(key));
        let first = found.next()?;
        found.all(|key| key == first).then(|| first.clone())
    }

    /// Copies what was recorded into the lockfile now, unless this is a dry run.
    pub(super) async fn fold(&self) -> Result<(), Failure> {
        let Some(OpenRecord { ledger, .. }) = &self.open else { return Ok(()) };
        ledger.fold_now().await.map_err(|stop| Failure::halted(stop.into_halt()))
    }

    /// Writes the records down, unless this is a dry run.
    pub(super) async fn record(&mut self, records: Vec<Record>) -> Result<(), Failure> {
        if let Some(open @ OpenRecord { ledger, .. }) = &self.open {
            open.check()?;
            ledger.record_all(records).await.map_err(|stop| Failure::halted(stop.into_halt()))?;
            self.project.snapshot.records = ledger.with_records(Clone::clone);
        }
        Ok(())
    }

    /// Takes over what another machine has recorded, unless this is a dry run.
    pub(super) async fn take_over(&mut self, others: &Records) -> Result<(), Failure> {
        if let Some(open @ OpenRecord { ledger, .. }) = &self.open {
            open.check()?;
            ledger.take_over(others).await.map_err(|stop| Failure::halted(stop.into_halt()))?;
            self.project.snapshot.records = ledger.with_records(Clone::clone);
        }
        Ok(())
    }

    /// Folds what was recorded into the lockfile and brings it to where other machines read it. The next
    /// step for a person is a commit with this message, where igsync makes none itself.
    pub(super) async fn keep(&self, message: &str, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
        let Some(OpenRecord { ledger, remote, .. }) = &self.open else { return Ok(()) };
        let kept = ledger.keep_all().await;
        ui.notes(remote.follow(ports).await);
        let Err(stop) = kept else {
            if ledger.has_changed_lockfile() && !ledger.is_shared() {
                ui.notes(how_to_keep(&self.project, message));
            }
            return Ok(());
        };
        let not_kept = ledger.not_kept();
        print_unpushed_records(&not_kept, ui);
        let halt = stop.into_halt();
        let exit = if not_kept.is_empty() { halt.cause.into() } else { Exit::RecordNotDurable };
        Err(Failure::message(exit, halt.reason, "fix the cause, then run the same command again"))
    }

    /// Says what is so; notes are for people only.
    pub(super) fn print(&self, done: &Done, ui: &Ui) -> Result<(), Failure> {
        let text = match self.format {
            OutputFormat::Human => done.human(),
            OutputFormat::Json => done.json(),
        };
        write_stdout(ui, &text)?;
        ui.actions.changed(if done.dry_run { 0 } else { done.changes });
        ui.actions.remark(&done.human());
        for note in &done.notes {
            ui.terminal.say(&visible(note));
            ui.actions.remark(note);
        }
        Ok(())
    }

    /// Records, keeps and says it.
    pub(super) async fn finish(&mut self, records: Vec<Record>, mut done: Done, ports: &Ports, ui: &Ui) -> Ended {
        done.changes = records.len();
        done.dry_run = self.is_dry();
        self.record(records).await?;
        self.print(&done, ui)?;
        self.keep(&done.commit_message(), ports, ui).await?;
        Ok(Exit::Done)
    }
}

fn unknown_account(name: &AccountName) -> Halt {
    Halt {
        cause: Cause::Account,
        reason: format!("igsync.yaml has no account {name}"),
        help: "give it an entry with its user_id".to_owned(),
    }
}

/// Why a decision was not recorded, and what to do instead.
fn objected(objection: &Objection, key: &PostKey) -> Failure {
    let (message, help) = match objection {
        Objection::NoSuchPost => {
            (format!("{key} has no record"), "`igsync lock list` shows what is recorded".to_owned())
        }
        Objection::OtherMedia(media) => (
            format!("Meta answered the publish of {key} with media id {media}"),
            format!("if that is wrong, forget it first: `igsync lock rm {}`", key.argument()),
        ),
        Objection::IsLive(media) => {
            let id = media.as_ref().map_or_else(String::new, |id| format!(" as {id}"));
            (format!("{key} is recorded as published{id}"), format!("`igsync lock rm {}` forgets that", key.argument()))
        }
        Objection::NotLive => (
            format!("{key} is not recorded as published"),
            format!("record that it is live: `igsync resolve {} --published`", key.argument()),
        ),
        Objection::Taken(key) => (
            format!("{key} has a record of its own"),
            format!("inspect it with `igsync lock show {0}`; forget it with `igsync lock rm {0}`", key.argument()),
        ),
        Objection::Several(media) => {
            let media: Vec<&str> = media.iter().map(MediaId::as_str).collect();
            let first = media.first().copied().unwrap_or_default();
            (
                format!("{key} is recorded as live more than once, as {}", media.join(" and ")),
                format!("say which one is meant, for example --media {first}"),
            )
        }
        Objection::NotThisMedia(media) => (
            format!("{key} has no record of media {media}"),
            format!("`igsync lock show {}` shows what it has", key.argument()),
        ),
        Objection::OtherKind(kind) => (
            format!("the live post of {key} is of kind {kind}, and its manifest is not"),
            "write the kind of the live post into the manifest".to_owned(),
        ),
        Objection::WasDeleted(media) => {
            let id = media.as_ref().map_or_else(|| "ID".to_owned(), ToString::to_string);
            (
                format!("{key} is recorded as deleted"),
                format!(
                    "name what is live: `igsync resolve {key} --published {id}` if the post was never gone, else with the \
                     id or the link of the new one",
                    key = key.argument()
                ),
            )
        }
        Objection::NoManifest => (format!("{key} has no manifest"), "restore the manifest".to_owned()),
    };
    Failure::message(Exit::Failure, message, help)
}
