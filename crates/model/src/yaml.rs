//! YAML text to a tree in which every key and value knows its bytes, and readers that collect every
//! problem of a file instead of stopping at the first.
//!
//! The parser's events are used directly: they say what serde's data model cannot, how a scalar was
//! written, which tag it carried, and where a comment cut it short.

mod compose;
mod fields;
mod node;
mod problems;
mod syntax;
mod text;

pub use compose::parse;
pub use fields::{Fields, TEXT_LIMIT, closest};
pub(crate) use fields::{listed, report_cut, shown};
pub use node::{Entry, Node, Value};
pub use problems::{Mark, Problems};
pub use text::{FILE_LIMIT, Text, read_text};

#[cfg(test)]
mod tests;
