use super::*;

#[tokio::test]
async fn an_image_is_published_with_either_login() {
    let server = start().await;
    let url = server.picture().await;
    for token in ["IGAA-LONG", "EAA-LONG", "SANDBOX"] {
        let id = server.container(token, USER, json!({ "image_url": url, "caption": "Sun over @cranes" })).await;
        assert!(id.starts_with("178") && id.parse::<u64>().is_ok());
        let (status, answer) = server.publish(token, USER, &id).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer["id"].as_str().unwrap().starts_with("179"));
    }
    let posts = server.posts().await;
    assert_eq!(posts.len(), 3);
    assert_eq!((posts[0].kind, posts[0].caption.as_deref()), ("image", Some("Sun over @cranes")));
    assert_eq!(posts[0].publish_calls, 1);
    assert!(posts[0].params.contains_key("image_url") && !posts[0].params.contains_key("access_token"));
}

#[tokio::test]
async fn a_reel_processes_and_is_published_as_a_reel() {
    let server = start().await;
    server.sandbox.configure(|settings| settings.video_min_ms = 3_600_000);
    let url = server.clip().await;
    let cover = server.picture().await;
    let params =
        json!({ "media_type": "REELS", "video_url": url, "cover_url": cover, "share_to_feed": false, "caption": "c" });
    let id = server.container("IGAA-LONG", USER, params).await;
    assert_eq!(server.status(&id).await, "IN_PROGRESS");
    assert_eq!(code(&server.publish("IGAA-LONG", USER, &id).await.1), (9007, Some(2_207_027)));
    server.advance(3_700);
    let (_, answer) = server.get("IGAA-LONG", &format!("{id}?fields=id,status_code,status")).await;
    assert_eq!(answer["status_code"], "FINISHED");
    assert_eq!(answer["status"], "Finished: Media has been uploaded and it is ready to be published.");
    let media = server.published(&id).await;
    let (_, post) = server
        .get("IGAA-LONG", &format!("{media}?fields=media_type,media_product_type,permalink,is_shared_to_feed"))
        .await;
    assert_eq!((&post["media_type"], &post["media_product_type"]), (&json!("VIDEO"), &json!("REELS")));
    assert!(post["permalink"].as_str().unwrap().starts_with("https://www.instagram.com/reel/"));
    assert_eq!(post["is_shared_to_feed"], false);
    assert_eq!(server.posts().await[0].publish_calls, 2);
}

#[tokio::test]
async fn a_mixed_carousel_waits_for_its_children_and_keeps_their_order() {
    let server = start().await;
    server.sandbox.configure(|settings| settings.video_min_ms = 3_600_000);
    let (picture, clip) = (server.picture().await, server.clip().await);
    let one = server
        .container("EAA-LONG", USER, json!({ "image_url": picture, "is_carousel_item": true, "alt_text": "x" }))
        .await;
    let two = server
        .container("EAA-LONG", USER, json!({ "media_type": "VIDEO", "video_url": clip, "is_carousel_item": "true" }))
        .await;
    let params = json!({ "media_type": "CAROUSEL", "children": [two, one], "caption": "both" });
    let parent = server.container("EAA-LONG", USER, params).await;
    assert_eq!(server.status(&parent).await, "IN_PROGRESS");
    assert_eq!(code(&server.publish("EAA-LONG", USER, &parent).await.1), (9007, Some(2_207_027)));
    server.advance(3_700);
    assert_eq!(server.status(&parent).await, "FINISHED");
    let media = server.published(&parent).await;
    let (_, post) =
        server.get("EAA-LONG", &format!("{media}?fields=media_type,permalink,children{{id,media_type}}")).await;
    assert_eq!(post["media_type"], "CAROUSEL_ALBUM");
    assert_eq!(post["children"]["data"][0]["media_type"], "VIDEO");
    let (_, children) = server.get("EAA-LONG", &format!("{media}/children?fields=media_type,permalink")).await;
    assert_eq!(children["data"].as_array().unwrap().len(), 2);
    assert!(children["data"][0].get("permalink").is_none());
    let posts = server.posts().await;
    assert_eq!((posts.len(), posts[0].kind), (1, "carousel"));
    assert_eq!(posts[0].children.iter().map(|child| child.container.as_str()).collect::<Vec<_>>(), [two, one]);
    assert_eq!(server.status(&posts[0].children[0].container).await, "PUBLISHED");
}

#[tokio::test]
async fn stories_take_image_or_video_and_stay_out_of_the_listing() {
    let server = start().await;
    let (picture, clip) = (server.picture().await, server.clip().await);
    for params in [json!({ "image_url": picture }), json!({ "video_url": clip })] {
        let mut params = params;
        params["media_type"] = "STORIES".into();
        let id = server.container("IGAA-LONG", USER, params).await;
        server.advance(5);
        server.published(&id).await;
    }
    let (_, listing) = server.get("IGAA-LONG", &format!("{USER}/media")).await;
    assert_eq!(listing, json!({ "data": [] }));
    let (_, stories) = server.get("IGAA-LONG", &format!("{USER}/stories?fields=media_product_type,media_type")).await;
    assert_eq!(stories["data"][0]["media_type"], "VIDEO");
    assert_eq!(stories["data"][1]["media_product_type"], "STORY");
    server.advance(90_000);
    assert_eq!(server.get("IGAA-LONG", &format!("{USER}/stories")).await.1, json!({ "data": [] }));
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_stopped() {
    let server = start().await;
    let params = json!({ "media_type": "REELS", "upload_type": "resumable", "share_to_feed": true });
    let (_, answer) = server.post("EAA-LONG", &format!("{USER}/media"), params).await;
    let (id, uri) = (answer["id"].as_str().unwrap(), answer["uri"].as_str().unwrap());
    assert_eq!(uri, format!("{}/ig-api-upload/v26.0/{id}", server.base));
    let film = Mp4 { data: 300_000, ..Mp4::default() }.build();
    let send = |offset: usize| {
        let request =
            server.client.post(uri).header("authorization", "OAuth EAA-LONG").header("offset", offset.to_string());
        request.header("file_size", film.len().to_string()).body(film[offset..].to_vec()).send()
    };
    server.fault("POST", &format!("/{id}"), Fault::InterruptUpload { bytes: 100_000 });
    assert!(send(0).await.is_err());
    let (_, state) = server.get("EAA-LONG", &format!("{id}?fields=status_code,video_status")).await;
    assert_eq!(state["status_code"], "IN_PROGRESS");
    assert_eq!(state["video_status"]["uploading_phase"]["bytes_transferred"], 100_000);
    let (status, wrong) = reply(send(5).await.unwrap()).await.unwrap();
    assert_eq!((status, &wrong["debug_info"]["retriable"]), (400, &json!(true)));
    let (_, done) = reply(send(100_000).await.unwrap()).await.unwrap();
    assert_eq!(done, json!({ "success": true, "message": "Upload successful." }));
    server.advance(30);
    server.published(id).await;
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn the_upload_host_has_errors_of_its_own() {
    let server = start().await;
    let answer = server
        .client
        .post(format!("{}/ig-api-upload/v26.0/1", server.base))
        .header("authorization", "OAuth nobody")
        .send();
    let (status, body) = reply(answer.await.unwrap()).await.unwrap();
    assert_eq!((status, &body["debug_info"]["type"]), (400, &json!("NotAuthorizedError")));
}

#[tokio::test]
async fn a_comment_follows_and_the_comment_switch_turns() {
    let server = start().await;
    let media = server.published(&server.image().await).await;
    let (status, answer) = server.post("IGAA-LONG", &format!("{media}/comments"), json!({ "message": "first" })).await;
    assert_eq!(status, 200, "{answer}");
    let (_, list) = server.get("IGAA-LONG", &format!("{media}/comments?fields=text,timestamp")).await;
    assert_eq!(list["data"][0]["text"], "first");
    let (_, done) = server.post("IGAA-LONG", &media, json!({ "comment_enabled": false })).await;
    assert_eq!(done, json!({ "success": true }));
    let (_, post) = server.get("IGAA-LONG", &format!("{media}?fields=is_comment_enabled,comments_count")).await;
    assert_eq!((&post["is_comment_enabled"], &post["comments_count"]), (&json!(false), &json!(1)));
    assert_eq!(
        code(&server.post("IGAA-LONG", &format!("{media}/comments"), json!({ "message": "late" })).await.1).0,
        100
    );
}

#[tokio::test]
async fn only_facebook_login_deletes() {
    let server = start().await;
    let media = server.published(&server.image().await).await;
    let delete = |token: &str| server.client.delete(format!("{}/v26.0/{media}", server.base)).bearer_auth(token).send();
    let (_, answer) = reply(delete("IGAA-LONG").await.unwrap()).await.unwrap();
    assert_eq!(code(&answer), (100, Some(33)));
    let (_, answer) = reply(delete("EAA-LONG").await.unwrap()).await.unwrap();
    assert_eq!(answer, json!({ "success": true, "deleted_id": media }));
    assert_eq!(code(&server.get("EAA-LONG", &media).await.1), (100, Some(33)));
    assert!(server.posts().await[0].deleted);
}
