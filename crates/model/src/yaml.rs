//! YAML text to a tree in which every key and value knows its bytes, and readers that collect every
//! problem of a file instead of stopping at the first.
//!
//! The parser's events are used directly: they say what serde's data model cannot, how a scalar was
//! written, which tag it carried, and where a comment cut it short.

mod compose;
mod fields;
mod node;
mod problems;
mod quotes;
mod repair;
mod syntax;
mod text;

pub use compose::parse;
pub use fields::{Fields, TEXT_LIMIT, closest};
pub(crate) use fields::{listed, number_meant, report_cut, report_missing_dashes, report_unknown, shown, wrong_type};
pub use node::{Entry, Node, Value};
pub use problems::{Mark, Problems};
pub use quotes::in_quotes;
pub use text::{FILE_LIMIT, Text, read_text};

#[cfg(test)]
mod tests;
