//! A clip with its index (`moov`) before its data (`mdat`): the same boxes in another order, the samples untouched.
//!
//! A plan reads the headers of boxes and the tables of chunks, and holds neither index nor samples: what it takes in
//! memory grows with the number of boxes alone.

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::probe::{MAX_BOXES, MAX_MOOV, be32, be64, fourcc, read_at};

/// How much is copied at a time, in bytes.
const BLOCK: usize = 256 * 1024;
/// `moov`, `trak`, `mdia`, `minf`, `stbl`, and room for what encoders add.
const MAX_DEPTH: u8 = 8;

/// What is to be written, in order.
#[derive(Clone, Debug)]
pub struct Rewrite {
    pieces: Vec<Piece>,
    moves: Moves,
    len: u64,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Bytes of the source as they are.
    Copy { from: u64, len: u64 },
    /// The header of a box whose size has changed.
    Bytes(Vec<u8>),
    /// Entries of a table of chunks, each with its new place.
    Chunks { from: u64, count: u64, is_wide: bool, becomes_wide: bool },
}

/// Why the index of a clip stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is made of fragments (`moof`): each has an index of its own, and none of them can go first")]
    Fragments,
    #[error("its box `{0}` is damaged, or the file is cut off")]
    Damaged(String),
    #[error("its index is compressed (`cmov`)")]
    Compressed,
    #[error("it has more than one index (`moov`)")]
    Several,
    #[error("its index has more than {} MiB", MAX_MOOV >> 20)]
    TooLarge,
    #[error("its samples are in another file")]
    Elsewhere,
    /// Encrypted samples, or pictures inside the index.
    #[error("its box `{0}` points into the file in a way that igsync does not change")]
    Pointers(String),
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// How a clip gets its index first; `None`: it has it there, or there is none.
///
/// # Errors
///
/// [`Failed`] says why it cannot.
pub fn plan(source: &mut (impl Read + Seek + ?Sized)) -> Result<Option<Rewrite>, Failed> {
    let len = source.seek(SeekFrom::End(0))?;
    let (top, _) = children(source, 0..len)?;
    let data = top.iter().position(|found| found.kind == *b"mdat");
    let mut indexes = top.iter().enumerate().filter(|(_, found)| found.kind == *b"moov");
    let (Some(data), Some((place, moov))) = (data, indexes.next()) else { return Ok(None) };
    if place < data {
        return Ok(None);
    }
    if indexes.next().is_some() {
        return Err(Refusal::Several.into());
    }
    if moov.end - moov.at > MAX_MOOV {
        return Err(Refusal::TooLarge.into());
    }
    for meta in top.iter().filter(|found| found.kind == *b"meta") {
        refuse_pointers(source, meta)?;
    }
    // Readers want the brand first.
    let start = top.first().filter(|first| first.kind == *b"ftyp").map_or(0, |brand| brand.end);
    let mut index = Container::read(source, moov, len, moov, 0)?;
    let mut moves = Moves { start, index: moov.at..moov.end, new_len: index.len() };
    // A wider table makes the index longer, which may move other chunks beyond what theirs can say.
    while index.widen(&moves) {
        moves.new_len = index.len();
    }
    let mut pieces = vec![Piece::Copy { from: 0, len: start }];
    index.write(&mut pieces);
    pieces.push(Piece::Copy { from: start, len: moov.at - start });
    pieces.push(Piece::Copy { from: moov.end, len: len - moov.end });
    Ok(Some(Rewrite { pieces, len: len - (moov.end - moov.at) + moves.new_len, moves }))
}

impl Rewrite {
    /// Of the result, in bytes.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.len
    }

    /// Writes the result, from the very file that was planned for.
    ///
    /// # Errors
    ///
    /// Those of `source` and `out`; `UnexpectedEof` where the source has become shorter.
    pub fn write(&self, source: &mut (impl Read + Seek + ?Sized), out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => out.write_all(bytes)?,
                Piece::Copy { from, len } => {
                    blocks(source, *from, *len, &mut block, |bytes| out.write_all(bytes))?;
                }
                Piece::Chunks { from, count, is_wide, becomes_wide } => {
                    let mut moved = Vec::with_capacity(2 * BLOCK);
                    let mut write = |bytes: &[u8]| {
                        moved.clear();
                        for place in places(bytes, *is_wide).map(|place| self.moves.of(place)) {
                            match u32::try_from(place) {
                                Ok(place) if !becomes_wide => moved.extend(place.to_be_bytes()),
                                _ => moved.extend(place.to_be_bytes()),
                            }
                        }
                        out.write_all(&moved)
                    };
                    blocks(source, *from, count * width(*is_wide), &mut block, &mut write)?;
                }
            }
        }
        Ok(())
    }
}

/// Where bytes of the source are in the result.
#[derive(Clone, Debug)]
struct Moves {
    /// Where the index goes.
    start: u64,
    /// Where it was.
    index: Range<u64>,
    /// What it takes there, in bytes.
    new_len: u64,
}

impl Moves {
    fn of(&self, place: u64) -> u64 {
        match place {
            _ if place < self.start => place,
            _ if place < self.index.end => place + self.new_len,
            _ => place + self.new_len - (self.index.end - self.index.start),
        }
    }
}

/// A box: where it begins, where its content does, and where it ends.
#[derive(Clone, Debug)]
struct Found {
    kind: [u8; 4],
    at: u64,
    content: u64,
    end: u64,
}

impl Found {
    fn damaged(&self) -> Refusal {
        Refusal::Damaged(fourcc(&self.kind))
    }

    /// The header with another size, as long as it was. Of the index, which has at most 32 MiB.
    fn header(&self, kind: [u8; 4], len: u64) -> Vec<u8> {
        match u32::try_from(len) {
            Ok(len) if self.content - self.at == 8 => [len.to_be_bytes(), kind].concat(),
            _ => [&1_u32.to_be_bytes()[..], &kind, &len.to_be_bytes()].concat(),
        }
    }
}

/// The boxes of a range of the file, and where what follows them begins: less than a header.
fn children(source: &mut (impl Read + Seek + ?Sized), range: Range<u64>) -> Result<(Vec<Found>, u64), Failed> {
    let mut found = Vec::new();
    let mut at = range.start;
    while range.end - at >= 8 {
        let head = read_at(source, at, 16)?;
        let kind: [u8; 4] = head.get(4..8).and_then(|kind| kind.try_into().ok()).unwrap_or_default();
        if kind == *b"moof" {
            return Err(Refusal::Fragments.into());
        }
        let (size, header) = match be32(&head) {
            0 => (range.end - at, 8),
            1 => (be64(head.get(8..).unwrap_or_default()), 16),
            size => (u64::from(size), 8),
        };
        if size < header || size > range.end - at || found.len() == MAX_BOXES {
            return Err(Refusal::Damaged(fourcc(&kind)).into());
        }
        found.push(Found { kind, at, content: at + header, end: at + size });
        at += size;
    }
    Ok((found, at))
}

/// A box of the index that holds boxes, taken apart as far as tables of chunks are in it.
struct Container {
    found: Found,
    parts: Vec<Part>,
}

enum Part {
    Copy { from: u64, len: u64 },
    Container(Container),
    Chunks(Chunks),
}

impl Container {
    /// `file_len` and `moov`: what no chunk may lie beyond, or in.
    fn read(
        source: &mut (impl Read + Seek + ?Sized),
        found: &Found,
        file_len: u64,
        moov: &Found,
        depth: u8,
    ) -> Result<Self, Failed> {
        let (boxes, rest) = children(source, found.content..found.end)?;
        let mut parts = Vec::with_capacity(boxes.len());
        for found in &boxes {
            parts.push(match &found.kind {
                b"trak" | b"mdia" | b"minf" | b"stbl" | b"dinf" if depth < MAX_DEPTH => {
                    Part::Container(Self::read(source, found, file_len, moov, depth + 1)?)
                }
                b"stco" | b"co64" => Part::Chunks(Chunks::read(source, found, file_len, moov)?),
                b"mvex" => return Err(Refusal::Fragments.into()),
                b"cmov" => return Err(Refusal::Compressed.into()),
                b"saio" => return Err(Refusal::Pointers("saio".into()).into()),
                kind => {
                    match kind {
                        b"dref" => refuse_other_files(source, found)?,
                        b"meta" => refuse_pointers(source, found)?,
                        _ => {}
                    }
                    Part::Copy { from: found.at, len: found.end - found.at }
                }
            });
        }
        parts.push(Part::Copy { from: rest, len: found.end - rest });
        Ok(Self { found: found.clone(), parts })
    }

    /// In bytes, as it is written.
    fn len(&self) -> u64 {
        let parts = self.parts.iter().map(|part| match part {
            Part::Copy { len, .. } => *len,
            Part::Container(container) => container.len(),
            Part::Chunks(chunks) => chunks.len(),
        });
        self.found.content - self.found.at + parts.sum::<u64>()
    }

    /// Widens every table that could not say where its chunks go. `false`: each can.
    fn widen(&mut self, moves: &Moves) -> bool {
        let mut has_widened = false;
        for part in &mut self.parts {
            has_widened |= match part {
                Part::Copy { .. } => false,
                Part::Container(container) => container.widen(moves),
                Part::Chunks(chunks) => chunks.widen(moves),
            };
        }
        has_widened
    }

    fn write(&self, pieces: &mut Vec<Piece>) {
        pieces.push(Piece::Bytes(self.found.header(self.found.kind, self.len())));
        for part in &self.parts {
            match part {
                Part::Copy { from, len } => pieces.push(Piece::Copy { from: *from, len: *len }),
                Part::Container(container) => container.write(pieces),
                Part::Chunks(chunks) => chunks.write(pieces),
            }
        }
    }
}

/// A table of chunks: where in the file each begins.
struct Chunks {
    found: Found,
    count: u64,
    is_wide: bool,
    becomes_wide: bool,
    /// The last places before and behind the index.
    last: [u64; 2],
}

impl Chunks {
    fn read(
        source: &mut (impl Read + Seek + ?Sized),
        found: &Found,
        file_len: u64,
        moov: &Found,
    ) -> Result<Self, Failed> {
        let is_wide = found.kind == *b"co64";
        // Version, flags and count.
        let head = read_at(source, found.content, 8)?;
        let count = u64::from(be32(head.get(4..).unwrap_or_default()));
        if found.content + 8 + count * width(is_wide) > found.end {
            return Err(found.damaged().into());
        }
        let mut last = [0, 0];
        let mut is_sound = true;
        blocks(source, found.content + 8, count * width(is_wide), &mut vec![0; BLOCK], |bytes| {
            for place in places(bytes, is_wide) {
                is_sound &= place < file_len && !(moov.at..moov.end).contains(&place);
                let side = &mut last[usize::from(place >= moov.end)];
                *side = place.max(*side);
            }
            Ok(())
        })?;
        if !is_sound {
            return Err(found.damaged().into());
        }
        Ok(Self { found: found.clone(), count, is_wide, becomes_wide: is_wide, last })
    }

    fn entries(&self) -> u64 {
        self.found.content + 8
    }

    /// Where what is behind the entries begins: nothing, in a file of any sense.
    fn rest(&self) -> u64 {
        self.entries() + self.count * width(self.is_wide)
    }

    fn len(&self) -> u64 {
        let more = width(self.becomes_wide) - width(self.is_wide);
        self.found.end - self.found.at + self.count * more
    }

    fn widen(&mut self, moves: &Moves) -> bool {
        let fits = self.last.iter().all(|place| u32::try_from(moves.of(*place)).is_ok());
        let widens = !self.becomes_wide && !fits;
        self.becomes_wide |= widens;
        widens
    }

    fn write(&self, pieces: &mut Vec<Piece>) {
        let kind = if self.becomes_wide { *b"co64" } else { *b"stco" };
        let (is_wide, becomes_wide) = (self.is_wide, self.becomes_wide);
        pieces.push(Piece::Bytes(self.found.header(kind, self.len())));
        pieces.push(Piece::Copy { from: self.found.content, len: 8 });
        pieces.push(Piece::Chunks { from: self.entries(), count: self.count, is_wide, becomes_wide });
        pieces.push(Piece::Copy { from: self.rest(), len: self.found.end - self.rest() });
    }
}

/// Of one entry, in bytes.
fn width(is_wide: bool) -> u64 {
    if is_wide { 8 } else { 4 }
}

fn places(entries: &[u8], is_wide: bool) -> impl Iterator<Item = u64> {
    let width = if is_wide { 8 } else { 4 };
    entries.chunks_exact(width).map(move |entry| if is_wide { be64(entry) } else { be32(entry).into() })
}

/// Passes `len` bytes from `from` on, a block at a time. A block ends where an entry of a table does.
fn blocks(
    source: &mut (impl Read + Seek + ?Sized),
    from: u64,
    len: u64,
    block: &mut [u8],
    mut pass: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    source.seek(SeekFrom::Start(from))?;
    let mut left = len;
    while left > 0 {
        let size = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        source.read_exact(&mut block[..size])?;
        pass(&block[..size])?;
        left -= size as u64;
    }
    Ok(())
}

/// Whose samples are in another file, its chunks are places in that one.
fn refuse_other_files(source: &mut (impl Read + Seek + ?Sized), references: &Found) -> Result<(), Failed> {
    // Behind version, flags and count.
    let (entries, _) = children(source, (references.content + 8).min(references.end)..references.end)?;
    for entry in entries {
        // The last flag says: in this very file.
        if read_at(source, entry.content, 4)?.last().is_none_or(|flags| flags & 1 == 0) {
            return Err(Refusal::Elsewhere.into());
        }
    }
    Ok(())
}

/// A `meta` that lists pictures by their places in the file. Of its two forms, one begins with version and flags.
fn refuse_pointers(source: &mut (impl Read + Seek + ?Sized), meta: &Found) -> Result<(), Failed> {
    for skipped in [0, 4] {
        let inside = children(source, (meta.content + skipped).min(meta.end)..meta.end);
        if inside.is_ok_and(|(inside, _)| inside.iter().any(|found| found.kind == *b"iloc")) {
            return Err(Refusal::Pointers("iloc".into()).into());
        }
    }
    Ok(())
}
