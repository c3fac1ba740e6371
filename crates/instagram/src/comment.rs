//! `/{media}/comments` and the comment switch.

use jiff::{SignedDuration, Timestamp};

use super::client::{Ask, Client};
use super::errors::{Error, Why};
use super::listing::next_cursor;
use super::retry::Call;
use super::time::meta_time;
use super::wire::{CommentAnswer, IdAnswer, Page, SuccessAnswer};
use igsync_base::id::MediaId;

const EDGE: &str = "comments";
const LISTING: &str = "comments listing";
const SWITCH: &str = "comment_enabled";

/// One comment of a media. Its text is as the server sent it: to be compared, never to be written or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: String,
    pub text: Option<String>,
    pub timestamp: Option<Timestamp>,
    /// Of its author, where it was asked for.
    pub username: Option<String>,
}

/// What is written under a media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comments {
    pub comments: Vec<Comment>,
    /// Read to the end.
    pub is_complete: bool,
}

impl Client {
    /// Comments on a media and gives the comment's id. Sent once: a lost answer may have been a comment, so
    /// ask [`super::retry::decide`] and read [`Client::comments`].
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-media/comments>
    pub async fn comment(&self, media: &MediaId, message: &str) -> Result<String, Error> {
        let path = [media.as_str(), "comments"];
        let params = vec![("message", message.to_owned())];
        let answer: IdAnswer = self.once(&Ask::post(EDGE, &path, params)).await?;
        if is_comment_id(&answer.id) { Ok(answer.id) } else { Err(Error::Unclear { edge: EDGE, why: Why::NoNewId }) }
    }

    /// The comments of a media, with at most `max_pages` calls, newest first.
    pub async fn comments(&self, media: &MediaId, max_pages: u32) -> Result<Comments, Error> {
        self.comments_with("id,text,timestamp", media, max_pages).await
    }

    /// The same with the names of their authors.
    pub async fn comments_by_name(&self, media: &MediaId, max_pages: u32) -> Result<Comments, Error> {
        self.comments_with("id,text,timestamp,username", media, max_pages).await
    }

    async fn comments_with(&self, fields: &'static str, media: &MediaId, max_pages: u32) -> Result<Comments, Error> {
        let path = [media.as_str(), "comments"];
        let mut comments = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..max_pages {
            let mut params = vec![("fields", fields.to_owned()), ("limit", "50".to_owned())];
            params.extend(after.map(|after| ("after", after)));
            let page: Page<CommentAnswer> = self.retried(Call::Read, &Ask::get(LISTING, &path, params)).await?;
            for answer in page.data {
                if !is_comment_id(&answer.id) {
                    let why = Why::Malformed("the id of a comment is not a number".to_owned());
                    return Err(Error::Unclear { edge: LISTING, why });
                }
                let timestamp = answer.timestamp.as_deref().and_then(meta_time);
                let CommentAnswer { id, text, username, .. } = answer;
                comments.push(Comment { id, text, timestamp, username });
            }
            after = next_cursor(LISTING, page.paging)?;
            if after.is_none() {
                return Ok(Comments { comments, is_complete: true });
            }
        }
        Ok(Comments { comments, is_complete: false })
    }

    /// Allows or forbids comments on a media; the only thing about it that can be changed.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media>
    pub async fn set_comment_enabled(&self, media: &MediaId, enabled: bool) -> Result<(), Error> {
        let path = [media.as_str()];
        let ask = Ask::post(SWITCH, &path, vec![("comment_enabled", enabled.to_string())]);
        let answer: SuccessAnswer = self.retried(Call::Switch, &ask).await?;
        if answer.success {
            return Ok(());
        }
        Err(Error::Unclear { edge: SWITCH, why: Why::Malformed("success is not true".to_owned()) })
    }
}

impl Comments {
    /// What `username` itself has commented first, as is done right after publishing: no later than an hour after `at`.
    #[must_use]
    pub fn first_of(&self, username: &str, at: Timestamp) -> Option<&str> {
        let until = at.saturating_add(SignedDuration::from_hours(1)).unwrap_or(at);
        let is_own = |comment: &&Comment| {
            let name = comment.username.as_deref();
            name.is_some_and(|name| name.eq_ignore_ascii_case(username))
                && comment.timestamp.is_some_and(|said| said <= until)
        };
        let own = self.comments.iter().filter(is_own).min_by_key(|comment| comment.timestamp)?;
        own.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Some are two numbers.
fn is_comment_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, answer, client, fixture, silence};
    use super::*;

    fn media() -> MediaId {
        MediaId::from("17920238422030506")
    }

    #[tokio::test]
    async fn a_comment_is_sent_once() {
        let script = Script::of([answer(200, &fixture("comment_created.json")).into()]);
        assert_eq!(client(&script).comment(&media(), "First! #sea").await, Ok("17870913679156914".to_owned()));
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/17920238422030506/comments");
        assert_eq!(sent.body, "message=First%21+%23sea");
        let script = Script::of([silence()]);
        assert!(client(&script).comment(&media(), "First!").await.is_err());
        assert_eq!(script.sent().len(), 1);
    }

    #[tokio::test]
    async fn comments_are_read_page_by_page() {
        let second = r#"{"data":[{"id":"2","text":"two","timestamp":"2026-11-23T15:16:15+0000"}]}"#;
        let script = Script::of([answer(200, &fixture("comments.json")).into(), answer(200, second).into()]);
        let comments = client(&script).comments(&media(), 3).await.unwrap();
        assert!(comments.is_complete);
        let texts: Vec<_> = comments.comments.iter().filter_map(|comment| comment.text.as_deref()).collect();
        assert_eq!(texts, ["First!", "two"]);
    }

    #[tokio::test]
    async fn comments_that_go_on_are_not_complete() {
        let script = Script::of([answer(200, &fixture("comments.json")).into()]);
        let comments = client(&script).comments(&media(), 1).await.unwrap();
        assert_eq!((comments.comments.len(), comments.is_complete), (1, false));
    }

    #[test]
    fn the_first_comment_is_the_oldest_of_the_account_itself_within_an_hour() {
        let said = |name: &str, text: &str, at: &str| Comment {
            id: "1".to_owned(),
            text: Some(text.to_owned()),
            timestamp: Some(at.parse().unwrap()),
            username: (!name.is_empty()).then(|| name.to_owned()),
        };
        let comments = |comments: &[Comment]| Comments { comments: comments.to_vec(), is_complete: true };
        let at = "2024-05-01T10:00:00Z".parse().unwrap();
        let thanks = said("harbour", "Thank you!", "2024-05-01T10:30:00Z");
        let first = said("Harbour", " #sea #fog ", "2024-05-01T10:00:05Z");
        let stranger = said("lighthouse", "First!", "2024-05-01T10:00:01Z");
        let gone = said("", "Gone", "2024-05-01T10:00:02Z");
        let all = comments(&[thanks.clone(), first, stranger.clone(), gone.clone()]);
        assert_eq!(all.first_of("harbour", at), Some("#sea #fog"));
        assert_eq!(comments(&[stranger, gone]).first_of("harbour", at), None);
        let late = comments(&[said("harbour", "Late", "2024-05-01T11:00:01Z")]);
        assert_eq!(late.first_of("harbour", at), None, "an answer to somebody");
        assert_eq!(comments(&[said("harbour", "  ", "2024-05-01T10:00:05Z")]).first_of("harbour", at), None);
    }

    #[tokio::test]
    async fn the_switch_is_repeated_after_a_lost_answer() {
        let script = Script::of([silence(), answer(200, r#"{"success":true}"#).into()]);
        assert!(client(&script).set_comment_enabled(&media(), false).await.is_ok());
        assert_eq!(script.sent()[1].body, "comment_enabled=false");
        let script = Script::of([answer(200, r#"{"success":false}"#).into()]);
        assert!(client(&script).set_comment_enabled(&media(), false).await.is_err());
    }
}
