//! The README is executed and compared. `IGSYNC_UPDATE_README=1 cargo test readme` writes what the
//! commands print into its console blocks; read the difference before committing it.

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;
use igsync::cli::Cli;
use igsync::exit::Exit;

use crate::project::{Project, repository};

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// Ids and durations differ from run to run.
fn settled(text: &str) -> String {
    let ids = regex("\\b1[78]\\d{15,}\\b").replace_all(text, "179…").into_owned();
    let times = regex("\\b\\d+(\\.\\d+)? (ms|s|min)\\b").replace_all(&ids, "… s").into_owned();
    let links =
        regex("(instagram\\.com/(?:p|reel|stories)/|_sandbox/post/)[^\\s]+").replace_all(&times, "${1}…").into_owned();
    links.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn regex(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).unwrap()
}

/// What a person sees: both streams, in their order.
fn on_terminal(project: &Project, command: &str) -> String {
    let igsync = project.command(command.split_whitespace());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(igsync.get_program()).args(igsync.get_args());
    let output = shell.current_dir(project.path()).env_clear().output().unwrap();
    assert!(output.status.success(), "igsync {command}");
    settled(&String::from_utf8(output.stdout).unwrap())
}

#[cfg(unix)]
#[test]
fn console_blocks_show_what_the_commands_print() {
    let project = Project::example();
    let readme = readme();
    let mut updated = readme.clone();
    for block in readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        let mut shown = String::new();
        for part in block.split("$ igsync ").skip(1) {
            let (command, expected) = part.split_once('\n').unwrap_or((part, ""));
            let printed = on_terminal(&project, command);
            shown.push_str(&format!("$ igsync {command}\n{printed}\n\n"));
            if std::env::var_os("IGSYNC_UPDATE_README").is_none() {
                assert_eq!(settled(expected), printed, "`igsync {command}` of the README");
            }
        }
        updated = updated.replace(block, &format!("{}\n", shown.trim_end()));
    }
    if std::env::var_os("IGSYNC_UPDATE_README").is_some() {
        #[expect(clippy::disallowed_methods, reason = "a text file of the repository, on request")]
        fs::write(repository().join("README.md"), updated).unwrap();
    }
}

/// The long options named in the table between two markers.
fn options_in(readme: &str, name: &str) -> BTreeSet<String> {
    let table = readme
        .split(&format!("<!-- options:{name} -->"))
        .nth(1)
        .and_then(|rest| rest.split(&format!("<!-- /options:{name} -->")).next())
        .unwrap_or_else(|| panic!("no table of the options of {name}"));
    let rows = table.lines().filter_map(|line| line.split('|').nth(1));
    let flag = regex("--[a-z][a-z-]*");
    rows.flat_map(|cell| flag.find_iter(cell).map(|found| found.as_str().to_owned()).collect::<Vec<_>>()).collect()
}

fn options_of(command: &clap::Command, global: bool) -> BTreeSet<String> {
    command
        .get_arguments()
        .filter(|argument| argument.is_global_set() == global && !argument.is_hide_set())
        .flat_map(|argument| {
            let aliases = argument.get_visible_aliases().unwrap_or_default();
            argument.get_long().into_iter().chain(aliases).map(|name| format!("--{name}")).collect::<Vec<_>>()
        })
        .filter(|name| name != "--help" && name != "--version")
        .collect()
}

#[test]
fn option_tables_list_exactly_the_options() {
    let readme = readme();
    let mut cli = Cli::command();
    cli.build();
    assert_eq!(options_in(&readme, "global"), options_of(&cli, true));
    for name in [
        "validate", "fix", "plan", "preview", "apply", "status", "drift", "insights", "auth", "import", "init",
        "resolve", "lock", "sandbox",
    ] {
        let command = cli.find_subcommand(name).unwrap();
        let mut options = options_of(command, false);
        options.extend(command.get_subcommands().flat_map(|command| options_of(command, false)));
        assert_eq!(options_in(&readme, name), options, "options of {name}");
    }
}

#[test]
fn the_exit_code_table_lists_exactly_the_exit_codes() {
    let readme = readme();
    let section = readme.split("### Exit codes").nth(1).unwrap().split("\n#").next().unwrap();
    let listed: Vec<u8> = section.lines().filter_map(|line| line.split('|').nth(1)?.trim().parse().ok()).collect();
    assert_eq!(listed, Exit::ALL.map(|exit| exit as u8));
}

#[test]
fn every_relative_link_leads_somewhere() {
    let link = regex(r"\]\(([^)#]+)\)");
    for found in link.captures_iter(&readme()) {
        let target = found[1].to_owned();
        assert!(target.starts_with("https://") || repository().join(&target).exists(), "{target}");
    }
}
