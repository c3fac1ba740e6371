//! Programs and packages that no one here wrote, where they are there.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// False, and a line that says so, when a program is missing; a failure where that is not allowed.
#[must_use]
pub fn has(what: &str, probe: &mut Command) -> bool {
    if probe.output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(
        std::env::var_os("IGSYNC_TEST_REQUIRE_TOOLS").is_none_or(|value| value.is_empty() || value == "0"),
        "{what} is missing, and IGSYNC_TEST_REQUIRE_TOOLS is set"
    );
    // Whatever the macros print, a test that passes keeps to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {what} is missing");
    false
}

/// Runs a script that must end well and say `done` last.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.ends_with("done\n"), "--- stdout\n{out}\n--- stderr\n{err}");
}

/// Node.js in a folder where it finds the packages.
pub fn node(file: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(file).env_remove("NODE_OPTIONS");
    command
}

/// Whether Node.js finds a package where the scripts look for it.
#[must_use]
pub fn has_package(name: &str) -> bool {
    let folder = std::env::var("IGSYNC_NODE_MODULES").unwrap_or_else(|_| ".".into());
    let find = "require('module').createRequire(process.argv[1] + '/').resolve(process.argv[2])";
    has(&format!("{name} from npm"), Command::new("node").args(["-e", find, "--", &folder, name]))
}

/// The browser, where it and what drives it are there.
#[must_use]
pub fn chromium() -> Option<String> {
    let chromium = std::env::var("IGSYNC_CHROMIUM").unwrap_or_else(|_| "chromium".into());
    (has("chromium", Command::new(&chromium).arg("--version")) && has_package("playwright-core")).then_some(chromium)
}
