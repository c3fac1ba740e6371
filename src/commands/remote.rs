//! What keeps the record of a run beyond this machine, and whether the checkout may publish at all.

use std::sync::Arc;

use crate::cli::Apply;
use crate::config::Push;
use crate::exit::Exit;
use crate::git::{Branch, Checkout, Git, Signature, Target, Tip};
use crate::lockfile::{Records, format};
use crate::port::{Kept, Remote};

use super::project::Project;
use super::{Failure, World};

/// Decided before anything is published.
#[derive(Default)]
pub(super) struct Keeping {
    /// Where the record is pushed to.
    pub branch: Option<Arc<Branch>>,
    /// What stood there, or `None`: nothing was read.
    pub kept: Option<Kept>,
    /// The checkout could not be compared with the remote. Matters only if something is to be published.
    pub doubt: Option<Failure>,
}

impl Keeping {
    /// Whether the place lacks some of these: an earlier run could not push them.
    pub(super) fn lacks(&self, records: &Records) -> bool {
        if self.branch.is_none() || self.doubt.is_some() {
            return false;
        }
        let text = self.kept.as_ref().and_then(|kept| kept.text.as_deref());
        let standing = text.and_then(|text| format::parse(text).ok()).map(|parsed| parsed.records);
        !standing.unwrap_or_default().news(records).is_empty()
    }

    /// The place to keep the record at, once it is clear that something is to be done.
    pub(super) fn go_on(self) -> Result<Option<Arc<dyn Remote>>, Failure> {
        match self.doubt {
            Some(doubt) => Err(doubt),
            None => Ok(self.branch.map(|branch| branch as Arc<dyn Remote>)),
        }
    }
}

/// Why nothing will keep the lockfile, as far as the files and the environment tell.
pub(super) fn known_offline(project: &Project, world: &World) -> Option<String> {
    if project.sandbox || !world.env.is_on("CI") {
        return None;
    }
    if project.config.git.push == Push::Never {
        return Some("git.push in igsync.yaml is off".to_owned());
    }
    let has_git = |folder: &std::path::Path| world.disk.stat(&folder.join(".git")).is_ok();
    let root = world.disk.canonicalize(&project.root).unwrap_or_else(|_| project.root.clone());
    (!root.ancestors().any(has_git)).then(|| "the content root is in no git repository".to_owned())
}

/// Finds the remote, proves that it can be pushed to, compares the checkout with its tip, and takes in the
/// records that stand there.
pub(super) async fn choose(project: &mut Project, args: &Apply, world: &World) -> Result<Keeping, Failure> {
    let is_ci = world.env.is_on("CI");
    let push = wish(project, args);
    let wants = push == Push::Always || (push == Push::Auto && is_ci);
    if project.sandbox || !(wants || is_ci) {
        return Ok(Keeping::default());
    }
    let place = match Place::find(project, world).await {
        Ok(place) => place,
        Err(why) if push == Push::Always => return Err(not_pushed(&why)),
        Err(why) => {
            project.ephemeral = ephemeral(args, why);
            return Ok(Keeping::default());
        }
    };
    let mut keeping = Keeping::default();
    if wants {
        match place.record.preflight().await {
            Ok(kept) => {
                keeping.kept = Some(kept);
                keeping.branch = Some(Arc::clone(&place.record));
            }
            Err(error) if push == Push::Always => return Err(not_pushed(&error.to_string())),
            Err(error) => {
                project.ephemeral =
                    ephemeral(args, format!("{} can not be pushed to ({error})", place.record.target()));
            }
        }
    } else {
        project.ephemeral = ephemeral(args, off(args).to_owned());
    }
    if is_ci && !args.allow_stale {
        keeping.doubt = place.check_tip(keeping.kept.as_ref(), world).await?;
    }
    if keeping.kept.is_none() {
        // Not pushed by us; what others have recorded there counts all the same.
        keeping.kept = place.record.fetch().await.ok();
    }
    if let Some(text) = keeping.kept.as_ref().and_then(|kept| kept.text.as_deref()) {
        let records = records_at(text, place.record.target())?;
        project.snapshot.records.merge(records);
        project.snapshot.has_lockfile = true;
    }
    Ok(keeping)
}

fn wish(project: &Project, args: &Apply) -> Push {
    match (args.push, args.no_push) {
        (true, _) => Push::Always,
        (_, true) => Push::Never,
        _ => project.config.git.push,
    }
}

fn off(args: &Apply) -> &'static str {
    if args.no_push { "--no-push was passed" } else { "git.push in igsync.yaml is off" }
}

fn ephemeral(args: &Apply, why: String) -> Option<String> {
    (!args.allow_ephemeral_lock).then_some(why)
}

fn not_pushed(why: &str) -> Failure {
    Failure::message(
        Exit::Failure,
        format!("the record can not be pushed, so nothing was published: {why}"),
        "give this run the right to push, or let another branch keep the record (git.state_branch); \
         --no-push goes on without",
    )
}

/// The records of a lockfile at the remote.
fn records_at(text: &[u8], target: &Target) -> Result<Records, Failure> {
    match format::parse(text) {
        Ok(parsed) => Ok(parsed.records),
        Err(problem) => Err(Failure::message(
            Exit::Failure,
            format!("igsync.lock at {target} can not be read: {problem}"),
            "mend it there (git log -- igsync.lock shows its versions), or update igsync",
        )),
    }
}

/// The branches that a content root has to do with.
struct Place {
    checkout: Checkout,
    content: Branch,
    /// Where the record is: the branch of the content, or one of its own.
    record: Arc<Branch>,
}

impl Place {
    /// The error says why there is none.
    async fn find(project: &Project, world: &World) -> Result<Self, String> {
        let variable = |name: &str| world.env.get(name).map(str::to_owned);
        let git = Git::new(&project.root, project.settings.git_timeout);
        let settings = &project.config.git;
        let checkout = Checkout::find(git.clone()).await.map_err(|error| error.to_string())?;
        let target = checkout.target(settings.branch.as_deref(), &variable).await?;
        let is_github = world.env.is_on("GITHUB_ACTIONS");
        let signature = Signature::of(&git, is_github).await.map_err(|error| error.to_string())?;
        let content = Branch::of_content(checkout.clone(), target.clone(), signature.clone(), &variable);
        let record = match settings.state_branch.clone().filter(|branch| *branch != target.branch) {
            Some(branch) => Branch::of_state(checkout.clone(), Target { branch, ..target }, signature, &variable),
            None => content.clone(),
        };
        Ok(Self { checkout, content, record: Arc::new(record) })
    }

    /// The outer error: the checkout is not the tip. The inner one: nobody can tell.
    async fn check_tip(&self, kept: Option<&Kept>, world: &World) -> Result<Option<Failure>, Failure> {
        let is_same_branch = self.record.target() == self.content.target();
        let tip = match kept.filter(|_| is_same_branch) {
            Some(kept) => kept.version.0.clone(),
            None => match self.content.tip().await {
                Ok(tip) => tip.unwrap_or_default(),
                Err(error) => return Ok(Some(self.cannot_tell(&error.to_string()))),
            },
        };
        let stands = match self.checkout.compare(&tip).await {
            Ok(stands) => stands,
            Err(error) => return Ok(Some(self.cannot_tell(&error.to_string()))),
        };
        let target = self.content.target();
        let (what, help) = match stands {
            Tip::Same | Tip::BehindByRecord => return Ok(None),
            _ if is_pull_request(world) => (
                format!("this is a pull request, not the tip of {target}"),
                "publish after the merge: run apply on the branch".to_owned(),
            ),
            Tip::Behind => (
                format!("this checkout is behind {target}: commits are missing that change more than igsync.lock"),
                format!(
                    "run apply on the tip of {}; what this job was to publish is still planned there",
                    target.branch
                ),
            ),
            Tip::Ahead => (
                format!("this checkout has commits that {target} does not have"),
                "push them first: a record of posts that nobody else has would be lost with them".to_owned(),
            ),
            Tip::Apart => (
                format!("this checkout and {target} have gone different ways"),
                format!("run apply on the tip of {}, or name the right branch in git.branch", target.branch),
            ),
        };
        Err(Failure::message(
            Exit::Stale,
            format!("nothing was published: {what}"),
            format!("{help}; --allow-stale goes on all the same"),
        ))
    }

    fn cannot_tell(&self, why: &str) -> Failure {
        Failure::message(
            Exit::Stale,
            format!(
                "nothing was published: nobody can tell whether this is the tip of {}: {why}",
                self.content.target()
            ),
            "let this job read the repository, or pass --allow-stale",
        )
    }
}

fn is_pull_request(world: &World) -> bool {
    world.env.get("GITHUB_REF").is_some_and(|name| name.starts_with("refs/pull/"))
}
