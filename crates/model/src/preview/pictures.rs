//! Which small pictures a page has: each once, at twice the size in which it is shown.

use std::collections::HashMap;

use super::{Frame, Page, Still, Tile};
use igsync_media::convert::Shot;

/// Tiles of the grid, in pixels.
pub const TILE: (u32, u32) = (288, 384);
/// Tiles of the strips beside it, in pixels.
pub const STRIP: (u32, u32) = (144, 256);

/// Slides, in pixels: the more of them, the smaller, so that the page stays one that can be sent around.
const SLIDES: [(usize, (u32, u32)); 2] = [(50, (480, 600)), (150, (360, 450))];
const SMALLEST: (u32, u32) = (240, 300);

/// What each picture is drawn as.
pub type Shots = HashMap<Still, Vec<Shot>>;

impl Page<'_> {
    /// The most that a slide measures, in pixels.
    #[must_use]
    pub fn slide(&self) -> (u32, u32) {
        let slides = self.accounts.iter().flat_map(|account| &account.cards).flat_map(|card| &card.slides);
        let drawn = slides.filter(|slide| is_drawn(&slide.frame)).count();
        SLIDES.iter().find(|(most, _)| drawn <= *most).map_or(SMALLEST, |(_, size)| *size)
    }

    /// All small pictures of the page.
    #[must_use]
    pub fn shots(&self) -> Shots {
        let mut shots = Shots::new();
        let mut add = |frame: &Frame, most| {
            let shot = frame.shot(most);
            let of_it = if is_drawn(frame) { shots.entry(frame.still.clone()).or_default() } else { return };
            if !of_it.contains(&shot) {
                of_it.push(shot);
            }
        };
        let slide = self.slide();
        for account in &self.accounts {
            let tiles = |tiles: &[Tile], most| tiles.iter().map(|tile| (tile.frame.clone(), most)).collect::<Vec<_>>();
            let strips = [&account.off_grid, &account.stories].into_iter().flat_map(|strip| tiles(strip, STRIP));
            let slides = account.cards.iter().flat_map(|card| &card.slides).map(|one| (one.frame.clone(), slide));
            tiles(&account.grid, TILE)
                .into_iter()
                .chain(strips)
                .chain(slides)
                .for_each(|(frame, most)| add(&frame, most));
        }
        shots
    }
}

fn is_drawn(frame: &Frame) -> bool {
    matches!(frame.still, Still::File { .. } | Still::Listed(_))
}
