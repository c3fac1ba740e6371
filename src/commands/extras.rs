//! Completions, the manual, and words that are no command.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::Exit;

use super::{Ended, Failure, Ui, judge};

pub(super) fn completions(shell: clap_complete::Shell, ui: &Ui) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "igsync", &mut script);
    judge(ui.terminal.write_as_it_is(&String::from_utf8_lossy(&script)))?;
    Ok(Exit::Done)
}

pub(super) fn manual(ui: &Ui) -> Ended {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Failure::message(Exit::Failure, error, "run it again"))?;
    judge(ui.terminal.write_as_it_is(&String::from_utf8_lossy(&page)))?;
    Ok(Exit::Done)
}

/// Commands that are promised and not there; what to do meanwhile.
const NOT_BUILT: &[(&str, &str)] = &[("show", "`igsync plan` prints the plan")];

pub(super) fn unknown(words: &[OsString]) -> Ended {
    let word = words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some((name, instead)) = NOT_BUILT.iter().find(|(name, _)| *name == word) {
        return Err(Failure::message(Exit::Usage, format!("`igsync {name}` is not built yet"), instead));
    }
    let command = Cli::command();
    let nearest = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .filter(|name| strsim::damerau_levenshtein(name, &word) <= 3)
        .min_by_key(|name| strsim::damerau_levenshtein(name, &word));
    let help = nearest.map_or_else(
        || "`igsync --help` lists the commands".to_owned(),
        |name| format!("did you mean `igsync {name}`?"),
    );
    Err(Failure::message(Exit::Usage, format!("there is no command `{word}`"), help))
}
