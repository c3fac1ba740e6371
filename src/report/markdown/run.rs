//! How a run ended, for the summary of its step: what went out, what did not, and whose turn it is.

use super::super::text::plural;
use super::escape::{block, code, rich};
use super::page::{Limit, Page};
use super::plan::{decisions, is_instagram, refusals};
use crate::exit::Exit;
use igsync_apply::{Event, PostRef};
use igsync_model::plan::{Change, Plan};

/// How one post ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Published {
        media_id: Option<String>,
        permalink: Option<String>,
    },
    Adopted {
        media_id: String,
    },
    /// No longer live.
    Deleted {
        media_id: String,
    },
    Failed {
        reason: String,
        help: String,
    },
    /// Blocked until a person says whether it is live.
    Unknown {
        reason: String,
        help: String,
    },
    /// May be live; the next run finds out before it sends anything.
    Unsettled {
        reason: String,
    },
    Deferred {
        reason: String,
    },
    NotAttempted {
        reason: String,
    },
}

/// Chooses posts by how they ended.
type IsMeant = fn(&End) -> bool;

/// What one command did, gathered from its events and its last words.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The subcommand.
    pub command: &'static str,
    /// Into the built-in sandbox.
    pub sandbox: bool,
    /// In the order in which they ended.
    pub posts: Vec<(PostRef, End)>,
    /// What is beside the posts: a comment that was refused, a record that could not be pushed.
    pub remarks: Vec<String>,
    /// Lines that a person has to keep when the record could not be saved.
    pub to_keep: Vec<String>,
    /// Why the command ended before it did anything.
    pub failure: Option<String>,
}

impl Run {
    /// Takes note of a fact.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::PostPublished { post, media_id } => {
                let media_id = media_id.as_ref().map(ToString::to_string);
                self.set(post, End::Published { media_id, permalink: None });
            }
            Event::PostEnriched { post, permalink } => {
                let of_post = |known: &&mut (PostRef, End)| known.0 == *post;
                if let Some((_, End::Published { permalink: known, .. })) = self.posts.iter_mut().find(of_post) {
                    *known = Some(permalink.clone());
                }
            }
            Event::PostAdopted { post, media_id } => {
                self.set(post, End::Adopted { media_id: media_id.to_string() });
            }
            Event::PostDeleted { post, media_id } => {
                self.set(post, End::Deleted { media_id: media_id.to_string() });
            }
            Event::PostFailed { post, reason, help, .. } => {
                self.set(post, End::Failed { reason: reason.clone(), help: help.clone() });
            }
            Event::PostUnknown { post, reason, settles_itself: true, .. } => {
                self.set(post, End::Unsettled { reason: reason.clone() });
            }
            Event::PostUnknown { post, reason, help, .. } => {
                self.set(post, End::Unknown { reason: reason.clone(), help: help.clone() });
            }
            Event::PostDeferred { post, reason } => self.set(post, End::Deferred { reason: reason.clone() }),
            Event::NotAttempted { post, reason } => self.set(post, End::NotAttempted { reason: reason.clone() }),
            Event::PostWarning { post, reason } => self.remarks.push(format!("{}: {reason}", post.key)),
            _ => {}
        }
    }

    fn set(&mut self, post: &PostRef, end: End) {
        match self.posts.iter_mut().find(|(known, _)| known == post) {
            Some((_, known)) => *known = end,
            None => self.posts.push((post.clone(), end)),
        }
    }

    /// How many posts ended in one way.
    #[must_use]
    pub fn count(&self, is_meant: impl Fn(&End) -> bool) -> usize {
        self.posts.iter().filter(|(_, end)| is_meant(end)).count()
    }
}

/// The summary; its first line is one sentence.
#[must_use]
pub fn render(run: &Run, plan: Option<&Plan>, exit: Exit, limit: Limit) -> String {
    let end = end(exit);
    let mut page = Page::new(limit, &end);
    page.block(&format!("### {}", headline(run, exit)));
    if let Some(failure) = &run.failure {
        page.block(&block(failure));
    }
    if let Some(plan) = plan.filter(|_| run.posts.is_empty()) {
        page.block(&refusals(plan).unwrap_or_default());
    }
    if !run.to_keep.is_empty() {
        let text = "**Keep these lines.** They record what was published but could not be saved. The next run normally \
                    recovers it from the repository; if it cannot, append them to `igsync.lock`:";
        page.block(&format!("{text}\n\n{}", block(&run.to_keep.join("\n"))));
    }
    let groups: [(&str, IsMeant); 8] = [
        ("Outcome unknown", |end| matches!(end, End::Unknown { .. })),
        ("Failed", |end| matches!(end, End::Failed { .. })),
        ("Published", |end| matches!(end, End::Published { .. })),
        ("Deleted from Instagram", |end| matches!(end, End::Deleted { .. })),
        ("Was live already", |end| matches!(end, End::Adopted { .. })),
        ("To be checked by the next run", |end| matches!(end, End::Unsettled { .. })),
        ("Not attempted", |end| matches!(end, End::NotAttempted { .. })),
        ("Waits for a later run", |end| matches!(end, End::Deferred { .. })),
    ];
    for (title, is_meant) in groups {
        let posts: Vec<_> = run.posts.iter().filter(|(_, end)| is_meant(end)).collect();
        if !posts.is_empty() {
            page.block(&format!("#### {title}"));
        }
        for (post, end) in posts {
            page.post(0, || line(post, end), || format!("- {}", code(post.key.as_str())));
        }
    }
    if let Some(plan) = plan {
        let is_listed = |change: &&Change| run.posts.iter().any(|(post, _)| post.key == change.key);
        let open = plan.changes.iter().filter(|change| !is_listed(change));
        page.block(&decisions(plan, open).unwrap_or_default());
    }
    if !run.remarks.is_empty() {
        let lines: Vec<String> = run.remarks.iter().map(|remark| format!("- {}", rich(remark))).collect();
        page.block(&format!("#### Notes\n\n{}", lines.join("\n")));
    }
    page.finish(&end, "The log lists all of them.")
}

fn headline(run: &Run, exit: Exit) -> String {
    let counts = [
        (run.count(|end| matches!(end, End::Published { .. })), "published"),
        (run.count(|end| matches!(end, End::Adopted { .. })), "live already"),
        (run.count(|end| matches!(end, End::Deleted { .. })), "deleted"),
        (run.count(|end| matches!(end, End::Failed { .. })), "failed"),
        (run.count(|end| matches!(end, End::Unknown { .. })), "unknown"),
        (run.count(|end| matches!(end, End::Unsettled { .. })), "to be checked by the next run"),
        (run.count(|end| matches!(end, End::NotAttempted { .. })), "not attempted"),
        (run.count(|end| matches!(end, End::Deferred { .. })), "waiting for a later run"),
    ];
    let mut parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if let Some(first) = parts.first_mut() {
        let (count, word) = first.split_once(' ').unwrap_or_default();
        *first = format!("{} {word}", plural(count.parse().unwrap_or_default(), "post"));
    }
    let into = if run.sandbox { " (sandbox: nothing was published for real)" } else { "" };
    match (parts.is_empty(), exit) {
        (false, _) => format!("igsync {}: {}{into}", run.command, parts.join(", ")),
        (true, Exit::Done) => format!("igsync {}: nothing was left to do{into}", run.command),
        (true, _) => format!("igsync {}: {}{into}", run.command, exit.words().meaning),
    }
}

fn line(post: &PostRef, end: &End) -> String {
    let title = format!("- {} for {}", code(post.key.as_str()), code(post.account.as_str()));
    match end {
        End::Published { permalink: Some(link), .. } if is_instagram(link) => {
            format!("{title}: [{}](<{link}>)", link.trim_start_matches("https://www."))
        }
        End::Published { media_id: Some(id), .. } | End::Adopted { media_id: id } | End::Deleted { media_id: id } => {
            format!("{title}: media {}", code(id))
        }
        End::Published { media_id: None, .. } => format!("{title}: its link is not known yet"),
        End::Failed { reason, help } if !help.is_empty() => {
            format!("{title}: {}. To do: {}", rich(reason), rich(help))
        }
        End::Unknown { reason, help } => format!("{title}: {}. To do: {}", rich(reason), rich(help)),
        End::Unsettled { reason } => format!("{title}: {}", rich(reason)),
        End::Failed { reason, .. } | End::Deferred { reason } | End::NotAttempted { reason } => {
            format!("{title}: {}", rich(reason))
        }
    }
}

/// The exit code in words, and whose turn it is.
fn end(exit: Exit) -> String {
    let words = exit.words();
    format!("Exit {}: {}. Who acts: {}. Next: {}", exit as u8, words.meaning, words.who, rich(words.next))
}
