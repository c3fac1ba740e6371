//! Live posts into records and manifests: what each of them is to a content root, how its manifest is written, and
//! where. Pure.

mod attempt;
mod classify;
mod name;
mod record;
mod template;
mod write;

pub use attempt::attempt_for;
pub use classify::{Class, Classified, Matching, Question, classify};
pub use name::{Slug, shortcode};
pub use record::{Found, absent};
pub use template::{Place, Taken, Template, TemplateError};
pub use write::{Description, MediaName, NotReadBack, write};

#[cfg(test)]
mod tests {
    use igsync_base::feed::LivePost;
    use igsync_base::id::Kind;

    /// A picture of which nothing more is known.
    pub(super) fn live(id: &str) -> LivePost {
        LivePost {
            id: id.into(),
            kind: Some(Kind::Image),
            is_old_video: false,
            at: None,
            caption: None,
            permalink: None,
            alt_text: None,
            share_to_feed: None,
            comment_enabled: None,
            is_ai_generated: None,
            audio: None,
            has_copyright_match: None,
            media_url: None,
            thumbnail_url: None,
            likes: None,
            comments: None,
            children: None,
        }
    }
}
