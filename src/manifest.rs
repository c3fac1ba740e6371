//! Manifests: YAML text in, [`Post`]s or findings out.

mod schema;

pub use schema::{
    Audio, GraduationStrategy, Item, MediaType, Post, PostState, ProductTag, ReelOptions, Source, UserTag,
};
