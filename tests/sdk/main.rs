//! Programs that no one here wrote, against the sandbox: Meta's own SDKs, pointed at it by their base
//! address alone, a browser on its page, and browser and calendar on what `igsync preview` writes.
//!
//! A program that is missing is a visible skip, and a failure where `IGSYNC_TEST_REQUIRE_TOOLS` is set.
//! `IGSYNC_PYTHON` names an interpreter with `facebook-business` and `icalendar`, `IGSYNC_NODE_MODULES` a folder with
//! `facebook-nodejs-business-sdk`, `playwright-core` and `axe-core` installed, `IGSYNC_CHROMIUM` a browser.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

mod kill;
mod page;
mod preview;
mod sdks;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use igsync_host::{RealClock, RealDisk};
use igsync_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

pub use tools::{chromium, has, has_package, node, run};

pub const USER: &str = "17841400000000001";

/// A sandbox at some address.
pub struct Remote {
    pub url: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Remote {
    pub fn new(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { url: url.to_owned(), client: reqwest::Client::builder().no_proxy().build().unwrap(), runtime }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let (status, text) = self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        });
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Gives the sandbox one of the example's files and returns its URL.
    pub fn host(&self, name: &str) -> String {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        let bytes = std::fs::read(repository().join("examples/content/media").join(name)).unwrap();
        let digest = sha2::Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        let url = format!("{}/_sandbox/media/{digest}.{}", self.url, name.rsplit('.').next().unwrap());
        assert_eq!(self.send(self.client.put(&url).body(bytes)).0, 200);
        url
    }

    pub fn get(&self, path: &str) -> Value {
        self.send(self.client.get(format!("{}/{path}", self.url)).bearer_auth("EAA-LONG")).1
    }

    pub fn post(&self, path: &str, params: &Value) -> Value {
        let request = self.client.post(format!("{}/{path}", self.url)).bearer_auth("EAA-LONG");
        self.send(request.header("content-type", "application/json").body(params.to_string())).1
    }
}

/// A sandbox in this process on a port of its own, stopped when dropped.
pub struct Server {
    pub sandbox: Sandbox,
    remote: Remote,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::ops::Deref for Server {
    type Target = Remote;

    fn deref(&self) -> &Remote {
        &self.remote
    }
}

impl Server {
    pub fn start() -> Self {
        let mut remote = Remote::new("");
        let sandbox = Sandbox::new(&Options::quick(), Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap();
        let listener = remote.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        remote.url = format!("http://{}", listener.local_addr().unwrap());
        let task = remote.runtime.spawn(sandbox.clone().serve(listener));
        Self { sandbox, remote, task }
    }

    /// Makes a container and publishes it; the id of the post.
    pub fn publish(&self, params: &Value) -> String {
        let container = self.post(&format!("{USER}/media"), params);
        assert!(container["id"].is_string(), "{container}");
        self.advance(30);
        let media = self.post(&format!("{USER}/media_publish"), &json!({ "creation_id": container["id"] }));
        media["id"].as_str().unwrap_or_else(|| panic!("{media}")).to_owned()
    }

    pub fn advance(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds)).unwrap();
    }

    pub fn posts(&self) -> Vec<igsync_sandbox::Published> {
        self.runtime.block_on(self.sandbox.published())
    }
}

pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn script(name: &str) -> PathBuf {
    repository().join("tests/sdk").join(name)
}
