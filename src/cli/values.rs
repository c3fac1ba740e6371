//! How the values of options are read.

use igsync_base::id::Kind;
use igsync_model::insights::Column;

pub(super) fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| "kinds are image, reel, carousel and story".to_owned())
}

pub(super) fn since(text: &str) -> Result<jiff::Timestamp, String> {
    let day = || format!("{text}T00:00:00Z").parse();
    text.parse()
        .or_else(|_: jiff::Error| day())
        .map_err(|_: jiff::Error| "a day like 2026-11-30, or a time like 2026-11-30T18:00:00Z".to_owned())
}

pub(super) fn column(text: &str) -> Result<Column, String> {
    let names = || Column::ALL.map(Column::name).join(", ");
    Column::named(text).ok_or_else(|| format!("columns are {}", names()))
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    std::time::Duration::try_from(span).map_err(|_| "a duration cannot be negative".to_owned())
}
