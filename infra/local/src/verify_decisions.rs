//! `make verify-decisions`: whether every stored decision of the gate is what the gate answers when it is asked again, with what it
//! was asked then. It reads as the functions do: with their login and behind the same wall, one organisation at a time.

use anyhow::bail;
use zencall::campaigns::verify;

use crate::import_users::database;
use crate::terminal::say;

/// Recomputes every decision of this database, and names those that differ.
pub async fn run(address: &str) -> anyhow::Result<()> {
    let report = verify::verify_all(&database(address)).await?;
    for found in &report.differing {
        say(format!(
            "differs: organisation {}, decision {}: {}",
            found.organization_id,
            found.decision_id,
            found.difference.told(),
        ));
    }
    say(format!(
        "{} organisations, {} decisions, {} differ",
        report.organizations, report.decisions, report.differ
    ));
    if report.differ > 0 {
        bail!("the decisions are not what the gate answers");
    }
    Ok(())
}
