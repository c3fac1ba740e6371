//! When tokens expire, as Meta said when it issued them. It does not say so later: of an Instagram token only
//! this machine's note shows it. The note holds no token, only a name for it that leads nowhere.

use std::path::Path;

use jiff::Timestamp;

use igsync_base::files::Disk;
use igsync_instagram::AccessToken;

/// In bytes; a larger file is not ours.
const LIMIT: u64 = 64 * 1024;

/// Older notes are dropped: each account has one token at a time.
const KEPT: usize = 50;

/// One line of the file: `["fingerprint","2026-12-01T17:00:00Z"]`.
type Note = (String, Timestamp);

/// When this token expires, if it was issued on this machine.
pub(crate) fn recall(disk: &dyn Disk, path: &Path, token: &AccessToken) -> Option<Timestamp> {
    let name = token.fingerprint();
    read(disk, path).into_iter().rev().find(|(known, _)| *known == name).map(|(_, at)| at)
}

/// Writes down when a new token expires, into a folder that exists.
pub(crate) fn remember(disk: &dyn Disk, path: &Path, token: &AccessToken, at: Timestamp) -> std::io::Result<()> {
    let mut notes = read(disk, path);
    let name = token.fingerprint();
    notes.retain(|(known, _)| *known != name);
    notes.push((name, at));
    let old = notes.len().saturating_sub(KEPT);
    let lines = notes[old..].iter().filter_map(|note| serde_json::to_string(note).ok());
    disk.replace(path, lines.map(|line| line + "\n").collect::<String>().as_bytes())
}

/// What cannot be read is left out: without the note a date is missing, nothing worse.
fn read(disk: &dyn Disk, path: &Path) -> Vec<Note> {
    let bytes = disk.read(path, LIMIT).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_testkit::MemDisk;

    const PATH: &str = "/site/.igsync/expiry.jsonl";

    fn token(number: usize) -> AccessToken {
        AccessToken::from_text(&format!("IGAAcanary{number}")).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + second).unwrap()
    }

    #[test]
    fn the_newest_note_of_a_token_counts_and_no_token_is_in_it() {
        let (disk, path) = (MemDisk::new(), Path::new(PATH));
        disk.put_folder("/site/.igsync");
        remember(&disk, path, &token(1), at(1)).unwrap();
        remember(&disk, path, &token(2), at(2)).unwrap();
        remember(&disk, path, &token(1), at(3)).unwrap();
        assert_eq!(recall(&disk, path, &token(1)), Some(at(3)));
        assert_eq!(recall(&disk, path, &token(2)), Some(at(2)));
        assert_eq!(recall(&disk, path, &token(3)), None);
        assert!(!String::from_utf8(disk.bytes(path).unwrap()).unwrap().contains("canary"));
    }

    #[test]
    fn the_file_does_not_grow_for_ever_and_damage_costs_only_its_line() {
        let (disk, path) = (MemDisk::new(), Path::new(PATH));
        disk.put(path, "[\"x\",\n");
        for number in 0..60 {
            remember(&disk, path, &token(number), at(0)).unwrap();
        }
        assert_eq!((recall(&disk, path, &token(9)), recall(&disk, path, &token(10))), (None, Some(at(0))));
    }
}
