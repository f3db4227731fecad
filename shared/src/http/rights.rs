//! Who may ask what: the one table of rights.
//!
//! A row for each route of the API, and nothing is decided elsewhere: extracting a [`Caller`] looks the row up and refuses
//! whoever it does not name, and a route without a row refuses everybody. `infra/rights.md` and the OpenAPI document are
//! printed from it; a test compares the routes with the rows, and another sends every kind of caller to every route.
//! Handlers ask no more than what depends on a body (`scope: "organization"` of an export).

use super::problem::Problem;
use crate::kernel::caller::{AdminOnly, PersonOnly, Principal, Role};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::scope::Scope;

/// Which people a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, without credentials.
    Public,
    /// Every member of an organisation.
    Member,
    /// Its administrators.
    Admin,
}

/// Who may ask a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// The method.
    pub method: &'static str,
    /// The path, as in the OpenAPI document.
    pub path: &'static str,
    /// Which people.
    pub who: Who,
    /// The scope with which API keys may; without one, none may.
    pub scope: Option<Scope>,
}

const fn row(who: Who, method: &'static str, path: &'static str) -> Right {
    Right {
        method,
        path,
        who,
        scope: None,
    }
}

const fn public(method: &'static str, path: &'static str) -> Right {
    row(Who::Public, method, path)
}

const fn member(method: &'static str, path: &'static str) -> Right {
    row(Who::Member, method, path)
}

const fn admin(method: &'static str, path: &'static str) -> Right {
    row(Who::Admin, method, path)
}

impl Right {
    /// The same, for API keys with this scope too.
    const fn or_key(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }
}

/// Every route of the API. What has no version (JWKS, function URLs, the stream) stands outside and takes no caller;
/// what is served under an older address too is the same route.
#[rustfmt::skip]
pub const RIGHTS: &[Right] = &[
    // Identity.
    public("POST", "/api/v1/auth/register"),
    public("POST", "/api/v1/auth/confirm"),
    public("POST", "/api/v1/auth/confirm/resend"),
    public("POST", "/api/v1/auth/login"),
    public("POST", "/api/v1/auth/refresh"),
    public("POST", "/api/v1/auth/logout"),
    public("POST", "/api/v1/auth/invitations/accept"),
    member("GET", "/api/v1/auth/me"),
    member("PATCH", "/api/v1/auth/me"),
    member("POST", "/api/v1/auth/password"),
    public("POST", "/api/v1/auth/password/forgot"),
    public("POST", "/api/v1/auth/password/reset"),
    member("POST", "/api/v1/auth/email"),
    member("GET", "/api/v1/auth/sessions"),
    member("DELETE", "/api/v1/auth/sessions/{id}"),
    // The organisation, its people and its programs: no program's business.
    member("GET", "/api/v1/organization"),
    admin("PATCH", "/api/v1/organization"),
    member("GET", "/api/v1/organization/members"),
    admin("PATCH", "/api/v1/organization/members/{id}"),
    admin("DELETE", "/api/v1/organization/members/{id}"),
    admin("GET", "/api/v1/organization/invitations"),
    admin("POST", "/api/v1/organization/invitations"),
    admin("DELETE", "/api/v1/organization/invitations/{id}"),
    admin("GET", "/api/v1/api-keys"),
    admin("POST", "/api/v1/api-keys"),
    admin("DELETE", "/api/v1/api-keys/{id}"),
    admin("GET", "/api/v1/audit-logs"),
    // The organisation's own Twilio account.
    member("GET", "/api/v1/integrations/twilio"),
    admin("PUT", "/api/v1/integrations/twilio"),
    admin("DELETE", "/api/v1/integrations/twilio"),
    admin("POST", "/api/v1/integrations/twilio/test"),
    // Assistants.
    member("GET", "/api/v1/vapi/assistants").or_key(Scope::AssistantsRead),
    member("POST", "/api/v1/vapi/assistants").or_key(Scope::AssistantsWrite),
    member("PATCH", "/api/v1/vapi/assistants").or_key(Scope::AssistantsWrite),
    member("DELETE", "/api/v1/vapi/assistants").or_key(Scope::AssistantsWrite),
    member("GET", "/api/v1/vapi/assistants/{id}").or_key(Scope::AssistantsRead),
    member("PATCH", "/api/v1/vapi/assistants/{id}").or_key(Scope::AssistantsWrite),
    member("DELETE", "/api/v1/vapi/assistants/{id}").or_key(Scope::AssistantsWrite),
    admin("POST", "/api/v1/vapi/assistants/sync"),
    // Contacts, and the numbers never to be called.
    member("GET", "/api/v1/contacts").or_key(Scope::ContactsRead),
    member("POST", "/api/v1/contacts").or_key(Scope::ContactsWrite),
    member("POST", "/api/v1/contacts/import").or_key(Scope::ContactsWrite),
    member("GET", "/api/v1/contacts/imports").or_key(Scope::ContactsRead),
    member("POST", "/api/v1/contacts/imports").or_key(Scope::ContactsWrite),
    member("GET", "/api/v1/contacts/imports/{id}").or_key(Scope::ContactsRead),
    member("POST", "/api/v1/contacts/imports/{id}/cancel").or_key(Scope::ContactsWrite),
    member("GET", "/api/v1/contacts/{id}").or_key(Scope::ContactsRead),
    member("PATCH", "/api/v1/contacts/{id}").or_key(Scope::ContactsWrite),
    member("DELETE", "/api/v1/contacts/{id}").or_key(Scope::ContactsWrite),
    member("GET", "/api/v1/contacts/{id}/consents").or_key(Scope::ContactsRead),
    member("POST", "/api/v1/contacts/{id}/consents").or_key(Scope::ContactsWrite),
    member("POST", "/api/v1/contacts/{id}/consents/{consent_id}/withdraw").or_key(Scope::ContactsWrite),
    member("GET", "/api/v1/do-not-call").or_key(Scope::ContactsRead),
    member("POST", "/api/v1/do-not-call").or_key(Scope::ContactsWrite),
    admin("DELETE", "/api/v1/do-not-call/{id}"),
    // Campaigns.
    member("GET", "/api/v1/campaigns").or_key(Scope::CampaignsRead),
    member("POST", "/api/v1/campaigns").or_key(Scope::CampaignsWrite),
    member("GET", "/api/v1/campaigns/{id}").or_key(Scope::CampaignsRead),
    member("PATCH", "/api/v1/campaigns/{id}").or_key(Scope::CampaignsWrite),
    member("DELETE", "/api/v1/campaigns/{id}").or_key(Scope::CampaignsWrite),
    member("GET", "/api/v1/campaigns/{id}/contacts").or_key(Scope::CampaignsRead),
    member("POST", "/api/v1/campaigns/{id}/contacts").or_key(Scope::CampaignsWrite),
    member("GET", "/api/v1/campaigns/{id}/contacts/{contact_id}/decisions").or_key(Scope::CampaignsRead),
    member("GET", "/api/v1/campaigns/{id}/report").or_key(Scope::CampaignsRead),
    member("POST", "/api/v1/campaigns/{id}/forecast").or_key(Scope::CampaignsWrite),
    member("GET", "/api/v1/campaigns/{id}/contacts/{contact_id}/dossier").or_key(Scope::CampaignsRead),
    member("POST", "/api/v1/campaigns/{id}/pause").or_key(Scope::CampaignsWrite),
    member("POST", "/api/v1/campaigns/{id}/resume").or_key(Scope::CampaignsWrite),
    member("POST", "/api/v1/campaigns/{id}/cancel").or_key(Scope::CampaignsWrite),
    member("POST", "/api/v1/campaigns/start").or_key(Scope::CampaignsWrite),
    // Calls.
    member("GET", "/api/v1/calls").or_key(Scope::CallsRead),
    member("GET", "/api/v1/calls/stats").or_key(Scope::CallsRead),
    member("GET", "/api/v1/calls/{id}").or_key(Scope::CallsRead),
    member("GET", "/api/v1/calls/{id}/recording").or_key(Scope::CallsRead),
    // Appointments.
    member("GET", "/api/v1/appointments").or_key(Scope::AppointmentsRead),
    member("GET", "/api/v1/appointments/{id}").or_key(Scope::AppointmentsRead),
    member("PATCH", "/api/v1/appointments/{id}").or_key(Scope::AppointmentsWrite),
    // Also for whoever has the link of a text message.
    member("GET", "/api/v1/appointments/{id}/calendar").or_key(Scope::AppointmentsRead),
    // Text messages.
    member("GET", "/api/v1/messages").or_key(Scope::MessagesRead),
    member("POST", "/api/v1/messages").or_key(Scope::MessagesWrite),
    member("GET", "/api/v1/messages/{id}").or_key(Scope::MessagesRead),
    // RGPD: a person's own, so no program's.
    member("POST", "/api/v1/gdpr/export"),
    member("GET", "/api/v1/gdpr/export/{id}"),
    member("GET", "/api/v1/gdpr/requests"),
    member("POST", "/api/v1/gdpr/requests"),
    member("DELETE", "/api/v1/gdpr/requests/{id}"),
    member("GET", "/api/v1/gdpr/consents"),
    member("PUT", "/api/v1/gdpr/consents"),
    public("GET", "/api/v1/legal/{document}"),
    member("POST", "/api/v1/gdpr/contacts/{id}/erase"),
    member("POST", "/api/v1/gdpr/contacts/{id}/export"),
    public("POST", "/api/v1/proof"),
    public("POST", "/api/v1/proof/code"),
    public("POST", "/api/v1/proof/withdraw"),
    // Webhooks: proven by their signature.
    public("POST", "/api/v1/vapi/webhook"),
    public("POST", "/api/v1/twilio/webhook"),
    public("POST", "/api/v1/twilio/webhook/{organization_id}"),
    // Operations.
    public("GET", "/api/v1/health"),
    public("GET", "/api/v1/ready"),
];

/// The caller is known and may not ask this.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAllowed {
    #[error(transparent)]
    AdminOnly(#[from] AdminOnly),
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// A route that somebody forgot to enter above.
    #[error("the route is not in the table of rights")]
    Unknown,
}

impl Classify for NotAllowed {
    fn failure(&self) -> Failure {
        match self {
            Self::AdminOnly(error) => error.failure(),
            Self::PersonOnly(error) => error.failure(),
            Self::Unknown => Failure::new(
                Class::Forbidden,
                "forbidden",
                "Cette action n'est pas autorisée.",
                "This is not allowed.",
            ),
        }
    }
}

impl Right {
    /// The row of a route, by the method and the path that the router matched.
    pub fn of(method: &str, path: &str) -> Option<&'static Self> {
        // Whatever may be read may be asked for its headers.
        let method = if method == "HEAD" { "GET" } else { method };
        RIGHTS
            .iter()
            .find(|right| right.method == method && is_same(right.path, path))
    }

    /// Whether this caller may ask. Of a key, its scopes are compared where its row is read.
    pub(super) fn admit(&self, principal: Principal) -> Result<(), NotAllowed> {
        match (principal, self.who) {
            (Principal::Person(person), Who::Admin) if person.role != Role::Admin => Err(AdminOnly.into()),
            (Principal::Person(_), _) => Ok(()),
            (Principal::ApiKey(_), _) if self.scope.is_some() => Ok(()),
            (Principal::ApiKey(_), _) => Err(PersonOnly.into()),
        }
    }
}

/// The row of this request; without one it is refused, and we hear of it.
pub(super) fn of(parts: &axum::http::request::Parts) -> Result<&'static Right, Problem> {
    let path = parts.extensions.get::<axum::extract::MatchedPath>();
    let path = path.map(axum::extract::MatchedPath::as_str).unwrap_or_default();
    Right::of(parts.method.as_str(), path).ok_or_else(|| {
        tracing::error!(method = %parts.method, path, "a route is not in the table of rights");
        NotAllowed::Unknown.into()
    })
}

/// The same route: existing frontends ask without the version.
fn is_same(path: &str, matched: &str) -> bool {
    path == matched
        || path
            .strip_prefix("/api/v1/")
            .is_some_and(|route| matched.strip_prefix("/api/") == Some(route))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;
    use crate::kernel::caller::Person;
    use crate::kernel::ids::{ApiKeyId, SessionId, UserId};

    #[test]
    fn older_addresses_are_the_same_route() {
        for (method, alias, path) in [
            ("POST", "/api/auth/register", "/api/v1/auth/register"),
            ("DELETE", "/api/vapi/assistants", "/api/v1/vapi/assistants"),
            ("POST", "/api/vapi/webhook", "/api/v1/vapi/webhook"),
            ("POST", "/api/campaigns/start", "/api/v1/campaigns/start"),
            ("POST", "/api/twilio/webhook", "/api/v1/twilio/webhook"),
            ("HEAD", "/api/v1/calls", "/api/v1/calls"),
        ] {
            let right = Right::of(method, alias).unwrap();
            assert_eq!(right.path, path);
        }
    }

    #[test]
    fn what_is_not_in_the_table_has_no_row() {
        for (method, path) in [
            ("PUT", "/api/v1/contacts"),
            ("GET", "/api/v1/contacts/"),
            ("GET", "/contacts"),
            ("GET", "/v1/contacts"),
            ("GET", ""),
        ] {
            assert_eq!(Right::of(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn nobody_is_admitted_beyond_their_row() {
        let clock = Clock::system();
        let person = |role| {
            Principal::Person(Person {
                user: UserId::new(&clock),
                role,
                session: SessionId::new(&clock),
            })
        };
        let key = Principal::ApiKey(ApiKeyId::new(&clock));
        for right in RIGHTS {
            assert!(right.admit(person(Role::Admin)).is_ok());
            assert_eq!(right.admit(person(Role::Member)).is_ok(), right.who != Who::Admin);
            assert_eq!(right.admit(key).is_ok(), right.scope.is_some());
        }
    }

    #[test]
    fn keys_open_nothing_that_is_an_administrators() {
        for right in RIGHTS {
            assert!(
                right.scope.is_none() || right.who == Who::Member,
                "{}",
                right.path
            );
            let writes = right.method != "GET";
            let scope = right.scope.map(Scope::as_str);
            assert_eq!(
                scope.is_some_and(|scope| scope.ends_with(":write")),
                scope.is_some() && writes,
                "{} {}",
                right.method,
                right.path
            );
        }
    }
}
