//! What differs between the record and the live account, as Markdown.

use std::fmt::Write as _;

use super::super::drift::{Account, account_argument, in_words, line, summary, unmanaged_line};
use super::escape::{code, prose, rich};

/// The sums, then a list of what differs with the ways out.
#[must_use]
pub fn render(accounts: &[Account], with_unmanaged: bool, names_accounts: bool) -> String {
    let mut text = format!("**Drift**: {}\n", prose(&summary(accounts)));
    let mut list = String::new();
    for account in accounts {
        let of = account_argument(account, names_accounts);
        for post in &account.drift.edited {
            let _ = writeln!(list, "- edited: {}{}", code(post.key.as_str()), link(post.permalink.as_deref()));
            for difference in &post.differences {
                let _ = writeln!(list, "  - {}", prose(&line(difference)));
            }
            let which = super::super::drift::which(&post.media, post.is_one_of_several);
            let accept = format!("igsync lock accept {}{of}{which}", post.key.argument());
            let _ = writeln!(list, "  - what is live is right: {}", code(&accept));
        }
        for post in &account.drift.unlisted {
            let (word, meaning, way) = in_words(post, &of);
            let _ = writeln!(list, "- {word}: {}{}", code(post.key.as_str()), link(post.permalink.as_deref()));
            let way = way.map(|way| format!(": {way}")).unwrap_or_default();
            let _ = writeln!(list, "  - {}", rich(&format!("{meaning}{way}")));
        }
        if with_unmanaged {
            for post in &account.drift.unmanaged {
                let _ = writeln!(list, "- unmanaged: {}", code(&unmanaged_line(post)));
            }
        }
    }
    if !list.is_empty() {
        text.push('\n');
        text.push_str(&list);
    }
    text
}

fn link(permalink: Option<&str>) -> String {
    permalink.map(|link| format!(" {}", code(link))).unwrap_or_default()
}
