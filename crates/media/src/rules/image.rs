//! Pictures.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>

use super::super::probe::{Format, Jpeg};
use super::{Broken, Use, ffmpeg_with, grouped, megabytes, named, quoted};
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
    let command = || redrawn(jpeg, len, wanted, file);
    broken.extend(too_large(len, &command));
    if jpeg.width > 0 && jpeg.height > 0 && wanted.is_feed_image() {
        broken.extend(shape(jpeg, &command));
        broken.extend(width(jpeg, &command));
    }
    if wanted == Use::Cover {
        broken.extend(cover(jpeg, &command));
    }
    broken.extend(colour(jpeg));
    if jpeg.gps {
        broken.push(Broken::new(
            &rules::GPS_POSITION,
            "the picture reveals where it was taken",
            "GPS position",
            "export it without its position",
        ));
    }
    broken
}

pub(super) fn not_jpeg(format: &Format, file: &str) -> Broken {
    let name = format.name();
    let article = match format {
        Format::Html | Format::Avif | Format::Mpo => "an",
        _ => "a",
    };
    let help = match format {
        Format::Heic => heic_to_jpeg(file),
        // What igsync converts itself needs no command, and not every ffmpeg reads one that moves.
        Format::Png | Format::WebP => "export it as JPEG".to_owned(),
        _ => format!("convert it: {}", to_jpeg(file)),
    };
    let message = format!("the picture is {article} {name}, and Instagram accepts JPEG only");
    Broken::new(&rules::NOT_JPEG, message, name, help)
}

/// The command that makes a JPEG of any still that `ffmpeg` reads, no wider than Instagram keeps it.
pub fn to_jpeg(file: &str) -> String {
    let widest = WIDTHS.end();
    ffmpeg_with("", file, &format!("-frames:v 1 -vf \"scale='min({widest},iw)':-1\" -q:v 2"), "jpg")
}

/// Each system has a program of its own for it, and what `ffmpeg` reads of these differs from release to release.
fn heic_to_jpeg(file: &str) -> String {
    let (from, to) = (quoted(file), quoted(&named(file, "jpg")));
    format!(
        "convert it, on macOS: `sips -s format jpeg {from} --out {to}`; on Linux: `heif-convert {from} {to}`; \
         on Windows: `magick {from} {to}`"
    )
}

/// The command that draws a JPEG again so that nothing of it is wrong any more: upright, in a shape and within the
/// widths that Instagram keeps, and small enough. Every finding of a picture names the same: what fixes one of them and
/// leaves another is no fix.
fn redrawn(jpeg: &Jpeg, len: u64, wanted: Use, file: &str) -> String {
    let seen = jpeg.seen_size();
    let mut filters = Vec::new();
    if jpeg.orientation > 1 || jpeg.gps || jpeg.icc_profile {
        // Where a release of ffmpeg would write it into the result.
        filters.push("sidedata=mode=delete".to_owned());
    }
    filters.extend(upright(jpeg.orientation).map(str::to_owned));
    let part @ (width, height) = part(seen, wanted);
    if part != (seen.0.into(), seen.1.into()) {
        // Without it ffmpeg rounds to even numbers.
        filters.push(format!("crop={width}:{height}:exact=1"));
    }
    let new_width = width.clamp((*WIDTHS.start()).into(), (*WIDTHS.end()).into());
    if wanted.is_feed_image() && new_width != width && width > 0 {
        let rows = (height * new_width + width / 2) / width;
        let (least, most) = (WIDEST.least_height(pixels(new_width)), TALLEST_DOCUMENTED.most_height(pixels(new_width)));
        filters.push(format!("scale={new_width}:{}", rows.clamp(least, most)));
    }
    let filters = if filters.is_empty() { String::new() } else { format!("-vf {} ", filters.join(",")) };
    let quality = if len > ADVISED_LEN { 4 } else { 2 };
    // Releases of ffmpeg differ in whether they turn it by themselves.
    let input = if jpeg.orientation > 1 { "-noautorotate " } else { "" };
    ffmpeg_with(input, file, &format!("{filters}-frames:v 1 -q:v {quality}"), "jpg")
}

/// Width and height of the middle part that stays when a picture, as seen, is cropped to a shape that no rule is against.
fn part(seen @ (width, height): (u32, u32), wanted: Use) -> (u64, u64) {
    let (width, height) = (u64::from(width), u64::from(height));
    match wanted {
        Use::Cover if lost((9, 16), seen).is_some_and(|lost| lost >= 2) => kept((9, 16), seen),
        Use::Image | Use::CarouselImage if TALLEST_DOCUMENTED.is_wider_than(seen) => {
            (width, TALLEST_DOCUMENTED.most_height(pixels(width)))
        }
        Use::Image | Use::CarouselImage if WIDEST.is_narrower_than(seen) => (height * WIDEST.0 / WIDEST.1, height),
        _ => (width, height),
    }
}

fn pixels(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What turns the pixels as the EXIF orientation says.
fn upright(orientation: u8) -> Option<&'static str> {
    Some(match orientation {
        2 => "hflip",
        3 => "hflip,vflip",
        4 => "vflip",
        5 => "transpose=0",
        6 => "transpose=1",
        7 => "transpose=3",
        8 => "transpose=2",
        _ => return None,
    })
}

fn too_large(len: u64, command: &dyn Fn() -> String) -> Option<Broken> {
    let help = || format!("save it with a lower quality: {}", command());
    let label = |limit: u64| format!("{} bytes, {} allowed", grouped(len), grouped(limit));
    if len > MAX_LEN {
        return Some(Broken::new(&rules::IMAGE_TOO_LARGE, "the picture is too large", label(MAX_LEN), help()));
    }
    (len > ADVISED_LEN).then(|| {
        let message = format!("the picture has more than {}", megabytes(ADVISED_LEN));
        Broken::new(&rules::IMAGE_MAYBE_TOO_LARGE, message, label(ADVISED_LEN), help())
    })
}

fn shape(jpeg: &Jpeg, command: &dyn Fn() -> String) -> Option<Broken> {
    let size @ (width, height) = jpeg.seen_size();
    let label = |what: &str| format!("{width}×{height}{}, {what}", turned(jpeg));
    // Rows that a rounding left over deserve to be called by their number.
    let too_many = |limit: u64| match u64::from(height).saturating_sub(limit) {
        1 => "one row".to_owned(),
        rows => format!("{} rows", grouped(rows)),
    };
    if TALLEST.is_wider_than(size) {
        let label = label(&format!("{} taller than 3:4, the most allowed", too_many(TALLEST.most_height(width))));
        let help = format!("crop it to 4:5: {}", command());
        return Some(Broken::new(&rules::IMAGE_SHAPE, "the picture is too tall", label, help));
    }
    if TALLEST_DOCUMENTED.is_wider_than(size) {
        let documented = TALLEST_DOCUMENTED.most_height(width);
        let label = label(&format!("{} taller than 4:5, the most documented", too_many(documented)));
        let help =
            format!("pictures down to 3:4 were published in May 2026; to be safe, crop it to 4:5: {}", command());
        return Some(Broken::new(&rules::IMAGE_TALL, "the picture may be too tall", label, help));
    }
    if WIDEST.is_narrower_than(size) {
        let least = WIDEST.least_height(width);
        let label = label(&format!("1.91:1 allowed at most: {} rows at this width", grouped(least)));
        return Some(Broken::new(
            &rules::IMAGE_SHAPE,
            "the picture is too wide",
            label,
            format!("crop it: {}", command()),
        ));
    }
    None
}

/// A cover is cropped around its middle to the shape of a phone.
fn cover(jpeg: &Jpeg, command: &dyn Fn() -> String) -> Option<Broken> {
    let size @ (width, height) = jpeg.seen_size();
    let lost = lost((9, 16), size).filter(|lost| *lost >= 2)?;
    Some(Broken::new(
        &rules::COVER_CROP,
        "Instagram crops the cover to 9:16",
        format!("{width}×{height}{}, about {lost} % cut off", turned(jpeg)),
        format!("crop it yourself: {}", command()),
    ))
}

fn turned(jpeg: &Jpeg) -> &'static str {
    if jpeg.orientation >= 5 { " as seen" } else { "" }
}

fn width(jpeg: &Jpeg, command: &dyn Fn() -> String) -> Option<Broken> {
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
        format!("scale it yourself to decide how it looks: {}", command()),
    ))
}

fn colour(jpeg: &Jpeg) -> Option<Broken> {
    let what = match (jpeg.components, jpeg.wide_gamut) {
        (4, _) => "CMYK",
        (_, true) => "a wide gamut",
        _ => return None,
    };
    Some(Broken::new(
        &rules::IMAGE_COLOUR,
        "the picture is not in sRGB: Instagram converts it",
        what,
        "export it as sRGB to decide how it looks",
    ))
}

/// Rows and columns that a crop to this shape leaves.
pub(crate) fn kept(shape: (u32, u32), (width, height): (u32, u32)) -> (u64, u64) {
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
