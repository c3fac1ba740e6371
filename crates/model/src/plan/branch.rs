//! What the branch of `--base` does to the record, in words, and which guards are its own doing.

use std::collections::HashSet;

use super::action::{Action, Why};
use super::input::Input;
use super::model::{BranchEdit, Change, Guard, GuardKind};
use super::records::identity;
use crate::lockfile::{Effect, Record, RecordChange, Stage};
use igsync_base::id::PostKey;
use igsync_base::text::{one_line, quoted};

/// A text of the lockfile is shown with so many characters at most: it may be the branch's own.
const SHOWN: usize = 120;

/// What the branch does to the record, most important first. `None` without `--base`.
pub(super) fn edits(input: &Input<'_>, changes: &[Change]) -> Option<Vec<BranchEdit>> {
    let branch = input.options.branch.as_ref()?;
    let to_go_out = changes.iter().filter(|change| is_to_go_out(change));
    let to_go_out: HashSet<_> =
        to_go_out.filter_map(|change| Some(identity(change.user_id.as_ref()?, &change.key))).collect();
    let edit = |change: &RecordChange| {
        let goes_out = to_go_out.contains(&identity(&change.user_id, &change.key));
        let message = message(change, goes_out);
        BranchEdit { message, help: help(&branch.base, change), goes_out, change: change.clone() }
    };
    let mut edits: Vec<BranchEdit> = branch.record.iter().map(edit).collect();
    edits.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.change.key.cmp(&b.change.key)));
    Some(edits)
}

/// Whether the post is published by this or a later run.
fn is_to_go_out(change: &Change) -> bool {
    change.publishes() || matches!(change.action, Action::Publish | Action::Wait | Action::Hold(Why::Late))
}

fn rank(edit: &BranchEdit) -> u8 {
    match &edit.change.effect {
        _ if edit.change.forgets_a_live_post() && edit.goes_out => 0,
        Effect::Claimed(Stage::Published) => 1,
        Effect::OtherMedia(_) => 2,
        Effect::ExtrasDue => 3,
        Effect::Removed => 4,
        Effect::Claimed(_) => 5,
        Effect::MovedTo(_) | Effect::MovedFrom(_) => 6,
        Effect::Details(_) => 7,
    }
}

/// One sentence: lower case, no full stop.
fn message(change: &RecordChange, goes_out: bool) -> String {
    let key = &change.key;
    let was_live = change.before.as_ref().filter(|before| before.live().is_some());
    let as_it_is = was_live.map(|live| format!(", which is live as {},", place(live))).unwrap_or_default();
    let not_recorded = "igsync did not record that on the base";
    let said = match &change.effect {
        Effect::Removed => match &change.before {
            Some(before) if was_live.is_none() => {
                format!("this branch removes the record of {key}, which states that it is {}", in_words(before.stage()))
            }
            _ => format!("this branch removes the record of {key}{}", as_it_is.trim_end_matches(',')),
        },
        Effect::Claimed(Stage::Published) => {
            let id = change.after.as_ref().map_or_else(String::new, |after| format!(" as {}", media(after)));
            format!("this branch claims that {key} is published{id}; {not_recorded}")
        }
        Effect::Claimed(state) => {
            format!("this branch claims that {key}{as_it_is} is {}; {not_recorded}", in_words(*state))
        }
        Effect::OtherMedia(other) => {
            let old = change.before.as_ref().map_or_else(String::new, |before| format!(" as {}", place(before)));
            format!("this branch claims that {key} is live as {}; igsync recorded it{old}", short(other.as_str()))
        }
        Effect::ExtrasDue => format!(
            "this branch claims that the first comment or comment switch of {key} is still due{}; {not_recorded}",
            change.after.as_ref().map(|after| format!(", at {}", media(after))).unwrap_or_default()
        ),
        Effect::MovedTo(to) => format!("this branch moves the record of {key} to {}", short(to.as_str())),
        Effect::MovedFrom(from) => format!("this branch gives {key} the record of {}", short(from.as_str())),
        Effect::Details(fields) if fields.is_empty() => {
            format!("this branch changes which attempts of {key} are recorded; the one that counts is the same")
        }
        Effect::Details(fields) => {
            format!("this branch changes what is recorded of {key}: {}", fields.join(", "))
        }
    };
    let then = match (change.forgets_a_live_post(), goes_out) {
        (true, true) => ": merging publishes it again",
        (true, false) if change.effect == Effect::Removed => ": nothing then keeps igsync from publishing it again",
        (false, true) if change.before.is_some() && change.effect == Effect::Removed => ": merging publishes it",
        _ => "",
    };
    said + then
}

fn help(base: &str, change: &RecordChange) -> String {
    let is_imported = change.after.as_ref().is_some_and(|after| after.live().is_some() && after.is_imported());
    if is_imported && change.before.is_none() {
        // A branch can say that anything is live; only whoever asks Instagram on the base knows.
        return format!(
            "import on the base itself: check {} out, run `igsync import --write --push`, which brings the record there, \
             and let this branch add the manifests and media alone",
            one_line(base)
        );
    }
    format!(
        "only igsync writes the record: restore the version of the base, `git checkout {} -- igsync.lock`. Record \
         intended changes on the base itself, with `igsync resolve KEY` or the commands of `igsync lock --help`",
        quoted(base)
    )
}

/// Where a live post is seen.
fn place(record: &Record) -> String {
    record.known_live().and_then(|live| live.permalink.as_deref()).map_or_else(|| media(record), short)
}

fn media(record: &Record) -> String {
    record.claimed_media().map_or_else(|| "a media without a known id".to_owned(), |id| short(id.as_str()))
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn in_words(state: Stage) -> &'static str {
    match state {
        Stage::Published => "published",
        Stage::Containers => "prepared, so that apply continues with its container",
        Stage::Intent => "being published, so that apply continues with its container",
        Stage::Unknown => "perhaps live, so that apply leaves it alone",
        Stage::NotPublished => "not live after an earlier attempt",
        Stage::Failed => "refused by Instagram, so that apply leaves it alone",
        Stage::Deleted => "deleted on Instagram",
        Stage::Ignored => "never to be published",
        Stage::Forgotten => "forgotten",
    }
}

/// Says of each guard whether it holds because of what the branch adds or changes. Without `--base` nothing is said.
pub(super) fn mark(guards: &mut [Guard], input: &Input<'_>, changes: &[Change]) {
    let Some(branch) = &input.options.branch else { return };
    let ours = changes.iter().filter(|change| change.in_diff == Some(true));
    let ours: HashSet<_> = ours.map(|change| (&change.account, &change.key)).collect();
    let recorded: HashSet<&PostKey> = branch.record.iter().map(|change| &change.key).collect();
    let touches = |name: &str| branch.files.contains(name);
    for guard in guards {
        // Guards about posts name their account.
        let posts = || {
            let account = guard.account.as_ref();
            guard.keys.iter().any(|key| match account {
                Some(account) => ours.contains(&(account, key)),
                None => ours.iter().any(|(_, ours)| *ours == key),
            })
        };
        let records = || guard.keys.iter().any(|key| recorded.contains(key));
        guard.in_diff = Some(match guard.kind {
            GuardKind::TooMany | GuardKind::TooManyDeletions => posts(),
            GuardKind::NoLockfile => touches("igsync.lock") || posts(),
            // Some of what it deletes was a manifest.
            GuardKind::Empty => branch.files.iter().any(|file| [".yaml", ".yml"].iter().any(|end| file.ends_with(end))),
            GuardKind::UnknownUser => touches("igsync.yaml") || records(),
            GuardKind::OtherGraph => records(),
            GuardKind::Paused | GuardKind::EphemeralLockfile => touches("igsync.yaml"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::super::testing::{With as _, branch, live, post, record, world};
    use super::*;
    use crate::lockfile::{Base, Records, changes};

    /// The plan of a branch that has `here` of what the base has.
    fn plan_of(base: &[Record], here: &[Record]) -> Plan {
        let all = |records: &[Record]| records.iter().cloned().collect::<Records>();
        let base = all(base);
        let record = changes(Base { left_at: &base, tip: &base }, &all(here));
        let posts = [post("a"), post("b").with(|post| post.draft = true)];
        world(posts, here.iter().cloned()).with(|world| world.options.branch = Some(branch([], record))).plan()
    }

    fn messages(plan: &Plan) -> Vec<&str> {
        plan.branch_edits.iter().flatten().map(|edit| edit.message.as_str()).collect()
    }

    #[test]
    fn a_post_that_goes_out_again_is_said_first() {
        let base = ["a", "b"].map(|key| record(key, Stage::Published));
        let plan = plan_of(&base, &[]);
        let link = "https://www.instagram.com/p/abc/";
        assert_eq!(
            messages(&plan),
            [
                format!("this branch removes the record of a, which is live as {link}: merging publishes it again"),
                format!(
                    "this branch removes the record of b, which is live as {link}: nothing then keeps igsync from \
                     publishing it again"
                ),
            ]
        );
        assert!(plan.is_refused());
        let change = plan.changes.iter().find(|change| change.key.as_str() == "a").unwrap();
        assert_eq!(change.in_diff, Some(true), "it is not another branch's");
    }

    #[test]
    fn what_kept_a_post_from_going_out_is_named() {
        let plan = plan_of(&[record("a", Stage::Ignored)], &[]);
        let expected =
            "this branch removes the record of a, which states that it is never to be published: merging publishes it";
        assert_eq!(messages(&plan), [expected]);
    }

    #[test]
    fn a_long_text_of_a_forged_record_is_cut() {
        let forged = live("b", |live| live.media_id = Some("9".repeat(5000).as_str().into()));
        let plan = plan_of(&[], &[forged]);
        let message = messages(&plan)[0];
        assert!(message.contains("9…;") && message.chars().count() < 300, "{message}");
    }

    #[test]
    fn an_import_is_to_be_recorded_on_the_base() {
        let imported = live("b", |live| live.via = Some(crate::lockfile::Via::Imported));
        let plan = plan_of(&[], &[imported]);
        assert!(plan.is_refused(), "a branch can say that anything is live");
        let help = &plan.branch_edits.as_ref().unwrap()[0].help;
        assert!(help.contains("`igsync import --write --push`") && !help.contains("git checkout"), "{help}");
    }

    #[test]
    fn a_branch_that_leaves_the_record_alone_is_not_refused() {
        let base = [record("a", Stage::Published)];
        let plan = plan_of(&base, &base);
        assert_eq!((plan.branch_edits.as_deref(), plan.is_refused()), (Some(&[][..]), false));
    }

    #[test]
    fn a_guard_decides_only_where_the_branch_makes_it_hold() {
        let crowded = |files: &[&str]| {
            let posts = ["a", "b"].map(post);
            let files = files.iter().map(|file| (*file).to_owned()).collect();
            world(posts, []).with(|world| {
                world.options.max_publish = Some(1);
                world.options.branch = Some(crate::plan::Branch { files, ..branch([], []) });
            })
        };
        assert!(!crowded(&["c.yaml", "igsync.yaml"]).plan().is_refused(), "the posts are the base's");
        assert!(crowded(&["a.yaml"]).plan().is_refused());
        let alone = crowded(&[]).with(|world| world.options.branch = None);
        assert!(alone.plan().is_refused(), "without a base every guard decides");
        let paused = |files: &[&str]| {
            crowded(files).with(|world| {
                world.options.max_publish = None;
                world.accounts[0].paused = Some("IGSYNC_PAUSED is set".to_owned());
            })
        };
        assert!(!paused(&["a.yaml"]).plan().is_refused(), "no branch has set the variable");
        assert!(paused(&["igsync.yaml"]).plan().is_refused());
    }
}
