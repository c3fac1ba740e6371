//! Signs for eyes; words beside them are for ears.

use igsync_base::id::Kind;
use maud::{Markup, PreEscaped, html};

fn icon(path: &str) -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" { (PreEscaped(path)) }
    }
}

#[must_use]
pub fn logo() -> Markup {
    icon(
        r#"<rect x="3" y="3" width="18" height="18" rx="5.5" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="12" cy="12" r="4" fill="none" stroke="currentColor" stroke-width="2"/><path d="M16.5 6.5h1.5v1.5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#,
    )
}

/// What a tile of the grid is; the link's label says it for ears.
#[must_use]
pub fn badge(kind: Option<Kind>) -> Markup {
    match kind {
        Some(Kind::Carousel) => icon(
            r#"<rect x="3" y="7" width="14" height="14" rx="3" fill="currentColor"/><path d="M8 4h10a3 3 0 0 1 3 3v10" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>"#,
        ),
        Some(Kind::Reel) => icon(
            r#"<rect x="3" y="3" width="18" height="18" rx="5" fill="none" stroke="currentColor" stroke-width="2"/><path d="M10 8.5v7l6-3.5z" fill="currentColor"/>"#,
        ),
        _ => html! {},
    }
}

#[must_use]
pub fn chevron(forward: bool) -> Markup {
    icon(if forward {
        r#"<path d="m9 5 7 7-7 7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>"#
    } else {
        r#"<path d="m15 5-7 7 7 7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>"#
    })
}

/// A clip of which no frame is shown.
#[must_use]
pub fn clip() -> Markup {
    icon(
        r#"<circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M10 8.2v7.6l6-3.8z" fill="currentColor"/>"#,
    )
}
