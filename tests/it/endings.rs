//! How runs end: the last line for programs, the last line for people, and the commands that are advised.

use serde_json::Value;

use crate::project::{Output, Project, Server};

/// Checks what every run prints for programs, and returns its last line.
#[track_caller]
fn last_event(output: &Output) -> Value {
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap_or_else(|| panic!("no line; {}", output.stderr));
    let ends = |event: &Value| matches!(event["event"].as_str(), Some("run_finished" | "run_refused"));
    assert!(ends(last) && lines.iter().filter(|line| ends(line)).count() == 1, "{}", output.stdout);
    assert_eq!(last["exit_code"], output.code, "{last}");
    for line in &lines {
        let at = line["at"].as_str().unwrap_or_else(|| panic!("{line}"));
        assert!(at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok(), "{line}");
    }
    let named = lines.iter().filter(|line| line.get("run_id").is_some() && line["format_version"] == "1.0");
    assert_eq!(named.count(), 1, "{}", output.stdout);
    assert!(lines[0]["run_id"].as_str().is_some_and(|id| !id.is_empty()), "{}", lines[0]);
    last.clone()
}

const JSON: [&str; 4] = ["apply", "--format", "json", "--yes"];

#[test]
fn a_run_for_programs_ends_with_its_end_however_it_ends() {
    let server = Server::start();
    let good = || Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let refused = |project: &Project, args: &[&str], code: i32| {
        let last = last_event(&project.run(args.iter().copied()).exits(code));
        assert_eq!(last["event"], "run_refused", "{last}");
        assert!(last["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{last}");
        last
    };
    // No content root, a flag that contradicts another one.
    refused(&Project::empty(), &JSON, 1);
    refused(&good(), &["apply", "--format", "json", "--refresh", "full", "--no-live-check"], 64);
    // Findings: of the configuration, of a file that cannot be read, of a post that is due.
    let project = good();
    project.write("igsync.yaml", "acounts: {}\n");
    assert_eq!(refused(&project, &JSON, 1)["findings"][0]["file"], "igsync.yaml");
    let project = good();
    project.write("posts/two.yaml", "kind: [image\n");
    assert_eq!(refused(&project, &JSON, 1)["findings"][0]["file"], "posts/two.yaml");
    let project = good();
    project.write("posts/one.yaml", "kind: image\nimage: ./missing.jpg\n");
    assert_eq!(refused(&project, &JSON, 1)["findings"][0]["file"], "posts/one.yaml");
    // Guards, before any call and after.
    let project = good();
    project.remove("igsync.lock");
    assert_eq!(refused(&project, &JSON, 5)["guards"][0]["kind"], "no_lockfile");
    // Declined: no one can be asked.
    refused(&good(), &["apply", "--format", "json"], 1);
    // A lockfile that cannot be read.
    let project = good();
    project.write("igsync.lock", "{\"igsync_lock\":1}\nnot json\n");
    refused(&project, &JSON, 1);
    // Another run, and a flag that names nothing.
    refused(&good(), &["apply", "--format", "json", "--yes", "--account", "nobody"], 64);
    assert!(server.published().is_empty());
    // A run that acts, one that has nothing to do, one whose token is bad.
    let project = good();
    assert_eq!(last_event(&project.run(JSON).exits(0))["published"], 1);
    assert_eq!(last_event(&project.run(JSON).exits(0))["event"], "run_finished");
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-EXPIRED");
    assert_eq!(last_event(&project.run(JSON).exits(9))["exit_code"], 9);
}

#[test]
fn a_run_that_finds_the_lock_taken_says_so_for_programs() {
    let project = Project::with_one_image();
    project.write(".igsync/.gitignore", "*\n");
    let lock = std::fs::File::create(project.path().join(".igsync/run.lock")).unwrap();
    lock.lock().unwrap();
    let server = Server::start();
    let project = project.against(&server, "instagram", "IGAA-LONG");
    let last = last_event(&project.run(JSON).exits(7));
    assert_eq!(last["event"], "run_refused", "{last}");
}

#[test]
fn what_is_left_alone_is_no_deed_and_each_post_is_counted_once() {
    let project = Project::with_one_image();
    let sandbox = ["apply", "--sandbox", "--yes"];
    for (number, key) in ["edited", "gone", "renamed"].into_iter().enumerate() {
        project.jpeg(&format!("posts/{key}.jpg"), u8::try_from(number).unwrap() + 10);
        project.write(&format!("posts/{key}.yaml"), format!("kind: image\nimage: ./{key}.jpg\ncaption: I am {key}\n"));
    }
    project.run(sandbox).exits(0).ends_with("Applied: 4 published.");
    // One is edited, one loses its manifest, one is moved and edited, and one is new.
    project.write("posts/edited.yaml", "kind: image\nimage: ./edited.jpg\ncaption: Another text\n");
    project.remove("posts/gone.yaml");
    project.remove("posts/renamed.yaml");
    project.write("posts/moved.yaml", "kind: image\nimage: ./renamed.jpg\ncaption: Another text, too\n");
    project.jpeg("posts/new.jpg", 99);
    project.write("posts/new.yaml", "kind: image\nimage: ./new.jpg\ncaption: I am new\n");
    project
        .run(sandbox)
        .exits(0)
        .ends_with("Applied: 1 published, 1 moved; 1 unchanged. Left alone: 1 edited, 1 orphaned.");
}

#[test]
fn what_is_advised_in_a_sandbox_run_is_about_the_sandbox() {
    let project = Project::with_one_image();
    let output = project.run(["apply", "--sandbox", "--yes"]).exits(0);
    project.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Edited\n");
    let plan = project.run(["plan", "--sandbox"]).exits(0);
    let site = project.path().to_str().unwrap().to_owned();
    let outside = Project::empty();
    let there = outside.run(["plan", "--sandbox", "-C", &site]).exits(0);
    for advised in advice(&[&output, &plan, &there]) {
        assert!(advised.contains("--sandbox") || advised.starts_with("sandbox"), "{advised}");
    }
    assert!(there.stdout.contains(&format!("lock accept KEY --sandbox -C {site}")), "{}", there.stdout);
    // As it is printed it can be typed.
    let accept = there.stdout.split('`').find(|text| text.contains("lock accept")).unwrap().replace("KEY", "posts/one");
    outside.run(accept.split(' ').skip(1)).exits(0);
    outside.run(["plan", "--sandbox", "-C", &site]).exits(0).ends_with("No changes.");
}

#[test]
fn a_record_of_another_base_is_for_no_commit_and_can_be_forgotten() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "instagram", "IGAA-LONG");
    let url = server.url();
    let output = project.run(["apply", "--yes"]).exits(0);
    assert!(!output.stderr.contains("commit"), "{}", output.stderr);
    // Against Meta these records refuse the run, and name the way out.
    let project = project.env("IGSYNC_GRAPH_URL", "").env("IGSYNC_ACCESS_TOKEN", "");
    let forget = format!("`igsync lock rm --graph '{url}/'`");
    project.run(["apply", "--yes"]).exits(5).says(&forget);
    project.run(["lock", "rm", "--graph", "http://127.0.0.1:1", "--yes"]).exits(1).says(&format!("{url}/"));
    project.run(["lock", "rm", "--graph", &url]).exits(1).says("--yes");
    let dry = project.run(["lock", "rm", "--graph", &url, "--dry-run", "--format", "json"]).exits(0);
    let dry: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!((&dry["posts"][0]["key"], &dry["dry_run"]), (&"posts/one".into(), &true.into()), "{dry}");
    project.run(["plan"]).exits(0).says(&url);
    let done = project.run(["lock", "rm", "--graph", &url, "--yes"]).exits(0);
    done.ends_with(&format!("Forgot 1 post recorded through {url}/."));
    project.run(["plan"]).exits(0).ends_with("Plan: 1 to publish.");
    project.run(["lock", "rm", "--graph", &url, "--yes"]).exits(1).says("nothing was recorded through");
    // A key or a base, not both and not neither.
    project.run(["lock", "rm", "posts/one", "--graph", &url]).exits(64);
    project.run(["lock", "rm"]).exits(64);
}

#[test]
fn of_a_base_only_what_was_asked_for_is_forgotten_and_counted() {
    let server = Server::start();
    let project = Project::with_one_image().env("IGSYNC_GRAPH_URL", &server.url());
    let project = project.env("IGSYNC_ACCESS_TOKEN_ONE", "IGAA-LONG").env("IGSYNC_ACCESS_TOKEN_TWO", "IGAA-TWO");
    project.write(
        "igsync.yaml",
        "accounts:\n  one: { user_id: \"17841400000000001\" }\n  two: { user_id: \"17841400000000002\" }\n",
    );
    let text = project.read("posts/one.yaml");
    project.write("posts/one.yaml", format!("{text}accounts: [one, two]\n"));
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(server.published().len(), 2);
    let forget = |more: &[&str]| {
        let url = server.url();
        project.run([&["lock", "rm", "--graph", &url, "--yes"], more].concat()).exits(0)
    };
    forget(&["--dry-run"]).ends_with(&format!("Would forget 2 posts recorded through {}/.", server.url()));
    forget(&["--account", "one"])
        .says("posts/one (one)")
        .ends_with(&format!("Forgot 1 post recorded through {}/.", server.url()));
    project.run(["lock", "list", "--account", "two"]).exits(0).says("published");
}

/// The words of every command that was printed in backticks.
fn advice(outputs: &[&Output]) -> Vec<String> {
    let text: String = outputs.iter().flat_map(|output| [&*output.stdout, "\n", &output.stderr, "\n"]).collect();
    let found = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|part| part.strip_prefix("igsync ").map(str::to_owned))
        .collect::<Vec<_>>();
    assert!(!found.is_empty(), "{text}");
    found
}

/// Whether what is in backticks behind `igsync` can be typed. Names for what a person fills in, and what the program
/// fills in, are one word each.
fn can_be_typed(command: &str) -> bool {
    use clap::Parser as _;
    // What a shell does with the output is its business, and tables name kinds and schemas in general.
    let command = command.split(" | ").next().unwrap_or_default();
    let mut words = String::new();
    let (mut depth, mut is_option, mut before) = (0, false, ' ');
    for c in command.replace("KIND", "image").replace("WHAT", "plan").replace("SHELL", "bash").chars() {
        let last = std::mem::replace(&mut before, c);
        match c {
            '{' => {
                // Behind a word it stands for an option that may be absent.
                is_option = last.is_ascii_alphanumeric() || last == '}';
                depth += 1;
            }
            '}' => {
                depth -= 1;
                words.push_str(if is_option { "" } else { "17900000000000001" });
            }
            _ if depth == 0 => words.push(c),
            _ => {}
        }
    }
    let words = std::iter::once("igsync").chain(words.split_whitespace());
    match igsync::cli::Cli::try_parse_from(words) {
        Ok(cli) => !matches!(cli.command, igsync::cli::Command::Other(_)),
        Err(error) => !error.use_stderr(),
    }
}

/// What a file says to people: no comments, no tests.
fn said(path: &std::path::Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let lines = text.lines().filter(|line| !is_comment(line));
    // A string that goes on in the next line.
    lines.flat_map(|line| [line, "\n"]).collect::<String>().replace("\\\n", " ")
}

#[test]
fn every_advised_command_is_one() {
    assert!(can_be_typed("resolve {key} --published") && !can_be_typed("lock rm") && !can_be_typed("aply"));
    assert!(can_be_typed("import{account} --write") && !can_be_typed("aply{account}"));
    let root = crate::project::repository();
    let (mut found, mut wrong) = (0, Vec::new());
    for place in ["src", "crates", "docs", "README.md"] {
        for entry in walkdir::WalkDir::new(root.join(place)).into_iter().filter_map(Result::ok) {
            let path = entry.path();
            let is_meant = path.extension().is_some_and(|extension| extension == "rs" || extension == "md");
            if !is_meant || path.iter().any(|part| part == "tests" || part == "tests.rs") {
                continue;
            }
            for command in said(path).split("`igsync ").skip(1).filter_map(|rest| rest.split_once('`')) {
                let command = command.0;
                if command.contains(['\n', '…']) || command.starts_with('{') {
                    continue;
                }
                found += 1;
                if !can_be_typed(command) {
                    wrong.push(format!("{}: {command}", path.display()));
                }
            }
        }
    }
    assert!(found > 60, "only {found} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
