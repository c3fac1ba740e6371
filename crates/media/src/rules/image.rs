//! Pictures.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::super::probe::{Format, Jpeg};
use super::{Broken, Use, ffmpeg, grouped, megabytes};
use igsync_base::rules;

/// In bytes: what error 36000 says.
const MAX_LEN: u64 = 8 << 20;
/// In bytes: what the reference says.
pub(crate) const ADVISED_LEN: u64 = 8_000_000;
/// In pixels.
pub(crate) const WIDTHS: std::ops::RangeInclusive<u32> = 320..=1440;

/// A shape as width to height, in whole numbers so that no rounding decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape(pub(crate) u64, pub(crate) u64);

pub(crate) const TALLEST: Shape = Shape(3, 4);
pub(crate) const TALLEST_DOCUMENTED: Shape = Shape(4, 5);
pub(crate) const WIDEST: Shape = Shape(191, 100);

impl Shape {
    /// Whether a picture is narrower than this.
    pub(crate) fn is_wider_than(self, (width, height): (u32, u32)) -> bool {
        u64::from(width) * self.1 < u64::from(height) * self.0
    }

    pub(crate) fn is_narrower_than(self, (width, height): (u32, u32)) -> bool {
        u64::from(width) * self.1 > u64::from(height) * self.0
    }

    /// The height that a picture of this width may have at most.
    pub(crate) fn most_height(self, width: u32) -> u64 {
        u64::from(width) * self.1 / self.0
    }

    /// The height that a picture of this width must have at least.
    pub(crate) fn least_height(self, width: u32) -> u64 {
        (u64::from(width) * self.1).div_ceil(self.0)
    }
}

pub(super) fn check(jpeg: &Jpeg, len: u64, wanted: Use, file: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    if !jpeg.complete || jpeg.width == 0 || jpeg.height == 0 {
        broken.push(Broken::new(
            &rules::MEDIA_TRUNCATED,
            "the picture is cut off: its end is missing",
            format!("{} bytes", grouped(len)),
            "copy or export it again",
        ));
    }
    broken.extend(too_large(len, file));
    if jpeg.width > 0 && jpeg.height > 0 && wanted.is_feed_image() {
        broken.extend(shape(jpeg, file));
        broken.extend(width(jpeg));
    }
    if wanted == Use::Cover {
        broken.extend(cover(jpeg, file));
    }
    broken.extend(colour(jpeg, file));
    if jpeg.gps {
        broken.push(Broken::new(
            &rules::GPS_POSITION,
            "the picture reveals where it was taken",
            "GPS position",
            format!("remove it: exiftool -gps:all= {}", super::quoted(file)),
        ));
    }
    broken
}

pub(super) fn not_jpeg(format: &Format, file: &str) -> Broken {
    let name = format.name();
    let by_hand = match format {
        Format::Heic => format!("heif-convert {} {}", super::quoted(file), super::quoted(&super::named(file, "jpg"))),
        _ => to_jpeg(file),
    };
    let help = match format {
        Format::Png | Format::WebP => {
            format!("set `media: {{ convert: true }}` in igsync.yaml, or convert it: {by_hand}")
        }
        _ => format!("convert it: {by_hand}"),
    };
    let article = if matches!(format, Format::Heic | Format::Html | Format::Avif | Format::Mpo) { "an" } else { "a" };
    let article = if matches!(format, Format::Heic) { "a" } else { article };
    Broken::new(
        &rules::NOT_JPEG,
        format!("the picture is {article} {name}, and Instagram accepts JPEG only"),
        name,
        help,
    )
}

/// The command that makes a JPEG of any still that `ffmpeg` reads.
pub fn to_jpeg(file: &str) -> String {
    ffmpeg(file, "-frames:v 1 -q:v 2", "jpg")
}

fn too_large(len: u64, file: &str) -> Option<Broken> {
    let help = format!("save it with a lower quality: {}", ffmpeg(file, "-q:v 4", "jpg"));
    let label = |limit: u64| format!("{} bytes, {} allowed", grouped(len), grouped(limit));
    if len > MAX_LEN {
        return Some(Broken::new(&rules::IMAGE_TOO_LARGE, "the picture is too large", label(MAX_LEN), help));
    }
    (len > ADVISED_LEN).then(|| {
        let message = format!("the picture has more than {}", megabytes(ADVISED_LEN));
        Broken::new(&rules::IMAGE_MAYBE_TOO_LARGE, message, label(ADVISED_LEN), help)
    })
}

fn shape(jpeg: &Jpeg, file: &str) -> Option<Broken> {
    let size @ (width, height) = jpeg.seen_size();
    // Rows that a rounding left over deserve to be called by their number.
    let crop_to = |limit: u64| {
        let command = ffmpeg(file, &format!("-vf crop={width}:{limit} -q:v 2"), "jpg");
        match u64::from(height).saturating_sub(limit) {
            1 => format!("it is one row too tall; crop it: {command}"),
            rows => format!("it is {rows} rows too tall; crop it: {command}"),
        }
    };
    let label = |allowed: &str| format!("{width}×{height}{}, {allowed}", turned(jpeg));
    if TALLEST.is_wider_than(size) {
        let help = crop_to(TALLEST.most_height(width));
        return Some(Broken::new(&rules::IMAGE_SHAPE, "the picture is too tall", label("3:4 allowed at most"), help));
    }
    if TALLEST_DOCUMENTED.is_wider_than(size) {
        let help = crop_to(TALLEST_DOCUMENTED.most_height(width));
        let label = label("4:5 documented");
        return Some(Broken::new(&rules::IMAGE_TALL, "the picture may be too tall", label, help));
    }
    if WIDEST.is_narrower_than(size) {
        let least = WIDEST.least_height(width);
        let most_width = u64::from(height) * WIDEST.0 / WIDEST.1;
        let command = ffmpeg(file, &format!("-vf crop={most_width}:{height} -q:v 2"), "jpg");
        let help = format!("at this width it needs {least} rows; or crop it: {command}");
        return Some(Broken::new(
            &rules::IMAGE_SHAPE,
            "the picture is too wide",
            label("1.91:1 allowed at most"),
            help,
        ));
    }
    None
}

/// A cover is cropped around its middle to the shape of a phone.
fn cover(jpeg: &Jpeg, file: &str) -> Option<Broken> {
    let size @ (width, height) = jpeg.seen_size();
    let lost = lost((9, 16), size).filter(|lost| *lost >= 2)?;
    let (kept_width, kept_height) = kept((9, 16), size);
    Some(Broken::new(
        &rules::COVER_CROP,
        "Instagram crops the cover to 9:16",
        format!("{width}×{height}{}, about {lost} % cut off", turned(jpeg)),
        format!("crop it yourself: {}", ffmpeg(file, &format!("-vf crop={kept_width}:{kept_height} -q:v 2"), "jpg")),
    ))
}

fn turned(jpeg: &Jpeg) -> &'static str {
    if jpeg.orientation >= 5 { " as seen" } else { "" }
}

fn width(jpeg: &Jpeg) -> Option<Broken> {
    let (width, _) = jpeg.seen_size();
    let what = match width {
        _ if WIDTHS.contains(&width) => return None,
        narrow if narrow < *WIDTHS.start() => "narrow: Instagram enlarges it",
        _ => "wide: Instagram makes it smaller",
    };
    Some(Broken::new(
        &rules::IMAGE_WIDTH,
        format!("the picture is {what}"),
        format!("{} pixels wide, 320 to 1,440 kept", grouped(width.into())),
        "scale it yourself to decide how it looks",
    ))
}

fn colour(jpeg: &Jpeg, file: &str) -> Option<Broken> {
    let what = match (jpeg.components, jpeg.wide_gamut) {
        (4, _) => "CMYK",
        (_, true) => "a wide gamut",
        _ => return None,
    };
    Some(Broken::new(
        &rules::IMAGE_COLOUR,
        "the picture is not in sRGB: Instagram converts it",
        what,
        format!("to decide how it looks: magick {} -profile sRGB.icc fixed.jpg", super::quoted(file)),
    ))
}

/// Rows and columns that a crop to this shape leaves.
fn kept(shape: (u32, u32), (width, height): (u32, u32)) -> (u64, u64) {
    let (shape_width, shape_height) = (u64::from(shape.0), u64::from(shape.1));
    let (width, height) = (u64::from(width), u64::from(height));
    if width * shape_height > height * shape_width {
        (height * shape_width / shape_height, height)
    } else {
        (width, width * shape_height / shape_width)
    }
}

/// How much of a picture a crop to this shape costs, in percent. `None` for what has no size.
fn lost(shape: (u32, u32), size: (u32, u32)) -> Option<u64> {
    if [shape.0, shape.1, size.0, size.1].contains(&0) {
        return None;
    }
    let (kept_width, kept_height) = kept(shape, size);
    let whole = u64::from(size.0) * u64::from(size.1);
    Some(100 - (kept_width * kept_height * 100).div_ceil(whole).min(100))
}

/// What becomes of a later item of a carousel: everything is cropped to the first item's shape.
/// Both sizes as seen, in pixels.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
#[must_use]
pub fn crop(first: (u32, u32), size: (u32, u32)) -> Option<Broken> {
    // A row or two that rounding costs is not worth a message.
    let lost = lost(first, size).filter(|lost| *lost >= 2)?;
    Some(Broken::new(
        &rules::CAROUSEL_CROP,
        "Instagram crops this item to the shape of the first one",
        format!("{}×{}, about {lost} % cut off", size.0, size.1),
        format!("give it the shape of the first item ({}×{}), or put another one first", first.0, first.1),
    ))
}
