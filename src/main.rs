//! The `igsync` binary: one match, no logic.

use igsync::exit::Exit;

fn main() -> Exit {
    igsync::process::seal();
    match igsync::commands::command_line(std::env::args_os()) {
        Ok(cli) => igsync::commands::main(cli),
        Err(exit) => exit,
    }
}
