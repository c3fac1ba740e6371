//! `--wait`: what a run that goes on reads again, and how long it may.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::cli::{Apply, Scope};
use crate::exit::Exit;
use crate::session::project::{OfPublished, Owners, Project};
use crate::session::root::ContentRoot;
use crate::session::{Failure, Place, Ports, arrivals};
use igsync_apply::{Agreed, Cause, Halt, Lookout, Reread, Waiting};
use igsync_model::plan::{Plan, Reviewed};

use super::super::difference::premises;
use super::identify_all;

/// A job of GitHub Actions is ended after six hours; what it does at its end takes some minutes.
const LONGEST_IN_ACTIONS: Duration = Duration::from_secs((5 * 60 + 45) * 60);

/// Refuses a wait that cannot come to its end.
pub(in super::super) fn refuse_impossible(scope: &Scope, ports: &Ports) -> Result<(), Failure> {
    let Some(wait) = scope.wait else { return Ok(()) };
    if scope.now.is_some() {
        return Err(Failure::message(
            Exit::Usage,
            "--wait goes by the clock, but --now sets the time",
            "leave one of them out",
        ));
    }
    if ports.env.is_on("GITHUB_ACTIONS") && wait > LONGEST_IN_ACTIONS {
        return Err(Failure::message(
            Exit::Usage,
            "--wait is longer than a job of GitHub Actions runs: it is ended after 6 hours",
            "pass at most --wait 5h45m, and start a run for the posts after it",
        ));
    }
    Ok(())
}

/// Reads a content root again as it was read when the run began.
pub(super) struct Watch<'a> {
    pub(super) place: &'a Place,
    pub(super) scope: &'a Scope,
    pub(super) reviewed: Option<Arc<Reviewed>>,
    /// Whose tokens this run has.
    pub(super) owners: &'a Owners,
    pub(super) ports: &'a Ports,
}

impl Watch<'_> {
    async fn read_again(&self) -> Result<Project, Failure> {
        let root = ContentRoot::open(self.place, self.scope.sandbox, self.ports).await?;
        let snapshot = root.snapshot(self.ports)?;
        let mut project = Project::read(root, snapshot, OfPublished::Compare, self.ports).await?;
        project.allow_duplicates(&self.scope.allow_duplicate);
        project.reviewed.clone_from(&self.reviewed);
        project.adopt_owners(self.owners);
        arrivals::learn(&mut project, None).await?;
        identify_all(&mut project, self.ports);
        Ok(project)
    }
}

impl Lookout for Watch<'_> {
    fn read(&self) -> BoxFuture<'_, Result<Reread, Halt>> {
        Box::pin(async move {
            let halt = |reason: String, help: String| Halt { cause: Cause::Incomplete, reason, help };
            let project = self.read_again().await.map_err(|failure| {
                let help = failure.report.help().map(|help| help.to_string()).unwrap_or_default();
                halt(failure.report.to_string(), help)
            })?;
            if project.configuration_errors() {
                let reason = "igsync.yaml was changed and has errors";
                return Err(halt(reason.to_owned(), "fix what `igsync validate` reports".to_owned()));
            }
            let now = self.ports.clock.now();
            let premises = premises(&project, self.scope, BTreeSet::new(), now);
            Ok(Reread { premises, files: project.local_files() })
        })
    }
}

/// What the run waits for after it has carried out `plan`.
pub(super) fn until<'a>(plan: &Plan, watch: &'a Watch<'a>, args: &Apply) -> Option<Waiting<'a>> {
    // Whoever was asked has agreed to what was shown, as it was shown.
    let agreed = (!args.yes).then(|| plan.awaited().map(Agreed::of).collect());
    Some(Waiting { until: plan.until?, lookout: watch, agreed })
}
