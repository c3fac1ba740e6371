//! What a commit of igsync says, and as whom.

use super::command::Git;
use super::error::Error;
use igsync_base::text::stripped;

/// No longer than this, whatever a caller brings. In characters.
const LIMIT: usize = 4000;

/// The whole message of a commit: `text`, then what keeps it from starting another run, then where it was made.
///
/// `text` may hold keys and names that a pull request brought. Nothing in it may mention a person, close an issue,
/// claim an author or a reviewer, so the signs that hosts read out of messages are taken from it.
pub(super) fn message(text: &str, run: Option<&str>) -> String {
    let mut whole = harmless(text);
    // A push with GitHub's own token starts no workflow anyway; one with a person's token or a deploy key would.
    whole.push_str("\n\n[skip ci]\n");
    if let Some(run) = run {
        whole.push_str("\nIgsync-Run: ");
        whole.push_str(run);
        whole.push('\n');
    }
    whole
}

fn harmless(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(stripped).collect();
    let signs: String =
        lines.join("\n").chars().take(LIMIT).map(|c| if matches!(c, '@' | '#') { '_' } else { c }).collect();
    // `GH-12` and addresses are links to issues, too; a word and a colon begin a trailer.
    let signs = signs.replace("://", ":/ /").replace("GH-", "GH_").replace("gh-", "gh_");
    let lines = signs.lines().map(|line| {
        let line = line.trim_end();
        let is_trailer = line.split_once(':').is_some_and(|(word, _)| {
            !word.trim().is_empty() && word.trim().chars().all(|c| c.is_alphanumeric() || c == '-')
        });
        if is_trailer { line.replacen(':', " ", 1) } else { line.to_owned() }
    });
    let whole = lines.collect::<Vec<_>>().join("\n");
    let whole = whole.trim();
    if whole.is_empty() { "Record what was published".to_owned() } else { whole.to_owned() }
}

/// The page of the CI run that this process is part of, where the CI says it.
pub(super) fn run_page(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let page = match (variable("GITHUB_SERVER_URL"), variable("GITHUB_REPOSITORY"), variable("GITHUB_RUN_ID")) {
        (Some(server), Some(repository), Some(id)) => format!("{server}/{repository}/actions/runs/{id}"),
        _ => variable("CI_JOB_URL")?,
    };
    let is_address = page.starts_with("https://") && page.len() < 300;
    (is_address && page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@')).then_some(page)
}

/// Who makes the commits, as variables for git; empty where git knows someone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    name: Option<String>,
    email: Option<String>,
}

impl Signature {
    /// The configured person, else the bot of the CI, else igsync itself.
    pub async fn of(git: &Git, is_github: bool) -> Result<Self, Error> {
        let (name, email) = if is_github {
            ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
        } else {
            ("igsync", "igsync@localhost")
        };
        // A half of a person would be no one.
        for setting in ["user.name", "user.email"] {
            if git.answer(&["config", "--get", setting]).await?.is_none() {
                return Ok(Self { name: Some(name.to_owned()), email: Some(email.to_owned()) });
            }
        }
        Ok(Self::default())
    }

    /// Settings for one call of git. The environment of the user still wins.
    pub(super) fn settings(&self) -> Vec<String> {
        let pairs = [("user.name", &self.name), ("user.email", &self.email)];
        let settings = pairs.into_iter().filter_map(|(setting, value)| Some(format!("{setting}={}", value.as_ref()?)));
        settings.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stops_further_runs_and_names_its_own() {
        assert_eq!(
            message("Record 2 posts\n\nposts/a\nposts/b\n", Some("https://host/run/1")),
            "Record 2 posts\n\nposts/a\nposts/b\n\n[skip ci]\n\nIgsync-Run: https://host/run/1\n"
        );
        assert_eq!(message("\u{1b}\r\n", None), "Record what was published\n\n[skip ci]\n");
    }

    #[test]
    fn hostile_keys_mention_nobody_close_nothing_and_sign_for_nobody() {
        let hostile = "Record 1 post\n\nposts/fixes #12 by @someone\ncloses GH-7, fixes https://github.com/a/b/issues/1\n\
                       Co-authored-by: Eve <eve@example.com>\n Signed-off-by : x\nskip-checks: true\n\u{202e}txt\u{0}\n";
        let said = message(hostile, None);
        for sign in ["@", "#", "://", "GH-", "authored-by:", "off-by :", "checks:", "\u{202e}", "\u{0}"] {
            assert!(!said.contains(sign), "{sign:?} in {said}");
        }
        assert!(message(&"a\n".repeat(100_000), None).len() < 5000);
    }

    #[test]
    fn the_page_of_the_run_comes_from_the_ci_and_is_an_address() {
        let github = |name: &str| {
            Some(match name {
                "GITHUB_SERVER_URL" => "https://github.com".to_owned(),
                "GITHUB_REPOSITORY" => "a/b".to_owned(),
                "GITHUB_RUN_ID" => "5".to_owned(),
                _ => return None,
            })
        };
        assert_eq!(run_page(&github).as_deref(), Some("https://github.com/a/b/actions/runs/5"));
        let forged = |name: &str| (name == "CI_JOB_URL").then(|| "https://x/\nCo-authored-by: y".to_owned());
        assert_eq!(run_page(&forged), None);
    }
}
