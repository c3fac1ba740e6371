use super::*;

#[tokio::test]
async fn parameters_may_stand_in_query_form_or_json() {
    let server = start().await;
    let url = server.picture().await;
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("image_url", &url)
        .append_pair("caption", "a & b")
        .append_pair("access_token", "IGAA-LONG")
        .finish();
    let path = format!("{}//v26.0//{USER}/media", server.base);
    let in_query = server.client.post(format!("{path}?{query}"));
    let in_form =
        server.client.post(&path).header("content-type", "application/x-www-form-urlencoded").body(query.clone());
    let in_json =
        server.client.post(format!("{path}?access_token=IGAA-LONG")).header("content-type", "application/json");
    let in_json = in_json.body(json!({ "image_url": url, "caption": "a & b" }).to_string());
    for request in [in_query, in_form, in_json] {
        let (status, answer) = reply(request.send().await.unwrap()).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        server.published(answer["id"].as_str().unwrap()).await;
    }
    assert!(server.posts().await.iter().all(|post| post.caption.as_deref() == Some("a & b")));
}

#[tokio::test]
async fn a_path_needs_no_version_and_the_header_may_say_oauth() {
    let server = start().await;
    let request = server.client.get(format!("{}/me?fields=user_id,username,account_type", server.base));
    let (_, me) =
        reply(request.header("authorization", "OAuth IGAA-LONG").body("{}").send().await.unwrap()).await.unwrap();
    assert_eq!(
        me,
        json!({ "user_id": USER, "username": "harbour", "account_type": "Business", "id": "26000000000000001" })
    );
}

#[tokio::test]
async fn a_post_may_name_another_method() {
    let server = start().await;
    let media = server.published(&server.image().await).await;
    let (_, answer) = server.post("EAA-LONG", &media, json!({ "method": "delete" })).await;
    assert_eq!(answer["success"], true);
}

#[tokio::test]
async fn pages_lead_from_a_facebook_token_to_its_accounts() {
    let server = start().await;
    let path = "me/accounts?fields=name,access_token,tasks,instagram_business_account";
    let (_, one) = server.get("EAA-LONG", path).await;
    assert_eq!(one["data"][0]["instagram_business_account"], json!({ "id": USER }));
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
    let (_, both) = server.get("EAA-BOTH", path).await;
    assert_eq!(both["data"].as_array().unwrap().len(), 2);
    let token = one["data"][0]["access_token"].as_str().unwrap();
    assert_eq!(server.get(token, &format!("{USER}?fields=username")).await.1["username"], "harbour");
    let (_, page) = server.get("EAA-LONG", "300000000000001?fields=instagram_business_account{id,username}").await;
    assert_eq!(page["instagram_business_account"]["username"], "harbour");
}

#[tokio::test]
async fn the_listing_pages_newest_first_by_whole_urls() {
    let server = start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, server.published(&server.image().await).await);
    }
    let (mut seen, mut url) =
        (Vec::new(), format!("{}/v26.0/{USER}/media?fields=caption&limit=2&access_token=IGAA-LONG", server.base));
    let mut pages = 0;
    loop {
        let (status, page) = reply(server.client.get(&url).send().await.unwrap()).await.unwrap();
        assert_eq!(status, 200, "{page}");
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["paging"]["next"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
        assert!(url.starts_with(&server.base));
    }
    assert_eq!((seen, pages), (ids, 3));
}

#[tokio::test]
async fn answers_are_written_as_the_real_api_writes_them() {
    let server = start().await;
    let id = server
        .container("IGAA-LONG", USER, json!({ "image_url": server.picture().await, "caption": "by @harbour a@b" }))
        .await;
    let media = server.published(&id).await;
    let url =
        format!("{}/v25.0/{media}?fields=caption,timestamp,permalink,media_url&access_token=IGAA-LONG", server.base);
    let response = server.client.get(url).send().await.unwrap();
    let headers = response.headers().clone();
    assert_eq!(headers["facebook-api-version"], "v25.0");
    assert!(headers.contains_key("x-app-usage") && headers.contains_key("x-business-use-case-usage"));
    let text = response.text().await.unwrap();
    assert!(text.contains(r"https:\/\/www.instagram.com\/p\/"), "{text}");
    let post: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(post["caption"], "by harbour ab");
    let time = post["timestamp"].as_str().unwrap();
    assert!(time.ends_with("+0000") && time.len() == 24, "{time}");
}

#[tokio::test]
async fn the_date_header_follows_the_sandboxs_clock() {
    let server = start().await;
    let date = async || {
        let response = server.client.get(format!("{}/me?access_token=IGAA-LONG", server.base)).send().await.unwrap();
        assert_eq!(response.headers().get_all("date").iter().count(), 1);
        response.headers()["date"].to_str().unwrap().to_owned()
    };
    let before = date().await;
    let advanced = server
        .client
        .post(format!("{}/_sandbox/clock", server.base))
        .body(r#"{"advance_s":86400}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(advanced.status(), 200);
    assert_ne!(before[..16], date().await[..16]);
}

#[tokio::test]
async fn requests_are_logged_without_tokens() {
    let server = start().await;
    server.client.get(format!("{}/v26.0/me?fields=id&access_token=IGAA-LONG", server.base)).send().await.unwrap();
    server.get("IGAA-TWO", "me?fields=nothing").await;
    let text =
        server.client.get(format!("{}/_sandbox/requests", server.base)).send().await.unwrap().text().await.unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&log[0]["method"], &log[0]["path"], &log[0]["status"]),
        (&json!("GET"), &json!("/v26.0/me"), &json!(200))
    );
    assert_eq!(log[1]["code"], 100);
    assert!(!text.contains("IGAA"));
}

#[tokio::test]
async fn uploaded_media_must_have_the_digest_in_their_name() {
    let server = start().await;
    let url = format!("{}/_sandbox/media/{}.jpg", server.base, "0".repeat(64));
    assert_eq!(server.client.put(&url).body("x").send().await.unwrap().status(), 400);
    assert_eq!(server.client.get(&url).send().await.unwrap().status(), 404);
    let evil = format!("{}/_sandbox/media/..%2Fstate.jsonl", server.base);
    assert_eq!(server.client.put(&evil).body("x").send().await.unwrap().status(), 400);
}
