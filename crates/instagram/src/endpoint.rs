//! Where the API is.

use url::Url;

use super::wire::NEWEST_VERSION;
use igsync_base::net::{has_user, is_loopback, is_private_line};

/// Meta's two login flavours; each has its own host.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/overview>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Instagram Login: `graph.instagram.com`.
    Instagram,
    /// Facebook Login: `graph.facebook.com`; the only one with resumable upload.
    Facebook,
}

impl Flavour {
    fn graph_base(self) -> &'static str {
        match self {
            Self::Instagram => "https://graph.instagram.com/",
            Self::Facebook => "https://graph.facebook.com/",
        }
    }
}

const INSTAGRAM_CODES: &str = "https://api.instagram.com/oauth/access_token";
const UPLOAD_BASE: &str = "https://rupload.facebook.com/";

/// Host, flavour and version of one account's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    flavour: Flavour,
    base: Url,
    upload_base: Option<Url>,
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("the {what} must begin with https:// (plain http only for this machine)")]
    NotSecure { what: &'static str },
    #[error("the {what} holds a user name, a query or a fragment")]
    NotBare { what: &'static str },
    #[error("the Graph API version must look like v26.0")]
    Version,
}

impl Endpoint {
    /// `None` takes Meta's own host, and the newest version that igsync knows.
    pub fn new(
        flavour: Flavour,
        base: Option<Url>,
        upload_base: Option<Url>,
        version: Option<String>,
    ) -> Result<Self, EndpointError> {
        let version = version.unwrap_or_else(|| NEWEST_VERSION.to_owned());
        if !is_version(&version) {
            return Err(EndpointError::Version);
        }
        let base = base.map_or_else(|| known(flavour.graph_base()), |base| bare(base, "Graph API base URL"))?;
        let upload_base = upload_base.map(|base| bare(base, "upload base URL")).transpose()?;
        Ok(Self { flavour, base, upload_base, version })
    }

    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The base URL when it is not Meta's own for this flavour; records carry it.
    #[must_use]
    pub fn foreign_base(&self) -> Option<&str> {
        (self.base.as_str() != self.flavour.graph_base()).then_some(self.base.as_str())
    }

    /// Whether the API is on this machine: then plain `http` URLs of media are fine, too.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Whether `url` is on the host of an API on this machine.
    pub(super) fn is_here(&self, url: &Url) -> bool {
        self.is_loopback() && self.base.origin() == url.origin()
    }

    /// `{base}/{version}/{segments…}`, every segment percent-encoded.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.version);
            for segment in segments {
                // `push` would drop dots, and with them the segment's place.
                path.push(match *segment {
                    "." => "%2E",
                    ".." => "%2E%2E",
                    other => other,
                });
            }
        }
        url
    }

    /// `{base}/{segments…}` without a version: where Instagram's token endpoints are.
    pub(super) fn bare_url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Where Instagram's authorization codes are exchanged: a host of its own, unless the base is not Meta's.
    pub(super) fn code_url(&self) -> Url {
        match Url::parse(INSTAGRAM_CODES) {
            Ok(url) if self.foreign_base().is_none() => url,
            _ => self.bare_url(&["oauth", "access_token"]),
        }
    }

    /// Where the bytes of a container go; creation names the same address, which a later run no longer has.
    pub(super) fn upload(&self, container: &str) -> Result<Url, EndpointError> {
        let base = match (&self.upload_base, self.is_loopback()) {
            (Some(base), _) => base.clone(),
            (None, true) => self.base.clone(),
            (None, false) => known(UPLOAD_BASE)?,
        };
        let mut url = base;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["ig-api-upload", self.version.as_str(), container]);
        }
        Ok(url)
    }

    /// Whether bytes and token of an upload may go to `uri`: the upload host, or the API itself on this machine.
    pub(super) fn takes_upload(&self, uri: &Url) -> bool {
        let allowed = match &self.upload_base {
            Some(base) => base.origin() == uri.origin(),
            None => uri.as_str().starts_with(UPLOAD_BASE),
        };
        allowed || self.is_here(uri)
    }
}

fn known(text: &'static str) -> Result<Url, EndpointError> {
    Url::parse(text).map_err(|_| EndpointError::NotSecure { what: "Graph API base URL" })
}

fn bare(url: Url, what: &'static str) -> Result<Url, EndpointError> {
    if !is_private_line(&url) {
        return Err(EndpointError::NotSecure { what });
    }
    if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointError::NotBare { what });
    }
    Ok(url)
}

fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::new(Flavour::Facebook, Some(Url::parse(base).unwrap()), None, None)
    }

    #[test]
    fn each_flavour_has_its_host_and_the_newest_version() {
        let url = |flavour| Endpoint::new(flavour, None, None, None).unwrap().url(&["1784", "media"]).to_string();
        assert_eq!(url(Flavour::Facebook), "https://graph.facebook.com/v26.0/1784/media");
        assert_eq!(url(Flavour::Instagram), "https://graph.instagram.com/v26.0/1784/media");
    }

    #[test]
    fn only_a_base_that_is_not_metas_is_foreign() {
        assert_eq!(Endpoint::new(Flavour::Instagram, None, None, None).unwrap().foreign_base(), None);
        assert_eq!(at("https://graph.facebook.com").unwrap().foreign_base(), None);
        assert_eq!(at("http://127.0.0.1:8787").unwrap().foreign_base(), Some("http://127.0.0.1:8787/"));
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(at("http://localhost:8787/").is_ok());
        assert!(at("http://[::1]:8787/").is_ok());
        assert!(matches!(at("http://graph.facebook.com/"), Err(EndpointError::NotSecure { .. })));
        assert!(matches!(at("ftp://127.0.0.1/"), Err(EndpointError::NotSecure { .. })));
        assert!(matches!(at("https://user:pass@example.com/"), Err(EndpointError::NotBare { .. })));
        assert!(matches!(at("https://example.com/?a=b"), Err(EndpointError::NotBare { .. })));
    }

    #[test]
    fn hostile_ids_stay_one_segment() {
        let endpoint = at("http://127.0.0.1:1/prefix/").unwrap();
        assert_eq!(endpoint.url(&["1/../2?x#y", "media"]).path(), "/prefix/v26.0/1%2F..%2F2%3Fx%23y/media");
        assert_eq!(endpoint.url(&["..", "media"]).path(), "/prefix/v26.0/%252E%252E/media");
    }

    #[test]
    fn a_version_is_v_and_two_numbers() {
        for (text, good) in [("v26.0", true), ("26.0", false), ("v26", false), ("v26.0/../x", false), ("v.", false)] {
            let made = Endpoint::new(Flavour::Facebook, None, None, Some(text.to_owned()));
            assert_eq!(made.is_ok(), good, "{text}");
        }
    }

    #[test]
    fn an_upload_goes_to_the_upload_host_only() {
        let uri = |text: &str| Url::parse(text).unwrap();
        let metas = Endpoint::new(Flavour::Facebook, None, None, None).unwrap();
        assert!(metas.takes_upload(&uri("https://rupload.facebook.com/ig-api-upload/v26.0/1")));
        for wrong in [
            "http://rupload.facebook.com/ig-api-upload/v26.0/1",
            "https://rupload.facebook.com.example.com/x",
            "https://rupload.facebook.com:444/x",
            "https://graph.facebook.com/x",
            "http://127.0.0.1/x",
        ] {
            assert!(!metas.takes_upload(&uri(wrong)), "{wrong}");
        }
        let local = at("http://127.0.0.1:8787").unwrap();
        assert!(local.takes_upload(&uri("http://127.0.0.1:8787/ig-api-upload/v26.0/1")));
        assert!(!local.takes_upload(&uri("http://127.0.0.1:8788/ig-api-upload/v26.0/1")));
        assert_eq!(metas.upload("178").unwrap().as_str(), "https://rupload.facebook.com/ig-api-upload/v26.0/178");
        assert_eq!(local.upload("178").unwrap().as_str(), "http://127.0.0.1:8787/ig-api-upload/v26.0/178");
        let split = Endpoint::new(Flavour::Facebook, None, Some(uri("https://up.example.com/")), None).unwrap();
        assert!(split.takes_upload(&split.upload("178").unwrap()));
        assert!(split.takes_upload(&uri("https://up.example.com/a/1")));
        assert!(!split.takes_upload(&uri("https://rupload.facebook.com/a/1")));
    }
}
