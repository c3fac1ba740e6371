//! `igsync import`: the live feed into the record, and into manifests.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::{Change, Global, Import, OutputFormat, Since};
use crate::exit::Exit;
use crate::report;
use crate::report::import::{Done, Mode, Row};
use crate::report::text::plural;
use crate::session::credentials::unread;
use crate::session::import::{
    Base, Disturbed, Fetcher, Job, Jobs, Order, Wish, Writing, alone, clear_leftovers, default_place, draft,
    forget_note, new_manifests, parts, read_extras, write,
};
use crate::session::project::Project;
use igsync_apply::{Cause, Stop, by_hand};
use igsync_base::feed::{Extras, Feed, LivePost};
use igsync_base::id::{MediaId, PostKey};
use igsync_base::text::{one_line, quoted};
use igsync_instagram::{Error, WHOLE_FEED};
use igsync_model::config::{Account, Login};
use igsync_model::import::{Class, Classified, Found, Matching, NotReadBack, Question, attempt_for, classify};
use igsync_model::lockfile::{RECORD_ONLY, Record, Stage};
use igsync_model::manifest::Post;

use super::findings::show_findings;
use super::record_edit::{Connected, Opening, RecordEdit};
use super::{Ended, Failure, Ports, Silent, Ui, write_stdout};

/// Posts whose media are fetched before their records and manifests are written.
const BATCH: usize = 20;

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
        not_read_back: NotReadBack::of(igsync_base::id::Kind::Reel, args.collaborators).names(),
    };
    let mut ended = Ok(());
    if mode != Mode::Show {
        let mut run = Run { editing: &mut editing, account: &account, connected: &connected, args, ports, ui };
        ended = run.carry_out(&classified, &feed, mode, &mut done).await;
    }
    if ended.is_err() && done.recorded() == 0 {
        return ended.map(|()| Exit::Failure);
    }
    // A run that is ended has done what it says.
    show(&done, args, ui)?;
    let kept = if mode == Mode::Show { Ok(()) } else { editing.keep("Import live posts", ports, ui).await };
    ended?;
    kept?;
    hint(&done, args, &matching, ui);
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

fn account_of(project: &Project, args: &Import) -> Result<Account, Failure> {
    crate::session::subject::check_account(project, args.account.as_deref())?;
    let config = &project.config;
    let named = match &args.account {
        Some(name) => config.accounts.iter().find(|account| account.name.as_str() == name),
        None => match config.accounts.as_slice() {
            [only] => Some(only),
            _ => config.default_account.as_ref().and_then(|name| config.account(name)),
        },
    };
    named.cloned().ok_or_else(|| {
        let first = config.accounts.first().map_or_else(|| "NAME".to_owned(), |account| account.name.to_string());
        Failure::message(Exit::Usage, "there are several accounts", format!("choose one: --account {first}"))
    })
}

fn zone_of(account: &Account) -> TimeZone {
    account.timezone.clone().unwrap_or(TimeZone::UTC)
}

/// From when on posts are asked for.
fn since(args: &Import, account: &Account) -> Option<Timestamp> {
    Some(match args.since? {
        Since::Time(time) => time,
        Since::Day(day) => {
            let zone = zone_of(account);
            zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().unwrap_or(Timestamp::MIN)
        }
    })
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

fn matching(args: &Import, posts: &[Arc<Post>]) -> Result<Matching, Failure> {
    if args.matching.iter().any(|name| name == "all") {
        return Ok(Matching::All);
    }
    let mut keys = BTreeSet::new();
    for name in &args.matching {
        let bare = name.strip_prefix("./").unwrap_or(name);
        let post = posts.iter().find(|post| post.key.as_str() == bare || *post.file == *bare);
        let Some(post) = post else {
            let message = format!("{name} is no manifest of this account");
            return Err(Failure::message(Exit::Usage, message, "name a key, the path of a manifest, or all"));
        };
        keys.insert(post.key.clone());
    }
    Ok(if keys.is_empty() { Matching::None } else { Matching::Keys(keys) })
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

/// A run that writes.
struct Run<'r> {
    editing: &'r mut RecordEdit,
    account: &'r Account,
    connected: &'r Connected,
    args: &'r Import,
    ports: &'r Ports,
    ui: &'r Ui,
}

impl Run<'_> {
    async fn carry_out(
        &mut self,
        classified: &[Classified<'_>],
        feed: &Feed,
        mode: Mode,
        done: &mut Done,
    ) -> Result<(), Failure> {
        if mode == Mode::RecordOnly {
            self.adopt(classified, done).await?;
            let new = classified.iter().filter(|classified| matches!(classified.class, Class::New));
            let new: Vec<&LivePost> = new.map(|classified| classified.live).collect();
            return self.record_alone(&new, done).await;
        }
        let (project, disk) = (&self.editing.project, &*self.ports.disk);
        let template = self.args.to.clone().unwrap_or_else(|| default_place(project, disk));
        let is_secret = |text: &str| self.connected.client.without_secrets(text) != text;
        let feed = &feed.posts;
        let nothing = HashMap::new();
        let order = Order {
            project,
            account: self.account,
            template: &template,
            feed,
            extras: &nothing,
            is_secret: &is_secret,
        };
        let extras = self.extras(&new_manifests(order, classified, disk), done).await?;
        let order = Order { extras: &extras, ..order };
        let Jobs { all: jobs, alone, left } =
            draft(order, classified, disk).map_err(|disturbed| refusal(&disturbed))?;
        clear_leftovers(disk, project, &jobs);
        self.adopt(classified, done).await?;
        done.is_incomplete |= !left.is_empty();
        done.left.extend(left.into_iter().map(|left| (left.what, left.reason)));
        self.record_alone(&alone, done).await?;
        let fetcher = if self.args.no_media { None } else { Some(self.fetcher()?) };
        let graph = self.graph();
        let mut written = 0;
        for batch in jobs.chunks(BATCH) {
            self.go_on()?;
            self.write(batch, fetcher.as_ref(), graph.as_deref(), done).await?;
            written += batch.len();
            if jobs.len() > BATCH {
                self.ui.terminal.say(&format!("{written} of {} written", plural(jobs.len(), "post")));
            }
        }
        Ok(())
    }

    /// What is asked for beside the feed, of posts that get a manifest.
    async fn extras(&self, posts: &[&LivePost], done: &mut Done) -> Result<HashMap<MediaId, Extras>, Failure> {
        if !(self.args.comments || self.args.collaborators) || posts.is_empty() {
            return Ok(HashMap::new());
        }
        let Connected { client, user_id, ledger } = self.connected;
        let run = ledger.context();
        let unread = |error: &Error| {
            let halt = unread(self.account, client, error);
            Failure::message(Exit::of_reading(halt.cause), halt.reason, halt.help)
        };
        let mut wish = Wish { comments_of: None, collaborators: self.args.collaborators };
        if self.args.comments {
            let identity = run.ask(client.account(user_id)).await.map_err(halted)?.map_err(|error| unread(&error))?;
            let nameless = || {
                let help = "leave out --comments: whose comments they are is known by the username";
                Failure::message(Exit::Failure, "Instagram does not say how the account is called", help)
            };
            wish.comments_of = Some(identity.username.ok_or_else(nameless)?);
        }
        let read = run.ask(read_extras(client, posts, &wish)).await.map_err(halted)?;
        let read = read.map_err(|error| unread(&error))?;
        done.calls += read.calls + u32::from(self.args.comments);
        done.is_incomplete |= !read.left.is_empty();
        done.left.extend(read.left.into_iter().map(|left| (left.what, left.reason)));
        Ok(read.extras)
    }

    /// Media, then records, then manifests: each is there before what relies on it.
    async fn write(
        &mut self,
        batch: &[Job<'_>],
        fetcher: Option<&Fetcher>,
        graph: Option<&str>,
        done: &mut Done,
    ) -> Result<(), Failure> {
        let disk = &*self.ports.disk;
        let writing = Writing { project: &self.editing.project, user: &self.connected.user_id, graph, fetcher };
        let prepared = writing.prepare(batch, disk, self.editing.records());
        let prepared = match self.connected.ledger.context().ask(prepared).await {
            Ok(prepared) => prepared,
            Err(stop) => return Err(halted(stop)),
        };
        done.is_incomplete |= prepared.has_failed;
        done.fetched += prepared.fetched;
        done.bytes += prepared.bytes;
        done.left.extend(prepared.left.into_iter().map(|left| (left.what, left.reason)));
        self.record(prepared.records).await?;
        for wanted in batch.iter().flat_map(|job| &job.media) {
            forget_note(disk, &self.editing.project.root, &wanted.file);
        }
        let written = write(batch, &self.editing.project, disk);
        done.is_incomplete |= !written.left.is_empty();
        done.left.extend(written.left.into_iter().map(|left| (left.what, left.reason)));
        for job in batch.iter().filter(|job| !matches!(job.base, Base::Described(..))) {
            let file = written.files.iter().find(|(key, _)| *key == job.post.key).map(|(_, file)| file.clone());
            if self.note_recorded(done, &job.live.id, &job.post.key) {
                note(done, &job.live.id, &job.post.key, |row| row.file = file);
            }
        }
        Ok(())
    }

    /// Records the live posts of manifests that people have written.
    async fn adopt(&mut self, classified: &[Classified<'_>], done: &mut Done) -> Result<(), Failure> {
        let (user, graph, now) = (&self.connected.user_id, self.graph(), self.ports.clock.now());
        let (mut records, mut found) = (Vec::new(), Vec::new());
        for Classified { live, class } in classified {
            let Class::Matched { post, is_recorded: true } = class else { continue };
            let mut post = self.editing.project.identified(post, &*self.ports.disk);
            Arc::make_mut(&mut post).user_id = Some(user.clone());
            let attempt = attempt_for(user, &live.id, self.editing.records().attempts(user, &post.key));
            records.push(by_hand::found_live(&post, user, live, attempt, graph.clone(), now));
            found.push((live.id.clone(), post.key.clone()));
        }
        self.record(records).await?;
        for (media, key) in &found {
            self.note_recorded(done, media, key);
        }
        Ok(())
    }

    async fn record_alone(&mut self, lives: &[&LivePost], done: &mut Done) -> Result<(), Failure> {
        let graph = self.graph();
        let (mut records, mut found) = (Vec::new(), Vec::new());
        for live in lives {
            let (user_id, account) = (&self.connected.user_id, &self.account.name);
            let seen = Found { live, user_id, account, graph: graph.as_deref() };
            if let Some(record) = alone(live, &seen, self.editing.records()) {
                found.push((live.id.clone(), record.key.clone()));
                records.push(record);
            }
        }
        self.record(records).await?;
        for (media, key) in &found {
            self.note_recorded(done, media, key);
        }
        Ok(())
    }

    /// Notes of a post that it is recorded, where the record says so by now.
    fn note_recorded(&self, done: &mut Done, media: &MediaId, key: &PostKey) -> bool {
        let attempts = self.editing.records().attempts(&self.connected.user_id, key);
        let is_it = |record: &Record| record.stage() == Stage::Published && record.claimed_media() == Some(media);
        let is_recorded = attempts.iter().any(is_it);
        if is_recorded {
            note(done, media, key, |_| {});
        }
        is_recorded
    }

    /// In `igsync.lock` when this returns.
    async fn record(&mut self, records: Vec<Record>) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let (known, now) = (self.editing.records(), self.ports.clock.now());
        let records = records.into_iter().map(|record| known.seen_live(record, now)).collect();
        self.editing.record(records).await?;
        self.editing.fold().await
    }

    fn graph(&self) -> Option<String> {
        self.connected.client.endpoint().foreign_base().map(str::to_owned)
    }

    fn fetcher(&self) -> Result<Fetcher, Failure> {
        Ok(Fetcher {
            transport: self.ports.open_transport()?,
            disk: Arc::clone(&self.ports.disk),
            root: self.editing.project.root.clone(),
            parts: parts(&self.editing.project.root),
            client: Arc::clone(&self.connected.client),
            patience: self.editing.project.settings.http_timeout,
        })
    }

    fn go_on(&self) -> Result<(), Failure> {
        self.connected.ledger.context().go_on().map_err(halted)
    }
}

/// Manifests that are there count for more than those that would be written.
fn refusal(disturbed: &Disturbed) -> Failure {
    const NAMED: usize = 3;
    let files = &disturbed.files;
    let mut named: Vec<String> = files.iter().take(NAMED).map(|file| one_line(file)).collect();
    if files.len() > NAMED {
        named.push(format!("{} more", files.len() - NAMED));
    }
    Failure::message(
        Exit::Failure,
        format!(
            "nothing was written: with the new manifests beside them these would be other posts, or none: {}",
            named.join(", ")
        ),
        "choose another place: --to 'FOLDER/{yyyy}/{slug}-{shortcode}', with a folder in which manifests are looked for",
    )
}

/// What a run has done about a post.
fn note(done: &mut Done, media: &MediaId, key: &PostKey, change: impl FnOnce(&mut Row)) {
    if let Some(row) = done.posts.iter_mut().find(|row| row.media_id == *media) {
        row.keys = vec![key.clone()];
        row.is_recorded = true;
        change(row);
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

/// What a person does next.
fn hint(done: &Done, args: &Import, matching: &Matching, ui: &Ui) {
    let say = |text: &str| ui.terminal.say(text);
    let account = args.account.as_ref().map_or_else(String::new, |name| format!(" --account {}", quoted(name)));
    if done.posts.iter().any(|row| row.needs_match) {
        say(&format!(
            "`igsync import{account} --record-only --match KEY` records a match without a time, --match all each of them"
        ));
    }
    match done.mode {
        Mode::Show if done.posts.iter().any(|row| row.class == "new" || row.class == "matched") => {
            say(&format!(
                "`igsync import{account} --record-only` records them, `igsync import{account} --write` writes manifests, too"
            ));
        }
        Mode::Show => {}
        Mode::RecordOnly | Mode::Write => {
            if done.posts.iter().any(|row| row.file.is_some()) {
                say(&format!("Instagram gives back no: {}", done.not_read_back));
            }
            undo(done, &account, ui);
        }
    }
    if let Matching::Keys(keys) = matching {
        let is_matched = |key: &PostKey| done.posts.iter().any(|row| row.class == "matched" && row.keys.contains(key));
        for key in keys.iter().filter(|key| !is_matched(key)) {
            say(&format!("{} matches no live post that was read", one_line(key.as_str())));
        }
    }
}

/// The line by which what this run has imported is forgotten. A matched post keeps its record: without it, its manifest
/// is a new post.
fn undo(done: &Done, account: &str, ui: &Ui) {
    let imported = done.posts.iter().filter(|row| row.is_recorded && row.class != "matched");
    let is_alone = |row: &&Row| row.keys.iter().all(|key| key.as_str().starts_with(RECORD_ONLY));
    let (alone, described): (Vec<&Row>, Vec<&Row>) = imported.partition(is_alone);
    let mut commands = Vec::new();
    if !described.is_empty() {
        let keys = described.iter().flat_map(|row| &row.keys).map(PostKey::as_str).collect::<Vec<_>>();
        commands.push(format!("`igsync lock rm{account} {}`", quoted(&glob(&keys))));
    }
    if !alone.is_empty() {
        commands.push(format!("`igsync lock rm{account} 'imported/*'`"));
    }
    match (described.is_empty(), commands.is_empty()) {
        (_, true) => {}
        (true, false) => ui.terminal.say(&format!("undo: {}", commands.join(", and "))),
        (false, false) => ui
            .terminal
            .say(&format!("undo: delete the files, and {}; nothing is published by it", commands.join(", and "))),
    }
}

/// What all keys that were written have in common.
fn glob(keys: &[&str]) -> String {
    let Some((first, rest)) = keys.split_first() else { return "**".to_owned() };
    let mut folder = first.rsplit_once('/').map_or("", |(folder, _)| folder);
    while !folder.is_empty()
        && rest.iter().any(|key| key.strip_prefix(folder).is_none_or(|rest| !rest.starts_with('/')))
    {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
    // A year is a part of the default: the years before it are meant as well.
    let folder = folder.strip_suffix(|c: char| c.is_ascii_digit()).map_or(folder, |_| {
        folder
            .rsplit_once('/')
            .filter(|(_, year)| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(folder, |(above, _)| above)
    });
    if folder.is_empty() { "**".to_owned() } else { format!("{folder}/**") }
}
