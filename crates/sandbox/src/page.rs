//! `/`: the accounts and their posts, as people know them. Every text from outside goes through
//! `maud`, which escapes it; scripts and styles are files of our own, and the policy allows no other.

mod feed;
mod live;
mod parts;
mod post;

use axum::body::Body;
use axum::http::Response;
use igsync_page::{Frame, ICON, frame};
use maud::{Markup, html};

use super::machine::Core;
use super::respond;
use super::server::Server;
use super::time::{self, Millis};
use super::view;

pub(crate) use live::answer as live;

const STYLE: &str = include_str!("page/face.css");
const SCRIPT: &str = include_str!("page/face.js");
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The feed of every account.
pub(crate) fn feed(server: &Server, now: Millis) -> Response<Body> {
    let body = feed::body(server, now);
    page("igsync sandbox", &body, now)
}

/// One post, by its id or by the code of its permalink; `None` when there is none.
pub(crate) fn post(core: &Core, id: &str, now: Millis) -> Option<Response<Body>> {
    let id = id.parse().ok().or_else(|| view::id_of(id))?;
    let key = core.keys.as_ref().and_then(|keys| keys(&id.to_string()));
    let (title, body) = post::body(&core.world(), id, key, now)?;
    Some(page(&title, &body, now))
}

/// A style sheet, a script or the icon.
pub(crate) fn file(name: &str, now: Millis) -> Option<Response<Body>> {
    let (content_type, text) = match name {
        "face.css" => ("text/css; charset=utf-8", [igsync_page::STYLE, STYLE].concat()),
        "face.js" => ("text/javascript; charset=utf-8", SCRIPT.to_owned()),
        "face.svg" => ("image/svg+xml", ICON.to_owned()),
        _ => return None,
    };
    let mut response = respond::raw(200, content_type, text, now);
    response.headers_mut().insert("x-content-type-options", respond::header("nosniff"));
    Some(response)
}

fn page(title: &str, body: &Markup, now: Millis) -> Response<Body> {
    let text = frame(Frame {
        title,
        head: &html! {
            link rel="stylesheet" href="/_sandbox/face.css";
            link rel="icon" href="/_sandbox/face.svg";
            script src="/_sandbox/face.js" defer {}
        },
        skip: "Skip to the posts",
        home: "/",
        name: "igsync sandbox",
        note: "Nothing here is on Instagram",
        end: &html! { p.clock title="The sandbox's own time" { time id="clock" { (time::human(now)) } } },
        body: &html! {
            (body)
            p.hidden id="news" role="status" aria-live="polite" {}
        },
    });
    let mut response = respond::raw(200, "text/html; charset=utf-8", text.into_string(), now);
    let headers = response.headers_mut();
    headers.insert("content-security-policy", respond::header(POLICY));
    headers.insert("x-content-type-options", respond::header("nosniff"));
    // Whoever opened the page in a window keeps no hold of it.
    headers.insert("cross-origin-opener-policy", respond::header("same-origin"));
    headers.insert("referrer-policy", respond::header("no-referrer"));
    headers.insert("cache-control", respond::header("no-store"));
    response
}
