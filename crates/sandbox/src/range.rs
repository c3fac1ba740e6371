//! Parts of a file, as players ask for them to seek.

use std::ops::Range;

/// What an answer holds of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Bytes(Range<usize>),
    /// The range begins behind the end.
    Nothing,
}

/// Reads `bytes=0-499`, `bytes=500-` or `bytes=-500`. Several ranges, and what makes no sense, get
/// the whole file, as HTTP allows.
pub(crate) fn read(header: Option<&str>, len: usize) -> Part {
    let range = header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|text| text.split_once('-'));
    let Some((first, last)) = range else { return Part::Whole };
    match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), _) if first >= len => Part::Nothing,
        (Ok(first), Ok(last)) if last >= first => Part::Bytes(first..last.saturating_add(1).min(len)),
        (Ok(first), Err(_)) if last.trim().is_empty() => Part::Bytes(first..len),
        (Err(_), Ok(0)) if first.trim().is_empty() => Part::Nothing,
        (Err(_), Ok(tail)) if first.trim().is_empty() => Part::Bytes(len.saturating_sub(tail)..len),
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_writes_them() {
        for (header, expected) in [
            ("bytes=0-3", Part::Bytes(0..4)),
            ("bytes=2-", Part::Bytes(2..10)),
            ("bytes=-4", Part::Bytes(6..10)),
            ("bytes=-40", Part::Bytes(0..10)),
            ("bytes=8-99", Part::Bytes(8..10)),
            ("bytes=10-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=0-18446744073709551615", Part::Bytes(0..10)),
        ] {
            assert_eq!(read(Some(header), 10), expected, "{header}");
        }
        assert_eq!(read(None, 10), Part::Whole);
    }
}
