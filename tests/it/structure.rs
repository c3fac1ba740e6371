//! The shape of the code: which module may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::project::repository;

/// Every source file of `module` with its text, tests cut off.
fn sources(module: &str) -> Vec<(String, String)> {
    let code = |text: String| text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
    with_tests(module).into_iter().map(|(name, text)| (name, code(text))).collect()
}

/// The members of the workspace, each with the module that it is; where that is empty, its modules are modules of ours.
const MEMBERS: [(&str, &str); 10] = [
    ("apply", "apply"),
    ("base", ""),
    ("host", "host"),
    ("instagram", "graph"),
    ("media", "media"),
    ("model", ""),
    ("page", "page"),
    ("ports", "port"),
    ("sandbox", "sandbox"),
    ("testkit", "testkit"),
];

/// A path of a member as one of a module, in code that `module` holds.
fn as_modules(text: &str, module: &str) -> String {
    let mut text =
        if module.is_empty() { text.to_owned() } else { text.replace("crate::", &format!("crate::{module}::")) };
    for (member, module) in MEMBERS {
        let path = if module.is_empty() { "crate::".to_owned() } else { format!("crate::{module}::") };
        text = text.replace(&format!("igsync_{member}::"), &path);
        if !module.is_empty() {
            text = text.replace(&format!("use igsync_{member} as "), &format!("use crate::{module} as "));
        }
    }
    text
}

/// Every source file of the workspace, under the name of its module, with its whole text.
fn all_sources() -> Vec<(String, String)> {
    let members = MEMBERS.map(|(member, module)| (format!("crates/{member}/src"), module));
    let folders = std::iter::once(("src".to_owned(), "")).chain(members);
    let mut files = Vec::new();
    for (folder, module) in folders {
        let folder = repository().join(folder);
        for entry in walkdir::WalkDir::new(&folder).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
            let name = match &*name {
                name if module.is_empty() => name.to_owned(),
                "lib.rs" => format!("{module}.rs"),
                name => format!("{module}/{name}"),
            };
            files.push((name, as_modules(&fs::read_to_string(entry.path()).unwrap(), module)));
        }
    }
    files
}

/// Every source file of `module` with its whole text; files of tests alone are left out.
fn with_tests(module: &str) -> Vec<(String, String)> {
    all_sources()
        .into_iter()
        .filter(|(name, _)| {
            let is_inside = *name == format!("{module}.rs") || name.starts_with(&format!("{module}/"));
            let is_test =
                ["/tests", "testing", "samples", "git_tests", "canary"].iter().any(|part| name.contains(part));
            is_inside && !is_test
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
    for module in
        ["content", "manifest", "config", "yaml", "apply/matching", "apply/live", "apply/attempt", "graph/retry"]
    {
        assert_free_of(module, WORLD);
    }
}

#[test]
fn what_is_a_value_reads_files_and_knows_no_door_to_the_world() {
    for module in
        ["config", "content", "files", "finding", "lockfile", "manifest", "media", "path", "plan", "rules", "yaml"]
    {
        assert_free_of(module, &["crate::port"]);
    }
    // Only records and caches are written.
    for module in ["config", "content", "manifest", "path", "plan", "yaml"] {
        assert_free_of(module, &["dyn Disk", "files::Disk"]);
    }
}

/// What each member may know of the others; the compiler holds the rest.
const ARROWS: [(&str, &[&str]); 10] = [
    ("apply", &["base", "media", "model", "ports"]),
    ("base", &[]),
    ("host", &["base", "ports"]),
    ("instagram", &["base", "ports"]),
    ("media", &["base"]),
    ("model", &["base", "media"]),
    ("page", &["base"]),
    ("ports", &["base"]),
    ("sandbox", &["base", "instagram", "media", "page", "ports"]),
    ("testkit", &["base"]),
];

#[test]
fn members_know_each_other_one_way_and_the_lower_ones_know_no_runtime_and_no_network() {
    let manifest = |member: &str| fs::read_to_string(repository().join(format!("crates/{member}/Cargo.toml"))).unwrap();
    let mut found: Vec<String> = fs::read_dir(repository().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, ARROWS.map(|(member, _)| member));
    for (member, known) in ARROWS {
        let text = manifest(member);
        let needs = text.split("[dependencies]").nth(1).unwrap().split("[dev-dependencies]").next().unwrap();
        let of_ours: Vec<&str> =
            needs.lines().filter_map(|line| line.strip_prefix("igsync-")?.split(['.', ' ']).next()).collect();
        assert_eq!(of_ours, known, "{member}");
        if ["base", "media", "model", "page", "ports"].contains(&member) {
            for word in ["tokio", "reqwest", "hyper", "rustls", "axum"] {
                assert!(!needs.lines().any(|line| line.starts_with(word)), "{member} needs {word}");
            }
        }
        assert!(text.contains("version.workspace = true"), "{member} has a version of its own");
        assert_eq!(text.contains("publish = false"), member == "testkit", "{member}");
    }
    let root = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let version = concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"");
    let stated = root.lines().filter(|line| *line == version).count();
    assert_eq!(stated, 2, "the package and the workspace have one version");
    for (member, _) in ARROWS.iter().filter(|(member, _)| *member != "testkit") {
        let exact = format!("version = \"={}\"", env!("CARGO_PKG_VERSION"));
        let line = root.lines().find(|line| line.starts_with(&format!("igsync-{member} = {{ path")));
        assert!(line.is_some_and(|line| line.contains(&exact)), "{member}");
    }
}

#[test]
fn arrows_between_modules_point_one_way() {
    let upward: &[(&str, &[&str])] = &[
        (
            "content",
            &[
                "crate::manifest",
                "crate::config",
                "crate::media",
                "crate::plan",
                "crate::apply",
                "crate::graph",
                "crate::lockfile",
            ],
        ),
        (
            "media",
            &[
                "crate::hosting",
                "crate::config",
                "crate::manifest",
                "crate::plan",
                "crate::apply",
                "crate::graph",
                "crate::lockfile",
            ],
        ),
        (
            "manifest",
            &["crate::plan", "crate::apply", "crate::graph", "crate::lockfile", "crate::commands", "crate::hosting"],
        ),
        (
            "config",
            &["crate::manifest", "crate::plan", "crate::apply", "crate::graph", "crate::lockfile", "crate::hosting"],
        ),
        ("lockfile", &["crate::manifest::", "crate::plan", "crate::apply", "crate::graph", "crate::commands"]),
        ("plan", &["crate::apply", "crate::graph", "crate::commands", "crate::report", "crate::sandbox"]),
        ("graph", &["crate::manifest", "crate::plan", "crate::apply", "crate::lockfile", "crate::sandbox"]),
        (
            "git",
            &["crate::manifest", "crate::plan", "crate::apply", "crate::graph", "crate::lockfile", "crate::commands"],
        ),
        ("hosting", &["crate::manifest", "crate::yaml", "crate::plan", "crate::apply", "crate::graph"]),
        ("sandbox", &["crate::manifest", "crate::plan", "crate::apply", "crate::lockfile", "crate::commands"]),
        (
            "apply",
            &[
                "crate::commands",
                "crate::report",
                "crate::sandbox",
                "crate::exit",
                "Exit::",
                "crate::engine",
                "crate::hosting",
                "crate::graph",
                "ContainerId",
                "StatusCode",
                "http_status",
            ],
        ),
        ("engine", &["crate::commands", "crate::report", "crate::sandbox", "crate::exit", "crate::lockfile"]),
        ("report", &["crate::commands", "crate::sandbox"]),
        ("session", &["crate::commands", "crate::cli", "crate::report", "clap", "Terminal", "indicatif"]),
    ];
    for (module, words) in upward {
        assert_free_of(module, words);
        assert_free_of(module, if *module == "session" { &[] } else { &["crate::session"] });
    }
}

#[test]
fn the_parts_of_a_session_know_each_other_in_no_circle() {
    let known = neighbours("session", &sources("session"));
    assert!(known["load"].contains("record") && known["record"].contains("project"), "{known:?}");
    assert_no_circle("session", known);
    for module in ["session/connect", "session/fix", "session/record", "session/project"] {
        assert_no_circle(module, neighbours(module, &sources(module)));
    }
}

/// The modules right inside `module`, and which of them each of `files` names. What lies below one of them counts
/// as it.
fn neighbours(module: &str, files: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let inside: Vec<(Vec<&str>, &str)> = files
        .iter()
        .filter_map(|(name, text)| {
            let path = name.strip_suffix(".rs")?.strip_prefix(module)?.strip_prefix('/')?;
            Some((path.split('/').collect(), text.as_str()))
        })
        .collect();
    let names: BTreeSet<&str> = inside.iter().map(|(path, _)| path[0]).collect();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &inside {
        assert!(!text.contains("super::{"), "src/{module}/{}: one `use` for each module", path.join("/"));
        // Tests are one module deeper.
        let ways = [path.len(), path.len() + 1].map(|depth| format!("{}::", vec!["super"; depth].join("::")));
        let root = format!("crate::{}::", module.replace('/', "::"));
        let by_super = ways.iter().flat_map(|way| text.match_indices(way.as_str()));
        let by_super = by_super.filter(|(at, _)| !text[..*at].ends_with("super::"));
        let word = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned();
        let places = by_super.chain(text.match_indices(&root)).map(|(at, way)| word(&text[at + way.len()..]));
        let others = places.filter(|name| names.contains(&**name) && name != path[0]);
        known.entry(path[0].to_owned()).or_default().extend(others);
    }
    known
}

/// Fails where modules know each other in a circle.
fn assert_no_circle(module: &str, mut known: BTreeMap<String, BTreeSet<String>>) {
    // Whoever knows none that is left is in no circle.
    while let Some(last) = known.iter().find(|(_, others)| others.is_empty()).map(|(name, _)| name.clone()) {
        known.remove(&last);
        for others in known.values_mut() {
            others.remove(&last);
        }
    }
    assert!(known.is_empty(), "a circle in src/{module} among {known:?}");
}

#[test]
fn the_parts_of_apply_know_each_other_in_no_circle() {
    let known = neighbours("apply", &sources("apply"));
    assert!(known["account"].contains("publish") && known["publish"].contains("book"), "{known:?}");
    assert_no_circle("apply", known);
    for module in ["apply/account", "apply/ledger", "apply/prepare", "apply/publish", "engine/instagram"] {
        assert_no_circle(module, neighbours(module, &sources(module)));
    }
}

#[test]
fn the_five_parts_of_an_account_are_built_and_tested_without_each_other() {
    let known = neighbours("apply", &with_tests("apply"));
    let parts = ["ledger", "prepare", "publish", "settle", "after"];
    for part in parts {
        let text: String = with_tests(&format!("apply/{part}")).into_iter().map(|(_, text)| text).collect();
        assert!(text.contains("#[cfg(test)]\nmod tests"), "{part} is not tested by itself");
        for other in parts.into_iter().chain(["account", "run"]) {
            assert!(!known[part].contains(other), "{part} knows {other}");
        }
    }
}

#[test]
fn what_a_run_consists_of_has_private_fields() {
    let parts = [
        "AccountRun",
        "Context",
        "Evidence",
        "Finisher",
        "Ledger",
        "LiveCheck",
        "Preparer",
        "Publisher",
        "Run",
        "Settler",
    ];
    let files = sources("apply");
    for part in parts {
        let head = format!("struct {part} {{");
        let bodies: Vec<&str> = files.iter().filter_map(|(_, text)| text.split(&head).nth(1)).collect();
        let [body] = bodies.as_slice() else { panic!("{part} is in {} files", bodies.len()) };
        let fields = body.split("\n}").next().unwrap_or_default();
        // Every part is given the context, with its clock and its waits.
        let fields = if part == "Context" { fields.replace("pub(super) ", "") } else { fields.to_owned() };
        let is_public = fields.contains("pub ") || fields.contains("pub(");
        assert!(!is_public, "a field of {part} is public:{fields}");
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
    for module in [
        "apply", "config", "git", "graph", "host", "hosting", "lockfile", "manifest", "media", "plan", "port",
        "session", "yaml",
    ] {
        assert_free_of(module, &["println!", "eprintln!", "print!(", "stdout()", "stderr()"]);
    }
}

#[test]
fn random_numbers_come_from_one_source() {
    let with_a_seed: Vec<String> = ["apply", "commands", "engine", "git", "graph", "hosting", "lockfile", "session"]
        .into_iter()
        .flat_map(sources)
        .filter(|(_, text)| text.contains("Rng::with_seed(") || text.contains("Rng::new("))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(with_a_seed, ["session/ports.rs"]);
}

#[test]
fn programs_are_started_in_one_place() {
    let modules = [
        "apply", "cli", "commands", "config", "git", "graph", "host", "hosting", "lockfile", "manifest", "media",
        "plan", "port", "report", "sandbox", "session", "yaml",
    ];
    for module in modules {
        assert_free_of(module, &["process::Command", "Stdio"]);
    }
}
