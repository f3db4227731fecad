//! For whom a transaction acts: `request.jwt.claims`, as PostgREST would set them.

use serde::Serialize;

use crate::kernel::caller::{Caller, Role};
use crate::kernel::ids::{ApiKeyId, OrganizationId, UserId};
use crate::kernel::meter::Meter;

/// For whom a transaction acts.
#[derive(Debug, Clone, Serialize)]
pub struct Claims {
    organization_id: OrganizationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<UserId>,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<ApiKeyId>,
    #[serde(skip)]
    meter: Option<Meter>,
    #[serde(skip)]
    joins_as_written: bool,
}

impl Claims {
    /// The platform itself, working for one organisation: queue consumers, schedules, sign-up.
    pub fn platform(organization: OrganizationId) -> Self {
        Self {
            organization_id: organization,
            sub: None,
            role: "authenticated",
            org_role: None,
            api_key_id: None,
            meter: None,
            joins_as_written: false,
        }
    }

    /// The same for statements of the campaign engine, whose joins are written in the order in which they are to be made:
    /// PostgreSQL plans every execution anew, and finding that order among six tables takes longer than all the rest.
    pub fn with_joins_as_written(mut self) -> Self {
        self.joins_as_written = true;
        self
    }

    /// The same, where the first transaction pays what a request owes.
    pub fn paying(mut self, meter: &Meter) -> Self {
        self.meter = Some(meter.clone());
        self
    }

    /// The organisation that the transaction will see.
    pub fn organization(&self) -> OrganizationId {
        self.organization_id
    }

    pub(super) fn joins_as_written(&self) -> bool {
        self.joins_as_written
    }

    pub(super) fn meter(&self) -> Option<&Meter> {
        self.meter.as_ref()
    }

    pub(super) fn to_json(&self) -> String {
        // A struct of ids and words always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&Caller> for Claims {
    fn from(caller: &Caller) -> Self {
        Self {
            organization_id: caller.organization,
            sub: caller.user(),
            role: "authenticated",
            org_role: caller.person().ok().map(|person| person.role),
            api_key_id: caller.api_key(),
            meter: Some(caller.origin.meter.clone()),
            joins_as_written: false,
        }
    }
}
