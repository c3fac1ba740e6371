//! Pages as GitHub gets them. `tests/actions` renders them as GitHub does.

use std::sync::Arc;

use super::*;
use crate::exit::Exit;
use igsync_apply::{Event, PostRef};
use igsync_base::finding::{Finding, SourceText};
use igsync_base::id::Kind;
use igsync_base::rules;
use igsync_model::lockfile::{Reason, Stage, State};
use igsync_model::manifest::{MediaType, Source, UserTag};
use igsync_model::plan::testing::{
    PostBuilder as _, With as _, World, account, branch, digest, item, live, post, record, world,
};

fn place() -> Place {
    Place::at_commit("https://github.com", "acme/feed", "0123456789abcdef0123456789abcdef01234567", "content/")
}

fn shown(world: &World) -> String {
    plan(&world.plan(), &[], &place(), Limit::COMMENT)
}

fn one_of_each_kind() -> World {
    let tag = |username: &str| UserTag { username: username.into(), x: Some(0.4), y: Some(0.6) };
    let carousel = post("posts/harbour").of_kind(Kind::Carousel).with(|post| {
        post.content.caption = "Golden hour over the harbour.\n\nTwo cranes, one ferry.\n\n#harbour #sea".into();
        post.content.items[0].alt_text = Some("Sun over cranes".into());
        post.content.items[0].user_tags = vec![tag("port_authority")];
        post.content.collaborators = vec!["ferry_line".into()];
        post.first_comment = Some("Which crane do you like best?".into());
    });
    let reel = post("posts/boats").of_kind(Kind::Reel).due("2026-12-01T17:00:00Z").with(|post| {
        post.content.caption = "Boats".into();
        post.comment_enabled = false;
        post.content.reel.as_mut().unwrap().cover = Some(Source::Local("media/boats cover.jpg".into()));
    });
    let story = post("posts/ferry").of_kind(Kind::Story).due("2026-12-01T11:00:00Z").with(|post| {
        post.content.caption = String::new();
        post.content.items = vec![item("https://cdn.example.com/ferry.jpg", MediaType::Image)];
        post.content.items[0].source = Source::Url("https://cdn.example.com/ferry.jpg".into());
    });
    let image = post("posts/cranes").due("2027-01-05T08:00:00Z").with(|post| post.content.caption = "Cranes".into());
    world([carousel, reel, story, image, post("posts/live")], [record("posts/live", Stage::Published)])
}

#[test]
fn one_of_each_kind_reads_like_a_letter() {
    insta::assert_snapshot!("each_kind", shown(&one_of_each_kind()));
}

#[test]
fn nothing_to_do_is_said_in_one_sentence() {
    let world = world([post("p")], [record("p", Stage::Published)]);
    insta::assert_snapshot!(shown(&world), @r"
    ### Merging publishes nothing now

    No changes.
    ");
}

#[test]
fn forty_posts_fit_a_comment() {
    let long = |number: usize| format!("Number {number}. {}", "A long day at the sea, told at length. ".repeat(50));
    let posts = (1..=40).map(|number| {
        let key = format!("posts/{number:02}");
        let time = format!("2026-12-{:02}T17:00:00Z", 1 + number % 28);
        post(&key).of_kind(Kind::Carousel).due(&time).with(|post| post.content.caption = long(number))
    });
    let page = shown(&world(posts, []));
    let is_small = |page: &str| page.encode_utf16().count() <= 65_000;
    assert!(is_small(&page), "{}", page.len());
    assert!(page.contains("Posts without pictures and text are shortened"), "{page}");
    // Captions in the middle are all alike.
    let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('↳') && !line.starts_with("Number")).collect();
    insta::assert_snapshot!("forty_posts", lines.join("\n"));
    let crowd = (1..=900).map(|number| post(&format!("posts/{number}")).due("2026-12-24T17:00:00Z"));
    let page = shown(&world(crowd, []));
    assert!(is_small(&page) && page.contains("more posts are left out"), "{}", page.len());
}

#[test]
fn a_guard_stands_before_the_posts() {
    let mut posts: Vec<_> = (1..=6).map(|number| post(&format!("posts/{number}"))).collect();
    posts.push(post("posts/again").with(|post| post.media_digest = Some(digest("media of posts/gone"))));
    let world = world(posts, [record("posts/gone", Stage::Published)]).with(|world| world.options.has_lockfile = false);
    insta::assert_snapshot!("refused", shown(&world));
}

fn finding(rule: &'static igsync_base::finding::Rule, file: &str, message: &str) -> Finding {
    let source = Arc::new(SourceText::new(file, "kind: image\ncaption: x\n"));
    Finding::new(rule, file, message)
        .at(&source, 12..19, "2,300 characters, 2,200 allowed")
        .help("remove 100 characters")
}

#[test]
fn findings_stand_at_their_posts() {
    let posts =
        [post("posts/long").with(|post| post.has_errors = true), post("posts/later").due("2026-12-24T17:00:00Z")];
    let findings = [
        finding(&rules::CAPTION_TOO_LONG, "posts/long.yaml", "the caption is too long"),
        finding(&rules::MANY_HASHTAGS, "posts/later.yaml", "6 hashtags"),
        finding(&rules::YAML_SYNTAX, "posts/broken.yaml", "this is not YAML"),
    ];
    let world = world(posts, []).with(|world| world.complete = false);
    insta::assert_snapshot!("findings", plan(&world.plan(), &findings, &place(), Limit::COMMENT));
}

#[test]
fn what_nobody_knows_comes_first() {
    let failed = record("posts/refused", Stage::Failed);
    let world = world(
        [post("posts/lost"), post("posts/refused"), post("posts/old").due("2026-11-20T12:00:00Z"), post("posts/new")],
        [record("posts/lost", Stage::Unknown), failed],
    );
    insta::assert_snapshot!("unknown", shown(&world));
}

#[test]
fn the_branch_comes_first() {
    let world = world([post("posts/a"), post("posts/b"), post("posts/c").due("2026-12-24T17:00:00Z")], [])
        .with(|world| world.options.branch = Some(branch(["posts/b.yaml"], [])));
    let page = shown(&world);
    let titles: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    insta::assert_snapshot!(titles.join("\n"), @r"
    ### Merging publishes 2 posts to `@acme` now; 1 scheduled, next Thu 24 Dec 18:00 Europe/Berlin
    ### What is coming
    ### Goes out now
    #### `posts/b`, image for `@acme`
    ### Goes out now, not from this branch
    #### `posts/a`, image for `@acme`
    ### Goes out later, not from this branch
    #### `posts/c`, image for `@acme`
    ");
}

/// What a manifest, a file name or a user name could try.
const HOSTILE: &[&str] = &[
    "```\n@everyone closes #1\n````\n![x](https://evil.example/beacon.png)",
    "</details><img src=https://evil.example/x.png><script>alert(1)</script>",
    "::error file=x::y\n  ::set-output name=changed::true\n##[add-mask]x",
    "[click](javascript:alert(1)) <https://evil.example> www.evil.example GH-1 acme/feed#2",
    "\u{202e}gpj.exe\u{2066} \u{1b}[31m ~~~\n~~~\n<!-- x\n--> a|b|c",
];

#[test]
fn hostile_text_stands_in_code_or_is_broken_up() {
    for hostile in HOSTILE {
        let one_line = hostile.replace('\n', " ");
        let bad = post(&format!("posts/{one_line}")).of_kind(Kind::Carousel).with(|post| {
            post.content.caption = (*hostile).into();
            post.first_comment = Some((*hostile).into());
            post.note = Some((*hostile).into());
            post.content.items[0].alt_text = Some((*hostile).into());
            post.content.items[0].source = Source::Local(Arc::from(one_line.as_str()));
            post.content.items[1].source = Source::Url(Arc::from(one_line.as_str()));
            post.content.collaborators = vec![one_line.clone()];
            post.content.location_id = Some(one_line.clone());
        });
        let mut unknown = record(&format!("posts/u {one_line}"), Stage::Unknown);
        unknown.state = State::Unknown(Some(Reason::Other(one_line.clone())));
        let orphan = live(&format!("posts/o {one_line}"), |live| live.permalink = Some(one_line.clone()));
        let world = world([bad, post(&format!("posts/u {one_line}"))], [unknown, orphan])
            .with(|world| world.accounts = vec![account("brand", igsync_model::plan::testing::USER, &one_line)]);
        let findings = [finding(&rules::YAML_SYNTAX, &format!("posts/{one_line}"), hostile)];
        let page = plan(&world.plan(), &findings, &place(), Limit::COMMENT);
        assert_harmless(&page);

        let mut ended = Run { command: "apply", failure: Some((*hostile).into()), ..Run::default() };
        let post = PostRef { key: one_line.as_str().into(), account: one_line.as_str().into() };
        ended.hear(&Event::PostFailed {
            post: post.clone(),
            reason: (*hostile).into(),
            code: None,
            subcode: None,
            fbtrace_id: None,
            help: (*hostile).into(),
        });
        ended.hear(&Event::PostWarning { post, reason: (*hostile).into() });
        assert_harmless(&run(&ended, None, Exit::Incomplete, Limit::COMMENT));
    }
}

/// Outside code there is nothing that GitHub or a runner would obey.
fn assert_harmless(page: &str) {
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{2066}']), "{page}");
    assert!(page.lines().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")), "{page}");
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            None if ticks.len() >= 3 && line.ends_with("text") => fence = Some(ticks),
            Some(_) => {}
            // Pictures: links of our own, in which nothing ends early.
            None if line.starts_with("<a href=\"https://github.com/acme/feed/blob/") => {
                assert_eq!((line.matches('"').count(), line.matches('<').count()), (8, 3), "{line}");
            }
            None => {
                let outside = without_code(line);
                for bad in ["@everyone", "#1", "://evil", "<script", "](javascript", "www.evil", "GH-1", "<!--"] {
                    assert!(!outside.contains(bad), "{bad} in {line}\n{page}");
                }
            }
        }
    }
    assert_eq!(fence, None, "{page}");
}

/// The line without its inline code, as Markdown pairs backticks.
fn without_code(line: &str) -> String {
    let line = line.replace("\\`", "");
    let mut rest = line.as_str();
    let mut outside = String::new();
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let ticks = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let after = &rest[start + ticks..];
        let mut from = 0;
        let end = loop {
            let Some(found) = after[from..].find('`').map(|found| found + from) else { break None };
            let run = after[found..].len() - after[found..].trim_start_matches('`').len();
            if run == ticks {
                break Some(found + run);
            }
            from = found + run;
        };
        rest = end.map_or(after, |end| &after[end..]);
    }
    outside + rest
}

#[test]
fn a_run_says_what_went_out_and_whose_turn_it_is() {
    let mut ended = Run { command: "apply", ..Run::default() };
    let post = |key: &str| PostRef { key: key.into(), account: "brand".into() };
    let media_id = Some("17900000000000001".into());
    ended.hear(&Event::PostPublished { post: post("posts/a"), media_id });
    ended.hear(&Event::PostPublished { post: post("posts/b"), media_id: None });
    ended.hear(&Event::PostEnriched { post: post("posts/a"), permalink: "https://www.instagram.com/p/abc/".into() });
    ended.hear(&Event::PostUnknown {
        post: post("posts/c"),
        reason: "two posts could be it".into(),
        settles_itself: false,
        help: "`igsync resolve posts/c --published`, or --not-published".into(),
    });
    ended.hear(&Event::PostDeferred { post: post("posts/d"), reason: "one run publishes at most 2 posts".into() });
    ended.hear(&Event::PostWarning { post: post("posts/a"), reason: "the first comment was refused".into() });
    insta::assert_snapshot!("run", run(&ended, None, Exit::Unknown, Limit::summary(0)));
    let idle = Run { command: "apply", ..Run::default() };
    insta::assert_snapshot!(run(&idle, None, Exit::Done, Limit::summary(0)), @r"
    ### igsync apply: nothing was left to do

    Exit 0: done, or nothing to do. Who acts: no one. Next: nothing
    ");
}

#[test]
fn records_that_stand_nowhere_else_are_on_the_page() {
    let line = "{\"key\":\"posts/```\",\"state\":\"published\"}";
    let ended = Run { command: "apply", to_keep: vec![line.to_owned()], ..Run::default() };
    let page = run(&ended, None, Exit::RecordNotDurable, Limit::COMMENT);
    assert!(page.contains(&format!("\n````text\n{line}\n````\n")), "{page}");
    assert!(page.contains("Exit 8") && page.contains("the maintainer of the repository"), "{page}");
}
