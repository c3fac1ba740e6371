//! Instagram's Graph API as an engine: containers, status codes, resumable uploads, Meta's error codes.

mod content;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use igsync_apply::{
    Address, Capabilities, Class, Comments, Deleting, Engine, Filled, Filling, Finishing, Listing, Made, Media,
    Observed, Part, Presence, Publishing, Quota, Reading, Refusal, WaitsFor, Window,
};
use igsync_base::id::{ContainerId, MediaId, PartId, UserId};
use igsync_instagram::codes::{self, Known};
use igsync_instagram::retry::{Call, Verdict, decide};
use igsync_instagram::wire::StatusCode;
use igsync_instagram::{
    self as graph, Client, DeleteAnswer, Error, Flavour, Pause, PublishAnswer, Reference, ShownMedia, Uploaded,
    VideoUpload, WrongDate, delete_outcome, publish_outcome,
};
use igsync_model::plan::{Counts, Shown};

/// One Instagram account, by the token of its client.
pub struct Instagram {
    client: Arc<Client>,
    user: UserId,
}

impl Instagram {
    #[must_use]
    pub fn new(client: Arc<Client>, user: UserId) -> Self {
        Self { client, user }
    }

    async fn list(&self, window: Window) -> Result<graph::Listing, Error> {
        match window {
            Window::Newest(count) => {
                let media = self.client.newest(&self.user, count).await?;
                Ok(graph::Listing { media, is_complete: false })
            }
            Window::BackTo { since, pages } => self.client.back_to(&self.user, since, pages).await,
            Window::Stories { pages } => self.client.stories(&self.user, pages).await,
        }
    }

    async fn send_video(&self, filling: Filling<'_>) -> Result<Filled, Error> {
        let Filling { part, address, len, open, progress } = filling;
        let container = container(part);
        let (uri, resume) = match address {
            Some(Address(uri)) => (uri.clone(), false),
            None => (self.client.upload_address(&container)?, true),
        };
        let upload = VideoUpload { container: &container, uri: &uri, len, open, progress, resume };
        Ok(match self.client.upload(&upload).await? {
            Uploaded::Complete => Filled::Complete,
            Uploaded::Useless(why) => Filled::Useless(why),
        })
    }
}

impl Engine for Instagram {
    fn capabilities(&self) -> Capabilities {
        let is_facebook = self.client.endpoint().flavour() == Flavour::Facebook;
        Capabilities { uploads_video: is_facebook, deletes: is_facebook }
    }

    fn now(&self) -> Timestamp {
        self.client.server_now()
    }

    fn wrong_clock(&self) -> Option<Refusal> {
        self.client.wrong_date().as_ref().map(wrong_clock)
    }

    fn has_slept(&self) -> bool {
        self.client.has_slept()
    }

    fn barred(&self) -> Option<Refusal> {
        self.client.barred().as_ref().map(refusal)
    }

    fn quota(&self) -> BoxFuture<'_, Result<Quota, Refusal>> {
        async {
            let quota = self.client.quota(&self.user).await.map_err(|error| refusal(&error))?;
            Ok(Quota { used: quota.used, total: quota.total, window: quota.window })
        }
        .boxed()
    }

    fn make<'a>(&'a self, part: Part<'a>) -> BoxFuture<'a, Result<Made, Refusal>> {
        let new = match part {
            Part::Single { post, item, located, cover } => {
                content::single(&post.content, item, located, cover.map(str::to_owned))
            }
            Part::Child { item, located } => content::child(item, located),
            Part::Whole { post, children } => {
                content::carousel(&post.content, children.iter().map(container).collect())
            }
        };
        async move {
            let made = self.client.create_container(&self.user, &new).await.map_err(|error| not_made(&error))?;
            Ok(Made {
                id: PartId::new(made.id.as_str()),
                created_at: made.created_at,
                address: made.upload.map(Address),
            })
        }
        .boxed()
    }

    fn fill<'a>(&'a self, filling: Filling<'a>) -> BoxFuture<'a, Result<Filled, Refusal>> {
        async move { self.send_video(filling).await.map_err(|error| refusal(&error)) }.boxed()
    }

    fn observe<'a>(&'a self, part: &'a PartId) -> BoxFuture<'a, Result<Observed, Refusal>> {
        async move {
            match self.client.container_status(&container(part)).await {
                Ok(status) => Ok(observed(status.code, status.subcode)),
                Err(error) if !error.is_account_level() && is_denied(&error) => {
                    Ok(Observed { reading: Reading::Unreadable, why: None })
                }
                Err(error) => Err(refusal(&error)),
            }
        }
        .boxed()
    }

    fn publish<'a>(&'a self, draft: &'a PartId) -> BoxFuture<'a, Publishing> {
        async move {
            match self.client.publish(&self.user, &container(draft)).await {
                Ok(media_id) => Publishing::Live(media_id),
                Err(error) => publishing(&error),
            }
        }
        .boxed()
    }

    fn listing(&self, window: Window) -> BoxFuture<'_, Result<Listing, Refusal>> {
        async move {
            let listing = self.list(window).await.map_err(|error| refusal(&error))?;
            let media = listing.media.into_iter().map(seen).collect();
            Ok(Listing { media, is_complete: listing.is_complete })
        }
        .boxed()
    }

    fn comment<'a>(&'a self, media: &'a MediaId, text: &'a str) -> BoxFuture<'a, Finishing> {
        async move {
            match self.client.comment(media, text).await {
                Ok(_) => Finishing::Done,
                Err(error @ Error::NotSent { .. }) => Finishing::Unclear(refusal(&error)),
                Err(error) if decide(Call::Comment, &error, 1) == Verdict::OutcomeUnknown => {
                    Finishing::Unclear(refusal(&error))
                }
                Err(error) => Finishing::Refused(refusal(&error)),
            }
        }
        .boxed()
    }

    fn comments<'a>(&'a self, media: &'a MediaId, pages: u32) -> BoxFuture<'a, Result<Comments, Refusal>> {
        async move {
            let read = self.client.comments(media, pages).await.map_err(|error| refusal(&error))?;
            // One without a text can be any.
            let is_complete = read.is_complete && read.comments.iter().all(|comment| comment.text.is_some());
            Ok(Comments { texts: read.comments.into_iter().filter_map(|comment| comment.text).collect(), is_complete })
        }
        .boxed()
    }

    fn close_comments<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Finishing> {
        async move {
            match self.client.set_comment_enabled(media, false).await {
                Ok(()) => Finishing::Done,
                Err(error @ Error::Api(_)) => Finishing::Refused(refusal(&error)),
                Err(error) => Finishing::Unclear(refusal(&error)),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Deleting> {
        async move {
            match self.client.delete(media).await {
                Ok(()) => Deleting::Gone,
                Err(error) => deleting(&error),
            }
        }
        .boxed()
    }

    fn exists<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Presence> {
        async move { self.client.exists(media).await.map_or_else(|error| absence(&error), |()| Presence::There) }
            .boxed()
    }

    fn account_exists(&self) -> BoxFuture<'_, Presence> {
        async move {
            match self.client.account(&self.user).await {
                Ok(identity) if identity.user_id == self.user => Presence::There,
                Ok(_) => Presence::Denied,
                Err(error) => absence(&error),
            }
        }
        .boxed()
    }

    fn shown<'a>(&'a self, media: &'a MediaId) -> BoxFuture<'a, Result<Option<Shown>, Refusal>> {
        async move {
            match self.client.shown(media).await {
                Ok(ShownMedia { likes, comments, permalink, timestamp: at, owner, caption }) => {
                    Ok(Some(Shown { counts: Counts { likes, comments }, permalink, at, owner, caption }))
                }
                Err(error) if error.is_unreadable() => Ok(None),
                Err(error) => Err(refusal(&error)),
            }
        }
        .boxed()
    }
}

/// What a read that failed says about existence.
fn absence(error: &Error) -> Presence {
    if error.is_unreadable() { Presence::Denied } else { Presence::Unclear(refusal(error)) }
}

/// The parts of a draft are containers.
fn container(part: &PartId) -> ContainerId {
    ContainerId::new(part.as_str())
}

/// What an error of the client means to a run.
#[must_use]
pub fn refusal(error: &Error) -> Refusal {
    let api = error.api();
    let class = match api.map(|api| api.known().class) {
        Some(codes::Class::QuotaWait) if error.is_account_level() => Class::Later,
        _ if error.is_account_level() => Class::Account,
        Some(codes::Class::FixContent) => Class::Content,
        _ => Class::Other,
    };
    let help = match api.and_then(|api| api.regain_minutes) {
        Some(minutes) => format!("run igsync again in {minutes} minutes: any earlier call extends the wait"),
        None => error.help().to_owned(),
    };
    Refusal {
        class,
        code: api.map(|api| api.code),
        subcode: api.and_then(|api| api.subcode),
        text: error.to_string(),
        help,
        trace: api.and_then(|api| api.fbtrace_id.clone()),
    }
}

/// Seen for one account through July 2026, although the permission was there.
const FATAL: i64 = 2_207_085;

/// Media that is not ready yet.
const NOT_READY: i64 = 9007;

/// Why a container was not made: one over others is refused for what they are.
fn not_made(error: &Error) -> Refusal {
    let said = refusal(error);
    let class = match error.api().map(|api| api.known().class) {
        _ if said.class != Class::Other => said.class,
        Some(codes::Class::WaitSame) if error.codes().is_some_and(|(code, _)| code == NOT_READY) => Class::NotReady,
        // What Meta calls temporary is known from what is gone by the items' own status.
        Some(codes::Class::WaitSame | codes::Class::NewContainer | codes::Class::Retry) => Class::NewDraft,
        _ => Class::Other,
    };
    Refusal { class, ..said }
}

/// Why nothing may be published by the server's clock.
#[must_use]
pub fn wrong_clock(wrong: &WrongDate) -> Refusal {
    let WrongDate { said, expected, by } = wrong;
    let (text, help) = match (said, by) {
        (None, _) => (
            "cannot read the server's time: its answer has an invalid Date header".to_owned(),
            "nothing is published without the server's time; check for a proxy that changes answers, then run apply \
             again",
        ),
        (Some(said), Reference::ThisMachine) => (
            format!("the clocks differ: {said:.0} on the server, {expected:.0} on this machine"),
            "set the clock of this machine; if an emulator's clock is meant to differ, set IGSYNC_MAX_SKEW_MS",
        ),
        (Some(said), Reference::EarlierAnswers) => (
            format!("the server's clock jumped: it shows {said:.0}, but its earlier answers imply {expected:.0}"),
            "igsync does not rely on a clock that may be wrong; run apply again",
        ),
    };
    Refusal::new(Class::Other, text, help)
}

/// What the client's own waits are for.
#[must_use]
pub fn waits_for(pause: Pause) -> WaitsFor {
    match pause {
        Pause::Retry => WaitsFor::Retry,
        Pause::CallLimit => WaitsFor::CallLimit,
    }
}

fn publishing(error: &Error) -> Publishing {
    let said = refusal(error);
    match publish_outcome(error) {
        PublishAnswer::NotSent => Publishing::NotSent(said),
        PublishAnswer::Unclear => Publishing::Unclear(said),
        PublishAnswer::NotReady(_) => Publishing::Refused(Refusal { class: Class::NotReady, ..said }),
        PublishAnswer::Refused(_) => Publishing::Refused(said),
    }
}

fn deleting(error: &Error) -> Deleting {
    let said = match error.codes() {
        // The subcode of a video that could not be processed, with which nothing else is said here.
        Some((-1, Some(FATAL))) => Refusal {
            text: format!("Meta refused to delete the post, without a reason (code -1, subcode {FATAL})"),
            help: "run apply again later; or delete it in the app, then `igsync lock accept KEY --deleted`".to_owned(),
            ..refusal(error)
        },
        Some((10 | 200..=299, _)) => Refusal {
            help: format!("get a token that has {}, with `igsync auth login`", graph::scopes::DELETION),
            ..refusal(error)
        },
        _ => refusal(error),
    };
    match delete_outcome(error) {
        DeleteAnswer::NotSent => Deleting::NotSent(said),
        DeleteAnswer::Refused => Deleting::Refused(said),
        DeleteAnswer::Denied => Deleting::Denied(said),
        DeleteAnswer::Unclear => Deleting::Unclear(said),
    }
}

fn observed(code: StatusCode, subcode: Option<i64>) -> Observed {
    let reading = match code {
        StatusCode::InProgress => Reading::Working,
        StatusCode::Finished => Reading::Ready,
        StatusCode::Published => Reading::Live,
        StatusCode::Error => Reading::Failed,
        StatusCode::Expired => Reading::Expired,
    };
    Observed { reading, why: (reading == Reading::Failed).then(|| failed(subcode)) }
}

/// Why a container reads `ERROR`; the subcode is in the text of its status.
fn failed(subcode: Option<i64>) -> Refusal {
    let Some(known) = subcode.and_then(codes::lookup_subcode) else {
        let number = subcode.map_or_else(String::new, |subcode| format!(" (subcode {subcode})"));
        return Refusal::new(
            Class::Other,
            format!("Meta could not process the media{number}"),
            "check the media file, then run apply again: a new container is created",
        );
    };
    let Known { code, meaning, remedy, class, .. } = *known;
    let class = match class {
        codes::Class::FixContent => Class::Content,
        codes::Class::NewContainer | codes::Class::Retry => Class::NewDraft,
        _ => Class::Other,
    };
    let text = format!("{meaning} (subcode {})", subcode.unwrap_or_default());
    Refusal { class, code, subcode, text, help: remedy.to_owned(), trace: None }
}

fn seen(media: graph::Media) -> Media {
    let graph::Media { id, caption, timestamp, kind, permalink, child_count, slides } = media;
    Media { id, caption, timestamp, kind, permalink, child_count, slides }
}

/// Whether Meta denies the object, for whatever reason; trouble of Meta's own is no denial.
fn is_denied(error: &Error) -> bool {
    error.codes().is_some_and(|(code, _)| !matches!(code, -1 | 1 | 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_instagram::{ApiError, Why};

    fn api(code: i64, subcode: Option<i64>) -> Error {
        Error::Api(Box::new(ApiError { edge: "media_publish", http_status: 400, code, subcode, ..ApiError::default() }))
    }

    #[test]
    fn a_refusal_decides_by_its_class() {
        for (code, subcode, class) in [
            (190, None, Class::Account),
            (10, None, Class::Account),
            (9, Some(2_207_042), Class::Later),
            (36_003, Some(2_207_009), Class::Content),
            (100, Some(33), Class::Other),
        ] {
            let refusal = refusal(&api(code, subcode));
            assert_eq!((refusal.class, refusal.code, refusal.subcode), (class, Some(code), subcode));
        }
        let silence = Error::Unclear { edge: "media", why: Why::NoNewId };
        assert_eq!((refusal(&silence).class, refusal(&silence).code), (Class::Other, None));
    }

    #[test]
    fn a_throttled_account_is_named_the_minutes_that_it_waits() {
        let throttled = ApiError { code: 4, http_status: 400, regain_minutes: Some(7), ..ApiError::default() };
        assert!(refusal(&Error::Api(Box::new(throttled))).help.contains("in 7 minutes"));
    }

    #[test]
    fn an_answer_to_a_deletion_proves_one_of_four_things() {
        let not_sent = Error::NotSent { edge: "delete", why: "refused".to_owned() };
        assert!(matches!(deleting(&not_sent), Deleting::NotSent(_)));
        assert!(matches!(deleting(&api(-1, Some(2_207_085))), Deleting::Refused(said) if said.class == Class::Other));
        assert!(matches!(deleting(&api(190, Some(463))), Deleting::Refused(said) if said.class == Class::Account));
        assert!(matches!(deleting(&api(100, Some(33))), Deleting::Denied(said) if said.class == Class::Other));
        assert!(matches!(deleting(&api(2, None)), Deleting::Unclear(_)));
    }

    #[test]
    fn an_answer_to_a_publish_proves_one_of_three_things() {
        let not_sent = Error::NotSent { edge: "media_publish", why: "refused".to_owned() };
        assert!(matches!(publishing(&not_sent), Publishing::NotSent(_)));
        assert!(matches!(publishing(&api(24, Some(2_207_006))), Publishing::Refused(said) if said.code == Some(24)));
        let not_ready = publishing(&api(9007, Some(2_207_027)));
        assert!(matches!(not_ready, Publishing::Refused(said) if said.class == Class::NotReady));
        for unclear in [api(4, Some(2_207_051)), api(2, None), api(100, Some(33))] {
            assert!(matches!(publishing(&unclear), Publishing::Unclear(_)), "{unclear}");
        }
    }

    #[test]
    fn only_a_denial_of_the_object_itself_speaks_of_its_existence() {
        assert_eq!(absence(&api(100, Some(33))), Presence::Denied);
        for unclear in [api(100, None), api(10, None), api(190, None), api(2, None), api(803, None)] {
            assert!(matches!(absence(&unclear), Presence::Unclear(_)), "{unclear}");
        }
    }

    #[test]
    fn a_container_that_failed_says_why() {
        let of = |subcode| observed(StatusCode::Error, subcode).why.map(|why| (why.class, why.subcode));
        assert_eq!(of(Some(2_207_026)), Some((Class::Content, Some(2_207_026))));
        assert_eq!(of(None), Some((Class::Other, None)));
        assert_eq!(observed(StatusCode::Expired, None), Observed { reading: Reading::Expired, why: None });
    }
}
