use serde_json::json;

use super::*;

fn sent(new: &NewContainer) -> Vec<(&'static str, String)> {
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

#[test]
fn an_image_has_no_media_type() {
    let new = NewContainer::Image {
        image_url: IMAGE.to_owned(),
        alt_text: Some("Sun over cranes".to_owned()),
        user_tags: vec![tag("harbour", Some((0.4, 0.6)))],
        product_tags: vec![product(Some((0.5, 1.0)))],
        post: PostFields {
            caption: Some("Golden hour\n#harbour".to_owned()),
            collaborators: vec!["acme".to_owned(), "boats".to_owned()],
            location_id: Some("7640348500".to_owned()),
            is_ai_generated: Some(false),
            is_paid_partnership: Some(true),
            branded_content_sponsor_ids: vec!["17841400000000002".to_owned()],
        },
    };
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
    let post = PostFields { caption: Some(String::new()), ..PostFields::default() };
    let new = NewContainer::Image {
        image_url: IMAGE.to_owned(),
        alt_text: None,
        user_tags: Vec::new(),
        product_tags: Vec::new(),
        post,
    };
    assert_eq!(sent(&new), pairs(&[("image_url", IMAGE)]));
}

#[test]
fn a_reel_always_says_whether_it_shares_to_the_feed() {
    let new = NewContainer::Reel {
        video: Video::Url(VIDEO.to_owned()),
        user_tags: vec![tag("harbour", None)],
        product_tags: vec![product(None)],
        reel: ReelFields {
            cover_url: Some(IMAGE.to_owned()),
            thumb_offset: Some(1500),
            share_to_feed: false,
            audio_name: Some("Harbour sounds".to_owned()),
            audio_configuration: Some(json!({"audio_id": "9", "audio_volume": 0.5})),
            trial_params: Some(json!({"graduation_strategy": "MANUAL"})),
        },
        post: PostFields { caption: Some("Boats".to_owned()), ..PostFields::default() },
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
    let new = NewContainer::Reel {
        video: Video::Upload,
        user_tags: Vec::new(),
        product_tags: Vec::new(),
        reel: ReelFields { share_to_feed: true, ..ReelFields::default() },
        post: PostFields::default(),
    };
    let expected = [("media_type", "REELS"), ("upload_type", "resumable"), ("share_to_feed", "true")];
    assert_eq!(sent(&new), pairs(&expected));
    assert!(new.is_upload());
}

#[test]
fn a_story_has_one_media_and_tags() {
    let media = StoryMedia::Image(IMAGE.to_owned());
    let image = NewContainer::Story { media, user_tags: vec![tag("harbour", None)] };
    let expected = [("media_type", "STORIES"), ("image_url", IMAGE), ("user_tags", r#"[{"username":"harbour"}]"#)];
    assert_eq!(sent(&image), pairs(&expected));
    assert!(!image.is_upload());
    let media = StoryMedia::Video(Video::Url(VIDEO.to_owned()));
    let video = NewContainer::Story { media, user_tags: Vec::new() };
    assert_eq!(sent(&video), pairs(&[("media_type", "STORIES"), ("video_url", VIDEO)]));
    let upload = NewContainer::Story { media: StoryMedia::Video(Video::Upload), user_tags: Vec::new() };
    assert_eq!(sent(&upload), pairs(&[("media_type", "STORIES"), ("upload_type", "resumable")]));
    assert!(upload.is_upload());
}

#[test]
fn items_say_that_they_belong_to_a_carousel() {
    let image = NewContainer::ImageItem {
        image_url: IMAGE.to_owned(),
        alt_text: Some("Sun".to_owned()),
        user_tags: vec![tag("harbour", Some((0.0, 1.0)))],
        product_tags: Vec::new(),
    };
    assert_eq!(
        sent(&image),
        pairs(&[
            ("image_url", IMAGE),
            ("is_carousel_item", "true"),
            ("alt_text", "Sun"),
            ("user_tags", r#"[{"username":"harbour","x":0.0,"y":1.0}]"#),
        ])
    );
    let video = NewContainer::VideoItem {
        video: Video::Url(VIDEO.to_owned()),
        user_tags: Vec::new(),
        product_tags: vec![product(None)],
        thumb_offset: Some(0),
    };
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
    let new = NewContainer::Carousel {
        children: vec!["12".into(), "11".into()],
        product_tags: Vec::new(),
        post: PostFields { caption: Some("Two".to_owned()), ..PostFields::default() },
    };
    assert_eq!(sent(&new), pairs(&[("media_type", "CAROUSEL"), ("children", r#"["12","11"]"#), ("caption", "Two")]));
}
