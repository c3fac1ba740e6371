use serde_json::json;

use crate::{Server, USER, chromium, node, run, script};

/// Texts that would do something if they were not only text.
const HOSTILE: &str =
    "</p><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> \u{202e}#tag";

/// An account as it looks after some days: every kind, a right-to-left caption, one failure, one refusal.
fn fill(server: &Server) {
    let picture = |name: &str| server.host(name);
    let item = |name: &str, alt: &str| {
        let params = if name.ends_with("mp4") {
            json!({ "media_type": "VIDEO", "video_url": server.host(name), "is_carousel_item": true })
        } else {
            json!({ "image_url": picture(name), "is_carousel_item": true, "alt_text": alt })
        };
        server.post(&format!("{USER}/media"), &params)["id"].clone()
    };
    server.publish(
        &json!({ "image_url": picture("espresso.jpg"), "caption": HOSTILE, "alt_text": "\"><script>1</script>" }),
    );
    server.publish(&json!({
        "image_url": picture("porch.jpg"), "caption": "صباح الخير من الميناء ☀️ #صباح\nقهوة على الشرفة",
        "user_tags": [{ "username": "<b>harbour</b>", "x": 0.5, "y": 0.4 }], "collaborators": ["lighthouse"],
    }));
    server.publish(&json!({
        "media_type": "REELS", "video_url": server.host("sunset.mp4"), "cover_url": picture("sunset-cover.jpg"),
        "caption": "Sunset over the fields, in one breath. #goldenhour", "share_to_feed": true,
    }));
    let children =
        [item("music-room.jpg", "A room with a piano"), item("stream.mp4", ""), item("trail.jpg", "A trail")];
    server.advance(30);
    let carousel = server.publish(&json!({
        "media_type": "CAROUSEL", "children": children, "caption": "Three rooms, three lights. Thanks @lighthouse! #home #light",
    }));
    server.post(&format!("{carousel}/comments"), &json!({ "message": "Which one is yours?" }));
    server.publish(&json!({ "media_type": "STORIES", "image_url": picture("window.jpg") }));
    server.post(
        &format!("{USER}/media"),
        &json!({ "image_url": "https://example.com/<script>.jpg", "caption": HOSTILE }),
    );
    server.post(
        &format!("{USER}/media"),
        &json!({ "media_type": "REELS", "upload_type": "resumable", "caption": "Still coming" }),
    );
}

#[test]
fn a_browser_turns_a_carousel_and_hostile_texts_do_nothing() {
    let Some(chromium) = chromium() else { return };
    let server = Server::start();
    fill(&server);
    let shots = std::env::var("IGSYNC_SCREENSHOTS").unwrap_or_default();
    run(node(&script("page.mjs")).args([&server.url, &chromium, &shots]));
}
