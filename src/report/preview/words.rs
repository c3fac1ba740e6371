//! Texts of the page that are neither markup nor pictures.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::text::{one_line, visible};
use igsync_base::id::Kind;
use igsync_model::preview::AccountPage;

/// On one line.
pub(super) fn line(text: &str) -> String {
    one_line(text)
}

/// In lines, with what would be obeyed made visible.
pub(super) fn lines(text: &str) -> String {
    visible(text).into_owned()
}

/// `@acme`, or the account's label.
pub(super) fn label(page: &AccountPage<'_>) -> String {
    one_line(&page.account.label())
}

/// What is in backticks as code.
pub(super) fn rich(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A time in the account's zone.
pub(super) fn local(page: &AccountPage<'_>, at: Timestamp, format: &str) -> String {
    let zone = page.account.timezone.clone().unwrap_or(TimeZone::UTC);
    at.to_zoned_datetime(zone).strftime(format).to_string()
}

pub(super) fn kind_name(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Image) => "Image",
        Some(Kind::Reel) => "Reel",
        Some(Kind::Story) => "Story",
        Some(Kind::Carousel) => "Carousel",
        None => "Post",
    }
}

/// `6 s`, `1 min 5 s`; of a clip.
pub(super) fn length(duration_ms: Option<u64>) -> String {
    match duration_ms.map(|ms| ms.div_ceil(1000)) {
        None => "Clip".to_owned(),
        Some(seconds @ 0..60) => format!("Clip, {seconds} s"),
        Some(seconds) => format!("Clip, {} min {} s", seconds / 60, seconds % 60),
    }
}

/// The last part of a key, which people know a post by.
pub(super) fn stem(key: &str) -> String {
    one_line(key.rsplit('/').next().unwrap_or(key))
}
