//! Campaigns as the outside sees them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use zencall::campaigns::add_contacts::Added;
use zencall::campaigns::read::{CampaignContact, StoredDecision};
use zencall::campaigns::windows::CallWindow;
use zencall::campaigns::{Campaign, Status};
use zencall::kernel::Money;
use zencall::kernel::ids::{AssistantId, CampaignId, ContactId};
use zencall::law::{LegalBasis, OBJECTION, Sector};

/// One campaign.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignAnswer {
    campaign: CampaignView,
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignView {
    id: CampaignId,
    name: String,
    assistant_id: AssistantId,
    object: String,
    legal_basis: LegalBasis,
    advertiser: AdvertiserView,
    sector: Sector,
    status: Status,
    /// Why it is paused, where nobody paused it by hand.
    #[schema(required)]
    pause_reason: Option<String>,
    settings: SettingsView,
    total_contacts: i64,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    scheduled_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// On whose behalf people are called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdvertiserView {
    name: String,
    #[schema(required)]
    siren: Option<String>,
}

/// When a campaign calls, how often, and how many at once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsView {
    timezone: String,
    call_windows: Vec<CallWindow>,
    max_attempts: i32,
    retry_delay_minutes: i32,
    retry_on: Vec<&'static str>,
    concurrent_calls: i32,
    #[schema(required)]
    max_cost: Option<Money>,
}

impl From<Campaign> for CampaignView {
    fn from(campaign: Campaign) -> Self {
        let settings = campaign.settings;
        Self {
            id: campaign.id,
            name: campaign.name,
            assistant_id: campaign.assistant,
            object: campaign.object,
            legal_basis: campaign.legal_basis,
            advertiser: AdvertiserView {
                name: campaign.advertiser.name,
                siren: campaign.advertiser.siren,
            },
            sector: campaign.sector,
            status: campaign.status,
            pause_reason: campaign.pause_reason,
            settings: SettingsView {
                timezone: settings.timezone.as_str().to_owned(),
                call_windows: settings.call_windows.as_slice().to_vec(),
                max_attempts: settings.max_attempts,
                retry_delay_minutes: settings.retry_delay_minutes,
                retry_on: settings.retry_on.iter().map(|outcome| outcome.as_str()).collect(),
                concurrent_calls: settings.concurrent_calls,
                max_cost: settings.max_cost.map(Money::new),
            },
            total_contacts: campaign.total_contacts,
            scheduled_at: campaign.scheduled_at,
            started_at: campaign.started_at,
            ended_at: campaign.ended_at,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}

impl From<Campaign> for CampaignAnswer {
    fn from(campaign: Campaign) -> Self {
        Self {
            campaign: campaign.into(),
        }
    }
}

/// What came of adding contacts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedAnswer {
    added: i64,
    already_present: i64,
    /// Contacts who will not be called, and why: the campaign keeps them, so that its report says so. A thousand at most.
    skipped: Vec<SkippedView>,
}

/// A contact who will not be called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SkippedView {
    contact_id: ContactId,
    code: &'static str,
    rule: &'static str,
}

impl From<Added> for AddedAnswer {
    fn from(added: Added) -> Self {
        let skipped = |contact_id| SkippedView {
            contact_id,
            code: "suppressed",
            rule: OBJECTION.article,
        };
        Self {
            added: added.added,
            already_present: added.already_present,
            skipped: added.suppressed_ids.into_iter().map(skipped).collect(),
        }
    }
}

/// A contact in a campaign.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignContactView {
    contact_id: ContactId,
    /// `pending`, `waiting`, `active`, `completed`, `failed`, `skipped` or `cancelled`.
    status: String,
    attempts: i32,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(required)]
    last_outcome: Option<String>,
    #[schema(required)]
    refusal_code: Option<String>,
    #[schema(required)]
    refusal_rule: Option<String>,
    /// Why the last call failed, where the contact is `failed`: the provider's reason, or why it was never placed.
    #[schema(required)]
    failure_reason: Option<String>,
}

impl From<CampaignContact> for CampaignContactView {
    fn from(contact: CampaignContact) -> Self {
        Self {
            contact_id: contact.contact,
            status: contact.status,
            attempts: contact.attempts,
            next_attempt_at: contact.next_attempt_at,
            last_outcome: contact.last_outcome,
            refusal_code: contact.refusal_code,
            refusal_rule: contact.refusal_rule,
            failure_reason: contact.failure_reason,
        }
    }
}

/// A decision of the gate.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    id: Uuid,
    /// `release`, `dial`, or `predial` where a campaign of Vapi's own asked.
    stage: String,
    allowed: bool,
    #[schema(required)]
    code: Option<String>,
    #[schema(required)]
    rule: Option<String>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    allowed_until: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
    /// What the gate was asked.
    inputs: Value,
    /// SHA-256 of that.
    inputs_hash: String,
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
}

impl From<StoredDecision> for DecisionView {
    fn from(decision: StoredDecision) -> Self {
        Self {
            id: decision.id,
            stage: decision.stage,
            allowed: decision.allowed,
            code: decision.code,
            rule: decision.rule,
            allowed_until: decision.allowed_until,
            retry_at: decision.retry_at,
            inputs: decision.inputs,
            inputs_hash: decision.inputs_hash,
            decided_at: decision.decided_at,
        }
    }
}
