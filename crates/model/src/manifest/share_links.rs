//! Addresses that show a page about a file instead of the file.

use igsync_base::path::Source;
use url::Url;

/// Why the address of a shared file fails, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub service: &'static str,
    pub why: &'static str,
    /// The address of the file itself, where it follows from the page's.
    pub direct: Option<String>,
}

/// What is known of an address; `None`: nothing speaks against it.
pub(super) fn shared(source: &Source) -> Option<Shared> {
    let Source::Url(text) = source else { return None };
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?.trim_start_matches("www.");
    let page = "it leads to a page with a preview, and Meta needs the file itself";
    let of = |service, why| Some(Shared { service, why, direct: None });
    match host {
        "drive.google.com" | "docs.google.com" => {
            of("Google Drive", "it answers with a page, and Google asks before it sends larger files")
        }
        "photos.app.goo.gl" | "photos.google.com" => of("Google Photos", page),
        "dropbox.com" | "db.tt" => Some(Shared { service: "Dropbox", why: page, direct: dropbox(&url) }),
        "icloud.com" | "share.icloud.com" => of("iCloud", page),
        "onedrive.live.com" | "1drv.ms" => of("OneDrive", page),
        _ if host.ends_with(".sharepoint.com") => of("OneDrive", page),
        "box.com" | "app.box.com" => of("Box", page),
        "wetransfer.com" | "we.tl" => of("WeTransfer", "it leads to a page, and ends after some days"),
        "github.com" if url.path().contains("/blob/") => {
            Some(Shared { service: "GitHub", why: page, direct: Some(github(&url)) })
        }
        _ => None,
    }
}

/// Dropbox serves the same path from another host.
fn dropbox(url: &Url) -> Option<String> {
    if !url.path().starts_with("/s") {
        return None;
    }
    let mut direct = url.clone();
    direct.set_host(Some("dl.dropboxusercontent.com")).ok()?;
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !matches!(&**name, "dl" | "raw"))
        .map(|(a, b)| (a.into(), b.into()))
        .collect();
    direct.set_query(None);
    if !pairs.is_empty() {
        direct.query_pairs_mut().extend_pairs(pairs);
    }
    Some(direct.into())
}

fn github(url: &Url) -> String {
    let path = url.path().replacen("/blob/", "/", 1);
    format!("https://raw.githubusercontent.com{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<(&'static str, Option<String>)> {
        shared(&Source::Url(url.into())).map(|shared| (shared.service, shared.direct))
    }

    #[test]
    fn pages_of_shared_files_are_known() {
        for (url, service) in [
            ("https://drive.google.com/file/d/1a2b3c/view?usp=sharing", "Google Drive"),
            ("https://drive.google.com/uc?export=download&id=1a2b3c", "Google Drive"),
            ("https://photos.app.goo.gl/abc", "Google Photos"),
            ("https://www.icloud.com/iclouddrive/0a1b#a.jpg", "iCloud"),
            ("https://share.icloud.com/photos/0a1b", "iCloud"),
            ("https://1drv.ms/i/s!abc", "OneDrive"),
            ("https://onedrive.live.com/?id=abc", "OneDrive"),
            ("https://acme-my.sharepoint.com/:i:/g/personal/x", "OneDrive"),
        ] {
            assert_eq!(of(url), Some((service, None)), "{url}");
        }
        let dropbox = of("https://www.dropbox.com/scl/fi/abc/a.jpg?rlkey=k&dl=0").unwrap();
        assert_eq!(dropbox, ("Dropbox", Some("https://dl.dropboxusercontent.com/scl/fi/abc/a.jpg?rlkey=k".into())));
        let github = of("https://github.com/acme/site/blob/main/posts/a.jpg").unwrap();
        assert_eq!(github.1.as_deref(), Some("https://raw.githubusercontent.com/acme/site/main/posts/a.jpg"));
    }

    #[test]
    fn addresses_of_files_are_left_alone() {
        for url in [
            "https://cdn.example.com/a.jpg",
            "https://dl.dropboxusercontent.com/s/abc/a.jpg",
            "https://raw.githubusercontent.com/acme/site/main/a.jpg",
            "https://drive.google.com.example.com/a.jpg",
            "https://github.com/acme/site/raw/main/a.jpg",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        assert_eq!(shared(&Source::Local("posts/drive.google.com.jpg".into())), None);
    }
}
