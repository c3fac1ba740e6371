use std::path::Path;

use igsync_testkit::MemDisk;
use proptest::prelude::*;

use super::super::tests::live;
use super::*;
use crate::config::{self, Config, Env};
use crate::manifest::{Loaded, Options, Post, load};
use igsync_base::content::MediaType;
use igsync_base::feed::LiveChild;
use igsync_base::finding::Severity;

fn described<'a>(live: &'a LivePost, overridden: &'a BTreeSet<&'static str>) -> Description<'a> {
    let kind = live.kind.unwrap();
    let name = |number: usize, is_video: bool| MediaName {
        file: format!("2024-05-01-a-C9x-{number}.{}", if is_video { "mp4" } else { "jpg" }),
        is_video,
    };
    let media = match &live.children {
        Some(children) => children.iter().enumerate().map(|(place, child)| name(place + 1, child.is_video)).collect(),
        None => vec![name(1, kind == Kind::Reel)],
    };
    Description { live, kind, account: None, media, overridden, extras: &Extras::NONE }
}

fn loaded(disk: &MemDisk, config: &Config) -> Loaded {
    load(disk, Path::new("/site"), config, Options::default())
}

fn config(text: &str) -> Config {
    let disk = MemDisk::new();
    disk.put("/site/igsync.yaml", text);
    let loaded = config::load(&disk, Path::new("/site"), None, &Env::default());
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    loaded.config
}

/// What a written manifest says, beside the live post that it was written from.
fn check(post: &Post, live: &LivePost) {
    let content = &post.content;
    assert_eq!(Some(content.kind), live.kind);
    assert_eq!(post.imported.as_ref(), Some(&live.id));
    assert_eq!(content.caption, normal_text(live.caption.as_deref().unwrap_or_default()));
    assert_eq!(content.is_ai_generated.unwrap_or(false), live.is_ai_generated.unwrap_or(false));
    assert_eq!(post.comment_enabled, live.comment_enabled.unwrap_or(true));
    assert!(content.collaborators.is_empty() && content.location_id.is_none() && post.first_comment.is_none());
    if let Some(reel) = &content.reel {
        assert_eq!(reel.share_to_feed, live.share_to_feed.unwrap_or(true));
        assert!(reel.audio_name.is_none());
    }
    let alt = |text: &Option<String>| text.as_deref().map(normal_text).filter(|text| !text.is_empty());
    if let Some(children) = &live.children {
        assert_eq!(content.items.len(), children.len());
        for (item, child) in content.items.iter().zip(children) {
            assert_eq!(item.media_type == MediaType::Video, child.is_video);
            assert_eq!(item.alt_text, alt(&child.alt_text).filter(|_| !child.is_video));
        }
    } else {
        assert_eq!(content.items.len(), 1);
        assert_eq!(content.items[0].alt_text, alt(&live.alt_text).filter(|_| content.kind == Kind::Image));
        assert!(content.items[0].user_tags.is_empty());
    }
}

#[test]
fn a_manifest_is_what_a_person_would_write() {
    let nothing = BTreeSet::new();
    let image = LivePost {
        caption: Some("Golden hour over the harbour.\n\nThe cranes never sleep. #sunset".to_owned()),
        alt_text: Some("Sun over cranes".to_owned()),
        permalink: Some("https://www.instagram.com/p/C9x/".to_owned()),
        at: Some("2024-05-01T10:00:00Z".parse().unwrap()),
        ..live("17900000000000001")
    };
    insta::assert_snapshot!(write(&described(&image, &nothing)), @r#"
    # Imported from https://www.instagram.com/p/C9x/, live since 2024-05-01T10:00:00Z. This file is never published.
    # Instagram does not give back: location, tagged accounts, collaborators, products, paid partnership.
    kind: image
    imported: "17900000000000001"
    caption: |-
      Golden hour over the harbour.

      The cranes never sleep. #sunset
    hashtags: []
    image: ./2024-05-01-a-C9x-1.jpg
    alt_text: Sun over cranes
    "#);
    let reel = LivePost {
        kind: Some(Kind::Reel),
        caption: Some("Boats: leaving".to_owned()),
        share_to_feed: Some(false),
        comment_enabled: Some(false),
        ..image.clone()
    };
    insta::assert_snapshot!(write(&described(&reel, &nothing)), @r#"
    # Imported from https://www.instagram.com/p/C9x/, live since 2024-05-01T10:00:00Z. This file is never published.
    # Instagram does not give back: location, tagged accounts, collaborators, products, paid partnership, cover, music, trial.
    kind: reel
    imported: "17900000000000001"
    caption: "Boats: leaving"
    hashtags: []
    video: ./2024-05-01-a-C9x-1.mp4
    share_to_feed: false
    comment_enabled: false
    "#);
    let slide = |is_video, alt: Option<&str>| LiveChild {
        id: "1".into(),
        is_video,
        media_url: None,
        thumbnail_url: None,
        alt_text: alt.map(str::to_owned),
    };
    let carousel = LivePost {
        kind: Some(Kind::Carousel),
        caption: None,
        children: Some(vec![slide(false, Some("- a quay")), slide(true, None)]),
        ..image
    };
    let brand = "brand".into();
    let with_account = Description { account: Some(&brand), ..described(&carousel, &nothing) };
    insta::assert_snapshot!(write(&with_account), @r#"
    # Imported from https://www.instagram.com/p/C9x/, live since 2024-05-01T10:00:00Z. This file is never published.
    # Instagram does not give back: location, tagged accounts, collaborators, products, paid partnership.
    kind: carousel
    imported: "17900000000000001"
    accounts: [brand]
    caption: ""
    hashtags: []
    items:
      - image: ./2024-05-01-a-C9x-1.jpg
        alt_text: "- a quay"
      - video: ./2024-05-01-a-C9x-2.mp4
    "#);
}

#[test]
fn whatever_defaults_say_a_manifest_says_what_is_live() {
    let config = config(
        "defaults: { hashtags: [harbour], share_to_feed: false, collaborators: [ana], location_id: \"7\" }\n\
         hashtag_sets: { sea: [sea] }\n",
    );
    let defaults = "caption: Default\nhashtags: [set:sea]\nalt_text: Default\nuser_tags: [{ username: ana, x: 0.1, y: 0.1 }]\n\
                    collaborators: [ana]\nlocation_id: \"9\"\nshare_to_feed: false\naudio_name: Default\nis_ai_generated: true\n\
                    is_paid_partnership: true\nbranded_content_sponsor_ids: [\"8\"]\nfirst_comment: Default\n\
                    comment_enabled: false\nnote: Default\nproduct_tags: [{ product_id: \"1\", x: 0.1, y: 0.1 }]\n";
    for kind in [Kind::Image, Kind::Reel] {
        let live = LivePost { kind: Some(kind), caption: Some("Mine".to_owned()), ..live("179") };
        let disk = MemDisk::new();
        disk.put("/site/posts/_defaults.yaml", defaults);
        let overridden =
            crate::manifest::shared_fields(&disk, Path::new("/site"), &config.accounts[0], "posts/imported");
        disk.put("/site/posts/imported/a.yaml", write(&described(&live, &overridden)));
        let loaded = loaded(&disk, &config);
        let errors: Vec<_> = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        // What defaults say that a kind does not take is theirs, not the manifest's.
        assert!(errors.iter().all(|finding| !finding.file.ends_with("a.yaml")), "{errors:?}");
        check(&loaded.posts[0], &live);
        assert!(loaded.posts[0].content.branded_content_sponsor_ids.is_empty());
        assert_ne!(loaded.posts[0].content.is_paid_partnership, Some(true));
        assert_eq!(loaded.posts[0].note, None);
    }
}

#[test]
fn what_was_asked_for_beside_the_feed_is_written_over_what_defaults_say() {
    let config = config("defaults: { collaborators: [ana] }\n");
    let live = LivePost { caption: Some("Mine".to_owned()), ..live("179") };
    let read_back = |extras: &Extras| {
        let disk = MemDisk::new();
        disk.put("/site/posts/_defaults.yaml", "first_comment: Default\n");
        let overridden =
            crate::manifest::shared_fields(&disk, Path::new("/site"), &config.accounts[0], "posts/imported");
        let text = write(&Description { extras, ..described(&live, &overridden) });
        disk.put("/site/posts/imported/a.yaml", &text);
        let post = loaded(&disk, &config).posts.remove(0);
        (post.content.collaborators, post.first_comment, text.contains("collaborators, products"))
    };
    let told = Extras {
        first_comment: Some(Some("#sea: - \u{2028}\r\n# fog".to_owned())),
        collaborators: Some(vec!["light.house".to_owned(), "true".to_owned()]),
    };
    let names = vec!["light.house".to_owned(), "true".to_owned()];
    assert_eq!(read_back(&told), (names, Some(normal_text("#sea: - \u{2028}\r\n# fog")), false));
    let none = Extras { first_comment: Some(None), collaborators: Some(vec![]) };
    assert_eq!(read_back(&none), (vec![], None, false));
    assert_eq!(read_back(&Extras::NONE), (vec![], None, true));
}

/// Text as people write it, and as no one should have to read it.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z ,.!?]{1,12}",
        2 => proptest::sample::select(vec![
            "- ", "# ", " #tag", "#", ": ", ":", "\t", "  ", " \n", "\n", "\n\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}",
            "\u{feff}", "---", "\n---\n", "...", "\n...\n", "|", ">", "|-\n", "{{", "}}", "{ a: b }", "[x", "]", "'", "\"", "\\",
            "\\n", "`", "@ana", "%", "%YAML 1.2\n", "*a", "&a ", "!tag ", "!!str ", "? ", "<<: ", "null", "~", "true", "no",
            "1e3", "0x1f", "2024-05-01", "12:30:00", "key: value\n", "---\ntitle: x\n---\n", "“", "”", "‘", "«", "\u{200b}",
            "\u{202e}", "\u{2066}", "🚢", "👩‍👩‍👧", "é", "e\u{301}", "\u{0}", "\u{1}", "\u{7f}", "\u{9f}", "\u{fffe}", "\u{fffd}",
            "\u{10ffff}", "${{ x }}", "::error::", "\u{1b}[31m", "EAA", "# yaml", "\n#sea #sky\n", "\n  indented\n", "\n\ttab\n",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<String>().prop_map(|text| text.chars().take(8).collect()),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn any_live() -> impl Strategy<Value = LivePost> {
    let slide = (any::<bool>(), proptest::option::of(hostile()));
    let flag = || proptest::option::of(any::<bool>());
    let texts = (proptest::option::of(hostile()), proptest::option::of(hostile()));
    (0..3_usize, 1..10_u64.pow(18), texts, [flag(), flag(), flag()], proptest::collection::vec(slide, 2..11)).prop_map(
        |(kind, id, (caption, alt_text), [share_to_feed, comment_enabled, is_ai_generated], slides)| {
            let kind = [Kind::Image, Kind::Reel, Kind::Carousel][kind];
            let slide = |(is_video, alt_text)| LiveChild {
                id: "1".into(),
                is_video,
                media_url: None,
                thumbnail_url: None,
                alt_text,
            };
            let children = (kind == Kind::Carousel).then(|| slides.into_iter().map(slide).collect());
            LivePost {
                kind: Some(kind),
                caption,
                alt_text,
                share_to_feed,
                comment_enabled,
                is_ai_generated,
                children,
                ..live(&id.to_string())
            }
        },
    )
}

/// Reads many manifests at once, as a run does.
fn check_all(lives: &[LivePost]) {
    let (disk, config, nothing) = (MemDisk::new(), config("timezone: UTC\n"), BTreeSet::new());
    for (place, live) in lives.iter().enumerate() {
        disk.put(format!("/site/posts/{place}.yaml"), write(&described(live, &nothing)));
    }
    let loaded = loaded(&disk, &config);
    for (place, live) in lives.iter().enumerate() {
        let file = format!("posts/{place}.yaml");
        let errors =
            loaded.findings.iter().filter(|finding| finding.severity == Severity::Error && *finding.file == *file);
        let errors: Vec<_> = errors.map(|finding| (&finding.rule.name, &finding.message)).collect();
        assert!(errors.is_empty(), "{errors:?}\n{}\n{live:?}", write(&described(live, &nothing)));
        let post = loaded.posts.iter().find(|post| *post.file == *file).unwrap();
        assert!(!post.has_errors);
        check(post, live);
    }
}

#[test]
fn a_caption_of_emoji_alone_reads_back() {
    let emoji = |text: &str, times: usize| LivePost { caption: Some(text.repeat(times)), ..live("179") };
    check_all(&[emoji("🚢", 2200), emoji("👩‍👩‍👧", 400), emoji("- # : ", 300), emoji("\n", 50), emoji("a\n", 1000)]);
}

fn cases() -> u32 {
    std::env::var("IGSYNC_TEST_POSTS").ok().and_then(|posts| posts.parse::<u32>().ok()).map_or(25, |posts| posts / 20)
}

proptest! {
    // 20 posts each; with IGSYNC_TEST_POSTS=100000 as many as that.
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn any_post_that_is_written_reads_back_equal(lives in proptest::collection::vec(any_live(), 20)) {
        check_all(&lives);
    }
}
