//! `igsync resolve`: a person says whether a post is live, or asks igsync to find out again. Never publishes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::{Global, OutputFormat, Resolve};
use crate::engine::instagram::refusal;
use crate::exit::Exit;
use crate::report::lock::Done;
use crate::session::subject::{self, Named};
use igsync_apply::by_hand::{self, Seen, link_code};
use igsync_apply::{Halt, Observer, Stop};
use igsync_base::id::{MediaId, PostKey};
use igsync_model::lockfile::{Comment, Live, Reason, Record, Stage, State, Via, effective};
use igsync_model::manifest::{Post, PostState};

use super::record_edit::{Opening, RecordEdit};
use super::{Ended, Failure, Ports, Silent, Ui};

pub(super) async fn run(global: &Global, args: &Resolve, ports: &Ports, ui: &Ui) -> Ended {
    let said = args.published.as_ref().map(|said| said.as_deref().map(reference).transpose()).transpose()?;
    let observer: Box<dyn Observer> = match args.format {
        OutputFormat::Json => Box::new(Silent),
        OutputFormat::Human => ui.terminal.progress(&ports.clock, args.sandbox),
    };
    let opening = Opening {
        command: "resolve",
        sandbox: args.sandbox,
        change: args.change,
        format: args.format,
        observer,
        must_read: false,
    };
    let mut editing = RecordEdit::of(opening, global, ports, ui).await?;
    let mut named = subject::find(&editing.project, editing.records(), &args.key, args.account.as_deref())?;
    if named.user_id.is_none() && !editing.is_dry() {
        learn_user(&mut editing, &mut named, ports).await?;
    }
    match (said, args.not_published) {
        (Some(said), _) => say_published(&mut editing, &named, said, ports, ui).await,
        (None, true) => say_not_published(&mut editing, &named, ports, ui).await,
        (None, false) => settle(&mut editing, &named, ports, ui).await,
    }
}

/// How a person names a media.
enum Reference {
    Id(MediaId),
    Link { url: String, code: String },
}

fn reference(text: &str) -> Result<Reference, Failure> {
    if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Reference::Id(MediaId::from(text)));
    }
    match link_code(text).zip(by_hand::bare_link(text)) {
        Some((code, url)) => Ok(Reference::Link { url, code }),
        None => Err(Failure::message(
            Exit::Usage,
            format!("`{text}` is neither a media id nor a link to a post"),
            "give digits, a link like https://www.instagram.com/p/…, or nothing after --published",
        )),
    }
}

/// The user id that only the token knows.
async fn learn_user(editing: &mut RecordEdit, named: &mut Named, ports: &Ports) -> Result<(), Failure> {
    let user = editing.ask(named, ports, async |run, _| Ok(run.user_id().clone())).await?;
    let user = user.map_err(Failure::halted)?;
    named.user_id = Some(user);
    Ok(())
}

async fn say_published(
    editing: &mut RecordEdit,
    named: &Named,
    said: Option<Reference>,
    ports: &Ports,
    ui: &Ui,
) -> Ended {
    editing.refuse_moved(named, |old| format!("igsync resolve {old} --published"))?;
    let mut notes = Vec::new();
    let seen = match said {
        // The manifest names it.
        None => Seen { media_id: named.post.as_ref().and_then(|post| post.imported.clone()), ..Seen::default() },
        Some(Reference::Id(id)) => Seen { media_id: Some(id), ..Seen::default() },
        Some(Reference::Link { url, code }) => look_up(editing, named, url, &code, ports, &mut notes).await?,
    };
    if let Some(media) = &seen.media_id {
        let user = RecordEdit::user_of(named)?;
        if let Some(other) = by_hand::claimed_by(editing.records().iter(), &user, &named.key, media) {
            return Err(Failure::message(
                Exit::Failure,
                format!("media {media} is recorded as the post {other}"),
                "one media is one post: check the id",
            ));
        }
    }
    let now = ports.clock.now();
    let named = &editing.identified(named, ports);
    let records = editing.decide(named, |subject, ids| by_hand::published(subject, &seen, now, ids))?;
    let known = editing.records();
    let records: Vec<Record> = records.into_iter().map(|record| known.seen_live(record, now)).collect();
    notes.extend(about_deletions(named, &attempts(editing, named)));
    let mut done = Done::new("published", &named.key, &named.account, String::new());
    if let Some((record, live)) = records.iter().find_map(|record| Some((record, record.live()?))) {
        done.meaning = place(live);
        describe(&mut done, record);
        notes.extend(about_comments(named, live));
    }
    done.notes = notes;
    editing.finish(records, done, ports, ui).await
}

/// Finds the media id behind a link, where the account can be asked. The link alone is enough otherwise.
async fn look_up(
    editing: &mut RecordEdit,
    named: &Named,
    url: String,
    code: &str,
    ports: &Ports,
    notes: &mut Vec<String>,
) -> Result<Seen, Failure> {
    let mut seen = Seen { permalink: Some(url), ..Seen::default() };
    if editing.is_dry() {
        return Ok(seen);
    }
    let found = editing
        .ask(named, ports, async |run, client| {
            let newest = client.newest(run.user_id(), 100).await;
            let mut media = newest.map_err(|error| Stop::Account(Halt::unreachable(&refusal(&error))))?;
            let stories = client.stories(run.user_id(), 1).await.map(|stories| stories.media);
            media.extend(stories.unwrap_or_default());
            Ok(media)
        })
        .await?;
    match found {
        Ok(media) => {
            let is_it = |link: &str| link_code(link).as_deref() == Some(code);
            match media.into_iter().find(|media| media.permalink.as_deref().is_some_and(is_it)) {
                Some(media) => {
                    seen = Seen { media_id: Some(media.id), permalink: media.permalink, at: media.timestamp };
                }
                None => {
                    notes.push("none of the account's newest 100 posts has that link; its id stays unknown".to_owned());
                }
            }
        }
        Err(halt) => {
            notes.push(format!(
                "the id behind the link could not be looked up ({}); it is filled in later",
                halt.reason
            ));
        }
    }
    Ok(seen)
}

async fn say_not_published(editing: &mut RecordEdit, named: &Named, ports: &Ports, ui: &Ui) -> Ended {
    let user = RecordEdit::user_of(named)?;
    let open = editing.records().attempts(&user, &named.key).iter().filter(|record| record.is_open());
    let unseen: Vec<Record> =
        open.filter(|record| record.evidence.is_empty() && !record.intents.is_empty()).cloned().collect();
    let mut also = Vec::new();
    if !unseen.is_empty() && !editing.is_dry() {
        // What the listing shows now is ruled out, too; without a token the statement stands alone.
        let looked = editing.ask(named, ports, async |run, _| {
            let mut seen = Vec::new();
            for record in &unseen {
                seen.extend(run.candidates(record).await?);
            }
            Ok(seen)
        });
        also = looked.await?.unwrap_or_default();
    }
    let records = editing.decide(named, |subject, _| by_hand::not_published(subject, &also))?;
    let meaning = if named.post.as_ref().is_some_and(|post| wants(post)) {
        "apply may publish it"
    } else {
        "nothing is published, since no manifest asks for it"
    };
    let mut done = Done::new("not published", &named.key, &named.account, meaning.to_owned());
    let ruled_out: Vec<&MediaId> = records.iter().flat_map(|record| &record.not_ours).collect();
    if !ruled_out.is_empty() {
        let ids: Vec<String> = ruled_out.iter().map(ToString::to_string).collect();
        done.notes.push(format!("never matched to this post again: {}", ids.join(", ")));
    }
    let now = ports.clock.now();
    if records.iter().flat_map(|record| &record.intents).any(|intent| intent.lease_until > now) {
        done.notes.push(
            "its publish was sent minutes ago and could still take effect: check again before the next apply"
                .to_owned(),
        );
    }
    done.fields = vec![("state", json!("not_published")), ("not_ours", json!(ruled_out))];
    editing.finish(records, done, ports, ui).await
}

/// Settles the post again by asking Meta.
async fn settle(editing: &mut RecordEdit, named: &Named, ports: &Ports, ui: &Ui) -> Ended {
    let attempts = attempts(editing, named);
    let lacks_id = |record: &Record| record.live().is_some_and(|live| live.media_id.is_none());
    if !attempts.iter().any(|record| record.is_open() || lacks_id(record)) {
        report(editing, named, &attempts, vec!["nothing is open".to_owned()], ports, ui).await?;
        return Ok(Exit::Done);
    }
    if editing.is_dry() {
        let note = "would ask Meta for the outcome, and record it".to_owned();
        report(editing, named, &attempts, vec![note], ports, ui).await?;
        return Ok(Exit::Done);
    }
    let wanted = named.post.clone().filter(|post| wants(post));
    let key = &named.key;
    let find = |asked: &PostKey| wanted.as_ref().filter(|_| asked == key).map(Arc::clone);
    let asked = editing
        .ask(named, ports, async |run, _| {
            let settlement = run.settle_post(key, &find).await;
            let filled = if settlement.halt.is_none() { run.enrich().await.err().map(Stop::into_halt) } else { None };
            Ok((Exit::of(&settlement.tally.causes), settlement.is_undecided, settlement.halt.or(filled)))
        })
        .await?;
    let (mut exit, undecided, halt) = match asked {
        Ok(asked) => asked,
        Err(halt) => (halt.cause.into(), true, Some(halt)),
    };
    let mut notes = Vec::new();
    if let Some(halt) = halt {
        exit = exit.or(halt.cause.into());
        notes.push(format!("could not be checked completely: {}\n  help: {}", halt.reason, halt.help));
    } else if undecided {
        notes.push("Meta gives no answer yet; try again in a few minutes".to_owned());
    }
    report(editing, named, &attempts, notes, ports, ui).await?;
    Ok(exit)
}

/// Reports the state of the post, and keeps what was found.
async fn report(
    editing: &RecordEdit,
    named: &Named,
    before: &[Record],
    mut notes: Vec<String>,
    ports: &Ports,
    ui: &Ui,
) -> Result<(), Failure> {
    let attempts = attempts(editing, named);
    let record = effective(&attempts);
    let in_words = |reason: &Option<Reason>| reason.as_ref().map(ToString::to_string).unwrap_or_default();
    let (action, meaning) = match record.map(|record| (&record.state, record)) {
        None => ("not recorded", "nothing was published".to_owned()),
        Some((State::Published(live), _)) => ("published", place(live)),
        Some((State::Unknown(reason), record)) => {
            let key = named.key.argument();
            notes.extend(record.evidence.iter().map(|media| format!("could be it: media {media}")));
            notes.push(format!("live: `igsync resolve {key} --published`"));
            notes.push(format!("not: `igsync resolve {key} --not-published`"));
            ("unknown", in_words(reason))
        }
        Some((State::Intent, _)) => ("open", "the next apply continues with the same container".to_owned()),
        Some((State::Containers, _)) => ("prepared", "nothing was sent yet".to_owned()),
        Some((State::NotPublished(_), _)) => ("not published", "the next apply makes a new container".to_owned()),
        Some((State::Failed(refused), _)) => ("failed", in_words(&refused.reason)),
        Some((State::Deleted, _)) => ("deleted", "it is no longer live".to_owned()),
        Some((State::Ignored | State::Forgotten(_), _)) => ("ignored", "it is never published".to_owned()),
    };
    let mut done = Done::new(action, &named.key, &named.account, meaning);
    if let Some(record) = record {
        describe(&mut done, record);
    }
    done.notes = notes;
    done.is_reading = true;
    done.dry_run = editing.is_dry();
    done.changes = attempts.iter().filter(|record| !before.contains(record)).count();
    editing.print(&done, ui)?;
    editing.keep(&done.commit_message(), ports, ui).await
}

fn attempts(editing: &RecordEdit, named: &Named) -> Vec<Record> {
    named.user_id.as_ref().map_or_else(Vec::new, |user| editing.records().attempts(user, &named.key).to_vec())
}

fn wants(post: &Post) -> bool {
    !post.draft && post.state == PostState::Present && post.imported.is_none()
}

fn place(live: &Live) -> String {
    match (&live.media_id, &live.permalink) {
        (Some(id), Some(link)) => format!("media {id}, {link}"),
        (Some(id), None) => format!("media {id}"),
        (None, Some(link)) => format!("{link}, its media id is not known yet"),
        (None, None) => "its media id is not known yet".to_owned(),
    }
}

fn describe(done: &mut Done, record: &Record) {
    let live = record.known_live().cloned().unwrap_or_default();
    let fields: [(&'static str, Value); 6] = [
        ("state", json!(record.stage())),
        ("media_id", json!(live.media_id)),
        ("permalink", json!(live.permalink)),
        ("via", json!(live.via)),
        ("reason", json!(record.reason())),
        ("evidence", json!(record.evidence)),
    ];
    done.fields.extend(fields);
}

/// What a person should know who calls a post live that was deleted, or is to be.
fn about_deletions(named: &Named, attempts: &[Record]) -> Vec<String> {
    let is_deleted = effective(attempts).is_some_and(|record| record.stage() == Stage::Deleted);
    let is_ordered = named.post.as_ref().is_some_and(|post| !post.draft && post.state == PostState::Absent);
    let again = is_deleted.then(|| {
        "it was recorded as deleted, and counts as live again: `igsync drift` finds out whether it is there".to_owned()
    });
    let ordered = is_ordered.then(|| {
        "its manifest says `state: absent`: `igsync apply --allow-delete` deletes it, where its account allows that"
            .to_owned()
    });
    again.into_iter().chain(ordered).collect()
}

/// What happens to the first comment and the comment switch now.
fn about_comments(named: &Named, live: &Live) -> Option<String> {
    let post = named.post.as_ref()?;
    let is_due = live.comment == Some(Comment::Due) || live.comment_switch.is_some();
    match (is_due, &live.media_id) {
        (true, Some(_)) => {
            Some("the next apply sends what is due after publishing (first comment, comment switch)".to_owned())
        }
        (true, None) => Some(format!(
            "its first comment and comment switch wait for the id: `igsync resolve {} --published ID`",
            named.key.argument()
        )),
        (false, _) if live.via == Some(Via::Resolved) && live.comment.is_none() && post.first_comment.is_some() => {
            Some("its first comment is not sent, since igsync did not publish the post: write it in the app".to_owned())
        }
        (false, _) => None,
    }
}
