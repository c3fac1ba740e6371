//! Where the facts of one run go, and how its output for programs ends.

use crate::cli::{Apply, OutputFormat};
use crate::exit::Exit;
use crate::report::events::{Json, Refused};
use igsync_apply::{Event, Observer};

use super::super::terminal::Stream;
use super::super::{Ended, Failure, Ports, Ui, judge};

/// The output of one run.
pub(super) struct Events<'a> {
    /// `None`: people read it.
    json: Option<Json<Stream>>,
    is_sandbox: bool,
    ports: &'a Ports,
    ui: &'a Ui,
}

impl<'a> Events<'a> {
    pub(super) fn begin(args: &Apply, ports: &'a Ports, ui: &'a Ui) -> Self {
        let json = (args.format == OutputFormat::Json).then(|| {
            let mut random = ports.random.generator();
            let run_id = std::iter::repeat_with(|| random.lowercase()).take(16).collect();
            Json::new(ui.terminal.streams.out.clone(), ports.clock.clone(), run_id)
        });
        ui.under_way.begin(json.clone());
        Self { json, is_sandbox: args.scope.sandbox, ports, ui }
    }

    /// Hears of the run, and shows it.
    pub(super) fn observer(&self) -> Box<dyn Observer> {
        let shown: Box<dyn Observer> = match &self.json {
            Some(json) => Box::new(json.clone()),
            None => self.ui.terminal.progress(&self.ports.clock, self.is_sandbox),
        };
        self.ui.actions.observing(self.ui.under_way.observing(shown))
    }

    /// Writes facts of a run that no one carries out.
    pub(super) fn write(&self, events: &[Event]) -> Result<(), Failure> {
        let Some(json) = &self.json else { return Ok(()) };
        let mut json = json.clone();
        judge(events.iter().try_for_each(|event| json.event(event)))
    }

    /// The run ends before it acts.
    pub(super) fn refused(&self, refused: &Refused, exit: Exit) -> Exit {
        if let Some(json) = &self.json {
            // A reader who has gone needs no reason, and the exit code has it.
            let _ = json.refused(refused, exit);
        }
        exit
    }

    /// The last line, unless it is written: a program never has to guess whether more follows.
    pub(super) fn end(&self, ended: &Ended) {
        let Some(json) = &self.json else { return };
        let (why, exit) = match ended {
            Ok(exit) => (Refused { reason: exit.words().meaning.to_owned(), ..Refused::default() }, *exit),
            Err(failure) => {
                let help = failure.report.help().map(|help| help.to_string());
                (Refused { reason: failure.report.to_string(), help, ..Refused::default() }, failure.exit)
            }
        };
        let _ = json.close(&why, exit);
    }
}
