//! `igsync.yaml` and the environment, decoded and with every default applied.

mod schema;

pub use schema::{Account, Config, Defaults, Git, Hosting, Login, Paused, Push, Schedule, TokenSource};
