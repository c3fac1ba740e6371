//! `POST /{user}/media_publish`: the one call that cannot be undone.

use super::answer::is_id;
use super::client::{Ask, Client};
use super::codes;
use super::errors::{ApiError, Error, Why};
use super::wire::IdAnswer;
use igsync_base::id::{ContainerId, MediaId, UserId};

const EDGE: &str = "media_publish";

/// What a failed publish proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishAnswer {
    /// The request never left this machine.
    NotSent,
    /// A well-formed refusal. One status read of `FINISHED` then proves that nothing was published,
    /// unless an earlier publish of the same container was unclear.
    Refused(ApiError),
    /// 9007, also seen after `FINISHED`: as a refusal, and the same container can be published later.
    NotReady(ApiError),
    /// It may be live.
    Unclear,
}

/// Reads the failure of [`Client::publish`]. Errors have come back for posts that were live, so only
/// refusals that say "not at all" are believed; everything else is unclear.
#[must_use]
pub fn publish_outcome(failure: &Error) -> PublishAnswer {
    match failure {
        Error::NotSent { .. } | Error::Local { .. } => PublishAnswer::NotSent,
        Error::Api(error) if !is_well_formed(error) => PublishAnswer::Unclear,
        Error::Api(error) if error.code == 9007 => PublishAnswer::NotReady((**error).clone()),
        Error::Api(error) if is_refusal(error) => PublishAnswer::Refused((**error).clone()),
        Error::Api(_) | Error::Unclear { .. } | Error::Upload(_) => PublishAnswer::Unclear,
    }
}

/// An error status, and code and subcode that belong together.
fn is_well_formed(error: &ApiError) -> bool {
    error.http_status >= 400 && !codes::contradicts(error.code, error.subcode)
}

fn is_refusal(error: &ApiError) -> bool {
    match (error.code, error.subcode) {
        (9, subcode) => subcode == Some(2_207_042),
        (10 | 17 | 24 | 25 | 32 | 102 | 190 | 613 | 80_002 | 200..=299 | 36_000..=36_999, _) => true,
        _ => false,
    }
}

impl Client {
    /// Publishes a finished container and gives the id of the new media. Sent once, whatever happens.
    ///
    /// Not idempotent: read an error with [`publish_outcome`], and where that is unclear read
    /// [`Client::container_status`] before anything else. Success is status 200 with a decimal id that is
    /// neither the container's nor the account's.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media_publish>
    pub async fn publish(&self, user: &UserId, container: &ContainerId) -> Result<MediaId, Error> {
        let path = [user.as_str(), EDGE];
        let params = vec![("creation_id", container.as_str().to_owned())];
        let answer: IdAnswer = self.once(&Ask::post(EDGE, &path, params)).await?;
        if !is_id(&answer.id) || answer.id == container.as_str() || answer.id == user.as_str() {
            return Err(Error::Unclear { edge: EDGE, why: Why::NoNewId });
        }
        Ok(MediaId::new(answer.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, Scripted, answer, api, client, fixture, refused, silence};
    use super::*;
    use igsync_ports::TransportError;

    const USER: &str = "17841400000000001";
    const CONTAINER: &str = "17889455560051444";

    async fn publish(script: &Script) -> Result<MediaId, Error> {
        client(script).publish(&UserId::from(USER), &ContainerId::from(CONTAINER)).await
    }

    #[tokio::test]
    async fn a_publish_sends_the_container_and_nothing_else() {
        let script = Script::of([answer(200, &fixture("media_published.json")).into()]);
        assert_eq!(publish(&script).await, Ok(MediaId::from("17920238422030506")));
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/17841400000000001/media_publish");
        assert_eq!((sent.method.as_str(), &*sent.body), ("POST", "creation_id=17889455560051444"));
    }

    #[tokio::test]
    async fn a_publish_is_never_sent_twice_by_itself() {
        for scripted in [
            silence(),
            refused(),
            Scripted(Err(TransportError::Unreadable("broke".to_owned()))),
            answer(503, "<html>").into(),
            answer(500, r#"{"error":{"code":2}}"#).into(),
            answer(400, &fixture("error_not_ready.json")).into(),
        ] {
            let script = Script::of([scripted]);
            assert!(publish(&script).await.is_err());
            assert_eq!(script.sent().len(), 1);
            assert!(script.clock.slept_ms().is_empty());
        }
    }

    #[tokio::test]
    async fn only_a_new_decimal_id_is_success() {
        for body in [
            r#"{"id":"17889455560051444"}"#,
            r#"{"id":"17841400000000001"}"#,
            r#"{"id":"abc"}"#,
            r#"{"id":""}"#,
            r#"{"id":17920238422030506}"#,
            r#"{"success":true}"#,
            "{}",
            "",
            r#"{"id":"17920238422030506","error":{"code":10}}"#,
            r#"{"id":"17920238422030506","error":{"message":"no code"}}"#,
            r#"{"id":"17920238422030506","error":"text"}"#,
            r#"{"id":"17920238422030506","id":"17920238422030507"}"#,
        ] {
            let error = publish(&Script::of([answer(200, body).into()])).await.unwrap_err();
            assert_eq!(publish_outcome(&error), PublishAnswer::Unclear, "{body}");
        }
        for status in [201, 204, 301, 302, 307, 404, 500] {
            let error =
                publish(&Script::of([answer(status, r#"{"id":"17920238422030506"}"#).into()])).await.unwrap_err();
            assert_eq!(publish_outcome(&error), PublishAnswer::Unclear, "{status}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_never_came_up_sent_nothing() {
        let error = publish(&Script::of([refused()])).await.unwrap_err();
        assert_eq!(publish_outcome(&error), PublishAnswer::NotSent);
        let error = publish(&Script::of([silence()])).await.unwrap_err();
        assert_eq!(publish_outcome(&error), PublishAnswer::Unclear);
    }

    #[test]
    fn a_closed_list_of_refusals_is_believed() {
        for (code, subcode) in [
            (9, Some(2_207_042)),
            (10, None),
            (102, None),
            (190, Some(463)),
            (200, None),
            (299, None),
            (17, None),
            (32, None),
            (613, Some(1996)),
            (80_002, None),
            (24, Some(2_207_006)),
            (24, Some(2_207_008)),
            (25, Some(2_207_050)),
            (36_000, Some(2_207_004)),
            (36_004, Some(2_207_010)),
        ] {
            let error = ApiError { http_status: 400, ..api(code, subcode) };
            let outcome = publish_outcome(&Error::Api(Box::new(error.clone())));
            assert_eq!(outcome, PublishAnswer::Refused(error), "{code}/{subcode:?}");
        }
        for (code, subcode) in [
            (1, None),
            (2, None),
            (-1, Some(2_207_001)),
            (4, None),
            (4, Some(2_207_051)),
            (190, Some(2_207_051)),
            (9007, Some(2_207_051)),
            (9, None),
            (100, Some(33)),
            (100, None),
            (341, None),
            (368, None),
            (80_001, None),
            (9004, Some(2_207_052)),
            (300, None),
            (37_000, None),
            (0, None),
        ] {
            let error = ApiError { http_status: 400, ..api(code, subcode) };
            assert_eq!(publish_outcome(&Error::Api(Box::new(error))), PublishAnswer::Unclear, "{code}/{subcode:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_back_only_a_plain_new_id_is_success(
            status in proptest::sample::select(vec![200_u16, 200, 201, 302, 400, 500]),
            body in r#"\{?("id"|"error"|"data"|:|,|"|1792|17889455560051444|\{|\}|null|true|"code":2|[ a\x00é]){0,8}\}?"#,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let result = runtime.block_on(publish(&Script::of([answer(status, &body).into()])));
            if let Ok(id) = &result {
                let text = id.as_str();
                proptest::prop_assert_eq!(status, 200);
                let quoted = format!("\"{text}\"");
                proptest::prop_assert!(body.contains(&quoted) && !body.contains("\"error\":"));
                proptest::prop_assert!(text != CONTAINER && text != USER);
            }
        }
    }

    #[tokio::test]
    async fn documented_refusals_are_read_as_what_they_prove() {
        for (name, refused) in
            [("quota", true), ("token_expired", true), ("spam", false), ("unreadable", false), ("fetch", false)]
        {
            let error = publish(&Script::of([answer(400, &fixture(&format!("error_{name}.json"))).into()])).await;
            let outcome = publish_outcome(&error.unwrap_err());
            assert_eq!(matches!(outcome, PublishAnswer::Refused(_)), refused, "{name}: {outcome:?}");
            assert_eq!(matches!(outcome, PublishAnswer::Unclear), !refused, "{name}: {outcome:?}");
        }
    }

    #[test]
    fn not_ready_is_told_apart() {
        let error = api(9007, Some(2_207_027));
        assert_eq!(publish_outcome(&Error::Api(Box::new(error.clone()))), PublishAnswer::NotReady(error));
    }

    #[test]
    fn a_refusal_under_a_success_status_is_unclear() {
        let error = ApiError { http_status: 200, ..api(10, None) };
        assert_eq!(publish_outcome(&Error::Api(Box::new(error))), PublishAnswer::Unclear);
    }
}
