//! What a message says to write is accepted when it is written.

use super::*;
use igsync_base::finding::Severity;

/// Words of the parser that mean nothing to people.
const JARGON: [&str; 9] =
    ["scalar", "mapping", "flow", "implicit", "simple key", "indicator", "expected", "directive", "block sequence"];

/// Writes every line that is advised at first. The text, and what was said.
fn followed(text: &str) -> (String, Vec<String>) {
    let findings = load_one(text).findings;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut said = Vec::new();
    let mut removed = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let help = finding.help.clone().unwrap_or_default();
        said.push(format!("{}: {}: {help}", finding.rule.name, finding.message));
        let (line, _) = finding.position();
        let old = &lines[line - 1];
        let indent = match help.split_once("indent it by ") {
            Some((_, blanks)) => blanks.split(' ').next().unwrap().parse().unwrap(),
            None if help.contains("first column") => 0,
            None => old.len() - old.trim_start_matches(' ').len(),
        };
        match help.split_once("write: ") {
            Some((_, new)) => lines[line - 1] = format!("{:indent$}{new}", ""),
            None if help.starts_with("remove this line") => removed.push(line - 1),
            None => panic!("nothing to write:\n{text}\n{}", said.join("\n")),
        }
    }
    for line in removed.into_iter().rev() {
        lines.remove(line);
    }
    let typed = lines.join("\n") + "\n";
    let errors: Vec<_> = load_one(&typed).findings.into_iter().filter(|f| f.severity == Severity::Error).collect();
    let refused: Vec<_> = errors.iter().map(|finding| format!("{}: {:?}", finding.message, finding.help)).collect();
    assert!(refused.is_empty(), "what is typed is refused:\n{typed}\n{}\n{refused:#?}", said.join("\n"));
    (typed, said)
}

const POST: &str = "kind: image\nimage: ./a.jpg\n";

#[test]
fn nothing_is_shown_to_write_that_leaves_the_file_unread() {
    for text in ["hashtags: - a\n- b\n", "caption: - a - b\n  - c\n", "caption: *bold* - a: b\n- c\n"] {
        let loaded = load_one(&format!("kind: image\nimage: https://cdn.example.com/a.jpg\n{text}"));
        let helps: Vec<_> = loaded.findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
        assert!(!helps.is_empty() && helps.iter().all(|help| !help.contains("write: ")), "{text}: {helps:?}");
    }
}

#[test]
fn a_line_that_begins_far_to_the_right_is_no_panic() {
    let text = format!("kind: image\nimage: https://cdn.example.com/a.jpg\nhashtags:\n{}- a b\n", " ".repeat(66_000));
    assert!(!load_one(&text).findings.is_empty());
}

#[test]
fn whatever_yaml_misreads_is_named_and_the_line_to_write_is_accepted() {
    // With the line that the post has in the end.
    for (written, meant) in [
        ("hashtags: [#a, #b]", "hashtags: [\"#a\", \"#b\"]"),
        ("hashtags: \"#a #b\"", "hashtags: [a, b]"),
        ("hashtags: #a #b", "hashtags: [a, b]"),
        ("hashtags: a, b", "hashtags: [a, b]"),
        ("hashtags: sea #sun", "hashtags: [sea, sun]"),
        ("hashtags: [a b]", "hashtags: [a, b]"),
        ("hashtags: [\"#a #b\"]", "hashtags: [a, b]"),
        ("publish_at: 24.12.2026 18:00", "publish_at: 2026-12-24T18:00[Europe/Berlin]"),
        ("publish_at: 12/24/2026 6:00 PM", "publish_at: 2026-12-24T18:00[America/New_York]"),
        ("publish_at: 2026-12-24 18:00 Uhr", "publish_at: 2026-12-24T18:00[Europe/Berlin]"),
        ("publish_at: tomorrow 6pm", "publish_at: 2030-12-01T18:00[Europe/Berlin]"),
        ("caption:Golden hour", "caption: Golden hour"),
        ("caption: \"She said \"hello\"\"", "caption: 'She said \"hello\"'"),
        ("caption: \"Hello\" she said", "caption: '\"Hello\" she said'"),
        ("caption: 'It's here'", "caption: \"It's here\""),
        ("caption: \"never closed", "caption: \"never closed\""),
        ("caption: \"C:\\photos\"", "caption: 'C:\\photos'"),
        ("caption: Note: this", "caption: \"Note: this\""),
        ("caption: Golden hour #sunset", "caption: \"Golden hour #sunset\""),
        ("caption: #sunset", "caption: \"#sunset\""),
        ("caption: [Ad] sale", "caption: \"[Ad] sale\""),
        ("caption: [Ad]", "caption: \"[Ad]\""),
        ("caption: {name} hello", "caption: \"{name} hello\""),
        ("caption: - x", "caption: \"- x\""),
        ("caption: ? what", "caption: \"? what\""),
        ("caption: @acme is here", "caption: \"@acme is here\""),
        ("caption: `code`", "caption: \"`code`\""),
        ("caption: %50 off", "caption: \"%50 off\""),
        ("caption: *bold* move", "caption: \"*bold* move\""),
        ("caption: *bold*", "caption: \"*bold*\""),
        ("caption: *", "caption: \"*\""),
        ("caption: &friends forever", "caption: \"&friends forever\""),
        ("caption: &", "caption: \"&\""),
        ("caption: !important news", "caption: \"!important news\""),
        ("caption: ! wow", "caption: \"! wow\""),
        ("caption: , so", "caption: \", so\""),
        ("caption: |Golden hour", "caption: \"Golden hour\""),
        ("caption: true", "caption: \"true\""),
        ("caption: one\u{b}two", "caption: one two"),
        ("caption\u{ff1a} hello", "caption: hello"),
        ("caption = hello", "caption: hello"),
        ("\u{a0}caption: hello", "caption: hello"),
        ("draft: yes", "draft: true"),
        ("draft: Nein", "draft: false"),
        ("draft: \"true\"", "draft: true"),
        ("location: Berlin", "location_id: \"123456789012345\""),
        ("location_id: Berlin", "location_id: \"123456789012345\""),
        (" caption: hello", "caption: hello"),
        ("caption: { a", "caption: \"{ a\""),
        ("hashtags: [a, b", "hashtags: [a, b]"),
        ("collaborators: \"@a @b\"", "collaborators: [a, b]"),
        ("collaborators: friend", "collaborators: [friend]"),
        ("collaborators: [@friend, b]", "collaborators: [\"@friend\", b]"),
        ("user_tags: [friend]", "user_tags: [{ username: friend, x: 0.5, y: 0.5 }]"),
        ("user_tags: friend", "user_tags: [{ username: friend, x: 0.5, y: 0.5 }]"),
        ("user_tags: [@a, @b]", "user_tags: [{ username: a, x: 0.5, y: 0.5 }, { username: b, x: 0.5, y: 0.5 }]"),
        ("user_tags: { username: a, x: 0.5, y: 0.5 }", "user_tags: [{ username: a, x: 0.5, y: 0.5 }]"),
        ("user_tags: [{username: a}]", "user_tags: [{ username: a, x: 0.5, y: 0.5 }]"),
        ("user_tags: [{username: a, x: 50%}]", "user_tags: [{ username: a, x: 0.5, y: 0.5 }]"),
        ("user_tags: [{username: a, x: 50, y: 20}]", "user_tags: [{ username: a, x: 0.5, y: 0.2 }]"),
        ("user_tags: [{username:a, x: 0.5, y: 0.5}]", "user_tags: [{username: a, x: 0.5, y: 0.5}]"),
        ("comment_enabled: off", "comment_enabled: false"),
        ("disable_comments: true", "comment_enabled: false"),
        ("captoin: hello", "caption: hello"),
        ("alt_text: [A] crane", "alt_text: \"[A] crane\""),
        ("first_comment: @all look", "first_comment: \"@all look\""),
        ("user_tags: [{username: a, x: 0,5, y: 0.5}]", "user_tags: [{username: a, x: 0.5, y: 0.5}]"),
        ("user_tags: [{username: a, x: 0,5, y: 0,25}]", "user_tags: [{username: a, x: 0.5, y: 0.25}]"),
        ("user_tags: [{a, x: .5, y: .25}]", "user_tags: [{ username: a, x: 0.5, y: 0.25 }]"),
        ("user_tags: [{@a, x: .5, y: .25}]", "user_tags: [{ username: a, x: 0.5, y: 0.25 }]"),
        ("user_tags: [a, b]", "user_tags: [{ username: a, x: 0.5, y: 0.5 }, { username: b, x: 0.5, y: 0.5 }]"),
        ("user_tags: [@friend]", "user_tags: [{ username: friend, x: 0.5, y: 0.5 }]"),
        ("hashtags: [\"#a\" \"#b\"]", "hashtags: [\"#a\", \"#b\"]"),
        ("caption: [\"Ad\" sale]", "caption: '[\"Ad\" sale]'"),
        ("hashtags: \"a\" b", "hashtags: [a, b]"),
        ("hashtags: - a", "hashtags: [a]"),
        ("hashtags: [a,,b]", "hashtags: [a, b]"),
        ("hashtags: [@a, @b]", "hashtags: [a, b]"),
        ("collaborators: @a", "collaborators: [a]"),
        ("date: 24.12.2026 18:00", "publish_at: 2026-12-24T18:00[Europe/Berlin]"),
        ("publish_at: 2026-12-24 24:00", "publish_at: 2026-12-25T00:00[Europe/Berlin]"),
        ("publish_at: 12/24/2026", "publish_at: 2026-12-24T18:00[America/New_York]"),
    ] {
        let (text, said) = followed(&format!("{POST}{written}\n"));
        let last = text.lines().nth(2).unwrap_or_default().trim();
        assert_eq!(last, meant, "{written}: {said:#?}");
        assert_eq!(said.len(), 1, "{written}: {said:#?}");
        let jargon: Vec<_> = said.iter().filter(|line| JARGON.iter().any(|word| line.contains(word))).collect();
        assert!(jargon.is_empty(), "{written}: {jargon:#?}");
    }
}

#[test]
fn the_first_lines_of_a_post_are_understood_too() {
    for (written, meant) in [
        ("kind:image\nimage: ./a.jpg\n", POST),
        ("kind:image\nimage:./a.jpg\n", POST),
        ("kind:\u{a0}image\nimage: ./a.jpg\n", POST),
        ("\u{200b}kind: image\nimage: ./a.jpg\n", POST),
        ("kind: image\nimage: \u{201c}./a.jpg\u{201d}\n", POST),
        ("kind: image\nimage: ./a.jpg\u{a0}\n", POST),
        ("kind: \u{201e}image\u{201c}\nimage: ./a.jpg\n", POST),
        ("kind: photo\nimage: ./a.jpg\n", POST),
        ("kind: image\nimages: ./a.jpg\n", POST),
        (
            "kind: image\nimage: ./a.jpg\ncaption: |\n  one\u{b}two\n",
            "kind: image\nimage: ./a.jpg\ncaption: |\n  one two\n",
        ),
        ("kind: story\nvideo:\u{202f}a.mp4\n", "kind: story\nvideo: a.mp4\n"),
        ("kind: image\nimage: ./a.jpg\n---\n", POST),
        ("---\nkind: image\nimage: ./a.jpg\n---\n", "---\nkind: image\nimage: ./a.jpg\n"),
        ("kind: carousel\nimages: [a.jpg, b.mp4]\n", "kind: carousel\nitems: [{ image: a.jpg }, { video: b.mp4 }]\n"),
        ("kind: carousel\nitems: [a.jpg, b.jpg]\n", "kind: carousel\nitems: [{ image: a.jpg }, { image: b.jpg }]\n"),
        (
            "kind: carousel\nitems:\n  - a.jpg\n  - image:b.jpg\n",
            "kind: carousel\nitems:\n  - { image: a.jpg }\n  - image: b.jpg\n",
        ),
        (
            "kind: reel\nvideo: a.mp4\nuser_tags: [friend]\n",
            "kind: reel\nvideo: a.mp4\nuser_tags: [{ username: friend }]\n",
        ),
        ("kind: reel\nvideo: a.mp4\nthumb_offset: 1.5s\n", "kind: reel\nvideo: a.mp4\nthumb_offset: 1500\n"),
        ("kind: image\nimage: [./a.jpg]\n", POST),
        ("kind: image\nimage: .\\a.jpg\n", POST),
        ("kind: image\nimage: \".\\photos\\x.jpg\"\n", "kind: image\nimage: ./photos/x.jpg\n"),
        ("kind: image\nimages: [./a.jpg]\n", POST),
        ("kind: carousel\nitems: a.jpg, b.mp4\n", "kind: carousel\nitems: [{ image: a.jpg }, { video: b.mp4 }]\n"),
        ("kind: carousel\nimages: a.jpg, b.jpg\n", "kind: carousel\nitems: [{ image: a.jpg }, { image: b.jpg }]\n"),
        ("kind: image\nimage: ./a.jpg\nhashtags:\n-a\n-b\n", "kind: image\nimage: ./a.jpg\nhashtags:\n- a\n- b\n"),
        (
            "kind: image\nimage: ./a.jpg\nhashtags:\n  -a\n  -b\n",
            "kind: image\nimage: ./a.jpg\nhashtags:\n  - a\n  - b\n",
        ),
        (
            "kind: image\nimage: ./a.jpg\nuser_tags:\n  - @a\n  - @b\n",
            "kind: image\nimage: ./a.jpg\nuser_tags:\n  - { username: a, x: 0.5, y: 0.5 }\n  - { username: b, x: 0.5, \
             y: 0.5 }\n",
        ),
        (
            "kind: carousel\nitems:\n  -image: a.jpg\n  -image: b.jpg\n",
            "kind: carousel\nitems:\n  - image: a.jpg\n  - image: b.jpg\n",
        ),
        (
            "kind: carousel\nitems:\n  - image: a.jpg\n   alt_text: sun\n  - image: b.jpg\n",
            "kind: carousel\nitems:\n  - image: a.jpg\n    alt_text: sun\n  - image: b.jpg\n",
        ),
        (
            "kind: carousel\nitems:\n- image: a.jpg\n alt_text: sun\n- image: b.jpg\n",
            "kind: carousel\nitems:\n- image: a.jpg\n  alt_text: sun\n- image: b.jpg\n",
        ),
        (
            "kind: carousel\nitems:\n  -image: a.jpg\n    alt_text: sun\n  -image: b.jpg\n",
            "kind: carousel\nitems:\n  - image: a.jpg\n    alt_text: sun\n  - image: b.jpg\n",
        ),
        (
            "kind: carousel\nitems:\n  -image: a.jpg\n   alt_text: sun\n  -image: b.jpg\n",
            "kind: carousel\nitems:\n  - image: a.jpg\n    alt_text: sun\n  - image: b.jpg\n",
        ),
        (
            "kind: image\nimage: ./a.jpg\ncaption: |\nHi there\n",
            "kind: image\nimage: ./a.jpg\ncaption: |\n  Hi there\n",
        ),
        (
            "kind: image\nimage: ./a.jpg\ncaption: |\nHi there,\nyou\nalt_text: x\n",
            "kind: image\nimage: ./a.jpg\ncaption: |\n  Hi there,\n  you\nalt_text: x\n",
        ),
    ] {
        let (text, said) = followed(written);
        assert_eq!(text, meant, "{written}: {said:#?}");
        assert!(!said.is_empty(), "{written}");
    }
}

/// What all errors of a file say to do, and no line that would be refused.
fn words_for(text: &str) -> String {
    let findings = load_one(text).findings;
    let help: Vec<_> = findings.iter().map(|finding| finding.help.clone().unwrap_or_default()).collect();
    let help = help.join("\n");
    assert!(!help.contains("write: "), "{text}: {help}");
    help
}

#[test]
fn where_no_line_would_be_accepted_words_say_what_to_do() {
    for (written, words) in [
        ("kind: image\nimages: [./a.jpg, ./b.jpg]\n", "write `kind: carousel`"),
        ("kind: image\nimages:\n  - ./a.jpg\n  - ./b.jpg\n", "write `kind: carousel`"),
        ("kind: image\nimages:\n  - ./a.jpg\n", "without a dash"),
        ("kind: image\nimage:\n  - ./a.jpg\n", "without a dash"),
        ("kind: image\nimage: [./a.jpg, ./b.jpg]\n", "`kind: carousel`"),
        ("kind: image\nimage: ./a.jpg\ncaption: a\nb\n", "below `caption: |`"),
        ("kind: image\nitems: [a.jpg, b.jpg]\n", "write `kind: carousel`"),
        ("kind: image\nimage: ./a.jpg\nhashtags: {a: b}\n", "its own entry"),
        ("kind: image\nimage: ./a.jpg\naccounts: @a\n", "igsync.yaml has: default"),
        ("kind: image\nimage: ./a.jpg\ndraft: maybe\n", "`draft: true` or `draft: false`"),
        ("kind: image\nimage: ./a.jpg\ncaption: a\n-b\n", "below `caption: |`"),
        ("kind: carousel\nitems:\n  - a.jpg, b.jpg\n  - image: c.jpg\n", "its own line"),
        ("kind: carousel\nitems:\n  image: c.jpg\n", "begins with a dash"),
        ("kind: image\nimage: ./a.jpg\ncaption_flie: ../../x.txt\n", "inside the content root"),
        ("kind: image\nimage: ./a.jpg\nuser_tags: [{username: \"?!\", x: 50%, y: 0.5}]\n", "letters, digits"),
    ] {
        let help = words_for(written);
        assert!(help.contains(words), "{written}: {help}");
    }
}

#[test]
fn no_second_finding_is_about_what_a_line_replaces() {
    for (written, count) in [
        ("user_tags: [{username: a, x: 0,5, y: 0,5}]", 1),
        ("user_tags: [a, b]", 1),
        ("captoin: x\naltt_text: y", 2),
        ("caption: x\ncaption: y", 1),
    ] {
        let loaded = load_one(&format!("{POST}{written}\n"));
        assert_eq!(loaded.findings.len(), count, "{written}: {:#?}", lines(&loaded));
    }
}

#[test]
fn entries_that_are_no_hashtags_are_shown_in_one_line() {
    let loaded = load_one(&format!("{POST}hashtags: [\"@a\", b, \"@c d\"]\n"));
    let help: Vec<_> = loaded.findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
    assert_eq!(help.len(), 2);
    assert!(help.iter().all(|help| help.ends_with("write: hashtags: [a, b, c, d]")), "{help:?}");
}

#[test]
fn a_day_that_does_not_exist_is_named() {
    let loaded = load_one(&format!("{POST}publish_at: 30.02.2027 18:00\n"));
    assert_eq!(loaded.findings[0].message, "the calendar has no day 30.02.2027");
}

#[test]
fn a_character_that_nobody_sees_is_shown_by_its_number() {
    let loaded = load_one(&format!("{POST}cap\u{200b}tion: x\n"));
    assert_eq!(loaded.findings[0].message, "a manifest has no field `cap<U+200B>tion`");
}

#[test]
fn a_time_zone_of_the_configuration_is_not_written_again() {
    let config = ("igsync.yaml", "timezone: Europe/Berlin\n");
    let post = format!("{POST}publish_at: 24.12.2026 18:00\n");
    let loaded = Root::new(&[config, ("posts/a.yaml", &post)]).load();
    assert_eq!(loaded.findings[0].help.as_deref(), Some("write: publish_at: 2026-12-24 18:00"));
}

#[test]
fn an_anchor_that_is_used_loses_nothing() {
    let post = format!("{POST}caption: &text Golden hour\nalt_text: *text\n");
    assert_eq!(lines(&load_one(&post)), [""; 0]);
}

#[test]
fn a_conflict_of_git_is_named_as_one() {
    let loaded = load_one("kind: image\n<<<<<<< HEAD\nimage: ./a.jpg\n=======\nimage: ./b.jpg\n>>>>>>> other\n");
    assert_eq!(lines(&loaded), ["yaml-syntax|<<<<<<< HEAD|a marker of git"]);
}

#[test]
fn a_caption_below_the_fields_is_told_where_it_belongs() {
    let loaded = load_one("---\nkind: image\nimage: ./a.jpg\n---\nGolden hour\n");
    let help = loaded.findings[0].help.clone().unwrap_or_default();
    assert!(help.contains("below `caption: |`"), "{help}");
}

#[test]
fn a_line_that_is_too_long_to_be_typed_is_not_shown() {
    let long = "Golden hour. ".repeat(60);
    for line in [format!("caption: {long}#sunset"), format!("caption: @{long}"), format!("caption: &{long}")] {
        let loaded = load_one(&format!("{POST}{line}\n"));
        let help = loaded.findings[0].help.clone().unwrap_or_default();
        assert!(help.contains("quotes") && help.len() < 300, "{help}");
    }
}
