//! One HTTP answer read as what it says. Pure.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::{ApiError, Error, UploadRefusal, Why};
use super::text::clean;

use igsync_base::text::secrets::Secrets;
use igsync_ports::Response;

/// Beginning of the names that Meta sends where others have numbers.
const NAMED: &str = "INSTAGRAM_PLATFORM_API__";

/// The result of a call, or why there is none. Only status 200 holds a result, and only where no error
/// is beside it; what else the status says is not relied on.
pub(super) fn read<T: DeserializeOwned>(
    edge: &'static str,
    response: &Response,
    secrets: &Secrets,
) -> Result<T, Error> {
    let unclear = |why| Error::Unclear { edge, why };
    if (300..400).contains(&response.status) {
        return Err(unclear(Why::Redirect(response.status)));
    }
    let json = serde_json::from_slice::<Value>(&response.body).ok();
    if let Some(error) = json.as_ref().and_then(|json| flat(edge, response.status, json, secrets)) {
        return Err(Error::Api(Box::new(error)));
    }
    // A result with an error beside it is no result, whatever the error looks like.
    let error = json.and_then(|mut json| json.get_mut("error").map(Value::take));
    if let Some(error) = error.as_ref().and_then(|error| envelope(edge, response.status, error, secrets)) {
        return Err(Error::Api(Box::new(error)));
    }
    if response.status != 200 {
        return Err(unclear(Why::Status(response.status)));
    }
    if error.is_some() {
        return Err(unclear(Why::Malformed("an error without code and message".to_owned())));
    }
    serde_json::from_slice(&response.body).map_err(|error| unclear(Why::Malformed(clean(&error.to_string(), secrets))))
}

/// The upload host's answer.
pub(super) fn read_upload(response: &Response, secrets: &Secrets) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Uploaded {
        success: bool,
    }
    let json: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let info = &json["debug_info"];
    if info.is_object() {
        let text = |name: &str| clean(info[name].as_str().unwrap_or_default(), secrets);
        return Err(Error::Upload(UploadRefusal {
            http_status: response.status,
            retriable: info["retriable"].as_bool().unwrap_or(false),
            kind: text("type"),
            message: text("message"),
        }));
    }
    let answer: Uploaded = read(super::upload::EDGE, response, secrets)?;
    if answer.success {
        return Ok(());
    }
    let why = Why::Malformed("success is not true".to_owned());
    Err(Error::Unclear { edge: super::upload::EDGE, why })
}

/// What is in Meta's error envelope; everything but the code is optional.
fn envelope(edge: &'static str, http_status: u16, error: &Value, secrets: &Secrets) -> Option<ApiError> {
    let error = error.as_object()?;
    let text = |name: &str| {
        error.get(name).and_then(Value::as_str).map(|text| clean(text, secrets)).filter(|text| !text.is_empty())
    };
    let name = ["code", "error_subcode", "type", "message"]
        .iter()
        .find_map(|field| error.get(*field).and_then(Value::as_str).and_then(platform_name));
    let code = number(error.get("code")).or(name.as_ref().map(|_| 0))?;
    Some(ApiError {
        edge,
        http_status,
        code,
        subcode: number(error.get("error_subcode")).filter(|subcode| *subcode != 0),
        name: name.map(|name| clean(&name, secrets)),
        message: text("message").unwrap_or_default(),
        user_title: text("error_user_title"),
        user_msg: text("error_user_msg"),
        fbtrace_id: text("fbtrace_id"),
        regain_minutes: None,
    })
}

/// The code exchange's own shape: `{"error_type","code","error_message"}`.
fn flat(edge: &'static str, http_status: u16, json: &Value, secrets: &Secrets) -> Option<ApiError> {
    let message = clean(json.get("error_message")?.as_str()?, secrets);
    let code = number(json.get("code")).unwrap_or_default();
    Some(ApiError { edge, http_status, code, message, ..ApiError::default() })
}

/// A whole number, also one that is in quotes.
fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

fn platform_name(text: &str) -> Option<String> {
    let rest = &text[text.find(NAMED)?..];
    let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(rest.len());
    Some(rest[..end.min(LONGEST_NAME)].to_owned())
}

/// Of a name that Meta sends instead of a number; those that are known are shorter.
const LONGEST_NAME: usize = 80;

/// Whether `text` is an id as Meta makes them: a decimal number that fits 64 bits, written in one way only.
pub(super) fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u64>().is_ok()
}

/// Some reads answer bare and wrapped in `data[]`, depending on page and day: both are taken.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Wrapped<T> {
    List { data: Vec<T> },
    Bare(T),
}

impl<T> Wrapped<T> {
    pub(super) fn into_one(self, edge: &'static str) -> Result<T, Error> {
        let one = match self {
            Self::Bare(one) => Some(one),
            Self::List { data } => data.into_iter().next(),
        };
        one.ok_or_else(|| Error::Unclear { edge, why: Why::Malformed("an empty list".to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TOKEN, answer, fixture, secrets};
    use super::super::wire::{IdAnswer, SuccessAnswer};
    use super::*;

    fn read_id(status: u16, body: &str) -> Result<IdAnswer, Error> {
        read("media", &answer(status, body), &secrets())
    }

    fn why(result: Result<IdAnswer, Error>) -> Why {
        match result {
            Err(Error::Unclear { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_documented_envelope_is_read_whole() {
        let Err(Error::Api(error)) = read_id(400, &fixture("error_not_ready.json")) else { panic!() };
        assert_eq!(
            *error,
            ApiError {
                edge: "media",
                http_status: 400,
                code: 9007,
                subcode: Some(2_207_027),
                name: None,
                message: "Media ID is not available".to_owned(),
                user_title: Some("Medien nicht bereit".to_owned()),
                user_msg: Some("Die Medien sind noch nicht bereit, bitte warte einen Moment.".to_owned()),
                fbtrace_id: Some("Bccc22222cccccccccccccc".to_owned()),
                regain_minutes: None,
            }
        );
    }

    #[test]
    fn an_envelope_counts_whatever_the_status() {
        for status in [200, 400, 403, 500] {
            let result = read_id(status, r#"{"id":"5","error":{"code":2}}"#);
            assert!(matches!(result, Err(Error::Api(error)) if error.code == 2 && error.http_status == status));
        }
    }

    #[test]
    fn a_redirect_is_never_an_answer() {
        assert_eq!(why(read_id(302, r#"{"id":"5"}"#)), Why::Redirect(302));
        assert_eq!(why(read_id(304, r#"{"error":{"code":10}}"#)), Why::Redirect(304));
    }

    #[test]
    fn a_page_without_envelope_is_unclear() {
        assert_eq!(why(read_id(503, "<html>")), Why::Status(503));
        assert_eq!(why(read_id(404, "{}")), Why::Status(404));
        assert_eq!(why(read_id(201, r#"{"id":"5"}"#)), Why::Status(201));
        assert_eq!(why(read_id(400, r#"{"error":{"message":"no code"}}"#)), Why::Status(400));
        assert_eq!(why(read_id(400, r#"{"error":"text"}"#)), Why::Status(400));
    }

    #[test]
    fn two_hundred_with_something_else_is_malformed() {
        for body in ["", "<html>", "null", "{}", r#"{"id":5}"#, r#"{"id":null}"#, "[1]", "\u{feff}{\"id\":\"5\"}"] {
            assert!(matches!(why(read_id(200, body)), Why::Malformed(_)), "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(why(read_id(200, &deep)), Why::Malformed(_)));
    }

    #[test]
    fn quoted_numbers_and_names_are_read() {
        let Err(Error::Api(error)) = read_id(400, r#"{"error":{"code":"100","error_subcode":"33"}}"#) else { panic!() };
        assert_eq!((error.code, error.subcode), (100, Some(33)));
        let body = r#"{"error":{"code":"INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID","message":"x"}}"#;
        let Err(Error::Api(error)) = read_id(400, body) else { panic!() };
        assert_eq!(error.known().meaning, "the location is not a Page with an address");
        assert!(error.to_string().contains("(INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID)"), "{error}");
    }

    #[test]
    fn an_echoed_token_and_escapes_are_taken_out() {
        let body = format!(
            r#"{{"error":{{"code":190,"message":"\u001b[31mcannot parse {TOKEN}\n","error_user_msg":"{TOKEN}"}}}}"#
        );
        let error = read_id(400, &body).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(TOKEN) && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("cannot parse ***"), "{shown}");
    }

    #[test]
    fn the_upload_hosts_refusal_is_read() {
        let result = read_upload(&answer(400, &fixture("upload_failed.json")), &secrets());
        let Err(Error::Upload(refusal)) = result else { panic!("{result:?}") };
        assert!(!refusal.retriable);
        assert_eq!(refusal.kind, "ProcessingFailedError");
        assert!(read_upload(&answer(200, &fixture("upload_success.json")), &secrets()).is_ok());
        assert!(read_upload(&answer(200, r#"{"success":false}"#), &secrets()).is_err());
        assert!(matches!(read_upload(&answer(502, "bad gateway"), &secrets()), Err(Error::Unclear { .. })));
    }

    #[test]
    fn ids_are_decimal_numbers_of_64_bits() {
        for (text, expected) in [
            ("17900000000000001", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("0", false),
            ("017", false),
            ("", false),
            ("-1", false),
            ("+1", false),
            ("1_2", false),
            ("١٢", false),
        ] {
            assert_eq!(is_id(text), expected, "{text}");
        }
    }

    #[test]
    fn bare_and_wrapped_answers_are_the_same() {
        for body in [r#"{"success":true}"#, r#"{"data":[{"success":true}]}"#] {
            let wrapped: Wrapped<SuccessAnswer> = serde_json::from_str(body).unwrap();
            assert!(wrapped.into_one("me").unwrap().success);
        }
        let empty: Wrapped<SuccessAnswer> = serde_json::from_str(r#"{"data":[]}"#).unwrap();
        assert!(empty.into_one("me").is_err());
    }
}
