//! Why a command ended early, for people.

use std::error::Error;
use std::fmt;

use miette::{Diagnostic, GraphicalTheme};

use super::Style;
use super::text::{one_line, visible};

/// Renders a failure with its causes and its remedy.
#[must_use]
pub fn render(failure: &dyn Diagnostic, style: Style) -> String {
    let theme = match (style.unicode, style.colour) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme { characters: miette::ThemeCharacters::ascii(), ..GraphicalTheme::ascii() },
        (false, false) => GraphicalTheme::none(),
    };
    let shown = Shown::of(failure);
    let mut text = String::new();
    // Writing to a `String` does not fail; the plain sentence is in all the same.
    if style.handler(theme).with_links(false).render_report(&mut text, &shown).is_err() {
        text = format!("error: {shown}\n");
    }
    text
}

/// A failure with all its words made visible before the theme colours them. It has no source text: what
/// points into a file is a finding.
#[derive(Debug)]
struct Shown {
    message: String,
    severity: Option<miette::Severity>,
    code: Option<String>,
    help: Option<String>,
    related: Vec<Shown>,
    cause: Option<Box<Shown>>,
    /// Has words alone, and is below another one.
    is_error: bool,
}

impl Shown {
    fn of(failure: &dyn Diagnostic) -> Self {
        let cause = match (failure.diagnostic_source(), failure.source()) {
            (Some(cause), _) => Some(Self::of(cause)),
            (None, cause) => cause.map(Self::of_error),
        };
        Self {
            message: one_line(&failure.to_string()),
            severity: failure.severity(),
            code: failure.code().map(|code| one_line(&code.to_string())),
            help: failure.help().map(|help| visible(&help.to_string()).into_owned()),
            related: failure.related().into_iter().flatten().map(Self::of).collect(),
            cause: cause.map(Box::new),
            is_error: false,
        }
    }

    fn of_error(error: &dyn Error) -> Self {
        Self {
            message: one_line(&error.to_string()),
            severity: None,
            code: None,
            help: None,
            related: Vec::new(),
            cause: error.source().map(Self::of_error).map(Box::new),
            is_error: true,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Shown {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl Diagnostic for Shown {
    fn severity(&self) -> Option<miette::Severity> {
        self.severity
    }

    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let related = self.related.iter().map(|related| related as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<dyn Iterator<Item = _>>)
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        self.cause.as_deref().filter(|cause| !cause.is_error).map(|cause| cause as &dyn Diagnostic)
    }
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
