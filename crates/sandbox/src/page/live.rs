//! The requests, and what the page asks for to stay up to date.

use std::sync::atomic::Ordering;

use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::call;
use super::super::log::{Entry, Log};
use super::super::machine::locked;
use super::super::server::Server;
use super::super::time;
use super::super::world::World;

const SHOWN: usize = 60;

/// Grows with everything that may have changed the page.
pub(super) fn revision(server: &Server, log: &Log) -> u64 {
    log.count() + server.touched.load(Ordering::Acquire)
}

/// `GET /_sandbox/live?after=N`: the requests after the first N, oldest first.
pub(crate) fn answer(server: &Server, query: &str) -> Value {
    let after = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
    let after = after.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let now = time::human(server.core.now());
    let world = server.core.world();
    let log = locked(&server.core.log);
    let rows: Vec<Value> = log.since(after, SHOWN).map(|entry| row(&world, entry)).collect();
    json!({ "now": now, "revision": revision(server, &log), "count": log.count(), "requests": rows })
}

/// One request in the words of the page.
fn row(world: &World, entry: &Entry) -> Value {
    json!({
        "class": class(entry),
        "status": status(entry),
        "method": entry.method,
        "path": path(world, &entry.path),
        "at": entry.at.get(11..19).unwrap_or_default(),
        "note": note(entry),
    })
}

/// `@harbour/media_publish` for `/v26.0/17841400000000001/media_publish`.
fn path(world: &World, path: &str) -> String {
    let mut parts = call::parts(path);
    if parts.first().is_some_and(|part| call::is_version(part)) {
        parts.remove(0);
    }
    let account = parts.first().and_then(|part| world.account(part)).map(|account| format!("@{}", account.username));
    match account {
        Some(name) => {
            parts[0] = name;
            parts.join("/")
        }
        None => format!("/{}", parts.join("/")),
    }
}

fn class(entry: &Entry) -> &'static str {
    match entry.status {
        Some(200..300) => "good",
        Some(_) => "bad",
        None => "old",
    }
}

fn status(entry: &Entry) -> String {
    entry.status.map_or("no answer".to_owned(), |status| status.to_string())
}

fn note(entry: &Entry) -> String {
    let mut note = match (entry.code, entry.error_subcode) {
        (Some(code), Some(subcode)) => format!("{code}/{subcode} {}", entry.message.as_deref().unwrap_or_default()),
        (Some(code), None) => format!("{code} {}", entry.message.as_deref().unwrap_or_default()),
        (None, _) => String::new(),
    };
    if !entry.faults.is_empty() {
        note = format!("{note} fault: {}", entry.faults.join(", "));
    }
    note.trim().to_owned()
}

pub(super) fn panel(world: &World, log: &Log) -> Markup {
    html! {
        aside.requests aria-labelledby="requests-title" {
            h2 #requests-title { "Requests" }
            ol #requests data-count=(log.count()) aria-label="Newest first" {
                @for entry in log.since(0, SHOWN).rev() {
                    li {
                        span.chip.(class(entry)) { (status(entry)) }
                        code.call title=(entry.path) { b { (entry.method) } " " (path(world, &entry.path)) }
                        time.facts { (entry.at.get(11..19).unwrap_or_default()) }
                        @let note = note(entry);
                        @if !note.is_empty() { span.why { (note) } }
                    }
                }
            }
            @if log.count() == 0 { p.empty #no-requests { "None yet" } }
        }
    }
}
