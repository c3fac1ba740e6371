use super::super::testing::{Script, Scripted, TOKEN, answer, client, fixture};
use super::*;

fn user() -> UserId {
    UserId::from("17841400000000001")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One page of posts with these ids, published on that day of November, and whether another page follows.
fn page(ids: std::ops::Range<u32>, day: u32, next: Option<&str>) -> String {
    let data: Vec<String> =
        ids.map(|id| format!(r#"{{"id":"179{id:04}","timestamp":"2026-11-{day:02}T12:00:00+0000"}}"#)).collect();
    let paging = next.map_or(String::new(), |after| {
        format!(r#","paging":{{"cursors":{{"after":"{after}"}},"next":"https://x.example/?access_token={TOKEN}"}}"#)
    });
    format!(r#"{{"data":[{}]{paging}}}"#, data.join(","))
}

fn refused(code: i64, message: &str) -> Scripted {
    answer(400, &format!(r#"{{"error":{{"code":{code},"message":"{message}"}}}}"#)).into()
}

fn whole(pages: impl IntoIterator<Item = String>) -> Script {
    Script::of(pages.into_iter().map(|page| answer(200, &page).into()))
}

async fn read(script: &Script) -> Result<Feed, Error> {
    client(script).feed(&user(), None, WHOLE_FEED).await
}

const REDUCE: &str = "Please reduce the amount of data you're asking for, then retry your request";

#[tokio::test]
async fn a_documented_page_is_read_whole() {
    let script = Script::of([answer(200, &fixture("feed.json")).into()]);
    let feed = read(&script).await.unwrap();
    assert_eq!((feed.posts.len(), feed.is_complete, feed.calls), (5, true, 1));
    let url = &script.sent()[0].url;
    assert!(url.contains("/17841400000000001/media?fields=id%2Ctimestamp%2Ccaption") && url.ends_with("&limit=100"));
    let carousel = &feed.posts[0];
    assert_eq!((carousel.kind, carousel.at), (Some(Kind::Carousel), Some(time("2026-11-23T15:16:15Z"))));
    assert_eq!((carousel.likes, carousel.comments, carousel.alt_text.as_deref()), (Some(12), Some(3), None));
    let slides = carousel.children.as_deref().unwrap();
    assert_eq!(
        slides[1],
        LiveChild {
            id: "17890000000000002".into(),
            is_video: true,
            media_url: Some("https://video.cdninstagram.com/v/t50/2.mp4?oe=6930A1B2".to_owned()),
            thumbnail_url: Some("https://scontent.cdninstagram.com/v/t51/2.jpg?oe=6930A1B2".to_owned()),
            alt_text: None,
        }
    );
    assert_eq!((slides[0].is_video, slides[0].alt_text.as_deref()), (false, Some("Cranes")));
    let reel = &feed.posts[1];
    assert_eq!((reel.kind, reel.is_old_video, reel.share_to_feed), (Some(Kind::Reel), false, Some(false)));
    assert_eq!((reel.comment_enabled, reel.is_ai_generated), (Some(false), Some(true)));
    assert_eq!((reel.audio, reel.has_copyright_match, &reel.media_url), (Some(Audio::Music), Some(true), &None));
    assert_eq!((feed.posts[2].kind, feed.posts[2].is_old_video), (Some(Kind::Reel), true));
    assert_eq!((feed.posts[3].kind, feed.posts[3].at, feed.posts[3].comment_enabled), (Some(Kind::Image), None, None));
    assert_eq!((feed.posts[4].kind, &feed.posts[4].children), (None, &None));
}

#[tokio::test]
async fn pages_are_read_until_one_has_no_next_and_each_post_comes_once() {
    let pages = [
        page(0..3, 20, Some("a")),
        page(0..0, 20, Some("b")),
        page(2..5, 19, Some("c")),
        page(0..0, 20, Some("d")),
        page(0..0, 20, None),
    ];
    let feed = read(&whole(pages)).await.unwrap();
    let ids: Vec<&str> = feed.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(ids, ["1790000", "1790001", "1790002", "1790003", "1790004"]);
    assert_eq!((feed.is_complete, feed.calls), (true, 5));
}

#[tokio::test]
async fn a_feed_since_a_day_ends_with_the_page_that_is_older() {
    let script = whole([page(0..2, 20, Some("a")), page(2..4, 18, Some("b"))]);
    let feed = client(&script).feed(&user(), Some(time("2026-11-19T00:00:00Z")), WHOLE_FEED).await.unwrap();
    assert_eq!((feed.posts.len(), feed.is_complete), (4, true));
}

#[tokio::test]
async fn too_few_pages_leave_a_feed_incomplete() {
    let script = whole([page(0..2, 20, Some("a")), page(2..4, 18, Some("b"))]);
    let feed = client(&script).feed(&user(), None, 2).await.unwrap();
    assert_eq!((feed.posts.len(), feed.is_complete, feed.calls), (4, false, 2));
}

#[tokio::test]
async fn a_feed_in_circles_is_an_error() {
    let pages = ["a", "b", "a"].map(|next| page(0..1, 20, Some(next)));
    assert!(read(&whole(pages)).await.unwrap_err().to_string().contains("repeats itself"));
    assert!(read(&whole([r#"{"data":[{"id":"x1"}]}"#.to_owned()])).await.is_err());
    let slide = r#"{"data":[{"id":"1","children":{"data":[{"id":"../1"}]}}]}"#.to_owned();
    assert!(read(&whole([slide])).await.is_err());
}

#[tokio::test]
async fn a_field_that_does_not_exist_is_never_asked_for_again() {
    let unknown = "(#100) Tried accessing nonexisting field (media_audio_type) on node type (IGMedia)";
    let answers = [
        refused(100, unknown),
        answer(200, &page(0..1, 20, Some("a"))).into(),
        answer(200, &page(1..2, 20, None)).into(),
        answer(200, r#"{"id":"1790001"}"#).into(),
    ];
    let script = Script::of(answers);
    let client = client(&script);
    let feed = client.feed(&user(), None, WHOLE_FEED).await.unwrap();
    assert_eq!((feed.posts.len(), feed.calls), (2, 3));
    assert_eq!(client.feed_one(&"1790001".into()).await.unwrap().id, "1790001".into());
    let asked: Vec<bool> = script.sent().iter().map(|sent| sent.url.contains("media_audio_type")).collect();
    assert_eq!(asked, [true, false, false, false]);
    assert!(script.clock.slept_ms().is_empty(), "{:?}", script.clock.slept_ms());
}

#[tokio::test]
async fn other_refusals_end_the_reading() {
    for (code, message) in [(100, "Invalid parameter"), (10, "no permission"), (190, "caption")] {
        let script = Script::of([refused(code, message)]);
        assert_eq!(read(&script).await.unwrap_err().codes(), Some((code, None)), "{code}");
    }
}

/// The `limit` of each request.
fn limits(script: &Script) -> Vec<String> {
    let sent = script.sent();
    let limit = |url: &str| url.split("limit=").nth(1).unwrap_or_default().split('&').next().unwrap().to_owned();
    sent.iter().map(|sent| limit(&sent.url)).collect()
}

#[tokio::test]
async fn a_page_that_is_too_large_is_halved_for_good() {
    let script = Script::of([
        refused(1, REDUCE),
        refused(1, REDUCE),
        answer(200, &page(0..1, 20, Some("a"))).into(),
        answer(200, &page(1..2, 20, None)).into(),
    ]);
    let feed = read(&script).await.unwrap();
    assert_eq!((feed.posts.len(), feed.calls), (2, 4));
    assert_eq!(limits(&script), ["100", "50", "25", "25"]);
}

#[tokio::test]
async fn another_trouble_of_metas_makes_one_page_smaller_and_not_the_next() {
    let script = Script::of([
        refused(1, "An unknown error occurred"),
        answer(200, &page(0..1, 20, Some("a"))).into(),
        answer(200, &page(1..2, 20, None)).into(),
    ]);
    read(&script).await.unwrap();
    assert_eq!(limits(&script), ["100", "50", "100"]);
}

#[tokio::test]
async fn a_page_that_never_comes_is_given_up() {
    let script = Script::of((0..20).map(|_| refused(1, REDUCE)));
    assert_eq!(read(&script).await.unwrap_err().codes(), Some((1, None)));
    assert_eq!(limits(&script), ["100", "50", "25", "12", "6", "6", "6", "6"]);
}

#[tokio::test]
async fn links_that_lead_elsewhere_or_hold_the_token_are_no_links() {
    for (link, is_kept) in [
        ("https://scontent.cdninstagram.com/v/1.jpg?oe=1", true),
        ("http://scontent.cdninstagram.com/v/1.jpg", false),
        ("http://127.0.0.1/v/1.jpg", false),
        ("https://a:b@scontent.cdninstagram.com/v/1.jpg", false),
        ("file:///etc/passwd", false),
        ("", false),
        (&format!("https://scontent.cdninstagram.com/?t={TOKEN}"), false),
        (&format!("https://scontent.cdninstagram.com/{}", "a".repeat(5_000)), false),
    ] {
        let script = whole([format!(r#"{{"id":"1","media_url":"{link}","like_count":-1}}"#)]);
        let post = client(&script).feed_one(&"1".into()).await.unwrap();
        assert_eq!((post.media_url.is_some(), post.likes), (is_kept, None), "{link}");
    }
}

#[tokio::test]
async fn one_post_that_is_denied_is_unreadable() {
    let script = Script::of([answer(400, r#"{"error":{"code":100,"error_subcode":33,"message":"caption"}}"#).into()]);
    assert!(client(&script).feed_one(&"1".into()).await.unwrap_err().is_unreadable());
}
