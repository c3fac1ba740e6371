//! Stable names for what differs from run to run, and texts for people set apart.

use std::sync::OnceLock;

use regex::{Captures, Regex};

/// Names that were given out, each value under the first number that it got.
#[derive(Default)]
pub struct Names(Vec<(&'static str, Vec<String>)>);

impl Names {
    fn of(&mut self, kind: &'static str, value: &str) -> String {
        let place = self.0.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.0.push((kind, Vec::new()));
            self.0.len() - 1
        });
        let values = &mut self.0[place].1;
        let number = values.iter().position(|known| known == value).unwrap_or_else(|| {
            values.push(value.to_owned());
            values.len() - 1
        });
        format!("<{kind} {}>", number + 1)
    }

    /// Replaces ids by names in the order in which they appear, and all times of the story's days by one.
    pub fn settle(&mut self, text: &str) -> String {
        static VARYING: OnceLock<Regex> = OnceLock::new();
        let varying = VARYING.get_or_init(|| {
            Regex::new(concat!(
                // Some commands go by the clock of the machine.
                r#"(?P<published>"published_at": ?")[^"]*"#,
                r#"|(?P<before>"attempt": ?")(?P<attempt>[a-z]{16})\b"#,
                r#"|(?P<link>https://www\.instagram\.com/[\w/.-]+)"#,
                r#"|(?P<container>\b1785\d{13}\b)|(?P<media>\b179\d{14}\b)|(?P<comment>\b180\d{14}\b)"#,
                r#"|(?P<time>\b2026-12-0\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"#,
                r#"|(?P<sandbox>http://127\.0\.0\.1:\d+)"#,
                r#"|(?P<measured>"(?:waited_ms|elapsed_ms)":)\d+"#,
                // Of an event, by this machine's clock. Which line is first may depend on the machine as well.
                r#"|(?P<stamp>,"at":")[^"]*"(?:,"run_id":"[a-z]{16}","format_version":"1\.0")?\}\n"#,
                r#"|(?P<trace>"fbtrace_id":"|; trace )[\w-]+"#,
            ))
            .unwrap()
        });
        let name = |found: &Captures<'_>| {
            for kind in ["link", "container", "media", "comment"] {
                if let Some(value) = found.name(kind) {
                    return self.of(kind, value.as_str());
                }
            }
            let group = |name: &str| found.name(name).map(|group| group.as_str());
            if let (Some(before), Some(attempt)) = (group("before"), group("attempt")) {
                return format!("{before}{}", self.of("attempt", attempt));
            }
            for (kind, name) in [("published", "time"), ("measured", "ms"), ("trace", "trace")] {
                if let Some(before) = group(kind) {
                    return format!("{before}<{name}>");
                }
            }
            if let Some(before) = group("stamp") {
                return format!("{before}<now>\"}}\n");
            }
            if group("time").is_some() { "<time>" } else { "<sandbox>" }.to_owned()
        };
        varying.replace_all(text, name).into_owned()
    }
}

/// Shows an event once that repeats itself while something is waited for: how often depends on the machine.
pub fn without_repetitions(text: &str) -> String {
    let mut last = "";
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_repetition = line == last && line.starts_with("{\"event\":\"container_polled\"");
        if !is_repetition {
            shown.push_str(line);
        }
        last = line;
    }
    shown
}

/// Attempts of one post lie in the order of their ids, which are drawn: shown in the order of the rest.
pub fn by_content(lockfile: &str) -> String {
    static ATTEMPT: OnceLock<Regex> = OnceLock::new();
    let attempt = ATTEMPT.get_or_init(|| Regex::new(r#""attempt":"[a-z]{16}""#).unwrap());
    let post = |line: &str| line.split(",\"account\"").next().unwrap_or_default().to_owned();
    let mut lines: Vec<&str> = lockfile.split_inclusive('\n').collect();
    for attempts in lines.chunk_by_mut(|a, b| post(a) == post(b)) {
        attempts.sort_by_key(|line| attempt.replace(line, "").into_owned());
    }
    lines.concat()
}

/// Takes the texts for people and the digests of plans out of an output; they end up in `wording`, a line each.
pub fn without_wording(output: &str, wording: &mut String) -> String {
    static WORDING: OnceLock<Regex> = OnceLock::new();
    let texts = WORDING.get_or_init(|| {
        Regex::new(concat!(
            r#"(?P<before>"(?P<text>reason|help|message|note|label)": ?)"(?P<value>(?:[^"\\]|\\.)*)""#,
            // The digest of a post is nested deeper.
            r#"|(?P<plan>"plan_digest":|(?m:^)  "digest": )"(?P<digest>v1:[^"]*)""#,
            // How an encoder fills a picture is its own business.
            r#"|(?P<size>"(?:bytes|media_bytes)": )(?P<count>\d+)"#,
        ))
        .unwrap()
    });
    let is_converted = output.contains("\"converted\"");
    let apart = |found: &Captures<'_>| {
        let group = |name: &str| found.name(name).map(|group| group.as_str());
        let (before, name, value) = match (group("before"), group("plan"), group("size")) {
            (Some(before), _, _) => (before, group("text").unwrap_or_default(), group("value")),
            (_, Some(before), _) => (before, "plan", group("digest")),
            (_, _, Some(_)) if !is_converted => return found[0].to_owned(),
            (_, _, before) => (before.unwrap_or_default(), "bytes", group("count")),
        };
        wording.push_str(&format!("{name}: {}\n", value.unwrap_or_default()));
        format!("{before}<{name}>")
    };
    texts.replace_all(output, apart).into_owned()
}

#[test]
fn equal_ids_have_equal_names_and_others_differ() {
    let mut names = Names::default();
    let text = r#"{"attempt":"abcdefghijklmnop","container":"17850000000000001","media_id":"17900000000000038"}"#;
    let expected = r#"{"attempt":"<attempt 1>","container":"<container 1>","media_id":"<media 1>"}"#;
    assert_eq!(names.settle(text), expected);
    assert_eq!(names.settle("17900000000000001 17900000000000038"), "<media 2> <media 1>");
}

#[test]
fn only_times_of_the_storys_days_are_replaced() {
    let mut names = Names::default();
    let text = "2026-12-01T12:00:00Z 2026-12-02T13:00:00.123Z 2026-11-30T12:00:00Z";
    assert_eq!(names.settle(text), "<time> <time> 2026-11-30T12:00:00Z");
}

#[test]
fn only_polls_are_shown_once() {
    let (poll, other) = ("{\"event\":\"container_polled\"}\n", "{\"event\":\"post_published\"}\n");
    assert_eq!(without_repetitions(&[poll, poll, other, other, poll].concat()), [poll, other, other, poll].concat());
}

#[test]
fn only_the_attempts_of_one_post_change_places() {
    let line = |key, state, attempt| {
        format!("{{\"key\":\"{key}\",\"account\":\"a\",\"state\":\"{state}\",\"attempt\":\"{attempt}\"}}\n")
    };
    let [b, a, c] =
        [("z", "failed"), ("y", "published"), ("y", "failed")].map(|(key, state)| line(key, state, "a".repeat(16)));
    assert_eq!(by_content(&[&*b, &a, &c].concat()), [b, c, a].concat());
}

#[test]
fn wording_and_the_digest_of_a_plan_are_set_apart() {
    let mut wording = String::new();
    let plan = "{\n  \"changes\": [\n    {\n      \"reason\": \"due \\\"now\\\"\",\n      \"digest\": \"v1:sha256:a\"\n    }\n  ],\n  \"digest\": \"v1:sha256:b\"\n}";
    let left = without_wording(plan, &mut wording);
    assert_eq!(wording, "reason: due \\\"now\\\"\nplan: v1:sha256:b\n");
    assert!(left.contains("\"reason\": <reason>") && left.contains("v1:sha256:a"), "{left}");
}
