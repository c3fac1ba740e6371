//! Why a command ended early, for people.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::Style;
use super::text::visible;

/// Renders a failure with its causes and its remedy.
#[must_use]
pub fn render(failure: &dyn Diagnostic, style: Style) -> String {
    let theme = match (style.unicode, style.colour) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme { characters: miette::ThemeCharacters::ascii(), ..GraphicalTheme::ascii() },
        (false, false) => GraphicalTheme::none(),
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width);
    // Writing to a `String` does not fail; the plain sentence stands in all the same.
    if handler.render_report(&mut text, failure).is_err() {
        text = format!("error: {failure}\n");
    }
    // Colour is ours, every other escape is somebody else's text.
    if style.colour { text } else { visible(&text).into_owned() }
}
