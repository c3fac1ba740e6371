//! `igsync fix`: files that pass beside those that do not, and manifests that name them.

use std::sync::Arc;

use crate::cli::{Fix, Global, OutputFormat};
use crate::exit::Exit;
use crate::report;
use crate::report::fix::{Done, File, What};
use crate::report::text::one_line;
use crate::session::fix::{self, Left, Made, Outcome, Repointed, State, Survey, Work};
use crate::session::load::load_to_check;
use crate::session::project::{OfPublished, Project};
use igsync_model::manifest::{Post, Source};

use super::chosen::Chosen;
use super::{Ended, Failure, Ports, Ui, write_coloured, write_stdout};

pub(super) async fn run(global: &Global, args: &Fix, ports: &Ports, ui: &Ui) -> Ended {
    let project = load(global, args, ports, ui).await?;
    let chosen = Chosen::new(&args.paths, &project.root, &*ports.disk);
    check_paths(&chosen, &project)?;
    let wanted = |manifest: &str, source: &str| chosen.has(manifest) || chosen.has(source);
    let Survey { jobs, mut left, recorded } = fix::survey(&project, &wanted, args.all, ports);
    let tell = |made: &Made| {
        if made.state == State::Written {
            ui.terminal.say(&format!("wrote {}", one_line(&made.path)));
        }
    };
    let drafted = fix::make(&project.root, jobs.clone(), false, ports, |_| {});
    let unnamed = fix::repoint(&project.root, &drafted.made, false, &*ports.disk).left;
    let jobs = fix::without(jobs, &unnamed);
    let Outcome { made, left: not_made, stopped } = fix::make(&project.root, jobs, args.write, ports, tell);
    if let Some(signal) = stopped {
        return Ok(signal.into());
    }
    let Repointed { manifests, left: not_named } = fix::repoint(&project.root, &made, args.write, &*ports.disk);
    let is_done = not_made.is_empty() && not_named.is_empty() && unnamed.is_empty() && (args.write || made.is_empty());
    left.extend(not_made.into_iter().chain(not_named).chain(unnamed));
    let accept = accepting(&project, &manifests);
    let is_changed = args.write && !manifests.is_empty();
    let project = if is_changed { load(global, args, ports, ui).await? } else { project };
    // What was made has another name by now.
    let is_result = |source: &str| made.iter().any(|made| made.path == source && chosen.has(&made.job.source));
    let wanted = |manifest: &str, source: &str| wanted(manifest, source) || is_result(source);
    let planned = if is_changed { &[][..] } else { &made };
    let done = Done {
        has_written: args.write,
        files: made.iter().map(file).collect(),
        manifests: manifests.iter().map(ToString::to_string).collect(),
        left: left.into_iter().map(|Left { file, reason }| (file.to_string(), reason)).collect(),
        recorded,
        accept,
        remaining: fix::remaining(&project, &wanted, args.all, planned, ports),
    };
    match args.format {
        OutputFormat::Human => {
            let text = report::fix::human(&done, ui.terminal.style_out());
            write_coloured(ui, &ui.terminal.program.commands(&text))?;
        }
        OutputFormat::Json => write_stdout(ui, &report::fix::json(&done))?,
    }
    if is_changed {
        ui.terminal.say("commit the new files with the manifests; `igsync plan` shows what is published now");
    }
    Ok(if is_done && done.remaining.is_empty() { Exit::Done } else { Exit::Failure })
}

/// The content root. A record that cannot be read is no record: which posts are in it decides what may change.
async fn load(global: &Global, args: &Fix, ports: &Ports, ui: &Ui) -> Result<Project, Failure> {
    let published = if args.all { OfPublished::Check } else { OfPublished::Nothing };
    match ui.noted(load_to_check(&global.place(), published, ports).await)? {
        (project, None) => Ok(project),
        (_, Some(damage)) => Err(damage),
    }
}

/// A path that names nothing of the content root is a typing error.
fn check_paths(chosen: &Chosen, project: &Project) -> Result<(), Failure> {
    let manifests = project.posts.iter().map(|post| &*post.file);
    let findings = project.findings.iter().map(|finding| &*finding.file);
    let sources = project.posts.iter().flat_map(|post| post.content.sources()).filter_map(|source| match source {
        Source::Local(path) => Some(&**path),
        Source::Url(_) => None,
    });
    let known: Vec<&str> = manifests.chain(findings).chain(sources).collect();
    match chosen.without(&known) {
        None => Ok(()),
        Some(path) => Err(Failure::message(
            Exit::Failure,
            format!("there is no manifest at {}, and no post names it", one_line(path)),
            "pass a manifest, a folder, or a file that a manifest names",
        )),
    }
}

/// What accepts the live posts of these manifests.
fn accepting(project: &Project, manifests: &[Arc<str>]) -> Vec<String> {
    let live = project.posts.iter().filter(|post| manifests.contains(&post.file) && project.is_live(post));
    let command = |post: &Arc<Post>| {
        let is_one_of_several = project.posts.iter().filter(|other| other.key == post.key).count() > 1;
        let account = if is_one_of_several { format!(" --account {}", post.account) } else { String::new() };
        format!("igsync lock accept {}{account}", post.key.argument())
    };
    live.map(command).collect()
}

fn file(made: &Made) -> File {
    let what = match &made.job.work {
        Work::Picture { plan, .. } => {
            let (width, height) = plan.size();
            What::Picture { width, height }
        }
        Work::Clip { len } => What::Clip { bytes: *len },
    };
    File {
        source: made.job.source.to_string(),
        result: made.path.clone(),
        what,
        is_there: made.state == State::There,
        manifests: made.job.places.keys().map(ToString::to_string).collect(),
    }
}
