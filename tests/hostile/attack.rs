//! A content root inside a folder with canary files around it, a `PATH` of traps, and bounds for each run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project::Output;

/// Programs that a trap is in for; git is the real one.
const TRAPS: &[&str] = &["sh", "bash", "cat", "curl", "wget", "touch", "env", "node", "python3", "ssh", "less", "vi"];

/// A folder with a content root in it. Whatever is outside the root is a canary.
pub struct Attack {
    folder: tempfile::TempDir,
    root: PathBuf,
    env: Vec<(String, String)>,
}

impl Attack {
    /// A content root `content/` with one valid image post, beside files that no one may touch or print.
    pub fn new() -> Self {
        let attack = Self::at("content");
        attack.write("content/igsync.lock", "{\"igsync_lock\":1}\n");
        attack.write(
            "content/igsync.yaml",
            "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
        );
        attack.write("content/posts/one.jpg", picture());
        attack.write("content/posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: The first one\n");
        attack
    }

    /// An empty content root at `root` below the outer folder.
    pub fn at(root: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join(root);
        fs::create_dir_all(&path).unwrap();
        let attack = Self { folder, root: path, env: Vec::new() };
        attack.write("outside/secret.txt", format!("{CANARY}\n"));
        attack.write("outside/profile", "# a start-up file\n");
        let traps = attack.folder.path().join("traps");
        fs::create_dir_all(&traps).unwrap();
        let sprung = attack.sprung();
        // Written by one process of its own: a file that is open for writing cannot be run.
        let script = format!(
            "for name in {names}; do printf '#!/bin/sh\\necho \"'$name' $*\" >> \"{sprung}\"\\nexit 97\\n' > '{traps}'/$name; chmod 755 '{traps}'/$name; done",
            names = TRAPS.join(" "),
            sprung = sprung.display(),
            traps = traps.display()
        );
        assert!(Command::new("/bin/sh").arg("-c").arg(script).status().unwrap().success());
        attack
    }

    /// The folder around the content root.
    pub fn outer(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes below the outer folder.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.outer().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
        fs::write(path, bytes).unwrap();
    }

    /// Makes a link below the outer folder; `target` as a link has it.
    pub fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.outer().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn sprung(&self) -> PathBuf {
        self.folder.path().join("sprung")
    }

    /// Runs git as a person would, in the outer folder.
    pub fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .current_dir(self.outer())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.outer())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// `igsync` in the content root: traps before everything on the `PATH`, 1 GiB of address space beyond what a
    /// run needs at rest, one minute of processor time.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_within("ulimit -t 60; ulimit -v 4000000", arguments)
    }

    /// The same within other limits, as the shell's `ulimit` takes them.
    fn command_within(&self, limits: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("{limits}; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_igsync"))
            .args(arguments)
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.outer())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// The `PATH` of a run: traps first, then what git needs.
    fn path(&self) -> String {
        let rest = std::env::var("PATH").unwrap_or_default();
        format!("{}:{rest}", self.folder.path().join("traps").display())
    }

    /// Runs `igsync`; whatever it does, no canary may change, no trap spring and no secret appear.
    #[must_use = "check how it ended"]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.watch(self.command(arguments), arguments)
    }

    /// As [`Self::run`], within limits as the shell's `ulimit` takes them.
    #[must_use = "check how it ended"]
    pub fn run_within(&self, limits: &str, arguments: &[&str]) -> Output {
        self.watch(self.command_within(limits, arguments), arguments)
    }

    /// As [`Self::run`], started by another program and its arguments.
    #[must_use = "check how it ended"]
    pub fn run_under(&self, outer: &[&str], arguments: &[&str]) -> Output {
        let inner = self.command(arguments);
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(inner.get_program()).args(inner.get_args()).current_dir(&self.root).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
        self.watch(command, arguments)
    }

    fn watch(&self, mut command: Command, arguments: &[&str]) -> Output {
        let before = self.outside();
        let output = command.output().unwrap();
        let output = Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert_eq!(before, self.outside(), "{arguments:?} changed what is outside the content root\n{output:?}");
        self.assert_no_program_started();
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains(CANARY), "{arguments:?} printed a file from outside\n{text}");
        }
        output
    }

    #[track_caller]
    pub fn assert_no_program_started(&self) {
        let sprung = fs::read_to_string(self.sprung()).unwrap_or_default();
        assert!(sprung.is_empty(), "a program was started: {sprung}");
    }

    /// Every file and link outside the content root, `.git` left out.
    fn outside(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        walkdir::WalkDir::new(self.outer())
            .into_iter()
            .filter_entry(|entry| {
                entry.path() != self.root && entry.file_name() != ".git" && entry.file_name() != "sprung"
            })
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| {
                let path = entry.path().to_owned();
                let bytes = fs::read_link(&path).map_or_else(
                    |_| fs::read(&path).unwrap_or_default(),
                    |target| target.into_os_string().into_encoded_bytes(),
                );
                (path, bytes)
            })
            .collect()
    }
}

/// Stands in files outside the content root: no output and no written file may hold it.
pub const CANARY: &str = "canary-3f9c1b7e-never-printed";

/// A small square photograph that passes every check.
pub fn picture() -> Vec<u8> {
    static PICTURE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    PICTURE
        .get_or_init(|| {
            let picture = image::RgbImage::from_pixel(640, 640, image::Rgb([90, 120, 160]));
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
            bytes.into_inner()
        })
        .clone()
}

/// The same picture in other bytes for each number.
pub fn numbered_picture(number: u8) -> Vec<u8> {
    let picture = picture();
    [&picture[..2], &[0xFF, 0xFE, 0, 3, number], &picture[2..]].concat()
}

#[test]
fn a_content_root_without_an_attack_passes() {
    let attack = Attack::new();
    let _ = attack.run(&["validate"]).exits(0);
    let _ = attack.run(&["plan"]).exits(0);
    let _ = attack.run(&["apply", "--sandbox", "--yes"]).exits(0);
}

#[test]
fn a_trap_that_is_sprung_is_seen() {
    let attack = Attack::new();
    let trap = attack.folder.path().join("traps/curl");
    assert_eq!(Command::new(trap).arg("https://example.com").status().unwrap().code(), Some(97));
    assert_eq!(fs::read_to_string(attack.sprung()).unwrap(), "curl https://example.com\n");
}
