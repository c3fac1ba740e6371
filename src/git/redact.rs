//! What git and a remote wrote, made fit to be shown: one line, without credentials, obeyed by no terminal
//! and no workflow runner.

use igsync_base::text::excerpt;

/// At most so many characters are shown.
const LIMIT: usize = 400;

/// Words that begin a token of the large hosts.
const TOKENS: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glcbt-", "ATCTT3x", "ATBB"];

/// The lines that matter, in one.
pub(super) fn shown(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| {
        let said = line.strip_prefix("remote:").unwrap_or(line).trim();
        // Advice for people at a prompt, and progress.
        !said.is_empty() && !line.starts_with("hint:") && !line.starts_with("To ") && !line.contains('\r')
    });
    let mut joined = String::new();
    for line in lines {
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(line);
    }
    excerpt(&without_credentials(&joined), LIMIT)
}

/// `https://user:token@host` loses what is before the `@`; words that look like tokens lose themselves.
fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"' | '?' | '#' | '<' | '>'));
        let authority = &after[..end.unwrap_or(after.len())];
        let host = authority.rfind('@').map_or(0, |at| at + 1);
        rest = &after[host..];
    }
    clean.push_str(rest);
    without_tokens(&clean)
}

fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut clean = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, clean: &mut String| {
        let is_token = TOKENS.iter().any(|start| word.starts_with(start)) && word.len() > 16;
        clean.push_str(if is_token { "***" } else { word });
        word.clear();
    };
    for c in text.chars() {
        if is_part(c) {
            word.push(c);
        } else {
            flush(&mut word, &mut clean);
            clean.push(c);
        }
    }
    flush(&mut word, &mut clean);
    clean
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn credentials_in_addresses_are_never_shown() {
        for (said, wanted) in [
            (
                "fatal: unable to access 'https://x-access-token:ghs_0123456789abcdefghij@github.com/a/b.git/': 403",
                "fatal: unable to access 'https://github.com/a/b.git/': 403",
            ),
            ("To https://user:p@ss@host/x", ""),
            (
                "error: failed to push some refs to 'https://tok@host/x'",
                "error: failed to push some refs to 'https://host/x'",
            ),
            ("ssh://git@host:22/a and https://a:b@c", "ssh://host:22/a and https://c"),
            ("bad token ghp_0123456789abcdefghijklmnop, sorry", "bad token ***, sorry"),
            ("https://host/a@b stays", "https://host/a@b stays"),
        ] {
            assert_eq!(shown(said), wanted, "{said}");
        }
    }

    #[test]
    fn what_a_remote_says_is_one_harmless_line() {
        let said = "remote: \nremote: ::error::boo\u{1b}[31m\nhint: try this\nremote: ##[group]x\n";
        assert_eq!(shown(said), "remote: :\u{2060}:error:\u{2060}:boo␛[31m; remote: ##\u{2060}[group]x");
        assert_eq!(shown(&"a".repeat(1000)).chars().count(), 401);
    }
}
