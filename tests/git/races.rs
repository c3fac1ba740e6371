//! Two machines with the same old checkout at once. The order in which their pushes are received is decided by a
//! seed: a hook of the remote holds each push until it is its turn.

use std::process::{Child, Stdio};

use crate::machine::{Machine, Site};
use crate::project::Output;

/// Holds a push until its letter is next, or until the other machine has ended. While a push is held, those of the
/// other machine pass, so that it finds the branch elsewhere than it thought.
const TURNS: &str = "\
while :; do
  next=$(head -c 1 turns)
  [ -z \"$next\" ] || [ \"$next\" = \"$RUNNER\" ] && break
  [ -e \"ended-$next\" ] && break
  sleep 0.01
done
tail -c +2 turns > \"turns-$RUNNER\" && mv \"turns-$RUNNER\" turns
echo \"$RUNNER\" >> order";

const POSTS: u8 = 2;

/// One race; returns the order in which pushes were received.
fn race(seed: u64, config: &str) -> String {
    let mut rng = fastrand::Rng::with_seed(seed);
    let site = Site::below("", POSTS, config);
    let turns: String = (0..8).map(|_| if rng.bool() { 'A' } else { 'B' }).collect();
    crate::repo::write(&site.origin.path(), "turns", &turns);
    site.origin.hook("pre-receive", TURNS);
    let machines = ["A", "B"].map(|name| (name, site.machine().env("RUNNER", name)));
    let about = format!("seed {seed}, turns {turns}");
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let runs: Vec<_> = machines
            .iter()
            .map(|(name, machine)| {
                let ended = site.origin.path().join(format!("ended-{name}"));
                scope.spawn(move || {
                    let output = machine.apply(&[]);
                    std::fs::File::create(ended).unwrap();
                    output
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for output in outputs {
        assert!([0, 3].contains(&output.code), "{about}: exit {}\n{}\n{}", output.code, output.stdout, output.stderr);
    }
    let order = std::fs::read_to_string(site.origin.path().join("order")).unwrap().replace('\n', "");
    site.origin.hook("pre-receive", "exit 0");
    finish(&site, &about);
    site.audit(POSTS, site.branch(), &format!("{about}, order {order}"));
    order
}

/// New machines run `apply` until one has nothing left to do.
#[track_caller]
pub fn finish(site: &Site, about: &str) {
    for _ in 0..6 {
        let output = site.machine().apply(&[]);
        if output.code == 0 && output.last_line().starts_with("No changes") {
            return;
        }
        assert!([0, 3].contains(&output.code), "{about}: exit {}\n{}\n{}", output.code, output.stdout, output.stderr);
    }
    panic!("{about}: apply does not come to an end");
}

/// Races of these seeds, a few at a time; returns how many different orders there were.
fn races(seeds: std::ops::Range<u64>, config: &str) -> usize {
    let workers = 4;
    let orders: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..workers)
            .map(|worker| {
                let mine = seeds.clone().filter(move |seed| seed % workers == worker);
                scope.spawn(move || mine.map(|seed| race(seed, config)).collect::<Vec<_>>())
            })
            .collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    let both = orders.iter().filter(|order| order.contains('A') && order.contains('B')).count();
    assert!(both > orders.len() / 2, "both machines push in most races: {orders:?}");
    orders.iter().collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn two_machines_with_one_old_checkout_publish_every_post_once() {
    let orders = races(0..70, "");
    assert!(orders > 10, "{orders} different orders");
}

#[test]
fn two_machines_that_record_on_a_branch_of_its_own_publish_every_post_once() {
    let orders = races(100..130, "git: { state_branch: bot/state }\n");
    assert!(orders > 5, "{orders} different orders");
}

/// A run without a word.
pub fn start(machine: &Machine) -> Child {
    let mut command = machine.command(&["apply", "--yes"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
