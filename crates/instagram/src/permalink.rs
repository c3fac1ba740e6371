//! Links to live media, in the only form that is kept.

use url::Url;

use super::endpoint::Endpoint;
use igsync_base::net;
use igsync_base::text::secrets::Secrets;

/// Instagram's own are far shorter.
const LONGEST: usize = 200;

/// The link without query and fragment, where it is `https` on Instagram's host, or on the host of an API on this
/// machine, and holds no part of a secret; else there is none.
pub(super) fn permalink(text: &str, endpoint: &Endpoint, secrets: &Secrets) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    if !(net::is_at_instagram(&url) || endpoint.is_here(&url) && !net::has_user(&url)) {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let link = String::from(url);
    (link.len() <= LONGEST && secrets.hide(&link) == link).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Flavour;
    use super::super::testing::{TOKEN, secrets};
    use super::*;

    fn kept(base: Option<&str>, text: &str) -> Option<String> {
        let base = base.map(|base| Url::parse(base).unwrap());
        permalink(text, &Endpoint::new(Flavour::Instagram, base, None, None).unwrap(), &secrets())
    }

    #[test]
    fn links_on_instagrams_hosts_are_kept() {
        for (text, expected) in [
            ("https://www.instagram.com/p/C9x/", "https://www.instagram.com/p/C9x/"),
            ("https://instagram.com/reel/C9x/", "https://instagram.com/reel/C9x/"),
            ("https://www.instagram.com/stories/acme/179", "https://www.instagram.com/stories/acme/179"),
            ("https://www.instagram.com:443/p/C9x/?igsh=a#b", "https://www.instagram.com/p/C9x/"),
            ("HTTPS://WWW.INSTAGRAM.COM/p/C9x/", "https://www.instagram.com/p/C9x/"),
        ] {
            assert_eq!(kept(None, text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_link() {
        let long = format!("https://www.instagram.com/p/{}/", "a".repeat(300));
        let echo = format!("https://www.instagram.com/p/{TOKEN}/");
        let part = format!("https://www.instagram.com/p/{}/", &TOKEN[4..14]);
        let encoded: String = TOKEN.bytes().fold(String::new(), |said, byte| said + &format!("%{byte:02x}"));
        let encoded = format!("https://www.instagram.com/p/{encoded}/");
        for text in [
            "javascript:alert(1)//x",
            "data:text/html,x",
            "http://www.instagram.com/p/C9x/",
            "https://evil.example/p/C9x/",
            "https://www.instagram.com.evil.example/p/C9x/",
            "https://evilinstagram.com/p/C9x/",
            "https://www.instagram.com@evil.example/p/C9x/",
            "https://a:b@www.instagram.com/p/C9x/",
            "https://www.instagram.com:444/p/C9x/",
            "//www.instagram.com/p/C9x/",
            "/p/C9x/",
            "",
            "http://127.0.0.1:8787/p/C9x/",
            &long,
            &echo,
            &part,
            &encoded,
        ] {
            assert_eq!(kept(None, text), None, "{text}");
        }
    }

    #[test]
    fn no_link_breaks_out_of_its_line() {
        let link = kept(None, "https://www.instagram.com/p/a\u{1b}[2Jb\n::set-output x\"<>)(/").unwrap();
        assert!(link.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>".contains(&byte)), "{link}");
    }

    #[test]
    fn an_api_on_this_machine_may_name_its_own_pages() {
        let here = "http://127.0.0.1:8787/media/1";
        assert_eq!(kept(Some("http://127.0.0.1:8787"), here).as_deref(), Some(here));
        assert_eq!(kept(Some("http://127.0.0.1:8788"), here), None);
        assert_eq!(kept(Some("https://graph.example.com"), "https://graph.example.com/p/1"), None);
        let instagram = "https://www.instagram.com/p/C9x/";
        assert_eq!(kept(Some("http://127.0.0.1:8787"), instagram).as_deref(), Some(instagram));
    }
}
