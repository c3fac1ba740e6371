use std::io::Cursor;

use super::*;
use igsync_testkit::media::{Mp4, avc, full, jpeg, part, png, with_exif};

fn facts(bytes: &[u8]) -> Facts {
    probe(&mut Cursor::new(bytes)).unwrap()
}

fn picture(bytes: &[u8]) -> Jpeg {
    match facts(bytes).format {
        Format::Jpeg(jpeg) => jpeg,
        other => panic!("{other:?}"),
    }
}

fn video(bytes: &[u8]) -> Video {
    match facts(bytes).format {
        Format::Video(video) => video,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_jpeg_tells_its_size_and_its_end() {
    let bytes = jpeg(320, 200);
    assert_eq!(facts(&bytes).len, bytes.len() as u64);
    let found = picture(&bytes);
    assert_eq!((found.width, found.height, found.orientation, found.components), (320, 200, 1, 3));
    assert!(found.complete && !found.progressive && !found.gps && !found.icc_profile);
}

#[test]
fn orientation_turns_the_size_that_is_seen() {
    let found = picture(&with_exif(&jpeg(320, 200), 6, true));
    assert_eq!((found.width, found.height), (320, 200));
    assert_eq!(found.seen_size(), (200, 320));
    assert!(found.gps);
}

#[test]
fn a_cut_off_jpeg_has_no_end() {
    let bytes = jpeg(320, 200);
    assert!(!picture(&bytes[..bytes.len() - 40]).complete);
    assert!(picture(&[&bytes[..], b"appended by a camera"].concat()).complete);
}

/// A photograph of noise in scans one after the other, as browsers like it.
fn progressive() -> Vec<u8> {
    let noise: Vec<u8> =
        (0..300_u32 * 300 * 3).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_progressive(true);
    encoder.encode(&noise, 300, 300, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

/// Motion photos, gain maps, editors: what is behind the end of a picture is not part of it.
#[test]
fn bytes_behind_the_end_of_a_jpeg_do_not_cut_it_off() {
    // No two bytes of it are an end marker, so that only the picture's own counts.
    let noise = |len: usize| (0..len).map(|n| (n % 251).to_le_bytes()[0]).collect::<Vec<u8>>();
    let clip = Mp4 { data: 1 << 20, ..Mp4::default() }.build();
    let second = with_exif(&jpeg(40, 40), 1, false);
    let cut_second = &second[..second.len() / 2];
    for bytes in [jpeg(320, 200), progressive()] {
        for behind in [&noise(70_000)[..], &noise(1 << 20), &vec![0xFF; 70_000], &clip, &second, cut_second, b"\n"] {
            let whole = [&bytes[..], behind].concat();
            assert!(picture(&whole).complete, "{} bytes behind", behind.len());
            // What is behind a picture that has no end is no end.
            let end = bytes.len() - 2;
            if !behind.ends_with(&[0xFF, 0xD9]) && behind != cut_second {
                assert!(!picture(&[&bytes[..end], behind].concat()).complete, "{} bytes instead", behind.len());
            }
        }
    }
}

#[test]
fn a_jpeg_that_is_cut_off_anywhere_has_no_end() {
    for bytes in [jpeg(320, 200), progressive()] {
        let scans: Vec<usize> =
            bytes.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, 0xDA]).map(|(at, _)| at).collect();
        let inside = scans.iter().flat_map(|scan| [scan + 1, scan + 5, scan + 40]);
        for len in inside.chain([bytes.len() / 2, bytes.len() - 1, bytes.len() - 2]).filter(|len| *len < bytes.len()) {
            assert!(!picture(&bytes[..len]).complete, "{len} of {} bytes", bytes.len());
        }
    }
    assert!(progressive().windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count() > 2);
}

#[test]
fn other_formats_are_named_for_what_they_are() {
    assert_eq!(facts(&png(4, 4)).format, Format::Png);
    assert_eq!(facts(b"").format, Format::Empty);
    assert_eq!(facts(b"GIF89a\x01\0").format, Format::Gif);
    assert_eq!(facts(b"RIFF\x10\0\0\0WEBPVP8 ").format, Format::WebP);
    assert_eq!(facts(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").format, Format::Heic);
    assert_eq!(facts(b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1").format, Format::Avif);
    assert_eq!(facts(b"version https://git-lfs.github.com/spec/v1\n").format, Format::LfsPointer);
    assert_eq!(facts(b"  <!DOCTYPE html><title>404").format, Format::Html);
    assert_eq!(facts(b"RIFF\x10\0\0\0AVI LIST").format, Format::Avi);
    for (in_front, size) in [(0, 188), (4, 192)] {
        let mut packets = vec![0; 500];
        packets[in_front] = b'G';
        assert_eq!(facts(&packets).format, Format::Unknown, "one byte is no packet");
        packets[in_front + size] = b'G';
        assert_eq!(facts(&packets).format, Format::MpegTs);
    }
    assert_eq!(facts(b"hello").format, Format::Unknown);
}

#[test]
fn a_stereo_pair_is_an_mpo_and_a_gain_map_is_not() {
    let with_index = |kind: u32| {
        let mut block = b"MPF\0MM\0\x2a\0\0\0\x08\0\x01\xB0\x02\0\x07\0\0\0\x20\0\0\0\x1a\0\0\0\0".to_vec();
        for kind in [0x0003_0000_u32, kind] {
            block.extend(kind.to_be_bytes());
            block.extend([0; 12]);
        }
        let size = u16::try_from(block.len() + 2).unwrap();
        let bytes = jpeg(40, 40);
        [&bytes[..2], &[0xFF, 0xE2], &size.to_be_bytes(), &block, &bytes[2..]].concat()
    };
    assert_eq!(facts(&with_index(0x0002_0002)).format, Format::Mpo);
    assert!(matches!(facts(&with_index(0)).format, Format::Jpeg(_)));
}

#[test]
fn a_video_tells_codecs_sizes_and_times() {
    let found = video(&Mp4 { duration_ms: 12_500, ..Mp4::default() }.build());
    assert_eq!(found.brand, Brand::Mp4("isom".into()));
    assert_eq!(found.duration_ms, Some(12_500));
    assert!(found.moov_first && found.has_index && !found.fragmented && found.truncated.is_none());
    let picture = found.video.unwrap();
    assert_eq!((picture.codec.as_str(), picture.width, picture.height), ("avc1", 720, 1280));
    assert!((picture.frame_rate.unwrap() - 30.0).abs() < 0.01);
    let sound = found.audio.unwrap();
    assert_eq!((sound.codec.as_str(), sound.sample_rate, sound.channels), ("mp4a", 44_100, 2));
    assert_eq!(found.edit_list, EditList::None);
}

#[test]
fn a_sample_rate_too_large_for_its_field_is_found_all_the_same() {
    let found = video(&Mp4 { audio: Some((*b"mp4a", 96_000, 2)), ..Mp4::default() }.build());
    assert_eq!(found.audio.unwrap().sample_rate, 96_000);
}

#[test]
fn a_turned_video_swaps_its_sides() {
    let found = video(&Mp4 { width: 1920, height: 1080, rotation: 90, ..Mp4::default() }.build()).video.unwrap();
    assert_eq!((found.width, found.height, found.rotation), (1080, 1920, 90));
}

#[test]
fn the_place_of_the_index_and_the_brand_are_told() {
    let found = video(&Mp4 { moov_first: false, brand: *b"qt  ", audio: None, ..Mp4::default() }.build());
    assert!(!found.moov_first && found.has_index && found.audio.is_none());
    assert_eq!(found.brand, Brand::QuickTime);
}

#[test]
fn an_encoder_delay_is_not_a_cut() {
    assert_eq!(video(&Mp4 { edits: vec![0], ..Mp4::default() }.build()).edit_list, EditList::Delay);
    assert_eq!(video(&Mp4 { edits: vec![66], ..Mp4::default() }.build()).edit_list, EditList::Delay);
    assert_eq!(video(&Mp4 { edits: vec![1500], ..Mp4::default() }.build()).edit_list, EditList::Cuts);
    assert_eq!(video(&Mp4 { edits: vec![0, 2000], ..Mp4::default() }.build()).edit_list, EditList::Cuts);
}

#[test]
fn a_box_smaller_than_its_header_ends_the_walk() {
    let mut bytes = Mp4::default().build();
    let at = bytes.windows(4).position(|name| name == b"mvhd").unwrap();
    for size in [0_u32, 1, 4, 7] {
        bytes[at - 4..at].copy_from_slice(&size.to_be_bytes());
        assert!(video(&bytes).video.is_none(), "{size}");
    }
}

#[test]
fn a_cut_off_video_names_the_box_that_runs_past_the_end() {
    let bytes = Mp4::default().build();
    let found = video(&bytes[..bytes.len() - 1]);
    assert_eq!(found.truncated.unwrap().0, "mdat");
    let found = video(&bytes[..200]);
    assert_eq!(found.truncated.unwrap(), ("moov".into(), 20));
    assert!(!found.has_index);
}

#[test]
fn fields_are_told_by_quicktime_by_h264_and_by_hevc() {
    let scan = |configuration: Vec<u8>| video(&Mp4 { configuration, ..Mp4::default() }.build()).video.unwrap();
    assert_eq!(scan(avc(100, 1, true)).scan, Some(Scan::Progressive));
    assert_eq!(scan(avc(100, 1, false)).scan, Some(Scan::MayBeInterlaced));
    assert_eq!(scan(avc(77, 1, false)).chroma, Some("4:2:0"));
    assert_eq!(scan(avc(122, 2, true)).chroma, Some("4:2:2"));
    assert_eq!(scan(avc(100, 0, true)).chroma, Some("4:0:0"), "grey, in a profile that mostly has colours");
    let fields = |count: u8| [avc(100, 1, false), part(*b"fiel", &[&[count, 1]])].concat();
    assert_eq!(scan(fields(2)).scan, Some(Scan::Interlaced));
    assert_eq!(scan(fields(1)).scan, Some(Scan::Progressive));
    let hevc = |flags: u8| part(*b"hvcC", &[&[1, 1, 0, 0, 0, 0, flags, 0, 0, 0, 0, 0, 93, 0, 0, 0, 0xFD]]);
    assert_eq!(scan(hevc(0x90)).scan, Some(Scan::Progressive));
    assert_eq!(scan(hevc(0x40)).scan, Some(Scan::Interlaced));
    assert_eq!(scan(hevc(0)).scan, None);
    assert_eq!(scan(Vec::new()).scan, None);
}

#[test]
fn bit_rates_are_those_of_the_tracks() {
    let sizes = |size: u32, count: u32| full(*b"stsz", &[&size.to_be_bytes(), &count.to_be_bytes()]);
    // 150 frames of 10 kB and 215 pieces of 400 bytes in five seconds.
    let audio = Some((*b"mp4a", 48_000, 2));
    let film = Mp4 { tables: [sizes(10_000, 150), sizes(400, 215)], audio, ..Mp4::default() };
    let found = video(&film.build());
    assert_eq!(found.bit_rate(1), Some(2_400_000));
    assert_eq!(found.audio.unwrap().bit_rate, Some(137_600));
    assert_eq!(video(&Mp4::default().build()).bit_rate(1_000_000), Some(1_600_000), "without a table, over the file");
}

#[test]
fn a_picture_shown_before_the_start_of_its_group_leaves_the_group_open() {
    let group = |delays: [u32; 6]| {
        let starts = full(*b"stss", &[&2_u32.to_be_bytes(), &1_u32.to_be_bytes(), &4_u32.to_be_bytes()]);
        let rows: Vec<u8> =
            delays.iter().flat_map(|delay| [1_u32.to_be_bytes(), delay.to_be_bytes()].concat()).collect();
        let film = Mp4 {
            tables: [[starts, full(*b"ctts", &[&6_u32.to_be_bytes(), &rows])].concat(), Vec::new()],
            ..Mp4::default()
        };
        video(&film.build()).video.unwrap().open_group
    };
    // A frame lasts 3,000 units.
    assert_eq!(group([3000, 6000, 0, 9000, 0, 0]), Some(true), "the fifth is shown before the fourth");
    assert_eq!(group([3000, 6000, 0, 3000, 6000, 0]), Some(false));
    assert_eq!(video(&Mp4::default().build()).video.unwrap().open_group, None, "every frame is a start");
    let partial = full(*b"stps", &[&1_u32.to_be_bytes(), &4_u32.to_be_bytes()]);
    let film = Mp4 { codec: *b"hvc1", tables: [partial, Vec::new()], ..Mp4::default() };
    assert_eq!(video(&film.build()).video.unwrap().open_group, Some(true));
}

#[test]
fn an_index_that_points_behind_the_end_belongs_to_a_cut_off_file() {
    let chunks = |at: u32| full(*b"stco", &[&1_u32.to_be_bytes(), &at.to_be_bytes()]);
    let film = |at: u32| video(&Mp4 { tables: [chunks(at), Vec::new()], ..Mp4::default() }.build());
    assert_eq!(film(4_000).truncated, None);
    assert_eq!(film(9_000).truncated, Some(("mdat".into(), 9_000)));
}

#[test]
fn fragments_are_noticed() {
    let bytes = [Mp4::default().build(), part(*b"moof", &[&[0; 8]])].concat();
    assert!(video(&bytes).fragmented);
}

/// A second opinion: files that this module did not write.
#[test]
fn videos_made_by_ffmpeg_are_read_as_ffmpeg_meant_them() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        let source =
            ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x284:rate=30000/1001", "-f", "lavfi", "-i", "sine"];
        let mut command = std::process::Command::new("ffmpeg");
        command
            .args(source)
            .args(["-t", "3.5", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac"])
            .args(more)
            .arg(&path);
        command.status().ok().filter(std::process::ExitStatus::success).map(|_| video(&std::fs::read(&path).unwrap()))
    };
    let (Some(plain), Some(fast), Some(pieces)) = (
        make("a.mov", &[]),
        make("b.mp4", &["-movflags", "+faststart"]),
        make("c.mp4", &["-movflags", "+frag_keyframe+empty_moov"]),
    ) else {
        eprintln!("skipped: no ffmpeg here");
        return;
    };
    assert_eq!((plain.brand, plain.moov_first), (Brand::QuickTime, false));
    assert!(fast.moov_first && !fast.fragmented && fast.edit_list != EditList::Cuts);
    assert!((3_400..3_700).contains(&fast.duration_ms.unwrap()));
    let picture = fast.video.unwrap();
    assert_eq!((picture.codec.as_str(), picture.width, picture.height), ("avc1", 160, 284));
    assert!((picture.frame_rate.unwrap() - 29.97).abs() < 0.01);
    let fast_rate = fast.audio.as_ref().unwrap().bit_rate;
    assert!((50_000..100_000).contains(&fast_rate.unwrap()), "{fast_rate:?}");
    assert_eq!(
        fast.audio,
        Some(AudioTrack { codec: "mp4a".into(), sample_rate: 44_100, channels: 1, bit_rate: fast_rate })
    );
    assert!(pieces.fragmented && pieces.has_index);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(cut in 0_usize..5_000, at in 0_usize..5_000, byte: u8, film: bool) {
        let mut bytes = if film { Mp4 { edits: vec![5], ..Mp4::default() }.build() } else { with_exif(&jpeg(64, 64), 3, true) };
        let place = at % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len().saturating_sub(cut % 700));
        facts(&bytes);
    }
}

#[test]
fn facts_that_were_written_down_read_the_same() {
    let odd = Mp4 { rotation: 90, edits: vec![400], frames_per_second: 29, ..Mp4::default() };
    for bytes in [odd.build(), with_exif(&jpeg(320, 200), 6, true), png(9, 9), b"version https://git-lfs".to_vec()] {
        let read = facts(&bytes);
        let text = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), read, "{text}");
    }
}

/// What is remembered of a file by an older reader is trusted as long as [`READER`] is the same.
#[test]
fn every_fact_of_the_samples_is_as_this_reader_reads_it() {
    use super::super::digest::{digest_of, hex};
    use sha2::{Digest as _, Sha256};

    let turned = Mp4 { rotation: 90, edits: vec![400], frames_per_second: 29, ..Mp4::default() };
    let late = Mp4 { moov_first: false, audio: None, brand: *b"qt  ", codec: *b"hvc1", ..Mp4::default() };
    let coded = Mp4 { configuration: avc(100, 1, true), ..Mp4::default() };
    let samples = [
        Mp4::default().build(),
        turned.build(),
        late.build(),
        coded.build(),
        jpeg(320, 200),
        jpeg(4000, 3),
        jpeg(320, 200)[..60].to_vec(),
        with_exif(&jpeg(320, 200), 6, true),
        png(9, 9),
        b"GIF89a".to_vec(),
        b"RIFF\0\0\0\0WEBPVP8 ".to_vec(),
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".to_vec(),
        b"hello".to_vec(),
    ];
    let mut sum = Sha256::new();
    for bytes in &samples {
        sum.update(serde_json::to_string(&facts(bytes)).unwrap());
    }
    let sum = digest_of(&sum.finalize().into());
    let known = "e715f0d9658c360b68b20553bb90c3d6e2aee62ee2163f64734925b4e37818e1";
    assert_eq!(
        (READER, hex(&sum).unwrap()),
        (2, known),
        "other facts from the same bytes: raise READER and write both here"
    );
}
