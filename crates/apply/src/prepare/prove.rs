//! The proof that Meta can fetch every URL of a run, before the first container is made.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use igsync_base::finding::{Finding, Severity};
use igsync_base::id::PostKey;
use igsync_base::net;
use igsync_media::rules::{self as limits, Use};
use igsync_model::manifest::{self, MediaType, Post, Source, Spot};
use igsync_ports::{Claim, Expected};

use super::super::event::Event;
use super::super::host::{Proven, Prover, Trouble};
use super::super::media::Located;
use super::super::stop::Stop;
use super::Preparer;

/// Who proves URLs, and what the configuration says about what is found.
#[derive(Clone)]
pub struct Proof {
    pub prover: Arc<dyn Prover>,
    pub judge: Judge,
}

/// A finding with the severity that the configuration gives its rule; `None`: it is off.
pub type Judge = Arc<dyn Fn(Finding) -> Option<Finding> + Send + Sync>;

/// URLs read at a time: enough to hide the way to the host, few enough not to look like an attack.
const AT_ONCE: usize = 8;

/// One URL of one post.
struct Question {
    post: Arc<Post>,
    spot: Spot<'static>,
    usage: Use,
    claim: Claim,
}

/// What was seen where one URL points to.
pub(in super::super) struct Answer {
    question: Question,
    seen: Result<Proven, Trouble>,
}

impl Answer {
    pub(in super::super) fn key(&self) -> &PostKey {
        &self.question.post.key
    }
}

impl Preparer {
    /// Reads all URLs that the posts still need. Where no one looks there are no answers.
    pub(in super::super) async fn ask_hosts(&self, posts: &[Arc<Post>]) -> Result<Vec<Answer>, Stop> {
        let Some(proof) = &self.proof else { return Ok(Vec::new()) };
        let mut questions = Vec::new();
        for post in posts {
            for needed in self.placer.still_needed(post) {
                if let Some(claim) = self.claim(post, needed.source, needed.media_type).await? {
                    let usage = match needed.spot {
                        Spot::Cover => Use::Cover,
                        _ => manifest::usage(post.content.kind, needed.media_type),
                    };
                    questions.push(Question { post: Arc::clone(post), spot: needed.spot, usage, claim });
                }
            }
        }
        let now = self.engine.now();
        let asked = stream::iter(questions).map(|question| async move {
            let seen = proof.prover.prove(&question.claim, now).await;
            Answer { question, seen }
        });
        self.scope.ask(asked.buffered(AT_ONCE).collect()).await
    }

    /// Tells everything that is wrong with one URL. `Some`: why its post cannot go out; nothing of it is recorded,
    /// and no container is made.
    pub(in super::super) fn judge(&self, answer: Answer) -> Result<Option<String>, Stop> {
        match &self.proof {
            Some(proof) => self.emit_answer(&answer.question, answer.seen, proof),
            None => Ok(None),
        }
    }

    /// What Meta will be told about one file. `None`: it needs no proof, or has no URL.
    async fn claim(&self, post: &Post, source: &Source, media_type: MediaType) -> Result<Option<Claim>, Stop> {
        let is_video = media_type == MediaType::Video;
        let path = match source {
            Source::Url(url) => return Ok(Some(Claim { url: url.to_string(), expected: None, is_video })),
            Source::Local(path) => path,
        };
        let url = match self.placer.locate(post, source, media_type).await {
            Ok(Located::Url(url)) => url,
            Ok(Located::Upload { .. }) | Err(Stop::Post(_)) => return Ok(None),
            Err(halted) => return Err(halted),
        };
        // An emulator that took the bytes has them.
        if self.placer.media.host.as_ref().is_some_and(|host| host.is_in_sandbox(&url)) {
            return Ok(None);
        }
        let Ok(file) = self.placer.media.file(post, path).await else { return Ok(None) };
        let expected = Some(Expected { sha256: file.sha256.to_string(), len: file.len });
        Ok(Some(Claim { url, expected, is_video }))
    }

    fn emit_answer(
        &self,
        question: &Question,
        answer: Result<Proven, Trouble>,
        proof: &Proof,
    ) -> Result<Option<String>, Stop> {
        let facts = match answer {
            Ok(facts) => facts,
            Err(trouble) => {
                self.refuse(question, trouble.name, &trouble.text, trouble.help)?;
                return Ok(Some(trouble.text));
            }
        };
        let Some(facts) = facts else { return Ok(None) };
        let name = question.claim.url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
        let mut reason = None;
        for broken in limits::check(&facts, question.usage, name.unwrap_or_default()) {
            let finding = Finding::new(broken.rule, Arc::clone(&question.post.file), broken.message.clone());
            let Some(judged) = (proof.judge)(Finding { severity: broken.severity, ..finding }) else { continue };
            let message = format!("{} ({})", broken.message, broken.label);
            if judged.severity == Severity::Error {
                self.refuse(question, broken.rule.name, &message, &broken.help)?;
                reason.get_or_insert(message);
            } else {
                let post = self.scope.post_ref(&question.post.key);
                self.scope.emit(&Event::PostWarning { post, reason: message })?;
            }
        }
        Ok(reason)
    }

    fn refuse(&self, question: &Question, problem: &'static str, reason: &str, help: &str) -> Result<(), Stop> {
        let post = &question.post;
        let place = manifest::locate(&*self.placer.media.disk, &self.placer.media.root, post, question.spot);
        let line = place.map_or(post.line, |(text, span)| text.position(span.start).0);
        let is_several = post.content.items.len() > 1;
        let item = match question.spot {
            Spot::Item(index) if is_several => Some(index + 1),
            _ => None,
        };
        let url = url::Url::parse(&question.claim.url).map_or_else(|_| String::new(), |url| net::shown(&url));
        self.scope.emit(&Event::UrlRefused {
            post: self.scope.post_ref(&post.key),
            item,
            url,
            problem,
            file: post.file.to_string(),
            line,
            reason: reason.to_owned(),
            help: help.to_owned(),
        })
    }
}
