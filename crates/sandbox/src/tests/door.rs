//! Requests that must have no effect at all, byte by byte as a browser or an attacker would send them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Sends bytes as they are; the whole answer. `HOST` is the sandbox's own host and port.
async fn raw(server: &Server, text: &str) -> String {
    let own = server.base.trim_start_matches("http://");
    let mut socket = TcpStream::connect(own).await.unwrap();
    socket.write_all(text.replace("HOST", own).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Refused with the body unread, the connection may be reset after the answer.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn assert_refused(server: &Server, text: &str) {
    let answer = raw(server, text).await;
    assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.0 403"), "{text}\n{answer}");
    assert!(answer.contains("SandboxRefused"), "{text}\n{answer}");
    assert!(!answer.to_lowercase().contains("access-control-"), "{text}\n{answer}");
}

/// Everything that a request could have changed.
async fn state(server: &Server) -> (Vec<Published>, usize, Value, Value) {
    let faults = server.client.get(format!("{}/_sandbox/faults", server.base)).send().await.unwrap();
    let switches = server.client.get(format!("{}/_sandbox/switches", server.base)).send().await.unwrap();
    let (faults, switches) = (reply(faults).await.unwrap().1, reply(switches).await.unwrap().1);
    (server.posts().await, server.sandbox.requests().len(), faults, switches)
}

/// One request of every kind that has an effect, with `head` in place of its own Host.
fn requests(container: &str, head: &str) -> Vec<String> {
    let send = |line: &str, body: &str| {
        format!("{line} HTTP/1.1\r\n{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let digest = crate::store::sha256(b"x");
    let token = "access_token=IGAA-LONG";
    vec![
        send("GET /", ""),
        send("GET /_sandbox/published", ""),
        send("GET /_sandbox/requests", ""),
        send("GET /_sandbox/live", ""),
        send("POST /_sandbox/faults", r#"[{"match":{"path":"media_publish"},"fault":"lose_answer"}]"#),
        send("DELETE /_sandbox/faults", ""),
        send("POST /_sandbox/clock", r#"{"advance_s":86400}"#),
        send("POST /_sandbox/switches", r#"{"accept_png":true}"#),
        send("POST /_sandbox/reset", ""),
        send(&format!("PUT /_sandbox/media/{digest}.jpg"), "x"),
        send(&format!("POST /v26.0/{USER}/media_publish?creation_id={container}&{token}"), ""),
        send(&format!("POST /{container}?method=delete&{token}"), ""),
        send(&format!("GET /{USER}/media?{token}"), ""),
        send(&format!("POST /?{token}"), "batch=[]"),
        send(&format!("POST /ig-api-upload/v26.0/{container}"), "x"),
        send(&format!("OPTIONS /{USER}/media_publish"), ""),
    ]
}

#[tokio::test]
async fn a_request_of_a_foreign_page_changes_nothing_and_is_not_even_logged() {
    let server = start().await;
    let container = server.image().await;
    server.fault("GET", "me", Fault::LoseAnswer);
    let before = state(&server).await;
    for head in [
        "host: evil.example\r\n",
        "host: HOST\r\norigin: http://evil.example\r\n",
        "host: HOST\r\norigin: null\r\n",
        "host: HOST\r\nsec-fetch-site: cross-site\r\n",
        "host: HOST\r\nhost: evil.example\r\n",
        "",
    ] {
        for request in requests(&container, head) {
            assert_refused(&server, &request).await;
        }
    }
    assert_eq!(state(&server).await, before);
    let digest = crate::store::sha256(b"x");
    let media = server.client.get(format!("{}/_sandbox/media/{digest}.jpg", server.base)).send().await.unwrap();
    assert_eq!(media.status(), 404);
}

#[tokio::test]
async fn targets_that_name_a_host_are_judged_too() {
    let server = start().await;
    for request in [
        "GET http://evil.example/_sandbox/published HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n",
        "GET http://evil.example/_sandbox/published HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        "GET http://HOST/_sandbox/published HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        "GET http://HOST/_sandbox/published HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET /_sandbox/published HTTP/1.0\r\n\r\n",
    ] {
        assert_refused(&server, request).await;
    }
    let whole = "GET http://HOST/_sandbox/published HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, whole).await.starts_with("HTTP/1.1 200"));
}

/// A request that waits for its effect is not set off by a foreign page either.
#[tokio::test]
async fn a_late_effect_does_not_come_with_a_refused_request() {
    let server = start().await;
    let container = server.image().await;
    server.fault("POST", "media_publish", Fault::LateEffect { ms: 1_000 });
    server
        .try_post("IGAA-LONG", &format!("{USER}/media_publish"), &json!({ "creation_id": container }))
        .await
        .unwrap_err();
    server.advance(2);
    assert_refused(&server, "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").await;
    assert!(server.sandbox.0.core.world().published().next().is_none());
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn pages_are_loosened_from_whoever_opened_them() {
    let server = start().await;
    let page = raw(&server, "GET / HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n").await;
    for header in ["cross-origin-opener-policy: same-origin", "cross-origin-resource-policy: same-origin"] {
        assert!(page.contains(header), "{header}");
    }
    assert!(page.contains("frame-ancestors 'none'"));
}
