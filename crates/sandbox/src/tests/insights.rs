//! Insights: numbers that stay the same, and the refusals that Meta documents.

use super::*;

/// One image, one reel, one story, oldest first.
async fn three(server: &Server) -> [String; 3] {
    let (picture, clip) = (server.picture().await, server.clip().await);
    let image = server.published(&server.image().await).await;
    let mut others = Vec::new();
    for params in
        [json!({ "media_type": "REELS", "video_url": clip }), json!({ "media_type": "STORIES", "image_url": picture })]
    {
        let container = server.container("EAA-LONG", USER, params).await;
        server.advance(60);
        others.push(server.published(&container).await);
    }
    [image, others.remove(0), others.remove(0)]
}

fn metric(answer: &Value, name: &str) -> Value {
    let rows = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}"));
    rows.iter().find(|row| row["name"] == name).map_or(Value::Null, |row| row["values"][0]["value"].clone())
}

#[tokio::test]
async fn the_numbers_of_a_post_stay_the_same_until_they_are_set() {
    let server = start().await;
    let [image, reel, story] = three(&server).await;
    let (_, once) = server.get("IGAA-LONG", &format!("{image}/insights?metric=reach,views,likes,saved")).await;
    let (_, again) = server.get("EAA-LONG", &format!("{image}/insights?metric=reach,views,likes,saved")).await;
    assert_eq!(once, again);
    assert!(metric(&once, "reach").as_u64().unwrap() >= 200, "{once}");
    assert_eq!(once["data"][0]["period"], "lifetime");
    let (_, other) = server.get("IGAA-LONG", &format!("{reel}/insights?metric=reach")).await;
    assert_ne!(metric(&once, "reach"), metric(&other, "reach"));
    let set = json!({ "media_id": image, "metrics": { "reach": 7, "likes": 3, "saved": null } });
    assert_eq!(server.control("insights", &set).await.0, 200);
    let (_, read) = server.get("IGAA-LONG", &format!("{image}/insights?metric=reach,likes,saved")).await;
    assert_eq!((metric(&read, "reach"), metric(&read, "likes")), (json!(7), json!(3)));
    assert_eq!(read["data"].as_array().unwrap().len(), 2, "missing data is no 0");
    let (_, node) = server.get("EAA-LONG", &format!("{image}?fields=like_count,saved_count,comments_count")).await;
    assert_eq!((&node["like_count"], &node["saved_count"]), (&json!(3), &Value::Null));
    let (status, _) = server.get("IGAA-LONG", &format!("{image}?fields=saved_count")).await;
    assert_eq!(status, 400, "a field of Facebook Login");
    let breakdown = format!("{story}/insights?metric=navigation&breakdown=story_navigation_action_type");
    let (_, navigation) = server.get("IGAA-LONG", &breakdown).await;
    let parts = navigation["data"][0]["total_value"]["breakdowns"][0]["results"].as_array().unwrap().clone();
    assert!(parts.iter().any(|part| part["dimension_values"] == json!(["TAP_EXIT"])), "{parts:?}");
    for wrong in [
        json!({ "media_id": image, "metrics": { "impressions": 1 } }),
        json!({ "media_id": image, "metrics": { "reach": "many" } }),
        json!({ "media_id": image }),
    ] {
        assert_eq!(server.control("insights", &wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(server.control("insights", &json!({ "media_id": "1", "metrics": {} })).await.0, 404);
}

#[tokio::test]
async fn a_metric_that_the_kind_does_not_have_fails_the_call_and_a_bad_row_the_page() {
    let server = start().await;
    let [image, reel, story] = three(&server).await;
    for (id, metrics) in [
        (&image, "reach,ig_reels_avg_watch_time"),
        (&image, "replies"),
        (&reel, "reach,navigation"),
        (&reel, "profile_visits"),
        (&story, "likes"),
        (&image, "impressions"),
        (&image, "crossposted_views"),
        (&image, ""),
    ] {
        let (status, answer) = server.get("IGAA-LONG", &format!("{id}/insights?metric={metrics}")).await;
        assert_eq!((status, code(&answer)), (400, (100, None)), "{metrics}: {answer}");
    }
    let listing = |metrics: &str| format!("{USER}/media?fields=id,insights.metric({metrics})");
    let (status, page) = server.get("IGAA-LONG", &listing("views,reach,likes,comments,saved,shares,reposts")).await;
    assert_eq!((status, page["data"].as_array().unwrap().len()), (200, 2), "{page}");
    assert!(metric(&page["data"][0]["insights"], "reach").is_u64());
    let (_, failed) = server.get("IGAA-LONG", &listing("reach,ig_reels_avg_watch_time")).await;
    assert_eq!(code(&failed), (100, None));
    let beside = format!("{story}/insights?metric=navigation,reach&breakdown=story_navigation_action_type");
    assert_eq!(code(&server.get("IGAA-LONG", &beside).await.1), (1, None));
}

#[tokio::test]
async fn permissions_age_viewers_and_time_are_refusals_or_no_data() {
    let server = start().await;
    let [image, reel, story] = three(&server).await;
    let of = |id: &str| format!("{id}/insights?metric=reach");
    for token in ["EAA-READONLY", "IGAA-READONLY"] {
        assert_eq!(code(&server.get(token, &of(&image)).await.1), (10, None));
        assert_eq!(server.get(token, &format!("{image}?fields=like_count,comments_count")).await.0, 200);
    }
    let few = json!({ "media_id": story, "metrics": { "reach": 4 } });
    assert_eq!(server.control("insights", &few).await.0, 200);
    let (_, answer) = server.get("IGAA-LONG", &of(&story)).await;
    assert_eq!((code(&answer), answer["error"]["message"].as_str().unwrap().contains("viewers")), ((10, None), true));
    let (_, published) = server.get("IGAA-LONG", &format!("{reel}?fields=timestamp")).await;
    let at = published["timestamp"].as_str().unwrap().replace("+0000", "Z");
    let since = json!({ "user_id": USER, "professional_since": at });
    assert_eq!(server.control("accounts", &since).await.0, 200);
    assert_eq!(code(&server.get("IGAA-LONG", &of(&image)).await.1), (100, Some(2_108_006)));
    assert_eq!(server.get("IGAA-LONG", &of(&reel)).await.0, 200);
    let (_, page) = server.get("IGAA-LONG", &format!("{USER}/media?fields=id,insights.metric(reach)")).await;
    assert_eq!(code(&page), (100, Some(2_108_006)));
    server.advance(86_400);
    let (status, answer) = server.get("IGAA-LONG", &of(&story)).await;
    assert_eq!((status, answer), (200, json!({ "data": [] })));
}

#[tokio::test]
async fn a_seeded_post_has_insights_too() {
    let server = start().await;
    let posts = json!([
        { "kind": "reel", "likes": 12, "metrics": { "reach": 900, "ig_reels_avg_watch_time": 4200 } },
        { "kind": "reel", "old_video": true, "at": "2020-01-01T00:00:00Z" },
    ]);
    let ids = server.sandbox.seed(&posts).unwrap();
    let (_, reel) =
        server.get("IGAA-LONG", &format!("{}/insights?metric=reach,likes,ig_reels_avg_watch_time", ids[0])).await;
    let numbers = ["reach", "likes", "ig_reels_avg_watch_time"].map(|name| metric(&reel, name));
    assert_eq!(numbers, [json!(900), json!(12), json!(4200)]);
    for (metrics, status) in [("views,reach", 400), ("reach,saved", 200), ("ig_reels_avg_watch_time", 400)] {
        assert_eq!(
            server.get("IGAA-LONG", &format!("{}/insights?metric={metrics}", ids[1])).await.0,
            status,
            "{metrics}"
        );
    }
    assert!(server.sandbox.seed(&json!([{ "metrics": { "plays": 1 } }])).is_err());
}
