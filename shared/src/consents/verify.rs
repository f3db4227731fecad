//! Whether every chain is whole: of an organisation, and of all of them.

use serde::Serialize;
use uuid::Uuid;

use super::chain::{self, Broken};
use super::chain_store;
use crate::App;
use crate::db::{Claims, Db, DbError};
use crate::kernel::ids::OrganizationId;

/// How many chains are read at a time.
const CHUNK: i64 = 200;
/// How many organisations are asked for at a time.
const ORGANIZATIONS: i32 = 500;

/// A chain that is not whole.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BrokenChain {
    /// Whose.
    pub person_id: Uuid,
    /// Where, and how.
    #[serde(flatten)]
    pub broken: Broken,
}

/// What a verification found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// How many chains were read.
    pub chains: u64,
    /// How many links they have.
    pub links: u64,
    /// Those that are not whole.
    pub broken: Vec<BrokenChain>,
}

/// A chain of some organisation that is not whole.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BrokenLedger {
    /// Whose ledger.
    pub organization_id: OrganizationId,
    /// Which chain of it, where, and how.
    #[serde(flatten)]
    pub chain: BrokenChain,
}

/// What a verification of every ledger found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FullReport {
    /// How many organisations have a ledger.
    pub organizations: u64,
    /// How many chains were read.
    pub chains: u64,
    /// How many links they have.
    pub links: u64,
    /// Those that are not whole.
    pub broken: Vec<BrokenLedger>,
}

/// Reads every chain of every organisation, and names each that is broken with its first broken link. What it finds is an
/// error in the log too.
pub async fn verify_all(db: &Db) -> Result<FullReport, DbError> {
    let mut report = FullReport::default();
    let mut after = None;
    loop {
        let organizations = db.organizations_with_consents(after, ORGANIZATIONS).await?;
        let Some(last) = organizations.last() else {
            return Ok(report);
        };
        after = Some(*last);
        for organization_id in organizations {
            let found = verify_in(db, organization_id).await?;
            report.organizations += 1;
            report.chains += found.chains;
            report.links += found.links;
            for chain in found.broken {
                tracing::error!(%organization_id, person_id = %chain.person_id, sequence = chain.broken.sequence,
                                fault = ?chain.broken.fault, "a chain of the ledger of consents is broken");
                report.broken.push(BrokenLedger {
                    organization_id,
                    chain,
                });
            }
        }
    }
}

/// Reads every chain of an organisation, some at a time, and names each that is broken with its first broken link.
pub async fn verify(app: &App, organization: OrganizationId) -> Result<Report, DbError> {
    verify_in(&app.db, organization).await
}

async fn verify_in(db: &Db, organization: OrganizationId) -> Result<Report, DbError> {
    let claims = &Claims::platform(organization);
    let mut report = Report::default();
    let mut after: Option<Uuid> = None;
    loop {
        let people = db
            .read("consents.verify", claims, async |tx| {
                chain_store::chains(tx, after, CHUNK).await
            })
            .await?;
        let Some(last) = people.last() else {
            return Ok(report);
        };
        after = Some(last.id);
        for person in &people {
            report.chains += 1;
            report.links += person.links.len() as u64;
            if let Err(broken) = chain::verify(&person.links, person.length, &person.head) {
                report.broken.push(BrokenChain {
                    person_id: person.id,
                    broken,
                });
            }
        }
    }
}
