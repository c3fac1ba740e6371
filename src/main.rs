//! The `igsync` binary: one match, no logic.

use clap::Parser;
use igsync::cli::Cli;
use igsync::exit::Exit;

fn main() -> Exit {
    match Cli::try_parse() {
        Ok(cli) => igsync::commands::main(cli),
        Err(error) => igsync::commands::usage(&error),
    }
}
