//! What a deployed function weighs, how long it takes to be ready, what row security costs, and what a campaign does.

mod campaign;
mod cold;
mod rls;
mod runtime_api;
mod size;

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::layout::Layout;
use crate::stack::cargo;
use crate::terminal::say;

pub use cold::cold;
pub use size::{archive, size};

/// The function that does nothing (`src/bin/empty-function.rs`).
const EMPTY: &str = "empty-function";

/// Builds every function for this machine with the profile `release` and returns the folder of the binaries. It differs
/// from what is deployed in its linking (`Cargo.toml`), which takes minutes a function and changes no cold start.
async fn build(layout: &Layout) -> anyhow::Result<PathBuf> {
    say("• building the functions as they are measured (the first time takes some minutes) …");
    let status = cargo()
        .args(["build", "--release", "--locked", "--workspace", "--bins"])
        .current_dir(layout.root())
        .status()
        .await
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the build failed");
    }
    // This program lies in `<target>/debug`.
    let own = crate::daemon::own_program()?;
    let target = own.ancestors().nth(2).context("this program lies in no folder")?;
    Ok(target.join("release"))
}

/// Nanoseconds that a backend of PostgreSQL has had a processor for.
fn processor_time(backend: i32) -> anyhow::Result<f64> {
    let path = format!("/proc/{backend}/schedstat");
    let text = std::fs::read_to_string(path).context("this kernel does not account for processor time")?;
    let first = text.split_whitespace().next().unwrap_or_default();
    Ok(first.parse()?)
}

/// The middle one of some measures.
fn median(mut measures: Vec<f64>) -> f64 {
    measures.sort_by(f64::total_cmp);
    measures.get(measures.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_slow_start_does_not_move_the_median() {
        assert!((median(vec![4.0, 900.0, 5.0]) - 5.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).abs() < f64::EPSILON);
    }
}
