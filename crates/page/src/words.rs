//! Captions and names as pages show them.

use maud::{Markup, html};

/// The first letter of a name, as a capital.
#[must_use]
pub fn initial(name: &str) -> String {
    name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
}

/// A caption or comment, with its tags and names marked.
#[must_use]
pub fn prose(text: &str) -> Markup {
    let mut parts: Vec<(bool, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['#', '@']) {
        let word = rest[at + 1..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        let end = word.map_or(rest.len(), |len| at + 1 + len);
        let inside = rest[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let is_tag = !inside && end > at + 1;
        parts.push((false, &rest[..at]));
        parts.push((is_tag, &rest[at..end]));
        rest = &rest[end..];
    }
    parts.push((false, rest));
    html! {
        @for (is_tag, part) in parts {
            @if is_tag { span.tag { (part) } } @else { (part) }
        }
    }
}

/// The beginning of a text, for labels and titles; `len` in characters.
#[must_use]
pub fn short(text: &str, len: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(len) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_and_names_are_marked_and_nothing_is_markup() {
        assert_eq!(
            prose("<b>Hi</b> @harbour, a#b #küste!").into_string(),
            "&lt;b&gt;Hi&lt;/b&gt; <span class=\"tag\">@harbour</span>, a#b <span class=\"tag\">#küste</span>!"
        );
        assert_eq!(prose("# @ ##").into_string(), "# @ ##");
    }

    #[test]
    fn a_beginning_is_one_line() {
        assert_eq!(short("Golden\n hour over", 8), "Golden h…");
        assert_eq!(short("Golden\n hour", 80), "Golden hour");
        assert_eq!(initial("ñandú"), "Ñ");
    }
}
