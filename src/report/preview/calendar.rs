//! A month: what goes out on which day, free slots, and how much of the quota that takes.

use maud::{Markup, html};

use super::super::plan_human::SMALLEST_QUOTA;
use super::tone;
use super::words::{line, local, stem};
use igsync_model::preview::{AccountPage, Day, Month, On};

/// So many entries of a day are shown.
const ENTRIES: usize = 12;

const WEEK: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

pub(super) fn month(page: &AccountPage<'_>, month: &Month) -> Markup {
    let name = month.first.strftime("%B %Y").to_string();
    let lead = month.first.weekday().to_monday_zero_offset();
    let is_empty = month.days.iter().all(|day| day.entries.is_empty());
    html! {
        div.month {
            h4 { (name) }
            div.week aria-hidden="true" { @for day in WEEK { span { (day) } } }
            ol.days {
                @for (place, day) in month.days.iter().enumerate() {
                    (day_of(page, day, (place == 0).then(|| format!("from-{}", lead + 1))))
                }
            }
            @if is_empty { p.facts.nothing { "Nothing goes out in " (name) } }
        }
    }
}

fn day_of(page: &AccountPage<'_>, day: &Day, column: Option<String>) -> Markup {
    let mut classes = vec!["day".to_owned()];
    classes.extend(column);
    for (is, class) in
        [(day.is_past, "past"), (day.is_today, "today"), (day.is_skipped, "skipped"), (!day.entries.is_empty(), "busy")]
    {
        classes.extend(is.then(|| class.to_owned()));
    }
    let more = day.entries.len().saturating_sub(ENTRIES);
    html! {
        li class=(classes.join(" ")) {
            time datetime=(day.date.to_string()) {
                span.weekday { (day.date.strftime("%a").to_string()) " " }
                (day.date.day())
                @if day.is_today { span.hidden { ", today" } }
            }
            @if let Some(count) = day.in_24h {
                span.quota title=(format!("Posts within 24 hours, of the {SMALLEST_QUOTA} that Meta allows at least")) {
                    (count) "/" (SMALLEST_QUOTA) span.hidden { " of the quota" }
                }
            }
            @if day.is_skipped { span.facts.skip { "no slots" } }
            @for entry in day.entries.iter().take(ENTRIES) {
                @match entry.what {
                    On::Post(place) => {
                        @let card = &page.cards[place];
                        @let when = if card.change.acts() { "now".to_owned() } else { local(page, entry.at, "%H:%M") };
                        a.entry.(tone(card.change.mark())) href=(format!("#post-{}", card.id)) title=(line(card.post.key.as_str())) {
                            b { (when) } " " (stem(card.post.key.as_str()))
                        }
                    }
                    On::Slot => {
                        span.entry.free { b { (local(page, entry.at, "%H:%M")) } " free slot" }
                    }
                }
            }
            @if more > 0 { span.facts { "and " (more) " more" } }
        }
    }
}
