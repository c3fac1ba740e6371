use std::io::Cursor;
use std::sync::Mutex;

use super::super::testing::{Script, Scripted, TOKEN, answer, client, fixture, refused, silence};
use super::*;
use crate::Why;

const URI: &str = "https://rupload.facebook.com/ig-api-upload/v26.0/17889455560051444";
const FILE: &[u8] = b"0123456789";

async fn upload_to(uri: &str, script: &Script, resume: bool) -> (Result<Uploaded, Error>, Vec<u64>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let uri = Url::parse(uri).unwrap();
    let open = || Ok(Box::new(Cursor::new(FILE)) as Box<dyn Access>);
    let upload = VideoUpload {
        container: &ContainerId::from("17889455560051444"),
        uri: &uri,
        len: 10,
        open: &open,
        progress: Some(Arc::new(move |sent| teller.lock().unwrap().push(sent))),
        resume,
    };
    let result = client(script).upload(&upload).await;
    let told = told.lock().unwrap().clone();
    (result, told)
}

async fn upload(script: &Script, resume: bool) -> Result<Uploaded, Error> {
    upload_to(URI, script, resume).await.0
}

fn done() -> Scripted {
    answer(200, &fixture("upload_success.json")).into()
}

fn status(transferred: u64) -> Scripted {
    let body = format!(
        r#"{{"id":"17889455560051444","status_code":"IN_PROGRESS","video_status":{{"uploading_phase":{{"status":"in_progress","bytes_transferred":{transferred}}}}}}}"#
    );
    answer(200, &body).into()
}

/// Refused for good.
fn failed() -> Scripted {
    answer(400, &fixture("upload_failed.json")).into()
}

fn header<'a>(sent: &'a super::super::testing::Sent, name: &str) -> &'a str {
    sent.headers.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_file_is_sent_whole_with_its_size() {
    let script = Script::of([done()]);
    let (result, told) = upload_to(URI, &script, false).await;
    assert_eq!(result, Ok(Uploaded::Complete));
    assert_eq!(told, [10]);
    let sent = &script.sent()[0];
    assert_eq!((sent.method, sent.url.as_str(), sent.body.as_str()), (Method::Post, URI, "0123456789"));
    assert_eq!(header(sent, "authorization"), format!("OAuth {TOKEN}"));
    assert_eq!((header(sent, "offset"), header(sent, "file_size")), ("0", "10"));
    assert!(sent.timeout > std::time::Duration::from_secs(600));
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_the_server_stands() {
    let script = Script::of([silence(), status(6), done()]);
    let (result, told) = upload_to(URI, &script, false).await;
    assert_eq!(result, Ok(Uploaded::Complete));
    assert_eq!(told, [10, 10]);
    let sent = script.sent();
    assert!(sent[1].url.contains("video_status"), "{}", sent[1].url);
    assert_eq!((header(&sent[2], "offset"), header(&sent[2], "file_size")), ("6", "10"));
    assert_eq!(sent[2].body, "6789");
}

#[tokio::test]
async fn an_upload_of_an_earlier_run_goes_on() {
    let script = Script::of([status(4), done()]);
    assert_eq!(upload(&script, true).await, Ok(Uploaded::Complete));
    assert_eq!(script.sent()[1].body, "456789");
}

#[tokio::test]
async fn nothing_is_sent_when_all_bytes_are_there() {
    for body in [
        r#"{"status_code":"FINISHED"}"#,
        r#"{"status_code":"ERROR"}"#,
        r#"{"status_code":"IN_PROGRESS","video_status":{"uploading_phase":{"status":"complete","bytes_transferred":10}}}"#,
    ] {
        let script = Script::of([answer(200, body).into()]);
        assert_eq!(upload(&script, true).await, Ok(Uploaded::Complete), "{body}");
    }
}

#[tokio::test]
async fn an_upload_whose_last_answer_was_lost_is_ended_without_bytes() {
    let script = Script::of([silence(), status(10), done()]);
    assert_eq!(upload(&script, false).await, Ok(Uploaded::Complete));
    let last = &script.sent()[2];
    assert_eq!((header(last, "offset"), last.body.as_str()), ("10", ""));
    let refuses = Script::of([status(10), failed(), status(10)]);
    assert_eq!(upload(&refuses, true).await, Ok(Uploaded::Complete), "the container's status will tell");
}

#[tokio::test]
async fn progress_earns_new_tries_and_standing_still_does_not() {
    let moving = (1..=8).flat_map(|offset| [silence(), status(offset)]).chain([done()]);
    assert_eq!(upload(&Script::of(moving), false).await, Ok(Uploaded::Complete));
    let standing = Script::of([silence(), status(0), refused(), status(0), silence(), status(0), silence(), status(0)]);
    let result = upload(&standing, false).await;
    assert!(matches!(result, Err(Error::Unclear { why: Why::NoAnswer(_), .. })), "{result:?}");
}

#[tokio::test]
async fn the_upload_host_decides_whether_to_try_again() {
    let script = Script::of([failed(), status(0)]);
    assert!(matches!(upload(&script, false).await, Err(Error::Upload(_))));
    let retriable = r#"{"debug_info":{"retriable":true,"type":"X","message":"m"}}"#;
    let script = Script::of([answer(400, retriable).into(), status(0), done()]);
    assert_eq!(upload(&script, false).await, Ok(Uploaded::Complete));
    let script = Script::of([answer(400, &fixture("upload_unauthorized.json")).into()]);
    assert!(upload(&script, false).await.unwrap_err().is_account_level());
}

#[tokio::test]
async fn a_container_that_holds_other_bytes_is_of_no_use() {
    let too_many = Script::of([status(11)]);
    assert!(matches!(upload(&too_many, true).await, Ok(Uploaded::Useless(why)) if why.contains("11 bytes")));
    for (script, resume) in [
        (Script::of([status(4), failed(), status(4)]), true),
        (Script::of([silence(), status(4), failed(), status(4)]), false),
    ] {
        assert!(matches!(upload(&script, resume).await, Ok(Uploaded::Useless(_))), "{resume}");
    }
}

#[tokio::test]
async fn the_containers_word_counts_more_than_the_upload_hosts() {
    let page = || answer(200, "<html>thank you</html>").into();
    let moved = || answer(302, "").into();
    for last in [page, moved, failed] {
        assert_eq!(upload(&Script::of([last(), status(10)]), false).await, Ok(Uploaded::Complete));
    }
    let result = upload(&Script::of([page(), status(0)]), false).await;
    assert!(matches!(result, Err(Error::Unclear { why: Why::Malformed(_), .. })), "{result:?}");
    let error_page = || answer(502, "<html>bad gateway</html>").into();
    let script = Script::of([error_page(), status(0), error_page(), status(3), done()]);
    assert_eq!(upload(&script, false).await, Ok(Uploaded::Complete));
    assert_eq!(header(&script.sent()[4], "offset"), "3");
}

#[tokio::test]
async fn no_authorization_ends_the_account_in_every_shape() {
    for (status, body) in [
        (400, fixture("upload_unauthorized.json")),
        (401, fixture("upload_unauthorized.json")),
        (401, r#"{"error":{"code":190,"error_subcode":463,"message":"expired"}}"#.to_owned()),
    ] {
        let script = Script::of([answer(status, &body).into()]);
        assert!(upload(&script, false).await.unwrap_err().is_account_level(), "{status} {body}");
        assert_eq!(script.sent().len(), 1, "nothing is asked of a dead token");
    }
    let script = Script::of([silence(), answer(400, r#"{"error":{"code":190}}"#).into()]);
    assert!(upload(&script, false).await.unwrap_err().is_account_level());
}

#[tokio::test]
async fn the_token_never_goes_to_a_foreign_host() {
    let script = Script::of([]);
    let (result, _) = upload_to("https://evil.example.com/ig-api-upload/1", &script, false).await;
    assert!(matches!(result, Err(Error::Local { .. })));
    assert!(script.sent().is_empty());
}
