use super::*;
use igsync_base::id::Kind;
use igsync_model::lockfile::{Comment, Reason, Refused, Stage, State};
use igsync_model::plan::testing::{PostBuilder as _, With as _, World, account, at, digest, live, post, record, world};

fn shown(world: &World) -> String {
    render(&world.plan(), Style::plain(), &Program::named("igsync"))
}

fn captioned(key: &str, kind: Kind, caption: &str) -> igsync_model::manifest::Post {
    post(key).of_kind(kind).with(|post| post.content.caption = caption.into())
}

fn first_day() -> World {
    world(
        [
            captioned("posts/harbour", Kind::Carousel, "Golden hour over the harbour.\nAnd a second line"),
            captioned("posts/cranes", Kind::Image, "Cranes"),
            captioned("posts/ferry", Kind::Story, "").due("2026-12-01T11:00:00Z"),
            captioned("posts/boats", Kind::Reel, "Boats"),
            post("posts/winter").due("2026-12-24T17:00:00Z"),
            post("posts/live"),
        ],
        [
            record("posts/boats", Stage::Containers).with(|record| record.kind = Kind::Reel),
            record("posts/live", Stage::Published),
        ],
    )
}

#[test]
fn a_plan_reads_like_a_letter() {
    insta::assert_snapshot!(shown(&first_day()), @"
    igsync will publish 3 posts and resume 1 post on @acme

      + posts/ferry    story                                   due since 1 Dec 12:00
      ^ posts/boats    reel      containers created, not published yet
      + posts/cranes   image     Cranes                        due now
      + posts/harbour  carousel  Golden hour over the harbou…  due now

      @ posts/winter   image     due Thu 24 Dec 2026 18:00 Europe/Berlin

      + publish    nothing is recorded, apply publishes it
      ^ resume     apply continues where an earlier run stopped, and never publishes
                   twice
      @ scheduled  goes out with the first apply after its time

    Cost: 5 containers, 4 publishes, about 18 API calls

    Plan: 3 to publish, 1 to resume, 1 scheduled; 1 unchanged.
    ");
}

#[test]
fn a_narrow_terminal_gets_lines_of_its_own_for_the_text() {
    let style = Style { width: 44, ..Style::plain() };
    insta::assert_snapshot!(render(&first_day().plan(), style, &Program::named("igsync")), @"
    igsync will publish 3 posts and resume 1 post on @acme

      + posts/ferry  story
          due since 1 Dec 12:00
      ^ posts/boats  reel
          containers created, not published yet
      + posts/cranes  image
          Cranes           due now
      + posts/harbour  carousel
          Golden hour ov…  due now

      @ posts/winter  image
          due Thu 24 Dec 2026 18:00
          Europe/Berlin

      + publish    nothing is recorded, apply
                   publishes it
      ^ resume     apply continues where an
                   earlier run stopped, and
                   never publishes twice
      @ scheduled  goes out with the first apply
                   after its time

    Cost: 5 containers, 4 publishes, about 18
          API calls

    Plan: 3 to publish, 1 to resume, 1 scheduled; 1 unchanged.
    ");
}

#[test]
fn every_mark_says_what_to_do() {
    let world = world(
        [
            post("posts/01-moved").with(|post| post.media_digest = Some(digest("media of posts/old"))),
            post("posts/02-intent"),
            post("posts/03-comment").with(|post| post.first_comment = Some("first".into())),
            post("posts/04-edited").edited(),
            post("posts/05-late").due("2026-11-20T17:00:00Z"),
            post("posts/06-expired").with(|post| post.publish_until = Some(at("2026-11-30T17:00:00Z"))),
            post("posts/07-unknown"),
            post("posts/08-failed"),
        ],
        [
            live("posts/old", |live| live.media_id = Some("17900000000000002".into())),
            record("posts/02-intent", Stage::Intent),
            live("posts/03-comment", |live| live.comment = Some(Comment::Due)),
            record("posts/04-edited", Stage::Published),
            record("posts/07-unknown", Stage::Unknown)
                .with(|record| record.state = State::Unknown(Some(Reason::MaybeLive))),
            record("posts/08-failed", Stage::Failed).with(|record| {
                let reason = Some(Reason::Other("the aspect ratio is not supported".into()));
                record.state = State::Failed(Refused {
                    reason,
                    code: Some(36003),
                    subcode: Some(2_207_009),
                    ..Refused::default()
                });
            }),
            record("posts/gone", Stage::Published),
        ],
    );
    insta::assert_snapshot!(render(&world.plan(), Style::plain(), &Program::named("cargo run --release --")), @"
    igsync will resume 2 posts and rename 1 post on @acme

      > posts/01-moved    image     renamed from posts/old
      ^ posts/02-intent   image     perhaps published, apply checks first
                                    settle: cargo run --release -- resolve posts/02-intent
      ^ posts/03-comment  image     published, its first comment is due

      z posts/05-late     image     was due Fri 20 Nov 2026 18:00 Europe/Berlin
      * posts/01-moved    image     published, then edited: caption
                                    https://www.instagram.com/p/abc/
      * posts/04-edited   image     published, then edited: caption
                                    https://www.instagram.com/p/abc/
      e posts/06-expired  image     should have gone out by Mon 30 Nov 2026 18:00
                                    Europe/Berlin
      ! posts/07-unknown  image     something like it is live already; check whether
                                    it is this post
                                    live: cargo run --release -- resolve posts/07-unknown --published
                                    not: cargo run --release -- resolve posts/07-unknown --not-published
      x posts/08-failed   image     refused by Instagram (36003/2207009): the aspect
                                    ratio is not supported
      o posts/gone        image     the manifest is gone, the post is live
                                    https://www.instagram.com/p/abc/

      ^ resume     apply continues where an earlier run stopped, and never publishes
                   twice
      > moved      the record follows the manifest, nothing is published
      * edited     Instagram cannot change a post; keep what is live with
                   `cargo run --release -- lock accept KEY`, or delete the post
                   there and publish it again after
                   `cargo run --release -- lock rm KEY`
      o orphan     deleting a manifest deletes nothing on Instagram; delete the post
                   there, then `cargo run --release -- lock rm KEY`
      z late       left alone; publish it with --include-late, change publish_at, or
                   set draft: true
      e expired    never goes out, unless publish_until is moved
      ! unknown    blocked until you record whether it is live
      x failed     left alone until what is sent changes, or with --retry-failed

    Cost: 0 containers, 1 publish, about 8 API calls

    Plan: 2 to resume, 1 moved, 2 edited, 1 orphaned, 1 late, 1 expired, 1 unknown, 1 failed.
    ");
}

#[test]
fn refusals_name_what_overrides_them() {
    let mut posts: Vec<_> = (1..=6).map(|number| post(&format!("posts/{number}"))).collect();
    posts.push(
        post("posts/again")
            .with(|post| post.media_digest = Some(digest("media of posts/gone")))
            .due("2026-12-01T11:00:00Z"),
    );
    posts[0].has_errors = true;
    let world = world(posts, [record("posts/gone", Stage::Published)]).with(|world| {
        world.options.has_lockfile = false;
        world.complete = false;
    });
    insta::assert_snapshot!(shown(&world), @"
    igsync would publish 6 posts to @acme

      + posts/1      image     Caption of posts/1                due now, has errors
      + posts/2      image     Caption of posts/2                due now
      + posts/3      image     Caption of posts/3                due now
      + posts/4      image     Caption of posts/4                due now
      + posts/5      image     Caption of posts/5                due now
      + posts/6      image     Caption of posts/6                due now

      2 posts/again  image     has the media of posts/gone, which is live
                               meant: write `allow_duplicate: true` into the manifest

      + publish    nothing is recorded, apply publishes it
      2 duplicate  repeats another post and never goes out without allow_duplicate:
                   true or --allow-duplicate KEY

    Apply refuses:
      - some manifests could not be read
        fix what `igsync validate` reports; moved and deleted posts were not
        detected
      - posts that are due on @acme have errors
        fix what `igsync validate` reports
      - there is no igsync.lock, so it is not known what is live already
        restore it from git; for the very first run, pass --allow-new-lock or create
        one with `igsync init`
      - 6 posts without publish_at are due on @acme, one run publishes at most 5
        if all of them are intended, pass --max-publish 6 or raise
        limits.max_publish_per_run; or date them

    Cost: 6 containers, 6 publishes, about 17 API calls

    Plan: 6 to publish, 1 duplicate.
    ");
}

#[test]
fn two_accounts_are_told_apart() {
    let on_second = |post: igsync_model::manifest::Post| {
        post.with(|post| {
            post.account = "second".into();
            post.user_id = Some("17841400000000002".into());
        })
    };
    let world = world([post("posts/a"), on_second(post("posts/a")), on_second(post("posts/b"))], [])
        .with(|world| world.accounts.push(account("second", "17841400000000002", "harbour")));
    insta::assert_snapshot!(shown(&world), @"
    igsync will publish 1 post to @acme and 2 posts to @harbour

    @acme:
      + posts/a  image     Caption of posts/a                                due now

    @harbour:
      + posts/a  image     Caption of posts/a                                due now
      + posts/b  image     Caption of posts/b                                due now

      + publish    nothing is recorded, apply publishes it

    Cost: 3 containers, 3 publishes, about 16 API calls

    Plan: 3 to publish.
    ");
}

#[test]
fn a_crowded_day_is_foretold() {
    let day = (1..=52).map(|number| post(&format!("posts/{number}")).due("2026-12-24T17:00:00Z"));
    let shown = shown(&world(day, []));
    let said: Vec<&str> = shown.split("\n\n").collect();
    insta::assert_snapshot!(said[said.len() - 2], @"
    Thu 24 Dec 2026 18:00 Europe/Berlin: 52 posts are due on @acme, one run
    publishes at most 5, 47 wait for a later one
    Thu 24 Dec 2026 18:00 Europe/Berlin: 52 posts within 24 hours on @acme, Meta may
    allow only 50; the rest goes out later
    ");
}

#[test]
fn the_last_line_is_stable() {
    let line = |summary: Summary| summary_line(&summary);
    assert_eq!(line(Summary::default()), "No changes.");
    assert_eq!(line(Summary { unchanged: 12, ..Summary::default() }), "No changes.");
    assert_eq!(
        line(Summary { publish: 3, resume: 1, moved: 1, scheduled: 2, unchanged: 9_993, ..Summary::default() }),
        "Plan: 3 to publish, 1 to resume, 1 moved, 2 scheduled; 9,993 unchanged."
    );
    assert_eq!(
        line(Summary { scheduled: 2, unchanged: 9_998, ..Summary::default() }),
        "No changes: 2 scheduled; 9,998 unchanged."
    );
    let all = Summary {
        publish: 1,
        resume: 1,
        adopt: 1,
        moved: 1,
        scheduled: 1,
        edited: 1,
        duplicate: 1,
        delete: 1,
        deleted: 1,
        orphan: 1,
        late: 1,
        expired: 1,
        unknown: 1,
        failed: 1,
        unchanged: 0,
        drafts: 7,
        deleting: 1,
    };
    assert_eq!(
        line(all),
        "Plan: 1 to publish, 1 to resume, 1 to adopt, 1 moved, 1 scheduled, 1 edited, \
         1 duplicate, 1 to delete, 1 deleted, 1 orphaned, 1 late, 1 expired, 1 unknown, 1 failed."
    );
    let locked = Summary { delete: 1, unchanged: 2, ..Summary::default() };
    assert_eq!(line(locked), "No changes: 1 to delete; 2 unchanged.", "apply deletes nothing without all keys");
}

#[test]
fn nothing_to_do_is_one_line() {
    assert_eq!(shown(&world([post("p")], [record("p", Stage::Published)])), "No changes.\n");
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let hostile = captioned("posts/\u{1b}[2J", Kind::Image, "\u{1b}]0;owned\u{7}\u{202e}");
    let shown = shown(&world([hostile], []));
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = render(&first_day().plan(), Style { colour: true, ..Style::plain() }, &Program::named("igsync"));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(start) = rest.find('\u{1b}') {
        plain += &rest[..start];
        rest = &rest[start + rest[start..].find('m').unwrap() + 1..];
    }
    plain += rest;
    assert!(coloured.len() > plain.len());
    assert_eq!(plain, shown(&first_day()));
}

#[test]
fn drafts_are_counted_by_their_folders() {
    let draft = |key: &str| post(key).with(|post| post.draft = true);
    let posts = ["posts/a", "posts/campaign/b", "posts/campaign/c", "d"].map(draft);
    insta::assert_snapshot!(shown(&world(posts, [])), @r"
    Drafts, checked and never published: 1 in ., 1 in posts, 2 in posts/campaign

    No changes.
    ");
    let many = (0..12).map(|n| draft(&format!("posts/{n:02}/a")));
    assert!(shown(&world(many, [])).replace('\n', " ").contains("1 in posts/09, 2 in 2 other folders"));
}

#[test]
fn a_note_is_shown_below_its_post() {
    let noted = post("a").with(|post| post.note = Some("Ask Kim\nfirst \u{1b}[31m".into()));
    let world = world([noted, post("b")], []);
    let text = shown(&world);
    assert!(text.contains("note: Ask Kim first \u{241b}[31m\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&crate::report::plan_json::render(&world.plan())).unwrap();
    assert_eq!(json["changes"][0]["note"], "Ask Kim\nfirst \u{1b}[31m");
    assert!(json["changes"][1].get("note").is_none(), "{json}");
}
