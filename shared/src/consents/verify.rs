//! Whether every chain of an organisation is whole.

use serde::Serialize;
use uuid::Uuid;

use super::chain::{self, Broken};
use super::store;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::OrganizationId;

/// How many chains are read at a time.
const CHUNK: i64 = 200;

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

/// Reads every chain of an organisation, some at a time, and names each that is broken with its first broken link.
pub async fn verify(app: &App, organization: OrganizationId) -> Result<Report, DbError> {
    let claims = &Claims::platform(organization);
    let mut report = Report::default();
    let mut after: Option<Uuid> = None;
    loop {
        let people = app
            .db
            .read("consents.verify", claims, async |tx| {
                store::chains(tx, after, CHUNK).await
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
