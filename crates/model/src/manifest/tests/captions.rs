//! What becomes of captions, hashtags and notes.

use super::*;

const POST: &str = "kind: image\nimage: a.jpg\n";

fn post(text: &str) -> Post {
    let loaded = load_one(&format!("{POST}{text}"));
    assert!(loaded.posts.iter().all(|post| !post.has_errors), "{:?}", lines(&loaded));
    loaded.posts[0].clone()
}

#[test]
fn a_hashtag_that_is_given_twice_is_sent_once() {
    for (text, caption) in [
        ("caption: \"Dusk #Sunset\"\nhashtags: [sunset, sea]\n", "Dusk #Sunset\n\n#sea"),
        ("caption: \"Dusk ＃sunset\"\nhashtags: [sunset]\n", "Dusk ＃sunset"),
        ("hashtags: [sea, \"#SEA\", Sea, sky]\n", "#sea #sky"),
        ("caption: \"Straße #straße\"\nhashtags: [STRASSE]\n", "Straße #straße"),
        ("caption: \"#sea #sea\"\n", "#sea #sea"),
        ("caption: \"#seaside\"\nhashtags: [sea]\n", "#seaside\n\n#sea"),
    ] {
        assert_eq!(post(text).content.caption, caption, "{text}");
    }
    let config = "hashtag_sets: { coast: [sea, Sky] }\ndefaults: { hashtags: [\"set:coast\", sky] }\n";
    let root = Root::new(&[("igsync.yaml", config), ("posts/a.yaml", &format!("{POST}caption: \"#SKY\"\n"))]);
    assert_eq!(root.load().posts[0].content.caption, "#SKY\n\n#sea");
}

#[test]
fn hashtags_without_a_double_leave_the_digest_alone() {
    let joined = post("caption: \"Dusk\\n\\n#sea #sky\"\n");
    assert_eq!(post("caption: Dusk\nhashtags: [sea, sky]\n").text_digest, joined.text_digest);
    assert_eq!(post("caption: Dusk\nhashtags: [sea, sky, SEA]\n").text_digest, joined.text_digest);
}

#[test]
fn what_was_sent_with_a_double_is_known_again() {
    let doubled = post("caption: Dusk\nhashtags: [sea, sky, SEA]\n").doubled_digest;
    // As a caption that has it twice by itself, which is sent as it is.
    assert_eq!(doubled, Some(post("caption: \"Dusk\\n\\n#sea #sky #SEA\"\n").text_digest));
    assert_eq!(post("caption: Dusk\nhashtags: [sea, sky]\n").doubled_digest, None);
    assert_eq!(post("caption: Dusk\nhashtags: [sea, sea]\nhashtags_in: first_comment\n").doubled_digest, None);
}

#[test]
fn hashtags_can_go_into_the_first_comment() {
    let there = post("caption: Dusk\nfirst_comment: Look\nhashtags: [sea, sky]\nhashtags_in: first_comment\n");
    assert_eq!((&*there.content.caption, there.first_comment.as_deref()), ("Dusk", Some("Look\n\n#sea #sky")));
    assert_eq!(there.text_digest, post("caption: Dusk\n").text_digest);
    let alone = post("caption: \"Dusk #sea\"\nhashtags: [Sea, sky]\nhashtags_in: first_comment\n");
    assert_eq!(alone.first_comment.as_deref(), Some("#sky"), "what the caption has is not sent again");
    let here = post("caption: Dusk\nhashtags: [sea]\nhashtags_in: caption\n");
    assert_eq!((&*here.content.caption, here.first_comment), ("Dusk\n\n#sea", None));

    let config = "defaults: { hashtags: [sea], hashtags_in: first_comment }\n";
    let story = "kind: story\nimage: a.jpg\n";
    let own = format!("{POST}hashtags_in: caption\n");
    let files = [("igsync.yaml", config), ("posts/a.yaml", POST), ("posts/b.yaml", &own), ("posts/c.yaml", story)];
    let loaded = Root::new(&files).load();
    let sent: Vec<_> =
        loaded.posts.iter().map(|post| (post.content.caption.as_str(), post.first_comment.as_deref())).collect();
    assert_eq!(sent, [("", Some("#sea")), ("#sea", None), ("", None)]);
    let shared = [("posts/_defaults.yaml", "hashtags_in: first_comment\nhashtags: [sea]\n"), ("posts/a.yaml", POST)];
    assert_eq!(Root::new(&shared).load().posts[0].first_comment.as_deref(), Some("#sea"));
}

#[test]
fn limits_hold_where_the_hashtags_end_up() {
    let tags: Vec<String> = (0..31).map(|n| format!("t{n}")).collect();
    let text = format!("{POST}caption: Dusk\nhashtags: [{}]\nhashtags_in: first_comment\n", tags.join(", "));
    let loaded = load_one(&text);
    assert_eq!(lines(&loaded), ["too-many-hashtags|t0|31 hashtags, 30 allowed"]);
    assert!(loaded.findings[0].message.contains("first comment"), "{}", loaded.findings[0].message);
    let long = "x".repeat(2195);
    let text = format!("{POST}caption: {long}\nhashtags: [sunset]\nhashtags_in: first_comment\n");
    assert_eq!(lines(&load_one(&text)), [""; 0], "the caption has room without them");
}

#[test]
fn full_width_marks_and_emoji_are_hashtags() {
    let found = load_one(&format!("{POST}caption: \"＃a #🌊 #c #d #e ＃f\"\n"));
    assert!(lines(&found)[0].ends_with("|6 hashtags, 5 advised"), "{:?}", lines(&found));
}

#[test]
fn a_note_is_for_people_alone() {
    let noted = post("caption: Dusk\nnote: \"Ask Kim first\"\n");
    assert_eq!(noted.note.as_deref(), Some("Ask Kim first"));
    let bare = post("caption: Dusk\n");
    assert_eq!((noted.text_digest, noted.content.caption), (bare.text_digest, bare.content.caption));
}

#[test]
fn front_matter_of_a_caption_file_is_an_error() {
    let of = |text: &str| {
        let manifest = format!("{POST}caption_file: text.md\n");
        lines(&Root::new(&[("posts/a.yaml", &manifest), ("posts/text.md", text)]).load())
    };
    let found = ["front-matter|text.md|this file"];
    assert_eq!(of("---\ntitle: Harbour\ntags:\n  - sea\n\ndate: 2026-12-01\n---\nGolden hour\n"), found);
    assert_eq!(of("\u{feff}---\r\ntitle: Harbour\r\n---\r\nGolden hour\r\n"), found);
    for caption in
        ["---\nGolden hour\n---\n", "Golden hour\n---\ntitle: x\n---\n", "---\n---\n", "---\ntitle: x\n", "--- a"]
    {
        assert_eq!(of(caption), [""; 0], "{caption}");
    }
}

#[test]
fn a_page_of_a_shared_file_is_a_warning_with_the_reason() {
    let loaded = load_one("kind: image\nimage: https://drive.google.com/file/d/1a2b/view?usp=sharing\n");
    let line = "share-link|https://drive.google.com/file/d/1a2b/view?usp=sharing|a share link";
    assert_eq!(lines(&loaded), [line]);
    assert!(loaded.findings[0].message.contains("page"), "{}", loaded.findings[0].message);
    assert!(!loaded.posts[0].has_errors);
    let items = "kind: carousel\nitems:\n  - image: https://1drv.ms/i/s!a\n  - video: https://example.com/b.mp4\n";
    assert_eq!(lines(&load_one(items)), ["share-link|https://1drv.ms/i/s!a|a share link"]);
}

#[test]
fn hashtags_below_a_text_are_not_lost_as_a_comment() {
    let rule = |text: &str| {
        let loaded = load_one(&format!("{POST}{text}"));
        loaded.findings.first().map(|finding| finding.rule.name)
    };
    for text in [
        "caption: |\n  Golden hour\n\n#sunset #harbour\n",
        "caption: Golden hour\n#sunset\n",
        "caption: Golden hour\n  #sunset #sea\n",
        "caption: \"Golden hour\"\n\n\n#sunset",
        "first_comment: >-\n  Look\n#sunset #sea\ncaption: Dusk\n",
    ] {
        assert_eq!(rule(text), Some("text-cut"), "{text}");
    }
    for text in [
        "caption: |\n  Golden hour\n\n  #sunset #harbour\n",
        "caption: Dusk\n# sunset #sea\n",
        "caption: Dusk\n#publish_at: 2030-12-01T18:00:00Z\n",
        "caption: Dusk\ndraft: true\n#sunset\n",
        "caption: Dusk\n#\n##\n",
        "caption: Dusk",
    ] {
        assert_eq!(rule(text), None, "{text}");
    }
}
