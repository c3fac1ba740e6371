//! The record as a command opens and keeps it: with what a person reads while it waits, and where something is left.

use std::sync::Arc;
use std::time::Duration;

use crate::session::project::Project;
use crate::session::record::RecordPlace;
use crate::session::run_lock::{Claim, Tried};
use crate::session::{Failure, Ports};
use igsync_apply::{Ledger, Observer};
use igsync_base::files::RunLock;
use igsync_base::text;
use igsync_model::lockfile::format::{self, HEADER};
use igsync_model::lockfile::{Paths, Record};

use super::Ui;

/// Takes the run lock. A run that has to wait says for whom.
pub(super) async fn lock(
    paths: &Paths,
    (command, patience): (&str, Duration),
    ports: &Ports,
    ui: &Ui,
) -> Result<RunLock, Failure> {
    let claim = Claim::new(paths, ui.terminal.program.command(command), patience, ports);
    match claim.take()? {
        Tried::Taken(lock) => Ok(lock),
        Tried::Held(note) => {
            ui.note(&note);
            claim.wait().await
        }
    }
}

/// Takes the run lock, and opens the record under it.
pub(super) async fn open(
    remote: &RecordPlace,
    project: &Project,
    command: (&str, Duration),
    observer: Box<dyn Observer>,
    ports: &Ports,
    ui: &Ui,
) -> Result<Arc<Ledger>, Failure> {
    remote.check_known()?;
    let lock = lock(&project.paths, command, ports, ui).await?;
    remote.open(project, lock, observer, ports).await
}

/// Folds the record and brings it to where other machines read it. What did not arrive is printed
/// for whoever reads the log.
pub(super) async fn keep_all(ledger: &Ledger, ui: &Ui) -> Result<(), Failure> {
    let kept = ledger.keep_all().await;
    kept.map_err(|stop| {
        print_unpushed_records(&ledger.not_kept(), ui);
        Failure::halted(stop.into_halt())
    })
}

/// Shows the record lines that only this machine has, as they have to be in the lockfile.
pub(super) fn print_unpushed_records(records: &[Record], ui: &Ui) {
    if records.is_empty() {
        return;
    }
    let line = |record| text::json(format::print_line(std::slice::from_ref(record)).trim_end().to_owned());
    let lines: Vec<String> = records.iter().map(line).collect();
    ui.terminal.insist(&format!(
        "recorded on this machine only; in case it is lost, save these lines to a file and merge them with \
         `igsync lock merge FILE`:\n{HEADER}{}\n",
        lines.join("\n")
    ));
    ui.actions.keep(&lines);
}
