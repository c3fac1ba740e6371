//! The model of a branch that keeps the record: versions of one text, replaced over the newest one only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_apply::{Pulled, Remote, Signal};
use igsync_base::id::{AttemptId, MediaId};
use igsync_model::lockfile::{Comment, Deletions, Live, Record, Records, Stage, State, Switch, Via, format};
use igsync_ports::{RemoteError, Version};
use serde::{Deserialize, Serialize};

use super::clock::pass;
use super::fault::Key;
use super::mutant::Mutant;
use super::net::Net;
use super::scenario::Manifest;
use super::schedule::Schedule;
use super::world::World;

/// What can go wrong at one call to the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteFault {
    /// Another machine has recorded a post of its own just before.
    Moved,
    /// Another machine has published one of these posts and recorded it just before.
    Rival(usize),
    /// The same, by a checkout in which the post has another key.
    Renamed(usize),
    /// Another machine has deleted one of these posts and recorded it just before.
    Deleted(usize),
    /// Another machine has recorded another post as the media of one of these just before.
    Claimed(usize),
    /// A person takes back an order to delete just before, or one of its keys.
    TakenBack(Key),
    /// Someone has changed a manifest just before.
    NewContent,
    Refused,
    /// No answer, and nothing happened.
    UnclearUndone,
    /// No answer, and the text is there.
    UnclearDone,
    /// The call takes so many seconds.
    Slow(u32),
    KillBefore,
    /// The process dies once the text is there.
    KillAfter,
    /// A person asks the run to stop while the call is under way.
    Stop,
}

impl RemoteFault {
    pub const SWEPT: &[Self] = &[
        Self::Moved,
        Self::Rival(0),
        Self::Renamed(0),
        Self::NewContent,
        Self::Refused,
        Self::UnclearUndone,
        Self::UnclearDone,
        Self::Slow(30),
        Self::Slow(400),
        Self::KillBefore,
        Self::KillAfter,
        Self::Stop,
    ];

    /// What only a deletion meets.
    pub const OF_DELETIONS: &[Self] = &[Self::Deleted(0), Self::Claimed(0)];

    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

/// The remote of a simulation.
pub struct SimRemote {
    net: Arc<Net>,
    manifests: Vec<Manifest>,
    /// Between the machine and the remote, when several machines race.
    pace: Option<Mutex<fastrand::Rng>>,
    mutant: Option<Mutant>,
    state: Mutex<RemoteState>,
}

#[derive(Default)]
pub struct RemoteState {
    /// Every text that ever was there; the number of one is its version.
    pub texts: Vec<Vec<u8>>,
    pub messages: Vec<String>,
    pub calls: usize,
    pub faults: BTreeMap<usize, RemoteFault>,
    pub fired: Vec<RemoteFault>,
    /// Changes of the manifests.
    pub content: usize,
    /// What was done before it was here.
    pub hasty: Vec<String>,
    /// How long a put takes.
    pub takes: Duration,
}

impl SimRemote {
    pub fn new(net: Arc<Net>, manifests: Vec<Manifest>, schedule: &Schedule, first: &str) -> Self {
        let faults = schedule.pushes.iter().copied().collect();
        let pace = schedule.race.map(|seed| Mutex::new(fastrand::Rng::with_seed(seed)));
        let state = RemoteState { texts: vec![first.into()], faults, ..RemoteState::default() };
        net.state().kept = Some(first.into());
        Self { net, manifests, pace, mutant: schedule.mutant, state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, RemoteState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn newest(&self) -> Vec<u8> {
        self.state().texts.last().cloned().unwrap_or_default()
    }

    pub fn records(&self) -> Records {
        format::parse(&self.newest()).expect("what igsync put").records
    }

    fn log(&self, line: &str) {
        let now = self.net.clock.elapsed_ms();
        if let Some(log) = &mut self.net.state().log {
            log.push(format!("{now:>10} remote: {line}"));
        }
    }

    async fn travel(&self) {
        let Some(pace) = &self.pace else { return };
        let time = pace.lock().unwrap_or_else(PoisonError::into_inner).u64(1..4_000);
        pass(Duration::from_millis(time)).await;
    }

    /// The fault of the next call.
    fn meet(&self) -> Option<RemoteFault> {
        self.net.state().pushes += 1;
        let mut state = self.state();
        let number = state.calls;
        state.calls += 1;
        let fault = state.faults.remove(&number);
        state.fired.extend(fault);
        fault
    }

    async fn die<T>(&self) -> T {
        self.net.die();
        std::future::pending().await
    }

    /// What other machines do right before a call.
    fn happen_before(&self, fault: RemoteFault) {
        let named = |place: usize| self.manifests[place % self.manifests.len()].clone();
        match fault {
            RemoteFault::Moved => self.commit_of_another(),
            RemoteFault::Rival(place) => self.publish_by_another(&named(place)),
            RemoteFault::Renamed(place) => self.publish_by_another(&named(place).renamed()),
            RemoteFault::Deleted(place) => self.change_by_another(&named(place), |record, world| {
                let id = record.claimed_media().map(ToString::to_string).unwrap_or_default();
                world.media.iter_mut().filter(|media| media.id.to_string() == id).for_each(|m| m.is_deleted = true);
                record.clone().deleted()
            }),
            RemoteFault::Claimed(place) => self.change_by_another(&named(place), |record, _| {
                let other = || ("posts/claims-it".into(), AttemptId::new("claims"));
                let (key, attempt) = other();
                Record { key, attempt, media_digest: None, digest: None, ..record.clone() }
            }),
            RemoteFault::TakenBack(key) => self.net.take_back(key),
            RemoteFault::NewContent => {
                let newest = self.newest();
                let mut state = self.state();
                state.texts.push(newest);
                state.content += 1;
            }
            _ => {}
        }
    }

    /// Another machine writes something about a post that it knows as live.
    fn change_by_another(&self, manifest: &Manifest, change: impl Fn(&Record, &mut World) -> Record) {
        let mut records = self.records();
        let known = records.effective(&manifest.user_id(), &manifest.key()).cloned();
        let Some(known) = known.filter(|record| record.stage() == Stage::Published && !record.is_being_deleted())
        else {
            return;
        };
        let changed = change(&known, &mut self.net.state().world);
        records.merge_in(changed);
        self.put(format::print(&records).into_bytes());
    }

    fn put(&self, text: Vec<u8>) {
        self.net.state().kept = Some(text.clone());
        self.state().texts.push(text);
    }

    /// A post that is not among these.
    fn commit_of_another(&self) {
        let mut records = self.records();
        let number = self.state().texts.len();
        let own = Manifest { key: format!("posts/other-{number}"), ..self.manifests[0].clone() };
        records.merge_in(published(&own, &format!("another{number}"), None));
        self.put(format::print(&records).into_bytes());
    }

    fn publish_by_another(&self, manifest: &Manifest) {
        let mut records = self.records();
        let attempt = format!("another{}", self.state().texts.len());
        let is_its = |record: &&Record| {
            record.user_id == manifest.user_id()
                && (record.key == manifest.key() || record.media_digest.as_ref() == Some(&manifest.media_digest()))
        };
        let keeps_off = |stage: Stage| stage.is_open() || matches!(stage, Stage::Published | Stage::Deleted);
        let is_taken = records.iter().filter(is_its).any(|record| keeps_off(record.stage()));
        // Who comes second leaves the post alone.
        if is_taken {
            return;
        }
        let now = self.net.clock.elapsed_ms();
        let id = self.net.state().world.publish_by_another(manifest, now);
        records.merge_in(published(manifest, &attempt, Some(id)));
        self.put(format::print(&records).into_bytes());
    }

    fn read(&self) -> Result<Pulled, RemoteError> {
        let state = self.state();
        let is_first = self.mutant == Some(Mutant::OthersNotJoined);
        let text = if is_first { state.texts.first() } else { state.texts.last() };
        let records = text.map(|text| format::parse(text).map(|parsed| parsed.records)).transpose();
        let records = records.map_err(|problem| RemoteError::Damaged(problem.to_string()))?;
        Ok(Pulled { version: Version((state.texts.len() - 1).to_string()), records })
    }

    fn write(&self, began: usize, over: &Version, text: &[u8], message: &str) -> Result<Version, RemoteError> {
        let mut state = self.state();
        if over.0 != (state.texts.len() - 1).to_string() && self.mutant != Some(Mutant::RejectionIgnored) {
            return Err(RemoteError::Moved);
        }
        if self.mutant == Some(Mutant::AnnouncedLater) && message.starts_with("Announce") {
            return Ok(over.clone());
        }
        let announced = |text: &[u8]| {
            let records = format::parse(text).expect("what igsync put").records;
            let deletions = |record: &Record| record.live().map_or(0, |live| live.deletions.len());
            records.iter().map(|record| record.intents.len() + deletions(record)).sum::<usize>()
        };
        let is_over_new_content = began != state.content;
        if is_over_new_content && announced(text) > state.texts.last().map_or(0, |before| announced(before)) {
            state.hasty.push("a run announced something although its manifests had changed".to_owned());
        }
        self.net.state().kept = Some(text.to_vec());
        state.texts.push(text.to_vec());
        state.messages.push(message.to_owned());
        Ok(Version((state.texts.len() - 1).to_string()))
    }

    async fn pull_once(&self) -> Result<Pulled, RemoteError> {
        self.travel().await;
        let fault = self.meet();
        self.log(&format!("fetch {fault:?}"));
        match fault {
            Some(RemoteFault::Refused) => return Err(RemoteError::Refused("no".to_owned())),
            Some(RemoteFault::UnclearDone | RemoteFault::UnclearUndone) => {
                return Err(RemoteError::Unclear("silence".to_owned()));
            }
            Some(RemoteFault::Slow(seconds)) => pass(Duration::from_secs(seconds.into())).await,
            Some(RemoteFault::KillBefore | RemoteFault::KillAfter) => return self.die().await,
            Some(RemoteFault::Stop) => self.net.stop(Signal::Terminate),
            Some(other) => self.happen_before(other),
            None => {}
        }
        self.read()
    }

    async fn push_once(
        &self,
        began: usize,
        over: &Version,
        text: &[u8],
        message: &str,
    ) -> Result<Version, RemoteError> {
        self.travel().await;
        let takes = self.state().takes;
        if !takes.is_zero() {
            pass(takes).await;
        }
        let fault = self.meet();
        self.log(&format!("put over {over} {fault:?}: {}", message.trim_end()));
        let silence = || Err(RemoteError::Unclear("silence".to_owned()));
        match fault {
            Some(RemoteFault::Refused) => return Err(RemoteError::Refused("protected".to_owned())),
            Some(RemoteFault::UnclearUndone) => return silence(),
            Some(RemoteFault::UnclearDone) => {
                let _ = self.write(began, over, text, message);
                return silence();
            }
            Some(RemoteFault::Slow(seconds)) => pass(Duration::from_secs(seconds.into())).await,
            Some(RemoteFault::KillBefore) => return self.die().await,
            Some(RemoteFault::KillAfter) => {
                let _ = self.write(began, over, text, message);
                return self.die().await;
            }
            Some(RemoteFault::Stop) => self.net.stop(Signal::Terminate),
            Some(other) => self.happen_before(other),
            None => {}
        }
        let put = self.write(began, over, text, message);
        self.log(&format!("-> {put:?}"));
        put
    }
}

/// The remote as one run knows it.
pub struct RunRemote {
    remote: Arc<SimRemote>,
    /// The version of the manifests that it publishes.
    began: usize,
}

impl RunRemote {
    pub fn new(remote: &Arc<SimRemote>) -> Self {
        Self { began: remote.state().content, remote: Arc::clone(remote) }
    }
}

impl Remote for RunRemote {
    fn has_new_content(&self) -> BoxFuture<'_, Result<bool, RemoteError>> {
        let is_new = self.remote.state().content != self.began;
        let is_seen = self.remote.mutant != Some(Mutant::NewContentIgnored);
        async move { Ok(is_new && is_seen) }.boxed()
    }

    fn pull(&self) -> BoxFuture<'_, Result<Pulled, RemoteError>> {
        self.remote.pull_once().boxed()
    }

    fn push<'a>(
        &'a self,
        over: &'a Version,
        records: &'a Records,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Version, RemoteError>> {
        let text = format::print(records);
        async move { self.remote.push_once(self.began, over, text.as_bytes(), message).await }.boxed()
    }
}

/// The record that another machine keeps of a post that it has published, comment and all.
pub fn published(manifest: &Manifest, attempt: &str, media: Option<u64>) -> Record {
    let post = manifest.post();
    let key = post.key.clone();
    let new = Record::new(key, manifest.user_id(), post.account.clone(), post.content.kind, AttemptId::new(attempt));
    let live = Live {
        media_id: media.map(|id| MediaId::new(id.to_string())),
        permalink: None,
        published_at: Some(jiff::Timestamp::UNIX_EPOCH),
        via: Some(Via::Publish),
        comment: post.first_comment.as_ref().map(|_| Comment::Done),
        comments: Vec::new(),
        deletions: Deletions::default(),
        slides: Vec::new().into(),
        comment_switch: (!post.comment_enabled).then_some(Switch::Done),
    };
    Record {
        state: State::Published(live),
        // A post of another branch resembles none of ours.
        digest: media.and(post.digest.clone()),
        media_digest: media.and(post.media_digest.clone()),
        file: Some(post.file.to_string()),
        ..new
    }
}
