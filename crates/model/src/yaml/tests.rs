use std::sync::Arc;

use super::*;

/// Every finding as `rule|underlined text`.
fn findings(text: &str) -> Vec<String> {
    let mut problems = Problems::new(Arc::from("posts/a.yaml"), text);
    let _ = parse(&mut problems);
    problems
        .into_findings()
        .iter()
        .map(|finding| format!("{}|{}", finding.rule.name, &text[finding.span.clone().unwrap()]))
        .collect()
}

fn tree(text: &str) -> Node {
    let mut problems = Problems::new(Arc::from("posts/a.yaml"), text);
    let node = parse(&mut problems).unwrap();
    assert!(problems.is_empty(), "{:?}", problems.into_findings());
    node
}

fn value<'n>(node: &'n Node, name: &str) -> &'n Node {
    let Value::Map(entries) = &node.value else { panic!("not a map") };
    &entries.iter().find(|entry| &*entry.key == name).unwrap().value
}

#[test]
fn every_key_and_value_knows_its_bytes() {
    let text = "kind: image\r\nü: \"x y\"\r\nlist:\r\n  - 1.10\r\ntext: |\r\n  one\r\n  two\r\n";
    let node = tree(text);
    assert_eq!(&text[value(&node, "ü").span.clone()], "\"x y\"");
    let Value::List(list) = &value(&node, "list").value else { panic!("not a list") };
    assert_eq!((&text[list[0].span.clone()], list[0].scalar()), ("1.10", Some("1.10")));
    assert_eq!(value(&node, "text").scalar(), Some("one\ntwo\n"));
    assert_eq!(&text[value(&node, "text").span.clone()], "one\r\n  two");
}

#[test]
fn core_types_are_those_of_yaml_1_2() {
    let node = tree("a: no\nb: true\nc: 010\nd: 1e3\ne: ~\nf: \"~\"\ng: .5\nh: -3\ni: .inf\nj: 0x10\n");
    assert_eq!(value(&node, "a").as_bool(), None);
    assert_eq!(value(&node, "b").as_bool(), Some(true));
    assert_eq!(value(&node, "c").as_whole(), None, "two readings");
    assert_eq!(value(&node, "d").as_number(), Some(1000.0));
    assert!(value(&node, "e").is_null() && !value(&node, "f").is_null());
    assert_eq!(value(&node, "g").as_number(), Some(0.5));
    assert_eq!(value(&node, "h").as_whole(), Some(-3));
    assert_eq!(value(&node, "i").as_number(), None);
    assert_eq!(value(&node, "j").as_whole(), None);
}

#[test]
fn a_duplicate_key_is_an_error_at_the_second_one() {
    let text = "a: 1\nb: 2\na: 3\n";
    let mut problems = Problems::new(Arc::from("x"), text);
    assert!(parse(&mut problems).is_some());
    let found = problems.into_findings();
    assert_eq!(
        (found[0].rule.name, found[0].position(), &*found[0].label),
        ("duplicate-field", (3, 1), "first on line 1")
    );
}

#[test]
fn what_yaml_has_and_manifests_have_not_is_refused_at_its_place() {
    assert_eq!(findings("a: !!str 5\n"), ["yaml-tag|!!str"]);
    assert_eq!(findings("a: !wow x\n"), ["yaml-tag|!wow"]);
    assert_eq!(findings("a: &x {b: 1}\nc:\n  <<: *x\n"), ["merge-key|<<"]);
    assert_eq!(findings("a: 1\n---\nb: 2\n"), ["several-documents|---"]);
    assert_eq!(findings("? [a]\n: b\n"), ["wrong-type|a"]);
    assert_eq!(findings(": b\n"), ["wrong-type|"]);
    assert_eq!(findings("a: *bold*\n"), ["yaml-syntax|*bold*"]);
    assert_eq!(findings("a: &x [*x]\n"), ["yaml-syntax|*x"]);
}

#[test]
fn tabs_as_indentation_are_named_as_such() {
    assert_eq!(findings("a:\n\tb: 1\n"), ["tab-indentation|\t"]);
    assert_eq!(findings("items:\n\t- image: x\n"), ["tab-indentation|\t"]);
    assert_eq!(findings("kind: image\n\tcaption: x\n"), ["tab-indentation|\t"]);
}

#[test]
fn a_syntax_error_says_how_to_mend_it() {
    for (text, place) in [("a: @acme\n", "@"), ("a: %5\n", "%"), ("a: Note: this\n", ":"), ("a: one #x\n  two\n", "#")]
    {
        let mut problems = Problems::new(Arc::from("x"), text);
        assert!(parse(&mut problems).is_none());
        let found = problems.into_findings();
        assert_eq!(&text[found[0].span.clone().unwrap()], place);
        assert!(found[0].help.as_ref().unwrap().contains("quotes"), "{found:?}");
    }
}

#[test]
fn a_comment_behind_a_value_is_noticed() {
    let text = "a: x #b\nb: \"x\" #c\nc: #d\nd:\n  - #e\ne: f\n#g\n";
    let node = tree(text);
    assert_eq!(value(&node, "a").cut.clone().map(|cut| &text[cut]), Some("#b"));
    assert_eq!(value(&node, "b").cut, None);
    assert_eq!(value(&node, "c").cut.clone().map(|cut| &text[cut]), Some("#d"));
    let Value::List(list) = &value(&node, "d").value else { panic!("not a list") };
    assert_eq!(list[0].cut.clone().map(|cut| &text[cut]), Some("#e"));
    assert_eq!(value(&node, "e").cut, None);
}

#[test]
fn anchors_work_within_bounds() {
    let node = tree("a: &t [x, y]\nb: *t\n");
    let Value::List(list) = &value(&node, "b").value else { panic!("not a list") };
    assert_eq!(list[1].scalar(), Some("y"));
}

#[test]
fn bombs_are_refused_with_one_finding() {
    let level =
        |level: usize| format!("a{}: &a{} [{}]", level + 1, level + 1, vec![format!("*a{level}"); 10].join(", "));
    let aliases = format!("a0: &a0 [x, x, x]\n{}\n", (0..9).map(level).collect::<Vec<_>>().join("\n"));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 5000].join(", "));
    let many_keys = (0..20_000).map(|key| format!("k{key}: 1")).collect::<Vec<_>>().join("\n");
    for text in [
        aliases,
        long,
        many_keys,
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
    ] {
        let found = findings(&text);
        assert_eq!(found.len(), 1, "{found:.200?}");
    }
}

#[test]
fn an_empty_file_is_nothing() {
    for text in ["", "\n", "# only a comment\n", "---\n"] {
        assert!(tree(text).is_null(), "{text:?}");
    }
}

#[test]
fn a_file_with_a_thousand_problems_shows_a_hundred_and_one_and_counts_the_others() {
    let text: String = (0..1000).map(|_| "a: 1\n").collect();
    let mut problems = Problems::new(Arc::from("posts/a.yaml"), &text);
    let _ = parse(&mut problems);
    let found: Vec<String> = problems.into_findings().into_iter().map(|finding| finding.message).collect();
    assert_eq!(found.len(), 101);
    assert!(found[100].ends_with("(and 898 more findings in this file)"), "{}", found[100]);
    assert!(!found[99].contains("more findings"), "{}", found[99]);
}

#[test]
fn nearly_right_names_are_recognised() {
    let names = ["caption", "caption_file", "hashtags", "kind"];
    assert_eq!(closest("captoin", names), Some("caption"));
    assert_eq!(closest("Hashtag", names), Some("hashtags"));
    assert_eq!(closest("caption-file", names), Some("caption_file"));
    assert_eq!(closest("zebra", names), None);
}

/// One round of the mutation loop: parses, and every place lies on character boundaries.
fn survives(text: &str) {
    let mut problems = Problems::new(Arc::from("x"), text);
    let _ = parse(&mut problems);
    for finding in problems.into_findings() {
        let span = finding.span.unwrap();
        assert!(text.get(span.clone()).is_some(), "{span:?} in {text:?}");
    }
}

#[test]
fn mutated_files_never_panic() {
    let seed = "kind: carousel\ncaption: |\n  Ü ber # no\nitems:\n  - image: ./a.jpg\n    user_tags: [{ username: a, x: 0.4 }]\n  - &v {video: b}\n  - *v\n";
    let pieces = [
        "\t", "#", " #", ": ", "- ", "*", "&", "!", "<<", "|", ">", "\"", "'", "{", "}", "[", "]", "\u{feff}", "é",
        "\r", "\n", "---\n", "%", "? ", "~",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3000 {
        let mut text = seed.to_owned();
        for _ in 0..random.usize(1..6) {
            let mut at = random.usize(0..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if random.bool() {
                text.insert_str(at, pieces[random.usize(0..pieces.len())]);
            } else {
                let end = text[at..].char_indices().nth(random.usize(0..8)).map_or(text.len(), |(index, _)| at + index);
                text.replace_range(at..end, "");
            }
        }
        survives(&text);
    }
}
