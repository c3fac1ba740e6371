//! What follows a publish and never undoes or repeats it: first comment, comment switch, permalinks.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Unit};
use tokio::sync::OnceCell;

use igsync_base::id::{Kind, MediaId};
use igsync_model::lockfile::{Comment, Live, Record, Records, Sending, Switch, Via};
use igsync_model::manifest::{Post, comment_digest};
use igsync_model::plan::Owed;

use super::attempt::{self, later};
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

    /// Says that this run is about to send the first comment of what it has just published, so that one push carries
    /// both. It is sent by [`Self::send_extras`].
    pub(super) async fn announce_extras(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let is_due = record.live().is_some_and(|live| live.comment == Some(Comment::Due));
        let is_wanted = is_due && record.certain_media().is_some();
        // Asked to stop, the next run sends it, which then need not wait for this one.
        match &post.first_comment {
            Some(text) if is_wanted && self.scope.go_on().is_ok() => {
                self.book.write(self.announced(record, text)).await
            }
            _ => Ok(record),
        }
    }

    /// Sends the first comment, then switches comments off, as the record says is due.
    /// `origin` is the run that published it.
    pub(super) async fn send_extras(&self, post: &Post, mut record: Record, origin: Origin) -> Result<(), Stop> {
        let Some(media_id) = record.certain_media().cloned() else { return Ok(()) };
        if origin == Origin::AnEarlierRun && !self.may_write_to(post, &record, &media_id).await? {
            return Ok(());
        }
        record = match record.live().and_then(|live| live.comment) {
            Some(Comment::Due) => self.send_comment(post, record, &media_id).await?,
            Some(Comment::Intent) => self.deliver_comment(post, record, &media_id, origin == Origin::ThisRun).await?,
            Some(Comment::Unknown | Comment::Failed | Comment::Done) | None => record,
        };
        // With comments switched off a comment that is still to be sent would be refused.
        let is_due = |live: &Live| live.comment_switch == Some(Switch::Due) && !Owed::of(post, live).comment;
        if record.live().is_some_and(is_due) {
            self.switch_comments_off(post, record, &media_id).await?;
        }
        Ok(())
    }

    /// Switches comments off that the feed has shown to be on in this run. Whatever ends this, the next look at the feed
    /// finds them on.
    pub(super) async fn close_again(&self, post: &Post, record: Record) -> Result<(), Stop> {
        let Some(media_id) = record.certain_media().cloned() else { return Ok(()) };
        let is_rival =
            |records: &Records| claimed_by(records.iter(), &record.user_id, &record.key, &media_id).is_some();
        if self.book.with(is_rival) {
            return Ok(());
        }
        self.switch_comments_off(post, record, &media_id).await
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

    /// Sends a comment that an earlier run left due. The machine that published the post has some time for it; others
    /// wait, and look first: a lockfile that went back in time calls a comment due that is there already.
    async fn send_comment(&self, post: &Post, record: Record, media_id: &MediaId) -> Result<Record, Stop> {
        let Some(text) = &post.first_comment else { return Ok(record) };
        self.scope.go_on()?;
        if self.book.is_shared() {
            let published = record.published_at().unwrap_or(Timestamp::MIN);
            // One that lies in the future is no reason to hurry.
            let age = Duration::try_from(self.engine.now().duration_since(published)).unwrap_or_default();
            let rest = self.lease().saturating_sub(age);
            self.scope.wait(&record.key, WaitsFor::Comment, rest, self.engine.now()).await?;
        }
        match self.look_for(media_id, text).await? {
            Seen::Absent => self.deliver_comment(post, record, media_id, false).await,
            Seen::Posted => self.book.write(commented(record, Comment::Done)).await,
            Seen::NotToTheEnd => self.give_up_comment(post, record).await,
            Seen::Unreadable => Ok(record),
        }
    }

    /// Brings a comment to its end, sent or settled: one that two looks do not find after its lease is sent once more,
    /// never a third time. `is_announced`: this run has announced it and has not sent it.
    async fn deliver_comment(
        &self,
        post: &Post,
        mut record: Record,
        media_id: &MediaId,
        mut is_announced: bool,
    ) -> Result<Record, Stop> {
        let Some(text) = &post.first_comment else { return Ok(record) };
        loop {
            if !is_announced {
                if record.live().is_some_and(|live| live.comment == Some(Comment::Intent)) {
                    // Another text was sent: whether that one is there no one here can see.
                    let is_same = last_sending(&record).is_some_and(|sent| sent.text == comment_digest(text));
                    match self.settle_comment(&record, media_id, text).await? {
                        Seen::Posted => return self.book.write(commented(record, Comment::Done)).await,
                        Seen::Unreadable => return Ok(record),
                        Seen::Absent if is_same && sendings(&record) < MOST_SENDINGS => {}
                        Seen::Absent | Seen::NotToTheEnd => return self.give_up_comment(post, record).await,
                    }
                }
                record = self.announced(record, text);
                if self.book.claim(vec![vec![record.clone()]]).await? != [true] {
                    return Ok(self.book.current(record));
                }
            }
            self.scope.still_alone()?;
            // A push can take long, and a machine can sleep: what could take effect after the lease is not sent.
            let effect = self.scope.waits.http_timeout + self.scope.waits.settle;
            let until = later(self.engine.now(), effect);
            if self.engine.has_slept() || last_lease(&record).is_none_or(|lease| lease < until) {
                return Ok(record);
            }
            match self.scope.ask(self.engine.comment(media_id, text)).await? {
                Finishing::Done => return self.book.write(commented(record, Comment::Done)).await,
                Finishing::Unclear(_) => is_announced = false,
                Finishing::Refused(refusal) => {
                    // It waits: the next run looks for it, and sends it then.
                    if let Some(halt) = Halt::for_account(&refusal) {
                        return Err(Stop::Account(halt));
                    }
                    self.warn(post, format!("the first comment was not posted: {}", refusal.text))?;
                    return self.book.write(commented(record, Comment::Failed)).await;
                }
            }
        }
    }

    /// With one more sending that is about to happen.
    fn announced(&self, record: Record, text: &str) -> Record {
        let now = self.engine.now();
        let time = |at| attempt::whole(at, Unit::Millisecond);
        let sending =
            Sending { at: time(now), lease_until: time(later(now, self.lease())), text: comment_digest(text) };
        attempt::noted(record, |live| {
            live.comment = Some(Comment::Intent);
            live.comments.push(sending);
        })
    }

    /// Two looks at the comments, once nothing that was sent can still arrive.
    async fn settle_comment(&self, record: &Record, media_id: &MediaId, text: &str) -> Result<Seen, Stop> {
        // A record of an older igsync has no lease: its comment was sent right after its post.
        let lease = last_lease(record).or_else(|| record.published_at().map(|at| later(at, self.lease())));
        let rest = lease.map_or(Duration::ZERO, |lease| {
            Duration::try_from(lease.duration_since(self.engine.now())).unwrap_or_default()
        });
        if !rest.is_zero() {
            // Whoever writes a false time makes a run wait longer, up to a bound.
            let rest = rest.min(LONGEST_LEASE);
            self.scope.wait(&record.key, WaitsFor::Comment, rest, self.engine.now()).await?;
        }
        match self.look_for(media_id, text).await? {
            Seen::Absent => {}
            seen => return Ok(seen),
        }
        self.scope.wait(&record.key, WaitsFor::SecondLook, self.scope.waits.look, self.engine.now()).await?;
        self.look_for(media_id, text).await
    }

    async fn give_up_comment(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let record = self.book.write(commented(record, Comment::Unknown)).await?;
        self.warn(post, "it is not known whether the first comment was posted; it is not sent again".to_owned())?;
        Ok(record)
    }

    /// For so long a machine has a comment for itself once it has announced it, or its post: for one request and its
    /// effect, and for the push before it where other machines read the record.
    fn lease(&self) -> Duration {
        let waits = &self.scope.waits;
        let before = if self.book.is_shared() { waits.http_timeout } else { waits.http_timeout / 8 };
        before + waits.http_timeout + waits.settle
    }

    async fn look_for(&self, media_id: &MediaId, text: &str) -> Result<Seen, Stop> {
        match self.scope.ask(self.engine.comments(media_id, COMMENT_PAGES)).await? {
            Ok(comments) if comments.texts.iter().any(|said| is_alike(said, text)) => Ok(Seen::Posted),
            Ok(comments) if comments.is_complete => Ok(Seen::Absent),
            Ok(_) => Ok(Seen::NotToTheEnd),
            Err(refusal) => Halt::for_account(&refusal).map_or(Ok(Seen::Unreadable), |halt| Err(Stop::Account(halt))),
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
            let listed = look.media.iter().find(|media| Some(&media.id) == record.claimed_media());
            let link = match listed.and_then(|media| media.permalink.clone()) {
                Some(link) => Some(link),
                None => self.link_of(&record).await?,
            };
            if let Some(permalink) = link {
                let record = attempt::noted(record, |live| live.permalink = Some(permalink.clone()));
                let record = self.book.write(seen_in(record, &look)).await?;
                self.scope.emit(&Event::PostEnriched { post: self.scope.post_ref(&record.key), permalink })?;
            }
        }
        let is_its = |record: &&Record| record.user_id == self.scope.user_id && slides_in(record, &look).is_some();
        let others: Vec<Record> = self.book.with(|records| records.iter().filter(is_its).cloned().collect());
        for record in others {
            self.book.write(seen_in(record, &look)).await?;
        }
        Ok(())
    }

    /// The link of a post that a listing does not have yet: it lags behind, and the post itself does not.
    async fn link_of(&self, record: &Record) -> Result<Option<String>, Stop> {
        let Some(media) = record.certain_media().filter(|_| self.scope.go_on().is_ok()) else { return Ok(None) };
        let shown = self.scope.ask(self.engine.shown(media)).await?;
        Ok(shown.ok().flatten().and_then(|shown| shown.permalink))
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

/// What a look at the comments of a post shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Posted,
    Absent,
    /// There are more comments than are read.
    NotToTheEnd,
    Unreadable,
}

/// Whether a comment is the one that was sent, however Meta wrote it back.
fn is_alike(said: &str, sent: &str) -> bool {
    comment_digest(said) == comment_digest(sent)
}

/// No lease of a comment is believed for longer.
const LONGEST_LEASE: Duration = Duration::from_secs(15 * 60);

/// So often a comment is sent.
const MOST_SENDINGS: usize = 2;

/// How often a comment that was announced has been sent at most.
fn sendings(record: &Record) -> usize {
    record.live().map_or(0, |live| live.comments.len()).max(1)
}

fn last_sending(record: &Record) -> Option<&Sending> {
    record.live()?.comments.iter().max()
}

fn last_lease(record: &Record) -> Option<Timestamp> {
    last_sending(record).map(|sending| sending.lease_until)
}

/// The slides of a live carousel of which none are recorded. Which of them a container became no answer tells, and
/// whoever changes their order later does so in the app.
fn slides_in<'l>(record: &Record, look: &'l Look) -> Option<&'l Vec<MediaId>> {
    let is_meant = record.kind == Kind::Carousel && !record.is_imported();
    let is_new = is_meant && record.live().is_some_and(|live| live.slides.is_empty());
    let id = record.certain_media().filter(|_| is_new)?;
    let slides = &look.media.iter().find(|media| media.id == *id)?.slides;
    (!slides.is_empty() && slides.len() == record.children.len()).then_some(slides)
}

fn seen_in(record: Record, look: &Look) -> Record {
    match slides_in(&record, look).cloned() {
        Some(slides) => attempt::noted(record, |live| live.slides = slides.into()),
        None => record,
    }
}

fn commented(record: Record, comment: Comment) -> Record {
    attempt::noted(record, |live| live.comment = Some(comment))
}

fn switched(record: Record, switch: Switch) -> Record {
    attempt::noted(record, |live| live.comment_switch = Some(switch))
}

/// Pages of comments, 50 each: a post is minutes old when its first comment is looked for.
const COMMENT_PAGES: u32 = 10;

/// Media read after the last publish.
const AFTER: u32 = 50;

#[cfg(test)]
mod tests {
    use super::super::engine::{Class, Refusal};
    use super::super::testing::{Answer, Bench, at, media, post, record};
    use super::*;

    async fn comment(origin: Origin, answers: impl IntoIterator<Item = Answer>) -> (Bench, Record) {
        let mut post = post("posts/a", Kind::Image, "x");
        post.first_comment = Some("First".to_owned());
        let sent = record(Kind::Image, "x", &[100]);
        let live = attempt::published(sent, Some("179".into()), Via::Publish, at(101), Some(&post));
        let bench = Bench::new(102, [live.clone()], answers);
        let (scope, engine, book) = bench.parts();
        let finisher = Finisher::new(scope, engine, book);
        let live = match origin {
            Origin::ThisRun => finisher.announce_extras(&post, live).await.unwrap(),
            Origin::AnEarlierRun => live,
        };
        finisher.send_extras(&post, live, origin).await.unwrap();
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
        let said = Answer::Comments(&["First"]);
        let (bench, record) = comment(Origin::AnEarlierRun, [listed, said]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Done), 0));
    }

    #[tokio::test]
    async fn a_comment_that_two_looks_do_not_find_is_sent_once_more_and_never_a_third_time() {
        let unclear = || Answer::Finish(Finishing::Unclear(Refusal::new(Class::Other, "no answer", "")));
        let (nothing, done) = (|| Answer::Comments(&[]), Answer::Finish(Finishing::Done));
        let (bench, record) = comment(Origin::ThisRun, [unclear(), nothing(), nothing(), done]).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Done), 0));

        let twice = [unclear(), nothing(), nothing(), unclear(), nothing(), nothing()];
        let (bench, record) = comment(Origin::ThisRun, twice).await;
        assert_eq!((record.live().unwrap().comment, bench.engine.left()), (Some(Comment::Unknown), 0));
    }

    #[tokio::test]
    async fn a_comment_whose_text_has_changed_is_not_sent_beside_the_old_one() {
        let mut post = post("posts/a", Kind::Image, "x");
        post.first_comment = Some("Another".to_owned());
        let sent =
            attempt::published(record(Kind::Image, "x", &[100]), Some("179".into()), Via::Publish, at(101), None);
        let live = attempt::noted(sent, |live| {
            live.comment = Some(Comment::Intent);
            let (at, lease_until, text) = (at(102), at(103), comment_digest("First"));
            live.comments.push(Sending { at, lease_until, text });
        });
        let listed = Answer::List(vec![media("179", Kind::Image, Some("x"), 101)]);
        let bench = Bench::new(1000, [live.clone()], [listed, Answer::Comments(&[]), Answer::Comments(&[])]);
        let (scope, engine, book) = bench.parts();
        Finisher::new(scope, engine, book).send_extras(&post, live, Origin::AnEarlierRun).await.unwrap();
        assert_eq!((bench.record().live().unwrap().comment, bench.engine.left()), (Some(Comment::Unknown), 0));
    }

    #[tokio::test]
    async fn a_comment_that_appears_late_is_not_sent_again() {
        let unclear = Answer::Finish(Finishing::Unclear(Refusal::new(Class::Other, "no answer", "")));
        let (bench, record) =
            comment(Origin::ThisRun, [unclear, Answer::Comments(&[]), Answer::Comments(&["First"])]).await;
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
