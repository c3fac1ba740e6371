//! Pictures inside the page, and what is said where there is none.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use igsync_page::icon;
use maud::{Markup, html};

use super::words::{length, line};
use igsync_media::convert::Shot;
use igsync_model::plan::Plan;
use igsync_model::preview::{Frame, STRIP, Still, TILE};

/// The small pictures of the page.
pub(super) struct Pictures<'a> {
    pub plan: &'a Plan,
    pub drawn: &'a HashMap<(Still, Shot), Vec<u8>>,
    /// The most that a slide measures, in pixels.
    pub slide: (u32, u32),
    pub pins: &'a Pins,
}

impl Pictures<'_> {
    pub(super) fn tile(&self, frame: &Frame) -> Markup {
        self.still(frame, TILE, "")
    }

    pub(super) fn strip(&self, frame: &Frame) -> Markup {
        self.still(frame, STRIP, "")
    }

    /// A slide with its description for ears.
    pub(super) fn slide(&self, frame: &Frame, alt: &str) -> Markup {
        self.still(frame, self.slide, alt)
    }

    /// Shown at half of its size in pixels, so that it is sharp where the density is doubled.
    fn still(&self, frame: &Frame, most: (u32, u32), alt: &str) -> Markup {
        let shot = frame.shot(most);
        let bytes = self.drawn.get(&(frame.still.clone(), shot));
        match bytes {
            Some(jpeg) => {
                let (width, height) = size_of(jpeg).unwrap_or(most);
                html! {
                    img src=(format!("data:image/jpeg;base64,{}", BASE64.encode(jpeg))) alt=(alt)
                        width=(width.div_ceil(2)) height=(height.div_ceil(2));
                }
            }
            None => nothing(frame, alt),
        }
    }
}

/// What is said where there is no picture.
fn nothing(frame: &Frame, alt: &str) -> Markup {
    let (sign, words) = match &frame.still {
        Still::Clip { duration_ms } => (Some(icon::clip()), length(*duration_ms)),
        Still::Elsewhere(url) => {
            let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next());
            (None, format!("at {}", line(host.unwrap_or_default())))
        }
        Still::File { .. } => (None, "cannot be shown".to_owned()),
        Still::Listed(_) => (None, "on Instagram".to_owned()),
        Still::Missing => (None, "no picture here".to_owned()),
    };
    html! {
        @if alt.is_empty() { span.missing aria-hidden="true" { span { @if let Some(sign) = sign { (sign) } (words) } } }
        @else { span.missing role="img" aria-label=(format!("{alt}: {words}")) { span { @if let Some(sign) = sign { (sign) } (words) } } }
    }
}

/// Width and height of a JPEG of our own: of its frame header.
fn size_of(jpeg: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [0xFF, marker, high, low, ..] = *jpeg.get(at..)? else { return None };
        if marker == 0xC0 {
            let [height_high, height_low, width_high, width_low] = *jpeg.get(at + 5..at + 9)? else { return None };
            let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
            return Some((side(width_high, width_low), side(height_high, height_low)));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

/// Where tags are, as classes: the policy allows no style beside that of the page.
#[derive(Default)]
pub(super) struct Pins(RefCell<BTreeSet<(char, u32)>>);

impl Pins {
    /// The classes of a place, from 0 to 1 each.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
    pub(super) fn classes(&self, (x, y): (f64, f64)) -> String {
        let percent = |at: f64| (at.clamp(0.0, 1.0) * 100.0).round() as u32;
        let (x, y) = (percent(x), percent(y));
        self.0.borrow_mut().extend([('x', x), ('y', y)]);
        format!("dot x{x} y{y}")
    }

    /// Their rules.
    pub(super) fn style(&self) -> String {
        let mut style = String::new();
        for (axis, percent) in &*self.0.borrow() {
            let side = if *axis == 'x' { "left" } else { "top" };
            // Writing to a string cannot fail.
            let _ = writeln!(style, ".{axis}{percent} {{ {side}: {percent}%; }}");
        }
        style
    }
}
