//! Feeds that were there before the first call.

use std::collections::BTreeSet;

use super::*;
use igsync_media::probe::{Format, probe};

const ALL: &str = "id,timestamp,caption,media_type,media_product_type,permalink,alt_text,is_shared_to_feed,\
                   is_comment_enabled,is_ai_generated,media_url,thumbnail_url,like_count,comments_count,\
                   children{id,media_type,media_url,thumbnail_url,alt_text}";

async fn seed(server: &Server, posts: Value) -> Vec<String> {
    let (status, answer) = server.control("posts", &posts).await;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_value(answer["ids"].clone()).unwrap()
}

async fn listed(server: &Server, token: &str, fields: &str) -> Vec<Value> {
    let (status, answer) = server.get(token, &format!("{USER}/media?limit=100&fields={fields}")).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].as_array().unwrap().clone()
}

async fn file(server: &Server, url: &Value) -> reqwest::Response {
    server.client.get(url.as_str().unwrap()).send().await.unwrap()
}

#[tokio::test]
async fn seeded_posts_are_listed_by_their_time_with_all_their_fields() {
    let server = start().await;
    let published = server.published(&server.image().await).await;
    let ids = seed(
        &server,
        json!([
            { "kind": "reel", "old_video": true, "at": "2019-09-26T22:36:43Z" },
            { "caption": "Fog", "alt_text": "Fog", "at": "2021-03-01T09:00:00Z", "likes": 12, "comments": 3 },
            { "kind": "carousel", "at": "2020-03-01T09:00:00Z",
              "children": [{ "alt_text": "Cranes" }, { "media_type": "video" }, { "copyrighted": true }] },
            { "kind": "reel", "at": "2020-01-01T00:00:00Z", "share_to_feed": false, "audio": "music",
              "is_ai_generated": true, "comment_enabled": false },
            { "kind": "story", "media_type": "video" },
            { "kind": "image", "archived": true }
        ]),
    )
    .await;
    let posts = listed(&server, "IGAA-LONG", ALL).await;
    let order: Vec<&str> = posts.iter().map(|post| post["id"].as_str().unwrap()).collect();
    assert_eq!(order, [&published, &ids[1], &ids[2], &ids[3], &ids[0]]);
    let fog = &posts[1];
    assert_eq!(fog["timestamp"], "2021-03-01T09:00:00+0000");
    assert_eq!((&fog["caption"], &fog["alt_text"], &fog["like_count"]), (&json!("Fog"), &json!("Fog"), &json!(12)));
    assert_eq!((&fog["comments_count"], &fog["is_comment_enabled"]), (&json!(3), &json!(true)));
    assert_eq!((&fog["thumbnail_url"], &fog["is_shared_to_feed"]), (&Value::Null, &Value::Null));
    let slides = posts[2]["children"]["data"].as_array().unwrap();
    assert_eq!((&slides[0]["alt_text"], &slides[1]["media_type"]), (&json!("Cranes"), &json!("VIDEO")));
    assert!(slides[1]["thumbnail_url"].is_string() && slides[2]["media_url"].is_null(), "{slides:?}");
    let reel = &posts[3];
    assert_eq!((&reel["media_product_type"], &reel["is_shared_to_feed"]), (&json!("REELS"), &json!(false)));
    assert_eq!((&reel["is_ai_generated"], &reel["is_comment_enabled"]), (&json!(true), &json!(false)));
    assert!(reel["media_url"].is_null() && reel["thumbnail_url"].is_string(), "licensed sound");
    assert_eq!((&posts[4]["media_product_type"], &posts[4]["media_type"]), (&json!("FEED"), &json!("VIDEO")));
    assert!(posts[4]["permalink"].as_str().unwrap().contains("/p/"), "{}", posts[4]);
    let (_, stories) = server.get("IGAA-LONG", &format!("{USER}/stories")).await;
    assert_eq!(stories["data"][0]["id"], json!(ids[4]));
    assert_eq!(server.get("IGAA-LONG", &ids[5]).await.0, 200, "archived, and there");
    let quota = server.get("IGAA-LONG", &format!("{USER}/content_publishing_limit")).await.1;
    assert_eq!(quota["data"][0]["quota_usage"], 1, "nothing of it was published");
    let seeded = server.posts().await.iter().filter(|post| post.seeded).count();
    assert_eq!(seeded, ids.len());
}

#[tokio::test]
async fn what_only_facebook_login_reads_is_unknown_to_the_other_one() {
    let server = start().await;
    seed(&server, json!([{ "kind": "reel", "audio": "original_sound", "copyrighted": true }])).await;
    let fields = "media_audio_type,copyright_check_information";
    let reel = &listed(&server, "EAA-LONG", fields).await[0];
    assert_eq!(reel["media_audio_type"], "ORIGINAL_SOUND");
    assert_eq!(reel["copyright_check_information"]["status"]["matches_found"], true);
    for field in fields.split(',') {
        let (_, answer) = server.get("IGAA-LONG", &format!("{USER}/media?fields={field}")).await;
        assert_eq!(code(&answer), (100, None), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(field), "{answer}");
    }
}

#[tokio::test]
async fn every_post_has_a_file_of_its_own_until_its_link_ends() {
    let server = start().await;
    let published = server.published(&server.image().await).await;
    seed(
        &server,
        json!([{}, {}, { "kind": "reel" }, { "kind": "carousel", "children": [{}, { "media_type": "video" }] }]),
    )
    .await;
    let posts = listed(&server, "IGAA-LONG", ALL).await;
    let mut links: Vec<Value> = Vec::new();
    for post in &posts {
        let slides = post["children"]["data"].as_array().cloned().unwrap_or_default();
        let of = if slides.is_empty() { vec![post.clone()] } else { slides };
        links.extend(of.iter().flat_map(|one| [one["media_url"].clone(), one["thumbnail_url"].clone()]));
    }
    links.retain(|link| !link.is_null());
    let mut all = BTreeSet::new();
    for link in &links {
        let answer = file(&server, link).await;
        assert_eq!(answer.status(), 200, "{link}");
        let bytes = answer.bytes().await.unwrap();
        let facts = probe(&mut std::io::Cursor::new(&bytes)).unwrap();
        assert!(matches!(facts.format, Format::Jpeg(_) | Format::Video(_)), "{link}");
        all.insert(super::super::store::sha256(&bytes));
    }
    assert_eq!((links.len(), all.len()), (8, 8), "each once");
    let own = posts.iter().find(|post| post["id"] == json!(published)).unwrap();
    assert_eq!(file(&server, &own["media_url"]).await.bytes().await.unwrap(), jpeg(400, 400));
    let part = server.client.get(links[0].as_str().unwrap()).header("range", "bytes=100-199").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.content_length()), (206, Some(100)));
    server.advance(5 * 24 * 3600 - 60);
    assert_eq!(file(&server, &links[0]).await.status(), 200);
    server.advance(120);
    for link in &links {
        assert_eq!(file(&server, link).await.status(), 403, "{link}");
    }
    let again = listed(&server, "IGAA-LONG", "media_url").await;
    assert_eq!(file(&server, &again[0]["media_url"]).await.status(), 200, "read again");
}

#[tokio::test]
async fn a_post_is_changed_behind_the_back_of_the_api() {
    let server = start().await;
    let posts = json!([{ "caption": "Fog", "alt_text": "Fog" }, { "kind": "reel" }, { "kind": "carousel", "children": [{}, {}, {}] }]);
    let ids = seed(&server, posts).await;
    let change = async |id: &str, change: Value| server.control(&format!("posts/{id}"), &change).await.0;
    let read = async |id: &str| server.get("EAA-LONG", &format!("{id}?fields={ALL}")).await.1;
    assert_eq!(
        change(&ids[0], json!({ "caption": "Sun", "alt_text": null, "comment_enabled": false, "likes": 5 })).await,
        200
    );
    let post = read(&ids[0]).await;
    assert_eq!((&post["caption"], &post["alt_text"], &post["like_count"]), (&json!("Sun"), &Value::Null, &json!(5)));
    assert_eq!(post["is_comment_enabled"], false);
    assert_eq!(change(&ids[1], json!({ "share_to_feed": false, "copyrighted": true })).await, 200);
    let reel = read(&ids[1]).await;
    assert_eq!((&reel["is_shared_to_feed"], &reel["media_url"]), (&json!(false), &Value::Null));
    let slides = |post: &Value| -> Vec<String> {
        post["children"]["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = slides(&read(&ids[2]).await);
    assert_eq!(change(&ids[2], json!({ "children": [before[2], before[0]] })).await, 200);
    assert_eq!(slides(&read(&ids[2]).await), [before[2].clone(), before[0].clone()]);
    assert_eq!(change(&ids[0], json!({ "deleted": true })).await, 200);
    assert_eq!(code(&read(&ids[0]).await), (100, Some(33)));
    assert_eq!(listed(&server, "EAA-LONG", "id").await.len(), 2);
    assert_eq!(change(&ids[0], json!({ "deleted": false })).await, 200);
    assert_eq!(listed(&server, "EAA-LONG", "id").await.len(), 3);
    for (id, wrong) in [(&*ids[2], json!({ "children": ["1"] })), (&*ids[0], json!({ "captoin": "" }))] {
        assert_eq!(change(id, wrong).await, 400);
    }
    assert_eq!(change("17", json!({})).await, 404);
    assert_eq!(change(&before[0], json!({})).await, 404, "a slide is no post");
}

#[tokio::test]
async fn an_outage_denies_live_posts_while_the_listing_goes_on() {
    let server = start().await;
    let ids = seed(&server, json!([{}])).await;
    let outage = json!([{ "match": { "method": "GET", "path": "/179*" }, "times": 0, "fault": "unreadable" }]);
    server.control("faults", &outage).await;
    assert_eq!(code(&server.get("EAA-LONG", &ids[0]).await.1), (100, Some(33)));
    assert_eq!(listed(&server, "EAA-LONG", "id").await.len(), 1);
}

#[tokio::test]
async fn deleting_needs_its_own_permission() {
    let server = start().await;
    let ids = seed(&server, json!([{}, {}])).await;
    let delete = async |token: &str| {
        let request = server.client.delete(format!("{}/v26.0/{}", server.base, ids[0])).bearer_auth(token);
        reply(request.send().await.unwrap()).await.unwrap().1
    };
    assert_eq!(code(&delete("EAA-NO-DELETE").await), (10, None));
    assert_eq!(code(&delete("IGAA-LONG").await), (100, Some(33)));
    let fatal = json!([{ "match": { "method": "DELETE" }, "fault": { "graph_error": { "row": "DELETE_FATAL" } } }]);
    server.control("faults", &fatal).await;
    assert_eq!(code(&delete("EAA-LONG").await), (-1, Some(2_207_085)));
    assert_eq!(delete("EAA-LONG").await, json!({ "success": true, "deleted_id": ids[0] }));
    assert_eq!(code(&delete("EAA-LONG").await), (100, Some(33)), "a second time");
    assert_eq!(listed(&server, "EAA-LONG", "id").await.len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_nothing_is_put_there() {
    let server = start().await;
    for (wrong, said) in [
        (json!("x"), "array"),
        (json!([{ "kind": "album" }]), "post 0"),
        (json!([{}, { "captoin": "x" }]), "post 1"),
        (json!([{ "kind": "carousel" }]), "2 to 10"),
        (json!([{ "children": [{}, {}] }]), "2 to 10"),
        (json!([{ "old_video": true }]), "reel"),
        (json!([{ "at": "2999-01-01T00:00:00Z" }]), "future"),
    ] {
        let (status, answer) = server.control("posts", &wrong).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(said), "{wrong}: {answer}");
    }
    assert_eq!(server.control("posts", &json!({ "user_id": "1", "posts": [{}] })).await.0, 404);
    assert!(server.posts().await.is_empty());
}

#[tokio::test]
async fn ten_thousand_posts_are_paged_and_outlive_the_process() {
    let folder = temporary_folder();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::quick() };
    let posts: Vec<Value> = (0..10_050)
        .map(|n| json!({ "caption": format!("post {n}"), "at": format!("20{:02}-01-{:02}T00:00:00Z", n % 20, n % 28 + 1) }))
        .collect();
    let read = async |server: &Server| {
        let (mut ids, mut times, mut after) = (BTreeSet::new(), Vec::new(), String::new());
        loop {
            let path = format!("{OTHER}/media?limit=100&fields=id,timestamp{after}");
            let (_, page) = server.get("EAA-BOTH", &path).await;
            for row in page["data"].as_array().unwrap() {
                ids.insert(row["id"].as_str().unwrap().to_owned());
                times.push(row["timestamp"].as_str().unwrap().to_owned());
            }
            if page["paging"]["next"].is_null() {
                break;
            }
            after = format!("&after={}", page["paging"]["cursors"]["after"].as_str().unwrap());
        }
        assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
        ids
    };
    let ids = {
        let server = start_with(&options).await;
        seed(&server, json!({ "user_id": OTHER, "posts": posts })).await;
        read(&server).await
    };
    assert_eq!(ids.len(), 10_000, "older ones are in no listing");
    let server = start_with(&options).await;
    assert_eq!(read(&server).await, ids);
    let state = std::fs::metadata(folder.path().join("state.jsonl")).unwrap().len();
    assert!(state < 6 << 20, "{state}");
    assert_eq!(std::fs::read_dir(folder.path().join("media")).unwrap().count(), 0, "files are made when asked for");
    let page = server.client.get(&server.base).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("older posts are not shown"));
}
