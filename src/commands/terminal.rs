//! The two streams a person or a program reads, and how they can be written to.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::{Cli, Colour, SANDBOX_PORT};
use crate::exit::Exit;
use crate::report::{self, Program, Style};
use igsync_apply::Observer;
use igsync_base::text::Guarded;
use igsync_ports::Clock;

use super::Failure;

/// A stream that several parts of a run write to.
#[derive(Clone)]
pub struct Stream(Arc<Mutex<Box<dyn Write + Send>>>);

impl Stream {
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(writer))))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Data and remarks.
#[derive(Clone, Debug)]
pub struct Streams {
    pub out: Stream,
    pub err: Stream,
}

impl Streams {
    fn of_process() -> Self {
        Self { out: Stream::new(io::stdout()), err: Stream::new(io::stderr()) }
    }
}

/// Where output goes and what it may look like.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about two streams")]
pub struct Terminal {
    pub streams: Streams,
    /// Someone can be asked a question.
    pub is_interactive: bool,
    /// stderr is a terminal that can redraw lines.
    pub shows_progress: bool,
    pub colour_out: bool,
    pub colour_err: bool,
    /// In columns.
    pub width: usize,
    pub unicode: bool,
    pub quiet: bool,
    pub verbose: u8,
    /// How a person types a command for the same content.
    pub program: Program,
}

impl Terminal {
    /// The streams of this process. `NO_COLOR`, `CLICOLOR_FORCE` and `CI` are honoured.
    pub fn of_process(cli: &Cli) -> Self {
        let global = &cli.global;
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let colour = |is_terminal: bool| is_coloured(global.color, is_terminal);
        Self {
            streams: Streams::of_process(),
            is_interactive: io::stdin().is_terminal() && err,
            shows_progress: err && !is_set("CI") && var("TERM") != "dumb" && !global.quiet,
            colour_out: colour(out),
            colour_err: colour(err),
            width: if out || err { columns() } else { 80 },
            unicode: speaks_unicode(out || err),
            quiet: global.quiet,
            verbose: global.verbose,
            program: Program::named(program())
                .at(global.chdir.as_deref(), global.config.as_deref())
                .in_sandbox(cli.command.is_sandbox()),
        }
    }

    /// Writes text for whoever reads stdout. Nothing in it is obeyed by a terminal or a runner.
    pub fn write(&self, text: &str) -> io::Result<()> {
        put(&self.streams.out, text, false)
    }

    /// As [`Self::write`], for a report that is coloured where stdout is.
    pub fn write_coloured(&self, text: &str) -> io::Result<()> {
        put(&self.streams.out, text, self.colour_out)
    }

    /// Writes text of our own to stdout as it is: what a shell, a pager or a runner is meant to obey.
    pub fn write_as_it_is(&self, text: &str) -> io::Result<()> {
        let mut out = self.streams.out.clone();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes one remark for people; nothing depends on it. Commands in backticks are written as they are typed here.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// As [`Self::say`], for a report that is coloured where stderr is.
    pub fn say_coloured(&self, text: &str) {
        if !self.quiet {
            let _ = put(&self.streams.err, &format!("{}\n", self.program.commands(text)), self.colour_err);
        }
    }

    /// As [`Self::say`], however quiet: what would be lost otherwise.
    pub fn insist(&self, text: &str) {
        let _ = put(&self.streams.err, &format!("{}\n", self.program.commands(text)), false);
    }

    /// stderr for what writes there by itself.
    pub(super) fn guarded_err(&self) -> Guarded<Stream> {
        Guarded::coloured(self.streams.err.clone(), self.colour_err)
    }

    /// Shows why a command failed.
    pub fn fail(&self, failure: &Failure) -> Exit {
        let text = report::failure::render(failure.report.as_ref(), self.style_err());
        let _ = put(&self.streams.err, &self.program.commands(&text), self.colour_err);
        failure.exit
    }

    pub fn style_out(&self) -> Style {
        Style { colour: self.colour_out, width: self.width, unicode: self.unicode }
    }

    pub fn style_err(&self) -> Style {
        Style { colour: self.colour_err, width: self.width, unicode: self.unicode }
    }

    /// What shows a run while it continues.
    pub fn progress(&self, clock: &Arc<dyn Clock>, is_sandbox: bool) -> Box<dyn Observer> {
        let lines = Box::new(self.guarded_err());
        let drawn = self.shows_progress.then(indicatif::ProgressDrawTarget::stderr);
        let shown =
            report::progress::Human::new(lines, drawn, Arc::clone(clock), self.style_err(), self.program.clone());
        let pages = is_sandbox.then(|| format!("http://127.0.0.1:{SANDBOX_PORT}/_sandbox/post"));
        Box::new(shown.with_pages(pages))
    }

    /// Whether someone would read what is written to stdout off the screen.
    pub fn shows_stdout(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Asks for something secret: without echo on a terminal, else the next line of stdin.
    pub fn ask_secret(&self, prompt: &str) -> io::Result<String> {
        if io::stdin().is_terminal() {
            return rpassword::prompt_password(format!("{}: ", igsync_base::text::one_line(prompt)));
        }
        let mut line = String::new();
        io::BufRead::read_line(&mut io::Read::take(io::stdin().lock(), SECRET_LIMIT), &mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Asks a question that only a clear yes answers.
    pub fn confirm(&self, question: &str) -> bool {
        let _ = put(&self.streams.err, &format!("{question} Type `yes` to continue: "), false);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }
}

/// Shows what clap says about a command line.
pub(super) fn show_usage(error: &clap::Error) {
    let (stream, is_terminal) = if error.use_stderr() {
        (Stream::new(io::stderr()), io::stderr().is_terminal())
    } else {
        (Stream::new(io::stdout()), io::stdout().is_terminal())
    };
    let is_coloured = is_coloured(Colour::Auto, is_terminal);
    let text = error.render();
    let text = if is_coloured { text.ansi().to_string() } else { text.to_string() };
    let _ = put(&stream, &text, is_coloured);
}

fn is_coloured(wanted: Colour, is_terminal: bool) -> bool {
    match wanted {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto => is_set("CLICOLOR_FORCE") || is_terminal && var("TERM") != "dumb",
    }
}

/// Writes one whole text, made safe on its way.
fn put(stream: &Stream, text: &str, is_coloured: bool) -> io::Result<()> {
    let mut guarded = Guarded::coloured(stream.clone(), is_coloured);
    guarded.write_all(text.as_bytes())?;
    guarded.flush()
}

/// In bytes; tokens have a few hundred.
const SECRET_LIMIT: u64 = 16 * 1024;

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn columns() -> usize {
    let told = var("COLUMNS").parse().ok();
    told.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(80).clamp(40, 120)
}

/// Pipes and files are read by programs and pages that know UTF-8; a terminal says what it knows.
fn speaks_unicode(is_terminal: bool) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(var).find(|value| !value.is_empty());
    !is_terminal || cfg!(windows) || locale.is_some_and(|locale| locale.to_uppercase().contains("UTF"))
}

/// Under cargo a person has no `igsync` to type.
fn program() -> &'static str {
    let by_cargo = is_set("CARGO") && var("CARGO_PKG_NAME") == "igsync";
    match (by_cargo, cfg!(debug_assertions)) {
        (false, _) => "igsync",
        (true, false) => "cargo run --release --",
        (true, true) => "cargo run --",
    }
}
