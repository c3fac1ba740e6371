//! What differs between the record and the live account, for people and programs.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json_line;
use super::text::{fit, one_line, plural, thousands};
use igsync_base::feed::LivePost;
use igsync_base::id::{AccountName, MediaId, PostKey, UserId};
use igsync_model::drift::{Absence, Difference, Differing, Drift, Fact, Unlisted};

/// One account that was compared.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: AccountName,
    pub user_id: UserId,
    pub drift: Drift,
    /// The feed was read to its end, or past the range.
    pub is_complete: bool,
    /// Requests for the feed.
    pub calls: u32,
}

/// In columns, of each side of a difference.
const SIDE: usize = 60;
/// In characters, of what two texts have in common before they differ.
const BEFORE: usize = 15;

/// What all accounts have together.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    live: usize,
    recorded: usize,
    unmanaged: usize,
    edited: usize,
    missing: usize,
    not_seen: usize,
}

impl Sums {
    fn of(accounts: &[Account]) -> Self {
        let sum = |count: &dyn Fn(&Drift) -> usize| accounts.iter().map(|account| count(&account.drift)).sum();
        Self {
            live: sum(&|drift| drift.live),
            recorded: sum(&|drift| drift.recorded),
            unmanaged: sum(&|drift| drift.unmanaged.len()),
            edited: sum(&|drift| drift.edited.len()),
            missing: sum(&|drift| drift.absent(Absence::Gone).count()),
            not_seen: sum(&|drift| drift.unlisted.len() - drift.absent(Absence::Gone).count()),
        }
    }

    /// In whole percent, rounded down: 100 only where every live post is recorded.
    fn coverage(self) -> usize {
        (self.recorded * 100).checked_div(self.live).unwrap_or(100)
    }
}

/// The stable first line.
#[must_use]
pub fn summary(accounts: &[Account]) -> String {
    let sums = Sums::of(accounts);
    format!(
        "{} live: {} recorded, {} unmanaged, {} edited, {} missing; coverage {} %.",
        thousands(sums.live),
        thousands(sums.recorded),
        thousands(sums.unmanaged),
        thousands(sums.edited),
        thousands(sums.missing),
        sums.coverage()
    )
}

/// For people: the sums, then what differs with the ways out.
#[must_use]
pub fn human(accounts: &[Account], with_unmanaged: bool, names_accounts: bool) -> String {
    let mut text = format!("{}\n", summary(accounts));
    for account in accounts {
        let of = account_argument(account, names_accounts);
        for post in &account.drift.edited {
            edited(&mut text, post, &of);
        }
        for post in &account.drift.unlisted {
            unlisted(&mut text, post, &of);
        }
        if with_unmanaged && !account.drift.unmanaged.is_empty() {
            let name = if names_accounts { format!(" of {}", one_line(account.name.as_str())) } else { String::new() };
            let _ = writeln!(text, "\nunmanaged{name}");
            for post in &account.drift.unmanaged {
                let _ = writeln!(text, "  {}", unmanaged_line(post));
            }
        }
        if !account.is_complete {
            let _ = writeln!(text, "\n{}: only a part of the feed was read", one_line(account.name.as_str()));
        }
    }
    let unmanaged = Sums::of(accounts).unmanaged;
    if unmanaged > 0 {
        let list = if with_unmanaged { "" } else { "; `igsync drift --unmanaged` lists them" };
        let verb = if unmanaged == 1 { "is" } else { "are" };
        let _ = writeln!(
            text,
            "\n{} {verb} in no record: `igsync import` records them{list}",
            plural(unmanaged, "live post")
        );
    }
    text
}

fn edited(text: &mut String, post: &Differing, of: &str) {
    let _ = writeln!(text, "\nedited  {}{}", one_line(post.key.as_str()), link(post.permalink.as_deref()));
    for difference in &post.differences {
        let _ = writeln!(text, "  {}", line(difference));
    }
    let which = which(&post.media, post.is_one_of_several);
    let _ = writeln!(text, "  what is live is right: `igsync lock accept {}{of}{which}`", post.key.argument());
}

fn unlisted(text: &mut String, post: &Unlisted, of: &str) {
    let (word, meaning, way) = in_words(post, of);
    let _ = writeln!(
        text,
        "\n{word}  {}{}\n  {meaning}{}",
        one_line(post.key.as_str()),
        link(post.permalink.as_deref()),
        way.map(|way| format!(": {way}")).unwrap_or_default()
    );
}

/// How a post is called that is not listed, what that means, and what to do.
pub(super) fn in_words(post: &Unlisted, of: &str) -> (&'static str, &'static str, Option<String>) {
    match post.absence {
        Absence::Gone => (
            "missing",
            "it is gone from Instagram",
            Some(format!(
                "`igsync lock accept {}{of} --deleted{}`",
                post.key.argument(),
                which(&post.media, post.is_one_of_several)
            )),
        ),
        Absence::Answers => ("not seen", "the listing does not have it, but it answers: archived, perhaps", None),
        Absence::NotSeen => (
            "not seen",
            "it is not listed, and nothing proves that it is gone",
            Some("`igsync drift` again later".to_owned()),
        ),
    }
}

/// Names the one that is meant, of a post that is recorded as live more than once.
pub(super) fn which(media: &MediaId, is_one_of_several: bool) -> String {
    if is_one_of_several { format!(" --media {media}") } else { String::new() }
}

/// For commands that need it.
pub(super) fn account_argument(account: &Account, names_accounts: bool) -> String {
    let name = || format!(" --account {}", PostKey::from(account.name.as_str()).argument());
    if names_accounts { name() } else { String::new() }
}

fn link(permalink: Option<&str>) -> String {
    permalink.map(|link| format!("  {}", one_line(link))).unwrap_or_default()
}

/// One difference, on one line.
pub(super) fn line(difference: &Difference) -> String {
    let whole = |text: &Option<String>| text.as_deref().map(one_line).unwrap_or_default();
    let [recorded_words, live_words] = from_where_they_differ([whole(&difference.recorded), whole(&difference.live)]);
    let side = |shown: &str| {
        if shown.is_empty() { "nothing".to_owned() } else { format!("\"{}\"", fit(shown, SIDE)) }
    };
    let name = in_people_words(difference.fact);
    match (difference.fact, &difference.recorded, &difference.live) {
        (Fact::Copyright, _, _) => format!("{name}: others may not see or hear it"),
        // The words are in no manifest any more; only their digest is recorded.
        (Fact::Caption, None, _) => format!("{name}: Instagram shows {}, not what was published", side(&live_words)),
        (Fact::Caption | Fact::AltText, ..) => {
            format!("{name}: Instagram shows {}, published was {}", side(&live_words), side(&recorded_words))
        }
        (_, recorded, live) => {
            let plain = |text: &Option<String>| text.clone().unwrap_or_else(|| "not known".to_owned());
            format!("{name}: {} (meant: {})", plain(live), plain(recorded))
        }
    }
}

/// Two texts, without most of what they have in common at their beginning where they would be cut off before they
/// differ.
fn from_where_they_differ(texts: [String; 2]) -> [String; 2] {
    let [a, b] = &texts;
    let common = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let is_seen = common + BEFORE < SIDE || a.is_empty() || b.is_empty();
    if is_seen {
        return texts;
    }
    texts.map(|text| {
        let rest: String = text.chars().skip(common - BEFORE).collect();
        // From the next word on, where one begins before they differ.
        let begin = rest.char_indices().take(BEFORE).find(|(_, c)| *c == ' ').map_or(0, |(place, _)| place);
        format!("…{}", &rest[begin..])
    })
}

fn in_people_words(fact: Fact) -> &'static str {
    match fact {
        Fact::Caption => "caption",
        Fact::AltText => "alt text",
        Fact::Slides => "slides",
        Fact::Comments => "comments",
        Fact::AiLabel => "AI label",
        Fact::OffGrid => "grid",
        Fact::Copyright => "copyright match",
    }
}

pub(super) fn unmanaged_line(post: &LivePost) -> String {
    let at = post.at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC  ").to_string()).unwrap_or_default();
    let kind = post.kind.map_or("unknown kind", igsync_base::id::Kind::as_str);
    let caption = one_line(post.caption.as_deref().unwrap_or_default());
    let caption = if caption.is_empty() { String::new() } else { format!("  \"{}\"", fit(&caption, SIDE)) };
    let place = post.permalink.as_deref().map_or_else(|| format!("media {}", post.id), one_line);
    format!("{at}{kind}  {place}{caption}")
}

/// For programs.
#[must_use]
pub fn json(accounts: &[Account], with_unmanaged: bool, at: Timestamp, exit_code: u8) -> String {
    let sums = Sums::of(accounts);
    let posts: Vec<Value> = accounts.iter().flat_map(posts_of).collect();
    let unmanaged = with_unmanaged.then(|| -> Vec<Value> { accounts.iter().flat_map(unmanaged_of).collect() });
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|account| {
            json!({
                "account": account.name, "user_id": account.user_id, "complete": account.is_complete,
                "calls": account.calls, "live": account.drift.live, "recorded": account.drift.recorded,
            })
        })
        .collect();
    json_line(&json!({
        "format_version": "1.0",
        "at": at,
        "exit_code": exit_code,
        "summary": {
            "live": sums.live, "recorded": sums.recorded, "unmanaged": sums.unmanaged, "edited": sums.edited,
            "missing": sums.missing, "not_seen": sums.not_seen, "coverage_percent": sums.coverage(),
        },
        "accounts": accounts,
        "posts": posts,
        "unmanaged": unmanaged,
    }))
}

fn posts_of(account: &Account) -> Vec<Value> {
    let post = |key: &PostKey, media: &MediaId, link: Option<&str>, class: &str, differs: Vec<Value>| {
        json!({
            "key": key, "account": account.name, "user_id": account.user_id, "media_id": media,
            "permalink": link, "class": class, "differs": differs,
        })
    };
    let side = |difference: &Difference| json!({ "what": difference.fact.name(), "recorded": difference.recorded, "live": difference.live });
    let edited = account.drift.edited.iter().map(|one| {
        let differs = one.differences.iter().map(side).collect();
        post(&one.key, &one.media, one.permalink.as_deref(), "edited", differs)
    });
    let unlisted = account.drift.unlisted.iter().map(|one| {
        let class = if one.absence == Absence::Gone { "missing" } else { "not_seen" };
        post(&one.key, &one.media, one.permalink.as_deref(), class, Vec::new())
    });
    edited.chain(unlisted).collect()
}

fn unmanaged_of(account: &Account) -> Vec<Value> {
    let one = |post: &LivePost| {
        json!({
            "media_id": post.id, "account": account.name, "user_id": account.user_id,
            "kind": post.kind.map(igsync_base::id::Kind::as_str), "published_at": post.at,
            "permalink": post.permalink, "caption": post.caption,
        })
    };
    account.drift.unmanaged.iter().map(one).collect()
}
