//! Dates and times as people write them, to advise the form that is read.

use std::fmt::Write as _;

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;

/// What a text says of a time, read generously.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    dates: Vec<Date>,
    time: Option<Time>,
    /// As it is written behind a time: `Z`, or a zone in brackets.
    zone: Option<String>,
    /// `24:00`: midnight at the end of the day.
    is_next_day: bool,
    /// The first date, where the calendar does not have it.
    no_day: Option<String>,
    /// Month first, as in the United States.
    is_american: bool,
}

/// A time to write, and what to say of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Advice {
    pub text: String,
    /// Words in front of it; empty where nothing is guessed.
    pub words: String,
    /// The date as it is written, where the calendar does not have it.
    pub no_day: Option<String>,
}

/// What someone may have meant who wrote `text`; an example where it says no date. `has_zone`: local times have a time
/// zone, so that none needs to be written.
pub(super) fn advice(text: &str, has_zone: bool) -> Advice {
    let heard = hear(text);
    let time = heard.time.unwrap_or(time(18, 0, 0, 0));
    let zone = match &heard.zone {
        Some(zone) => zone.clone(),
        None if has_zone => String::new(),
        None if heard.is_american => "[America/New_York]".into(),
        None => "[Europe/Berlin]".into(),
    };
    let is_guessed = heard.zone.is_none() && !has_zone;
    let date = heard.dates.first().copied();
    let date = if heard.is_next_day { date.and_then(|date| date.tomorrow().ok()) } else { date };
    let guessed = [
        (date.is_none(), "the right date"),
        (heard.time.is_none(), "the right time"),
        (is_guessed, "your own time zone"),
    ];
    let words = words(heard.dates.len() > 1, guessed);
    // A day that is always there: years later it is still a valid example.
    let date = date.unwrap_or_else(|| Date::constant(2030, 12, 1));
    let mut text = format!("{date} {:02}:{:02}", time.hour(), time.minute());
    if !zone.is_empty() {
        text = text.replace(' ', "T");
        // Writing to a string cannot fail.
        let _ = write!(text, "{zone}");
    }
    Advice { text, words, no_day: heard.no_day.filter(|_| heard.dates.is_empty()) }
}

/// `with the right time and your own time zone, `; empty where nothing is guessed.
fn words(is_swappable: bool, guessed: [(bool, &str); 3]) -> String {
    let order = if is_swappable { "if the day comes first, " } else { "" };
    let guessed: Vec<&str> = guessed.into_iter().filter_map(|(is_guessed, what)| is_guessed.then_some(what)).collect();
    match guessed.split_last() {
        None => order.to_owned(),
        Some((last, [])) => format!("{order}with {last}, "),
        Some((last, others)) => format!("{order}with {} and {last}, ", others.join(", ")),
    }
}

fn hear(text: &str) -> Heard {
    let mut heard = Heard::default();
    let text = parts_apart(&text.replace(['\u{a0}', '\u{202f}', ',', '[', ']'], " "));
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let lower = word.to_lowercase();
        let (mark, taken) = match next.to_lowercase().trim_end_matches('.') {
            "am" | "a.m" => ("am", 2),
            "pm" | "p.m" => ("pm", 2),
            "uhr" | "h" => ("uhr", 2),
            _ => ("", 1),
        };
        let figures = dates(word, &mut heard.is_american);
        if figures.is_empty() && heard.no_day.is_none() && is_date(word) {
            heard.no_day = Some((*word).to_owned());
            at += 1;
            continue;
        }
        if let Some(date) = month(&lower).and_then(|month| named_date(&words, at, month)) {
            heard.dates = vec![date];
        } else if heard.dates.is_empty() && !figures.is_empty() {
            heard.dates = figures;
        } else if let Some(time) = clock(&lower, mark) {
            if heard.time.is_none() {
                heard.time = Some(time);
                heard.is_next_day = lower.starts_with("24");
                heard.zone = lower.ends_with('z').then(|| "Z".into()).or(heard.zone);
                at += taken - 1;
            }
        } else if let Some(zone) = zone(word) {
            heard.zone = Some(zone);
        }
        at += 1;
    }
    heard
}

/// With blanks around date, time and offset: `2026-12-24T18:00+01:00`.
fn parts_apart(text: &str) -> String {
    let mut before = ' ';
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let is_between = before.is_ascii_digit() && characters.peek().is_some_and(char::is_ascii_digit);
        match c {
            'T' if is_between => out.push(' '),
            '+' if is_between => out.push_str(" +"),
            // Behind a time of day; those in front of it are of the date.
            '-' if is_between && out.rsplit(' ').next().is_some_and(|word| word.contains(':')) => out.push_str(" -"),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// `2026-12-24`, `24.12.2026`, `24.12.26`, `12/24/2026`; both readings where day and month could be swapped.
fn dates(word: &str, is_american: &mut bool) -> Vec<Date> {
    let Some(mark) = word.chars().find(|c| matches!(c, '-' | '.' | '/')) else { return Vec::new() };
    let parts: Option<Vec<i16>> = word.trim_end_matches('.').split(mark).map(|part| part.parse().ok()).collect();
    let Some(&[a, b, c]) = parts.as_deref() else { return Vec::new() };
    let date = |year: i16, month: i16, day: i16| {
        let year = if year < 100 { 2000 + year } else { year };
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    if a > 31 {
        return date(a, b, c).into_iter().collect();
    }
    let (day_first, month_first) = (date(c, b, a), date(c, a, b));
    match (mark, day_first, month_first) {
        ('/', Some(day_first), Some(month_first)) if day_first != month_first => vec![day_first, month_first],
        ('/', None, Some(month_first)) => {
            *is_american = true;
            vec![month_first]
        }
        (_, day_first, _) => day_first.into_iter().collect(),
    }
}

/// Whether a word is written as a date, with day, month and year.
fn is_date(word: &str) -> bool {
    let Some(mark) = word.chars().find(|c| matches!(c, '-' | '.' | '/')) else { return false };
    let parts: Vec<&str> = word.trim_end_matches('.').split(mark).collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number) && parts.iter().any(|part| part.len() == 4)
}

/// `24 December 2026`, `Dec 24 2026`, `24. Dezember 2026`.
fn named_date(words: &[&str], at: usize, month: i8) -> Option<Date> {
    let number = |at: Option<usize>| -> Option<i16> {
        let word = words.get(at?)?.trim_end_matches(|c: char| !c.is_ascii_digit());
        word.parse().ok()
    };
    let (before, next, after) = (number(at.checked_sub(1)), number(Some(at + 1)), number(Some(at + 2)));
    let (day, year) = match (before, next, after) {
        (Some(day), Some(year), _) | (_, Some(day), Some(year)) if day <= 31 && year > 31 => (day, year),
        _ => return None,
    };
    Date::new(year, month, i8::try_from(day).ok()?).ok()
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["jan"],
        &["feb"],
        &["mar", "mär"],
        &["apr"],
        &["may", "mai"],
        &["jun"],
        &["jul"],
        &["aug"],
        &["sep"],
        &["oct", "okt"],
        &["nov"],
        &["dec", "dez"],
    ];
    let place = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    i8::try_from(place + 1).ok()
}

/// `18:00`, `18.00`, `18:00:00`, `6pm`, `6:30pm`, `18h`, `18h30`; `mark`: the word behind it.
fn clock(word: &str, mark: &str) -> Option<Time> {
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | 'h');
    let end = word.find(|c| !is_figure(c)).unwrap_or(word.len());
    let (figures, behind) = word.split_at(end);
    let behind = behind.replace('.', "");
    let mark = if behind.is_empty() { mark } else { &behind };
    let mut parts = figures.trim_end_matches('h').split([':', '.', 'h']);
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute = parts.next().map(str::parse::<i8>);
    let hour = match mark {
        "pm" if hour < 12 => hour + 12,
        "am" if hour == 12 => 0,
        "am" | "pm" | "uhr" | "h" => hour,
        // A number alone is no time of day.
        "" | "z" if minute.is_some() || figures.ends_with('h') => hour,
        _ => return None,
    };
    let minute = minute.transpose().ok()?.unwrap_or(0);
    // The end of a day is the beginning of the next one.
    let hour = if (hour, minute) == (24, 0) { 0 } else { hour };
    Time::new(hour, minute, 0, 0).ok()
}

fn zone(word: &str) -> Option<String> {
    match word.to_ascii_uppercase().as_str() {
        "UTC" | "GMT" | "Z" => return Some("Z".into()),
        "CET" | "CEST" | "MEZ" | "MESZ" => return Some("[Europe/Berlin]".into()),
        "ET" | "EST" | "EDT" => return Some("[America/New_York]".into()),
        "PT" | "PST" | "PDT" => return Some("[America/Los_Angeles]".into()),
        _ => {}
    }
    if let Some(digits) = word.strip_prefix(['+', '-']).map(|offset| offset.replace(':', "")) {
        let sign = &word[..1];
        let padded = if digits.len() < 3 { format!("{digits:0>2}00") } else { format!("{digits:0>4}") };
        let is_offset = !digits.is_empty()
            && padded.len() == 4
            && padded.bytes().all(|byte| byte.is_ascii_digit())
            && padded[..2] < *"15";
        return (is_offset && padded[2..] < *"60").then(|| format!("{sign}{}:{}", &padded[..2], &padded[2..]));
    }
    (word.contains('/') && TimeZone::get(word).is_ok()).then(|| format!("[{word}]"))
}

#[cfg(test)]
mod tests {
    use super::super::time;
    use super::*;

    #[test]
    fn what_people_write_becomes_a_time_that_is_read() {
        for (written, advised) in [
            ("24.12.2026 18:00", "2026-12-24T18:00[Europe/Berlin]"),
            ("24.12.2026, 18 Uhr", "2026-12-24T18:00[Europe/Berlin]"),
            ("24.12.26 18.30 Uhr", "2026-12-24T18:30[Europe/Berlin]"),
            ("24. Dezember 2026 18:00", "2026-12-24T18:00[Europe/Berlin]"),
            ("12/24/2026 6:30 PM", "2026-12-24T18:30[America/New_York]"),
            ("Dec 24, 2026 6pm EST", "2026-12-24T18:00[America/New_York]"),
            ("24 December 2026 at 12am", "2026-12-24T00:00[Europe/Berlin]"),
            ("2026/12/24 18:00", "2026-12-24T18:00[Europe/Berlin]"),
            ("2026-12-24 6 pm Asia/Tokyo", "2026-12-24T18:00[Asia/Tokyo]"),
            ("2026-12-24 19:00 +1", "2026-12-24T19:00+01:00"),
            ("2026-12-24T19:00+09:00[Europe/Berlin]", "2026-12-24T19:00[Europe/Berlin]"),
            ("2026-12-24 18:00 UTC", "2026-12-24T18:00Z"),
            ("2026-12-24", "2026-12-24T18:00[Europe/Berlin]"),
            ("2026-12-24 24:00", "2026-12-25T00:00[Europe/Berlin]"),
            ("2026-12-31T24:00:00Z", "2027-01-01T00:00Z"),
            ("2026-12-24T24:00-05:00", "2026-12-25T00:00-05:00"),
            ("24.12.2026 24 Uhr", "2026-12-25T00:00[Europe/Berlin]"),
            ("5/6/2026 9:00", "2026-06-05T09:00[Europe/Berlin]"),
            ("tomorrow 6pm", "2030-12-01T18:00[Europe/Berlin]"),
            ("18:30", "2030-12-01T18:30[Europe/Berlin]"),
            ("- soon", "2030-12-01T18:00[Europe/Berlin]"),
            ("soon", "2030-12-01T18:00[Europe/Berlin]"),
            ("", "2030-12-01T18:00[Europe/Berlin]"),
            ("31.02.2026 25:99", "2030-12-01T18:00[Europe/Berlin]"),
        ] {
            let advice = advice(written, false);
            assert_eq!(advice.text, advised, "{written}");
            assert!(time::parse(&advice.text).is_ok_and(|time| time.instant(None).is_ok()), "{written}");
        }
    }

    #[test]
    fn a_zone_is_written_only_where_none_is_configured() {
        assert_eq!(advice("24.12.2026 18:00", true), Advice { text: "2026-12-24 18:00".into(), ..Advice::default() });
        assert_eq!(advice("24.12.2026 18:00", false).words, "with your own time zone, ");
        assert_eq!(advice("tomorrow 6pm", true).words, "with the right date, ");
        assert_eq!(advice("5/6/2026 18:00", true).words, "if the day comes first, ");
    }

    #[test]
    fn what_is_made_up_is_said() {
        assert_eq!(advice("2026-12-24", true).words, "with the right time, ");
        assert_eq!(advice("12/24/2026", false).words, "with the right time and your own time zone, ");
        assert_eq!(advice("5/6/2026", true).words, "if the day comes first, with the right time, ");
        assert_eq!(advice("soon", false).words, "with the right date, the right time and your own time zone, ");
    }

    #[test]
    fn a_day_that_the_calendar_does_not_have_is_named() {
        for written in ["30.02.2027 18:00", "2027-02-30 18:00", "13/32/2027 18:00"] {
            let Advice { text, words, no_day } = advice(written, true);
            let day = written.split(' ').next().map(str::to_owned);
            assert_eq!((no_day, &*words, &*text), (day, "with the right date, ", "2030-12-01 18:00"), "{written}");
        }
        assert_eq!(advice("28.02.2027 18:00", true).no_day, None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_the_advice_is_a_time(text in "([0-9]{1,4}|[-./: ,Tt]|am|pm|Uhr|Dec|Mai|\\PC){0,12}") {
            let advised = advice(&text, false).text;
            proptest::prop_assert!(time::parse(&advised).is_ok(), "{}", advised);
        }
    }
}
