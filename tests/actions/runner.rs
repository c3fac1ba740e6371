//! A runner: contexts, environment files, and one shell per step.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::expr::{evaluate, interpolate, is_true};

/// One job on one machine.
pub struct Runner {
    temp: tempfile::TempDir,
    workspace: PathBuf,
    pub contexts: Value,
    env: BTreeMap<String, String>,
    /// Folders that steps put in front.
    path: Vec<String>,
    count: usize,
}

/// What one step left.
#[derive(Debug)]
pub struct Done {
    pub name: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
}

impl Done {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n--- stdout\n{}\n--- stderr\n{}", self.name, self.stdout, self.stderr);
        self
    }

    /// What a runner takes for commands in both streams.
    pub fn commands(&self) -> Vec<&str> {
        let lines = self.stdout.lines().chain(self.stderr.lines());
        lines.filter(|line| line.trim_start().starts_with("::") || line.contains("##[")).collect()
    }
}

impl Runner {
    pub fn new(workspace: &Path) -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("temp")).unwrap();
        let contexts = json!({
            "github": {
                "server_url": "https://github.com", "repository": "acme/feed", "token": "ghs_token",
                "action_repository": "", "action_ref": "", "ref_name": "main",
            },
            "runner": { "temp": temp.path().join("temp") },
            "inputs": {}, "steps": {}, "secrets": {}, "vars": {}, "matrix": {}, "env": {}, "job": {},
        });
        let mut runner =
            Self { temp, workspace: workspace.to_owned(), contexts, env: BTreeMap::new(), path: Vec::new(), count: 0 };
        for (name, value) in [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/feed"),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
            ("GITHUB_REF_NAME", "main"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ] {
            runner.set(name, value);
        }
        let (workspace, temp) = (workspace.display().to_string(), runner.runner_temp().display().to_string());
        runner.set("GITHUB_WORKSPACE", &workspace);
        runner.set("RUNNER_TEMP", &temp);
        runner
    }

    pub fn runner_temp(&self) -> PathBuf {
        self.temp.path().join("temp")
    }

    /// The job's environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Runs steps in their order; `uses` is in for other actions and gives their outputs. A failed
    /// step ends the job but for steps that ask to run all the same.
    pub fn run(&mut self, steps: &Value, mut uses: impl FnMut(&Self, &str, &Value) -> Value) -> Vec<Done> {
        let mut done = Vec::new();
        for step in steps.as_array().unwrap() {
            if !self.is_wanted(step) {
                continue;
            }
            if let Some(action) = step["uses"].as_str() {
                let outputs = uses(self, action, &self.interpolated(&step["with"]));
                self.keep(step, &outputs);
                continue;
            }
            let mut command = self.command(step);
            let output = command.output().unwrap();
            done.push(self.done(step, &output));
        }
        done
    }

    fn is_wanted(&self, step: &Value) -> bool {
        let condition = step["if"].as_str().unwrap_or("success()").to_owned();
        let asks = ["success()", "failure()", "always()"].iter().any(|word| condition.contains(word));
        let failed = is_true(&self.contexts["job"]["failed"]);
        (asks || !failed) && is_true(&evaluate(&condition, &self.contexts))
    }

    /// Starts one step and leaves it to the caller.
    pub fn start(&mut self, step: &Value) -> Child {
        self.command(step).spawn().unwrap()
    }

    /// The shell that a runner starts for a step.
    fn command(&mut self, step: &Value) -> Command {
        self.count += 1;
        let folder = self.step_folder();
        fs::create_dir(&folder).unwrap();
        for name in ["output", "summary", "path", "env"] {
            write(&folder.join(name), "");
        }
        let text = step["run"].as_str().unwrap();
        assert!(!text.contains("${{"), "an input would become shell text: {text}");
        assert!(matches!(step["shell"].as_str(), None | Some("bash")), "{}", step["shell"]);
        let script = folder.join("script.sh");
        write(&script, text);
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(script)
            .current_dir(&self.workspace)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // What a build depends on is as it is out here, so that a build that was made is not made again.
        for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let path = self.path.iter().rev().cloned().chain(std::env::var("PATH"));
        command.env("PATH", path.collect::<Vec<_>>().join(":")).envs(&self.env);
        if let Value::Object(env) = self.interpolated(&step["env"]) {
            command.envs(env.iter().map(|(name, value)| (name, crate::expr::shown(value))));
        }
        command
            .env("GITHUB_OUTPUT", folder.join("output"))
            .env("GITHUB_STEP_SUMMARY", folder.join("summary"))
            .env("GITHUB_PATH", folder.join("path"))
            .env("GITHUB_ENV", folder.join("env"));
        command
    }

    fn step_folder(&self) -> PathBuf {
        self.temp.path().join(format!("step{}", self.count))
    }

    /// Reads what the last started step left behind.
    pub fn done(&mut self, step: &Value, output: &std::process::Output) -> Done {
        let read = |name: &str| fs::read_to_string(self.step_folder().join(name)).unwrap();
        let outputs = parse_outputs(&read("output"));
        let done = Done {
            name: step["name"].as_str().unwrap_or("a step").to_owned(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
            summary: read("summary"),
            outputs,
        };
        assert_eq!(read("env"), "", "nothing asks for variables of later steps");
        let path = read("path");
        self.path.extend(path.lines().map(str::to_owned));
        self.keep(step, &json!(done.outputs));
        if done.code != 0 {
            self.contexts["job"]["failed"] = json!(true);
        }
        done
    }

    fn keep(&mut self, step: &Value, outputs: &Value) {
        if let Some(id) = step["id"].as_str() {
            self.contexts["steps"][id] = json!({ "outputs": outputs });
        }
    }

    fn interpolated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(interpolate(text, &self.contexts)),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.interpolated(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// The file of a step's outputs, as a runner reads it.
pub fn parse_outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let plain = line.find('=').unwrap_or(usize::MAX);
        match line.split_once("<<") {
            Some((name, delimiter)) if name.len() < plain => {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                outputs.insert(name.to_owned(), value.join("\n"));
            }
            _ => {
                let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("a runner rejects {line:?}"));
                outputs.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    outputs
}

#[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
