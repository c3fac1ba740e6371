use super::*;

impl Server {
    async fn plain(&self, path: &str) -> Reply {
        reply(self.client.get(format!("{}/{path}", self.base)).send().await.unwrap()).await.unwrap()
    }
}

#[tokio::test]
async fn an_instagram_code_becomes_a_short_then_a_long_token() {
    let server = start().await;
    let form = "client_id=200000000000002&client_secret=ig-app-secret&grant_type=authorization_code&redirect_uri=https://a/&code=AUTHCODE-IG";
    let send = async || {
        let request = server.client.post(format!("{}/oauth/access_token", server.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        reply(request.send().await.unwrap()).await.unwrap().1
    };
    let answer = send().await;
    let short = answer["data"][0]["access_token"].as_str().unwrap().to_owned();
    let again = send().await;
    let expected = json!({ "error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found or was already used" });
    assert_eq!(again, expected);
    let (_, long) = server
        .plain(&format!("access_token?grant_type=ig_exchange_token&client_secret=ig-app-secret&access_token={short}"))
        .await;
    assert_eq!((&long["token_type"], &long["expires_in"]), (&json!("bearer"), &json!(60 * 86_400)));
    assert_eq!(server.get(long["access_token"].as_str().unwrap(), "me").await.0, 200);
}

#[tokio::test]
async fn only_living_tokens_of_a_day_are_refreshed() {
    let server = start().await;
    let refresh = async |token: &str| {
        server.plain(&format!("refresh_access_token?grant_type=ig_refresh_token&access_token={token}")).await.1
    };
    assert_eq!(refresh("IGAA-LONG").await["expires_in"], 60 * 86_400);
    assert_eq!(code(&refresh("IGAA-FRESH").await), (10, None));
    assert_eq!(code(&refresh("IGAA-EXPIRED").await), (190, Some(463)));
    assert_eq!(code(&refresh("EAA-LONG").await), (190, None));
}

#[tokio::test]
async fn a_facebook_token_is_exchanged_and_inspected() {
    let server = start().await;
    let app = "client_id=100000000000001&client_secret=fb-app-secret";
    let (_, new) = server
        .plain(&format!("v26.0/oauth/access_token?grant_type=fb_exchange_token&{app}&fb_exchange_token=EAA-SHORT"))
        .await;
    let token = new["access_token"].as_str().unwrap();
    assert_ne!(token, "EAA-SHORT");
    let inspect = async |token: &str| {
        server.plain(&format!("debug_token?input_token={token}&access_token=100000000000001|fb-app-secret")).await.1
    };
    let data = inspect(token).await["data"].clone();
    assert_eq!((&data["is_valid"], &data["type"]), (&json!(true), &json!("USER")));
    assert_eq!(inspect("EAA-PAGE-1").await["data"]["expires_at"], 0);
    assert_eq!(inspect("EAA-EXPIRED").await["data"]["error"]["subcode"], 463);
    let (_, wrong) = server
        .plain(
            "oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret=x&fb_exchange_token=EAA-SHORT",
        )
        .await;
    assert_eq!(code(&wrong), (100, None));
}

#[tokio::test]
async fn parameters_may_come_as_multipart() {
    let server = start().await;
    let part =
        |name: &str, value: &str| format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body =
        [part("image_url", &server.picture().await), part("caption", "two\r\nlines"), "--B--\r\n".into()].concat();
    let request = server.client.post(format!("{}/{USER}/media", server.base)).bearer_auth("EAA-LONG");
    let request = request.header("content-type", "multipart/form-data; boundary=B").body(body);
    let (status, answer) = reply(request.send().await.unwrap()).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    server.published(answer["id"].as_str().unwrap()).await;
    assert_eq!(server.posts().await[0].caption.as_deref(), Some("two\r\nlines"));
}

#[tokio::test]
async fn a_wrong_proof_of_the_app_secret_is_refused() {
    let server = start().await;
    assert_eq!(code(&server.get("EAA-LONG", "me?appsecret_proof=00").await.1), (100, None));
}

#[tokio::test]
async fn a_batch_answers_each_call_in_order() {
    let server = start().await;
    let url = server.picture().await;
    let batch = json!([
        { "method": "POST", "relative_url": format!("v26.0/{USER}/media"), "body": format!("image_url={url}") },
        { "method": "GET", "relative_url": "nowhere" },
    ]);
    let request = server.client.post(format!("{}/v26.0/", server.base)).bearer_auth("EAA-LONG");
    let request = request.header("content-type", "application/json").body(json!({ "batch": batch }).to_string());
    let (_, answers) = reply(request.send().await.unwrap()).await.unwrap();
    assert_eq!((&answers[0]["code"], &answers[1]["code"]), (&json!(200), &json!(404)));
    let made: Value = serde_json::from_str(answers[0]["body"].as_str().unwrap()).unwrap();
    server.published(made["id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn an_app_token_reads_other_tokens() {
    let server = start().await;
    let app = "client_id=100000000000001&client_secret=fb-app-secret";
    let (status, answer) = server.plain(&format!("oauth/access_token?grant_type=client_credentials&{app}")).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let seen = server.get(token, "debug_token?input_token=EAA-LONG").await.1;
    assert_eq!(seen["data"]["is_valid"], true, "{seen}");
    assert_ne!(server.get(token, USER).await.0, 200, "and no account");
    let wrong = app.replace("fb-app-secret", "guess");
    assert_eq!(server.plain(&format!("oauth/access_token?grant_type=client_credentials&{wrong}")).await.0, 400);
}
