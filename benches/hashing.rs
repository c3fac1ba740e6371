//! Cold hashing as a ratio to `openssl dgst -sha256`, and the gain of all cores.
//!
//! Both sides alternate in one run and their fastest rounds are compared, so that a busy machine changes
//! the ratio little. `cargo bench --bench hashing -- 1024` takes another number of MiB.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time and stops when surprised"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use igsync_host::RealDisk;
use igsync_media::{DigestCache, digest_file};

const ROUNDS: usize = 5;
const FILES: usize = 8;

fn main() {
    let mib = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(256);
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (0..FILES).map(|number| folder.path().join(number.to_string())).collect();
    let block: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_le_bytes).collect();
    for (number, file) in files.iter().enumerate() {
        let mut bytes = block.repeat((mib / FILES).max(1));
        bytes[0] = u8::try_from(number).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    if openssl(&files[0]).is_none() {
        println!("skipped: openssl is missing, so there is nothing to compare with");
        return;
    }
    let (mut ours, mut theirs, mut together) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        ours = ours.min(timed(|| {
            for file in &files {
                digest_file(&RealDisk, file).unwrap();
            }
        }));
        theirs = theirs.min(timed(|| {
            for file in &files {
                openssl(file).unwrap();
            }
        }));
        let names: Vec<String> = (0..FILES).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        together = together.min(timed(|| {
            assert!(DigestCache::default().digests(&RealDisk, folder.path(), &names).iter().all(Result::is_ok));
        }));
    }
    println!(
        "{mib} MiB in {FILES} files: one core {ours:.0?}, openssl {theirs:.0?}, ratio {:.2}; all {} cores {together:.0?}",
        ours.as_secs_f64() / theirs.as_secs_f64(),
        std::thread::available_parallelism().unwrap(),
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// `None`: there is no openssl.
fn openssl(file: &Path) -> Option<()> {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok().filter(std::process::ExitStatus::success).map(drop)
}
