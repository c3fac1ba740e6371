use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use igsync_host::{HttpOptions, HttpTransport, RealClock};
use igsync_ports::Expected;
use igsync_testkit::media::{Mp4, jpeg};

/// What a host does after its last byte.
#[derive(Clone, Copy)]
enum Then {
    Close,
    /// Never another byte, never the end.
    Hang,
    /// The body again and again.
    Repeat,
}

#[derive(Clone)]
struct Answer {
    head: String,
    body: Vec<u8>,
    then: Then,
}

/// `status` is a status line's end, `headers` without `content-length`, which is right.
fn answer(status: &str, headers: &str, body: &[u8]) -> Answer {
    let headers = format!("{headers}\ncontent-length: {}", body.len());
    with_headers(status, &headers, body)
}

fn with_headers(status: &str, headers: &str, body: &[u8]) -> Answer {
    let lines = headers.trim().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
    let head = format!("HTTP/1.1 {status}\r\n{lines}\r\nconnection: close\r\n\r\n");
    Answer { head, body: body.to_vec(), then: Then::Close }
}

fn file(content_type: &str, body: &[u8]) -> Answer {
    answer("200 OK", &format!("content-type: {content_type}"), body)
}

/// A host on this machine that remembers every request.
struct Host {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn host(answers: &[(&str, Answer)]) -> Host {
    let answers: HashMap<String, Answer> =
        answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (answers, seen) = (answers.clone(), Arc::clone(&seen));
            tokio::spawn(async move {
                let request = read_request(&mut socket).await;
                let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
                let name = path.split('?').next().unwrap_or_default().to_owned();
                seen.lock().unwrap().push(request.clone());
                let missing = answer("404 Not Found", "", b"");
                give(&mut socket, answers.get(&name).unwrap_or(&missing)).await;
            });
        }
    });
    Host { base, requests }
}

async fn read_request(socket: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1024]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match socket.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    String::from_utf8(bytes).unwrap().to_lowercase()
}

async fn give(socket: &mut TcpStream, answer: &Answer) {
    // The client may have seen enough.
    let _ = socket.write_all(answer.head.as_bytes()).await;
    let mut ended = socket.write_all(&answer.body).await;
    match answer.then {
        Then::Close => {}
        Then::Hang => while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {},
        Then::Repeat => {
            while ended.is_ok() {
                ended = socket.write_all(&answer.body).await;
            }
        }
    }
}

fn prover(reach: Reach, patience: Duration) -> Prover {
    let private: HashMap<String, Vec<IpAddr>> = [
        ("inside.example".to_owned(), vec!["10.0.0.7".parse().unwrap()]),
        ("half.example".to_owned(), vec!["93.184.215.14".parse().unwrap(), "::ffff:192.168.0.1".parse().unwrap()]),
    ]
    .into();
    let options = HttpOptions { connect_timeout: Duration::from_secs(2), ..HttpOptions::default() };
    let transport = Arc::new(HttpTransport::with_names(&options, private).unwrap());
    Prover::new(transport, Arc::new(RealClock::new()), reach, patience, Duration::from_secs(2400))
}

const PATIENCE: Duration = Duration::from_secs(20);

fn now() -> Timestamp {
    "2026-12-01T17:00:00Z".parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// A claim that this file is at the URL.
fn of_file(url: String, bytes: &[u8], is_video: bool) -> Claim {
    Claim { url, expected: Some(Expected { sha256: hex(bytes), len: bytes.len() as u64 }), is_video }
}

fn of_url(url: impl Into<String>) -> Claim {
    Claim { url: url.into(), expected: None, is_video: false }
}

fn webp() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::WebP).unwrap();
    bytes.into_inner()
}

/// Name, message and help of each answer, ports and times of this run taken out.
fn shown_answers(answers: Vec<(&str, Result<Proven, Trouble>)>, base: &str) -> String {
    let answers: BTreeMap<&str, String> = answers
        .into_iter()
        .map(|(case, answer)| match answer {
            Ok(_) => (case, "fine".to_owned()),
            Err(trouble) => (case, format!("{}: {trouble}\n    {}", trouble.name(), trouble.help())),
        })
        .collect();
    let lines: Vec<String> = answers.iter().map(|(case, answer)| format!("{case}\n  {answer}")).collect();
    lines.join("\n").replace(base, "http://host/")
}

#[tokio::test]
async fn everything_that_can_be_wrong_has_its_name() {
    let picture = jpeg(400, 400);
    let other = {
        let mut bytes = picture.clone();
        let end = bytes.len() - 10;
        bytes[end] ^= 1;
        bytes
    };
    let page = b"<!doctype html><title>Sign in</title>";
    let host = host(&[
        ("fine.jpg", file("image/jpeg", &picture)),
        ("redirect.jpg", answer("302 Found", "location: /login?secret=1", b"")),
        ("forbidden.jpg", answer("403 Forbidden", "content-type: text/html", page)),
        ("missing.jpg", answer("404 Not Found", "content-type: text/html", page)),
        ("cached-missing.jpg", answer("404 Not Found", "age: 31\nx-cache: HIT", b"")),
        ("broken.jpg", answer("503 Service Unavailable", "", b"")),
        ("html.jpg", file("text/html; charset=utf-8", page)),
        ("html-called-jpeg.jpg", file("image/jpeg", page)),
        ("webp.jpg", answer("200 OK", "content-type: image/webp\nvary: Accept", &webp())),
        ("octets.jpg", file("application/octet-stream", &picture)),
        ("untyped.jpg", answer("200 OK", "", &picture)),
        ("other-length.jpg", file("image/jpeg", &picture[..picture.len() - 5])),
        (
            "longer-unannounced.jpg",
            with_headers("200 OK", "content-type: image/jpeg", &[&picture[..], b"more"].concat()),
        ),
        (
            "truncated.jpg",
            with_headers(
                "200 OK",
                &format!("content-type: image/jpeg\ncontent-length: {}", picture.len()),
                &picture[..1000],
            ),
        ),
        ("other-bytes.jpg", file("image/jpeg", &other)),
        (
            "huge.jpg",
            Answer {
                then: Then::Repeat,
                ..with_headers("200 OK", "content-type: image/jpeg", &[&picture[..], &vec![0; 65_536]].concat())
            },
        ),
    ])
    .await;
    let prover = prover(Reach::ThisMachine, PATIENCE);
    let mut answers = Vec::new();
    for case in [
        "fine",
        "redirect",
        "forbidden",
        "missing",
        "cached-missing",
        "broken",
        "html",
        "html-called-jpeg",
        "webp",
        "octets",
        "untyped",
        "other-length",
        "longer-unannounced",
        "truncated",
        "other-bytes",
    ] {
        let claim = of_file(format!("{}{case}.jpg", host.base), &picture, false);
        answers.push((case, prover.prove(&claim, now()).await));
    }
    answers.push(("huge", prover.prove(&of_url(format!("{}huge.jpg", host.base)), now()).await));
    let signed = |seconds: u32| {
        format!("{}fine.jpg?X-Amz-Date=20261201T160000Z&X-Amz-Expires={seconds}&X-Amz-Signature=0", host.base)
    };
    answers.push(("expired", prover.prove(&of_url(signed(3599)), now()).await));
    answers.push(("expires-soon", prover.prove(&of_url(signed(3600 + 600)), now()).await));
    answers.push(("expires-later", prover.prove(&of_file(signed(3600 + 2400), &picture, false), now()).await));
    insta::assert_snapshot!(shown_answers(answers, &host.base));
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_a_connection() {
    let prover = prover(Reach::Internet, PATIENCE);
    let mut answers = Vec::new();
    for url in [
        "https://inside.example/a.jpg",
        "https://half.example/a.jpg",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/a.jpg",
        "https://[fd00::1]/a.jpg",
        "https://[::ffff:127.0.0.1]/a.jpg",
        "https://0x7f000001/a.jpg",
        "https://localhost/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://cdn.example.com/a.jpg",
    ] {
        answers.push((url, prover.prove(&of_url(url), now()).await));
    }
    insta::assert_snapshot!(shown_answers(answers, "http://none/"));
}

#[tokio::test]
async fn a_slow_host_is_left_after_a_while() {
    let picture = jpeg(400, 400);
    let whole = file("image/jpeg", &picture);
    let host = host(&[
        ("slow.jpg", Answer { body: picture[..100].to_vec(), then: Then::Hang, ..whole }),
        ("silent.jpg", Answer { head: String::new(), body: Vec::new(), then: Then::Hang }),
    ])
    .await;
    let prover = prover(Reach::ThisMachine, Duration::from_millis(300));
    for (name, read) in [("slow.jpg", 100), ("silent.jpg", 0)] {
        let claim = of_file(format!("{}{name}", host.base), &picture, false);
        let answer = prover.prove(&claim, now()).await;
        assert!(matches!(answer, Err(Trouble::Slow { read: got, .. }) if got == read), "{answer:?}");
    }
}

#[tokio::test]
async fn a_good_host_is_asked_once_for_each_file_as_the_crawler_asks() {
    let picture = jpeg(400, 400);
    let video = Mp4::default().build();
    let host = host(&[
        ("a.jpg", file("image/jpeg", &picture)),
        ("b.mp4", file("video/mp4", &video)),
        ("c.jpg", file("image/jpeg; charset=binary", &picture)),
    ])
    .await;
    let prover = prover(Reach::ThisMachine, PATIENCE);
    for _ in 0..3 {
        let url = |name: &str| format!("{}{name}", host.base);
        assert_eq!(prover.prove(&of_file(url("a.jpg"), &picture, false), now()).await, Ok(None));
        assert_eq!(prover.prove(&of_file(url("b.mp4"), &video, true), now()).await, Ok(None));
        let facts = prover.prove(&of_url(url("c.jpg")), now()).await.unwrap().unwrap();
        assert_eq!(facts.len, picture.len() as u64, "a picture that nobody here has is read whole");
    }
    let requests = host.requests.lock().unwrap();
    assert_eq!(requests.len(), 3, "{requests:#?}");
    for request in &*requests {
        assert!(request.starts_with("get /"), "{request}");
        let agent = "user-agent: facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)\r\n";
        assert!(request.contains(agent), "{request}");
        for unwanted in ["cookie", "authorization", "range", "accept-encoding", "referer"] {
            assert!(!request.contains(unwanted), "{unwanted} in {request}");
        }
    }
}

#[tokio::test]
async fn of_a_video_that_nobody_here_has_the_beginning_is_enough() {
    let start = Mp4::default().build();
    let endless = Answer {
        then: Then::Repeat,
        ..with_headers(
            "200 OK",
            "content-type: video/mp4\ncontent-length: 200000000",
            &[start, vec![0; 100_000]].concat(),
        )
    };
    let host = host(&[
        ("a.mp4", endless.clone()),
        ("b.mp4", Answer { head: endless.head.replace("200000000", "400000000"), ..endless }),
    ])
    .await;
    let prover = prover(Reach::ThisMachine, PATIENCE);
    let claim = |name: &str| Claim { is_video: true, ..of_url(format!("{}{name}", host.base)) };
    assert_eq!(prover.prove(&claim("a.mp4"), now()).await, Ok(None));
    assert_eq!(prover.prove(&claim("b.mp4"), now()).await, Err(Trouble::TooLarge { most: MOST }));
}

#[tokio::test]
async fn against_an_emulator_nothing_but_this_machine_is_asked() {
    let prover = prover(Reach::ThisMachine, PATIENCE);
    // No one answers at this name; asking would fail.
    assert_eq!(prover.prove(&of_url("https://cdn.invalid/a.jpg"), now()).await, Ok(None));
}

#[test]
fn what_is_shown_of_a_url_is_no_secret() {
    let url = Url::parse("https://user:pass@cdn.example.com/a.jpg?X-Amz-Signature=secret#x").unwrap();
    assert_eq!(shown(&url), "https://cdn.example.com/a.jpg?…");
}
