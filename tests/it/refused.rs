//! A post that was refused is tried again once anything that would be sent is different, and not before.

use crate::project::{Project, Server};

const CONFIG: &str = "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n";
const HOSTING: &str = "hosting: { url: \"https://cdn.example.com/{path}\" }";

/// Pictures in the repository, as JPEG.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x / 7) as u8, (y / 7) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A post whose picture Meta has refused. `media` are the settings below `media:`.
fn refused(server: &Server, media: &str, (width, height): (u32, u32)) -> Project {
    let project = Project::empty().against(server, "instagram", "IGAA-LONG");
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    set(&project, media);
    project.write("posts/one.jpg", picture(width, height));
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first one\n");
    server.fail(
        r#"[{"match":{"method":"POST","path":"/media"},"nth":1,"fault":{"graph_error":{"code":36003,"subcode":2207009}}}]"#,
    );
    project.run(["apply", "--yes"]).exits(3).says("36003");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 failed.");
    project
}

fn set(project: &Project, media: &str) {
    project.write("igsync.yaml", format!("{CONFIG}media: {{ {media} }}\n"));
}

fn rewrite(project: &Project, from: &str, to: &str) {
    let text = project.read("posts/one.yaml");
    assert!(text.contains(from), "{text}");
    project.write("posts/one.yaml", text.replace(from, to));
}

/// 3:4 or so: Meta takes it, and conversion leaves it alone until `fit` is set.
const TALL: (u32, u32) = (640, 830);
const SQUARE: (u32, u32) = (640, 640);
/// Wider than Instagram shows: conversion makes it smaller.
const WIDE: (u32, u32) = (1600, 1600);

/// What is done to the post or the configuration, the settings and the picture before, and how.
type Case = (&'static str, &'static str, (u32, u32), fn(&Project));

#[test]
fn whatever_changes_what_is_sent_makes_a_refused_post_due_again() {
    let converting = "convert: true";
    let cases: [Case; 13] = [
        ("fit", converting, TALL, |p| set(p, "convert: true, fit: crop")),
        ("another fit", "convert: true, fit: crop", TALL, |p| set(p, "convert: true, fit: pad")),
        ("fit of the account", converting, TALL, |p| {
            p.write("igsync.yaml", format!("{CONFIG}    media: {{ fit: crop }}\nmedia: {{ convert: true }}\n"));
        }),
        ("conversion on", HOSTING, WIDE, |p| set(p, &format!("{HOSTING}, convert: true"))),
        ("conversion off", converting, WIDE, |p| set(p, "convert: false")),
        ("host", HOSTING, SQUARE, |p| set(p, &HOSTING.replace("cdn", "img"))),
        ("path at the host", HOSTING, SQUARE, |p| set(p, &HOSTING.replace("/{path}", "/{sha256}.jpg"))),
        ("another kind of host", HOSTING, SQUARE, |p| set(p, "hosting: { github: acme/content }")),
        ("caption", HOSTING, SQUARE, |p| rewrite(p, "first", "last")),
        ("alternative text", HOSTING, SQUARE, |p| rewrite(p, "kind:", "alt_text: A wall\nkind:")),
        ("picture", HOSTING, SQUARE, |p| p.write("posts/one.jpg", picture(700, 700))),
        ("hashtags of the folder", HOSTING, SQUARE, |p| p.write("posts/_defaults.yaml", "hashtags: [harbour]\n")),
        ("hashtags of the configuration", HOSTING, SQUARE, |p| {
            p.write("igsync.yaml", p.read("igsync.yaml") + "defaults: { hashtags: [harbour] }\n");
        }),
    ];
    for (what, media, size, change) in cases {
        let server = Server::start();
        let project = refused(&server, media, size);
        project.commit();
        change(&project);
        let planned = project.run(["plan"]).exits(0);
        assert_eq!(planned.last_line(), "Plan: 1 to publish.", "{what}\n{}{}", planned.stdout, planned.stderr);
        project.commit();
        project.fresh_clone().run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
        if what != "another kind of host" {
            project.run(["apply", "--yes"]).exits(0);
            project.run(["plan"]).exits(0).ends_with("No changes.");
            assert_eq!(server.published().len(), 1, "{what}");
        }
    }
}

#[test]
fn what_changes_nothing_that_is_sent_leaves_a_refused_post_alone() {
    let cases: [Case; 9] = [
        ("conversion of a picture that passes", HOSTING, SQUARE, |p| set(p, &format!("{HOSTING}, convert: true"))),
        ("fit of a picture in shape", "convert: true", SQUARE, |p| set(p, "convert: true, fit: crop")),
        ("fit of a picture that is only made smaller", "convert: true", WIDE, |p| set(p, "convert: true, fit: pad")),
        ("first comment", HOSTING, SQUARE, |p| rewrite(p, "kind:", "first_comment: Hello\nkind:")),
        ("time", HOSTING, SQUARE, |p| rewrite(p, "kind:", "publish_at: 2026-11-30T00:00Z\nkind:")),
        ("remark", HOSTING, SQUARE, |p| rewrite(p, "kind:", "# again\nkind:")),
        ("renamed picture", HOSTING, SQUARE, |p| {
            p.rename("posts/one.jpg", "media/other.jpg");
            rewrite(p, "./one.jpg", "../media/other.jpg");
        }),
        ("defaults that the manifest overrides", HOSTING, SQUARE, |p| {
            p.write("posts/_defaults.yaml", "caption: Other\n");
        }),
        ("another machine", HOSTING, SQUARE, |p| std::fs::remove_dir_all(p.path().join(".igsync")).unwrap()),
    ];
    for (what, media, size, change) in cases {
        let server = Server::start();
        let project = refused(&server, media, size);
        change(&project);
        let planned = project.run(["plan"]).exits(0);
        assert_eq!(planned.last_line(), "No changes: 1 failed.", "{what}\n{}{}", planned.stdout, planned.stderr);
        project.run(["apply", "--yes"]).exits(3);
        assert!(server.published().is_empty(), "{what}");
    }
}

/// A first run stops after it has made containers for one host; a second one goes on with them for another, and is
/// refused: what was refused is what was sent.
#[test]
fn containers_that_were_made_under_other_settings_are_refused_as_they_were_made() {
    const DUE: &str = "Plan: 1 to publish.";
    const LEFT: &str = "No changes: 1 failed.";
    let other = HOSTING.replace("cdn", "img");
    let refusing = |path: &str, nth: u32, codes: &str| {
        format!(
            r#"[{{"match":{{"method":"POST","path":"{path}"}},"nth":{nth},"fault":{{"graph_error":{{{codes}}}}}}}]"#
        )
    };
    let (publish, make) = ("media_publish", "/media");
    // What stops the first run, what refuses the second, and what the plan says for the second host and for the first.
    let cases = [
        ("image", 1, (publish, 1), publish, (DUE, LEFT)),
        ("carousel", 2, (publish, 1), publish, (DUE, LEFT)),
        ("carousel without a container of its own", 2, (make, 3), publish, (DUE, LEFT)),
        ("the same, refused at once", 2, (make, 3), make, (DUE, LEFT)),
        ("carousel that lacks an item", 2, (make, 2), publish, (DUE, DUE)),
        ("the same, the item refused", 2, (make, 2), make, (LEFT, DUE)),
    ];
    for (what, items, (stopped, nth), refused, (second, first)) in cases {
        let server = Server::start();
        let project = Project::empty().against(&server, "instagram", "IGAA-LONG");
        project.write("igsync.lock", "{\"igsync_lock\":1}\n");
        project.write("posts/one.jpg", picture(640, 640));
        project.write("posts/two.jpg", picture(650, 650));
        let carousel = "kind: carousel\nitems:\n  - image: ./one.jpg\n  - image: ./two.jpg\n";
        let media = if items == 1 { "kind: image\nimage: ./one.jpg\n" } else { carousel };
        project.write("posts/one.yaml", format!("{media}caption: The first one\n"));
        set(&project, HOSTING);
        server.fail(&refusing(stopped, nth, r#""code":190"#));
        project.run(["apply", "--yes"]).exits(9);
        server.repair();
        project.run(["plan"]).exits(0).ends_with("Plan: 1 to resume.");
        set(&project, &other);
        server.fail(&refusing(refused, 1, r#""code":36003,"subcode":2207009"#));
        project.run(["apply", "--yes"]).exits(3).says("36003");
        server.repair();
        let plans = |expected: &str| {
            let planned = project.run(["plan"]).exits(0);
            assert_eq!(planned.last_line(), expected, "{what}\n{}{}", planned.stdout, planned.stderr);
        };
        plans(second);
        set(&project, HOSTING);
        plans(first);
        set(&project, if second == DUE { &other } else { HOSTING });
        project.run(["apply", "--yes"]).exits(0);
        plans("No changes.");
        let lock = project.read("igsync.lock");
        assert!(!lock.lines().any(|line| line.contains("\"published\"") && line.contains("\"sent_digest\"")), "{lock}");
        assert_eq!(server.published().len(), 1, "{what}");
    }
}

/// An igsync that recorded nothing but the digest: what it sent is not known better.
#[test]
fn an_old_refusal_waits_for_other_content() {
    let server = Server::start();
    let project = refused(&server, "convert: true", TALL);
    let record: serde_json::Value = serde_json::from_str(project.read("igsync.lock").lines().nth(1).unwrap()).unwrap();
    assert!(record["sent_digest"].as_str().unwrap().starts_with("v1:sha256:"), "{record}");
    let mut old = record.clone();
    old.as_object_mut().unwrap().shift_remove("sent_digest");
    std::fs::remove_dir_all(project.path().join(".igsync")).unwrap();
    project.write("igsync.lock", format!("{{\"igsync_lock\":1}}\n{old}\n"));
    set(&project, "convert: true, fit: crop");
    project.run(["plan"]).exits(0).ends_with("No changes: 1 failed.");
    rewrite(&project, "first", "last");
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
}
