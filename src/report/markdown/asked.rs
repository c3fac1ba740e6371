//! What waits for a person after a run, for one issue that is kept up to date: each point with its way out.

use std::fmt::Write as _;

use igsync_media::digest::{digest_of, hex};
use igsync_model::plan::{Change, GuardKind, Mark, Plan};
use sha2::{Digest as _, Sha256};

use super::escape::{block, code, rich};
use super::plan::is_instagram;
use super::post::{line, remedy};
use super::run::{End, Run};
use super::words::capital;
use crate::exit::Exit;

/// So many points are shown.
const POINTS: usize = 100;

/// What a person has to decide. Equal lists are equal whatever time has passed in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked(Vec<Point>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    /// What tells it from other points: no times and no words of a server.
    of: String,
    text: String,
}

impl Asked {
    /// After a run; `None`: the run cannot know.
    #[must_use]
    pub fn of(run: &Run, plan: Option<&Plan>, exit: Exit) -> Option<Self> {
        let mut points = Vec::new();
        match (run.command, exit) {
            // What is due is apply's: it may need no one.
            ("plan", Exit::Done | Exit::Failure | Exit::Changes | Exit::Refused) => {
                plan.filter(|plan| plan.complete && plan.due() == 0)?;
            }
            ("apply", Exit::Done | Exit::Deferred) => {
                plan?;
            }
            ("apply", _) if is_for_a_person(exit) => {}
            _ => return None,
        }
        points.extend(run.posts.iter().filter_map(|(post, end)| {
            let (word, reason, help, input) = match end {
                End::Unknown { reason, help } => ("unknown", reason, help.as_str(), Some(resolving(post.key.as_str()))),
                End::Failed { reason, help } => ("failed", reason, help.as_str(), None),
                _ => return None,
            };
            let title = format!("- {} for {} **{word}**", code(post.key.as_str()), code(post.account.as_str()));
            let help = if help.is_empty() { String::new() } else { format!(". To do: {}", rich(help)) };
            let text = format!("{title}: {}{help}{}", rich(reason), by_hand(input));
            Some(Point { of: format!("{word} {} {}", post.account, post.key), text })
        }));
        if let Some(plan) = plan {
            let is_new = |change: &&Change| {
                run.posts.iter().all(|(post, _)| post.key != change.key || post.account != change.account)
            };
            let asks = plan.changes.iter().filter(|change| plan.needs_a_person(change)).filter(is_new);
            points.extend(asks.map(|change| of_change(plan, change)));
            let guards = plan.guards.iter().filter(|guard| guard.kind != GuardKind::Paused);
            points.extend(guards.map(|guard| Point {
                of: format!("guard {} {}", guard.kind.name(), guard.account.as_ref().map_or("", |name| name.as_str())),
                text: format!("- {}. To continue: {}", rich(&capital(&guard.message)), rich(&guard.help)),
            }));
        }
        let is_said = |exit| matches!(exit, Exit::Incomplete | Exit::Unknown | Exit::Refused) && !points.is_empty();
        if run.command == "apply" && is_for_a_person(exit) && !is_said(exit) {
            points.push(of_exit(run, exit));
        }
        points.sort_by(|a, b| a.of.cmp(&b.of));
        points.dedup_by(|a, b| a.of == b.of);
        Some(Self(points))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equal for equal points.
    #[must_use]
    pub fn digest(&self) -> String {
        let points: Vec<&str> = self.0.iter().map(|point| point.of.as_str()).collect();
        let digest = Sha256::digest(serde_json::json!(points).to_string().as_bytes());
        hex(&digest_of(&digest.into())).unwrap_or_default().chars().take(32).collect()
    }

    /// The text of the issue, with the digest in its first line; empty where nothing waits.
    #[must_use]
    pub fn text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut text = format!("<!-- list {} -->\nigsync leaves these alone until someone decides:\n\n", self.digest());
        for point in self.0.iter().take(POINTS) {
            let _ = writeln!(text, "{}", point.text);
        }
        if self.0.len() > POINTS {
            let _ = writeln!(text, "- and {} more: `igsync plan` lists all", self.0.len() - POINTS);
        }
        text.push_str("\nigsync keeps this list up to date, and closes the issue when nothing waits any more.\n");
        text
    }
}

/// Whether a run that ends so needs someone.
#[must_use]
pub fn is_for_a_person(exit: Exit) -> bool {
    matches!(exit, Exit::Incomplete | Exit::Unknown | Exit::Refused | Exit::RecordNotDurable | Exit::Account)
}

fn of_change(plan: &Plan, change: &Change) -> Point {
    let word = change.mark().name();
    let key = change.key.as_str();
    let input = match change.mark() {
        Mark::Unknown | Mark::Resume => Some(resolving(key)),
        Mark::Late => Some("tick *include late*".to_owned()),
        Mark::Duplicate => Some(format!("*allow duplicate* {}", code(key))),
        _ => None,
    };
    let link = change.permalink.as_deref().filter(|link| is_instagram(link));
    let link = link.map(|link| format!(" ([look](<{link}>))")).unwrap_or_default();
    let remedy = Some(remedy(change)).filter(|remedy| !remedy.is_empty());
    let remedy = remedy.map(|remedy| format!(". To do: {remedy}")).unwrap_or_default();
    let text = format!("{} **{word}**{link}{remedy}{}", line(plan, change), by_hand(input));
    Point { of: format!("{word} {} {key}", change.account), text }
}

/// What there is no post for: the run as a whole.
fn of_exit(run: &Run, exit: Exit) -> Point {
    let words = exit.words();
    let mut text = format!("- {}. Who acts: {}. To do: {}", capital(words.meaning), words.who, rich(words.next));
    let remarks = run.remarks.iter().map(String::as_str);
    for detail in run.failure.as_deref().into_iter().chain(remarks).take(POINTS) {
        let block: Vec<String> = block(detail).lines().map(|line| format!("  {line}")).collect();
        let _ = write!(text, "\n\n{}", block.join("\n"));
    }
    Point { of: format!("exit {}", exit as u8), text }
}

fn resolving(key: &str) -> String {
    format!("command *resolve*, *key* {}, and the outcome", code(key))
}

/// The same in the workflow that people start.
fn by_hand(input: Option<String>) -> String {
    input.map(|input| format!(". In *Actions → igsync by hand → Run workflow*: {input}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use igsync_apply::PostRef;
    use igsync_base::id::{AccountName, PostKey};
    use igsync_model::lockfile::Stage;
    use igsync_model::plan::testing::{PostBuilder as _, post, record, world};

    use super::*;

    fn run(command: &'static str) -> Run {
        Run { command, ..Run::default() }
    }

    fn ended(key: &str, reason: &str, is_unknown: bool) -> (PostRef, End) {
        let (reason, help) = (reason.to_owned(), "do it".to_owned());
        let end = if is_unknown { End::Unknown { reason, help } } else { End::Failed { reason, help } };
        (PostRef { account: AccountName::new("default"), key: PostKey::new(key) }, end)
    }

    fn late() -> Plan {
        world([post("posts/late").due("2026-11-01T10:00:00Z")], [record("posts/unsure", Stage::Unknown)]).plan()
    }

    #[test]
    fn each_point_has_a_command_and_an_input() {
        let asked = Asked::of(&run("plan"), Some(&late()), Exit::Done).unwrap();
        let text = asked.text();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_list_is_the_same_while_nothing_but_words_and_time_changes() {
        let with = |posts: Vec<(PostRef, End)>| {
            let run = Run { posts, ..run("apply") };
            Asked::of(&run, Some(&late()), Exit::Incomplete).unwrap()
        };
        let one = with(vec![ended("posts/a", "no, trace 1", false), ended("posts/b", "who knows", true)]);
        let same = with(vec![ended("posts/b", "who knows now", true), ended("posts/a", "no, trace 2", false)]);
        let other = with(vec![ended("posts/a", "no, trace 1", false)]);
        assert_eq!(one.digest(), same.digest());
        assert_ne!(one.digest(), other.digest());
        assert_ne!(with(vec![ended("posts/a", "x", true)]).digest(), other.digest());
        assert!(one.text().starts_with(&format!("<!-- list {} -->\n", one.digest())));
    }

    #[test]
    fn a_run_without_a_point_of_its_own_is_one() {
        let nothing = world([], []).plan();
        let of = |exit, failure: Option<&str>| {
            let run = Run { failure: failure.map(str::to_owned), ..run("apply") };
            Asked::of(&run, Some(&nothing), exit)
        };
        assert_eq!(of(Exit::Done, None), Some(Asked::default()));
        assert_eq!(of(Exit::Deferred, None), Some(Asked::default()));
        for exit in Exit::ALL.into_iter().filter(|exit| is_for_a_person(*exit)) {
            let text = of(exit, Some("@everyone ```` x")).unwrap().text();
            assert!(text.contains(&capital(exit.words().meaning)) && text.contains("  `````text"), "{text}");
        }
        // Trace ids differ each time.
        assert_eq!(of(Exit::Account, Some("a")).unwrap().digest(), of(Exit::Account, Some("b")).unwrap().digest());
        for exit in [Exit::Failure, Exit::Stale, Exit::Locked, Exit::Interrupted, Exit::Terminated, Exit::Usage] {
            assert_eq!(of(exit, None), None, "{exit:?}");
        }
    }

    #[test]
    fn a_plan_says_nothing_of_what_apply_is_about_to_do() {
        let due = world([post("posts/now"), post("posts/late").due("2026-11-01T10:00:00Z")], []).plan();
        assert_eq!(Asked::of(&run("plan"), Some(&due), Exit::Done), None);
        assert_eq!(Asked::of(&run("plan"), None, Exit::Failure), None);
        assert!(Asked::of(&run("status"), Some(&late()), Exit::Account).is_none());
    }

    #[test]
    fn names_of_others_mention_no_one_and_end_nothing() {
        let key = "posts/`@everyone` closes #1 <!-- -->";
        let run = Run { posts: vec![ended(key, "![x](https://evil.example) @everyone", true)], ..run("apply") };
        let text = Asked::of(&run, Some(&late()), Exit::Unknown).unwrap().text();
        assert!(text.contains("`` posts/`@everyone` closes #1 <!-- --> ``") || text.contains(&code(key)), "{text}");
        assert!(!text.contains("![x]") && !text.contains("https://evil"), "{text}");
    }

    #[test]
    fn a_long_list_fits_an_issue() {
        let posts = (0..3000).map(|number| post(&format!("posts/{number}")).due("2026-11-01T10:00:00Z"));
        let asked = Asked::of(&run("plan"), Some(&world(posts, []).plan()), Exit::Done).unwrap();
        let text = asked.text();
        assert!(text.len() < 60_000 && text.contains("- and 2900 more"), "{}", text.len());
    }
}
