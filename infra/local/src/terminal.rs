//! What the person at the terminal is told: one line for a step, and a sign of life while it lasts.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Says one line on standard error; standard output is for answers only.
pub fn say(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

/// Prints one line of an answer.
pub fn print(line: impl std::fmt::Display) {
    // Whoever has closed the pipe has read enough.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Whether a person watches, so that a line may be drawn over.
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Draws a line that the next one replaces; the caller checks [`is_watched`].
pub fn redraw(line: &str) {
    eprint!("\r\x1b[2K{line}");
    let _ = std::io::stderr().flush();
}

/// Runs one step: names it, shows every few seconds that it goes on, and how long it took.
pub async fn step<T>(label: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let started = Instant::now();
    let watched = is_watched();
    let mut work = std::pin::pin!(work);
    let mut said = false;
    let period = Duration::from_secs(if watched { 1 } else { 10 });
    let outcome = loop {
        match tokio::time::timeout(period, &mut work).await {
            Ok(outcome) => break outcome,
            Err(_) if watched => redraw(&format!("• {label} … {} s", started.elapsed().as_secs())),
            Err(_) => say(format!("• {label} … {} s", started.elapsed().as_secs())),
        }
        said = true;
    };
    if said && watched {
        redraw("");
    }
    match &outcome {
        Ok(_) => say(format!("✓ {label} ({:.1} s)", started.elapsed().as_secs_f32())),
        Err(_) => say(format!("✗ {label}")),
    }
    outcome
}
