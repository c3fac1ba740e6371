//! A rule with a content root that breaks it and one that keeps it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::testing::{Mp4, jpeg};

#[derive(Clone)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// These bytes, then zeros up to this length.
    Sparse(Vec<u8>, u64),
    Link(&'static str),
    Folder,
    /// Taken away from what every fixture starts with.
    Nothing,
}

pub(crate) type Files = Vec<(&'static str, Content)>;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) fails: Fixture,
    pub(crate) passes: Fixture,
}

#[derive(Clone, Default)]
pub(crate) struct Fixture {
    pub(crate) files: Files,
    pub(crate) args: Vec<&'static str>,
    pub(crate) env: Vec<(&'static str, &'static str)>,
}

impl From<Files> for Fixture {
    fn from(files: Files) -> Self {
        Self { files, ..Self::default() }
    }
}

/// A manifest at `posts/post.yaml`.
impl From<&str> for Fixture {
    fn from(manifest: &str) -> Self {
        files(&[("posts/post.yaml", manifest)]).into()
    }
}

impl From<String> for Fixture {
    fn from(manifest: String) -> Self {
        manifest.as_str().into()
    }
}

pub(crate) fn case(rule: &'static str, fails: impl Into<Fixture>, passes: impl Into<Fixture>) -> Case {
    Case { rule, fails: fails.into(), passes: passes.into() }
}

pub(crate) fn files(texts: &[(&'static str, &str)]) -> Files {
    texts.iter().map(|(path, text)| (*path, Content::Bytes(text.as_bytes().to_vec()))).collect()
}

/// A square photograph that breaks no rule.
pub(crate) static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| jpeg(1080, 1080));

pub(crate) const IMAGE: &str = "kind: image\nimage: ./a.jpg\n";
pub(crate) const REEL: &str = "kind: reel\nvideo: ./a.mp4\n";
pub(crate) const CONFIG: &str = "\
accounts:
  harbour:
    user_id: \"17841400000000001\"
    login: instagram
media:
  hosting: { url: \"https://cdn.example.com/{path}\" }
";

impl Case {
    /// What `validate` prints, on a terminal of 80 columns.
    pub(crate) fn run(&self, fixture: &Fixture) -> String {
        let folder = tempfile::tempdir().unwrap();
        let output = fixture.command(folder.path(), &["validate"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(!text.contains("panicked"), "{}: {text}", self.rule);
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

impl Fixture {
    /// The same with another severity for a rule.
    pub(crate) fn configured(&self, rule: &str, severity: &str) -> Self {
        let own = self.files.iter().rev().find(|(path, _)| *path == "igsync.yaml");
        let config = match own {
            Some((_, Content::Bytes(bytes))) => String::from_utf8(bytes.clone()).unwrap(),
            _ => CONFIG.to_owned(),
        };
        let rest: String =
            config.lines().filter(|line| !line.starts_with("rules:")).flat_map(|line| [line, "\n"]).collect();
        let config = format!("{rest}rules: {{ {rule}: {severity} }}\n");
        let mut files = self.files.clone();
        files.push(("igsync.yaml", Content::Bytes(config.into_bytes())));
        Self { files, ..self.clone() }
    }

    /// Writes the content root and makes the command that looks at it.
    pub(crate) fn command(&self, root: &Path, args: &[&str]) -> Command {
        write(root, "igsync.lock", &Content::Bytes(b"{\"igsync_lock\":1}\n".to_vec()));
        write(root, "igsync.yaml", &Content::Bytes(CONFIG.into()));
        write(root, "posts/post.yaml", &Content::Bytes(IMAGE.into()));
        write(root, "posts/a.jpg", &Content::Bytes(PICTURE.clone()));
        write(root, "posts/a.mp4", &Content::Bytes(Mp4::default().build()));
        for (path, content) in &self.files {
            write(root, path, content);
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_igsync"));
        command.args(args).args(&self.args).current_dir(root).env_clear().envs(self.env.iter().copied());
        command
    }
}

fn write(root: &Path, path: &str, content: &Content) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&path);
    match content {
        Content::Bytes(bytes) => fs::File::create(path).unwrap().write_all(bytes).unwrap(),
        Content::Sparse(bytes, len) => {
            let mut file = fs::File::create(path).unwrap();
            file.write_all(bytes).unwrap();
            file.set_len(*len).unwrap();
        }
        #[cfg(unix)]
        Content::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
        #[cfg(not(unix))]
        Content::Link(_) => {}
        Content::Folder => fs::create_dir_all(path).unwrap(),
        Content::Nothing => {}
    }
}
