//! Every rule igsync knows, in the order of their ids.

use crate::finding::{Rule, Severity};

macro_rules! rules {
    ($($(#[$page:meta])* $const_name:ident = $id:literal $name:literal $severity:ident $about:literal $(, page $url:expr)?;)*) => {
        $(
            #[doc = $about]
            pub static $const_name: Rule = Rule {
                id: $id,
                name: $name,
                severity: Severity::$severity,
                about: $about,
                page: rules!(@page $($url)?),
            };
        )*

        /// All rules, sorted by id.
        pub static ALL: &[&Rule] = &[$(&$const_name),*];
    };
    (@page) => { None };
    (@page $url:expr) => { Some($url) };
}

rules! {
    NOT_TEXT = "IGS1001" "not-text" Error "a manifest is UTF-8 text";
    FILE_TOO_LARGE = "IGS1002" "file-too-large" Error "a manifest has at most 1 MiB";
    UNREADABLE = "IGS1003" "unreadable" Error "every manifest and every folder of manifests can be read";
    YAML_SYNTAX = "IGS1004" "yaml-syntax" Error "a manifest is valid YAML 1.2";
    TAB_INDENTATION = "IGS1005" "tab-indentation" Error "YAML is indented with spaces";
    SEVERAL_DOCUMENTS = "IGS1006" "several-documents" Error "a file holds one YAML document";
    YAML_TAG = "IGS1007" "yaml-tag" Error "manifests use no YAML tags";
    MERGE_KEY = "IGS1008" "merge-key" Error "manifests use no YAML merge keys";
    YAML_TOO_COMPLEX = "IGS1009" "yaml-too-complex" Error "depth, number of values and use of anchors stay within bounds";
    DUPLICATE_FIELD = "IGS1010" "duplicate-field" Error "a field stands once";
    UNKNOWN_FIELD = "IGS1011" "unknown-field" Error "only known fields are used";
    WRONG_TYPE = "IGS1012" "wrong-type" Error "every value has the type of its field";
    EMPTY_VALUE = "IGS1013" "empty-value" Error "a field that is written has a value";
    TEXT_CUT = "IGS1014" "text-cut" Error "no comment cuts a text short";
    MISSING_FIELD = "IGS1015" "missing-field" Error "the fields that a kind needs are there";
    FIELD_NOT_FOR_KIND = "IGS1016" "field-not-for-kind" Error "a post has only fields that its kind takes", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    INVALID_VALUE = "IGS1017" "invalid-value" Error "every value is one that its field allows";
    CONFLICTING_FIELDS = "IGS1018" "conflicting-fields" Error "fields that exclude each other do not stand together";
    NOT_A_DEFAULT = "IGS1019" "not-a-default" Error "`_defaults.yaml` holds only what several posts can share";
    KEY_CLASH = "IGS1020" "key-clash" Error "keys differ by more than upper and lower case";
    INVALID_KEY = "IGS1021" "invalid-key" Error "a key is a short text without control characters";
    PATH_OUTSIDE = "IGS1022" "path-outside" Error "paths stay inside the content root";
    INVALID_PATH = "IGS1023" "invalid-path" Error "a path is relative and uses `/`";
    INVALID_URL = "IGS1024" "invalid-url" Error "a media URL is https and ASCII", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    MISSING_FILE = "IGS1025" "missing-file" Error "every file that a post names exists";
    NOT_A_FILE = "IGS1026" "not-a-file" Error "what a post names is a regular file";
    LINKED_MANIFEST = "IGS1027" "linked-manifest" Error "manifests are files, not symbolic links";
    LINKED_FOLDER = "IGS1028" "linked-folder" Warning "symbolic links to folders are not followed";
    NO_MANIFESTS = "IGS1029" "no-manifests" Warning "a content root holds at least one manifest";
    UNKNOWN_ACCOUNT = "IGS1030" "unknown-account" Error "a post's accounts are in the configuration";
    NO_ACCOUNT = "IGS1031" "no-account" Error "with several accounts, a post says which";
    ACCOUNTS_WIDENED = "IGS1032" "accounts-widened" Error "the accounts of `_defaults.yaml` cannot be widened below it";
    TOKEN_IN_FILE = "IGS1033" "token-in-file" Error "no file holds an access token";
    INVALID_TIME = "IGS1034" "invalid-time" Error "times are RFC 3339, or local with a time zone";
    MISNAMED_FILE = "IGS1035" "misnamed-file" Error "`igsync.yaml` and `_defaults.yaml` end in `.yaml`";
    NOT_BUILT = "IGS1036" "not-built" Error "what is promised and not built yet is said, not ignored";

    CAPTION_TOO_LONG = "IGS2101" "caption-too-long" Error "a caption has at most 2,200 characters", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    CAPTION_MAYBE_TOO_LONG = "IGS2102" "caption-maybe-too-long" Warning "a caption has at most 2,200 UTF-16 units: Meta does not say how it counts";
    TOO_MANY_HASHTAGS = "IGS2103" "too-many-hashtags" Error "a caption has at most 30 hashtags", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    MANY_HASHTAGS = "IGS2104" "many-hashtags" Warning "a caption has at most 5 hashtags: Instagram announced this limit in December 2025";
    TOO_MANY_MENTIONS = "IGS2105" "too-many-mentions" Error "a caption mentions at most 20 accounts", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    OVERRIDE_CHARACTERS = "IGS2106" "override-characters" Warning "text holds no characters that override its direction (U+202A to U+202E)";
    INVALID_HASHTAG = "IGS2107" "invalid-hashtag" Error "a hashtag is one word";
    UNKNOWN_HASHTAG_SET = "IGS2108" "unknown-hashtag-set" Error "hashtag sets are in the configuration";
    ALT_TEXT_TOO_LONG = "IGS2201" "alt-text-too-long" Error "an alternative text has at most 1,000 characters", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    MISSING_ALT_TEXT = "IGS2202" "missing-alt-text" Warning "images have an alternative text; off unless the configuration asks for it";
    TAG_POSITION = "IGS2301" "tag-position" Error "a tag on an image has a position from 0.0 to 1.0", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    TAG_POSITION_ON_VIDEO = "IGS2302" "tag-position-on-video" Warning "a user tag on a video has no position", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    PRODUCT_POSITION_ON_VIDEO = "IGS2303" "product-position-on-video" Error "a product tag on a video has no position", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes";
    TOO_MANY_USER_TAGS = "IGS2304" "too-many-user-tags" Error "a picture or video has at most 20 user tags", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes";
    TOO_MANY_PRODUCT_TAGS = "IGS2305" "too-many-product-tags" Error "a picture or video has at most 5 product tags", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    INVALID_USERNAME = "IGS2306" "invalid-username" Error "a username has 1 to 30 letters, digits, dots and underscores";
    CAROUSEL_SIZE = "IGS2401" "carousel-size" Error "a carousel has 2 to 10 items", page "https://developers.facebook.com/documentation/instagram-platform/content-publishing";
    TOO_MANY_COLLABORATORS = "IGS2402" "too-many-collaborators" Error "a post has at most 3 collaborators", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    TOO_MANY_SPONSORS = "IGS2403" "too-many-sponsors" Error "a post has at most 2 sponsors", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    TIME_DOES_NOT_EXIST = "IGS2501" "time-does-not-exist" Error "a local time is not skipped by daylight saving";
    TIME_AMBIGUOUS = "IGS2502" "time-ambiguous" Error "a local time does not happen twice";
    NO_TIMEZONE = "IGS2503" "no-timezone" Error "a local time needs a time zone";
    EMPTY_WINDOW = "IGS2504" "empty-window" Error "`publish_until` comes after `publish_at`";
    FACEBOOK_LOGIN_ONLY = "IGS2601" "facebook-login-only" Error "some fields need `login: facebook`", page "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
    MAYBE_FACEBOOK_LOGIN_ONLY = "IGS2602" "maybe-facebook-login-only" Warning "some fields are documented for `login: facebook` alone";
    MAYBE_NOT_FOR_STORIES = "IGS2603" "maybe-not-for-stories" Warning "Meta does not say that stories take this field";

    CONFIG_NOT_FOUND = "IGS4001" "config-not-found" Error "the configuration file that was named exists";
    ACCOUNT_NAME = "IGS4002" "account-name" Error "an account's name has letters, digits, `-` and `_`";
    DUPLICATE_USER_ID = "IGS4003" "duplicate-user-id" Error "every account has a `user_id` of its own";
    DEFAULT_ACCOUNT = "IGS4004" "default-account" Error "`default_account` names an account";
    POSTS_FOLDER = "IGS4005" "posts-folder" Error "the folders in `posts` exist inside the content root";
    HOSTING_NOT_BUILT = "IGS4006" "hosting-not-built" Error "only `hosting.url` is available yet";
    HOSTING_URL = "IGS4007" "hosting-url" Error "`hosting.url` is an https URL with known placeholders";
    UNKNOWN_RULE = "IGS4008" "unknown-rule" Error "`rules` names rules of igsync that can be changed";
    ENVIRONMENT = "IGS4009" "environment" Error "environment variables have usable values";
    UNKNOWN_TIMEZONE = "IGS4010" "unknown-timezone" Error "time zones are IANA names";
}

/// Rules that say nothing unless `rules:` of the configuration gives them a severity.
pub static OFF_UNLESS_ASKED: &[&Rule] = &[&MISSING_ALT_TEXT];

/// The rule with this id or name.
#[must_use]
pub fn find(id_or_name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id_or_name || rule.name == id_or_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.id < b.id), "ids ascend");
        let mut names: Vec<_> = ALL.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len(), "names are unique");
    }
}
