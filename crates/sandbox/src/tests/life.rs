use super::*;
use igsync_base::files::Disk as _;

#[tokio::test]
async fn a_container_is_published_once_whatever_is_asked() {
    let server = start().await;
    let id = server.image().await;
    server.published(&id).await;
    assert_eq!(code(&server.publish("IGAA-LONG", USER, &id).await.1), (24, Some(2_207_006)));
    assert_eq!(server.status(&id).await, "PUBLISHED");
    let posts = server.posts().await;
    assert_eq!((posts.len(), posts[0].publish_calls), (1, 2));
    for (choice, expected) in [(super::super::PublishTwice::NotReady, 9007), (super::super::PublishTwice::Invalid, 100)]
    {
        server.sandbox.configure(|settings| settings.publish_twice = choice);
        assert_eq!(code(&server.publish("IGAA-LONG", USER, &id).await.1).0, expected);
    }
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn parallel_publishes_of_one_container_make_one_post() {
    let server = start().await;
    let id = server.image().await;
    let calls = (0..8).map(|_| server.publish("IGAA-LONG", USER, &id));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1);
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn a_container_dies_after_a_day() {
    let server = start().await;
    let id = server.image().await;
    server.advance(86_399);
    assert_eq!(server.status(&id).await, "FINISHED");
    server.advance(1);
    assert_eq!(server.status(&id).await, "EXPIRED");
    assert_eq!(code(&server.publish("IGAA-LONG", USER, &id).await.1), (24, Some(2_207_008)));
    assert!(server.posts().await.is_empty());
}

#[tokio::test]
async fn the_quota_is_a_rolling_day_and_its_report_lags() {
    let server = start_with(&Options { quota_total: 2, quota_lag: Duration::from_secs(60), ..Options::quick() }).await;
    let usage = async || {
        let (_, answer) =
            server.get("IGAA-LONG", &format!("{USER}/content_publishing_limit?fields=quota_usage,config")).await;
        assert_eq!(answer["data"][0]["config"], json!({ "quota_total": 2, "quota_duration": 86_400 }));
        answer["data"][0]["quota_usage"].as_u64().unwrap()
    };
    server.published(&server.image().await).await;
    server.published(&server.image().await).await;
    assert_eq!(usage().await, 0);
    server.advance(61);
    assert_eq!(usage().await, 2);
    let third = server.image().await;
    assert_eq!(code(&server.publish("IGAA-LONG", USER, &third).await.1), (9, Some(2_207_042)));
    server.advance(86_399 - 61);
    assert_eq!(server.publish("IGAA-LONG", USER, &third).await.0, 400);
    let fresh = server.image().await;
    server.advance(2);
    server.published(&fresh).await;
}

#[tokio::test]
async fn four_hundred_containers_a_day_and_no_more() {
    let server = start().await;
    let url = server.picture().await;
    for _ in 0..400 {
        server.container("IGAA-LONG", USER, json!({ "image_url": url })).await;
    }
    assert_eq!(server.refused("IGAA-LONG", json!({ "image_url": url })).await, (9, None));
    server.advance(86_401);
    server.container("IGAA-LONG", USER, json!({ "image_url": url })).await;
}

#[tokio::test]
async fn a_new_post_is_listed_late() {
    let server = start_with(&Options { listing_lag: Duration::from_secs(10), ..Options::quick() }).await;
    server.published(&server.image().await).await;
    let path = format!("{USER}/media");
    assert_eq!(server.get("IGAA-LONG", &path).await.1, json!({ "data": [] }));
    server.advance(11);
    assert_eq!(server.get("IGAA-LONG", &path).await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_last_one_ended() {
    let folder = temporary_folder();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::quick() };
    let (before, open, url) = {
        let server = start_with(&options).await;
        server.advance(500);
        let media = server.published(&server.image().await).await;
        server.post("IGAA-LONG", &format!("{media}/comments"), json!({ "message": "kept" })).await;
        let url = server.picture().await;
        (server.posts().await, server.image().await, url)
    };
    // A kill while a line is written leaves a torn one.
    let state = folder.path().join("state.jsonl");
    let mut text = std::fs::read(&state).unwrap();
    text.extend(b"{\"media\":{\"id\":17");
    RealDisk.replace(&state, &text).unwrap();

    let server = start_with(&options).await;
    assert_eq!(server.posts().await, before);
    assert_eq!(before[0].comments, ["kept"]);
    assert!(server.sandbox.now() > jiff::Timestamp::from_second(0).unwrap());
    assert_eq!(server.status(&open).await, "FINISHED");
    let second = server.published(&open).await;
    assert_ne!(second, before[0].media_id);
    let name = url.rsplit('/').next().unwrap();
    let file = server.client.get(format!("{}/_sandbox/media/{name}", server.base)).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), jpeg(400, 400));
}

#[tokio::test]
async fn damaged_state_is_named_with_its_line() {
    let folder = temporary_folder();
    RealDisk.replace(&folder.path().join("state.jsonl"), b"{}\n").unwrap();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::quick() };
    let error = Sandbox::new(&options, Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap_err();
    assert!(error.to_string().starts_with("line 1 of "), "{error}");
}

#[tokio::test]
async fn reset_forgets_posts_and_keeps_configured_accounts() {
    let extra = vec![(igsync_base::id::UserId::from("17841477777777777"), "acme".to_owned())];
    let server = start_with(&Options { extra_accounts: extra, ..Options::quick() }).await;
    let url = server.picture().await;
    let id = server.container("SANDBOX", "17841477777777777", json!({ "image_url": url })).await;
    assert_eq!(server.publish("SANDBOX", "17841477777777777", &id).await.0, 200);
    server.client.post(format!("{}/_sandbox/reset", server.base)).send().await.unwrap();
    assert!(server.posts().await.is_empty() && server.sandbox.requests().is_empty());
    assert_eq!(server.get("SANDBOX", "17841477777777777?fields=username").await.1["username"], "acme");
}
