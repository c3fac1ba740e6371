use super::*;
use igsync_base::content::{Audio, GraduationStrategy, MediaType, ProductTag, UserTag};
use igsync_base::id::Kind;
use igsync_base::path::Source;

fn sent(new: &NewContainer<'_>) -> Vec<(&'static str, String)> {
    params(new)
}

fn pairs(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expected.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn tag(username: &str, at: Option<(f64, f64)>) -> UserTag {
    UserTag { username: username.to_owned(), x: at.map(|(x, _)| x), y: at.map(|(_, y)| y) }
}

fn product(at: Option<(f64, f64)>) -> ProductTag {
    ProductTag { product_id: "3231775643511089".to_owned(), x: at.map(|(x, _)| x), y: at.map(|(_, y)| y) }
}

const IMAGE: &str = "https://cdn.example.com/a.jpg";
const VIDEO: &str = "https://cdn.example.com/a.mp4";

/// Where the file lies is not sent: the address is.
fn picture() -> Item {
    Item::new(0, MediaType::Image, Source::Local("a.jpg".into()))
}

fn clip() -> Item {
    Item::new(0, MediaType::Video, Source::Local("a.mp4".into()))
}

#[test]
fn an_image_has_no_media_type() {
    let item = Item {
        alt_text: Some("Sun over cranes".to_owned()),
        user_tags: vec![tag("harbour", Some((0.4, 0.6)))],
        product_tags: vec![product(Some((0.5, 1.0)))],
        ..picture()
    };
    let content = Content {
        caption: "Golden hour\n#harbour".to_owned(),
        collaborators: vec!["acme".to_owned(), "boats".to_owned()],
        location_id: Some("7640348500".to_owned()),
        is_ai_generated: Some(false),
        is_paid_partnership: Some(true),
        branded_content_sponsor_ids: vec!["17841400000000002".to_owned()],
        ..Content::new(Kind::Image, vec![item.clone()])
    };
    let new = NewContainer::Image { image_url: IMAGE.to_owned(), item: &item, content: &content };
    assert_eq!(
        sent(&new),
        pairs(&[
            ("image_url", IMAGE),
            ("alt_text", "Sun over cranes"),
            ("user_tags", r#"[{"username":"harbour","x":0.4,"y":0.6}]"#),
            ("product_tags", r#"[{"product_id":"3231775643511089","x":0.5,"y":1.0}]"#),
            ("caption", "Golden hour\n#harbour"),
            ("collaborators", r#"["acme","boats"]"#),
            ("location_id", "7640348500"),
            ("is_ai_generated", "false"),
            ("is_paid_partnership", "true"),
            ("branded_content_sponsor_ids", r#"["17841400000000002"]"#),
        ])
    );
}

#[test]
fn what_is_empty_is_not_sent() {
    let content = Content::new(Kind::Image, vec![picture()]);
    let new = NewContainer::Image { image_url: IMAGE.to_owned(), item: &content.items[0], content: &content };
    assert_eq!(sent(&new), pairs(&[("image_url", IMAGE)]));
}

#[test]
fn a_reel_always_says_whether_it_shares_to_the_feed() {
    let item = Item {
        user_tags: vec![tag("harbour", None)],
        product_tags: vec![product(None)],
        thumb_offset: Some(1500),
        ..clip()
    };
    let audio =
        Audio { audio_id: "9".to_owned(), audio_volume: Some(0.5), video_volume: None, should_loop_audio: None };
    let reel = ReelOptions {
        cover: Some(Source::Local("cover.jpg".into())),
        share_to_feed: false,
        audio_name: Some("Harbour sounds".to_owned()),
        audio_configuration: Some(audio),
        trial: Some(GraduationStrategy::Manual),
    };
    let content =
        Content { caption: "Boats".to_owned(), reel: Some(reel), ..Content::new(Kind::Reel, vec![item.clone()]) };
    let new = NewContainer::Reel {
        video: Video::Url(VIDEO.to_owned()),
        cover_url: Some(IMAGE.to_owned()),
        item: &item,
        content: &content,
    };
    assert_eq!(
        sent(&new),
        pairs(&[
            ("media_type", "REELS"),
            ("video_url", VIDEO),
            ("user_tags", r#"[{"username":"harbour"}]"#),
            ("product_tags", r#"[{"product_id":"3231775643511089"}]"#),
            ("cover_url", IMAGE),
            ("thumb_offset", "1500"),
            ("share_to_feed", "false"),
            ("audio_name", "Harbour sounds"),
            ("audio_configuration", r#"{"audio_id":"9","audio_volume":0.5}"#),
            ("trial_params", r#"{"graduation_strategy":"MANUAL"}"#),
            ("caption", "Boats"),
        ])
    );
}

#[test]
fn an_uploaded_reel_says_resumable_instead_of_a_url() {
    let content = Content::new(Kind::Reel, vec![clip()]);
    let new = NewContainer::Reel { video: Video::Upload, cover_url: None, item: &content.items[0], content: &content };
    let expected = [("media_type", "REELS"), ("upload_type", "resumable"), ("share_to_feed", "true")];
    assert_eq!(sent(&new), pairs(&expected));
    assert!(new.is_upload());
}

#[test]
fn a_story_has_one_media_and_tags() {
    let media = StoryMedia::Image(IMAGE.to_owned());
    let item = Item { user_tags: vec![tag("harbour", None)], ..picture() };
    let image = NewContainer::Story { media, item: &item };
    let expected = [("media_type", "STORIES"), ("image_url", IMAGE), ("user_tags", r#"[{"username":"harbour"}]"#)];
    assert_eq!(sent(&image), pairs(&expected));
    assert!(!image.is_upload());
    let media = StoryMedia::Video(Video::Url(VIDEO.to_owned()));
    let video = NewContainer::Story { media, item: &clip() };
    assert_eq!(sent(&video), pairs(&[("media_type", "STORIES"), ("video_url", VIDEO)]));
    let upload = NewContainer::Story { media: StoryMedia::Video(Video::Upload), item: &clip() };
    assert_eq!(sent(&upload), pairs(&[("media_type", "STORIES"), ("upload_type", "resumable")]));
    assert!(upload.is_upload());
}

#[test]
fn items_say_that_they_belong_to_a_carousel() {
    let item =
        Item { alt_text: Some("Sun".to_owned()), user_tags: vec![tag("harbour", Some((0.0, 1.0)))], ..picture() };
    let image = NewContainer::ImageItem { image_url: IMAGE.to_owned(), item: &item };
    assert_eq!(
        sent(&image),
        pairs(&[
            ("image_url", IMAGE),
            ("is_carousel_item", "true"),
            ("alt_text", "Sun"),
            ("user_tags", r#"[{"username":"harbour","x":0.0,"y":1.0}]"#),
        ])
    );
    let item = Item { product_tags: vec![product(None)], thumb_offset: Some(0), ..clip() };
    let video = NewContainer::VideoItem { video: Video::Url(VIDEO.to_owned()), item: &item };
    assert_eq!(
        sent(&video),
        pairs(&[
            ("media_type", "VIDEO"),
            ("video_url", VIDEO),
            ("is_carousel_item", "true"),
            ("product_tags", r#"[{"product_id":"3231775643511089"}]"#),
            ("thumb_offset", "0"),
        ])
    );
}

#[test]
fn a_carousel_lists_its_children_in_order() {
    let content = Content { caption: "Two".to_owned(), ..Content::new(Kind::Carousel, vec![picture(), clip()]) };
    let new = NewContainer::Carousel { children: vec!["12".into(), "11".into()], content: &content };
    assert_eq!(sent(&new), pairs(&[("media_type", "CAROUSEL"), ("children", r#"["12","11"]"#), ("caption", "Two")]));
}
