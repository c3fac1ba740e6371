//! The content repository that goes through every kind of hosting.

use std::fs;

use crate::project::{Project, USER, repository};

/// How many posts the repository has.
pub const POSTS: usize = 5;

/// Different media files that need a host, by login: Facebook Login takes videos without one.
pub fn hosted_files(login: &str) -> usize {
    if login == "facebook" { 5 } else { 8 }
}

/// An image, a reel with a cover, a mixed carousel and two stories, with a name that needs encoding.
pub fn repository_with(hosting: &str) -> Project {
    let project = Project::empty();
    for kind in ["image", "reel", "carousel", "story"] {
        copy(&project, &format!("tests/fixtures/content/{kind}/posts"), kind);
    }
    project.jpeg("media/Häfen & Meer #1 100%?.jpg", 200);
    project.write(
        "posts/reel/boats.yaml",
        "kind: reel\nvideo: ./boats.mp4\ncover: \"../../media/Häfen & Meer #1 100%?.jpg\"\ncaption: Boats coming home.\n",
    );
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    configure(&project, hosting);
    project
}

/// One image of its own bytes.
pub fn one_image_with(hosting: &str) -> Project {
    let project = Project::with_one_image();
    configure(&project, hosting);
    project
}

pub fn configure(project: &Project, hosting: &str) {
    project.write(
        "igsync.yaml",
        format!(
            "accounts:\n  harbour:\n    user_id: \"{USER}\"\nlimits: {{ max_publish_per_run: 10 }}\nmedia:\n  hosting: {hosting}\n"
        ),
    );
}

/// Forgets what was published, as another account with the same bucket would.
pub fn forget(project: &Project) {
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    let _ = fs::remove_dir_all(project.path().join(".igsync"));
}

/// The journal's records, none if there is no journal.
pub fn journal(project: &Project) -> String {
    fs::read_to_string(project.path().join(".igsync/journal.jsonl")).unwrap_or_default()
}

fn copy(project: &Project, from: &str, kind: &str) {
    for entry in fs::read_dir(repository().join(from)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        project.write(&format!("posts/{kind}/{name}"), fs::read(&path).unwrap());
    }
}

/// A valid video of at least `len` bytes: a real one with an empty box at its end.
pub fn large_video(len: usize) -> Vec<u8> {
    let mut bytes = fs::read(repository().join("tests/fixtures/content/reel/posts/boats.mp4")).unwrap();
    let padding = len.saturating_sub(bytes.len()).max(8);
    bytes.extend((padding as u32).to_be_bytes());
    bytes.extend(b"free");
    // Not zeros: every part has its own bytes.
    bytes.extend((0..padding - 8).map(|at| (at / 4096 % 251) as u8));
    bytes
}
