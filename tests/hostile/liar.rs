//! A server that lies: a sandbox answers, and what it says is changed on the way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::attack::Attack;
use crate::project::Server;

/// Tokens that the sandbox takes for its own, when they come through here, and that can be searched for.
pub const INSTAGRAM_CANARY: &str = "IGAAcanary7f3Qx0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV";
pub const FACEBOOK_CANARY: &str = "EAAcanary9k2Zy8Xw7Vu6Ts5Rq4Po3Nm2Lk1Ji0Hg9Fe8Dc7";

/// One request, as the client sent it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From 0.
    pub number: usize,
    pub method: String,
    /// With the query.
    pub path: String,
    /// The head, with its headers as they came.
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn is_publish(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/media_publish")
    }

    pub fn is_creation(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/media")
    }
}

/// What the client gets.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// `None`: without.
    pub date: Option<String>,
    pub body: String,
}

impl Answer {
    pub fn of(status: u16, body: &str) -> Self {
        Self { status, date: Some(date(0)), body: body.to_owned() }
    }
}

/// A `Date` so many seconds ahead of this machine's clock.
pub fn date(ahead: i64) -> String {
    let now = igsync_ports::Clock::now(&igsync_host::RealClock::new());
    (now + jiff::SignedDuration::from_secs(ahead)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `Some` is answered instead of asking the sandbox.
type Instead = Arc<dyn Fn(&Asked) -> Option<Answer> + Send + Sync>;
type Lie = Arc<dyn Fn(&Asked, &mut Answer) + Send + Sync>;

struct Shared {
    instead: Mutex<Instead>,
    lie: Mutex<Lie>,
    asked: Mutex<Vec<Asked>>,
    target: SocketAddr,
    is_over: AtomicBool,
}

/// Between a client and a sandbox, until dropped.
pub struct Liar {
    pub server: Server,
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// Tells the truth until it is taught otherwise.
    pub fn new() -> Self {
        let server = Server::start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            instead: Mutex::new(Arc::new(|_| None)),
            lie: Mutex::new(Arc::new(|_, _| {})),
            asked: Mutex::default(),
            target: server.address(),
            is_over: AtomicBool::new(false),
        });
        let desk = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if desk.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let desk = Arc::clone(&desk);
                std::thread::spawn(move || {
                    // A client that is gone is none of its business.
                    let _ = desk.serve(stream?);
                    std::io::Result::Ok(())
                });
            }
        });
        Self { server, shared, address, thread: Some(thread) }
    }

    /// Changes what the sandbox answers.
    pub fn lies(&self, lie: impl Fn(&Asked, &mut Answer) + Send + Sync + 'static) {
        *self.shared.lie.lock().unwrap() = Arc::new(lie);
    }

    /// Answers itself, so that the sandbox never hears of it.
    pub fn instead(&self, instead: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) {
        *self.shared.instead.lock().unwrap() = Arc::new(instead);
    }

    /// Tells the truth again.
    pub fn relents(&self) {
        self.lies(|_, _| {});
        self.instead(|_| None);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Requests that make or publish something.
    pub fn sent(&self) -> (usize, usize) {
        let asked = self.asked();
        let count = |is_it: fn(&Asked) -> bool| asked.iter().filter(|asked| is_it(asked)).count();
        (count(Asked::is_creation), count(Asked::is_publish))
    }

    /// An attack's environment for runs against this server, with short waits.
    pub fn connect(&self, attack: Attack, token: &str) -> Attack {
        attack
            .env("IGSYNC_GRAPH_URL", &format!("http://{}", self.address))
            .env("IGSYNC_LOGIN", "instagram")
            .env("IGSYNC_ACCESS_TOKEN", token)
            .env("IGSYNC_POLL_INITIAL_MS", "10")
            .env("IGSYNC_POLL_MAX_MS", "50")
            .env("IGSYNC_POLL_BUDGET_MS", "2000")
            .env("IGSYNC_SETTLE_MS", "200")
            .env("IGSYNC_LOOK_MS", "20")
            .env("IGSYNC_HTTP_TIMEOUT_MS", "2000")
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener up.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// One request, one answer.
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (head, body) = read(&mut BufReader::new(stream.try_clone()?))?;
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let asked = {
            let mut all = self.asked.lock().unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            let asked = Asked { number: all.len(), method, path, head: head.clone(), body };
            all.push(asked.clone());
            asked
        };
        // No one is kept from being answered while another request is.
        let instead = Arc::clone(&self.instead.lock().unwrap());
        let mut answer = match instead(&asked) {
            Some(answer) => answer,
            None => self.pass_on(&head, &body)?,
        };
        let lie = Arc::clone(&self.lie.lock().unwrap());
        lie(&asked, &mut answer);
        let Answer { status, date, body } = answer;
        let date = date.map_or_else(String::new, |date| format!("date: {date}\r\n"));
        let head = format!("HTTP/1.1 {status} X\r\n{date}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())
    }

    fn pass_on(&self, head: &str, body: &[u8]) -> std::io::Result<Answer> {
        let mut socket = TcpStream::connect(self.target)?;
        // Of an older client the sandbox wants nothing but the end of the connection.
        let head = head.replacen("HTTP/1.1\r\n", "HTTP/1.0\r\n", 1);
        let head = head.replace(INSTAGRAM_CANARY, "IGAA-LONG").replace(FACEBOOK_CANARY, "EAA-LONG");
        socket.write_all(head.as_bytes())?;
        socket.write_all(body)?;
        let (head, body) = read(&mut BufReader::new(socket))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
        let date = header(&head, "date").map(str::to_owned);
        Ok(Answer { status, date, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}

/// Head and body of one message; without a length the body is all that comes.
fn read(stream: &mut impl BufRead) -> std::io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while stream.read_line(&mut head)? > 0 && !head.ends_with("\r\n\r\n") {}
    let mut body = Vec::new();
    let is_request = !head.starts_with("HTTP/");
    match header(&head, "content-length").and_then(|length| length.parse::<u64>().ok()) {
        Some(length) => stream.take(length).read_to_end(&mut body)?,
        None if is_request => 0,
        None => stream.read_to_end(&mut body)?,
    };
    Ok((head, body))
}
