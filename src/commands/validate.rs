//! `igsync validate`: every check that files allow, all findings in one run.

use crate::cli::{FindingsFormat, Global, Validate};
use crate::exit::Exit;
use crate::report;
use crate::report::text::plural;
use crate::session::load::load_to_check;
use crate::session::project::{OfPublished, Project};
use igsync_base::finding::{Finding, Severity};

use super::chosen::Chosen;
use super::{Ended, Ports, Ui, write_coloured, write_commands, write_stdout};

pub(super) async fn run(global: &Global, args: &Validate, ports: &Ports, ui: &Ui) -> Ended {
    let published = if args.all { OfPublished::Check } else { OfPublished::Nothing };
    let (project, damage) = ui.noted(load_to_check(&global.place(), published, ports).await)?;
    let findings = chosen(&project, args, ports);
    let text = match args.format {
        FindingsFormat::Human => {
            let text = report::findings::render(&findings, ui.terminal.style_out());
            ui.terminal.program.commands(&text) + &summary(&project, &findings)
        }
        FindingsFormat::Json => report::findings::json(&findings),
        FindingsFormat::Github => report::findings::github(&findings, &project.folder_in_repository(ports)),
    };
    match args.format {
        FindingsFormat::Github => write_commands(ui, &text)?,
        FindingsFormat::Human => write_coloured(ui, &text)?,
        FindingsFormat::Json => write_stdout(ui, &text)?,
    }
    if let Some(damage) = damage {
        return Err(damage);
    }
    let is_wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if is_wrong { Exit::Failure } else { Exit::Done })
}

/// The findings of the paths that were asked for; configuration is always among them.
fn chosen(project: &Project, args: &Validate, ports: &Ports) -> Vec<Finding> {
    let chosen = Chosen::new(&args.paths, &project.root, &*ports.disk);
    let is_wanted = |finding: &&Finding| finding.rule.id.starts_with("IGS4") || chosen.has(&finding.file);
    project.findings.iter().filter(is_wanted).cloned().collect()
}

/// The stable last line.
fn summary(project: &Project, findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    format!(
        "Checked {}: {}, {}.\n",
        plural(project.manifests, "manifest"),
        plural(count(Severity::Error), "error"),
        plural(count(Severity::Warning), "warning"),
    )
}
