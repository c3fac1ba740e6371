//! `/_sandbox/…`: what was published, what was asked, faults, clock, media.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use serde::{Deserialize as _, Serialize};
use serde_json::{Map, Value, json};

use super::container::Media;
use super::fault;
use super::insights;
use super::machine::locked;
use super::page;
use super::range::{self, Part};
use super::respond;
use super::seed::{self, Change};
use super::server::{Server, collect};
use super::store::{MAX_FILE, is_name, sha256};
use super::switches::Profile;
use super::time::{self, Millis, SECOND};
use super::world::World;

/// One post, as `GET /_sandbox/published` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Published {
    pub media_id: String,
    pub container: String,
    pub user_id: String,
    /// `image`, `reel`, `carousel` or `story`.
    pub kind: &'static str,
    /// As it was sent, `@` included.
    pub caption: Option<String>,
    /// The items of a carousel, in order.
    pub children: Vec<PublishedChild>,
    /// RFC 3339
    pub published_at: String,
    /// Calls of `media_publish` that named the container, refused ones included.
    pub publish_calls: u32,
    /// The parameters of the creation that were kept, without the token.
    pub params: Map<String, Value>,
    pub comment_enabled: bool,
    /// Oldest first.
    pub comments: Vec<String>,
    pub deleted: bool,
    /// It was put there by `POST /_sandbox/posts`; no call has published it.
    pub seeded: bool,
}

/// One item of a published carousel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishedChild {
    pub media_id: String,
    pub container: String,
    /// `IMAGE` or `VIDEO`.
    pub media_type: &'static str,
    pub params: Map<String, Value>,
}

/// All posts in publish order.
pub(crate) fn published(world: &World) -> Vec<Published> {
    world.published().map(|media| row(world, media)).collect()
}

fn row(world: &World, media: &Media) -> Published {
    let mut comments: Vec<String> = world.comments_of(media.id).map(|comment| comment.text.clone()).collect();
    comments.reverse();
    let children = media.children.iter().filter_map(|id| world.any_media(*id));
    Published {
        media_id: media.id.to_string(),
        container: media.container.to_string(),
        user_id: media.user_id.clone(),
        kind: media.kind.map_or("", igsync_base::id::Kind::as_str),
        caption: media.caption.clone(),
        children: children
            .map(|child| PublishedChild {
                media_id: child.id.to_string(),
                container: child.container.to_string(),
                media_type: child.media_type.as_str(),
                params: child.params.clone(),
            })
            .collect(),
        published_at: time::rfc3339(media.published_at),
        publish_calls: world.container(media.container).map_or(0, |container| container.publish_calls),
        params: media.params.clone(),
        comment_enabled: media.comment_enabled,
        comments,
        deleted: media.deleted,
        seeded: media.seed.seeded,
    }
}

/// The page of a post, and what the pages load.
fn face(server: &Server, path: &[&str], query: &str) -> Option<Response<Body>> {
    let now = server.core.now();
    match path {
        ["post", id] => page::post(&server.core, id, now),
        ["live"] => Some(respond::control(200, &page::live(server, query), now)),
        [name] => page::file(name, now),
        _ => None,
    }
}

type Answer = Result<Value, (u16, String)>;

pub(crate) async fn answer(server: &Server, parts: &Parts, path: &[String], body: Body) -> Response<Body> {
    let core = &server.core;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if let (["media", name], "GET" | "HEAD") = (&path[..], parts.method.as_str()) {
        if is_over(parts.uri.query().unwrap_or_default(), core.now()) {
            return respond::raw(403, "text/plain", "URL signature expired", core.now());
        }
        return media(server, name, parts.headers.get("range").and_then(|range| range.to_str().ok()));
    }
    if parts.method == "GET"
        && let Some(response) = face(server, &path, parts.uri.query().unwrap_or_default())
    {
        return response;
    }
    let method = if parts.method == "HEAD" { "GET" } else { parts.method.as_str() };
    let answer = match collect(body, MAX_FILE).await {
        Ok(body) => route(server, method, &path, body),
        Err(error) => Err((413, error.to_string())),
    };
    let now = core.now();
    match answer {
        Ok(value) => respond::control(200, &value, now),
        Err((status, why)) => respond::control(status, &json!({ "error": why }), now),
    }
}

fn route(server: &Server, method: &str, path: &[&str], body: axum::body::Bytes) -> Answer {
    let core = &server.core;
    if method != "GET" {
        server.touched.fetch_add(1, Ordering::AcqRel);
    }
    let done = || Ok(json!({ "success": true }));
    match (method, path) {
        ("GET", ["published"]) => json_of(&published(&core.world())),
        ("GET", ["requests"]) => json_of(&locked(&core.log).entries()),
        ("GET", ["faults"]) => json_of(&locked(&core.faults).all()),
        ("POST", ["faults"]) => {
            let plans = fault::parse(&object(&body)?).map_err(|why| (400, why))?;
            let mut faults = locked(&core.faults);
            for plan in plans {
                faults.add(plan);
            }
            done()
        }
        ("DELETE", ["faults"]) => {
            locked(&core.faults).clear();
            done()
        }
        ("GET", ["clock"]) => Ok(json!({ "now": time::rfc3339(core.now()) })),
        ("POST", ["clock"]) => {
            advance(server, &object(&body)?)?;
            Ok(json!({ "now": time::rfc3339(core.now()) }))
        }
        ("POST", ["reset"]) => {
            reset(server)?;
            done()
        }
        ("GET", ["switches"]) => json_of(&core.world().settings),
        ("POST", ["switches"]) => switch(server, &object(&body)?),
        ("GET", ["accounts"]) => json_of(&core.world().accounts()),
        ("POST", ["accounts"]) => account(server, &object(&body)?),
        ("POST", ["tokens"]) => token(server, &object(&body)?),
        ("POST", ["insights"]) => insights(server, &object(&body)?),
        ("POST", ["posts"]) => Ok(json!({ "ids": seed(server, &object(&body)?)? })),
        ("POST", ["posts", id]) => {
            change(server, id, &object(&body)?)?;
            done()
        }
        ("PUT", ["media", name]) => keep(server, name, body),
        ("GET" | "POST" | "PUT" | "DELETE", _) => Err((404, "the sandbox has no such control".into())),
        _ => Err((405, "method not allowed".into())),
    }
}

fn json_of(value: &impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}

fn object(body: &[u8]) -> Answer {
    serde_json::from_slice(body).map_err(|error| (400, format!("not JSON: {error}")))
}

fn advance(server: &Server, body: &Value) -> Result<(), (u16, String)> {
    let seconds = body.get("advance_s").and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
    let seconds = seconds.ok_or((400, "advance_s must be a number of seconds, 0 or more".to_owned()))?;
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    server.core.world().advance((seconds.min(1e9) * 1000.0) as Millis);
    server.core.save().map_err(|refusal| (500, refusal.message))
}

pub(crate) fn reset(server: &Server) -> Result<(), (u16, String)> {
    server.forget();
    let now = server.core.clock.now().as_millisecond();
    let mut world = server.core.world();
    world.reset(now);
    server.core.persist.rewrite(&mut world).map_err(|error| (500, error.to_string()))
}

fn switch(server: &Server, change: &Value) -> Answer {
    let change = change.as_object().ok_or((400, "switches are an object".to_owned()))?;
    let mut all = match change.get("profile") {
        Some(profile) => Profile::deserialize(profile).map_err(|error| (400, error.to_string()))?.choices(),
        None => Map::new(),
    };
    all.extend(change.iter().filter(|(name, _)| *name != "profile").map(|(name, value)| (name.clone(), value.clone())));
    server.core.world().switch(&all).map_err(|error| (400, error.to_string()))?;
    saved(server)?;
    json_of(&server.core.world().settings)
}

fn saved(server: &Server) -> Result<(), (u16, String)> {
    server.core.save().map_err(|refusal| (500, refusal.message))
}

/// `{"user_id":…,"state":"restricted"}`, `{"user_id":…,"professional_since":"2024-05-01T00:00:00Z"}`
fn account(server: &Server, body: &Value) -> Answer {
    let user_id = body["user_id"].as_str().unwrap_or_default();
    if server.core.world().account(user_id).is_none() {
        return Err((404, format!("no account has the user_id {user_id:?}")));
    }
    let since = body.get("professional_since");
    if let Some(since) = since {
        let since: Option<jiff::Timestamp> =
            serde_json::from_value(since.clone()).map_err(|error| (400, error.to_string()))?;
        server.core.world().set_professional_since(user_id, since.map(jiff::Timestamp::as_millisecond));
    }
    if since.is_none() || body.get("state").is_some() {
        let state = serde_json::from_value(body["state"].clone()).map_err(|error| (400, error.to_string()))?;
        server.core.world().set_state(user_id, state);
    }
    saved(server)?;
    Ok(json!({ "success": true }))
}

/// `{"media_id":…,"metrics":{"reach":12,"likes":null}}`
fn insights(server: &Server, body: &Value) -> Answer {
    let metrics = insights::read(&body["metrics"]).map_err(|why| (400, why))?;
    let id = body["media_id"].as_str().unwrap_or_default();
    let mut world = server.core.world();
    let media = id.parse().ok().and_then(|id| world.media_mut(id));
    media.ok_or_else(|| (404, format!("no media has the id {id:?}")))?.metrics.extend(metrics);
    drop(world);
    saved(server)?;
    Ok(json!({ "success": true }))
}

/// What may become of a token, with the subcode of 190 that it then answers.
pub(crate) const TOKEN_STATES: &[(&str, Option<i64>)] = &[
    ("alive", None),
    ("not_installed", Some(458)),
    ("checkpointed", Some(459)),
    ("password_changed", Some(460)),
    ("expired", Some(463)),
    ("unconfirmed", Some(464)),
    ("revoked", Some(467)),
    ("lost_page_role", Some(492)),
];

/// `{"token":…,"state":"revoked"}`
fn token(server: &Server, body: &Value) -> Answer {
    let state = TOKEN_STATES.iter().find(|(name, _)| body["state"] == *name);
    let names = || TOKEN_STATES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let (_, subcode) = state.ok_or_else(|| (400, format!("state is one of {}", names())))?;
    if !server.core.world().kill_token(body["token"].as_str().unwrap_or_default(), *subcode) {
        return Err((404, "there is no such token".into()));
    }
    saved(server)?;
    Ok(json!({ "success": true }))
}

/// Puts posts into a feed; their ids.
pub(crate) fn seed(server: &Server, body: &Value) -> Result<Vec<String>, (u16, String)> {
    let now = server.core.now();
    let (user_id, posts) = seed::read(body, now).map_err(|why| (400, why))?;
    let ids = {
        let mut world = server.core.world();
        let account = match user_id {
            None => world.accounts().first(),
            Some(user_id) => world.account(user_id),
        };
        let account = account.ok_or_else(|| (404, format!("no account has the user_id {user_id:?}")))?;
        let user_id = account.user_id.clone();
        world.seed(&user_id, posts, now)
    };
    saved(server)?;
    Ok(ids.iter().map(u64::to_string).collect())
}

/// Changes a live post as its owner does in the app.
pub(crate) fn change(server: &Server, id: &str, body: &Value) -> Result<(), (u16, String)> {
    let change = Change::read(body).map_err(|why| (400, why))?;
    let changed = id.parse().map_err(|_| None).and_then(|id| server.core.world().change_post(id, change));
    changed.map_err(|why| why.map_or_else(|| (404, format!("no post has the id {id:?}")), |why| (400, why)))?;
    saved(server)
}

/// Whether a link to media has ended: `oe` is its last second, in hexadecimal. Links without one do not end.
fn is_over(query: &str, now: Millis) -> bool {
    let end = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "oe");
    end.is_some_and(|(_, text)| i64::from_str_radix(&text, 16).map_or(true, |end| now / SECOND > end))
}

fn keep(server: &Server, name: &str, body: axum::body::Bytes) -> Answer {
    if !is_name(name) {
        return Err((400, "the name is {sha256}.{ext}".into()));
    }
    let found = sha256(&body);
    if !name.starts_with(&found) {
        return Err((400, format!("the bytes have the digest {found}")));
    }
    server.core.store.put(name, body).map_err(|error| (507, error.to_string()))?;
    Ok(json!({ "success": true, "path": format!("/_sandbox/media/{name}") }))
}

fn media(server: &Server, name: &str, wanted: Option<&str>) -> Response<Body> {
    let now = server.core.now();
    let Some(bytes) = server.core.store.get(name) else {
        return respond::control(404, &json!({ "error": "no such media" }), now);
    };
    let content_type = match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        _ => "application/octet-stream",
    };
    let len = bytes.len();
    let (status, bytes, place) = match range::read(wanted, len) {
        Part::Whole => (200, bytes, None),
        Part::Nothing => (416, axum::body::Bytes::new(), Some(format!("bytes */{len}"))),
        Part::Bytes(part) => {
            let place = format!("bytes {}-{}/{len}", part.start, part.end - 1);
            (206, bytes.slice(part), Some(place))
        }
    };
    let mut response = respond::raw(status, content_type, bytes, now);
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", respond::header("nosniff"));
    headers.insert("content-security-policy", respond::header("sandbox"));
    headers.insert("accept-ranges", respond::header("bytes"));
    if let Some(place) = place {
        headers.insert("content-range", respond::header(&place));
    }
    response
}
