//! Which part of a picture is seen: crops around the middle, told as shapes, whatever the size in pixels.

use super::rules::kept;

/// A shape as width to height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio(pub u32, pub u32);

/// Every tile of a profile's grid.
pub const TILE: Ratio = Ratio(3, 4);
/// Reels with their covers, and stories.
pub const FULL: Ratio = Ratio(9, 16);

/// Crops one after the other, each around the middle of what the one before has left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Crop(Vec<Ratio>);

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

impl Crop {
    /// Nothing is cut off.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// And what is left of that in this shape.
    #[must_use]
    pub fn to(mut self, shape: Ratio) -> Self {
        self.0.push(shape);
        self
    }

    /// What is seen of a picture of `size`, width and height as seen. At least one pixel of one that has any.
    #[must_use]
    pub fn part(&self, size: (u32, u32)) -> Part {
        let whole = Part { left: 0, top: 0, width: size.0, height: size.1 };
        self.0.iter().filter(|shape| shape.0 > 0 && shape.1 > 0).fold(whole, |part, shape| {
            let (width, height) = kept((shape.0, shape.1), (part.width, part.height));
            let within = |length: u64, most: u32| u32::try_from(length).unwrap_or(most).clamp(most.min(1), most);
            let (width, height) = (within(width, part.width), within(height, part.height));
            Part {
                left: part.left + (part.width - width) / 2,
                top: part.top + (part.height - height) / 2,
                width,
                height,
            }
        })
    }

    /// Where a point of the whole picture is in what is seen of it: both from 0 to 1, from the left and from the top.
    /// `None`: it is cut off.
    #[must_use]
    pub fn place(&self, size: (u32, u32), (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let part = self.part(size);
        let along = |at: f64, whole: u32, start: u32, length: u32| {
            let place = (at * f64::from(whole) - f64::from(start)) / f64::from(length.max(1));
            (0.0..=1.0).contains(&place).then_some(place)
        };
        Some((along(x, size.0, part.left, part.width)?, along(y, size.1, part.top, part.height)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(crop: &Crop, size: (u32, u32)) -> (u32, u32, u32, u32) {
        let Part { left, top, width, height } = crop.part(size);
        (left, top, width, height)
    }

    #[test]
    fn a_tile_is_the_middle_in_three_to_four_of_every_shape() {
        let tile = Crop::whole().to(TILE);
        for (size, seen) in [
            ((1080, 1440), (0, 0, 1080, 1440)),
            ((1080, 1350), (34, 0, 1012, 1350)),
            ((1080, 1080), (135, 0, 810, 1080)),
            ((1910, 1000), (580, 0, 750, 1000)),
            ((1080, 1920), (0, 240, 1080, 1440)),
            ((1, 1), (0, 0, 1, 1)),
        ] {
            assert_eq!(part(&tile, size), seen, "{size:?}");
        }
    }

    #[test]
    fn crops_follow_each_other() {
        // A square cover becomes a reel's, and a tile of that.
        let cover = Crop::whole().to(FULL).to(TILE);
        assert_eq!(part(&cover, (1600, 1600)), (350, 200, 900, 1200));
        // A wide item of a carousel in the shape of a tall first one.
        assert_eq!(part(&Crop::whole().to(Ratio(1080, 1350)), (2000, 1000)), (600, 0, 800, 1000));
        assert_eq!(part(&Crop::whole(), (7, 5)), (0, 0, 7, 5));
        assert_eq!(part(&Crop::whole().to(Ratio(0, 3)), (7, 5)), (0, 0, 7, 5), "no shape cuts nothing");
        assert_eq!(part(&Crop::whole().to(TILE), (0, 0)), (0, 0, 0, 0));
    }

    #[test]
    fn a_tag_is_where_it_is_seen_or_cut_off() {
        let square = Crop::whole().to(Ratio(1, 1));
        assert_eq!(square.place((2000, 1000), (0.5, 0.25)), Some((0.5, 0.25)));
        assert_eq!(square.place((2000, 1000), (0.25, 1.0)), Some((0.0, 1.0)));
        assert_eq!(square.place((2000, 1000), (0.2, 0.5)), None);
    }
}
