//! Duplicates on the lines of a pull request.

use std::fmt::Write as _;

use super::text::one_line;
use super::workflow::{escape_data, escape_property};
use igsync_model::plan::{Change, Mark, Plan};

/// GitHub shows so many annotations of one kind.
const ANNOTATIONS: usize = 10;

/// One annotation for each duplicate, at the line that makes it a post.
pub fn github(plan: &Plan, folder: &str) -> String {
    let is_listed = |change: &&Change| change.mark() == Mark::Duplicate && change.in_diff != Some(false);
    let mut text = String::new();
    for (number, change) in plan.changes.iter().filter(is_listed).enumerate() {
        let message = format!("{} {}", one_line(change.key.as_str()), one_line(&change.reason));
        // Writing to a string cannot fail.
        let _ = if number < ANNOTATIONS {
            let file = escape_property(&format!("{folder}{}", change.file.as_deref().unwrap_or_default()));
            let line = change.line.unwrap_or(1);
            let help = "If it is meant, write `allow_duplicate: true` into the manifest.";
            let message = escape_data(&format!("{message}\n{help}"));
            writeln!(text, "::warning file={file},line={line},title=igsync duplicate::{message}")
        } else {
            // Words in front: a line that begins with `::` would be a command.
            writeln!(text, "also {message}")
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use igsync_model::plan::testing::{With as _, post, world};

    use super::*;

    #[test]
    fn a_duplicate_is_annotated_where_it_is_written() {
        let twin = |key: &str| post(key).with(|twin| twin.media_digest = post("a").media_digest);
        let plan = world([post("a"), twin("a 2").with(|post| post.line = 3)], []).plan();
        assert_eq!(
            github(&plan, "content/"),
            "::warning file=content/a 2.yaml,line=3,title=igsync duplicate::a 2 has the media of a, which goes out \
             first%0AIf it is meant, write `allow_duplicate: true` into the manifest.\n"
        );
        let many = (0..12).map(|number| twin(&format!("b{number}")));
        let text = github(&world(std::iter::once(post("a")).chain(many), []).plan(), "");
        assert_eq!(text.lines().filter(|line| line.starts_with("::warning")).count(), 10);
        assert_eq!(text.lines().filter(|line| line.starts_with("also b")).count(), 2);
    }
}
