//! Meta's Graph API: knows Meta and what the creation of a post says, knows nothing of manifests, plans or records.
//!
//! [`Client`] is the one way in. What a failure means is [`errors`] and [`codes`], whether a call may
//! be sent again is [`retry`]; the rest is one file per edge.

mod answer;
mod client;
pub mod codes;
mod collaborators;
mod comment;
mod container;
mod delete;
mod endpoint;
pub mod errors;
mod feed;
mod insights;
mod inspect;
mod issue;
mod listing;
mod me;
mod permalink;
mod proof;
mod publish;
mod quota;
pub mod retry;
pub mod scopes;
mod selection;
mod text;
mod time;
mod token;
mod upload;
mod usage;
pub mod wire;

#[cfg(test)]
mod canary;
#[cfg(test)]
mod testing;

pub use client::{Client, Pause, Timing};
pub use comment::{Comment, Comments};
pub use container::{ContainerStatus, NewContainer, NewlyCreated, StoryMedia, Video, params};
pub use delete::{DeleteAnswer, ShownMedia, delete_outcome};
pub use endpoint::{Endpoint, EndpointError, Flavour};
pub use errors::{ApiError, Error, UploadRefusal, Why};
pub use feed::WHOLE_FEED;
pub use insights::{Insights, PostNumbers, Refusals, Wanted};
pub use inspect::{Expiry, TokenFacts};
pub use issue::{App, Issued};
pub use listing::{Listing, Media};
pub use me::Identity;
pub use proof::AppSecret;
pub use publish::{PublishAnswer, publish_outcome};
pub use quota::Quota;
pub use time::{Reference, WrongDate, meta_time};
pub use token::{AccessToken, TokenError};
pub use upload::{Uploaded, VideoUpload};
pub use usage::Usage;
