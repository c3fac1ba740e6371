//! `plan` over thousands of posts, as ratios to what cannot be avoided: reading and hashing the manifests.
//!
//! Both sides alternate in one run and their fastest rounds are compared, so a machine that is busy or
//! slow changes the ratio little. `cargo bench --bench plan -- 10000` takes another number of posts.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time and stops when surprised"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

const ROUNDS: usize = 7;

fn main() {
    let counts: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![1_000, 10_000] } else { counts };
    for count in counts {
        let folder = tempfile::tempdir().unwrap();
        write_posts(folder.path(), count);
        plan(folder.path(), &["--format", "json"]);
        record_all(folder.path());
        compare(folder.path(), count);
    }
}

/// Prints the fastest rounds and their ratio.
fn compare(root: &Path, count: usize) {
    let (mut planned, mut floor) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        hash_manifests(root);
        floor = floor.min(start.elapsed());
        let start = Instant::now();
        assert!(plan(root, &[]).ends_with("No changes.\n"));
        planned = planned.min(start.elapsed());
    }
    println!(
        "{count} posts: plan with nothing to do {planned:.0?}, reading and hashing the manifests {floor:.0?}, ratio {:.1}",
        planned.as_secs_f64() / floor.as_secs_f64()
    );
}

fn plan(root: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_igsync"))
        .arg("plan")
        .args(arguments)
        .current_dir(root)
        .env_clear()
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn hash_manifests(root: &Path) {
    let mut hasher = Sha256::new();
    for entry in walkdir::WalkDir::new(root.join("posts")).into_iter().filter_map(Result::ok) {
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            hasher.update(std::fs::read(entry.path()).unwrap());
        }
    }
    std::hint::black_box(hasher.finalize());
}

fn write_posts(root: &Path, count: usize) {
    let put = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "igsync.yaml",
        "accounts: { acme: { user_id: \"17841400000000001\" } }\nlimits: { max_publish_per_run: 200000 }\n",
    );
    put("igsync.lock", "{\"igsync_lock\":1}\n");
    let picture = image::RgbImage::from_pixel(640, 640, image::Rgb([40, 90, 160]));
    picture.save_with_format(root.join("cat.jpg"), image::ImageFormat::Jpeg).unwrap();
    for number in 0..count {
        let manifest = format!(
            "kind: image\nimage: ../../cat.jpg\nalt_text: A cat beside number {number}\ncaption: |\n  Post {number} of {count}, \
             with some words in it\n  and a second line about nothing in particular.\nhashtags: [harbour, boats]\n\
             user_tags: [{{ username: harbour, x: 0.4, y: 0.6 }}]\n"
        );
        put(&format!("posts/{:03}/p{number}.yaml", number / 200), &manifest);
    }
}

/// Turns what the plan would publish into a lockfile that says it is live.
fn record_all(root: &Path) {
    let plan: serde_json::Value = serde_json::from_str(&plan(root, &["--format", "json"])).unwrap();
    let mut lines: Vec<(String, String)> = Vec::new();
    for (number, change) in plan["changes"].as_array().unwrap().iter().enumerate() {
        let key = change["key"].as_str().unwrap();
        let hash = Sha256::digest(format!("17841400000000001/{key}"));
        let mut order = String::new();
        for byte in &hash {
            write!(order, "{byte:02x}").unwrap();
        }
        let record = serde_json::json!({
            "key": key, "user_id": "17841400000000001", "account": "acme", "kind": "image", "state": "published",
            "digest": change["digest"], "media_digest": format!("v1:sha256:{number:064x}"),
            "attempt": format!("a{number:015}"), "container": format!("178{number:014}"),
            "media_id": format!("179{number:014}"), "permalink": format!("https://www.instagram.com/p/{number:011}/"),
            "published_at": "2026-11-01T10:00:00Z", "via": "publish", "file": change["file"],
        });
        lines.push((order, record.to_string()));
    }
    lines.sort_unstable();
    let mut text = String::from("{\"igsync_lock\":1}\n");
    for (_, line) in lines {
        text.push_str(&line);
        text.push('\n');
    }
    std::fs::write(root.join("igsync.lock"), text).unwrap();
}
