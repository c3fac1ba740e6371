//! The proof as a person meets it: the real binary, a host on this machine, an emulator on another port.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sha2::Digest as _;

use crate::project::{Project, Server};
use crate::testing::jpeg;

/// A host that answers by path and remembers what it was asked. It lives as long as the test binary.
fn host(answer: impl Fn(&str) -> (&'static str, Vec<u8>) + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { return };
            let (mut bytes, mut buffer) = (Vec::new(), [0; 1024]);
            while !bytes.ends_with(b"\r\n\r\n") {
                match socket.read(&mut buffer) {
                    Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&bytes).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let (head, body) = answer(&path);
            let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = socket.write_all(&[head.as_bytes(), &body].concat());
            seen.lock().unwrap().push(request);
        }
    });
    (base, asked)
}

fn crawled(asked: &Mutex<Vec<String>>, name: &str) -> usize {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|request| request.contains(name) && request.contains("facebookexternalhit")).count()
}

fn containers(server: &Server) -> usize {
    let requests = server.sandbox.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.ends_with("/media")).count()
}

fn three_posts(base: &str, server: &Server) -> Project {
    let project = Project::with_one_image().against(server, "instagram", "IGAA-LONG");
    project.write("posts/moved.yaml", format!("kind: image\ncaption: Moved\nimage: {base}/moved.jpg?key=secret\n"));
    project.write(
        "posts/tour.yaml",
        format!("kind: carousel\ncaption: Tour\nitems:\n  - image: {base}/good.jpg\n  - image: {base}/page.jpg\n"),
    );
    project
}

fn answers(path: &str) -> (&'static str, Vec<u8>) {
    match path.split('?').next() {
        Some("/good.jpg") => ("200 OK\r\ncontent-type: image/jpeg", jpeg(640, 640)),
        Some("/page.jpg") => ("200 OK\r\ncontent-type: text/html", b"<html>Sign in</html>".to_vec()),
        _ => ("301 Moved\r\nlocation: /good.jpg", Vec::new()),
    }
}

#[test]
fn a_post_that_meta_could_not_fetch_is_left_out_and_the_others_go_on() {
    let (base, asked) = host(answers);
    let server = Server::start();
    let project = three_posts(&base, &server);
    let output = project.run(["apply", "--yes", "--format", "json"]).exits(3);
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).cloned().collect::<Vec<_>>();
    let refused: Vec<_> = of("url_refused")
        .iter()
        .map(|event| format!("{} {} {} {}", event["key"], event["item"], event["problem"], event["line"]))
        .collect();
    assert_eq!(refused, [r#""posts/moved" null "redirect" 3"#, r#""posts/tour" 2 "web-page" 5"#]);
    assert_eq!(of("not_attempted").len(), 2);
    assert_eq!(of("post_published").len(), 1);
    let first = |name: &str| events.iter().position(|event| event["event"] == name);
    assert!(first("url_refused") < first("container_created"), "before the first container");
    assert_eq!(containers(&server), 1, "none for the posts that cannot go out");
    assert_eq!(crawled(&asked, "good.jpg"), 1);
    assert!(!project.read("igsync.lock").contains("posts/moved"), "nothing is recorded");
    assert!(!project.read(".igsync/journal.jsonl").contains("posts/tour"), "nothing is recorded");
    assert!(!output.stdout.contains("secret") && !output.stderr.contains("secret"));
    let human = project.run(["apply", "--yes"]).exits(3);
    for said in ["posts/moved.yaml:3", "redirect", "301", "posts/tour.yaml:5", "item 2", "--no-probe"] {
        assert!(human.stderr.contains(said), "{said:?} in\n{}", human.stderr);
    }
}

/// Gives the emulator a picture; it serves it to anyone.
fn put(server: &Server, bytes: &[u8]) -> String {
    let name =
        sha2::Sha256::digest(bytes).iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}")) + ".jpg";
    let url = format!("{}/_sandbox/media/{name}", server.url());
    let address = server.url();
    let mut socket = std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "PUT /_sandbox/media/{name} HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        bytes.len()
    );
    socket.write_all(&[head.as_bytes(), bytes].concat()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    url
}

#[test]
fn no_probe_publishes_without_the_proof() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let url = put(&server, &jpeg(640, 640));
    let signed = format!("{url}?X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&X-Amz-Signature=secret");
    project.write("posts/signed.yaml", format!("kind: image\ncaption: Signed\nimage: {signed}\n"));
    let output = project.run(["apply", "--yes"]).exits(3).says("expired").says("posts/signed.yaml:3");
    assert!(!output.stderr.contains("secret"), "{}", output.stderr);
    assert_eq!(server.published().len(), 1);
    project.run(["apply", "--yes", "--no-probe"]).exits(0);
    assert_eq!(server.published().len(), 2);
}

#[test]
fn media_at_urls_are_judged_like_media_on_disk() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let url = put(&server, &jpeg(300, 300));
    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{text}rules: {{ image-width: error }}\n"));
    project.write("posts/small.yaml", format!("kind: image\ncaption: Small\nimage: {url}\n"));
    project.run(["apply", "--yes"]).exits(3).says("posts/small.yaml:3").says("image-width").says("300 pixels wide");
    assert_eq!(server.published().len(), 1);

    project.write("igsync.yaml", text);
    project.run(["apply", "--yes"]).exits(0).says("warning").says("300 pixels wide");
    assert_eq!(server.published().len(), 2, "a warning stops nothing");
}
