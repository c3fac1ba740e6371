//! What follows a publish and never undoes or repeats it: first comment, comment switch, permalinks.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use igsync_base::id::{Kind, MediaId};
use igsync_model::lockfile::{Comment, Live, Record, Switch, Via};
use igsync_model::manifest::Post;

use super::attempt;
use super::book::Book;
use super::by_hand::{claimed_by, link_code};
use super::context::Scope;
use super::engine::{Finishing, Media, Service, Window};
use super::event::Event;
use super::evidence::Evidence;
use super::matching::Look;
use super::owed::{self, Doubt};
use super::protocol::Origin;
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

/// Finishes what is live: the comment and the switch that are due, ids and links that are missing.
pub(super) struct Finisher {
    scope: Scope,
    engine: Service,
    book: Arc<dyn Book>,
    evidence: Evidence,
    /// The account's media of the last days, read once for all that earlier runs owe; `None`: unreadable.
    recent: OnceCell<Option<Look>>,
}

impl Finisher {
    pub(super) fn new(scope: Scope, engine: Service, book: Arc<dyn Book>) -> Self {
        let evidence = Evidence::new(&scope, &engine, &book);
        Self { scope, engine, book, evidence, recent: OnceCell::new() }
    }

    /// Sends the first comment, then switches comments off, as the record says is due.
    /// `origin` is the run that published it.
    pub(super) async fn send_extras(&self, post: &Post, mut record: Record, origin: Origin) -> Result<(), Stop> {
        let Some(media_id) = record.certain_media().cloned() else { return Ok(()) };
        if origin == Origin::AnEarlierRun && !self.may_write_to(post, &record, &media_id).await? {
            return Ok(());
        }
        record = match record.live().and_then(|live| live.comment) {
            Some(Comment::Due) => self.send_comment(post, record, &media_id, origin).await?,
            Some(Comment::Intent) => self.settle_comment(post, record, &media_id).await?,
            Some(Comment::Unknown | Comment::Failed | Comment::Done) | None => record,
        };
        if record.live().is_some_and(|live| live.comment_switch == Some(Switch::Due)) {
            self.switch_comments_off(post, record, &media_id).await?;
        }
        Ok(())
    }

    /// Whether what an earlier run owes may be sent to `media`. A record may come from anyone whose branch was
    /// merged, so the account's own listing has the last word.
    async fn may_write_to(&self, post: &Post, record: &Record, media: &MediaId) -> Result<bool, Stop> {
        if !record.live().is_some_and(owed::anything) {
            return Ok(true);
        }
        self.scope.go_on()?;
        let doubt =
            match self.book.with(|records| claimed_by(records.iter(), &record.user_id, &record.key, media).cloned()) {
                Some(rival) => Some(Doubt::Claimed(rival)),
                None => match self.recent().await? {
                    Some(look) => owed::doubt(record, media, look, self.engine.now())
                        .or_else(|| (!owed::is_as_reviewed(post, record)).then_some(Doubt::Edited)),
                    None => Some(Doubt::NotRead),
                },
            };
        let Some(doubt) = doubt else { return Ok(true) };
        if doubt.is_final() {
            self.book.write(attempt::noted(record.clone(), owed::give_up)).await?;
        }
        self.warn(post, doubt.explain(media))?;
        Ok(false)
    }

    async fn recent(&self) -> Result<Option<&Look>, Stop> {
        let window = Window::BackTo { since: self.engine.now() - RECENT, pages: RECENT_PAGES };
        let read = || async {
            match self.scope.ask(self.engine.listing(window)).await? {
                Ok(listing) => Ok(Some(Look { media: listing.media, reaches_back: listing.is_complete })),
                Err(refusal) => Halt::for_account(&refusal).map_or(Ok(None), |halt| Err(Stop::Account(halt))),
            }
        };
        self.recent.get_or_try_init(read).await.map(Option::as_ref)
    }

    async fn send_comment(
        &self,
        post: &Post,
        mut record: Record,
        media_id: &MediaId,
        origin: Origin,
    ) -> Result<Record, Stop> {
        let Some(text) = &post.first_comment else { return Ok(record) };
        self.scope.go_on()?;
        let age = |record: &Record| {
            let published = record.published_at().unwrap_or(Timestamp::MIN);
            // One that lies in the future is no reason to hurry.
            Duration::try_from(self.engine.now().duration_since(published)).unwrap_or_default()
        };
        let is_shared = self.book.is_shared();
        // Whoever has published a post has this long to comment on it; others wait, and ask for it.
        let own_time = self.scope.waits.http_timeout * 2 + self.scope.waits.settle;
        let is_ours =
            origin == Origin::ThisRun && (!is_shared || age(&record) + self.scope.waits.http_timeout < own_time);
        if is_shared && !is_ours {
            let rest = own_time.saturating_sub(age(&record));
            self.scope.wait(&record.key, WaitsFor::Comment, rest, self.engine.now()).await?;
        }
        // A lockfile that went back in time calls a comment due that is there already.
        if !is_ours {
            match self.is_posted(media_id, text).await? {
                Some(false) => {}
                Some(true) => {
                    return self.book.write(commented(record, Comment::Done)).await;
                }
                None => return Ok(record),
            }
        }
        self.scope.still_alone()?;
        record = commented(record, Comment::Intent);
        let mut record = if is_ours { self.book.write(record).await? } else { record };
        if !is_ours && self.book.claim(vec![vec![record.clone()]]).await? != [true] {
            return Ok(self.book.current(record));
        }
        match self.scope.ask(self.engine.comment(media_id, text)).await? {
            Finishing::Done => record = commented(record, Comment::Done),
            Finishing::Unclear(_) => return self.settle_comment(post, record, media_id).await,
            Finishing::Refused(refusal) => {
                record = commented(record, Comment::Failed);
                self.warn(post, format!("the first comment was not posted: {}", refusal.text))?;
            }
        }
        self.book.write(record).await
    }

    /// Two looks at the comments; one that is not seen is never sent again.
    async fn settle_comment(&self, post: &Post, record: Record, media_id: &MediaId) -> Result<Record, Stop> {
        let text = post.first_comment.as_deref().unwrap_or_default();
        for look in 0..2 {
            if look > 0 {
                let look = self.scope.waits.look;
                self.scope.wait(&record.key, WaitsFor::SecondLook, look, self.engine.now()).await?;
            }
            match self.is_posted(media_id, text).await? {
                Some(false) => {}
                Some(true) => {
                    return self.book.write(commented(record, Comment::Done)).await;
                }
                None => return Ok(record),
            }
        }
        let record = self.book.write(commented(record, Comment::Unknown)).await?;
        self.warn(post, "it is not known whether the first comment was posted; it is not sent again".to_owned())?;
        Ok(record)
    }

    /// Whether a comment with this text is there; `None` where it cannot be told now.
    async fn is_posted(&self, media_id: &MediaId, text: &str) -> Result<Option<bool>, Stop> {
        match self.scope.ask(self.engine.comments(media_id, COMMENT_PAGES)).await? {
            Ok(comments) => Ok(Some(comments.iter().any(|said| said.trim() == text.trim()))),
            Err(refusal) => Halt::for_account(&refusal).map_or(Ok(None), |halt| Err(Stop::Account(halt))),
        }
    }

    async fn switch_comments_off(&self, post: &Post, mut record: Record, media_id: &MediaId) -> Result<(), Stop> {
        self.scope.go_on()?;
        match self.scope.ask(self.engine.close_comments(media_id)).await? {
            Finishing::Done => record = switched(record, Switch::Done),
            Finishing::Refused(refusal) => {
                record = switched(record, Switch::Failed);
                self.warn(post, format!("comments could not be switched off: {}", refusal.text))?;
            }
            // Nothing is lost by asking again: the next run does.
            Finishing::Unclear(_) => {
                return self.warn(post, "comments are not switched off yet; the next run tries again".to_owned());
            }
        }
        self.book.write(record).await.map(drop)
    }

    fn warn(&self, post: &Post, reason: String) -> Result<(), Stop> {
        self.scope.emit(&Event::PostWarning { post: self.scope.post_ref(&post.key), reason })
    }

    /// One listing after the last publish gives the permalinks of all posts, and the ids that lost
    /// answers left open.
    pub(super) async fn enrich(&self) -> Result<(), Stop> {
        let recent = self.engine.now() - RECENT;
        let bare = self.published_without(|live| {
            (live.permalink.is_none() || live.media_id.is_none())
                && live.published_at.is_none_or(|published| published > recent)
        });
        if bare.is_empty() || self.scope.go_on().is_err() {
            return Ok(());
        }
        // Permalinks are a courtesy: what goes wrong here says nothing about the posts.
        let Ok(newest) = self.scope.ask(self.engine.listing(Window::Newest(AFTER))).await? else { return Ok(()) };
        let mut media = newest.media;
        if bare.iter().any(|record| record.kind == Kind::Story) {
            let stories = self.scope.ask(self.engine.listing(Window::Stories { pages: 1 })).await?;
            media.extend(stories.map(|listing| listing.media).unwrap_or_default());
        }
        let look = Look { media, reaches_back: false };
        for mut record in bare {
            if record.claimed_media().is_none() {
                let Some(named) = self.named(record, &look).await? else { continue };
                record = named;
            }
            if record.live().is_some_and(|live| live.permalink.is_some()) {
                continue;
            }
            let link = look
                .media
                .iter()
                .find(|media| Some(&media.id) == record.claimed_media())
                .and_then(|media| media.permalink.clone());
            if let Some(permalink) = link {
                let record = attempt::noted(record, |live| live.permalink = Some(permalink.clone()));
                let record = self.book.write(record).await?;
                self.scope.emit(&Event::PostEnriched { post: self.scope.post_ref(&record.key), permalink })?;
            }
        }
        Ok(())
    }

    /// Finds the ids that lost answers left open, so that no other post is treated as those media.
    pub(super) async fn name_what_is_live(&self, look: &Look) -> Result<(), Stop> {
        for record in self.published_without(|live| live.media_id.is_none()) {
            self.named(record, look).await?;
        }
        Ok(())
    }

    /// Finds the id of a live post and writes it down: by the link that a person gave, else by matching.
    async fn named(&self, record: Record, look: &Look) -> Result<Option<Record>, Stop> {
        let named = if let Some(named) = self.named_by_link(&record, look) {
            attempt::noted(record, |live| live.media_id = Some(named))
        } else {
            let Some(found) = self.evidence.second_look(&record, look).await? else { return Ok(None) };
            // Whoever said that it is live did not say that it is this media.
            attempt::noted(record, |live| (live.media_id, live.via) = (Some(found), Some(Via::Settled)))
        };
        self.book.write(named).await.map(Some)
    }

    /// The media that a person has named by its link.
    fn named_by_link(&self, record: &Record, look: &Look) -> Option<MediaId> {
        let code = link_code(record.live()?.permalink.as_deref()?)?;
        let claimed = self.evidence.claimed();
        let is_it = |media: &&Media| media.permalink.as_deref().and_then(link_code).as_ref() == Some(&code);
        look.media.iter().find(is_it).map(|media| media.id.clone()).filter(|id| !claimed.contains(id))
    }

    fn published_without(&self, lacks: impl Fn(&Live) -> bool) -> Vec<Record> {
        let is_meant = |record: &&Record| record.user_id == self.scope.user_id && record.live().is_some_and(&lacks);
        self.book.with(|records| records.iter().filter(is_meant).cloned().collect())
    }
}

/// So far back the media are listed that an earlier run owes something to: one page for all but busy accounts.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The most pages that are read of them, 100 media each.
const RECENT_PAGES: u32 = 20;

fn commented(record: Record, comment: Comment) -> Record {
    attempt::noted(record, |live| live.comment = Some(comment))
}

fn switched(record: Record, switch: Switch) -> Record {
    attempt::noted(record, |live| live.comment_switch = Some(switch))
}

/// Pages of comments: a post is minutes old when its first comment is looked for.
const COMMENT_PAGES: u32 = 3;

/// Media read after the last publish.
const AFTER: u32 = 50;

#[cfg(test)]
mod tests {
    use super::super::attempt;
    use super::super::testing::{Answer, Bench, at, media, post, record};
    use super::*;

    async fn comment(origin: Origin, answers: impl IntoIterator<Item = Answer>) -> (Bench, Record) {
        let mut post = post("posts/a", Kind::Image, "x");
        post.first_comment = Some("First".to_owned());
        let sent = record(Kind::Image, "x", &[100]);
        let live = attempt::published(sent, Some("179".into()), Via::Publish, at(101), Some(&post));
        let bench = Bench::new(102, [live.clone()], answers);
        let (scope, engine, book) = bench.parts();
        Finisher::new(scope, engine, book).send_extras(&post, live, origin).await.unwrap();
        let record = bench.record();
        (bench, record)
    }

    #[tokio::test]
    async fn the_comment_of_a_post_of_this_run_is_sent() {
        let (bench, record) = comment(Origin::ThisRun, [Answer::Finish(Finishing::Done)]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Done), 0));
    }

    #[tokio::test]
    async fn a_comment_that_an_earlier_run_owes_is_looked_for_first() {
        let listed = Answer::List(vec![media("179", Kind::Image, Some("x"), 101)]);
        let said = Answer::Comments(vec!["First".to_owned()]);
        let (bench, record) = comment(Origin::AnEarlierRun, [listed, said]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Done), 0));
    }

    #[tokio::test]
    async fn media_that_the_account_does_not_list_get_no_comment_of_an_earlier_run() {
        let listed = Answer::List(vec![media("180", Kind::Image, Some("x"), 101)]);
        let (bench, record) = comment(Origin::AnEarlierRun, [listed]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Due), 0));
    }

    #[tokio::test]
    async fn media_of_another_post_never_get_it() {
        let listed = Answer::List(vec![media("179", Kind::Image, Some("something else"), 101)]);
        let (bench, record) = comment(Origin::AnEarlierRun, [listed]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Failed), 0));
    }
}
