use proptest::prelude::*;

use super::super::record::{Live, PublishIntent, Stage, State, Via};
use super::super::samples::{any_record, at, record};
use super::*;

fn text_of(lines: &[&str]) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.into_bytes()
}

fn line_of(record: &Record) -> String {
    print_line(std::slice::from_ref(record)).trim_end().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_printed_reads_back_equal(
        a in any_record("posts/a", "a1"),
        b in any_record("posts/a", "a2"),
        c in any_record("Häfen/ö \"x\"", "a1"),
    ) {
        let records: Records = [a, b, c].into_iter().collect();
        let text = print(&records);
        let parsed = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&parsed.records, &records);
        prop_assert_eq!(print(&parsed.records), text);
        prop_assert!(!parsed.had_conflicts);
    }

    #[test]
    fn a_line_of_several_records_reads_back_equal(a in any_record("a", "1"), b in any_record("b", "1")) {
        let text = format!("{HEADER}{}", print_line(&[a.clone(), b.clone()]));
        prop_assert_eq!(text.lines().count(), 2);
        prop_assert_eq!(parse(text.as_bytes()).unwrap().records, [a, b].into_iter().collect::<Records>());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = parse_journal(&[HEADER.as_bytes(), &bytes].concat());
    }
}

#[test]
fn the_file_looks_like_this() {
    let one = Record {
        intents: vec![PublishIntent { at: at(0), lease_until: at(90) }],
        ..record("posts/harbour", "k3v9", Stage::Intent)
    };
    let records: Records = [one].into_iter().collect();
    assert_eq!(
        print(&records),
        concat!(
            "{\"igsync_lock\":1}\n",
            r#"{"key":"posts/harbour","user_id":"17841400000000001","account":"brand","kind":"image","#,
            r#""state":"intent","attempt":"k3v9","intents":[{"at":"2026-11-30T00:53:20Z","lease_until":"2026-11-30T00:54:50Z"}]}"#,
            "\n"
        )
    );
}

#[test]
fn records_stand_in_the_order_of_the_hash_of_user_and_key() {
    let records: Records =
        ["posts/a", "posts/b", "posts/c"].map(|key| record(key, "1", Stage::Ignored)).into_iter().collect();
    let text = print(&records);
    // sha256sum of 17841400000000001/posts/a, /posts/b, /posts/c
    let keys: Vec<&str> = text.lines().skip(1).map(|line| &line[8..15]).collect();
    assert_eq!(keys, ["posts/b", "posts/a", "posts/c"]);
}

#[test]
fn a_header_alone_is_a_lockfile_without_records() {
    assert_eq!(parse(HEADER.as_bytes()).unwrap().records, Records::default());
    assert_eq!(print(&Records::default()), HEADER);
}

#[test]
fn an_empty_file_is_not_a_lockfile() {
    assert_eq!(parse(b""), Err(Error::Empty));
    assert_eq!(parse(b"\xef\xbb\xbf\n\n"), Err(Error::Empty));
}

#[test]
fn crlf_and_a_byte_order_mark_are_read() {
    let one = record("k", "a", Stage::Ignored);
    let text = format!("\u{feff}{}\r\n{}\r\n", HEADER.trim_end(), line_of(&one));
    assert_eq!(parse(text.as_bytes()).unwrap().records, [one].into_iter().collect());
}

#[test]
fn a_newer_format_is_named_before_anything_else_is_read() {
    let error = parse(b"{\"igsync_lock\":2,\"layout\":\"tree\"}\n\x00\x01").unwrap_err();
    assert_eq!(error, Error::NewerFormat { line: 1, found: 2 });
    assert!(error.to_string().contains("written by a newer igsync"));
}

#[test]
fn a_field_or_state_of_a_newer_igsync_is_never_dropped() {
    let line = line_of(&record("k", "a", Stage::Ignored));
    let field = line.replace("\"attempt\"", "\"colour\":1,\"attempt\"");
    let state = line.replace("ignored", "archived");
    for newer in [field, state] {
        let error = parse(&text_of(&[&line, &newer])).unwrap_err();
        assert!(matches!(error, Error::NewerRecord { line: 3, .. }), "{error}");
        assert!(error.to_string().contains("written by a newer igsync"));
    }
    assert!(parse(b"{\"igsync_lock\":1,\"layout\":\"tree\"}\n").is_err());
}

#[test]
fn an_unknown_field_cannot_write_to_the_terminal() {
    let line = line_of(&record("k", "a", Stage::Ignored)).replace("\"attempt\"", "\"\\u001b[2J\":1,\"attempt\"");
    assert!(!parse(&text_of(&[&line])).unwrap_err().to_string().contains('\u{1b}'));
}

#[test]
fn damage_is_named_by_its_line() {
    let line = line_of(&record("k", "a", Stage::Ignored));
    for (damaged, expected) in [("\u{0}\u{0}\u{0}", 2), ("{\"key\":\"k\"}", 2), ("hello", 2), ("[]]", 2)] {
        match parse(&text_of(&[damaged, &line])) {
            Err(Error::Damaged { line, .. }) => assert_eq!(line, expected, "{damaged}"),
            other => panic!("{damaged}: {other:?}"),
        }
    }
    assert_eq!(parse(b"posts: []\n"), Err(Error::NoHeader { line: 1 }));
    assert_eq!(parse(format!("{line}\n").as_bytes()), Err(Error::NoHeader { line: 1 }));
}

#[test]
fn a_lockfile_cut_anywhere_inside_its_last_line_is_an_error() {
    let text = text_of(&[&line_of(&record("k", "a", Stage::Ignored)), &line_of(&record("j", "a", Stage::Ignored))]);
    let last_line = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for end in last_line + 1..text.len() - 1 {
        assert_eq!(parse(&text[..end]), Err(Error::CutShort { line: 3 }), "cut at {end}");
    }
    assert_eq!(parse(&text[..text.len() - 1]).unwrap().versions, 2, "only the final newline is missing");
}

#[test]
fn a_journal_cut_anywhere_keeps_every_whole_line() {
    let [one, two] = [record("k", "a", Stage::Intent), record("j", "a", Stage::Ignored)];
    let text = text_of(&[&line_of(&one), &line_of(&two)]);
    let second_line = text.len() - line_of(&two).len() - 1;
    let first_line = HEADER.len();
    for end in 0..=text.len() {
        let journal = parse_journal(&text[..end]).unwrap();
        let expected = usize::from(end + 1 >= second_line) + usize::from(end + 1 >= text.len());
        assert_eq!(journal.parsed.records.len(), expected, "cut at {end}");
        let ending = match end {
            0 => Ending::Empty,
            _ if end == text.len() || end == second_line || end == first_line => Ending::Whole,
            _ if end + 1 == text.len() || end + 1 == second_line => Ending::NoNewline,
            _ if end < first_line => Ending::Torn { at: 0 },
            _ if end < second_line => Ending::Torn { at: first_line },
            _ => Ending::Torn { at: second_line },
        };
        assert_eq!(journal.ending, ending, "cut at {end}");
    }
}

#[test]
fn damage_inside_a_journal_is_an_error() {
    let one = line_of(&record("k", "a", Stage::Intent));
    assert!(matches!(parse_journal(&text_of(&["{\"key\"", &one])), Err(Error::Damaged { line: 2, .. })));
}

#[test]
fn both_sides_of_a_conflict_are_read_and_the_base_is_not() {
    let [ours, theirs, base, shared] = ["ours", "theirs", "base", "shared"].map(|key| record(key, "a", Stage::Ignored));
    let text = text_of(&[
        "<<<<<<< HEAD",
        &line_of(&ours),
        "||||||| merged common ancestors",
        "<<<<<<<<< Temporary merge branch 1",
        &line_of(&base),
        "=========",
        ">>>>>>>>> Temporary merge branch 2",
        "=======",
        &line_of(&theirs),
        ">>>>>>> posts-of-march",
        &line_of(&shared),
    ]);
    let parsed = parse(&text).unwrap();
    assert!(parsed.had_conflicts);
    assert_eq!(parsed.records, [ours, theirs, shared].into_iter().collect());
}

#[test]
fn two_versions_of_one_attempt_in_a_conflict_are_merged() {
    let [ours, theirs] = [Stage::Intent, Stage::Published].map(|state| record("k", "a", state));
    let text = text_of(&["<<<<<<< HEAD", &line_of(&theirs), "=======", &line_of(&ours), ">>>>>>> x"]);
    assert_eq!(parse(&text).unwrap().records, [theirs].into_iter().collect());
}

#[test]
fn a_marker_without_its_counterpart_is_named() {
    let one = line_of(&record("k", "a", Stage::Ignored));
    assert_eq!(parse(&text_of(&["=======", &one])), Err(Error::LoneMarker { line: 2 }));
    assert!(matches!(parse(&text_of(&["<<<<<<< x", &one])), Err(Error::LoneMarker { .. })));
}

/// A carousel of ten items, published; about as long as a line gets.
fn carousel(number: usize) -> Record {
    let ids = |count: usize| (0..count).map(move |item| format!("17{item:02}{number:013}"));
    let live = Live {
        media_id: Some(format!("1799{number:013}").as_str().into()),
        permalink: Some(format!("https://www.instagram.com/p/{number:011}/")),
        published_at: Some(at(30)),
        via: Some(Via::Publish),
        slides: ids(10).map(|id| id.as_str().into()).collect::<Vec<_>>().into(),
        ..Live::default()
    };
    Record {
        state: State::Published(live),
        digest: Some(format!("v1:sha256:{number:064x}").as_str().into()),
        media_digest: Some(format!("sha256:{number:064x}").as_str().into()),
        children: ids(10).map(|id| Created { id: id.as_str().into(), created_at: None }).collect(),
        file: Some(format!("posts/2026/{number:06}.yaml")),
        ..record(&format!("posts/2026/{number:06}"), &format!("a{number:06}"), Stage::Published)
    }
}

#[test]
fn a_hundred_and_fifty_thousand_carousels_are_read() {
    let taken = |record: &Record| line_of(record).len() as u64 + weight(record);
    let one = taken(&carousel(1));
    assert!(150_000 * one <= LIMIT, "{one} bytes each");
    let picture = taken(&Record { children: Vec::new(), ..carousel(1) });
    assert!(400_000 * picture > LIMIT, "{picture} bytes each are less than they take");
}

#[test]
fn records_that_take_too_much_are_refused_at_their_line() {
    let lines: Vec<String> = (0..100).map(|number| print_line(&[carousel(number)])).collect();
    let text = format!("{HEADER}{}", lines.concat());
    let all = parse(text.as_bytes()).unwrap();
    assert_eq!(parse_within(text.as_bytes(), all.weight).as_ref(), Ok(&all));
    assert_eq!(parse_within(text.as_bytes(), all.weight - 1), Err(Error::TooLarge { line: 101 }));
    assert_eq!(parse_within(text.as_bytes(), all.weight / 2), Err(Error::TooLarge { line: 52 }));
    assert_eq!(parse_within(text.trim_end().as_bytes(), all.weight - 1), Err(Error::TooLarge { line: 101 }));
    // Both sides of a move in one line weigh as much as in two.
    let moved = parse(format!("{HEADER}{}", print_line(&[carousel(0), carousel(1)])).as_bytes()).unwrap();
    let apart = parse(format!("{HEADER}{}{}", lines[0], lines[1]).as_bytes()).unwrap();
    assert!(moved.weight.abs_diff(apart.weight) < 8, "{} and {}", moved.weight, apart.weight);
}

#[test]
fn a_lockfile_is_written_only_while_it_can_be_read() {
    let many: Records = (0..100).map(carousel).collect();
    let long = carousel(0).children.into_iter().cycle().take(5_000).collect();
    let long = Records::from_iter([Record { children: long, ..carousel(0) }]);
    for records in [many, long] {
        let text = print(&records);
        let limits = (0..=32).map(|step| text.len() as u64 * step / 8);
        let written: Vec<bool> = limits
            .map(|limit| {
                let written = print_within(&records, limit);
                assert_eq!(parse_within(text.as_bytes(), limit).map(|_| text.clone()), written);
                written.is_ok()
            })
            .collect();
        assert!(written.contains(&true) && written.contains(&false), "{written:?}");
    }
}

#[test]
fn a_long_line_is_weighed_before_it_is_read() {
    let whole = print_line(&[carousel(1)]);
    let (before, behind) = whole.trim_end().split_once("\"children\":[").unwrap();
    for entry in ["\"1\",", "{\"id\":\"1\",\"created_at\":\"2026-01-01T00:00:00Z\"},"] {
        let text = format!("{HEADER}{before}\"children\":[{}{behind}\n", entry.repeat((4 << 20) / entry.len()));
        let mut result = Ok(Parsed::default());
        let memory = allocation_counter::measure(|| result = parse_within(text.as_bytes(), 4 << 20)).bytes_max;
        assert_eq!(result, Err(Error::TooLarge { line: 2 }));
        assert!(memory < 4096, "{memory} bytes");
    }
    let text = format!("{HEADER}{before}\"children\":[{}{behind}\n", "\"1\",".repeat(100_000));
    parse(text.as_bytes()).expect("a long line that fits is read");
}
