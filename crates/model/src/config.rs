//! `igsync.yaml` and the environment, decoded and with every default applied.

mod decode;
mod env;
pub mod hosting;
mod json_schema;
mod load;
mod root;
mod schema;
mod settings;

pub(crate) use decode::{hashtag, stand_in};
pub use env::Env;
pub use hosting::{Hosting, Link, ObjectStore, Repository};
pub use json_schema::json_schema;
pub use load::{FILE, Loaded, load};
pub use root::{Root, find_root};
pub use schema::{ACCOUNT_LIMIT, Account, Config, Defaults, Fit, Git, HashtagsIn, Login, Paused, Push, TokenSource};
pub use settings::Settings;

#[cfg(test)]
mod tests;
