//! `/_sandbox/…`: what was published, what was asked, faults, clock, media.

use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::container::Media;
use super::fault;
use super::machine::locked;
use super::respond;
use super::server::{Server, collect};
use super::store::{MAX_FILE, is_name, sha256};
use super::time::{self, Millis};
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
    /// What creation was told and kept, without the token.
    pub params: Map<String, Value>,
    pub comment_enabled: bool,
    /// Oldest first.
    pub comments: Vec<String>,
    pub deleted: bool,
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
        kind: media.kind.map_or("", crate::id::Kind::as_str),
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
    }
}

type Answer = Result<Value, (u16, String)>;

pub(crate) async fn answer(server: &Server, parts: &Parts, path: &[String], body: Body) -> Response<Body> {
    let core = &server.core;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if let (["media", name], "GET" | "HEAD") = (&path[..], parts.method.as_str()) {
        return media(server, name);
    }
    let answer = match collect(body, MAX_FILE).await {
        Ok(body) => route(server, parts.method.as_str(), &path, body),
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
    let mut world = server.core.world();
    let mut all = json_of(&world.settings)?;
    let (Some(all_map), Some(change)) = (all.as_object_mut(), change.as_object()) else {
        return Err((400, "switches are an object".into()));
    };
    all_map.extend(change.clone());
    world.settings = serde_json::from_value(all.clone()).map_err(|error| (400, error.to_string()))?;
    Ok(all)
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

fn media(server: &Server, name: &str) -> Response<Body> {
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
    let mut response = respond::raw(200, content_type, bytes, now);
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", respond::header("nosniff"));
    headers.insert("content-security-policy", respond::header("sandbox"));
    response
}
