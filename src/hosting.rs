//! Where local media become URLs that Meta can fetch. Knows no post.

mod template;

pub use template::{Error, MediaFile, check, sandbox_media_url, url_for};
