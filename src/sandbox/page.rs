//! `/`: the accounts and their posts, as people know them.

use axum::body::Body;
use axum::http::Response;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::account::Account;
use super::container::{Container, Media, MediaType, Stored};
use super::machine::Core;
use super::respond;
use super::time::{self, Millis};
use super::world::World;
use crate::graph::wire::StatusCode;

const STYLE: &str = include_str!("page.css");
/// More posts than this are counted, not shown.
const SHOWN: usize = 300;

pub(crate) fn answer(core: &Core, now: Millis) -> Response<Body> {
    let text = document(&core.world(), now).into_string();
    let mut response = respond::raw(200, "text/html; charset=utf-8", text, now);
    let policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert("content-security-policy", respond::header(policy));
    headers.insert("x-content-type-options", respond::header("nosniff"));
    headers.insert("referrer-policy", respond::header("no-referrer"));
    response
}

fn document(world: &World, now: Millis) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "igsync sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "igsync sandbox" }
                    p { "Nothing here is on Instagram. Sandbox time: " time { (time::human(now)) } "." }
                }
                main {
                    @for account in world.accounts() { (profile(world, account, now)) }
                }
            }
        }
    }
}

fn profile(world: &World, account: &Account, now: Millis) -> Markup {
    let posts: Vec<&Media> = world.media_of(&account.user_id).filter(|media| !media.deleted).collect();
    let pending: Vec<&Container> = world
        .containers_of(&account.user_id)
        .filter(|container| container.media_id.is_none() && world.phase(container, now).code != StatusCode::Expired)
        .take(SHOWN)
        .collect();
    html! {
        section {
            h2 { bdi { "@" (account.username) } }
            p.facts {
                (posts.len()) @if posts.len() == 1 { " post" } @else { " posts" }
                " · account " code { (account.user_id) }
            }
            @if posts.is_empty() && pending.is_empty() { p.empty { "No posts yet." } }
            div.grid { @for post in posts.iter().take(SHOWN) { (card(world, post, now)) } }
            @if posts.len() > SHOWN { p.facts { (posts.len() - SHOWN) " older posts are not shown." } }
            @if !pending.is_empty() {
                details {
                    summary { (pending.len()) " unpublished containers" }
                    ul { @for container in &pending { (waiting(world, container, now)) } }
                }
            }
        }
    }
}

fn card(world: &World, post: &Media, now: Millis) -> Markup {
    let kind = post.kind.map_or("", crate::id::Kind::as_str);
    let comments: Vec<&str> = world.comments_of(post.id).map(|comment| comment.text.as_str()).collect();
    html! {
        article {
            div.frame {
                @if post.children.is_empty() {
                    (picture(post.stored.as_ref(), post.cover.as_ref(), post.media_type, alt(post)))
                } @else {
                    div.strip tabindex="0" role="group" aria-label=(format!("carousel of {}", post.children.len())) {
                        @for child in post.children.iter().filter_map(|id| world.any_media(*id)) {
                            (picture(child.stored.as_ref(), None, child.media_type, alt(child)))
                        }
                    }
                }
                span.kind {
                    (kind) @if !post.children.is_empty() { " · " (post.children.len()) }
                }
            }
            @if let Some(caption) = &post.caption { p.caption dir="auto" { (caption) } }
            @for text in comments.iter().rev() { p.comment dir="auto" { (text) } }
            p.facts {
                time { (time::human(post.published_at)) }
                @if !post.comment_enabled { " · comments off" }
                @if post.listed_at > now { " · not listed yet" }
                br; code { (post.id) }
            }
        }
    }
}

fn alt(media: &Media) -> &str {
    media.params.get("alt_text").and_then(serde_json::Value::as_str).unwrap_or("no description")
}

fn picture(stored: Option<&Stored>, cover: Option<&Stored>, media_type: MediaType, alt: &str) -> Markup {
    let link = |stored: &Stored| format!("/_sandbox/media/{}", stored.name);
    html! {
        @match (stored, media_type) {
            (Some(stored), MediaType::Video) => {
                video controls preload="metadata" poster=[cover.map(link)] src=(link(stored)) aria-label=(alt) {}
            }
            (Some(stored), _) => { img loading="lazy" src=(link(stored)) alt=(alt); }
            (None, _) => { div.missing { "not fetched" } }
        }
    }
}

fn waiting(world: &World, container: &Container, now: Millis) -> Markup {
    let phase = world.phase(container, now);
    html! {
        li {
            code { (container.id) } " " (container.media_type.as_str()) " · " (phase.text())
            " · made " time { (time::human(container.created_at)) }
        }
    }
}
