use std::collections::BTreeMap;

use super::super::endpoint::{Endpoint, Flavour};
use super::super::testing::{Script, Scripted, answer, client, client_of};
use super::*;

fn user() -> UserId {
    UserId::from("17841400000000001")
}

/// One row of a listing: `{"id":…,"timestamp":…}` and whatever is beside it.
fn row(id: u64, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","timestamp":"2026-11-23T12:00:00+0000","media_type":"IMAGE","media_product_type":"FEED"{more}}}"#
    )
}

fn page(rows: &[String]) -> Scripted {
    answer(200, &format!(r#"{{"data":[{}]}}"#, rows.join(","))).into()
}

fn numbers(reach: u64) -> String {
    format!(r#","insights":{{"data":[{{"name":"reach","values":[{{"value":{reach}}}]}}]}}"#)
}

fn single(reach: u64) -> Scripted {
    answer(200, &format!(r#"{{"data":[{{"name":"reach","values":[{{"value":{reach}}}]}}]}}"#)).into()
}

fn refused(code: i64, subcode: Option<i64>) -> Scripted {
    let subcode = subcode.map(|subcode| format!(r#","error_subcode":{subcode}"#)).unwrap_or_default();
    answer(400, &format!(r#"{{"error":{{"message":"no","code":{code}{subcode}}}}}"#)).into()
}

/// What is read of a record with these posts, and the addresses that were asked.
async fn read(wanted: &[(u64, Kind)], answers: Vec<Scripted>) -> (Result<Insights, Error>, Vec<String>) {
    let script = Script::of(answers);
    // Instagram Login: the other one has more fields.
    let client = client_of(&script, Endpoint::new(Flavour::Instagram, None, None, None).unwrap());
    let posts: BTreeMap<MediaId, Kind> =
        wanted.iter().map(|(id, kind)| (MediaId::new(id.to_string()), *kind)).collect();
    let refused = Refusals::default();
    let wanted = Wanted { user: &user(), posts: &posts, since: Timestamp::MIN, refused: &refused };
    let read = client.insights(wanted).await;
    let shorten = |url: String| url.replace("https://graph.instagram.com/v26.0/", "").replace("%2C", ",");
    (read, script.sent().into_iter().map(|sent| shorten(sent.url)).collect())
}

const IMAGE: Kind = Kind::Image;

#[tokio::test]
async fn one_call_reads_a_page_of_posts() {
    let rows = [row(2, &format!("{},\"like_count\":9", numbers(50))), row(1, &numbers(0))];
    let (read, urls) = read(&[(1, IMAGE), (2, IMAGE)], vec![page(&rows)]).await;
    let read = read.unwrap();
    assert_eq!((read.calls, read.is_permitted, urls.len()), (1, Some(true), 1));
    assert!(urls[0].contains("insights.metric%28views,reach,likes,comments,saved,shares,reposts%29"), "{urls:?}");
    assert_eq!((read.posts[0].numbers.reach, read.posts[0].numbers.likes), (Some(50), Some(9)));
    assert_eq!((read.posts[1].numbers.reach, read.posts[1].numbers.views), (Some(0), None), "0 is known");
    assert!(read.posts.iter().all(|post| post.unread.is_none()));
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_is_wanted() {
    let (read, urls) = read(&[], vec![]).await;
    assert_eq!((read.unwrap(), urls.len()), (Insights::default(), 0));
}

#[tokio::test]
async fn a_missing_permission_ends_the_asking_and_leaves_the_counts() {
    let rows = [row(1, ",\"like_count\":3")];
    let (read, urls) = read(&[(1, IMAGE), (5, Kind::Story)], vec![refused(200, None), page(&rows)]).await;
    let read = read.unwrap();
    assert_eq!((read.is_permitted, read.posts[0].unread), (Some(false), Some(Unread::NoPermission)));
    assert_eq!((read.posts[0].numbers.likes, urls.len()), (Some(3), 2), "stories are not asked for");
}

#[tokio::test]
async fn code_10_is_a_missing_permission_only_where_enough_have_seen_a_post() {
    let rows = |likes: u64| page(&[row(2, &format!(",\"like_count\":{likes}")), row(1, ",\"like_count\":1")]);
    let wanted = [(1, IMAGE), (2, IMAGE)];
    let (seen, urls) = read(&wanted, vec![refused(10, None), rows(5), refused(10, None)]).await;
    assert!(urls[2].starts_with("2/insights?metric=views"), "the one with most likes: {urls:?}");
    let seen = seen.unwrap();
    assert_eq!((seen.is_permitted, seen.posts[1].unread), (Some(false), Some(Unread::NoPermission)));
    let (unseen, _) = read(&wanted, vec![refused(10, None), rows(4), refused(10, None)]).await;
    let unseen = unseen.unwrap();
    assert_eq!((unseen.is_permitted, unseen.posts[0].unread), (None, Some(Unread::Withheld)));
    let (one, _) = read(&wanted, vec![refused(10, None), rows(9), single(70), refused(10, None)]).await;
    let one = one.unwrap();
    assert_eq!((one.posts[0].numbers.reach, one.posts[1].unread), (Some(70), Some(Unread::FewViewers)));
    assert_eq!(one.is_permitted, Some(true));
}

#[tokio::test]
async fn the_change_of_an_account_is_found_by_halving_and_only_where_the_oldest_is_refused() {
    let at = |id: u64| row(id, "").replace("12:00:00", &format!("12:{id:02}:00"));
    let rows: Vec<String> = (1..=8).rev().map(at).collect();
    let wanted: Vec<(u64, Kind)> = (1..=8).map(|id| (id, IMAGE)).collect();
    let old = || refused(100, Some(2_108_006));
    // Refused are 1, 2 and 3. Asked are 1, then 5, 3 and 4; then the page up to 4.
    let with_numbers = |id: u64| row(id, &numbers(id)).replace("12:00:00", &format!("12:{id:02}:00"));
    let newer: Vec<String> = (4..=8).rev().map(with_numbers).collect();
    let answers = vec![old(), page(&rows), old(), single(5), old(), single(4), page(&newer)];
    let (found, urls) = read(&wanted, answers).await;
    let found = found.unwrap();
    assert!(urls.last().unwrap().ends_with("&limit=5"), "{urls:?}");
    assert_eq!(found.refused.until, Some("2026-11-23T12:03:00Z".parse().unwrap()));
    let unread: Vec<bool> = found.posts.iter().map(|post| post.unread.is_some()).collect();
    assert_eq!(unread, [false, false, false, false, false, true, true, true]);
    // The oldest one is answered: then age explains nothing, and each is asked.
    let answers = vec![old(), page(&rows[6..]), single(1), old()];
    let (odd, _) = read(&[(1, IMAGE), (2, IMAGE)], answers).await;
    let odd = odd.unwrap();
    assert_eq!((odd.refused.until, odd.refused.posts.len()), (None, 1));
}

#[tokio::test]
async fn an_old_video_costs_its_page_two_calls_and_no_call_for_each_post() {
    let old = || row(5, "").replace("IMAGE", "VIDEO");
    let rows = |ids: std::ops::RangeInclusive<u64>| ids.rev().map(|id| if id == 5 { old() } else { row(id, "") });
    let with = |ids: std::ops::RangeInclusive<u64>| ids.rev().map(|id| row(id, &numbers(id))).collect::<Vec<_>>();
    let onward = |rows: Vec<String>, cursor: &str| {
        let data = rows.join(",");
        let paging = format!(r#""paging":{{"cursors":{{"after":"{cursor}"}},"next":"https://graph.instagram.com/x"}}"#);
        Scripted::from(answer(200, &format!(r#"{{"data":[{data}],{paging}}}"#)))
    };
    let answers = vec![
        refused(100, None),
        page(&rows(1..=9).collect::<Vec<_>>()),
        onward(with(6..=9), "A"),
        onward(vec![old()], "B"),
        page(&with(1..=4)),
        single(7),
    ];
    let wanted: Vec<(u64, Kind)> = (1..=9).map(|id| (id, if id == 5 { Kind::Reel } else { IMAGE })).collect();
    let (found, urls) = read(&wanted, answers).await;
    let found = found.unwrap();
    assert!(found.posts.iter().all(|post| post.unread.is_none() && post.numbers.reach.is_some()), "{found:?}");
    assert_eq!(urls.len(), 6, "{urls:?}");
    assert!(urls[4].ends_with("&limit=4&after=B"), "{urls:?}");
}

#[tokio::test]
async fn a_page_that_is_too_large_is_halved() {
    let reduce = answer(500, r#"{"error":{"code":1,"message":"Please reduce the amount of data you're asking for"}}"#);
    let (read, urls) = read(&[(1, IMAGE)], vec![reduce.into(), page(&[row(1, &numbers(4))])]).await;
    assert_eq!(read.unwrap().calls, 2);
    assert!(urls[0].ends_with("limit=100") && urls[1].ends_with("limit=50"), "{urls:?}");
}

#[tokio::test]
async fn counts_that_an_app_does_not_have_are_left_out() {
    let answers = vec![refused(200, None), refused(100, None), page(&[row(1, "")])];
    let script = Script::of(answers);
    let posts = BTreeMap::from([(MediaId::from("1"), IMAGE)]);
    let refused = Refusals::default();
    let wanted = Wanted { user: &user(), posts: &posts, since: Timestamp::MIN, refused: &refused };
    client(&script).insights(wanted).await.unwrap();
    let sent = script.sent();
    assert!(sent[1].url.contains("saved_count") && !sent[2].url.contains("saved_count"));
}

#[tokio::test]
async fn what_is_no_id_is_no_row_and_a_throttle_ends_the_reading() {
    let odd = r#"{"id":"../../me","timestamp":"2026-11-23T12:00:00+0000"}"#.to_owned();
    let (found, _) = read(&[(1, IMAGE)], vec![page(&[odd])]).await;
    assert!(found.unwrap().posts.is_empty());
    let (throttled, urls) = read(&[(1, IMAGE)], vec![refused(80_002, None)]).await;
    assert_eq!((throttled.unwrap_err().codes(), urls.len()), (Some((80_002, None)), 1));
}

#[tokio::test]
async fn where_no_post_is_answered_asking_ends_after_a_few() {
    let rows: Vec<String> = (1..=20).rev().map(|id| row(id, "")).collect();
    let wanted: Vec<(u64, Kind)> = (1..=20).map(|id| (id, IMAGE)).collect();
    let mut answers = vec![refused(100, None), page(&rows)];
    answers.extend((0..10).map(|_| refused(100, None)));
    let (found, urls) = read(&wanted, answers).await;
    assert_eq!(urls.len(), 12, "two calls for each of five posts");
    assert!(found.unwrap().posts.iter().all(|post| post.unread == Some(Unread::Refused)));
}

#[tokio::test]
async fn a_newer_metric_of_reels_that_is_refused_is_not_asked_for_again() {
    let reel = |id| row(id, &numbers(9)).replace("FEED", "REELS").replace("IMAGE", "VIDEO");
    let mut rows: Vec<String> = (1..=8).rev().map(reel).collect();
    rows.push(row(99, &numbers(9)));
    let wanted: Vec<(u64, Kind)> = (1..=8).map(|id| (id, Kind::Reel)).collect();
    let watched = || -> Scripted {
        answer(200, r#"{"data":[{"name":"ig_reels_avg_watch_time","values":[{"value":5}]}]}"#).into()
    };
    // Four at once, each with the second set after the first one; then one call each.
    let mut answers = vec![page(&rows)];
    answers.extend((0..4).flat_map(|_| [refused(100, None), watched()]));
    answers.extend((0..4).map(|_| watched()));
    let (found, urls) = read(&wanted, answers).await;
    let found = found.unwrap();
    assert_eq!(found.posts.iter().filter(|post| post.numbers.watch_ms == Some(5)).count(), 8);
    assert_eq!(urls.iter().filter(|url| url.contains("reels_skip_rate")).count(), 4, "{urls:?}");
}
