//! What igsync prints and writes, held against its own schemas by a validator that no one here wrote:
//! `jsonschema` for Python.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use igsync::exit::Exit;
use igsync::report::events::{self, Refused};
use igsync_apply::{Counts, Event, Observer as _, PostRef, Reading};
use igsync_base::finding::{Finding, Severity};
use igsync_base::id::Kind;
use igsync_host::RealClock;
use igsync_model::lockfile::{
    Comment, Created, Deletion, DeletionOutcome, Live, PublishIntent, Reason, Record, Refusal, Sending, Stage, State,
    Switch, Via, format,
};
use igsync_model::plan::{Guard, GuardKind};
use igsync_testkit::Captured;
use serde_json::{Value, json};

use crate::project::{Project, Server, USER, has};

/// Answers with what is wrong, one line each.
const VALIDATOR: &str = "
import json, sys, jsonschema
for case in json.load(sys.stdin):
    jsonschema.Draft7Validator.check_schema(case['schema'])
    validator = jsonschema.Draft7Validator(case['schema'], format_checker=jsonschema.FormatChecker())
    errors = ['/'.join(map(str, e.absolute_path)) + ': ' + e.message[:300] for e in validator.iter_errors(case['value'])]
    if bool(errors) == case['fits']:
        print(case['what'], errors or 'fits', json.dumps(case['value'])[:300])
";

/// The interpreter that has `jsonschema`. `None`: the test skips visibly.
fn python() -> Option<String> {
    let python = std::env::var("IGSYNC_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_it = Command::new(&python).args(["-c", "import jsonschema"]).stderr(Stdio::null()).status();
    has("jsonschema for Python", has_it.is_ok_and(|status| status.success())).then_some(python)
}

#[derive(Default)]
struct Cases(Vec<Value>);

impl Cases {
    fn add(&mut self, what: &str, schema: &Value, value: &Value, fits: bool) {
        self.0.push(json!({ "what": what, "schema": schema, "value": value, "fits": fits }));
    }

    /// Fits the schema as it is printed, and also when every object in it is closed: each field is described.
    fn fits(&mut self, what: &str, schema: &Value, text: &str) {
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error} in {text}"));
        self.add(what, schema, &value, true);
        self.add(&format!("{what}, closed"), &closed(schema.clone()), &value, true);
    }

    fn check(self, python: &str) {
        let mut validator = Command::new(python)
            .args(["-W", "ignore", "-c", VALIDATOR])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        validator.stdin.take().unwrap().write_all(Value::Array(self.0).to_string().as_bytes()).unwrap();
        let output = validator.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(map) => {
            if map.contains_key("properties") {
                map.insert("additionalProperties".into(), false.into());
            }
            map.values_mut().for_each(|value| *value = closed(value.take()));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| *value = closed(value.take())),
        _ => {}
    }
    schema
}

fn schema(project: &Project, of: &str) -> Value {
    serde_json::from_str(&project.run(["schema", of]).exits(0).stdout).unwrap()
}

#[test]
fn the_findings_of_every_fixture_fit_their_schema() {
    let Some(python) = python() else { return };
    let schema = schema(&Project::empty(), "findings");
    let mut cases = Cases::default();
    for case in crate::cases() {
        let root = tempfile::tempdir().unwrap();
        let output = case.fails.command(root.path(), &["validate", "--format", "json"]).output().unwrap();
        cases.fits(case.rule, &schema, &String::from_utf8(output.stdout).unwrap());
    }
    cases.add("a finding without a place", &schema, &json!({ "format_version": "1.0", "findings": [{}] }), false);
    cases.check(&python);
}

#[test]
fn what_fix_says_of_every_fixture_of_media_fits_its_schema() {
    let Some(python) = python() else { return };
    let schema = schema(&Project::empty(), "fix");
    let mut cases = Cases::default();
    for case in crate::cases().iter().filter(|case| case.rule.starts_with("IGS3")) {
        for args in [&["fix", "--format", "json"][..], &["fix", "--write", "--format", "json"]] {
            let root = tempfile::tempdir().unwrap();
            let output = case.fails.command(root.path(), args).output().unwrap();
            cases.fits(case.rule, &schema, &String::from_utf8(output.stdout).unwrap());
        }
    }
    cases.check(&python);
}

#[test]
fn what_drift_says_fits_its_schema_and_so_does_a_record_that_accepts_it() {
    let Some(python) = python() else { return };
    let server = Server::start();
    let project = Project::example().against(&server, "instagram", "IGAA-LONG");
    let [drift, lock] = ["drift", "lock"].map(|of| schema(&project, of));
    let mut cases = Cases::default();
    let mut see = |what: &str, args: &[&str]| {
        let all = ["drift", "--format", "json"].iter().chain(args).copied();
        cases.fits(what, &drift, &project.run(all).stdout);
    };
    see("an empty account", &[]);
    project.run(["apply", "--yes"]).exits(0);
    server.sandbox.seed(&json!([{ "caption": "From the app" }, { "kind": "reel" }])).unwrap();
    see("nothing differs", &["--unmanaged"]);
    let posts = server.published();
    let is_in_feed = |post: &&Value| post["seeded"] == false && post["kind"] != "story";
    let ids: Vec<&str> = posts.iter().filter(is_in_feed).map(|post| post["media_id"].as_str().unwrap()).collect();
    server.sandbox.change(ids[0], &json!({ "caption": "Another", "comment_enabled": false })).unwrap();
    server.sandbox.change(ids[1], &json!({ "deleted": true })).unwrap();
    server.sandbox.change(ids[2], &json!({ "archived": true })).unwrap();
    see("edited, missing and archived", &["--unmanaged"]);
    let records = project.read("igsync.lock");
    let edited = records.lines().find(|line| line.contains(ids[0])).unwrap();
    let edited: Value = serde_json::from_str(edited).unwrap();
    project.run(["lock", "accept", edited["key"].as_str().unwrap()]).exits(0);
    let accepted = project.read("igsync.lock");
    let accepted = accepted.lines().find(|line| line.contains("\"accepted_also\"")).unwrap();
    cases.fits("an accepted drift", &lock, accepted);
    cases.check(&python);
}

#[test]
fn insights_of_every_kind_fit_their_schema() {
    let Some(python) = python() else { return };
    let server = Server::start();
    let at = |hours| server.sandbox.now() - jiff::SignedDuration::from_hours(hours);
    let mut posts: Vec<Value> = (0..6).map(|n| json!({ "kind": "reel", "at": at(n + 9) })).collect();
    posts.push(json!({ "kind": "image", "at": at(2), "metrics": { "reach": null, "views": 0 } }));
    posts.push(json!({ "kind": "story", "at": at(1) }));
    posts.push(json!({ "kind": "story", "at": at(50) }));
    let ids = server.sandbox.seed(&json!(posts)).unwrap();
    let project = Project::empty().against(&server, "instagram", "IGAA-LONG");
    project.write("igsync.yaml", format!("accounts: {{ harbour: {{ user_id: \"{USER}\" }} }}\n"));
    let mut lock = "{\"igsync_lock\":1}\n".to_owned();
    for (post, id) in posts.iter().zip(&ids) {
        let record = json!({
            "key": format!("posts/{id}"), "user_id": USER, "account": "harbour", "kind": post["kind"], "attempt": id,
            "state": "published", "media_id": id, "published_at": post["at"], "graph": format!("{}/", server.url()),
        });
        lock = lock + &record.to_string() + "\n";
    }
    project.write("igsync.lock", lock);
    let schema = schema(&project, "insights");
    let mut cases = Cases::default();
    let insights = |project: &Project| project.run(["insights", "--format", "json"]).stdout;
    cases.fits("numbers", &schema, &insights(&project));
    let project = project.env("IGSYNC_ACCESS_TOKEN", "IGAA-READONLY");
    cases.fits("without the permission", &schema, &insights(&project));
    let project = project.env("IGSYNC_ACCESS_TOKEN", "IGAA-EXPIRED");
    cases.fits("without anything", &schema, &insights(&project));
    cases.add("a post without its kind", &schema, &json!({ "format_version": "1.0", "posts": [{}] }), false);
    cases.check(&python);
}

#[test]
fn plans_events_and_records_of_real_runs_fit_their_schemas() {
    let Some(python) = python() else { return };
    let server = Server::start();
    let project = Project::example().against(&server, "instagram", "IGAA-LONG");
    let [plan, event, lock] = ["plan", "events", "lock"].map(|of| schema(&project, of));
    let mut cases = Cases::default();
    let see_plan = |project: &Project, cases: &mut Cases, what: &str| {
        cases.fits(what, &plan, &project.run(["plan", "--format", "json"]).stdout);
    };
    see_plan(&project, &mut cases, "plan of the example");
    let apply = |cases: &mut Cases, what: &str| {
        let output = project.run(["apply", "--yes", "--format", "json"]);
        for line in output.stdout.lines() {
            cases.fits(what, &event, line);
        }
        for file in ["igsync.lock", ".igsync/journal.jsonl"] {
            for line in project.read(file).lines() {
                cases.fits(&format!("{file} after {what}"), &lock, line);
            }
        }
        output
    };
    server.fail(
        r#"[{"match":{"path":"media_publish"},"nth":2,"fault":{"graph_error":{"code":36003,"subcode":2207009}}}]"#,
    );
    let output = apply(&mut cases, "an apply with a refusal");
    assert!(output.stdout.contains("post_failed") && output.stdout.contains("post_published"), "{}", output.stdout);
    see_plan(&project, &mut cases, "plan after a refusal");
    // Edited, moved, orphaned, scheduled, late, expired, unreadable, guarded.
    let window = project.read("posts/2026-11/figs.yaml");
    project.write("posts/2026-11/espresso.yaml", project.read("posts/2026-11/espresso.yaml") + "\n# and more\n");
    project.rename("posts/2026-11/figs.yaml", "posts/2026-11/figs-again.yaml");
    project.write("posts/twin.yaml", window.replace("../../", "../"));
    project
        .write("posts/late.yaml", "kind: image\nimage: https://example.com/a.jpg\npublish_at: 2020-01-01T10:00:00Z\n");
    project.write(
        "posts/over.yaml",
        "kind: story\nvideo: https://example.com/a.mp4\npublish_until: 2020-01-01T10:00:00Z\nuser_tags: [{ username: acme }]\n",
    );
    project.write(
        "posts/soon.yaml",
        "kind: image\nimage: https://example.com/b.jpg\nalt_text: Cranes\npublish_at: 2099-01-01T10:00:00Z\n",
    );
    see_plan(&project, &mut cases, "plan of many actions");
    project.write("posts/broken.yaml", "kind: [\n");
    see_plan(&project, &mut cases, "plan that is not complete");
    cases.check(&python);
}

/// One of every event, with and without what may be absent.
fn every_event() -> Vec<Event> {
    let post = || PostRef { key: "posts/a".into(), account: "brand".into() };
    let failed = |code| Event::PostFailed {
        post: post(),
        reason: "refused".into(),
        code,
        subcode: code,
        fbtrace_id: code.map(|code| code.to_string()),
        help: String::new(),
    };
    let refused = |item| Event::UrlRefused {
        post: post(),
        item,
        url: "https://cdn.example.com/a.jpg".into(),
        problem: "redirect",
        file: "posts/a.yaml".into(),
        line: 3,
        reason: "it leads elsewhere".into(),
        help: "write the other one".into(),
    };
    let waiting = |key, account| Event::Waiting {
        key,
        account,
        waits_for: igsync_apply::WaitsFor::Lease,
        wait_ms: 1,
        until: jiff::Timestamp::UNIX_EPOCH,
    };
    let polled = |status| Event::ContainerPolled { post: post(), container: "178".into(), status, waited_ms: 1 };
    let events = vec![
        Event::RunStarted {
            to_publish: 1,
            to_resume: 0,
            plan_digest: "v1:sha256:a".into(),
            to_delete: 1,
            not_reviewed: Some(2),
        },
        Event::PostStarted { post: post(), kind: Kind::Reel },
        Event::ContainerCreated { post: post(), container: "178".into(), item: None },
        Event::ContainerCreated { post: post(), container: "178".into(), item: Some(1) },
        polled(Reading::Unreadable),
        polled(Reading::Working),
        waiting(None, None),
        waiting(Some(post().key), Some(post().account)),
        Event::UploadProgress { post: post(), sent_bytes: 1, total_bytes: 2 },
        Event::IntentRecorded { post: post(), container: "178".into() },
        Event::PostPublished { post: post(), media_id: None },
        Event::PostPublished { post: post(), media_id: Some("179".into()) },
        Event::PostEnriched { post: post(), permalink: "https://www.instagram.com/p/a/".into() },
        Event::PostAdopted { post: post(), media_id: "179".into() },
        Event::PostDeleted { post: post(), media_id: "179".into() },
        refused(None),
        refused(Some(2)),
        failed(None),
        failed(Some(-1)),
        Event::PostUnknown {
            post: post(),
            reason: "silence".into(),
            settles_itself: true,
            help: "run apply again".into(),
        },
        Event::PostDeferred { post: post(), reason: "quota".into() },
        Event::PostDuplicate { post: post(), reason: "has the media of a".into(), repeats: vec!["a".into()] },
        Event::NotAttempted { post: post(), reason: "token".into() },
        Event::PostWarning { post: post(), reason: "comment".into() },
        Event::AccountStopped { account: "brand".into(), reason: "token".into(), help: "renew it".into() },
        Event::RecordPushed { commit: "abc".into() },
        Event::RunFinished {
            counts: Counts { published: 1, ..Counts::default() },
            causes: BTreeSet::new(),
            elapsed_ms: 3,
        },
    ];
    // A new event does not compile before it is named here; then it belongs into the list and the schema.
    for event in &events {
        match event {
            Event::RunStarted { .. }
            | Event::PostStarted { .. }
            | Event::ContainerCreated { .. }
            | Event::ContainerPolled { .. }
            | Event::Waiting { .. }
            | Event::UploadProgress { .. }
            | Event::IntentRecorded { .. }
            | Event::PostPublished { .. }
            | Event::PostEnriched { .. }
            | Event::PostAdopted { .. }
            | Event::PostDeleted { .. }
            | Event::UrlRefused { .. }
            | Event::PostFailed { .. }
            | Event::PostUnknown { .. }
            | Event::PostDeferred { .. }
            | Event::PostDuplicate { .. }
            | Event::NotAttempted { .. }
            | Event::PostWarning { .. }
            | Event::AccountStopped { .. }
            | Event::RecordPushed { .. }
            | Event::RunFinished { .. } => {}
        }
    }
    events
}

/// What a run prints that has these events, and then ends with a refusal.
fn written(events: &[Event], refused: &Refused) -> String {
    let out = Captured::default();
    let mut json = events::Json::new(out.clone(), Arc::new(RealClock::new()), "abc".into());
    events.iter().try_for_each(|event| json.event(event)).unwrap();
    json.refused(refused, Exit::Refused).unwrap();
    out.text()
}

fn refused() -> Refused {
    let guard = Guard {
        kind: GuardKind::Empty,
        account: Some("brand".into()),
        keys: vec!["a".into()],
        message: "there are no manifests".into(),
        help: "restore them".into(),
        in_diff: None,
    };
    let finding = Finding::new(&igsync_base::rules::NO_MANIFESTS, "posts/a.yaml", "empty");
    Refused {
        reason: "there are no manifests".into(),
        help: None,
        guards: vec![guard],
        findings: vec![Finding { severity: Severity::Error, ..finding }],
        mismatches: vec![igsync_model::plan::Mismatch {
            account: "brand".into(),
            key: "a".into(),
            file: "posts/a.yaml".into(),
            line: Some(1),
            message: "its media differ".into(),
        }],
    }
}

/// A record with every field, in some state: what it does not need there is kept as well.
fn full_record(stage: Stage, via: Via, comment: Comment, switch: Switch) -> Record {
    let at = "2026-12-01T17:00:03Z".parse().unwrap();
    let digest = || Some(igsync_base::id::Digest::new("v1:sha256:00"));
    let live = Live {
        media_id: Some("5".into()),
        permalink: Some("https://www.instagram.com/p/a/".into()),
        published_at: Some(at),
        via: Some(via),
        comment: Some(comment),
        comments: vec![Sending { at, lease_until: at, text: "v1:sha256:00".into() }],
        comment_switch: Some(switch),
        deletions: [
            None,
            Some(DeletionOutcome::Withdrawn),
            Some(DeletionOutcome::Refused),
            Some(DeletionOutcome::Deleted),
        ]
        .map(|outcome| Deletion { at, lease_until: at, outcome })
        .to_vec()
        .into(),
        slides: vec!["6".into(), "7".into()].into(),
    };
    let record = Record {
        state: State::Published(live),
        digest: digest(),
        media_digest: digest(),
        caption_digest: digest(),
        children: vec![Created { id: "1".into(), created_at: Some(at) }, Created { id: "2".into(), created_at: None }],
        container: Some(Created { id: "3".into(), created_at: Some(at) }),
        fingerprint: Some(vec!["4".into()]),
        intents: vec![PublishIntent { at, lease_until: at }],
        refusals: vec![
            Refusal { intent_at: at, code: 9, subcode: Some(2_207_042) },
            Refusal { intent_at: at, code: 9, subcode: None },
        ],
        not_ours: vec!["6".into()],
        graph: Some("http://127.0.0.1:8787/".into()),
        file: Some("posts/a.yaml".into()),
        rev: 7,
        evidence: vec!["8".into()],
        trial: true,
        reencoded: true,
        ..Record::new("posts/a".into(), USER.into(), "brand".into(), Kind::Carousel, "k3v9".into())
    };
    let mut written = json!(record);
    for (field, value) in [
        ("state", json!(stage)),
        ("reason", json!(Reason::Superseded)),
        ("code", json!(-1)),
        ("subcode", json!(2)),
        ("moved_to", json!("posts/b")),
    ] {
        written[field] = value;
    }
    serde_json::from_value(written).unwrap()
}

#[test]
fn every_event_and_every_state_fits_its_schema() {
    let Some(python) = python() else { return };
    let project = Project::empty();
    let [event, lock] = ["events", "lock"].map(|of| schema(&project, of));
    let mut cases = Cases::default();
    for line in written(&every_event(), &Refused::default()).lines().chain(written(&[], &refused()).lines()) {
        cases.fits("event", &event, line);
    }
    let at = "2026-12-01T17:00:03Z";
    cases.add("no time", &event, &json!({ "event": "record_pushed", "commit": "a" }), false);
    cases.add(
        "a field is missing",
        &event,
        &json!({ "event": "post_enriched", "key": "a", "account": "b", "at": at }),
        false,
    );
    cases.add(
        "no such event",
        &event,
        &json!({ "event": "post_vanished", "key": "a", "account": "b", "at": at }),
        false,
    );
    let vias = [Via::Settled, Via::Adopted, Via::Imported, Via::Publish, Via::Resolved];
    let comments = [Comment::Due, Comment::Intent, Comment::Unknown, Comment::Failed, Comment::Done];
    let switches = [Switch::Due, Switch::Failed, Switch::Done];
    cases.fits("header", &lock, format::HEADER);
    for (n, stage) in Stage::ALL.into_iter().enumerate() {
        let record = full_record(stage, vias[n % 5], comments[n % 5], switches[n % 3]);
        cases.fits("record", &lock, &format::print_line(std::slice::from_ref(&record)));
        cases.fits("move", &lock, &format::print_line(&record.moved("posts/b".into(), "k4".into())));
    }
    // What igsync refuses to read does not fit either.
    for line in [
        r#"{"igsync_lock":2}"#,
        "{}",
        "[]",
        r#"{"key":"a","user_id":"1","account":"b","kind":"image","state":"published"}"#,
        r#"{"key":"a","user_id":"1","account":"b","kind":"image","state":"published","attempt":"k","news":1}"#,
        r#"{"key":"a","user_id":"1","account":"b","kind":"image","state":"gone","attempt":"k"}"#,
    ] {
        assert!(format::parse(format!("{}{line}\n", format::HEADER).as_bytes()).is_err() || line == "[]", "{line}");
        cases.add("refused line", &lock, &serde_json::from_str(line).unwrap(), false);
    }
    cases.check(&python);
}
