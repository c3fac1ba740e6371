use proptest::prelude::*;

use super::super::record::Stage;
use super::super::samples::{any_record, record};
use super::*;
use igsync_host::RealDisk;
use igsync_testkit::mem_disk::Call::{self, Append, CreateFolder, Replace};
use igsync_testkit::mem_disk::Fault;
use igsync_testkit::{MemDisk, temporary_folder};

const LOCKFILE: &str = "/site/igsync.lock";
const JOURNAL: &str = "/site/.igsync/journal.jsonl";

fn root() -> MemDisk {
    let disk = MemDisk::new();
    disk.put_folder("/site");
    disk
}

fn open(disk: &MemDisk) -> Ledger {
    try_open(disk).unwrap()
}

fn try_open(disk: &MemDisk) -> Result<Ledger, Error> {
    Ledger::open(Arc::new(disk.clone()), Paths::new(Path::new("/site")))
}

fn snapshot(disk: &MemDisk) -> Snapshot {
    read(disk, &Paths::new(Path::new("/site"))).unwrap()
}

/// One post on its way to being live.
fn steps(key: &str) -> Vec<Record> {
    [Stage::Containers, Stage::Intent, Stage::Published].map(|state| record(key, "a1", state)).into()
}

fn all(records: &[Record]) -> Records {
    records.iter().cloned().collect()
}

#[test]
fn what_another_machine_has_recorded_is_taken_over_in_one_write() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("posts/a", "a1", Stage::Intent)).unwrap();
    let theirs = all(&[steps("posts/a"), steps("posts/b")].concat());
    let before = disk.writes().len();
    ledger.take_over(&theirs).unwrap();
    assert_eq!(disk.writes().len(), before + 1);
    assert_eq!(snapshot(&disk).records, theirs);
    ledger.take_over(&theirs).unwrap();
    assert_eq!(disk.writes().len(), before + 1, "nothing of it is new");
}

#[test]
fn a_ledger_is_witness_only_of_what_its_own_journal_tells() {
    let disk = root();
    disk.put(LOCKFILE, format::print(&all(&[record("posts/b", "b1", Stage::Containers)])));
    let mut ledger = open(&disk);
    ledger.record(record("posts/a", "a1", Stage::Containers)).unwrap();
    ledger.take_over(&all(&[record("posts/c", "c1", Stage::Containers)])).unwrap();
    ledger.fold().unwrap();
    assert_eq!(["a1", "b1", "c1"].map(|attempt| ledger.is_witness_of(&attempt.into())), [true, false, false]);
    let later = open(&disk);
    assert_eq!(["a1", "b1", "c1"].map(|attempt| later.is_witness_of(&attempt.into())), [true, false, false]);
    assert_eq!(later.records().len(), 3, "the lockfile has what others have prepared");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn replaying_the_journal_gives_the_records_of_the_run(
        records in proptest::collection::vec(prop_oneof![
            any_record("posts/a", "a1"), any_record("posts/a", "a2"), any_record("posts/b", "a1")
        ], 1..12),
        fold_after in 0..12_usize,
    ) {
        let disk = root();
        let mut ledger = open(&disk);
        for (index, record) in records.iter().enumerate() {
            ledger.record(record.clone()).unwrap();
            if index == fold_after {
                ledger.fold().unwrap();
            }
        }
        let all = all(&records);
        let read = all.by_media().unwrap_or(all);
        prop_assert_eq!(ledger.records(), &read);
        prop_assert_eq!(&snapshot(&disk).records, &read);
        let reopened = open(&disk);
        prop_assert_eq!(reopened.records(), &read);
    }
}

#[test]
fn a_lockfile_that_could_not_be_read_again_is_not_written() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("posts/a", "a1", Stage::Published)).unwrap();
    ledger.fold().unwrap();
    let before = disk.bytes(LOCKFILE).unwrap();
    ledger.limit = before.len() as u64 + 1000;
    ledger.record_all((0..9).map(|n| record(&format!("posts/{n}"), "a1", Stage::Published)).collect()).unwrap();
    let error = ledger.fold().unwrap_err();
    assert!(matches!(error, Error::Unreadable { problem: format::Error::TooLarge { .. }, .. }), "{error}");
    assert_eq!(disk.bytes(LOCKFILE), Some(before));
    assert_eq!(snapshot(&disk).records.len(), 10, "the journal has them all");
}

/// Records six steps of two posts, folds twice, and returns what was acknowledged before the end.
fn run(disk: &MemDisk, acknowledged: &mut Vec<Record>) -> Result<(), Error> {
    let mut ledger = try_open(disk)?;
    for (index, step) in steps("posts/a").into_iter().chain(steps("posts/b")).enumerate() {
        ledger.record(step.clone())?;
        acknowledged.push(step);
        if index == 2 {
            ledger.fold()?;
        }
    }
    ledger.fold()?;
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_whatever_happens_at_any_write() {
    let calm = root();
    run(&calm, &mut Vec::new()).unwrap();
    let writes = calm.writes();
    let calls: Vec<Call> = writes.iter().map(|write| write.call).collect();
    assert_eq!(calls, [CreateFolder, Replace, Append, Append, Append, Replace, Append, Append, Append, Replace]);

    let mut runs = 0;
    for (index, write) in writes.iter().enumerate() {
        let whole = [Fault::CrashBefore, Fault::CrashAfter, Fault::SyncFailed, Fault::DiskFull];
        let denied = Fault::Error(io::ErrorKind::PermissionDenied);
        let torn = (0..=write.len).step_by(7).map(Fault::Torn);
        for fault in whole.into_iter().chain([denied]).chain(torn).chain([Fault::Torn(write.len - write.len.min(1))]) {
            let disk = root();
            let mut acknowledged = Vec::new();
            disk.fail_at(index, fault);
            run(&disk, &mut acknowledged).unwrap_err();
            disk.revive();
            let seen = snapshot(&disk).records;
            let mut with_acknowledged = seen.clone();
            assert!(!with_acknowledged.merge(all(&acknowledged)), "{fault:?} at {write:?} lost a record");
            assert_eq!(open(&disk).records(), &seen, "{fault:?} at {write:?}");
            // The next run comes to its end, and so does the lockfile.
            run(&disk, &mut Vec::new()).unwrap();
            assert_eq!(disk.bytes(LOCKFILE), calm.bytes(LOCKFILE), "{fault:?} at {write:?}");
            runs += 1;
        }
    }
    assert!(runs > 200, "{runs} faults were tried");
}

#[test]
fn a_crash_while_mending_a_torn_journal_is_harmless() {
    for (fault, tail) in [Fault::CrashBefore, Fault::CrashAfter, Fault::Torn(0)]
        .into_iter()
        .flat_map(|fault| ["{\"key\":", "\u{0}\u{0}"].map(|tail| (fault, tail)))
    {
        let disk = root();
        open(&disk).record(record("k", "a", Stage::Intent)).unwrap();
        let whole = disk.bytes(JOURNAL).unwrap();
        disk.put(JOURNAL, [&whole, tail.as_bytes()].concat());
        disk.fail_next(fault);
        try_open(&disk).err().unwrap();
        disk.revive();
        let mut ledger = open(&disk);
        assert_eq!(disk.bytes(JOURNAL).unwrap(), whole);
        ledger.record(record("k", "a", Stage::Published)).unwrap();
        assert_eq!(snapshot(&disk).records, all(&[record("k", "a", Stage::Published)]));
    }
}

#[test]
fn a_record_that_lacks_only_its_newline_is_kept() {
    let disk = root();
    open(&disk).record(record("k", "a", Stage::Published)).unwrap();
    let whole = disk.bytes(JOURNAL).unwrap();
    disk.put(JOURNAL, &whole[..whole.len() - 1]);
    assert_eq!(snapshot(&disk).records.len(), 1);
    open(&disk).record(record("j", "a", Stage::Intent)).unwrap();
    assert_eq!(snapshot(&disk).records.len(), 2);
}

#[test]
fn after_a_failed_sync_nothing_more_is_recorded_and_folding_still_saves_what_is_known() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("k", "a", Stage::Intent)).unwrap();
    disk.fail_next(Fault::SyncFailed);
    ledger.record(record("k", "a", Stage::Published)).unwrap_err();
    let appends = disk.writes().len();
    assert!(matches!(ledger.record(record("j", "b", Stage::Published)), Err(Error::Poisoned)));
    assert_eq!(disk.writes().len(), appends, "the journal is left alone");
    assert!(ledger.fold().unwrap());
    assert_eq!(snapshot(&disk).records, all(&[record("k", "a", Stage::Published), record("j", "b", Stage::Published)]));
}

#[test]
fn a_failed_fold_forbids_further_records_too() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("k", "a", Stage::Containers)).unwrap();
    disk.fail_next(Fault::DiskFull);
    let error = ledger.fold().unwrap_err();
    assert_eq!(error.to_string(), "/site/igsync.lock could not be written");
    assert!(matches!(ledger.record(record("k", "a", Stage::Intent)), Err(Error::Poisoned)));
}

#[test]
fn both_sides_of_a_move_are_kept_or_none() {
    let live = record("posts/a", "a", Stage::Published);
    let sides: Vec<Record> = live.clone().moved("posts/b".into(), "b".into()).into();
    let calm = root();
    open(&calm).record(live.clone()).unwrap();
    let length = format::print_line(&sides).len();
    for landed in 0..=length {
        let disk = calm.fork();
        let mut ledger = open(&disk);
        disk.fail_next(Fault::Torn(landed));
        ledger.record_all(sides.clone()).unwrap_err();
        disk.revive();
        let expected = if landed + 1 >= length { all(&sides) } else { all(std::slice::from_ref(&live)) };
        assert_eq!(snapshot(&disk).records, expected, "{landed} bytes landed");
        assert_eq!(open(&disk).records(), &expected);
    }
}

#[test]
fn the_private_folder_hides_itself_from_git() {
    let disk = root();
    open(&disk);
    assert_eq!(disk.bytes("/site/.igsync/.gitignore").unwrap(), b"*\n");
    disk.wipe("/site/.igsync");
    Ledger::open(Arc::new(disk.clone()), Paths::sandbox(Path::new("/site"))).unwrap();
    assert_eq!(disk.bytes("/site/.igsync/.gitignore").unwrap(), b"*\n");
}

#[test]
fn the_sandbox_writes_only_below_its_folder() {
    let disk = root();
    let mut ledger = Ledger::open(Arc::new(disk.clone()), Paths::sandbox(Path::new("/site"))).unwrap();
    ledger.record(record("k", "a", Stage::Published)).unwrap();
    ledger.fold().unwrap();
    assert_eq!(disk.bytes(LOCKFILE), None);
    assert!(disk.bytes("/site/.igsync/sandbox/igsync.lock").is_some());
    assert!(disk.bytes("/site/.igsync/sandbox/journal.jsonl").is_some());
}

#[test]
fn reading_for_a_plan_writes_nothing() {
    let disk = root();
    assert_eq!(snapshot(&disk), Snapshot::default());
    open(&disk).record(record("k", "a", Stage::Published)).unwrap();
    disk.put(JOURNAL, [&disk.bytes(JOURNAL).unwrap()[..], b"{\"torn"].concat());
    let writes = disk.writes().len();
    let seen = snapshot(&disk);
    assert!(seen.is_behind && !seen.has_lockfile && seen.in_lockfile == 0);
    assert_eq!(seen.records.len(), 1);
    assert_eq!(disk.writes().len(), writes);
}

#[test]
fn a_lockfile_that_holds_everything_is_not_touched() {
    let disk = root();
    let mut ledger = open(&disk);
    assert!(!ledger.fold().unwrap(), "no records, no file");
    ledger.record(record("k", "a", Stage::Published)).unwrap();
    assert!(ledger.fold().unwrap());
    let crlf = String::from_utf8(disk.bytes(LOCKFILE).unwrap()).unwrap().replace('\n', "\r\n");
    disk.put(LOCKFILE, &crlf);
    assert!(!ledger.fold().unwrap());
    assert_eq!(disk.bytes(LOCKFILE).unwrap(), crlf.as_bytes());
}

#[test]
fn folding_keeps_what_came_into_the_lockfile_meanwhile() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("mine", "a", Stage::Published)).unwrap();
    disk.put(LOCKFILE, format::print(&all(&[record("theirs", "b", Stage::Published)])));
    ledger.fold().unwrap();
    assert_eq!(snapshot(&disk).in_lockfile, 2);
    assert_eq!(ledger.records().len(), 2);
}

#[test]
fn a_reverted_or_deleted_lockfile_is_healed_from_the_journal() {
    let disk = root();
    let mut ledger = open(&disk);
    ledger.record(record("k", "a", Stage::Published)).unwrap();
    ledger.fold().unwrap();
    let folded = disk.bytes(LOCKFILE);
    disk.put(LOCKFILE, format::HEADER);
    assert_eq!(snapshot(&disk).records.len(), 1);
    open(&disk).fold().unwrap();
    assert_eq!(disk.bytes(LOCKFILE), folded);
    disk.wipe(LOCKFILE);
    assert!(!open(&disk).has_lockfile());
    open(&disk).fold().unwrap();
    assert_eq!(disk.bytes(LOCKFILE), folded);
}

#[test]
fn folding_resolves_a_git_conflict() {
    let disk = root();
    let [ours, theirs] = ["ours", "theirs"].map(|key| format::print_line(&[record(key, "a", Stage::Published)]));
    disk.put(LOCKFILE, format!("{}<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> x\n", format::HEADER));
    assert!(snapshot(&disk).has_conflicts);
    assert!(open(&disk).fold().unwrap());
    let seen = snapshot(&disk);
    assert!(!seen.has_conflicts && seen.in_lockfile == 2);
}

#[test]
fn damage_names_file_and_line_and_leaves_the_file_alone() {
    let disk = root();
    let line = format::print_line(&[record("k", "a", Stage::Intent)]);
    for path in [LOCKFILE, JOURNAL] {
        let disk = disk.fork();
        let damaged = format!("{}{{\"key\":}}\n{line}", format::HEADER);
        disk.put(path, &damaged);
        let error = try_open(&disk).err().unwrap();
        assert!(error.to_string().starts_with(&format!("{path}: line 2: not a record")), "{error}");
        assert_eq!(disk.bytes(path).unwrap(), damaged.as_bytes());
        assert!(read(&disk, &Paths::new(Path::new("/site"))).is_err());
    }
    disk.put(LOCKFILE, "");
    assert_eq!(
        try_open(&disk).err().unwrap().to_string(),
        "/site/igsync.lock: the file is empty; even its header is missing"
    );
}

#[test]
fn an_empty_journal_is_what_a_crash_may_leave() {
    for leftover in ["", "{\"igsync_lo", "\n"] {
        let disk = root();
        disk.put(JOURNAL, leftover);
        open(&disk).record(record("k", "a", Stage::Intent)).unwrap();
        open(&disk).record(record("k", "a", Stage::Published)).unwrap();
        assert_eq!(snapshot(&disk).records, all(&[record("k", "a", Stage::Published)]), "{leftover:?}");
    }
}

#[test]
fn a_grown_journal_is_compacted_and_never_emptied() {
    let disk = root();
    let mut ledger = open(&disk);
    for _ in 0..300 {
        for step in steps("posts/a") {
            ledger.record(step).unwrap();
        }
    }
    ledger.fold().unwrap();
    let before = snapshot(&disk).records;
    let compacting = disk.writes().len();
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let disk = disk.fork();
        disk.fail_at(compacting, fault);
        try_open(&disk).err().unwrap();
        disk.revive();
        assert_eq!(snapshot(&disk).records, before);
    }
    open(&disk);
    let journal = String::from_utf8(disk.bytes(JOURNAL).unwrap()).unwrap();
    assert_eq!(journal.lines().count(), 2, "header and one attempt");
    disk.wipe(LOCKFILE);
    assert_eq!(snapshot(&disk).records, before);
}

#[test]
fn links_are_refused() {
    let deep = "/site/.igsync/sandbox/media/a.jpg";
    for link in ["/site/.igsync", LOCKFILE, JOURNAL, "/site/.igsync/run.lock", "/site/.igsync/digests.jsonl", deep] {
        let disk = root();
        disk.put("/elsewhere/file", "");
        disk.put_folder(Path::new(link).parent().unwrap());
        disk.put_symlink(link, "/elsewhere");
        let error = try_open(&disk).err().unwrap();
        assert_eq!(error.to_string(), format!("{link} is a symbolic link"));
    }
}

#[test]
fn a_read_only_folder_is_named() {
    let disk = root();
    disk.deny_write("/site");
    let error = try_open(&disk).err().unwrap();
    assert_eq!(error.to_string(), "/site/.igsync could not be made");
    assert!(read(&disk, &Paths::new(Path::new("/site"))).is_ok(), "a plan still works");
}

#[test]
fn it_works_on_a_real_disk() {
    let folder = temporary_folder();
    let paths = Paths::new(folder.path());
    let mut ledger = Ledger::open(Arc::new(RealDisk), paths.clone()).unwrap();
    for step in steps("posts/a") {
        ledger.record(step).unwrap();
    }
    let before_fold = read(&RealDisk, &paths).unwrap();
    assert!(ledger.fold().unwrap());
    let after_fold = read(&RealDisk, &paths).unwrap();
    assert_eq!(before_fold.records, after_fold.records);
    assert!(before_fold.is_behind && !after_fold.is_behind);
    assert_eq!(after_fold.in_lockfile, 1);
}

#[test]
fn what_a_killed_replace_left_is_removed() {
    let disk = root();
    disk.put("/site/.igsync-x1.tmp", "{");
    disk.put("/site/.igsync/.igsync-x2.tmp", "{");
    disk.put("/site/notes.tmp", "mine");
    open(&disk);
    assert!(disk.bytes("/site/.igsync-x1.tmp").is_none() && disk.bytes("/site/.igsync/.igsync-x2.tmp").is_none());
    assert!(disk.bytes("/site/notes.tmp").is_some());
}

#[test]
fn an_unreadable_lockfile_says_what_to_do() {
    let disk = root();
    disk.put(LOCKFILE, "{\"igsync_lock\":2}\n");
    let error = try_open(&disk).err().unwrap();
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor()).with_width(80);
    handler.render_report(&mut text, &error).unwrap();
    insta::assert_snapshot!(text, @r"
    × /site/igsync.lock: line 1: written by a newer igsync (format 2, this one
    │ reads 1)
    help: update igsync; the file was not touched
    ");
    disk.put(LOCKFILE, "{\"igsync_lock\":1}\n{\"key\":\"po");
    text.clear();
    handler.render_report(&mut text, &try_open(&disk).err().unwrap()).unwrap();
    insta::assert_snapshot!(text, @r"
    × /site/igsync.lock: line 2: cut short
    help: restore the last version, for example with `git checkout --
          igsync.lock`; the file was not touched
    ");
}

#[test]
fn records_in_memory_reach_no_disk() {
    let disk = root();
    let known = steps("k");
    let mut ledger = Ledger::in_memory(Arc::new(disk.clone()), Paths::new(Path::new("/site")), Records::default());
    ledger.record_all(known.clone()).unwrap();
    assert!(!ledger.fold().unwrap());
    assert_eq!(ledger.records(), &all(&known));
    assert!(disk.writes().is_empty(), "{:?}", disk.writes());
}
