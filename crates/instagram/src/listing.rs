//! `GET /{user}/media`, `/stories`: what is live.

use jiff::Timestamp;
use url::Url;

use super::answer::is_id;
use super::client::{Ask, Client};
use super::errors::{Error, Why};
use super::permalink::permalink;
use super::retry::Call;
use super::time::meta_time;
use super::wire::{MediaAnswer, Page, Paging};
use igsync_base::id::{Kind, MediaId, UserId};

pub(super) const MEDIA: &str = "media listing";
pub(super) const STORIES: &str = "stories listing";
pub(super) const ONE: &str = "one media";
/// Asking for a field that does not exist fails the whole request, so only what is used.
const FIELDS: &str = "id,caption,timestamp,media_type,media_product_type,permalink,children{id,media_type}";
/// The most that one page holds.
pub(super) const PAGE: u32 = 100;

/// One live media. Fields that Meta leaves out for some callers are optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub id: MediaId,
    /// `@` is missing for most callers. As the server sent it: to be compared, never to be written or shown.
    pub caption: Option<String>,
    /// Server time of the publish.
    pub timestamp: Option<Timestamp>,
    /// `None`: a kind that igsync does not publish, or does not know.
    pub kind: Option<Kind>,
    /// On Instagram's host, or on the host of an API on this machine; without query.
    pub permalink: Option<String>,
    /// Of a carousel; `None` where the listing did not say.
    pub child_count: Option<usize>,
    /// Of a carousel, in its order. Empty where the listing did not say, or names them by something else than ids.
    pub slides: Vec<MediaId>,
}

/// Several pages, newest first as Meta orders them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub media: Vec<Media>,
    /// The listing was read back past the time asked for, or to its end.
    pub is_complete: bool,
}

impl Client {
    /// The newest media, at most `limit` (and 100), with one call. Fewer can come although there are more.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
    pub async fn newest(&self, user: &UserId, limit: u32) -> Result<Vec<Media>, Error> {
        let page = self.page(MEDIA, user, "media", limit.clamp(1, PAGE), None).await?;
        page.data.into_iter().map(|answer| self.media_of(MEDIA, answer)).collect()
    }

    /// All media since `since`, and some older ones, with at most `max_pages` calls of 100 media each.
    /// Filtering by time is left to the caller: Meta's own is not reliable. No stories.
    pub async fn back_to(&self, user: &UserId, since: Timestamp, max_pages: u32) -> Result<Listing, Error> {
        self.pages(MEDIA, user, "media", Some(since), max_pages).await
    }

    /// The live stories (of the last 24 hours).
    pub async fn stories(&self, user: &UserId, max_pages: u32) -> Result<Listing, Error> {
        self.pages(STORIES, user, "stories", None, max_pages).await
    }

    /// One live media.
    pub async fn media(&self, media: &MediaId) -> Result<Media, Error> {
        let path = [media.as_str()];
        let ask = Ask::get(ONE, &path, vec![("fields", FIELDS.to_owned())]);
        let answer: MediaAnswer = self.retried(Call::Read, &ask).await?;
        self.media_of(ONE, answer)
    }

    /// What an answer says in the form that is kept; a listing with something else in it is no answer.
    fn media_of(&self, edge: &'static str, answer: MediaAnswer) -> Result<Media, Error> {
        if !is_id(&answer.id) {
            return Err(malformed(edge, "the id of a media is not a decimal number"));
        }
        let child_count = answer.children.as_ref().map(|children| children.data.len());
        let slides = answer.children.into_iter().flat_map(|page| page.data).map(|slide| slide.id);
        let slides: Option<Vec<MediaId>> = slides.map(|id| is_id(&id).then(|| MediaId::new(id))).collect();
        Ok(Media {
            id: MediaId::new(answer.id),
            caption: answer.caption,
            timestamp: answer.timestamp.as_deref().and_then(meta_time),
            kind: kind_of(answer.media_type.as_deref(), answer.media_product_type.as_deref()),
            permalink: answer.permalink.and_then(|text| permalink(&text, &self.endpoint, &self.secrets)),
            child_count,
            slides: slides.unwrap_or_default(),
        })
    }

    async fn pages(
        &self,
        edge: &'static str,
        user: &UserId,
        name: &str,
        since: Option<Timestamp>,
        max_pages: u32,
    ) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut after: Option<String> = None;
        for _ in 0..max_pages {
            let page = self.page(edge, user, name, PAGE, after.as_deref()).await?;
            for answer in page.data {
                listing.media.push(self.media_of(edge, answer)?);
            }
            let oldest = listing.media.last().and_then(|media| media.timestamp);
            let is_past = oldest.zip(since).is_some_and(|(oldest, since)| oldest < since);
            let next = next_cursor(edge, page.paging)?;
            if is_past || next.is_none() {
                listing.is_complete = true;
                break;
            }
            if next == after {
                return Err(malformed(edge, "the listing repeats itself"));
            }
            after = next;
        }
        Ok(listing)
    }

    async fn page(
        &self,
        edge: &'static str,
        user: &UserId,
        name: &str,
        limit: u32,
        after: Option<&str>,
    ) -> Result<Page<MediaAnswer>, Error> {
        let path = [user.as_str(), name];
        let mut params = vec![("fields", FIELDS.to_owned()), ("limit", limit.to_string())];
        params.extend(after.map(|after| ("after", after.to_owned())));
        self.retried(Call::Read, &Ask::get(edge, &path, params)).await
    }
}

pub(super) fn malformed(edge: &'static str, what: &str) -> Error {
    Error::Unclear { edge, why: Why::Malformed(what.to_owned()) }
}

/// The cursor of the next page. `next` itself is never called: it holds the token, and a foreign host
/// could be in it. Only its absence ends the listing; a short page does not.
pub(super) fn next_cursor(edge: &'static str, paging: Option<Paging>) -> Result<Option<String>, Error> {
    let Some(paging) = paging else { return Ok(None) };
    let Some(next) = paging.next else { return Ok(None) };
    let from_cursors = paging.cursors.map(|cursors| cursors.after).filter(|after| !after.is_empty());
    let from_url = || {
        let url = Url::parse(&next).ok()?;
        url.query_pairs().find(|(name, _)| name == "after").map(|(_, after)| after.into_owned())
    };
    match from_cursors.or_else(from_url).filter(|after| !after.is_empty()) {
        Some(after) => Ok(Some(after)),
        None => Err(malformed(edge, "a next page without a cursor")),
    }
}

/// Since 2023 a single feed video is a reel, so a video whose product is not shown is one.
pub(super) fn kind_of(media_type: Option<&str>, product: Option<&str>) -> Option<Kind> {
    match (media_type, product) {
        (_, Some("STORY")) => Some(Kind::Story),
        (_, Some("AD")) => None,
        (Some("IMAGE"), _) => Some(Kind::Image),
        (Some("CAROUSEL_ALBUM"), _) => Some(Kind::Carousel),
        (Some("VIDEO"), Some("REELS") | None) => Some(Kind::Reel),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
