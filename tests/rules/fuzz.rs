//! Bytes that no one meant: no panic, no hang, no unbounded work, no unbounded memory.
//!
//! Each body runs a few hundred times in every `cargo test`; `IGSYNC_FUZZ_SECONDS=60` runs each for so long.

#![expect(clippy::disallowed_methods, reason = "a test with a configured duration")]

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use igsync_base::id::{ContainerId, UserId};
use igsync_host::RealClock;
use igsync_instagram::{AccessToken, Client, Endpoint, Flavour, Timing};
use igsync_media::probe::probe;
use igsync_media::rules::{Use, check, silent_volume};
use igsync_model::config;
use igsync_model::lockfile;
use igsync_model::manifest;
use igsync_ports::{Request, Response, Transport, TransportError};
use igsync_testkit::MemDisk;

use crate::case::{CONFIG, PICTURE};
use crate::media::{DISPLAY_P3, groups, sizes, with_profile};
use crate::testing::{Mp4, avc, jpeg, part, with_exif};

/// No single input may take longer.
const SLOWEST: Duration = Duration::from_secs(5);
/// No single input may hold more memory at a time, in bytes; inputs have at most some tens of kilobytes.
const LARGEST: u64 = 32 << 20;

/// Feeds `body` with mutations of the seeds and says how many there were.
fn fuzz(name: &str, seeds: &[Vec<u8>], mut body: impl FnMut(&[u8])) {
    let told = std::env::var("IGSYNC_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (start, mut executions, mut largest) = (Instant::now(), 0_u64, 0_u64);
    // Every bounded run is the same run.
    let mut random = fastrand::Rng::with_seed(if told.is_some() { fastrand::u64(..) } else { 20_261_123 });
    let go_on = |executions: u64| match told {
        Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
        None => executions < 400,
    };
    while go_on(executions) {
        let input = mutated(&seeds[random.usize(..seeds.len())], seeds, &mut random);
        let begin = Instant::now();
        let memory = allocation_counter::measure(|| body(&input)).bytes_max;
        assert!(begin.elapsed() < SLOWEST, "{name}: {:?} for {:?}", begin.elapsed(), String::from_utf8_lossy(&input));
        assert!(memory < LARGEST, "{name}: {memory} bytes for {:?}", String::from_utf8_lossy(&input));
        largest = largest.max(memory);
        executions += 1;
    }
    let seconds = start.elapsed().as_secs_f32();
    eprintln!("{name}: {executions} executions in {seconds:.1} s, {} KiB at most", largest / 1024);
}

fn mutated(seed: &[u8], seeds: &[Vec<u8>], random: &mut fastrand::Rng) -> Vec<u8> {
    const WORDS: &[&[u8]] = &[
        b"\xFF\xFF\xFF\xFF",
        b"\0\0\0\0",
        b"\0\0\0\x01",
        b"&a [*a,*a]",
        b"- ",
        b"{",
        b"[",
        b": ",
        b"\"",
        b"\n",
        b"\t",
        b"|-\n",
        b"!!",
        b"<<",
        b"\xEF\xBB\xBF",
        b"\xE2\x80\xAE",
        b"99999999999999999999",
        b"null",
        b"---\n",
        b"<<<<<<< ",
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..=random.usize(0..8) {
        let at = random.usize(0..=bytes.len());
        let end = (at + random.usize(0..32)).min(bytes.len());
        match random.u8(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
            1 if at < bytes.len() => bytes[at] = random.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, WORDS[random.usize(..WORDS.len())].iter().copied())),
            4 => bytes.truncate(at),
            5 => {
                let again = bytes[at..end].repeat(random.usize(1..40));
                drop(bytes.splice(at..at, again));
            }
            _ => {
                let other = &seeds[random.usize(..seeds.len())];
                let from = random.usize(0..=other.len());
                let to = (from + random.usize(0..200)).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
        }
    }
    bytes
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn manifests() {
    let seeds = texts(&[
        "kind: carousel\ncaption: |\n  Golden hour\nitems:\n  - image: ./a.jpg\n    user_tags: [{ username: acme, x: 0.1, y: 1 }]\n  - video: ./a.mp4\n    thumb_offset: 12\n",
        "kind: reel\nvideo: https://example.com/a.mp4\ncover: ./a.jpg\ntrial_params: { graduation_strategy: MANUAL }\nhashtags: [\"set:sea\", a]\n",
        "kind: image\nimage: &a ./a.jpg\nalt_text: *a\npublish_at: 2026-12-01T18:00[Europe/Berlin]\npublish_until: 2027-01-01 10:00\n",
    ]);
    let disk = MemDisk::new();
    let loaded = config::load(&disk, Path::new("/content"), None, &config::Env::default());
    fuzz("manifest", &seeds, |bytes| {
        disk.put("/content/posts/a.yaml", bytes);
        let read = manifest::load(&disk, Path::new("/content"), &loaded.config, manifest::Options::default());
        for finding in &read.findings {
            assert!(finding.position().0 >= 1);
        }
        let _ = igsync::report::findings::render(&read.findings, igsync::report::Style::plain());
    });
}

#[test]
fn configurations() {
    let more = "hashtag_sets: { sea: [sea, boats] }\nlimits: { max_publish_per_run: 5 }\nschedule: { late_after: 24h, min_gap: 2d }\nrules: { missing-alt-text: warn }\ngit: { push: auto }\n";
    let seeds = [CONFIG.as_bytes().to_vec(), format!("{CONFIG}{more}").into_bytes(), more.as_bytes().to_vec()];
    let disk = MemDisk::new();
    fuzz("configuration", &seeds, |bytes| {
        disk.put("/content/igsync.yaml", bytes);
        assert!(!config::load(&disk, Path::new("/content"), None, &config::Env::default()).config.accounts.is_empty());
    });
}

#[test]
fn lockfiles() {
    let record = r#"{"key":"posts/harbour","user_id":"17841400000000001","account":"brand","kind":"reel","state":"published","digest":"v1:sha256:00","media_digest":"v1:sha256:00","attempt":"k3v9","container":"178","media_id":"179","published_at":"2026-12-01T17:00:03Z","via":"publish","file":"posts/harbour.yaml"}"#;
    let seeds = texts(&[
        &format!("{{\"igsync_lock\":1}}\n{record}\n"),
        &format!("{{\"igsync_lock\":1}}\n<<<<<<< ours\n{record}\n=======\n{record}\n>>>>>>> theirs\n"),
    ]);
    fuzz("lockfile", &seeds, |bytes| {
        let _ = lockfile::format::parse_journal(bytes);
        let _ = lockfile::format::parse(bytes);
    });
}

#[test]
fn pictures() {
    let mut small = image::RgbImage::new(64, 64);
    small.put_pixel(3, 3, image::Rgb([200, 10, 10]));
    let mut jpeg = Cursor::new(Vec::new());
    small.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let seeds = [jpeg.clone(), with_exif(&jpeg, 6, true), PICTURE[..2_000].to_vec()];
    fuzz("JPEG", &seeds, |bytes| {
        let facts = probe(&mut Cursor::new(bytes)).unwrap();
        let _ = check(&facts, Use::Image, "a.jpg");
        let _ = check(&facts, Use::Reel, "a.jpg");
    });
}

/// The blocks in front of a picture, each mutated alone and wrapped so that a reader gets to it.
#[test]
fn exif_colour_profiles_and_indexes_of_pictures() {
    let picture = jpeg(64, 64);
    let of = |bytes: &[u8], name: &[u8]| {
        let at = bytes.windows(name.len()).position(|part| part == name).unwrap() + name.len();
        let len = usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
        bytes[at..4 + len].to_vec()
    };
    let exif = of(&with_exif(&picture, 6, true), b"Exif\0\0");
    let profile = of(&with_profile(DISPLAY_P3), b"ICC_PROFILE\0");
    let index = b"MM\0\x2a\0\0\0\x08\0\x01\xB0\x02\0\x07\0\0\0\x20\0\0\0\x1a\0\0\0\0\0\x02\0\x02".to_vec();
    fuzz("EXIF, ICC, MPF", &[exif, profile, index], |bytes| {
        let bytes = &bytes[..bytes.len().min(65_000)];
        let block = |marker: u8, name: &[u8]| {
            let size = u16::try_from(name.len() + bytes.len() + 2).unwrap().to_be_bytes();
            [&[0xFF, marker], &size[..], name, bytes].concat()
        };
        let blocks = [block(0xE1, b"Exif\0\0"), block(0xE2, b"ICC_PROFILE\0\x01\x01"), block(0xE2, b"MPF\0")].concat();
        let whole = [&picture[..2], &blocks, &picture[2..]].concat();
        let facts = probe(&mut Cursor::new(&whole)).unwrap();
        let _ = check(&facts, Use::Cover, "a.jpg");
        assert!(facts.format.mime() == Some("image/jpeg"), "{facts:?}");
    });
}

/// The index of a video, mutated inside a file that is whole around it.
#[test]
fn indexes_of_videos() {
    let film = |video: &Mp4| {
        let bytes = video.build();
        let at = bytes.windows(4).position(|name| name == b"moov").unwrap();
        let len = u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
        bytes[at + 4..at - 4 + len].to_vec()
    };
    let tables = [sizes(0, 150), sizes(9, 9)];
    let seeds = [
        film(&Mp4 { configuration: avc(244, 3, false), edits: vec![9, 9], tables, ..Mp4::default() }),
        film(&Mp4 { codec: *b"hvc1", configuration: part(*b"hvcC", &[&[1; 23]]), ..Mp4::default() }),
        film(&Mp4 { tables: [groups(&[1, 0, 2, 0, 1, 0]), Vec::new()], ..Mp4::default() }),
    ];
    fuzz("MP4 index", &seeds, |bytes| {
        let kind = part(*b"ftyp", &[b"isom", &[0; 4]]);
        let whole = [kind, part(*b"moov", &[bytes]), part(*b"mdat", &[&[0; 64]])].concat();
        let facts = probe(&mut Cursor::new(&whole)).unwrap();
        let _ = check(&facts, Use::Reel, "a.mp4");
        let _ = silent_volume(Some(1.0), &facts);
    });
}

#[test]
fn videos() {
    let plain = Mp4 { data: 64, edits: vec![10], configuration: avc(122, 2, false), ..Mp4::default() }.build();
    let seeds = [
        plain.clone(),
        Mp4 { data: 64, moov_first: false, ..Mp4::default() }.build(),
        [plain, part(*b"moof", &[&[0; 8]])].concat(),
    ];
    fuzz("MP4", &seeds, |bytes| {
        let facts = probe(&mut Cursor::new(bytes)).unwrap();
        for wanted in [Use::Reel, Use::StoryVideo, Use::CarouselVideo, Use::Cover] {
            let _ = check(&facts, wanted, "a.mp4");
        }
    });
}

/// Answers every request with the same bytes.
struct Says(Mutex<Vec<u8>>);

impl Transport for Says {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let body = self.0.lock().unwrap().clone();
        async { Ok(Response { status: 200, headers: Vec::new(), body }) }.boxed()
    }
}

#[test]
fn answers_of_the_api() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graph");
    let seeds: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let transport = Arc::new(Says(Mutex::default()));
    let nothing = Duration::ZERO;
    let timing = Timing { soon: nothing, spaced: nothing, longest: nothing, jitter: false, ..Timing::default() };
    let endpoint = Endpoint::new(Flavour::Instagram, None, None, None).unwrap();
    let token = AccessToken::from_text("IGAAcanary0123456789").unwrap();
    let client = Client::new(endpoint, token, transport.clone(), Arc::new(RealClock::new()), timing);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (user, container) = (UserId::from("17841400000000001"), ContainerId::from("17900000000000001"));
    fuzz("API answer", &seeds, |bytes| {
        *transport.0.lock().unwrap() = bytes.to_vec();
        runtime.block_on(async {
            let _ = client.container_status(&container).await;
            let _ = client.newest(&user, 10).await;
            let _ = client.quota(&user).await;
            let _ = client.account(&user).await;
            if let Ok(id) = client.publish(&user, &container).await {
                assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit()), "{id:?}");
            }
        });
    });
}
