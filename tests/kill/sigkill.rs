//! SIGKILL at any moment, again and again, and `apply` from there.

use std::time::Duration;

use crate::audit::{audit, content, duration_of_a_run, finish, pause, start};
use crate::project::{Project, Server};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Kills runs over one content root at random moments until one comes through; returns how many died.
fn torment(project: &Project, rng: &mut fastrand::Rng, whole: Duration, most: u64) -> u64 {
    let mut killed = 0;
    while killed < most {
        let mut run = start(project);
        pause(whole.mul_f64(rng.f64()));
        // A run that has ended takes no notice.
        let _ = run.kill();
        if run.wait().unwrap().code().is_some() {
            break;
        }
        killed += 1;
    }
    killed
}

#[test]
fn runs_killed_at_any_moment_publish_every_post_once() {
    let wanted = number("IGSYNC_KILLS", 220);
    let seed = number("IGSYNC_KILL_SEED", 1);
    let whole = duration_of_a_run();
    let workers = 3;
    let done: Vec<(u64, u64, u64)> = std::thread::scope(|scope| {
        let tormented: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let mut rng = fastrand::Rng::with_seed(seed * 1_000 + worker);
                    let (mut killed, mut roots, mut open) = (0, 0, 0);
                    while killed < wanted.div_ceil(workers) {
                        let server = Server::start();
                        let project = content(&server);
                        killed += torment(&project, &mut rng, whole, 12);
                        roots += 1;
                        let journal = std::fs::read_to_string(project.path().join(".igsync/journal.jsonl"));
                        open += u64::from(journal.is_ok_and(|text| text.contains("\"state\":\"intent\"")));
                        finish(&project);
                        audit(&project, &server, &format!("seed {seed}, worker {worker}, root {roots}"));
                    }
                    (killed, roots, open)
                })
            })
            .collect();
        tormented.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |part: fn(&(u64, u64, u64)) -> u64| done.iter().map(part).sum::<u64>();
    let (killed, roots, open) = (sum(|d| d.0), sum(|d| d.1), sum(|d| d.2));
    println!(
        "{killed} runs killed over {roots} content roots, a run takes {whole:?}; {open} roots had announced a publish"
    );
    assert!(killed >= wanted);
}

#[test]
fn a_run_killed_while_its_publish_is_on_the_wire_is_settled() {
    for fault in [r#"{"slow_body":{"ms":60000}}"#, r#"{"late_effect":{"ms":150}}"#] {
        let server = Server::start();
        let project = content(&server);
        server.fail(&format!(r#"[{{"match":{{"method":"POST","path":"media_publish"}},"nth":2,"fault":{fault}}}]"#));
        let mut run = start(&project);
        let announced = || {
            let journal = std::fs::read_to_string(project.path().join(".igsync/journal.jsonl"));
            journal.map_or(0, |text| text.matches("\"state\":\"intent\"").count())
        };
        while announced() < 2 {
            pause(Duration::from_millis(2));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        finish(&project);
        audit(&project, &server, fault);
    }
}
