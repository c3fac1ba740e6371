use super::*;
use igsync_testkit::media::{png, with_exif};

#[tokio::test]
async fn tokens_are_refused_for_what_is_wrong_with_them() {
    let server = start().await;
    let me = async |token: &str| code(&server.get(token, "me?fields=id").await.1);
    assert_eq!(me("nonsense").await, (190, None));
    assert_eq!(me("IGAA-EXPIRED").await, (190, Some(463)));
    assert_eq!(me("EAA-EXPIRED").await, (190, Some(463)));
    let (_, none) = reply(server.client.get(format!("{}/me", server.base)).send().await.unwrap()).await.unwrap();
    assert_eq!(code(&none), (104, None));
    for token in ["EAA-READONLY", "IGAA-READONLY"] {
        assert_eq!(server.get(token, &format!("{USER}?fields=username")).await.0, 200);
        assert_eq!(server.refused(token, json!({ "image_url": "https://a/b.jpg" })).await, (10, None));
    }
    assert_eq!(me("IGAA-SHORT").await, (0, None));
    server.advance(3_601);
    assert_eq!(me("IGAA-SHORT").await, (190, Some(463)));
}

#[tokio::test]
async fn a_token_of_the_other_login_cannot_be_parsed_on_a_host_that_names_its_login() {
    let server = start().await;
    let request =
        server.client.get(format!("{}/me", server.base)).header("host", "instagram.localhost").bearer_auth("EAA-LONG");
    let (status, answer) = reply(request.send().await.unwrap()).await.unwrap();
    assert_eq!((status, code(&answer)), (401, (190, None)));
    assert_eq!(answer["error"]["message"], "Invalid OAuth access token - Cannot parse access token");
}

#[tokio::test]
async fn foreign_accounts_and_containers_do_not_exist() {
    let server = start().await;
    let (_, answer) = server.get("IGAA-LONG", &format!("{OTHER}/media")).await;
    assert_eq!((code(&answer), &answer["error"]["type"]), ((100, Some(33)), &json!("GraphMethodException")));
    let id = server.image().await;
    assert_eq!(code(&server.publish("IGAA-TWO", OTHER, &id).await.1), (24, Some(2_207_006)));
    assert_eq!(code(&server.publish("IGAA-LONG", USER, "17850000999999999").await.1), (24, Some(2_207_006)));
}

#[tokio::test]
async fn images_are_refused_by_their_bytes() {
    let server = start().await;
    let cases = [
        (png(400, 400), 36001, 2_207_005),
        (jpeg(400, 534), 36003, 2_207_009),
        (jpeg(400, 200), 36003, 2_207_009),
        (with_exif(&jpeg(400, 240), 6, false), 36003, 2_207_009),
        (b"<html>not found</html>".to_vec(), 9004, 2_207_052),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), 9004, 2_207_052),
        ([jpeg(400, 400), vec![0; 9 << 20]].concat(), 36000, 2_207_004),
        (jpeg(400, 400)[..900].to_vec(), 36001, 2_207_005),
    ];
    for (bytes, expected, subcode) in cases {
        let url = server.host(bytes, "jpg").await;
        assert_eq!(server.refused("IGAA-LONG", json!({ "image_url": url })).await, (expected, Some(subcode)));
    }
    let mut large = jpeg(400, 400);
    let end = large.split_off(large.len() - 2);
    let url = server.host([large, vec![0; 9 << 20], end].concat(), "jpg").await;
    assert_eq!(server.refused("IGAA-LONG", json!({ "image_url": url })).await, (36000, Some(2_207_004)));
    for (width, height) in [(400, 533), (764, 400)] {
        let url = server.host(jpeg(width, height), "jpg").await;
        server.container("IGAA-LONG", USER, json!({ "image_url": url })).await;
    }
}

#[tokio::test]
async fn switches_open_what_was_observed_to_be_open() {
    let server = start().await;
    let png = server.host(png(400, 400), "png").await;
    let tall = server.host(jpeg(300, 500), "jpg").await;
    let body = r#"{"accept_png":true,"min_aspect":0.6}"#;
    let answer = server.client.post(format!("{}/_sandbox/switches", server.base)).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    for url in [png, tall] {
        server.container("IGAA-LONG", USER, json!({ "image_url": url })).await;
    }
}

#[tokio::test]
async fn bad_videos_fail_in_processing() {
    let server = start().await;
    let cases = [
        Mp4 { duration_ms: 2_000, ..Mp4::default() },
        Mp4 { duration_ms: 16 * 60_000, ..Mp4::default() },
        Mp4 { codec: *b"mp4v", ..Mp4::default() },
        Mp4 { moov_first: false, ..Mp4::default() },
        Mp4 { edits: vec![0, 2_000], ..Mp4::default() },
        Mp4 { width: 2_000, height: 1_000, ..Mp4::default() },
        Mp4 { frames_per_second: 90, ..Mp4::default() },
        Mp4 { audio: Some((*b"mp4a", 96_000, 2)), ..Mp4::default() },
    ];
    for film in cases {
        let url = server.host(film.build(), "mp4").await;
        let id = server.container("IGAA-LONG", USER, json!({ "media_type": "REELS", "video_url": url })).await;
        server.advance(30);
        let (_, answer) = server.get("IGAA-LONG", &format!("{id}?fields=status_code,status")).await;
        assert_eq!(answer["status"], "Error: Media upload has failed with error code 2207026", "{film:?}");
        assert_eq!(answer["status_code"], "ERROR");
        assert_eq!(server.publish("IGAA-LONG", USER, &id).await.0, 400);
    }
    server.sandbox.configure(|settings| settings.video_faults_at_once = true);
    let url = server.picture().await;
    assert_eq!(
        server.refused("IGAA-LONG", json!({ "media_type": "REELS", "video_url": url })).await,
        (352, Some(2_207_026))
    );
    assert!(server.posts().await.is_empty());
}

#[tokio::test]
async fn a_carousel_fails_with_its_child() {
    let server = start().await;
    let url = server.host(Mp4 { duration_ms: 1_000, ..Mp4::default() }.build(), "mp4").await;
    let bad = server
        .container("IGAA-LONG", USER, json!({ "media_type": "VIDEO", "video_url": url, "is_carousel_item": true }))
        .await;
    let good = server
        .container("IGAA-LONG", USER, json!({ "image_url": server.picture().await, "is_carousel_item": true }))
        .await;
    let parent =
        server.container("IGAA-LONG", USER, json!({ "media_type": "CAROUSEL", "children": [good, bad] })).await;
    server.advance(30);
    assert_eq!(server.status(&parent).await, "ERROR");
}

#[tokio::test]
async fn parameters_are_checked_for_each_kind() {
    let server = start().await;
    let (image, video) = (server.picture().await, server.clip().await);
    let tag = |x: f64| json!([{ "username": "a", "x": x, "y": 0.5 }]);
    let many = |mark: &str, n: usize| (0..n).map(|n| format!("{mark}a{n}")).collect::<Vec<_>>().join(" ");
    let cases = [
        (json!({ "image_url": image, "caption": "é".repeat(2_201) }), (36004, Some(2_207_010))),
        (json!({ "image_url": image, "caption": many("@", 21) }), (100, Some(2_207_040))),
        (json!({ "image_url": image, "caption": many("#", 31) }), (100, None)),
        (json!({ "image_url": image, "is_carousel_item": true, "caption": "x" }), (100, None)),
        (json!({ "image_url": image, "is_carousel_item": true, "collaborators": ["a"] }), (100, None)),
        (json!({ "image_url": image, "is_carousel_item": true, "is_ai_generated": true }), (100, None)),
        (json!({ "image_url": image, "is_carousel_item": true, "location_id": "12345678" }), (100, None)),
        (json!({ "image_url": image, "collaborators": ["a", "b", "c", "d"] }), (100, None)),
        (json!({ "image_url": image, "location_id": "abc" }), (100, None)),
        (json!({ "image_url": image, "user_tags": tag(1.5) }), (100, None)),
        (json!({ "image_url": image, "user_tags": [{ "username": "a" }] }), (100, None)),
        (json!({ "image_url": image, "alt_text": "a".repeat(1_001) }), (100, None)),
        (json!({ "image_url": image, "product_tags": [{ "product_id": "1", "x": 0.1, "y": 0.1 }] }), (100, None)),
        (json!({ "media_type": "ALBUM", "image_url": image }), (100, Some(2_207_023))),
        (json!({ "media_type": "VIDEO", "video_url": video }), (100, Some(2_207_023))),
        (json!({ "media_type": "REELS" }), (100, None)),
        (json!({ "media_type": "REELS", "video_url": video, "alt_text": "x" }), (100, None)),
        (json!({ "media_type": "REELS", "video_url": video, "thumb_offset": 5_000 }), (1, Some(2_207_057))),
        (
            json!({ "media_type": "REELS", "video_url": video, "trial_params": { "graduation_strategy": "X" } }),
            (100, None),
        ),
        (json!({ "media_type": "REELS", "upload_type": "resumable" }), (100, None)),
        (json!({ "media_type": "REELS", "video_url": video, "is_carousel_item": true }), (100, None)),
        (json!({ "media_type": "CAROUSEL", "children": ["1"] }), (100, Some(2_207_028))),
        (
            json!({ "media_type": "CAROUSEL", "children": (1..12).map(|n| n.to_string()).collect::<Vec<_>>() }),
            (100, Some(2_207_028)),
        ),
        (json!({ "media_type": "CAROUSEL", "children": "1,2" }), (24, Some(2_207_006))),
        (json!({ "media_type": "STORIES" }), (100, None)),
        (json!({}), (100, None)),
    ];
    for (params, expected) in cases {
        assert_eq!(server.refused("IGAA-LONG", params.clone()).await, expected, "{params}");
    }
    let tags = |tag: Value| json!({ "image_url": image, "product_tags": [tag] });
    assert_eq!(server.refused("EAA-LONG", tags(json!({ "product_id": "1" }))).await, (100, Some(2_207_036)));
    assert_eq!(
        server.refused("EAA-LONG", tags(json!({ "product_id": "x", "x": 0, "y": 0 }))).await,
        (100, Some(2_207_037))
    );
    let film = json!({ "media_type": "REELS", "video_url": video, "product_tags": [{ "product_id": "1", "x": 0.5 }] });
    assert_eq!(server.refused("EAA-LONG", film).await, (100, Some(2_207_035)));
    // What the API does not know it ignores.
    server.container("IGAA-LONG", USER, json!({ "image_url": image, "link": "https://example.com" })).await;
}

#[tokio::test]
async fn media_that_cannot_be_fetched_are_refused() {
    let server = start().await;
    for url in ["http://example.com/a.jpg", "ftp://example.com/a.jpg", "https://example.com/\u{e9}.jpg", "nonsense"] {
        assert_eq!(server.refused("IGAA-LONG", json!({ "image_url": url })).await, (9004, Some(2_207_052)), "{url}");
    }
    let gone = format!("{}/_sandbox/media/{}.jpg", server.base, "0".repeat(64));
    assert_eq!(server.refused("IGAA-LONG", json!({ "image_url": gone })).await, (9004, Some(2_207_052)));
    server.sandbox.configure(|settings| settings.assume_https = true);
    server.container("IGAA-LONG", USER, json!({ "image_url": "https://example.com/a.jpg" })).await;
}

#[tokio::test]
async fn fields_that_do_not_exist_fail_the_whole_request() {
    let server = start().await;
    let id = server.image().await;
    for path in [format!("{id}?fields=status_code,permalink"), format!("{USER}?fields=username,nonsense")] {
        let (status, answer) = server.get("IGAA-LONG", &path).await;
        assert_eq!((status, code(&answer)), (400, (100, None)));
        assert!(answer["error"]["message"].as_str().unwrap().contains("Tried accessing nonexisting field"));
        assert!(!answer["error"]["fbtrace_id"].as_str().unwrap().is_empty());
    }
    let media = server.published(&id).await;
    assert_eq!(code(&server.get("IGAA-LONG", &format!("{media}?fields=children{{nope}}")).await.1).0, 0);
    assert_eq!(code(&server.get("IGAA-LONG", &format!("{media}?fields=nope")).await.1), (100, None));
}

#[tokio::test]
async fn fields_on_creation_are_in_its_answer() {
    let server = start().await;
    let params = json!({ "image_url": server.picture().await, "fields": "status_code" });
    let (status, answer) = server.post("IGAA-LONG", &format!("{USER}/media"), params).await;
    assert_eq!((status, &answer["status_code"]), (200, &json!("FINISHED")), "{answer}");
    assert_eq!(server.status(answer["id"].as_str().unwrap()).await, "FINISHED");
}

#[tokio::test]
async fn fields_on_publish_publish_and_then_fail() {
    let server = start().await;
    let id = server.image().await;
    let (_, answer) = server
        .post("IGAA-LONG", &format!("{USER}/media_publish"), json!({ "creation_id": id, "fields": "permalink" }))
        .await;
    assert_eq!(code(&answer), (100, Some(33)));
    assert_eq!(server.posts().await.len(), 1);
}
