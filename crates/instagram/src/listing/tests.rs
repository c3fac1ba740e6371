use super::super::testing::{Script, TOKEN, answer, client, fixture};
use super::*;

fn user() -> UserId {
    UserId::from("17841400000000001")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One page: media made in the given minutes of 12 o'clock, and whether another page follows.
fn page(minutes: &[u32], next: Option<&str>) -> String {
    let data: Vec<String> = minutes
        .iter()
        .map(|minute| format!(r#"{{"id":"179{minute:02}","timestamp":"2026-11-23T12:{minute:02}:00+0000"}}"#))
        .collect();
    let paging = next.map_or(String::new(), |after| {
        format!(
            r#","paging":{{"cursors":{{"before":"b","after":"{after}"}},"next":"https://x.example/?access_token={TOKEN}"}}"#
        )
    });
    format!(r#"{{"data":[{}]{paging}}}"#, data.join(","))
}

#[tokio::test]
async fn a_documented_page_is_read() {
    let script = Script::of([answer(200, &fixture("media_listing.json")).into()]);
    let media = client(&script).newest(&user(), 10).await.unwrap();
    assert_eq!(media.len(), 5);
    assert_eq!(
        media[0],
        Media {
            id: "17920238422030506".into(),
            caption: Some("Golden hour with harbour".to_owned()),
            timestamp: Some(time("2026-11-23T15:16:15Z")),
            kind: Some(Kind::Carousel),
            permalink: Some("https://www.instagram.com/p/AbCdEfGhIjK/".to_owned()),
            child_count: Some(2),
            slides: vec!["17890000000000001".into(), "17890000000000002".into()],
        }
    );
    let kinds: Vec<_> = media.iter().map(|each| each.kind).collect();
    assert_eq!(kinds, [Some(Kind::Carousel), Some(Kind::Reel), Some(Kind::Image), Some(Kind::Reel), None]);
    assert_eq!(media[3].timestamp, None);
    let url = &script.sent()[0].url;
    assert!(url.contains("/17841400000000001/media?fields=id%2Ccaption") && url.ends_with("&limit=10"), "{url}");
}

#[tokio::test]
async fn pages_are_read_until_one_ends_before_the_time_asked_for() {
    let pages = [page(&[50, 40], Some("c1")), page(&[], Some("c2")), page(&[30, 20], Some("c3"))];
    let script = Script::of(pages.iter().map(|page| answer(200, page).into()));
    let listing = client(&script).back_to(&user(), time("2026-11-23T12:25:00Z"), 10).await.unwrap();
    assert!(listing.is_complete);
    assert_eq!(listing.media.len(), 4);
    let urls: Vec<_> = script.sent().into_iter().map(|sent| sent.url).collect();
    assert!(urls[1].ends_with("&limit=100&after=c1") && urls[2].ends_with("&after=c2"), "{urls:?}");
    assert!(urls.iter().all(|url| !url.contains(TOKEN) && url.starts_with("https://graph.facebook.com/")));
}

#[tokio::test]
async fn slides_that_are_named_by_something_else_than_ids_are_only_counted() {
    let odd = r#"{"data":[{"id":"17","children":{"data":[{"id":"18"},{"id":"../19"}]}}]}"#;
    let script = Script::of([answer(200, odd).into()]);
    let media = client(&script).newest(&user(), 10).await.unwrap();
    assert_eq!((media[0].child_count, &media[0].slides), (Some(2), &vec![]));
}

#[tokio::test]
async fn a_media_of_just_that_second_does_not_end_the_reading() {
    let pages = [page(&[25], Some("c1")), page(&[24], None)];
    let script = Script::of(pages.iter().map(|page| answer(200, page).into()));
    let listing = client(&script).back_to(&user(), time("2026-11-23T12:25:00Z"), 10).await.unwrap();
    assert!(listing.is_complete);
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn a_listing_without_next_is_complete() {
    let script = Script::of([answer(200, &page(&[50], None)).into()]);
    let listing = client(&script).back_to(&user(), time("2026-01-01T00:00:00Z"), 10).await.unwrap();
    assert!(listing.is_complete);
}

#[tokio::test]
async fn too_many_pages_leave_the_listing_incomplete() {
    let pages = [page(&[50], Some("c1")), page(&[40], Some("c2"))];
    let script = Script::of(pages.iter().map(|page| answer(200, page).into()));
    let listing = client(&script).back_to(&user(), time("2026-01-01T00:00:00Z"), 2).await.unwrap();
    assert!(!listing.is_complete);
    assert_eq!(listing.media.len(), 2);
}

#[tokio::test]
async fn a_listing_in_circles_or_without_cursor_is_an_error() {
    let pages = [page(&[50], Some("c1")), page(&[50], Some("c1"))];
    let script = Script::of(pages.iter().map(|page| answer(200, page).into()));
    assert!(client(&script).back_to(&user(), time("2026-01-01T00:00:00Z"), 9).await.is_err());
    let lost = r#"{"data":[],"paging":{"next":"https://x.example/?limit=1"}}"#;
    let script = Script::of([answer(200, lost).into()]);
    assert!(client(&script).back_to(&user(), time("2026-01-01T00:00:00Z"), 9).await.is_err());
}

#[tokio::test]
async fn the_cursor_is_taken_from_the_next_url_when_it_stands_there_only() {
    let first = r#"{"data":[],"paging":{"next":"https://x.example/?after=c%2F1&limit=1"}}"#;
    let script = Script::of([answer(200, first).into(), answer(200, &page(&[50], None)).into()]);
    let listing = client(&script).stories(&user(), 9).await.unwrap();
    assert!(listing.is_complete);
    assert!(script.sent()[1].url.contains("/stories?") && script.sent()[1].url.ends_with("&after=c%2F1"));
}
