//! `igsync lock`: looking into the record and correcting it. No call is made but by `accept`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::cli::{
    Global, Lock, LockAccept, LockChange, LockList, LockMerge, LockMove, LockRemove, LockScope, LockShow, OutputFormat,
};
use crate::engine::instagram::refusal;
use crate::exit::Exit;
use crate::report::lock::{self as text, Done};
use crate::report::text::{one_line, plural};
use crate::session::drift;
use crate::session::load::load;
use crate::session::project::{OfPublished, Project};
use crate::session::subject::{self, Named};
use igsync_apply::{Halt, Stop, by_hand};
use igsync_base::files::named;
use igsync_base::id::{AccountName, Digest, MediaId, PostKey};
use igsync_model::drift::compare_one;
use igsync_model::lockfile::{Record, Records, Stage, format};
use igsync_model::manifest::PostState;
use igsync_model::plan::Selection;

use super::record_edit::RecordEdit;
use super::{Ended, Failure, Ports, Ui, write_stdout};

pub(super) async fn run(global: &Global, command: &Lock, ports: &Ports, ui: &Ui) -> Ended {
    match command {
        Lock::List(args) => list(global, args, ports, ui).await,
        Lock::Show(args) => show(global, args, ports, ui).await,
        Lock::Mv(args) => rename(global, args, ports, ui).await,
        Lock::Rm(args) => remove(global, args, ports, ui).await,
        Lock::Ignore(args) => ignore(global, args, ports, ui).await,
        Lock::Accept(args) => accept(global, args, ports, ui).await,
        Lock::Merge(args) => merge(global, args, ports, ui).await,
    }
}

async fn list(global: &Global, args: &LockList, ports: &Ports, ui: &Ui) -> Ended {
    let project = ui.noted(load(&global.place(), args.scope.sandbox, OfPublished::Nothing, ports).await)?;
    subject::check_account(&project, args.scope.account.as_deref())?;
    let records = &project.snapshot.records;
    let is_wanted = of_account(&project, &args.scope);
    let listed: Vec<&[Record]> = records.posts().filter(|attempts| attempts.first().is_some_and(&is_wanted)).collect();
    let text = match args.scope.format {
        OutputFormat::Human => text::list(&listed),
        OutputFormat::Json => text::json(listed.iter().flat_map(|attempts| attempts.iter())),
    };
    write_stdout(ui, &text)?;
    if project.snapshot.has_conflicts {
        ui.terminal
            .say("igsync.lock holds git's conflict markers; both sides were read (`igsync lock merge` joins them)");
    }
    Ok(Exit::Done)
}

/// Whether a record is about the account that was asked for.
fn of_account(project: &Project, scope: &LockScope) -> impl Fn(&Record) -> bool + use<> {
    let wanted = scope.account.as_ref().map(|name| {
        let account = project.config.accounts.iter().find(|account| account.name.as_str() == name);
        account.and_then(|account| project.user_of(account))
    });
    move |record| wanted.as_ref().is_none_or(|user| user.as_ref() == Some(&record.user_id))
}

async fn show(global: &Global, args: &LockShow, ports: &Ports, ui: &Ui) -> Ended {
    let project = ui.noted(load(&global.place(), args.scope.sandbox, OfPublished::Nothing, ports).await)?;
    let named = find(&project, &project.snapshot.records, &args.key, &args.scope)?;
    let attempts = attempts_of(&project.snapshot.records, &named);
    if attempts.is_empty() {
        return Err(Failure::message(
            Exit::Failure,
            format!("{} has no record", named.key),
            "`igsync plan` shows what apply would do about it",
        ));
    }
    let text = match args.scope.format {
        OutputFormat::Human => text::show(attempts),
        OutputFormat::Json => text::json(attempts.iter()),
    };
    write_stdout(ui, &text)?;
    Ok(Exit::Done)
}

async fn rename(global: &Global, args: &LockMove, ports: &Ports, ui: &Ui) -> Ended {
    let mut editing = RecordEdit::open(global, &args.scope, args.change, "lock mv", ports, ui).await?;
    let named = find(&editing.project, editing.records(), &args.old, &args.scope)?;
    let to = subject::key_of(&editing.project, &args.new);
    if to == named.key || to.as_str().trim().is_empty() || to.as_str().contains(char::is_control) {
        return Err(Failure::message(Exit::Usage, "the new key must differ from the old one", "lock mv OLD NEW"));
    }
    let is_heir = |post: &&Arc<igsync_model::manifest::Post>| post.key == to && post.account == named.account;
    let post = editing.project.posts.iter().find(is_heir).cloned();
    let user = RecordEdit::user_of(&named)?;
    let there = editing.records().attempts(&user, &to).to_vec();
    let records =
        editing.decide(&named, |subject, ids| by_hand::renamed(subject, &to, &there, post.as_deref(), ids))?;
    let mut done = Done::new("moved", &named.key, &named.account, format!("is now {to}"));
    if named.post.is_some() {
        done.notes.push(format!("the manifest of {} still exists and is now a post without a record", named.key));
    }
    if post.is_none() {
        done.notes.push(format!("no manifest has the key {to} yet"));
    }
    editing.finish(records, done, ports, ui).await
}

async fn remove(global: &Global, args: &LockRemove, ports: &Ports, ui: &Ui) -> Ended {
    let mut editing = RecordEdit::open(global, &args.scope, args.change, "lock rm", ports, ui).await?;
    let Some(key) = &args.key else { return remove_graph(editing, args, ports, ui).await };
    let named = match find(&editing.project, editing.records(), key, &args.scope) {
        Err(_) if key.contains(['*', '?', '[', '{']) => return remove_imported(editing, key, args, ports, ui).await,
        found => found?,
    };
    let media = args.media.as_deref().map(MediaId::from);
    let may_be_live = attempts_of(editing.records(), &named).iter().any(may_be_live);
    let is_half_deleted = attempts_of(editing.records(), &named).iter().any(Record::is_being_deleted);
    let records = editing.decide(&named, |subject, _| by_hand::removed(subject, media.as_ref()))?;
    let is_forgotten = |known: &&Record| records.iter().any(|record| record.attempt == known.attempt);
    let stays_live = attempts_of(editing.records(), &named).iter().filter(|known| !is_forgotten(known));
    let consequence = match &named.post {
        _ if stays_live.clone().any(|known| known.live().is_some()) => "the rest of its record stays, and it is live",
        Some(post) if post.state == PostState::Absent => {
            "it will be published again once its manifest no longer says `state: absent`"
        }
        Some(post) if post.imported.is_some() => "its manifest calls it imported, so it is not published again",
        Some(post) if post.draft => "it will be published again once its manifest is no longer a draft",
        Some(_) => "it will be published again by the next apply",
        None => "it has no manifest; with one, it would be published again",
    };
    let mut done = Done::new("forgotten", &named.key, &named.account, consequence.to_owned());
    if may_be_live {
        done.notes.push("what is live stays live: igsync only forgets that it is this post".to_owned());
    }
    if is_half_deleted {
        done.notes.push("a deletion was announced before: no run finds out any more what it did".to_owned());
    }
    if !args.yes && !args.change.dry_run {
        if !ui.terminal.is_interactive {
            return Err(Failure::message(
                Exit::Failure,
                format!("forgetting {} is dangerous ({consequence}), and stdin is not a terminal", named.key),
                format!(
                    "add --yes, or use `igsync lock ignore {}` when it is never to be published",
                    named.key.argument()
                ),
            ));
        }
        if !ui.terminal.confirm(&format!("Forget {}? {consequence}.", one_line(named.key.as_str()))) {
            ui.terminal.say("nothing was changed");
            return Ok(Exit::Failure);
        }
    }
    editing.finish(records, done, ports, ui).await
}

/// As far as its record knows: a deleted post is not.
fn may_be_live(record: &Record) -> bool {
    match record.stage() {
        Stage::Deleted | Stage::Forgotten => false,
        _ => !record.intents.is_empty() || record.claimed_media().is_some(),
    }
}

/// Forgets the imported posts whose keys a glob matches: what `import` has done is undone. Others are left: they would
/// be published again.
async fn remove_imported(mut editing: RecordEdit, glob: &str, args: &LockRemove, ports: &Ports, ui: &Ui) -> Ended {
    subject::check_account(&editing.project, args.scope.account.as_deref())?;
    let is_wanted = of_account(&editing.project, &args.scope);
    let counts = |record: &&Record| record.stage() != Stage::Forgotten && is_wanted(record);
    let counting: Vec<&Record> = editing.records().iter().filter(counts).collect();
    let known: Vec<(&str, Option<&str>)> =
        counting.iter().map(|record| (record.key.as_str(), record.file.as_deref())).collect();
    let matched = Selection::matching(glob, &known);
    let found = counting.into_iter().filter(|record| matched.contains(record.key.as_str())).cloned();
    // What a person has written would be published again, wherever its record came from.
    let is_written = |record: &Record| {
        let mut manifests = editing.project.posts.iter();
        manifests.any(|post| post.key == record.key && post.account == record.account && post.imported.is_none())
    };
    let (imported, others): (Vec<Record>, Vec<Record>) =
        found.partition(|record| record.is_imported() && !is_written(record));
    if imported.is_empty() {
        let message = format!("{} matches no imported post", one_line(glob));
        let help = "a glob forgets imported posts only; name any other post by its key";
        return Err(Failure::message(Exit::Failure, message, help));
    }
    let named: BTreeSet<(AccountName, PostKey)> =
        imported.iter().map(|record| (record.account.clone(), record.key.clone())).collect();
    let count = plural(named.len(), "imported post");
    if !args.yes && !args.change.dry_run {
        if !ui.terminal.is_interactive {
            let message = format!("{count} would be forgotten, and stdin is not a terminal");
            let help = "add --yes to forget them, or --dry-run to see which they are";
            return Err(Failure::message(Exit::Failure, message, help));
        }
        if !ui.terminal.confirm(&format!("Forget {count}? What is live stays live, and nothing is published by it.")) {
            ui.terminal.say("nothing was changed");
            return Ok(Exit::Failure);
        }
    }
    let changes = imported.len();
    editing.record(imported.into_iter().map(|record| record.forgotten(None)).collect()).await?;
    let is_json = args.scope.format == OutputFormat::Json;
    write_stdout(ui, &text::forgotten_imports(&named, args.change.dry_run, is_json))?;
    ui.actions.changed(if args.change.dry_run { 0 } else { changes });
    if !others.is_empty() {
        ui.terminal.say(&format!(
            "{} left, because import did not write the manifest: without a record it would be published again",
            plural(others.len(), "record")
        ));
    }
    editing.keep("Forget imported posts", ports, ui).await?;
    Ok(Exit::Done)
}

/// Forgets all that was recorded through one base URL: what an emulator made is on no one's Instagram.
async fn remove_graph(mut editing: RecordEdit, args: &LockRemove, ports: &Ports, ui: &Ui) -> Ended {
    let given = args.graph.as_deref().unwrap_or_default();
    let base = url::Url::parse(given).map_or_else(|_| given.to_owned(), |url| url.to_string());
    subject::check_account(&editing.project, args.scope.account.as_deref())?;
    let is_wanted = of_account(&editing.project, &args.scope);
    let counts = |record: &&Record| record.stage() != Stage::Forgotten && is_wanted(record);
    let is_of_base = |record: &&Record| record.graph.as_ref() == Some(&base);
    let found: Vec<Record> = editing.records().iter().filter(counts).filter(is_of_base).cloned().collect();
    if found.is_empty() {
        let others: BTreeSet<String> =
            editing.records().iter().filter(counts).filter_map(|record| record.graph.clone()).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let help = match others.as_slice() {
            [] => "all records were made through Meta's hosts".to_owned(),
            others => format!("records were made through {}", others.join(", ")),
        };
        return Err(Failure::message(Exit::Failure, format!("nothing was recorded through {}", one_line(&base)), help));
    }
    let named: BTreeSet<(AccountName, PostKey)> =
        found.iter().map(|record| (record.account.clone(), record.key.clone())).collect();
    let count = plural(named.len(), "post");
    if !args.yes && !args.change.dry_run {
        if !ui.terminal.is_interactive {
            return Err(Failure::message(
                Exit::Failure,
                format!("{count} recorded through {} would count as new, and stdin is not a terminal", one_line(&base)),
                "add --yes to forget them, or --dry-run to see which they are",
            ));
        }
        let question =
            format!("Forget {count} recorded through {}? They count as new; what is live stays live.", one_line(&base));
        if !ui.terminal.confirm(&question) {
            ui.terminal.say("nothing was changed");
            return Ok(Exit::Failure);
        }
    }
    let changes = found.len();
    editing.record(found.into_iter().map(|record| record.forgotten(None)).collect()).await?;
    let is_json = args.scope.format == OutputFormat::Json;
    write_stdout(ui, &text::forgotten(&base, &named, args.change.dry_run, is_json))?;
    ui.actions.changed(if args.change.dry_run { 0 } else { changes });
    editing.keep("Forget what was recorded through another base", ports, ui).await?;
    Ok(Exit::Done)
}

async fn ignore(global: &Global, args: &LockChange, ports: &Ports, ui: &Ui) -> Ended {
    let mut editing = RecordEdit::open(global, &args.scope, args.change, "lock ignore", ports, ui).await?;
    let named = find(&editing.project, editing.records(), &args.key, &args.scope)?;
    let records = editing.decide(&named, by_hand::ignored)?;
    let attempts = attempts_of(editing.records(), &named);
    let mut done = Done::new("ignored", &named.key, &named.account, "is never published".to_owned());
    if attempts.iter().any(|record| record.stage() == Stage::Intent) {
        done.notes.push("a publish was announced before: the next apply checks its outcome".to_owned());
    }
    if attempts.iter().any(|record| record.stage() == Stage::Unknown) {
        done.notes.push(format!(
            "whether it is live is still unknown: `igsync resolve {}` settles that",
            named.key.argument()
        ));
    }
    done.notes.push(format!("to publish it after all: `igsync lock rm {}`", named.key.argument()));
    editing.finish(records, done, ports, ui).await
}

/// What a person has deleted in the app. Whether it is gone no one is asked: who says so has seen it.
async fn accept_deletion(
    mut editing: RecordEdit,
    named: &Named,
    media: Option<&MediaId>,
    ports: &Ports,
    ui: &Ui,
) -> Ended {
    let now = ports.clock.now();
    let records = editing.decide(named, |subject, _| by_hand::deleted(subject, media, now))?;
    let meaning = "in the record only: what is on Instagram stays as it is".to_owned();
    let mut done = Done::new("deleted", &named.key, &named.account, meaning);
    let is_accepted = |known: &&Record| records.iter().any(|record| record.attempt == known.attempt);
    let mut others = attempts_of(editing.records(), named).iter().filter(|known| !is_accepted(known));
    match &named.post {
        _ if others.any(|known| known.live().is_some()) => {
            done.notes.push("it is still recorded as live, as another media".to_owned());
        }
        Some(post) if post.imported.is_some() => {
            done.notes.push("its manifest describes a post that is gone, and is never published: remove it".to_owned());
        }
        Some(post) if !post.draft && post.state != PostState::Absent => done.notes.push(format!(
            "its manifest is still here, and is never published again without `igsync apply --allow-duplicate {}`",
            named.key.argument()
        )),
        Some(_) | None => {}
    }
    if let Some(media) = records.iter().find_map(Record::claimed_media) {
        done.notes
            .push(format!("if that was a mistake: `igsync resolve {} --published {media}`", named.key.argument()));
    }
    editing.finish(records, done, ports, ui).await
}

async fn accept(global: &Global, args: &LockAccept, ports: &Ports, ui: &Ui) -> Ended {
    let mut editing = RecordEdit::open(global, &args.scope, args.change, "lock accept", ports, ui).await?;
    let named = find(&editing.project, editing.records(), &args.key, &args.scope)?;
    let media = args.media.as_deref().map(MediaId::from);
    let deleted = if args.deleted { " --deleted" } else { "" };
    editing.refuse_moved(&named, |old| format!("igsync lock accept {old}{deleted}"))?;
    if args.deleted {
        return accept_deletion(editing, &named, media.as_ref(), ports, ui).await;
    }
    let named = editing.identified(&named, ports);
    let by_manifest = editing.decide(&named, |subject, _| by_hand::accepted(subject, media.as_ref()));
    let mut done = Done::new("accepted", &named.key, &named.account, String::new());
    let asked = Asked { media: media.as_ref(), by_manifest: by_manifest.as_ref().ok() };
    let records = match shown_of(&mut editing, &named, asked, ports, &mut done).await? {
        None => {
            "its manifest is accepted as what is live".clone_into(&mut done.meaning);
            by_manifest?
        }
        Some((live, shown)) => {
            "what Instagram shows is accepted".clone_into(&mut done.meaning);
            let rewritten = by_manifest.unwrap_or_default().pop();
            let joined = by_hand::accepted_as_shown(rewritten.as_ref().unwrap_or(&live), shown);
            if joined.is_empty() { rewritten.into_iter().collect() } else { joined }
        }
    };
    editing.finish(records, done, ports, ui).await
}

/// What is to be accepted.
#[derive(Clone, Copy)]
struct Asked<'a> {
    /// Of a post that is live more than once.
    media: Option<&'a MediaId>,
    /// What accepting the manifest changes, where it can be accepted.
    by_manifest: Option<&'a Vec<Record>>,
}

/// What Instagram shows otherwise than the record, with the record: asked again where it can be asked, else as the last
/// `drift` on this machine saw it. Where the manifest is what is to be accepted, and no `drift` saw more, no one is asked.
async fn shown_of(
    editing: &mut RecordEdit,
    named: &Named,
    asked: Asked<'_>,
    ports: &Ports,
    done: &mut Done,
) -> Result<Option<(Record, Vec<Digest>)>, Failure> {
    let Asked { media, by_manifest } = asked;
    let live = editing
        .decide(named, |subject, _| Ok(by_hand::live_as(subject, media)?.into_iter().take(1).cloned().collect()));
    let live = match live {
        Ok(mut live) => live.pop(),
        Err(failure) if attempts_of(editing.records(), named).iter().any(|record| record.live().is_some()) => {
            return Err(failure);
        }
        Err(_) => None,
    };
    let media = live.as_ref().and_then(|record| record.claimed_media().cloned());
    let Some(((live, media), user)) = live.zip(media).zip(named.user_id.clone()) else { return Ok(None) };
    let path = editing.project.paths.drift();
    let seen = drift::recall(&*ports.disk, &path, &user, &named.key, &media);
    if seen.is_none() && by_manifest.is_some_and(|records| !records.is_empty()) {
        return Ok(None);
    }
    if !editing.is_dry() {
        let asked = editing.ask(named, ports, async |_, client| match client.feed_one(&media).await {
            Ok(shown) => Ok(Some(shown)),
            Err(error) if error.is_unreadable() => Ok(None),
            Err(error) => Err(Stop::Account(Halt::unreachable(&refusal(&error)))),
        });
        match asked.await? {
            Ok(Some(shown)) => {
                let differing = compare_one(&live, &shown, named.post.as_deref());
                // Without a manifest there is nothing else that could be accepted.
                let shown = differing.map(|differing| differing.shown);
                let shown = shown.or_else(|| named.post.is_none().then(Vec::new));
                return Ok(shown.map(|shown| (live, shown)));
            }
            Ok(None) => {
                return Err(Failure::message(
                    Exit::Failure,
                    format!("Instagram denies that {} is live as media {media}", named.key),
                    "`igsync drift` finds out whether it is gone, and names what to do",
                ));
            }
            Err(halt) => done.notes.push(format!("Instagram could not be asked: {}", halt.reason)),
        }
    }
    Ok(seen.map(|seen| {
        done.notes.push(format!("as `igsync drift` saw it on {:.0}", seen.at));
        (live, seen.shown)
    }))
}

async fn merge(global: &Global, args: &LockMerge, ports: &Ports, ui: &Ui) -> Ended {
    let mut editing = RecordEdit::open(global, &args.scope, args.change, "lock merge", ports, ui).await?;
    let mut joined = editing.records().clone();
    let mut news = Vec::new();
    for file in &args.files {
        for record in read(file, ports)? {
            if joined.merge_in(record.clone()) {
                news.push(record);
            }
        }
    }
    let had_conflicts = editing.project.snapshot.has_conflicts;
    let before = editing.records().len();
    let (added, changed) = (joined.len() - before, news.len().saturating_sub(joined.len() - before));
    for conflict in joined.conflicts() {
        ui.terminal.say(&text::conflict(&conflict));
    }
    editing.take_over(&news.into_iter().collect()).await?;
    write_stdout(
        ui,
        &text::merged(added, changed, had_conflicts, args.change.dry_run, args.scope.format == OutputFormat::Json),
    )?;
    editing.keep("Merge igsync.lock", ports, ui).await?;
    Ok(Exit::Done)
}

fn read(file: &Path, ports: &Ports) -> Result<Records, Failure> {
    let shown = file.display();
    let disk = &*ports.disk;
    let bytes = disk.read(&named(disk, file), format::LIMIT).map_err(|error| {
        Failure::of_file(&error, format!("cannot read {shown}: {error}"), "pass lockfiles to lock merge")
    })?;
    let parsed = format::parse(&bytes).map_err(|error| {
        Failure::message(
            Exit::Failure,
            format!("{shown}: {error}"),
            "nothing was changed; fix that file or leave it out",
        )
    })?;
    Ok(parsed.records)
}

fn find(project: &Project, records: &Records, name: &str, scope: &LockScope) -> Result<Named, Failure> {
    subject::find(project, records, name, scope.account.as_deref())
}

fn attempts_of<'a>(records: &'a Records, named: &Named) -> &'a [Record] {
    named.user_id.as_ref().map_or(&[], |user| records.attempts(user, &named.key))
}
