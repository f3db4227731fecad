//! Who asks, proven; and from where a request came.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::class::{Class, Classify, Failure};
use super::ids::{OrganizationId, SessionId, UserId};

/// What a member of an organisation may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything but the organisation's own settings, members and integrations.
    Member,
}

impl Role {
    /// As in the database and in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Reads what [`Role::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// From where a request came; taken from the connection, never from a body.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub ip_address: Option<String>,
    /// What the client calls itself, cut at 500 characters.
    pub user_agent: Option<String>,
}

/// Who asks, proven. Extracting one is the authentication; a handler without one is visibly public.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person.
    pub user: UserId,
    /// The organisation that the person acts for.
    pub organization: OrganizationId,
    /// What the person may do there.
    pub role: Role,
    /// The login that the access token came from.
    pub session: SessionId,
    /// From where.
    pub origin: Origin,
}

/// The caller is known and may not do this.
#[derive(Debug, thiserror::Error)]
#[error("needs the role admin")]
pub struct AdminOnly;

impl Classify for AdminOnly {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Forbidden,
            "admin_required",
            "Cette action est réservée aux administrateurs de l'organisation.",
            "Only administrators of the organisation may do this.",
        )
    }
}

impl Caller {
    /// Refuses whoever is not an administrator.
    pub fn require_admin(&self) -> Result<(), AdminOnly> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Member => Err(AdminOnly),
        }
    }
}
