use super::*;
use crate::manifest::{MediaType, Source};
use igsync_base::id::{Kind, PostKey};

fn clean(loaded: &Loaded) {
    assert!(loaded.findings.is_empty(), "{:#?}", loaded.findings);
    assert!(loaded.complete);
}

#[test]
fn a_carousel_is_read_with_every_field_of_its_items() {
    let loaded = load_one(
        "kind: carousel\ncaption: |\n  Golden hour over the harbour.\nitems:\n  - image: ./harbour.jpg\n    alt_text: Sun over cranes\n    user_tags: [{ username: \"@harbour\", x: 0.4, y: 0.6 }]\n  - video: ../boats.mp4\n    thumb_offset: 1500\npublish_at: 2026-12-01T18:00:00+01:00\ncollaborators: [acme]\nlocation_id: 106078429431815\nfirst_comment: Come and see\ncomment_enabled: false\n",
    );
    clean(&loaded);
    let post = &loaded.posts[0];
    assert_eq!((post.key.as_str(), post.account.as_str(), post.content.kind), ("posts/a", "default", Kind::Carousel));
    assert_eq!(post.content.caption, "Golden hour over the harbour.");
    assert_eq!(post.content.items[0].source, Source::Local("posts/harbour.jpg".into()));
    assert_eq!(post.content.items[0].user_tags[0].username, "harbour");
    assert_eq!(post.content.items[1].media_type, MediaType::Video);
    assert_eq!(post.content.items[1].source, Source::Local("boats.mp4".into()));
    assert_eq!(post.content.items[1].thumb_offset, Some(1500));
    assert_eq!(post.publish_at.unwrap().to_string(), "2026-12-01T17:00:00Z");
    assert_eq!(post.content.location_id.as_deref(), Some("106078429431815"));
    assert_eq!(post.first_comment.as_deref(), Some("Come and see"));
    assert!(!post.comment_enabled && !post.has_errors && !post.draft);
    assert!(post.media_digest.is_none() && post.digest.is_none());
}

#[test]
fn a_reel_shares_to_the_feed_unless_told_otherwise() {
    let loaded = load_one(
        "kind: reel\nvideo: https://cdn.example.com/a.mp4\ncover: c.jpg\naudio_name: Waves\ntrial_params: { graduation_strategy: MANUAL }\n",
    );
    clean(&loaded);
    let post = &loaded.posts[0];
    let reel = post.content.reel.as_ref().unwrap();
    assert!(reel.share_to_feed);
    assert_eq!(reel.cover, Some(Source::Local("posts/c.jpg".into())));
    assert_eq!(post.content.items[0].source, Source::Url("https://cdn.example.com/a.mp4".into()));
    assert_eq!(post.content.sources().count(), 2);
}

#[test]
fn text_keeps_what_was_written() {
    let loaded = load_one("kind: image\nimage: a.jpg\ncaption: 1.10\nalt_text: 2024\n");
    clean(&loaded);
    assert_eq!(loaded.posts[0].content.caption, "1.10");
    assert_eq!(loaded.posts[0].content.items[0].alt_text.as_deref(), Some("2024"));
}

#[test]
fn a_caption_is_normalised_and_hashtags_follow_after_a_blank_line() {
    let root = Root::new(&[
        ("igsync.yaml", "hashtag_sets: { sea: [sea, '#boats'] }\ndefaults: { hashtags: [harbour] }\n"),
        (
            "posts/a.yaml",
            "kind: image\nimage: a.jpg\ncaption: \"  Cafe\\u0301 \\r\\n two  \"\nhashtags: ['#sun', set:sea]\n",
        ),
        ("posts/b.yaml", "kind: image\nimage: a.jpg\n"),
        ("posts/c.yaml", "kind: image\nimage: a.jpg\ncaption: x\nhashtags: []\n"),
    ]);
    let loaded = root.load();
    clean(&loaded);
    let captions: Vec<&str> = loaded.posts.iter().map(|post| post.content.caption.as_str()).collect();
    assert_eq!(captions, ["Caf\u{e9} \n two\n\n#sun #sea #boats", "#harbour", "x"]);
}

#[test]
fn a_caption_file_is_read_beside_its_manifest() {
    let root = Root::new(&[("posts/a.yaml", "kind: image\nimage: a.jpg\ncaption_file: a.txt\n")]);
    root.write("posts/a.txt", "\u{feff}One\r\nTwo\r\n".as_bytes());
    let loaded = root.load();
    clean(&loaded);
    assert_eq!(loaded.posts[0].content.caption, "One\nTwo");
}

#[test]
fn a_byte_order_mark_and_crlf_are_fine() {
    let loaded = load_one("\u{feff}kind: image\r\nimage: a.jpg\r\n");
    clean(&loaded);
}

#[test]
fn the_nearest_defaults_win_field_by_field() {
    let root = Root::new(&[
        ("_defaults.yaml", "kind: image\nhashtags: [outer]\nalt_text: outer\nshare_to_feed: false\n"),
        ("posts/2026/_defaults.yaml", "hashtags: [inner]\n"),
        ("posts/2026/a.yaml", "image: a.jpg\n"),
        ("posts/2026/b.yaml", "image: a.jpg\nalt_text: own\nhashtags: []\n"),
        ("posts/c.yaml", "image: a.jpg\n"),
        ("posts/d.yaml", "kind: reel\nvideo: a.mp4\n"),
    ]);
    let loaded = root.load();
    clean(&loaded);
    let of = |key: &str| loaded.posts.iter().find(|post| post.key == PostKey::from(key)).unwrap();
    assert_eq!(of("posts/2026/a").content.caption, "#inner");
    assert_eq!(of("posts/2026/a").content.items[0].alt_text.as_deref(), Some("outer"));
    assert_eq!(of("posts/2026/b").content.caption, "");
    assert_eq!(of("posts/2026/b").content.items[0].alt_text.as_deref(), Some("own"));
    assert_eq!(of("posts/c").content.caption, "#outer");
    assert!(!of("posts/d").content.reel.as_ref().unwrap().share_to_feed, "and a reel ignores alt_text of the defaults");
    assert_eq!(of("posts/d").content.items[0].alt_text, None);
}

#[test]
fn one_post_per_account() {
    let root = Root::new(&[
        (
            "igsync.yaml",
            "accounts: { a: { user_id: 1, timezone: Europe/Berlin }, b: { timezone: Asia/Tokyo } }\ndefault_account: b\n",
        ),
        ("posts/both.yaml", "kind: image\nimage: a.jpg\naccounts: [b, a]\npublish_at: 2026-12-01 18:00\n"),
        ("posts/one.yaml", "kind: image\nimage: a.jpg\n"),
    ]);
    let loaded = root.load();
    clean(&loaded);
    let found: Vec<_> = loaded
        .posts
        .iter()
        .map(|p| (p.key.as_str(), p.account.as_str(), p.publish_at.map(|t| t.to_string())))
        .collect();
    assert_eq!(
        found,
        [
            ("posts/both", "a", Some("2026-12-01T17:00:00Z".into())),
            ("posts/both", "b", Some("2026-12-01T09:00:00Z".into())),
            ("posts/one", "b", None),
        ]
    );
    assert_eq!(loaded.posts[0].user_id.as_ref().unwrap().as_str(), "1");
}

#[test]
fn manifests_are_found_where_they_should_be() {
    let post = "kind: image\nimage: a.jpg\n";
    let root = Root::new(&[
        ("posts/b.yml", post),
        ("posts/deep/er/c.yaml", post),
        ("posts/_draft.yaml", "nonsense"),
        ("posts/_old/d.yaml", "nonsense"),
        ("posts/.hidden/e.yaml", "nonsense"),
        ("posts/._b.yml", "nonsense"),
        ("posts/ignored/f.yaml", "nonsense"),
        ("posts/keep.tmp.yaml", post),
        ("posts/drop.tmp.yaml", "nonsense"),
        ("posts/igsync.yaml", "nonsense"),
        ("posts/readme.md", "nonsense"),
        ("other/g.yaml", "nonsense"),
        (".gitignore", "ignored/\n*.tmp.yaml\n"),
        ("posts/.gitignore", "!keep.tmp.yaml\n"),
    ]);
    let loaded = root.load();
    clean(&loaded);
    let keys: Vec<&str> = loaded.posts.iter().map(|post| post.key.as_str()).collect();
    assert_eq!(keys, ["posts/b", "posts/deep/er/c", "posts/keep.tmp"]);
    assert_eq!(loaded.manifests, 3);
}

#[test]
fn without_a_posts_folder_the_whole_root_is_searched_and_configured_folders_replace_it() {
    let post = "kind: image\nimage: a.jpg\n";
    let root = Root::new(&[("x.yaml", post), ("feed/y.yaml", post), ("feed/sub/z.yaml", post)]);
    let keys = |root: &Root| root.load().posts.iter().map(|post| post.key.to_string()).collect::<Vec<_>>();
    assert_eq!(keys(&root), ["feed/sub/z", "feed/y", "x"]);
    root.write("igsync.yaml", b"posts: [./feed/sub/]\n");
    assert_eq!(keys(&root), ["feed/sub/z"]);
}

#[test]
fn an_id_replaces_the_path_as_key() {
    let loaded = load_one("kind: image\nimage: a.jpg\nid: 2026\n");
    clean(&loaded);
    assert_eq!(loaded.posts[0].key.as_str(), "2026");
}

#[test]
fn keys_are_nfc_whatever_the_file_system_says() {
    let loaded = Root::new(&[("posts/cafe\u{301}.yaml", "kind: image\nimage: a.jpg\n")]).load();
    assert_eq!(loaded.posts[0].key.as_str(), "posts/caf\u{e9}");
}
