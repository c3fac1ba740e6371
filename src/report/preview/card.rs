//! One post that goes out: at its true crop, with every word that followers will read, and what reviewers should know.

use igsync_page::prose;
use maud::{Markup, html};

use super::super::plan_human::local_time;
use super::super::plan_rows::status;
use super::picture::Pictures;
use super::words::{kind_name, label, line, lines, local, rich};
use super::{Preview, mark_chip};
use igsync_base::finding::{Brief, Finding, Severity};
use igsync_base::id::Kind;
use igsync_model::manifest::{Content, Item, MediaType, Post, ReelOptions};
use igsync_model::preview::{AccountPage, Card, Slide};

/// So many findings of one post are shown.
const FINDINGS: usize = 20;

pub(super) fn card(preview: Preview<'_>, page: &AccountPage<'_>, card: &Card<'_>, pictures: &Pictures<'_>) -> Markup {
    let Card { change, post, at, id, slides, fold, .. } = card;
    let plan = preview.page.plan;
    let name = format!("post-{id}-name");
    let when = match at {
        Some(_) if change.acts() => "Now".to_owned(),
        Some(at) => local(page, *at, "%a %-d %b %Y %H:%M"),
        None => "No time yet".to_owned(),
    };
    html! {
        article.card id=(format!("post-{id}")) tabindex="-1" aria-labelledby=(name) {
            header {
                (mark_chip(change.mark()))
                h4 id=(name) { (when) span.hidden { ", " (line(post.key.as_str())) } }
                p.facts { (kind_name(Some(post.content.kind))) ", " (status(plan, change)) }
            }
            (self::slides(post, slides, pictures))
            div.text {
                (caption(post, *fold, &label(page)))
                @if let Some(comment) = &post.first_comment {
                    h5 { "First comment" }
                    p.caption.comment dir="auto" { (prose(&lines(comment))) }
                }
                @if let Some(note) = &post.note {
                    h5 { "Note, never sent" }
                    p.caption.comment dir="auto" { (lines(note)) }
                }
                dl.facts {
                    (facts(&post.content))
                    @if !post.comment_enabled { dt { "Comments" } dd { "off" } }
                    @if let Some(until) = post.publish_until {
                        dt { "Not after" } dd { (local_time(plan, &post.account, until)) }
                    }
                    dt { "Key" } dd { code { (line(post.key.as_str())) } }
                    dt { "File" } dd { (file(preview, post)) }
                }
                (findings(preview.findings, post))
            }
        }
    }
}

fn slides(post: &Post, slides: &[Slide<'_>], pictures: &Pictures<'_>) -> Markup {
    let count = slides.len();
    let is_tall = matches!(post.content.kind, Kind::Reel | Kind::Story);
    let inner = html! {
        @for (place, slide) in slides.iter().enumerate() {
            li.slide {
                figure {
                    (picture(post, slide, place, count, pictures))
                    (described(post, slide, place, count))
                }
            }
        }
    };
    html! {
        @if count > 1 {
            div.slides role="group" tabindex="0" aria-label=(format!("{count} slides")) { ul { (inner) } }
        } @else {
            div.slides { ul { (inner) } }
        }
        @if is_tall { p.hidden { "Dashed lines are a guide: what the app covers above and below." } }
    }
}

fn picture(post: &Post, slide: &Slide<'_>, place: usize, count: usize, pictures: &Pictures<'_>) -> Markup {
    let what = match slide.item.media_type {
        MediaType::Image => "Picture",
        MediaType::Video if post.content.cover().is_some() => "Cover of the clip",
        MediaType::Video => "Clip",
    };
    let alt = if count > 1 { format!("{what} {} of {count}", place + 1) } else { what.to_owned() };
    let is_tall = matches!(post.content.kind, Kind::Reel | Kind::Story);
    html! {
        div.shot.tall[is_tall].story[post.content.kind == Kind::Story] {
            (pictures.slide(&slide.frame, &alt))
            @for (number, tag) in slide.tags.iter().enumerate() {
                @if let Some(at) = tag {
                    span class=(pictures.pins.classes(*at)) aria-hidden="true" { (number + 1) }
                }
            }
            @if is_tall { span.zone.above aria-hidden="true" {} span.zone.below aria-hidden="true" {} }
        }
    }
}

/// Alt text and tags of one slide in words.
fn described(post: &Post, slide: &Slide<'_>, place: usize, count: usize) -> Markup {
    let Item { media_type, alt_text, user_tags, product_tags, .. } = slide.item;
    let takes_alt = *media_type == MediaType::Image && matches!(post.content.kind, Kind::Image | Kind::Carousel);
    html! {
        figcaption {
            @if count > 1 { span.number { (place + 1) "/" (count) } " " }
            @match alt_text {
                Some(text) => { span.alt dir="auto" { b { "Alt text " } (line(text)) } }
                None if takes_alt => { span.alt.none { "No alt text" } }
                None => {}
            }
            @if !user_tags.is_empty() {
                span.tags {
                    b { "Tagged " }
                    @for (number, tag) in user_tags.iter().enumerate() {
                        @if number > 0 { ", " }
                        @if slide.tags.get(number).is_some_and(Option::is_some) { span.dot.inline { (number + 1) } " " }
                        bdi { "@" (line(&tag.username)) }
                    }
                }
            }
            @if !product_tags.is_empty() {
                span.tags { b { "Products " } (product_tags.iter().map(|tag| line(&tag.product_id)).collect::<Vec<_>>().join(", ")) }
            }
        }
    }
}

fn caption(post: &Post, fold: Option<usize>, account: &str) -> Markup {
    let caption = &post.content.caption;
    if caption.is_empty() {
        let words = if post.content.kind == Kind::Story { "Stories have no caption" } else { "No caption" };
        return html! { p.facts { (words) } };
    }
    let (shown, rest) = caption.split_at(fold.unwrap_or(caption.len()));
    html! {
        p.caption dir="auto" {
            bdi.name { (account.trim_start_matches('@')) } " " (prose(&lines(shown)))
            @if !rest.is_empty() { span.fold { "… more" } span.rest { (prose(&lines(rest))) } }
        }
    }
}

/// Everything beside words and media. Taken apart, so that a new field is not forgotten.
fn facts(content: &Content) -> Markup {
    let Content {
        kind: _,
        items: _,
        caption: _,
        collaborators,
        location_id,
        is_ai_generated,
        is_paid_partnership,
        branded_content_sponsor_ids,
        reel,
    } = content;
    let names: Vec<String> = collaborators.iter().map(|name| format!("@{}", line(name))).collect();
    let sponsors: Vec<String> = branded_content_sponsor_ids.iter().map(|id| line(id)).collect();
    let row = |name: &str, value: Option<String>| html! { @if let Some(value) = value { dt { (name) } dd dir="auto" { (value) } } };
    html! {
        (row("With", (!names.is_empty()).then(|| names.join(", "))))
        (row("Place", location_id.as_deref().map(line)))
        (row("Paid partnership", (*is_paid_partnership == Some(true)).then(|| "labelled".to_owned())))
        (row("Sponsors", (!sponsors.is_empty()).then(|| sponsors.join(", "))))
        (row("Made with AI", (*is_ai_generated == Some(true)).then(|| "labelled".to_owned())))
        @if let Some(ReelOptions { cover: _, share_to_feed, audio_name, audio_configuration, trial }) = reel {
            (row("Grid", (!share_to_feed).then(|| "only in the Reels tab".to_owned())))
            (row("Trial", trial.map(|_| "shown to people who do not follow yet".to_owned())))
            (row("Sound", audio_name.as_deref().map(line)))
            (row("Music", audio_configuration.as_ref().map(|music| line(&music.audio_id))))
        }
    }
}

fn file(preview: Preview<'_>, post: &Post) -> Markup {
    let name = line(&post.file);
    html! {
        @match preview.place.page(&post.file) {
            Some(link) => { a.file href=(link) rel="noopener noreferrer" { (name) } }
            None => { code { (name) } }
        }
    }
}

fn findings(findings: &[Finding], post: &Post) -> Markup {
    let of_it: Vec<&Finding> = findings.iter().filter(|finding| finding.file == post.file).collect();
    let more = of_it.len().saturating_sub(FINDINGS);
    html! {
        @if !of_it.is_empty() {
            ul.findings aria-label="Findings" {
                @for finding in of_it.iter().take(FINDINGS) {
                    @let Brief { message, label, help } = finding.brief();
                    @let (class, severity) = match finding.severity { Severity::Error => ("bad", "error"), Severity::Warning => ("wait", "warning") };
                    li {
                        span.chip.(class) { (severity) } " "
                        (line(&message)) @if !label.is_empty() { " (" (line(&label)) ")" }
                        span.facts { " line " (finding.position().0) ", " (finding.rule.id) }
                        @if let Some(help) = help { br; span.facts { (rich(&line(&help))) } }
                    }
                }
                @if more > 0 { li.facts { "and " (more) " more" } }
            }
        }
    }
}
