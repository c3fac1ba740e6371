//! What a push says to people who read the history. Pure.

use std::fmt::Write as _;

use igsync_model::lockfile::{Record, Records, Stage};

/// So many posts are named.
const NAMED: usize = 3;

/// So much of a key is shown.
const KEY_LENGTH: usize = 60;

/// The message of a commit that adds `news` to what is `standing`.
pub(super) fn commit(news: &[Record], standing: &Records) -> String {
    let is_new = |record: &&Record| {
        record.stage() == Stage::Published
            && standing.same_attempt(record).is_none_or(|known| known.stage() != Stage::Published)
    };
    let published: Vec<&Record> = news.iter().filter(is_new).collect();
    let announced: Vec<&Record> = news.iter().filter(|record| record.stage() == Stage::Intent).collect();
    let deleted: Vec<&Record> = news.iter().filter(|record| record.stage() == Stage::Deleted).collect();
    let deleting: Vec<&Record> = news.iter().filter(|record| record.is_being_deleted()).collect();
    let (verb, what, posts) = if !published.is_empty() {
        ("Record", "published ", published)
    } else if !announced.is_empty() {
        ("Announce", "", announced)
    } else if !deleted.is_empty() {
        ("Record", "deleted ", deleted)
    } else if !deleting.is_empty() {
        ("Announce the deletion of", "", deleting)
    } else {
        ("Record what became of", "", news.iter().collect())
    };
    let mut keys: Vec<String> = posts.iter().map(|record| harmless(record.key.as_str())).collect();
    keys.sort_unstable();
    keys.dedup();
    let noun = if keys.len() == 1 { "post" } else { "posts" };
    let mut message = format!("{verb} {} {what}{noun}: {}", keys.len(), keys[..keys.len().min(NAMED)].join(", "));
    if keys.len() > NAMED {
        let _ = write!(message, " and {} more", keys.len() - NAMED);
    }
    message.push('\n');
    message
}

/// A key as it may be in a history that services read commands from: `[skip ci]`, `@names`, `#12`,
/// trailers and escape sequences all need a sign that is replaced here.
fn harmless(key: &str) -> String {
    let is_harmless = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let mut shown: String = key.chars().take(KEY_LENGTH).map(|c| if is_harmless(c) { c } else { '_' }).collect();
    if key.chars().nth(KEY_LENGTH).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::super::attempt::noted;
    use super::super::super::testing::{at, record};
    use super::*;
    use igsync_base::id::Kind;
    use igsync_model::lockfile::{Deletion, State};

    fn of(key: &str, stage: Stage) -> Record {
        Record { key: key.into(), state: State::bare(stage), ..record(Kind::Image, "x", &[1]) }
    }

    fn said(news: &[Record]) -> String {
        commit(news, &Records::default())
    }

    #[test]
    fn the_posts_are_named_and_many_are_counted() {
        let published = ["posts/b", "posts/a", "posts/c", "posts/d"].map(|key| of(key, Stage::Published));
        assert_eq!(said(&published[..2]), "Record 2 published posts: posts/a, posts/b\n");
        assert_eq!(said(&published), "Record 4 published posts: posts/a, posts/b, posts/c and 1 more\n");
        assert_eq!(said(&[of("posts/a", Stage::Intent)]), "Announce 1 post: posts/a\n");
        assert_eq!(said(&[of("posts/a", Stage::Deleted)]), "Record 1 deleted post: posts/a\n");
        let open = Deletion { at: at(1), lease_until: at(2), outcome: None };
        let deleting = noted(of("posts/a", Stage::Published), |live| live.deletions.push(open));
        let standing = [of("posts/a", Stage::Published)].into_iter().collect();
        assert_eq!(commit(&[deleting], &standing), "Announce the deletion of 1 post: posts/a\n");
        assert_eq!(said(&[of("posts/a", Stage::Failed)]), "Record what became of 1 post: posts/a\n");
    }

    #[test]
    fn a_permalink_that_comes_later_is_no_new_post() {
        let known = of("posts/a", Stage::Published);
        let linked = noted(known.clone(), |live| live.permalink = Some("https://x".into()));
        let standing = [known].into_iter().collect();
        assert_eq!(commit(&[linked], &standing), "Record what became of 1 post: posts/a\n");
    }

    #[test]
    fn no_key_says_anything_to_a_service() {
        let hostile = "posts/[skip ci] @acme fixes #12\n\nskip-checks: true\u{1b}[2J\u{202e}";
        let said = said(&[of(hostile, Stage::Published)]);
        assert_eq!(said, "Record 1 published post: posts/_skip_ci___acme_fixes__12__skip-checks__true__2J_\n");
        assert!(said_long().chars().count() < 100);
    }

    fn said_long() -> String {
        said(&[of(&"x".repeat(4000), Stage::Published)])
    }
}
