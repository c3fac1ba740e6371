use super::*;

const PUBLISH: &str = "/media_publish";

async fn publish(server: &Server, id: &str) -> reqwest::Result<Reply> {
    server.try_post("IGAA-LONG", &format!("{USER}/media_publish"), &json!({ "creation_id": id })).await
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_after_the_effect() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::LoseAnswer);
    assert!(publish(&server, &id).await.is_err());
    assert_eq!(server.posts().await.len(), 1);
    assert_eq!(server.status(&id).await, "PUBLISHED");
    let log = server.sandbox.requests();
    let lost = log.iter().find(|entry| entry.path.ends_with(PUBLISH)).unwrap();
    assert_eq!((lost.status, lost.faults.as_slice()), (None, &["lose_answer".to_owned()][..]));
}

#[tokio::test]
async fn closed_and_refused_connections_have_no_effect() {
    let server = start().await;
    let id = server.image().await;
    for fault in [Fault::CloseBefore, Fault::RefuseConnection] {
        server.fault("POST", PUBLISH, fault);
        assert!(publish(&server, &id).await.is_err());
        assert!(server.posts().await.is_empty());
    }
    assert_eq!(publish(&server, &id).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_late_effect_comes_after_its_time() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::LateEffect { ms: 30_000 });
    assert!(publish(&server, &id).await.is_err());
    assert_eq!(server.status(&id).await, "FINISHED");
    assert!(server.posts().await.is_empty());
    server.advance(31);
    assert_eq!(server.status(&id).await, "PUBLISHED");
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn a_graph_error_comes_with_or_without_the_effect() {
    let server = start().await;
    let id = server.image().await;
    let spam = |effect| Fault::GraphError { code: 4, subcode: Some(2_207_051), message: None, effect };
    server.fault("POST", PUBLISH, spam(false));
    let (status, answer) = publish(&server, &id).await.unwrap();
    assert_eq!((status, code(&answer)), (400, (4, Some(2_207_051))));
    assert_eq!(answer["error"]["message"], "Application request limit reached");
    assert!(server.posts().await.is_empty());
    server.fault("POST", PUBLISH, spam(true));
    assert_eq!(code(&publish(&server, &id).await.unwrap().1), (4, Some(2_207_051)));
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn an_http_fault_answers_no_json_and_does_nothing() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::Http { status: 502, body: "<html>".into() });
    assert_eq!(publish(&server, &id).await.unwrap(), (502, json!("<html>")));
    assert!(server.posts().await.is_empty());
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_after_the_effect() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::Truncate { bytes: 5 });
    assert!(publish(&server, &id).await.is_err());
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn delays_and_slow_bodies_end_with_the_answer() {
    let server = start().await;
    let id = server.image().await;
    server.fault("GET", &id, Fault::Delay { ms: 20 });
    assert_eq!(server.status(&id).await, "FINISHED");
    server.fault("POST", PUBLISH, Fault::SlowBody { ms: 20 });
    assert_eq!(publish(&server, &id).await.unwrap().0, 200);
}

#[tokio::test]
async fn processing_may_fail_or_never_end() {
    let server = start().await;
    server.fault("POST", "/media", Fault::ProcessingError { subcode: 2_207_085 });
    let failing = server.image().await;
    let (_, answer) = server.get("IGAA-LONG", &format!("{failing}?fields=status_code,status")).await;
    assert_eq!(answer["status"], "Error: Media upload has failed with error code 2207085");
    server.fault("POST", "/media", Fault::NeverReady);
    let waiting = server.image().await;
    server.advance(86_000);
    assert_eq!(server.status(&waiting).await, "IN_PROGRESS");
}

#[tokio::test]
async fn a_finished_container_may_not_be_ready_for_a_while() {
    let server = start().await;
    server.fault("POST", "/media", Fault::NotReadyAfterFinished { times: 2 });
    let id = server.image().await;
    assert_eq!(server.status(&id).await, "FINISHED");
    for _ in 0..2 {
        assert_eq!(code(&publish(&server, &id).await.unwrap().1), (9007, Some(2_207_027)));
    }
    assert_eq!(publish(&server, &id).await.unwrap().0, 200);
    assert_eq!(server.posts().await[0].publish_calls, 3);
}

#[tokio::test]
async fn unreadable_objects_can_still_be_published_and_listed() {
    let server = start().await;
    server.fault("POST", "/media", Fault::Unreadable);
    let id = server.image().await;
    assert_eq!(code(&server.get("IGAA-LONG", &format!("{id}?fields=status_code")).await.1), (100, Some(33)));
    let media = server.published(&id).await;
    assert_eq!(code(&server.get("IGAA-LONG", &media).await.1), (100, Some(33)));
    assert_eq!(server.get("IGAA-LONG", &format!("{USER}/media")).await.1["data"][0]["id"], json!(media));
    let readable = server.image().await;
    server.fault("GET", &readable, Fault::Unreadable);
    assert_eq!(server.status(&readable).await, "");
    assert_eq!(server.status(&readable).await, "FINISHED");
}

#[tokio::test]
async fn a_hidden_post_appears_in_the_listing_later() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::HideMedia { ms: 60_000 });
    publish(&server, &id).await.unwrap();
    assert_eq!(server.get("IGAA-LONG", &format!("{USER}/media")).await.1, json!({ "data": [] }));
    server.advance(61);
    assert_eq!(server.get("IGAA-LONG", &format!("{USER}/media")).await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_throttle_says_for_how_many_minutes() {
    let server = start().await;
    server.fault("GET", USER, Fault::Throttle { minutes: 19 });
    let response = server.client.get(format!("{}/{USER}", server.base)).bearer_auth("IGAA-LONG").send().await.unwrap();
    let usage: Value = serde_json::from_str(response.headers()["x-business-use-case-usage"].to_str().unwrap()).unwrap();
    assert_eq!(usage[USER][0]["estimated_time_to_regain_access"], 19);
    assert_eq!(code(&reply(response).await.unwrap().1), (80002, None));
}

#[tokio::test]
async fn a_token_may_die_in_the_middle() {
    let server = start().await;
    let id = server.image().await;
    server.fault("POST", PUBLISH, Fault::ExpireToken { subcode: 467 });
    assert_eq!(code(&publish(&server, &id).await.unwrap().1), (190, Some(467)));
    assert_eq!(code(&server.get("IGAA-LONG", "me").await.1), (190, Some(467)));
    assert_eq!(server.get("IGAA-TWO", "me").await.0, 200);
    assert!(server.posts().await.is_empty());
}

#[tokio::test]
async fn faults_are_set_over_the_control_port() {
    let server = start().await;
    let body = json!([{ "match": { "method": "POST", "path": "/media_publish" }, "nth": 1, "fault": "lose_answer" }]);
    let set = async |body: String| {
        server.client.post(format!("{}/_sandbox/faults", server.base)).body(body).send().await.unwrap().status()
    };
    assert_eq!(set(body.to_string()).await, 200);
    assert_eq!(set(r#"[{"fault":"dragon"}]"#.into()).await, 400);
    let id = server.image().await;
    assert!(publish(&server, &id).await.is_err());
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn media_of_a_loopback_host_are_fetched_without_following_redirects() {
    let host = axum::Router::new()
        .route("/a.jpg", axum::routing::get(|| async { jpeg(300, 300) }))
        .route("/moved.jpg", axum::routing::get(|| async { axum::response::Redirect::permanent("/a.jpg") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, host).await });
    let server = fetching().await;
    server.container("IGAA-LONG", USER, json!({ "image_url": format!("{origin}/a.jpg") })).await;
    for path in ["moved.jpg", "gone.jpg"] {
        let refused = server.refused("IGAA-LONG", json!({ "image_url": format!("{origin}/{path}") })).await;
        assert_eq!(refused, (9004, Some(2_207_052)), "{path}");
    }
    task.abort();
}
