//! `make verify-consents`: whether every chain of every ledger of consents is whole. It reads as the functions do: with their
//! login and behind the same wall, one organisation at a time.

use anyhow::bail;
use zencall::consents::verify;

use crate::import_users::database;
use crate::settings::environment;
use crate::terminal::say;

/// A database with the functions' login that is not the local stack's.
pub fn elsewhere() -> Option<String> {
    environment("LEDGER_DATABASE_URL")
}

/// Verifies every ledger of this database, and names each broken chain with its first broken link.
pub async fn run(address: &str) -> anyhow::Result<()> {
    let report = verify::verify_all(&database(address)).await?;
    for found in &report.broken {
        say(format!(
            "broken: organisation {}, chain {}, link {}: {}",
            found.organization_id,
            found.chain.person_id,
            found.chain.broken.sequence,
            found.chain.broken.fault.told(),
        ));
    }
    say(format!(
        "{} organisations, {} chains, {} links, {} broken",
        report.organizations,
        report.chains,
        report.links,
        report.broken.len()
    ));
    if !report.broken.is_empty() {
        bail!("the ledger of consents is not what was written into it");
    }
    Ok(())
}
