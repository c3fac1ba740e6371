//! What a refusal of insights means. Decided by code and subcode alone.

use super::super::errors::Error;

/// What is to be done after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// 100/2108006: a post from before the account was professional. For ever.
    Permanent,
    /// 200 to 299: the token lacks a permission.
    NoPermission,
    /// 10: a permission is missing, or fewer than five have seen a story. Meta gives both without a subcode.
    Withheld,
    /// 100: a metric that one of the posts does not have.
    NotOffered,
    /// About this call alone.
    Other,
    /// Every other call would fail, too.
    Fatal,
}

/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>
pub(super) fn meaning(error: &Error) -> Meaning {
    match error.codes() {
        Some((100, Some(2_108_006))) => Meaning::Permanent,
        Some((100, Some(33))) => Meaning::Other,
        Some((100, _)) => Meaning::NotOffered,
        Some((10, _)) => Meaning::Withheld,
        Some((200..=299, _)) => Meaning::NoPermission,
        Some(_) if !error.is_account_level() => Meaning::Other,
        _ => Meaning::Fatal,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::errors::Why;
    use super::super::super::testing::api;
    use super::*;

    #[test]
    fn codes_decide_and_texts_do_not() {
        for (code, subcode, expected) in [
            (100, Some(2_108_006), Meaning::Permanent),
            (100, None, Meaning::NotOffered),
            (100, Some(33), Meaning::Other),
            (10, None, Meaning::Withheld),
            (10, Some(1), Meaning::Withheld),
            (200, None, Meaning::NoPermission),
            (290, None, Meaning::NoPermission),
            (1, None, Meaning::Other),
            (2, None, Meaning::Other),
            (4, None, Meaning::Fatal),
            (190, Some(463), Meaning::Fatal),
            (80_002, None, Meaning::Fatal),
        ] {
            let error = Error::Api(Box::new(api(code, subcode)));
            assert_eq!(meaning(&error), expected, "{code}/{subcode:?}");
        }
        assert_eq!(meaning(&Error::NotSent { edge: "insights", why: String::new() }), Meaning::Fatal);
        assert_eq!(meaning(&Error::Unclear { edge: "insights", why: Why::Status(502) }), Meaning::Fatal);
    }
}
