//! What a listing of whole posts is asked for: the fields, and how many posts at once.

use std::collections::BTreeSet;

use super::endpoint::Flavour;
use super::errors::Error;
use super::listing::PAGE;

/// Without these a row says nothing.
const NEEDED: [&str; 2] = ["id", "timestamp"];
/// What both logins have, by Meta's pages or specification.
const BOTH: [&str; 13] = [
    "caption",
    "media_type",
    "media_product_type",
    "permalink",
    "alt_text",
    "is_shared_to_feed",
    "is_comment_enabled",
    "is_ai_generated",
    "media_url",
    "thumbnail_url",
    "like_count",
    "comments_count",
    "children",
];
/// What is documented for Facebook Login only; asking in vain costs a call.
const FACEBOOK: [&str; 2] = ["media_audio_type", "copyright_check_information"];
/// Of each slide.
const SLIDE: [&str; 5] = ["id", "media_type", "media_url", "thumbnail_url", "alt_text"];

/// No smaller page is asked for: what fails then fails for another reason.
const SMALLEST: u32 = 6;

/// The fields and the size of a page. What was refused is left out from then on.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    flavour: Flavour,
    unknown: BTreeSet<&'static str>,
    /// Posts on one page.
    pub(super) page: u32,
}

impl Selection {
    pub(super) fn new(flavour: Flavour) -> Self {
        Self { flavour, unknown: BTreeSet::new(), page: PAGE }
    }

    /// As `fields` takes it.
    pub(super) fn fields(&self) -> String {
        let own: &[&str] = if self.flavour == Flavour::Facebook { &FACEBOOK } else { &[] };
        let fields = NEEDED.iter().chain(&BOTH).chain(own).filter(|field| !self.unknown.contains(*field));
        let named = fields.map(|field| if *field == "children" { self.children() } else { (*field).to_owned() });
        named.collect::<Vec<_>>().join(",")
    }

    fn children(&self) -> String {
        let fields: Vec<&str> = SLIDE.into_iter().filter(|field| !self.unknown.contains(field)).collect();
        format!("children{{{}}}", fields.join(","))
    }

    /// Leaves out the field that a refusal names as one that no post has. False: it names none that can be left out.
    ///
    /// Nothing but the text says which one it is; that it is for a field at all, its code says.
    pub(super) fn leave_out(&mut self, refusal: &Error) -> bool {
        let Some(error) = refusal.api().filter(|error| (error.code, error.subcode) == (100, None)) else {
            return false;
        };
        let words = || error.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let optional = BOTH.into_iter().chain(FACEBOOK).filter(|field| !self.unknown.contains(field));
        let named = optional.into_iter().find(|field| words().any(|word| word == *field));
        named.is_some_and(|field| self.unknown.insert(field))
    }
}

/// Half of this page; `None`: it is small enough.
pub(super) fn half(page: u32) -> Option<u32> {
    (page > SMALLEST).then_some((page / 2).max(SMALLEST))
}

/// Code 1 is an error of Meta's own, or a page of more than it can gather in its time.
pub(super) fn may_be_too_much(error: &Error) -> bool {
    error.codes() == Some((1, None))
}

/// Whether Meta itself asks for less at once: then every page would be too large.
pub(super) fn is_too_much(error: &Error) -> bool {
    may_be_too_much(error) && error.api().is_some_and(|error| error.message.contains("reduce the amount of data"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::api;
    use super::*;

    fn refusal(code: i64, message: &str) -> Error {
        Error::Api(Box::new(super::super::errors::ApiError { message: message.to_owned(), ..api(code, None) }))
    }

    #[test]
    fn instagram_login_is_not_asked_for_what_only_the_other_one_has() {
        let facebook = Selection::new(Flavour::Facebook).fields();
        let instagram = Selection::new(Flavour::Instagram).fields();
        assert_eq!(facebook, format!("{instagram},media_audio_type,copyright_check_information"));
        assert!(instagram.starts_with("id,timestamp,caption,media_type,"), "{instagram}");
        assert!(instagram.ends_with(",children{id,media_type,media_url,thumbnail_url,alt_text}"), "{instagram}");
    }

    #[test]
    fn a_field_that_does_not_exist_is_left_out_of_posts_and_slides() {
        let mut selection = Selection::new(Flavour::Instagram);
        let said = "(#100) Tried accessing nonexisting field (alt_text) on node type (IGMedia)";
        assert!(selection.leave_out(&refusal(100, said)));
        assert!(!selection.fields().contains("alt_text"), "{}", selection.fields());
        assert!(!selection.leave_out(&refusal(100, said)), "it was not asked for");
    }

    #[test]
    fn what_a_row_needs_stays_and_other_refusals_change_nothing() {
        let mut selection = Selection::new(Flavour::Facebook);
        let before = selection.fields();
        for error in [
            refusal(100, "(#100) Tried accessing nonexisting field (timestamp) on node type (IGMedia)"),
            refusal(100, "(#100) Tried accessing nonexisting field (recaption_count) on node type (IGMedia)"),
            refusal(10, "(#10) no permission for caption"),
            Error::Api(Box::new(api(100, Some(33)))),
        ] {
            assert!(!selection.leave_out(&error), "{error}");
        }
        assert_eq!(selection.fields(), before);
    }

    #[test]
    fn pages_are_halved_down_to_a_bound() {
        let sizes: Vec<u32> = std::iter::successors(Some(100), |page| half(*page)).collect();
        assert_eq!(sizes, [100, 50, 25, 12, 6]);
        let reduce = "Please reduce the amount of data you're asking for, then retry your request";
        assert!(is_too_much(&refusal(1, reduce)) && !is_too_much(&refusal(2, reduce)));
        assert!(may_be_too_much(&refusal(1, "An unknown error occurred")));
    }
}
