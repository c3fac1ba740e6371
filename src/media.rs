//! Media files: bytes to facts. Knows no manifest and no network.

pub mod probe;
