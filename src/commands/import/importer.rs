//! Records what is live, and writes its media and manifests: each is there before what relies on it.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::record_edit::{Connected, RecordEdit};
use super::super::{Failure, Ports, Ui};
use super::halted;
use crate::cli::Import;
use crate::exit::Exit;
use crate::report::import::{Done, Mode, Row};
use crate::report::text::plural;
use crate::session::credentials::unread;
use crate::session::import::{
    Base, Disturbed, Fetcher, Job, Jobs, Order, Wish, Writing, alone, clear_leftovers, default_place, draft,
    forget_note, new_manifests, parts, read_extras, write,
};
use igsync_apply::by_hand;
use igsync_base::feed::{Extras, Feed, LivePost};
use igsync_base::id::{MediaId, PostKey};
use igsync_base::text::one_line;
use igsync_instagram::Error;
use igsync_model::config::Account;
use igsync_model::import::{Class, Classified, Found, attempt_for};
use igsync_model::lockfile::{Record, Stage};

/// Posts whose media are fetched before their records and manifests are written.
const BATCH: usize = 20;

/// One account's import, as it is carried out.
pub(super) struct Importer<'r> {
    pub(super) editing: &'r mut RecordEdit,
    pub(super) account: &'r Account,
    pub(super) connected: &'r Connected,
    pub(super) args: &'r Import,
    pub(super) ports: &'r Ports,
    pub(super) ui: &'r Ui,
}

impl Importer<'_> {
    pub(super) async fn carry_out(
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
