//! Colours of other spaces into sRGB.
//!
//! Profiles are read, and tables sampled from them, by a colour management library; the pixels themselves
//! are computed here from whole numbers, so that the instructions of a processor change no byte.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Linear light as whole numbers: 0 to this.
const FULL: i64 = 65_536;
/// Bits behind the point of a matrix.
const POINT: u32 = 16;
/// Steps of a table along each axis.
const STEPS: usize = 16;

/// Pixels of a profile, in place: `rgb` holds three bytes a pixel, grey ones three times the same. A
/// profile that cannot be read is treated as sRGB, as browsers do.
pub(super) fn to_srgb(profile: &[u8], rgb: &mut [u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    if let Some(shaper) = Shaper::of(&profile) {
        for pixel in rgb.chunks_exact_mut(3) {
            pixel.copy_from_slice(&shaper.srgb([pixel[0], pixel[1], pixel[2]]));
        }
    } else if profile.color_space == DataColorSpace::Rgb
        && let Some(table) = Table::<3>::of(&profile, Layout::Rgb)
    {
        for pixel in rgb.chunks_exact_mut(3) {
            pixel.copy_from_slice(&table.srgb([pixel[0], pixel[1], pixel[2]]));
        }
    }
}

/// Amounts of ink (0 none, 255 full), four bytes a pixel, to three bytes a pixel in their place.
pub(super) fn inks_to_srgb(profile: Option<&[u8]>, inks: &mut Vec<u8>) {
    let profile = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    let table = profile
        .filter(|profile| profile.color_space == DataColorSpace::Cmyk)
        .and_then(|profile| Table::<4>::of(&profile, Layout::Rgba));
    let pixels = inks.len() / 4;
    for pixel in 0..pixels {
        let ink @ [c, m, y, k] = [0, 1, 2, 3].map(|channel| inks[pixel * 4 + channel]);
        let colour = match &table {
            Some(table) => table.srgb(ink),
            None => [c, m, y].map(|ink| without(ink, k)),
        };
        inks[pixel * 3..pixel * 3 + 3].copy_from_slice(&colour);
    }
    inks.truncate(pixels * 3);
}

/// The light that an ink and black leave, where no one says which inks they are.
fn without(ink: u8, black: u8) -> u8 {
    let left = u32::from(u8::MAX - ink) * u32::from(u8::MAX - black);
    u8::try_from((left + 127) / 255).unwrap_or(u8::MAX)
}

/// A profile of three curves and a matrix, or of one curve.
struct Shaper {
    /// Linear light of each value of each channel.
    linear: [[i64; 256]; 3],
    matrix: [[i64; 3]; 3],
    /// The sRGB value of each amount of linear light.
    encode: Vec<u8>,
}

impl Shaper {
    fn of(profile: &ColorProfile) -> Option<Self> {
        let srgb = ColorProfile::new_srgb();
        let curves = if profile.color_space == DataColorSpace::Gray {
            [&profile.gray_trc; 3]
        } else if profile.is_matrix_shaper() {
            [&profile.red_trc, &profile.green_trc, &profile.blue_trc]
        } else {
            return None;
        };
        let mut linear = [[0; 256]; 3];
        for (values, curve) in linear.iter_mut().zip(curves) {
            let curve = curve.as_ref()?.make_linear_evaluator().ok()?;
            for (value, light) in (0_u8..=255).zip(values) {
                *light = fixed(f64::from(curve.evaluate_value(f32::from(value) / 255.0)), FULL);
            }
        }
        let matrix = if profile.color_space == DataColorSpace::Gray {
            [[1 << POINT, 0, 0], [0, 1 << POINT, 0], [0, 0, 1 << POINT]]
        } else {
            profile.transform_matrix(&srgb).v.map(|row| row.map(|cell| fixed(cell, 1 << POINT)))
        };
        // Half way between two values is where the one ends and the next begins.
        let curve = srgb.red_trc.as_ref()?.make_linear_evaluator().ok()?;
        let mut encode = Vec::with_capacity(usize::try_from(FULL).ok()? + 1);
        for value in 0_u8..=255 {
            let end = f64::from(curve.evaluate_value((f32::from(value) + 0.5) / 255.0));
            let end = if value == u8::MAX { FULL + 1 } else { fixed(end, FULL) };
            encode.resize(usize::try_from(end).ok()?.max(encode.len()), value);
        }
        Some(Self { linear, matrix, encode })
    }

    fn srgb(&self, pixel: [u8; 3]) -> [u8; 3] {
        let light = [0, 1, 2].map(|channel| self.linear[channel][usize::from(pixel[channel])]);
        self.matrix.map(|row| {
            let sum: i64 = row.iter().zip(light).map(|(cell, light)| cell * light).sum();
            let light = ((sum + (1 << (POINT - 1))) >> POINT).clamp(0, FULL);
            self.encode[usize::try_from(light).unwrap_or_default()]
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "clamped; the scales are small")]
fn fixed(value: f64, scale: i64) -> i64 {
    (value.clamp(-16.0, 16.0) * scale as f64).round() as i64
}

/// The colours of `N` inks or lights at the nodes of a grid, for profiles that are tables themselves.
struct Table<const N: usize> {
    /// Sixteen bits each; the last channel varies fastest.
    nodes: Vec<[u16; 3]>,
}

impl<const N: usize> Table<N> {
    fn of(profile: &ColorProfile, layout: Layout) -> Option<Self> {
        let srgb = ColorProfile::new_srgb();
        let transform = profile.create_transform_f32(layout, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
        let count = (STEPS + 1).pow(u32::try_from(N).ok()?);
        // Exactly at the library's own nodes, where nothing is interpolated.
        let mut source = Vec::with_capacity(count * N);
        for node in 0..count {
            for axis in (0..N).rev() {
                let step = node / (STEPS + 1).pow(u32::try_from(axis).ok()?) % (STEPS + 1);
                source.push(f32::from(u8::try_from(step).ok()?) / 16.0);
            }
        }
        let mut colours = vec![0.0; count * 3];
        transform.transform(&source, &mut colours).ok()?;
        let whole = |value: &f32| u16::try_from(fixed(f64::from(*value).clamp(0.0, 1.0), 65_535)).unwrap_or(u16::MAX);
        let nodes = colours.chunks_exact(3).map(|colour| [whole(&colour[0]), whole(&colour[1]), whole(&colour[2])]);
        Some(Self { nodes: nodes.collect() })
    }

    /// Linear between the corners of the cell that holds the value.
    fn srgb(&self, values: [u8; N]) -> [u8; 3] {
        let (mut sums, mut total) = ([0_u64; 3], 0_u64);
        for corner in 0..1_usize << N {
            let (mut node, mut weight) = (0, 1_u64);
            for (axis, value) in values.iter().enumerate() {
                let place = usize::from(*value) * STEPS;
                let (step, beyond) = (place / 255, place % 255);
                let is_upper = corner >> axis & 1 == 1;
                weight *= if is_upper { beyond } else { 255 - beyond } as u64;
                node = node * (STEPS + 1) + (step + usize::from(is_upper)).min(STEPS);
            }
            if weight > 0 {
                total += weight;
                for (sum, colour) in sums.iter_mut().zip(self.nodes[node]) {
                    *sum += weight * u64::from(colour);
                }
            }
        }
        sums.map(|sum| u8::try_from((sum / total.max(1) + 128) / 257).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(profile: Option<&[u8]>, inks: &[u8]) -> Vec<u8> {
        let mut inks = inks.to_vec();
        inks_to_srgb(profile, &mut inks);
        inks
    }

    fn converted(profile: &ColorProfile, pixel: [u8; 3]) -> [u8; 3] {
        let mut rgb = pixel;
        to_srgb(&profile.encode().unwrap(), &mut rgb);
        rgb
    }

    #[test]
    fn srgb_stays_as_it_is() {
        let srgb = ColorProfile::new_srgb();
        for value in 0..=255 {
            let pixel = [value, 255 - value, value / 2];
            assert_eq!(converted(&srgb, pixel), pixel);
        }
    }

    #[test]
    fn white_and_grey_are_the_same_in_every_space() {
        for profile in [ColorProfile::new_display_p3(), ColorProfile::new_adobe_rgb()] {
            assert_eq!(converted(&profile, [255; 3]), [255; 3]);
            assert_eq!(converted(&profile, [0; 3]), [0; 3]);
        }
        assert_eq!(converted(&ColorProfile::new_display_p3(), [128; 3]), [128; 3]);
    }

    #[test]
    fn wide_colours_come_out_as_the_references_say() {
        // CSS Color 4: color(display-p3 0.5 0.2 0.8), in sRGB.
        let [red, green, blue] = converted(&ColorProfile::new_display_p3(), [128, 51, 204]);
        for (ours, reference) in [(red, 136), (green, 45), (blue, 212)] {
            assert!(u8::abs_diff(ours, reference) <= 3, "{red} {green} {blue}");
        }
        // The green of Adobe RGB lies outside of sRGB: nothing is left but its edge.
        assert_eq!(converted(&ColorProfile::new_adobe_rgb(), [0, 255, 0]), [0, 255, 0]);
    }

    #[test]
    fn the_same_as_the_library_within_one_step() {
        let srgb = ColorProfile::new_srgb();
        for profile in [ColorProfile::new_display_p3(), ColorProfile::new_adobe_rgb(), ColorProfile::new_bt2020()] {
            let theirs =
                profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()).unwrap();
            let source: Vec<u8> = (0..3 * 4096_u32).map(|at| u8::try_from(at * 37 % 256).unwrap()).collect();
            let mut expected = vec![0; source.len()];
            theirs.transform(&source, &mut expected).unwrap();
            let mut ours = source.clone();
            to_srgb(&profile.encode().unwrap(), &mut ours);
            let worst = ours.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(2), "{worst:?}");
        }
    }

    #[test]
    fn inks_with_a_profile_are_what_the_library_says() {
        let (profile, srgb) = (super::super::press::press(), ColorProfile::new_srgb());
        let theirs =
            profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, TransformOptions::default()).unwrap();
        let inks: Vec<u8> = (0..4 * 2048_u32).map(|at| u8::try_from(at * 73 % 256).unwrap()).collect();
        let mut expected = vec![0; inks.len() / 4 * 3];
        theirs.transform(&inks, &mut expected).unwrap();
        let ours = light(Some(&profile.encode().unwrap()), &inks);
        let worst = ours.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(3), "{worst:?}");
        let paper = light(Some(&profile.encode().unwrap()), &[0; 4]);
        assert!(paper[2] < paper[0] && paper[0] > 240, "yellow paper: {paper:?}");
    }

    #[test]
    fn inks_without_a_profile_take_light_away() {
        let inks = [0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 128];
        let expected = [255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 0, 0, 127, 127, 127];
        assert_eq!(light(None, &inks), expected);
        assert_eq!(light(Some(b"not a profile"), &inks), expected);
    }
}
