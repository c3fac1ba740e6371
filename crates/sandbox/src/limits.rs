//! Meta's limits for media, and the refusal for each.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::error::{ASPECT_RATIO, FETCH, IMAGE_FORMAT, IMAGE_TOO_LARGE, Refusal, VIDEO_FORMAT};
use super::switches::Settings;
use igsync_media::probe::{EditList, Facts, Format, Scan, Video};

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageUse {
    /// A feed post or an item of a carousel.
    Feed,
    Story,
    Cover,
}

/// What a video is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VideoUse {
    /// A reel, or an item of a carousel, for which nothing of its own is documented.
    Reel,
    Story,
}

/// In bytes.
const MAX_IMAGE: u64 = 8 << 20;
/// Width by height.
const MAX_ASPECT: f64 = 1.91;

pub(crate) fn image(facts: &Facts, place: ImageUse, settings: &Settings) -> Result<(), Refusal> {
    let size = match &facts.format {
        Format::Jpeg(jpeg) if jpeg.complete && jpeg.width > 0 && jpeg.height > 0 => Some(jpeg.seen_size()),
        Format::Png | Format::WebP if settings.accept_png => None,
        Format::LfsPointer | Format::Html | Format::Empty | Format::Unknown => return Err((&FETCH).into()),
        other => {
            let message = format!("The image format is not supported: {}", other.name());
            return Err(IMAGE_FORMAT.because(message));
        }
    };
    if facts.len > MAX_IMAGE {
        return Err((&IMAGE_TOO_LARGE).into());
    }
    if let (ImageUse::Feed, Some((width, height))) = (place, size) {
        let ratio = f64::from(width) / f64::from(height);
        if ratio < settings.min_aspect || ratio > MAX_ASPECT {
            return Err((&ASPECT_RATIO).into());
        }
    }
    Ok(())
}

/// Length in milliseconds of a video that passes.
pub(crate) fn video(facts: &Facts, place: VideoUse, settings: &Settings) -> Result<u64, Refusal> {
    let Format::Video(video) = &facts.format else {
        return Err(VIDEO_FORMAT.because(format!("The video format is not supported: {}", facts.format.name())));
    };
    match fault(video, facts.len, place, settings) {
        Some(fault) => Err(VIDEO_FORMAT.because(format!("The video format is not supported: {fault}"))),
        None => Ok(video.duration_ms.unwrap_or(0)),
    }
}

/// The first limit that a video breaks.
fn fault(video: &Video, len: u64, place: VideoUse, settings: &Settings) -> Option<&'static str> {
    let (max_len, max_ms, min_ratio) = match place {
        VideoUse::Reel => (300 << 20, 15 * 60_000, 0.01),
        VideoUse::Story => (100 << 20, 60_000, 0.1),
    };
    let Some(track) = &video.video else { return Some("no video track") };
    let ratio = f64::from(track.width) / f64::from(track.height.max(1));
    let late = video.duration_ms.unwrap_or(3_000);
    let audio = video.audio.as_ref();
    let faults = [
        (video.truncated.is_some() || !video.has_index, "the file is cut off"),
        (len > max_len, "the file is too large"),
        (!["avc1", "avc3", "hvc1", "hev1"].contains(&track.codec.as_str()), "neither H.264 nor HEVC"),
        // Half a second of grace: encoders round the last frame.
        (late < 2_900 || late > max_ms + 500, "too short or too long"),
        (track.width > 1_920, "more than 1920 columns"),
        (!(min_ratio..=10.0).contains(&ratio), "the aspect ratio"),
        (track.frame_rate.is_some_and(|rate| !(22.9..=60.1).contains(&rate)), "the frame rate"),
        (track.chroma.is_some_and(|chroma| chroma != "4:2:0"), "the colours are not stored as 4:2:0"),
        (track.scan == Some(Scan::Interlaced), "not progressive"),
        (audio.is_some_and(|audio| audio.codec != "mp4a"), "the audio is not AAC"),
        (audio.is_some_and(|audio| audio.sample_rate > 48_000 || audio.channels > 2), "the audio format"),
        (video.edit_list == EditList::Cuts, "an edit list"),
        (!video.moov_first && !settings.accept_moov_last, "the moov atom is not at the front"),
    ];
    faults.iter().find(|(broken, _)| *broken).map(|(_, name)| *name)
}
