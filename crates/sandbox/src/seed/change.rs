//! What people do to a live post in the app, and what Instagram does to it: no call of the API can.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::container::Media;

/// The changes of one post. What is not named stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Change {
    /// `null` takes it away.
    caption: Text,
    alt_text: Text,
    comment_enabled: Option<bool>,
    share_to_feed: Option<bool>,
    is_ai_generated: Option<bool>,
    copyrighted: Option<bool>,
    archived: Option<bool>,
    /// With its slides; `false` brings it back.
    pub(crate) deleted: Option<bool>,
    likes: Option<u64>,
    comments: Option<u64>,
    /// Some of its slides, in another order: the ids of those that stay.
    pub(crate) children: Option<Vec<String>>,
}

/// A text that may be taken away.
#[derive(Clone, Debug, Default)]
enum Text {
    #[default]
    Stays,
    Gone,
    Is(String),
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Gone, Self::Is))
    }
}

impl Change {
    /// # Errors
    ///
    /// A sentence about the first thing that makes no sense.
    pub(crate) fn read(body: &Value) -> Result<Self, String> {
        Self::deserialize(body).map_err(|error| error.to_string())
    }

    /// The slides that stay, by their ids.
    ///
    /// # Errors
    ///
    /// Another id than one of the post's own.
    pub(crate) fn slides(&self, post: &Media) -> Result<Option<Vec<u64>>, String> {
        let Some(named) = &self.children else { return Ok(None) };
        let own = |text: &String| text.parse().ok().filter(|id| post.children.contains(id));
        let ids: Option<Vec<u64>> = named.iter().map(own).collect();
        ids.map(Some).ok_or_else(|| "children are ids of the post's own slides".to_owned())
    }

    pub(crate) fn apply(self, post: &mut Media, slides: Option<Vec<u64>>) {
        match self.caption {
            Text::Is(text) => post.caption = Some(text),
            Text::Gone => post.caption = None,
            Text::Stays => {}
        }
        match self.alt_text {
            Text::Is(text) => drop(post.params.insert("alt_text".into(), text.into())),
            Text::Gone => drop(post.params.remove("alt_text")),
            Text::Stays => {}
        }
        for (name, flag) in [("share_to_feed", self.share_to_feed), ("is_ai_generated", self.is_ai_generated)] {
            if let Some(flag) = flag {
                post.params.insert(name.into(), flag.into());
            }
        }
        post.comment_enabled = self.comment_enabled.unwrap_or(post.comment_enabled);
        post.seed.copyrighted = self.copyrighted.unwrap_or(post.seed.copyrighted);
        post.seed.archived = self.archived.unwrap_or(post.seed.archived);
        post.seed.likes = self.likes.unwrap_or(post.seed.likes);
        post.seed.comments = self.comments.unwrap_or(post.seed.comments);
        if let Some(slides) = slides {
            post.children = slides;
        }
    }
}
