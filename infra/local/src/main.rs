//! `local`: the commands behind the Makefile.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, bail};
use local::daemon;
use local::functions::Mode;
use local::stack::{self, Stack};
use local::terminal::say;
use local::{bench, bridge, demo, emulator, send};
use tokio::runtime::{Builder, Runtime};

const USAGE: &str = "\
usage: local <command>

  up            start everything in the background
  down          stop everything
  dev           start everything in the foreground, functions compiled on demand
  demo          the main job, from sign-up to the campaign's report
  test [ARG…]   run the tests; arguments go to cargo test
  send EVENT    sign a sample webhook of events/ and post it
  invoke FUNCTION EVENT   hand a sample event of events/ to a function
  sandbox       the stand-ins of Vapi and Twilio alone
  bridge        the bridge from queues and schedules to functions alone
  import-users FILE   bring people over from another system, with their bcrypt hashes (README)
  verify-consents  whether every chain of every ledger of consents is whole
  verify-decisions whether every stored decision is what the gate answers
  bench-size    what every function weighs as an archive
  bench-cold    how long every function takes from its start to its first question for work
  bench-rls     what row security costs PostgreSQL at a million rows
  bench-campaign   what a campaign of 1,000 and of 1,000,000 contacts does, in counts, and what it costs
  chaos         the campaign engine under fire (SEED, SEEDS, CONTACTS, JOBS)
  simulate      pacing and fairness on a clock of its own (SEED, SIZE=full)";

fn main() -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(format!("\n✗ {error:#}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(begin())
}

/// One thread where what is measured waits for nobody but PostgreSQL: two that wake each other for every message take longer
/// than the work.
fn runtime() -> anyhow::Result<Runtime> {
    let command = std::env::args_os().nth(1).unwrap_or_default();
    let mut builder = match command.to_str() {
        Some("simulate") => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    Ok(builder.enable_all().build()?)
}

async fn begin() -> ExitCode {
    daemon::end_with_parent();
    let filter = local::settings::environment("LOG").unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("\n✗ {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    let text = |place: usize, what: &str| {
        let argument = arguments
            .get(place)
            .map(|argument| argument.to_string_lossy().into_owned());
        argument
            .filter(|argument| !argument.is_empty())
            .with_context(|| format!("{what} is missing"))
    };
    if matches!(command.to_str(), None | Some("" | "help" | "--help" | "-h")) {
        say(USAGE);
        return Ok(());
    }
    let mut stack = Stack::find()?;
    match command.to_str().unwrap_or_default() {
        "up" => stack.up().await,
        "down" => stack.down().await,
        "dev" => stack.dev().await,
        "demo" => {
            stack.up().await?;
            demo::run(&stack).await
        }
        "test" => stack.test(arguments).await,
        "send" => send::send(&stack.layout, &stack.ports, &stack.secrets, &text(0, "EVENT")?).await,
        "invoke" => stack.invoke(&text(0, "FN")?, &text(1, "EVENT")?).await,
        "import-users" => stack.import_users(&text(0, "FILE")?).await,
        "verify-consents" => stack.verify_consents().await,
        "verify-decisions" => stack.verify_decisions().await,
        "sandbox" => stack.sandbox().await,
        "bench-size" => bench::size(&stack.layout).await,
        "bench-cold" => bench::cold(&stack.layout).await,
        "bench-rls" => stack.bench_rls().await,
        "bench-campaign" => stack.bench_campaign().await,
        "chaos" => stack.chaos().await,
        "simulate" => stack.simulate().await,
        "bridge" => bridge::run(&stack.layout, &stack.ports).await,
        // What `daemon::start` runs.
        "supervise" => match text(0, "the supervisor's name")?.as_str() {
            emulator::NAME => emulator::supervise(&stack.layout, &stack.ports).await,
            stack::NAME => {
                daemon::supervise(&stack.layout, stack::NAME, stack.processes(Mode::Prebuilt)?).await
            }
            other => bail!("there is no supervisor {other}"),
        },
        other => bail!("there is no command {other}\n\n{USAGE}"),
    }
}
