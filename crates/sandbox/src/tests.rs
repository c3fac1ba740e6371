//! The sandbox as a client meets it: over real HTTP on a free port.

mod docs;
mod door;
mod edges;
mod errors;
mod faults;
mod insights;
mod life;
mod protocol;
mod publishing;
mod restart;
mod rows;
mod samples;
mod seeded;
mod switches;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Fault, FaultPlan, Options, Published, Sandbox};
use futures_util::future::BoxFuture;
use igsync_host::{RealClock, RealDisk};
use igsync_ports::{Request, Response, Transport, TransportError};
use igsync_testkit::media::{Mp4, jpeg};
use igsync_testkit::temporary_folder;

const USER: &str = "17841400000000001";
const OTHER: &str = "17841400000000002";

/// A sandbox on a free port, its client, and a token to call it with.
struct Server {
    sandbox: Sandbox,
    base: String,
    client: reqwest::Client,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Status and JSON body.
type Reply = (u16, Value);

fn client() -> reqwest::Client {
    // Installing fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn start() -> Server {
    start_with(&Options::quick()).await
}

async fn start_with(options: &Options) -> Server {
    serve(Sandbox::new(options, Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap()).await
}

async fn serve(sandbox: Sandbox) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(sandbox.clone().serve(listener));
    Server { sandbox, base, client: client(), task }
}

/// A client as the program has one: it follows nothing.
struct Fetch(reqwest::Client);

impl Transport for Fetch {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let lost = |error: reqwest::Error| TransportError::NoAnswer(error.to_string());
            let answer = self.0.get(request.url).timeout(request.timeout).send().await.map_err(lost)?;
            let status = answer.status().as_u16();
            let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            Ok(Response { status, headers, body: answer.bytes().await.map_err(lost)?.to_vec() })
        })
    }
}

/// A sandbox that fetches media from other hosts.
async fn fetching() -> Server {
    let sandbox = Sandbox::new(&Options::quick(), Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap();
    serve(sandbox.fetching_through(Arc::new(Fetch(client())))).await
}

impl Server {
    /// `POST /_sandbox/{what}`
    async fn control(&self, what: &str, body: &Value) -> Reply {
        let request = self.client.post(format!("{}/_sandbox/{what}", self.base)).body(body.to_string());
        reply(request.send().await.unwrap()).await.unwrap()
    }

    /// Changes the state of the first account at Meta.
    async fn set_account(&self, state: &str) {
        let (status, answer) = self.control("accounts", &json!({ "user_id": USER, "state": state })).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn try_get(&self, token: &str, path: &str) -> reqwest::Result<Reply> {
        reply(self.client.get(format!("{}/v26.0/{path}", self.base)).bearer_auth(token).send().await?).await
    }

    async fn get(&self, token: &str, path: &str) -> Reply {
        self.try_get(token, path).await.unwrap()
    }

    async fn try_post(&self, token: &str, path: &str, params: &Value) -> reqwest::Result<Reply> {
        let request = self.client.post(format!("{}/v26.0/{path}", self.base)).bearer_auth(token);
        reply(request.header("content-type", "application/json").body(params.to_string()).send().await?).await
    }

    async fn post(&self, token: &str, path: &str, params: Value) -> Reply {
        self.try_post(token, path, &params).await.unwrap()
    }

    /// Gives the sandbox a file and returns its URL.
    async fn host(&self, bytes: Vec<u8>, ext: &str) -> String {
        let url = format!("{}/_sandbox/media/{}.{ext}", self.base, super::store::sha256(&bytes));
        let answer = self.client.put(&url).body(bytes).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        url
    }

    async fn picture(&self) -> String {
        self.host(jpeg(400, 400), "jpg").await
    }

    async fn clip(&self) -> String {
        self.host(Mp4::default().build(), "mp4").await
    }

    /// A container that must come to be.
    async fn container(&self, token: &str, user: &str, params: Value) -> String {
        let (status, answer) = self.post(token, &format!("{user}/media"), params).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn image(&self) -> String {
        let url = self.picture().await;
        self.container("IGAA-LONG", USER, json!({ "image_url": url, "caption": "a" })).await
    }

    async fn publish(&self, token: &str, user: &str, container: &str) -> Reply {
        self.post(token, &format!("{user}/media_publish"), json!({ "creation_id": container })).await
    }

    /// Publishes what must be publishable and returns the media id.
    async fn published(&self, container: &str) -> String {
        let (status, answer) = self.publish("IGAA-LONG", USER, container).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, container: &str) -> String {
        let (_, answer) = self.get("IGAA-LONG", &format!("{container}?fields=status_code")).await;
        answer["status_code"].as_str().unwrap_or_default().to_owned()
    }

    /// Creation that must be refused; code and subcode.
    async fn refused(&self, token: &str, params: Value) -> (i64, Option<i64>) {
        let (status, answer) = self.post(token, &format!("{USER}/media"), params).await;
        assert!(status >= 400, "{answer}");
        code(&answer)
    }

    fn advance(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds)).unwrap();
    }

    fn fault(&self, method: &str, path: &str, fault: Fault) {
        self.sandbox.add_fault(FaultPlan::next(method, path, fault));
    }

    async fn posts(&self) -> Vec<Published> {
        self.sandbox.published().await
    }
}

async fn reply(response: reqwest::Response) -> reqwest::Result<Reply> {
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

fn code(answer: &Value) -> (i64, Option<i64>) {
    (answer["error"]["code"].as_i64().unwrap_or(0), answer["error"]["error_subcode"].as_i64())
}
