//! YAML and schema.

use crate::case::{CONFIG, Case, Content, Files, Fixture, IMAGE, case, files};

fn manifest(text: &str) -> String {
    format!("{IMAGE}{text}\n")
}

fn with(texts: &[(&'static str, &str)], more: Files) -> Files {
    [files(texts), more].concat()
}

const TWO_ACCOUNTS: &str = "\
accounts:
  harbour: { user_id: \"17841400000000001\" }
  studio: { user_id: \"17841400000000002\" }
media:
  hosting: { url: \"https://cdn.example.com/{path}\" }
";

#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn cases() -> Vec<Case> {
    let deep = format!("user_tags: {}{}", "[".repeat(80), "]".repeat(80));
    let token = format!("caption: {}", "EAAGm0PX4ZCpsBAKZCd1o2".repeat(4));
    let loaded = |texts: &[(&'static str, &str)]| Fixture::from(files(texts));
    vec![
        case(
            "IGS1001",
            vec![("posts/post.yaml", Content::Bytes(b"kind: image\ncaption: caf\xe9\n".to_vec()))],
            manifest("caption: café"),
        ),
        case(
            "IGS1002",
            vec![("posts/post.yaml", Content::Sparse(IMAGE.into(), (1 << 20) + 1))],
            manifest(&format!("# {}", "x".repeat(1_000_000))),
        ),
        case("IGS1003", vec![(&*format!("posts/{}a.yaml", "a/".repeat(64)).leak(), Content::Folder)], IMAGE),
        case("IGS1004", "kind: image\nimage: [./a.jpg\ncaption: Hello\n", IMAGE),
        case("IGS1005", "kind: carousel\nitems:\n\t- image: ./a.jpg\n", IMAGE),
        case("IGS1006", manifest("---\nkind: image\nimage: ./a.jpg"), format!("---\n{IMAGE}")),
        case("IGS1007", "kind: !kind image\nimage: ./a.jpg\n", manifest("caption: \"!important\"")),
        case("IGS1008", "<<: { kind: image }\nimage: ./a.jpg\n", manifest("caption: \"<<\"")),
        case("IGS1009", manifest(&deep), manifest("user_tags: [{ username: acme, x: 0.5, y: 0.5 }]")),
        case("IGS1010", manifest("caption: One\ncaption: Two"), manifest("caption: One")),
        case("IGS1011", manifest("captoin: Hello"), manifest("caption: Hello")),
        case("IGS1012", manifest("draft: maybe"), manifest("draft: true")),
        case("IGS1013", manifest("caption:"), manifest("caption: \"\"")),
        case("IGS1014", manifest("caption: Golden hour #sunset"), manifest("caption: \"Golden hour #sunset\"")),
        case("IGS1015", "kind: image\ncaption: Hello\n", IMAGE),
        case("IGS1016", "kind: story\nimage: ./a.jpg\ncaption: Hello\n", "kind: story\nimage: ./a.jpg\n"),
        case("IGS1017", "kind: REELS\nvideo: ./a.mp4\n", "kind: reel\nvideo: ./a.mp4\n"),
        case(
            "IGS1018",
            files(&[
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ncaption: Hello\ncaption_file: ./text.txt\n"),
                ("posts/text.txt", "Hello"),
            ]),
            files(&[
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ncaption_file: ./text.txt\n"),
                ("posts/text.txt", "Hello"),
            ]),
        ),
        case(
            "IGS1019",
            loaded(&[("posts/_defaults.yaml", "id: one-for-all\n")]),
            loaded(&[("posts/_defaults.yaml", "hashtags: [sea]\n")]),
        ),
        case(
            "IGS1020",
            files(&[
                ("posts/one.yaml", "kind: image\nid: Harbour\nimage: ./a.jpg\n"),
                ("posts/two.yaml", "kind: image\nid: harbour\nimage: ./a.jpg\n"),
            ]),
            files(&[
                ("posts/one.yaml", "kind: image\nid: harbour-1\nimage: ./a.jpg\n"),
                ("posts/two.yaml", "kind: image\nid: harbour-2\nimage: ./a.jpg\n"),
            ]),
        ),
        case("IGS1021", manifest("id: \" harbour\""), manifest(&format!("id: {}", "h".repeat(200)))),
        case("IGS1022", "kind: image\nimage: ../../secret.jpg\n", "kind: image\nimage: ../posts/a.jpg\n"),
        case("IGS1023", "kind: image\nimage: photos\\a.jpg\n", IMAGE),
        case(
            "IGS1024",
            "kind: image\nimage: http://example.com/a.jpg\n",
            "kind: image\nimage: https://example.com/a.jpg\n",
        ),
        case("IGS1025", "kind: image\nimage: ./b.jpg\n", IMAGE),
        case("IGS1026", vec![("posts/a.jpg", Content::Folder)], IMAGE),
        case("IGS1027", vec![("posts/linked.yaml", Content::Link("post.yaml"))], IMAGE),
        case("IGS1028", vec![("posts/linked", Content::Link("../posts"))], vec![("posts/folder", Content::Folder)]),
        case("IGS1029", vec![("posts/post.yaml", Content::Nothing)], IMAGE),
        case("IGS1030", manifest("accounts: [harbor]"), manifest("accounts: [harbour]")),
        case(
            "IGS1031",
            with(&[("igsync.yaml", TWO_ACCOUNTS)], Vec::new()),
            files(&[
                ("igsync.yaml", TWO_ACCOUNTS),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\naccounts: [studio]\n"),
            ]),
        ),
        case(
            "IGS1032",
            files(&[
                ("igsync.yaml", TWO_ACCOUNTS),
                ("posts/_defaults.yaml", "accounts: [harbour]\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\naccounts: [studio]\n"),
            ]),
            files(&[
                ("igsync.yaml", TWO_ACCOUNTS),
                ("posts/_defaults.yaml", "accounts: [harbour, studio]\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\naccounts: [studio]\n"),
            ]),
        ),
        case("IGS1033", manifest(&token), manifest("caption: EAAT SLEEP REPEAT")),
        case("IGS1034", manifest("publish_at: tomorrow"), manifest("publish_at: 2030-12-01T18:00:00+01:00")),
        case(
            "IGS1035",
            vec![
                ("igsync.yaml", Content::Nothing),
                ("igsync.yml", Content::Bytes(CONFIG.into())),
                ("posts/post.yaml", Content::Bytes(b"kind: image\nimage: https://example.com/a.jpg\n".to_vec())),
            ],
            IMAGE,
        ),
        case("IGS1037", vec![("posts/a.jpg", Content::Link("../media/a.jpg"))], IMAGE),
        case("IGS1038", manifest("caption_file: ../.git/config"), IMAGE),
        case("IGS1039", files(&[(".gitignore", "*.jpg\n")]), files(&[(".gitignore", "*.jpg\n!a.jpg\n")])),
        case(
            "IGS1040",
            files(&[
                ("posts/one.yaml", "kind: image\nid: copa\nimage: ./a.jpg\n"),
                ("posts/three.yaml", "kind: image\nid: harb\u{43E}ur\nimage: ./a.jpg\n"),
                ("posts/two.yaml", "kind: image\nid: \u{441}\u{43E}\u{440}\u{430}\nimage: ./a.jpg\n"),
                ("posts/unseen\u{200B}.yaml", "kind: image\nimage: ./a.jpg\n"),
            ]),
            files(&[
                ("posts/one.yaml", "kind: image\nid: copa\nimage: ./a.jpg\n"),
                ("posts/two.yaml", "kind: image\nid: \u{433}\u{430}\u{432}\u{430}\u{43D}\u{44C}\nimage: ./a.jpg\n"),
            ]),
        ),
        case(
            "IGS1041",
            files(&[
                ("posts/_defaults.yaml", "draft: true\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ndraft: false\n"),
            ]),
            files(&[
                ("posts/_defaults.yaml", "draft: false\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ndraft: true\n"),
            ]),
        ),
        case(
            "IGS1043",
            files(&[
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ncaption_file: ./text.md\n"),
                ("posts/text.md", "---\ntitle: Harbour\ntags: [sea]\n---\nGolden hour\n"),
            ]),
            files(&[
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\ncaption_file: ./text.md\n"),
                ("posts/text.md", "---\nGolden hour\n---\n"),
            ]),
        ),
        case(
            "IGS1044",
            files(&[
                ("posts/one.yaml", "kind: image\nimage: ./a.jpg\nimported: \"17900000000000001\"\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\nimported: \"17900000000000001\"\n"),
            ]),
            files(&[
                ("posts/one.yaml", "kind: image\nimage: ./a.jpg\nimported: \"17900000000000001\"\n"),
                ("posts/post.yaml", "kind: image\nimage: ./a.jpg\nimported: \"17900000000000002\"\n"),
            ]),
        ),
        case("IGS1042", "kind: image\nimage: “./a.jpg”\n", manifest("caption: “Quotes” are fine here")),
    ]
}
