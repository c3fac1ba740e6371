use super::*;

#[tokio::test]
async fn summaries_are_given_to_those_who_ask() {
    let server = start().await;
    for _ in 0..3 {
        server.published(&server.image().await).await;
    }
    let (_, page) = server.get("EAA-LONG", &format!("{USER}/media?limit=1&summary=true")).await;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["summary"]["total_count"]), (1, &json!(3)));
    let (_, page) = server.get("EAA-LONG", &format!("{USER}/media?limit=1")).await;
    assert_eq!(page.get("summary"), None);
}

#[tokio::test]
async fn pages_lead_back_as_well() {
    let server = start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, server.published(&server.image().await).await);
    }
    let page = async |url: String| {
        let (_, page) = reply(server.client.get(url).bearer_auth("EAA-LONG").send().await.unwrap()).await.unwrap();
        let rows: Vec<String> =
            page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        let link = |name: &str| page["paging"][name].as_str().map(str::to_owned);
        (rows, link("previous"), link("next"))
    };
    let (rows, previous, next) = page(format!("{}/{USER}/media?limit=2", server.base)).await;
    assert_eq!((rows.as_slice(), previous), (&ids[..2], None));
    let (rows, _, next) = page(next.unwrap()).await;
    assert_eq!(rows, ids[2..4]);
    let (rows, previous, next) = page(next.unwrap()).await;
    assert_eq!((rows.as_slice(), next), (&ids[4..], None));
    let (rows, previous, next) = page(previous.unwrap()).await;
    assert_eq!((rows.as_slice(), next.is_some()), (&ids[2..4], true));
    let (rows, previous, _) = page(previous.unwrap()).await;
    assert_eq!((rows.as_slice(), previous), (&ids[..2], None));
}

#[tokio::test]
async fn collaborators_and_product_tags_are_read_and_retagged_with_facebook_login() {
    let server = start().await;
    let params = json!({
        "image_url": server.picture().await, "collaborators": ["lighthouse"],
        "product_tags": [{ "product_id": "11", "x": 0.1, "y": 0.2 }],
    });
    let media = server.published(&server.container("EAA-LONG", USER, params).await).await;
    let (_, who) = server.get("EAA-LONG", &format!("{media}/collaborators")).await;
    assert_eq!(
        (&who["data"][0]["username"], &who["data"][0]["invite_status"]),
        (&json!("lighthouse"), &json!("Pending"))
    );
    let tags = json!({ "updated_tags": [{ "product_id": "12", "x": 0.5, "y": 0.5 }] });
    assert_eq!(server.post("EAA-LONG", &format!("{media}/product_tags"), tags).await.1, json!({ "success": true }));
    let (_, tags) = server.get("EAA-LONG", &format!("{media}/product_tags")).await;
    let ids: Vec<&Value> = tags["data"].as_array().unwrap().iter().map(|tag| &tag["product_id"]).collect();
    assert_eq!(ids, [&json!("11"), &json!("12")]);
    for edge in ["collaborators", "product_tags"] {
        assert_eq!(code(&server.get("IGAA-LONG", &format!("{media}/{edge}")).await.1), (100, Some(33)));
    }
}

#[tokio::test]
async fn comments_are_hidden_and_deleted() {
    let server = start().await;
    let media = server.published(&server.image().await).await;
    let (_, made) = server.post("EAA-LONG", &format!("{media}/comments"), json!({ "message": "hello" })).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(server.post("EAA-LONG", id, json!({ "hide": true })).await.1["success"], true);
    assert_eq!(server.get("EAA-LONG", &format!("{id}?fields=hidden")).await.1["hidden"], true);
    assert_eq!(server.post("EAA-LONG", id, json!({ "method": "delete" })).await.1["success"], true);
    assert_eq!(server.get("EAA-LONG", &format!("{media}/comments")).await.1["data"], json!([]));
    assert_eq!(code(&server.get("EAA-LONG", id).await.1), (100, Some(33)));
}

#[tokio::test]
async fn sounds_are_found_with_facebook_login() {
    let server = start().await;
    let path = format!("ig_audio?audio_type=music&user_id={USER}&search_query=tide");
    let (_, found) = server.get("EAA-LONG", &path).await;
    assert_eq!((found["audio"].as_array().unwrap().len(), &found["audio"][0]["title"]), (1, &json!("Low Tide")));
    assert_eq!(code(&server.get("IGAA-LONG", &path).await.1), (100, Some(33)));
}

#[tokio::test]
async fn media_come_in_parts_and_heads_without_bodies() {
    let server = start().await;
    let url = server.picture().await;
    let whole = jpeg(400, 400);
    let part = server.client.get(&url).header("range", "bytes=2-5").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 2-5/{}", whole.len()));
    assert_eq!(part.bytes().await.unwrap(), whole[2..6]);
    let beyond = server.client.get(&url).header("range", "bytes=9999999-").send().await.unwrap();
    assert_eq!(beyond.status(), 416);
    for address in [url, format!("{}/me?access_token=EAA-LONG", server.base), format!("{}/", server.base)] {
        let head = server.client.head(&address).send().await.unwrap();
        assert_eq!(head.status(), 200, "{address}");
        assert!(head.headers()["content-length"].to_str().unwrap().parse::<u64>().unwrap() > 0);
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_closed_port_refuses_connections_for_a_while() {
    let server = start().await;
    server.fault("GET", "/me", Fault::ClosePort { ms: 300 });
    assert!(server.try_get("EAA-LONG", "me").await.is_err());
    let refused = client().get(format!("{}/me", server.base)).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    igsync_ports::Clock::sleep(&RealClock::new(), Duration::from_millis(500)).await;
    assert_eq!(server.get("EAA-LONG", "me").await.0, 200);
}

#[tokio::test]
async fn the_page_of_a_post_that_is_not_there_is_not_there() {
    let server = start().await;
    for (path, status) in [("post/1", 404), ("post/x", 404), ("face.css", 200), ("face.js", 200), ("nothing", 404)] {
        let answer = server.client.get(format!("{}/_sandbox/{path}", server.base)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
}

#[tokio::test]
async fn pages_escape_what_posts_say_and_run_nothing_but_their_own_file() {
    let server = start().await;
    let params = json!({ "image_url": server.picture().await, "caption": "<script>alert(1)</script>", "alt_text": "\"><img src=x>" });
    let media = server.published(&server.container("IGAA-LONG", USER, params).await).await;
    server.sandbox.configure(|settings| settings.assume_https = true);
    let params = json!({ "image_url": "https://example.com/\"><script>alert(2)</script>.jpg", "caption": "<script>alert(1)</script>" });
    let named = server.published(&server.container("IGAA-LONG", USER, params).await).await;
    for path in ["/".to_owned(), format!("/_sandbox/post/{media}"), format!("/_sandbox/post/{named}")] {
        let answer = server.client.get(format!("{}{path}", server.base)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{text}");
        assert_eq!(text.matches("<script").count(), 1);
        assert!(text.contains("<script src=\"/_sandbox/face.js\"") && !text.contains("<img src=x"));
    }
}

#[tokio::test]
async fn dead_versions_are_served_as_the_oldest_living_one() {
    let server = start().await;
    for (asked, served) in [("v19.0", "v21.0"), ("v21.0", "v21.0"), ("v25.0", "v25.0")] {
        let url = format!("{}/{asked}/me?access_token=EAA-LONG", server.base);
        assert_eq!(server.client.get(url).send().await.unwrap().headers()["facebook-api-version"], served);
    }
}

#[tokio::test]
async fn a_batch_has_fifty_calls_at_most() {
    let server = start().await;
    let call = json!({ "method": "GET", "relative_url": "me" });
    let (_, answer) = server.post("EAA-LONG", "", json!({ "batch": vec![call.clone(); 51] })).await;
    assert_eq!(answer["error"]["type"], "GraphBatchException");
    let (_, answers) = server.post("EAA-LONG", "", json!({ "batch": vec![call; 50] })).await;
    assert_eq!(answers.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn listings_are_cut_by_time() {
    let server = start().await;
    server.published(&server.image().await).await;
    let rows = async |query: &str| {
        let (_, page) = server.get("EAA-LONG", &format!("{USER}/media?{query}")).await;
        page["data"].as_array().unwrap().len()
    };
    assert_eq!(rows("since=2020-01-01&until=4102444800").await, 1);
    assert_eq!(rows("until=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(code(&server.get("EAA-LONG", &format!("{USER}/media?since=once")).await.1), (100, None));
    assert_eq!(code(&server.get("EAA-LONG", &format!("{USER}/media?date_format=U")).await.1), (100, None));
}
