//! `igsync sandbox`: the emulator on loopback, until it is stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{Global, Sandbox as Args};
use crate::exit::Exit;
use crate::report::Program;
use crate::session::root::ContentRoot;
use igsync_base::files::named;
use igsync_model::lockfile::{Record, format};
use igsync_sandbox::{FaultPlan, Keys, Options, Sandbox, parse_faults};

use super::{Ended, Failure, Ports, Ui, write_stdout};

pub(super) async fn run(global: &Global, args: &Args, ports: &Ports, ui: &Ui) -> Ended {
    let disk = &*ports.disk;
    let data = if let Some(folder) = &args.data {
        named(disk, folder)
    } else {
        let paths = ContentRoot::open_anywhere(&global.place(), true, ports).await?.paths;
        paths.prepare(disk)?;
        paths.folder
    };
    let profile = if args.strict { Options::strict() } else { Options::fair() };
    let options = Options { data: Some(data.clone()), assume_https: args.assume_https, ..profile };
    let transport = ports.open_transport()?;
    let sandbox = Sandbox::new(&options, Arc::clone(&ports.disk), Arc::clone(&ports.clock))
        .map_err(|error| Failure::of_file(&error, &error, "choose another folder with --data"))?
        .fetching_through(transport)
        .showing_keys(keys(&data, ports));
    if let Some(file) = &args.faults {
        let text = disk.read(&named(disk, file), 1 << 20).map_err(|error| {
            let message = format!("cannot read {}: {error}", file.display());
            Failure::of_file(&error, message, "pass a JSON file to --faults")
        })?;
        for fault in faults(&text, file)? {
            sandbox.add_fault(fault);
        }
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|error| {
        Failure::message(
            Exit::Failure,
            format!("cannot use port {} on 127.0.0.1: {error}", args.port),
            "choose another with --port; 0 picks a free one",
        )
    })?;
    let address = listener.local_addr().map_err(|error| Failure::message(Exit::Failure, error, "try again"))?;
    let base = format!("http://{address}");
    write_stdout(ui, &format!("{base}/\n"))?;
    if args.world {
        ui.terminal.say(&sandbox.welcome());
    }
    ui.terminal.say(&welcome(&base, &data.display().to_string(), &ui.terminal.program));
    tokio::select! {
        ended = sandbox.clone().serve(listener) => {
            ended.map_err(|error| Failure::message(Exit::Failure, error, "start it again; its state is kept"))?;
            Ok(Exit::Done)
        }
        // Serving until stopped is what was asked for.
        _ = ports.stop.wait() => Ok(Exit::Done),
    }
}

/// The keys of the posts, from the records of `apply --sandbox` and of runs against this sandbox.
fn keys(data: &Path, ports: &Ports) -> Keys {
    let disk = Arc::clone(&ports.disk);
    let above = data.parent().and_then(Path::parent);
    let files: Vec<PathBuf> =
        [Some(data), above].into_iter().flatten().map(|folder| folder.join("igsync.lock")).collect();
    Arc::new(move |media_id| {
        files.iter().find_map(|file| {
            let records = format::parse(&disk.read(file, format::LIMIT).ok()?).ok()?.records;
            let is_its = |record: &&Record| record.claimed_media().is_some_and(|media| media.as_str() == media_id);
            records.iter().find(is_its).map(|record| record.key.to_string())
        })
    })
}

fn faults(text: &[u8], file: &std::path::Path) -> Result<Vec<FaultPlan>, Failure> {
    let wrong = |problem: String| {
        Failure::message(
            Exit::Failure,
            format!("{}: {problem}", file.display()),
            "a fault looks like {\"match\":{\"method\":\"POST\",\"path\":\"media_publish\"},\"nth\":1,\"fault\":\"lose_answer\"}",
        )
    };
    let value = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
    parse_faults(&value).map_err(wrong)
}

fn welcome(base: &str, data: &str, program: &Program) -> String {
    format!(
        "the page above shows what is published; state is kept in {data}\npublish into it from another terminal:\n  \
         IGSYNC_GRAPH_URL={base} IGSYNC_ACCESS_TOKEN=IGAA-LONG {}\nother tokens and accounts: {}",
        program.command("apply --yes"),
        program.command("sandbox --world")
    )
}
