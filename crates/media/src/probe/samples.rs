//! The tables of a track's samples: rates, sizes, and whether pictures lean on the group before theirs.

use super::tracks::{Times, find};
use super::{be32, be64};

/// More samples than hours of video have are not walked.
const MAX_SAMPLES: usize = 1 << 20;

/// Frames per second, averaged.
#[expect(clippy::cast_precision_loss, reason = "frame rates need three digits")]
pub(super) fn frame_rate(media: &[u8]) -> Option<f64> {
    let times = find(media, &[b"mdhd"]).and_then(Times::read)?;
    let (mut frames, mut units) = (0_u64, 0_u64);
    for (count, delta) in rows(media, *b"stts") {
        frames = frames.saturating_add(count.into());
        units = units.saturating_add(u64::from(count).saturating_mul(u64::from(delta)));
    }
    (units > 0).then(|| frames as f64 * f64::from(times.scale) / units as f64)
}

/// Bits per second of one track, averaged over its length.
pub(super) fn bit_rate(media: &[u8]) -> Option<u64> {
    let times = find(media, &[b"mdhd"]).and_then(Times::read).filter(|times| times.duration > 0)?;
    let body = find(media, &[b"minf", b"stbl", b"stsz"])?;
    let (size, count) = (be32(body.get(4..)?), be32(body.get(8..)?));
    let bytes = match size {
        0 => body.get(12..)?.chunks_exact(4).take(count as usize).map(|size| u64::from(be32(size))).sum(),
        size => u64::from(size) * u64::from(count),
    };
    let bits = u128::from(bytes) * 8 * u128::from(times.scale) / u128::from(times.duration);
    u64::try_from(bits).ok().filter(|bits| *bits > 0)
}

/// The last place in the file that the table of chunks points to, in bytes. `None`: the samples are in
/// another file, or nowhere.
pub(super) fn last_chunk(media: &[u8]) -> Option<u64> {
    let info = find(media, &[b"minf"])?;
    // One entry whose first flag says: in this very file.
    let is_elsewhere = find(info, &[b"dinf", b"dref"])
        .and_then(|body| super::tracks::boxes(body.get(8..)?).next())
        .is_some_and(|(_, entry)| entry.get(3).is_some_and(|flags| flags & 1 == 0));
    if is_elsewhere {
        return None;
    }
    let table = find(info, &[b"stbl"])?;
    let narrow = find(table, &[b"stco"]).and_then(|body| body.get(8..)).unwrap_or_default();
    let wide = find(table, &[b"co64"]).and_then(|body| body.get(8..)).unwrap_or_default();
    narrow.chunks_exact(4).map(|at| be32(at).into()).chain(wide.chunks_exact(8).map(be64)).max()
}

/// Whether a group of pictures is open: some of its pictures are shown before the one it begins with,
/// and so lean on the group before. `None`: the tables do not show it.
///
/// With HEVC such pictures may lean on nothing else, so only marked ones (`stps`, `rap `) count there.
pub(super) fn has_open_group(media: &[u8], is_h264: bool) -> Option<bool> {
    let table = find(media, &[b"minf", b"stbl"])?;
    let partial = find(table, &[b"stps"]).is_some_and(|body| be32(body.get(4..).unwrap_or_default()) > 0);
    let marked = super::tracks::boxes(table).any(|(kind, body)| kind == b"sbgp" && body.get(4..8) == Some(b"rap "));
    if partial || marked {
        return Some(true);
    }
    let starts = find(table, &[b"stss"])?.get(8..)?;
    if !is_h264 {
        return None;
    }
    let mut starts = starts.chunks_exact(4).map(be32).peekable();
    let mut delays = spread(rows(media, *b"ctts"));
    let (mut time, mut shown_first) = (0_i64, None);
    for (index, delta) in spread(rows(media, *b"stts")).enumerate().take(MAX_SAMPLES) {
        let shown = time.saturating_add(delays.next().map_or(0, |delay| delay.cast_signed().into()));
        if starts.next_if(|start| *start as usize == index + 1).is_some() {
            // Nothing is before the first group.
            shown_first = (index > 0).then_some(shown);
        } else if shown_first.is_some_and(|first| shown < first) {
            return Some(true);
        }
        time = time.saturating_add(delta.into());
    }
    Some(false)
}

/// The rows of a table of runs: how many samples, and the value of each.
fn rows(media: &[u8], table: [u8; 4]) -> impl Iterator<Item = (u32, u32)> {
    let body = find(media, &[b"minf", b"stbl", &table]).and_then(|body| body.get(8..)).unwrap_or_default();
    body.chunks_exact(8).map(|row| {
        let row = be64(row).to_be_bytes();
        (be32(&row), be32(&row[4..]))
    })
}

fn spread(rows: impl Iterator<Item = (u32, u32)>) -> impl Iterator<Item = u32> {
    rows.flat_map(|(count, value)| std::iter::repeat_n(value, count as usize))
}
