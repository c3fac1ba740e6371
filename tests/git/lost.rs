//! A machine that dies with its disk, after each step; and a remote that does not take the record.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::machine::Site;
use crate::races::{finish, start};
use crate::repo::write;

const POSTS: u8 = 2;

#[expect(clippy::disallowed_methods, reason = "a test that hangs has to end")]
fn now() -> Instant {
    Instant::now()
}

/// Waits until `path` is there; `false`: the run has ended before.
pub fn reached(path: &Path, run: &mut std::process::Child) -> bool {
    let began = now();
    loop {
        if path.exists() {
            return true;
        }
        if run.try_wait().unwrap().is_some() {
            return path.exists();
        }
        assert!(began.elapsed() < Duration::from_secs(120), "neither {} nor an end", path.display());
        pause();
    }
}

fn pause() {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(3));
}

/// Kills a machine while its push number `nth` is being received, which then lands or does not. `false`: a run
/// makes fewer pushes.
fn killed_in_push(nth: u32, lands: bool, config: &str) -> bool {
    let site = Site::below("", POSTS, config);
    let folder = site.origin.path();
    site.origin.hook(
        "pre-receive",
        &format!(
            "echo x >> pushes\n[ \"$(wc -l < pushes)\" -eq {nth} ] || exit 0\ntouch reached\n\
             while [ ! -e killed ]; do sleep 0.01; done\nexit {}",
            u8::from(!lands)
        ),
    );
    // When the branch has moved or not, the push is over.
    let machine = site.machine();
    let mut run = start(&machine);
    let was_reached = reached(&folder.join("reached"), &mut run);
    // The group of the run, and so its git, is left alone: what was sent was sent.
    let _ = run.kill();
    run.wait().unwrap();
    drop(machine);
    write(&folder, "killed", "");
    site.origin.hook("pre-receive", "exit 0");
    let about = format!("{config}push {nth}, {}", if lands { "which lands" } else { "which does not land" });
    finish(&site, &about);
    site.audit(POSTS, site.branch(), &about);
    was_reached
}

/// Kills a machine while it waits for the answer to request number `nth`, which was carried out.
fn killed_in_request(nth: u32, config: &str) -> bool {
    let site = Site::below("", POSTS, config);
    site.server.fail(&format!(r#"[{{"match":{{}},"nth":{nth},"fault":{{"slow_body":{{"ms":600000}}}}}}]"#));
    // The client gives up on its own only later.
    let machine = site.machine().env("IGSYNC_HTTP_TIMEOUT_MS", "3000");
    let mut run = start(&machine);
    let began = now();
    let was_reached = loop {
        // The one that hangs is the last that came in.
        if site.server.sandbox.requests().len() >= nth as usize {
            break true;
        }
        if run.try_wait().unwrap().is_some() {
            break false;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "neither request {nth} nor an end");
        pause();
    };
    let _ = run.kill();
    run.wait().unwrap();
    drop(machine);
    site.server.repair();
    let about = format!("{config}request {nth}");
    finish(&site, &about);
    site.audit(POSTS, site.branch(), &about);
    was_reached
}

/// Steps one by one until a run ends before it comes so far; a few at a time. Returns how many there were.
fn every(step: impl Fn(u32) -> bool + Sync) -> u32 {
    let next = std::sync::atomic::AtomicU32::new(1);
    let last = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if !step(nth) {
                        break;
                    }
                    last.fetch_max(nth, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    last.into_inner()
}

#[test]
fn a_machine_lost_in_any_push_leaves_every_post_to_be_published_once() {
    // Side by side: what takes long is waiting for leases of machines that no one knows to be dead.
    std::thread::scope(|scope| {
        for config in ["", "git: { state_branch: bot/state }\n"] {
            for lands in [true, false] {
                scope.spawn(move || {
                    let pushes = every(|nth| killed_in_push(nth, lands, config));
                    assert!(pushes >= 2, "announcement and result are pushed: {pushes}");
                });
            }
        }
    });
}

#[test]
fn a_machine_lost_in_any_request_leaves_every_post_to_be_published_once() {
    let requests = every(|nth| killed_in_request(nth, ""));
    assert!(requests >= 8, "{requests} requests");
}

#[test]
fn a_machine_lost_in_any_request_is_found_on_the_state_branch() {
    // The protocol is the same; only where the record is differs.
    let requests = every(|nth| killed_in_request(3 * nth, "git: { state_branch: bot/state }\n"));
    assert!(requests >= 2, "every third of {requests} requests");
}

#[test]
fn a_push_that_is_declined_up_to_nine_times_arrives() {
    for times in 1..=9 {
        let site = Site::new(POSTS);
        site.origin.hook(
            "pre-receive",
            &format!("echo x >> pushes\n[ \"$(wc -l < pushes)\" -gt {times} ] || {{ echo 'not now'; exit 1; }}"),
        );
        site.machine().apply(&[]).exits(0);
        finish(&site, "declined");
        site.audit(POSTS, "main", &format!("declined {times} times"));
    }
}

#[test]
fn while_the_announcement_is_declined_nothing_is_published() {
    let site = Site::new(POSTS);
    site.origin.hook("pre-receive", "echo 'not today'; exit 1");
    let output = site.machine().apply(&[]);
    assert!(![0, 8].contains(&output.code), "{output:?}");
    output.says("not today");
    assert!(site.server.published().is_empty());
    site.origin.hook("pre-receive", "exit 0");
    finish(&site, "declined for a day");
    site.audit(POSTS, "main", "declined for a day");
}

#[test]
fn a_result_that_never_arrives_ends_in_exit_8_with_lines_that_can_be_merged_and_the_next_run_heals() {
    let site = Site::new(POSTS);
    // The announcement arrives, and nothing after it.
    site.origin.hook("pre-receive", "echo x >> pushes\n[ \"$(wc -l < pushes)\" -le 1 ] || { echo 'no more'; exit 1; }");
    let output = site.machine().apply(&[]).exits(8).says("no more");
    names_the_way_out_once(&output);
    let lines = output.stderr.split_inclusive('\n').filter(|line| line.starts_with('{')).collect::<String>();
    let live = site.server.published();
    assert!(!live.is_empty());
    assert!(lines.contains(live[0]["media_id"].as_str().unwrap()), "{}", output.stderr);
    assert!(!output.stderr.contains("IGAA-LONG"));
    // By hand: the lines of the log are a lockfile that can be merged.
    let desk = site.desk(&[]);
    write(desk.project.path(), "lost.jsonl", &lines);
    desk.igsync(&["lock", "merge", "lost.jsonl"]).exits(0);
    assert!(desk.project.read("igsync.lock").contains(live[0]["media_id"].as_str().unwrap()));
    // By itself: the next run finds what became of the announcement.
    site.origin.hook("pre-receive", "exit 0");
    finish(&site, "exit 8");
    site.audit(POSTS, "main", "exit 8");
}

/// A remote that says no is for whoever maintains it, and the way out is named where the run ends.
fn names_the_way_out_once(output: &crate::project::Output) {
    let all = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(all.matches("git.state_branch").count(), 1, "{all}");
    assert_eq!(all.matches("whoever maintains the repository").count(), 1, "{all}");
}

#[test]
fn whatever_a_remote_says_no_with_names_the_way_out_once() {
    for said in
        ["GH013: Repository rule violations found", "You are not allowed to push code to protected branches", "no"]
    {
        let site = Site::new(POSTS);
        site.origin.hook("pre-receive", &format!("echo '{said}'; exit 1"));
        let output = site.machine().apply(&[]).exits(3);
        names_the_way_out_once(&output);
        assert!(site.server.published().is_empty());
    }
}

#[test]
fn a_protected_main_takes_no_record_and_a_state_branch_does() {
    let protect = "[ \"$1\" != refs/heads/main ] || { echo 'GH006: Protected branch update failed'; exit 1; }";
    let site = Site::new(POSTS);
    site.origin.hook("update", protect);
    let output = site.machine().apply(&[]);
    assert!(![0, 8].contains(&output.code), "{output:?}");
    assert_eq!(output.code, 3, "{}", output.stderr);
    names_the_way_out_once(&output);
    output.says("Protected branch update failed");
    assert!(site.server.published().is_empty());
    site.origin.hook("update", "exit 0");
    site.change("Keep the record elsewhere", |folder| {
        let config = std::fs::read_to_string(folder.join("igsync.yaml")).unwrap();
        write(folder, "igsync.yaml", &format!("{config}git: {{ state_branch: bot/state }}\n"));
    });
    site.origin.hook("update", protect);
    let main = site.origin.ask(&["rev-parse", "main"]);
    site.machine().apply(&[]).exits(0);
    finish(&site, "protected");
    site.audit(POSTS, "bot/state", "protected");
    assert_eq!(site.origin.ask(&["rev-parse", "main"]), main);
    assert_eq!(site.origin.ask(&["ls-tree", "-r", "--name-only", "bot/state"]), "igsync.lock");
}

#[test]
fn the_rerun_of_an_old_job_publishes_nothing_again() {
    let site = Site::new(POSTS);
    let old = [site.machine(), site.machine()];
    site.machine().apply(&[]).exits(0);
    let pushed = site.origin.ask(&["rev-parse", "main"]);
    old[0].apply(&[]).exits(0).ends_with("No changes.");
    assert_eq!(site.origin.ask(&["rev-parse", "main"]), pushed, "nothing to record, nothing pushed");
    site.change("Something new", |folder| {
        write(folder, "posts/note.yaml", "kind: image\nimage: ./1.jpg\ndraft: true\n");
    });
    old[1].apply(&[]).exits(6);
    site.audit(POSTS, "main", "re-run");
}
