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
        }
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
        }
    }
}
