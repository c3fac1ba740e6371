//! Captions, paths, names and inputs that try to be something else.

use serde_json::json;

use crate::action::{act, cached, inputs, runner, steps};
use crate::project::Project;
use crate::runner::Done;

const LINES: &[&str] = &[
    "::error file=x::owned",
    "  ::add-mask::owned",
    "::set-output name=changed::true",
    "##[add-mask]owned",
    "see ##[error]owned",
    "```",
    "@everyone closes #1, ![x](https://evil.example/beacon.png)",
    "</details><img src=https://evil.example/x.png>",
    "changed<<EOF",
    "\u{202e}owned",
];

/// A content root where whatever can be named is named badly.
fn hostile() -> Project {
    let project = Project::empty();
    project.write("igsync.lock", "{\"igsync_lock\":1}\n");
    project.write(
        "igsync.yaml",
        "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\n    username: everyone\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\n",
    );
    let caption = format!("\n  {}", LINES.join("\n  "));
    for (place, name) in
        ["::error::a", "a ##[add-mask]b", "`@everyone`", "$(touch owned)", "a\"><img src=x>"].iter().enumerate()
    {
        // One of them begins with white space inside a block, which YAML wants announced.
        let text =
            format!("kind: image\nimage: \"./p{place}.jpg\"\ncaption: |2-{caption}\nfirst_comment: |2-{caption}\n");
        project.jpeg(&format!("posts/{name}/p{place}.jpg"), u8::try_from(place).unwrap());
        project.write(&format!("posts/{name}/{name}.yaml"), text);
    }
    project.write("posts/::warning::bad.yaml", "kind: image\ncaptoin: \"::error::x\"\nimage: \"##[error]x\"\n");
    project
}

/// Commands that igsync itself gives.
fn assert_only_ours(done: &Done) {
    for line in done.commands() {
        let own =
            ["::error file=posts/", "::warning file=posts/", "::notice title=igsync::", "::warning title=igsync::"];
        assert!(own.iter().any(|start| line.starts_with(start)), "{line:?}\n{done:?}");
        let (_, properties) = line.split("::").nth(1).unwrap().split_once(' ').unwrap();
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        let names = properties.split(',').map(|property| property.split('=').next().unwrap());
        assert!(names.clone().all(|name| known.contains(&name)), "{line}");
    }
    for line in done.stdout.lines().chain(done.stderr.lines()) {
        assert!(!line.trim_start().starts_with("::") || line.starts_with("::"), "{line}");
    }
    assert!(!done.summary.contains('\u{202e}'), "{}", done.summary);
}

#[test]
fn captions_and_paths_command_nothing() {
    let project = hostile();
    for format in ["human", "json", "markdown", "github"] {
        let args = format!("--format {format}");
        let done = act(&mut runner(&project, None), &[("command", "plan"), ("args", &args)]).exits(1);
        assert_only_ours(&done);
        assert_eq!(done.outputs.len(), 12, "{done:?}");
        assert_eq!(done.outputs["exit_code"], "1");
        assert!(!project.path().join("owned").exists());
        if format == "json" {
            let plan: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
            let keys: Vec<&str> =
                plan["changes"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap()).collect();
            assert!(keys.iter().any(|key| key.contains("##[add-mask]b")), "data stays what it is: {keys:?}");
        }
    }
    project.remove("posts/::warning::bad.yaml");
    for args in ["--sandbox", "--sandbox\n--format=json\n"] {
        let done = act(&mut runner(&project, None), &[("command", "apply"), ("args", args)]);
        assert_only_ours(&done);
        assert_eq!(done.outputs.len(), 12, "{done:?}");
        let published: serde_json::Value = serde_json::from_str(&done.outputs["published"]).unwrap();
        assert_eq!(published.as_array().unwrap().len().to_string(), done.outputs["published_count"]);
    }
}

#[test]
fn inputs_are_never_shell_text() {
    let project = Project::with_one_image();
    for bad in [
        "$(touch owned)",
        "`touch owned`",
        "\"; touch owned; \"",
        "'; touch owned; '",
        "x\n$(touch owned)",
        "-h && touch owned",
    ] {
        for name in ["command", "directory", "args", "token", "version", "issue"] {
            let mut runner = runner(&project, None);
            runner.contexts["inputs"] = inputs(&[("command", "plan"), (name, bad)]);
            runner.run(&steps(), cached);
            assert!(!project.path().join("owned").exists(), "{name}: {bad}");
        }
        for name in ["action_ref", "action_repository", "server_url"] {
            let mut runner = runner(&project, None);
            runner.contexts["github"][name] = json!(bad);
            runner.contexts["inputs"] = inputs(&[("command", "plan")]);
            runner.run(&steps(), cached);
            assert!(!project.path().join("owned").exists(), "{name}: {bad}");
        }
    }
}
