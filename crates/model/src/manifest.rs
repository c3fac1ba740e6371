//! Manifests: YAML text in, [`Post`]s or findings out.

mod accounts;
mod advised;
mod assemble;
mod check;
mod check_files;
mod check_times;
mod confusable;
mod conversion;
mod decode;
pub mod digest;
mod discover;
mod fields;
mod ignored;
mod instead;
mod json_schema;
mod load;
mod media;
mod nearby;
mod repoint;
mod same_caption;
mod schema;
mod share_links;
mod shared;
mod tags_in_text;
mod time;
mod time_meant;
mod written;

pub use assemble::normal as normal_text;
pub use check_files::{check_conversion_hosting, check_files, check_hosting, check_late, host_of, place};
pub use check_times::{check_day, too_close};
pub use confusable::without_unseen;
pub use conversion::{ConvertSettings, conversion_target, conversions, usage};
pub use digest::{caption_digest, comment_digest, normalise_caption, plain_caption_digest};
pub use ignored::{Ignored, IgnoredByGit};
pub use igsync_base::content::{Audio, Content, GraduationStrategy, Item, MediaType, ProductTag, ReelOptions, UserTag};
pub use igsync_base::path::Source;
pub use json_schema::{defaults_json_schema, json_schema};
pub use load::{Loaded, Options, load};
pub use media::{Files, Spot, locate, unreadable};
pub use nearby::{Nearby, nearby};
pub use repoint::{NotAlone, repoint, source_at};
pub use same_caption::same_captions;
pub use schema::{Conversion, Post, PostState, Queued};
pub use shared::shared_fields;

#[cfg(test)]
mod tests;
