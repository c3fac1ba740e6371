//! Commands over a file system that refuses: what real modes cannot show to a root user.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::Parser;
use igsync::cli::Cli;
use igsync::commands::{self, Actions, Stream, Streams, Terminal, Ui, UnderWay};
use igsync::exit::Exit;
use igsync::report::Program;
use igsync::session::{Ports, Random};
use igsync_apply::stop_channel;
use igsync_base::files::Disk;
use igsync_host::{HttpOptions, HttpTransport, RealClock};
use igsync_testkit::MemDisk;

use crate::project::{Project, Server};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The project of one image in memory, under `/content`.
fn disk() -> MemDisk {
    let disk = MemDisk::new();
    let project = Project::with_one_image();
    for (path, bytes) in project.files() {
        disk.put(Path::new("/content").join(path.strip_prefix(project.path()).unwrap()), bytes);
    }
    disk
}

fn run(disk: &MemDisk, server: &Server, line: &str) -> (Exit, String) {
    run_over(Arc::new(disk.clone()), "/content", &server.url(), line)
}

/// Runs a command line over `disk`; gives the exit and both streams as one text.
pub fn run_over(disk: Arc<dyn Disk>, root: &str, url: &str, line: &str) -> (Exit, String) {
    let captured = Captured::default();
    let stream = || Stream::new(captured.clone());
    let (_stopper, stop) = stop_channel();
    let variables = [
        ("IGSYNC_GRAPH_URL", url),
        ("IGSYNC_ACCESS_TOKEN", "IGAA-LONG"),
        ("IGSYNC_POLL_INITIAL_MS", "10"),
        ("IGSYNC_SETTLE_MS", "20"),
        ("IGSYNC_LOOK_MS", "10"),
        ("IGSYNC_HTTP_TIMEOUT_MS", "2000"),
    ];
    let ports = Ports {
        disk,
        clock: Arc::new(RealClock::new()),
        transport: Box::new(|| Ok(Arc::new(HttpTransport::new(&HttpOptions::default())?))),
        env: variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        stop,
        random: Random::with_seed(1),
    };
    let ui = Ui {
        terminal: Terminal {
            streams: Streams { out: stream(), err: stream() },
            is_interactive: false,
            shows_progress: false,
            colour_out: false,
            colour_err: false,
            width: 80,
            unicode: true,
            quiet: false,
            verbose: 0,
            program: Program::named("igsync"),
        },
        actions: Actions::default(),
        under_way: UnderWay::default(),
    };
    let cli = Cli::try_parse_from(format!("igsync {line} -C {root}").split_whitespace()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exit = runtime.block_on(commands::run(cli, &ports, &ui));
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    (exit, text)
}

#[test]
fn an_unreadable_folder_is_named_and_nothing_is_sent() {
    let (server, disk) = (Server::start(), disk());
    disk.put("/content/posts/secret/two.yaml", "kind: image\n");
    disk.deny_read("/content/posts/secret");
    let (exit, text) = run(&disk, &server, "validate");
    assert!(exit == Exit::Failure && text.contains("posts/secret"), "{exit:?}\n{text}");
    let (exit, text) = run(&disk, &server, "plan --format json");
    assert!(exit == Exit::Failure && text.contains("\"complete\": false"), "{exit:?}\n{text}");
    let (exit, _) = run(&disk, &server, "apply --yes");
    assert_eq!(exit, Exit::Failure);
    assert!(server.sandbox.requests().is_empty());
}

#[test]
fn a_read_only_folder_is_named_and_nothing_is_published() {
    let (server, disk) = (Server::start(), disk());
    disk.deny_write("/content");
    let (exit, text) = run(&disk, &server, "plan");
    assert!(exit == Exit::Done && text.ends_with("Plan: 1 to publish.\n"), "a plan writes nothing: {exit:?}\n{text}");
    let (exit, text) = run(&disk, &server, "apply --yes");
    assert!(exit == Exit::Failure && text.contains("writable"), "{exit:?}\n{text}");
    assert!(server.published().is_empty());
}

#[test]
fn a_full_disk_ends_the_run_and_the_next_one_goes_on() {
    let (server, disk) = (Server::start(), disk());
    let writes = {
        let dry = disk.fork();
        let server = Server::start();
        assert_eq!(run(&dry, &server, "apply --yes").0, Exit::Done);
        dry.writes().len()
    };
    for write in 0..writes {
        let disk = disk.fork();
        let server = Server::start();
        disk.fail_at(disk.writes().len() + write, igsync_testkit::mem_disk::Fault::DiskFull);
        let (exit, text) = run(&disk, &server, "apply --yes");
        assert!(!text.contains("panicked"), "{text}");
        let live = server.published().len();
        assert!(live <= 1, "write {write}: {exit:?}\n{text}");
        let (exit, text) = run(&disk, &server, "apply --yes");
        assert_eq!(server.published().len(), 1, "write {write}: {exit:?}\n{text}");
    }
    drop(server);
}
