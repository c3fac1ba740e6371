//! A YAML tree to [`Written`]: types, names and the fence around paths. What the values mean for
//! each other is [`super::check`].

use std::sync::Arc;

use super::fields::{FIELDS, ITEM_FIELDS, kind_meant};
use super::instead;
use super::schema::PostState;
use super::time;
use super::time_meant::{self, Advice};
use super::written::{At, Caption, List, Tags, Written, WrittenItem};
use crate::config::{ACCOUNT_LIMIT, Config, HashtagsIn};
use crate::yaml::{
    Entry, Fields, Node, Problems, Value, in_quotes, number_meant, report_cut, report_missing_dashes, shown, wrong_type,
};
use igsync_base::content::{Audio, GraduationStrategy, MediaType, ProductTag, UserTag};
use igsync_base::finding::SourceText;
use igsync_base::id::{AccountName, Kind, MediaId};
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
    pub config: &'a Config,
    /// Whether a local time needs no time zone of its own.
    pub has_timezone: bool,
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
    let kind = fields.get("kind").and_then(|entry| entry.value.scalar());
    let kind = kind.and_then(|text| Kind::ALL.into_iter().find(|kind| kind.as_str() == text).or(kind_meant(text)));
    written.meant = instead::reject_unknown(fields, "a manifest", kind, &names, problems);
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
    let mut decoder = Decoder { fields, context, problems, is_video: false };
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
    /// Its tags are in a video, where they have no place.
    is_video: bool,
}

impl<'n> Decoder<'_, 'n, '_, '_> {
    fn at<T>(&self, node: &Node, value: T) -> At<T> {
        At { value, span: node.place(), origin: self.context.defaults.clone() }
    }

    fn media(&mut self, written: &mut Written) {
        (written.kind, written.kind_meant) = self.kind();
        self.is_video = written.kind.as_ref().is_some_and(|kind| kind.value == Kind::Reel);
        written.image = self.source("image");
        written.video = self.source("video");
        written.cover = self.source("cover");
        written.tags = self.tags();
        let only = self.fields.get("items").map(|entry| &entry.value);
        if let Some((node, items)) = only.and_then(|node| Some((node, instead::items_in(node.scalar()?)?))) {
            wrong_type(node, "`items` is a list", Some(items), self.problems);
        } else if let Some((nodes, node)) = self.fields.list("items", self.problems) {
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
        let line = meant.and_then(|kind| self.problems.line_with(&node.span, kind.as_str()));
        let line = line.map(|line| format!("; write: {line}")).unwrap_or_default();
        self.problems
            .report(&rules::INVALID_VALUE, &node.span, format!("there is no kind `{}`", shown(text)), label)
            .help = Some(format!("kinds are image, reel, carousel and story{line}"));
        (None, meant)
    }

    fn source(&mut self, name: &str) -> Option<At<Source>> {
        if let Some(Node { value: Value::List(nodes), .. }) = self.fields.get(name).map(|entry| &entry.value) {
            self.not_one_file(name, nodes);
            return None;
        }
        let (text, node) = self.fields.text(name, self.problems)?;
        match path::source(self.context.folder, text, self.context.allow_loopback) {
            Ok(source) => Some(self.at(node, source)),
            Err(refused) => {
                self.refused_path(text, node, refused);
                None
            }
        }
    }

    fn refused_path(&mut self, text: &str, node: &Node, refused: path::Refused) {
        let line = text.contains('\\').then(|| self.problems.write(&node.span, &in_flow(&text.replace('\\', "/"))));
        self.problems.report(refused.rule, &node.span, refused.message, refused.label).help =
            line.flatten().or_else(|| Some(refused.help.into()));
    }

    /// Reports a list where one file is expected.
    fn not_one_file(&mut self, name: &str, nodes: &[Node]) {
        let Some(node) = self.fields.get(name).map(|entry| &entry.value) else { return };
        let only = match nodes {
            [only] => only.scalar().filter(|path| instead::is_media(path)),
            _ => None,
        };
        let is_flow = node.span.len() > 1;
        let line = only.filter(|_| is_flow).and_then(|path| self.problems.write(&node.span, &in_flow(path)));
        let help = match (line, only) {
            (Some(line), _) => line,
            (None, Some(path)) => format!("write the path behind `{name}:`, without a dash: {}", shown(path)),
            (None, None) => "write one path; several files are a post with `kind: carousel` and `items`".into(),
        };
        wrong_type(node, &format!("`{name}` is one file"), None, self.problems).help = Some(help);
    }

    fn item(&mut self, node: &'n Node) -> WrittenItem {
        let nothing = WrittenItem { media: None, tags: Tags::default() };
        if node.scalar().is_some_and(|paths| paths.contains(',') && instead::items_in(paths).is_some()) {
            wrong_type(node, "an item is one file", None, self.problems).help =
                Some("give each file its own line: `- image: ./file.jpg` or `- video: ./file.mp4`".into());
            return nothing;
        }
        if let Some(path) = node.scalar().filter(|path| instead::is_media(path)) {
            let field = instead::media_field(path);
            let meant = format!("{{ {field}: {} }}", in_flow(path));
            wrong_type(node, "an item has fields (`name: value`)", Some(meant), self.problems);
            return nothing;
        }
        let Some(fields) = Fields::of(node, "an item of `items`", self.problems) else { return nothing };
        let meant = instead::reject_unknown(fields, "an item", None, ITEM_FIELDS, self.problems);
        let is_video = fields.get("video").is_some();
        let mut inner = Decoder { fields, context: self.context, problems: self.problems, is_video };
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
        let name = "user_tags";
        let node = &self.fields.get(name)?.value;
        if report_missing_dashes(node, self.problems) {
            return None;
        }
        if let Some(names) = node.scalar().filter(|_| !node.is_null() && node.cut.is_none()) {
            let tags: Vec<String> = words(names).map(|name| self.user_tag(name, None, None)).collect();
            let meant = Some(format!("[{}]", tags.join(", ")));
            wrong_type(node, &format!("`{name}` is a list"), meant, self.problems);
            return None;
        }
        let (nodes, node) = self.fields.list(name, self.problems)?;
        let tags = nodes.iter().filter_map(|node| {
            if let Some(name) = node.scalar().filter(|name| !name.is_empty() && !name.contains(':')) {
                let meant = Some(self.user_tag(name, None, None));
                wrong_type(node, "a user tag has fields (`name: value`)", meant, self.problems);
                return None;
            }
            let fields = Fields::of(node, "a user tag", self.problems)?;
            if self.decimal_comma(fields, node) || self.name_alone(fields, node) {
                return None;
            }
            let wrong_names = &[("name", "username"), ("user", "username")];
            fields.reject_unknown("a user tag", &["username", "x", "y"], wrong_names, self.problems);
            let username = required(fields, "username", node, self.problems)
                .and_then(|(text, node)| username(text, node, self.problems));
            let (x, y) = self.position(fields, node, username.as_deref())?;
            Some(self.at(node, UserTag { username: username?, x, y }))
        });
        let tags = tags.collect();
        Some(self.at(node, tags))
    }

    /// Reports `{ x: 0,5 }`, which has a field `5`. `false`: there is none.
    fn decimal_comma(&mut self, fields: Fields<'n>, node: &Node) -> bool {
        let is_digits = |entry: &&Entry| entry.value.is_null() && entry.key.bytes().all(|byte| byte.is_ascii_digit());
        let Some(entry) = fields.entries().iter().find(is_digits) else { return false };
        let written = self.problems.text().get(node.span.clone()).unwrap_or_default();
        let help = self.problems.write(&node.span, &with_points(written));
        let help = help.or_else(|| Some("write a point in place of the comma: 0.5".into()));
        let message = format!("a comma in front of `{}` separates two fields", shown(&entry.key));
        self.problems.report(&rules::WRONG_TYPE, &entry.key_span, message, "not a part of the number").help = help;
        true
    }

    /// Reports `{ friend, x: 0.5 }`, which has a field `friend`. `false`: there is none.
    fn name_alone(&mut self, fields: Fields<'n>, node: &Node) -> bool {
        let is_name = |entry: &&Entry| {
            entry.value.is_null() && entry.value.cut.is_none() && !["username", "x", "y"].contains(&&*entry.key)
        };
        let alone = fields.entries().iter().find(is_name).filter(|entry| !entry.key.contains([':', ' ']));
        let Some(entry) = alone.filter(|_| fields.get("username").is_none()) else { return false };
        let meant = |name: &str| fields.get(name).and_then(|entry| number_meant(&entry.value));
        let whole = self.user_tag(&entry.key, meant("x"), meant("y"));
        let line = self.problems.write(&node.span, &whole).filter(|_| node.span.len() > 1);
        let message = "a user tag has fields (`name: value`)";
        let label = format!("did you mean `username: {}`?", shown(&entry.key));
        self.problems.report(&rules::WRONG_TYPE, &entry.key_span, message, label).help =
            line.or_else(|| Some("write `username: ` in front of the name".into()));
        true
    }

    /// The place of a user tag. `None`: it has a finding, which shows the whole tag.
    fn position(
        &mut self,
        fields: Fields<'n>,
        tag: &Node,
        username: Option<&str>,
    ) -> Option<(Option<f64>, Option<f64>)> {
        let value = |name: &str| fields.get(name).map(|entry| &entry.value);
        let number = |name: &str| value(name).and_then(Node::as_number);
        let Some((name, wrong)) = ["x", "y"]
            .into_iter()
            .filter_map(|name| Some((name, value(name)?)))
            .find(|(_, node)| node.as_number().is_none())
        else {
            return Some((number("x"), number("y")));
        };
        let meant = |name: &str| value(name).and_then(number_meant);
        let is_flow = tag.span.len() > 1;
        let help = if is_flow {
            let whole = username.map(|name| self.user_tag(name, meant("x"), meant("y")));
            whole.and_then(|whole| self.problems.write(&tag.span, &whole))
        } else {
            meant(name).and_then(|meant| self.problems.write(&wrong.span, &meant.to_string()))
        };
        let help = help.or_else(|| Some("a number from 0.0 to 1.0".into()));
        wrong_type(wrong, &format!("`{name}` is a number"), None, self.problems).help = help;
        None
    }

    /// A tag of this name as it can be written.
    fn user_tag(&self, name: &str, x: Option<f64>, y: Option<f64>) -> String {
        let name = name.trim().trim_start_matches('@');
        let name = if name.bytes().all(|byte| byte.is_ascii_alphabetic()) { name.to_owned() } else { in_quotes(name) };
        if self.is_video {
            return format!("{{ username: {name} }}");
        }
        let part = |part: Option<f64>| part.filter(|part| (0.0..=1.0).contains(part)).unwrap_or(0.5);
        format!("{{ username: {name}, x: {}, y: {} }}", part(x), part(y))
    }

    fn product_tags(&mut self) -> Option<List<ProductTag>> {
        let (nodes, node) = self.fields.list("product_tags", self.problems)?;
        let tags = nodes.iter().filter_map(|node| {
            let fields = Fields::of(node, "a product tag", self.problems)?;
            if self.decimal_comma(fields, node) {
                return None;
            }
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
        written.hashtags_in = self.hashtags_in();
        written.note = self.prose("note");
        written.collaborators = self.usernames("collaborators");
        written.location_id = self.fields.text("location_id", self.problems).and_then(|(text, node)| {
            // An empty text takes back what a default gave.
            let id = if text.is_empty() { String::new() } else { digits("location_id", text, node, self.problems)? };
            Some(self.at(node, id))
        });
        written.first_comment = self.prose("first_comment");
    }

    fn prose(&mut self, name: &str) -> Option<At<Arc<str>>> {
        let (text, node) = self.fields.prose(name, self.problems)?;
        self.lost_hashtags(name, node);
        Some(self.at(node, text.into()))
    }

    /// A line of hashtags right below a text is a comment in YAML, and was meant as a part of it.
    fn lost_hashtags(&mut self, name: &str, node: &Node) {
        let text = self.problems.text();
        let is_line_start = text[..node.span.end].ends_with('\n');
        let mut start = node.span.end;
        if !is_line_start {
            let Some(line) = text[start..].find('\n') else { return };
            start += line + 1;
        }
        for line in text[start..].split_inclusive('\n') {
            let content = line.trim();
            if is_hashtags(content) {
                let begin = start + line.find('#').unwrap_or(0);
                let message = format!("`{name}` does not have this line: `#` begins a comment");
                let place = begin..begin + content.len();
                self.problems.report(&rules::TEXT_CUT, &place, message, "not part of the text").help = Some(format!(
                    "write `{name}: |` with the whole text below it, each line indented; a comment has a blank after `#`"
                ));
                return;
            }
            if !content.is_empty() {
                return;
            }
            start += line.len();
        }
    }

    fn caption_file(&mut self) -> Option<At<Caption>> {
        let (text, node) = self.fields.text("caption_file", self.problems)?;
        match path::local(self.context.folder, text) {
            Ok(path) => Some(self.at(node, Caption::File(path))),
            Err(refused) => {
                self.refused_path(text, node, refused);
                None
            }
        }
    }

    fn hashtags(&mut self) -> Option<List<String>> {
        let name = "hashtags";
        let node = &self.fields.get(name)?.value;
        if report_missing_dashes(node, self.problems) {
            return None;
        }
        if let Some(text) = node.scalar().filter(|_| !node.is_null()) {
            // A comment behind it is a part of what was meant.
            let cut = node.cut.as_ref().and_then(|cut| self.problems.text().get(cut.clone())).unwrap_or_default();
            let span = node.span.start..node.cut.as_ref().map_or(node.span.end, |cut| cut.end);
            let help = self.problems.write(&span, &flow_list(&format!("{text} {cut}")));
            wrong_type(node, &format!("`{name}` is a list"), None, self.problems).help = help;
            return None;
        }
        if let Some(cut) = node.cut.as_ref().filter(|_| node.is_null()) {
            let text = self.problems.text().get(cut.clone()).unwrap_or_default();
            let help = self.problems.write(cut, &flow_list(text));
            let message = format!("`{name}` has no value: `#` begins a comment");
            self.problems.report(&rules::TEXT_CUT, cut, message, "not part of the value").help = help;
            return None;
        }
        let (nodes, node) = self.fields.list(name, self.problems)?;
        let mut tags = Vec::with_capacity(nodes.len());
        for node in nodes {
            // `- sea # our own` is an ordinary comment; `- sea #sun` lost a hashtag.
            let lost = node.cut.as_ref().and_then(|cut| self.problems.text().get(cut.start + 1..cut.end));
            if lost.is_some_and(|rest| rest.starts_with(char::is_alphanumeric)) && report_cut(node, name, self.problems)
            {
                continue;
            }
            tags.extend(node.text(name, self.problems).map(|text| self.at(node, text.to_owned())));
        }
        Some(self.at(node, tags.into()))
    }

    fn hashtags_in(&mut self) -> Option<At<HashtagsIn>> {
        let (text, node) = self.fields.text("hashtags_in", self.problems)?;
        let place = HashtagsIn::ALL.into_iter().find(|place| place.as_str() == text);
        if place.is_none() {
            let meant = self.problems.closest(text, HashtagsIn::ALL.map(HashtagsIn::as_str)).unwrap_or("first_comment");
            let help = self.problems.write(&node.span, meant);
            let message = format!("hashtags go into `caption` or `first_comment`, not into `{}`", shown(text));
            self.problems.report(&rules::INVALID_VALUE, &node.span, message, "not one of them").help = help;
        }
        place.map(|place| self.at(node, place))
    }

    fn usernames(&mut self, name: &str) -> Option<List<String>> {
        let node = &self.fields.get(name)?.value;
        if report_missing_dashes(node, self.problems) {
            return None;
        }
        if let Some(text) = node.scalar().filter(|_| !node.is_null() && node.cut.is_none()) {
            wrong_type(node, &format!("`{name}` is a list"), Some(flow_list(text)), self.problems);
            return None;
        }
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
        written.imported = self.fields.text("imported", self.problems).and_then(|(text, node)| {
            digits("imported", text, node, self.problems).map(|id| self.at(node, MediaId::new(id)))
        });
        written.state = self.fields.text("state", self.problems).and_then(|(text, node)| {
            let state = match text {
                "present" => PostState::Present,
                "absent" => PostState::Absent,
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
                let Advice { text, words, no_day } = time_meant::advice(text, self.context.has_timezone);
                // A time that clocks skip or repeat is written as it should be.
                let is_misspelt = error.rule.id == rules::INVALID_TIME.id;
                let line = self.problems.line_with(&node.span, &text).filter(|_| is_misspelt);
                let help = line.map_or(error.help, |line| format!("{words}write: {line}"));
                let (message, label) = match no_day.filter(|_| is_misspelt) {
                    Some(day) => (format!("the calendar has no day {}", shown(&day)), "no such day".into()),
                    None => (error.message, error.label),
                };
                self.problems.report(error.rule, &node.span, message, label).help = Some(help);
                None
            }
        }
    }
}

/// Names or hashtags that are separated by blanks, commas or their own marks, without quotes and brackets around them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '#' | '＃' | '@'))
        .map(|word| word.trim_matches(['"', '[', ']', '-']))
        .filter(|word| !word.is_empty())
}

/// The hashtags or names of a text as a list.
fn flow_list(text: &str) -> String {
    let tags: Vec<String> = words(text).map(in_flow).collect();
    format!("[{}]", tags.join(", "))
}

/// With a point for every comma between two digits.
fn with_points(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let point = |(at, c): (usize, char)| {
        if c == ',' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) { '.' } else { c }
    };
    text.char_indices().map(point).collect()
}

/// A text as an entry of a list on one line.
pub(super) fn in_flow(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '.' | '/'))
        && text.chars().all(|c| c.is_alphanumeric() || "./_-".contains(c))
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null");
    if is_plain { text.to_owned() } else { in_quotes(text) }
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
        // A number that nobody has: what is shown is to be replaced.
        let line = problems.line_with(&node.span, "\"123456789012345\"");
        let line = line.map(|line| format!("; with that number, write: {line}")).unwrap_or_default();
        problems
            .report(&rules::INVALID_VALUE, &node.span, format!("`{name}` is an id of digits"), "invalid characters")
            .help = Some(format!("use the number that Meta gives, not a name or an address{line}"));
    }
    fits.then(|| text.to_owned())
}

/// `#sunset #harbour`, and no comment: a field that was commented out has a colon.
fn is_hashtags(line: &str) -> bool {
    let is_tag = |word: &str| word.strip_prefix('#').is_some_and(|tag| tag.starts_with(char::is_alphanumeric));
    !line.is_empty() && !line.contains(':') && line.split_whitespace().all(is_tag)
}
