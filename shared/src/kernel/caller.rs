//! Who asks, proven; and from where a request came.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::class::{Class, Classify, Failure};
use super::ids::{ApiKeyId, OrganizationId, SessionId, UserId};
use super::meter::Meter;
use super::shown::shows;

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
#[derive(Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub ip_address: Option<String>,
    /// What the client calls itself, cut at 500 characters.
    pub user_agent: Option<String>,
    /// What the request owes before its answer may leave.
    pub meter: Meter,
}

shows!(Origin);

impl Origin {
    /// The client's address as it counts for limits: of IPv6 the network (64 bits), since whoever has one address of it
    /// has them all. Requests without one are counted together.
    pub fn network(&self) -> String {
        let text = self.ip_address.as_deref().unwrap_or_default();
        match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => address.to_string(),
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Err(_) => "unknown".to_owned(),
        }
    }
}

/// A person who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// What they may do in the organisation that they act for.
    pub role: Role,
    /// The login that the access token came from.
    pub session: SessionId,
}

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who is logged in.
    Person(Person),
    /// A program with one of the organisation's API keys. It has no role: the table of rights says which routes its
    /// scopes open.
    ApiKey(ApiKeyId),
}

impl Principal {
    /// The id of the person or of the key: ids are unique over both.
    pub fn id(self) -> Uuid {
        match self {
            Self::Person(person) => person.user.0,
            Self::ApiKey(key) => key.0,
        }
    }
}

/// Who asks, proven. Extracting one is the authentication, and the table of rights is asked on the way; a handler
/// without one is visibly public.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person or the program.
    pub principal: Principal,
    /// The organisation that they act for.
    pub organization: OrganizationId,
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

/// The caller is a program, and this is a person's own.
#[derive(Debug, thiserror::Error)]
#[error("needs a person")]
pub struct PersonOnly;

impl Classify for PersonOnly {
    fn failure(&self) -> Failure {
        Failure::new(
            Class::Forbidden,
            "api_key_not_accepted",
            "Cette adresse n'accepte pas de clé d'API : connectez-vous avec un compte.",
            "This address takes no API keys: log in with an account.",
        )
    }
}

impl Caller {
    /// Refuses whoever does not have this role. Where the right depends on the route alone, the table of rights has asked
    /// already; this is for what depends on the body.
    pub fn require(&self, role: Role) -> Result<(), AdminOnly> {
        match (self.principal, role) {
            (Principal::Person(person), _) if person.role == Role::Admin => Ok(()),
            (Principal::Person(_), Role::Member) => Ok(()),
            _ => Err(AdminOnly),
        }
    }

    /// The person, for what is a person's own.
    pub fn person(&self) -> Result<Person, PersonOnly> {
        match self.principal {
            Principal::Person(person) => Ok(person),
            Principal::ApiKey(_) => Err(PersonOnly),
        }
    }

    /// The person, where a row says who made it; a program is named by the audit log alone.
    pub fn user(&self) -> Option<UserId> {
        self.person().ok().map(|person| person.user)
    }

    /// The API key, if it is one.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.principal {
            Principal::Person(_) => None,
            Principal::ApiKey(key) => Some(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_count_together() {
        let of = |text: &str| {
            let origin = Origin {
                ip_address: Some(text.to_owned()),
                ..Origin::default()
            };
            origin.network()
        };
        assert_eq!(of("203.0.113.7"), of("::ffff:203.0.113.7"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("nonsense"), Origin::default().network());
    }
}
