//! A made-up printing press for tests: four inks on slightly yellow paper, as a profile that is a table.

use moxcms::{ColorProfile, DataColorSpace, LutDataType, LutStore, LutType, LutWarehouse, Matrix3d, ProfileClass};

/// Nodes along each axis of its table.
const NODES: u8 = 5;

pub(crate) fn press() -> ColorProfile {
    let mut colours = Vec::new();
    let steps = || (0..NODES).map(|step| f64::from(step) / f64::from(NODES - 1));
    for cyan in steps() {
        for magenta in steps() {
            for yellow in steps() {
                for black in steps() {
                    // What an ink leaves of the light that it takes most, next to most and least.
                    let light = |strong: f64, weak: f64, weakest: f64| {
                        (1.0 - 0.9 * strong) * (1.0 - 0.3 * weak) * (1.0 - 0.1 * weakest) * (1.0 - 0.92 * black)
                    };
                    let rgb = [
                        light(cyan, magenta, yellow),
                        light(magenta, cyan, yellow),
                        0.93 * light(yellow, magenta, cyan),
                    ];
                    colours.extend(lab(rgb));
                }
            }
        }
    }
    let straight = |channels: usize| LutStore::Store16([0, u16::MAX].repeat(channels));
    let table = LutDataType {
        num_input_channels: 4,
        num_output_channels: 3,
        num_clut_grid_points: NODES,
        matrix: Matrix3d::IDENTITY,
        num_input_table_entries: 2,
        num_output_table_entries: 2,
        input_table: straight(4),
        clut_table: LutStore::Store16(colours),
        output_table: straight(3),
        lut_type: LutType::Lut16,
    };
    let mut profile = ColorProfile::new_srgb();
    (profile.red_trc, profile.green_trc, profile.blue_trc, profile.cicp) = (None, None, None, None);
    profile.color_space = DataColorSpace::Cmyk;
    profile.pcs = DataColorSpace::Lab;
    profile.profile_class = ProfileClass::OutputDevice;
    profile.lut_a_to_b_perceptual = Some(LutWarehouse::Lut(table.clone()));
    profile.lut_a_to_b_colorimetric = Some(LutWarehouse::Lut(table));
    profile
}

/// Linear sRGB as Lab (D50), as tables of sixteen bits hold it.
fn lab(light: [f64; 3]) -> [u16; 3] {
    // XYZ over that of the white of D50.
    const ROWS: [[f64; 3]; 3] = [[0.4523, 0.3994, 0.1484], [0.2225, 0.7169, 0.0606], [0.0169, 0.1177, 0.8657]];
    let [across, bright, along] = ROWS.map(|row| {
        let value: f64 = row.iter().zip(light).map(|(cell, light)| cell * light).sum();
        if value > 0.008_856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 }
    });
    let lab = [116.0 * bright - 16.0, 500.0 * (across - bright), 200.0 * (bright - along)];
    [lab[0] / 100.0 * 65_280.0, (lab[1] + 128.0) * 256.0, (lab[2] + 128.0) * 256.0].map(|value| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let whole = value.clamp(0.0, 65_535.0).round() as u16;
        whole
    })
}
