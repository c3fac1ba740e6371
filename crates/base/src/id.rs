//! Names and ids that every module may use. No behaviour beyond comparison and text.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::quoted;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);
        text_id!(@impl $name);
    };
    (@impl $name:ident) => {
        impl $name {
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into_boxed_str())
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// The stable name of a post inside a content root: `posts/harbour`. Sorts in natural order
/// (`posts/9` before `posts/10`), which is the order people expect of numbered files.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostKey(Box<str>);
text_id!(@impl PostKey);

impl PostKey {
    /// The key as an argument of a command that a message prints: quoted as a shell needs it.
    #[must_use]
    pub fn argument(&self) -> String {
        quoted(&self.0)
    }
}

impl Ord for PostKey {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0, &other.0)
    }
}

impl PartialOrd for PostKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

text_id!(
    /// The label of an account in `igsync.yaml`; never part of a post's identity.
    AccountName
);
text_id!(
    /// The id of an Instagram professional account (`1784…`), decimal digits.
    UserId
);
text_id!(
    /// One part of what a service keeps of a post before it is published: with Instagram a container.
    PartId
);
text_id!(
    /// Meta's unpublished post, valid for 24 hours.
    ContainerId
);
text_id!(
    /// A published object at Meta.
    MediaId
);
text_id!(
    /// One try to publish one post; random, made with the first container.
    AttemptId
);
text_id!(
    /// A content identity with its scheme: `v1:sha256:<64 hex digits>`.
    Digest
);

/// The kinds of post igsync publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Image,
    Reel,
    Carousel,
    Story,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Image, Self::Reel, Self::Carousel, Self::Story];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Reel => "reel",
            Self::Carousel => "carousel",
            Self::Story => "story",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Compares runs of digits by value and everything else by character; equal-valued numbers of
/// different length (`01`, `1`) fall back to plain order so that the order is total.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(l), Some(r)) = (left.chars().next(), right.chars().next()) {
        if l.is_ascii_digit() && r.is_ascii_digit() {
            let (number_l, rest_l) = split_digits(left);
            let (number_r, rest_r) = split_digits(right);
            let (value_l, value_r) = (number_l.trim_start_matches('0'), number_r.trim_start_matches('0'));
            let by_value = value_l.len().cmp(&value_r.len()).then_with(|| value_l.cmp(value_r));
            if by_value != Ordering::Equal {
                return by_value;
            }
            (left, right) = (rest_l, rest_r);
        } else {
            if l != r {
                return l.cmp(&r);
            }
            (left, right) = (&left[l.len_utf8()..], &right[r.len_utf8()..]);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_in_natural_order() {
        let mut keys: Vec<PostKey> =
            ["posts/10", "posts/9", "posts/9a", "posts/09", "posts/1/b", "posts/a"].map(PostKey::from).into();
        keys.sort();
        let sorted: Vec<&str> = keys.iter().map(PostKey::as_str).collect();
        assert_eq!(sorted, ["posts/1/b", "posts/09", "posts/9", "posts/9a", "posts/10", "posts/a"]);
    }

    proptest::proptest! {
        #[test]
        fn natural_order_is_total(a in "[0-9a-b/]{0,6}", b in "[0-9a-b/]{0,6}", c in "[0-9a-b/]{0,6}") {
            proptest::prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            proptest::prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                proptest::prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
