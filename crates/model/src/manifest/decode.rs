//! A YAML tree to [`Written`]: types, names and the fence around paths. What the values mean for
//! each other is [`super::check`].

use std::sync::Arc;

use super::fields::{FIELDS, ITEM_FIELDS, WRONG_NAMES, kind_meant};
use super::schema::PostState;
use super::time;
use super::written::{At, Caption, List, Tags, Written, WrittenItem};
use crate::config::ACCOUNT_LIMIT;
use crate::yaml::{Fields, Node, Problems, report_cut, shown};
use igsync_base::content::{Audio, GraduationStrategy, MediaType, ProductTag, UserTag};
use igsync_base::finding::SourceText;
use igsync_base::id::{AccountName, Kind};
use igsync_base::path::{self, Source};
use igsync_base::rules;

/// Where the file is.
pub(super) struct Context<'a> {
    /// The folder of the file, relative to the content root; empty for the root itself.
    pub folder: &'a str,
    /// Set for a `_defaults.yaml`: the file itself.
    pub defaults: Option<Arc<SourceText>>,
    /// Whether `http://` on loopback is accepted for media.
    pub allow_loopback: bool,
}

/// Reads all fields of one file.
pub(super) fn decode(node: &Node, context: &Context<'_>, problems: &mut Problems<'_>) -> Written {
    let mut written = Written::default();
    if node.is_null() {
        if context.defaults.is_none() {
            problems.report(&rules::MISSING_FIELD, &(0..0), "the manifest is empty", "nothing here").help =
                Some("write at least `kind` and its media; `igsync new image NAME` makes an example".into());
        }
        return written;
    }
    let Some(fields) = Fields::of(node, "a manifest", problems) else { return written };
    written.is_described = true;
    let names: Vec<&'static str> = FIELDS.iter().map(|field| field.name).collect();
    written.meant = fields.reject_unknown("a manifest", &names, WRONG_NAMES, problems);
    for entry in fields.entries() {
        let Some(field) = FIELDS.iter().find(|field| field.name == &*entry.key) else { continue };
        if context.defaults.is_some() && !field.shared {
            problems
                .report(
                    &rules::NOT_A_DEFAULT,
                    &entry.key_span,
                    format!("`{}` cannot be shared", field.name),
                    "belongs to one post",
                )
                .help = Some("move it into the manifest".into());
            continue;
        }
        written.present.push((field.name, entry.key_span.clone()));
    }
    let mut decoder = Decoder { fields, context, problems };
    decoder.media(&mut written);
    decoder.texts(&mut written);
    decoder.reel(&mut written);
    decoder.partnership(&mut written);
    decoder.publishing(&mut written);
    written
}

struct Decoder<'a, 'n, 'p, 't> {
    fields: Fields<'n>,
    context: &'a Context<'a>,
    problems: &'p mut Problems<'t>,
}

impl<'n> Decoder<'_, 'n, '_, '_> {
    fn at<T>(&self, node: &Node, value: T) -> At<T> {
        At { value, span: node.place(), origin: self.context.defaults.clone() }
    }

    fn media(&mut self, written: &mut Written) {
        (written.kind, written.kind_meant) = self.kind();
        written.image = self.source("image");
        written.video = self.source("video");
        written.cover = self.source("cover");
        written.tags = self.tags();
        if let Some((nodes, node)) = self.fields.list("items", self.problems) {
            let items = nodes.iter().map(|node| self.item(node)).collect();
            let span = written.name_span("items").unwrap_or_else(|| node.place());
            written.items = Some(At { value: items, span, origin: None });
        }
    }

    /// The kind, else the one that was probably meant.
    fn kind(&mut self) -> (Option<At<Kind>>, Option<Kind>) {
        let Some((text, node)) = self.fields.text("kind", self.problems) else { return (None, None) };
        if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == text) {
            return (Some(self.at(node, kind)), None);
        }
        let meant = kind_meant(text).or_else(|| {
            let name = self.problems.closest(text, Kind::ALL.iter().map(|kind| kind.as_str()))?;
            Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
        });
        let label = meant.map_or_else(|| "not a kind".into(), |kind| format!("did you mean `{kind}`?"));
        self.problems
            .report(&rules::INVALID_VALUE, &node.span, format!("there is no kind `{}`", shown(text)), label)
            .help = Some("kinds are image, reel, carousel and story".into());
        (None, meant)
    }

    fn source(&mut self, name: &str) -> Option<At<Source>> {
        let (text, node) = self.fields.text(name, self.problems)?;
        match path::source(self.context.folder, text, self.context.allow_loopback) {
            Ok(source) => Some(self.at(node, source)),
            Err(refused) => {
                self.problems.report(refused.rule, &node.span, refused.message, refused.label).help =
                    Some(refused.help.into());
                None
            }
        }
    }

    fn item(&mut self, node: &'n Node) -> WrittenItem {
        let Some(fields) = Fields::of(node, "an item of `items`", self.problems) else {
            return WrittenItem { media: None, tags: Tags::default() };
        };
        let meant = fields.reject_unknown("an item", ITEM_FIELDS, WRONG_NAMES, self.problems);
        let mut inner = Decoder { fields, context: self.context, problems: self.problems };
        let image = inner.source("image");
        let video = inner.source("video");
        let tags = inner.tags();
        match (fields.get("image"), fields.get("video")) {
            (Some(_), Some(second)) => {
                self.problems
                    .report(
                        &rules::CONFLICTING_FIELDS,
                        &second.key_span,
                        "an item is an image or a video",
                        "the second one",
                    )
                    .help = Some("give each its own item".into());
            }
            (None, None) if !meant.contains(&"image") && !meant.contains(&"video") => {
                self.problems
                    .report(&rules::MISSING_FIELD, &node.place(), "an item without `image` or `video`", "this item")
                    .help = Some("write `image: ./file.jpg` or `video: ./file.mp4`".into());
            }
            _ => {}
        }
        let with_type = |source: At<Source>, media_type| At {
            value: (media_type, source.value),
            span: source.span,
            origin: source.origin,
        };
        let media = image
            .map(|image| with_type(image, MediaType::Image))
            .or_else(|| video.map(|video| with_type(video, MediaType::Video)));
        WrittenItem { media, tags }
    }

    fn tags(&mut self) -> Tags {
        Tags {
            alt_text: self.prose("alt_text"),
            user_tags: self.user_tags(),
            product_tags: self.product_tags(),
            thumb_offset: self.fields.count("thumb_offset", self.problems).map(|(count, node)| self.at(node, count)),
        }
    }

    fn user_tags(&mut self) -> Option<List<UserTag>> {
        let (nodes, node) = self.fields.list("user_tags", self.problems)?;
        let tags = nodes.iter().filter_map(|node| {
            let fields = Fields::of(node, "a user tag", self.problems)?;
            fields.reject_unknown(
                "a user tag",
                &["username", "x", "y"],
                &[("name", "username"), ("user", "username")],
                self.problems,
            );
            let username = required(fields, "username", node, self.problems)
                .and_then(|(text, node)| username(text, node, self.problems));
            let x = fields.number("x", self.problems).map(|(x, _)| x);
            let y = fields.number("y", self.problems).map(|(y, _)| y);
            Some(self.at(node, UserTag { username: username?, x, y }))
        });
        let tags = tags.collect();
        Some(self.at(node, tags))
    }

    fn product_tags(&mut self) -> Option<List<ProductTag>> {
        let (nodes, node) = self.fields.list("product_tags", self.problems)?;
        let tags = nodes.iter().filter_map(|node| {
            let fields = Fields::of(node, "a product tag", self.problems)?;
            fields.reject_unknown("a product tag", &["product_id", "x", "y"], &[("id", "product_id")], self.problems);
            let id = required(fields, "product_id", node, self.problems)
                .and_then(|(text, node)| digits("product_id", text, node, self.problems));
            let x = fields.number("x", self.problems).map(|(x, _)| x);
            let y = fields.number("y", self.problems).map(|(y, _)| y);
            Some(self.at(node, ProductTag { product_id: id?, x, y }))
        });
        let tags = tags.collect();
        Some(self.at(node, tags))
    }

    fn texts(&mut self, written: &mut Written) {
        written.id = self.fields.text("id", self.problems).map(|(text, node)| self.at(node, text.to_owned()));
        let inline = self.prose("caption");
        let file = self.caption_file();
        if let (Some(_), Some(second)) = (self.fields.get("caption"), self.fields.get("caption_file")) {
            self.problems
                .report(
                    &rules::CONFLICTING_FIELDS,
                    &second.key_span,
                    "`caption` and `caption_file` exclude each other",
                    "the second one",
                )
                .help = Some("keep one of them".into());
        }
        written.caption = match inline {
            Some(text) => Some(At { value: Caption::Text(text.value), span: text.span, origin: text.origin }),
            None => file,
        };
        written.hashtags = self.hashtags();
        written.collaborators = self.usernames("collaborators");
        written.location_id = self.fields.text("location_id", self.problems).and_then(|(text, node)| {
            // An empty text takes back what a default gave.
            let id = if text.is_empty() { String::new() } else { digits("location_id", text, node, self.problems)? };
            Some(self.at(node, id))
        });
        written.first_comment = self.prose("first_comment");
    }

    fn prose(&mut self, name: &str) -> Option<At<Arc<str>>> {
        self.fields.prose(name, self.problems).map(|(text, node)| self.at(node, text.into()))
    }

    fn caption_file(&mut self) -> Option<At<Caption>> {
        let (text, node) = self.fields.text("caption_file", self.problems)?;
        match path::local(self.context.folder, text) {
            Ok(path) => Some(self.at(node, Caption::File(path))),
            Err(refused) => {
                self.problems.report(refused.rule, &node.span, refused.message, refused.label).help =
                    Some(refused.help.into());
                None
            }
        }
    }

    fn hashtags(&mut self) -> Option<List<String>> {
        let (nodes, node) = self.fields.list("hashtags", self.problems)?;
        let tags = nodes
            .iter()
            .filter_map(|node| {
                // `- sea # our own` is an ordinary comment; `- sea #sun` lost a hashtag.
                let lost = node.cut.as_ref().and_then(|cut| self.problems.text().get(cut.start + 1..cut.end));
                if lost.is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
                    && report_cut(node, "hashtags", self.problems)
                {
                    return None;
                }
                node.text("hashtags", self.problems).map(|text| self.at(node, text.to_owned()))
            })
            .collect();
        Some(self.at(node, tags))
    }

    fn usernames(&mut self, name: &str) -> Option<List<String>> {
        let (nodes, node) = self.fields.list(name, self.problems)?;
        let names = nodes
            .iter()
            .filter_map(|node| {
                let text = node.text(name, self.problems)?;
                username(text, node, self.problems).map(|name| self.at(node, name))
            })
            .collect();
        Some(self.at(node, names))
    }

    fn number(&mut self, name: &str) -> Option<At<f64>> {
        self.fields.number(name, self.problems).map(|(number, node)| self.at(node, number))
    }

    fn flag(&mut self, name: &str) -> Option<At<bool>> {
        self.fields.flag(name, self.problems).map(|(flag, node)| self.at(node, flag))
    }

    fn reel(&mut self, written: &mut Written) {
        written.share_to_feed = self.flag("share_to_feed");
        written.audio_name = self.prose("audio_name");
        written.audio_configuration = self.audio();
        written.trial = self.trial();
    }

    fn audio(&mut self) -> Option<At<Audio>> {
        let node = &self.fields.get("audio_configuration")?.value;
        let fields = Fields::of(node, "`audio_configuration`", self.problems)?;
        let known = ["audio_id", "audio_volume", "video_volume", "should_loop_audio"];
        fields.reject_unknown(
            "`audio_configuration`",
            &known,
            &[("id", "audio_id"), ("volume", "audio_volume")],
            self.problems,
        );
        let audio_id = required(fields, "audio_id", node, self.problems).map(|(text, _)| text.to_owned());
        let audio = Audio {
            audio_volume: fields.number("audio_volume", self.problems).map(|(number, _)| number),
            video_volume: fields.number("video_volume", self.problems).map(|(number, _)| number),
            should_loop_audio: fields.flag("should_loop_audio", self.problems).map(|(flag, _)| flag),
            audio_id: audio_id?,
        };
        Some(self.at(node, audio))
    }

    fn trial(&mut self) -> Option<At<GraduationStrategy>> {
        let node = &self.fields.get("trial_params")?.value;
        let fields = Fields::of(node, "`trial_params`", self.problems)?;
        fields.reject_unknown("`trial_params`", &["graduation_strategy"], &[], self.problems);
        let (text, value) = required(fields, "graduation_strategy", node, self.problems)?;
        let strategy = match text {
            "MANUAL" => GraduationStrategy::Manual,
            "SS_PERFORMANCE" => GraduationStrategy::SsPerformance,
            _ => {
                self.problems
                    .report(
                        &rules::INVALID_VALUE,
                        &value.span,
                        format!("there is no graduation strategy `{}`", shown(text)),
                        "not a strategy",
                    )
                    .help = Some("write MANUAL or SS_PERFORMANCE".into());
                return None;
            }
        };
        Some(self.at(node, strategy))
    }

    fn partnership(&mut self, written: &mut Written) {
        written.is_ai_generated = self.flag("is_ai_generated");
        written.is_paid_partnership = self.flag("is_paid_partnership");
        let name = "branded_content_sponsor_ids";
        if let Some((nodes, node)) = self.fields.list(name, self.problems) {
            let ids = nodes
                .iter()
                .filter_map(|node| {
                    let text = node.text(name, self.problems)?;
                    digits(name, text, node, self.problems).map(|id| self.at(node, id))
                })
                .collect();
            written.branded_content_sponsor_ids = Some(self.at(node, ids));
        }
    }

    fn publishing(&mut self, written: &mut Written) {
        written.comment_enabled = self.flag("comment_enabled");
        written.publish_at = self.time("publish_at", time::parse_due);
        written.publish_until = self.time("publish_until", time::parse);
        written.queue_order = self.number("queue_order");
        written.draft = self.flag("draft");
        written.allow_duplicate = self.flag("allow_duplicate");
        if let Some((nodes, node)) = self.fields.long_list("accounts", ACCOUNT_LIMIT, self.problems) {
            let accounts = nodes
                .iter()
                .filter_map(|node| {
                    node.text("accounts", self.problems).map(|name| self.at(node, AccountName::new(name)))
                })
                .collect();
            written.accounts = Some(self.at(node, accounts));
        }
        written.state = self.fields.text("state", self.problems).and_then(|(text, node)| {
            let state = match text {
                "present" => PostState::Present,
                "absent" => {
                    self.problems
                        .report(&rules::NOT_BUILT, &node.span, "deleting a live post is not built yet", "not yet")
                        .help =
                        Some("delete the post in the app, then set `draft: true` or remove the manifest".into());
                    PostState::Absent
                }
                _ => {
                    self.problems
                        .report(
                            &rules::INVALID_VALUE,
                            &node.span,
                            format!("there is no state `{}`", shown(text)),
                            "not a state",
                        )
                        .help = Some("write present or absent".into());
                    return None;
                }
            };
            Some(self.at(node, state))
        });
    }

    fn time<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, time::NoTime>) -> Option<At<T>> {
        let (text, node) = self.fields.text(name, self.problems)?;
        match parse(text) {
            Ok(time) => Some(self.at(node, time)),
            Err(error) => {
                self.problems.report(error.rule, &node.span, error.message, error.label).help = Some(error.help);
                None
            }
        }
    }
}

fn required<'n>(
    fields: Fields<'n>,
    name: &str,
    inside: &Node,
    problems: &mut Problems<'_>,
) -> Option<(&'n str, &'n Node)> {
    if fields.get(name).is_none() {
        problems.report(&rules::MISSING_FIELD, &inside.place(), format!("`{name}` is missing"), "in this group").help =
            Some(format!("add `{name}`"));
        return None;
    }
    fields.text(name, problems)
}

fn username(text: &str, node: &Node, problems: &mut Problems<'_>) -> Option<String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let fits = (1..=30).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_');
    if !fits {
        problems
            .report(
                &rules::INVALID_USERNAME,
                &node.span,
                format!("`{}` is not a username", shown(text)),
                "not a username",
            )
            .help = Some("1 to 30 letters, digits, dots and underscores, as in the address of the profile".into());
    }
    fits.then(|| name.to_owned())
}

fn digits(name: &str, text: &str, node: &Node, problems: &mut Problems<'_>) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        problems
            .report(&rules::INVALID_VALUE, &node.span, format!("`{name}` is an id of digits"), "invalid characters")
            .help = Some("use the number that Meta gives, not a name or an address".into());
    }
    fits.then(|| text.to_owned())
}
