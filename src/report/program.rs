//! Commands in text, as they have to be typed to reach the same content.

use std::path::Path;

use igsync_base::text::quoted;

/// How igsync was started, as far as an advised command has to repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    /// ` -C DIR --config FILE` as they were given; empty without.
    place: String,
    is_sandbox: bool,
}

/// Commands that work on a record, so that in a sandbox run theirs is the sandbox's.
const WITH_SANDBOX: [&str; 6] = ["plan", "preview", "apply", "status", "resolve", "lock"];

/// Commands that look at no content root.
const WITHOUT_PLACE: [&str; 5] = ["explain", "schema", "completions", "man", "help"];

impl Program {
    /// By the words that start it: `igsync`, or `cargo run --release --`.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, place: String::new(), is_sandbox: false }
    }

    /// With what was passed to `-C` and `--config`.
    #[must_use]
    pub fn at(self, chdir: Option<&Path>, config: Option<&Path>) -> Self {
        let flag = |name: &str, path: Option<&Path>| {
            path.map_or_else(String::new, |path| format!(" {name} {}", quoted(&path.to_string_lossy())))
        };
        // The current folder is where a command is typed, too.
        let chdir = chdir.filter(|folder| *folder != Path::new("."));
        Self { place: flag("-C", chdir) + &flag("--config", config), ..self }
    }

    /// In a run against the built-in sandbox.
    #[must_use]
    pub fn in_sandbox(self, is_sandbox: bool) -> Self {
        Self { is_sandbox, ..self }
    }

    /// The command of these words, which begin with a subcommand, as it has to be typed here.
    #[must_use]
    pub fn command(&self, words: &str) -> String {
        let subcommand = words.split(' ').next().unwrap_or_default();
        let has = |flag: &str| words.split(' ').any(|word| word == flag);
        let mut command = format!("{} {words}", self.name);
        if self.is_sandbox && WITH_SANDBOX.contains(&subcommand) && !has("--sandbox") {
            command.push_str(" --sandbox");
        }
        if !WITHOUT_PLACE.contains(&subcommand) && !has("-C") {
            command.push_str(&self.place);
        }
        command
    }

    /// The text with each command in backticks, `` `igsync plan` ``, as it has to be typed here.
    #[must_use]
    pub fn commands(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("`igsync ") {
            shown.push_str(before);
            match behind.split_once('`') {
                // A command is on one line.
                Some((words, left)) if !words.contains('\n') => {
                    shown.extend(["`", &self.command(words), "`"]);
                    rest = left;
                }
                _ => {
                    shown.push_str("`igsync ");
                    rest = behind;
                }
            }
        }
        shown + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_the_way_igsync_was_started() {
        let text = "`igsync lock rm a`, says igsync; `igsync explain 9`";
        assert_eq!(Program::named("igsync").commands(text), text);
        assert_eq!(
            Program::named("cargo run --release --").commands(text),
            "`cargo run --release -- lock rm a`, says igsync; `cargo run --release -- explain 9`"
        );
    }

    #[test]
    fn advice_reaches_the_content_and_the_record_that_it_is_about() {
        let program = Program::named("igsync").at(Some(Path::new("our site")), None).in_sandbox(true);
        let shown = program.commands("`igsync resolve a --published`, `igsync auth login`, `igsync init`");
        assert_eq!(
            shown,
            "`igsync resolve a --published --sandbox -C 'our site'`, `igsync auth login -C 'our site'`, \
             `igsync init -C 'our site'`"
        );
        assert_eq!(program.commands(&shown), shown, "once is enough");
        assert_eq!(program.command("explain 9"), "igsync explain 9");
        let configured = Program::named("igsync").at(None, Some(Path::new("brand.yaml")));
        assert_eq!(configured.command("plan"), "igsync plan --config brand.yaml");
        assert_eq!(Program::named("igsync").at(Some(Path::new(".")), None).command("plan"), "igsync plan");
    }

    #[test]
    fn what_is_no_command_stays_as_it_is() {
        let program = Program::named("cargo run --").in_sandbox(true);
        for text in ["", "igsync plan", "`igsync", "`igsync plan", "`igsync of\nmany` lines", "```\nigsync plan\n```"] {
            assert_eq!(program.commands(text), text);
        }
    }
}
