//! Traces on stderr, for bug reports: `IGSYNC_LOG`, or `-v` and `-vv`.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use igsync_model::config::Env;

use super::Terminal;

/// Starts tracing, once per process. A filter that cannot be read is said and left out.
pub(super) fn start(env: &Env, terminal: &Terminal) {
    let wanted = match (env.get("IGSYNC_LOG"), terminal.verbose) {
        (Some(text), _) => text.to_owned(),
        (None, 0) => return,
        (None, 1) => "igsync=info".to_owned(),
        (None, _) => "igsync=debug".to_owned(),
    };
    let filter = wanted.parse::<Targets>().unwrap_or_else(|error| {
        terminal.say(&format!("warning: IGSYNC_LOG cannot be used ({error}); write it like igsync=debug"));
        Targets::new().with_default(LevelFilter::WARN)
    });
    let stderr = terminal.clone();
    let writer = move || stderr.guarded_err();
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    // Tests run several commands in one process; the first one's filter stays.
    let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
}
