//! Whether every stored decision is what the gate answers: asked again, with what it was asked then.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::evidence;
use super::gate::Decision;
use super::read::StoredDecision;
use super::store;
use crate::db::{Claims, Db, DbError};
use crate::kernel::ids::OrganizationId;
use crate::kernel::instant::whole_microseconds;

/// How many decisions are read at a time.
const CHUNK: i64 = 1_000;
/// How many organisations are asked for at a time.
const ORGANIZATIONS: i32 = 500;
/// How many that differ are named; the rest are counted.
const NAMED: usize = 1_000;

/// In what a stored decision differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// What it was decided on is not what was hashed.
    Inputs,
    /// Nobody can read any more what it was decided on.
    Version,
    /// The gate answers otherwise.
    Answer,
}

impl Difference {
    /// For people.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Inputs => "its inputs are not those that were hashed",
            Self::Version => "its inputs are of an unknown version",
            Self::Answer => "the gate answers otherwise",
        }
    }
}

/// A decision that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Which.
    pub decision_id: Uuid,
    /// In what.
    pub difference: Difference,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DecisionReport {
    /// How many organisations have campaigns.
    pub organizations: u64,
    /// How many decisions were asked again.
    pub decisions: u64,
    /// How many of them differ.
    pub differ: u64,
    /// The first of those.
    pub differing: Vec<Differing>,
}

/// Asks the gate again for every decision of every organisation. What differs is an error in the log too.
pub async fn verify_all(db: &Db) -> Result<DecisionReport, DbError> {
    let mut report = DecisionReport::default();
    let mut after = None;
    loop {
        let organizations = db.organizations_with_campaigns(after, ORGANIZATIONS).await?;
        let Some(last) = organizations.last() else {
            return Ok(report);
        };
        after = Some(*last);
        for organization in organizations {
            report.organizations += 1;
            verify(db, organization, &mut report).await?;
        }
    }
}

async fn verify(
    db: &Db,
    organization_id: OrganizationId,
    report: &mut DecisionReport,
) -> Result<(), DbError> {
    let claims = &Claims::platform(organization_id);
    let mut after: Option<Uuid> = None;
    loop {
        let decisions = db
            .read("campaigns.verify_decisions", claims, async |tx| {
                store::report::all_decisions(tx, after, CHUNK).await
            })
            .await?;
        let Some(last) = decisions.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for decision in &decisions {
            report.decisions += 1;
            let Some(difference) = difference(decision) else {
                continue;
            };
            report.differ += 1;
            tracing::error!(%organization_id, decision_id = %decision.id, ?difference, "a decision is not what the gate answers");
            if report.differing.len() < NAMED {
                report.differing.push(Differing {
                    organization_id,
                    decision_id: decision.id,
                    difference,
                });
            }
        }
    }
}

fn difference(stored: &StoredDecision) -> Option<Difference> {
    if evidence::inputs_hash(&stored.inputs) != stored.inputs_hash {
        return Some(Difference::Inputs);
    }
    let Some(answer) = evidence::replay(&stored.inputs) else {
        return Some(Difference::Version);
    };
    let is_same = match answer {
        Decision::Allow { until } => stored.allowed && stored.allowed_until == as_stored(until),
        Decision::Refuse(refusal) => {
            !stored.allowed
                && stored.code.as_deref() == Some(refusal.code.as_str())
                && stored.rule.as_deref() == Some(refusal.rule)
                && stored.retry_at == as_stored(refusal.retry_at)
        }
    };
    (!is_same).then_some(Difference::Answer)
}

/// The database keeps microseconds.
fn as_stored(instant: Option<Timestamp>) -> Option<Timestamp> {
    instant.map(whole_microseconds)
}
