//! Pictures on their way to Meta: converted, read by another program, proven at their URLs, published.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise; their fixtures are small")]

mod docs;
mod fix;
mod proof;
mod publish;
mod reader;

use igsync_testkit::media as testing;

#[path = "../../crates/media/src/convert/press.rs"]
#[allow(unreachable_pub, reason = "shared with the unit tests")]
mod press;

#[path = "../it/project.rs"]
#[allow(unreachable_pub, dead_code, clippy::cast_possible_truncation, reason = "shared with the other tests")]
mod project;

/// The bytes of a picture in a format, four quarters of different colours.
fn picture(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => [200, 40, 40],
            (false, true) => [40, 180, 60],
            (true, false) => [40, 70, 200],
            (false, false) => [230, 220, 60],
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
