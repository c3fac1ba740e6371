//! The workflows for GitHub, with the action and the branch of the repository that they are for.

use crate::cli::{ActionRef, is_plain};

use super::rhythm::Rhythm;

/// The same bytes, for another action and `main`, are in `examples/content`, which a published crate does not hold.
const TEMPLATES: [(&str, &str); 5] = [
    (".github/workflows/igsync-plan.yml", include_str!("igsync-plan.yml")),
    (".github/workflows/igsync-comment.yml", include_str!("igsync-comment.yml")),
    (APPLY, include_str!("igsync-apply.yml")),
    (".github/workflows/igsync-by-hand.yml", include_str!("igsync-by-hand.yml")),
    (".github/workflows/igsync-token.yml", include_str!("igsync-token.yml")),
];

/// Stands for the action in the templates.
const ACTION: &str = "IGSYNC_ACTION";
/// Stands for the default branch.
const BRANCH: &str = "DEFAULT_BRANCH";
/// Stands for the environment that holds the secret; its line goes where there is none.
const ENVIRONMENT: &str = "environment: ENVIRONMENT";

const APPLY: &str = ".github/workflows/igsync-apply.yml";
/// What takes the place of that one where the jobs with the secret have an environment, which may ask for an approval.
const APPROVED: &str = include_str!("igsync-apply-approved.yml");

/// What a repository's workflows are made for.
pub(super) struct Target<'a> {
    pub(super) action: &'a ActionRef,
    /// Its default branch.
    pub(super) branch: &'a str,
    /// `None`: the secret is one of the repository.
    pub(super) environment: Option<&'a str>,
    pub(super) rhythm: Rhythm,
}

/// Lines of their own: the entries of `on.schedule`, and the arguments of a run by the clock.
const SCHEDULE: &str = "SCHEDULE\n";
const WAIT: &str = "WAIT\n";
/// The same among other arguments, each on its line.
const WAIT_IN_LIST: &str = "WAIT_IN_LIST\n";
/// Stands for [`Rhythm::words`].
const RHYTHM: &str = "RHYTHM";
const TIMEOUT: &str = "TIMEOUT";

/// The action of the repository that this program was built from, `OWNER/REPO@COMMIT`; `None`: the build does not know
/// it, and no other repository is named instead.
pub(super) fn of_this_build() -> Option<ActionRef> {
    let action = ActionRef::parse(option_env!("IGSYNC_ACTION")?)?;
    Some(ActionRef { version: Some(format!("v{}", env!("CARGO_PKG_VERSION"))), ..action })
}

/// The names and texts of all workflows.
pub(super) fn render(target: &Target<'_>) -> Vec<(&'static str, String)> {
    let Target { action, branch, environment, rhythm } = target;
    let uses = match &action.version {
        Some(version) => format!("{} # {version}", action.uses),
        None => action.uses.clone(),
    };
    let (wait, minutes) = rhythm.wait();
    let (of_step, of_list) = match wait {
        "" => (String::new(), String::new()),
        wait => (format!("          args: {wait}\n"), format!("            {wait}\n")),
    };
    let fill = |line: &str| -> Option<String> {
        let line = line.replace(ACTION, &uses).replace(BRANCH, branch);
        match environment {
            Some(name) => Some(line.replace(ENVIRONMENT, &format!("environment: \"{name}\""))),
            None => Some(line).filter(|line| !line.contains(ENVIRONMENT)),
        }
    };
    let text_of = |name: &str, text: &str| -> String {
        let text = if name == APPLY && environment.is_some() { APPROVED } else { text };
        // Lines first, and what was filled in is not searched again.
        let text = text.replace(SCHEDULE, &rhythm.entries()).replace(WAIT_IN_LIST, &of_list).replace(WAIT, &of_step);
        let text = text.replace(RHYTHM, rhythm.words()).replace(TIMEOUT, &minutes.to_string());
        text.split_inclusive('\n').filter_map(fill).collect()
    };
    TEMPLATES.into_iter().map(|(name, text)| (name, text_of(name, text))).collect()
}

/// The environment in which a workflow publishes already.
pub(super) fn environment_in(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("environment: "))?;
    let name = line.trim_matches('"');
    is_plain(name).then(|| name.to_owned())
}

/// The action that a workflow takes already: the only one whose step has a `command`.
pub(super) fn action_in(text: &str) -> Option<ActionRef> {
    let lines: Vec<&str> = text.lines().collect();
    let is_ours = |step: &&[&str]| step[1..].iter().any(|line| line.trim_start().starts_with("command:"));
    let step = lines.windows(3).filter(is_ours).find_map(|step| step[0].trim_start().strip_prefix("- uses: "))?;
    let (uses, version) = step.split_once('#').unwrap_or((step, ""));
    let version = version.trim();
    let is_version = version.starts_with('v') && version.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    Some(ActionRef { version: is_version.then(|| version.to_owned()), ..ActionRef::parse(uses.trim())? })
}

/// The branch from which a workflow publishes already.
pub(super) fn branch_in(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("branches: [\""))?;
    let branch = line.strip_suffix("\"]")?;
    is_plain(branch).then(|| branch.to_owned())
}

/// Whether the name of a time zone may stand in a workflow between quotes.
pub(super) fn is_zone(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_+/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let action = ActionRef::parse("acme/igsync@0123456789abcdef0123456789abcdef01234567").unwrap();
        let action = ActionRef { version: Some("v1.2.3".to_owned()), ..action };
        let of = |environment, rhythm| render(&Target { action: &action, branch: "trunk", environment, rhythm });
        let slots = || Rhythm::Slots(vec![(Some("Asia/Tokyo".to_owned()), vec!["5 4 * * 1".to_owned()])]);
        for (environment, rhythm) in
            [(None, Rhythm::Hourly), (None, slots()), (Some("live"), Rhythm::Hourly), (Some("live"), slots())]
        {
            let is_waiting = rhythm != Rhythm::Hourly;
            let all: String = of(environment, rhythm).into_iter().map(|(_, text)| text).collect();
            for word in [ACTION, BRANCH, "ENVIRONMENT", SCHEDULE, "WAIT", RHYTHM, TIMEOUT, "main"] {
                assert!(!all.contains(word), "{word} in {all}");
            }
            assert_eq!(all.matches("--wait=50m").count(), if is_waiting { 2 } else { 0 }, "plan and apply wait alike");
            let cron = "    - cron: \"5 4 * * 1\"\n      timezone: \"Asia/Tokyo\"\n";
            assert_eq!(all.contains(cron), is_waiting, "{all}");
            let with = environment.map_or(0, |name| all.matches(&format!("environment: \"{name}\"")).count());
            assert_eq!(with, all.matches("environment:").count());
            assert_eq!(with, if environment.is_some() { 4 } else { 0 }, "each job that has the secret");
        }
        let all: String = of(None, Rhythm::Hourly).into_iter().map(|(_, text)| text).collect();
        assert!(all.contains("uses: acme/igsync@0123456789abcdef0123456789abcdef01234567 # v1.2.3\n"));
        assert!(all.contains("branches: [\"trunk\"]") && all.contains("github.ref_name == 'trunk'"));
    }

    #[test]
    fn what_workflows_say_already_is_read_back() {
        for (uses, version) in
            [("acme/igsync@0123456789abcdef0123456789abcdef01234567", Some("v1.2.3")), ("acme/igsync@v1", None)]
        {
            let action = ActionRef { uses: uses.to_owned(), version: version.map(str::to_owned) };
            let (environment, rhythm) = (Some("go-live"), Rhythm::Hourly);
            let all = render(&Target { action: &action, branch: "trunk", environment, rhythm });
            let text = |name: &str| all.iter().find(|(file, _)| file.ends_with(name)).unwrap().1.clone();
            assert_eq!(action_in(&text("plan.yml")), Some(action.clone()));
            assert_eq!(branch_in(&text("apply.yml")).as_deref(), Some("trunk"));
            assert_eq!(environment_in(&text("apply.yml")).as_deref(), Some("go-live"));
        }
        assert_eq!((action_in("name: x\n"), branch_in("branches: [\"a'b\"]\n")), (None, None));
        assert_eq!((environment_in("name: x\n"), environment_in("environment: \"a b\"\n")), (None, None));
    }

    #[test]
    fn only_names_of_zones_are_written() {
        assert!(is_zone("America/Argentina/Buenos_Aires") && is_zone("Etc/GMT+5"));
        assert!(!is_zone("") && !is_zone("a\"b") && !is_zone("a\nb") && !is_zone("a b"));
    }
}
