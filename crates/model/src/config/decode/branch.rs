//! Names of branches.

/// Why git would not take this as the name of a branch; `None` when it would. The rules of
/// <https://git-scm.com/docs/git-check-ref-format>, without asking git.
pub(super) fn unusable_branch(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.starts_with("refs/") {
        return Some("write the branch alone, without refs/heads/");
    }
    if name == "HEAD" || name == "@" {
        return Some("this is not a branch but whatever is checked out");
    }
    if name.starts_with(['-', '/']) || name.ends_with(['/', '.']) {
        return Some("it begins or ends with a character that git does not allow there");
    }
    let is_wrong = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    if name.contains(is_wrong) || name.contains("..") || name.contains("@{") {
        return Some("git allows no spaces and none of ~ ^ : ? * [ \\ .. @{");
    }
    let is_wrong = |part: &str| part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some();
    name.split('/').any(is_wrong).then_some("no part between slashes is empty, begins with a dot or ends in .lock")
}

#[cfg(test)]
mod tests {
    use super::unusable_branch;

    #[test]
    fn names_that_would_say_something_else_to_git_are_refused() {
        for name in ["main", "igsync-state", "bot/igsync", "release/2.0", "über", "a@b", "-".repeat(0).as_str()] {
            assert_eq!(unusable_branch(name).is_none(), !name.is_empty(), "{name}");
        }
        let wrong = [
            "--upload-pack=x",
            "main:other",
            "+main*",
            "a b",
            "a..b",
            "a/.b",
            "a//b",
            "a.lock",
            "a.",
            "/a",
            "a/",
            "refs/heads/main",
            "HEAD",
            "@",
            "a@{1}",
            "a~1",
            "a^",
            "a?",
            "a[b",
            "a\\b",
            "a\nb",
            "a\u{7f}",
        ];
        for name in wrong {
            assert!(unusable_branch(name).is_some(), "{name:?}");
        }
    }
}
