//! Why a command ended early, for people.

use miette::{Diagnostic, GraphicalTheme};

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
    // Writing to a `String` does not fail; the plain sentence stands in all the same.
    if style.handler(theme).render_report(&mut text, failure).is_err() {
        text = format!("error: {failure}\n");
    }
    // Colour is ours, every other escape is somebody else's text.
    if style.colour { text } else { visible(&text).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_stays_on_one_line() {
        let command = "`igsync resolve posts/a-key-of-some-length --not-published`";
        let url = "https://www.instagram.com/p/a-link/with/many/parts/and-hyphens/?and=more";
        let failure = miette::miette!(help = format!("look at {url} and say so with {command}"), "see {url}");
        for width in [40, 80] {
            let text = render(failure.as_ref(), Style { width, ..Style::plain() });
            assert!(text.matches(url).count() == 2 && text.contains(command), "{text}");
            let is_narrow = |line: &&str| line.chars().count() <= width || line.contains(url) || line.contains(command);
            assert_eq!(text.lines().find(|line| !is_narrow(line)), None, "{text}");
        }
    }
}
