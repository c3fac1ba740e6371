//! The container of a carousel, made over those of its items: unfinished items are waited for, dead ones are made
//! anew, in the same run.
//!
//! Meta's text has the items finished before; what the API does otherwise is not documented. So pictures are not asked
//! about first, and whatever a refusal says, the items' own status decides.

use std::time::Duration;

use igsync_base::id::PartId;
use igsync_model::lockfile::{Reason, Record};
use igsync_model::manifest::{MediaType, Post};

use super::super::attempt;
use super::super::engine::{Class, Made, Part, Reading, Refusal};
use super::super::failure::Failure;
use super::super::poll;
use super::super::stop::{Halt, Stop};
use super::super::waits_for::WaitsFor;
use super::Preparer;

/// So often one run makes a carousel's dead items anew.
const MAX_REMADE: u32 = 2;

/// So often one run asks again although every item is finished.
const MAX_ASKED: u32 = 4;

impl Preparer {
    /// Makes the container of a carousel whose items all have one.
    pub(super) async fn assemble(&self, post: &Post, mut record: Record) -> Result<(Record, Made), Stop> {
        let give_up_at = self.scope.clock.monotonic() + self.scope.waits.poll_budget;
        let (mut asked, mut remade) = (0, 0);
        // Videos take their time: a parent made over them too early would be refused.
        let mut dead = self.dead_items(post, &record, Look::Videos, give_up_at).await?;
        loop {
            if !dead.is_empty() {
                if remade == MAX_REMADE {
                    return Err(Stop::Post(dead[0].failure()));
                }
                remade += 1;
                record = self.replace(post, record, &dead).await?;
            }
            let refusal = match self.make_whole(post, &record).await? {
                Ok(made) => return Ok((record, made)),
                Err(refusal) => refusal,
            };
            let look = match refusal.class {
                Class::NotReady => Look::Unfinished,
                Class::NewDraft | Class::Other => Look::Gone,
                Class::Content | Class::Account | Class::Later => {
                    return Err(Stop::refused("making the container", &refusal));
                }
            };
            dead = self.dead_items(post, &record, look, give_up_at).await?;
            if dead.is_empty() {
                asked += 1;
                if asked == MAX_ASKED || refusal.class == Class::Other {
                    return Err(Stop::refused("making the container", &refusal));
                }
                let pause = poll::after_not_ready(asked, &self.scope.waits);
                self.scope.wait(&post.key, WaitsFor::NotReady, pause, self.engine.now()).await?;
            }
        }
    }

    /// Asks for the container once.
    async fn make_whole(&self, post: &Post, record: &Record) -> Result<Result<Made, Refusal>, Stop> {
        let children: Vec<PartId> = record.children.iter().map(|child| child.id.clone()).collect();
        self.scope.may_begin(&*self.engine)?;
        let made = self.scope.ask(self.engine.make(Part::Whole { post, children: &children })).await?;
        match made.as_ref().err().and_then(Halt::for_account) {
            Some(halt) => Err(Stop::Account(halt)),
            None => Ok(made),
        }
    }

    /// Waits until no item is in work, and gives those of which nothing can come. One that was refused for its content
    /// ends the post.
    async fn dead_items(
        &self,
        post: &Post,
        record: &Record,
        look: Look,
        give_up_at: Duration,
    ) -> Result<Vec<DeadItem>, Stop> {
        let mut dead = Vec::new();
        for (index, (item, child)) in post.content.items.iter().zip(&record.children).enumerate() {
            let is_video = item.media_type == MediaType::Video;
            if look == Look::Videos && !is_video {
                continue;
            }
            let is_in_work = |reading| match reading {
                Reading::Working => true,
                // On bad days Meta denies all containers, and makes carousels of them.
                Reading::Unreadable => look == Look::Unfinished,
                Reading::Ready | Reading::Live | Reading::Failed | Reading::Expired => false,
            };
            let observed = self.watch(post, child, is_video, give_up_at, is_in_work).await?;
            let is_dead = match observed.reading {
                Reading::Ready => false,
                Reading::Unreadable => look == Look::Gone,
                Reading::Failed | Reading::Expired => true,
                Reading::Working => return Err(Stop::Post(still_working(index + 1))),
                // Only with its carousel: the record of that one was lost.
                Reading::Live => return Err(self.is_live_already(record).await?),
            };
            if is_dead {
                dead.push(DeadItem { index, why: observed.why });
            }
        }
        match dead.iter().find(|item| item.why.as_ref().is_some_and(|why| why.class == Class::Content)) {
            Some(item) => Err(Stop::Post(item.failure())),
            None => Ok(dead),
        }
    }

    async fn is_live_already(&self, record: &Record) -> Result<Stop, Stop> {
        let unknown = self.book.write(attempt::unknown(record.clone(), Reason::MaybeLive)).await?;
        let key = unknown.key.argument();
        Ok(Stop::Post(Failure::new(
            "its items are live already, by a carousel whose record was lost",
            format!("check the account, then run `igsync resolve {key} --published` or `--not-published`"),
        )))
    }

    /// Ends the attempt whose items died, and continues with a new one: the living items stay, the others are made
    /// anew.
    async fn replace(&self, post: &Post, record: Record, dead: &[DeadItem]) -> Result<Record, Stop> {
        let is_dead = |index: usize| dead.iter().any(|item| item.index == index);
        let children = record.children.clone();
        let living =
            children.into_iter().enumerate().map(|(index, child)| (!is_dead(index)).then_some(child)).collect();
        let sent = record.sent_digest().cloned();
        self.book.end(attempt::not_published(record, Reason::ContainerGone)).await?;
        let next = attempt::begin(post, &self.scope.user_id, self.scope.new_attempt(), self.terms.graph.clone());
        let next = next.with_sent_digest(sent);
        self.make_children(post, next, living).await
    }
}

/// What the items are looked at for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Before anything is refused; of pictures nothing is asked.
    Videos,
    /// Some are not finished.
    Unfinished,
    /// Some are gone: one that cannot be read is.
    Gone,
}

/// An item of which nothing can come.
struct DeadItem {
    /// From 0.
    index: usize,
    /// What the service says of it.
    why: Option<Refusal>,
}

impl DeadItem {
    fn failure(&self) -> Failure {
        self.why.as_ref().map_or_else(Failure::expired, Failure::dead).in_item(self.index + 1)
    }
}

fn still_working(number: usize) -> Failure {
    let reason = "Meta is still processing the media";
    let failure = Failure::new(reason, "run apply again: it continues with the same containers").in_item(number);
    Failure { is_busy: true, ..failure }
}
