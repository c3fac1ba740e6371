//! Findings as every command shows them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::Scope;
use crate::report;
use crate::session::project::Project;
use crate::session::{Failure, Ports, draw};
use igsync_base::id::AttemptId;
use igsync_model::plan;

use super::Ui;
use super::difference::make;

/// Errors go to stderr, the plan itself is the data; a runner shows all findings on the lines, too.
pub(super) fn show_findings(project: &Project, ports: &Ports, ui: &Ui) {
    say_findings(project, ui);
    ui.actions.findings(&project.findings, &project.folder_in_repository(ports));
}

pub(super) fn say_findings(project: &Project, ui: &Ui) {
    ui.actions.sandbox(project.sandbox);
    if !project.findings.is_empty() {
        ui.terminal
            .say_coloured(report::findings::render_errors(&project.findings, ui.terminal.style_err()).trim_end());
    }
}

/// [`make`], with the converted pictures of the posts that are due; what is broken about them is reported.
pub(super) fn make_and_draw(
    project: &mut Project,
    scope: &Scope,
    settled: BTreeSet<AttemptId>,
    now: Timestamp,
    ports: &Ports,
    ui: &Ui,
) -> Result<plan::Plan, Failure> {
    let mut plan = make(project, scope, settled, now)?;
    let found = draw::draw(&mut plan, project, ports);
    if !found.is_empty() {
        ui.terminal.say_coloured(report::findings::render_errors(&found, ui.terminal.style_err()).trim_end());
        ui.actions.findings(&found, &project.folder_in_repository(ports));
        project.findings.extend(found);
    }
    Ok(plan)
}
