//! What follows a publish and never undoes or repeats it: first comment, comment switch, permalinks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph::retry::{Call, Verdict, decide};
use crate::graph::{Error, Media};
use crate::id::{Kind, MediaId};
use crate::lockfile::{Comment, Record, State, Switch, Via};
use crate::manifest::Post;

use super::account::AccountRun;
use super::by_hand::link_code;
use super::context::Halt;
use super::event::Event;
use super::matching::Look;
use super::protocol::Origin;
use super::waiting::WaitsFor;

impl AccountRun {
    /// Sends the first comment, then switches comments off, as the record says is due.
    /// `origin` is the run that published it.
    pub(super) async fn send_extras(&self, post: &Post, mut record: Record, origin: Origin) -> Result<(), Halt> {
        let Some(media_id) = record.certain_media().cloned() else { return Ok(()) };
        record = match record.comment {
            Some(Comment::Due) => self.send_comment(post, record, &media_id, origin).await?,
            Some(Comment::Intent) => self.settle_comment(post, record, &media_id).await?,
            Some(Comment::Unknown | Comment::Failed | Comment::Done) | None => record,
        };
        if record.comment_switch == Some(Switch::Due) {
            self.switch_comments_off(post, record, &media_id).await?;
        }
        Ok(())
    }

    async fn send_comment(
        &self,
        post: &Post,
        mut record: Record,
        media_id: &MediaId,
        origin: Origin,
    ) -> Result<Record, Halt> {
        let Some(text) = &post.first_comment else { return Ok(record) };
        self.shared.go_on()?;
        let age = |record: &Record| {
            let published = record.published_at.unwrap_or(Timestamp::MIN);
            // One that lies in the future is no reason to hurry.
            Duration::try_from(self.client.server_now().duration_since(published)).unwrap_or_default()
        };
        let is_shared = self.shared.is_kept_elsewhere();
        // Whoever has published a post has this long to comment on it; others wait, and ask for it.
        let own_time = self.shared.waits.http_timeout * 2 + self.shared.waits.settle;
        let is_ours =
            origin == Origin::ThisRun && (!is_shared || age(&record) + self.shared.waits.http_timeout < own_time);
        if is_shared && !is_ours {
            self.wait(&record.key, WaitsFor::Comment, own_time.saturating_sub(age(&record))).await?;
        }
        // A lockfile that went back in time calls a comment due that stands there already.
        if !is_ours {
            match self.is_said(media_id, text).await? {
                Some(false) => {}
                Some(true) => {
                    record.comment = Some(Comment::Done);
                    return self.write(record);
                }
                None => return Ok(record),
            }
        }
        self.shared.still_alone()?;
        record.comment = Some(Comment::Intent);
        let mut record = if is_ours { self.write(record)? } else { record };
        if !is_ours && self.shared.claim(vec![vec![record.clone()]]).await? != [true] {
            return Ok(self.current(record));
        }
        match self.shared.ask(self.client.comment(media_id, text)).await? {
            Ok(_) => record.comment = Some(Comment::Done),
            Err(error) if decide(Call::Comment, &error, 1) == Verdict::OutcomeUnknown => {
                return self.settle_comment(post, record, media_id).await;
            }
            Err(error) => {
                record.comment = Some(Comment::Failed);
                self.warn(post, format!("the first comment was not posted: {error}"))?;
            }
        }
        self.write(record)
    }

    /// Two looks at the comments; one that is not seen is never sent again.
    async fn settle_comment(&self, post: &Post, mut record: Record, media_id: &MediaId) -> Result<Record, Halt> {
        let text = post.first_comment.as_deref().unwrap_or_default();
        for look in 0..2 {
            if look > 0 {
                self.wait(&record.key, WaitsFor::SecondLook, self.shared.waits.look).await?;
            }
            match self.is_said(media_id, text).await? {
                Some(false) => {}
                Some(true) => {
                    record.comment = Some(Comment::Done);
                    return self.write(record);
                }
                None => return Ok(record),
            }
        }
        record.comment = Some(Comment::Unknown);
        let record = self.write(record)?;
        self.warn(post, "whether the first comment was posted is not known; it is not sent again".to_owned())?;
        Ok(record)
    }

    /// Whether a comment with this text is there; `None` where it can not be told now.
    async fn is_said(&self, media_id: &MediaId, text: &str) -> Result<Option<bool>, Halt> {
        match self.shared.ask(self.client.comments(media_id, COMMENT_PAGES)).await? {
            Ok(comments) => {
                let said =
                    |comment: &crate::graph::Comment| comment.text.as_deref().map(str::trim) == Some(text.trim());
                Ok(Some(comments.iter().any(said)))
            }
            Err(error) => Halt::for_account(&error).map_or(Ok(None), Err),
        }
    }

    async fn switch_comments_off(&self, post: &Post, mut record: Record, media_id: &MediaId) -> Result<(), Halt> {
        self.shared.go_on()?;
        match self.shared.ask(self.client.set_comment_enabled(media_id, false)).await? {
            Ok(()) => record.comment_switch = Some(Switch::Done),
            Err(Error::Api(refusal)) => {
                record.comment_switch = Some(Switch::Failed);
                self.warn(post, format!("comments could not be switched off: {refusal}"))?;
            }
            // Nothing is lost by asking again: the next run does.
            Err(_) => {
                return self.warn(post, "comments are not switched off yet; the next run tries again".to_owned());
            }
        }
        self.write(record).map(drop)
    }

    fn warn(&self, post: &Post, reason: String) -> Result<(), Halt> {
        self.shared.tell(&Event::PostWarning { post: self.post_ref(&post.key), reason })
    }

    /// One listing after the last publish gives the permalinks of all posts, and the ids that lost
    /// answers left open.
    pub async fn enrich(&self) -> Result<(), Halt> {
        let recent = self.client.server_now() - SignedDuration::from_hours(24 * 7);
        let bare = self.published_without(|record| {
            (record.permalink.is_none() || record.media_id.is_none())
                && record.published_at.is_none_or(|published| published > recent)
        });
        if bare.is_empty() || self.shared.go_on().is_err() {
            return Ok(());
        }
        // Permalinks are a courtesy: what goes wrong here says nothing about the posts.
        let Ok(mut media) = self.shared.ask(self.client.newest(&self.user_id, AFTER)).await? else { return Ok(()) };
        if bare.iter().any(|record| record.kind == Kind::Story) {
            let stories = self.shared.ask(self.client.stories(&self.user_id, 1)).await?;
            media.extend(stories.map(|listing| listing.media).unwrap_or_default());
        }
        let look = Look { media, reaches_back: false };
        for mut record in bare {
            if record.media_id.is_none() {
                let Some(named) = self.named(record, &look).await? else { continue };
                record = named;
            }
            if record.permalink.is_some() {
                continue;
            }
            let link = look
                .media
                .iter()
                .find(|media| Some(&media.id) == record.media_id.as_ref())
                .and_then(|media| media.permalink.clone());
            if let Some(permalink) = link {
                record.permalink = Some(permalink.clone());
                let record = self.write(record)?;
                self.shared.tell(&Event::PostEnriched { post: self.post_ref(&record.key), permalink })?;
            }
        }
        Ok(())
    }

    /// Finds the ids that lost answers left open, so that no other post is taken for those media.
    pub(super) async fn name_what_is_live(&self, look: &Look) -> Result<(), Halt> {
        for record in self.published_without(|record| record.media_id.is_none()) {
            self.named(record, look).await?;
        }
        Ok(())
    }

    /// Finds the id of a live post and writes it down: by the link that a person gave, else by matching.
    async fn named(&self, mut record: Record, look: &Look) -> Result<Option<Record>, Halt> {
        if let Some(named) = self.named_by_link(&record, look) {
            record.media_id = Some(named);
        } else {
            let Some(found) = self.second_look(&record, look).await? else { return Ok(None) };
            record.media_id = Some(found);
            // Whoever said that it is live did not say that it is this media.
            record.via = Some(Via::Settled);
        }
        self.write(record).map(Some)
    }

    /// The media that a person has named by its link.
    fn named_by_link(&self, record: &Record, look: &Look) -> Option<MediaId> {
        let code = link_code(record.permalink.as_deref()?)?;
        let claimed = self.claimed();
        let is_it = |media: &&Media| media.permalink.as_deref().and_then(link_code).as_ref() == Some(&code);
        look.media.iter().find(is_it).map(|media| media.id.clone()).filter(|id| !claimed.contains(id))
    }

    fn published_without(&self, lacks: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.shared.with_records(|records| {
            records
                .iter()
                .filter(|record| record.user_id == self.user_id && record.state == State::Published && lacks(record))
                .cloned()
                .collect()
        })
    }
}

/// Pages of comments: a post is minutes old when its first comment is looked for.
const COMMENT_PAGES: u32 = 3;

/// Media read after the last publish.
const AFTER: u32 = 50;
