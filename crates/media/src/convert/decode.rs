//! Files into pixels, with bounded memory: a small file may decode into a very large picture.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use image_webp::WebPDecoder;
use png::{BitDepth, ColorType, InterlaceInfo, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::super::probe::{Format, orientation_of};
use super::pixels::Pixels;
use super::{Refusal, colour};

/// The largest picture that is decoded.
pub const MAX_PIXELS: u64 = 64 << 20;
/// The largest colour profile that is read: those of presses have two or three megabytes. In bytes.
pub(super) const MAX_PROFILE: usize = 4 << 20;
const MAX_SIDE: usize = 65_535;
/// What the chunks in front of a PNG's pixels may take, a profile as it is stored included. In bytes.
const PNG_MEMORY: usize = 2 * MAX_PROFILE + (2 << 20);
/// A PNG has a few dozen chunks in front of its pixels.
const MAX_CHUNKS: usize = 10_000;

/// What is at the beginning of a picture that is no JPEG.
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
    match format {
        Format::Png => Some(png_header(source)),
        Format::WebP => Some(webp_header(source)),
        _ => None,
    }
}

/// The pixels of a JPEG, PNG or WebP as stored, in sRGB, on white where they are transparent.
pub(super) fn decode(bytes: &[u8], format: &Format) -> Result<Pixels, Refusal> {
    match format {
        Format::Png => png(bytes),
        Format::WebP => webp(bytes),
        _ => jpeg(bytes),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it by value")]
fn damaged(error: impl ToString) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// Whether a decoder may decode this many pixels: it reads the size by itself, and may see another one than we do.
fn check_size(width: usize, height: usize) -> Result<(), Refusal> {
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(damaged("one of its sides has more than 65,535 pixels"));
    }
    let pixels = width as u64 * height as u64;
    if pixels > MAX_PIXELS { Err(Refusal::TooLarge(pixels)) } else { Ok(()) }
}

/// A PNG whose pixels come next.
fn open_png<R: BufRead + Seek>(mut source: R) -> Result<png::Reader<R>, Refusal> {
    let has_profile = has_chunk(&mut source, *b"iCCP").map_err(damaged)?;
    source.rewind().map_err(damaged)?;
    let mut decoder = png::Decoder::new_with_limits(source, png::Limits { bytes: PNG_MEMORY });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    check_size(width as usize, height as usize)?;
    let reader = decoder.read_info().map_err(|error| match error {
        png::DecodingError::LimitsExceeded => Refusal::Profile,
        error => damaged(error),
    })?;
    // The decoder continues without a profile that is damaged or decodes into too much.
    let profile = reader.info().icc_profile.as_deref();
    if has_profile && profile.is_none_or(|profile| profile.len() > MAX_PROFILE) {
        return Err(Refusal::Profile);
    }
    Ok(reader)
}

/// Whether such a chunk comes before the pixels.
fn has_chunk(source: &mut (impl Read + Seek), name: [u8; 4]) -> io::Result<bool> {
    let mut at = 8;
    for _ in 0..MAX_CHUNKS {
        source.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        if source.read_exact(&mut head).is_err() || matches!(&head[4..], b"IDAT" | b"IEND") {
            break;
        }
        if head[4..] == name {
            return Ok(true);
        }
        let [a, b, c, d, ..] = head;
        at += 12 + u64::from(u32::from_be_bytes([a, b, c, d]));
    }
    Ok(false)
}

fn png_header(source: impl BufRead + Seek) -> Result<Header, Refusal> {
    let reader = open_png(source)?;
    let info = reader.info();
    let orientation = info.exif_metadata.as_deref().map_or(1, orientation_of);
    Ok(Header { size: info.size(), orientation, moves: info.animation_control.is_some() })
}

fn png(bytes: &[u8]) -> Result<Pixels, Refusal> {
    let mut reader = open_png(Cursor::new(bytes))?;
    let (width, height) = reader.info().size();
    let profile = reader.info().icc_profile.as_deref().map(<[u8]>::to_vec);
    let (colour, depth) = reader.output_color_type();
    let samples = match colour {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Err(damaged("its palette is missing")),
    };
    let layout = Layout { samples, is_deep: depth == BitDepth::Sixteen };
    let stride = width as usize * 3;
    let mut rgb = vec![0; stride * height as usize];
    let mut row = vec![0; reader.output_line_size(width).ok_or_else(|| damaged("it is too wide"))?];
    let mut flat = vec![0; stride];
    let mut at = 0;
    // Row by row: nothing but the result is as large as the picture.
    while let Some(interlace) = reader.read_row(&mut row).map_err(damaged)? {
        layout.on_white(&row, &mut flat);
        match interlace {
            InterlaceInfo::Null(_) => {
                rgb.get_mut(at..at + stride).into_iter().for_each(|out| out.copy_from_slice(&flat));
                at += stride;
            }
            InterlaceInfo::Adam7(place) => png::expand_interlaced_row(&mut rgb, stride, &flat, &place, 24),
        }
    }
    if let Some(profile) = profile {
        colour::to_srgb(&profile, &mut rgb);
    }
    Ok(Pixels { width, height, rgb })
}

/// How the samples of a pixel lie in a row.
#[derive(Clone, Copy)]
struct Layout {
    /// 1 grey, 2 grey and opacity, 3 colours, 4 colours and opacity.
    samples: usize,
    /// Two bytes each.
    is_deep: bool,
}

impl Layout {
    /// Three bytes for each pixel.
    fn on_white(self, row: &[u8], out: &mut [u8]) {
        let width = if self.is_deep { 2 } else { 1 };
        if self.samples * width == 3 {
            out.copy_from_slice(&row[..out.len()]);
            return;
        }
        for (pixel, out) in row.chunks_exact(self.samples * width).zip(out.chunks_exact_mut(3)) {
            let value = |index: usize| {
                if self.is_deep {
                    eight_bits(u16::from_be_bytes([pixel[index * 2], pixel[index * 2 + 1]]))
                } else {
                    pixel[index]
                }
            };
            let colours = if self.samples < 3 { [value(0); 3] } else { [value(0), value(1), value(2)] };
            let alpha = if self.samples.is_multiple_of(2) { value(self.samples - 1) } else { u8::MAX };
            out.copy_from_slice(&colours.map(|colour| over_white(colour, alpha)));
        }
    }
}

fn eight_bits(value: u16) -> u8 {
    u8::try_from((u32::from(value) + 128) / 257).unwrap_or(u8::MAX)
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

/// A WebP whose profile is read, if it has one.
fn open_webp<R: BufRead + Seek>(source: R) -> Result<(WebPDecoder<R>, Option<Vec<u8>>), Refusal> {
    let mut decoder = WebPDecoder::new(source).map_err(damaged)?;
    decoder.set_memory_limit(MAX_PROFILE);
    let profile = decoder.icc_profile().map_err(|error| match error {
        image_webp::DecodingError::MemoryLimitExceeded => Refusal::Profile,
        error => damaged(error),
    })?;
    Ok((decoder, profile))
}

fn webp_header(source: impl BufRead + Seek) -> Result<Header, Refusal> {
    let (mut decoder, _) = open_webp(source)?;
    let exif = decoder.exif_metadata().map_err(damaged)?;
    let tiff = exif.as_deref().map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    Ok(Header { size: decoder.dimensions(), orientation: tiff.map_or(1, orientation_of), moves: decoder.is_animated() })
}

fn webp(bytes: &[u8]) -> Result<Pixels, Refusal> {
    let (mut decoder, profile) = open_webp(Cursor::new(bytes))?;
    let (width, height) = decoder.dimensions();
    check_size(width as usize, height as usize)?;
    if lossy_size(bytes).is_some_and(|size| size != (width, height)) {
        return Err(damaged("the picture in it has a size that differs from its header"));
    }
    let len = decoder.output_buffer_size().ok_or_else(|| damaged("it is too large"))?;
    let mut rgb = vec![0; len];
    decoder.read_image(&mut rgb).map_err(damaged)?;
    if decoder.has_alpha() {
        flatten(&mut rgb);
    }
    if let Some(profile) = profile {
        colour::to_srgb(&profile, &mut rgb);
    }
    Ok(Pixels { width, height, rgb })
}

/// Four bytes a pixel to three, in place.
fn flatten(rgba: &mut Vec<u8>) {
    let pixels = rgba.len() / 4;
    for pixel in 0..pixels {
        let alpha = rgba[pixel * 4 + 3];
        for channel in 0..3 {
            rgba[pixel * 3 + channel] = over_white(rgba[pixel * 4 + channel], alpha);
        }
    }
    rgba.truncate(pixels * 3);
}

/// The size that the first lossy picture of a WebP has by itself. The decoder makes room for it before it compares.
fn lossy_size(webp: &[u8]) -> Option<(u32, u32)> {
    let mut at = 12;
    loop {
        let [a, b, c, d, size @ ..] = webp.get(at..at + 8)? else { return None };
        let size = u32::from_le_bytes(size.try_into().ok()?) as usize;
        if [*a, *b, *c, *d] == *b"VP8 " {
            let sides = webp.get(at + 14..at + 18)?;
            let length = |at: usize| u32::from(u16::from_le_bytes([sides[at], sides[at + 1]]) & 0x3FFF);
            return Some((length(0), length(2)));
        }
        at = at.checked_add(8 + size + size % 2)?;
    }
}

fn jpeg(bytes: &[u8]) -> Result<Pixels, Refusal> {
    // Without the processor's own instructions: they round differently from machine to machine.
    let options = DecoderOptions::default().set_use_unsafe(false).set_max_width(MAX_SIDE).set_max_height(MAX_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    check_size(width, height)?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let is_ink = matches!(stored, ColorSpace::CMYK | ColorSpace::YCCK);
    decoder.set_options(options.jpeg_set_out_colorspace(if is_ink { stored } else { ColorSpace::RGB }));
    let profile = decoder.icc_profile();
    if profile.as_ref().is_some_and(|profile| profile.len() > MAX_PROFILE) {
        return Err(Refusal::Profile);
    }
    let samples = decoder.decode().map_err(damaged)?;
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let (width, height, mut rgb) = (side(width), side(height), samples);
    if is_ink {
        inks(&mut rgb, stored, has_adobe_marker(bytes));
        colour::inks_to_srgb(profile.as_deref(), &mut rgb);
    } else if let Some(profile) = profile {
        colour::to_srgb(&profile, &mut rgb);
    }
    if rgb.len() as u64 != u64::from(width) * u64::from(height) * 3 {
        return Err(Refusal::Damaged("it holds less than its header states".to_owned()));
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
