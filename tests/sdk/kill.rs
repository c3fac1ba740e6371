use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::{Remote, USER};

/// `igsync sandbox` in a process of its own; killed when dropped, without a chance to tidy up.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_igsync"))
            .args(["sandbox", "--port", "0", "--data"])
            .arg(data)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim().trim_end_matches('/').to_owned() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_killed_sandbox_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let look = |remote: &Remote| {
        let state: Vec<Value> = ["published", "switches", "accounts"]
            .map(|what| remote.get(&format!("_sandbox/{what}")))
            .into_iter()
            .collect();
        (state, remote.get(&format!("v26.0/{USER}/content_publishing_limit")))
    };
    let process = Process::start(folder.path());
    let remote = Remote::new(&process.url);
    remote.post("_sandbox/switches", &json!({ "image_ms": 0, "quota_lag_ms": 0 }));
    let image = remote.host("espresso.jpg");
    for n in 0..3 {
        let made =
            remote.post(&format!("{USER}/media"), &json!({ "image_url": image, "caption": format!("post {n}") }));
        let live = remote.post(&format!("{USER}/media_publish"), &json!({ "creation_id": made["id"] }));
        assert!(live["id"].is_string(), "{made} {live}");
    }
    let open = remote.post(&format!("{USER}/media"), &json!({ "image_url": image }));
    let before = look(&remote);
    drop(process);

    let process = Process::start(folder.path());
    let remote = Remote::new(&process.url);
    assert_eq!(look(&remote), before);
    assert_eq!(before.1["data"][0]["quota_usage"], 3);
    let live = remote.post(&format!("{USER}/media_publish"), &json!({ "creation_id": open["id"] }));
    assert!(live["id"].is_string(), "{live}");
}
