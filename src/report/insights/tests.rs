use igsync_base::insights::Numbers;
use igsync_model::insights::{Sample, sort};

use super::super::markdown::{self, Limit};
use super::*;

const USER: &str = "17841400000000001";

fn row(key: &str, kind: Kind, hours: i64, numbers: Numbers) -> Row {
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    Row {
        key: key.into(),
        account: "acme".into(),
        user_id: UserId::from(USER),
        kind,
        media_id: Some("17900000000000001".into()),
        permalink: Some("https://www.instagram.com/p/AbC/".into()),
        published_at: Some(now - jiff::SignedDuration::from_hours(hours)),
        sample: Sample { numbers, duration_ms: (kind == Kind::Reel).then_some(12_000) },
        missing: None,
    }
}

/// Posts of every kind; six images, so that they have a median.
fn report() -> Report {
    let feed = |reach: u64, n: u64| Numbers {
        views: Some(reach * 2),
        reach: Some(reach),
        likes: Some(40 + n),
        comments: Some(n),
        saves: Some(3 * n),
        shares: Some(2 * n),
        reposts: Some(0),
        ..Numbers::default()
    };
    let mut rows: Vec<Row> = (1..=6)
        .zip([30, 60, 90, 120, 150, 180])
        .map(|(n, hours)| {
            row(&format!("posts/2026-11/an-image-with-a-long-name-{n}"), Kind::Image, hours, feed(1_000 * n, n))
        })
        .collect();
    let reel = Numbers { watch_ms: Some(4_321), skip_rate: Some(34.5), ..feed(12_345, 9) };
    rows.push(row("posts/boats", Kind::Reel, 1, reel));
    rows.push(row("posts/old", Kind::Carousel, 24 * 900, Numbers { likes: Some(7), ..Numbers::default() }));
    rows[7].missing = Some(Missing::Unread(Unread::BeforeProfessional));
    let story = Numbers { views: Some(90), reach: Some(80), replies: Some(2), exits: Some(11), ..Numbers::default() };
    rows.push(row("posts/evening", Kind::Story, 3, story));
    rows.push(row("posts/morning", Kind::Story, 40, Numbers::default()));
    rows[9].missing = Some(Missing::StoryOver);
    sort(&mut rows, Column::Age);
    let medians = Medians::of(rows.iter().map(|row| (&row.user_id, row.kind, &row.sample)));
    let account = AccountSummary {
        account: "acme".into(),
        user_id: UserId::from(USER),
        missing_scopes: &[],
        is_certain: true,
        calls: 3,
        problem: None,
    };
    Report { at: "2026-12-01T12:00:00Z".parse().unwrap(), accounts: vec![account], rows, medians }
}

#[test]
fn the_table_fits_eighty_columns_and_shows_more_where_there_is_room() {
    let narrow = human(&report(), 80);
    assert!(narrow.lines().filter(|line| line.contains("  ")).all(|line| width(line) <= 80), "{narrow}");
    insta::assert_snapshot!("narrow", narrow);
    insta::assert_snapshot!("wide", human(&report(), 200));
}

#[test]
fn a_very_narrow_terminal_gets_keys_at_least() {
    let tiny = human(&report(), 10);
    assert!(tiny.starts_with("POST\n"), "{tiny}");
    assert!(tiny.ends_with("Insights: 10 posts, 8 with insights, 2 without.\n"), "{tiny}");
}

#[test]
fn programs_get_every_number_and_null_for_what_is_not_known() {
    insta::assert_snapshot!(
        "json",
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(&json(&report())).unwrap()).unwrap()
    );
    insta::assert_snapshot!("csv", csv(&report()).replace("\r\n", "␍\n"));
}

#[test]
fn a_summary_of_a_job_has_a_table_and_counts_what_has_no_room() {
    insta::assert_snapshot!("markdown", markdown::insights(&report(), Limit::COMMENT));
    let mut many = report();
    let rows = many.rows.clone();
    for _ in 0..7 {
        many.rows.extend(many.rows.clone());
    }
    let page = markdown::insights(&many, Limit::COMMENT);
    assert!(page.chars().map(char::len_utf16).sum::<usize>() < 65_536);
    assert!(page.contains(" more have no room here."), "{page}");
    assert!(rows.len() < page.lines().count());
}

#[test]
fn cells_of_others_are_no_formulas() {
    for (text, cell) in [
        ("posts/a", "posts/a"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\t=1", "'=1"),
        (" =1", "'=1"),
        ("a,b", "\"a,b\""),
        ("say \"x\"", "\"say \"\"x\"\"\""),
        ("two\nlines", "two lines"),
        ("=a\"b\",c", "\"'=a\"\"b\"\",c\""),
    ] {
        assert_eq!(text_cell(text), cell, "{text:?}");
    }
}

#[test]
fn a_missing_permission_is_named_and_a_doubt_is_said() {
    let mut account = report().accounts.remove(0);
    assert_eq!(scope_note(&account), None);
    account.missing_scopes = &["instagram_manage_insights", "pages_read_engagement"];
    let note = scope_note(&account).unwrap();
    assert!(note.contains("needs instagram_manage_insights and pages_read_engagement"), "{note}");
    account.is_certain = false;
    assert!(scope_note(&account).unwrap().contains("fewer than five"));
}

#[test]
fn ages_and_keys_are_short() {
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    let ago = |seconds| age(now, now - jiff::SignedDuration::from_secs(seconds));
    assert_eq!([ago(59), ago(3_599), ago(3_600), ago(172_800), ago(-5)], ["0 min", "59 min", "1 h", "2 d", "0 min"]);
    assert_eq!(tail("posts/2026-11/espresso", 12), "…11/espresso");
    assert_eq!(tail("posts/a", 12), "posts/a");
    assert_eq!(multiple(1.25), "1.2×");
    assert_eq!(multiple(1234.5), "1234×");
}
