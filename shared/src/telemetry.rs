//! Logs: JSON, one line an event, ids only. Phone numbers, mail addresses, names, transcripts and tokens never.

use tracing::Subscriber;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Starts logging. `LOG` holds the filter (`info`, `zencall=debug`), default `info`.
pub fn init() {
    let filter = filter().with_env_var("LOG").from_env_lossy();
    // A second call, as tests make, changes nothing.
    subscriber(filter, std::io::stdout).try_init().ok();
}

/// How `LOG` is read.
pub fn filter() -> tracing_subscriber::filter::Builder {
    EnvFilter::builder().with_default_directive(LevelFilter::INFO.into())
}

/// What [`init`] starts, on another writer.
///
/// Whatever the filter says, libraries tell nothing below `info`: there they quote what passes through them. The database's
/// driver writes out the parameters of a statement, the AWS client the body of a request, the secret in it included.
pub fn subscriber(
    filter: EnvFilter,
    writer: impl for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let quotes_nothing =
        filter_fn(|event| *event.level() <= LevelFilter::INFO || event.target().starts_with("zencall"));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .without_time()
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(filter.and(quotes_nothing)))
}
