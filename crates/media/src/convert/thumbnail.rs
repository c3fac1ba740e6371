//! Small pictures of a large one, as Instagram crops it: decoded once, the same bytes on every machine.

use std::io::{BufReader, Cursor};
use std::path::Path;

use jpeg_encoder::SamplingFactor;

use super::super::crop::{Crop, Part};
use super::super::probe::{Facts, Format, probe};
use super::budget::MEMORY;
use super::cache::Failed;
use super::geometry::Geometry;
use super::pixels::Pixels;
use super::resize::resize;
use super::{MAX_LEN, MAX_PIXELS, Refusal, Target, Work, conversion_plan, decode, encoded, header, memory};
use igsync_base::files::ReadDisk;

/// Small pictures are seen at twice the density, where less is enough.
const QUALITY: u8 = 70;

/// One small picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shot {
    /// Of the picture as it is published.
    pub crop: Crop,
    /// Width and height that the result has at most, in pixels. Nothing is enlarged.
    pub most: (u32, u32),
}

impl Shot {
    /// Width and height of the result, in pixels, for a picture that is published in `size`.
    #[must_use]
    pub fn size(&self, size: (u32, u32)) -> (u32, u32) {
        let Part { width, height, .. } = self.crop.part(size);
        inside((width, height), self.most)
    }
}

/// The largest size of this shape within `most`, and not larger than it is.
fn inside((width, height): (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let share = |length: u32, part: u32, whole: u32| {
        let whole = u64::from(whole.max(1));
        u32::try_from((u64::from(length) * u64::from(part) + whole / 2) / whole).unwrap_or(u32::MAX).max(1)
    };
    if width <= most.0 && height <= most.1 {
        return (width, height);
    }
    let by_width = share(height, most.0, width);
    if by_width <= most.1 { (most.0, by_width) } else { (share(width, most.1, height).min(most.0), most.1) }
}

/// Small JPEGs of a picture on disk, in the order of `shots`. Waits for its share of memory. With a `target` they are of
/// what conversion makes of it.
///
/// # Errors
///
/// [`Failed`] says why there are none.
pub fn thumbnails(
    disk: &dyn ReadDisk,
    path: &Path,
    target: Option<&Target>,
    shots: &[Shot],
) -> Result<Vec<Vec<u8>>, Failed> {
    let facts = probe(&mut disk.open(path)?)?;
    let source = Picture::of(&facts, || header(BufReader::new(disk.open(path).ok()?), &facts.format), target)?;
    let _share = MEMORY.take(source.memory);
    let bytes = disk.read(path, MAX_LEN)?;
    Ok(thumbnails_of(&bytes, target, shots)?)
}

/// The same of bytes. They take no share of the memory that others wait for: the caller has few of them.
pub fn thumbnails_of(bytes: &[u8], target: Option<&Target>, shots: &[Shot]) -> Result<Vec<Vec<u8>>, Refusal> {
    let facts = probe(&mut Cursor::new(bytes)).map_err(|error| Refusal::Damaged(error.to_string()))?;
    let source = Picture::of(&facts, || header(Cursor::new(bytes), &facts.format), target)?;
    let picture = source.draw(bytes, &facts.format, shots)?;
    let draw = |shot: &Shot| {
        let size = (picture.width, picture.height);
        let Part { left, top, width, height } = shot.crop.part(size);
        let part = picture.clone().part((left, top, width, height));
        let small = resize(part, inside((width, height), shot.most));
        encoded(&small.rgb, small.width, small.height, QUALITY, SamplingFactor::F_2_2)
            .map_err(|error| Refusal::Damaged(error.to_string()))
    };
    shots.iter().map(draw).collect()
}

/// What its header says of a picture, and what is done to it before it is published.
struct Picture {
    orientation: u8,
    geometry: Geometry,
    /// As seen, in pixels.
    seen: (u32, u32),
    /// What drawing takes at most, in bytes.
    memory: u64,
}

impl Picture {
    fn of(
        facts: &Facts,
        header: impl Fn() -> Option<Result<super::Header, Refusal>>,
        target: Option<&Target>,
    ) -> Result<Self, Refusal> {
        let (stored, orientation) = match &facts.format {
            Format::Jpeg(jpeg) => ((jpeg.width, jpeg.height), jpeg.orientation),
            format => match header() {
                Some(header) => header.map(|header| (header.size, header.orientation))?,
                None => return Err(Refusal::Damaged(format!("it is no picture but {}", format.name()))),
            },
        };
        let seen = if orientation >= 5 { (stored.1, stored.0) } else { stored };
        let pixels = u64::from(seen.0) * u64::from(seen.1);
        if pixels == 0 {
            return Err(Refusal::Damaged("it has no pixels".to_owned()));
        }
        if pixels > MAX_PIXELS {
            return Err(Refusal::TooLarge(pixels));
        }
        if facts.len > MAX_LEN {
            return Err(Refusal::TooHeavy(facts.len));
        }
        let as_it_is = Geometry { keep: (0, 0, seen.0, seen.1), scaled: seen, canvas: seen };
        // What cannot be converted is shown as it is: its finding says the rest.
        let planned = target.and_then(|target| conversion_plan(facts, &header, target).ok().flatten());
        let geometry = match planned.map(|plan| plan.work) {
            Some(Work::Draw { geometry, .. }) => geometry,
            Some(Work::Strip) | None => as_it_is,
        };
        let memory = facts.len + memory(facts, stored, orientation, &as_it_is);
        Ok(Self { orientation, geometry, seen, memory })
    }

    /// The picture in the shape in which it is published, made smaller as far as every shot allows.
    fn draw(&self, bytes: &[u8], format: &Format, shots: &[Shot]) -> Result<Pixels, Refusal> {
        let Geometry { keep: (left, top, width, height), scaled, canvas } = self.geometry;
        let decoded = decode::decode(bytes, format)?;
        let by = shots.iter().map(|shot| self.spare(shot)).min().unwrap_or(1);
        let small = shrunk(decoded, by).upright(self.orientation);
        let (full, seen) = ((small.width, small.height), self.seen);
        let along = |at: u32, whole: u32, part: u32| scale(at, part, whole).min(part);
        let (left, top) = (along(left, seen.0, full.0), along(top, seen.1, full.1));
        let width = along(width, seen.0, full.0).clamp(1, full.0 - left.min(full.0 - 1));
        let height = along(height, seen.1, full.1).clamp(1, full.1 - top.min(full.1 - 1));
        let part = small.part((left.min(full.0 - width), top.min(full.1 - height), width, height));
        // Margins are as wide beside the part as they will be beside the scaled one.
        let canvas = (scale(width, canvas.0, scaled.0).max(width), scale(height, canvas.1, scaled.1).max(height));
        Ok(part.on_white(canvas))
    }

    /// By how much the picture may be made smaller before it is cropped for this shot.
    fn spare(&self, shot: &Shot) -> u32 {
        let Geometry { keep, scaled, canvas } = self.geometry;
        let published = (scale(keep.2, canvas.0, scaled.0), scale(keep.3, canvas.1, scaled.1));
        let Part { width, height, .. } = shot.crop.part(published);
        let wanted = inside((width, height), shot.most);
        (width / wanted.0.max(1)).min(height / wanted.1.max(1)).max(1)
    }
}

/// `length * part / whole`, rounded.
fn scale(length: u32, part: u32, whole: u32) -> u32 {
    let whole = u64::from(whole.max(1));
    u32::try_from((u64::from(length) * u64::from(part) + whole / 2) / whole).unwrap_or(u32::MAX)
}

/// Each pixel the mean of a square of `by` pixels a side; what is left over at the far edges goes.
fn shrunk(picture: Pixels, by: u32) -> Pixels {
    let by = by.min(picture.width).min(picture.height);
    if by <= 1 {
        return picture;
    }
    let (width, height) = (picture.width / by, picture.height / by);
    let (row, side) = (picture.width as usize * 3, by as usize);
    let area = by * by;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    let mut sums = vec![0_u32; width as usize * 3];
    for rows in picture.rgb.chunks_exact(row * side) {
        sums.fill(0);
        for row in rows.chunks_exact(row) {
            for (pixel, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(side * 3)) {
                for source in square.chunks_exact(3) {
                    for (sum, value) in pixel.iter_mut().zip(source) {
                        *sum += u32::from(*value);
                    }
                }
            }
        }
        rgb.extend(sums.iter().map(|sum| u8::try_from((sum + area / 2) / area).unwrap_or(u8::MAX)));
    }
    Pixels { width, height, rgb }
}
