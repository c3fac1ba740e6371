//! `igsync sandbox`: the emulator on loopback, until it is stopped.

use std::sync::Arc;

use crate::cli::{Global, Sandbox as Args};
use crate::exit::Exit;
use crate::report::Program;
use crate::session::root::ContentRoot;
use igsync_base::files::named;
use igsync_sandbox::{FaultPlan, Options, Sandbox, parse_faults};

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
    let options = Options { data: Some(data.clone()), assume_https: args.assume_https, ..Options::realistic() };
    let transport = ports.open_transport()?;
    let sandbox = Sandbox::new(&options, Arc::clone(&ports.disk), Arc::clone(&ports.clock))
        .map_err(|error| Failure::of_file(&error, &error, "choose another folder with --data"))?
        .fetching_through(transport);
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
    write_stdout(ui, &format!("listening on {base}\n"))?;
    ui.terminal.say(&welcome(&base, &data.display().to_string(), &sandbox, &ui.terminal.program));
    tokio::select! {
        ended = sandbox.clone().serve(listener) => {
            ended.map_err(|error| Failure::message(Exit::Failure, error, "start it again; its state is kept"))?;
            Ok(Exit::Done)
        }
        // Serving until stopped is what was asked for.
        _ = ports.stop.wait() => Ok(Exit::Done),
    }
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

fn welcome(base: &str, data: &str, sandbox: &Sandbox, program: &Program) -> String {
    format!(
        "{}\nstate is kept in {data}\n\npublish into it from another terminal:\n  \
         IGSYNC_GRAPH_URL={base} IGSYNC_ACCESS_TOKEN=IGAA-LONG {}",
        sandbox.welcome(),
        program.command("apply --yes")
    )
}
