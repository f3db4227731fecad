//! `make bench-cold`: from the start of a function's process to its first question for work.
//!
//! Only the process is measured: no machine is booted, no code fetched, and a whole processor is there. What holds is the
//! ratio to the empty function, measured in turn with ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::runtime_api::RuntimeApi;
use super::{EMPTY, build, median};
use crate::functions;
use crate::layout::Layout;
use crate::settings::{Ports, Secrets};
use crate::terminal::print;

/// How often each one is started.
const ROUNDS: usize = 21;
const PATIENCE: Duration = Duration::from_secs(10);

/// What one start took.
#[derive(Debug, Clone, Copy)]
struct Start {
    milliseconds: f64,
    /// Of all its threads; where the system tells.
    processor: Option<f64>,
    /// The most memory that it held, in MB; where the system tells.
    memory: Option<f64>,
}

/// Prints the table.
pub async fn cold(layout: &Layout) -> anyhow::Result<()> {
    let folder = build(layout).await?;
    let mut names = layout.functions()?;
    names.insert(0, EMPTY.to_owned());
    let runtime = RuntimeApi::start()?;
    let mut environment = functions::environment_of_functions(&Ports::default(), &Secrets::load(layout)?)?;
    // AWS is there and does not answer: nothing that warms up may keep a function from asking for work.
    environment.extend(functions::aws_environment(&format!("http://{}", runtime.address)));

    let mut starts: BTreeMap<&str, Vec<Start>> = BTreeMap::new();
    for round in 0..=ROUNDS {
        for name in &names {
            let start = start(&folder.join(name), name, &runtime, &environment)?;
            // The first round only fetches the files from the disk.
            if round > 0 {
                starts.entry(name).or_default().push(start);
            }
        }
    }
    let of = |name: &str, what: fn(&Start) -> Option<f64>| {
        let measures: Vec<_> = starts[name].iter().filter_map(what).collect();
        (!measures.is_empty()).then(|| median(measures))
    };
    let shown = |measure: Option<f64>| measure.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    print(format!(
        "{:<20} {:>10} {:>8} {:>8} {:>8}",
        "function", "ready ms", "× empty", "CPU ms", "MB"
    ));
    let empty = of(EMPTY, |start| Some(start.milliseconds)).context("nothing was measured")?;
    for name in &names {
        let ready = of(name, |start| Some(start.milliseconds)).context("nothing was measured")?;
        print(format!(
            "{name:<20} {ready:>10.1} {:>8.2} {:>8} {:>8}",
            ready / empty,
            shown(of(name, |start| start.processor)),
            shown(of(name, |start| start.memory)),
        ));
    }
    print(format!(
        "Median of {ROUNDS} starts, in turn; process start to first poll of a stand-in of the runtime API."
    ));
    Ok(())
}

/// Starts it, waits for its first question, and ends it.
fn start(
    program: &Path,
    name: &str,
    runtime: &RuntimeApi,
    environment: &[(String, String)],
) -> anyhow::Result<Start> {
    runtime.forget();
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let mut process = command
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let asked = runtime.first_poll(PATIENCE);
    let (processor, memory) = (processor(&process), memory(&process));
    process.kill().ok();
    process.wait()?;
    let Some(asked) = asked else {
        bail!("{name} did not ask for work within {} s", PATIENCE.as_secs());
    };
    Ok(Start {
        milliseconds: asked.duration_since(began).as_secs_f64() * 1000.0,
        processor,
        memory,
    })
}

/// Milliseconds on a processor, of all threads (Linux).
fn processor(process: &Child) -> Option<f64> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id())).ok()?;
    let mut nanoseconds = 0.0;
    for task in tasks.flatten() {
        let statistics = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        nanoseconds += statistics.split(' ').next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds / 1e6)
}

/// The most memory that it held so far, in MB (Linux).
fn memory(process: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = peak.trim().split(' ').next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
