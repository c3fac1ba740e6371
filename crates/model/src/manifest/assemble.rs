//! [`Written`] and an account to a [`Post`].

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::check;
use super::decode;
use super::digest::text_digest;
use super::fields::{FIELDS, Taken, named, takes};
use super::schema::{Post, PostState, Queued};
use super::tags_in_text;
use super::time::{WrittenDue, WrittenTime};
use super::written::{At, Caption, List, Tags, Written, WrittenItem};
use crate::config::{Account, Config, Defaults, HashtagsIn, Login, hashtag};
use crate::yaml::{Problems, TEXT_LIMIT, listed, shown};
use igsync_base::content::{Content, Item, MediaType, ReelOptions};
use igsync_base::id::{Digest, Kind, PostKey};
use igsync_base::rules;

/// What all posts of one manifest share.
pub(super) struct Subject<'a> {
    pub written: &'a Written,
    /// The same without what a `_defaults.yaml` adds; `None`: there is none.
    pub own: Option<&'a Written>,
    pub kind: Kind,
    pub key: PostKey,
    pub file: Arc<str>,
    pub line: usize,
    pub config: &'a Config,
}

impl Subject<'_> {
    fn takes(&self, name: &str) -> bool {
        takes(self.kind, name)
    }

    /// Where a finding about the post as a whole points.
    fn whole(&self) -> Range<usize> {
        self.written
            .name_span("kind")
            .or_else(|| self.written.present.first().map(|(_, span)| span.clone()))
            .unwrap_or(0..0)
    }

    /// The post for one account. Findings are reported, and the post is made all the same.
    pub(super) fn post(&self, account: &Account, problems: &mut Problems<'_>) -> Post {
        let written = self.written;
        self.login(account, problems);
        check::sponsors(self.written, account, problems);
        let (publish_at, queued) = self.due(account, problems);
        let publish_until = time(written.publish_until.as_ref(), account, problems);
        if let (Some(at), Some(until), Some(place)) = (publish_at, publish_until, &written.publish_until)
            && until <= at
        {
            place
                .report(problems, &rules::EMPTY_WINDOW, "`publish_until` is not after `publish_at`", "too early")
                .help = Some("such a post could never go out".into());
        }
        let content = self.content(&account.defaults, problems);
        let text_digest = text_digest(&content);
        Post {
            key: self.key.clone(),
            account: account.name.clone(),
            user_id: account.user_id.clone(),
            file: Arc::clone(&self.file),
            line: self.line,
            doubled_digest: self.doubled_digest(&account.defaults, &content, problems),
            own_digest: self.own_digest(account, problems).filter(|own| *own != text_digest),
            text_digest,
            content,
            caption_file: None,
            first_comment: self.first_comment(&account.defaults, problems),
            note: written.note.as_ref().map(|note| normal(&note.value)).filter(|note| !note.is_empty()),
            comment_enabled: !self.takes("comment_enabled") || value(written.comment_enabled.as_ref()).unwrap_or(true),
            own_comment_enabled: self.own_comment_enabled(),
            publish_at,
            queued,
            queue_order: value(written.queue_order.as_ref()).unwrap_or(0.0),
            publish_until,
            draft: value(written.draft.as_ref()).unwrap_or(false),
            allow_duplicate: value(written.allow_duplicate.as_ref()).unwrap_or(false),
            state: value(written.state.as_ref()).unwrap_or(PostState::Present),
            // What cannot be read is no reason to publish it.
            imported: written.has("imported").then(|| value(written.imported.as_ref()).unwrap_or_else(|| "".into())),
            media_digest: None,
            digest: None,
            cover_digest: None,
            sent_digest: None,
            files: Vec::new(),
            conversions: Vec::new(),
            has_errors: false,
            slot: None,
            due_at: None,
        }
    }

    fn own_comment_enabled(&self) -> Option<bool> {
        let own = self.own.unwrap_or(self.written);
        self.takes("comment_enabled").then(|| value(own.comment_enabled.as_ref()))?
    }

    /// When the post goes out: not before a time, or in a slot of the account's.
    fn due(&self, account: &Account, problems: &mut Problems<'_>) -> (Option<Timestamp>, Option<Queued>) {
        let Some(written) = &self.written.publish_at else { return (None, None) };
        let from = match &written.value {
            WrittenDue::At(at) => return (instant(written, at, account, problems), None),
            WrittenDue::Queue { from } => *from,
        };
        if self.kind == Kind::Story {
            written.report(problems, &rules::STORY_IN_QUEUE, "a story takes no slot", "in the queue").help =
                Some("write the time at which it goes out, or remove `publish_at`".into());
        } else if account.schedule.slots.is_empty() {
            let message = format!("the account {} has no slots", account.name);
            written.report(problems, &rules::NO_SLOTS, message, "in the queue").help = Some(
                "set them in igsync.yaml: `schedule: { slots: [\"Mon,Wed,Fri 18:00\"] }`, or write a time here".into(),
            );
        } else if account.timezone.is_none() {
            let message = format!("the slots of {} are local times, and it has no time zone", account.name);
            written.report(problems, &rules::NO_SLOTS, message, "in the queue").help =
                Some("set `timezone: Europe/Berlin` in igsync.yaml".into());
        }
        (None, Some(Queued { from }))
    }

    /// As [`text_digest`], of what the manifest says by itself; `None`: there are no defaults.
    fn own_digest(&self, account: &Account, problems: &Problems<'_>) -> Option<Digest> {
        if self.own.is_none() && account.defaults == Defaults::default() {
            return None;
        }
        let Self { written, own, kind, ref key, ref file, line, config } = *self;
        let (key, file) = (key.clone(), Arc::clone(file));
        let bare = Self { written: own.unwrap_or(written), own: None, kind, key, file, line, config };
        // What is wrong with it is said of the whole.
        let mut unheard = Problems::new(Arc::clone(problems.file()), problems.text()).at_most(1);
        Some(text_digest(&bare.content(&Defaults::default(), &mut unheard)))
    }

    fn doubled_digest(&self, defaults: &Defaults, content: &Content, problems: &Problems<'_>) -> Option<Digest> {
        if !self.takes("caption") || self.hashtags_in(defaults) != HashtagsIn::Caption {
            return None;
        }
        // What is wrong with them is said where they are sent.
        let mut unheard = Problems::new(Arc::clone(problems.file()), problems.text()).at_most(1);
        let hashtags = self.hashtags(defaults, &mut unheard).join(" ");
        if hashtags.is_empty() {
            return None;
        }
        let text = self.written_caption();
        let caption = if text.is_empty() { normal(&hashtags) } else { normal(&format!("{text}\n\n{hashtags}")) };
        (caption != content.caption).then(|| text_digest(&Content { caption, ..content.clone() }))
    }

    fn content(&self, defaults: &Defaults, problems: &mut Problems<'_>) -> Content {
        let written = self.written;
        let collaborators = match &written.collaborators {
            Some(list) => values(list),
            None => defaults.collaborators.clone().unwrap_or_default(),
        };
        let location_id = match &written.location_id {
            Some(id) => Some(id.value.clone()),
            None => defaults.location_id.clone(),
        };
        Content {
            kind: self.kind,
            items: self.items(),
            caption: self.caption(defaults, problems),
            collaborators: if self.takes("collaborators") { collaborators } else { Vec::new() },
            location_id: location_id.filter(|id| !id.is_empty() && self.takes("location_id")),
            is_ai_generated: value(written.is_ai_generated.as_ref()),
            is_paid_partnership: value(written.is_paid_partnership.as_ref()),
            branded_content_sponsor_ids: written.branded_content_sponsor_ids.as_ref().map(values).unwrap_or_default(),
            reel: (self.kind == Kind::Reel).then(|| self.reel(defaults)),
        }
    }

    /// Checks that hold for every account.
    pub(super) fn check(&self, problems: &mut Problems<'_>) {
        let written = self.written;
        if written.kind.is_some() {
            check::kind(written, self.kind, problems);
        }
        check::counts(written, problems);
        check::alt_text(written, self.kind, problems);
        check::overruled(written, self.kind, problems);
        check::share_links(written, problems);
        if self.kind == Kind::Carousel {
            for item in written.items.iter().flat_map(|items| &items.value) {
                if let Some(media) = &item.media {
                    check::tags(media.value.0, self.kind, &item.tags, problems);
                }
            }
        } else {
            check::tags(self.single_type(), self.kind, &self.single_tags(), problems);
        }
        for field in FIELDS.iter().filter(|field| field.unclear_for.contains(&self.kind)) {
            let name = field.name;
            if let Some(span) = written.name_span(name) {
                problems
                    .report(
                        &rules::MAYBE_NOT_FOR_STORIES,
                        &span,
                        format!("stories may not support `{name}`"),
                        "not documented for stories",
                    )
                    .help = Some("Meta's pages do not state this; it may be refused or ignored".into());
            }
        }
    }

    /// Reports what Meta does not take, or perhaps does not take, from an account with Instagram Login.
    fn login(&self, account: &Account, problems: &mut Problems<'_>) {
        if account.login == Login::Facebook {
            return;
        }
        let written = self.written;
        let label = format!("account {} uses Instagram Login", account.name);
        let mut report = |place: At<()>, taken: Taken, what: &str| {
            let (rule, message, help) = match taken {
                Taken::Yes => return,
                Taken::Unclear => (
                    &rules::MAYBE_FACEBOOK_LOGIN_ONLY,
                    format!("{what} is documented for Facebook Login"),
                    "Meta's pages contradict each other on this",
                ),
                Taken::No => (
                    &rules::FACEBOOK_LOGIN_ONLY,
                    format!("{what} needs Facebook Login"),
                    "remove it, or set `login: facebook` for the account",
                ),
            };
            place.report(problems, rule, message, label.clone()).help = Some(help.into());
        };
        let items = written.items.iter().filter(|_| self.takes("items")).flat_map(|items| &items.value);
        let item_products = items.filter_map(|item| item.tags.product_tags.as_ref());
        let products = written.tags.product_tags.iter().filter(|_| self.takes("product_tags"));
        let audio = written.audio_configuration.iter().filter(|_| self.takes("audio_configuration"));
        let partnership = written.is_paid_partnership.iter().filter(|flag| flag.value);
        let places = (products.chain(item_products).map(|products| (place(products), "product_tags")))
            .chain(audio.map(|audio| (place(audio), "audio_configuration")))
            .chain(partnership.map(|flag| (place(flag), "is_paid_partnership")));
        for (place, name) in places {
            if let Some(field) = named(name) {
                report(place, field.on_instagram_login, &format!("`{name}`"));
            }
        }
    }

    fn single_type(&self) -> MediaType {
        let is_video = self.kind == Kind::Reel || (self.kind == Kind::Story && self.written.image.is_none());
        if is_video { MediaType::Video } else { MediaType::Image }
    }

    /// The tags of the one picture or video, as far as the kind takes them.
    fn single_tags(&self) -> Tags {
        let tags = &self.written.tags;
        Tags {
            alt_text: tags.alt_text.clone().filter(|_| self.takes("alt_text")),
            user_tags: tags.user_tags.clone().filter(|_| self.takes("user_tags")),
            product_tags: tags.product_tags.clone().filter(|_| self.takes("product_tags")),
            thumb_offset: tags.thumb_offset.clone().filter(|_| self.takes("thumb_offset")),
        }
    }

    fn items(&self) -> Vec<Item> {
        let written = self.written;
        if self.kind == Kind::Carousel {
            let items = written.items.iter().flat_map(|items| &items.value).enumerate();
            let built =
                |(slot, item): (usize, &WrittenItem)| Some(built(slot, &item.media.as_ref()?.value, &item.tags));
            return items.filter_map(built).collect();
        }
        let media_type = self.single_type();
        let source = if media_type == MediaType::Video { &written.video } else { &written.image };
        source.iter().map(|source| built(0, &(media_type, source.value.clone()), &self.single_tags())).collect()
    }

    fn reel(&self, defaults: &Defaults) -> ReelOptions {
        let written = self.written;
        ReelOptions {
            cover: value(written.cover.as_ref()),
            share_to_feed: value(written.share_to_feed.as_ref()).or(defaults.share_to_feed).unwrap_or(true),
            audio_name: written.audio_name.as_ref().map(|name| name.value.to_string()).filter(|name| !name.is_empty()),
            audio_configuration: value(written.audio_configuration.as_ref()),
            trial: value(written.trial.as_ref()),
        }
    }

    fn first_comment(&self, defaults: &Defaults, problems: &mut Problems<'_>) -> Option<String> {
        if !self.takes("first_comment") {
            return None;
        }
        let written = self.written.first_comment.as_ref();
        let text = written.map(|comment| normal(&comment.value)).unwrap_or_default();
        let is_there = self.hashtags_in(defaults) == HashtagsIn::FirstComment;
        // The caption has reported what is wrong with them.
        let mut unheard = Problems::new(Arc::clone(problems.file()), problems.text()).at_most(1);
        let hashtags = if is_there { self.hashtags(defaults, &mut unheard) } else { Vec::new() };
        let text = with_hashtags(text, hashtags, &[&self.written_caption()]);
        let place = written.map(place).filter(|_| !is_there).or_else(|| self.written.hashtags.as_ref().map(place));
        check::first_comment(&text, &place.unwrap_or_else(|| self.whole_place()), problems);
        (!text.is_empty()).then_some(text)
    }

    /// The caption without hashtags from elsewhere.
    fn written_caption(&self) -> String {
        match self.written.caption.as_ref().map(|caption| &caption.value) {
            Some(Caption::Text(text)) if self.takes("caption") => normal(text),
            Some(_) | None => String::new(),
        }
    }

    fn whole_place(&self) -> At<()> {
        At { value: (), span: self.whole(), origin: None }
    }

    fn hashtags_in(&self, defaults: &Defaults) -> HashtagsIn {
        value(self.written.hashtags_in.as_ref()).or(defaults.hashtags_in).unwrap_or_default()
    }

    fn caption(&self, defaults: &Defaults, problems: &mut Problems<'_>) -> String {
        if !self.takes("caption") {
            return String::new();
        }
        let written = self.written;
        let text = self.written_caption();
        let hashtags = self.hashtags(defaults, problems);
        let caption = match self.hashtags_in(defaults) {
            HashtagsIn::Caption => with_hashtags(text, hashtags, &[]),
            HashtagsIn::FirstComment => text,
        };
        let place = written.caption.as_ref().map(place).or_else(|| written.hashtags.as_ref().map(place));
        check::caption(&caption, &place.unwrap_or_else(|| self.whole_place()), problems);
        caption
    }

    /// Each with its `#`.
    fn hashtags(&self, defaults: &Defaults, problems: &mut Problems<'_>) -> Vec<String> {
        let mut hashtags = Hashtags::default();
        if let Some(list) = &self.written.hashtags {
            for tag in list.value.iter().filter(|tag| !self.expand(&tag.value, &mut hashtags)) {
                self.no_hashtag(tag, problems);
            }
        } else {
            // The configuration has checked its own.
            for tag in defaults.hashtags.iter().flatten() {
                self.expand(tag, &mut hashtags);
            }
        }
        if hashtags.is_cut {
            let place = self.written.hashtags.as_ref().map_or_else(|| self.whole_place(), place);
            let label = format!("more than {TEXT_LIMIT} bytes");
            place.report(problems, &rules::INVALID_VALUE, "the hashtags are longer than any caption", label).help =
                Some("a caption has at most 2,200 characters, hashtags included".into());
        }
        hashtags.tags
    }

    /// Adds a hashtag, or those of a set. `false`: it is neither.
    fn expand(&self, tag: &str, hashtags: &mut Hashtags) -> bool {
        match tag.strip_prefix("set:") {
            Some(name) => {
                let set = self.config.hashtag_sets.get(name);
                for tag in set.into_iter().flatten() {
                    if hashtags.is_cut {
                        break;
                    }
                    hashtags.add(hashtag(tag));
                }
                set.is_some()
            }
            None => hashtags.add(hashtag(tag)),
        }
    }

    /// Says why an entry is no hashtag.
    fn no_hashtag(&self, tag: &At<String>, problems: &mut Problems<'_>) {
        let Some(set) = tag.value.strip_prefix("set:") else {
            let message = format!("`{}` is not one hashtag", shown(&tag.value));
            let advice = "a hashtag has no spaces and no `#`, `@` or `,` inside; give each its own entry";
            let list = self.written.hashtags.as_ref().map_or(&[][..], |list| &list.value);
            let line = tag.origin.is_none().then(|| split(tag, list, problems)).flatten();
            let help = line.map_or_else(|| advice.into(), |line| format!("{advice}; write: {line}"));
            tag.report(problems, &rules::INVALID_HASHTAG, message, "not one word").help = Some(help);
            return;
        };
        let sets = self.config.hashtag_sets.keys().map(String::as_str);
        let meant = problems.closest(set, sets.clone());
        let label = meant.map_or_else(|| "not a set".into(), |name| format!("did you mean `set:{name}`?"));
        let message = format!("there is no hashtag set `{}`", shown(set));
        let known = if self.config.hashtag_sets.is_empty() { "none".into() } else { listed(sets, ", ") };
        tag.report(problems, &rules::UNKNOWN_HASHTAG_SET, message, label).help =
            Some(format!("`hashtag_sets` of igsync.yaml has: {known}"));
    }
}

/// A text with hashtags below it, each that is not in it, nor in one of `others`, once.
fn with_hashtags(text: String, hashtags: Vec<String>, others: &[&str]) -> String {
    if hashtags.is_empty() {
        return text;
    }
    let texts = others.iter().copied().chain([text.as_str()]);
    let mut sent: HashSet<String> = texts.flat_map(tags_in_text::hashtags).map(tags_in_text::likeness).collect();
    let new: Vec<String> = hashtags.into_iter().filter(|tag| sent.insert(tags_in_text::likeness(tag))).collect();
    match (text.is_empty(), new.is_empty()) {
        (_, true) => text,
        (true, false) => normal(&new.join(" ")),
        (false, false) => normal(&format!("{text}\n\n{}", new.join(" "))),
    }
}

/// The line of an entry that is no hashtag, with each such entry of it as the hashtags that it consists of.
pub(super) fn split(tag: &At<String>, list: &[At<String>], problems: &Problems<'_>) -> Option<String> {
    let text = problems.text();
    let start = text.get(..tag.span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.get(start..)?.find('\n').map_or(text.len(), |newline| start + newline);
    let mut line = text.get(start..end)?.to_owned();
    let mut behind = end;
    for tag in list.iter().rev().filter(|tag| is_no_hashtag(tag) && tag.span.start >= start && tag.span.end <= end) {
        let words: Vec<&str> = decode::words(&tag.value).collect();
        // What was meant as something else than words is not taken apart.
        let has_marks = tag.value.contains(['{', '}', '[', ']', ':', '"']);
        let is_flow = text.get(..tag.span.start)?.trim_end().ends_with(['[', ',']);
        let is_words = !has_marks && !words.is_empty() && words.iter().all(|word| hashtag(word).is_some());
        if !is_flow || !is_words || tag.span.end > behind {
            return None;
        }
        let words: Vec<String> = words.into_iter().map(decode::in_flow).collect();
        line.replace_range(tag.span.start - start..tag.span.end - start, &words.join(", "));
        behind = tag.span.start;
    }
    problems.line_with(&(start..end), &line)
}

/// Whether an entry of this file is neither a hashtag nor a set of them.
pub(super) fn is_no_hashtag(tag: &At<String>) -> bool {
    tag.origin.is_none() && !tag.value.starts_with("set:") && hashtag(&tag.value).is_none()
}

/// The hashtags of one post. A set can be named again and again: what is longer than any caption is cut off.
#[derive(Default)]
struct Hashtags {
    tags: Vec<String>,
    /// In bytes, as they are joined.
    len: usize,
    is_cut: bool,
}

impl Hashtags {
    /// `false`: there is none.
    fn add(&mut self, tag: Option<String>) -> bool {
        let Some(tag) = tag else { return false };
        self.len += tag.len() + 1;
        self.is_cut |= self.len > TEXT_LIMIT;
        if !self.is_cut {
            self.tags.push(tag);
        }
        true
    }
}

fn built(slot: usize, (media_type, source): &(MediaType, igsync_base::path::Source), tags: &Tags) -> Item {
    Item {
        slot,
        media_type: *media_type,
        source: source.clone(),
        alt_text: tags.alt_text.as_ref().map(|text| normal(&text.value)).filter(|text| !text.is_empty()),
        user_tags: tags.user_tags.as_ref().map(values).unwrap_or_default(),
        product_tags: tags.product_tags.as_ref().map(values).unwrap_or_default(),
        thumb_offset: value(tags.thumb_offset.as_ref()),
    }
}

fn time(written: Option<&At<WrittenTime>>, account: &Account, problems: &mut Problems<'_>) -> Option<Timestamp> {
    let written = written?;
    instant(written, &written.value, account, problems)
}

fn instant<T>(
    written: &At<T>,
    time: &WrittenTime,
    account: &Account,
    problems: &mut Problems<'_>,
) -> Option<Timestamp> {
    match time.instant(account.timezone.as_ref()) {
        Ok(instant) => Some(instant),
        Err(error) => {
            written.report(problems, error.rule, error.message, error.label).help = Some(error.help);
            None
        }
    }
}

fn value<T: Clone>(at: Option<&At<T>>) -> Option<T> {
    at.map(|at| at.value.clone())
}

fn values<T: Clone>(list: &List<T>) -> Vec<T> {
    list.value.iter().map(|at| at.value.clone()).collect()
}

fn place<T>(at: &At<T>) -> At<()> {
    At { value: (), span: at.span.clone(), origin: at.origin.clone() }
}

/// NFC, LF, outer white space trimmed.
#[must_use]
pub fn normal(text: &str) -> String {
    let text = text.trim();
    let lines = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    if is_nfc(&lines) { lines } else { lines.nfc().collect() }
}
