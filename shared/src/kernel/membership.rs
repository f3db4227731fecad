//! Whom somebody is in which organisation.

use super::caller::Role;
use super::ids::{OrganizationId, UserId};

/// A person of an organisation, as another system's token or id leads to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Of which organisation.
    pub organization: OrganizationId,
    /// What they may do there.
    pub role: Role,
}
