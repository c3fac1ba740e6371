//! SIGINT and SIGTERM: the first asks the run to stop, the second ends the process.

use crate::exit::Exit;
use igsync_apply::{Signal, StopSignal, stop_channel};

/// Listens until the process ends. Must be called inside a runtime.
pub(super) fn listen() -> StopSignal {
    let (stopper, stop) = stop_channel();
    tokio::spawn(async move {
        let first = next().await;
        stopper.stop(first);
        let second = next().await;
        std::process::exit(i32::from(Exit::from(second) as u8));
    });
    stop
}

#[cfg(unix)]
async fn next() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the system's own apply: the process ends at once, and the record allows that.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Signal::Interrupt,
        _ = terminate.recv() => Signal::Terminate,
    }
}

#[cfg(not(unix))]
async fn next() -> Signal {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Signal::Interrupt,
        Err(_) => std::future::pending().await,
    }
}
