//! Campaigns: whom to call, on what ground, and when. Starting one, calling its contacts and ending it.
//!
//! The gate ([`gate::decide`]) is asked before every call; [`release`] hands allowed contacts to the queue as far as there
//! are slots; [`dial`] places one call; [`end`] decides what follows from its outcome; [`reconcile`] finds out what became
//! of a call whose outcome nobody told.

pub mod add_contacts;
pub mod breaker;
pub mod budget;
pub mod caller_id;
pub mod calling_hours;
pub mod change;
pub mod create;
pub mod dial;
pub mod dossier;
pub mod end;
mod error;
pub mod evidence;
pub mod forecast;
pub mod gate;
mod grounds;
pub mod lifecycle;
pub(crate) mod lines;
mod objections;
pub mod offer;
pub mod predial;
pub mod prospects;
pub mod read;
pub mod recall;
pub mod reconcile;
mod refusal;
pub mod release;
pub mod report;
mod requests;
pub mod settings;
pub mod solicitation;
pub mod speakers;
pub mod start;
mod store;
mod turns;
pub mod upkeep;
pub mod verify;
pub mod windows;
pub mod withdraw;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use error::{CampaignError, NotReady};
pub use settings::Settings;
pub use store::correction::correct_outcome;

use crate::consents::standing::same_words;
use crate::kernel::Timezone;
use crate::kernel::ids::{AssistantId, AttemptId, CampaignId, OrganizationId};
use crate::law::{LegalBasis, Sector};

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignStatus)]
pub enum Status {
    /// Being prepared.
    Draft,
    /// Started, for a time to come.
    Scheduled,
    /// Calling.
    Running,
    /// Stopped for a while, by a person or for a reason.
    Paused,
    /// Every contact is final.
    Completed,
    /// Stopped for good.
    Cancelled,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::Draft,
        Self::Scheduled,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Cancelled,
    ];

    /// As in the database and in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads what [`Status::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// What this step leads to from here, if it is legal.
    pub fn after(self, step: Step) -> Option<Self> {
        match (step, self) {
            (Step::Pause, Self::Running | Self::Scheduled) => Some(Self::Paused),
            (Step::Resume, Self::Paused) => Some(Self::Running),
            (Step::Cancel, Self::Scheduled | Self::Running | Self::Paused) => Some(Self::Cancelled),
            _ => None,
        }
    }

    /// Whether its settings may be changed.
    pub fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Paused)
    }

    /// Whether nobody will be called any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether it may be deleted.
    pub fn is_deletable(self) -> bool {
        matches!(self, Self::Draft | Self::Completed | Self::Cancelled)
    }
}

/// What a person does to a campaign that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Stop for a while.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good.
    Cancel,
}

/// On whose behalf people are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advertiser {
    /// Its name, as it is told to the person.
    pub name: String,
    /// Its number in the register of companies.
    pub siren: Option<String>,
}

impl Advertiser {
    /// The same with the register's number of the organisation itself, where that is who is named: attempts of one advertiser
    /// are counted together.
    pub(super) fn known_by(mut self, own: &Self) -> Self {
        if self.siren.is_none() && same_words(&self.name, &own.name) {
            self.siren.clone_from(&own.siren);
        }
        self
    }
}

/// A campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What its makers call it.
    pub name: String,
    /// Who speaks.
    pub assistant: AssistantId,
    /// What the call is about, as it is told to the person.
    pub object: String,
    /// On what ground people are called.
    pub legal_basis: LegalBasis,
    /// On whose behalf.
    pub advertiser: Advertiser,
    /// What is sold or told.
    pub sector: Sector,
    /// Where it stands.
    pub status: Status,
    /// Why it is paused, where nobody paused it by hand.
    pub pause_reason: Option<String>,
    /// When, how often and how many at once.
    pub settings: Settings,
    /// When it begins by itself.
    pub scheduled_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was completed or cancelled.
    pub ended_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How many contacts it has.
    pub total_contacts: i64,
}

/// The message that asks for one attempt to be made. It is only a hint: the attempt's row is the truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRequested {
    v: u8,
    /// Whose attempt it is.
    pub organization_id: OrganizationId,
    /// Which attempt.
    pub attempt_id: AttemptId,
}

impl CallRequested {
    /// Asks for this attempt.
    pub fn new(organization_id: OrganizationId, attempt_id: AttemptId) -> Self {
        Self {
            v: 1,
            organization_id,
            attempt_id,
        }
    }
}

/// The message that asks for the next release, once an account at Twilio may dial again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequested {
    v: u8,
    /// Whose calls had to wait.
    pub organization_id: OrganizationId,
}

impl ReleaseRequested {
    /// Asks for this organisation.
    pub fn new(organization_id: OrganizationId) -> Self {
        Self {
            v: 1,
            organization_id,
        }
    }
}

/// The zone that a campaign falls back to, as the database keeps it.
fn timezone_from_database(name: &str) -> Timezone {
    Timezone::parse(name).unwrap_or_else(|_| Timezone::paris())
}

/// What may be spent, if anything was said.
pub type Budget = Option<Decimal>;
