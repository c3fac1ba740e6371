//! Plans and runs as Markdown for GitHub: pull request comments and step summaries.
//!
//! Everything that a manifest says is untrusted: it is in code, where GitHub mentions no one, links
//! nothing, loads nothing and reads no HTML, or it is broken up so that it cannot be treated as any of that.

mod asked;
mod drift;
mod escape;
mod insights;
mod page;
mod place;
mod plan;
mod post;
mod run;
mod words;

pub use asked::{Asked, is_for_a_person};
pub use drift::render as drift;
pub use insights::render as insights;
pub use page::Limit;
pub use place::Place;
pub(super) use plan::is_instagram;
pub use plan::render as plan;
pub use run::{End, Run, render as run};

#[cfg(test)]
mod tests;
