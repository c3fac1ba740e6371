//! The token is seen nowhere but in the authorization header.

use super::testing::{Script, Scripted, TOKEN, answer, client, silence};
use super::*;
use igsync_base::id::{ContainerId, MediaId, UserId};
use igsync_ports::{Body, Method, Request, TransportError};

/// Answers in which the server says the token back wherever it can.
fn echoes() -> Vec<Scripted> {
    let error = |fields: &str| -> Scripted { answer(400, &format!(r#"{{"error":{{{fields}}}}}"#)).into() };
    vec![
        error(&format!(r#""code":190,"message":"{TOKEN}","error_user_title":"{TOKEN}","error_user_msg":"{TOKEN}""#)),
        error(&format!(r#""code":190,"fbtrace_id":"{TOKEN}""#)),
        error(&format!(r#""code":"INSTAGRAM_PLATFORM_API__{TOKEN}""#)),
        answer(200, &format!(r#"{{"id":"{TOKEN}"}}"#)).into(),
        answer(200, &format!(r#"{{"id":["{TOKEN}"]}}"#)).into(),
        answer(200, &format!(r#"{{"status_code":"{TOKEN}"}}"#)).into(),
        answer(200, &format!("<html>{TOKEN}")).into(),
        answer(400, &format!(r#"{{"debug_info":{{"type":"{TOKEN}","message":"{TOKEN}"}}}}"#)).into(),
        Scripted(Err(TransportError::Unreadable(format!("bad {TOKEN}")))),
        Scripted(Err(TransportError::NotSent(format!("bad {TOKEN}")))),
        silence(),
    ]
}

fn assert_silent(shown: &str) {
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn no_error_text_holds_the_token() {
    for index in 0..echoes().len() {
        let script = Script::of((0..4).map(|_| echoes().swap_remove(index)));
        let error = client(&script).publish(&UserId::from("1"), &ContainerId::from("2")).await.unwrap_err();
        assert_silent(&format!("{error} {error:?} {error:#?} {:?}", publish_outcome(&error)));
        let script = Script::of((0..4).map(|_| echoes().swap_remove(index)));
        let error = client(&script).container_status(&ContainerId::from("2")).await.unwrap_err();
        assert_silent(&format!("{error} {error:?}"));
        let script = Script::of((0..4).map(|_| echoes().swap_remove(index)));
        let error = client(&script).comment(&MediaId::from("2"), "x").await.unwrap_err();
        assert_silent(&format!("{error} {error:?}"));
    }
}

#[test]
fn no_debug_text_holds_the_token() {
    let script = Script::default();
    assert_silent(&format!("{:?}", client(&script)));
    let request = Request {
        method: Method::Get,
        url: url::Url::parse(&format!("https://example.com/a?access_token={TOKEN}")).unwrap(),
        headers: vec![("authorization", format!("Bearer {TOKEN}"))],
        body: Body::Bytes { content_type: "text/plain", bytes: TOKEN.as_bytes().to_vec() },
        timeout: std::time::Duration::from_secs(1),
        answer_limit: 1,
    };
    let shown = format!("{request:?}");
    assert_silent(&shown);
    assert!(shown.contains("authorization") && shown.contains("/a"), "{shown}");
}
