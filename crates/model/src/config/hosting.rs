//! Which way local media take to a URL, as the configuration says it. Pure values.

pub mod template;

use std::time::Duration;

use url::Url;

/// Where local media become URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosting {
    /// A template with `{path}`, `{commit}`, `{sha256}`, `{ext}`, for files that are there already.
    Url(String),
    /// Raw files of the pushed commit; `None`: the repository of the remote `origin`.
    Github(Option<Repository>),
    ObjectStore(Box<ObjectStore>),
    /// A program and its first arguments; it is given a file and prints its URL.
    Command(Vec<String>),
}

/// A repository on github.com.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub owner: String,
    pub name: String,
}

/// A bucket of S3 or of a service that speaks like S3. Keys are never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectStore {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    /// `None`: as the environment says.
    pub region: Option<String>,
    /// `None`: as the environment says, else AWS itself.
    pub endpoint: Option<Url>,
    /// `https://host/bucket/name` instead of `https://bucket.host/name`; `None`: whatever is usual there.
    pub path_style: Option<bool>,
    pub link: Link,
}

/// How an uploaded file is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// At this base, by anyone.
    Public(Url),
    /// By a signed link, for this long.
    Presigned(Duration),
}

impl Hosting {
    /// The base of addresses that only this machine can reach; `None`: everyone can, as far as can be told.
    #[must_use]
    pub fn on_this_machine(&self) -> Option<String> {
        let base = match self {
            Self::Url(template) => Url::parse(template.split('{').next()?).ok()?,
            Self::ObjectStore(store) => match &store.link {
                Link::Public(base) => base.clone(),
                Link::Presigned(_) => store.endpoint.clone()?,
            },
            Self::Github(_) | Self::Command(_) => return None,
        };
        igsync_base::net::is_loopback(&base).then(|| base.to_string())
    }

    /// Which host it is, in words that differ where the addresses of files would. Part of records: they stay as they
    /// are.
    #[must_use]
    pub fn identity(&self) -> String {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let parts = match self {
            Self::Url(template) => vec!["url".to_owned(), template.clone()],
            Self::Github(repository) => {
                let name = repository.as_ref().map(|Repository { owner, name }| format!("{owner}/{name}"));
                vec!["github".to_owned(), text(name.as_deref())]
            }
            Self::ObjectStore(store) => {
                // How long a signed link lives changes nothing about what it leads to.
                let ObjectStore { bucket, prefix, region, endpoint, path_style, link } = &**store;
                let base = match link {
                    Link::Public(base) => base.as_str(),
                    Link::Presigned(_) => "presigned",
                };
                let path_style = path_style.map(|path_style| path_style.to_string());
                let [region, endpoint] = [region.as_deref(), endpoint.as_ref().map(Url::as_str)].map(text);
                let [bucket, prefix, base] = [&**bucket, &**prefix, base].map(str::to_owned);
                vec!["object_store".to_owned(), bucket, prefix, region, endpoint, text(path_style.as_deref()), base]
            }
            Self::Command(command) => {
                std::iter::once("command").chain(command.iter().map(String::as_str)).map(str::to_owned).collect()
            }
        };
        parts.join("\n")
    }

    /// Names of the variables with the keys that igsync itself uses here.
    #[must_use]
    pub fn key_variables(&self) -> &'static [&'static str] {
        match self {
            Self::ObjectStore(_) => &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
            Self::Url(_) | Self::Github(_) | Self::Command(_) => &[],
        }
    }

    /// Whether files that only this machine has can be hosted.
    #[must_use]
    pub fn uploads(&self) -> bool {
        match self {
            Self::Url(_) | Self::Github(_) => false,
            Self::ObjectStore(_) | Self::Command(_) => true,
        }
    }
}

impl Repository {
    /// Reads `owner/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_word = |word: &str| {
            !word.is_empty()
                && word.len() <= 100
                && !word.chars().all(|c| c == '.')
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        (is_word(owner) && is_word(name)).then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Reads the address of a git remote: `https://github.com/owner/name.git`, `ssh://git@github.com/owner/name`
    /// or `git@github.com:owner/name.git`. `None`: it is not on github.com.
    #[must_use]
    pub fn of_remote(address: &str) -> Option<Self> {
        let path = match Url::parse(address) {
            Ok(url) if matches!(url.scheme(), "https" | "http" | "ssh" | "git" | "git+ssh") => {
                is_github(url.host_str()?).then(|| url.path().to_owned())?
            }
            // scp's form has no scheme: [user@]host:path
            _ => {
                let (host, path) = address.split_once(':').filter(|(_, path)| !path.starts_with("//"))?;
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                is_github(host).then(|| path.to_owned())?
            }
        };
        let path = path.trim_matches('/');
        Self::parse(path.strip_suffix(".git").unwrap_or(path))
    }
}

/// `ssh.github.com` is the way through firewalls that allow only port 443.
fn is_github(host: &str) -> bool {
    ["github.com", "www.github.com", "ssh.github.com"].iter().any(|name| name.eq_ignore_ascii_case(host))
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_on_github_is_found_in_every_form() {
        for address in [
            "https://github.com/acme/content.git",
            "https://github.com/acme/content",
            "https://github.com/acme/content/",
            "https://x-access-token:secret@github.com/acme/content.git",
            "http://www.github.com/acme/content",
            "git://github.com/acme/content.git",
            "ssh://git@github.com/acme/content.git",
            "ssh://git@github.com:22/acme/content.git",
            "ssh://git@ssh.github.com:443/acme/content.git",
            "git@github.com:acme/content.git",
            "git@GitHub.com:/acme/content",
            "github.com:acme/content.git",
        ] {
            assert_eq!(
                Repository::of_remote(address).map(|it| it.to_string()).as_deref(),
                Some("acme/content"),
                "{address}"
            );
        }
        let dotted = Repository::of_remote("git@github.com:acme/acme.github.io.git").unwrap();
        assert_eq!(dotted.to_string(), "acme/acme.github.io");
    }

    #[test]
    fn other_remotes_are_not_on_github() {
        for address in [
            "",
            "https://gitlab.com/acme/content.git",
            "https://github.com.example/acme/content",
            "https://example.com/github.com/acme/content",
            "git@github.example.com:acme/content.git",
            "https://github.com/acme",
            "https://github.com/acme/content/tree/main",
            "/srv/git/acme/content.git",
            "../content.git",
            "C:\\git\\content",
            "file:///srv/github.com/acme/content",
        ] {
            assert_eq!(Repository::of_remote(address), None, "{address}");
        }
    }

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        for wrong in ["acme", "acme/", "/content", "acme/con tent", "acme/..", "acme/a/b", "acme/ä", "https://x/y"] {
            assert_eq!(Repository::parse(wrong), None, "{wrong}");
        }
    }
}
