//! How a person names a content root.

use std::path::{Path, PathBuf};

use crate::exit::Exit;
use igsync_base::text::quoted;
use igsync_model::config::{self, Root};
use igsync_model::manifest::{self, Nearby};

use super::failure::Failure;
use super::ports::Ports;

/// Where the content is, as the words of a command line say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// `-C`; without it the current folder or one above it.
    pub chdir: Option<PathBuf>,
    /// `--config`; without it `igsync.yaml` in the content root.
    pub config: Option<PathBuf>,
}

impl Place {
    /// The folder that holds the content, found as `-C` or the current folder says.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn content_root(&self, ports: &Ports) -> Result<PathBuf, Failure> {
        match self.find(ports)? {
            Root::Found(path) => Ok(path),
            // The configuration says where the posts are.
            Root::Missing(path) if self.config.is_some() => Ok(path),
            Root::Missing(path) => Err(self.missing(&path, ports)),
        }
    }

    /// The content root, or nothing of the kind.
    pub(super) fn find(&self, ports: &Ports) -> Result<Root, Failure> {
        let start = self.chdir.clone().unwrap_or_else(|| PathBuf::from("."));
        let start = ports.disk.canonicalize(&start).map_err(|error| {
            Failure::message(
                Exit::Failure,
                format!("cannot open the folder {}: {error}", start.display()),
                "pass the folder that holds igsync.yaml to -C",
            )
        })?;
        Ok(config::find_root(&*ports.disk, &start, self.chdir.is_some()))
    }

    /// Why nothing can be done here, and where the content might be.
    fn missing(&self, folder: &Path, ports: &Ports) -> Failure {
        let above = if self.chdir.is_some() { "" } else { " or above it" };
        let help = match manifest::nearby(&*ports.disk, folder) {
            Some(Nearby::Root(below)) => {
                format!("pass -C {} for the content root below; `igsync init` makes one here", self.below(&below))
            }
            Some(Nearby::Manifests(below)) if !below.is_empty() => format!(
                "for the manifests in {below} pass -C {}, or set `posts: [{}]` in igsync.yaml here, which `igsync init` makes",
                self.below(&below),
                in_yaml(&below)
            ),
            Some(Nearby::Manifests(_)) => {
                "`igsync init` makes what is missing; move the manifests here into posts/".to_owned()
            }
            None => "`igsync init` makes what is needed; -C names another folder".to_owned(),
        };
        Failure::message(
            Exit::Failure,
            format!(
                "there is no content root: neither igsync.yaml, igsync.lock nor posts/ is in {}{above}",
                folder.display()
            ),
            help,
        )
    }

    /// A folder below the one that was looked into, as it has to be typed behind `-C`.
    fn below(&self, folder: &str) -> String {
        let path = self.chdir.as_ref().map_or_else(|| PathBuf::from(folder), |chdir| chdir.join(folder));
        quoted(&path.to_string_lossy())
    }
}

/// A path as an item of a YAML list takes it.
fn in_yaml(path: &str) -> String {
    if quoted(path) == path { path.to_owned() } else { serde_json::Value::from(path).to_string() }
}

/// A path as people know it: relative to the content root where it is inside.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use igsync_testkit::MemDisk;

    use super::super::testing;
    use super::*;

    /// What is said of `/repo` with these files, run with `-C`.
    fn missing(files: &[&str]) -> String {
        let disk = MemDisk::new();
        disk.put("/repo/README.md", "");
        for file in files {
            disk.put(format!("/repo/{file}"), "kind: image\n");
        }
        let (ports, _stopper) = testing::ports(&disk, &[]);
        let place = Place { chdir: Some(PathBuf::from("/repo")), config: None };
        let failure = place.content_root(&ports).unwrap_err();
        assert_eq!(failure.exit, Exit::Failure);
        let help = failure.report.help().map(|help| help.to_string()).unwrap_or_default();
        format!("{}\n{help}", failure.report)
    }

    #[test]
    fn a_folder_without_content_names_the_way_to_some() {
        insta::assert_snapshot!(missing(&[]), @r"
        there is no content root: neither igsync.yaml, igsync.lock nor posts/ is in /repo
        `igsync init` makes what is needed; -C names another folder
        ");
        insta::assert_snapshot!(missing(&["web/igsync.lock"]).lines().last().unwrap(), @"pass -C /repo/web for the content root below; `igsync init` makes one here");
        insta::assert_snapshot!(missing(&["our social/a.yaml"]).lines().last().unwrap(), @r#"for the manifests in our social pass -C '/repo/our social', or set `posts: ["our social"]` in igsync.yaml here, which `igsync init` makes"#);
        insta::assert_snapshot!(missing(&["a.yaml"]).lines().last().unwrap(), @"`igsync init` makes what is missing; move the manifests here into posts/");
    }

    #[test]
    fn a_configuration_that_was_named_says_where_the_posts_are() {
        let disk = MemDisk::new();
        disk.put("/repo/brand.yaml", "posts: [social]\n");
        let (ports, _stopper) = testing::ports(&disk, &[]);
        let place = Place { chdir: Some(PathBuf::from("/repo")), config: Some(PathBuf::from("/repo/brand.yaml")) };
        assert_eq!(place.content_root(&ports).unwrap(), Path::new("/repo"));
    }
}
