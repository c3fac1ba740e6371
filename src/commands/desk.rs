//! The record opened for a change that a person makes.

use std::collections::HashSet;
use std::sync::Arc;

use crate::apply::by_hand::{NewAttempt, Objection, Subject};
use crate::apply::{AccountRun, Halt, Observer};
use crate::cli::{Global, LockScope, OutputFormat};
use crate::exit::Exit;
use crate::id::{AccountName, AttemptId, PostKey, UserId};
use crate::lockfile::{Ledger, Record, Records};
use crate::port::RunLock;
use crate::report::lock::Done;
use crate::report::text::{commands, visible};

use super::connect::{Connector, Pace};
use super::project::Project;
use super::subject::Named;
use super::{Ended, Failure, World, apply, run_lock, write_stdout};

/// The record opened for a change. Without `--dry-run` it holds the run lock.
pub(super) struct Desk {
    pub project: Project,
    ledger: Option<Ledger>,
    ids: fastrand::Rng,
    format: OutputFormat,
    _lock: Option<RunLock>,
}

impl Desk {
    pub(super) async fn open(
        global: &Global,
        scope: &LockScope,
        dry_run: bool,
        command: &str,
        world: &World,
    ) -> Result<Self, Failure> {
        let project = Project::load(global, world, scope.sandbox, false)?;
        Self::of(project, dry_run, scope.format, command, world).await
    }

    /// As [`Self::open`], for a project that is loaded already.
    pub(super) async fn of(
        project: Project,
        dry_run: bool,
        format: OutputFormat,
        command: &str,
        world: &World,
    ) -> Result<Self, Failure> {
        let ids = fastrand::Rng::with_seed(world.seed);
        if dry_run {
            return Ok(Self { project, ledger: None, ids, format, _lock: None });
        }
        let lock = run_lock::acquire(&project.paths, std::time::Duration::ZERO, command, world).await?;
        let ledger = Ledger::open(Arc::clone(&world.disk), project.paths.clone())?;
        Ok(Self { project, ledger: Some(ledger), ids, format, _lock: Some(lock) })
    }

    /// Nothing is written, nobody is asked.
    pub(super) fn is_dry(&self) -> bool {
        self.ledger.is_none()
    }

    pub(super) fn format(&self) -> OutputFormat {
        self.format
    }

    pub(super) fn records(&self) -> &Records {
        self.ledger.as_ref().map_or(&self.project.snapshot.records, Ledger::records)
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
        observer: Box<dyn Observer>,
        world: &World,
        work: impl AsyncFnOnce(&mut AccountRun) -> Result<T, Halt>,
    ) -> Result<Result<T, Halt>, Failure> {
        let Some(ledger) = self.ledger.take() else {
            let help = "leave out --dry-run";
            return Err(Failure::message(Exit::Usage, "a dry run asks nobody", help));
        };
        let connector = Connector::open(&self.project, world).await?;
        let shared = Arc::new(apply::share(&self.project, world, ledger, observer));
        let only = HashSet::from([named.account.clone()]);
        let connected = connector.connect_all(&self.project, &Pace::reading(), &only, &shared, world).await;
        let answer = match connected {
            Ok(mut accounts) => Ok(match accounts.runs.first_mut() {
                Some(run) => work(run).await,
                None => Err(accounts.halted.pop().map_or_else(|| unknown_account(&named.account), |(_, halt)| halt)),
            }),
            Err(failure) => Err(failure),
        };
        // Connections are gone by now; should one linger, the files hold everything all the same.
        self.ledger = match Arc::try_unwrap(shared) {
            Ok(shared) => Some(shared.into_parts().0),
            Err(_) => Some(Ledger::open(Arc::clone(&world.disk), self.project.paths.clone())?),
        };
        answer
    }

    /// Writes the records down and folds them into the lockfile, unless this is a dry run.
    pub(super) fn keep(&mut self, records: Vec<Record>) -> Result<(), Failure> {
        if let Some(ledger) = &mut self.ledger {
            ledger.record_all(records)?;
            ledger.fold()?;
        }
        Ok(())
    }

    /// Says what is so; notes are for people only.
    pub(super) fn tell(&self, done: &Done, world: &World) -> Result<(), Failure> {
        let text = match self.format {
            OutputFormat::Human => done.human(),
            OutputFormat::Json => done.json(),
        };
        write_stdout(world, &text)?;
        world.actions.changed(if done.dry_run { 0 } else { done.changes });
        world.actions.remark(&done.human());
        for note in &done.notes {
            world.terminal.say(&commands(&visible(note), world.terminal.program));
            world.actions.remark(note);
        }
        Ok(())
    }

    /// [`Self::keep`], said aloud.
    pub(super) fn finish(&mut self, records: Vec<Record>, mut done: Done, world: &World) -> Ended {
        done.changes = records.len();
        done.dry_run = self.ledger.is_none();
        self.keep(records)?;
        self.tell(&done, world)?;
        if done.changes > 0 && !done.dry_run {
            hint(&self.project, world, &done.commit_message());
        }
        Ok(Exit::Done)
    }
}

fn unknown_account(name: &AccountName) -> Halt {
    Halt {
        whole_run: false,
        exit: Exit::Account,
        reason: format!("igsync.yaml has no account {name}"),
        help: "give it an entry with its user_id".to_owned(),
    }
}

pub(super) fn hint(project: &Project, world: &World, message: &str) {
    if !project.sandbox {
        world.terminal.say(&format!("keep the record: git add igsync.lock && git commit -m \"{message}\""));
    }
}

/// Why a decision was not written down, and what to do instead.
fn objected(objection: &Objection, key: &PostKey) -> Failure {
    let (message, help) = match objection {
        Objection::NoSuchPost => {
            (format!("{key} has no record"), "`igsync lock list` shows what is recorded".to_owned())
        }
        Objection::OtherMedia(media) => (
            format!("Meta answered the publish of {key} with media id {media}"),
            format!("if that is wrong, forget it first: `igsync lock rm {key}`"),
        ),
        Objection::IsLive(media) => {
            let id = media.as_ref().map_or_else(String::new, |id| format!(" as {id}"));
            (format!("{key} is recorded as published{id}"), format!("`igsync lock rm {key}` forgets that"))
        }
        Objection::NotLive => (
            format!("{key} is not recorded as published"),
            format!("say that it is live: `igsync resolve {key} --published`"),
        ),
        Objection::Taken(key) => (
            format!("{key} has a record of its own"),
            format!("look at it with `igsync lock show {key}`; forget it with `igsync lock rm {key}`"),
        ),
        Objection::NoManifest => (format!("{key} has no manifest"), "bring the manifest back".to_owned()),
    };
    Failure::message(Exit::Failure, message, help)
}
