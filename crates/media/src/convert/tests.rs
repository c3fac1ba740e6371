use std::io::Cursor;

use image::{DynamicImage, GenericImageView, ImageFormat, Rgba};
use proptest::prelude::*;

use super::super::rules::check;
use super::*;
use igsync_testkit::media::{jpeg, moving_png, with_exif};

mod thumbnails;

const USES: [Use; 4] = [Use::Image, Use::CarouselImage, Use::StoryImage, Use::Cover];

fn new_target(usage: Use) -> Target {
    Target { usage, fit: None, first: None }
}

/// Four quarters of different colours, so that a turn or a mirror is seen.
fn quarters(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgba8(image::RgbaImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgba([200, 40, 40, 255]),
        (false, true) => Rgba([40, 180, 60, 255]),
        (true, false) => Rgba([40, 70, 200, 255]),
        (false, false) => Rgba([230, 220, 60, 255]),
    }))
}

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let plain = if format == ImageFormat::Jpeg { &picture.to_rgb8().into() } else { picture };
    plain.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn broken(bytes: &[u8], usage: Use) -> Vec<&'static str> {
    let facts = probe(&mut Cursor::new(bytes)).unwrap();
    // A cover of another shape is cropped by Instagram; conversion leaves it whole.
    let names = check(&facts, usage, "a.jpg").into_iter().map(|broken| broken.rule.name);
    names.filter(|name| *name != "cover-crop").collect()
}

fn converted(bytes: &[u8], target: &Target) -> Vec<u8> {
    convert(bytes, target).unwrap().expect("it needs conversion")
}

/// The colour in the middle of each quarter, read by another decoder.
fn corners(bytes: &[u8]) -> [[u8; 3]; 4] {
    let picture = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap();
    let (width, height) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(right, down)| {
        let Rgba([red, green, blue, _]) = picture.get_pixel(width * right / 4, height * down / 4);
        [red, green, blue]
    })
}

fn assert_near(ours: [[u8; 3]; 4], expected: [[u8; 3]; 4], what: &str) {
    let worst = ours.as_flattened().iter().zip(expected.as_flattened()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst <= Some(4), "{what}: {ours:?} instead of {expected:?}");
}

const RED: [u8; 3] = [200, 40, 40];
const GREEN: [u8; 3] = [40, 180, 60];
const BLUE: [u8; 3] = [40, 70, 200];
const YELLOW: [u8; 3] = [230, 220, 60];

#[test]
fn every_format_and_use_becomes_a_jpeg_that_passes() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        for (size, uses) in [((400, 400), &USES[..]), ((100, 90), &USES), ((1500, 800), &USES[1..3])] {
            for usage in uses.iter().copied() {
                let result = converted(&file(&quarters(size.0, size.1), format), &new_target(usage));
                assert_eq!(broken(&result, usage), [""; 0], "{format:?} {size:?} {usage:?}");
                assert_near(corners(&result), [RED, GREEN, BLUE, YELLOW], "the colours stay");
            }
        }
    }
}

#[test]
fn every_orientation_is_turned_upright() {
    let upright = file(&quarters(400, 480), ImageFormat::Jpeg);
    for (orientation, expected) in [
        (2, [GREEN, RED, YELLOW, BLUE]),
        (3, [YELLOW, BLUE, GREEN, RED]),
        (4, [BLUE, YELLOW, RED, GREEN]),
        (5, [RED, BLUE, GREEN, YELLOW]),
        (6, [BLUE, RED, YELLOW, GREEN]),
        (7, [YELLOW, GREEN, BLUE, RED]),
        (8, [GREEN, YELLOW, RED, BLUE]),
    ] {
        let turned = with_exif(&upright, orientation, true);
        let result = converted(&turned, &new_target(Use::Image));
        let Format::Jpeg(jpeg) = probe(&mut Cursor::new(&result)).unwrap().format else { panic!("a JPEG") };
        let size = if orientation >= 5 { (480, 400) } else { (400, 480) };
        assert_eq!(((jpeg.width, jpeg.height), jpeg.orientation, jpeg.gps), (size, 1, false), "{orientation}");
        assert_near(corners(&result), expected, &format!("orientation {orientation}"));
    }
}

#[test]
fn a_picture_that_passes_is_not_touched() {
    for usage in USES {
        assert_eq!(convert(&jpeg(1080, 1080), &new_target(usage)).unwrap(), None, "{usage:?}");
    }
    assert_eq!(
        convert(&jpeg(1080, 1920), &new_target(Use::Image)).unwrap(),
        None,
        "without `fit` its shape is its own"
    );
    assert_eq!(convert(b"<!doctype html>", &new_target(Use::Image)).unwrap(), None);
    assert_eq!(convert(&jpeg(1080, 1080), &new_target(Use::Reel)).unwrap(), None);
}

#[test]
fn only_a_position_is_removed_without_drawing_anew() {
    let plain = jpeg(640, 640);
    let marked = [with_exif(&plain, 1, true), b"behind the end: GPS".to_vec()].concat();
    assert_eq!(broken(&marked, Use::Image), ["gps-position"]);
    assert_eq!(converted(&marked, &new_target(Use::Image)), plain, "byte for byte");
}

#[test]
fn a_position_goes_and_the_profile_stays() {
    let plain = jpeg(640, 640);
    let profile = [&plain[..2], b"\xFF\xE2\x00\x14ICC_PROFILE\0\x01\x01abcd", &plain[2..]].concat();
    assert_eq!(converted(&with_exif(&profile, 1, true), &new_target(Use::Image)), profile);
}

#[test]
fn transparent_is_white() {
    let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(400, 400, Rgba([0, 0, 0, 0])));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_near(corners(&converted(&file(&clear, format), &new_target(Use::Image))), [[255; 3]; 4], "white");
    }
    let half = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(400, 400, Rgba([0, 0, 0, 128])));
    assert_near(corners(&converted(&file(&half, ImageFormat::Png), &new_target(Use::Image))), [[127; 3]; 4], "half");
}

#[test]
fn sixteen_bits_and_grey_become_eight_bits_of_colour() {
    for picture in [
        DynamicImage::ImageRgb16(image::ImageBuffer::from_pixel(400, 400, image::Rgb([0x8080; 3]))),
        DynamicImage::ImageLuma16(image::ImageBuffer::from_pixel(400, 400, image::Luma([0x8080]))),
        DynamicImage::ImageLuma8(image::ImageBuffer::from_pixel(400, 400, image::Luma([0x80]))),
        DynamicImage::ImageLumaA8(image::ImageBuffer::from_pixel(400, 400, image::LumaA([0x80, 255]))),
    ] {
        let result = converted(&file(&picture, ImageFormat::Png), &new_target(Use::Image));
        assert_near(corners(&result), [[128; 3]; 4], "grey");
        assert_eq!(broken(&result, Use::Image), [""; 0]);
    }
}

#[test]
fn fit_mends_extreme_shapes() {
    for size in [(3000, 100), (100, 3000), (1, 700), (700, 1)] {
        for fit in [Fit::Pad, Fit::Crop] {
            let target = Target { fit: Some(fit), ..new_target(Use::Image) };
            let result = converted(&file(&quarters(size.0, size.1), ImageFormat::Png), &target);
            assert_eq!(broken(&result, Use::Image), [""; 0], "{size:?} {fit:?}");
        }
    }
    let padded = Target { fit: Some(Fit::Pad), ..new_target(Use::Image) };
    let result = converted(&jpeg(400, 800), &padded);
    let picture = image::load_from_memory(&result).unwrap();
    assert_eq!(picture.dimensions(), (640, 800));
    assert_eq!(picture.get_pixel(10, 400), Rgba([255; 4]), "margins are white");
}

#[test]
fn the_outlook_knows_the_size_before_anything_is_drawn() {
    let bytes = file(&quarters(600, 250), ImageFormat::WebP);
    let facts = probe(&mut Cursor::new(&bytes)).unwrap();
    for usage in USES {
        for fit in [None, Some(Fit::Pad), Some(Fit::Crop)] {
            let target = Target { usage, fit, first: Some((1080, 1350)) };
            let conversion_plan =
                conversion_plan(&facts, || header(Cursor::new(&bytes), &facts.format), &target).unwrap().unwrap();
            let drawn = probe(&mut Cursor::new(converted(&bytes, &target))).unwrap();
            assert_eq!(Facts { len: 0, ..drawn }, conversion_plan.facts, "{target:?}");
        }
    }
}

#[test]
fn what_cannot_be_converted_says_why() {
    assert_eq!(convert(&moving_png(), &new_target(Use::Image)), Err(Refusal::Moves));

    let cut = &file(&quarters(400, 400), ImageFormat::Png)[..200];
    assert!(matches!(convert(cut, &new_target(Use::Image)), Err(Refusal::Damaged(_))));

    // A header may claim any size; nothing is set aside for it.
    let mut claims = file(&quarters(8, 8), ImageFormat::Png);
    claims[16..24].copy_from_slice(&[0, 0, 0xF0, 0, 0, 0, 0xF0, 0]);
    let sum = crc(&claims[12..29]);
    claims[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(convert(&claims, &new_target(Use::Image)), Err(Refusal::TooLarge(0xF000 * 0xF000)));
}

/// A PNG with one more chunk in front of its pixels.
fn with_chunk(png: &[u8], name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap();
    let body = [&name[..], content].concat();
    [&png[..33], &size.to_be_bytes(), &body, &crc(&body).to_be_bytes(), &png[33..]].concat()
}

/// As a zlib stream, so many bytes of one value in a hundred and fiftieth of their length.
fn bomb(len: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |code: u32, count: u32| bits.extend((0..count).rev().map(|bit| code >> bit & 1 == 1));
    put(1, 1); // the last block
    put(0b10, 2); // with the fixed codes
    put(0x30, 8); // a zero
    for _ in 0..len / 258 {
        put(0b1100_0101, 8); // 258 times
        put(0, 5); // what stands one byte before
    }
    put(0, 7);
    let bytes = bits.chunks(8).map(|bits| bits.iter().enumerate().fold(0, |sum, (at, bit)| sum | u8::from(*bit) << at));
    let sum = (u32::try_from(1 + len / 258 * 258).unwrap() % 65_521) << 16 | 1;
    [0x78, 0x01].into_iter().chain(bytes).chain(sum.to_be_bytes()).collect()
}

#[test]
fn a_profile_that_unfolds_into_too_much_is_refused_before_it_does() {
    let picture = file(&quarters(400, 400), ImageFormat::Png);
    for len in [5 << 20, 64 << 20] {
        let bytes = with_chunk(&picture, *b"iCCP", &[b"x\0\0", &bomb(len)[..]].concat());
        let mut refused = Ok(None);
        let memory = allocation_counter::measure(|| refused = convert(&bytes, &new_target(Use::Image))).bytes_max;
        assert_eq!(refused.unwrap_err(), Refusal::Profile);
        assert!(memory < BESIDES, "{memory} bytes for {len}");
    }
    // What no profile is is not asked for, and what is one is used.
    let text = with_chunk(&picture, *b"zTXt", &[b"x\0\0", &bomb(64 << 20)[..]].concat());
    converted(&text, &new_target(Use::Image));
    let small = with_chunk(&picture, *b"iCCP", &[b"x\0\0", &bomb(1 << 20)[..]].concat());
    converted(&small, &new_target(Use::Image));
}

#[test]
fn the_profile_of_a_jpeg_and_of_a_webp_is_bounded_too() {
    let piece = |number: u8, of: u8, len: usize| {
        let content = [b"ICC_PROFILE\0", &[number, of][..], &vec![0; len]].concat();
        [&[0xFF, 0xE2][..], &u16::try_from(content.len() + 2).unwrap().to_be_bytes(), &content].concat()
    };
    let plain = with_exif(&jpeg(400, 400), 6, false);
    for (pieces, is_refused) in [(3, false), (200, true)] {
        let profile: Vec<u8> = (1..=pieces).flat_map(|number| piece(number, pieces, 60_000)).collect();
        let bytes = [&plain[..2], &profile, &plain[2..]].concat();
        assert_eq!(convert(&bytes, &new_target(Use::Image)).is_err_and(|error| error == Refusal::Profile), is_refused);
    }
    let plain = file(&quarters(400, 400), ImageFormat::WebP);
    for (len, is_refused) in [(1_u32 << 20, false), (5 << 20, true)] {
        // The simple form has one chunk; the extended one says what else there is.
        let mut extended = b"VP8X\x0A\0\0\0\x20\0\0\0\x8F\x01\0\x8F\x01\0ICCP".to_vec();
        extended.extend(len.to_le_bytes());
        extended.extend(vec![0; len as usize]);
        extended.extend(&plain[12..]);
        let size = u32::try_from(extended.len() + 4).unwrap().to_le_bytes();
        let bytes = [b"RIFF", &size[..], b"WEBP", &extended].concat();
        let result = convert(&bytes, &new_target(Use::Image));
        assert_eq!(result.clone().is_err_and(|error| error == Refusal::Profile), is_refused, "{result:?}");
    }
}

#[test]
fn a_picture_that_is_larger_than_its_outer_header_says_is_not_unfolded() {
    // A second frame header: one reader takes the first, another the last.
    let plain = with_exif(&jpeg(400, 400), 6, false);
    let frame = b"\xFF\xC0\0\x11\x08\xFF\xFF\xFF\xFF\x03\x01\x11\0\x02\x11\x01\x03\x11\x01";
    let twice = [&plain[..2], frame, &plain[2..]].concat();
    let mut lossy = b"RIFF\x40\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x8F\x01\0\x8F\x01\0VP8 \x12\0\0\0".to_vec();
    lossy.extend(b"\x10\0\0\x9D\x01\x2A\xFF\x3F\xFF\x3F\0\0\0\0\0\0\0\0");
    let long = with_chunk(&file(&quarters(400, 400), ImageFormat::Png), *b"tEXt", &[]);
    let long = [&long[..16], &(1_u32 << 26).to_be_bytes(), &1_u32.to_be_bytes(), &long[24..29]].concat();
    let long = [&long[..], &crc(&long[12..]).to_be_bytes(), b"\0\0\0\0IDAT"].concat();
    for bytes in [twice, lossy, long] {
        let mut result = Ok(None);
        let memory = allocation_counter::measure(|| result = convert(&bytes, &new_target(Use::Image))).bytes_max;
        assert!(result.is_err(), "{result:?}");
        assert!(memory < 8 << 20, "{memory} bytes");
    }
}

/// A JPEG as another encoder writes it.
fn drawn(colour: jpeg_encoder::ColorType, is_progressive: bool) -> Vec<u8> {
    let (width, height) = (1200_u16, 800_u16);
    let len = usize::from(width) * usize::from(height) * if colour == jpeg_encoder::ColorType::Cmyk { 4 } else { 3 };
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_progressive(is_progressive);
    encoder.encode(&vec![120; len], width, height, colour).unwrap();
    bytes
}

#[test]
fn drawing_takes_no_more_memory_than_was_said() {
    use jpeg_encoder::ColorType::{Cmyk, Rgb};
    let picture = quarters(1200, 800);
    let deep = DynamicImage::ImageRgba16(picture.to_rgba16());
    let opaque = DynamicImage::ImageRgb8(picture.to_rgb8());
    let pad = Target { fit: Some(Fit::Pad), ..new_target(Use::Image) };
    let crop = Target { fit: Some(Fit::Crop), first: Some((4, 5)), ..new_target(Use::CarouselImage) };
    for (what, bytes) in [
        ("png", file(&opaque, ImageFormat::Png)),
        ("deep png", file(&deep, ImageFormat::Png)),
        ("webp", file(&opaque, ImageFormat::WebP)),
        ("transparent webp", file(&picture, ImageFormat::WebP)),
        ("jpeg", drawn(Rgb, false)),
        ("turned jpeg", with_exif(&drawn(Rgb, false), 6, false)),
        ("progressive jpeg", drawn(Rgb, true)),
        ("turned progressive jpeg", with_exif(&drawn(Rgb, true), 8, false)),
        ("inks", drawn(Cmyk, false)),
        ("progressive inks", drawn(Cmyk, true)),
    ] {
        let targets = match what {
            "png" => vec![pad, crop],
            // As they are, they pass.
            "jpeg" | "progressive jpeg" => vec![crop],
            _ => vec![new_target(Use::StoryImage)],
        };
        for target in targets {
            let facts = probe(&mut Cursor::new(&bytes)).unwrap();
            let conversion_plan =
                conversion_plan(&facts, || header(Cursor::new(&bytes), &facts.format), &target).unwrap().unwrap();
            let mut result = Ok(None);
            let taken = allocation_counter::measure(|| result = convert(&bytes, &target)).bytes_max;
            assert!(result.is_ok_and(|result| result.is_some()), "{what}");
            // Without a profile, a little more than the pixels is enough.
            let said = conversion_plan.memory - facts.len - BESIDES + (1 << 20);
            assert!(taken <= said, "{what}, {target:?}: {taken} bytes, {said} were said");
            assert!(said < taken * 3, "{what}, {target:?}: {taken} bytes, {said} is far too much");
        }
    }
}

#[test]
fn an_interlaced_png_is_the_picture_it_is() {
    let (width, height) = (21_usize, 13_usize);
    let pixel = |x: usize, y: usize| [x * 11, y * 17, x * y].map(|value| u8::try_from(value % 256).unwrap());
    let mut raw = Vec::new();
    for (left, top, across, down) in
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    {
        for y in (top..height).step_by(down) {
            raw.push(0);
            raw.extend((left..width).step_by(across).flat_map(|x| pixel(x, y)));
        }
    }
    let len = u16::try_from(raw.len()).unwrap();
    let sum = raw.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let stored = [&[0x78, 0x01, 1][..], &len.to_le_bytes(), &(!len).to_le_bytes(), &raw].concat();
    let stored = [stored, (sum.1 << 16 | sum.0).to_be_bytes().to_vec()].concat();
    let chunk = |name: &[u8], content: &[u8]| {
        let body = [name, content].concat();
        [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], &body, &crc(&body).to_be_bytes()].concat()
    };
    let header = [&21_u32.to_be_bytes()[..], &13_u32.to_be_bytes(), &[8, 2, 0, 0, 1]].concat();
    let bytes =
        [b"\x89PNG\r\n\x1A\n", &chunk(b"IHDR", &header)[..], &chunk(b"IDAT", &stored), &chunk(b"IEND", b"")].concat();
    let expected: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    assert_eq!(decode::decode(&bytes, &Format::Png).unwrap().rgb, expected);
}

/// The check sum of a PNG chunk.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

/// Other bytes for the same picture: raise [`VERSION`], so that no one takes an old one for a new one.
#[test]
fn the_same_bytes_come_out_on_every_machine() {
    use crate::digest::{digest_of, hex};
    use sha2::{Digest as _, Sha256};
    let picture = quarters(1500, 500);
    let sums: Vec<String> = [
        (file(&picture, ImageFormat::Png), new_target(Use::Image)),
        (
            file(&picture, ImageFormat::WebP),
            Target { fit: Some(Fit::Crop), first: Some((4, 5)), ..new_target(Use::CarouselImage) },
        ),
        (with_exif(&jpeg(900, 500), 6, true), Target { fit: Some(Fit::Pad), ..new_target(Use::Image) }),
    ]
    .iter()
    .map(|(bytes, target)| {
        let digest = digest_of(&Sha256::digest(converted(bytes, target)).into());
        hex(&digest).unwrap()[..8].to_owned()
    })
    .collect();
    insta::assert_debug_snapshot!(sums, @r#"
    [
        "ef10176a",
        "1f1824eb",
        "b0eab367",
    ]
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn converting_twice_changes_nothing(
        width in 1_u32..700, height in 1_u32..700, webp in any::<bool>(),
        usage in proptest::sample::select(USES.to_vec()),
        fit in proptest::sample::select(vec![None, Some(Fit::Pad), Some(Fit::Crop)]),
        first in proptest::option::of((200_u32..1500, 200_u32..1500)),
    ) {
        let format = if webp { ImageFormat::WebP } else { ImageFormat::Png };
        let target = Target { usage, fit, first };
        let once = converted(&file(&quarters(width, height), format), &target);
        prop_assert!(convert(&once, &target).unwrap().is_none());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 0_usize..4) {
        let starts: [&[u8]; 4] = [b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n", b"RIFF\x20\0\0\0WEBPVP8 ", b"\xFF\xD8\xFF\xC0\0\x11\x08\0\x08\0\x08\x03"];
        let bytes = [starts[start], &bytes, b"\xFF\xD9"].concat();
        let _ = convert(&bytes, &new_target(Use::Image));
    }
}
