//! What can go wrong with one call, sorted by what may have happened at Meta.

use std::fmt;

use super::codes::{self, Class, Known};

/// Why a call gave no result. Text from the server is cleaned: one line, no escapes, no secret, of bounded length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request never left: Meta has seen nothing of it.
    #[error("could not connect to {}: {why}", in_words(edge))]
    NotSent { edge: &'static str, why: String },
    /// Sent, and nothing came back that says what it did.
    #[error("no clear answer to the request to {}: {why}", in_words(edge))]
    Unclear { edge: &'static str, why: Why },
    /// Meta's error envelope.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// The upload host's own kind of refusal.
    #[error(transparent)]
    Upload(UploadRefusal),
    /// Something on this side: nothing was sent.
    #[error("the request to {} was not sent: {why}", in_words(edge))]
    Local { edge: &'static str, why: String },
}

/// How an answer can be unclear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("no answer ({0})")]
    NoAnswer(String),
    #[error("the answer was cut off ({0})")]
    BrokenOff(String),
    /// Never followed.
    #[error("status {0}, a redirect")]
    Redirect(u16),
    /// Not 200, and no error envelope either: a gateway, a proxy, an outage page.
    #[error("status {0} without an explanation")]
    Status(u16),
    /// 200 with something else than this call answers.
    #[error("unexpected answer ({0})")]
    Malformed(String),
    /// 200, but the id is not a decimal number or no new one.
    #[error("the answer contains no new numeric id")]
    NoNewId,
}

/// A refusal in Meta's envelope.
///
/// Decide by `(code, subcode)` only: the texts are localised, and Meta's `is_transient` is not
/// reliable, so it is not kept.
///
/// Meta: <https://developers.facebook.com/docs/graph-api/guides/error-handling/>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    pub edge: &'static str,
    pub http_status: u16,
    /// 0 when Meta sent a name instead, see [`ApiError::name`].
    pub code: i64,
    pub subcode: Option<i64>,
    /// `INSTAGRAM_PLATFORM_API__…`
    pub name: Option<String>,
    pub message: String,
    /// Localised.
    pub user_title: Option<String>,
    /// Localised.
    pub user_msg: Option<String>,
    /// What Meta's support asks for.
    pub fbtrace_id: Option<String>,
    /// Of a throttle: until calls are taken again, as the usage header beside it says.
    pub regain_minutes: Option<u64>,
}

impl ApiError {
    /// What is known about this refusal.
    #[must_use]
    pub fn known(&self) -> &'static Known {
        let by_name = self.name.as_deref().and_then(codes::by_name);
        by_name.unwrap_or_else(|| codes::lookup(self.code, self.subcode))
    }

    /// Whether calls as such are too many. The publishing quota is another matter: reads continue.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        let known = self.known();
        known.account_level && known.class == Class::QuotaWait && known.code != Some(9)
    }

    /// Whether every further call with this token is refused too, and makes matters worse: throttled,
    /// blocked or restricted, or the token is dead. A missing permission bars only what needs it.
    #[must_use]
    pub fn bars_account(&self) -> bool {
        let known = self.known();
        let is_dead = known.account_level && matches!(known.code, Some(102 | 190));
        self.is_throttle() || is_dead || (known.account_level && known.class == Class::Human)
    }
}

/// What a request to an edge is for, as it follows "to".
fn in_words(edge: &str) -> &str {
    match edge {
        "access_token" => "exchange the token",
        "account" | "me" => "read the account",
        "comment_enabled" => "switch comments",
        "comments" => "post the comment",
        "comments listing" => "list the comments",
        "container status" => "read the container",
        "content_publishing_limit" => "read the publishing quota",
        "delete" => "delete the post",
        "debug_token" => "check the token",
        "me/accounts" => "list the accounts",
        "insights" => "read the insights",
        "media" => "create the container",
        "media listing" => "list the media",
        "media_publish" => "publish the post",
        "oauth/access_token" => "exchange the code",
        "one media" => "read the post",
        "refresh_access_token" => "refresh the token",
        "stories listing" => "list the stories",
        "video upload" => "upload the video",
        other => other,
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.edge {
            // Records of failed posts have had this text since the first version.
            "media" | "media_publish" => write!(f, "Meta refused {}", self.edge)?,
            edge => write!(f, "Meta refused to {}", in_words(edge))?,
        }
        write!(f, ": {} (", self.known().meaning)?;
        match (&self.name, self.subcode) {
            (Some(name), _) => write!(f, "{name}")?,
            (None, Some(subcode)) => write!(f, "code {}, subcode {subcode}", self.code)?,
            (None, None) => write!(f, "code {}", self.code)?,
        }
        f.write_str(")")?;
        if let Some(said) =
            [self.user_msg.as_deref(), Some(&self.message)].into_iter().flatten().find(|t| !t.is_empty())
        {
            write!(f, "; it says \"{said}\"")?;
        }
        if let Some(minutes) = self.regain_minutes {
            write!(f, "; calls are accepted again in {minutes} minutes")?;
        }
        match &self.fbtrace_id {
            Some(trace) => write!(f, "; trace {trace}"),
            None => Ok(()),
        }
    }
}

/// What the upload host says instead of Meta's envelope (`debug_info`).
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing/resumable-uploads>
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upload was refused: {kind} ({message})")]
pub struct UploadRefusal {
    pub http_status: u16,
    /// The host's own word; absent counts as no.
    pub retriable: bool,
    /// `ProcessingFailedError`, `NotAuthorizedError`, …
    pub kind: String,
    pub message: String,
}

impl Error {
    /// Whether the cause is the account or the app, so that its other posts would fail as well: token,
    /// permission, restriction, spam block, quota, throttle.
    #[must_use]
    pub fn is_account_level(&self) -> bool {
        match self {
            Self::Api(error) => error.known().account_level,
            Self::Upload(refusal) => refusal.kind == "NotAuthorizedError",
            Self::NotSent { .. } | Self::Unclear { .. } | Self::Local { .. } => false,
        }
    }

    /// Meta's code and subcode, if it gave any.
    #[must_use]
    pub fn codes(&self) -> Option<(i64, Option<i64>)> {
        self.api().map(|error| (error.code, error.subcode))
    }

    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Who can fix it, where Meta said what is wrong.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.api().map(|error| error.known().class)
    }

    /// Code 100 with subcode 33: gone, not allowed, or one of Meta's days on which fresh objects cannot
    /// be read. Of a fresh container or media it says nothing.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.codes() == Some((100, Some(33)))
    }

    /// What to do next, one sentence.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotSent { .. } => "check the network and the base URL, then run igsync again; nothing was sent",
            Self::Unclear { .. } => "run igsync again: it checks what the call did before it does anything else",
            Self::Api(error) => error.known().remedy,
            Self::Upload(refusal) if refusal.kind == "NotAuthorizedError" => "check the token and its permissions",
            Self::Upload(_) => "check the video file, then run igsync again",
            Self::Local { .. } => "fix what the message names, then run igsync again",
        }
    }

    /// Meta's page about it.
    #[must_use]
    pub fn page(&self) -> Option<&'static str> {
        self.api().map(|error| error.known().page)
    }
}

impl miette::Diagnostic for Error {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(Error::help(self)))
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.page().map(|page| Box::new(page) as Box<dyn fmt::Display>)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::api;
    use super::*;

    #[test]
    fn a_refusal_names_the_edge_the_meaning_the_codes_and_the_trace() {
        let error = ApiError {
            edge: "media_publish",
            message: "Media ID is not available".to_owned(),
            fbtrace_id: Some("AbC".to_owned()),
            ..api(9007, Some(2_207_027))
        };
        assert_eq!(
            error.to_string(),
            "Meta refused media_publish: the media is not ready yet (code 9007, subcode 2207027); \
             it says \"Media ID is not available\"; trace AbC"
        );
    }

    #[test]
    fn account_level_is_a_matter_of_the_codes() {
        for (code, subcode, expected) in [
            (10, None, true),
            (190, Some(463), true),
            (190, Some(999_999), true),
            (102, None, true),
            (200, None, true),
            (250, None, true),
            (299, None, true),
            (300, None, false),
            (25, Some(2_207_050), true),
            (25, None, true),
            (4, Some(2_207_051), true),
            (4, None, true),
            (17, None, true),
            (32, None, true),
            (341, None, true),
            (613, Some(1996), true),
            (80_001, None, true),
            (80_002, None, true),
            (368, None, true),
            (9, Some(2_207_042), true),
            (1, None, false),
            (2, None, false),
            (100, Some(33), false),
            (9004, Some(2_207_052), false),
            (9007, Some(2_207_027), false),
            (36_003, Some(2_207_009), false),
            (424_242, None, false),
        ] {
            let error = Error::Api(Box::new(api(code, subcode)));
            assert_eq!(error.is_account_level(), expected, "{code}/{subcode:?}");
        }
    }
}
