//! How git merges lockfiles of branches that each published something.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

use super::format::{HEADER, parse, place, print_line};
use super::record::{Comment, Created, Live, Record, Stage, State, Via};
use super::records::Records;
use super::samples::{at, record};

fn published(number: usize) -> Record {
    let key = format!("posts/2026/{number:04}");
    let live = Live {
        media_id: Some(format!("1799{number:013}").as_str().into()),
        permalink: Some(format!("https://www.instagram.com/p/{number:011}/")),
        published_at: Some(at(30)),
        via: Some(Via::Publish),
        ..Live::default()
    };
    Record {
        state: State::Published(live),
        digest: Some(format!("v1:sha256:{number:064x}").as_str().into()),
        container: Some(Created { id: format!("1789{number:013}").as_str().into(), created_at: Some(at(0)) }),
        file: Some(format!("{key}.yaml")),
        ..record(&key, &format!("a{number}"), Stage::Published)
    }
}

fn text_of(lines: &[&str]) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.into_bytes()
}

fn line_of(record: &Record) -> String {
    print_line(std::slice::from_ref(record)).trim_end().to_owned()
}

/// Two branches from one lockfile of 1,000 posts, each with five posts more; merged `trials` times by git.
/// Returns how often git saw no conflict; `None` without git. Whatever git saw, igsync reads all of both.
fn merge_branches(trials: usize, flags: &[&str]) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let placed = |number| (place(&published(number)), line_of(&published(number)));
    let base: Vec<_> = (0..1000).map(placed).collect();
    let save = |name: &str, new: &[([u8; 32], String)]| {
        let mut lines = [&base, new].concat();
        lines.sort();
        let lines: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        std::fs::File::create(path(name)).unwrap().write_all(&text_of(&lines)).unwrap();
    };
    save("base", &[]);
    let mut random = fastrand::Rng::with_seed(7);
    let mut clean = 0;
    for trial in 0..trials {
        let mut add = |from: usize| (0..5).map(|_| random.usize(from..from + 1_000_000)).collect::<Vec<_>>();
        let [left, right] = [add(10_000), add(2_000_000)];
        for (name, new) in [("left", &left), ("right", &right)] {
            save(name, &new.iter().copied().map(placed).collect::<Vec<_>>());
        }
        let merged = Command::new("git")
            .args(["merge-file", "-p"])
            .args(flags)
            .args(["left", "base", "right"].map(path))
            .output();
        let Ok(merged) = merged else {
            eprintln!("skipped: git is not installed");
            return None;
        };
        clean += usize::from(merged.status.success());
        let both = || (0..1000).chain(left.iter().copied()).chain(right.iter().copied()).map(published);
        let text = String::from_utf8(merged.stdout).unwrap();
        let kept: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("{\"key\"")).collect();
        assert_eq!(kept.len(), 1010, "no line is lost, and none is new");
        if trial < 5 || !merged.status.success() {
            let parsed = parse(text.as_bytes()).unwrap();
            assert_eq!(parsed.records, both().collect::<Records>());
            assert_eq!((parsed.versions, parsed.had_conflicts), (1010, !merged.status.success()));
        }
    }
    Some(clean)
}

#[test]
fn branches_that_each_publish_five_posts_merge_without_conflict() {
    // As `igsync.lock merge=union`, which `igsync init` writes into `.gitattributes`, makes git merge.
    let Some(clean) = merge_branches(200, &["--union"]) else { return };
    assert_eq!(clean, 200);
    // Without that line two new lines in one gap between old ones are a conflict. Of 25 pairs of random
    // places each falls into the same of 1,001 random gaps with probability 2/1002: 95.1 % are expected.
    let plain = merge_branches(200, &[]).unwrap_or_default();
    println!("{clean} of 200 merged without conflict by the union driver, {plain} of 200 by the plain one");
    assert!((182..=198).contains(&plain), "{plain} of 200: the layout is not what it was");
}

#[test]
fn one_attempt_changed_on_both_sides_is_joined_after_a_union_merge() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let with = |change: fn(&mut Live)| {
        let mut record = published(1);
        change(record.live_mut().unwrap());
        record
    };
    let base = with(|live| live.permalink = None);
    let linked = published(1);
    let commented = with(|live| (live.permalink, live.comment) = (None, Some(Comment::Done)));
    for (name, record) in [("base", &base), ("left", &linked), ("right", &commented)] {
        std::fs::File::create(path(name)).unwrap().write_all(&text_of(&[&line_of(record)])).unwrap();
    }
    let merged =
        Command::new("git").args(["merge-file", "-p", "--union"]).args(["left", "base", "right"].map(path)).output();
    let Ok(merged) = merged else {
        eprintln!("skipped: git is not installed");
        return;
    };
    let both = with(|live| live.comment = Some(Comment::Done));
    assert_eq!(parse(&merged.stdout).unwrap().records, [both].into_iter().collect());
}
