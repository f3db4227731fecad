//! Decisions of the gate as they are stored.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::campaigns::evidence;
use crate::campaigns::gate::Decision;
use crate::kernel::Clock;
use crate::kernel::ids::{AttemptId, CampaignId, ContactId};

/// A decision of the gate as it is stored.
pub(in crate::campaigns) struct DecisionRow {
    pub(super) id: Uuid,
    campaign: CampaignId,
    contact: ContactId,
    attempt: Option<AttemptId>,
    pub(super) decision: Decision,
    pub(super) inputs: Value,
}

impl DecisionRow {
    pub(in crate::campaigns) fn new(
        clock: &Clock,
        (campaign, contact): (CampaignId, ContactId),
        attempt: Option<AttemptId>,
        decision: Decision,
        inputs: Value,
    ) -> Self {
        Self {
            id: clock.uuid(),
            campaign,
            contact,
            attempt,
            decision,
            inputs,
        }
    }
}

/// Decisions, column by column as a statement wants them.
#[derive(Default)]
pub(super) struct DecisionColumns<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) campaigns: Vec<CampaignId>,
    pub(super) contacts: Vec<ContactId>,
    pub(super) attempts: Vec<Option<AttemptId>>,
    pub(super) allowed: Vec<bool>,
    pub(super) codes: Vec<Option<&'static str>>,
    pub(super) rules: Vec<Option<&'static str>>,
    pub(super) allowed_until: Vec<Option<Timestamp>>,
    pub(super) retry_at: Vec<Option<Timestamp>>,
    pub(super) inputs: Vec<&'a Value>,
    pub(super) hashes: Vec<String>,
}

impl<'a> DecisionColumns<'a> {
    pub(super) fn from_rows(rows: &'a [DecisionRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id);
            columns.campaigns.push(row.campaign);
            columns.contacts.push(row.contact);
            columns.attempts.push(row.attempt);
            columns.inputs.push(&row.inputs);
            columns.hashes.push(evidence::inputs_hash(&row.inputs));
            match &row.decision {
                Decision::Allow { until } => {
                    columns.allowed.push(true);
                    columns.codes.push(None);
                    columns.rules.push(None);
                    columns.allowed_until.push(*until);
                    columns.retry_at.push(None);
                }
                Decision::Refuse(refusal) => {
                    columns.allowed.push(false);
                    columns.codes.push(Some(refusal.code.as_str()));
                    columns.rules.push(Some(refusal.rule));
                    columns.allowed_until.push(None);
                    columns.retry_at.push(refusal.retry_at);
                }
            }
        }
        columns
    }
}
