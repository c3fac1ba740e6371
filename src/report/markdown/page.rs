//! A page that GitHub will take: what matters most comes first, and what has no room is counted.

use super::super::text::plural;

/// How much GitHub takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    size: usize,
    in_bytes: bool,
}

impl Limit {
    /// A comment takes 65,536 characters; some are left for what a workflow puts in front.
    pub const COMMENT: Self = Self { size: 65_000, in_bytes: false };

    /// A step's summary takes 1 MiB, of which so many bytes are used already.
    ///
    /// GitHub: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits>
    #[must_use]
    pub fn summary(used: u64) -> Self {
        let used = usize::try_from(used).unwrap_or(usize::MAX);
        Self { size: (1_usize << 20).saturating_sub(used).saturating_sub(1024), in_bytes: true }
    }

    /// Whether more fits behind a text, and a sentence behind that.
    pub(super) fn has_room(self, text: &str, more: &[&str]) -> bool {
        self.measure(text) + more.iter().map(|more| self.measure(more)).sum::<usize>() + LINE <= self.size
    }

    fn measure(self, text: &str) -> usize {
        if self.in_bytes { text.len() } else { text.chars().map(char::len_utf16).sum() }
    }
}

/// About what a post takes in one line.
const LINE: usize = 200;

/// A page in the making.
pub(super) struct Page {
    text: String,
    used: usize,
    limit: Limit,
    /// Kept for what must be at the end.
    reserve: usize,
    is_short: bool,
    /// Posts that have no room at all.
    left_out: usize,
    /// Whether a list has no room.
    lacks_lists: bool,
}

impl Page {
    pub(super) fn new(limit: Limit, end: &str) -> Self {
        // The sentence about what is left out.
        let reserve = limit.measure(end) + 250;
        Self { text: String::new(), used: 0, limit, reserve, is_short: false, left_out: 0, lacks_lists: false }
    }

    /// Adds a block where there is room for it.
    pub(super) fn block(&mut self, text: &str) -> bool {
        self.block_before(text, 0)
    }

    /// As [`Self::block`], with so much room to spare.
    fn block_before(&mut self, text: &str, spare: usize) -> bool {
        if text.is_empty() {
            return true;
        }
        let size = self.limit.measure(text) + 2;
        let fits = self.used + size + self.reserve + spare <= self.limit.size;
        if fits {
            self.push(text);
        }
        fits
    }

    /// Adds a list, or remembers that one is missing.
    pub(super) fn list(&mut self, text: &str) {
        self.lacks_lists |= !self.block(text);
    }

    /// Adds one post: whole while there is room, for lines of the `left` posts after it too, then as a
    /// line, then only counted.
    pub(super) fn post(&mut self, left: usize, whole: impl FnOnce() -> String, line: impl FnOnce() -> String) {
        let lines = left.saturating_mul(LINE).min(self.limit.size / 4);
        if !self.is_short && !self.block_before(&whole(), lines) {
            self.is_short = true;
            self.block("**In short:**");
        } else if !self.is_short {
            return;
        }
        if self.left_out > 0 || !self.block(&line()) {
            self.left_out += 1;
        }
    }

    fn push(&mut self, text: &str) {
        self.used += self.limit.measure(text) + 2;
        // Entries of one list are close together.
        let is_entry = |text: &str| text.starts_with("- ");
        if is_entry(text) && self.text.trim_end().lines().last().is_some_and(is_entry) {
            self.text.truncate(self.text.trim_end().len() + 1);
        }
        self.text.push_str(text.trim_end());
        self.text.push_str("\n\n");
    }

    /// The page with its end, which always has room.
    pub(super) fn finish(mut self, end: &str, where_the_rest_is: &str) -> String {
        if self.left_out > 0 {
            let more = plural(self.left_out, "more post");
            let are = if self.left_out == 1 { "is" } else { "are" };
            self.push(&format!(
                "**{more} {are} left out**, because GitHub limits the length of the text. {where_the_rest_is}"
            ));
        } else if self.is_short {
            self.push("Posts without pictures and text are shortened, because GitHub limits the length of the text.");
        }
        if self.lacks_lists {
            self.push("Some lists are missing for the same reason.");
        }
        self.text.push_str(end.trim_end());
        self.text.trim_end().to_owned() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_shortened_then_counted() {
        let limit = Limit { size: 450, in_bytes: true };
        let mut page = Page::new(limit, "end");
        for _ in 0..4 {
            page.post(0, || "whole ".repeat(20), || "- line ".repeat(4));
        }
        let text = page.finish("end", "Look elsewhere.");
        assert_eq!(text.matches("whole whole").count(), 10, "{text}");
        assert_eq!(text.matches("\n- line").count(), 2, "{text}");
        assert!(text.contains("**In short:**\n\n- line"), "{text}");
        assert!(text.contains("**1 more post is left out**"), "{text}");
        assert!(text.ends_with("end\n") && text.len() <= 420, "{text}");
    }

    #[test]
    fn a_full_summary_has_no_room() {
        let limit = Limit::summary(2 << 20);
        assert!(!Page::new(limit, "").block("x"));
    }
}
