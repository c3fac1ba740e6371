use super::super::load::{Limits, load_within};
use super::*;
use igsync_base::finding::Severity;

/// The findings of `posts/a.yaml` with these lines.
fn of(text: &str) -> Vec<String> {
    lines(&load_one(text))
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let root = Root::new(&[
        ("posts/a.yaml", "kind: image\nphoto: a.jpg\ncaption: true\nlocation_id: harbour\n"),
        ("posts/b.yaml", "kind: REELS\nvideo: [a]\n"),
    ]);
    let loaded = root.load();
    assert_eq!(
        lines(&loaded),
        [
            "unknown-field|photo|did you mean `image`?",
            "wrong-type|true|true or false here",
            "invalid-value|harbour|invalid characters",
            "invalid-value|REELS|did you mean `reel`?",
            "wrong-type|a|a list here",
        ]
    );
    assert!(loaded.posts.iter().all(|post| post.has_errors));
    assert!(loaded.complete, "the keys are known");
}

#[test]
fn names_of_other_worlds_are_understood() {
    for (wrong, right) in [
        ("cover_url", "cover"),
        ("image_url", "image"),
        ("album", "items"),
        ("media_type", "kind"),
        ("captoin", "caption"),
    ] {
        let found = of(&format!("kind: reel\nvideo: a.mp4\n{wrong}: x\n"));
        assert_eq!(found, [format!("unknown-field|{wrong}|did you mean `{right}`?")]);
    }
    for (wrong, right) in [
        ("video", "reel"),
        ("photo", "image"),
        ("album", "carousel"),
        ("CAROUSEL_ALBUM", "carousel"),
        ("IMAGE", "image"),
    ] {
        assert_eq!(of(&format!("kind: {wrong}\n"))[0], format!("invalid-value|{wrong}|did you mean `{right}`?"));
    }
}

#[test]
fn text_that_yaml_cuts_is_an_error_with_the_fix() {
    let loaded = load_one("kind: image\nimage: a.jpg # ours\ncaption: Golden hour #sunset\n");
    assert_eq!(lines(&loaded), ["text-cut|#sunset|not part of the text"]);
    assert_eq!(loaded.findings[0].help.as_deref(), Some("write: caption: \"Golden hour #sunset\""));
    let post = "kind: image\nimage: a.jpg\n";
    assert_eq!(of(&format!("{post}hashtags: #a\n")), ["text-cut|#a|not part of the value"]);
    assert_eq!(of(&format!("{post}hashtags:\n  - sea # our own\n  - #sun\n")), ["text-cut|#sun|not part of the value"]);
    assert_eq!(of(&format!("{post}hashtags:\n  - sea #sun\n")), ["text-cut|#sun|not part of the text"]);
    assert_eq!(of(&format!("{post}caption:\n")), ["empty-value||nothing here"]);
}

#[test]
fn a_kind_takes_only_its_own_fields() {
    assert_eq!(of("kind: story\nimage: a.jpg\ncaption: x\n"), ["field-not-for-kind|caption|not for kind story"]);
    assert_eq!(of("kind: image\nimage: a.jpg\nvideo: a.mp4\n"), ["field-not-for-kind|video|not for kind image"]);
    assert_eq!(
        of("kind: carousel\nalt_text: x\nitems: [{image: a}, {image: b}]\n"),
        ["field-not-for-kind|alt_text|not for kind carousel"]
    );
    assert_eq!(of("kind: story\nimage: a\nvideo: b\n"), ["conflicting-fields|video|the second one"]);
    assert_eq!(of("kind: story\n"), ["missing-field|kind|kind story needs it"]);
    assert_eq!(
        of("kind: story\nimage: a\nis_ai_generated: true\n"),
        ["maybe-not-for-stories|is_ai_generated|not documented for stories"]
    );
}

#[test]
fn items_of_a_carousel_are_checked_one_by_one() {
    assert_eq!(of("kind: carousel\nitems: [{image: a}]\n"), ["carousel-size|items|1 here"]);
    let eleven = ["{image: a}"; 11].join(", ");
    assert_eq!(of(&format!("kind: carousel\nitems: [{eleven}]\n")), ["carousel-size|items|11 here"]);
    assert_eq!(
        of("kind: carousel\nitems:\n  - image: a\n    video: b\n  - alt_text: x\n  - photo: c\n  - d.jpg\n"),
        [
            "conflicting-fields|video|the second one",
            "missing-field|alt_text|this item",
            "unknown-field|photo|did you mean `image`?",
            "wrong-type|d.jpg|text here",
        ]
    );
    assert_eq!(
        of("kind: carousel\nitems:\n  - image: a\n    thumb_offset: 1\n  - video: b\n    alt_text: x\n"),
        ["field-not-for-kind|1|on an image", "field-not-for-kind|x|on a video"]
    );
}

#[test]
fn tags_have_a_position_where_meta_wants_one() {
    let image = "kind: image\nimage: a.jpg\nuser_tags:";
    assert_eq!(of(&format!("{image} [{{username: a}}]\n")), ["tag-position|username|x and y are missing"]);
    assert_eq!(of(&format!("{image} [{{username: a, x: 0.5, y: 1.5}}]\n")), ["tag-position|username|x 0.5, y 1.5"]);
    assert_eq!(
        of(&format!("{image} [{{username: \"a b\", x: 0, y: 1}}]\n")),
        ["invalid-username|\"a b\"|not a username"]
    );
    assert_eq!(of("kind: story\nimage: a.jpg\nuser_tags: [{username: a}]\n"), [""; 0]);
    assert_eq!(
        of("kind: reel\nvideo: a\nuser_tags: [{username: a, x: 0, y: 0}]\n"),
        ["tag-position-on-video|username|x or y here"]
    );
    let facebook = ("igsync.yaml", "accounts: { a: { login: facebook } }\n");
    let tag = "product_tags: [{product_id: 1, x: 0.5, y: 0.5}]\n";
    let root = Root::new(&[facebook, ("posts/a.yaml", &format!("kind: reel\nvideo: a\n{tag}"))]);
    assert_eq!(lines(&root.load()), ["product-position-on-video|product_id|x or y here"]);
    assert_eq!(
        of(&format!("kind: image\nimage: a\n{tag}")),
        ["facebook-login-only|product_id|account default uses Instagram Login"]
    );
}

#[test]
fn lengths_and_counts_are_metas() {
    let image = "kind: image\nimage: a.jpg\n";
    let caption = |text: &str| of(&format!("{image}caption: \"{text}\"\n"));
    assert_eq!(caption(&"x".repeat(2200)), [""; 0]);
    assert!(caption(&"x".repeat(2201))[0].ends_with("|2201 characters, 2200 allowed"));
    assert!(caption(&"🌊".repeat(1101))[0].ends_with("|2202 UTF-16 units, 2200 allowed"));
    assert!(caption(&"#a ".repeat(31))[0].ends_with("|31 hashtags, 30 allowed"));
    assert!(caption(&"#a ".repeat(6))[0].ends_with("|6 hashtags, 5 advised"));
    assert!(caption(&"@a ".repeat(21))[0].ends_with("|21 mentions, 20 allowed"));
    assert!(caption("a \\u202E b")[0].ends_with("|U+202E"));
    assert!(of(&format!("{image}alt_text: {}\n", "x".repeat(1001)))[0].ends_with("|1001 characters, 1000 allowed"));
    assert_eq!(of(&format!("{image}collaborators: [a, b, c, d]\n")), ["too-many-collaborators|a|4 here, 3 allowed"]);
    assert_eq!(
        of(&format!("{image}branded_content_sponsor_ids: [1, 2, 3]\n")),
        ["too-many-sponsors|1|3 here, 2 allowed"]
    );
    assert_eq!(of(&format!("{image}hashtags: [a b]\n")), ["invalid-hashtag|a b|not one word"]);
    assert_eq!(of(&format!("{image}hashtags: [set:see]\n")), ["unknown-hashtag-set|set:see|not a set"]);
}

#[test]
fn the_caption_is_checked_with_its_hashtags() {
    let text = format!("kind: image\nimage: a.jpg\ncaption: {}\nhashtags: [sunset]\n", "x".repeat(2195));
    assert!(of(&text)[0].ends_with("|2204 characters, 2200 allowed"));
}

#[test]
fn times_are_checked_at_their_place() {
    let image = "kind: image\nimage: a.jpg\n";
    assert_eq!(of(&format!("{image}publish_at: 2026-12-01 18:00\n")), ["no-timezone|2026-12-01 18:00|no time zone"]);
    assert_eq!(of(&format!("{image}publish_at: tomorrow\n")), ["invalid-time|tomorrow|not a time"]);
    assert_eq!(
        of(&format!("{image}publish_at: 2026-12-01T18:00Z\npublish_until: 2026-12-01T17:00Z\n")),
        ["empty-window|2026-12-01T17:00Z|too early"]
    );
}

#[test]
fn paths_stay_inside_the_root() {
    assert_eq!(of("kind: image\nimage: ../../a.jpg\n"), ["path-outside|../../a.jpg|leads outside"]);
    assert_eq!(of("kind: image\nimage: /etc/passwd\n"), ["path-outside|/etc/passwd|an absolute path"]);
    assert_eq!(
        of("kind: image\nimage: http://example.com/a.jpg\n"),
        ["invalid-url|http://example.com/a.jpg|not https"]
    );
}

#[test]
fn a_missing_media_file_is_reported_at_its_value_and_a_near_miss_is_named() {
    let root = Root::new(&[
        ("posts/a.yaml", "kind: carousel\nitems:\n  - image: Harbour.jpg\n  - image: sub\n"),
        ("posts/b.yaml", "kind: reel\nvideo: v.mp4\ncover: gone.jpg\n"),
        ("posts/harbour.jpg", "x"),
        ("posts/sub/x", "x"),
        ("posts/v.mp4", "x"),
    ]);
    let loaded = root.load();
    assert!(loaded.findings.is_empty(), "media may be gone once they are published");
    let loaded = Loaded { findings: media_findings(&root, &loaded), ..loaded };
    assert_eq!(
        lines(&loaded),
        [
            "missing-file|Harbour.jpg|not found",
            "not-a-file|sub|a folder",
            "not-media|v.mp4|unknown format",
            "missing-file|gone.jpg|not found"
        ]
    );
    assert_eq!(loaded.findings[0].help.as_deref(), Some("did you mean `harbour.jpg`?"));
    assert_eq!(loaded.findings[1].position(), (4, 12));
}

#[test]
fn findings_of_a_draft_are_warnings() {
    let loaded = load_one("kind: image\ndraft: true\ncaption: true\nphoto: x\n");
    assert_eq!(loaded.findings.len(), 2);
    assert!(loaded.findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert!(loaded.posts[0].draft && !loaded.posts[0].has_errors);
    assert!(load_one("draft: true\n").complete);
}

#[test]
fn accounts_are_those_of_the_configuration() {
    let config = ("igsync.yaml", "accounts: { brand: {}, other: {} }\n");
    let root = Root::new(&[
        config,
        ("posts/a.yaml", "kind: image\nimage: a\naccounts: [brnad]\n"),
        ("posts/b.yaml", "kind: image\nimage: a\n"),
    ]);
    let loaded = root.load();
    assert_eq!(lines(&loaded), ["unknown-account|brnad|did you mean `brand`?", "no-account|kind|no `accounts`"]);
    assert!(!loaded.complete && loaded.posts.is_empty());
    assert_eq!(loaded.unplanned.len(), 2);
}

#[test]
fn a_wrong_account_hides_no_other_mistake_and_makes_up_none() {
    let root = Root::new(&[
        ("igsync.yaml", "accounts: { brand: { login: instagram } }\n"),
        (
            "posts/a.yaml",
            "kind: reel\nvideo: gone.mp4\naccounts: [brnad]\ncaption: \"#a #b #c #d #e #f\"\npublish_at: 2026-12-01 18:00\npublish_until: 2026-12-01 17:00\nproduct_tags: [{ product_id: 1 }]\n",
        ),
    ]);
    let loaded = root.load();
    assert_eq!(
        lines(&loaded),
        [
            "unknown-account|brnad|did you mean `brand`?",
            "many-hashtags|\"#a #b #c #d #e #f\"|6 hashtags, 5 advised",
            "empty-window|2026-12-01 17:00|too early"
        ]
    );
}

#[test]
fn a_file_is_marked_where_it_stands_even_behind_an_item_that_cannot_be_read() {
    let root = Root::new(&[("posts/a.yaml", "kind: carousel\nitems:\n  - photo: a.jpg\n  - image: gone.jpg\n")]);
    let loaded = root.load();
    assert_eq!(lines(&loaded), ["unknown-field|photo|did you mean `image`?"]);
    let findings = media_findings(&root, &loaded);
    assert_eq!(lines(&Loaded { findings, ..loaded }), ["missing-file|gone.jpg|not found"]);
}

#[test]
fn accounts_of_defaults_cannot_be_widened_below() {
    let root = Root::new(&[
        ("igsync.yaml", "accounts: { brand: {}, other: {} }\n"),
        ("posts/_defaults.yaml", "accounts: [brand]\n"),
        ("posts/a.yaml", "kind: image\nimage: a\naccounts: [brand, other]\n"),
        ("posts/sub/_defaults.yaml", "accounts: [other]\n"),
        ("posts/sub/b.yaml", "kind: image\nimage: a\n"),
    ]);
    let loaded = root.load();
    assert_eq!(
        lines(&loaded),
        ["accounts-widened|other|not in posts/_defaults.yaml", "accounts-widened|other|not in posts/_defaults.yaml"]
    );
    assert!(loaded.posts.iter().all(|post| post.has_errors));
}

#[test]
fn a_draft_of_the_folder_stays_one_whatever_is_written_below() {
    let root = Root::new(&[
        ("posts/a.yaml", "kind: image\nimage: a\ndraft: false\n"),
        ("posts/campaign/_defaults.yaml", "draft: true\n"),
        ("posts/campaign/b.yaml", "kind: image\nimage: b\n"),
        ("posts/campaign/c.yaml", "kind: image\nimage: c\ndraft: false\n"),
        ("posts/campaign/sub/_defaults.yaml", "draft: false\n"),
        ("posts/campaign/sub/d.yaml", "kind: image\nimage: d\n"),
    ]);
    let loaded = root.load();
    let drafts: Vec<_> = loaded.posts.iter().map(|post| (post.key.as_str(), post.draft)).collect();
    let expected =
        [("posts/a", false), ("posts/campaign/b", true), ("posts/campaign/c", true), ("posts/campaign/sub/d", true)];
    assert_eq!(drafts, expected);
    let line = "draft-lifted|false|`draft: true` in posts/campaign/_defaults.yaml";
    assert_eq!(lines(&loaded), [line, line]);
    // The one line is all that it takes to release them.
    root.write("posts/campaign/_defaults.yaml", b"hashtags: [sea]\n");
    let released = root.load();
    assert!(released.posts.iter().all(|post| !post.draft) && lines(&released).is_empty(), "{:?}", lines(&released));
}

#[test]
fn what_belongs_to_one_post_is_an_error_in_defaults_at_its_line() {
    for field in ["id: x", "state: absent", "allow_duplicate: true", "imported: \"17900000000000001\""] {
        let defaults = format!("hashtags: [sea]\n{field}\n");
        let root = Root::new(&[("posts/_defaults.yaml", &*defaults), ("posts/a.yaml", "kind: image\nimage: a\n")]);
        let loaded = root.load();
        let errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mut places: Vec<_> = errors.map(|finding| (&*finding.file, finding.position().0)).collect();
        places.dedup();
        assert_eq!(places, [("posts/_defaults.yaml", 2)], "{field}: {:?}", lines(&loaded));
        assert!(loaded.posts.iter().all(|post| post.has_errors), "{field}");
    }
}

#[test]
fn defaults_hold_what_posts_share_and_their_errors_stand_once() {
    let root = Root::new(&[
        ("posts/_defaults.yaml", "id: x\ncollaborators: [a, b, c, d]\n"),
        ("posts/a.yaml", "kind: image\nimage: a\n"),
        ("posts/b.yaml", "kind: image\nimage: b\n"),
    ]);
    let loaded = root.load();
    assert_eq!(lines(&loaded), ["not-a-default|id|belongs to one post", "too-many-collaborators|a|4 here, 3 allowed"]);
    assert!(loaded.posts.iter().all(|post| post.has_errors));
}

#[test]
fn keys_that_differ_by_case_alone_name_both_files() {
    let post = "kind: image\nimage: a\n";
    let root = Root::new(&[
        ("posts/a.yaml", &format!("{post}id: Harbour\n")),
        ("posts/b.yaml", &format!("{post}id: harbour\n")),
    ]);
    let loaded = root.load();
    assert_eq!(loaded.findings.len(), 1);
    assert!(loaded.findings[0].message.contains("posts/a.yaml") && loaded.findings[0].message.contains("posts/b.yaml"));
    assert!(loaded.posts.iter().all(|post| post.has_errors));
    let root = Root::new(&[("posts/a.yaml", post), ("posts/a.yml", post)]);
    let loaded = root.load();
    assert_eq!((loaded.findings.len(), loaded.posts.len()), (1, 1), "a key and account never stand twice");
}

#[test]
fn rules_can_be_changed_by_the_configuration() {
    let tags = "#a ".repeat(6);
    let post = format!("kind: image\nimage: a\ncaption: \"{tags}\"\n");
    let root =
        Root::new(&[("igsync.yaml", "rules: { many-hashtags: off, IGS2202: error }\n"), ("posts/a.yaml", &post)]);
    let loaded = root.load();
    assert_eq!(lines(&loaded), ["missing-alt-text|a|no `alt_text`"]);
    assert_eq!(loaded.findings[0].severity, Severity::Error);
    assert!(loaded.posts[0].has_errors);
}

#[test]
fn a_token_in_a_manifest_is_an_error_that_does_not_show_it() {
    let token = "EAAGm0PX4ZCpsBAKZC1234567890";
    let loaded = load_one(&format!("kind: image\nimage: a.jpg\ncaption: {token}\ndraft: true\n"));
    assert_eq!(lines(&loaded), [format!("token-in-file|{}|hidden here", "X".repeat(28))]);
    assert_eq!(loaded.findings[0].severity, Severity::Error);
    assert!(loaded.posts[0].has_errors);
    assert!(!format!("{loaded:?}").contains(token));
}

#[test]
fn few_files_do_not_make_posts_without_end() {
    let accounts = (0..10).map(|n| format!("  a{n}: {{ user_id: \"1784140000000000{n}\", login: instagram }}\n"));
    let config = format!("accounts:\n{}", accounts.collect::<String>());
    let names = (0..10).map(|n| format!("a{n}")).collect::<Vec<_>>().join(", ");
    let defaults = format!("accounts: [{names}]\ncaption: {}\n", "x".repeat(100));
    let manifest = "kind: image\nimage: https://example.com/a.jpg\n";
    let files = [("igsync.yaml", &*config), ("_defaults.yaml", &*defaults), ("a.yaml", manifest), ("b.yaml", manifest)];
    let root = Root::new(&files);
    let load = |limits| load_within(&limits, &RealDisk, root.path(), &root.config(), Options::default());
    let all = load(Limits { posts: 20, text: 2000 });
    assert_eq!((all.posts.len(), all.findings.len(), all.complete), (20, 0, true), "{:#?}", all.findings);
    for limits in [Limits { posts: 19, text: 2000 }, Limits { posts: 20, text: 1999 }] {
        let loaded = load(limits);
        assert!(!loaded.complete && loaded.posts.len() <= 10, "{}", loaded.posts.len());
        assert_eq!(loaded.findings.len(), 1, "{:#?}", loaded.findings);
        assert!(loaded.findings[0].message.starts_with("there are more than 250,000 posts here"));
    }
}
