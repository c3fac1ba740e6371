//! What is around every page.

use maud::{DOCTYPE, Markup, html};

use super::icon;

/// A page without its body.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub title: &'a str,
    /// Style, policy and scripts.
    pub head: &'a Markup,
    /// For people at a keyboard: `Skip to the posts`.
    pub skip: &'a str,
    /// Where the name in the bar leads.
    pub home: &'a str,
    pub name: &'a str,
    /// Beside the name.
    pub note: &'a str,
    /// At the end of the bar.
    pub end: &'a Markup,
    /// Below the bar; what the link at the top skips to has the id `main`.
    pub body: &'a Markup,
}

/// The whole page.
#[must_use]
pub fn frame(frame: Frame<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) }
                (frame.head)
            }
            body {
                a.skip href="#main" { (frame.skip) }
                header.bar {
                    a.brand href=(frame.home) { (icon::logo()) span { (frame.name) } }
                    p.note { (frame.note) }
                    (frame.end)
                }
                (frame.body)
            }
        }
    }
}
