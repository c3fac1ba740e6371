//! A queue and a gap, run after run.

use std::fs;

use serde_json::Value;

use crate::project::{Output, Project, Server};

const CONFIG: &str = "\
accounts:
  harbour:
    user_id: \"17841400000000001\"
timezone: Europe/Berlin
";
const SLOTS: &str = "schedule: { slots: [\"Mon,Wed,Fri 18:00\"] }\n";

/// A content root with these posts, each of another colour and with these lines.
fn project(config: &str, posts: &[(&str, &str)]) -> Project {
    let project = Project::empty();
    project.write("igsync.yaml", format!("{CONFIG}{config}"));
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    for (number, (name, lines)) in (1..).zip(posts) {
        project.jpeg(&format!("posts/{name}.jpg"), number);
        project.write(
            &format!("posts/{name}.yaml"),
            format!("kind: image\nimage: ./{name}.jpg\ncaption: This is {name}\n{lines}"),
        );
    }
    project
}

fn apply(project: &Project, now: &str) -> Output {
    project.run(["apply", "--sandbox", "--yes", "--now", now])
}

/// `mark key due` of every change of a plan, in order.
fn planned(project: &Project, now: &str) -> Vec<String> {
    let output = project.run(["plan", "--sandbox", "--format", "json", "--now", now]).exits(0);
    let plan: Value = serde_json::from_str(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let changes = plan["changes"].as_array().unwrap().iter();
    changes
        .map(|change| format!("{} {} {}", text(&change["action"]), text(&change["key"]), text(&change["due_at"])))
        .collect()
}

fn record(project: &Project, key: &str) -> Value {
    let text = fs::read_to_string(project.path().join(".igsync/sandbox/igsync.lock")).unwrap();
    let found = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    found.filter(|record| record["key"] == key).last().unwrap()
}

const QUEUED: &str = "publish_at: queue\n";

#[test]
fn the_page_about_schedules_has_a_configuration_that_works() {
    let page = fs::read_to_string(crate::project::repository().join("docs/schedule.md")).unwrap();
    let block = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let project = project("", &[("a", QUEUED), ("b", "publish_at: queue from 2030-12-24\n")]);
    project.write("igsync.yaml", format!("{}{block}", CONFIG.replace("timezone: Europe/Berlin\n", "")));
    // A Monday, and the first slot after the days of `skip`; the year is another than theirs.
    assert_eq!(
        planned(&project, "2030-12-23T12:00:00Z"),
        ["scheduled posts/a 2030-12-23T17:00:00Z", "scheduled posts/b 2030-12-25T17:00:00Z"]
    );
    assert_eq!(planned(&project, "2026-12-23T18:00:00Z")[0], "publish posts/a 2026-12-23T17:00:00Z");
    let day = planned(&project, "2026-12-25T18:00:00Z").remove(0);
    assert!(day.starts_with("scheduled posts/a 2027-01-02T09:30:00Z"), "{day}");
}

#[test]
fn a_queue_is_served_slot_by_slot() {
    let project = project(SLOTS, &[("c", QUEUED), ("b", QUEUED), ("a", "publish_at: queue\nqueue_order: 1\n")]);
    // Monday, 18:10 in Berlin.
    let monday = "2030-12-02T17:10:00Z";
    assert_eq!(
        planned(&project, monday),
        [
            "publish posts/b 2030-12-02T17:00:00Z",
            "scheduled posts/c 2030-12-04T17:00:00Z",
            "scheduled posts/a 2030-12-06T17:00:00Z"
        ]
    );
    project.run(["plan", "--sandbox", "--now", monday]).exits(0).says("@ posts/c").says("due Wed 4 Dec 2030 18:00");
    apply(&project, monday).exits(0).ends_with("Applied: 1 published, 2 scheduled.");
    assert_eq!(record(&project, "posts/b")["slot"], "2030-12-02T17:00:00Z");
    // The slot is used up, by whatever run and whenever it comes.
    apply(&project, "2030-12-02T17:20:00Z").exits(0);
    apply(&project, "2030-12-04T16:59:59Z").exits(0);
    assert_eq!(planned(&project, "2030-12-04T16:59:59Z")[0], "scheduled posts/c 2030-12-04T17:00:00Z");
    apply(&project, "2030-12-04T18:30:00Z").exits(0).says("Applied: 1 published, 1 scheduled;");
    apply(&project, "2030-12-06T17:00:00Z").exits(0).says("Applied: 1 published");
    assert!(planned(&project, "2030-12-09T17:00:00Z").is_empty());
}

#[test]
fn a_slot_whose_post_was_refused_is_used_up() {
    let server = Server::start();
    let project = project(SLOTS, &[("a", QUEUED), ("b", QUEUED)]).against(&server, "instagram", "IGAA-LONG");
    server.fail(
        r#"[{"match":{"method":"POST","path":"/media"},"nth":1,"fault":{"graph_error":{"code":36003,"subcode":2207009}}}]"#,
    );
    let now = "2030-12-02T17:10:00Z";
    let apply = |now: &str| project.run(["apply", "--yes", "--now", now]);
    apply(now).exits(3).says("36003");
    let record = project.read("igsync.lock").lines().last().unwrap().to_owned();
    assert!(record.contains(r#""state":"failed""#) && record.contains(r#""slot":"2030-12-02T17:00:00Z""#), "{record}");
    // The failed one holds no one up, and no one gets its slot.
    apply(now).exits(3);
    assert_eq!(server.published().len(), 0);
    apply("2030-12-04T17:00:00Z").exits(3).says("1 published");
    assert_eq!(server.published()[0]["caption"], "This is b");
}

#[test]
fn a_post_whose_media_cannot_be_fetched_holds_no_one_up() {
    let server = Server::start();
    let project = project(SLOTS, &[("b", QUEUED), ("c", QUEUED)]).against(&server, "instagram", "IGAA-LONG");
    let nowhere = |digit: &str| format!("{}/_sandbox/media/{}.jpg", server.url(), digit.repeat(64));
    project.write("posts/a.yaml", format!("kind: image\nimage: {}\ncaption: Nowhere\n{QUEUED}", nowhere("0")));
    let apply = |now: &str| project.run(["apply", "--yes", "--now", now]);
    let captions = || -> Vec<String> {
        server.published().iter().map(|post| post["caption"].as_str().unwrap().to_owned()).collect()
    };
    apply("2030-12-02T17:10:00Z").exits(3).says("not attempted posts/a");
    assert_eq!(captions(), [""; 0]);
    // The slot is for the post behind it.
    apply("2030-12-02T18:10:00Z").exits(0);
    assert_eq!(captions(), ["This is b"]);
    // With the next slot it is the first again.
    apply("2030-12-04T17:10:00Z").exits(3).says("not attempted posts/a");
    apply("2030-12-04T18:10:00Z").exits(0);
    assert_eq!(captions(), ["This is b", "This is c"]);
    // Alone it tries as long as the slot counts, and is recorded once.
    for hour in [17, 18] {
        apply(&format!("2030-12-06T{hour}:10:00Z")).exits(3).says("not attempted posts/a");
    }
    assert_eq!(project.read("igsync.lock").matches("not_begun").count(), 1);

    let gap = "schedule: { min_gap: 3h }\n";
    project.write("igsync.yaml", format!("{CONFIG}{gap}"));
    for name in ["d", "e"] {
        let image = if name == "d" { nowhere("1") } else { "./e.jpg".to_owned() };
        project.jpeg("posts/e.jpg", 77);
        project.write(&format!("posts/{name}.yaml"), format!("kind: image\nimage: {image}\ncaption: This is {name}\n"));
    }
    project.remove("posts/a.yaml");
    apply("2030-12-20T12:00:00Z").exits(3).says("not attempted posts/d");
    apply("2030-12-20T12:10:00Z").says("1 published");
    assert_eq!(captions()[2], "This is e");
}

#[test]
fn slots_that_no_run_has_served_are_said_and_lost() {
    let project = project(SLOTS, &[("a", QUEUED), ("b", QUEUED)]);
    apply(&project, "2030-12-02T17:10:00Z").exits(0);
    let late = "2030-12-11T17:10:00Z";
    project.run(["plan", "--sandbox", "--now", late]).exits(0).says("3 slots of").says("the scheduled workflow");
    apply(&project, late).exits(3).says("1 published");
    assert_eq!(record(&project, "posts/b")["slot"], "2030-12-11T17:00:00Z");
    apply(&project, late).exits(0);
}

#[test]
fn a_post_takes_no_slot_from_before_its_commit() {
    let project = project(SLOTS, &[("a", QUEUED)]);
    project.commit();
    project.jpeg("posts/b.jpg", 9);
    project.write(
        "posts/b.yaml",
        format!("kind: image\nimage: ./b.jpg\ncaption: Not committed\nqueue_order: -1\n{QUEUED}"),
    );
    // Both times are after the commit of `a`; `b` comes with the next one.
    assert_eq!(
        planned(&project, "2030-12-02T17:10:00Z"),
        ["publish posts/a 2030-12-02T17:00:00Z", "scheduled posts/b 2030-12-04T17:00:00Z"]
    );
    project.commit();
    assert_eq!(planned(&project, "2030-12-02T17:10:00Z")[0], "publish posts/b 2030-12-02T17:00:00Z");
    // Before the commit, all slots were too early.
    let early = planned(&project, "2020-12-02T17:10:00Z");
    assert!(early[0].starts_with("scheduled posts/b 20") && !early[0].contains("2020-"), "{early:?}");
}

#[test]
fn a_part_of_the_history_is_refused_where_a_queue_needs_it() {
    let project = project(SLOTS, &[("a", QUEUED)]);
    project.commit();
    project.write("notes.txt", "more");
    project.commit();
    let from = format!("file://{}", project.path().display());
    project.git(&["clone", "--quiet", "--depth", "1", &from, "shallow"]);
    let root = project.path().join("shallow");
    let root = root.to_str().unwrap();
    project.run(["-C", root, "status", "--sandbox"]).exits(0).says("fetch-depth: 0");
    for command in ["plan", "apply"] {
        let more: &[&str] = if command == "apply" { &["--yes", "--sandbox"] } else { &["--sandbox"] };
        project.run([&["-C", root, command], more].concat()).exits(1).says("fetch-depth: 0");
    }
    project.run(["-C", root, "validate"]).exits(1).says("no host is configured");
}

#[test]
fn settings_of_a_person_do_not_hide_a_commit() {
    let project = project(SLOTS, &[("a", QUEUED)]);
    project.commit();
    for setting in ["log.showRoot=false", "log.follow=true", "diff.orderFile=/nowhere"] {
        let (name, value) = setting.split_once('=').unwrap();
        project.git(&["config", name, value]);
        assert_eq!(planned(&project, "2030-12-02T17:10:00Z")[0], "publish posts/a 2030-12-02T17:00:00Z", "{setting}");
        project.git(&["config", "--unset", name]);
    }
}

#[test]
fn what_a_branch_adds_to_the_queue_comes_with_its_merge() {
    let project = project(SLOTS, &[("b", QUEUED)]);
    project.commit();
    project.git(&["branch", "base"]);
    project.jpeg("posts/a.jpg", 9);
    project.write("posts/a.yaml", format!("kind: image\nimage: ./a.jpg\ncaption: New\n{QUEUED}"));
    project.commit();
    let args = ["plan", "--sandbox", "--format", "json", "--now", "2030-12-02T17:10:00Z", "--base", "base"];
    let plan: Value = serde_json::from_str(&project.run(args).exits(0).stdout).unwrap();
    let seen: Vec<_> =
        plan["changes"].as_array().unwrap().iter().map(|change| (&change["key"], &change["action"])).collect();
    assert_eq!(seen, [(&"posts/b".into(), &"publish".into()), (&"posts/a".into(), &"scheduled".into())], "{plan}");
}

#[test]
fn a_gap_is_a_due_time_and_no_sleep() {
    let project =
        project("schedule: { min_gap: 3h }\n", &[("a", ""), ("b", ""), ("c", "publish_at: 2030-12-02T15:00:00Z\n")]);
    let noon = "2030-12-02T12:00:00Z";
    assert_eq!(
        planned(&project, noon),
        ["scheduled posts/c 2030-12-02T15:00:00Z", "scheduled posts/b 2030-12-02T18:00:00Z", "publish posts/a -",]
    );
    apply(&project, noon).exits(0).ends_with("Applied: 1 published, 2 scheduled.");
    assert_eq!(record(&project, "posts/a")["due_at"], noon);
    apply(&project, "2030-12-02T14:59:59Z").exits(0);
    apply(&project, "2030-12-02T15:40:00Z").exits(0).says("Applied: 1 published, 1 scheduled;");
    // It counts from the time at which the post was due, not from that of the run.
    apply(&project, "2030-12-02T17:59:59Z").exits(0);
    apply(&project, "2030-12-02T18:00:00Z").exits(0).says("Applied: 1 published");
}

#[test]
fn a_dated_post_goes_out_at_its_time_whatever_the_gap() {
    let project = project(
        "schedule: { min_gap: 3h }\n",
        &[("a", "publish_at: 2030-12-02T12:00:00Z\n"), ("b", "publish_at: 2030-12-02T12:30:00Z\n")],
    );
    project.run(["validate"]).exits(1).says("30 min after posts/a");
    apply(&project, "2030-12-02T13:00:00Z").exits(0).ends_with("Applied: 2 published.");
}
