//! The proof as a person meets it: the real binary, a host on this machine, an emulator on another port.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

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

#[test]
fn no_probe_asks_nobody() {
    let (base, asked) = host(answers);
    // An emulator that takes URLs for good, so that only igsync itself could ask the host.
    let server = Server::start();
    let project = three_posts(&base, &server);
    let output = project.run(["apply", "--yes", "--no-probe", "--format", "json"]);
    assert!(!output.stdout.contains("url_refused"), "{}", output.stdout);
    assert!(output.stdout.contains("post_failed"), "the emulator finds out by itself: {}", output.stdout);
    assert!(crawled(&asked, "good.jpg") <= 1, "the emulator's own look");
}

#[test]
fn media_at_urls_are_judged_like_media_on_disk() {
    let (base, _) = host(|path| {
        let size = if path.starts_with("/tall") { (400, 800) } else { (640, 640) };
        ("200 OK\r\ncontent-type: image/jpeg", jpeg(size.0, size.1))
    });
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    project.write("posts/tall.yaml", format!("kind: image\ncaption: Tall\nimage: {base}/tall.jpg\n"));
    project.run(["apply", "--yes"]).exits(3).says("image-shape").says("400×800");
    assert_eq!(server.published().len(), 1);

    let text = project.read("igsync.yaml");
    project.write("igsync.yaml", format!("{text}rules: {{ image-shape: off, image-tall: off }}\n"));
    let output = project.run(["apply", "--yes"]);
    assert!(!output.stderr.contains("image-shape"), "the configuration's word counts:\n{}", output.stderr);
}
