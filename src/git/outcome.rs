//! What a push said about itself, read from `git push --porcelain`. Pure.
//!
//! Whether the commit has arrived is never decided here: the next fetch shows it. This decides only whether
//! pushing again can help, where the remote's branch is still as before.

use super::redact::shown;
use igsync_ports::RemoteError;

/// The line about our one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Taken over, or there already.
    Taken,
    /// Not sent: the branch is not where we thought.
    NotSent,
    /// Sent, and the remote said no.
    Declined(String),
    /// Nothing about the branch: the remote could not be spoken to.
    Nothing,
}

/// Lines are `flag TAB from:to TAB summary (reason)`.
pub(super) fn read(stdout: &[u8]) -> Said {
    let text = String::from_utf8_lossy(stdout);
    for line in text.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(flag), Some(_), Some(summary)) = (parts.next(), parts.next(), parts.next()) else { continue };
        return match flag {
            " " | "*" | "+" | "=" => Said::Taken,
            _ if summary.starts_with("[remote rejected]") => Said::Declined(reason(summary)),
            // A failure to report is no answer at all.
            _ if summary.starts_with("[remote failure]") => Said::Nothing,
            _ => Said::NotSent,
        };
    }
    Said::Nothing
}

fn reason(summary: &str) -> String {
    let inner = summary.split_once('(').map_or(summary, |(_, rest)| rest);
    inner.trim_end_matches(')').to_owned()
}

/// Two pushes at once: the remote's own words for it. The other one may land in the next moment.
const RACES: &[&str] = &[
    "cannot lock ref",
    "failed to update ref",
    "failed to lock",
    "fetch first",
    "non-fast-forward",
    "stale info",
    "incorrect old value",
    "reference already exists",
];

/// The words of hosts and of git for a no that stays a no.
const FINAL: &[&str] = &[
    "protected branch",
    "gh006",
    "gh013",
    "repository rule violations",
    "you are not allowed to push",
    "prohibited by gerrit",
    "branch is currently checked out",
    "deny updating a hidden ref",
    "permission to",
    "permission denied",
    "access denied",
    "write access",
    "read-only",
    "read only",
    "authentication failed",
    "invalid username or",
    "could not read username",
    "could not read password",
    "terminal prompts disabled",
    "host key verification failed",
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
    "repository not found",
    "does not appear to be a git repository",
    "unable to create temporary object directory",
    "src refspec",
];

/// Why the branch was not moved, given that it has not moved.
pub(super) fn why(said: &Said, stderr: &str) -> RemoteError {
    let lower = stderr.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let text = || {
        let text = shown(stderr);
        match said {
            Said::Declined(reason) => format!("{} ({}): {text}", RemoteError::DECLINED, shown(reason)),
            _ if text.is_empty() => "the remote did not accept the commit".to_owned(),
            _ => text,
        }
    };
    match said {
        Said::Taken | Said::NotSent => RemoteError::Moved,
        Said::Declined(reason) if RACES.iter().any(|word| reason.to_ascii_lowercase().contains(word)) => {
            RemoteError::Moved
        }
        _ if speaks_of(FINAL) => RemoteError::Refused(text()),
        // A hook may have said no because of the moment; and a broken line says nothing at all.
        Said::Declined(_) | Said::Nothing => RemoteError::Unclear(text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(flag: &str, summary: &str) -> Said {
        read(format!("To /srv/x.git\n{flag}\tabc:refs/heads/main\t{summary}\nDone\n").as_bytes())
    }

    #[test]
    fn a_push_is_read_from_its_line() {
        assert_eq!(line(" ", "1234..5678"), Said::Taken);
        assert_eq!(line("*", "[new branch]"), Said::Taken);
        assert_eq!(line("=", "[up to date]"), Said::Taken);
        assert_eq!(line("!", "[rejected] (stale info)"), Said::NotSent);
        assert_eq!(line("!", "[rejected] (fetch first)"), Said::NotSent);
        assert_eq!(
            line("!", "[remote rejected] (pre-receive hook declined)"),
            Said::Declined("pre-receive hook declined".into())
        );
        assert_eq!(line("!", "[remote failure] (remote failed to report status)"), Said::Nothing);
        assert_eq!(read(b""), Said::Nothing);
        assert_eq!(read(b"To x\nDone\n"), Said::Nothing);
    }

    #[test]
    fn a_race_is_told_from_a_final_no_and_from_silence() {
        let declined = |reason: &str| Said::Declined(reason.into());
        let kind = |said: &Said, stderr: &str| match why(said, stderr) {
            RemoteError::Moved => "moved",
            RemoteError::Refused(_) => "refused",
            RemoteError::Unclear(_) => "unclear",
            RemoteError::Damaged(_) => "damaged",
        };
        for (said, stderr, wanted) in [
            (Said::NotSent, "error: failed to push some refs", "moved"),
            (declined("cannot lock ref 'refs/heads/main': is at 1 but expected 2"), "", "moved"),
            (declined("failed to update ref"), "", "moved"),
            (
                declined("protected branch hook declined"),
                "remote: error: GH006: Protected branch update failed",
                "refused",
            ),
            (
                declined("pre-receive hook declined"),
                "remote: GitLab: You are not allowed to push code to protected branches",
                "refused",
            ),
            (declined("pre-receive hook declined"), "remote: come back later", "unclear"),
            (declined("hook declined"), "", "unclear"),
            (
                Said::Nothing,
                "remote: Permission to a/b.git denied to github-actions[bot].\nfatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403",
                "refused",
            ),
            (Said::Nothing, "git@github.com: Permission denied (publickey).", "refused"),
            (
                Said::Nothing,
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
                "refused",
            ),
            (Said::Nothing, "fatal: unable to access 'https://x/': Could not resolve host: x", "unclear"),
            (Said::Nothing, "fatal: the remote end hung up unexpectedly", "unclear"),
            (Said::Nothing, "", "unclear"),
        ] {
            assert_eq!(kind(&said, stderr), wanted, "{said:?} {stderr}");
            // Silence and a race are no one's decision.
            let is_no = wanted == "refused" || (wanted == "unclear" && matches!(said, Said::Declined(_)));
            assert_eq!(why(&said, stderr).is_declined(), is_no, "{said:?} {stderr}");
        }
    }
}
