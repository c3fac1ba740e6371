use super::*;

fn numbered(count: usize) -> Vec<Post> {
    (1..=count).map(|number| post(&format!("p{number}"))).collect()
}

#[test]
fn more_undated_posts_than_one_run_publishes_are_refused() {
    assert_eq!(kinds(&world(numbered(5), []).plan()), []);
    let plan = world(numbered(6), []).plan();
    assert_eq!(kinds(&plan), [GuardKind::TooMany]);
    assert_eq!(plan.guards[0].message, "6 posts without publish_at are due on @acme, one run publishes at most 5");
    assert_eq!(kinds(&world(numbered(6), []).with(|world| world.options.max_publish = Some(6)).plan()), []);
}

#[test]
fn dated_posts_are_deferred_and_never_refused() {
    let dated = numbered(7).into_iter().map(|post| post.due("2026-12-01T11:00:00Z"));
    let plan = world(dated, []).plan();
    assert_eq!(kinds(&plan), []);
    assert_eq!((plan.forecast[0].posts, plan.forecast[0].deferred), (7, 2));
}

#[test]
fn without_a_lockfile_nothing_is_published_unasked() {
    let bare = |posts: Vec<Post>| world(posts, []).with(|world| world.options.has_lockfile = false);
    assert_eq!(kinds(&bare(numbered(1)).plan()), [GuardKind::NoLockfile]);
    assert_eq!(kinds(&bare(vec![post("p").due("2027-01-01T00:00:00Z")]).plan()), []);
    assert_eq!(kinds(&bare(numbered(1)).with(|world| world.options.allow_new_lock = true).plan()), []);
    assert_eq!(kinds(&bare(numbered(1)).with(|world| world.options.is_sandbox = true).plan()), []);
}

#[test]
fn a_lockfile_that_nobody_keeps_refuses_publishing() {
    let lost = |posts| world(posts, []).with(|world| world.options.ephemeral_lockfile = Some("no remote".into()));
    let plan = lost(numbered(1)).plan();
    assert_eq!(kinds(&plan), [GuardKind::EphemeralLockfile]);
    assert!(plan.guards[0].message.ends_with("would publish again: no remote"));
    assert_eq!(kinds(&lost(vec![post("p").due("2027-01-01T00:00:00Z")]).plan()), [], "nothing is due");
    assert_eq!(kinds(&lost(numbered(1)).with(|world| world.options.is_sandbox = true).plan()), []);
}

#[test]
fn no_manifests_but_records_are_refused() {
    let nothing = world([], [record("old", Stage::Published)]);
    assert_eq!(kinds(&nothing.plan()), [GuardKind::Empty]);
    assert_eq!(kinds(&nothing.with(|world| world.options.allow_empty = true).plan()), []);
    assert_eq!(kinds(&world([], []).plan()), []);
}

#[test]
fn records_of_a_user_that_no_account_has_are_refused() {
    let stranger = record("old", Stage::Published).with(|record| record.user_id = "17841400000000009".into());
    let plan = world([post("p")], [stranger]).plan();
    assert_eq!(kinds(&plan), [GuardKind::UnknownUser]);
    assert_eq!(
        plan.guards[0].message,
        "the lockfile records 1 post of user id 17841400000000009, which no account has"
    );
    assert_eq!(plan.summary.orphan, 0);
}

#[test]
fn records_of_another_graph_base_are_refused() {
    let local = || record("p", Stage::Published).with(|record| record.graph = Some("http://127.0.0.1:8787/".into()));
    assert_eq!(kinds(&world([post("p")], [local()]).plan()), [GuardKind::OtherGraph]);
    let base = |base: Option<&str>, record: Record| {
        kinds(&world([post("p")], [record]).with(|world| world.options.graph_base = base.map(Into::into)).plan())
    };
    assert_eq!(base(Some("http://127.0.0.1:8787/"), local()), []);
    assert_eq!(base(Some("http://127.0.0.1:8787/"), record("p", Stage::Published)), [GuardKind::OtherGraph]);
}

#[test]
fn a_paused_account_publishes_nothing() {
    let paused = |posts| world(posts, []).with(|world| world.accounts[0].paused = Some("IGSYNC_PAUSED is set".into()));
    assert_eq!(kinds(&paused(numbered(1)).plan()), [GuardKind::Paused]);
    assert_eq!(kinds(&paused(vec![post("p").due("2027-01-01T00:00:00Z")]).plan()), []);
}

#[test]
fn what_refuses_one_account_leaves_the_others_alone() {
    let of = |key: &str, name: &str| {
        let (account, user) = (name.into(), UserId::from(format!("user of {name}").as_str()));
        post(key).with(|post| (post.account, post.user_id) = (account, Some(user)))
    };
    let posts = |name: &str| (0..6).map(|number| of(&format!("{name}/{number}"), name)).collect::<Vec<_>>();
    let mut world = world([posts("crowded"), posts("paused"), vec![of("other/0", "other")]].concat(), []);
    world.accounts =
        ["crowded", "paused", "other"].map(|name| account(name, &format!("user of {name}"), name)).to_vec();
    world.accounts[1].paused = Some("`paused: true` is set in igsync.yaml".into());
    let plan = world.plan();
    let barred: Vec<_> = plan.barred().into_iter().map(|(name, barrier)| (name.to_string(), barrier)).collect();
    assert_eq!(barred, [("crowded".to_owned(), Barrier::TooMany), ("paused".to_owned(), Barrier::Paused)]);
    assert!(plan.refusals().next().is_none() && plan.applyable());
    world.posts.pop();
    assert!(!world.plan().applyable(), "nothing is left that could go out");
}

#[test]
fn an_error_in_a_due_post_leaves_its_account_out() {
    let broken = |key: &str| post(key).with(|post| post.has_errors = true);
    let plan = world([broken("p"), post("q")], []).plan();
    assert_eq!(plan.accounts_with_errors().len(), 1);
    assert!(!plan.applyable());
    let later = world([broken("p").due("2027-01-01T00:00:00Z"), post("q")], []).plan();
    assert!(later.applyable());
}
