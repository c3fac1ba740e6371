//! Pictures into JPEGs that pass: bytes in, bytes out, the same on every machine.
//!
//! A picture is converted when it breaks a rule that conversion fixes, and then breaks none of those;
//! everything else is left as it is, byte for byte. Moving pictures, HEIC and video are not converted.

mod budget;
mod cache;
mod colour;
mod decode;
mod geometry;
mod pixels;
#[cfg(test)]
mod press;
mod resize;
mod segments;
#[cfg(test)]
mod tests;
mod thumbnail;

use std::io::Cursor;

use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::probe::{Facts, Format, Jpeg, probe};
use super::rules::{ADVISED_LEN, Use};
use geometry::{Geometry, geometry_for};
use pixels::Pixels;

pub use cache::{ConvertedCache, Failed, Made, draw, prune};
use decode::MAX_PROFILE;
pub use decode::{Header, MAX_PIXELS, header};
pub use thumbnail::{Shot, thumbnails, thumbnails_of};

/// A larger file is not read as a picture. In bytes.
const MAX_LEN: u64 = 128 << 20;

/// A colour profile while it decodes, its tables, rows, and what decoders keep besides. In bytes.
const BESIDES: u64 = 32 << 20;

/// Raised whenever the same picture would come out differently.
const VERSION: u32 = 2;

/// From the best downwards, until the file is small enough.
const QUALITIES: [u8; 4] = [90, 80, 65, 40];

/// How a picture whose shape Instagram refuses is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fit {
    /// White margins; nothing is lost.
    Pad,
    /// The middle is kept.
    Crop,
}

impl Fit {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pad => "pad",
            Self::Crop => "crop",
        }
    }
}

/// What a picture is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub usage: Use,
    pub fit: Option<Fit>,
    /// The size of a carousel's first item as it is published, for the items after it.
    pub first: Option<(u32, u32)>,
}

/// What conversion makes of a picture, known from its header alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversionPlan {
    work: Work,
    /// What it takes at most to make it, in bytes.
    memory: u64,
    /// The facts of the result. Its length is 0: only converting shows it.
    pub facts: Facts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// The pixels stay as they are; what shows where they were taken goes.
    Strip,
    Draw {
        geometry: Geometry,
        orientation: u8,
    },
}

/// Why a picture cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is animated")]
    Moves,
    #[error("it has {} megapixels, and at most {} are converted", .0 >> 20, MAX_PIXELS >> 20)]
    TooLarge(u64),
    #[error("it has {} MiB, and at most {} are read", .0 >> 20, MAX_LEN >> 20)]
    TooHeavy(u64),
    #[error("its colour profile cannot be read, or has more than {} MiB", MAX_PROFILE >> 20)]
    Profile,
    #[error("its bytes cannot be read: {0}")]
    Damaged(String),
}

/// What becomes of a picture; `None`: it is sent as it is. `header` is asked for formats whose facts
/// do not reveal their size.
pub fn conversion_plan(
    facts: &Facts,
    header: impl FnOnce() -> Option<Result<Header, Refusal>>,
    target: &Target,
) -> Result<Option<ConversionPlan>, Refusal> {
    if !target.usage.is_image() {
        return Ok(None);
    }
    let (stored, orientation, jpeg) = match &facts.format {
        // Nothing sensible comes out of half a picture; the rules say so.
        Format::Jpeg(jpeg) if !jpeg.complete || jpeg.width == 0 || jpeg.height == 0 => return Ok(None),
        Format::Jpeg(jpeg) => ((jpeg.width, jpeg.height), jpeg.orientation, Some(jpeg)),
        _ => match header() {
            None => return Ok(None),
            Some(Err(refusal)) => return Err(refusal),
            Some(Ok(Header { moves: true, .. })) => return Err(Refusal::Moves),
            Some(Ok(header)) => (header.size, header.orientation, None),
        },
    };
    let seen = if orientation >= 5 { (stored.1, stored.0) } else { stored };
    let geometry = geometry_for(seen, target);
    let is_sound = |jpeg: &&Jpeg| {
        let is_small = facts.len <= ADVISED_LEN;
        let is_plain = jpeg.orientation == 1 && jpeg.components != 4 && !jpeg.wide_gamut;
        is_small && is_plain && (geometry.is_idle() || !target.usage.is_feed_image())
    };
    if let Some(jpeg) = jpeg.filter(is_sound) {
        let facts = Facts { len: facts.len, format: Format::Jpeg(Jpeg { gps: false, ..jpeg.clone() }) };
        return Ok(jpeg.gps.then_some(ConversionPlan { work: Work::Strip, memory: 2 * facts.len, facts }));
    }
    if facts.len > MAX_LEN {
        return Err(Refusal::TooHeavy(facts.len));
    }
    let pixels = u64::from(seen.0) * u64::from(seen.1);
    if pixels > MAX_PIXELS {
        return Err(Refusal::TooLarge(pixels));
    }
    let result = Jpeg {
        width: geometry.canvas.0,
        height: geometry.canvas.1,
        orientation: 1,
        progressive: false,
        interleaved: true,
        components: 3,
        icc_profile: false,
        wide_gamut: false,
        gps: false,
        complete: true,
    };
    let memory = facts.len + memory(facts, stored, orientation, &geometry);
    let facts = Facts { len: 0, format: Format::Jpeg(result) };
    Ok(Some(ConversionPlan { work: Work::Draw { geometry, orientation }, memory, facts }))
}

/// What drawing takes at most, in bytes, the file itself not counted.
fn memory(facts: &Facts, (width, height): (u32, u32), orientation: u8, geometry: &Geometry) -> u64 {
    let area = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let stored = area(width, height);
    let unfolded = match &facts.format {
        // Colours and opacity, each in the form in which they are stored and as they are seen.
        Format::WebP => 11 * stored,
        // Coefficients of two bytes for each component, unless they are used up row by row.
        Format::Jpeg(jpeg) => {
            let out = if jpeg.components == 4 { 4 } else { 3 };
            let is_kept = jpeg.progressive || !jpeg.interleaved;
            (out + if is_kept { 2 * u64::from(jpeg.components) } else { 0 }) * stored
        }
        _ => 3 * stored,
    };
    let (_, _, part_width, part_height) = geometry.keep;
    let part = area(part_width, part_height);
    let is_part = part != stored;
    let turned = if orientation > 1 || is_part { 3 * (stored + part) } else { 0 };
    let (scaled, canvas) = (area(geometry.scaled.0, geometry.scaled.1), area(geometry.canvas.0, geometry.canvas.1));
    let narrow = area(geometry.scaled.0, part_height);
    let resized = 3 * (part + narrow).max(narrow + scaled);
    // The result, twice when it gets margins, and the file that it becomes.
    let finished = 3 * (scaled + canvas) + 3 * canvas;
    BESIDES + unfolded.max(turned).max(resized).max(finished)
}

impl ConversionPlan {
    /// What is done, in words that differ where the result would. Part of records: they stay as they are.
    #[must_use]
    pub fn work(&self) -> String {
        match self.work {
            Work::Strip => "strip".to_owned(),
            Work::Draw { geometry: Geometry { keep: (left, top, width, height), scaled, canvas }, orientation } => {
                format!(
                    "{width}x{height}+{left}+{top} turned {orientation} to {}x{} on {}x{}",
                    scaled.0, scaled.1, canvas.0, canvas.1
                )
            }
        }
    }

    /// Width and height of the result, in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        match &self.facts.format {
            Format::Jpeg(jpeg) => jpeg.seen_size(),
            _ => (0, 0),
        }
    }
}

/// The picture as a JPEG that passes; `None`: it does already, or conversion cannot help.
pub fn convert(bytes: &[u8], target: &Target) -> Result<Option<Vec<u8>>, Refusal> {
    let facts = probe(&mut Cursor::new(bytes)).map_err(|error| Refusal::Damaged(error.to_string()))?;
    let Some(conversion_plan) = conversion_plan(&facts, || header(Cursor::new(bytes), &facts.format), target)? else {
        return Ok(None);
    };
    match conversion_plan.work {
        Work::Strip => segments::without_metadata(bytes)
            .map(Some)
            .ok_or_else(|| Refusal::Damaged("its end is not where it should be".to_owned())),
        Work::Draw { geometry, orientation } => {
            let picture = decode::decode(bytes, &facts.format)?.upright(orientation).part(geometry.keep);
            encode(&resize::resize(picture, geometry.scaled).on_white(geometry.canvas)).map(Some)
        }
    }
}

/// A baseline JPEG with every colour of its own (4:4:4), at the best quality that is small enough.
fn encode(picture: &Pixels) -> Result<Vec<u8>, Refusal> {
    let mut smallest = Vec::new();
    for quality in QUALITIES {
        smallest = jpeg(&picture.rgb, picture.width, picture.height, quality)
            .map_err(|error| Refusal::Damaged(error.to_string()))?;
        if smallest.len() as u64 <= ADVISED_LEN {
            break;
        }
    }
    Ok(smallest)
}

/// `rgb` (three bytes a pixel, row by row) as a baseline JPEG with every colour of its own.
fn jpeg(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, EncodingError> {
    encoded(rgb, width, height, quality, SamplingFactor::F_1_1)
}

/// The same with so many colours.
fn encoded(
    rgb: &[u8],
    width: u32,
    height: u32,
    quality: u8,
    colours: SamplingFactor,
) -> Result<Vec<u8>, EncodingError> {
    let side = |pixels| u16::try_from(pixels).unwrap_or(u16::MAX);
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality);
    encoder.set_sampling_factor(colours);
    encoder.encode(rgb, side(width), side(height), ColorType::Rgb)?;
    Ok(out)
}

/// A picture that passes every check, from dark blue to light red: 1080×1350 pixels.
pub fn example() -> Result<Vec<u8>, impl std::error::Error> {
    let (width, height) = (1080, 1350);
    let shade = |row: u32| u8::try_from(row * 255 / (height - 1)).unwrap_or(u8::MAX);
    let rgb: Vec<u8> = (0..height).flat_map(|row| [shade(row), 110, 255 - shade(row)].repeat(width as usize)).collect();
    jpeg(&rgb, width, height, QUALITIES[0])
}
