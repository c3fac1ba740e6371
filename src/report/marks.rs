//! What reports say about each mark of a plan, side by side: whoever adds a mark adds its words here.

use owo_colors::Style as Paint;

use igsync_model::plan::{Change, Mark};

/// How a mark is shown to people.
pub(super) struct Presentation {
    pub(super) colour: Paint,
    /// Behind a number in the plan's last line.
    pub(super) counted: &'static str,
    /// Before a number of posts, where apply acts on it.
    pub(super) verb: Option<&'static str>,
    /// In the legend, for people who use igsync. Commands are in backticks.
    pub(super) meaning: &'static str,
    /// On a pull request, for people who have never used it.
    pub(super) explanation: &'static str,
}

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn presentation(mark: Mark) -> Presentation {
    let paint = Paint::new;
    match mark {
        Mark::Publish => Presentation {
            colour: paint().green().bold(),
            counted: "to publish",
            verb: Some("publish"),
            meaning: "nothing is recorded, apply publishes it",
            explanation: "the post is new and goes to Instagram right after the merge",
        },
        Mark::Resume => Presentation {
            colour: paint().cyan().bold(),
            counted: "to resume",
            verb: Some("resume"),
            meaning: "apply continues where an earlier run stopped, and never publishes twice",
            explanation: "an earlier run stopped half-way; the next one checks what happened, then finishes it",
        },
        Mark::Adopt => Presentation {
            colour: paint().green().bold(),
            counted: "to adopt",
            verb: Some("adopt"),
            meaning: "live already, apply only records it",
            explanation: "the post is on Instagram already; igsync only records it",
        },
        Mark::Moved => Presentation {
            colour: paint().cyan().bold(),
            counted: "moved",
            verb: Some("rename"),
            meaning: "the record follows the manifest, nothing is published",
            explanation: "the file was renamed; the post itself does not change",
        },
        Mark::Scheduled => Presentation {
            colour: paint().blue().bold(),
            counted: "scheduled",
            verb: None,
            meaning: "goes out with the first apply after its time",
            explanation: "the post has a time in the future and goes out with the first run after it",
        },
        Mark::Edited => Presentation {
            colour: paint().yellow().bold(),
            counted: "edited",
            verb: None,
            meaning: "Instagram cannot change a post; keep what is live with `igsync lock accept KEY`, \
                      or delete the post there and publish it again after `igsync lock rm KEY`",
            explanation: "the file was changed after the post went out; Instagram does not allow igsync to change a post",
        },
        Mark::Duplicate => Presentation {
            colour: paint().yellow().bold(),
            counted: "duplicate",
            verb: None,
            meaning: "repeats another post and never goes out without allow_duplicate: true or --allow-duplicate KEY",
            explanation: "the account has, or is about to get, a post like this one; it goes out only if the file says so",
        },
        Mark::Delete => Presentation {
            colour: paint().red().bold(),
            counted: "to delete",
            verb: Some("delete"),
            meaning: "the live post is deleted for ever; only with `allow_delete: true` of its account and \
                      --allow-delete",
            explanation: "the file orders to delete the post from Instagram, with its likes and comments; that cannot be \
                          undone, and happens only in a run that is started for it",
        },
        Mark::Deleted => Presentation {
            colour: paint().yellow().bold(),
            counted: "deleted",
            verb: None,
            meaning: "deleted on Instagram, and never published again unless you allow it with --allow-duplicate KEY",
            explanation: "the post was deleted on Instagram, and its file is still here",
        },
        Mark::Orphan => Presentation {
            colour: paint().yellow().bold(),
            counted: "orphaned",
            verb: None,
            meaning: "deleting a manifest deletes nothing on Instagram; delete the post there, then `igsync lock rm KEY`",
            explanation: "the file was deleted, the post is still on Instagram; deleting a file deletes no post",
        },
        Mark::Late => Presentation {
            colour: paint().yellow().bold(),
            counted: "late",
            verb: None,
            meaning: "left alone; publish it with --include-late, change publish_at, or set draft: true",
            explanation: "the post's time passed so long ago that a person should decide whether to publish it",
        },
        Mark::Expired => Presentation {
            colour: paint().yellow().bold(),
            counted: "expired",
            verb: None,
            meaning: "never goes out, unless publish_until is moved",
            explanation: "its publish_until has passed; it never goes out",
        },
        Mark::Unknown => Presentation {
            colour: paint().red().bold(),
            counted: "unknown",
            verb: None,
            meaning: "blocked until you record whether it is live",
            explanation: "the outcome of the post is unknown; a person checks the account and records it",
        },
        Mark::Failed => Presentation {
            colour: paint().red().bold(),
            counted: "failed",
            verb: None,
            meaning: "left alone until what is sent changes, or with --retry-failed",
            explanation: "Instagram refused the content of the post; it is tried again when what is sent changes",
        },
    }
}

/// The marks that a list needs a legend for, in the order of the counts.
pub(super) fn used(changes: &[&Change]) -> Vec<Mark> {
    let mut used: Vec<Mark> = changes.iter().map(|change| change.mark()).collect();
    used.sort_unstable();
    used.dedup();
    used
}
