//! Which addresses are this machine, and which may be spoken to. The only place that decides it. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Every name that is this machine leads here, whatever a name server says: the IPv4 address first.
pub const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Whether `url` names this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    url.host().is_some_and(|host| is_this_machine(&host))
}

/// `localhost` and the names below it, `127.0.0.0/8`, `::1`, and IPv4 loopback written as IPv6. Not `0.0.0.0`.
///
/// The names: <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>
#[must_use]
pub fn is_this_machine(host: &Host<impl AsRef<str>>) -> bool {
    match host {
        Host::Domain(name) => is_local_name(name.as_ref()),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
    }
}

/// `localhost`, `instagram.localhost`, each with or without the dot of the root.
#[must_use]
pub fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(|below| !below.is_empty())
}

/// Whether what is sent to `url` stays between the two ends: `https`, or plain `http` to this machine.
#[must_use]
pub fn is_private_line(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether `url` carries a user name or a password.
#[must_use]
pub fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether `url` is one of Instagram's own pages: a browser would ask Instagram, and say nothing of its own.
#[must_use]
pub fn is_at_instagram(url: &Url) -> bool {
    url.scheme() == "https"
        && matches!(url.host_str(), Some("instagram.com" | "www.instagram.com"))
        && url.port().is_none()
        && !has_user(url)
}

/// A URL as it may be shown: what is behind the `?` may be a secret.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let has_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    // Refused only for URLs without a host, which have none.
    let _ = (url.set_username(""), url.set_password(None));
    if has_query { format!("{url}?…") } else { url.to_string() }
}

/// The code by which Instagram names a post in its links: `https://www.instagram.com/p/CODE/`, with or
/// without the name of the account, and whatever the app appends. `None`: no link to a post, or none of Instagram's.
#[must_use]
pub fn link_code(link: &str) -> Option<String> {
    let url = instagram_url(link)?;
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let kinds = ["p", "reel", "reels", "tv"];
    let code = match parts.as_slice() {
        ["stories", _, code] | ["stories", code] => *code,
        [.., kind, code] if kinds.contains(kind) => *code,
        _ => return None,
    };
    let is_code = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_code.then(|| code.to_owned())
}

/// A link that leads to Instagram itself.
#[must_use]
pub fn instagram_url(link: &str) -> Option<Url> {
    Url::parse(link).ok().filter(is_at_instagram)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "instagram.localhost",
            "a.b.localhost.",
            "127.0.0.1",
            "127.255.0.9",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
        ] {
            assert!(is_loopback(&url(&format!("http://{host}:8787/x"))), "{host}");
            assert!(is_private_line(&url(&format!("http://{host}/"))), "{host}");
        }
    }

    #[test]
    fn what_only_looks_like_this_machine_is_another() {
        for host in [
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.0.0.1.nip.io",
            "notlocalhost",
            "localhost..",
            "x.localhost.example",
            "localhost-",
            "0.0.0.0",
            "128.0.0.1",
            "[::]",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "localhost@example.com",
            "127.0.0.1:80@example.com",
        ] {
            assert!(!is_loopback(&url(&format!("http://{host}/"))), "{host}");
            assert!(!is_private_line(&url(&format!("http://{host}/"))), "{host}");
            assert!(is_private_line(&url(&format!("https://{host}/"))), "{host}");
        }
        for text in ["data:,localhost", "file://localhost/x", "ftp://localhost/", "ws://127.0.0.1/"] {
            assert!(!is_private_line(&url(text)), "{text}");
        }
    }

    #[test]
    fn a_user_in_an_address_is_seen() {
        assert!(has_user(&url("https://u@a.b/")) && has_user(&url("https://:p@a.b/")));
        assert!(!has_user(&url("https://a.b/u@x")));
    }
}
