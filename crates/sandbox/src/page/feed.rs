//! The profile of each account, what is still on its way to it, and the requests.

use igsync_page::{Chip, Head, Tile, head, short, tile};
use maud::{Markup, html};

use super::super::account::{Account, State};
use super::super::container::{Container, Media, MediaType};
use super::super::error;
use super::super::log::Entry;
use super::super::machine::locked;
use super::super::server::Server;
use super::super::time::{self, DAY, Millis};
use super::super::world::World;
use super::{live, parts};
use igsync_base::id::Kind;
use igsync_instagram::wire::StatusCode;

/// More posts than this are counted, not shown.
const SHOWN: usize = 300;
/// Refusals and dead containers of an account.
const TROUBLES: usize = 6;

pub(super) fn body(server: &Server, now: Millis) -> Markup {
    let world = server.core.world();
    let log = locked(&server.core.log);
    let (shown, empty): (Vec<&Account>, Vec<&Account>) = world.accounts().iter().partition(|account| {
        let user_id = &account.user_id;
        world.containers_of(user_id).next().is_some() || world.media_of(user_id).next().is_some()
    });
    html! {
        div.columns {
            main #main tabindex="-1" data-revision=(live::revision(server, &log)) data-busy[is_busy(&world, now)] {
                h1.hidden { "Accounts of the sandbox" }
                @for account in &shown { (profile(&world, account, &log.since(0, 2_000).collect::<Vec<_>>(), now)) }
                @if shown.is_empty() { (welcome()) }
                @if !empty.is_empty() {
                    p.unused {
                        "Without posts: "
                        @for (n, account) in empty.iter().enumerate() {
                            @if n > 0 { ", " }
                            bdi { "@" (account.username) } " (" code { (account.user_id) } ")"
                        }
                    }
                }
            }
            (live::panel(&world, &log))
        }
    }
}

fn welcome() -> Markup {
    html! {
        section.welcome {
            h2 { "No posts yet" }
            p { "Publish into this sandbox from another terminal, and they appear here:" }
            pre tabindex="0" { code { "IGSYNC_GRAPH_URL=… IGSYNC_ACCESS_TOKEN=IGAA-LONG igsync apply --yes" } }
        }
    }
}

/// Something will change by itself.
fn is_busy(world: &World, now: Millis) -> bool {
    let code = |container: &Container| world.phase(container, now).code;
    world.accounts().iter().any(|account| {
        let recent = world.containers_of(&account.user_id).take_while(|one| one.created_at > now - DAY);
        recent.take(400).any(|container| code(container) == StatusCode::InProgress)
    })
}

fn profile(world: &World, account: &Account, log: &[&Entry], now: Millis) -> Markup {
    let live: Vec<&Media> = world.media_of(&account.user_id).filter(|media| !media.deleted).collect();
    let (stories, posts): (Vec<&Media>, Vec<&Media>) =
        live.iter().copied().partition(|media| media.kind == Some(Kind::Story));
    let name = format!("account-{}", account.user_id);
    let used = format!("{} of {}", world.usage(&account.user_id, now).0, world.settings.quota_total);
    let stats = [
        (posts.len().to_string(), if posts.len() == 1 { "post" } else { "posts" }.to_owned()),
        (stories.len().to_string(), if stories.len() == 1 { "story" } else { "stories" }.to_owned()),
        (used, "in 24 hours".to_owned()),
    ];
    let below = html! {
        p.facts { "account " code { (account.user_id) } }
        @if account.state != State::Active { p.chip.bad { (state_name(account.state)) } }
    };
    html! {
        section.profile aria-labelledby=(name) {
            (head(Head { id: &name, name: &account.username, stats: &stats, below: &below }))
            @if !stories.is_empty() { (story_row(&stories, now)) }
            (unpublished(world, account, log, now))
            @if posts.is_empty() { p.empty { "No posts yet" } }
            ul.grid {
                @for post in posts.iter().take(SHOWN) { li { (post_tile(world, post, now)) } }
            }
            @if posts.len() > SHOWN { p.facts { (posts.len() - SHOWN) " older posts are not shown" } }
        }
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Restricted => "restricted",
        State::Checkpointed => "checkpointed",
        State::Unavailable => "unavailable",
        State::NoTrials => "no trial reels",
    }
}

fn story_row(stories: &[&Media], now: Millis) -> Markup {
    html! {
        ul.stories aria-label="Stories" {
            @for story in stories.iter().take(30) {
                @let over = story.published_at <= now - DAY;
                li {
                    a.over[over] href=(format!("/_sandbox/post/{}", story.id))
                        aria-label=(format!("Story, {}{}", time::human(story.published_at), if over { ", over" } else { "" })) {
                        span.ring { (parts::still(story)) }
                        span { @if over { "over" } @else { (time::human(story.published_at).split(", ").nth(1).unwrap_or_default()) } }
                    }
                }
            }
        }
    }
}

fn post_tile(world: &World, post: &Media, now: Millis) -> Markup {
    let caption = short(post.caption.as_deref().unwrap_or("no caption"), 80);
    let alt = parts::text(post, "alt_text").map(|alt| format!(". {}", short(&alt, 120))).unwrap_or_default();
    let label = format!("{}, {}: {caption}{alt}", parts::kind_name(post), time::human(post.published_at));
    tile(Tile {
        link: Some(&format!("/_sandbox/post/{}", post.id)),
        label: &label,
        still: &still_of(world, post),
        kind: post.kind,
        chip: (post.listed_at > now).then_some(Chip { class: "wait", text: "not listed yet" }),
        words: &caption,
    })
}

/// A carousel shows its first item.
fn still_of(world: &World, post: &Media) -> Markup {
    parts::still(post.children.first().and_then(|id| world.any_media(*id)).unwrap_or(post))
}

/// What is processing, ready, failed, expired or was refused, and why.
fn unpublished(world: &World, account: &Account, log: &[&Entry], now: Millis) -> Markup {
    let used: std::collections::HashSet<u64> = world
        .containers_of(&account.user_id)
        .filter(|container| container.media_id.is_none())
        .flat_map(|container| container.children.iter().copied())
        .collect();
    let open: Vec<&Container> = world
        .containers_of(&account.user_id)
        .filter(|container| container.media_id.is_none() && !used.contains(&container.id))
        .filter(|container| container.created_at > now - 7 * DAY)
        .take(TROUBLES * 4)
        .collect();
    let refusals: Vec<&&Entry> = log
        .iter()
        .rev()
        .filter(|entry| entry.method == "POST" && entry.code.is_some() && entry.path.contains(&account.user_id))
        .take(TROUBLES)
        .collect();
    html! {
        @if !open.is_empty() || !refusals.is_empty() {
            details.work open[open.iter().any(|one| world.phase(one, now).code == StatusCode::InProgress)] {
                summary { "Not published: " (count(open.len(), "container")) ", " (count(refusals.len(), "refusal")) }
                ul {
                    @for container in &open { (waiting(world, container, now)) }
                    @for entry in &refusals { (refused(entry)) }
                }
            }
        }
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn waiting(world: &World, container: &Container, now: Millis) -> Markup {
    let phase = world.phase(container, now);
    let (class, label) = match phase.code {
        StatusCode::InProgress if container.upload.as_ref().is_some_and(|upload| !upload.complete) => {
            ("wait", "uploading")
        }
        StatusCode::InProgress => ("wait", "processing"),
        StatusCode::Finished => ("good", "ready"),
        StatusCode::Error => ("bad", "failed"),
        StatusCode::Expired => ("old", "expired"),
        StatusCode::Published => ("good", "published"),
    };
    let what = match container.media_type {
        MediaType::Image => "Picture",
        MediaType::Video => "Video",
        MediaType::CarouselAlbum => "Carousel",
    };
    html! {
        li {
            span.chip.(class) { (label) }
            span.what { (what) " " code { (container.id) } }
            @if let Some(caption) = &container.caption { span.said dir="auto" { (short(caption, 60)) } }
            span.why { (why(container, phase.subcode, &phase.text())) }
            @let made = time::human(container.created_at);
            time.facts title=(made) { (made.split(", ").nth(usize::from(container.created_at > now - DAY)).unwrap_or_default()) }
        }
    }
}

fn why(container: &Container, subcode: Option<i64>, text: &str) -> String {
    let reason = subcode.and_then(error::reason).map(|why| format!("{why} ({})", subcode.unwrap_or_default()));
    if let Some(upload) = container.upload.as_ref().filter(|upload| !upload.complete) {
        let size = upload.size.map_or("unknown size".to_owned(), |size| format!("{size} bytes"));
        return format!("{} of {size} uploaded", upload.received);
    }
    reason.unwrap_or_else(|| text.split_once(": ").map_or(text, |(_, rest)| rest).to_owned())
}

fn refused(entry: &Entry) -> Markup {
    let code = entry.code.unwrap_or_default();
    let number = entry.error_subcode.map_or(code.to_string(), |subcode| format!("{code}/{subcode}"));
    let reason = entry.error_subcode.and_then(error::reason);
    let at = entry.at.get(11..16).unwrap_or_default();
    html! {
        li {
            span.chip.bad { "refused" }
            span.what {
                @if entry.path.ends_with("media_publish") { "Publishing" } @else { "Creation" }
                " " code { (number) }
            }
            @if let Some(caption) = entry.params.get("caption").and_then(serde_json::Value::as_str) {
                span.said dir="auto" { (short(caption, 60)) }
            }
            span.why { (entry.message.as_deref().unwrap_or_default()) @if let Some(reason) = reason { " – " (reason) } }
            time.facts { (at) " UTC" }
        }
    }
}
