//! Scaling by convolution with the Catmull-Rom kernel. The weights come from sums and products alone and
//! the pixels from whole numbers, so that every machine gives the same bytes.

use super::pixels::Pixels;

/// The weights of one output pixel add up to `1 << BITS`.
const BITS: u32 = 20;

/// Width of the kernel to either side, in input pixels when nothing is made smaller.
const REACH: f64 = 2.0;

/// One output pixel: the first input pixel that counts, and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The picture at another size.
pub(super) fn resize(picture: Pixels, (width, height): (u32, u32)) -> Pixels {
    if (picture.width, picture.height) == (width, height) {
        return picture;
    }
    let (from_width, from_height) = (picture.width as usize, picture.height as usize);
    let (to_width, to_height) = (width as usize, height as usize);
    // Rows first: what lies between the two steps is as narrow as the result.
    let across = taps(from_width, to_width);
    let mut narrow = vec![0; to_width * from_height * 3];
    for (row, out) in picture.rgb.chunks_exact(from_width * 3).zip(narrow.chunks_exact_mut(to_width * 3)) {
        for (taps, pixel) in across.iter().zip(out.chunks_exact_mut(3)) {
            let mut sums = [1 << (BITS - 1); 3];
            for (weight, source) in taps.weights.iter().zip(row[taps.first * 3..].chunks_exact(3)) {
                add(&mut sums, source, *weight);
            }
            pixel.copy_from_slice(&rounded(sums));
        }
    }
    drop(picture);
    let down = taps(from_height, to_height);
    let mut rgb = vec![0; to_width * to_height * 3];
    for (taps, out) in down.iter().zip(rgb.chunks_exact_mut(to_width * 3)) {
        let rows = &narrow[taps.first * to_width * 3..];
        for (column, pixel) in out.chunks_exact_mut(3).enumerate() {
            let mut sums = [1 << (BITS - 1); 3];
            for (weight, row) in taps.weights.iter().zip(rows.chunks_exact(to_width * 3)) {
                add(&mut sums, &row[column * 3..column * 3 + 3], *weight);
            }
            pixel.copy_from_slice(&rounded(sums));
        }
    }
    Pixels { width, height, rgb }
}

fn add(sums: &mut [i32; 3], source: &[u8], weight: i32) {
    for (sum, value) in sums.iter_mut().zip(source) {
        *sum += weight * i32::from(*value);
    }
}

fn rounded(sums: [i32; 3]) -> [u8; 3] {
    sums.map(|sum| u8::try_from((sum >> BITS).clamp(0, 255)).unwrap_or(u8::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pictures have at most 65,535 pixels a side"
)]
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let spread = scale.max(1.0);
    (0..to)
        .map(|index| {
            let centre = (index as f64 + 0.5) * scale;
            let first = (centre - REACH * spread).floor().max(0.0) as usize;
            let end = ((centre + REACH * spread).ceil() as usize).min(from);
            let raw: Vec<f64> = (first..end).map(|at| kernel((at as f64 + 0.5 - centre) / spread)).collect();
            let sum: f64 = raw.iter().sum();
            let one = f64::from(1 << BITS);
            let mut weights: Vec<i32> = raw.iter().map(|weight| (weight / sum * one).round() as i32).collect();
            // White stays white: what rounding lost goes to the heaviest.
            let lost = (1 << BITS) - weights.iter().sum::<i32>();
            if let Some(heaviest) = weights.iter_mut().max() {
                *heaviest += lost;
            }
            Taps { first, weights }
        })
        .collect()
}

fn kernel(distance: f64) -> f64 {
    let x = distance.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, colour: [u8; 3]) -> Pixels {
        Pixels { width, height, rgb: colour.repeat((width * height) as usize) }
    }

    #[test]
    fn one_colour_stays_that_colour_at_every_size() {
        for size in [(1, 1), (7, 5), (320, 400), (33, 1)] {
            for colour in [[255, 255, 255], [0, 0, 0], [12, 200, 77]] {
                let scaled = resize(plain(20, 30, colour), size);
                assert!(scaled.rgb.chunks(3).all(|pixel| pixel == colour), "{size:?} {colour:?}");
                assert_eq!(scaled.rgb.len(), (size.0 * size.1 * 3) as usize);
            }
        }
    }

    #[test]
    fn halving_averages_and_does_not_shift() {
        let mut picture = plain(8, 1, [0, 0, 0]);
        picture.rgb[12..].fill(255);
        let scaled = resize(picture, (4, 1));
        let values: Vec<u8> = scaled.rgb.chunks(3).map(|pixel| pixel[0]).collect();
        let mirrored: Vec<u8> = values.iter().rev().map(|value| 255 - value).collect();
        assert_eq!(values, mirrored, "the edge stays in the middle");
        assert!(values[1] < 40 && values[2] > 215, "{values:?}");
    }
}
