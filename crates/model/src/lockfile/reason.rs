//! Why an attempt is in its state. Written as one word that never changes, or as the text itself.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an attempt is in its state, for `plan` and for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Reason {
    /// No manifest wants it any more.
    Withdrawn,
    /// Its manifest says something else than its containers.
    Edited,
    /// Another attempt of the post takes its place.
    Superseded,
    /// Its container was too old to be published.
    Expired,
    /// Its container is gone, and nothing of it is live.
    ContainerGone,
    /// Its container holds other bytes than the file.
    UploadSpoilt,
    /// Its media could not be sent, so nothing of it was made.
    NotBegun,
    /// What looked like it is another post.
    AnotherPost,
    /// A person said so.
    Resolved,
    /// The post is never to be published.
    Ignored,
    /// Something like it is live, and only a person can decide whether it is this post.
    MaybeLive,
    /// Its container is gone, and the listing does not show.
    NotConclusive,
    /// In words, for people.
    Other(String),
}

impl Reason {
    /// All but the texts.
    const WORDS: [Self; 12] = [
        Self::Withdrawn,
        Self::Edited,
        Self::Superseded,
        Self::Expired,
        Self::ContainerGone,
        Self::UploadSpoilt,
        Self::NotBegun,
        Self::AnotherPost,
        Self::Resolved,
        Self::Ignored,
        Self::MaybeLive,
        Self::NotConclusive,
    ];

    /// As it is written. The words are part of the lockfile's format.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Edited => "edited",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::ContainerGone => "container_gone",
            Self::UploadSpoilt => "upload_spoilt",
            Self::NotBegun => "not_begun",
            Self::AnotherPost => "another_post",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
            Self::MaybeLive => "maybe_live",
            Self::NotConclusive => "container_gone_and_listing_not_conclusive",
            Self::Other(text) => text,
        }
    }

    /// Whether it speaks against publishing the post: someone took it back, or another attempt has it.
    #[must_use]
    pub fn takes_back(&self) -> bool {
        match self {
            Self::Withdrawn | Self::Edited | Self::Superseded | Self::NotBegun | Self::Resolved | Self::Ignored => true,
            Self::Expired
            | Self::ContainerGone
            | Self::UploadSpoilt
            | Self::AnotherPost
            | Self::MaybeLive
            | Self::NotConclusive
            | Self::Other(_) => false,
        }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        let known = Self::WORDS.into_iter().find(|reason| reason.as_str() == text);
        known.unwrap_or(Self::Other(text))
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Other(text) => text,
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// By the text: merging keeps the greater one, and every igsync must keep the same.
impl Ord for Reason {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Reason {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_what_wrote_it() {
        let words = [
            "withdrawn",
            "edited",
            "superseded",
            "expired",
            "container_gone",
            "upload_spoilt",
            "not_begun",
            "another_post",
            "resolved",
            "ignored",
            "maybe_live",
            "container_gone_and_listing_not_conclusive",
        ];
        for word in words {
            let reason = Reason::from(word.to_owned());
            assert!(!matches!(reason, Reason::Other(_)), "{word}");
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{word}\""));
        }
        assert_eq!(Reason::WORDS.map(|reason| reason.to_string()), words);
    }

    #[test]
    fn any_other_text_stays_as_it_is() {
        for text in ["", "Withdrawn", "edited ", "making the container: \"no\"\n"] {
            let reason = Reason::from(text.to_owned());
            assert_eq!(reason, Reason::Other(text.to_owned()));
            assert_eq!(String::from(reason), text);
        }
    }

    #[test]
    fn reasons_are_ordered_by_what_is_written() {
        let mut reasons = Vec::from(Reason::WORDS);
        reasons.push(Reason::Other("f".to_owned()));
        reasons.sort();
        assert!(reasons.is_sorted_by_key(|reason| reason.as_str().to_owned()));
    }
}
