//! Faults on demand: which requests they hit and what they do.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::container::Marks;
use super::error::{self, Refusal, THROTTLED};
use super::time::{Millis, SECOND};

/// What goes wrong. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late.
    Delay { ms: Millis },
    /// As if no one listened: nothing is read, nothing happens.
    RefuseConnection,
    /// The port is closed: every connection is dropped, this request's too, and for so long none comes up.
    ClosePort { ms: Millis },
    /// The connection is closed before the request is processed.
    CloseBefore,
    /// Processed, then closed without an answer.
    LoseAnswer,
    /// Closed without an answer; processed later.
    LateEffect { ms: Millis },
    /// This status and text instead of an answer; nothing happens.
    Http { status: u16, body: String },
    /// Processed; the answer is cut off after so many bytes.
    Truncate { bytes: usize },
    /// Processed; the answer's second half comes so much later.
    SlowBody { ms: Millis },
    /// This refusal, whether or not the request was processed.
    GraphError { code: i64, subcode: Option<i64>, message: Option<String>, effect: bool },
    /// The container made fails in processing.
    ProcessingError { subcode: i64 },
    /// The container made is never ready.
    NeverReady,
    /// So many publishes of a finished container answer 9007.
    NotReadyAfterFinished { times: u32 },
    /// Reads answer 100/33: of the object made, or this one read.
    Unreadable,
    /// The post made stays out of listings for that long.
    HideMedia { ms: Millis },
    /// Too many calls; nothing happens.
    Throttle { minutes: u64 },
    /// The token is dead from now on.
    ExpireToken { subcode: i64 },
    /// Of an upload so many bytes arrive, then the connection is closed.
    InterruptUpload { bytes: u64 },
}

/// Every fault by its name.
pub(crate) const NAMES: &[&str] = &[
    "delay",
    "refuse_connection",
    "close_port",
    "close_before",
    "lose_answer",
    "late_effect",
    "http",
    "truncate",
    "slow_body",
    "graph_error",
    "processing_error",
    "never_ready",
    "not_ready_after_finished",
    "unreadable",
    "hide_media",
    "throttle",
    "expire_token",
    "interrupt_upload",
];

/// Which requests a fault hits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// The end of the path without its version, or a pattern with `*`; any when absent.
    #[serde(default)]
    pub path: Option<String>,
}

/// One fault and when it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    #[serde(rename = "match")]
    pub hits: Match,
    /// The first matching request that it hits, counted from 1 after it was set.
    pub nth: u64,
    /// How many matching requests in a row; 0 is every one from then on.
    pub times: u64,
    pub fault: Fault,
    seen: u64,
}

impl Plan {
    /// The next matching request.
    #[must_use]
    pub fn next(method: &str, path: &str, fault: Fault) -> Self {
        let hits = Match { method: Some(method.to_owned()), path: Some(path.to_owned()) };
        Self { hits, nth: 1, times: 1, fault, seen: 0 }
    }

    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self { nth, ..self }
    }

    /// 0 is for ever.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Plan>);

impl Faults {
    pub(crate) fn add(&mut self, plan: Plan) {
        self.0.push(plan);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn all(&self) -> &[Plan] {
        &self.0
    }

    /// Counts a request and returns what strikes it.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Vec<Fault> {
        let mut struck = Vec::new();
        for plan in self.0.iter_mut().filter(|plan| plan.hits.matches(method, path)) {
            plan.seen += 1;
            if plan.seen >= plan.nth && (plan.times == 0 || plan.seen - plan.nth < plan.times) {
                struck.push(plan.fault.clone());
            }
        }
        struck
    }
}

impl Match {
    fn matches(&self, method: &str, path: &str) -> bool {
        let method_fits =
            self.method.as_deref().is_none_or(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(method));
        method_fits
            && self.path.as_deref().is_none_or(|wanted| {
                let glob = || globset::Glob::new(wanted).is_ok_and(|glob| glob.compile_matcher().is_match(path));
                path.ends_with(wanted) || (wanted.contains('*') && glob())
            })
    }
}

/// Reads `[{"match":{…},"nth":1,"fault":…}]`. A fault is a name, `{"name":{…}}`, `{"name":value}`, or
/// `{"kind":"name",…}`; its values may also are beside it.
///
/// # Errors
///
/// A sentence about the first entry that makes no sense.
pub fn parse(value: &Value) -> Result<Vec<Plan>, String> {
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        single @ Value::Object(_) => std::slice::from_ref(single),
        _ => return Err("faults are an array of objects".into()),
    };
    entries.iter().enumerate().map(|(n, entry)| plan(entry).map_err(|why| format!("fault {n}: {why}"))).collect()
}

fn plan(entry: &Value) -> Result<Plan, String> {
    let entry = entry.as_object().ok_or("not an object")?;
    let number = |name: &str| entry.get(name).map_or(Ok(1), |n| n.as_u64().ok_or(format!("{name} is no number")));
    let hits = entry.get("match").cloned().unwrap_or_else(|| json!({}));
    let hits = serde_json::from_value(hits).map_err(|error| error.to_string())?;
    let (name, mut values) = match entry.get("fault").ok_or("no `fault`")? {
        Value::String(name) => (name.clone(), Map::new()),
        Value::Object(map) => named(map)?,
        _ => return Err("`fault` is a name or an object".into()),
    };
    for (key, value) in entry.iter().filter(|(key, _)| !["match", "nth", "times", "fault"].contains(&key.as_str())) {
        values.entry(key.clone()).or_insert_with(|| value.clone());
    }
    Ok(Plan { hits, nth: number("nth")?, times: number("times")?, fault: fault(&name, &values)?, seen: 0 })
}

fn named(map: &Map<String, Value>) -> Result<(String, Map<String, Value>), String> {
    for tag in ["kind", "type", "name"] {
        if let Some(name) = map.get(tag).and_then(Value::as_str) {
            return Ok((name.to_owned(), map.clone()));
        }
    }
    match map.iter().next() {
        Some((name, Value::Object(values))) if map.len() == 1 => Ok((name.clone(), values.clone())),
        Some((name, value)) if map.len() == 1 => {
            Ok((name.clone(), Map::from_iter([("value".to_owned(), value.clone())])))
        }
        _ => Err("`fault` names none".into()),
    }
}

fn fault(name: &str, values: &Map<String, Value>) -> Result<Fault, String> {
    let get = |names: &[&str]| names.iter().find_map(|name| values.get(*name)).or_else(|| values.get("value"));
    let int = |names: &[&str], default: i64| get(names).and_then(Value::as_i64).unwrap_or(default);
    let ms = |default: Millis| {
        let seconds = ["s", "seconds", "secs"].iter().find_map(|name| values.get(*name)).and_then(Value::as_f64);
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        seconds.map_or_else(|| int(&["ms", "delay_ms"], default), |seconds| (seconds * 1000.0) as Millis)
    };
    let text = |name: &str| values.get(name).and_then(Value::as_str).map(str::to_owned);
    let size = |names: &[&str], default: i64| u64::try_from(int(names, default)).unwrap_or(0);
    // A row of the error table may be called by its name.
    let row = match values.get("row").and_then(Value::as_str) {
        None => None,
        Some(name) => {
            let row = error::ALL.iter().find(|row| row.name.eq_ignore_ascii_case(name));
            Some(row.ok_or_else(|| format!("the error table has no row `{name}`"))?)
        }
    };
    Ok(match name {
        "delay" => Fault::Delay { ms: ms(SECOND) },
        "close_port" => Fault::ClosePort { ms: ms(SECOND) },
        "refuse_connection" => Fault::RefuseConnection,
        "close_before" => Fault::CloseBefore,
        "lose_answer" => Fault::LoseAnswer,
        "late_effect" => Fault::LateEffect { ms: ms(5 * SECOND) },
        "http" => Fault::Http {
            status: u16::try_from(int(&["status"], 500)).ok().filter(|s| (200..600).contains(s)).unwrap_or(500),
            body: text("body").unwrap_or_else(|| "<html><body>Sorry, something went wrong.</body></html>".into()),
        },
        "truncate" => Fault::Truncate { bytes: usize::try_from(size(&["bytes"], 5)).unwrap_or(5) },
        "slow_body" => Fault::SlowBody { ms: ms(SECOND) },
        "graph_error" => Fault::GraphError {
            code: row.map_or_else(|| int(&["code"], 1), |row| row.code),
            subcode: row
                .map_or_else(|| values.get("subcode").or(values.get("error_subcode"))?.as_i64(), |row| row.subcode),
            message: text("message").or_else(|| row.map(|row| row.message.to_owned())),
            effect: ["effect", "happened"].iter().any(|name| values.get(*name) == Some(&Value::Bool(true))),
        },
        "processing_error" => Fault::ProcessingError { subcode: int(&["subcode", "error_subcode"], 2_207_026) },
        "never_ready" => Fault::NeverReady,
        "not_ready_after_finished" => {
            Fault::NotReadyAfterFinished { times: u32::try_from(int(&["count", "publishes"], 1)).unwrap_or(1) }
        }
        "unreadable" => Fault::Unreadable,
        "hide_media" => Fault::HideMedia { ms: ms(60 * SECOND) },
        "throttle" => Fault::Throttle { minutes: size(&["minutes"], 10) },
        "expire_token" => Fault::ExpireToken { subcode: int(&["subcode", "error_subcode"], 463) },
        "interrupt_upload" => Fault::InterruptUpload { bytes: size(&["bytes"], 1) },
        other => return Err(format!("there is no fault `{other}`; there are {}", NAMES.join(", "))),
    })
}

impl Fault {
    /// As `POST /_sandbox/faults` calls it.
    pub(crate) fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            Ok(Value::Object(map)) => map.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Leaves its mark on what a request makes.
    pub(crate) fn mark(&self, marks: &mut Marks) {
        match self {
            Self::ProcessingError { subcode } => marks.processing_error = Some(*subcode),
            Self::NeverReady => marks.never_ready = true,
            Self::NotReadyAfterFinished { times } => marks.not_ready_publishes += times,
            Self::Unreadable => marks.unreadable = true,
            Self::HideMedia { ms } => marks.hide_ms = *ms,
            _ => {}
        }
    }

    /// The refusal that a fault answers with, if it does.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::GraphError { code, subcode, message, .. } => {
                let row = Refusal::of(*code, *subcode);
                Some(Refusal { message: message.clone().unwrap_or(row.message), ..row })
            }
            Self::Throttle { .. } => Some((&THROTTLED).into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_may_be_written_in_four_ways() {
        for fault in [
            json!({ "fault": { "delay": { "ms": 70 } } }),
            json!({ "fault": { "delay": 70 } }),
            json!({ "fault": { "kind": "delay", "ms": 70 } }),
            json!({ "fault": "delay", "ms": 70 }),
            json!({ "fault": "delay", "seconds": 0.07 }),
        ] {
            assert_eq!(parse(&json!([fault])).unwrap()[0].fault, Fault::Delay { ms: 70 }, "{fault}");
        }
        assert!(parse(&json!([{ "fault": "dragon" }])).unwrap_err().contains("dragon"));
    }

    #[test]
    fn faults_strike_the_requests_they_match_and_no_others() {
        let mut faults = Faults::default();
        faults.add(Plan::next("POST", "/media_publish", Fault::LoseAnswer).nth(2));
        assert!(faults.strike("GET", "/1/media_publish").is_empty());
        assert!(faults.strike("POST", "/1/media_publish").is_empty());
        assert_eq!(faults.strike("POST", "/1/media_publish"), [Fault::LoseAnswer]);
        assert!(faults.strike("POST", "/1/media_publish").is_empty());
        assert!(Match { method: None, path: Some("/178*".into()) }.matches("GET", "/17841"));
    }
}
