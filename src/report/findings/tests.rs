use std::sync::Arc;

use super::*;
use igsync_base::finding::{Rule, SourceText};

static TOO_LONG: Rule = Rule {
    page: Some("https://example.com/meta"),
    ..Rule::new("IGS2101", "caption-too-long", Severity::Error, "a caption has at most 2,200 characters")
};
static NO_ALT: Rule = Rule::new("IGS2301", "missing-alt-text", Severity::Warning, "pictures have an alternative text");

fn findings() -> Vec<Finding> {
    let text = "kind: image\nimage: ./a.jpg\ncaption: \u{1b}[31mGolden hour\n";
    let source = Arc::new(SourceText::new("posts/a.yaml", text));
    let at = |word: &str| text.find(word).map(|start| start..start + word.len()).unwrap();
    vec![
        Finding::new(&TOO_LONG, "posts/a.yaml", "the caption is too long")
            .at(&source, at("Golden hour"), "2,250 characters, 2,200 allowed")
            .help("remove at least 50 characters"),
        Finding::new(&NO_ALT, "posts/a.yaml", "the picture has no alt_text").at(&source, at("./a.jpg"), "this one"),
        Finding::new(&TOO_LONG, "posts/binary.yaml", "not text, 100% sure: a,b\n::error::x"),
    ]
}

#[test]
fn findings_stand_under_the_text_they_are_about() {
    insta::assert_snapshot!(render(&findings(), Style::plain()), @"
      × 1 error, 1 warning in posts/a.yaml

    Warning: IGS2301 missing-alt-text

      ⚠ the picture has no alt_text
       ╭─[posts/a.yaml:2:8]
     1 │ kind: image
     2 │ image: ./a.jpg
       ·        ───┬───
       ·           ╰── this one
     3 │ caption: ?[31mGolden hour
       ╰────

    Error: IGS2101 caption-too-long

      × the caption is too long
       ╭─[posts/a.yaml:3:15]
     2 │ image: ./a.jpg
     3 │ caption: ?[31mGolden hour
       ·               ─────┬─────
       ·                    ╰── 2,250 characters, 2,200 allowed
       ╰────
      help: remove at least 50 characters
            Meta: https://example.com/meta

      × 1 error in posts/binary.yaml

    Error: IGS2101 caption-too-long

      × not text, 100% sure: a,b ::error::x
      help: Meta: https://example.com/meta
    ");
}

#[test]
fn a_plain_terminal_gets_plain_characters() {
    let ascii = render(&findings()[1..2], Style { unicode: false, ..Style::plain() });
    insta::assert_snapshot!(ascii, @"
      ! 1 warning in posts/a.yaml

    Warning: IGS2301 missing-alt-text

      ! the picture has no alt_text
       ,-[posts/a.yaml:2:8]
     1 | kind: image
     2 | image: ./a.jpg
       :        ^^^|^^^
       :           `-- this one
     3 | caption: ?[31mGolden hour
       `----
    ");
}

#[test]
fn no_terminal_escape_survives() {
    assert!(!render(&findings(), Style::plain()).contains('\u{1b}'));
}

#[test]
fn findings_for_programs_name_line_and_column() {
    insta::assert_snapshot!(json(&findings()[..1]), @r#"
    {
      "format_version": "1.0",
      "findings": [
        {
          "file": "posts/a.yaml",
          "line": 3,
          "column": 15,
          "end_line": 3,
          "end_column": 26,
          "id": "IGS2101",
          "name": "caption-too-long",
          "severity": "error",
          "message": "the caption is too long",
          "label": "2,250 characters, 2,200 allowed",
          "help": "remove at least 50 characters",
          "url": "https://example.com/meta"
        }
      ]
    }
    "#);
}

#[test]
fn annotations_cannot_be_broken_out_of() {
    let text = github(&findings(), "content/").replace('\u{2060}', "<WJ>");
    insta::assert_snapshot!(text, @"
    ::error file=content/posts/a.yaml,line=3,endLine=3,col=15,endColumn=26,title=IGS2101 caption-too-long::the caption is too long%0A2,250 characters, 2,200 allowed%0Aremove at least 50 characters
    ::error file=content/posts/binary.yaml,line=1,endLine=1,col=1,endColumn=1,title=IGS2101 caption-too-long::not text, 100%25 sure: a,b%0A:<WJ>:error:<WJ>:x
    ::warning file=content/posts/a.yaml,line=2,endLine=2,col=8,endColumn=15,title=IGS2301 missing-alt-text::the picture has no alt_text%0Athis one
    ");
}

#[test]
fn counts_are_said_in_words() {
    assert_eq!(counts(&findings()), "2 errors, 1 warning");
    assert_eq!(counts(&[]), "");
}

#[test]
fn annotations_beyond_githubs_limit_are_lines_of_the_log() {
    let many: Vec<Finding> =
        (0..12).map(|n| Finding::new(&TOO_LONG, format!("posts/{n:02}.yaml"), format!("too long: {n}"))).collect();
    let text = github(&[many, findings()].concat(), "");
    assert_eq!(text.matches("::error ").count(), 10);
    assert_eq!(text.matches("::warning ").count(), 1);
    assert!(
        text.contains("\nalso posts/a.yaml:3:15: IGS2101 the caption is too long\n")
            || text.contains("also posts/11.yaml:1:1"),
        "{text}"
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("also ")).count(), 4);
}

#[test]
fn what_is_copied_stays_on_one_line() {
    static LINKED: Rule = Rule {
        page: Some("https://developers.facebook.com/documentation/instagram-platform/a-page/of/reference/ig-user"),
        ..Rule::new("IGS3101", "not-jpeg", Severity::Error, "a picture is a JPEG")
    };
    let command = "`ffmpeg -i posts/a-long/name-with/many.png -frames:v 1 -q:v 2 posts/a-long/name-with/many.jpg`";
    let run = "`git lfs pull --include=posts/a-long/name`";
    let finding = Finding::new(&LINKED, "posts/a.yaml", format!("this is no JPEG, after {run} neither"))
        .help(format!("export it as a JPEG, or convert it: {command}"));
    for width in [40, 80] {
        let text = render(std::slice::from_ref(&finding), Style { width, ..Style::plain() });
        for whole in [command, run, LINKED.page.unwrap()] {
            assert!(text.contains(whole), "{whole} is broken at {width} columns:\n{text}");
        }
        assert!(text.contains("\n  help: export it as a JPEG, or"), "the rest is still wrapped:\n{text}");
    }
}

/// A warning on line 2 of each of so many files.
fn warnings(count: usize) -> Vec<Finding> {
    let text = "kind: image\nimage: ./a.jpg\n";
    let of = |n: usize| {
        let name = format!("posts/{n:02}.yaml");
        let source = Arc::new(SourceText::new(name.as_str(), text));
        Finding::new(&NO_ALT, name.as_str(), format!("picture {n} has no alt_text"))
            .at(&source, 19..26, "this one")
            .help(format!("describe it in a.jpg ({n})"))
    };
    (1..=count).map(of).collect()
}

#[test]
fn equal_findings_of_many_files_are_one_with_a_count_and_the_first_place() {
    insta::assert_snapshot!(render(&warnings(40), Style::plain()), @"
    Warning: IGS2301 missing-alt-text
      picture 1 has no alt_text (this one)
      40 times in 40 files, first at posts/01.yaml:2:8
      help: describe it in a.jpg (1)

    `igsync validate --format json` lists every place
    ");
    assert_eq!(json(&warnings(40)).matches("\"id\": \"IGS2301\"").count(), 40, "programs get them all");
    let two = render(&warnings(2), Style::plain());
    assert!(two.contains("posts/01.yaml") && two.contains("posts/02.yaml"), "a few are shown one by one: {two}");
    insta::assert_snapshot!(github(&warnings(3), "content/"), @"::warning file=content/posts/01.yaml,line=2,endLine=2,col=8,endColumn=15,title=IGS2301 missing-alt-text::picture 1 has no alt_text%0Athis one%0A3 times in 3 files, first at content/posts/01.yaml:2:8%0Adescribe it in a.jpg (1)");
}

#[test]
fn errors_are_one_only_if_they_say_the_same() {
    let of = |n: usize, message: &str| Finding::new(&TOO_LONG, format!("posts/{n}.yaml"), message);
    let same: Vec<Finding> = (0..4).map(|n| of(n, "the caption is too long")).collect();
    let shown = render(&same, Style::plain());
    assert_eq!(shown.matches("Error: ").count(), 1);
    assert!(shown.contains("also at posts/1.yaml:1:1, posts/2.yaml:1:1, posts/3.yaml:1:1\n"), "{shown}");
    let others: Vec<Finding> = (0..4).map(|n| of(n, &format!("there is no file {n}.jpg"))).collect();
    assert_eq!(render(&others, Style::plain()).matches("Error: ").count(), 4);
}

#[test]
fn what_the_configuration_lacks_is_said_once_at_the_configuration() {
    let of = |n: usize| {
        let name = format!("posts/{n}.yaml");
        let source = Arc::new(SourceText::new(name.as_str(), "image: ./a.jpg\n"));
        Finding::new(&igsync_base::rules::NO_HOSTING, name.as_str(), "no host is configured").at(
            &source,
            7..14,
            "local",
        )
    };
    let one = github(&[of(1)], "");
    assert!(one.starts_with("::error file=igsync.yaml,line=1,") && one.contains("posts/1.yaml:1:8"), "{one}");
    let many: Vec<Finding> = (1..6).map(of).collect();
    insta::assert_snapshot!(render(&many, Style::plain()), @"
    Error: IGS2604 no-hosting
      no host is configured (local)
      at igsync.yaml, 5 times in 5 files, first for posts/1.yaml:1:8
      Meta:
        https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media

    `igsync validate --format json` lists every place
    ");
}

#[test]
fn a_command_about_something_else_shows_errors_and_counts_warnings() {
    let both = [findings(), warnings(3)].concat();
    let text = render_errors(&both, Style::plain());
    assert!(text.contains("the caption is too long") && !text.contains("alt_text"), "{text}");
    assert!(text.ends_with("4 warnings; `igsync validate` shows them\n"), "{text}");
    assert_eq!(render_errors(&[], Style::plain()), "");
}

#[test]
fn a_line_to_write_is_never_broken() {
    let line = "write: caption: 'She said \"hello\" and went on and on, over the harbour and the hills, to `the sea`'";
    let finding = Finding::new(&TOO_LONG, "posts/a.yaml", "a quote").help(format!("with your own time zone, {line}"));
    for width in [40, 80] {
        let text = render(std::slice::from_ref(&finding), Style { width, ..Style::plain() });
        assert!(text.contains(line), "broken at {width} columns:\n{text}");
    }
}
