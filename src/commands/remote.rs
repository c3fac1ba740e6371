//! What keeps the record of a run beyond this machine, and whether the checkout may publish at all.

use std::sync::Arc;

use crate::cli::Apply;
use crate::config::Push;
use crate::exit::Exit;
use crate::git::{Branch, Checkout, Followed, Git, Signature, Target, Tip};
use crate::lockfile::{Records, format};
use crate::port::{Kept, Remote};

use super::project::Project;
use super::{Failure, World};

/// Decided before anything is published.
#[derive(Default)]
pub(super) struct Keeping {
    branch: Option<Arc<Branch>>,
    /// What others have recorded, where this run pushes nothing.
    pub seen: Option<Records>,
    /// Why nothing keeps the lockfile of this run.
    pub ephemeral: Option<String>,
    /// Why nobody can tell whether the checkout is the tip.
    doubt: Option<String>,
}

impl Keeping {
    /// Where the record is pushed to; `None`: it stays on this machine until somebody commits it.
    pub(super) fn remote(&self) -> Option<Arc<dyn Remote>> {
        self.branch.clone().map(|branch| branch as Arc<dyn Remote>)
    }

    pub(super) fn knows_others(&self) -> bool {
        self.branch.is_some() || self.seen.is_some()
    }

    /// Asked once it is clear that there is something to do.
    pub(super) fn is_sure(&self) -> Result<(), Failure> {
        self.doubt.as_ref().map_or(Ok(()), |doubt| {
            let help = "let this job read the repository, or pass --allow-stale";
            Err(Failure::message(Exit::Stale, format!("nothing was published: {doubt}"), help))
        })
    }

    /// Lets the checkout come along with what was pushed, and says so where it could not.
    pub(super) async fn follow(&self, world: &World) {
        let Some(branch) = &self.branch else { return };
        let why = match branch.bring_checkout_along().await {
            Ok(None | Some(Followed::Moved)) => return,
            Ok(Some(Followed::Left(why))) => why.to_owned(),
            Err(error) => error.to_string(),
        };
        if world.env.is_on("CI") {
            return;
        }
        world.terminal.say(&format!(
            "the record is at {}; your branch was left alone, because {why}\n  \
             next: git checkout -- igsync.lock && git pull --rebase (your journal holds the record, too)",
            branch.target()
        ));
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

/// Finds the remote, proves that it can be pushed to, and compares the checkout with its tip.
pub(super) async fn choose(project: &Project, args: &Apply, world: &World) -> Result<Keeping, Failure> {
    let is_ci = world.env.is_on("CI");
    let push = wish(project, args);
    let wants = push == Push::Always || (push == Push::Auto && is_ci);
    let mut keeping = Keeping::default();
    if project.sandbox || !(wants || is_ci) {
        return Ok(keeping);
    }
    let ephemeral = |why: String| (is_ci && !args.allow_ephemeral_lock).then_some(why);
    let place = match Place::find(project, world).await {
        Ok(place) => place,
        Err(why) if push == Push::Always => return Err(not_pushed(&why)),
        Err(why) => {
            keeping.ephemeral = ephemeral(why);
            return Ok(keeping);
        }
    };
    let mut kept = None;
    if wants {
        match place.record.preflight().await {
            Ok(found) => {
                kept = Some(found);
                keeping.branch = Some(Arc::clone(&place.record));
            }
            Err(error) if push == Push::Always => return Err(not_pushed(&error.to_string())),
            Err(error) => {
                let target = place.record.target();
                keeping.ephemeral = ephemeral(format!("{target} can not be pushed to ({error})"));
            }
        }
    } else {
        keeping.ephemeral = ephemeral(off(args).to_owned());
    }
    if is_ci && !args.allow_stale {
        keeping.doubt = place.check_tip(kept.as_ref(), world).await?;
    }
    if keeping.branch.is_none()
        && let Ok(Kept { text: Some(text), .. }) = place.record.fetch().await
    {
        // Not pushed by this run; what others have recorded there counts all the same.
        keeping.seen = Some(records_at(&text, place.record.target())?);
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

    /// The error: the checkout is not the tip. A text: nobody can tell, because of this.
    async fn check_tip(&self, kept: Option<&Kept>, world: &World) -> Result<Option<String>, Failure> {
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

    fn cannot_tell(&self, why: &str) -> String {
        format!("nobody can tell whether this is the tip of {}: {why}", self.content.target())
    }
}

fn is_pull_request(world: &World) -> bool {
    world.env.get("GITHUB_REF").is_some_and(|name| name.starts_with("refs/pull/"))
}
