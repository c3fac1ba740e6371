//! Every switch in both positions.

use std::collections::BTreeSet;

use super::*;
use crate::switches::{Profile, Settings};
use igsync_testkit::media::png;

#[tokio::test]
async fn a_profile_sets_every_switch_in_which_it_differs() {
    let server = start().await;
    let fair = server.control("switches", &json!({ "profile": "fair" })).await.1;
    let strict = server.control("switches", &json!({ "profile": "strict" })).await.1;
    let differs = |name: &&String| fair[name.as_str()] != strict[name.as_str()];
    let differing: BTreeSet<&String> = fair.as_object().unwrap().keys().filter(differs).collect();
    let choices = Profile::Strict.choices();
    assert_eq!(differing, choices.keys().collect());
    let started = serde_json::to_value(Options::strict().settings()).unwrap();
    assert!(choices.iter().all(|(name, value)| started[name] == *value), "as one that was started with --strict");
    // One of them can be chosen otherwise, in the same request.
    let mixed = server.control("switches", &json!({ "min_aspect": 0.7, "profile": "strict" })).await.1;
    assert_eq!((&mixed["min_aspect"], &mixed["max_hashtags"]), (&json!(0.7), &json!(5)));
    assert_eq!(server.control("switches", &json!({ "profile": "kind" })).await.0, 400);
}

#[tokio::test]
async fn the_fair_profile_is_the_real_api_on_a_good_day() {
    let server = start_with(&Options::fair()).await;
    let image = server.image().await;
    assert_eq!(server.status(&image).await, "FINISHED", "when its creation answers");
    server.published(&image).await;
    let listed = server.get("IGAA-LONG", &format!("{USER}/media")).await.1;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "at once");
    let quota = server.get("IGAA-LONG", &format!("{USER}/content_publishing_limit")).await.1;
    assert_eq!(quota["data"][0]["quota_usage"], 1);
}

/// What one switch changes, seen from outside.
#[expect(clippy::too_many_lines, reason = "one short arm for each switch")]
async fn look(server: &Server, switch: &str) -> Value {
    let image = server.picture().await;
    let one = |params: Value| async {
        let (status, answer) = server.post("IGAA-LONG", &format!("{USER}/media"), params).await;
        if status == 200 { json!("made") } else { json!(code(&answer).0) }
    };
    let reel = |url: String| json!({ "media_type": "REELS", "video_url": url });
    let publish = async |id: &str| {
        let (status, answer) = server.publish("IGAA-LONG", USER, id).await;
        if status == 200 { json!("live") } else { json!(code(&answer).0) }
    };
    let post = async |params: Value| {
        let id = server.container("IGAA-LONG", USER, params).await;
        server.advance(30);
        server.published(&id).await
    };
    let read = async |path: String| server.get("IGAA-LONG", &path).await.1;
    match switch {
        "image_ms" => json!(server.status(&server.image().await).await),
        "video_min_ms" | "video_max_ms" => {
            let id = server.container("IGAA-LONG", USER, reel(server.clip().await)).await;
            json!(server.status(&id).await)
        }
        "listing_lag_ms" => {
            server.published(&server.image().await).await;
            json!(read(format!("{USER}/media")).await["data"].as_array().unwrap().len())
        }
        "quota_lag_ms" | "quota_counts_stories" => {
            server
                .published(
                    &server.container("IGAA-LONG", USER, json!({ "media_type": "STORIES", "image_url": image })).await,
                )
                .await;
            read(format!("{USER}/content_publishing_limit")).await["data"][0]["quota_usage"].clone()
        }
        "quota_total" => publish(&server.image().await).await,
        "trial_quota" => {
            let mut params = reel(server.clip().await);
            params["trial_params"] = json!({ "graduation_strategy": "MANUAL" });
            let id = server.container("IGAA-LONG", USER, params).await;
            server.advance(30);
            publish(&id).await
        }
        "assume_https" => one(json!({ "image_url": "https://example.com/a.jpg" })).await,
        "fetch_timeout_ms" | "follow_redirects" | "fetch_faults_later" => {
            let (origin, host) = hosting().await;
            let path = if switch == "fetch_timeout_ms" { "late.jpg" } else { "moved.jpg" };
            let answer = one(json!({ "image_url": format!("{origin}/{path}") })).await;
            host.abort();
            answer
        }
        "publish_twice" => {
            let id = server.image().await;
            server.published(&id).await;
            publish(&id).await
        }
        "refuse_unready_children" => {
            server.sandbox.configure(|settings| settings.video_min_ms = 600_000);
            let child = json!({ "media_type": "VIDEO", "video_url": server.clip().await, "is_carousel_item": true });
            let children = [
                server.container("IGAA-LONG", USER, child.clone()).await,
                server.container("IGAA-LONG", USER, child).await,
            ];
            one(json!({ "media_type": "CAROUSEL", "children": children })).await
        }
        "accept_png" => one(json!({ "image_url": server.host(png(400, 400), "png").await })).await,
        "min_aspect" => one(json!({ "image_url": server.host(jpeg(300, 400), "jpg").await })).await,
        "max_hashtags" => one(json!({ "image_url": image, "caption": "#a #b #c #d #e #f" })).await,
        "caption_utf16" => one(json!({ "image_url": image, "caption": "🌊".repeat(1_200) })).await,
        "video_faults_at_once" => one(reel(image)).await,
        "accept_moov_last" => {
            let film = Mp4 { moov_first: false, ..Mp4::default() };
            let id = server.container("IGAA-LONG", USER, reel(server.host(film.build(), "mp4").await)).await;
            server.advance(30);
            json!(server.status(&id).await)
        }
        "share_to_feed_default" => {
            let id = post(reel(server.clip().await)).await;
            read(format!("{id}?fields=is_shared_to_feed")).await["is_shared_to_feed"].clone()
        }
        "upload_with_instagram" => one(json!({ "media_type": "REELS", "upload_type": "resumable" })).await,
        "batch_on_instagram" => {
            let request = server.client.post(format!("{}/", server.base)).header("host", "instagram.localhost");
            let request = request.bearer_auth("IGAA-LONG").header("content-type", "application/json");
            let body = json!({ "batch": [{ "method": "GET", "relative_url": "me" }] });
            json!(request.body(body.to_string()).send().await.unwrap().status().as_u16())
        }
        "strip_at" | "hide_captions" => {
            let id = post(json!({ "image_url": image, "caption": "by @me" })).await;
            read(format!("{id}?fields=caption")).await["caption"].clone()
        }
        "empty_first_page" => {
            server.published(&server.image().await).await;
            let page = read(format!("{USER}/media")).await;
            json!([page["data"].as_array().unwrap().len(), page["paging"]["next"].is_string()])
        }
        "usage_percent" => {
            let answer =
                server.client.get(format!("{}/me", server.base)).bearer_auth("IGAA-LONG").send().await.unwrap();
            serde_json::from_str::<Value>(answer.headers()["x-app-usage"].to_str().unwrap()).unwrap()["call_count"]
                .clone()
        }
        "localised" => {
            let (_, answer) =
                server.post("IGAA-LONG", &format!("{USER}/media_publish"), json!({ "creation_id": "1" })).await;
            answer["error"]["error_user_title"].clone()
        }
        "require_proof" => json!(server.get("EAA-LONG", "me").await.0),
        "refresh_changes_token" => {
            let path = "refresh_access_token?grant_type=ig_refresh_token";
            json!(server.get("IGAA-LONG", path).await.1["access_token"] != "IGAA-LONG")
        }
        other => panic!("no test turns the switch {other}"),
    }
}

/// Switch, its other position, and what is seen in the first and in the other one.
fn table() -> Vec<(&'static str, Value, Value, Value)> {
    vec![
        ("image_ms", json!(60_000), json!("FINISHED"), json!("IN_PROGRESS")),
        ("video_min_ms", json!(-3_000), json!("IN_PROGRESS"), json!("FINISHED")),
        ("video_max_ms", json!(-90_000), json!("IN_PROGRESS"), json!("FINISHED")),
        ("listing_lag_ms", json!(60_000), json!(1), json!(0)),
        ("quota_lag_ms", json!(60_000), json!(1), json!(0)),
        ("quota_total", json!(0), json!("live"), json!(9)),
        ("quota_counts_stories", json!(false), json!(1), json!(0)),
        ("trial_quota", json!(0), json!("live"), json!(9)),
        ("assume_https", json!(true), json!(9_004), json!("made")),
        ("fetch_timeout_ms", json!(60), json!("made"), json!(-2)),
        ("follow_redirects", json!(true), json!(9_004), json!("made")),
        ("fetch_faults_later", json!(true), json!(9_004), json!("made")),
        ("publish_twice", json!("not_ready"), json!(24), json!(9_007)),
        ("refuse_unready_children", json!(true), json!("made"), json!(9_007)),
        ("accept_png", json!(true), json!(36_001), json!("made")),
        ("min_aspect", json!(0.8), json!("made"), json!(36_003)),
        ("max_hashtags", json!(5), json!("made"), json!(100)),
        ("caption_utf16", json!(true), json!("made"), json!(36_004)),
        ("video_faults_at_once", json!(true), json!("made"), json!(352)),
        ("accept_moov_last", json!(true), json!("ERROR"), json!("FINISHED")),
        ("share_to_feed_default", json!(true), json!(false), json!(true)),
        ("upload_with_instagram", json!(true), json!(100), json!("made")),
        ("batch_on_instagram", json!(true), json!(400), json!(200)),
        ("strip_at", json!(false), json!("by me"), json!("by @me")),
        ("hide_captions", json!(true), json!("by me"), Value::Null),
        ("empty_first_page", json!(true), json!([1, false]), json!([0, true])),
        ("usage_percent", json!(97), json!(1), json!(97)),
        ("localised", json!(true), json!("Media not found"), json!("Es ist ein Fehler aufgetreten")),
        ("require_proof", json!(true), json!(200), json!(400)),
        ("refresh_changes_token", json!(false), json!(true), json!(false)),
    ]
}

#[tokio::test]
async fn every_switch_works_in_both_positions() {
    for (switch, other, first, second) in table() {
        let server = fetching().await;
        assert_eq!(look(&server, switch).await, first, "{switch} as it is at start");
        let server = fetching().await;
        let (status, answer) = server.control("switches", &json!({ switch: other })).await;
        assert_eq!((status, &answer[switch]), (200, &other), "{switch}: {answer}");
        assert_eq!(look(&server, switch).await, second, "{switch} turned");
    }
}

#[test]
fn the_table_turns_every_switch() {
    let all = serde_json::to_value(Settings::default()).unwrap();
    let all: BTreeSet<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(table().iter().map(|(switch, ..)| *switch).collect::<BTreeSet<_>>(), all);
}

#[tokio::test]
async fn an_unknown_switch_changes_nothing() {
    let server = start().await;
    assert_eq!(server.control("switches", &json!({ "quota_total": 7, "dragons": true })).await.0, 400);
    let now = server.client.get(format!("{}/_sandbox/switches", server.base)).send().await.unwrap();
    assert_eq!(reply(now).await.unwrap().1["quota_total"], 50);
}

/// A media host: one picture, late and moved.
async fn hosting() -> (String, tokio::task::JoinHandle<()>) {
    use axum::routing::get;
    let host = axum::Router::new()
        .route("/a.jpg", get(|| async { jpeg(300, 300) }))
        .route("/moved.jpg", get(|| async { axum::response::Redirect::permanent("/a.jpg") }))
        .route(
            "/late.jpg",
            get(|| async {
                igsync_ports::Clock::sleep(&RealClock::new(), Duration::from_millis(200)).await;
                jpeg(300, 300)
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (origin, tokio::spawn(async move { axum::serve(listener, host).await.unwrap() }))
}

#[tokio::test]
async fn a_file_url_is_believed_where_https_is() {
    let server = start_with(&Options { assume_https: true, ..Options::fair() }).await;
    let params = json!({ "media_type": "REELS", "upload_type": "resumable" });
    let (_, made) = server.post("EAA-LONG", &format!("{USER}/media"), params).await;
    let (uri, id) = (made["uri"].as_str().unwrap(), made["id"].as_str().unwrap());
    let request = server.client.post(uri).header("authorization", "OAuth EAA-LONG");
    let sent = request.header("file_url", "https://cdn.example.com/boats.mp4").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    server.advance(30);
    assert_eq!(server.status(id).await, "FINISHED");
    server.publish("EAA-LONG", USER, id).await;
    assert_eq!(server.posts().await.len(), 1);
}

#[tokio::test]
async fn the_page_of_a_post_has_its_key_and_is_found_by_the_code_of_its_link() {
    let sandbox = Sandbox::new(&Options::quick(), Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap();
    let server = serve(sandbox.showing_keys(Arc::new(|id| Some(format!("posts/<{id}>"))))).await;
    let media = server.published(&server.image().await).await;
    let code = crate::view::shortcode(media.parse().unwrap());
    for name in [&media, &code] {
        let page = server.client.get(format!("{}/_sandbox/post/{name}", server.base)).send().await.unwrap();
        let text = page.text().await.unwrap();
        assert!(text.contains(&format!("posts/&lt;{media}&gt;")), "{name}: {text:.400}");
    }
    for nothing in ["-", "zzzzzzzzzzzzzzzzzzzzz", "9"] {
        let page = server.client.get(format!("{}/_sandbox/post/{nothing}", server.base)).send().await.unwrap();
        assert_eq!(page.status(), 404, "{nothing}");
    }
}
