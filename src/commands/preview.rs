//! `igsync preview`: the coming feed as a page or a calendar. Offline unless `--refresh` asks; publishes and records
//! nothing.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::cli::{Global, Preview, PreviewFormat, Scope};
use crate::exit::Exit;
use crate::report::preview::MARK;
use crate::report::text::{bytes, one_line, plural};
use crate::report::{ics, preview as page};
use crate::session::arrivals;
use crate::session::load::load;
use crate::session::output::{Output, Written};
use crate::session::preview::{Listed, draw, fetch, listed, looking};
use crate::session::project::{OfPublished, Project};
use igsync_model::preview::{Input, page as page_of};

use super::difference::make;
use super::findings::show_findings;
use super::{Ended, Failure, Ports, Ui, actions, write_cells};

pub(super) async fn run(global: &Global, args: &Preview, ports: &Ports, ui: &Ui) -> Ended {
    let output = output(args, ports)?;
    let mut project = ui.noted(load(&global.place(), args.sandbox, OfPublished::Compare, ports).await)?;
    show_findings(&project, ports, ui);
    if project.configuration_errors() {
        return Ok(Exit::Failure);
    }
    arrivals::learn(&mut project, None).await?;
    let scope = Scope { account: args.account.clone(), sandbox: args.sandbox, now: args.now, ..Scope::default() };
    // A misspelt account is said before anyone is asked.
    make(&project, &scope, BTreeSet::new(), Timestamp::UNIX_EPOCH)?;
    let mut exit = if project.has_errors() { Exit::Failure } else { Exit::Done };
    let listed = if args.refresh { ask(&mut project, args, ports, ui).await? } else { Listed::default() };
    exit = listed.halted.iter().fold(exit, |exit, (_, halt)| exit.or(halt.cause.into()));
    let shown = show(&mut project, args, &scope, &listed, ports).await?;
    match output {
        None => write_cells(ui, &shown.text)?,
        Some(output) => {
            output.write(&shown.text, ports)?;
            ui.actions.preview(output.path());
            let (coming, size) = (plural(shown.posts, "coming post"), bytes(shown.text.len() as u64));
            ui.terminal.say(&format!("wrote {}: {coming}, {size}", one_line(output.shown())));
        }
    }
    Ok(exit)
}

const PREVIEW: Written =
    Written { what: "a preview", marks: &[MARK, ics::MARK], option: "-o", or: ", or - for stdout" };

/// Where it goes; `None` is stdout.
fn output(args: &Preview, ports: &Ports) -> Result<Option<Output>, Failure> {
    let usual = match args.format {
        PreviewFormat::Html => "igsync-preview.html",
        PreviewFormat::Ics => "igsync-preview.ics",
    };
    let file = args.output.as_deref().unwrap_or_else(|| Path::new(usual));
    (file != Path::new("-")).then(|| Output::open(file, PREVIEW, ports)).transpose()
}

/// What accounts show now; one that cannot be asked is said, and shown as it is recorded.
async fn ask(project: &mut Project, args: &Preview, ports: &Ports, ui: &Ui) -> Result<Listed, Failure> {
    let is_meant = |name: &str| args.account.is_empty() || args.account.iter().any(|account| account == name);
    let accounts = project.config.accounts.iter().filter(|account| is_meant(account.name.as_str()));
    let listed = listed(accounts, project, ports).await?;
    project.adopt_owners(&listed.owners);
    for (name, halt) in &listed.halted {
        ui.terminal.say(&format!(
            "could not ask Meta about account {}: {}\n  help: {}",
            one_line(name.as_str()),
            halt.reason,
            halt.help
        ));
    }
    Ok(listed)
}

struct Rendered {
    text: String,
    posts: usize,
}

async fn show(
    project: &mut Project,
    args: &Preview,
    scope: &Scope,
    listed: &Listed,
    ports: &Ports,
) -> Result<Rendered, Failure> {
    let now = args.now.unwrap_or_else(|| ports.clock.now());
    // Fractions of a second say nothing here.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let plan = make(project, scope, BTreeSet::new(), now)?;
    let place = actions::place(&ports.env, &project.folder_in_repository(ports));
    let all = project.posts.clone();
    let records = project.snapshot.records.clone();
    let page = looking(project, ports, |_, media| {
        let (listed, months) = (&listed.posts, args.months);
        let mut page = page_of(Input { plan: &plan, posts: &all, records: &records, listed, months }, media);
        let is_meant = |name: &str| args.account.is_empty() || args.account.iter().any(|account| account == name);
        page.accounts.retain(|account| is_meant(account.account.name.as_str()));
        page
    });
    let count = page.accounts.iter().map(|account| account.cards.len()).sum();
    let text = match args.format {
        PreviewFormat::Ics => ics::ics(&page, &place),
        PreviewFormat::Html => {
            let shots = page.shots();
            let mut drawn = draw(&shots, project, ports);
            fetch(&shots, listed, ports, &mut drawn).await?;
            page::html(page::Preview { page: &page, drawn: &drawn, findings: &project.findings, place: &place })
        }
    };
    Ok(Rendered { text, posts: count })
}
