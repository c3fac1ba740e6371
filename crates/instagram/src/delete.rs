//! `DELETE /{media}`, which cannot be undone, and what is shown of a post before.

use jiff::Timestamp;
use serde::Deserialize;

use super::answer::is_id;
use super::client::{Ask, Client};
use super::codes;
use super::endpoint::Flavour;
use super::errors::{ApiError, Error, Why};
use super::permalink::permalink;
use super::retry::Call;
use super::time::meta_time;
use igsync_base::id::{MediaId, UserId};
use igsync_ports::Method;

const EDGE: &str = "delete";
const LOOK: &str = "one media";

/// What a failed deletion proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteAnswer {
    /// The request never left this machine.
    NotSent,
    /// A well-formed refusal: the post is still there.
    Refused,
    /// Meta denies the object. It may be gone already, or the token may not delete it: looking tells.
    Denied,
    /// It may be gone or not.
    Unclear,
}

/// Reads the failure of [`Client::delete`]. Errors have come back for writes that took effect, so only refusals that
/// say "not at all" are believed; everything else is unclear.
#[must_use]
pub fn delete_outcome(failure: &Error) -> DeleteAnswer {
    match failure {
        Error::NotSent { .. } | Error::Local { .. } => DeleteAnswer::NotSent,
        Error::Api(error) if !is_well_formed(error) => DeleteAnswer::Unclear,
        Error::Api(error) if is_denial(error) => DeleteAnswer::Denied,
        Error::Api(error) if is_refusal(error) => DeleteAnswer::Refused,
        Error::Api(_) | Error::Unclear { .. } | Error::Upload(_) => DeleteAnswer::Unclear,
    }
}

fn is_well_formed(error: &ApiError) -> bool {
    error.http_status >= 400 && !codes::contradicts(error.code, error.subcode)
}

/// The words of an object that is gone, that the token may not see, or that takes no such request.
fn is_denial(error: &ApiError) -> bool {
    matches!((error.code, error.subcode), (100, Some(33)) | (803, _))
}

fn is_refusal(error: &ApiError) -> bool {
    match (error.code, error.subcode) {
        // Of the kind of post, or without a reason, for one account through July 2026.
        (-1, Some(2_207_073 | 2_207_085)) | (3 | 10 | 17 | 25 | 32 | 102 | 190 | 613 | 80_002 | 200..=299, _) => true,
        (4, subcode) => subcode.is_none(),
        _ => false,
    }
}

#[derive(Deserialize)]
struct DeleteReply {
    success: bool,
    #[serde(default)]
    deleted_id: Option<String>,
}

/// Which post some media are, and how people have answered to it. `None`: hidden, or not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownMedia {
    pub likes: Option<u64>,
    pub comments: Option<u64>,
    pub permalink: Option<String>,
    pub timestamp: Option<Timestamp>,
    /// The account whose media they are. Meta leaves it out where it does not tell.
    pub owner: Option<UserId>,
    /// As the server sent it: to be compared, never to be shown.
    pub caption: Option<String>,
}

/// Each of them is a field of the media node with both logins, so that none fails the request.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media>
const SHOWN: &str = "id,permalink,owner,timestamp,caption,like_count,comments_count";

#[derive(Deserialize)]
struct ShownAnswer {
    id: String,
    #[serde(default)]
    permalink: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    owner: Option<Owner>,
    #[serde(default)]
    caption: Option<String>,
    #[serde(default)]
    like_count: Option<i64>,
    #[serde(default)]
    comments_count: Option<i64>,
}

#[derive(Deserialize)]
struct Owner {
    id: String,
}

impl Client {
    /// Deletes a live post, reel, story or whole carousel. Sent once, whatever happens. Facebook Login only.
    ///
    /// Read an error with [`delete_outcome`], and where that is unclear look at the post before anything else.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media>
    pub async fn delete(&self, media: &MediaId) -> Result<(), Error> {
        if self.endpoint.flavour() != Flavour::Facebook {
            return Err(Error::Local { edge: EDGE, why: "Instagram Login has no deletion".to_owned() });
        }
        let path = [media.as_str()];
        let ask = Ask { edge: EDGE, method: Method::Delete, path: &path, params: Vec::new() };
        let answer: DeleteReply = self.once(&ask).await?;
        let is_other = answer.deleted_id.as_ref().is_some_and(|deleted| deleted != media.as_str());
        match (answer.success, is_other) {
            (true, false) => Ok(()),
            (false, _) => Err(malformed(EDGE, "success is not true")),
            (true, true) => Err(malformed(EDGE, "it names another media")),
        }
    }

    /// Which post some media are, and how people have answered to it.
    ///
    /// # Errors
    ///
    /// Where [`Error::is_unreadable`], Meta denies that it exists, which it also does for live ones on bad days.
    pub async fn shown(&self, media: &MediaId) -> Result<ShownMedia, Error> {
        let path = [media.as_str()];
        let ask = Ask::get(LOOK, &path, vec![("fields", SHOWN.to_owned())]);
        let answer: ShownAnswer = self.retried(Call::Read, &ask).await?;
        if answer.id != media.as_str() {
            return Err(malformed(LOOK, "another id than the one asked for"));
        }
        Ok(ShownMedia {
            likes: answer.like_count.and_then(|count| count.try_into().ok()),
            comments: answer.comments_count.and_then(|count| count.try_into().ok()),
            permalink: answer.permalink.and_then(|text| permalink(&text, &self.endpoint, &self.secrets)),
            timestamp: answer.timestamp.as_deref().and_then(meta_time),
            owner: answer.owner.filter(|owner| is_id(&owner.id)).map(|owner| UserId::from(owner.id.as_str())),
            caption: answer.caption,
        })
    }
}

fn malformed(edge: &'static str, what: &str) -> Error {
    Error::Unclear { edge, why: Why::Malformed(what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, Scripted, answer, api, client, refused, silence};
    use super::*;
    use igsync_ports::TransportError;

    fn media() -> MediaId {
        MediaId::from("17920238422030506")
    }

    const DELETED: &str = r#"{"success":true,"deleted_id":"17920238422030506"}"#;

    #[tokio::test]
    async fn a_deletion_names_the_post_and_nothing_else() {
        let script = Script::of([answer(200, DELETED).into()]);
        assert_eq!(client(&script).delete(&media()).await, Ok(()));
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/17920238422030506");
        assert_eq!((sent.method.as_str(), &*sent.body), ("DELETE", ""));
    }

    #[tokio::test]
    async fn a_deletion_is_never_sent_twice_by_itself() {
        for scripted in [
            silence(),
            refused(),
            Scripted(Err(TransportError::Unreadable("broke".to_owned()))),
            answer(503, "<html>").into(),
            answer(500, r#"{"error":{"code":2}}"#).into(),
            answer(200, r#"{"success":false}"#).into(),
        ] {
            let script = Script::of([scripted]);
            assert!(client(&script).delete(&media()).await.is_err());
            assert_eq!(script.sent().len(), 1);
        }
    }

    #[tokio::test]
    async fn only_the_word_about_this_post_is_success() {
        for body in [
            r#"{"success":false,"deleted_id":"17920238422030506"}"#,
            r#"{"success":true,"deleted_id":"17920238422030507"}"#,
            r#"{"success":"true"}"#,
            r#"{"deleted_id":"17920238422030506"}"#,
            r#"{"success":true,"error":{"code":10}}"#,
            "{}",
            "",
        ] {
            let error = client(&Script::of([answer(200, body).into()])).delete(&media()).await.unwrap_err();
            assert_eq!(delete_outcome(&error), DeleteAnswer::Unclear, "{body}");
        }
        for status in [201, 204, 302, 404, 500] {
            let error = client(&Script::of([answer(status, DELETED).into()])).delete(&media()).await.unwrap_err();
            assert_eq!(delete_outcome(&error), DeleteAnswer::Unclear, "{status}");
        }
        assert_eq!(client(&Script::of([answer(200, r#"{"success":true}"#).into()])).delete(&media()).await, Ok(()));
    }

    #[test]
    fn every_failure_proves_one_thing() {
        use DeleteAnswer::{Denied, NotSent, Refused, Unclear};
        for (code, subcode, expected) in [
            (-1, Some(2_207_073), Refused),
            (-1, Some(2_207_085), Refused),
            (3, None, Refused),
            (4, None, Refused),
            (10, None, Refused),
            (17, None, Refused),
            (25, Some(2_207_050), Refused),
            (32, None, Refused),
            (102, None, Refused),
            (190, Some(463), Refused),
            (200, None, Refused),
            (299, None, Refused),
            (613, None, Refused),
            (80_002, None, Refused),
            (100, Some(33), Denied),
            (803, None, Denied),
            (100, None, Unclear),
            (-1, Some(2_207_001), Unclear),
            (1, None, Unclear),
            (2, None, Unclear),
            (4, Some(2_207_051), Unclear),
            (9, Some(2_207_042), Unclear),
            (190, Some(2_207_051), Unclear),
            (300, None, Unclear),
            (0, None, Unclear),
        ] {
            let error = ApiError { http_status: 400, ..api(code, subcode) };
            assert_eq!(delete_outcome(&Error::Api(Box::new(error.clone()))), expected, "{code}/{subcode:?}");
            let under_success = ApiError { http_status: 200, ..error };
            assert_eq!(delete_outcome(&Error::Api(Box::new(under_success))), Unclear, "{code}/{subcode:?}");
        }
        assert_eq!(delete_outcome(&Error::NotSent { edge: EDGE, why: String::new() }), NotSent);
        assert_eq!(delete_outcome(&Error::Unclear { edge: EDGE, why: Why::NoAnswer(String::new()) }), Unclear);
    }

    #[tokio::test]
    async fn media_tell_which_post_they_are_or_are_denied() {
        let shown =
            async |status: u16, body: &str| client(&Script::of([answer(status, body).into()])).shown(&media()).await;
        let there = shown(
            200,
            r#"{"id":"17920238422030506","like_count":42,"permalink":"https://www.instagram.com/p/C9x/",
                "timestamp":"2026-11-23T15:16:15+0000","owner":{"id":"17841400000000001"}}"#,
        );
        let expected = ShownMedia {
            likes: Some(42),
            comments: None,
            permalink: Some("https://www.instagram.com/p/C9x/".to_owned()),
            timestamp: "2026-11-23T15:16:15Z".parse().ok(),
            owner: Some("17841400000000001".into()),
            caption: None,
        };
        assert_eq!(there.await.unwrap(), expected);
        // What could be any text is not shown to anyone.
        let hostile = r#"{"id":"17920238422030506","like_count":-1,"permalink":"https://evil.example/p/C9x/","owner":{"id":"\u001b[31m"}}"#;
        assert_eq!(shown(200, hostile).await.unwrap(), ShownMedia::default());
        let bare = shown(200, r#"{"id":"17920238422030506"}"#).await.unwrap();
        assert_eq!(bare, ShownMedia::default());
        let denied = r#"{"error":{"message":"no","code":100,"error_subcode":33}}"#;
        assert!(shown(400, denied).await.unwrap_err().is_unreadable());
        assert!(shown(200, r#"{"id":"17920238422030507"}"#).await.is_err());
        assert!(!shown(400, r#"{"error":{"message":"no","code":10}}"#).await.unwrap_err().is_unreadable());
    }
}
