//! Records that the igsync of commit 7599b51 has written are read, resumed, settled and merged, and written again
//! in a way that it can read.

use std::collections::BTreeSet;
use std::fs;

use igsync_model::lockfile::format::{Parsed, parse, parse_journal, print};
use igsync_model::lockfile::{Record, Records, Stage};
use serde_json::{Value, json};

use super::resuming::{blocked, with_answer, with_containers};
use super::story::{INSTAGRAM, Story};
use super::trouble::SOON_OVER;
use crate::project::repository;

fn fixture(path: &str) -> String {
    fs::read_to_string(repository().join("tests/fixtures/records").join(path)).unwrap()
}

fn read(text: &str) -> Records {
    let Parsed { records, .. } = parse(text.as_bytes()).unwrap();
    records
}

/// Every field of a record that 7599b51 knows.
const FIELDS: [&str; 30] = [
    "key",
    "user_id",
    "account",
    "kind",
    "state",
    "digest",
    "media_digest",
    "caption_digest",
    "attempt",
    "children",
    "container",
    "fingerprint",
    "intents",
    "refusals",
    "reason",
    "code",
    "subcode",
    "media_id",
    "permalink",
    "published_at",
    "via",
    "comment",
    "comment_switch",
    "moved_to",
    "not_ours",
    "graph",
    "file",
    "rev",
    "evidence",
    "trial",
];

/// Every field of what lies in a record, the header's too.
const PARTS: [&str; 8] = ["id", "created_at", "at", "lease_until", "intent_at", "code", "subcode", "igsync_lock"];

/// Every value of the fields that 7599b51 reads as one of a few words.
const WORDS: [(&str, &[&str]); 5] = [
    (
        "state",
        &["containers", "intent", "unknown", "not_published", "failed", "published", "deleted", "ignored", "forgotten"],
    ),
    ("via", &["settled", "adopted", "publish", "resolved"]),
    ("comment", &["due", "intent", "unknown", "failed", "done"]),
    ("comment_switch", &["due", "failed", "done"]),
    ("kind", &["image", "reel", "carousel", "story"]),
];

/// What 7599b51 would call written by a newer igsync; empty: it reads everything.
fn unreadable(text: &str) -> Vec<String> {
    let mut strange = Vec::new();
    for line in text.lines().skip(1) {
        let line: Value = serde_json::from_str(line).unwrap();
        let records = line.as_array().cloned().unwrap_or_else(|| vec![line]);
        for (name, value) in records.iter().flat_map(|record| record.as_object().unwrap()) {
            if !FIELDS.contains(&name.as_str()) {
                strange.push(name.clone());
            }
            let words = WORDS.iter().find(|(field, _)| field == name);
            if words.is_some_and(|(_, words)| !words.contains(&value.as_str().unwrap())) {
                strange.push(format!("{name}: {value}"));
            }
            let parts: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |values| values.iter().collect());
            let fields = parts.iter().filter_map(|part| part.as_object()).flat_map(|part| part.keys());
            strange.extend(fields.filter(|field| !PARTS.contains(&field.as_str())).cloned());
        }
    }
    strange
}

#[test]
fn a_record_of_every_state_is_written_again_as_it_was() {
    let text = fixture("every.lock");
    let records = read(&text);
    assert_eq!(print(&records), text);
    let stages: BTreeSet<Stage> = records.iter().map(Record::stage).collect();
    assert_eq!(stages.len(), Stage::ALL.len(), "the file has records of every state");
    for (field, words) in WORDS.iter().filter(|(field, _)| *field != "kind") {
        for word in *words {
            assert!(text.contains(&format!("\"{field}\":\"{word}\"")), "the file has no {field} {word}");
        }
    }
    for field in FIELDS {
        assert!(text.contains(&format!("\"{field}\":")), "the file has no {field}");
    }
    assert!(unreadable(&text).is_empty());
}

#[test]
fn a_journal_of_every_state_gives_the_same_record_in_any_order() {
    let (lockfile, journal) = (fixture("every.lock"), fixture("every.journal.jsonl"));
    let forth = parse_journal(journal.as_bytes()).unwrap().parsed;
    assert_eq!(print(&forth.records), lockfile);
    assert!(forth.versions > forth.records.len(), "there are earlier versions of the same attempts");
    let mut back: Vec<&str> = journal.lines().skip(1).collect();
    back.reverse();
    back.insert(0, "{\"igsync_lock\":1}");
    let mut both = read(&(back.join("\n") + "\n"));
    assert_eq!(both, forth.records);
    assert!(!both.merge(read(&lockfile)), "the lockfile says nothing new");
    assert!(unreadable(&journal).is_empty());
}

#[test]
fn a_field_or_word_that_7599b51_does_not_know_is_noticed() {
    let text = "{\"igsync_lock\":1}\n{\"key\":\"k\",\"state\":\"queued\",\"slot\":1,\"intents\":[{\"at\":\"x\",\"by\":\"y\"}]}\n";
    assert_eq!(unreadable(text), ["state: \"queued\"", "slot", "by"]);
}

/// What the fixture's records say, as a plan and as lists.
#[test]
fn every_state_is_planned() {
    let mut story = Story::new("old_every_state");
    let text = fixture("every.lock").replace("http://127.0.0.1:1", &story.server.url());
    for key in read(&text).iter().map(|record| record.key.to_string()).collect::<BTreeSet<_>>() {
        let key = key.strip_prefix("posts/").unwrap();
        let more = match key.split_once('-') {
            _ if key == "moved-from" => continue,
            Some(("comment", _)) => "first_comment: First!\n",
            Some(("switch", _)) => "comment_enabled: false\n",
            _ => "",
        };
        story.image(key, more);
    }
    story.set_lockfile(&text, "the record has every state, written by 7599b51");
    story.igsync("lock list --format json").plan("").plan("--retry-failed --max-publish 30");
    for key in ["two-open", "live-twice", "unknown-maybe", "forgotten"] {
        story.igsync(&format!("resolve posts/{key} --not-published --format json"));
        story.igsync(&format!("resolve posts/{key} --published 17900000000099999 --format json --dry-run"));
    }
    story.igsync("lock mv posts/two-open posts/elsewhere").igsync("lock rm posts/failed-twice --yes");
    assert!(unreadable(&story.project.read("igsync.lock")).is_empty());
    story.ends();
}

/// What records of local media have since then: the published ones by what their files are known again, without which
/// another machine would have to read them to say whether they were edited; the refused ones how they were sent.
/// 7599b51 says of such a record that a newer igsync wrote it.
const SINCE: [&str; 5] = ["media", "file", "size", "oid", "sent_digest"];

/// Plans, acts and plans again from here on, then compares.
fn goes_on(mut story: Story) {
    story.plan("").apply("").plan("");
    for file in ["igsync.lock", ".igsync/journal.jsonl"] {
        let new = unreadable(&story.project.read(file));
        assert!(new.iter().all(|name| SINCE.contains(&name.as_str())), "{file}: {new:?}");
    }
    story.ends();
}

#[test]
fn old_containers_are_used_again() {
    let mut story = with_containers("old_containers");
    story.take_record("containers", None);
    goes_on(story);
}

#[test]
fn old_containers_of_an_edited_post_are_discarded() {
    let mut story = with_containers("old_containers_edited");
    story.take_record("containers", None);
    story.post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Other boats\n");
    goes_on(story);
}

#[test]
fn old_containers_that_expired_are_made_anew() {
    let mut story = with_containers("old_containers_expired");
    story.take_record("containers", None).hours_pass(25);
    goes_on(story);
}

#[test]
fn an_old_refused_publish_is_sent_again() {
    let mut story = with_answer("old_intent_refused", INSTAGRAM, &json!({ "graph_error": { "code": 190 } }), "");
    story.take_record("intent_refused", None);
    goes_on(story);
}

#[test]
fn an_old_unclear_publish_is_settled() {
    for (name, is_live, hours) in
        [("old_intent_live", true, 1), ("old_intent_not_live", false, 1), ("old_intent_gone", false, 25)]
    {
        let mut story = with_answer(name, INSTAGRAM, &blocked(is_live), "");
        story.take_record("intent", None).hours_pass(hours);
        goes_on(story);
    }
}

#[test]
fn an_old_unknown_story_stays_blocked_until_it_is_resolved() {
    let mut story = Story::new("old_unknown");
    for file in ["morning.jpg", "morning.yaml"] {
        story.fixture(&format!("story/posts/{file}"), &format!("posts/{file}"));
    }
    story.fault("POST", "media_publish", &blocked(false)).apply("").faults(&json!([])).hours_pass(25).apply("");
    story.take_record("unknown", None);
    story.plan("").apply("").igsync("resolve posts/morning --not-published --format json");
    goes_on(story);
}

#[test]
fn an_old_look_alike_stays_blocked_until_it_is_resolved() {
    let mut story = Story::new("old_maybe_live");
    story.image("one", "").apply("").lose_record().apply("");
    story.take_record("maybe_live", None);
    story.plan("").apply("").igsync("resolve posts/one --published --format json");
    goes_on(story);
}

#[test]
fn an_old_live_post_without_id_gets_it() {
    let mut story = Story::new("old_without_id");
    let publish = json!({ "method": "POST", "path": "media_publish" });
    story
        .image("one", "")
        .faults(&json!([
            { "match": publish, "fault": { "hide_media": { "ms": 7_200_000 } } },
            { "match": publish, "fault": "lose_answer" },
        ]))
        .apply("")
        .faults(&json!([]))
        .hours_pass(3);
    story.take_record("without_id", None).image("two", "");
    goes_on(story);
}

#[test]
fn an_old_due_comment_is_sent_or_settled() {
    // The header, containers, intent, published with a due comment, its announcement, how it ended.
    for (name, lines) in [("old_comment_due", Some(4)), ("old_comment_intent", Some(5)), ("old_comment_ended", None)] {
        let mut story = Story::new(name).env("IGSYNC_HTTP_TIMEOUT_MS", SOON_OVER);
        story
            .image("one", "first_comment: First!\n")
            .fault("POST", "/comments", &json!({ "http": { "status": 500 } }))
            .apply("")
            .faults(&json!([]));
        story.take_record("comment", lines);
        goes_on(story);
    }
}

#[test]
fn an_old_comment_switch_is_switched() {
    let mut story = Story::new("old_switch");
    let fault = json!([{ "match": { "method": "POST", "path": "/1790*" }, "times": 9, "fault": { "http": { "status": 500 } } }]);
    story.image("one", "comment_enabled: false\n").faults(&fault).apply("").faults(&json!([]));
    story.take_record("switch", None);
    goes_on(story);
}

#[test]
fn an_old_refused_post_waits_for_a_change() {
    let refusal = json!({ "graph_error": { "code": 36003, "subcode": 2_207_009 } });
    let mut story = Story::new("old_failed");
    story.image("one", "").fault("POST", "/media", &refusal).apply("").faults(&json!([]));
    story.take_record("failed", None).plan("").apply("").post("one", "kind: image\nimage: ./one.jpg\ncaption: Other\n");
    goes_on(story);
}

#[test]
fn old_attempts_of_two_clones_become_one_post() {
    let mut story = Story::new("old_two_clones");
    story.fixture("reel/posts/boats.mp4", "posts/boats.mp4");
    story
        .post("boats", "kind: reel\nvideo: ./boats.mp4\ncaption: Boats\n")
        .fault("POST", "media_publish", &blocked(false))
        .apply("");
    let first = story.project.read("igsync.lock");
    story.lose_record().fault("GET", "/1785*", &json!({ "graph_error": { "code": 190 } })).apply("").faults(&json!([]));
    story.project.write("first.lock", first);
    story.igsync("lock merge first.lock");
    story.take_record("two_clones", None).hours_pass(1);
    goes_on(story);
}
