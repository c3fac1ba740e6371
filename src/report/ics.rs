//! What is coming as a calendar file (RFC 5545): one event for each post, with a name that stays.
//!
//! Times are moments in UTC, which every calendar shows in its own zone, whatever clocks do in between. What goes out
//! now is an event of the whole day, in the time zone of the account.
//!
//! <https://www.rfc-editor.org/rfc/rfc5545>

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::markdown::Place;
use super::marks::presentation;
use super::text::{one_line, visible};
use igsync_base::text::neutral;
use igsync_model::plan::AccountView;
use igsync_model::preview::{Card, Page};

/// A file that begins with this is a calendar.
pub const MARK: &str = "BEGIN:VCALENDAR";

/// Long enough to be seen in a week, short enough to hide nothing.
const LENGTH: SignedDuration = SignedDuration::from_mins(15);
/// Octets of a line without its end.
const LINE: usize = 75;
/// So many characters name an event.
const SUMMARY: usize = 80;

/// The whole file.
#[must_use]
pub fn ics(page: &Page<'_>, place: &Place) -> String {
    let mut file = File::default();
    file.line("BEGIN", "VCALENDAR");
    file.line("VERSION", "2.0");
    file.line("PRODID", &format!("-//igsync//igsync {}//EN", env!("CARGO_PKG_VERSION")));
    file.line("CALSCALE", "GREGORIAN");
    file.line("METHOD", "PUBLISH");
    file.line("X-WR-CALNAME", "igsync");
    for account in &page.accounts {
        for card in &account.cards {
            event(&mut file, page, account.account, card, place);
        }
    }
    file.line("END", "VCALENDAR");
    file.0
}

fn event(file: &mut File, page: &Page<'_>, account: &AccountView, card: &Card<'_>, place: &Place) {
    // What waits for a turn in its queue is on no day.
    let Some(at) = card.at else { return };
    let (post, change) = (card.post, card.change);
    let label = one_line(&account.label());
    file.line("BEGIN", "VEVENT");
    file.line("UID", &format!("{}@igsync", card.id));
    file.line("DTSTAMP", &utc(page.plan.now));
    if change.acts() {
        let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
        let today = zone.to_datetime(at).date();
        file.line("DTSTART;VALUE=DATE", &day(today));
        file.line("DTEND;VALUE=DATE", &day(today.tomorrow().unwrap_or(today)));
    } else {
        file.line("DTSTART", &utc(at));
        file.line("DTEND", &utc(at.checked_add(LENGTH).unwrap_or(at)));
    }
    let words = igsync_page::short(&one_line(&post.content.caption), SUMMARY);
    let words = if words.is_empty() { one_line(post.key.as_str()) } else { words };
    file.text("SUMMARY", &format!("{label}: {words}"));
    file.text("DESCRIPTION", &description(card));
    if let Some(link) = place.page(&post.file) {
        file.line("URL", &link);
    }
    file.text("CATEGORIES", post.content.kind.as_str());
    file.line("TRANSP", "TRANSPARENT");
    file.line("END", "VEVENT");
}

fn description(card: &Card<'_>) -> String {
    let (post, mark) = (card.post, card.change.mark());
    let caption = Some(post.content.caption.as_str()).filter(|caption| !caption.is_empty());
    let comment = post.first_comment.as_ref().map(|comment| format!("First comment: {comment}"));
    let note = post.note.as_ref().map(|note| format!("Note, never sent: {note}"));
    let state = format!("{} {}: {}", mark.sign(), mark.name(), presentation(mark).explanation);
    let place = format!("{} {}, {}", post.content.kind, post.key, post.file);
    let parts = caption.map(str::to_owned).into_iter().chain(comment).chain(note).chain([state, place]);
    parts.collect::<Vec<_>>().join("\n\n")
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Content lines.
#[derive(Default)]
struct File(String);

impl File {
    /// A text of any kind. What a runner would obey if the file were in its log is broken up.
    fn text(&mut self, name: &str, text: &str) {
        let shown = visible(text).replace("\r\n", "\n");
        let mut escaped = String::with_capacity(shown.len());
        for c in neutral(&shown).chars() {
            match c {
                '\\' | ';' | ',' => escaped.extend(['\\', c]),
                '\n' => escaped.push_str("\\n"),
                c if c.is_control() => escaped.push(' '),
                c => escaped.push(c),
            }
        }
        self.line(name, &escaped);
    }

    /// A value that needs no escapes. Long lines are folded between characters.
    fn line(&mut self, name: &str, value: &str) {
        let mut room = LINE;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = LINE - 1;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_characters_and_texts_are_escaped() {
        let mut file = File::default();
        file.text("SUMMARY", &format!("{}☕☕, a;b\\c\nnext", "x".repeat(64)));
        assert_eq!(file.0, format!("SUMMARY:{}☕\r\n ☕\\, a\\;b\\\\c\\nnext\r\n", "x".repeat(64)), "{}", file.0);
        assert!(file.0.split("\r\n").all(|line| line.len() <= LINE));
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let mut file = File::default();
        file.text("DESCRIPTION", "a\r\nEND:VEVENT\rBEGIN:VALARM\u{1b}[31m\n::error::x");
        assert_eq!(file.0.matches("\r\n").count(), 1 + file.0.matches("\r\n ").count());
        assert!(!file.0.contains("\r\nEND") && !file.0.contains('\u{1b}') && !file.0.contains("::error"), "{}", file.0);
    }
}
