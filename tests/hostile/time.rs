//! Clocks, leases and times that are not to be believed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::attack::{Attack, numbered_picture};
use crate::liar::{Answer, Liar, date};

const TOKEN: &str = "IGAA-LONG";
const APPLY: [&str; 4] = ["apply", "--yes", "--format", "json"];
const YEAR: i64 = 365 * 24 * 3600;

fn now() -> Timestamp {
    igsync_ports::Clock::now(&igsync_host::RealClock::new())
}

/// Once true, always true.
#[derive(Default)]
struct Latch(AtomicBool);

impl Latch {
    fn or(&self, now: bool) -> bool {
        self.0.fetch_or(now, Ordering::Relaxed) || now
    }
}

/// Two stories, which leave no trace that a second publish could be seen by.
fn stories(liar: &Liar) -> Attack {
    let attack = liar.connect(Attack::new(), TOKEN);
    for number in 1..=2 {
        attack.write(&format!("content/posts/{number}.jpg"), numbered_picture(number));
        attack.write(&format!("content/posts/{number}.yaml"), format!("kind: story\nimage: ./{number}.jpg\n"));
    }
    std::fs::remove_file(attack.root().join("posts/one.yaml")).unwrap();
    attack
}

#[test]
fn a_date_far_from_this_machines_clock_ends_the_run_before_anything_is_made() {
    for ahead in [-10 * YEAR, -6 * 60, 6 * 60, YEAR] {
        let liar = Liar::new();
        liar.lies(move |_, answer| answer.date = Some(date(ahead)));
        let attack = liar.connect(Attack::new(), TOKEN);
        let server = date(ahead);
        let output = attack.run(&APPLY).exits(1).says("the clocks differ").says("IGSYNC_MAX_SKEW_MS");
        let year = server.split(' ').nth(3).unwrap();
        assert!(output.stderr.contains(year), "{year} is not named: {}", output.stderr);
        assert_eq!(liar.sent(), (0, 0), "{ahead}");
        // Whoever has moved the clock of an emulator says so.
        let attack = attack.env("IGSYNC_MAX_SKEW_MS", "3153600000000");
        let _ = attack.run(&APPLY).exits(0);
        assert_eq!(liar.server.published().len(), 1, "{ahead}");
    }
}

#[test]
fn a_date_that_cannot_be_read_ends_the_run_before_anything_is_made() {
    for text in ["yesterday", "", "2026-11-30T12:00:00Z", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let liar = Liar::new();
        liar.lies(move |_, answer| answer.date = Some(text.to_owned()));
        let attack = liar.connect(Attack::new(), TOKEN);
        let _ = attack.run(&APPLY).exits(1).says("cannot read the server's time");
        assert_eq!(liar.sent(), (0, 0), "{text:?}");
    }
}

#[test]
fn a_date_within_the_bounds_is_no_reason_to_stop() {
    let liar = Liar::new();
    liar.lies(|_, answer| answer.date = Some(date(4 * 60)));
    let _ = liar.connect(Attack::new(), TOKEN).run(&APPLY).exits(0);
    assert_eq!(liar.server.published().len(), 1);
}

#[test]
fn a_date_that_jumps_stops_the_run_before_the_next_publish() {
    for ahead in [-50 * YEAR, YEAR] {
        let liar = Liar::new();
        let has_jumped = Latch::default();
        liar.lies(move |asked, answer| {
            let has_jumped = has_jumped.or(asked.is_publish());
            answer.date = Some(date(if has_jumped { ahead } else { 0 }));
        });
        let attack = stories(&liar);
        let _ = attack.run(&APPLY).exits(3).says("the server's clock jumped");
        assert_eq!(liar.sent(), (2, 1), "the second story was not sent");
        liar.relents();
        let _ = attack.run(&APPLY).exits(0);
        assert_eq!(liar.sent(), (2, 2), "the same container, once");
        assert_eq!(liar.server.published().len(), 2);
    }
}

#[test]
fn a_date_that_jumps_before_the_first_container_makes_none() {
    let liar = Liar::new();
    liar.lies(|asked, answer| answer.date = Some(date(if asked.path.contains("/me?") { 0 } else { -50 * YEAR })));
    let _ = stories(&liar).run(&APPLY).exits(3).says("the server's clock jumped");
    assert_eq!(liar.sent(), (0, 0));
}

/// As issue 12 found it: with `Date` in 1970 a lost answer was settled without waiting, by a second container.
#[test]
fn an_unclear_publish_gets_its_time_whatever_the_date_says() {
    for ahead in [-50 * YEAR, -4 * 60, 4 * 60, YEAR] {
        let liar = Liar::new();
        let late = r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"late_effect":{"ms":120}}}]"#;
        liar.server.fail(late);
        let was_sent = Latch::default();
        liar.lies(move |asked, answer| {
            let was_sent = was_sent.or(asked.is_publish());
            answer.date = Some(date(if was_sent { ahead } else { 0 }));
        });
        let attack = liar.connect(Attack::new(), TOKEN);
        attack.write("content/posts/one.yaml", "kind: story\nimage: ./one.jpg\n");
        let _ = attack.run(&APPLY);
        liar.relents();
        let _ = attack.run(&APPLY).exits(0);
        assert_eq!(liar.sent(), (1, 1), "{ahead}");
        assert_eq!(liar.server.published().len(), 1, "{ahead}");
    }
}

/// A run whose publish got no answer and who could not read what became of it: its intent is open.
fn left_open(liar: &Liar, kind: &str) -> Attack {
    let attack = liar.connect(Attack::new(), TOKEN);
    let caption = if kind == "image" { "caption: The first one\n" } else { "" };
    attack.write("content/posts/one.yaml", format!("kind: {kind}\nimage: ./one.jpg\n{caption}"));
    let is_over = Latch::default();
    liar.instead(move |asked| {
        let is_over = is_over.or(asked.is_publish());
        if asked.is_publish() {
            return Some(Answer::of(502, "<html>"));
        }
        is_over.then(|| Answer::of(400, r#"{"error":{"code":190,"message":"no"}}"#))
    });
    let _ = attack.run(&APPLY).exits(9);
    liar.relents();
    attack
}

/// Changes the open attempt, in the journal and in the lockfile.
fn rewrite_record(attack: &Attack, change: impl Fn(&mut Value)) {
    for path in ["igsync.lock", ".igsync/journal.jsonl"] {
        let text = std::fs::read_to_string(attack.root().join(path)).unwrap();
        let lines = text.lines().map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            if record.get("key").is_some() {
                change(&mut record);
            }
            format!("{record}\n")
        });
        attack.write(&format!("content/{path}"), lines.collect::<String>());
    }
}

/// Changes the announcements of the open attempt.
fn rewrite(attack: &Attack, change: impl Fn(&mut Value)) {
    rewrite_record(attack, |record| {
        record.get_mut("intents").and_then(Value::as_array_mut).into_iter().flatten().for_each(&change);
    });
}

#[test]
fn a_lease_in_2099_is_waited_for_a_quarter_of_an_hour_at_most_and_that_is_said() {
    let liar = Liar::new();
    let attack = left_open(&liar, "story");
    rewrite(&attack, |intent| intent["lease_until"] = "2099-01-01T00:00:00Z".into());
    let mut run = attack.command(&APPLY).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let waiting = lines.map_while(Result::ok).find(|line| line.contains(r#""waits_for":"lease""#)).unwrap();
    let waiting: Value = serde_json::from_str(&waiting).unwrap();
    let until: Timestamp = waiting["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(waiting["key"], "posts/one");
    assert!(until <= now() + SignedDuration::from_mins(16), "{until}");
    let pid = run.id().to_string();
    assert!(std::process::Command::new("/bin/kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(143));
    // Announced long ago: whatever its lease says, it is over.
    rewrite(&attack, |intent| intent["at"] = (now() - SignedDuration::from_hours(1)).to_string().into());
    let _ = attack.run(&APPLY).exits(0);
    assert_eq!(liar.server.published().len(), 1);
    assert_eq!(liar.sent(), (1, 2), "the first publish never arrived");
}

#[test]
fn a_lease_that_is_over_too_soon_is_waited_for_all_the_same() {
    for lease in ["1970-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
        let liar = Liar::new();
        let attack = liar.connect(Attack::new(), TOKEN);
        attack.write("content/posts/one.yaml", "kind: story\nimage: ./one.jpg\n");
        let late =
            r#"[{"match":{"method":"POST","path":"media_publish"},"nth":1,"fault":{"late_effect":{"ms":1500}}}]"#;
        liar.server.fail(late);
        let is_over = Latch::default();
        liar.instead(move |asked| {
            let was_over = is_over.or(false);
            is_over.or(asked.is_publish());
            was_over.then(|| Answer::of(400, r#"{"error":{"code":190,"message":"no"}}"#))
        });
        let _ = attack.run(&APPLY).exits(9);
        liar.relents();
        rewrite(&attack, |intent| intent["lease_until"] = lease.into());
        // Where it would end in 9999 the publish is seen to have arrived long before.
        let _ = attack.run(&APPLY).exits(0);
        assert_eq!(liar.sent(), (1, 1), "{lease}");
        assert_eq!(liar.server.published().len(), 1, "{lease}");
    }
}

#[test]
fn posts_are_due_by_the_servers_time() {
    let liar = Liar::new();
    let ahead = Arc::new(AtomicI64::new(-20 * 24 * 3600));
    let told = Arc::clone(&ahead);
    liar.lies(move |_, answer| answer.date = Some(date(told.load(Ordering::Relaxed))));
    let attack = liar.connect(Attack::new(), TOKEN);
    let due = now() - SignedDuration::from_hours(1);
    attack
        .write("content/posts/one.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: x\npublish_at: {due:.0}\n"));
    let _ = attack.run(&APPLY).exits(1).says("the clocks differ");
    // The machine is 20 days ahead, and someone has said that it may be.
    let attack = attack.env("IGSYNC_MAX_SKEW_MS", "3153600000000");
    let _ = attack.run(&["apply", "--yes"]).exits(0).says("1 scheduled");
    assert_eq!(liar.sent(), (0, 0));
    ahead.store(0, Ordering::Relaxed);
    let _ = attack.run(&APPLY).exits(0);
    assert_eq!(liar.server.published().len(), 1);
}

#[test]
fn a_server_that_is_a_little_ahead_is_asked_what_is_due() {
    let liar = Liar::new();
    liar.lies(|_, answer| answer.date = Some(date(4 * 60)));
    let attack = liar.connect(Attack::new(), TOKEN);
    let due = now() + SignedDuration::from_mins(2);
    attack
        .write("content/posts/one.yaml", format!("kind: image\nimage: ./one.jpg\ncaption: x\npublish_at: {due:.0}\n"));
    let _ = attack.run(&APPLY).exits(0);
    assert_eq!(liar.server.published().len(), 1);
}

/// Nothing that represents a time in a date, a lease or a record ends a run in a panic.
#[test]
fn the_end_of_time_is_no_panic() {
    for (at, kind) in [
        ("9999-12-30T22:00:00Z", "story"),
        ("9999-12-30T22:00:00Z", "image"),
        ("-009999-01-02T01:59:59Z", "image"),
        ("1970-01-01T00:00:00Z", "story"),
    ] {
        let liar = Liar::new();
        let attack = left_open(&liar, kind);
        rewrite(&attack, |intent| {
            intent["at"] = at.into();
            intent["lease_until"] = at.into();
        });
        rewrite_record(&attack, |record| {
            if let Some(container) = record.get_mut("container").and_then(Value::as_object_mut) {
                container.insert("created_at".to_owned(), at.into());
            }
        });
        liar.lies(|_, answer| answer.date = Some("Thu, 30 Dec 9999 21:59:59 GMT".to_owned()));
        for arguments in [&["plan"][..], &["lock", "show", "posts/one"], &APPLY, &["plan", "--format", "json"]] {
            let output = attack.run(arguments);
            assert!([0, 1, 3, 4].contains(&output.code) && !output.stderr.contains("panicked"), "{at}: {output:?}");
        }
        assert!(liar.server.published().len() <= 1);
    }
}
