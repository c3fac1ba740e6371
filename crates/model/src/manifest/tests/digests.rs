use proptest::prelude::*;

use super::*;
use crate::manifest::digest::{caption_digest, normalise_caption, of_bytes};
use crate::manifest::{Post, Source};
use igsync_base::id::Digest;

/// The one post of a manifest, with the names of its media standing for their bytes.
fn post(text: &str) -> Post {
    let mut loaded = load_one(text);
    assert!(loaded.findings.is_empty(), "{:#?}", loaded.findings);
    let mut post = loaded.posts.remove(0);
    post.with_media(|source| match source {
        Source::Local(path) => Some(of_bytes(path.as_bytes())),
        Source::Url(_) => None,
    });
    post
}

fn digest(text: &str) -> Digest {
    post(text).digest.unwrap()
}

const IMAGE: &str = "kind: image\nimage: a.jpg\ncaption: Golden hour\n";

#[test]
fn digests_never_change() {
    let post = post(IMAGE);
    assert_eq!(post.text_digest.as_str(), "v1:sha256:a5250185aef92649d85552a38ac997839463494c822e8934238d46b13bf59718");
    assert_eq!(
        post.media_digest.unwrap().as_str(),
        "v1:sha256:b6354c9b00d599ec5d2b0ce1cf8603bef114a438fae979c70097c8e81b98e136"
    );
    assert_eq!(
        post.digest.unwrap().as_str(),
        "v1:sha256:f78188d7779ea0fc736b50428a56194b3d5b79f011eced855630db8a82fb274b"
    );
    assert_eq!(
        caption_digest("Golden hour").unwrap().as_str(),
        "v1:sha256:4d8aa26e227e3413c15c1c81f048c14d363c71373a38fb5e409c73502df87980"
    );
    let full = "kind: carousel\ncaption: x\ncollaborators: [a]\nlocation_id: 1\nis_ai_generated: true\nbranded_content_sponsor_ids: [2]\nitems:\n  - image: a.jpg\n    alt_text: y\n    user_tags: [{username: a, x: 0.5, y: 0.25}]\n  - video: https://cdn.example.com/b.mp4\n    thumb_offset: 7\n";
    assert_eq!(digest(full).as_str(), "v1:sha256:9d3bddcd1d514e3994a20d6f4ccb6981ec377bccfad3eab07bf6b62db7cfb0ab");
    let reel = "kind: reel\nvideo: a.mp4\ncover: https://cdn.example.com/c.jpg\naudio_name: z\ntrial_params: {graduation_strategy: SS_PERFORMANCE}\n";
    assert_eq!(digest(reel).as_str(), "v1:sha256:754a247baa3c3d983fd5cbf1b64ebdcb20a70f8c8c3a45bbdee9a6ec758621d9");
}

#[test]
fn the_form_of_the_file_is_not_in_the_digest() {
    let first = digest(IMAGE);
    for same in [
        "# a comment\nimage: './a.jpg'\nkind: image\ncaption: |\n\n  Golden hour\n\n",
        "{kind: image, image: a.jpg, caption: Golden hour}\n",
        "kind: image\r\nimage: ../posts/a.jpg\r\ncaption: \" Golden hour\\r\\n\"\r\n",
        "kind: image\nimage: a.jpg\ncaption: Golden hour\nid: x\npublish_at: 2026-12-01T18:00Z\npublish_until: 2027-01-01T00:00Z\nfirst_comment: x\ncomment_enabled: false\ndraft: true\naccounts: [default]\nstate: present\n",
    ] {
        assert_eq!(digest(same), first, "{same}");
    }
}

#[test]
fn everything_that_is_sent_is_in_the_digest() {
    let mut all = vec![digest(IMAGE)];
    for more in [
        "hashtags: [x]\n",
        "alt_text: x\n",
        "user_tags: [{username: a, x: 0.5, y: 0.5}]\n",
        "user_tags: [{username: a, x: 0.5, y: 0.25}]\n",
        "collaborators: [a]\n",
        "location_id: 1\n",
        "is_ai_generated: true\n",
        "is_ai_generated: false\n",
        "branded_content_sponsor_ids: [1]\n",
    ] {
        all.push(digest(&format!("{IMAGE}{more}")));
    }
    for other in [
        "kind: image\nimage: a.jpg\ncaption: Golden hours\n",
        "kind: image\nimage: b.jpg\ncaption: Golden hour\n",
        "kind: image\nimage: https://example.com/a.jpg\ncaption: Golden hour\n",
        "kind: story\nimage: a.jpg\n",
        "kind: story\nvideo: a.jpg\n",
        "kind: reel\nvideo: a.jpg\n",
        "kind: reel\nvideo: a.jpg\nshare_to_feed: false\n",
        "kind: reel\nvideo: a.jpg\nthumb_offset: 1\n",
        "kind: reel\nvideo: a.jpg\ncover: c.jpg\n",
        "kind: reel\nvideo: a.jpg\naudio_name: x\n",
        "kind: reel\nvideo: a.jpg\ntrial_params: {graduation_strategy: MANUAL}\n",
        "kind: carousel\nitems: [{image: a.jpg}, {image: b.jpg}]\n",
        "kind: carousel\nitems: [{image: b.jpg}, {image: a.jpg}]\n",
        "kind: carousel\nitems: [{image: b.jpg, alt_text: x}, {image: a.jpg}]\n",
    ] {
        all.push(digest(other));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn the_media_digest_knows_kind_and_media_alone() {
    let media = |text: &str| post(text).media_digest;
    assert_eq!(media(IMAGE), media("kind: image\nimage: a.jpg\ncaption: other\nalt_text: x\n"));
    assert_ne!(media(IMAGE), media("kind: story\nimage: a.jpg\n"));
    assert_eq!(media("kind: reel\nvideo: a\n"), media("kind: reel\nvideo: a\ncover: c.jpg\n"));
}

#[test]
fn a_published_post_is_compared_without_reading_its_media() {
    let post = post(IMAGE);
    assert_eq!(post.digest_if_media(post.media_digest.as_ref().unwrap(), None), post.digest);
    let reel = self::post("kind: reel\nvideo: a\ncover: https://example.com/c.jpg\n");
    assert_eq!(reel.digest_if_media(reel.media_digest.as_ref().unwrap(), None), reel.digest);
    let local = self::post("kind: reel\nvideo: a\ncover: c.jpg\n");
    let local_if = |cover| local.digest_if_media(local.media_digest.as_ref().unwrap(), cover);
    assert_eq!(local_if(None), None);
    assert_eq!(local_if(local.cover_digest.as_ref()), local.digest);
    assert_eq!(reel.cover_digest, None, "of a URL its text says it all");
}

#[test]
fn a_file_that_was_not_read_leaves_the_digests_open() {
    let mut post = post("kind: reel\nvideo: a.mp4\ncover: c.jpg\n");
    post.with_media(|source| match source {
        Source::Local(path) if path.ends_with("a.mp4") => Some(of_bytes(b"a")),
        _ => None,
    });
    assert!(post.media_digest.is_some() && post.digest.is_none());
    post.with_media(|_| None);
    assert!(post.media_digest.is_none() && post.digest.is_none());
}

#[test]
fn captions_are_compared_as_metas_listing_shows_them() {
    assert_eq!(normalise_caption(" Hi @acme\r\nCafe\u{301} \n"), "Hi acme\nCaf\u{e9}");
    assert_eq!(caption_digest("with @acme"), caption_digest("with acme "));
    assert_eq!(caption_digest(" \n"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn writing_a_caption_differently_does_not_change_its_digest(caption in "[ -~äé🌊]{0,40}") {
        let double = serde_json::to_string(&caption).unwrap();
        let single = caption.replace('\'', "''");
        let one = digest(&format!("kind: image\nimage: a.jpg\ncaption: {double}\nhashtags: []\n"));
        let two = digest(&format!("hashtags: []\ncaption: '{single}'\nimage: a.jpg\nkind: image\n"));
        prop_assert_eq!(&one, &two);
        if !caption.trim().is_empty() {
            let longer = digest(&format!("kind: image\nimage: a.jpg\ncaption: '{single}x'\n"));
            prop_assert_ne!(&one, &longer);
        }
    }

    #[test]
    fn normalising_a_caption_twice_changes_nothing(caption in "\\PC{0,40}") {
        let once = normalise_caption(&caption);
        prop_assert_eq!(normalise_caption(&once), once);
    }
}
