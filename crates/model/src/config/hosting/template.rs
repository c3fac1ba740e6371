//! URLs from a template and a file. Pure.

use miette::Diagnostic;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use url::Url;

use igsync_base::net;
use igsync_base::text::excerpt;

/// What RFC 3986 calls unreserved stays; `/` is a separator of the path it is in.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

const PLACEHOLDERS: [&str; 4] = ["path", "commit", "sha256", "ext"];

/// Why a template gives no URL.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum Error {
    #[error("the hosting url has an unknown placeholder {{{name}}}")]
    #[diagnostic(help("{{path}}, {{commit}}, {{sha256}} and {{ext}} are known"))]
    UnknownPlaceholder { name: String },
    #[error("the hosting url has a brace without its counterpart")]
    #[diagnostic(help("a placeholder looks like {{path}}; write a literal brace as %7B or %7D"))]
    LoneBrace,
    #[error("the hosting url is the same for every file")]
    #[diagnostic(help("name the file by {{path}} or {{sha256}}"))]
    SameForAll,
    #[error("the hosting url has a placeholder in its host")]
    #[diagnostic(help("placeholders belong after the host: https://cdn.example.com/{{path}}"))]
    PlaceholderInHost,
    #[error("the hosting url is not a url ({problem})")]
    #[diagnostic(help("write it like https://cdn.example.com/{{path}}"))]
    NotAUrl { problem: String },
    #[error("the hosting url must begin with https://")]
    #[diagnostic(help("Meta fetches media over https; plain http works only on this machine, against a sandbox"))]
    NotHttps,
    #[error("the hosting url has non-ASCII characters")]
    #[diagnostic(help("percent-encode them; igsync encodes the value of {{path}}"))]
    NotAscii,
    #[error("the hosting url has a user or a password")]
    #[diagnostic(help("Meta fetches media without a login: they have to be public"))]
    HasUser,
}

/// Proves that a template gives a URL for any file.
pub fn check(template: &str) -> Result<(), Error> {
    fill(template, &Values { path: "posts/media.jpg", sha256: "0", ext: "jpg", commit: "0" }).map(|_| ())
}

/// Whether the template asks for the commit.
#[must_use]
pub fn names_commit(template: &str) -> bool {
    template.contains("{commit}")
}

/// A path as part of a URL; its folders stay.
#[must_use]
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// The value of each placeholder.
pub struct Values<'a> {
    /// Relative to the content root, `/`-separated.
    pub path: &'a str,
    /// 64 hex digits.
    pub sha256: &'a str,
    /// Without the dot.
    pub ext: &'a str,
    pub commit: &'a str,
}

/// The URL of one file: `{path}` percent-encoded, `{commit}`, `{sha256}` and `{ext}`. Always ASCII;
/// `https`, or `http` on a loopback address.
pub fn fill(template: &str, values: &Values<'_>) -> Result<Url, Error> {
    if !template.is_ascii() {
        return Err(Error::NotAscii);
    }
    let after_scheme = template.split_once("://").map_or(template, |(_, rest)| rest);
    let host = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains(['{', '}']) {
        return Err(Error::PlaceholderInHost);
    }
    let mut text = String::with_capacity(template.len() + values.path.len() + values.sha256.len());
    let mut names_the_file = false;
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        text.push_str(&rest[..brace]);
        let (name, after) = placeholder(&rest[brace..])?;
        let value = match name {
            "path" => values.path,
            "sha256" => values.sha256,
            "ext" => values.ext,
            _ => values.commit,
        };
        names_the_file |= name == "path" || name == "sha256";
        text.push_str(&encode(value));
        rest = after;
    }
    text.push_str(rest);
    if !names_the_file {
        return Err(Error::SameForAll);
    }
    let url = Url::parse(&text).map_err(|error| Error::NotAUrl { problem: error.to_string() })?;
    if net::has_user(&url) {
        return Err(Error::HasUser);
    }
    if net::is_private_line(&url) { Ok(url) } else { Err(Error::NotHttps) }
}

/// The name after an opening brace, and what follows its closing one.
fn placeholder(text: &str) -> Result<(&str, &str), Error> {
    let inner = text.strip_prefix('{').ok_or(Error::LoneBrace)?;
    let (name, after) = inner.split_once('}').ok_or(Error::LoneBrace)?;
    if PLACEHOLDERS.contains(&name) {
        return Ok((name, after));
    }
    if name.contains('{') {
        return Err(Error::LoneBrace);
    }
    Err(Error::UnknownPlaceholder { name: excerpt(name, 40) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn url(template: &str, path: &str) -> Result<String, Error> {
        fill(template, &Values { path, sha256: SHA, ext: "jpg", commit: "b444750" }).map(String::from)
    }

    #[test]
    fn every_placeholder_is_filled_in() {
        assert_eq!(
            url("https://cdn.example.com/{commit}/{path}?v={sha256}.{ext}", "posts/harbour.jpg").unwrap(),
            format!("https://cdn.example.com/b444750/posts/harbour.jpg?v={SHA}.jpg")
        );
    }

    #[test]
    fn a_path_becomes_ascii_and_keeps_its_folders() {
        assert_eq!(
            url("https://cdn.example.com/{path}", "posts/Häfen & Meer/100% #1?.jpg").unwrap(),
            "https://cdn.example.com/posts/H%C3%A4fen%20%26%20Meer/100%25%20%231%3F.jpg"
        );
        assert_eq!(
            url("https://cdn.example.com/{path}", "a+b;c=d@e.jpg").unwrap(),
            "https://cdn.example.com/a%2Bb%3Bc%3Dd%40e.jpg"
        );
    }

    #[test]
    fn a_path_with_braces_is_no_placeholder() {
        assert_eq!(url("https://c.example/{path}", "{commit}.jpg").unwrap(), "https://c.example/%7Bcommit%7D.jpg");
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        assert_eq!(
            url("https://c.example/{file}", "a.jpg").unwrap_err().to_string(),
            "the hosting url has an unknown placeholder {file}"
        );
        assert_eq!(check("https://c.example/{path"), Err(Error::LoneBrace));
        assert_eq!(check("https://c.example/path}"), Err(Error::LoneBrace));
        assert_eq!(check("https://c.example/{pa{th}}"), Err(Error::LoneBrace));
    }

    #[test]
    fn a_url_that_is_the_same_for_every_file_is_refused() {
        assert_eq!(check("https://c.example/image.{ext}"), Err(Error::SameForAll));
    }

    #[test]
    fn only_https_and_loopback_http_are_allowed() {
        for good in [
            "https://c.example/{path}",
            "http://127.0.0.1:8787/{path}",
            "http://[::1]/{path}",
            "http://localhost/{path}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in
            ["http://c.example/{path}", "ftp://c.example/{path}", "file:///{path}", "http://127.0.0.1.example/{path}"]
        {
            assert_eq!(check(bad), Err(Error::NotHttps), "{bad}");
        }
        assert!(matches!(check("cdn.example.com/x/{path}"), Err(Error::NotAUrl { .. })));
    }

    #[test]
    fn a_placeholder_cannot_choose_the_host() {
        assert_eq!(check("https://cdn.example.com{path}"), Err(Error::PlaceholderInHost));
        assert_eq!(check("https://{sha256}.example.com/"), Err(Error::PlaceholderInHost));
    }

    #[test]
    fn a_template_is_ascii_and_has_no_password() {
        assert_eq!(check("https://c.example/häfen/{path}"), Err(Error::NotAscii));
        assert_eq!(check("https://me:secret@c.example/{path}"), Err(Error::HasUser));
        assert_eq!(check("https://me@c.example/{path}"), Err(Error::HasUser));
    }

    proptest::proptest! {
        #[test]
        fn any_path_gives_an_ascii_url_under_the_template(path in "\\PC{1,20}(/\\PC{1,20}){0,2}") {
            if let Ok(url) = url("https://c.example/media/{path}", &path) {
                proptest::prop_assert!(url.is_ascii());
                proptest::prop_assert!(url.starts_with("https://c.example/"));
            }
        }
    }
}
