//! Every row of the error table, by a request where one can produce it, else by a fault that names it.

use std::collections::BTreeSet;

use super::*;
use crate::error;
use igsync_testkit::media::png;

/// Rows that depend on what continues inside Meta: only a fault produces them.
const BY_FAULT: &[&str] = &[
    "SERVER",
    "CREATION_FAILED",
    "UPLOAD_UNKNOWN",
    "DELETE_FATAL",
    "UNKNOWN",
    "SERVICE_DOWN",
    "NO_CAPABILITY",
    "APP_THROTTLED",
    "SPAM",
    "SPONSOR_PERMISSION",
    "USER_THROTTLED",
    "PAGES_THROTTLED",
    "SESSION",
    "BLOCKED",
    "ACTION_LIMIT",
    "POLICY",
    "DUPLICATE",
    "CALL_LIMIT",
    "PAGE_THROTTLED",
];

/// Codes and subcodes of Meta's pages and of what people saw, one by one: the sandbox has a row for each.
const KNOWN: &[(i64, Option<i64>)] = &[
    (-2, Some(2_207_003)),
    (-2, Some(2_207_020)),
    (-1, Some(2_207_001)),
    (-1, Some(2_207_032)),
    (-1, Some(2_207_053)),
    (-1, Some(2_207_073)),
    (-1, Some(2_207_085)),
    (1, Some(2_207_057)),
    (4, Some(2_207_051)),
    (9, Some(2_207_042)),
    (24, Some(2_207_006)),
    (24, Some(2_207_008)),
    (25, Some(2_207_050)),
    (100, Some(2_207_023)),
    (100, Some(2_207_028)),
    (100, Some(2_207_035)),
    (100, Some(2_207_036)),
    (100, Some(2_207_037)),
    (100, Some(2_207_040)),
    (352, Some(2_207_026)),
    (9_004, Some(2_207_052)),
    (9_007, Some(2_207_027)),
    (36_000, Some(2_207_004)),
    (36_001, Some(2_207_005)),
    (36_003, Some(2_207_009)),
    (36_004, Some(2_207_010)),
    (9, Some(2_207_078)),
    (100, Some(2_207_081)),
    (100, Some(9_050)),
    (1, None),
    (2, None),
    (3, None),
    (4, None),
    (17, None),
    (32, None),
    (341, None),
    (613, None),
    (80_001, None),
    (80_002, None),
    (10, None),
    (100, None),
    (100, Some(33)),
    (100, Some(2_108_006)),
    (102, None),
    (104, None),
    (190, Some(458)),
    (190, Some(459)),
    (190, Some(460)),
    (190, Some(463)),
    (190, Some(464)),
    (190, Some(467)),
    (190, Some(492)),
    (190, None),
    (200, None),
    (368, None),
    (506, None),
    (803, None),
    (2_500, None),
    (9_009, None),
];

#[test]
fn the_table_has_every_known_row() {
    for (code, subcode) in KNOWN {
        assert!(error::ALL.iter().any(|row| (row.code, row.subcode) == (*code, *subcode)), "{code}/{subcode:?}");
    }
}

#[tokio::test]
async fn a_fault_produces_any_row_by_its_name() {
    let server = start().await;
    for row in error::ALL {
        let fault = json!([{ "match": { "path": "/me" }, "fault": { "graph_error": { "row": row.name } } }]);
        assert_eq!(server.control("faults", &fault).await.0, 200, "{}", row.name);
        let (status, answer) = server.get("IGAA-LONG", "me").await;
        assert_eq!((status, code(&answer)), (row.http, (row.code, row.subcode)), "{}", row.name);
        assert_eq!(answer["error"]["message"], row.message);
        assert!(answer["error"]["type"].is_string() && answer["error"]["fbtrace_id"].is_string());
    }
    let wrong = json!([{ "fault": { "graph_error": { "row": "NO_SUCH_ROW" } } }]);
    assert_eq!(server.control("faults", &wrong).await.0, 400);
}

/// Requests made so far, by the row that each one met.
struct Met<'a> {
    server: &'a Server,
    rows: BTreeSet<&'static str>,
}

impl Met<'_> {
    fn note(&mut self, name: &str, answer: &Value) {
        let row = error::ALL.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"));
        assert_eq!(code(answer), (row.code, row.subcode), "{name}: {answer}");
        if error::ALL.iter().filter(|other| (other.code, other.subcode) == (row.code, row.subcode)).count() > 1 {
            let message = answer["error"]["message"].as_str().unwrap();
            let own = row.message.trim_start_matches(|c: char| !c.is_alphabetic());
            assert!(name == "PARAMETER" || message.contains(own), "{name}: {message}");
        }
        self.rows.insert(row.name);
    }

    async fn get(&mut self, name: &str, token: &str, path: &str) {
        let (_, answer) = self.server.get(token, path).await;
        self.note(name, &answer);
    }

    async fn post(&mut self, name: &str, token: &str, path: &str, params: Value) {
        let (_, answer) = self.server.post(token, path, params).await;
        self.note(name, &answer);
    }

    async fn create(&mut self, name: &str, params: Value) {
        self.post(name, "EAA-LONG", &format!("{USER}/media"), params).await;
    }

    async fn publish(&mut self, name: &str, container: &str) {
        let params = json!({ "creation_id": container });
        self.post(name, "EAA-LONG", &format!("{USER}/media_publish"), params).await;
    }
}

async fn contents(met: &mut Met<'_>) {
    let server = met.server;
    let (image, video) = (server.picture().await, server.clip().await);
    let png = server.host(png(400, 400), "png").await;
    let wide = server.host(jpeg(900, 300), "jpg").await;
    let mut large = jpeg(400, 400);
    let end = large.split_off(large.len() - 2);
    let large = server.host([large, vec![0; 9 << 20], end].concat(), "jpg").await;
    let tags = |tag: Value| json!({ "image_url": image, "product_tags": [tag] });
    met.create("IMAGE_FORMAT", json!({ "image_url": png })).await;
    met.create("ASPECT_RATIO", json!({ "image_url": wide })).await;
    met.create("IMAGE_TOO_LARGE", json!({ "image_url": large })).await;
    met.create("CAPTION_TOO_LONG", json!({ "image_url": image, "caption": "a".repeat(2_201) })).await;
    met.create("TOO_MANY_TAGS", json!({ "image_url": image, "caption": "@a ".repeat(21) })).await;
    met.create("MEDIA_TYPE", json!({ "image_url": image, "media_type": "ALBUM" })).await;
    met.create("CAROUSEL_SIZE", json!({ "media_type": "CAROUSEL", "children": "1" })).await;
    met.create("PRODUCT_TAG_NO_POSITION", tags(json!({ "product_id": "1" }))).await;
    met.create("PRODUCT_TAG", tags(json!({ "product_id": "x", "x": 0, "y": 0 }))).await;
    let film = |more: Value| {
        let mut params = json!({ "media_type": "REELS", "video_url": video });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    met.create("PRODUCT_TAG_POSITION", film(json!({ "product_tags": [{ "product_id": "1", "x": 0.5 }] }))).await;
    met.create("THUMB_OFFSET", film(json!({ "thumb_offset": 600_000 }))).await;
    met.create("LOCATION", json!({ "image_url": image, "location_id": "nowhere" })).await;
    met.create("SPONSOR", json!({ "image_url": image, "branded_content_sponsor_ids": [USER] })).await;
    met.create("PARAMETER", json!({ "image_url": image, "is_carousel_item": "perhaps" })).await;
    met.create("FETCH", json!({ "image_url": "https://example.com/a.jpg" })).await;
    server.sandbox.configure(|settings| settings.video_faults_at_once = true);
    met.create("VIDEO_FORMAT", json!({ "media_type": "REELS", "video_url": image })).await;
    server.set_account("no_trials").await;
    met.create("TRIAL_INELIGIBLE", film(json!({ "trial_params": { "graduation_strategy": "MANUAL" } }))).await;
    server.set_account("active").await;
    server.sandbox.configure(|settings| settings.trial_quota = 0);
    let trial = film(json!({ "trial_params": { "graduation_strategy": "MANUAL" } }));
    let trial = server.container("EAA-LONG", USER, trial).await;
    server.advance(5);
    met.publish("TRIAL_LIMIT", &trial).await;
}

async fn lives(met: &mut Met<'_>) {
    let server = met.server;
    let (image, video) = (server.picture().await, server.clip().await);
    let item = server.container("EAA-LONG", USER, json!({ "image_url": image, "is_carousel_item": true })).await;
    let old = server.image().await;
    server.advance(86_401);
    met.publish("CONTAINER_GONE", &old).await;
    met.create("CONTAINER_EXPIRED", json!({ "media_type": "CAROUSEL", "children": [item, item] })).await;
    met.publish("CONTAINER_NOT_FOUND", "1").await;
    server.sandbox.configure(|settings| settings.video_min_ms = 600_000);
    let reel = server.container("EAA-LONG", USER, json!({ "media_type": "REELS", "video_url": video })).await;
    met.publish("NOT_READY", &reel).await;
    let parts = [
        server.container("EAA-LONG", USER, json!({ "image_url": image, "is_carousel_item": true })).await,
        server.container("EAA-LONG", USER, json!({ "image_url": image, "is_carousel_item": true })).await,
    ];
    let carousel = server.container("EAA-LONG", USER, json!({ "media_type": "CAROUSEL", "children": parts })).await;
    let media = server.published(&carousel).await;
    let (_, children) = server.get("EAA-LONG", &format!("{media}/children")).await;
    let child = children["data"][0]["id"].as_str().unwrap();
    met.post("DELETE_UNSUPPORTED", "EAA-LONG", child, json!({ "method": "delete" })).await;
    let set = json!({ "user_id": USER, "professional_since": server.sandbox.now().to_string() });
    assert_eq!(server.control("accounts", &set).await.0, 200);
    met.get("BEFORE_PROFESSIONAL", "EAA-LONG", &format!("{media}/insights?metric=reach")).await;
    let story = json!({ "image_url": image, "media_type": "STORIES" });
    let story = server.published(&server.container("EAA-LONG", USER, story).await).await;
    let set = json!({ "media_id": story, "metrics": { "reach": 4 } });
    assert_eq!(server.control("insights", &set).await.0, 200);
    met.get("FEW_VIEWERS", "EAA-LONG", &format!("{story}/insights?metric=reach")).await;
    server.sandbox.configure(|settings| settings.quota_total = 1);
    let more = server.image().await;
    met.publish("QUOTA", &more).await;
    for _ in 0..400 {
        let (status, answer) = server.post("EAA-LONG", &format!("{USER}/media"), json!({ "image_url": image })).await;
        if status != 200 {
            met.note("CONTAINER_BUDGET", &answer);
            break;
        }
    }
}

async fn accounts_and_tokens(met: &mut Met<'_>) {
    let server = met.server;
    met.get("TOKEN_UNREADABLE", "nobody", "me").await;
    met.get("TOKEN_EXPIRED", "EAA-EXPIRED", "me").await;
    met.post("PERMISSION", "EAA-READONLY", &format!("{USER}/media"), json!({ "image_url": "https://a/b.jpg" })).await;
    met.get("NONEXISTENT", "IGAA-LONG", OTHER).await;
    met.get("ALIAS", "IGAA-LONG", "nowhere").await;
    met.get("BAD_REQUEST", "IGAA-LONG", "me?fields=id,").await;
    met.get("AUDIO_TYPE", "EAA-LONG", &format!("ig_audio?user_id={USER}")).await;
    met.get("AUDIO_USER", "EAA-LONG", "ig_audio?audio_type=music").await;
    let (_, none) = reply(server.client.get(format!("{}/me", server.base)).send().await.unwrap()).await.unwrap();
    met.note("NO_TOKEN", &none);
    for (state, row) in [
        ("not_installed", "TOKEN_NOT_INSTALLED"),
        ("checkpointed", "TOKEN_CHECKPOINT"),
        ("password_changed", "TOKEN_PASSWORD"),
        ("expired", "TOKEN_EXPIRED"),
        ("unconfirmed", "TOKEN_UNCONFIRMED"),
        ("revoked", "TOKEN_REVOKED"),
        ("lost_page_role", "TOKEN_PAGE_ROLE"),
    ] {
        assert_eq!(server.control("tokens", &json!({ "token": "IGAA-TWO", "state": state })).await.0, 200);
        met.get(row, "IGAA-TWO", "me").await;
    }
    server.control("tokens", &json!({ "token": "IGAA-TWO", "state": "alive" })).await;
    assert_eq!(server.get("IGAA-TWO", "me").await.0, 200);
    let image = json!({ "image_url": server.picture().await });
    for (state, row) in
        [("restricted", "RESTRICTED"), ("checkpointed", "TOKEN_CHECKPOINT"), ("unavailable", "UNAVAILABLE")]
    {
        server.set_account(state).await;
        met.create(row, image.clone()).await;
    }
    server.set_account("restricted").await;
    assert_eq!(server.get("EAA-LONG", &format!("{USER}?fields=username")).await.0, 200);
    server.set_account("active").await;
    server.fault("GET", "/me", Fault::Throttle { minutes: 1 });
    met.get("THROTTLED", "IGAA-LONG", "me").await;
}

#[tokio::test]
async fn every_row_but_those_inside_meta_answers_a_request() {
    let servers = [start().await, start().await, start().await, fetching().await];
    let mut rows = BTreeSet::new();
    let mut met = Met { server: &servers[0], rows: BTreeSet::new() };
    contents(&mut met).await;
    rows.append(&mut met.rows);
    met.server = &servers[1];
    lives(&mut met).await;
    rows.append(&mut met.rows);
    met.server = &servers[2];
    accounts_and_tokens(&mut met).await;
    rows.append(&mut met.rows);
    let (slow, host) = slow_host().await;
    servers[3].sandbox.configure(|settings| settings.fetch_timeout_ms = 50);
    met.server = &servers[3];
    met.create("DOWNLOAD_TIMEOUT", json!({ "image_url": slow })).await;
    host.abort();
    rows.append(&mut met.rows);
    let all: BTreeSet<&str> = error::ALL.iter().map(|row| row.name).collect();
    rows.extend(BY_FAULT);
    assert_eq!(rows, all);
}

/// A media host that takes a connection and never answers.
async fn slow_host() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slow.jpg", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    (url, task)
}

#[tokio::test]
async fn what_processing_says_is_known_by_its_subcode() {
    let server = start().await;
    for (subcode, _) in error::PROCESSING {
        server.fault("POST", "/media", Fault::ProcessingError { subcode: *subcode });
        let id = server.image().await;
        let (_, answer) = server.get("IGAA-LONG", &format!("{id}?fields=status")).await;
        assert_eq!(answer["status"], format!("Error: Media upload has failed with error code {subcode}"));
    }
}
