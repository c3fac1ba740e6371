//! What can go wrong with a bucket: each is named, and nothing is left half recorded.

use crate::content::{journal, large_video, one_image_with};
use crate::project::{Output, Project};
use crate::servers::{KEY_ID, Proxy, SECRET, Trouble};
use crate::store::{World, uploads, with_keys};

/// What people read, without what differs from run to run.
fn read(output: &Output, world: &World) -> String {
    format!("exit {}\n{}\n{}", output.code, output.stdout.trim(), output.stderr.trim())
        .replace(world.store.url(), "[store]")
}

/// Fails with `project`, leaves nothing behind, and is whole once `repair` was called.
fn fails_clean(world: &World, project: &Project, repair: impl FnOnce() -> Option<Project>) -> String {
    let output = project.run(["apply", "--yes"]).exits(3);
    assert_eq!(world.api.containers(), 0, "no container before every file is hosted");
    assert_eq!(journal(project), "", "nothing is recorded");
    assert_eq!(project.read("igsync.lock"), "{\"igsync_lock\":1}\n");
    let text = read(&output, world);
    for secret in [SECRET, "IGAA-LONG", "X-Amz-Signature", "wrong-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    let repaired = repair();
    repaired.as_ref().unwrap_or(project).run(["apply", "--yes"]).exits(0);
    assert_eq!(world.api.server.published().len(), 1);
    text
}

#[test]
fn wrong_keys_are_named() {
    let mut told = String::new();
    for (name, id, secret) in [
        ("no keys", "", ""),
        ("an unknown key", "AKIAIGSYNCTEST000009", SECRET),
        ("a wrong secret", KEY_ID, "wrong-secret"),
    ] {
        let Some(world) = World::start() else { return };
        let project = one_image_with(&world.hosting(""));
        let project = with_keys(world.api.connect(project, "instagram", "IGAA-LONG"), id, secret);
        let repair = || {
            let whole = Project::copy_of(project.path().to_str().unwrap());
            Some(world.connect(whole, "instagram", "IGAA-LONG"))
        };
        told += &format!("# {name}\n{}\n\n", fails_clean(&world, &project, repair));
    }
    insta::assert_snapshot!(told);
}

/// What people read of each trouble that every upload meets; `None` where there is no store.
fn told_of(troubles: &[(&str, Trouble)]) -> Option<String> {
    let mut told = String::new();
    for &(name, trouble) in troubles {
        let world = World::start()?;
        let project = one_image_with(&world.hosting(""));
        let project = world.connect(project, "instagram", "IGAA-LONG").env("IGSYNC_HTTP_TIMEOUT_MS", "300");
        world.store.disturb(move |method, _| (method == "PUT").then_some(trouble));
        let repair = || {
            world.store.disturb(|_, _| None);
            None
        };
        told += &format!("# {name}\n{}\n\n", fails_clean(&world, &project, repair));
    }
    Some(told)
}

#[test]
fn a_store_that_fails_or_sleeps_is_given_up_and_the_next_run_completes() {
    let told = told_of(&[
        // s3s-fs makes the bucket instead; S3 itself answers so.
        ("there is no bucket", Trouble::Answer(404, "<Error><Code>NoSuchBucket</Code></Error>")),
        ("it fails", Trouble::Answer(500, "<Error><Code>InternalError</Code><Message>We failed.</Message></Error>")),
        ("it is overloaded", Trouble::Answer(503, "<Error><Code>SlowDown</Code></Error>")),
        ("it may not be written", Trouble::Answer(403, "<Error><Code>AccessDenied</Code></Error>")),
        ("it sleeps", Trouble::Silence),
    ]);
    let Some(told) = told else { return };
    insta::assert_snapshot!(told);
}

#[test]
fn other_regions_clocks_and_sessions_are_told_apart() {
    let told = told_of(&[
        ("another region", Trouble::Answer(301, "")),
        (
            "another region, named",
            Trouble::Answer(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"),
        ),
        ("a wrong clock", Trouble::Answer(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>")),
        ("an expired session", Trouble::Answer(400, "<Error><Code>ExpiredToken</Code></Error>")),
    ]);
    let Some(told) = told else { return };
    insta::assert_snapshot!(told);
}

#[test]
fn a_closed_port_ends_the_run_of_the_account() {
    let Some(world) = World::start() else { return };
    let closed = Proxy::to("http://127.0.0.1:9").url().to_owned();
    let project = one_image_with(&format!("{{ object_store: {{ bucket: media, endpoint: \"{closed}\" }} }}"));
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: story\nimage: ./two.jpg\n");
    let project = world.connect(project, "instagram", "IGAA-LONG");
    let output = project.run(["apply", "--yes"]).exits(3).says("no connection").says("account harbour was stopped");
    assert_eq!(output.stderr.matches("not attempted").count(), 2, "{}", output.stderr);
    assert_eq!(world.api.containers(), 0);
}

#[test]
fn an_interrupted_large_upload_is_taken_back() {
    let Some(world) = World::start() else { return };
    let project = one_image_with(&world.hosting(""));
    project.write("posts/one.mp4", large_video(20 << 20));
    project.write("posts/one.yaml", "kind: reel\nvideo: ./one.mp4\ncaption: A long one\n");
    let project = world.connect(project, "instagram", "IGAA-LONG");
    world.store.disturb(|_, path| path.contains("partNumber=2").then_some(Trouble::Answer(500, "")));
    fails_clean(&world, &project, || {
        let seen = world.store.take();
        assert!(seen.iter().any(|seen| seen.method == "DELETE" && seen.status == 204), "{seen:#?}");
        assert_eq!(world.s3.objects(), Vec::<String>::new());
        world.store.disturb(|_, _| None);
        None
    });
    assert_eq!(world.s3.objects().len(), 1);
}

#[test]
fn a_service_without_conditional_writes_is_written_all_the_same() {
    let Some(world) = World::start() else { return };
    let project = world.connect(one_image_with(&world.hosting("")), "instagram", "IGAA-LONG");
    let tries = std::sync::atomic::AtomicUsize::new(0);
    world.store.disturb(move |method, _| {
        let is_first = method == "PUT" && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        is_first.then_some(Trouble::Answer(400, "<Error><Code>NotImplemented</Code></Error>"))
    });
    project.run(["apply", "--yes"]).exits(0);
    let seen = world.store.take();
    let puts = uploads(&seen);
    assert!(
        puts[0].headers.contains_key("if-none-match") && !puts[1].headers.contains_key("if-none-match"),
        "{puts:?}"
    );
}

#[test]
fn keys_that_may_write_but_not_look_are_enough() {
    let Some(world) = World::start() else { return };
    let project = world.connect(one_image_with(&world.hosting("")), "instagram", "IGAA-LONG");
    world.store.disturb(|method, _| (method == "HEAD").then_some(Trouble::Answer(403, "")));
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(world.s3.objects().len(), 1);
}

#[test]
fn a_damaged_object_is_not_handed_to_meta() {
    let Some(world) = World::start() else { return };
    let project = world.connect(one_image_with(&world.hosting("")), "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    let name = world.s3.objects().remove(0);
    let file = world.s3.folder.path().join("media").join(&name);
    std::fs::File::options().write(true).open(file).unwrap().set_len(10).unwrap();
    crate::content::forget(&project);
    let elsewhere = crate::ways::Api::start();
    let project = elsewhere.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(3).says("has 10 bytes").says("remove the damaged object");
    assert_eq!(elsewhere.containers(), 0);
}
