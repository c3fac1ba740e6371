use super::super::testing::{Script, TOKEN, answer, client, refused, silence};
use super::super::wire::SuccessAnswer;
use super::*;

fn ask<'a>() -> Ask<'a> {
    Ask::get("me", &["me"], vec![("fields", "id,user name".to_owned())])
}

#[tokio::test]
async fn the_token_travels_in_the_header_only() {
    let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
    let _: SuccessAnswer = client(&script).once(&ask()).await.unwrap();
    let sent = &script.sent()[0];
    assert_eq!(sent.url, "https://graph.facebook.com/v26.0/me?fields=id%2Cuser+name");
    assert_eq!(sent.headers, [("authorization", format!("Bearer {TOKEN}"))]);
}

#[tokio::test]
async fn a_form_goes_into_the_body_of_a_post() {
    let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
    let ask = Ask::post("x", &["1", "y"], vec![("message", "a&b=c é".to_owned())]);
    let _: SuccessAnswer = client(&script).once(&ask).await.unwrap();
    let sent = &script.sent()[0];
    assert_eq!(sent.url, "https://graph.facebook.com/v26.0/1/y");
    assert_eq!(sent.body, "message=a%26b%3Dc+%C3%A9");
}

#[tokio::test]
async fn a_proof_goes_into_the_query_also_of_a_post() {
    let script = Script::of([answer(200, r#"{"success":true}"#).into()]);
    let client = client(&script).with_app_secret(AppSecret::from_text("fb-app-secret").unwrap());
    let ask = Ask::post("x", &["1", "y"], vec![("message", "m".to_owned())]);
    let _: SuccessAnswer = client.once(&ask).await.unwrap();
    let sent = &script.sent()[0];
    assert!(sent.url.contains("/1/y?appsecret_proof=") && sent.url.ends_with("&appsecret_time=1795435200"));
    assert_eq!(sent.body, "message=m");
}

#[tokio::test]
async fn a_read_is_repeated_with_growing_delays_and_then_given_up() {
    let script = Script::of([silence(), refused(), silence(), silence()]);
    let result: Result<SuccessAnswer, Error> = client(&script).retried(Call::Read, &ask()).await;
    assert!(matches!(result, Err(Error::Unclear { why: Why::NoAnswer(_), .. })), "{result:?}");
    assert_eq!(script.clock.slept_ms(), [500, 1000, 2000]);
}

#[tokio::test]
async fn a_read_that_is_answered_in_the_end_succeeds() {
    let script = Script::of([answer(503, "<html>").into(), answer(200, r#"{"success":true}"#).into()]);
    let result: Result<SuccessAnswer, Error> = client(&script).retried(Call::Read, &ask()).await;
    assert!(result.is_ok());
    assert_eq!(script.clock.slept_ms(), [500]);
}

#[tokio::test]
async fn server_time_and_usage_come_from_every_answer() {
    let mut response = answer(400, r#"{"error":{"code":100}}"#);
    response.headers = vec![
        ("date".to_owned(), "Mon, 23 Nov 2026 15:16:15 GMT".to_owned()),
        ("x-app-usage".to_owned(), r#"{"call_count":28}"#.to_owned()),
    ];
    let script = Script::of([response.into()]);
    let client = client(&script);
    let result: Result<SuccessAnswer, Error> = client.once(&ask()).await;
    assert!(result.is_err());
    script.clock.advance(Duration::from_secs(5));
    assert_eq!(client.server_now(), "2026-11-23T15:16:20Z".parse().unwrap());
    assert_eq!(client.usage().percent(), Some(28));
}

#[tokio::test]
async fn over_real_sockets_token_and_form_arrive() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = url::Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let router = axum::Router::new().fallback(async |request: axum::extract::Request| {
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let body = axum::body::to_bytes(body, 1000).await.unwrap();
        let seen = [parts.method.as_str(), parts.uri.path(), &header("authorization"), &header("content-type")];
        let seen = format!("{} {}", seen.join(" "), String::from_utf8(body.to_vec()).unwrap());
        serde_json::json!({ "id": seen }).to_string()
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let endpoint = Endpoint::new(Flavour::Instagram, Some(base), None, None).unwrap();
    let transport = igsync_host::HttpTransport::new(&igsync_host::HttpOptions::default()).unwrap();
    let clock = Arc::new(igsync_host::RealClock::new());
    let token = super::super::testing::token();
    let client = Client::new(endpoint, token, Arc::new(transport), clock, Timing::default());
    let ask = Ask::post("x", &["1784", "media"], vec![("caption", "a&b".to_owned())]);
    let seen: super::super::wire::IdAnswer = client.once(&ask).await.unwrap();
    assert_eq!(seen.id, format!("POST /v26.0/1784/media Bearer {TOKEN} {FORM} caption=a%26b"));
    let now = client.clock.now().as_second();
    assert!((client.server_now().as_second() - now).abs() <= 2, "axum sends this machine's date");
    server.abort();
}

#[test]
fn jitter_adds_at_most_the_delay_itself() {
    let timing = Timing::default();
    for (n, delay) in timing.delays(Pace::Spaced).take(3).enumerate() {
        let plain = Duration::from_secs([15, 30, 60][n]);
        assert!(delay >= plain && delay <= plain * 2, "{delay:?}");
    }
}

fn with_header(status: u16, body: &str, name: &str, value: &str) -> Response {
    Response { headers: vec![(name.to_owned(), value.to_owned())], ..answer(status, body) }
}

#[tokio::test]
async fn near_the_limit_every_call_waits_first() {
    let usage = r#"{"call_count":96,"total_time":1,"total_cputime":1}"#;
    let first = with_header(200, r#"{"success":true}"#, "x-app-usage", usage);
    let script = Script::of([first.into(), answer(200, r#"{"success":true}"#).into()]);
    let client = client(&script);
    let _: SuccessAnswer = client.retried(Call::Read, &ask()).await.unwrap();
    assert_eq!(script.clock.slept_ms(), [0_u128; 0]);
    let _: SuccessAnswer = client.retried(Call::Read, &ask()).await.unwrap();
    assert_eq!(script.clock.slept_ms(), [3000]);
}

#[tokio::test]
async fn after_a_throttle_nothing_more_leaves_and_the_refusal_says_when_to_come_back() {
    let usage = r#"{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}"#;
    let throttle = with_header(400, r#"{"error":{"code":80002}}"#, "x-business-use-case-usage", usage);
    let script = Script::of([throttle.into()]);
    let client = client(&script);
    for _ in 0..2 {
        let error = client.once::<SuccessAnswer>(&ask()).await.unwrap_err();
        assert!(error.to_string().contains("calls are accepted again in 19 minutes"), "{error}");
    }
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn a_used_up_quota_and_a_missing_permission_bar_nothing_else() {
    for code in ["9,\"error_subcode\":2207042", "10"] {
        let refusal = answer(400, &format!(r#"{{"error":{{"code":{code}}}}}"#));
        let script = Script::of([refusal.into(), answer(200, r#"{"success":true}"#).into()]);
        let client = client(&script);
        assert!(client.once::<SuccessAnswer>(&ask()).await.is_err());
        assert!(client.once::<SuccessAnswer>(&ask()).await.is_ok(), "{code}");
    }
}

#[tokio::test]
async fn a_proof_made_by_a_wrong_clock_is_made_again_by_metas() {
    let refusal = with_header(400, r#"{"error":{"code":100}}"#, "date", "Mon, 23 Nov 2026 15:16:15 GMT");
    let script = Script::of([refusal.into(), answer(200, r#"{"success":true}"#).into()]);
    let client = client(&script).with_app_secret(AppSecret::from_text("fb-app-secret").unwrap());
    let _: SuccessAnswer = client.once(&ask()).await.unwrap();
    assert!(script.sent()[1].url.contains("appsecret_time=1795446975"), "{}", script.sent()[1].url);
}
