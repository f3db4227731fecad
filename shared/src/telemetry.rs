//! Logs: JSON, one line an event, ids only. Phone numbers, mail addresses, names, transcripts and tokens never.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `LOG` holds the filter (`info`, `zencall=debug`), default `info`.
pub fn init() {
    let filter = EnvFilter::builder()
        .with_env_var("LOG")
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    // A second call, as tests make, changes nothing.
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .without_time()
        .with_env_filter(filter)
        .with_current_span(true)
        .with_span_list(false)
        .try_init()
        .ok();
}
