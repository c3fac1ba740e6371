//! The requests that came in, without their tokens.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Map, Value};

/// Older entries are dropped.
const KEPT: usize = 20_000;
/// Longer texts are cut in the log. In characters.
const MAX_TEXT: usize = 4_000;

#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// RFC 3339, by the sandbox's clock.
    pub at: String,
    pub method: String,
    /// With the version, as it came.
    pub path: String,
    /// Query and body parameters, secrets left out.
    pub params: Map<String, Value>,
    /// `None`: the connection was closed without an answer.
    pub status: Option<u16>,
    pub code: Option<i64>,
    pub error_subcode: Option<i64>,
    /// The faults that touched it.
    pub faults: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<Entry>);

impl Log {
    pub(crate) fn add(&mut self, entry: Entry) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Parameters fit to be shown: no token, no secret, no endless text.
pub(crate) fn harmless(params: &Map<String, Value>) -> Map<String, Value> {
    const SECRETS: &[&str] =
        &["access_token", "appsecret_proof", "batch", "client_secret", "code", "fb_exchange_token", "input_token"];
    let shown = params.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
    shown
        .map(|(name, value)| match value {
            Value::String(text) if text.len() > MAX_TEXT => {
                (name.clone(), Value::from(text.chars().take(MAX_TEXT).collect::<String>()))
            }
            other => (name.clone(), other.clone()),
        })
        .collect()
}
