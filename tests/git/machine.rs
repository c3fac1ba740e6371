//! Machines that vanish: each is a fresh clone with the environment of a CI job, over one origin and one account.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::project::{Output, Project, Server};
use crate::repo::{Origin, commit, environment, git, push, write};

/// One repository, one account.
pub struct Site {
    pub origin: Origin,
    pub server: Server,
    /// Where in the repository the content is: empty, or with a slash at its end.
    prefix: String,
    has_state_branch: bool,
}

impl Site {
    /// `count` image posts, `posts/1` and so on, and nothing published yet.
    pub fn new(count: u8) -> Self {
        Self::below("", count, "")
    }

    /// As [`Self::new`], in a folder of the repository, with more lines of configuration.
    pub fn below(prefix: &str, count: u8, config: &str) -> Self {
        let site = Self {
            origin: Origin::new(prefix),
            server: Server::start(),
            prefix: prefix.to_owned(),
            has_state_branch: config.contains("state_branch"),
        };
        site.change("Add posts", |folder| {
            write(
                folder,
                "igsync.yaml",
                &format!("accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n{config}"),
            );
            write(folder, ".gitignore", ".igsync/\n");
            for number in 1..=count {
                post(folder, number);
            }
        });
        site
    }

    /// A commit on `main` by someone else; `edit` is given the content root.
    pub fn change(&self, message: &str, edit: impl FnOnce(&std::path::Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        self.origin.clone_into(folder.path(), &["--depth=1"]);
        edit(&folder.path().join(&self.prefix));
        let made = commit(folder.path(), message);
        push(folder.path());
        made
    }

    /// A new machine of the CI, as `actions/checkout` leaves it.
    pub fn machine(&self) -> Machine {
        let machine = self.desk(&["--depth=1"]);
        Machine { project: machine.project.env("CI", "true"), root: machine.root }
    }

    /// Someone's own clone.
    pub fn desk(&self, options: &[&str]) -> Machine {
        let mut project = Project::empty();
        self.origin.clone_into(project.path(), options);
        for (name, value) in environment() {
            project = project.env(name, &value);
        }
        let project = project.against(&self.server, "instagram", "IGAA-LONG").env("IGSYNC_HTTP_TIMEOUT_MS", "2000");
        Machine { project, root: self.prefix.clone() }
    }

    /// The branch that keeps the record.
    pub fn branch(&self) -> &'static str {
        if self.has_state_branch { "bot/state" } else { "main" }
    }

    /// The lockfile as a branch of the remote holds it.
    pub fn records(&self, branch: &str) -> Vec<Value> {
        let text = self.origin.file(branch, &format!("{}igsync.lock", self.prefix)).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Each of `count` posts is live once, and the record on the remote is complete and right.
    #[track_caller]
    pub fn audit(&self, count: u8, branch: &str, about: &str) {
        let live = self.server.published();
        let mut captions: Vec<&str> = live.iter().map(|post| post["caption"].as_str().unwrap()).collect();
        captions.sort_unstable();
        let mut wanted: Vec<String> = (1..=count).map(caption).collect();
        wanted.sort_unstable();
        assert_eq!(captions, wanted, "{about}: every post is live once");
        let records = self.records(branch);
        for number in 1..=count {
            let key = format!("posts/{number}");
            let mine: Vec<_> = records.iter().filter(|r| r["key"] == *key && r["state"] == "published").collect();
            assert!(!mine.is_empty(), "{about}: {key} is not recorded: {records:#?}");
            let post = live.iter().find(|post| post["caption"] == *caption(number)).unwrap();
            for record in mine {
                // Who has found the post live before its record arrived has recorded the same media.
                let id = &record["media_id"];
                assert!(id.is_null() || *id == post["media_id"], "{about}: {key} has a wrong id: {record:#?}");
            }
            let open: Vec<_> = records
                .iter()
                .filter(|r| {
                    r["key"] == *key && ["containers", "intent", "unknown"].contains(&r["state"].as_str().unwrap())
                })
                .collect();
            assert!(open.is_empty(), "{about}: {open:#?}");
        }
    }
}

/// One clone and its environment.
pub struct Machine {
    pub project: Project,
    root: String,
}

impl Machine {
    pub fn env(self, name: &str, value: &str) -> Self {
        Self { project: self.project.env(name, value), ..self }
    }

    /// `igsync apply --yes` and more.
    pub fn apply(&self, more: &[&str]) -> Output {
        self.igsync(&[&["apply", "--yes"], more].concat())
    }

    pub fn igsync(&self, words: &[&str]) -> Output {
        let output = self.command(words).output().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut arguments = vec!["-C", if self.root.is_empty() { "." } else { &self.root }];
        arguments.extend(words);
        self.project.command(arguments)
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.project.path(), arguments)
    }
}

pub fn caption(number: u8) -> String {
    format!("Number {number} of the harbour")
}

pub fn post(folder: &std::path::Path, number: u8) {
    let path = folder.join(format!("posts/{number}.jpg"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut bytes = picture().to_vec();
    // A comment at the end of the file makes each file another one.
    bytes.extend([number]);
    #[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
    std::fs::write(path, bytes).unwrap();
    let text = format!("kind: image\nimage: ./{number}.jpg\ncaption: {}\n", caption(number));
    write(folder, &format!("posts/{number}.yaml"), &text);
}

fn picture() -> &'static [u8] {
    static PICTURE: OnceLock<Vec<u8>> = OnceLock::new();
    PICTURE.get_or_init(|| {
        let picture = image::RgbImage::from_pixel(320, 320, image::Rgb([40, 90, 160]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    })
}
