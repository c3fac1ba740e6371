//! What a store's refusal means.

use std::error::Error as _;
use std::sync::Arc;

use object_store::client::{HttpError, HttpErrorKind};

use crate::hosting::Error;
use igsync_base::text::excerpt;
use igsync_media::MediaFile;

/// So much of what a service says is shown. In characters.
const SHOWN: usize = 200;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Look,
    Send,
}

/// Reads the library's error. S3 says what is wrong in a code inside of an XML document.
///
/// AWS: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(super) fn read(step: Step, file: &MediaFile, bucket: &str, endpoint: &str, error: &object_store::Error) -> Error {
    let text = plain(error);
    let code = between(&text, "<Code>", "</Code>").unwrap_or_default();
    let (bucket, endpoint) = (bucket.to_owned(), endpoint.to_owned());
    match code {
        "NoSuchBucket" => Error::NoBucket { bucket, endpoint },
        "InvalidAccessKeyId" | "NotSignedUp" | "SignatureDoesNotMatch" | "InvalidToken" | "Unauthorized" => {
            Error::WrongKeys { bucket, code: code.to_owned() }
        }
        "ExpiredToken" | "TokenRefreshRequired" => Error::ExpiredKeys,
        "RequestTimeTooSkewed" => Error::WrongClock,
        "AccessDenied" | "AllAccessDisabled" => Error::NotAllowed { bucket },
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "TemporaryRedirect"
        | "IllegalLocationConstraintException" => {
            Error::OtherRegion { bucket, region: between(&text, "<Region>", "</Region>").map(str::to_owned) }
        }
        _ if text.contains("redirect") => Error::OtherRegion { bucket, region: None },
        _ => Error::Store {
            name: Arc::clone(&file.name),
            step: match step {
                Step::Look => "report whether it has",
                Step::Send => "accept",
            },
            endpoint,
            problem: problem(code, &text, error),
            is_unreachable: kind(error) == Some(HttpErrorKind::Connect),
        },
    }
}

/// Whether the service knows no conditional writes.
pub(super) fn is_unsupported(error: &object_store::Error) -> bool {
    let text = plain(error);
    text.contains("<Code>NotImplemented</Code>") || text.contains("501 Not Implemented")
}

/// The error with its causes, as one text. Never shown as a whole: it may hold signed addresses.
pub(super) fn plain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// One line for people.
fn problem(code: &str, text: &str, error: &object_store::Error) -> String {
    if !code.is_empty() {
        let message = between(text, "<Message>", "</Message>").filter(|message| !message.is_empty());
        return excerpt(&message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}")), SHOWN);
    }
    if let Some(status) = between(text, "status code: ", ":") {
        return format!("HTTP {}", excerpt(status, SHOWN));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<HttpError>() {
            return excerpt(&error.source().map_or_else(|| error.to_string(), ToString::to_string), SHOWN);
        }
        cause = error.source();
    }
    "the answer cannot be understood".to_owned()
}

fn kind(error: &object_store::Error) -> Option<HttpErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return Some(http.kind());
        }
        cause = error.source();
    }
    None
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}
