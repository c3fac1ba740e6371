//! Servers on free ports of this machine: a proxy that watches and disturbs, a plain file server, S3.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};

/// All servers of this test process.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    })
}

/// Serves `router` on a free port until dropped.
struct Served {
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    fn start(router: axum::Router) -> Self {
        let listener = runtime().block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = runtime().spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request that came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// With the query.
    pub path: String,
    pub headers: HashMap<String, String>,
    /// What the client was answered.
    pub status: u16,
}

/// What happens to a request instead of being passed on.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    Answer(u16, &'static str),
    /// No answer ever comes.
    Silence,
}

type Rule = Box<dyn Fn(&str, &str) -> Option<Trouble> + Send + Sync>;

/// Passes requests on to another server as they are, host name included, and remembers them.
pub struct Proxy {
    served: Served,
    seen: Arc<Mutex<Vec<Seen>>>,
    rule: Arc<Mutex<Rule>>,
}

impl Proxy {
    pub fn to(target: &str) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_, _| None)));
        let client = {
            let _enter = runtime().enter();
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
        };
        let (target, log, rules) = (target.to_owned(), Arc::clone(&seen), Arc::clone(&rule));
        let router = axum::Router::new().fallback(move |request: Request| {
            let (target, log, rules, client) = (target.clone(), Arc::clone(&log), Arc::clone(&rules), client.clone());
            async move { pass(request, &target, &log, &rules, &client).await }
        });
        Self { served: Served::start(router), seen, rule }
    }

    /// A Graph API on this machine that is no sandbox: everything but the controls.
    pub fn hiding_controls(target: &str) -> Self {
        let proxy = Self::to(target);
        proxy.disturb(|_, path| path.starts_with("/_sandbox").then_some(Trouble::Answer(404, "{}")));
        proxy
    }

    pub fn url(&self) -> &str {
        &self.served.url
    }

    pub fn disturb(&self, rule: impl Fn(&str, &str) -> Option<Trouble> + Send + Sync + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// What came by since this was last asked.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn pass(
    request: Request,
    target: &str,
    log: &Mutex<Vec<Seen>>,
    rules: &Mutex<Rule>,
    client: &reqwest::Client,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 30).await.unwrap_or_default();
    let (method, path) = (parts.method.to_string(), parts.uri.to_string());
    let trouble = (rules.lock().unwrap())(&method, &path);
    let response = match trouble {
        None => forward(client, &parts.method, &format!("{target}{path}"), &parts.headers, body).await,
        Some(Trouble::Answer(status, text)) => Response::builder().status(status).body(Body::from(text)).unwrap(),
        Some(Trouble::Silence) => std::future::pending().await,
    };
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()));
    let headers = headers.collect();
    log.lock().unwrap().push(Seen { method, path, headers, status: response.status().as_u16() });
    response
}

async fn forward(
    client: &reqwest::Client,
    method: &axum::http::Method,
    url: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let answer = client.request(method.clone(), url).headers(headers.clone()).body(body).send().await;
    let Ok(answer) = answer else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap();
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        let is_length = name == "content-length" && *method != axum::http::Method::HEAD;
        if name != "transfer-encoding" && name != "connection" && !is_length {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap_or_default())).unwrap()
}

/// A plain web host: the files of a folder, as they are.
pub struct Files(Served);

impl Files {
    pub fn of(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self(Served::start(axum::Router::new().fallback(move |request: Request| {
            let folder = folder.clone();
            async move { file(&folder, request.uri().path()) }
        })))
    }

    pub fn url(&self) -> &str {
        &self.0.url
    }
}

fn file(folder: &Path, path: &str) -> Response<Body> {
    let name = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8().unwrap();
    let content_type = match name.rsplit('.').next().unwrap_or_default() {
        "jpg" => "image/jpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    };
    match std::fs::read(folder.join(&*name)) {
        Ok(bytes) => Response::builder().header("content-type", content_type).body(Body::from(bytes)).unwrap(),
        Err(_) => Response::builder().status(404).body(Body::empty()).unwrap(),
    }
}

/// `s3s-fs`: S3 over a folder, with one pair of keys and one bucket, `media`.
pub struct S3 {
    process: Child,
    pub folder: tempfile::TempDir,
    url: String,
}

pub const KEY_ID: &str = "AKIAIGSYNCTEST000001";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

impl S3 {
    /// `None`: the program is missing, and the test has said so.
    pub fn start() -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("media")).unwrap();
        let mut process = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0", "--access-key", KEY_ID, "--secret-key", SECRET])
            .arg(folder.path())
            .env("RUST_LOG", "s3s_fs=info")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| line.split_once("server is running at ").map(|(_, url)| url.trim().to_owned()))
            .expect("s3s-fs says where it listens");
        // A full pipe would hold the server.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, folder, url })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The names of all objects of the bucket.
    pub fn objects(&self) -> Vec<String> {
        let bucket = self.folder.path().join("media");
        let mut names: Vec<String> = walkdir::WalkDir::new(&bucket)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(&bucket).unwrap().to_str().unwrap().to_owned())
            .filter(|name| !name.split('/').any(|part| part.starts_with('.')))
            .collect();
        names.sort();
        names
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("IGSYNC_S3_SERVER").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("s3s-fs")).find(|program| program.is_file())
    };
    let found = named.filter(|program| program.is_file()).or_else(on_path);
    let what = "S3 server s3s-fs (cargo install s3s-fs --features binary)";
    crate::project::has(what, found.is_some());
    found
}
