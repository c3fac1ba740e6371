//! The segments of a JPEG: what describes it, and where the picture itself begins and ends.

/// One segment in front of the picture.
pub(super) struct Segment<'a> {
    /// The second byte of its marker.
    pub marker: u8,
    pub content: &'a [u8],
    /// With marker and length.
    pub whole: &'a [u8],
    /// Where the next one begins.
    pub end: usize,
}

/// The segments up to the first scan; ends early where the bytes make no sense.
pub(super) fn segments(jpeg: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut at = 2;
    std::iter::from_fn(move || {
        // Fill bytes may be before any marker.
        while let [0xFF, 0xFF, ..] = jpeg.get(at..)? {
            at += 1;
        }
        let [0xFF, marker, high, low, ..] = *jpeg.get(at..)? else { return None };
        let end = at + usize::from(u16::from_be_bytes([high, low])) + 2;
        if marker == 0xDA {
            return None;
        }
        let whole = jpeg.get(at..end).filter(|whole| whole.len() >= 4)?;
        at = end;
        Some(Segment { marker, content: &whole[4..], whole, end })
    })
}

/// The same picture, byte for byte, without what shows where and with what it was taken, and without
/// anything behind its end. The colour profile stays: it says what the colours are.
pub(super) fn without_metadata(jpeg: &[u8]) -> Option<Vec<u8>> {
    let mut out = jpeg.get(..2)?.to_vec();
    let mut read = 2;
    for segment in segments(jpeg) {
        read = segment.end;
        let is_profile = segment.marker == 0xE2 && segment.content.starts_with(b"ICC_PROFILE\0");
        let describes = matches!(segment.marker, 0xE1..=0xED | 0xEF | 0xFE) && !is_profile;
        if !describes {
            out.extend_from_slice(segment.whole);
        }
    }
    let picture = jpeg.get(read..)?;
    out.extend_from_slice(&picture[..end(picture)?]);
    Some(out)
}

/// Behind the end marker of a picture that begins with a scan; segments may be between scans.
fn end(picture: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += picture.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *picture.get(at + 1)? {
            0xD9 => return Some(at + 2),
            // A stuffed byte, a restart, a fill byte.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([*picture.get(at + 2)?, *picture.get(at + 3)?])),
        }
    }
}
