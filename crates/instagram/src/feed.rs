//! `GET /{user}/media` with all that can be read back of a post.

use std::collections::HashSet;

use jiff::Timestamp;
use url::Url;

use super::answer::is_id;
use super::client::{Ask, Client};
use super::errors::Error;
use super::listing::{MEDIA, ONE, PAGE, kind_of, malformed, next_cursor};
use super::permalink::permalink;
use super::retry::{Call, Pace};
use super::selection::{half, is_too_much, may_be_too_much};
use super::time::meta_time;
use super::wire::{CopyrightCheck, IdAnswer, Page, PostAnswer, SlideAnswer};
use igsync_base::feed::{Audio, Feed, LiveChild, LivePost};
use igsync_base::id::{Kind, MediaId, UserId};
use igsync_base::net;

/// Pages of a listing that was read to its end: Meta lists the newest 10,000 media.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
pub const WHOLE_FEED: u32 = 100;

/// Signed links are below a thousand characters.
const LONGEST_LINK: usize = 4_000;

impl Client {
    /// The account's posts with all that can be read back, newest first, each once, and some that are older than
    /// `since`; `None`: all of them. Filtering by time is left to the caller. No stories.
    ///
    /// At most `max_pages` times 100 posts. A field that this login does not have, and a page that is too large, are
    /// not asked for again by this client.
    ///
    /// # Errors
    ///
    /// A page that cannot be read, or that was there before: a part of a feed is never given for the whole.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
    pub async fn feed(&self, user: &UserId, since: Option<Timestamp>, max_pages: u32) -> Result<Feed, Error> {
        let mut feed = Feed::default();
        let (mut seen, mut cursors) = (HashSet::new(), HashSet::new());
        let mut after: Option<String> = None;
        let mut left = max_pages.saturating_mul(PAGE);
        while left > 0 {
            let page = self.feed_page(user, after.as_deref(), &mut left, &mut feed.calls).await?;
            for answer in page.data {
                let post = self.live_post(MEDIA, answer)?;
                if seen.insert(post.id.clone()) {
                    feed.posts.push(post);
                }
            }
            let oldest = feed.posts.iter().rev().find_map(|post| post.at);
            let is_past = oldest.zip(since).is_some_and(|(oldest, since)| oldest < since);
            let next = next_cursor(MEDIA, page.paging)?;
            if is_past || next.is_none() {
                feed.is_complete = true;
                break;
            }
            if next.as_ref().is_some_and(|next| !cursors.insert(next.clone())) {
                return Err(malformed(MEDIA, "the listing repeats itself"));
            }
            after = next;
        }
        Ok(feed)
    }

    /// One live post, read again: for a link to its media that has expired, or for a second look.
    ///
    /// # Errors
    ///
    /// [`Error::is_unreadable`] where Meta denies it, which it also does for live ones on bad days.
    pub async fn feed_one(&self, media: &MediaId) -> Result<LivePost, Error> {
        let path = [media.as_str()];
        loop {
            let ask = Ask::get(ONE, &path, vec![("fields", self.selection().fields())]);
            match self.retried::<PostAnswer>(Call::Read, &ask).await {
                Ok(answer) => return self.live_post(ONE, answer),
                Err(error) if self.selection().leave_out(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Text of a live post, which is as the server sent it, without any secret of this client: fit to be shown or
    /// written once its control characters are gone.
    #[must_use]
    pub fn without_secrets(&self, text: &str) -> String {
        self.secrets.hide(text)
    }

    /// Reads nothing of a media but that it answers.
    ///
    /// # Errors
    ///
    /// As [`Self::feed_one`].
    pub async fn exists(&self, media: &MediaId) -> Result<(), Error> {
        let path = [media.as_str()];
        let ask = Ask::get(ONE, &path, vec![("fields", "id".to_owned())]);
        let answer: IdAnswer = self.retried(Call::Read, &ask).await?;
        if answer.id == media.as_str() { Ok(()) } else { Err(malformed(ONE, "another id than the one asked for")) }
    }

    /// One page, asked for with fewer fields or posts until it comes. `left` falls by the posts asked for.
    async fn feed_page(
        &self,
        user: &UserId,
        after: Option<&str>,
        left: &mut u32,
        calls: &mut u32,
    ) -> Result<Page<PostAnswer>, Error> {
        let path = [user.as_str(), "media"];
        let mut smaller: Option<u32> = None;
        let mut halved = 0;
        loop {
            let (fields, usual) = {
                let selection = self.selection();
                (selection.fields(), selection.page)
            };
            let size = smaller.unwrap_or(usual);
            let mut params = vec![("fields", fields), ("limit", size.to_string())];
            params.extend(after.map(|after| ("after", after.to_owned())));
            let ask = Ask::get(MEDIA, &path, params);
            let smallest = half(size).is_none();
            let answer = self.retried_unless(Call::Read, &ask, |error| {
                *calls += 1;
                !smallest && may_be_too_much(error)
            });
            let error = match answer.await {
                Ok(page) => {
                    *calls += 1;
                    *left = left.saturating_sub(size);
                    return Ok(page);
                }
                Err(error) => error,
            };
            if self.selection().leave_out(&error) {
                continue;
            }
            let Some(less) = half(size).filter(|_| may_be_too_much(&error)) else { return Err(error) };
            if is_too_much(&error) {
                self.selection().page = less;
            }
            smaller = Some(less);
            halved += 1;
            self.pause(Pace::Soon, halved).await;
        }
    }

    /// What an answer says in the form that is kept; a listing with something else in it is no answer.
    fn live_post(&self, edge: &'static str, answer: PostAnswer) -> Result<LivePost, Error> {
        let id = media_id(edge, answer.id)?;
        let (media_type, product) = (answer.media_type.as_deref(), answer.media_product_type.as_deref());
        let is_old_video = (media_type, product) == (Some("VIDEO"), Some("FEED"));
        let kind = if is_old_video { Some(Kind::Reel) } else { kind_of(media_type, product) };
        let children = answer.children.map(|page| page.data.into_iter().map(|slide| self.slide(edge, slide)).collect());
        Ok(LivePost {
            id,
            kind,
            is_old_video,
            at: answer.timestamp.as_deref().and_then(meta_time),
            caption: answer.caption,
            permalink: answer.permalink.and_then(|text| permalink(&text, &self.endpoint, &self.secrets)),
            alt_text: answer.alt_text,
            share_to_feed: answer.is_shared_to_feed,
            comment_enabled: answer.is_comment_enabled,
            is_ai_generated: answer.is_ai_generated,
            audio: answer.media_audio_type.as_deref().and_then(audio),
            has_copyright_match: answer.copyright_check_information.as_ref().and_then(has_match),
            media_url: answer.media_url.filter(|link| self.is_fetchable(link)),
            thumbnail_url: answer.thumbnail_url.filter(|link| self.is_fetchable(link)),
            likes: answer.like_count.and_then(|count| count.try_into().ok()),
            comments: answer.comments_count.and_then(|count| count.try_into().ok()),
            children: children.transpose()?,
        })
    }

    fn slide(&self, edge: &'static str, answer: SlideAnswer) -> Result<LiveChild, Error> {
        Ok(LiveChild {
            id: media_id(edge, answer.id)?,
            is_video: answer.media_type.as_deref() == Some("VIDEO"),
            media_url: answer.media_url.filter(|link| self.is_fetchable(link)),
            thumbnail_url: answer.thumbnail_url.filter(|link| self.is_fetchable(link)),
            alt_text: answer.alt_text,
        })
    }

    /// Whether a link is to a host of the network, or to an API on this machine, without a secret in it.
    fn is_fetchable(&self, link: &str) -> bool {
        let Ok(url) = Url::parse(link) else { return false };
        let is_there = url.scheme() == "https" || self.endpoint.is_here(&url);
        is_there && !net::has_user(&url) && link.len() <= LONGEST_LINK && self.secrets.hide(link) == link
    }
}

fn media_id(edge: &'static str, text: String) -> Result<MediaId, Error> {
    if is_id(&text) {
        Ok(MediaId::new(text))
    } else {
        Err(malformed(edge, "the id of a media is not a decimal number"))
    }
}

fn audio(text: &str) -> Option<Audio> {
    match text {
        "MUSIC" => Some(Audio::Music),
        "ORIGINAL_SOUND" => Some(Audio::Original),
        _ => None,
    }
}

/// `None` while the check is not over.
fn has_match(check: &CopyrightCheck) -> Option<bool> {
    check.status.as_ref()?.matches_found
}

#[cfg(test)]
mod tests;
