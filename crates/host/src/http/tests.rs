use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use super::*;

fn transport() -> HttpTransport {
    HttpTransport::new(&HttpOptions::default()).unwrap()
}

fn get(url: Url) -> Request {
    Request {
        method: Method::Get,
        url,
        headers: vec![("authorization", "Bearer secret".to_owned())],
        body: Body::Empty,
        timeout: Duration::from_secs(5),
        answer_limit: 1_000_000,
    }
}

/// Serves one connection: reads the head of one request, writes `answer`, closes. Gives the head.
async fn serve(answer: &'static [u8]) -> (Url, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url_of(&listener);
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await.0;
        socket.write_all(answer).await.unwrap();
        head
    });
    (url, served)
}

fn url_of(listener: &TcpListener) -> Url {
    Url::parse(&format!("http://{}/v26.0/me?token=secret", listener.local_addr().unwrap())).unwrap()
}

/// The head in lower case, and what came after it already.
async fn read_head(socket: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let n = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..n]);
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (String::from_utf8(bytes).unwrap().to_lowercase(), rest);
        }
        assert!(n > 0, "the request ends inside its head");
    }
}

/// Whatever a name server would say about it.
#[tokio::test]
async fn a_name_below_localhost_leads_to_this_machine() {
    for name in ["localhost", "instagram.localhost", "igsync-test.localhost."] {
        let (mut url, served) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        url.set_host(Some(name)).unwrap();
        assert_eq!(transport().send(get(url)).await.unwrap().status, 200, "{name}");
        assert!(served.await.unwrap().contains(&format!("host: {name}")), "{name}");
    }
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url_of(&listener);
    drop(listener);
    let error = transport().send(get(url)).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn plain_http_leaves_the_machine_never() {
    let error = transport().send(get(Url::parse("http://192.0.2.1/x?token=secret").unwrap())).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_failed_or_hanging_handshake_was_not_sent() {
    for speaks in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = url_of(&listener);
        url.set_scheme("https").unwrap();
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            if speaks {
                let _ = socket.write_all(b"HTTP/1.1 400 no TLS here\r\n\r\n").await;
            }
            // Holds the socket open until the client goes.
            while socket.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {}
        });
        let options = HttpOptions { connect_timeout: Duration::from_millis(200), ..HttpOptions::default() };
        let error = HttpTransport::new(&options).unwrap().send(get(url)).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"));
        served.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_is_no_answer() {
    let (url, served) = serve(b"").await;
    let error = transport().send(get(url)).await.unwrap_err();
    assert!(matches!(error, TransportError::NoAnswer(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(served.await.unwrap().matches("get /v26.0/me").count(), 1);
}

#[tokio::test]
async fn a_body_cut_short_is_unreadable() {
    let (url, _served) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"id\":\"1\"}").await;
    let error = transport().send(get(url)).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreadable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (url, _served) =
        serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let response = transport().send(get(url)).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.header("location"), Some("http://127.0.0.1:1/"));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_unreadable() {
    let (url, _served) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890").await;
    let error = transport().send(Request { answer_limit: 10, ..get(url) }).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer could not be read: larger than 10 bytes");
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_read() {
    let (url, _served) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await;
    let response = transport().send(Request { answer_limit: 10, ..get(url) }).await.unwrap();
    assert_eq!(response.body, b"0123456789");
}

#[tokio::test]
async fn the_limit_counts_unpacked_bytes() {
    // 1,000 zeros, packed.
    let packed: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n\
        \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x60\x18\x05\xa3\x60\x14\x0c\x77\x00\x00\x80\x17\x0b\x06\xe8\x03\x00\x00";
    let (url, _served) = serve(packed).await;
    let response = transport().send(Request { answer_limit: 1000, ..get(url) }).await.unwrap();
    assert_eq!(response.body, [0; 1000]);
    let (url, _served) = serve(packed).await;
    let error = transport().send(Request { answer_limit: 999, ..get(url) }).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn silence_is_no_answer_and_a_slow_body_is_unreadable() {
    for (begin, unreadable) in [(&b""[..], false), (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = url_of(&listener);
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_head(&mut socket).await;
            socket.write_all(begin).await.unwrap();
            // Holds the socket open until the client goes.
            let _ = socket.read(&mut [0; 1]).await;
        });
        let error = transport().send(Request { timeout: Duration::from_millis(100), ..get(url) }).await.unwrap_err();
        assert_eq!(matches!(error, TransportError::Unreadable(_)), unreadable, "{error:?}");
        assert_eq!(matches!(error, TransportError::NoAnswer(_)), !unreadable, "{error:?}");
        served.await.unwrap();
    }
}

/// Takes one upload whole and gives its head and body.
async fn take_upload(len: usize) -> (Url, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url_of(&listener);
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (head, mut body) = read_head(&mut socket).await;
        while body.len() < len {
            let mut buffer = vec![0; 65536];
            match socket.read(&mut buffer).await {
                Ok(n) if n > 0 => body.extend_from_slice(&buffer[..n]),
                _ => break,
            }
        }
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        (head, body)
    });
    (url, served)
}

fn upload(url: Url, source: Box<dyn Access>, len: u64, progress: Option<Progress>) -> Request {
    let body = Body::Stream { content_type: "application/octet-stream", source, len, progress };
    Request { method: Method::Post, body, ..get(url) }
}

#[tokio::test]
async fn a_streamed_body_has_its_length_and_is_not_chunked() {
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut source = Cursor::new(bytes.clone());
    source.seek(SeekFrom::Start(1000)).unwrap();
    let (url, served) = take_upload(699_000).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let progress: Progress = Arc::new(move |sent| teller.lock().unwrap().push(sent));
    let response = transport().send(upload(url, Box::new(source), 699_000, Some(progress))).await.unwrap();
    assert_eq!(response.body, b"{}");
    let (head, body) = served.await.unwrap();
    assert!(head.contains("content-length: 699000\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(body, bytes[1000..]);
    assert_eq!(*told.lock().unwrap(), [262_144, 524_288, 699_000]);
}

#[tokio::test]
async fn a_file_that_became_shorter_breaks_the_request_off() {
    let (url, _served) = take_upload(100).await;
    let error = transport().send(upload(url, Box::new(Cursor::new(vec![1; 60])), 100, None)).await.unwrap_err();
    assert!(matches!(error, TransportError::NoAnswer(_)), "{error:?}");
}

/// Endless zeros that count how much of them was read.
struct Counted(Arc<Mutex<u64>>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        *self.0.lock().unwrap() += buffer.len() as u64;
        buffer.fill(0);
        Ok(buffer.len())
    }
}

impl Seek for Counted {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

/// Takes a request's head and then nothing more, while the socket is held.
async fn hold() -> (Url, tokio::task::JoinHandle<tokio::net::TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url_of(&listener);
    let held = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_head(&mut socket).await;
        socket
    });
    (url, held)
}

#[tokio::test]
async fn a_large_file_is_not_read_ahead_of_a_slow_receiver() {
    let (url, held) = hold().await;
    let read = Arc::new(Mutex::new(0));
    let request = Request {
        timeout: Duration::from_millis(300),
        ..upload(url, Box::new(Counted(Arc::clone(&read))), 1 << 40, None)
    };
    let error = transport().send(request).await.unwrap_err();
    assert!(matches!(error, TransportError::NoAnswer(_)), "{error:?}");
    // What the kernel's socket buffers take, not a terabyte.
    assert!(*read.lock().unwrap() < 64 << 20, "{} bytes", read.lock().unwrap());
    drop(held);
}

#[tokio::test]
async fn a_post_without_body_says_so() {
    let (url, served) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    transport().send(Request { method: Method::Post, ..get(url) }).await.unwrap();
    assert!(served.await.unwrap().contains("content-length: 0\r\n"));
}

#[test]
fn loopback_is_this_machine_only() {
    for (url, expected) in [
        ("http://localhost:8787/", true),
        ("http://127.9.9.9/", true),
        ("http://[::1]:1/", true),
        ("https://graph.facebook.com/", false),
        ("http://localhost.example.com/", false),
        ("http://10.0.0.1/", false),
    ] {
        assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
    }
}

#[tokio::test]
async fn a_body_that_stops_moving_is_given_up() {
    let (url, held) = hold().await;
    let options = HttpOptions { stall: Duration::from_millis(200), ..HttpOptions::default() };
    let request =
        Request { timeout: Duration::from_secs(600), ..upload(url, Box::new(Counted(Arc::default())), 1 << 40, None) };
    let error = HttpTransport::new(&options).unwrap().send(request).await.unwrap_err();
    assert!(matches!(&error, TransportError::NoAnswer(why) if why.contains("no data for")), "{error:?}");
    drop(held);
}
