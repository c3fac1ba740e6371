//! Meta's error codes as data: what each means, who can fix it, and whether it stops a whole account.

mod table;

use table::KNOWN;

/// What helps against an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The same request again, spaced, a few times.
    Retry,
    /// Wait; the same container is still good.
    WaitSame,
    /// This container is dead; a new one may succeed.
    NewContainer,
    /// The post itself must change.
    FixContent,
    /// Token, permission or app setting.
    FixToken,
    /// Later: a quota or rate limit window must pass.
    QuotaWait,
    /// Only a person can clear it, in the app or with Meta.
    Human,
    /// Not in the table.
    Unknown,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Meta's own page.
    Documented,
    /// Seen in the field; Meta's pages are silent.
    Observed,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// `None`: known only by its subcode or name.
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    /// Where Meta sends a name instead of numbers.
    pub name: Option<&'static str>,
    /// Lower case, no full stop.
    pub meaning: &'static str,
    pub class: Class,
    /// Whether the account's other posts would fail as well.
    pub account_level: bool,
    /// What to do next, one sentence.
    pub remedy: &'static str,
    pub source: Source,
    pub page: &'static str,
}

/// What Meta's refusal means: the pair, else the subcode alone (Instagram's own are unique), else the
/// code alone, else the code's only row, else its range.
#[must_use]
pub fn lookup(code: i64, subcode: Option<i64>) -> &'static Known {
    let pair = |code: Option<i64>, subcode: Option<i64>| {
        KNOWN.iter().find(|row| row.code == code && row.subcode == subcode && row.name.is_none())
    };
    if let Some(subcode) = subcode {
        if let Some(row) = pair(Some(code), Some(subcode)) {
            return row;
        }
        // 102 gives its reasons with the subcodes of 190.
        if let Some(row) = (code == 102).then(|| pair(Some(190), Some(subcode))).flatten() {
            return row;
        }
        if let Some(row) = lookup_subcode(subcode) {
            return row;
        }
    }
    if let Some(row) = pair(Some(code), None) {
        return row;
    }
    let mut rows = KNOWN.iter().filter(|row| row.code == Some(code));
    match (rows.next(), rows.next()) {
        (Some(only), None) => only,
        _ if (200..=299).contains(&code) => &table::PERMISSION,
        _ => &table::UNKNOWN,
    }
}

/// What one of Instagram's subcodes (`22…`) means, as a container's `status` holds it without a code.
#[must_use]
pub fn lookup_subcode(subcode: i64) -> Option<&'static Known> {
    is_instagrams(subcode).then(|| KNOWN.iter().find(|row| row.subcode == Some(subcode))).flatten()
}

/// What a name that Meta sends instead of numbers means.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|row| row.name == Some(name))
}

/// Every row in which `number` is the code or the subcode; for people who look one up.
pub fn rows_for(number: i64) -> Vec<&'static Known> {
    let mut rows: Vec<_> = KNOWN.iter().filter(|row| row.code == Some(number) || row.subcode == Some(number)).collect();
    if rows.is_empty() && (200..=299).contains(&number) {
        rows.push(&table::PERMISSION);
    }
    rows
}

/// The whole table, sorted by code, then subcode.
pub fn all() -> &'static [Known] {
    KNOWN
}

/// Whether the pair contradicts itself: the subcode is known, but belongs to another code. Such a
/// refusal proves nothing.
pub(super) fn contradicts(code: i64, subcode: Option<i64>) -> bool {
    subcode.is_some_and(|subcode| {
        let mut rows = KNOWN.iter().filter(|row| row.subcode == Some(subcode) && row.code.is_some()).peekable();
        is_instagrams(subcode) && rows.peek().is_some() && !rows.any(|row| row.code == Some(code))
    })
}

fn is_instagrams(subcode: i64) -> bool {
    (2_200_000..=2_299_999).contains(&subcode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_without_doubles() {
        let order = |row: &Known| (row.code.is_none(), row.code, row.subcode, row.name);
        assert!(KNOWN.is_sorted_by(|a, b| order(a) < order(b)));
    }

    #[test]
    fn every_row_says_what_to_do_in_igsyncs_tone() {
        for row in KNOWN {
            let texts = [row.meaning, row.remedy];
            assert!(texts.iter().all(|text| !text.is_empty() && !text.ends_with('.')), "{row:?}");
            assert!(row.page.starts_with("https://developers.facebook.com/"), "{row:?}");
        }
    }

    #[test]
    fn the_subcode_is_asked_first() {
        assert_eq!(lookup(4, Some(2_207_051)).class, Class::Human);
        assert_eq!(lookup(4, None).class, Class::QuotaWait);
        assert_eq!(lookup(424_242, Some(2_207_027)).class, Class::WaitSame);
    }

    #[test]
    fn a_code_alone_is_read_when_its_subcode_is_new() {
        assert_eq!(lookup(190, Some(1)).class, Class::FixToken);
        assert_eq!(lookup(9007, None).class, Class::WaitSame);
        assert_eq!(lookup(36_003, Some(1)).class, Class::FixContent);
        assert_eq!(lookup(25, None).class, Class::Human);
        assert_eq!(lookup(102, Some(463)).meaning, "the token has expired");
        // Two rows, neither without subcode: it could be either.
        assert_eq!(lookup(-2, None).class, Class::Unknown);
    }

    #[test]
    fn the_two_hundreds_are_permissions() {
        assert_eq!(lookup(200, None).class, Class::FixToken);
        assert_eq!(lookup(278, Some(5)).class, Class::FixToken);
        assert_eq!(lookup(300, None).class, Class::Unknown);
    }

    #[test]
    fn a_containers_status_is_looked_up_by_its_subcode() {
        assert_eq!(lookup_subcode(2_207_026).map(|row| row.class), Some(Class::FixContent));
        assert_eq!(lookup_subcode(2_207_082).map(|row| row.class), Some(Class::NewContainer));
        assert_eq!(lookup_subcode(2_299_999), None);
        assert_eq!(lookup_subcode(463), None, "a Facebook subcode means nothing without its code");
    }

    #[test]
    fn a_number_finds_all_its_rows() {
        assert_eq!(rows_for(190).len(), 8);
        assert_eq!(rows_for(2_207_052).len(), 1);
        assert_eq!(rows_for(222).len(), 1);
        assert!(rows_for(424_242).is_empty());
    }

    #[test]
    fn a_subcode_of_another_code_is_a_contradiction() {
        assert!(contradicts(190, Some(2_207_051)));
        assert!(!contradicts(4, Some(2_207_051)));
        assert!(!contradicts(36_000, Some(2_299_999)));
        assert!(!contradicts(352, Some(2_207_076)), "known without a code");
        assert!(!contradicts(190, None));
    }
}
