//! `docs/errors.md` is made from the table. `IGSYNC_UPDATE_DOCS=1 cargo test --test accounts docs` writes it.

use std::fs;

use igsync_instagram::codes::{self, Class, Known, Source};

use crate::project::repository;

const BEGIN: &str = "\
# Meta's errors, and what igsync does about them

Made from the table in `crates/instagram/src/codes/table.rs`; `IGSYNC_UPDATE_DOCS=1 cargo test --test accounts docs` writes it again.
igsync decides by code and subcode, the subcode first; never by Meta's text, its `is_transient` or the HTTP status. An
unknown error is shown as received, and counts as the worst case: after a publish, as an outcome that has to be settled.

## Wrong in many tutorials

| code | often said | what it is |
|---|---|---|
| 24 | the container was published already | 24/2207006: media or container not found; 24/2207008: container missing or expired, perhaps for a moment. igsync reads the container and never creates a second post on this evidence |
| 9007 | the account is no Business account | 9007/2207027: the media is not ready yet, also after `FINISHED`. igsync waits and publishes the same container |
| 32 | 25 posts in 24 hours are used up | the Page had too many calls. The publishing quota is 9/2207042, and its size is read from the account, not known from a page |
| 100 | `image_url` is wrong | any invalid parameter; Meta's message names it. Media that could not be fetched are 9004/2207052 or -2/2207003, images 36000, 36001, 36003 |

## What igsync does

| action | meaning |
|---|---|
| try again | the same request again a few times, further and further apart |
| wait | the same container, later |
| new container | this one is dead; a new one is created, in this run or the next |
| fix the post | the post is left alone until what is sent changes (text, media, conversion, `fit`, host) or `--retry-failed`; the others go out (exit 3) |
| fix the token | token, permission or app; where the whole account is concerned its run stops (exit 9) |
| come back later | the account's run stops, the rest is deferred (exit 10) |
| a person | only a person signed in at Instagram or Meta can clear it (exit 9 where the whole account is concerned) |
| look closer | has several meanings; igsync checks before it acts |

## The table
";

fn action(class: Class) -> &'static str {
    match class {
        Class::Retry => "try again",
        Class::WaitSame => "wait",
        Class::NewContainer => "new container",
        Class::FixContent => "fix the post",
        Class::FixToken => "fix the token",
        Class::QuotaWait => "come back later",
        Class::Human => "a person",
        Class::Unknown => "look closer",
    }
}

fn row(known: &Known) -> String {
    let code = match (known.code, known.subcode, known.name) {
        (_, _, Some(name)) => format!("`{name}`"),
        (Some(code), Some(subcode), _) => format!("{code}/{subcode}"),
        (Some(code), None, _) => code.to_string(),
        (None, Some(subcode), _) => format!("?/{subcode}"),
        (None, None, None) => unreachable!("a row has a number or a name"),
    };
    let scope = if known.account_level { "account" } else { "post" };
    let source = match known.source {
        Source::Documented => format!("[Meta]({})", known.page),
        Source::Observed => "observed".to_owned(),
    };
    format!("| {code} | {} | {} | {scope} | {} | {source} |\n", known.meaning, action(known.class), known.remedy)
}

#[test]
fn the_error_page_is_the_table() {
    let mut page = BEGIN.to_owned();
    page.push_str(
        "\n| code/subcode | meaning | action | concerns | what to do | source |\n|---|---|---|---|---|---|\n",
    );
    page.extend(codes::all().iter().map(row));
    let path = repository().join("docs/errors.md");
    if std::env::var_os("IGSYNC_UPDATE_DOCS").is_some() {
        #[expect(clippy::disallowed_methods, reason = "a text file of the repository, on request")]
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(path).unwrap();
    assert_eq!(written, page, "write it with IGSYNC_UPDATE_DOCS=1 and read the difference");
}
