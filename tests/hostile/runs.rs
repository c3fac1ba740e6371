//! Two runs at once, by whatever trick.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use crate::attack::{Attack, numbered_picture};
use crate::liar::Liar;

const APPLY: [&str; 4] = ["apply", "--yes", "--format", "json"];

fn four_stories(liar: &Liar) -> Attack {
    let attack = liar.connect(Attack::new(), "IGAA-LONG");
    attack.write("content/posts/one.yaml", "kind: story\nimage: ./one.jpg\n");
    for number in 2..=4 {
        attack.write(&format!("content/posts/{number}.jpg"), numbered_picture(number));
        attack.write(&format!("content/posts/{number}.yaml"), format!("kind: story\nimage: ./{number}.jpg\n"));
    }
    attack
}

/// While the first publish of a run is on the wire, someone does something to the file of its lock and starts a
/// second run.
fn while_a_publish_is_on_the_wire(disturb: impl Fn(&Attack)) {
    let liar = Liar::new();
    let attack = four_stories(&liar);
    let (is_sent, sent) = channel::<()>();
    let (go_on, is_to_go_on) = channel::<()>();
    let first = Arc::new(Mutex::new(Some((is_sent, is_to_go_on))));
    liar.lies(move |asked, _| {
        // The answer of the first publish comes when the second run is over.
        let first = asked.is_publish().then(|| first.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some((is_sent, is_to_go_on)) = first.flatten() {
            is_sent.send(()).unwrap();
            is_to_go_on.recv().unwrap();
        }
    });
    std::thread::scope(|scope| {
        let attack = &attack;
        let run = scope.spawn(|| attack.run(&APPLY));
        sent.recv().unwrap();
        disturb(attack);
        let second = attack.command(&APPLY).output().unwrap();
        go_on.send(()).unwrap();
        let first = run.join().unwrap();
        assert!([0, 7].contains(&second.status.code().unwrap()), "{second:?}");
        if second.status.code() == Some(0) {
            let _ = first.exits(3).says("the run lock was lost");
        } else {
            let _ = first.exits(0);
        }
    });
    let _ = attack.run(&APPLY).exits(0);
    assert_eq!(liar.sent(), (4, 4), "four containers, each published once");
    assert_eq!(liar.server.published().len(), 4);
}

/// As issue 12 found it: four stories went out as eight.
#[test]
fn a_run_whose_lock_was_removed_publishes_nothing_more() {
    while_a_publish_is_on_the_wire(|attack| std::fs::remove_file(attack.root().join(".igsync/run.lock")).unwrap());
}

#[test]
fn a_run_whose_lock_was_replaced_publishes_nothing_more() {
    while_a_publish_is_on_the_wire(|attack| {
        attack.write("content/.igsync/other", "");
        std::fs::rename(attack.root().join(".igsync/other"), attack.root().join(".igsync/run.lock")).unwrap();
    });
}

#[test]
fn a_lock_that_stays_turns_the_second_run_away() {
    while_a_publish_is_on_the_wire(|_| {});
}

/// The record goes with the lock, so the second run knows nothing of the first but what Meta and the lockfile tell.
#[test]
fn a_run_whose_folder_was_moved_away_publishes_nothing_more() {
    let liar = Liar::new();
    let attack = four_stories(&liar);
    let root = attack.root().to_owned();
    let is_first = std::sync::atomic::AtomicBool::new(true);
    liar.lies(move |asked, _| {
        if asked.is_publish() && is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            std::fs::rename(root.join(".igsync"), root.join(".away")).unwrap();
        }
    });
    let _ = attack.run(&APPLY).exits(4);
    assert_eq!(liar.sent(), (4, 1));
    std::fs::rename(attack.root().join(".away"), attack.root().join(".igsync")).unwrap();
    let _ = attack.run(&APPLY).exits(0);
    assert_eq!(liar.sent(), (4, 4));
}
