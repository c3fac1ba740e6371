//! `igsync import`: the live feed into the record, and into manifests.

mod asked;
mod importer;
mod next_steps;

use std::sync::Arc;

use crate::cli::{Change, Global, Import, OutputFormat};
use crate::exit::Exit;
use crate::report;
use crate::report::import::{Done, Mode, Row};
use crate::session::credentials::unread;
use crate::session::project::Project;
use igsync_apply::{Cause, Stop};
use igsync_base::feed::Feed;
use igsync_base::id::Kind;
use igsync_instagram::WHOLE_FEED;
use igsync_model::config::{Account, Login};
use igsync_model::import::{Class, Classified, NotReadBack, Question, classify};
use igsync_model::manifest::Post;

use super::findings::show_findings;
use super::record_edit::{Connected, Opening, RecordEdit};
use super::{Ended, Failure, Ports, Silent, Ui, write_stdout};
use asked::{account_of, matching, since, zone_of};
use importer::Importer;
use next_steps::say_next_steps;

pub(super) async fn run(global: &Global, args: &Import, ports: &Ports, ui: &Ui) -> Ended {
    let mode = match (args.write, args.record_only) {
        (true, _) => Mode::Write,
        (_, true) => Mode::RecordOnly,
        _ => Mode::Show,
    };
    let opening = Opening {
        command: "import",
        sandbox: false,
        change: Change { dry_run: mode == Mode::Show, keep: args.keep },
        format: args.format,
        observer: Box::new(Silent),
        must_read: true,
    };
    let mut editing = RecordEdit::of(opening, global, ports, ui).await?;
    check(&editing.project, ports, ui)?;
    let account = account_of(&editing.project, args)?;
    if args.collaborators && account.login == Login::Instagram {
        let message = "collaborators cannot be read with Instagram Login";
        let help = "leave out --collaborators, or use Facebook Login for this account (`login: facebook`)";
        return Err(Failure::message(Exit::Usage, message, help));
    }
    let connected = editing.connect(&account, ports).await?;
    let feed = read(&connected, &account, args).await?;
    let manifests: Vec<Arc<Post>> =
        editing.project.posts.iter().filter(|post| post.account == account.name).cloned().collect();
    let matching = matching(args, &manifests)?;
    let question = Question {
        user_id: &connected.user_id,
        feed: &feed,
        since: since(args, &account),
        limit: args.limit.map(|limit| limit as usize),
        posts: &manifests,
        records: &editing.records().clone(),
        matching: &matching,
        zone: &zone_of(&account),
    };
    let classified = classify(&question);
    let mut done = Done {
        account: account.name.clone(),
        user_id: connected.user_id.clone(),
        mode,
        posts: classified.iter().map(row).collect(),
        calls: feed.calls,
        is_complete: feed.is_complete,
        fetched: 0,
        bytes: 0,
        left: Vec::new(),
        is_incomplete: false,
        not_read_back: NotReadBack::of(Kind::Reel, args.collaborators).names(),
    };
    let mut ended = Ok(());
    if mode != Mode::Show {
        let mut importer =
            Importer { editing: &mut editing, account: &account, connected: &connected, args, ports, ui };
        ended = importer.carry_out(&classified, &feed, mode, &mut done).await;
    }
    if ended.is_err() && done.recorded() == 0 {
        return ended.map(|()| Exit::Failure);
    }
    // A run that is ended has done what it says.
    show(&done, args, ui)?;
    let kept = if mode == Mode::Show { Ok(()) } else { editing.keep("Import live posts", ports, ui).await };
    ended?;
    kept?;
    say_next_steps(&done, args, &matching, ui);
    Ok(if done.is_incomplete { Exit::Incomplete } else { Exit::Done })
}

/// A configuration or manifests that could not be read say less than there is: what is live could be recorded twice.
fn check(project: &Project, ports: &Ports, ui: &Ui) -> Result<(), Failure> {
    if !project.configuration_errors() && project.complete {
        return Ok(());
    }
    show_findings(project, ports, ui);
    Err(Failure::message(
        Exit::Failure,
        "the configuration has errors, or a manifest cannot be read",
        "fix the findings; `igsync validate` shows them",
    ))
}

async fn read(connected: &Connected, account: &Account, args: &Import) -> Result<Feed, Failure> {
    // One page more than is asked for: what it shows may be what a manifest describes.
    let pages = args.limit.map_or(WHOLE_FEED, |limit| (limit.div_ceil(100) + 1).min(WHOLE_FEED));
    // Names that are not unique by themselves must not depend on how many posts are asked for.
    let is_whole = args.to.as_ref().is_some_and(|template| !template.is_unique());
    let (since, pages) = if is_whole { (None, WHOLE_FEED) } else { (since(args, account), pages) };
    let feed = connected.client.feed(&connected.user_id, since, pages);
    match connected.ledger.context().ask(feed).await {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => {
            let halt = unread(account, &connected.client, &error);
            Err(Failure::message(Exit::of_reading(halt.cause), halt.reason, halt.help))
        }
        Err(stop) => Err(halted(stop)),
    }
}

/// A run that was ended goes on where it was; nothing is published by it.
fn halted(stop: Stop) -> Failure {
    let halt = stop.into_halt();
    match halt.cause {
        Cause::Asked(_) => {
            let help = "run the same `igsync import` again: it goes on where it was";
            Failure::message(halt.cause.into(), halt.reason, help)
        }
        _ => Failure::halted(halt),
    }
}

fn row(classified: &Classified<'_>) -> Row {
    let Classified { live, class } = classified;
    let keys = match class {
        Class::Known(key) | Class::Contested(key) => vec![key.clone()],
        Class::Matched { post, .. } => vec![post.key.clone()],
        Class::Ambiguous(keys) => keys.clone(),
        Class::New | Class::OtherKind => vec![],
    };
    Row {
        media_id: live.id.clone(),
        kind: live.kind,
        at: live.at,
        permalink: live.permalink.clone(),
        class: class.name(),
        keys,
        needs_match: matches!(class, Class::Matched { is_recorded: false, .. }),
        has_time: matches!(class, Class::Matched { post, .. } if post.publish_at.is_some()),
        is_recorded: false,
        file: None,
    }
}

fn show(done: &Done, args: &Import, ui: &Ui) -> Result<(), Failure> {
    let text = match args.format {
        OutputFormat::Human => report::import::human(done),
        OutputFormat::Json => report::import::json(done),
    };
    ui.actions.changed(done.recorded());
    write_stdout(ui, &text)
}
