//! What a person does after an import, and how it is undone.

use super::super::Ui;
use crate::cli::Import;
use crate::report::import::{Done, Mode, Row};
use igsync_base::id::PostKey;
use igsync_base::text::{one_line, quoted};
use igsync_model::import::Matching;
use igsync_model::lockfile::RECORD_ONLY;

/// Says the next commands.
pub(super) fn say_next_steps(done: &Done, args: &Import, matching: &Matching, ui: &Ui) {
    let say = |text: &str| ui.terminal.say(text);
    let account = args.account.as_ref().map_or_else(String::new, |name| format!(" --account {}", quoted(name)));
    if done.posts.iter().any(|row| row.needs_match) {
        say(&format!(
            "`igsync import{account} --record-only --match KEY` records a match without a time, --match all each of them"
        ));
    }
    match done.mode {
        Mode::Show if done.posts.iter().any(|row| row.class == "new" || row.class == "matched") => {
            say(&format!(
                "`igsync import{account} --record-only` records them, `igsync import{account} --write` writes manifests, too"
            ));
        }
        Mode::Show => {}
        Mode::RecordOnly | Mode::Write => {
            if done.posts.iter().any(|row| row.file.is_some()) {
                say(&format!("Instagram gives back no: {}", done.not_read_back));
            }
            undo(done, &account, ui);
        }
    }
    if let Matching::Keys(keys) = matching {
        let is_matched = |key: &PostKey| done.posts.iter().any(|row| row.class == "matched" && row.keys.contains(key));
        for key in keys.iter().filter(|key| !is_matched(key)) {
            say(&format!("{} matches no live post that was read", one_line(key.as_str())));
        }
    }
}

/// The line by which what this run has imported is forgotten. A matched post keeps its record: without it, its manifest
/// is a new post.
fn undo(done: &Done, account: &str, ui: &Ui) {
    let imported = done.posts.iter().filter(|row| row.is_recorded && row.class != "matched");
    let is_alone = |row: &&Row| row.keys.iter().all(|key| key.as_str().starts_with(RECORD_ONLY));
    let (alone, described): (Vec<&Row>, Vec<&Row>) = imported.partition(is_alone);
    let mut commands = Vec::new();
    if !described.is_empty() {
        let keys = described.iter().flat_map(|row| &row.keys).map(PostKey::as_str).collect::<Vec<_>>();
        commands.push(format!("`igsync lock rm{account} {}`", quoted(&glob(&keys))));
    }
    if !alone.is_empty() {
        commands.push(format!("`igsync lock rm{account} 'imported/*'`"));
    }
    match (described.is_empty(), commands.is_empty()) {
        (_, true) => {}
        (true, false) => ui.terminal.say(&format!("undo: {}", commands.join(", and "))),
        (false, false) => ui
            .terminal
            .say(&format!("undo: delete the files, and {}; nothing is published by it", commands.join(", and "))),
    }
}

/// What all keys that were written have in common.
fn glob(keys: &[&str]) -> String {
    let Some((first, rest)) = keys.split_first() else { return "**".to_owned() };
    let mut folder = first.rsplit_once('/').map_or("", |(folder, _)| folder);
    while !folder.is_empty()
        && rest.iter().any(|key| key.strip_prefix(folder).is_none_or(|rest| !rest.starts_with('/')))
    {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
    // A year is a part of the default: the years before it are meant as well.
    let folder = folder.strip_suffix(|c: char| c.is_ascii_digit()).map_or(folder, |_| {
        folder
            .rsplit_once('/')
            .filter(|(_, year)| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(folder, |(above, _)| above)
    });
    if folder.is_empty() { "**".to_owned() } else { format!("{folder}/**") }
}
