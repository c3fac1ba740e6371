//! Who is answered: programs on this machine and the sandbox's own pages. A page of another origin in the
//! same browser is not, whether it names this machine or a name of its own that leads here.

use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use url::Url;

use super::call;
use igsync_base::net::is_loopback;

/// Longer values are cut where they are quoted. In characters.
const QUOTED: usize = 100;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Judges a request by its head alone, before it has any effect.
///
/// # Errors
///
/// Why it is refused, for whoever made it.
pub(super) fn judge(parts: &Parts) -> Result<(), String> {
    let own = own_origin(parts)?;
    judge_origin(&parts.headers, &own)?;
    judge_site(parts)
}

/// The sandbox as the caller names it. A browser takes any name that an attacker's name server lets lead
/// here, so a name that is not this machine's is a page of someone else.
fn own_origin(parts: &Parts) -> Result<Url, String> {
    let help = "use http://127.0.0.1, http://localhost or a name that ends in .localhost";
    let host = single(&parts.headers, &header::HOST)?
        .ok_or_else(|| format!("the request has no Host header, and the sandbox answers only this machine: {help}"))?;
    let foreign = |name: &str| {
        format!("the request is for the host {}, and the sandbox answers only this machine: {help}", quoted(name))
    };
    let own = origin(host).filter(is_loopback).ok_or_else(|| foreign(host))?;
    // `GET http://host/path`, as to a proxy.
    match parts.uri.authority().map(axum::http::uri::Authority::as_str) {
        Some(target) if origin(target).as_ref() != Some(&own) => Err(foreign(target)),
        _ => Ok(own),
    }
}

/// `http://localhost:8787/`, from what a Host header holds.
fn origin(host: &str) -> Option<Url> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_plain)).then(|| Url::parse(&format!("http://{host}/")).ok()).flatten()
}

/// Browsers name the page that asks for whatever could change something.
///
/// Fetch: <https://fetch.spec.whatwg.org/#origin-header>
fn judge_origin(headers: &HeaderMap, own: &Url) -> Result<(), String> {
    let Some(text) = single(headers, &header::ORIGIN)? else { return Ok(()) };
    // An opaque origin equals no other one, so `null` and what cannot be read are foreign.
    match Url::parse(text) {
        Ok(page) if page.origin() == own.origin() => Ok(()),
        _ => Err(foreign_page(&quoted(text))),
    }
}

/// What is asked for without an Origin: images, scripts, links. Programs do not send this header.
///
/// Fetch Metadata: <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
fn judge_site(parts: &Parts) -> Result<(), String> {
    match single(&parts.headers, &FETCH_SITE)? {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if is_link_to_a_page(parts) => Ok(()),
        Some(site) => Err(foreign_page(&quoted(site))),
    }
}

/// Whether a person followed a link to one of the sandbox's pages: it changes nothing, and the page that has
/// the link sees nothing of it.
fn is_link_to_a_page(parts: &Parts) -> bool {
    let is = |name, value| matches!(single(&parts.headers, &name), Ok(Some(found)) if found == value);
    let path = call::parts(parts.uri.path());
    let is_page = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => parts.uri.query().is_none(),
        ["_sandbox", "post", _] => true,
        _ => false,
    };
    let is_link = is(FETCH_MODE, "navigate") && is(FETCH_DEST, "document");
    is_page && is_link && matches!(parts.method, Method::GET | Method::HEAD)
}

fn foreign_page(who: &str) -> String {
    format!("the request comes from another origin ({who}), but the sandbox answers only programs and its own pages")
}

/// The only value of a header; `None` where there is none.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, String> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(format!("the request has several {name} headers"));
    }
    first.map(|value| value.to_str().map_err(|_| format!("the {name} header is not text"))).transpose()
}

/// As it can be shown: a header that is text holds no control character.
fn quoted(text: &str) -> String {
    format!("`{}`", text.chars().take(QUOTED).collect::<String>())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn judged(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), String> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        judge(&request.body(()).unwrap().into_parts().0)
    }

    fn refused(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
        judged(method, target, headers).expect_err(&format!("{method} {target} {headers:?}"))
    }

    #[test]
    fn every_name_of_this_machine_is_answered() {
        for host in ["127.0.0.1:8787", "127.9.9.9", "localhost:1", "LOCALHOST", "a.localhost:80", "[::1]:8787"] {
            assert_eq!(judged("POST", "/v26.0/me", &[("host", host)]), Ok(()), "{host}");
            assert_eq!(judged("GET", &format!("http://{host}/me"), &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn every_other_name_is_refused() {
        for host in [
            "",
            "evil.example",
            "evil.example:8787",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "localhost%2eevil.example",
            "localhost, evil.example",
            "localhost /",
            "localhost:8787:1",
            "localhost:x",
            "[::ffff:8.8.8.8]",
            "0.0.0.0:8787",
            "192.168.1.2",
            "graph.instagram.com",
        ] {
            let why = refused("GET", "/", &[("host", host)]);
            assert!(why.contains("answers only this machine"), "{host}: {why}");
        }
    }

    #[test]
    fn one_host_is_named_once() {
        assert!(refused("GET", "/", &[]).contains("no Host header"));
        assert!(refused("GET", "/", &[("host", "localhost"), ("host", "localhost")]).contains("several host headers"));
        for target in ["http://evil.example/", "http://localhost@evil.example/", "http://localhost:1/"] {
            assert!(refused("GET", target, &[("host", "localhost:8787")]).contains("this machine"), "{target}");
        }
        assert!(refused("GET", "http://localhost/", &[("host", "evil.example")]).contains("evil.example"));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://127.0.0.1:8788",
            "http://127.0.0.1",
            "https://127.0.0.1:8787",
            "http://localhost:8787",
            "http://127.0.0.1:8787.evil.example",
            "http://127.0.0.1:8787@evil.example",
            "chrome-extension://abc",
            "file://",
        ] {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
                let why = refused(method, "/_sandbox/clock", &[("host", "127.0.0.1:8787"), ("origin", origin)]);
                assert!(why.contains("another origin"), "{origin}: {why}");
            }
        }
        let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://localhost")];
        assert!(refused("POST", "/me", &twice).contains("several origin headers"));
    }

    #[test]
    fn the_sandboxs_own_pages_are_answered() {
        for (host, origin) in [
            ("127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("localhost", "http://localhost"),
            ("localhost:80", "http://localhost"),
            ("[::1]:8787", "http://[::1]:8787"),
        ] {
            let headers = [("host", host), ("origin", origin), ("sec-fetch-site", "same-origin")];
            assert_eq!(judged("POST", "/_sandbox/reset", &headers), Ok(()), "{host}");
        }
    }

    #[test]
    fn what_another_site_embeds_is_refused_and_a_link_to_a_page_is_not() {
        let asked = |site, mode, dest, method: &str, target: &str| {
            let headers =
                [("host", "localhost:1"), ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
            judged(method, target, &headers)
        };
        for site in ["cross-site", "same-site", "unheard-of", ""] {
            for (mode, dest) in [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("cors", "empty")]
            {
                for target in ["/", "/_sandbox/published", "/_sandbox/media/0.jpg", "/me?method=delete"] {
                    assert!(asked(site, mode, dest, "GET", target).is_err(), "{site} {mode} {target}");
                }
            }
            let link = |method, target| asked(site, "navigate", "document", method, target);
            assert!(link("GET", "/").is_ok() && link("GET", "/_sandbox/post/17900000000000001").is_ok());
            for target in ["/?method=delete", "/_sandbox/published", "/_sandbox/media/0.jpg", "/v26.0/me", "/v26.0/"] {
                assert!(link("GET", target).is_err(), "{target}");
            }
            assert!(link("POST", "/").is_err() && link("POST", "/_sandbox/post/1").is_err());
        }
        for site in ["none", "same-origin"] {
            assert_eq!(asked(site, "navigate", "document", "GET", "/v26.0/me"), Ok(()), "{site}");
        }
    }

    #[test]
    fn a_refusal_is_short_whatever_it_quotes() {
        let long = format!("http://{}", "a".repeat(10_000));
        assert!(refused("GET", "/", &[("host", "localhost"), ("origin", &long)]).len() < 300);
    }
}
