//! The schemas in a real editor service: the YAML language server, as `npm` installs it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::case::Fixture;

/// Where the server is: told, or where `.ci/run` puts it. `None`: the test skips visibly.
fn program() -> Option<PathBuf> {
    let told = std::env::var_os("IGSYNC_YAML_LANGUAGE_SERVER").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules/.bin/yaml-language-server");
    let found = told.or(Some(usual)).filter(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("IGSYNC_TEST_REQUIRE_TOOLS").is_none(), "yaml-language-server is missing");
        eprintln!("skipped: no yaml-language-server here");
    }
    found
}

/// A running server and its messages.
struct Editor {
    server: Child,
    messages: Receiver<Value>,
    next: u64,
}

impl Editor {
    fn start(program: &Path) -> Self {
        let mut server = Command::new(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self { server, messages, next: 0 };
        editor.ask("initialize", &json!({
            "processId": null,
            "rootUri": null,
            "capabilities": { "textDocument": { "completion": { "completionItem": { "documentationFormat": ["plaintext"] } } } },
        }));
        editor.tell("initialized", &json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let stdin = self.server.stdin.as_mut().unwrap();
        write!(stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        stdin.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| (message["id"] == id && message.get("method").is_none()).then(|| message["result"].clone()))
    }

    /// The first message that `wanted` takes; what the server asks meanwhile is answered with nothing.
    fn wait<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let message = self.messages.recv_timeout(Duration::from_secs(60)).unwrap();
            if let Some(found) = wanted(&message) {
                return found;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                let count = message["params"]["items"].as_array().map_or(0, Vec::len);
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": vec![Value::Null; count] }));
            }
        }
    }

    /// Opens a manifest and waits for its diagnostics.
    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        self.wait(|message| {
            let is_it = message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri;
            is_it.then(|| message["params"]["diagnostics"].as_array().unwrap().clone())
        })
    }

    /// What is offered at the beginning of a line, counted from 0.
    fn offered(&mut self, uri: &str, line: usize, column: usize) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": column } });
        let answer = self.ask("textDocument/completion", &params);
        answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(stdout: &mut impl BufRead) -> Option<Value> {
    let mut len = 0;
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => len = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; len];
    stdout.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A content root as `init` makes it, and the line that ties a manifest in a subfolder to the schema.
fn content_root() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_igsync")).arg("init").current_dir(folder.path()).output().unwrap();
    assert!(output.status.success());
    let arguments = ["new", "image", "2030-12/one"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_igsync")).args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success());
    let made = std::fs::read_to_string(folder.path().join("posts/2030-12/one.yaml")).unwrap();
    let first = made.lines().next().unwrap().to_owned();
    (folder, first)
}

#[test]
fn a_kind_is_offered_its_own_fields_with_their_descriptions() {
    let Some(program) = program() else { return };
    let (folder, modeline) = content_root();
    let mut editor = Editor::start(&program);
    let uri = |name: &str| format!("file://{}", folder.path().join("posts/2030-12").join(name).display());
    for (kind, media, has_caption) in
        [("story", "image: ./a.jpg", false), ("image", "image: ./a.jpg", true), ("reel", "video: ./a.mp4", true)]
    {
        let uri = uri(&format!("{kind}.yaml"));
        let diagnostics = editor.open(&uri, &format!("{modeline}\nkind: {kind}\n{media}\n\n"));
        assert!(diagnostics.is_empty(), "{kind}: {diagnostics:?}");
        let offered = editor.offered(&uri, 3, 0);
        let labels: Vec<&str> = offered.iter().filter_map(|item| item["label"].as_str()).collect();
        assert!(labels.contains(&"publish_at") && !labels.contains(&"items"), "{kind}: {labels:?}");
        assert_eq!(labels.contains(&"caption"), has_caption, "{kind}: {labels:?}");
        let item = offered.iter().find(|item| item["label"] == "publish_at").unwrap();
        assert!(item["documentation"].to_string().contains("Not before"), "{item}");
    }
}

/// Rules whose fixture a schema can express.
const EXPRESSIBLE: &[&str] = &[
    "IGS1011", "IGS1012", "IGS1015", "IGS1016", "IGS1017", "IGS2101", "IGS2201", "IGS2301", "IGS2304", "IGS2401",
    "IGS2402", "IGS2403",
];

#[test]
fn a_mistake_is_marked_on_the_line_that_igsync_marks() {
    let Some(program) = program() else { return };
    let (folder, modeline) = content_root();
    let mut editor = Editor::start(&program);
    let mut surprises = Vec::new();
    for case in crate::cases().iter().filter(|case| EXPRESSIBLE.contains(&case.rule)) {
        let text = |fixture: &Fixture| match &fixture.files[0] {
            ("posts/post.yaml", crate::case::Content::Bytes(bytes)) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{}: {}", case.rule, other.0),
        };
        let root = tempfile::tempdir().unwrap();
        let output = case.fails.command(root.path(), &["validate", "--format", "json"]).output().unwrap();
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let line = findings["findings"][0]["line"].as_u64().unwrap();
        let uri = |name: &str| {
            format!("file://{}", folder.path().join(format!("posts/2030-12/{}-{name}.yaml", case.rule)).display())
        };
        // The modeline takes the first line, so igsync's line from 1 is the editor's from 0.
        let marked = editor.open(&uri("fails"), &format!("{modeline}\n{}", text(&case.fails)));
        if !marked.iter().any(|mark| mark["range"]["start"]["line"] == line) {
            surprises.push(format!("{} should be marked in line {line}: {marked:?}", case.rule));
        }
        let marked = editor.open(&uri("passes"), &format!("{modeline}\n{}", text(&case.passes)));
        if !marked.is_empty() {
            surprises.push(format!("{} should not be marked: {marked:?}", case.rule));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
