//! Meta's limits for media as pure functions over what a probe found.
//!
//! Knows no manifest and reads no file. Each limit is beside Meta's page in [`igsync_base::rules`].

mod image;
mod video;

#[cfg(test)]
mod tests;

use super::probe::{Facts, Format};
use igsync_base::finding::{Rule, Severity};
use igsync_base::rules;
use igsync_base::text::quoted;

pub(super) use image::{ADVISED_LEN, Shape, TALLEST, TALLEST_DOCUMENTED, WIDEST, WIDTHS, kept};
pub use image::{crop, to_jpeg};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// A feed post of its own.
    Image,
    CarouselImage,
    StoryImage,
    /// The cover of a reel.
    Cover,
    Reel,
    CarouselVideo,
    StoryVideo,
}

impl Use {
    pub(super) fn is_image(self) -> bool {
        matches!(self, Self::Image | Self::CarouselImage | Self::StoryImage | Self::Cover)
    }

    pub(super) fn is_feed_image(self) -> bool {
        matches!(self, Self::Image | Self::CarouselImage)
    }
}

/// A rule that a file breaks.
#[derive(Clone, Debug)]
pub struct Broken {
    pub rule: &'static Rule,
    /// The rule's own, or milder where Meta's pages leave room.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The numbers.
    pub label: String,
    /// What to do, with the command that does it where there is one.
    pub help: String,
}

impl Broken {
    pub fn new(
        rule: &'static Rule,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { rule, severity: rule.severity, message: message.into(), label: label.into(), help: help.into() }
    }

    fn mild(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

/// Every rule that a file breaks. `file` is its name, for the commands in the help.
#[must_use]
pub fn check(facts: &Facts, wanted: Use, file: &str) -> Vec<Broken> {
    let name = facts.format.name();
    let one = |rule, message: String, help: &str| vec![Broken::new(rule, message, name, help)];
    match &facts.format {
        Format::LfsPointer => one(
            &rules::MEDIA_IS_POINTER,
            "this is a Git LFS pointer, not the file itself".into(),
            "run `git lfs pull`; in CI check out with `lfs: true`",
        ),
        Format::Empty => one(&rules::NOT_MEDIA, "the file is empty".into(), "copy or export it again"),
        Format::Html => one(
            &rules::NOT_MEDIA,
            "this is a web page, not media".into(),
            "it was probably saved instead of the file; download the file itself",
        ),
        Format::Unknown => one(
            &rules::NOT_MEDIA,
            "this is neither a picture nor a video that igsync knows".into(),
            if wanted.is_image() { "export it as JPEG" } else { "export it as MP4 with H.264 and AAC" },
        ),
        Format::Jpeg(jpeg) if wanted.is_image() => image::check(jpeg, facts.len, wanted, file),
        Format::Video(video) if !wanted.is_image() => video::check(video, facts.len, wanted, file),
        Format::Matroska | Format::Avi | Format::MpegTs if !wanted.is_image() => {
            vec![video::container(&facts.format, file)]
        }
        Format::Video(_) | Format::Matroska | Format::Avi | Format::MpegTs => one(
            &rules::WRONG_MEDIA_TYPE,
            format!("this is a video ({name}), but a picture is expected"),
            if wanted == Use::Cover {
                "a still of the video is chosen with `thumb_offset`"
            } else {
                "write `video:`; a single video is `kind: reel`"
            },
        ),
        _ if wanted.is_image() => vec![image::not_jpeg(&facts.format, file)],
        Format::Gif => vec![video::container(&facts.format, file)],
        _ => one(
            &rules::WRONG_MEDIA_TYPE,
            format!("this is a picture ({name}), but a video is expected"),
            "write `image:`; a single picture is `kind: image`",
        ),
    }
}

/// `thumb_offset`, in milliseconds, beyond the video.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes>
#[must_use]
pub fn thumb_offset(offset_ms: u64, facts: &Facts) -> Option<Broken> {
    let Format::Video(video) = &facts.format else { return None };
    let duration = video.duration_ms.filter(|duration| offset_ms >= *duration)?;
    Some(Broken::new(
        &rules::THUMB_OFFSET,
        "`thumb_offset` is not inside the video",
        format!("{offset_ms} ms, the video ends at {duration} ms"),
        format!("choose a moment from 0 to {} ms", duration.saturating_sub(1)),
    ))
}

/// Music over a video without sound of its own, whose volume is not 0.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing/audio-api>
#[must_use]
pub fn silent_volume(video_volume: Option<f64>, facts: &Facts) -> Option<Broken> {
    let Format::Video(video) = &facts.format else { return None };
    let volume = video_volume.filter(|volume| *volume > 0.0 && video.has_index && video.audio.is_none())?;
    Some(Broken::new(
        &rules::SILENT_VOLUME,
        "the video is silent, and its volume is not 0",
        format!("`video_volume` is {volume}, the video has no sound"),
        "set `video_volume: 0`: such reels failed with 2207082",
    ))
}

/// What people may compare at a glance: `8.4 MB`.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// `2,200,000`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `` `ffmpeg -i IN OPTIONS OUT` ``, the output beside the input under another name. In backticks, as every command in a
/// help is: so it is shown whole, and on one line.
fn ffmpeg(file: &str, options: &str, extension: &str) -> String {
    ffmpeg_with("", file, options, extension)
}

/// The same with options for the input.
fn ffmpeg_with(input: &str, file: &str, options: &str, extension: &str) -> String {
    format!("`ffmpeg {input}-i {} {options} {}`", quoted(file), quoted(&named(file, extension)))
}

/// The name with another ending; never the file itself.
fn named(file: &str, extension: &str) -> String {
    let stem = file.rsplit_once('.').filter(|(stem, _)| !stem.ends_with('/')).map_or(file, |(stem, _)| stem);
    let has_it = file.rsplit_once('.').is_some_and(|(_, old)| old.eq_ignore_ascii_case(extension));
    if has_it { format!("{stem}-fixed.{extension}") } else { format!("{stem}.{extension}") }
}
