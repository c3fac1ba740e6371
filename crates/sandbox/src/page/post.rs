//! One post: its media, its words, and how it came to be.

use igsync_page::{avatar, icon, prose};
use maud::{Markup, html};

use super::super::account::Account;
use super::super::container::{Container, Media};
use super::super::params::Params;
use super::super::time::{self, Millis};
use super::super::view;
use super::super::world::World;
use super::parts;
use igsync_base::id::Kind;

pub(super) fn body(world: &World, id: u64, key: Option<String>, now: Millis) -> Option<(String, Markup)> {
    let post = world.any_media(id).filter(|media| media.kind.is_some())?;
    let account = world.account(&post.user_id)?;
    let what = parts::kind_name(post);
    let title = format!("{what} by @{}", account.username);
    let (newer, older) = neighbours(world, post);
    let body = html! {
        main #main.single tabindex="-1" {
            nav.steps aria-label="Posts" {
                a.back href="/" { (icon::chevron(false)) "All posts" }
                @if let Some(id) = newer { a rel="prev" href=(format!("/_sandbox/post/{id}")) { "Newer" } }
                @if let Some(id) = older { a rel="next" href=(format!("/_sandbox/post/{id}")) { "Older" } }
            }
            article.post.story[post.kind == Some(Kind::Story)] {
                h1.hidden { (title) }
                div.stage { (stage(world, post)) }
                div.side { (words(world, account, post)) (facts(world, account, post, key, now)) }
            }
        }
    };
    Some((title, body))
}

/// The posts before and behind this one in its row.
fn neighbours(world: &World, post: &Media) -> (Option<u64>, Option<u64>) {
    let is_story = post.kind == Some(Kind::Story);
    let row: Vec<(Millis, u64)> = world
        .media_of(&post.user_id)
        .filter(|media| !media.deleted && (media.kind == Some(Kind::Story)) == is_story)
        .map(|media| (media.published_at, media.id))
        .collect();
    let own = (post.published_at, post.id);
    let newer = row.iter().rev().find(|place| **place > own).map(|(_, id)| *id);
    (newer, row.iter().find(|place| **place < own).map(|(_, id)| *id))
}

fn stage(world: &World, post: &Media) -> Markup {
    let items: Vec<&Media> = post.children.iter().filter_map(|id| world.any_media(*id)).collect();
    if items.is_empty() {
        return parts::full(post);
    }
    html! {
        div.carousel role="group" aria-roledescription="carousel" aria-label=(format!("{} items", items.len())) {
            ul.strip tabindex="0" aria-label="Items; arrow keys turn" {
                @for (n, item) in items.iter().enumerate() {
                    li.slide aria-roledescription="slide" aria-label=(format!("{} of {}", n + 1, items.len())) {
                        (parts::full(item))
                    }
                }
            }
            button.turn.prev type="button" aria-label="Previous item" hidden { (icon::chevron(false)) }
            button.turn.next type="button" aria-label="Next item" hidden { (icon::chevron(true)) }
            p.count aria-live="polite" hidden { "1 of " (items.len()) }
            div.dots aria-hidden="true" { @for _ in &items { i {} } }
        }
    }
}

fn words(world: &World, account: &Account, post: &Media) -> Markup {
    let mut comments: Vec<(&str, bool)> =
        world.comments_of(post.id).map(|comment| (comment.text.as_str(), comment.hidden)).collect();
    comments.reverse();
    let partners = Params::of(post.params.clone()).list("collaborators").ok().flatten().unwrap_or_default();
    html! {
        header.by {
            (avatar(&account.username))
            p {
                bdi.name { (account.username) }
                @for name in &partners { " and " bdi.name { (name.trim_start_matches('@')) } " (invited)" }
                @if let Some(place) = parts::text(post, "location_id") { br; span.facts { "location " (place) } }
            }
        }
        @if post.deleted { p.chip.bad { "deleted" } }
        @match &post.caption {
            Some(caption) => { p.caption dir="auto" { (prose(caption)) } }
            None if post.kind == Some(Kind::Story) => {}
            None => { p.empty { "No caption" } }
        }
        @if !comments.is_empty() {
            h2.small { @if comments.len() == 1 { "First comment" } @else { "Comments" } }
            ul.comments {
                @for (text, hidden) in &comments {
                    li dir="auto" { bdi.name { (account.username) } " " (prose(text)) @if *hidden { " (hidden)" } }
                }
            }
        }
        @if !post.comment_enabled { p.facts { "Comments are switched off" } }
    }
}

fn facts(world: &World, account: &Account, post: &Media, key: Option<String>, now: Millis) -> Markup {
    let container = world.container(post.container);
    let tags: Vec<String> = std::iter::once(post)
        .chain(post.children.iter().filter_map(|id| world.any_media(*id)))
        .flat_map(parts::user_tags)
        .map(|(name, _)| format!("@{name}"))
        .collect();
    let row = |name: &str, value: Option<String>| {
        html! { @if let Some(value) = value { dt { (name) } dd dir="auto" { (value) } } }
    };
    let text = |name: &str| parts::text(post, name);
    let calls = container.map_or(0, |container| container.publish_calls);
    html! {
        h2.small { "How it was published" }
        dl.facts {
            (row("Key", key))
            (row("Published", Some(time::human(post.published_at))))
            (row("Kind", Some(parts::kind_name(post))))
            (row("Media", container.map(source).or_else(|| post.seed.seeded.then(|| "was there before".into()))))
            (row("Calls to publish", Some(calls.to_string()).filter(|_| calls > 1)))
            (row("In listings", (post.listed_at > now).then(|| format!("from {}", time::human(post.listed_at)))))
            (row("Tagged", (!tags.is_empty()).then(|| tags.join(" "))))
            (row("Description", text("alt_text")))
            (row("In the feed, too", text("share_to_feed")))
            (row("Sound", text("audio_name").or_else(|| text("audio_configuration"))))
            (row("Cover at", text("thumb_offset").map(|ms| format!("{ms} ms"))))
            (row("Trial reel", text("trial_params")))
            (row("Made with AI", text("is_ai_generated")))
            (row("Paid partnership", text("is_paid_partnership")))
            (row("Products", text("product_tags")))
            (row("Address", view::permalink(post, &account.username)))
            (row("Media id", Some(post.id.to_string())))
            (row("Container", container.map(|container| container.id.to_string())))
        }
    }
}

/// Where the bytes came from.
fn source(container: &Container) -> String {
    if container.upload.is_some() {
        return "uploaded in pieces".into();
    }
    let params = Params::of(container.params.clone());
    match params.text("image_url").or_else(|| params.text("video_url")) {
        Some(url) if url.contains("/_sandbox/media/") => "given to the sandbox".into(),
        Some(url) => format!("fetched from {url}"),
        None => format!("{} items", container.children.len()),
    }
}
