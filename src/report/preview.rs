//! The coming feed as one page: a file that needs no script, asks no one, and looks as the sandbox's page does.
//!
//! Every text from outside goes through `maud`, which escapes it, and shows what would turn it around. The policy allows
//! the page's own style alone, and pictures that are in the page.

mod account;
mod calendar;
mod card;
mod picture;
mod words;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use igsync_page::{Frame, ICON, frame};
use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::marks::{presentation, used};
use super::plan_human::{drafts, over_the_cap, over_the_quota, summary_line};
use igsync_base::finding::Finding;
use igsync_base::id::AccountName;
use igsync_media::convert::Shot;
use igsync_model::plan::{Change, Mark};
use igsync_model::preview::{Page, Still};
use picture::{Pictures, Pins};
use words::{label, line, rich};

pub use super::markdown::Place;

const STYLE: &str = include_str!("preview/preview.css");

/// A file that begins with this is a page of ours, which the next one may replace.
pub const MARK: &str = "<meta name=\"generator\" content=\"igsync preview\">";

/// What the page is made of.
#[derive(Clone, Copy)]
pub struct Preview<'a> {
    pub page: &'a Page<'a>,
    /// JPEGs by what they show.
    pub drawn: &'a HashMap<(Still, Shot), Vec<u8>>,
    pub findings: &'a [Finding],
    /// Where readers find the files.
    pub place: &'a Place,
}

/// The whole file.
#[must_use]
pub fn html(preview: Preview<'_>) -> String {
    let pins = Pins::default();
    let pictures = Pictures { plan: preview.page.plan, drawn: preview.drawn, slide: preview.page.slide(), pins: &pins };
    let body = body(preview, &pictures);
    let style = [igsync_page::STYLE, STYLE, &pins.style()].concat();
    let hash = BASE64.encode(Sha256::digest(style.as_bytes()));
    let policy =
        format!("default-src 'none'; img-src data:; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let plan = preview.page.plan;
    let title = match preview.page.accounts.as_slice() {
        [only] => format!("What is coming to {}", label(only)),
        _ => "What is coming".to_owned(),
    };
    let zone = plan.accounts.first().and_then(|account| account.timezone.clone()).unwrap_or(TimeZone::UTC);
    let now = plan.now.to_zoned_datetime(zone).strftime("%a %-d %b %Y %H:%M %Q").to_string();
    let markup = frame(Frame {
        title: &title,
        head: &html! {
            meta http-equiv="Content-Security-Policy" content=(policy);
            (PreEscaped(MARK))
            meta name="referrer" content="no-referrer";
            link rel="icon" href=(format!("data:image/svg+xml;base64,{}", BASE64.encode(ICON)));
            style { (PreEscaped(&style)) }
        },
        skip: "Skip to the posts",
        home: "#main",
        name: "igsync preview",
        note: "This page publishes nothing",
        end: &html! { p.clock { "As of " time datetime=(plan.now.to_string()) { (now) } } },
        body: &body,
    });
    harmless(markup.into_string())
}

/// The same page without what a runner would obey if it were printed into its log.
fn harmless(page: String) -> String {
    match page.split_once("</style>") {
        Some((head, body)) => [head, "</style>", &body.replace("##", "#&#35;").replace("::", ":&#58;")].concat(),
        None => page,
    }
}

fn body(preview: Preview<'_>, pictures: &Pictures<'_>) -> Markup {
    let Page { plan, accounts } = preview.page;
    let listed: Vec<&Change> = accounts
        .iter()
        .flat_map(|one| one.cards.iter().map(|card| card.change).chain(one.others.iter().copied()))
        .collect();
    html! {
        main #main tabindex="-1" {
            div.intro {
                h1 { "What is coming" }
                p.lead { (summary_line(&plan.summary)) }
                @if accounts.len() > 1 {
                    nav.filter aria-label="Accounts" {
                        a href="#main" { "All accounts" }
                        @for (place, account) in accounts.iter().enumerate() {
                            a href=(format!("#account-{}", place + 1)) { bdi { (label(account)) } }
                        }
                    }
                }
                (notes(preview))
            }
            @for (place, account) in accounts.iter().enumerate() {
                (account::section(preview, account, place + 1, pictures))
            }
            @if accounts.is_empty() { p.empty { "There are no posts here yet." } }
        }
        footer.legend {
            @let marks = used(&listed);
            @if !marks.is_empty() {
                h2 { "What the marks mean" }
                dl {
                    @for mark in marks {
                        dt { (mark_chip(mark)) }
                        dd { (rich(presentation(mark).meaning)) }
                    }
                }
            }
            p.facts {
                "Tiles are cropped to 3:4 around the middle, items of a carousel to the shape of the first. Where the app \
                 folds a caption, and what it covers of reels and stories, differs from phone to phone."
            }
        }
    }
}

/// What stops `apply`, and what people should know.
fn notes(preview: Preview<'_>) -> Markup {
    let plan = preview.page.plan;
    let shown = |account: &AccountName| preview.page.accounts.iter().any(|page| page.account.name == *account);
    let crowded: Vec<String> = plan
        .forecast
        .iter()
        .filter(|at| shown(&at.account))
        .flat_map(|at| [over_the_cap(plan, at), over_the_quota(plan, at)])
        .flatten()
        .collect();
    let guards: Vec<_> = plan.guards.iter().filter(|guard| guard.account.as_ref().is_none_or(shown)).collect();
    html! {
        @if !plan.complete || !guards.is_empty() {
            div.notes.refused {
                h2 { "Apply refuses" }
                ul {
                    @if !plan.complete { li { "some manifests could not be read" } }
                    @for guard in guards { li { (line(&guard.message)) " " span.facts { (rich(&line(&guard.help))) } } }
                }
            }
        }
        @let notices: Vec<_> = plan.notices.iter().filter(|notice| shown(&notice.account)).collect();
        @let drafts = drafts(plan);
        @if !crowded.is_empty() || !notices.is_empty() || drafts.is_some() {
            div.notes {
                h2 { "Notes" }
                ul {
                    @for text in crowded { li { (text) } }
                    @for notice in notices { li { (line(&notice.message)) " " span.facts { (rich(&line(&notice.help))) } } }
                    @if let Some(drafts) = drafts { li { (drafts) } }
                }
            }
        }
    }
}

/// `+ publish`, as the terminal marks it.
fn mark_chip(mark: Mark) -> Markup {
    html! { span.chip.(tone(mark)) { (mark.sign()) " " (mark.name()) } }
}

fn tone(mark: Mark) -> &'static str {
    match mark {
        Mark::Publish | Mark::Adopt => "good",
        Mark::Resume | Mark::Moved | Mark::Scheduled => "info",
        Mark::Edited | Mark::Duplicate | Mark::Deleted | Mark::Orphan | Mark::Late | Mark::Expired => "wait",
        Mark::Delete | Mark::Unknown | Mark::Failed => "bad",
    }
}
