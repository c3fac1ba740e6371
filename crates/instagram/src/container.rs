//! `POST /{user}/media` and `GET /{container}`: unpublished posts.

mod new;

use jiff::Timestamp;
use url::Url;

use super::answer::is_id;
use super::client::{Ask, Client};
use super::codes::{self, Known};
use super::errors::{Error, Why};
use super::retry::Call;
use super::text::clean;
use super::wire::{ContainerAnswer, IdAnswer, StatusCode};
use igsync_base::id::{ContainerId, UserId};

pub use new::{NewContainer, StoryMedia, Video, params};

const CREATE: &str = "media";
const STATUS: &str = "container status";

/// A container that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewlyCreated {
    pub id: ContainerId,
    /// Server time right after the answer; the container lives 24 hours from about then.
    pub created_at: Timestamp,
    /// Where the bytes go; only for [`Video::Upload`].
    pub upload: Option<Url>,
}

/// How far Meta is with a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    pub code: StatusCode,
    /// Taken out of the free text; [`ContainerStatus::known`] says what it means.
    pub subcode: Option<i64>,
    /// For people.
    pub text: Option<String>,
    /// Of a resumable upload: the offset to continue from.
    pub bytes_transferred: Option<u64>,
    /// Of a resumable upload: all bytes are there.
    pub is_uploaded: bool,
}

impl ContainerStatus {
    /// What is known about the failure that the text names.
    #[must_use]
    pub fn known(&self) -> Option<&'static Known> {
        self.subcode.and_then(codes::lookup_subcode)
    }
}

impl Client {
    /// Makes a container. Repeated by itself after hiccups and lost answers: a container too many costs one
    /// of the 400 of the day and expires unseen.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
    pub async fn create_container(&self, user: &UserId, new: &NewContainer<'_>) -> Result<NewlyCreated, Error> {
        let path = [user.as_str(), "media"];
        let call = if new.is_over_others() { Call::CreateCarousel } else { Call::CreateContainer };
        let answer: IdAnswer = self.retried(call, &Ask::post(CREATE, &path, params(new))).await?;
        if !is_id(&answer.id) {
            return Err(Error::Unclear { edge: CREATE, why: Why::NoNewId });
        }
        let upload = if new.is_upload() { Some(self.upload_uri(answer.uri.as_deref())?) } else { None };
        Ok(NewlyCreated { id: ContainerId::new(answer.id), created_at: self.server_now(), upload })
    }

    fn upload_uri(&self, uri: Option<&str>) -> Result<Url, Error> {
        let malformed = |what: &str| Error::Unclear { edge: CREATE, why: Why::Malformed(what.to_owned()) };
        let uri = uri.ok_or_else(|| malformed("no address for the upload"))?;
        let uri = Url::parse(uri).map_err(|_| malformed("the upload's address is not a URL"))?;
        if self.endpoint.takes_upload(&uri) {
            Ok(uri)
        } else {
            Err(malformed("the upload's address is on a foreign host"))
        }
    }

    /// Reads a container. An error of [`Error::is_unreadable`] says nothing about it.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-container>
    pub async fn container_status(&self, container: &ContainerId) -> Result<ContainerStatus, Error> {
        self.status_with(container, "id,status_code,status").await
    }

    /// As [`Client::container_status`], with the progress of a resumable upload.
    pub async fn upload_status(&self, container: &ContainerId) -> Result<ContainerStatus, Error> {
        self.status_with(container, "id,status_code,status,video_status").await
    }

    async fn status_with(&self, container: &ContainerId, fields: &str) -> Result<ContainerStatus, Error> {
        let path = [container.as_str()];
        let ask = Ask::get(STATUS, &path, vec![("fields", fields.to_owned())]);
        let answer: ContainerAnswer = self.retried(Call::Read, &ask).await?;
        if answer.id.as_ref().is_some_and(|id| id != container.as_str()) {
            let why = Why::Malformed("the answer is about another container".to_owned());
            return Err(Error::Unclear { edge: STATUS, why });
        }
        let text = answer.status.map(|text| clean(&text, &self.secrets));
        let uploading = answer.video_status.map(|status| status.uploading_phase);
        Ok(ContainerStatus {
            code: answer.status_code,
            subcode: text.as_deref().and_then(subcode_in),
            text,
            bytes_transferred: uploading.as_ref().map(|phase| phase.bytes_transferred),
            is_uploaded: uploading.is_some_and(|phase| phase.status.as_deref() == Some("complete")),
        })
    }
}

/// The first word of `text` that is one of Instagram's subcodes: seven digits that begin with 22.
fn subcode_in(text: &str) -> Option<i64> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .find(|word| word.len() == 7 && word.starts_with("22") && word.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, answer, client, fixture, silence};
    use super::*;
    use igsync_base::content::{Content, Item, MediaType};
    use igsync_base::id::Kind;
    use igsync_base::path::Source;

    fn content(kind: Kind) -> Content {
        let media_type = if kind == Kind::Reel { MediaType::Video } else { MediaType::Image };
        Content::new(kind, vec![Item::new(0, media_type, Source::Local("media/a".into()))])
    }

    fn image(content: &Content) -> NewContainer<'_> {
        let image_url = "https://cdn.example.com/a.jpg".to_owned();
        NewContainer::Image { image_url, item: &content.items[0], content }
    }

    fn reel_upload(content: &Content) -> NewContainer<'_> {
        NewContainer::Reel { video: Video::Upload, cover_url: None, item: &content.items[0], content }
    }

    async fn create(script: &Script, new: &NewContainer<'_>) -> Result<NewlyCreated, Error> {
        client(script).create_container(&UserId::from("1784"), new).await
    }

    async fn status(body: &str) -> Result<ContainerStatus, Error> {
        let script = Script::of([answer(200, body).into()]);
        client(&script).container_status(&ContainerId::from("17889455560051444")).await
    }

    #[tokio::test]
    async fn a_container_is_made_and_dated_by_the_server() {
        let mut response = answer(200, &fixture("container_created.json"));
        response.headers.push(("date".to_owned(), "Mon, 23 Nov 2026 15:16:15 GMT".to_owned()));
        let script = Script::of([response.into()]);
        let made = create(&script, &image(&content(Kind::Image))).await.unwrap();
        let created_at = "2026-11-23T15:16:15Z".parse().unwrap();
        assert_eq!(made, NewlyCreated { id: "17889455560051444".into(), created_at, upload: None });
        let sent = &script.sent()[0];
        assert_eq!(sent.url, "https://graph.facebook.com/v26.0/1784/media");
        assert_eq!(sent.body, "image_url=https%3A%2F%2Fcdn.example.com%2Fa.jpg");
    }

    #[tokio::test]
    async fn a_lost_answer_makes_another_container() {
        let script = Script::of([silence(), answer(200, &fixture("container_created.json")).into()]);
        assert!(create(&script, &image(&content(Kind::Image))).await.is_ok());
        assert_eq!(script.sent().len(), 2);
    }

    #[tokio::test]
    async fn a_failed_fetch_is_tried_three_times_spaced() {
        let failed = || answer(400, &fixture("error_fetch.json")).into();
        let script = Script::of([failed(), failed(), failed()]);
        let error = create(&script, &image(&content(Kind::Image))).await.unwrap_err();
        assert_eq!(error.codes(), Some((9004, Some(2_207_052))));
        assert_eq!(script.clock.slept_ms(), [15_000, 30_000]);
    }

    #[tokio::test]
    async fn an_answer_without_numeric_id_is_not_a_container() {
        for body in ["{}", r#"{"id":"x"}"#, r#"{"id":""}"#] {
            let script = Script::of([answer(200, body).into()]);
            assert!(
                matches!(create(&script, &image(&content(Kind::Image))).await, Err(Error::Unclear { .. })),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn a_resumable_container_names_the_upload_hosts_address() {
        let script = Script::of([answer(200, &fixture("container_resumable.json")).into()]);
        let made = create(&script, &reel_upload(&content(Kind::Reel))).await.unwrap();
        let expected = "https://rupload.facebook.com/ig-api-upload/v26.0/17889455560051444";
        assert_eq!(made.upload.map(String::from).as_deref(), Some(expected));
        for body in [r#"{"id":"1"}"#, r#"{"id":"1","uri":"https://evil.example.com/x"}"#, r#"{"id":"1","uri":"x"}"#] {
            let script = Script::of([answer(200, body).into()]);
            assert!(
                matches!(create(&script, &reel_upload(&content(Kind::Reel))).await, Err(Error::Unclear { .. })),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn the_subcode_is_read_from_the_status_text() {
        let read = status(&fixture("container_error.json")).await.unwrap();
        assert_eq!((read.code, read.subcode), (StatusCode::Error, Some(2_207_026)));
        assert_eq!(read.known().map(|known| known.meaning), Some("the video's format is not supported"));
        for (text, expected) in [
            ("2207082", Some(2_207_082)),
            ("Error: code 2207082: text", Some(2_207_082)),
            ("code 22070821", None),
            ("code 12207082", None),
            ("code x2207082", None),
            ("code _2207082_", None),
            ("1234567 2207001", Some(2_207_001)),
            ("", None),
        ] {
            assert_eq!(subcode_in(text), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn every_documented_status_is_read() {
        for (name, expected) in [
            ("in_progress", StatusCode::InProgress),
            ("finished", StatusCode::Finished),
            ("published", StatusCode::Published),
            ("expired", StatusCode::Expired),
        ] {
            let read = status(&fixture(&format!("container_{name}.json"))).await.unwrap();
            assert_eq!((read.code, read.subcode), (expected, None), "{name}");
        }
        let read = status(&fixture("container_in_progress.json")).await.unwrap();
        assert_eq!((read.bytes_transferred, read.is_uploaded), (Some(50_002), false));
    }

    #[tokio::test]
    async fn the_status_of_another_container_is_no_answer() {
        let result = status(r#"{"id":"999","status_code":"FINISHED"}"#).await;
        assert!(matches!(result, Err(Error::Unclear { .. })), "{result:?}");
        assert_eq!(status(r#"{"status_code":"FINISHED"}"#).await.unwrap().code, StatusCode::Finished);
        assert!(matches!(status(r#"{"status_code":"NEW_WORD"}"#).await, Err(Error::Unclear { .. })));
    }

    #[tokio::test]
    async fn an_unreadable_container_is_told_apart_and_not_asked_again() {
        let script = Script::of([answer(400, &fixture("error_unreadable.json")).into()]);
        let error = client(&script).container_status(&ContainerId::from("1")).await.unwrap_err();
        assert!(error.is_unreadable());
    }
}
