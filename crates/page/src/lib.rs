//! What igsync's pages are made of: one frame, one style sheet, and the parts of a profile. The sandbox's page and the
//! preview of what is coming look alike because they are made of these. Every text from outside goes through `maud`,
//! which escapes it. Internal to igsync.

mod frame;
pub mod icon;
mod profile;
mod words;

pub use frame::{Frame, frame};
pub use profile::{Chip, Head, Tile, avatar, head, tile};
pub use words::{initial, prose, short};

/// Colours, type, and the parts that are here. A page adds what it alone has.
pub const STYLE: &str = include_str!("face.css");
/// The sign in the tab of a browser.
pub const ICON: &str = include_str!("face.svg");
