//! The media of seeded posts: made from their id when they are asked for, so that ten thousand take no room.

use std::sync::OnceLock;

use axum::body::Bytes;
use jpeg_encoder::{ColorType, Encoder};

/// Four seconds, 360×640, H.264.
static CLIP: &[u8] = include_bytes!("clip.mp4");

const WIDTH: u16 = 480;
const HEIGHT: u16 = 600;
/// So many pictures differ for the eye; by their bytes all do.
const COLOURS: u8 = 24;

/// The file of this name, `{id}.jpg` or `{id}.mp4`.
pub(crate) fn file(name: &str) -> Option<Bytes> {
    let (id, ext) = name.split_once('.')?;
    let id: u64 = id.parse().ok().filter(|number: &u64| number.to_string() == id)?;
    match ext {
        "jpg" => Some(picture(id).into()),
        "mp4" => Some(clip(id).into()),
        _ => None,
    }
}

/// The clip with its id in a box that players pass over.
pub(super) fn clip(id: u64) -> Vec<u8> {
    let mark = mark(id);
    let len = u32::try_from(mark.len() + 8).unwrap_or(8);
    [CLIP, &len.to_be_bytes(), b"free", &mark].concat()
}

/// A picture with its id in a comment.
pub(super) fn picture(id: u64) -> Vec<u8> {
    static PICTURES: [OnceLock<Vec<u8>>; COLOURS as usize] = [const { OnceLock::new() }; COLOURS as usize];
    // Neighbours in a feed have neighbouring ids.
    let colour = u8::try_from((id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % u64::from(COLOURS)).unwrap_or(0);
    let plain = PICTURES[usize::from(colour)].get_or_init(|| paint(colour));
    let mark = mark(id);
    let len = u16::try_from(mark.len() + 2).unwrap_or(2);
    let (start, rest) = plain.split_at(2.min(plain.len()));
    [start, &[0xFF, 0xFE], &len.to_be_bytes(), &mark, rest].concat()
}

fn mark(id: u64) -> Vec<u8> {
    format!("igsync sandbox {id}").into_bytes()
}

/// Light at the top, one colour at the bottom.
fn paint(colour: u8) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let part = |turn: f32, row: u16| {
        let angle = (f32::from(colour) / f32::from(COLOURS) + turn) * std::f32::consts::TAU;
        let deep = 120.0 + 90.0 * angle.sin();
        let share = f32::from(row) / f32::from(HEIGHT);
        (235.0 + (deep - 235.0) * share).round() as u8
    };
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for row in 0..HEIGHT {
        let pixel = [part(0.0, row), part(1.0 / 3.0, row), part(2.0 / 3.0, row)];
        pixels.extend_from_slice(&pixel.repeat(usize::from(WIDTH)));
    }
    let mut bytes = Vec::new();
    // Refused only for pixels that do not fit the size.
    let _ = Encoder::new(&mut bytes, 80).encode(&pixels, WIDTH, HEIGHT, ColorType::Rgb);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_media::probe::{Format, probe};

    #[test]
    fn every_id_has_a_picture_and_a_clip_of_its_own() {
        let read = |bytes: &[u8]| probe(&mut std::io::Cursor::new(bytes)).unwrap();
        for id in [17_900_000_000_000_001_u64, 17_900_000_000_000_038] {
            let (jpg, mp4) = (file(&format!("{id}.jpg")).unwrap(), file(&format!("{id}.mp4")).unwrap());
            let Format::Jpeg(facts) = read(&jpg).format else { panic!() };
            assert_eq!((facts.width, facts.height), (480, 600));
            let Format::Video(facts) = read(&mp4).format else { panic!() };
            assert_eq!(facts.duration_ms, Some(super::super::CLIP_MS));
            assert_ne!(jpg, file(&format!("{}.jpg", id + 1)).unwrap());
            assert_ne!(mp4, file(&format!("{}.mp4", id + 1)).unwrap());
        }
    }

    #[test]
    fn a_file_has_one_name() {
        for name in ["1.png", "01.jpg", "+1.jpg", "a.jpg", "1", "", "../1.jpg", "18446744073709551616.jpg"] {
            assert!(file(name).is_none(), "{name}");
        }
    }
}
