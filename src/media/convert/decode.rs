//! Files into pixels, with bounded memory: a small file may unfold into a very large picture.

use std::io::{BufRead, Cursor, Seek};

use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, Limits};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::super::probe::Format;
use super::pixels::Pixels;
use super::{Refusal, colour};

/// The largest picture that is unfolded: 64 megapixels, four channels of sixteen bits, twice.
pub const MAX_PIXELS: u64 = 64 << 20;
const MAX_MEMORY: u64 = MAX_PIXELS * 8 * 2;
const MAX_SIDE: usize = 65_535;

/// What stands at the beginning of a picture that is no JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// As stored, in pixels.
    pub size: (u32, u32),
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Several pictures, one after the other.
    pub moves: bool,
}

/// Reads the header of a PNG or WebP; `None` for every other format.
pub fn header(source: impl BufRead + Seek, format: &Format) -> Option<Result<Header, Refusal>> {
    let header = match format {
        Format::Png => PngDecoder::with_limits(source, limits()).and_then(|mut decoder| {
            let moves = decoder.is_apng()?;
            Ok(Header { size: decoder.dimensions(), orientation: decoder.orientation()?.to_exif(), moves })
        }),
        Format::WebP => WebPDecoder::new(source).and_then(|mut decoder| {
            let moves = decoder.has_animation();
            Ok(Header { size: decoder.dimensions(), orientation: decoder.orientation()?.to_exif(), moves })
        }),
        _ => return None,
    };
    Some(header.map_err(|error| Refusal::Damaged(error.to_string())))
}

/// The pixels of a JPEG, PNG or WebP as stored, in sRGB, on white where they are transparent.
pub(super) fn decode(bytes: &[u8], format: &Format) -> Result<Pixels, Refusal> {
    let damaged = |error: image::ImageError| Refusal::Damaged(error.to_string());
    match format {
        Format::Png => flat(PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(damaged)?).map_err(damaged),
        Format::WebP => flat(WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?).map_err(damaged),
        _ => jpeg(bytes),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    limits
}

fn flat(mut decoder: impl ImageDecoder) -> image::ImageResult<Pixels> {
    decoder.set_limits(limits())?;
    let profile = decoder.icc_profile()?;
    let picture = DynamicImage::from_decoder(decoder)?;
    let (width, height) = (picture.width(), picture.height());
    let mut rgb = if picture.color().has_alpha() {
        let rgba = picture.into_rgba8().into_raw();
        rgba.chunks_exact(4).flat_map(|pixel| [0, 1, 2].map(|channel| over_white(pixel[channel], pixel[3]))).collect()
    } else {
        picture.into_rgb8().into_raw()
    };
    if let Some(profile) = profile {
        colour::to_srgb(&profile, &mut rgb);
    }
    Ok(Pixels { width, height, rgb })
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

fn jpeg(bytes: &[u8]) -> Result<Pixels, Refusal> {
    // Without the processor's own instructions: they round differently from machine to machine.
    let options = DecoderOptions::default().set_use_unsafe(false).set_max_width(MAX_SIDE).set_max_height(MAX_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| Refusal::Damaged(error.to_string()))?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let is_ink = matches!(stored, ColorSpace::CMYK | ColorSpace::YCCK);
    decoder.set_options(options.jpeg_set_out_colorspace(if is_ink { stored } else { ColorSpace::RGB }));
    let profile = decoder.icc_profile();
    let samples = decoder.decode().map_err(|error| Refusal::Damaged(error.to_string()))?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (width, height, mut rgb) = (side(width), side(height), samples);
    if is_ink {
        inks(&mut rgb, stored, has_adobe_marker(bytes));
        rgb = colour::inks_to_srgb(profile.as_deref(), &rgb);
    } else if let Some(profile) = profile {
        colour::to_srgb(&profile, &mut rgb);
    }
    if rgb.len() as u64 != u64::from(width) * u64::from(height) * 3 {
        return Err(Refusal::Damaged("it holds less than its header says".to_owned()));
    }
    Ok(Pixels { width, height, rgb })
}

/// Stored samples into amounts of ink. Adobe's programs store how much ink is missing.
fn inks(samples: &mut [u8], stored: ColorSpace, is_inverted: bool) {
    for sample in samples.chunks_exact_mut(4) {
        if stored == ColorSpace::YCCK {
            let colour = without_luma([sample[0], sample[1], sample[2]]);
            sample[..3].copy_from_slice(&colour.map(|value| u8::MAX - value));
        }
        if is_inverted {
            for value in sample {
                *value = u8::MAX - *value;
            }
        }
    }
}

/// `YCbCr` into RGB, sixteen bits behind the point.
fn without_luma([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (i32::from(luma), i32::from(blue) - 128, i32::from(red) - 128);
    let rounded = |sum: i32| u8::try_from((luma + ((sum + 32_768) >> 16)).clamp(0, 255)).unwrap_or(u8::MAX);
    [rounded(91_881 * red), rounded(-22_554 * blue - 46_802 * red), rounded(116_130 * blue)]
}

fn has_adobe_marker(bytes: &[u8]) -> bool {
    super::segments::segments(bytes).any(|segment| segment.marker == 0xEE && segment.content.starts_with(b"Adobe"))
}
