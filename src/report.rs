//! Plans, findings and events as text. Writes only to what it is given, decides nothing.

pub mod auth;
pub mod branch;
pub mod drift;
pub mod duplicates;
pub mod events;
mod excerpt;
pub mod failure;
pub mod findings;
pub mod fix;
pub mod ics;
pub mod import;
pub mod insights;
pub mod json_schema;
pub mod lock;
pub mod markdown;
mod marks;
pub mod plan_human;
pub mod plan_json;
mod plan_rows;
pub mod preview;
pub mod program;
pub mod progress;
pub mod run_summary;
pub mod status;
pub mod text;
pub mod workflow;

pub use program::Program;

use miette::{GraphicalReportHandler, GraphicalTheme};
use textwrap::{WordSeparator, WordSplitter, core::Word};

/// How output looks; found out once, where the streams are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub colour: bool,
    /// Whether frames of findings may use box-drawing characters.
    pub unicode: bool,
    /// In columns.
    pub width: usize,
}

impl Style {
    /// What a pipe gets.
    #[must_use]
    pub fn plain() -> Self {
        Self { colour: false, unicode: true, width: 80 }
    }

    /// What draws frames with the source in them. Lines break at blanks alone, and never inside a command.
    fn handler(self, theme: GraphicalTheme) -> GraphicalReportHandler {
        GraphicalReportHandler::new_themed(theme)
            .with_width(self.width)
            .with_break_words(false)
            .with_word_splitter(WordSplitter::NoHyphenation)
            .with_word_separator(WordSeparator::Custom(words))
    }

    /// Text is visible before it is coloured: afterwards nothing distinguishes its escapes from ours.
    fn paint(self, text: &str, style: owo_colors::Style) -> String {
        let text = text::visible(text);
        if self.colour && !text.is_empty() { style.style(text).to_string() } else { text.into_owned() }
    }
}

/// A value for programs on a line of its own.
fn json_line(value: &impl serde::Serialize) -> String {
    // Names, numbers and texts alone: this cannot fail.
    igsync_base::text::json(serde_json::to_string(value).unwrap_or_default()) + "\n"
}

fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(text::units(line).map(Word::from))
}
