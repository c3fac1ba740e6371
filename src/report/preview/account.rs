//! Everything about one account: its grid, its calendar, its posts.

use igsync_page::{Chip, Head, Tile, head, prose, short, tile};
use maud::{Markup, html};

use super::super::markdown::is_instagram;
use super::super::plan_rows::{more, status};
use super::super::program::Program;
use super::super::text::plural;
use super::picture::Pictures;
use super::words::{kind_name, label, line, lines, local, rich, stem};
use super::{Preview, calendar, card, mark_chip, tone};
use igsync_model::plan::{Change, Plan};
use igsync_model::preview::{self, AccountPage, LiveTile, Shown};

pub(super) fn section(preview: Preview<'_>, page: &AccountPage<'_>, number: usize, pictures: &Pictures<'_>) -> Markup {
    let id = format!("account-{number}");
    let name = format!("{id}-name");
    let posts = |count: usize, what: &str| (count.to_string(), what.to_owned());
    let due = page.cards.iter().filter(|card| card.change.acts()).count();
    let mut stats = vec![posts(page.cards.len(), "coming"), posts(due, "now")];
    if !page.others.is_empty() {
        stats.push(posts(page.others.len(), "to look at"));
    }
    let zone = page.account.timezone.as_ref().and_then(|zone| zone.iana_name()).unwrap_or("UTC");
    let below = html! {
        p.facts { "Times in " (zone) }
        @if let Some(paused) = &page.account.paused { p.chip.wait { "paused" } " " span.facts { (rich(&line(paused))) } }
    };
    html! {
        section.account id=(id) aria-labelledby=(name) {
            (head(Head { id: &name, name: &label(page), stats: &stats, below: &below }))
            div.overview {
                div.feed {
                    h3 { "The grid" }
                    @if page.grid.is_empty() { p.empty { "Nothing on the grid yet" } }
                    ul.grid { @for tile in &page.grid { li { (tile_of(page, tile, pictures)) } } }
                    @if page.older > 0 { p.facts { (plural(page.older, "older post")) " not shown" } }
                    (strip(page, "Reels that are not on the grid", &page.off_grid, pictures))
                    (strip(page, "Stories", &page.stories, pictures))
                }
                div.calendar {
                    h3 { "The calendar" }
                    @for month in &page.months { (calendar::month(page, month)) }
                    @if page.later > 0 {
                        p.facts { (plural(page.later, "post")) " after these months" }
                    }
                }
            }
            @if !page.others.is_empty() { (others(preview, page)) }
            @if !page.cards.is_empty() {
                h3 { "Posts in their order" }
                ol.cards { @for one in &page.cards { li { (card::card(preview, page, one, pictures)) } } }
            }
        }
    }
}

fn strip(page: &AccountPage<'_>, title: &str, tiles: &[preview::Tile], pictures: &Pictures<'_>) -> Markup {
    html! {
        @if !tiles.is_empty() {
            h4 { (title) }
            div.shelf role="group" tabindex="0" aria-label=(title) {
                ul { @for tile in tiles { li { (in_strip(page, tile, pictures)) } } }
            }
        }
    }
}

/// What a tile says, and where it leads.
struct Said {
    label: String,
    words: String,
    link: Option<String>,
    chip: Option<(&'static str, String)>,
}

fn said(plan: &Plan, page: &AccountPage<'_>, tile: &preview::Tile) -> Said {
    match &tile.shown {
        Shown::Coming(place) => {
            let card = &page.cards[*place];
            let mark = card.change.mark();
            let words = short(&line(&card.post.content.caption), 80);
            let words = if words.is_empty() { "no caption".to_owned() } else { words };
            let is_now = card.change.acts();
            let at = |format| card.at.map(|at| local(page, at, format)).unwrap_or_default();
            let is_this_year = at("%Y") == local(page, plan.now, "%Y");
            let day = at(if is_this_year { "%-d %b" } else { "%-d %b %Y" });
            let day = if is_now { "now".to_owned() } else { day };
            let when = if is_now { "now".to_owned() } else { at("%a %-d %b %Y %H:%M") };
            let label = format!(
                "{}, {} {}, {when}: {words}. {}",
                kind_name(tile.kind),
                mark.sign(),
                mark.name(),
                line(card.post.key.as_str())
            );
            let chip = Some((tone(mark), format!("{} {day}", mark.sign())));
            Said { label, words, link: Some(format!("#post-{}", card.id)), chip }
        }
        Shown::Live(live) => of_live(page, tile, live),
    }
}

fn of_live(page: &AccountPage<'_>, tile: &preview::Tile, live: &LiveTile) -> Said {
    let at = live.at.map_or_else(|| "some time ago".to_owned(), |at| local(page, at, "%-d %b %Y"));
    let name = live.key.as_ref().map_or_else(|| "in no record".to_owned(), |key| line(key.as_str()));
    let alt = live.alt_text.as_deref().map(|alt| format!(". {}", short(&line(alt), 120))).unwrap_or_default();
    let unlisted = if live.is_unlisted { ", not listed by Instagram" } else { "" };
    Said {
        label: format!("{}, live since {at}{unlisted}: {name}{alt}", kind_name(tile.kind)),
        words: format!("live, {at}: {}", stem(&name)),
        // A lockfile may hold anything: nothing else is made a link.
        link: live.permalink.clone().filter(|link| is_instagram(link)),
        chip: live.is_unlisted.then(|| ("wait", "not listed".to_owned())),
    }
}

fn tile_of(page: &AccountPage<'_>, one: &preview::Tile, pictures: &Pictures<'_>) -> Markup {
    let said = said(pictures.plan, page, one);
    tile(Tile {
        link: said.link.as_deref(),
        label: &said.label,
        still: &pictures.tile(&one.frame),
        kind: one.kind,
        chip: said.chip.as_ref().map(|(class, text)| Chip { class, text }),
        words: &said.words,
    })
}

fn in_strip(page: &AccountPage<'_>, one: &preview::Tile, pictures: &Pictures<'_>) -> Markup {
    let Said { label, link, chip, .. } = said(pictures.plan, page, one);
    let inner = html! {
        (pictures.strip(&one.frame))
        @if let Some((class, text)) = &chip { span.chip.(class) aria-hidden="true" { (text) } }
    };
    html! {
        @match link {
            Some(link) => { a.tall href=(link) { span.hidden { (label) } (inner) } }
            None => { div.tall role="img" aria-label=(label) { (inner) } }
        }
    }
}

/// What does not go out as things are, in the words of the terminal.
fn others(preview: Preview<'_>, page: &AccountPage<'_>) -> Markup {
    let plan = preview.page.plan;
    let program = Program::named("igsync");
    let caption = |change: &Change| change.post.as_ref().map(|post| short(&lines(&post.content.caption), 80));
    html! {
        h3 { "Not on their way" }
        ul.others {
            @for change in &page.others {
                li {
                    (mark_chip(change.mark()))
                    p.what { code { (line(change.key.as_str())) } " " span.facts { (change.kind) } }
                    p.why { (status(plan, change)) }
                    @if let Some(caption) = caption(change).filter(|caption| !caption.is_empty()) {
                        p.said dir="auto" { (prose(&caption)) }
                    }
                    @for line in more(change, &program) { p.facts { (rich(&line)) } }
                }
            }
        }
    }
}
