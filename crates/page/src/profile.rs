//! The parts of a profile: whose it is, and the tiles of its grid.

use igsync_base::id::Kind;
use maud::{Markup, html};

use super::{icon, initial};

/// A short word on a ground of its own.
#[derive(Clone, Copy, Debug)]
pub struct Chip<'a> {
    /// `good`, `bad`, `wait`, `old` or nothing.
    pub class: &'a str,
    pub text: &'a str,
}

/// One place of the grid.
#[derive(Clone, Copy, Debug)]
pub struct Tile<'a> {
    /// Where it leads; `None`: nowhere.
    pub link: Option<&'a str>,
    /// All of it in words.
    pub label: &'a str,
    pub still: &'a Markup,
    pub kind: Option<Kind>,
    pub chip: Option<Chip<'a>>,
    /// Shown to whoever points at it.
    pub words: &'a str,
}

/// Round, with the first letter of the name.
#[must_use]
pub fn avatar(name: &str) -> Markup {
    html! { span.avatar aria-hidden="true" { (initial(name)) } }
}

/// One place of the grid. Its words are inside a link: what is seen of it need not be a part of them.
#[must_use]
pub fn tile(tile: Tile<'_>) -> Markup {
    let inner = html! {
        (tile.still)
        span.badge { (icon::badge(tile.kind)) }
        @if let Some(chip) = tile.chip { span.chip.(chip.class) aria-hidden="true" { (chip.text) } }
        span.veil aria-hidden="true" dir="auto" { (tile.words) }
    };
    html! {
        @match tile.link {
            Some(link) => { a.tile href=(link) { span.hidden { (tile.label) } (inner) } }
            None => { div.tile role="img" aria-label=(tile.label) { (inner) } }
        }
    }
}

/// The head of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Of the heading, which names the section.
    pub id: &'a str,
    pub name: &'a str,
    /// Numbers and what they count: `12`, `posts`.
    pub stats: &'a [(String, String)],
    pub below: &'a Markup,
}

#[must_use]
pub fn head(head: Head<'_>) -> Markup {
    html! {
        div.who {
            (avatar(head.name.trim_start_matches('@')))
            div {
                h2 id=(head.id) { bdi { (head.name) } }
                ul.stats {
                    @for (number, what) in head.stats { li { b { (number) } " " (what) } }
                }
                (head.below)
            }
        }
    }
}
