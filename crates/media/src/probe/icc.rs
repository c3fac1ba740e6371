//! ICC colour profiles: how much colour their primaries span.

use super::be32;

/// The area between the primaries of sRGB as profiles hold them, in the chromaticity plane.
const SRGB_AREA: f64 = 0.1091;

/// Whether a profile spans clearly more colours than sRGB. Profiles without primaries (grey, print)
/// do not.
pub(super) fn is_wide(profile: &[u8]) -> bool {
    let corners = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|name| chromaticity(profile, *name));
    let [Some((rx, ry)), Some((gx, gy)), Some((bx, by))] = corners else { return false };
    let area = ((gx - rx) * (by - ry) - (bx - rx) * (gy - ry)).abs() / 2.0;
    area > SRGB_AREA * 1.15
}

/// x and y of one primary.
fn chromaticity(profile: &[u8], name: [u8; 4]) -> Option<(f64, f64)> {
    let count = be32(profile.get(128..132)?).min(100);
    let entry = profile.get(132..)?.chunks_exact(12).take(count as usize).find(|entry| entry[..4] == name)?;
    let start = be32(&entry[4..]) as usize;
    let value = profile.get(start..start.checked_add(20)?)?.strip_prefix(b"XYZ \0\0\0\0")?;
    // Sixteen bits before the point, sixteen behind.
    let [x, y, z] = [0, 4, 8].map(|at| f64::from(be32(&value[at..]).cast_signed()) / 65_536.0);
    let sum = x + y + z;
    (sum > 0.0).then(|| (x / sum, y / sum))
}
