//! SIGINT and SIGTERM: the first asks the run to stop, the second ends the process. Both say what that means.

use std::sync::mpsc;
use std::time::Duration;

use crate::exit::Exit;
use igsync_apply::{Signal, StopSignal, stop_channel};

use super::terminal::Terminal;
use super::under_way::UnderWay;

/// The process ends after this time, whether or not its last words could be written.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Listens until the process ends. Must be called inside a runtime.
pub(super) fn listen(terminal: Terminal, run: UnderWay) -> StopSignal {
    let (stopper, stop) = stop_channel();
    tokio::spawn(async move {
        let mut signals = Signals::new();
        let first = signals.next().await;
        stopper.stop(first);
        // In a thread of its own: where no one reads what is written, the second signal has to be heard all the same.
        if let Some(text) = run.on_first(first) {
            let terminal = terminal.clone();
            std::thread::spawn(move || terminal.insist(&text));
        }
        let second = Exit::from(signals.next().await);
        // Another thread may be writing to a pipe that no one reads.
        let (done, is_done) = mpsc::channel();
        std::thread::spawn(move || {
            if let Some(text) = run.on_second() {
                terminal.insist(&text);
                run.close(&text, second);
            }
            let _ = done.send(());
        });
        let _ = is_done.recv_timeout(LAST_WORDS);
        std::process::exit(i32::from(second as u8));
    });
    stop
}

/// The signals of this process. Made once: one that comes between two waits must not be lost.
#[cfg(unix)]
struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    async fn next(&mut self) -> Signal {
        let Some((interrupt, terminate)) = &mut self.0 else {
            // Without handlers the system's own apply: the process ends at once, and the record allows that.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
