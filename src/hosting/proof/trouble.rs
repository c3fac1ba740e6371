//! What keeps Meta from fetching a URL.

use std::time::Duration;

use jiff::Timestamp;

/// One reason, with a name that does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("the URL is not https")]
    NotHttps,
    #[error("the host is at {0}, which Meta cannot reach from outside")]
    Private(String),
    #[error("the host does not answer: {0}")]
    Unreachable(String),
    #[error("the URL redirects (HTTP {status}){}", to.as_ref().map_or_else(String::new, |to| format!(": {to}")))]
    Redirect { status: u16, to: Option<String> },
    #[error("the host refuses Meta's crawler (HTTP {status})")]
    Forbidden { status: u16 },
    #[error("the file is not there (HTTP {status})")]
    Missing { status: u16 },
    #[error("a cache remembers that the file was not there (HTTP {status})")]
    CachedMissing { status: u16 },
    #[error("the host answers HTTP {status} instead of the file")]
    Status { status: u16 },
    #[error("the host answers with a web page instead of the file")]
    WebPage,
    #[error("the host sends a {format} instead of the JPEG")]
    Negotiated { format: &'static str },
    #[error("the host {}, but its bytes are {are}", if said.is_empty() { "sends no content type".to_owned() } else { format!("labels it {said}") })]
    ContentType { said: String, are: &'static str },
    #[error("the host has {is} bytes, the file {expected}")]
    Length { is: u64, expected: u64 },
    #[error("the answer is cut off after {read} of {announced} bytes")]
    Truncated { read: u64, announced: u64 },
    #[error("the host sent {read} bytes in {} s", time.as_secs())]
    Slow { read: u64, time: Duration },
    #[error("the file has more than {most} bytes")]
    TooLarge { most: u64 },
    #[error("the host has a different file under this name")]
    OtherBytes,
    #[error("the signature of the URL expired at {at}")]
    Expired { at: Timestamp },
    #[error("the signature of the URL expires at {at}, in {} min: this run may take {} min", left.as_secs() / 60, run_time.as_secs() / 60)]
    ExpiresSoon { at: Timestamp, left: Duration, run_time: Duration },
}

impl Trouble {
    /// Every name, for documentation that cannot rot.
    pub const NAMES: [&'static str; 18] = [
        "not-https",
        "private-address",
        "unreachable",
        "redirect",
        "forbidden",
        "missing",
        "cached-missing",
        "status",
        "web-page",
        "negotiated-format",
        "content-type",
        "length",
        "truncated",
        "slow",
        "too-large",
        "other-bytes",
        "expired",
        "expires-soon",
    ];

    /// For events and for looking up.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotHttps => "not-https",
            Self::Private(_) => "private-address",
            Self::Unreachable(_) => "unreachable",
            Self::Redirect { .. } => "redirect",
            Self::Forbidden { .. } => "forbidden",
            Self::Missing { .. } => "missing",
            Self::CachedMissing { .. } => "cached-missing",
            Self::Status { .. } => "status",
            Self::WebPage => "web-page",
            Self::Negotiated { .. } => "negotiated-format",
            Self::ContentType { .. } => "content-type",
            Self::Length { .. } => "length",
            Self::Truncated { .. } => "truncated",
            Self::Slow { .. } => "slow",
            Self::TooLarge { .. } => "too-large",
            Self::OtherBytes => "other-bytes",
            Self::Expired { .. } => "expired",
            Self::ExpiresSoon { .. } => "expires-soon",
        }
    }

    /// What to do, one sentence: lower case, no full stop.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotHttps => "serve it over https",
            Self::Private(_) => {
                "put it on a public host: this address belongs to a private network, even if the name looks public"
            }
            Self::Unreachable(_) => {
                "check the name and the host's certificate; behind a proxy that this machine needs, --no-probe skips the proof"
            }
            Self::Redirect { .. } => "write the URL that it redirects to: Meta may not follow redirects",
            Self::Forbidden { .. } => {
                "allow the user agent facebookexternalhit: check the firewall, hotlink protection, bucket policy and robots.txt"
            }
            Self::Missing { .. } => "upload the file first, and check the path, including upper and lower case",
            Self::CachedMissing { .. } => {
                "clear the cache, or wait until its entry expires; send `cache-control: no-store` with misses"
            }
            Self::Status { .. } => "check the host; Meta needs a plain 200",
            Self::WebPage => {
                "a login, a cookie wall or a share page is in the way: give the address of the file itself"
            }
            Self::Negotiated { .. } => "turn off automatic format selection for this path",
            Self::ContentType { .. } => "have the host send image/jpeg for JPEG and video/mp4 for MP4",
            Self::Length { .. } | Self::OtherBytes => {
                "upload exactly this file; check for a host that resizes pictures, or an old copy in a cache"
            }
            Self::Truncated { .. } => "upload the file again: the host has only a part of it, or cuts it off",
            Self::Slow { .. } => {
                "Meta waits a few seconds: use a faster host, or warm its cache by opening the URL once"
            }
            Self::TooLarge { .. } => "make the file smaller",
            Self::Expired { .. } => "create a new URL that is valid for hours, not minutes",
            Self::ExpiresSoon { .. } => "create a URL that is valid for hours: Meta may fetch late",
        }
    }
}
