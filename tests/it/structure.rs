//! The shape of the code: which module may know which.

use std::fs;

use crate::project::repository;

/// Every source file under `src/<module>` with its text, tests cut off.
fn sources(module: &str) -> Vec<(String, String)> {
    walkdir::WalkDir::new(repository().join("src"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|entry| {
            let name =
                entry.path().strip_prefix(repository().join("src")).unwrap().to_str().unwrap().replace('\\', "/");
            let is_inside = name == format!("{module}.rs") || name.starts_with(&format!("{module}/"));
            let is_test =
                ["/tests", "testing", "samples", "git_tests", "canary"].iter().any(|part| name.contains(part));
            (is_inside && !is_test).then(|| {
                let text = fs::read_to_string(entry.path()).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                (name, code)
            })
        })
        .collect()
}

fn assert_free_of(module: &str, words: &[&str]) {
    let files = sources(module);
    assert!(!files.is_empty(), "no source for {module}");
    for (name, text) in files {
        for word in words {
            assert!(!text.contains(word), "src/{name} mentions {word}");
        }
    }
}

const WORLD: &[&str] = &["tokio", "reqwest", "std::fs", "Timestamp::now", "SystemTime", "Instant::now"];

#[test]
fn the_pure_core_knows_no_world() {
    for module in ["plan", "report", "finding", "rules", "id", "lockfile/format", "lockfile/merge", "lockfile/records"]
    {
        assert_free_of(module, WORLD);
    }
    for module in ["manifest", "config", "yaml", "apply/matching", "apply/live", "apply/attempt", "graph/retry"] {
        assert_free_of(module, WORLD);
    }
}

#[test]
fn arrows_between_modules_point_one_way() {
    let upward: &[(&str, &[&str])] = &[
        ("media", &["crate::manifest", "crate::plan", "crate::apply", "crate::graph", "crate::lockfile"]),
        ("manifest", &["crate::plan", "crate::apply", "crate::graph", "crate::lockfile", "crate::commands"]),
        ("config", &["crate::manifest", "crate::plan", "crate::apply", "crate::graph", "crate::lockfile"]),
        ("lockfile", &["crate::manifest::", "crate::plan", "crate::apply", "crate::graph", "crate::commands"]),
        ("plan", &["crate::apply", "crate::graph", "crate::commands", "crate::report", "crate::sandbox"]),
        ("graph", &["crate::manifest", "crate::plan", "crate::apply", "crate::lockfile", "crate::sandbox"]),
        (
            "git",
            &["crate::manifest", "crate::plan", "crate::apply", "crate::graph", "crate::lockfile", "crate::commands"],
        ),
        ("hosting", &["crate::manifest", "crate::plan", "crate::apply", "crate::graph"]),
        ("sandbox", &["crate::manifest", "crate::plan", "crate::apply", "crate::lockfile", "crate::commands"]),
        ("apply", &["crate::commands", "crate::report", "crate::sandbox"]),
        ("report", &["crate::commands", "crate::sandbox"]),
    ];
    for (module, words) in upward {
        assert_free_of(module, words);
    }
}

#[test]
fn the_sandbox_shares_only_wire_types_with_the_client() {
    for (name, text) in sources("sandbox") {
        for line in text.lines().filter(|line| line.contains("crate::graph")) {
            assert!(line.contains("crate::graph::wire"), "src/{name}: {line}");
        }
    }
}

#[test]
fn only_reports_and_commands_write_to_the_terminal() {
    for module in
        ["apply", "config", "git", "graph", "hosting", "lockfile", "manifest", "media", "plan", "port", "yaml"]
    {
        assert_free_of(module, &["println!", "eprintln!", "print!(", "stdout()", "stderr()"]);
    }
}

#[test]
fn programs_are_started_in_one_place() {
    let modules = [
        "apply", "cli", "commands", "config", "git", "graph", "hosting", "lockfile", "manifest", "media", "plan",
        "port", "report", "sandbox", "yaml",
    ];
    for module in modules {
        assert_free_of(module, &["process::Command", "Stdio"]);
    }
}
