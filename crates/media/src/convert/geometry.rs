//! Which part of a picture is kept, and how large it becomes. Whole numbers only, so that no rounding
//! leaves a row too many.

use super::super::rules::{self, Shape, TALLEST, TALLEST_DOCUMENTED, WIDEST, WIDTHS};
use super::{Fit, Target};

/// Pictures that are not for the feed have no documented size; nothing larger than this is shown. In pixels.
const LARGEST_STORY: (u32, u32) = (1440, 2560);

/// What becomes of the pixels of a picture. All sizes as seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Left, top, width and height of the part that is kept.
    pub keep: (u32, u32, u32, u32),
    /// What that part is scaled to.
    pub scaled: (u32, u32),
    /// The whole result; larger than `scaled` where margins are added.
    pub canvas: (u32, u32),
}

impl Geometry {
    /// Whether every pixel stays where it is.
    pub(super) fn is_idle(&self) -> bool {
        let (left, top, width, height) = self.keep;
        (left, top) == (0, 0) && (width, height) == self.scaled && self.scaled == self.canvas
    }
}

/// Where a picture of this size has to go so that no rule of shape and width is broken.
pub(super) fn geometry_for(seen @ (width, height): (u32, u32), target: &Target) -> Geometry {
    let whole = (0, 0, width, height);
    if !target.usage.is_feed_image() {
        let size = story_size(seen);
        return Geometry { keep: whole, scaled: size, canvas: size };
    }
    match wanted_shape(seen, target) {
        None => {
            let size = feed_size(seen, None);
            Geometry { keep: whole, scaled: size, canvas: size }
        }
        Some((Fit::Crop, shape)) => {
            let part = largest_part(seen, shape);
            let size = feed_size(part, Some(shape));
            Geometry { keep: ((width - part.0) / 2, (height - part.1) / 2, part.0, part.1), scaled: size, canvas: size }
        }
        Some((Fit::Pad, shape)) => {
            let canvas = feed_size(smallest_frame(seen, shape), Some(shape));
            Geometry { keep: whole, scaled: inside(seen, canvas), canvas }
        }
    }
}

/// The shape that `fit` asks for; `None`: the picture may keep its own.
///
/// Instagram crops every item of a carousel to the shape of the first: an item that would lose something
/// gets that shape here, so that `pad` loses nothing and `crop` is seen before it is published.
fn wanted_shape(seen: (u32, u32), target: &Target) -> Option<(Fit, Shape)> {
    let fit = target.fit?;
    if let Some(first) = target.first {
        // The first may be a clip of any shape; pictures keep to theirs.
        let shape = legal(first).unwrap_or(Shape(first.0.into(), first.1.into()));
        // Scaling rounds, which can carry a picture over the edge of what is told: the result counts, too.
        let loses = |size| rules::crop((pixels(shape.0), pixels(shape.1)), size).is_some();
        if loses(seen) || loses(feed_size(seen, None)) {
            return Some((fit, shape));
        }
    }
    legal(seen).map(|shape| (fit, shape))
}

/// The nearest shape that Meta documents; `None`: this one is.
fn legal(seen: (u32, u32)) -> Option<Shape> {
    if TALLEST_DOCUMENTED.is_wider_than(seen) {
        return Some(TALLEST_DOCUMENTED);
    }
    WIDEST.is_narrower_than(seen).then_some(WIDEST)
}

fn largest_part((width, height): (u32, u32), Shape(wide, high): Shape) -> (u32, u32) {
    let (w, h) = (u64::from(width), u64::from(height));
    if w * high > h * wide { (pixels(h * wide / high), height) } else { (width, pixels(w * high / wide)) }
}

fn smallest_frame((width, height): (u32, u32), Shape(wide, high): Shape) -> (u32, u32) {
    let (w, h) = (u64::from(width), u64::from(height));
    if w * high > h * wide {
        (width, pixels((w * high).div_ceil(wide)))
    } else {
        (pixels((h * wide).div_ceil(high)), height)
    }
}

/// The largest size of this shape within the canvas.
fn inside((width, height): (u32, u32), (most_width, most_height): (u32, u32)) -> (u32, u32) {
    let by_width = share(height, most_width, width);
    if by_width <= most_height { (most_width, by_width) } else { (share(width, most_height, height), most_height) }
}

/// Within the widths that Instagram keeps. A picture that was in shape, or gets one, is not a row out of it.
fn feed_size(whole @ (width, height): (u32, u32), shape: Option<Shape>) -> (u32, u32) {
    let new_width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    let rows = match shape {
        _ if new_width == width => height,
        // Of a picture of few pixels the shape tells more than the rounded part.
        Some(Shape(wide, high)) => share(new_width, pixels(high), pixels(wide)),
        None => share(height, new_width, width),
    };
    let has = |limit: Shape| shape.is_some() || !limit.is_wider_than(whole);
    let tallest = [TALLEST_DOCUMENTED, TALLEST].into_iter().find(|limit| has(*limit));
    let most = tallest.map_or(u64::MAX, |shape| shape.most_height(new_width));
    let is_wider = shape.is_none() && WIDEST.is_narrower_than(whole);
    let least = if is_wider { 1 } else { WIDEST.least_height(new_width) };
    (new_width, pixels(u64::from(rows).clamp(least, most.max(least))))
}

fn story_size((width, height): (u32, u32)) -> (u32, u32) {
    let (most_width, most_height) = LARGEST_STORY;
    if width <= most_width && height <= most_height { (width, height) } else { inside((width, height), LARGEST_STORY) }
}

/// `length * part / whole`, rounded, and at least one pixel.
fn share(length: u32, part: u32, whole: u32) -> u32 {
    let whole = u64::from(whole.max(1));
    pixels((u64::from(length) * u64::from(part) + whole / 2) / whole)
}

fn pixels(number: u64) -> u32 {
    u32::try_from(number.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::rules::Use;
    use super::*;

    fn new_target(usage: Use, fit: Option<Fit>, first: Option<(u32, u32)>) -> Target {
        Target { usage, fit, first }
    }

    #[test]
    fn a_wide_picture_is_scaled_and_keeps_its_shape() {
        let geometry = geometry_for((4000, 3000), &new_target(Use::Image, None, None));
        assert_eq!(geometry, Geometry { keep: (0, 0, 4000, 3000), scaled: (1440, 1080), canvas: (1440, 1080) });
    }

    #[test]
    fn rounding_never_makes_a_picture_too_tall() {
        // 1081×1351 is a hair wider than 4:5; scaled it must not become 1440×1801.
        assert_eq!(geometry_for((1081, 1351), &new_target(Use::Image, None, None)).canvas, (1081, 1351));
        assert_eq!(geometry_for((2161, 2701), &new_target(Use::Image, None, None)).canvas, (1440, 1800));
    }

    #[test]
    fn a_tall_picture_is_cropped_or_gets_margins() {
        let cropped = geometry_for((1080, 1920), &new_target(Use::Image, Some(Fit::Crop), None));
        assert_eq!(cropped, Geometry { keep: (0, 285, 1080, 1350), scaled: (1080, 1350), canvas: (1080, 1350) });
        let padded = geometry_for((1080, 1920), &new_target(Use::Image, Some(Fit::Pad), None));
        assert_eq!(padded, Geometry { keep: (0, 0, 1080, 1920), scaled: (1013, 1800), canvas: (1440, 1800) });
    }

    #[test]
    fn later_items_of_a_carousel_take_the_shape_of_the_first() {
        let first = Some((1080, 1080));
        assert_eq!(
            geometry_for((1200, 900), &new_target(Use::CarouselImage, Some(Fit::Pad), first)).canvas,
            (1200, 1200)
        );
        assert_eq!(
            geometry_for((1200, 900), &new_target(Use::CarouselImage, Some(Fit::Crop), first)).canvas,
            (900, 900)
        );
        assert!(
            geometry_for((1080, 1081), &new_target(Use::CarouselImage, Some(Fit::Crop), first)).is_idle(),
            "a row is nothing"
        );
        assert!(geometry_for((1200, 900), &new_target(Use::CarouselImage, None, first)).is_idle(), "nobody asked");
    }

    #[test]
    fn scaling_does_not_carry_an_item_out_of_the_shape_of_the_first() {
        // 1.9… % would be cropped off before scaling, 2.0… % after.
        let target = new_target(Use::CarouselImage, Some(Fit::Pad), Some((2174, 2270)));
        let canvas = geometry_for((7895, 8084), &target).canvas;
        assert_eq!(canvas, (1440, 1504));
        assert!(geometry_for(canvas, &target).is_idle());
    }

    #[test]
    fn stories_keep_their_shape() {
        assert!(geometry_for((1080, 1920), &new_target(Use::StoryImage, Some(Fit::Crop), None)).is_idle());
        assert_eq!(geometry_for((100, 60_000), &new_target(Use::StoryImage, None, None)).canvas, (4, 2560));
    }

    proptest! {
        #[test]
        fn the_aim_fits_and_is_reached_in_one_step(
            width in 1_u32..20_000, height in 1_u32..20_000, first in proptest::option::of((1_u32..3000, 1_u32..3000)),
            crop in any::<bool>(), feed in any::<bool>(),
        ) {
            let usage = if feed { Use::CarouselImage } else { Use::StoryImage };
            let target = new_target(usage, Some(if crop { Fit::Crop } else { Fit::Pad }), first);
            let Geometry { keep, scaled, canvas } = geometry_for((width, height), &target);
            prop_assert!(keep.0 + keep.2 <= width && keep.1 + keep.3 <= height);
            prop_assert!(scaled.0 <= canvas.0 && scaled.1 <= canvas.1);
            if feed {
                prop_assert!(!TALLEST_DOCUMENTED.is_wider_than(canvas) && !WIDEST.is_narrower_than(canvas), "{canvas:?}");
                prop_assert!(WIDTHS.contains(&canvas.0), "{canvas:?}");
            }
            let again = geometry_for(canvas, &target);
            prop_assert!(again.is_idle(), "{canvas:?} becomes {again:?}");
        }
    }
}
