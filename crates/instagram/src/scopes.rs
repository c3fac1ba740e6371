//! Which permissions a task needs, per login.

use super::endpoint::Flavour;

/// What a token is wanted for, beside publishing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A first comment, or comments switched off.
    pub comments: bool,
    /// A post that is to be deleted.
    pub deletion: bool,
}

/// Deleting posts, with Facebook Login.
pub const DELETION: &str = "instagram_manage_contents";

/// The permissions that publishing and `needs` take. Deleting is not offered with Instagram Login.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/overview>
#[must_use]
pub fn needed(flavour: Flavour, needs: Needs) -> Vec<&'static str> {
    let (publish, comments, deletion): (&[_], _, _) = match flavour {
        Flavour::Instagram => (
            &["instagram_business_basic", "instagram_business_content_publish"],
            Some("instagram_business_manage_comments"),
            None,
        ),
        Flavour::Facebook => (
            &["instagram_basic", "instagram_content_publish", "pages_read_engagement"],
            Some("instagram_manage_comments"),
            Some(DELETION),
        ),
    };
    let mut scopes = publish.to_vec();
    scopes.extend(comments.filter(|_| needs.comments));
    scopes.extend(deletion.filter(|_| needs.deletion));
    scopes
}

/// The permissions that reading insights takes, beside those of publishing.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>
#[must_use]
pub fn for_insights(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::Instagram => &["instagram_business_manage_insights"],
        Flavour::Facebook => &["instagram_manage_insights", "pages_read_engagement"],
    }
}

/// What `held` lacks, in the order of [`needed`].
#[must_use]
pub fn missing(flavour: Flavour, needs: Needs, held: &[String]) -> Vec<&'static str> {
    needed(flavour, needs).into_iter().filter(|scope| !held.iter().any(|other| other == scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Needs = Needs { comments: true, deletion: true };

    #[test]
    fn each_login_has_its_own_words() {
        assert_eq!(
            needed(Flavour::Facebook, ALL),
            [
                "instagram_basic",
                "instagram_content_publish",
                "pages_read_engagement",
                "instagram_manage_comments",
                "instagram_manage_contents"
            ]
        );
        assert_eq!(
            needed(Flavour::Instagram, ALL),
            ["instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments"]
        );
    }

    #[test]
    fn only_what_is_needed_can_be_missing() {
        let held = ["instagram_basic", "pages_read_engagement", "instagram_content_publish"].map(str::to_owned);
        assert!(missing(Flavour::Facebook, Needs::default(), &held).is_empty());
        let comments = Needs { comments: true, deletion: false };
        assert_eq!(missing(Flavour::Facebook, comments, &held), ["instagram_manage_comments"]);
        assert_eq!(missing(Flavour::Facebook, comments, &held[..2]).len(), 2);
    }
}
