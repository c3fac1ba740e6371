//! Small pictures: the expected colours at known pixels, whatever the shape of the large one.

use sha2::Digest as _;

use super::super::super::crop::{self, Crop};
use super::super::super::digest::digest_of;
use super::*;

/// The small pictures of one, each seen by another decoder.
fn thumbs(bytes: &[u8], target: Option<&Target>, shots: &[Shot]) -> Vec<image::RgbImage> {
    let drawn = thumbnails_of(bytes, target, shots).unwrap();
    drawn.iter().map(|jpeg| image::load_from_memory(jpeg).unwrap().to_rgb8()).collect()
}

fn tile(most: (u32, u32)) -> Shot {
    Shot { crop: Crop::whole().to(crop::TILE), most }
}

/// Whether a pixel has about this colour: JPEG and scaling blur edges, and nothing else.
#[track_caller]
fn has(picture: &image::RgbImage, (x, y): (u32, u32), colour: [u8; 3]) {
    let found = picture.get_pixel(x, y).0;
    let differs = found.iter().zip(colour).any(|(found, wanted)| found.abs_diff(wanted) > 12);
    assert!(!differs, "{found:?} at {x},{y} of {:?}, not {colour:?}", picture.dimensions());
}

/// Red, green, blue and yellow stripes of these widths, from the left.
fn stripes(widths: [u32; 4], height: u32) -> DynamicImage {
    let ends: Vec<u32> = widths
        .iter()
        .scan(0, |end, width| {
            *end += width;
            Some(*end)
        })
        .collect();
    let colour = |x: u32| [RED, GREEN, BLUE, YELLOW][ends.iter().position(|end| x < *end).unwrap()];
    DynamicImage::ImageRgb8(image::RgbImage::from_fn(ends[3], height, |x, _| image::Rgb(colour(x))))
}

#[test]
fn a_tile_shows_the_middle_of_every_shape() {
    // 1910×1000: the middle 750 columns stay, which are the last of green and the first of blue.
    let wide = file(&stripes([580, 375, 375, 580], 1000), ImageFormat::Jpeg);
    let [seen] = &thumbs(&wide, None, &[tile((288, 384))])[..] else { panic!() };
    assert_eq!(seen.dimensions(), (288, 384));
    for (place, colour) in [((4, 4), GREEN), ((130, 200), GREEN), ((158, 200), BLUE), ((283, 380), BLUE)] {
        has(seen, place, colour);
    }
    // 3:4, 4:5, 1:1 and 9:16: the quarters meet in the middle of each.
    for size in [(432, 576), (432, 540), (432, 432), (432, 768)] {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let [seen] = &thumbs(&file(&quarters(size.0, size.1), format), None, &[tile((144, 192))])[..] else {
                panic!()
            };
            assert_eq!(seen.dimensions(), (144, 192), "{size:?}");
            for (place, colour) in [((5, 5), RED), ((138, 5), GREEN), ((5, 186), BLUE), ((138, 186), YELLOW)] {
                has(seen, place, colour);
            }
            for (place, colour) in [((67, 90), RED), ((76, 90), GREEN), ((67, 101), BLUE), ((76, 101), YELLOW)] {
                has(seen, place, colour);
            }
        }
    }
}

#[test]
fn a_picture_on_its_side_is_turned_before_it_is_cropped() {
    // Stored lying, 1350×1080, with its top to the right: seen upright, 1080×1350.
    let lying = with_exif(&file(&quarters(1350, 1080), ImageFormat::Jpeg), 6, false);
    let [seen] = &thumbs(&lying, None, &[tile((288, 384))])[..] else { panic!() };
    for (place, colour) in [((10, 10), BLUE), ((277, 10), RED), ((10, 373), YELLOW), ((277, 373), GREEN)] {
        has(seen, place, colour);
    }
    // Wide as stored, the middle of the height as seen.
    let stored = with_exif(&file(&stripes([240, 720, 720, 240], 1080), ImageFormat::Jpeg), 8, false);
    let [seen] = &thumbs(&stored, None, &[tile((270, 360))])[..] else { panic!() };
    assert_eq!(seen.dimensions(), (270, 360));
    has(seen, (135, 5), BLUE);
    has(seen, (135, 355), GREEN);
}

#[test]
fn an_item_of_a_carousel_has_the_shape_of_the_first() {
    let shape = Shot { crop: Crop::whole().to(crop::Ratio(1080, 1350)), most: (480, 600) };
    let cropped_again = Shot { crop: shape.crop.clone().to(crop::TILE), most: (288, 384) };
    // 2000×1000 in the shape 4:5 keeps 800 columns: red and yellow are gone.
    let wide = file(&stripes([600, 400, 400, 600], 1000), ImageFormat::Jpeg);
    let [slide, tile] = &thumbs(&wide, None, &[shape, cropped_again])[..] else { panic!() };
    assert_eq!((slide.dimensions(), tile.dimensions()), ((480, 600), (288, 384)));
    for place in [(3, 3), (230, 590)] {
        has(slide, place, GREEN);
    }
    has(slide, (476, 300), BLUE);
    has(tile, (3, 190), GREEN);
    has(tile, (284, 190), BLUE);
}

#[test]
fn what_conversion_adds_and_takes_is_seen() {
    let tall = file(&quarters(1080, 1920), ImageFormat::Jpeg);
    let whole = || Shot { crop: Crop::whole(), most: (480, 600) };
    let of = |fit| Target { usage: Use::Image, fit: Some(fit), first: None };
    let [padded] = &thumbs(&tall, Some(&of(Fit::Pad)), &[whole()])[..] else { panic!() };
    assert_eq!(padded.dimensions(), (480, 600));
    has(padded, (10, 300), [255; 3]);
    has(padded, (100, 10), RED);
    has(padded, (380, 590), YELLOW);
    let [cropped] = &thumbs(&tall, Some(&of(Fit::Crop)), &[whole()])[..] else { panic!() };
    assert_eq!(cropped.dimensions(), (480, 600));
    has(cropped, (4, 4), RED);
}

#[test]
fn small_pictures_are_the_same_bytes_and_are_not_enlarged() {
    let picture = file(&quarters(100, 100), ImageFormat::Png);
    let shots = [tile((288, 384)), Shot { crop: Crop::whole(), most: (50, 600) }];
    let drawn = thumbnails_of(&picture, None, &shots).unwrap();
    assert_eq!(drawn, thumbnails_of(&picture, None, &shots).unwrap());
    let sizes: Vec<(u32, u32)> = thumbs(&picture, None, &shots).iter().map(image::RgbImage::dimensions).collect();
    assert_eq!(sizes, [(75, 100), (50, 50)]);
    assert_eq!(shots.map(|shot| shot.size((100, 100))), [(75, 100), (50, 50)]);
    assert_eq!(
        digest_of(&sha2::Sha256::digest(&drawn[0]).into()).as_str(),
        "sha256:3572680161eabc7e15b84ac88fc2439d17aea15cb4b2ff44ad0060c9ea6f6c3a",
        "other bytes on this machine"
    );
}

#[test]
fn what_is_no_picture_has_no_small_one() {
    let cut = &jpeg(400, 400)[..300];
    for bytes in [&b"GIF89a"[..], b"", b"text", cut] {
        assert!(thumbnails_of(bytes, None, &[tile((288, 384))]).is_err(), "{}", bytes.len());
    }
}
