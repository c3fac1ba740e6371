//! Pages of other origins and rebound host names against the sandbox, in a browser that runs their scripts.

use std::time::Duration;

use igsync_media::digest::{digest_of, hex};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::attack::picture;
use crate::project::{Server, USER, repository};
use crate::tools::{chromium, node, run};

/// `POST`s JSON as a program of this machine does.
fn post(server: &Server, path: &str, body: &Value) -> Value {
    send(server, "POST", path, body.to_string().as_bytes())
}

fn send(server: &Server, method: &str, path: &str, body: &[u8]) -> Value {
    use std::io::{Read as _, Write as _};
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer IGAA-LONG\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        server.address(),
        body.len()
    );
    socket.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_foreign_page_in_a_browser_reads_and_changes_nothing() {
    let Some(chromium) = chromium() else { return };
    let server = Server::start();
    let digest = digest_of(&Sha256::digest(picture()).into());
    let name = format!("{}.jpg", hex(&digest).unwrap());
    send(&server, "PUT", &format!("/_sandbox/media/{name}"), &picture());
    let create = || {
        let url = format!("{}/_sandbox/media/{name}", server.url());
        post(&server, &format!("/v26.0/{USER}/media"), &json!({ "image_url": url, "caption": "mine" }))["id"].clone()
    };
    post(&server, &format!("/v26.0/{USER}/media_publish"), &json!({ "creation_id": create() }));
    let ready = create();
    server.sandbox.advance(Duration::from_secs(30)).unwrap();
    server.fail(r#"[{"match":{"method":"GET","path":"stories"},"fault":"lose_answer"}]"#);

    let script = repository().join("tests/hostile/browser.mjs");
    run(node(&script).args([&server.url(), &chromium, ready.as_str().unwrap(), &name]));

    assert_eq!(server.published().len(), 1);
}
