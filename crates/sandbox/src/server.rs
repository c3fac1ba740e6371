//! From HTTP request to HTTP response: faults around the endpoints.

mod body;
mod receive;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Response;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use self::body::broken;
pub(crate) use self::body::collect;
use super::batch;
use super::call::{self, Call};
use super::container::Marks;
use super::edges;
use super::error::Refusal;
use super::fault::Fault;
use super::log::{Entry, harmless};
use super::machine::{Core, locked};
use super::respond::{self, Cut, Usage};
use super::socket::Port;
use super::time::{self, Millis};
use super::{control, door, page};

/// The largest body of an API call, in bytes.
const MAX_BODY: u64 = 8 << 20;

pub(crate) struct Server {
    pub(crate) core: Core,
    count: AtomicU64,
    /// How often the controls changed something.
    pub(crate) touched: AtomicU64,
    pub(crate) port: Arc<Port>,
    late: std::sync::Mutex<Vec<Late>>,
}

/// A request whose effect is still to come.
struct Late {
    due: Millis,
    parts: Parts,
    body: Bytes,
    marks: Marks,
}

/// What the endpoints made of a request.
struct Outcome {
    status: u16,
    body: Value,
    refusal: Option<Refusal>,
    params: Map<String, Value>,
}

impl Server {
    pub(crate) fn new(core: Core) -> Self {
        Self {
            core,
            count: AtomicU64::new(0),
            touched: AtomicU64::new(0),
            port: Arc::default(),
            late: std::sync::Mutex::default(),
        }
    }

    /// Answers one request; a [`Cut`] in the response's extensions means no answer.
    pub(crate) async fn handle(self: Arc<Self>, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let mut response = match door::judge(&parts) {
            Ok(()) => self.admitted(parts, body).await,
            Err(why) => respond::control(
                403,
                &json!({ "error": { "message": why, "type": "SandboxRefused" } }),
                self.core.now(),
            ),
        };
        // Browsers that do not say who asks keep what another site embeds from it.
        response.headers_mut().insert("cross-origin-resource-policy", respond::header("same-origin"));
        response
    }

    async fn admitted(&self, parts: Parts, body: Body) -> Response<Body> {
        let path = call::parts(parts.uri.path());
        if path.first().is_some_and(|part| part == "_sandbox") {
            self.run_late().await;
            return control::answer(self, &parts, &path[1..], body).await;
        }
        if path.is_empty() && matches!(parts.method.as_str(), "GET" | "HEAD") && parts.uri.query().is_none() {
            self.run_late().await;
            return page::feed(self, self.core.now());
        }
        self.run_late().await;
        self.graph(parts, body, path).await
    }

    async fn graph(&self, parts: Parts, body: Body, mut path: Vec<String>) -> Response<Body> {
        if path.first().is_some_and(|part| call::is_version(part)) {
            path.remove(0);
        }
        let plain = format!("/{}", path.join("/"));
        let faults = locked(&self.core.faults).strike(parts.method.as_str(), &plain);
        let mut entry = Entry {
            at: time::rfc3339(self.core.now()),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            params: Map::new(),
            status: None,
            code: None,
            error_subcode: None,
            message: None,
            faults: faults.iter().map(Fault::name).collect(),
        };
        let response = self.faulty(parts, body, &path, &faults, &mut entry).await;
        if response.extensions().get::<Cut>().is_none() {
            entry.status = Some(response.status().as_u16());
        }
        locked(&self.core.log).add(entry);
        response
    }

    /// Faults before the request is processed, the processing, faults after it.
    async fn faulty(
        &self,
        parts: Parts,
        body: Body,
        path: &[String],
        faults: &[Fault],
        entry: &mut Entry,
    ) -> Response<Body> {
        for fault in faults {
            match fault {
                Fault::Delay { ms } => self.sleep(*ms).await,
                Fault::RefuseConnection => return respond::cut(Cut::Refused),
                Fault::ClosePort { ms } => {
                    self.port.close(Duration::from_millis(u64::try_from(*ms).unwrap_or(0)));
                    return respond::cut(Cut::Refused);
                }
                Fault::CloseBefore => return respond::cut(Cut::Closed),
                _ => {}
            }
        }
        if path.first().is_some_and(|part| part == "ig-api-upload") {
            return self.upload(&parts, body, path, faults, entry).await;
        }
        let Ok(body) = collect(body, MAX_BODY).await else { return respond::cut(Cut::Closed) };
        let now = self.core.now();
        if let Ok(call) = Call::read(&parts.method, &parts.uri, &parts.headers, &body, now) {
            entry.params = harmless(call.params.as_map());
        }
        if let Some(response) = self.instead(&parts, &body, faults, entry, now) {
            return response;
        }
        let marks = marks(faults);
        if let Some(ms) =
            faults.iter().find_map(|fault| if let Fault::LateEffect { ms } = fault { Some(*ms) } else { None })
        {
            locked(&self.late).push(Late { due: now + ms, parts, body, marks });
            return respond::cut(Cut::Closed);
        }
        let outcome = self.process(&parts, &body, marks, now).await;
        entry.params.clone_from(&outcome.params);
        self.after(&parts, outcome, faults, entry, now).await
    }

    /// Answers that come instead of any effect.
    fn instead(
        &self,
        parts: &Parts,
        body: &Bytes,
        faults: &[Fault],
        entry: &mut Entry,
        now: Millis,
    ) -> Option<Response<Body>> {
        for fault in faults {
            match fault {
                Fault::Http { status, body } => {
                    return Some(respond::raw(*status, "text/html; charset=utf-8", body.clone(), now));
                }
                Fault::GraphError { effect: false, .. } | Fault::Throttle { .. } => {
                    let usage = match fault {
                        Fault::Throttle { minutes } => Usage { percent: 100, minutes: *minutes },
                        _ => Usage::default(),
                    };
                    return fault.refusal().map(|refusal| self.refuse(parts, &refusal, usage, entry, now));
                }
                Fault::Unreadable if parts.method == "GET" => {
                    let id = parts.uri.path().rsplit('/').next().unwrap_or_default();
                    let refusal = Refusal::nonexistent("get", id);
                    return Some(self.refuse(parts, &refusal, Usage::default(), entry, now));
                }
                Fault::ExpireToken { subcode } => {
                    let call = Call::read(&parts.method, &parts.uri, &parts.headers, body, now);
                    if let Some(token) = call.ok().and_then(|call| call.token) {
                        self.core.world().kill_token(&token, Some(*subcode));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Runs the endpoint and records what it changed, before any answer mentions it.
    async fn process(&self, parts: &Parts, body: &[u8], marks: Marks, now: Millis) -> Outcome {
        let call = Call::read(&parts.method, &parts.uri, &parts.headers, body, now).map(|call| Call { marks, ..call });
        let params = call.as_ref().map(|call| harmless(call.params.as_map())).unwrap_or_default();
        let result = match call {
            Ok(call) if call.path.is_empty() && call.params.has("batch") => {
                batch::answer(&self.core, &call, || self.trace()).await
            }
            Ok(call) => edges::answer(&self.core, &call).await,
            Err(refusal) => Err(refusal),
        };
        let result = self.core.save().and(result);
        match result {
            Ok(body) => Outcome { status: 200, body, refusal: None, params },
            Err(refusal) => {
                let body = self.body(&refusal);
                Outcome { status: refusal.http, body, refusal: Some(refusal), params }
            }
        }
    }

    /// Faults that strike the answer of a request that took effect.
    async fn after(
        &self,
        parts: &Parts,
        outcome: Outcome,
        faults: &[Fault],
        entry: &mut Entry,
        now: Millis,
    ) -> Response<Body> {
        if let Some(refusal) = &outcome.refusal {
            note(entry, refusal);
        }
        let text = respond::escaped(&outcome.body);
        let percent = self.core.world().settings.usage_percent;
        let whole = |text: &str| self.answer(parts, outcome.status, text, Usage { percent, minutes: 0 }, now);
        for fault in faults {
            match fault {
                Fault::LoseAnswer => return respond::cut(Cut::Closed),
                Fault::GraphError { effect: true, .. } => {
                    if let Some(refusal) = fault.refusal() {
                        return self.refuse(parts, &refusal, Usage::default(), entry, now);
                    }
                }
                Fault::Truncate { bytes } => {
                    let response = whole(&text);
                    return broken(response, &text, *bytes);
                }
                Fault::SlowBody { ms } => {
                    self.sleep(ms / 2).await;
                    let response = whole(&text);
                    self.sleep(ms / 2).await;
                    return response;
                }
                _ => {}
            }
        }
        whole(&text)
    }

    fn body(&self, refusal: &Refusal) -> Value {
        if self.core.world().settings.localised {
            refusal.clone().localised().body(&self.trace())
        } else {
            refusal.body(&self.trace())
        }
    }

    fn refuse(&self, parts: &Parts, refusal: &Refusal, usage: Usage, entry: &mut Entry, now: Millis) -> Response<Body> {
        note(entry, refusal);
        self.answer(parts, refusal.http, &respond::escaped(&self.body(refusal)), usage, now)
    }

    fn answer(&self, parts: &Parts, status: u16, text: &str, usage: Usage, now: Millis) -> Response<Body> {
        let path = call::parts(parts.uri.path());
        let version = path.first().filter(|part| call::is_version(part)).map(String::as_str);
        let user = path.iter().find(|part| self.core.world().account(part).is_some()).map(String::as_str);
        let version = call::served_version(version.unwrap_or(igsync_instagram::wire::NEWEST_VERSION));
        let mut response = respond::graph(status, text, version, user.unwrap_or("0"), usage, now);
        response.headers_mut().insert("x-fb-trace-id", respond::header(&self.trace()));
        response
    }

    /// Requests whose answer was lost and whose time has come take effect, in the order of their time.
    pub(crate) async fn run_late(&self) {
        loop {
            let now = self.core.now();
            let next = {
                let mut late = locked(&self.late);
                late.sort_by_key(|one| one.due);
                (late.first().is_some_and(|one| one.due <= now)).then(|| late.remove(0))
            };
            let Some(late) = next else { return };
            self.process(&late.parts, &late.body, late.marks, late.due).await;
        }
    }

    /// Forgets everything that is not the world.
    pub(crate) fn forget(&self) {
        locked(&self.late).clear();
        locked(&self.core.faults).clear();
        locked(&self.core.log).clear();
        self.core.uploads.clear();
    }

    fn trace(&self) -> String {
        respond::trace(self.count.fetch_add(1, Ordering::Relaxed))
    }

    async fn sleep(&self, ms: Millis) {
        self.core.clock.sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
    }
}

fn note(entry: &mut Entry, refusal: &Refusal) {
    (entry.code, entry.error_subcode) = (Some(refusal.code), refusal.subcode);
    entry.message = Some(refusal.message.clone());
}

fn marks(faults: &[Fault]) -> Marks {
    let mut marks = Marks::default();
    for fault in faults {
        fault.mark(&mut marks);
    }
    marks
}
