//! The schemas in a real editor service: the YAML language server, as `npm` installs it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::case::{CONFIG, Content, Fixture, IMAGE};

/// Where the server is: below the packages that `.ci/run` installs. `None`: the test skips visibly.
fn program() -> Option<PathBuf> {
    let packages = std::env::var_os("IGSYNC_NODE_MODULES").map(PathBuf::from);
    let found =
        packages.map(|packages| packages.join("node_modules/.bin/yaml-language-server")).filter(|path| path.exists());
    crate::project::has("yaml-language-server", found.is_some());
    found
}

/// A running server and its messages.
struct Editor {
    server: Child,
    messages: Receiver<Value>,
    next: u64,
    /// What the server gets when it asks for the editor's settings about YAML.
    settings: Value,
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
        let mut editor = Self { server, messages, next: 0, settings: Value::Null };
        editor.ask("initialize", &json!({
            "processId": null,
            "rootUri": null,
            "capabilities": { "workspace": { "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true } }, "textDocument": { "completion": { "completionItem": { "documentationFormat": ["plaintext"] } } } },
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

    /// The first message that `wanted` takes. Meanwhile the server may ask for settings.
    fn wait<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let message = self.messages.recv_timeout(Duration::from_secs(60)).unwrap();
            if let Some(found) = wanted(&message) {
                return found;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                let asked = message["params"]["items"].as_array().cloned().unwrap_or_default();
                let of = |item: &Value| if item["section"] == "yaml" { self.settings.clone() } else { Value::Null };
                let result: Vec<Value> = asked.iter().map(of).collect();
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            }
        }
    }

    /// Opens a manifest and waits for its diagnostics.
    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        self.diagnostics(uri)
    }

    /// The next diagnostics of a file.
    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
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
    // The service takes no pattern for what lies below a hidden folder, as temporary ones usually are.
    let folder = tempfile::Builder::new().prefix("content").tempdir().unwrap();
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
    let uri = uri("carousel.yaml");
    let text = format!("{modeline}\nkind: carousel\nitems:\n  - image: ./a.jpg\n    \n  - video: ./a.mp4\n\n");
    editor.open(&uri, &text);
    let inside = labels(&editor.offered(&uri, 4, 4));
    assert!(inside.contains(&"alt_text".into()) && !inside.contains(&"caption".into()), "{inside:?}");
    let beside = labels(&editor.offered(&uri, 6, 0));
    assert!(beside.contains(&"caption".into()) && !beside.contains(&"image".into()), "{beside:?}");
}

/// Why a schema of one file cannot express a rule.
const BYTES: &str = "is about the bytes of the file, before they are YAML";
const LOOKS: &str = "no mistake in YAML, only in what people meant";
const FILES: &str = "is about other files";
const CONFIGURED: &str = "compares with igsync.yaml";
const COUNTS: &str = "counts words in a text";
const CALENDAR: &str = "needs a calendar or a clock";
const WARNS: &str = "a warning, which the configuration may switch off; editors know errors only";
const FIELDS: &str = "compares two values";

/// Rules that a schema cannot express; every other one is marked on the line that igsync marks.
const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("IGS1001", BYTES),
    ("IGS1002", BYTES),
    ("IGS1003", FILES),
    ("IGS1006", "several documents are good YAML; the service checks each"),
    ("IGS1008", "the service merges, igsync does not"),
    ("IGS1014", LOOKS),
    ("IGS1020", FILES),
    ("IGS1022", "depends on how deep the file lies"),
    ("IGS1025", FILES),
    ("IGS1026", FILES),
    ("IGS1027", FILES),
    ("IGS1028", FILES),
    ("IGS1029", FILES),
    ("IGS1030", CONFIGURED),
    ("IGS1031", CONFIGURED),
    ("IGS1032", FILES),
    ("IGS1033", "a token may stand anywhere"),
    ("IGS1035", FILES),
    ("IGS1037", FILES),
    ("IGS1038", "the schema lets a path be any text"),
    ("IGS1039", FILES),
    ("IGS1040", LOOKS),
    ("IGS1041", FILES),
    ("IGS1042", LOOKS),
    ("IGS1043", FILES),
    ("IGS1044", FILES),
    ("IGS2103", COUNTS),
    ("IGS2104", WARNS),
    ("IGS2105", COUNTS),
    ("IGS2106", WARNS),
    ("IGS2108", CONFIGURED),
    ("IGS2109", WARNS),
    ("IGS2110", WARNS),
    ("IGS2202", WARNS),
    ("IGS2302", WARNS),
    ("IGS2404", CONFIGURED),
    ("IGS2405", WARNS),
    ("IGS2406", WARNS),
    ("IGS2501", CALENDAR),
    ("IGS2502", CALENDAR),
    ("IGS2503", CONFIGURED),
    ("IGS2504", FIELDS),
    ("IGS2505", CALENDAR),
    ("IGS2506", CONFIGURED),
    ("IGS2507", FIELDS),
    ("IGS2508", WARNS),
    ("IGS2509", WARNS),
    ("IGS2601", CONFIGURED),
    ("IGS2602", WARNS),
    ("IGS2603", WARNS),
    ("IGS2604", CONFIGURED),
    ("IGS2605", CONFIGURED),
    ("IGS2606", WARNS),
    ("IGS4001", FILES),
    ("IGS4003", FIELDS),
    ("IGS4004", FIELDS),
    ("IGS4006", "hosting is checked by its reader"),
    ("IGS4007", "hosting is checked by its reader"),
    ("IGS4009", "is about the environment"),
    ("IGS4010", "a list of every time zone"),
    ("IGS4011", FIELDS),
];

/// The text of one file of a fixture.
fn text_of(fixture: &Fixture, file: &str) -> String {
    let own = fixture.files.iter().rev().find(|(path, _)| *path == file);
    match own {
        Some((_, Content::Bytes(bytes))) => String::from_utf8(bytes.clone()).unwrap(),
        _ if file == "igsync.yaml" => CONFIG.to_owned(),
        _ => IMAGE.to_owned(),
    }
}

#[test]
fn what_a_schema_can_express_is_marked_on_the_line_that_igsync_marks() {
    let Some(program) = program() else { return };
    let (folder, _) = content_root();
    let mut editor = Editor::start(&program);
    let mut surprises = Vec::new();
    let mut number = 0;
    let mut marked = |file: &str, text: &str| -> Vec<u64> {
        let schema = match file.rsplit('/').next().unwrap() {
            "igsync.yaml" => "config",
            "_defaults.yaml" => "defaults",
            _ => "manifest",
        };
        number += 1;
        let schema = folder.path().join(format!(".vscode/igsync-{schema}.schema.json"));
        let uri = format!("file://{}", folder.path().join(format!("posts/{number}.yaml")).display());
        // The line in front makes the editor's lines from 0 igsync's from 1.
        let text = format!("# yaml-language-server: $schema=file://{}\n{text}", schema.display());
        editor.open(&uri, &text).iter().filter_map(|mark| mark["range"]["start"]["line"].as_u64()).collect()
    };
    // Media are told by their bytes alone.
    for case in crate::cases().iter().filter(|case| !case.rule.starts_with("IGS3")) {
        let rule = case.rule;
        let why = INEXPRESSIBLE.iter().find(|(listed, _)| *listed == rule).map(|(_, why)| why);
        let root = tempfile::tempdir().unwrap();
        let output = case.fails.command(root.path(), &["validate", "--format", "json"]).output().unwrap();
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = findings["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == rule);
        let Some(finding) = found else { panic!("{rule}: {}", String::from_utf8_lossy(&output.stderr)) };
        let (file, line) = (finding["file"].as_str().unwrap(), finding["line"].as_u64().unwrap());
        if why.is_some_and(|why| [BYTES, FILES].contains(why)) {
            continue;
        }
        // A list in block style begins below its name, which igsync marks.
        let line = line + u64::from(rule == "IGS2401");
        let lines = marked(file, &text_of(&case.fails, file));
        match why {
            None if !lines.contains(&line) => {
                surprises.push(format!("{rule} should be marked in line {line} of {file}, not in {lines:?}"));
            }
            Some(why) if lines.contains(&line) => {
                surprises.push(format!("{rule} is marked, although: {why}"));
            }
            _ => {}
        }
        if why.is_none() {
            let lines = marked(file, &text_of(&case.passes, file));
            if !lines.is_empty() {
                surprises.push(format!("{rule} should not be marked where it passes: {lines:?}"));
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// As an editor finds them: by the settings that `init` writes, without a line in the file.
#[test]
fn init_ties_every_file_of_the_content_root_to_its_schema() {
    let Some(program) = program() else { return };
    let (folder, _) = content_root();
    let mut editor = Editor::start(&program);
    let settings = std::fs::read_to_string(folder.path().join(".vscode/settings.json")).unwrap();
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    // VS Code completes paths before the service sees them.
    let schemas = settings["yaml.schemas"].take();
    let schemas = schemas.as_object().unwrap().iter().map(|(path, files)| {
        (format!("file://{}", folder.path().join(path.trim_start_matches("./")).display()), files.clone())
    });
    let yaml = json!({ "validate": true, "completion": true, "schemas": schemas.collect::<serde_json::Map<_, _>>() });
    editor.settings = yaml;
    editor.tell("workspace/didChangeConfiguration", &json!({ "settings": null }));
    let uri = |name: &str| format!("file://{}", folder.path().join(name).display());
    for (name, text) in [
        ("posts/a.yaml", "kind: image\nimage: ./a.jpg\ncaptoin: Hello\n"),
        ("posts/2030/12/b.yml", "kind: story\nimage: ./a.jpg\ncaption: Hello\n"),
        ("posts/2030/_defaults.yaml", "hashtags: [sea]\ndraft: false\nimage: ./a.jpg\n"),
        ("igsync.yaml", "posts: [posts]\npaused: false\nacounts: {}\n"),
    ] {
        // The service may look at a file before it has the settings; then it looks again.
        let mut marks = editor.open(&uri(name), text);
        while marks.is_empty() {
            marks = editor.diagnostics(&uri(name));
        }
        let lines: Vec<u64> = marks.iter().filter_map(|mark| mark["range"]["start"]["line"].as_u64()).collect();
        assert_eq!(lines, [2], "{name}: {marks:?}");
    }
    let name = uri("posts/2030/12/_defaults.yaml");
    assert!(editor.open(&name, "draft: true\n\n").is_empty());
    let labels = labels(&editor.offered(&name, 1, 0));
    assert!(labels.contains(&"publish_at".into()) && labels.contains(&"hashtags".into()), "{labels:?}");
    assert!(!labels.contains(&"image".into()) && !labels.contains(&"id".into()), "{labels:?}");
}

fn labels(offered: &[Value]) -> Vec<String> {
    offered.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
}
