//! Events for people: a line for each thing that happened, and on a terminal a line for each post that
//! is under way.

mod bars;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressDrawTarget;
use jiff::Timestamp;
use owo_colors::Style as Paint;

use self::bars::Bars;
use super::text::{elapsed, one_line};
use super::{Program, Style};
use igsync_apply::{Event, Observer, PostRef, Reading, WaitsFor};
use igsync_base::id::{AccountName, Kind};
use igsync_ports::Clock;

/// How often a log hears of a post that takes long.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A shorter wait is over before its line is read.
const WORTH_A_LINE: Duration = Duration::from_secs(2);

/// So many short waits together get one.
const SHORT_WAITS: Duration = Duration::from_secs(10);

/// Tells people what happens.
pub struct Human {
    out: Box<dyn Write + Send>,
    clock: Arc<dyn Clock>,
    style: Style,
    program: Program,
    /// Seen so far: with several, posts are named with theirs, since two may have the same key.
    accounts: BTreeSet<AccountName>,
    under_way: HashMap<PostRef, UnderWay>,
    /// Short waits since the last one that had a line, and how many of them are worth the next line.
    short: Duration,
    short_limit: Duration,
    /// `None`: not a terminal.
    bars: Option<Bars>,
    /// Where the pages of posts are that are in the sandbox of this machine.
    pages: Option<String>,
}

/// The page of a post in the sandbox, from the post's link.
fn page(pages: &str, permalink: &str) -> String {
    format!("{pages}/{}", permalink.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    kind: Kind,
    since: Duration,
    reported: Duration,
}

impl Human {
    /// Lines go to `out`. `terminal` draws what is under way and vanishes with it; `None` writes a
    /// line now and then instead. `program` is how igsync was started.
    #[must_use]
    pub fn new(
        out: Box<dyn Write + Send>,
        terminal: Option<ProgressDrawTarget>,
        clock: Arc<dyn Clock>,
        style: Style,
        program: Program,
    ) -> Self {
        let bars = terminal.filter(|target| !target.is_hidden()).map(Bars::new);
        let (accounts, under_way) = (BTreeSet::new(), HashMap::new());
        let (short, short_limit) = (Duration::ZERO, SHORT_WAITS);
        Self { out, clock, style, program, accounts, under_way, short, short_limit, bars, pages: None }
    }

    /// Names pages below this address, where the links of posts lead nowhere.
    #[must_use]
    pub fn with_pages(self, pages: Option<String>) -> Self {
        Self { pages, ..self }
    }

    fn name(&self, post: &PostRef) -> String {
        let key = one_line(post.key.as_str());
        if self.accounts.len() > 1 { format!("{key} on {}", one_line(post.account.as_str())) } else { key }
    }

    fn name_and_kind(&self, post: &PostRef) -> String {
        let name = self.name(post);
        self.under_way.get(post).map_or_else(|| name.clone(), |under_way| format!("{name} ({})", under_way.kind))
    }

    fn time_of(&self, post: &PostRef) -> String {
        let since = self.under_way.get(post).map(|under_way| self.clock.monotonic().saturating_sub(under_way.since));
        since.map_or_else(String::new, |time| format!(" in {}", elapsed(time)))
    }

    fn say(&mut self, verb: &str, paint: Paint, rest: &str) -> io::Result<()> {
        let line = format!("{} {rest}\n", self.style.paint(verb, paint.bold()));
        let out = &mut self.out;
        let mut write = || {
            out.write_all(line.as_bytes())?;
            out.flush()
        };
        match &self.bars {
            Some(bars) => bars.above(write),
            None => write(),
        }
    }

    fn hint(&mut self, text: &str) -> io::Result<()> {
        let text = self.program.commands(text);
        self.say(" ", Paint::new(), &text)
    }

    fn start(&mut self, post: &PostRef, kind: Kind) {
        self.accounts.insert(post.account.clone());
        let now = self.clock.monotonic();
        self.under_way.insert(post.clone(), UnderWay { kind, since: now, reported: now });
        self.show(post, "preparing…");
    }

    fn show(&mut self, post: &PostRef, state: &str) {
        if !self.under_way.contains_key(post) {
            return;
        }
        let line = format!("{}  {state}", self.name_and_kind(post));
        if let Some(bars) = &mut self.bars {
            bars.set(post, line);
        }
    }

    /// On a terminal the line of the post changes; a log hears of it from time to time.
    fn show_state(&mut self, post: &PostRef, state: &str) -> io::Result<()> {
        self.show(post, state);
        let now = self.clock.monotonic();
        let is_due =
            self.under_way.get(post).is_some_and(|under_way| now.saturating_sub(under_way.reported) >= HEARTBEAT);
        if self.bars.is_some() || !is_due {
            return Ok(());
        }
        if let Some(under_way) = self.under_way.get_mut(post) {
            under_way.reported = now;
        }
        let time = self.time_of(post).replacen(" in ", " after ", 1);
        let rest = format!("for {}: {}{time}", self.name_and_kind(post), state.trim_end_matches('…'));
        self.say("waiting", Paint::new().dimmed(), &rest)
    }

    /// Short waits, and those for a post that Instagram is still processing, are only seen on a terminal; many short
    /// ones get a line now and then.
    fn wait(
        &mut self,
        post: Option<&PostRef>,
        account: Option<&AccountName>,
        waits_for: WaitsFor,
        time: Duration,
        until: Timestamp,
    ) -> io::Result<()> {
        let until = until.strftime("until %Y-%m-%d %H:%M:%SZ");
        let shown = post.filter(|post| self.under_way.contains_key(post));
        match shown {
            Some(post) if waits_for == WaitsFor::Processing => {
                return self
                    .show_state(post, &format!("{}, next check {until}", waits_for.words()).replace(" until", " at"));
            }
            Some(post) if self.bars.is_some() => {
                self.show(post, &format!("waiting {until}: {}", waits_for.words()));
                return Ok(());
            }
            _ if time < WORTH_A_LINE && !self.adds_up(time) => return Ok(()),
            _ => {}
        }
        let whom = match (post, account) {
            (Some(post), _) => format!(" for {}", self.name(post)),
            (None, Some(account)) => format!(" for account {}", one_line(account.as_str())),
            (None, None) => String::new(),
        };
        let rest = format!("{until} ({}){whom}: {}", elapsed(time), waits_for.words());
        self.say("waiting", Paint::new().dimmed(), &rest)
    }

    /// Whether short waits have become a long one: each line takes twice as many as the last.
    fn adds_up(&mut self, time: Duration) -> bool {
        self.short += time;
        if self.short < self.short_limit {
            return false;
        }
        self.short = Duration::ZERO;
        self.short_limit *= 2;
        true
    }

    fn end(&mut self, post: &PostRef) {
        self.under_way.remove(post);
        if let Some(bars) = &mut self.bars {
            bars.remove(post);
        }
    }

    fn ended(&mut self, post: &PostRef, verb: &str, paint: Paint, rest: &str) -> io::Result<()> {
        let rest = format!("{}{rest}", self.name_and_kind(post));
        self.end(post);
        self.say(verb, paint, &rest)
    }
}

impl fmt::Debug for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Human").field("under_way", &self.under_way).finish_non_exhaustive()
    }
}

fn polled(status: Reading) -> &'static str {
    match status {
        Reading::Working => "Instagram is processing it",
        Reading::Ready => "ready to publish",
        Reading::Live => "published",
        Reading::Failed => "refused while processing",
        Reading::Expired => "container expired",
        Reading::Unreadable => "the container cannot be read yet",
    }
}

/// ` (9004/2207052)`
fn codes(code: Option<i64>, subcode: Option<i64>) -> String {
    match (code, subcode) {
        (Some(code), Some(subcode)) => format!(" ({code}/{subcode})"),
        (Some(code), None) | (None, Some(code)) => format!(" ({code})"),
        (None, None) => String::new(),
    }
}

impl Observer for Human {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let (good, bad, odd) = (Paint::new().green(), Paint::new().red(), Paint::new().yellow());
        match event {
            // The plan above has said both, and the end of the run says why an account was stopped.
            Event::RunStarted { .. } | Event::PostDuplicate { .. } | Event::AccountStopped { .. } => Ok(()),
            Event::PostStarted { post, kind } => {
                self.start(post, *kind);
                Ok(())
            }
            Event::ContainerCreated { post, item, .. } => match item {
                Some(item) => self.show_state(post, &format!("uploading item {item}…")),
                None => self.show_state(post, "uploading…"),
            },
            Event::ContainerPolled { post, status, .. } => self.show_state(post, polled(*status)),
            Event::Waiting { key, account, waits_for, wait_ms, until } => {
                let post = key.clone().zip(account.clone()).map(|(key, account)| PostRef { key, account });
                self.wait(post.as_ref(), account.as_ref(), *waits_for, Duration::from_millis(*wait_ms), *until)
            }
            Event::UploadProgress { post, sent_bytes, total_bytes } => {
                let (sent, total) = (super::text::bytes(*sent_bytes), super::text::bytes(*total_bytes));
                self.show_state(post, &format!("{sent} of {total} uploaded"))
            }
            Event::IntentRecorded { post, .. } => self.show_state(post, "publishing…"),
            Event::PostPublished { post, media_id } => {
                let id = media_id.as_ref().map_or_else(
                    || ", its id is not known yet,".to_owned(),
                    |media| format!(" {}", one_line(media.as_str())),
                );
                let rest = format!("{id}{}", self.time_of(post));
                self.ended(post, "published", good, rest.trim_end_matches(','))
            }
            Event::PostEnriched { post, permalink } => {
                let name = self.name(post);
                let place = self.pages.as_ref().map_or_else(|| permalink.clone(), |pages| page(pages, permalink));
                self.hint(&format!("{name} is at {}", one_line(&place)))
            }
            Event::PostAdopted { post, media_id } => {
                self.ended(post, "adopted", good, &format!(", it was live already as {}", one_line(media_id.as_str())))
            }
            Event::PostDeleted { post, media_id } => {
                let rest = format!(", it was live as {}", one_line(media_id.as_str()));
                self.ended(post, "deleted", bad, &rest)
            }
            Event::UrlRefused { post, item, url, problem, file, line, reason, help } => {
                let item = item.map_or_else(String::new, |item| format!(", item {item}"));
                let place = format!("{}:{line}", one_line(file));
                let rest = format!("{place} ({}{item}) {problem}: {}", self.name(post), one_line(reason));
                self.say("media", bad, &rest)?;
                self.hint(&one_line(url))?;
                self.hint(&format!("{}; --no-probe publishes without this check", one_line(help)))
            }
            Event::PostFailed { post, reason, code, subcode, fbtrace_id, help } => {
                // Most reasons name the code and the trace id already: each is shown once.
                let codes = if reason.contains("(code ") { String::new() } else { codes(*code, *subcode) };
                self.ended(post, "failed", bad, &format!(": {}{codes}", one_line(reason)))?;
                if !help.is_empty() {
                    self.hint(&one_line(help))?;
                }
                let trace = fbtrace_id.as_ref().filter(|trace| !reason.contains(trace.as_str()));
                trace.map_or(Ok(()), |trace| self.hint(&format!("Meta's trace id: {}", one_line(trace))))
            }
            Event::PostUnknown { post, reason, settles_itself, help } => {
                let (word, paint) = if *settles_itself { ("perhaps live", odd) } else { ("unknown", bad) };
                self.ended(post, word, paint, &format!(": {}", one_line(reason)))?;
                self.hint(&one_line(help))
            }
            Event::PostDeferred { post, reason } => {
                self.ended(post, "deferred", odd, &format!(": {}", one_line(reason)))
            }
            Event::NotAttempted { post, reason } => {
                self.ended(post, "not attempted", odd, &format!(": {}", one_line(reason)))
            }
            Event::PostWarning { post, reason } => {
                let rest = format!("{}: {}", self.name(post), one_line(reason));
                self.say("warning", odd, &rest)
            }
            Event::RecordPushed { commit } => self.say("recorded", good, &format!("in commit {}", one_line(commit))),
            Event::RunFinished { .. } => {
                if let Some(bars) = &mut self.bars {
                    bars.clear();
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
