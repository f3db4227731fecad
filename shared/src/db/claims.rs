//! For whom a transaction acts: what the row policies read as `request.jwt.claims`.

use serde::Serialize;

use crate::kernel::caller::{Caller, Role};
use crate::kernel::ids::{OrganizationId, UserId};

/// For whom a transaction acts.
#[derive(Debug, Clone, Serialize)]
pub struct Claims {
    organization_id: OrganizationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<UserId>,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_role: Option<Role>,
}

impl Claims {
    /// The platform itself, working for one organisation: queue consumers, schedules, sign-up.
    pub fn platform(organization: OrganizationId) -> Self {
        Self {
            organization_id: organization,
            sub: None,
            role: "authenticated",
            org_role: None,
        }
    }

    /// The organisation that the transaction will see.
    pub fn organization(&self) -> OrganizationId {
        self.organization_id
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
        }
    }
}
