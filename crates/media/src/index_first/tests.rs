use std::io::Cursor;

use proptest::prelude::*;

use super::super::probe::{Format, Video, probe};
use super::*;
use igsync_testkit::media::{Mp4, full, part};

/// A file with random boxes in a random order, and its index behind its first data.
#[derive(Clone, Debug)]
struct Layout {
    has_brand: bool,
    /// Whether the table of each track has places of 64 bits, and what stands behind its entries.
    tracks: Vec<(bool, usize)>,
    /// The boxes before and behind the index.
    before: Vec<Part>,
    after: Vec<Part>,
    /// How much more the index holds, in bytes.
    more: usize,
    /// The header of the index has 64 bits.
    long_header: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Other {
        kind: [u8; 4],
        len: usize,
    },
    /// Chunks by their tracks, each of so many bytes.
    Data {
        long_header: bool,
        chunks: Vec<(usize, usize)>,
    },
}

fn a_box(kind: [u8; 4], long_header: bool, content: &[u8]) -> Vec<u8> {
    if !long_header {
        return part(kind, &[content]);
    }
    let len = content.len() as u64 + 16;
    [&1_u32.to_be_bytes()[..], &kind, &len.to_be_bytes(), content].concat()
}

/// The tables of one track: its chunks, and what else a track holds.
fn track(is_wide: bool, behind: usize, places: &[u64]) -> Vec<u8> {
    let entries: Vec<u8> = places
        .iter()
        .flat_map(|place| {
            if is_wide { place.to_be_bytes().to_vec() } else { u32::try_from(*place).unwrap().to_be_bytes().to_vec() }
        })
        .collect();
    let count = u32::try_from(places.len()).unwrap().to_be_bytes();
    let table = full(if is_wide { *b"co64" } else { *b"stco" }, &[&count, &entries, &vec![7; behind]]);
    let here = full(*b"dref", &[&1_u32.to_be_bytes(), &part(*b"url ", &[&[0, 0, 0, 1]])]);
    let info = part(*b"minf", &[&part(*b"dinf", &[&here]), &part(*b"stbl", &[&full(*b"stts", &[&[0; 4]]), &table])]);
    part(*b"trak", &[&full(*b"tkhd", &[&[0; 80]]), &part(*b"mdia", &[&info]), &part(*b"free", &[&[3; 5]])])
}

impl Layout {
    fn build(&self) -> Vec<u8> {
        let brand = if self.has_brand { part(*b"ftyp", &[b"isom", &[0; 4], b"isom"]) } else { Vec::new() };
        let empty: Vec<Vec<u64>> = (0..self.tracks.len()).map(|track| vec![0; self.chunks(track).len()]).collect();
        let index_len = self.index(&empty).len() as u64;
        let mut places = vec![Vec::new(); self.tracks.len()];
        let mut filling = 0_u8;
        let mut written = brand;
        for (number, part) in self.before.iter().chain(&self.after).enumerate() {
            let shift = if number < self.before.len() { 0 } else { index_len };
            match part {
                Part::Other { kind, len } => written.extend(a_box(*kind, false, &vec![9; *len])),
                Part::Data { long_header, chunks } => {
                    let mut at = written.len() as u64 + shift + if *long_header { 16 } else { 8 };
                    let mut data = Vec::new();
                    for (track, len) in chunks {
                        places[*track].push(at);
                        filling = filling.wrapping_add(37);
                        data.extend(std::iter::repeat_n(filling, *len));
                        at += *len as u64;
                    }
                    written.extend(a_box(*b"mdat", *long_header, &data));
                }
            }
        }
        let before: usize = self.before.iter().map(Part::len).sum::<usize>() + if self.has_brand { 20 } else { 0 };
        let behind = written.split_off(before);
        [written, self.index(&places), behind].concat()
    }

    /// How long the chunks of a track are, in the order of the file.
    fn chunks(&self, track: usize) -> Vec<usize> {
        let chunks = self.before.iter().chain(&self.after).filter_map(|part| match part {
            Part::Data { chunks, .. } => Some(chunks),
            Part::Other { .. } => None,
        });
        chunks.flatten().filter(|(of, _)| *of == track).map(|(_, len)| *len).collect()
    }

    fn index(&self, places: &[Vec<u64>]) -> Vec<u8> {
        let mut content = full(*b"mvhd", &[&[0; 96]]);
        for ((is_wide, behind), places) in self.tracks.iter().zip(places) {
            content.extend(track(*is_wide, *behind, places));
        }
        content.extend(part(*b"udta", &[&vec![5; self.more]]));
        a_box(*b"moov", self.long_header, &content)
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Other { len, .. } => len + 8,
            Self::Data { long_header, chunks } => {
                chunks.iter().map(|(_, len)| len).sum::<usize>() + if *long_header { 16 } else { 8 }
            }
        }
    }
}

fn layouts() -> impl Strategy<Value = Layout> {
    let other = (prop::sample::select(vec![*b"free", *b"wide", *b"skip"]), 0_usize..40)
        .prop_map(|(kind, len)| Part::Other { kind, len });
    (1_usize..5, any::<bool>(), any::<bool>(), 0_usize..3000).prop_flat_map(move |(tracks, has_brand, long, more)| {
        let data = |least: usize| {
            (any::<bool>(), prop::collection::vec((0..tracks, 1_usize..50), least..12))
                .prop_map(|(long_header, chunks)| Part::Data { long_header, chunks })
        };
        let parts = |least: usize| prop::collection::vec(prop_oneof![other.clone(), data(least).boxed()], 0..5);
        let tables = prop::collection::vec((any::<bool>(), 0_usize..3), tracks);
        (tables, parts(0), data(1), parts(0), parts(0)).prop_map(
            move |(tracks, mut before, first, more_before, after)| {
                before.push(first);
                before.extend(more_before);
                Layout { has_brand, tracks, before, after, more, long_header: long }
            },
        )
    })
}

fn rewritten(file: &[u8]) -> Vec<u8> {
    let rewrite = plan(&mut Cursor::new(file)).unwrap().unwrap();
    let mut out = Vec::new();
    rewrite.write(&mut Cursor::new(file), &mut out).unwrap();
    assert_eq!(out.len() as u64, rewrite.file_len());
    out
}

fn video(file: &[u8]) -> Video {
    match probe(&mut Cursor::new(file)).unwrap().format {
        Format::Video(video) => video,
        other => panic!("{other:?}"),
    }
}

/// The boxes at the top, by kind and bytes.
fn top(file: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let (found, rest) = children(&mut Cursor::new(file), 0..file.len() as u64).unwrap();
    assert_eq!(rest, file.len() as u64);
    let bytes = |range: Range<u64>| &file[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
    found.into_iter().map(|found| (found.kind, bytes(found.at..found.end))).collect()
}

/// The places of the chunks of every track, in order.
fn tables(file: &[u8]) -> Vec<Vec<u64>> {
    fn inside(file: &[u8], range: Range<u64>, tables: &mut Vec<Vec<u64>>) {
        for found in children(&mut Cursor::new(file), range).unwrap().0 {
            let is_wide = found.kind == *b"co64";
            if is_wide || found.kind == *b"stco" {
                let body = &file[usize::try_from(found.content).unwrap()..];
                let count = be32(&body[4..]) as usize;
                tables.push(places(&body[8..8 + count * if is_wide { 8 } else { 4 }], is_wide).collect());
            } else if [b"moov", b"trak", b"mdia", b"minf", b"stbl"].contains(&&found.kind) {
                inside(file, found.content..found.end, tables);
            }
        }
    }
    let mut tables = Vec::new();
    inside(file, 0..file.len() as u64, &mut tables);
    tables
}

proptest! {
    #[test]
    fn every_chunk_is_where_the_new_index_says(layout in layouts()) {
        let file = layout.build();
        let out = rewritten(&file);
        let (old, new) = (video(&file), video(&out));
        prop_assert!(!old.moov_first && new.moov_first);
        prop_assert_eq!(Video { moov_first: true, ..old }, new);
        prop_assert!(plan(&mut Cursor::new(&out)).unwrap().is_none());

        let (before, after) = (tables(&file), tables(&out));
        prop_assert_eq!(before.len(), layout.tracks.len());
        for (track, (before, after)) in before.iter().zip(&after).enumerate() {
            let lens = layout.chunks(track);
            prop_assert_eq!((before.len(), after.len()), (lens.len(), lens.len()));
            for ((before, after), len) in before.iter().zip(after).zip(lens) {
                let bytes = |file: &[u8], at: u64| file[usize::try_from(at).unwrap()..][..len].to_vec();
                prop_assert_eq!(bytes(&file, *before), bytes(&out, *after));
            }
        }
        let others = |file: &[u8]| -> Vec<Vec<u8>> {
            top(file).into_iter().filter(|(kind, _)| kind != b"moov").map(|(_, bytes)| bytes.to_vec()).collect()
        };
        prop_assert_eq!(others(&file), others(&out), "everything else keeps its bytes and its order");
    }

    #[test]
    fn damaged_boxes_are_refused_or_written_whole(
        layout in layouts(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = layout.build();
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Ok(Some(rewrite)) = plan(&mut Cursor::new(&file)) {
            let mut out = Vec::new();
            rewrite.write(&mut Cursor::new(&file), &mut out).unwrap();
            prop_assert_eq!(out.len() as u64, rewrite.file_len());
        }
        for len in [file.len() / 3, file.len() / 2, file.len() - 1] {
            let _ = plan(&mut Cursor::new(&file[..len]));
        }
    }
}

/// A file whose middle is made of zeros that nobody holds.
struct Hollow {
    start: Vec<u8>,
    hole: u64,
    end: Vec<u8>,
    at: u64,
}

impl Read for Hollow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let hole = self.start.len() as u64;
        let end = hole + self.hole;
        let read = match self.at {
            at if at < hole => (&self.start[usize::try_from(at).unwrap()..]).read(out)?,
            at if at < end => {
                let size = out.len().min(usize::try_from(end - at).unwrap());
                out[..size].fill(0);
                size
            }
            at => (&self.end[usize::try_from((at - end).min(self.end.len() as u64)).unwrap()..]).read(out)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Hollow {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let len = self.start.len() as u64 + self.hole + self.end.len() as u64;
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => len.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

/// Takes so many bytes and fails.
struct Beginning(Vec<u8>, usize);

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.1 - self.0.len());
        self.0.extend(&bytes[..taken]);
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_table_becomes_wider_only_where_its_places_need_it() {
    const END: u64 = u32::MAX as u64;
    let start = [part(*b"ftyp", &[b"isom", &[0; 4], b"isom"]), vec![0, 0, 0, 1]].concat();
    let data_len = END + 1000;
    let start = [start, b"mdat".to_vec(), data_len.to_be_bytes().to_vec()].concat();
    let index = |edge: u64| {
        let tracks = [
            track(false, 0, &[100, 5000]),
            // Can say where its chunks are only because the index comes last.
            track(false, 0, &[100, END - 10]),
            // Over the edge by what the wider table before takes alone.
            track(false, 0, &[edge; 2]),
            track(true, 0, &[END + 500]),
        ];
        part(*b"moov", &tracks.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    let edge = END - index(0).len() as u64 - 4;
    let end = index(edge);
    let hole = data_len - 16;
    let mut file = Hollow { start, hole, end, at: 0 };
    let len = file.seek(SeekFrom::End(0)).unwrap();
    let rewrite = plan(&mut file).unwrap().unwrap();
    let index_len = rewrite.moves.new_len;
    assert_eq!(rewrite.file_len(), len - file.end.len() as u64 + index_len);

    let mut out = Beginning(Vec::new(), 20 + usize::try_from(index_len).unwrap());
    rewrite.write(&mut file, &mut out).unwrap_err();
    let kinds: Vec<&[u8]> = out.0.windows(4).filter(|kind| [&b"stco"[..], b"co64"].contains(kind)).collect();
    assert_eq!(kinds, [&b"stco"[..], b"co64", b"co64", b"co64"]);
    let moved = |places: &[u64]| places.iter().map(|place| place + index_len).collect::<Vec<_>>();
    let places = [vec![100, 5000], vec![100, END - 10], vec![edge; 2], vec![END + 500]];
    assert_eq!(tables(&out.0), places.map(|places| moved(&places)));
    assert!(edge + file.end.len() as u64 <= END && edge + index_len > END);
}

#[test]
fn a_large_clip_with_a_large_index_costs_no_memory() {
    const COUNT: usize = 5_000_000;
    let places = vec![60; COUNT];
    let index = part(*b"moov", &[&track(false, 0, &places)]);
    assert!(index.len() > 19 << 20);
    let hole = 300 << 20;
    let data = u32::try_from(hole + 8).unwrap().to_be_bytes();
    let start = [&part(*b"ftyp", &[b"isom", &[0; 8]])[..], &data, b"mdat"].concat();
    let mut source = Hollow { start, hole, end: index, at: 0 };
    let mut out = io::sink();
    let used =
        allocation_counter::measure(|| plan(&mut source).unwrap().unwrap().write(&mut source, &mut out).unwrap());
    assert!(used.bytes_max < 2 << 20, "{used:?}");
    let mut out = Beginning(Vec::new(), 20 + source.end.len());
    plan(&mut source).unwrap().unwrap().write(&mut source, &mut out).unwrap_err();
    assert_eq!(tables(&out.0), [vec![60 + source.end.len() as u64; COUNT]]);
}

#[test]
fn what_cannot_be_moved_is_refused_with_its_reason() {
    let late = |content: &[&[u8]]| {
        [part(*b"ftyp", &[b"isom", &[0; 8]]), part(*b"mdat", &[&[8; 100]]), part(*b"moov", content)].concat()
    };
    let in_table =
        |inside: &[u8]| late(&[&part(*b"trak", &[&part(*b"mdia", &[&part(*b"minf", &[&part(*b"stbl", &[inside])])])])]);
    let chunks = |place: u32| full(*b"stco", &[&1_u32.to_be_bytes(), &place.to_be_bytes()]);
    let elsewhere = full(*b"dref", &[&1_u32.to_be_bytes(), &part(*b"url ", &[&[0; 4], b"a.mp4"])]);
    let inner = part(*b"trak", &[&part(*b"mdia", &[&part(*b"minf", &[&part(*b"dinf", &[&elsewhere])])])]);
    let listed = part(*b"meta", &[&[0; 4], &part(*b"iloc", &[&[0; 8]])]);
    let good = in_table(&chunks(40));
    let cases: &[(&str, Vec<u8>, Refusal)] = &[
        ("fragments", [&good[..], &part(*b"moof", &[&[0; 8]])].concat(), Refusal::Fragments),
        ("fragments to come", late(&[&part(*b"mvex", &[])]), Refusal::Fragments),
        ("compressed", late(&[&part(*b"cmov", &[&[0; 9]])]), Refusal::Compressed),
        ("two", [&good[..], &part(*b"moov", &[])].concat(), Refusal::Several),
        ("cut off", good[..good.len() - 1].to_vec(), Refusal::Damaged("moov".into())),
        ("a chunk behind the end", in_table(&chunks(5000)), Refusal::Damaged("stco".into())),
        ("a chunk in the index", in_table(&chunks(140)), Refusal::Damaged("stco".into())),
        (
            "more chunks than the table has",
            in_table(&full(*b"stco", &[&[0, 0, 0, 9]])),
            Refusal::Damaged("stco".into()),
        ),
        ("a box beyond its parent", late(&[&[0, 0, 1, 0, b't', b'r', b'a', b'k']]), Refusal::Damaged("trak".into())),
        ("another file", late(&[&inner]), Refusal::Elsewhere),
        ("encrypted", in_table(&full(*b"saio", &[&[0; 8]])), Refusal::Pointers("saio".into())),
        ("pictures", [&good[..], &listed].concat(), Refusal::Pointers("iloc".into())),
        ("pictures inside", late(&[&listed]), Refusal::Pointers("iloc".into())),
    ];
    for (what, file, expected) in cases {
        match plan(&mut Cursor::new(file)) {
            Err(Failed::Refused(refusal)) => assert_eq!(refusal, *expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    rewritten(&good);
}

#[test]
fn a_file_that_needs_nothing_has_no_plan() {
    for file in [Mp4::default().build(), part(*b"moov", &[]), part(*b"mdat", &[&[1; 9]]), Vec::new()] {
        assert!(plan(&mut Cursor::new(&file)).unwrap().is_none());
    }
}

#[test]
fn a_file_that_became_shorter_is_not_half_written_in_silence() {
    let file = Mp4 { moov_first: false, ..Mp4::default() }.build();
    let rewrite = plan(&mut Cursor::new(&file)).unwrap().unwrap();
    let error = rewrite.write(&mut Cursor::new(&file[..2000]), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}
