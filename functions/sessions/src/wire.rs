//! What goes over the wire. `Debug` is left out where it would print a password or a token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::http::Member;
use zencall::identity::{Profile, Session};
use zencall::kernel::access_token::{JsonWebKey, LIFETIME_SECONDS};
use zencall::kernel::ids::{OrganizationId, UserId};
use zencall::kernel::{Country, Email, Language, Role, Timezone};
use zencall::organizations::{Organization, OrganizationType};

/// The token of a link.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ConfirmRequest {
    /// From the link in the mail.
    #[serde(default)]
    #[schema(value_type = String, required)]
    pub(crate) token: Member<String>,
}

/// An address.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ResendRequest {
    /// The address to write to.
    #[serde(default)]
    #[schema(value_type = String, format = Email, required)]
    pub(crate) email: Member<String>,
}

/// The mail is on its way, if there is somebody to send it to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResendAnswer {
    /// Always true.
    pub(crate) success: bool,
    /// For a person.
    pub(crate) message: String,
}

/// Address and password.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct LoginRequest {
    /// The address.
    #[serde(default)]
    #[schema(value_type = String, format = Email, required)]
    pub(crate) email: Member<String>,
    /// The password.
    #[serde(default)]
    #[schema(value_type = String, format = Password, required)]
    pub(crate) password: Member<String>,
}

/// A refresh token.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct RefreshRequest {
    /// The newest one of the session.
    #[serde(default)]
    #[schema(value_type = String, required)]
    pub(crate) refresh_token: Member<String>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    /// A JWT (ES256).
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds that the access token is good for.
    expires_in: i64,
    /// Good for one refresh.
    refresh_token: String,
    user: SessionUser,
    organization: SessionOrganization,
}

/// The person of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionUser {
    id: UserId,
    #[schema(value_type = String, format = Email)]
    email: Email,
    full_name: String,
    role: Role,
}

/// The organisation of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionOrganization {
    id: OrganizationId,
    name: String,
    organization_type: OrganizationType,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access_token().to_owned(),
            token_type: "bearer",
            expires_in: LIFETIME_SECONDS,
            refresh_token: session.refresh_token().to_owned(),
            user: SessionUser {
                id: session.profile.id,
                email: session.profile.email,
                full_name: session.profile.full_name,
                role: session.profile.role,
            },
            organization: SessionOrganization {
                id: session.organization.id,
                name: session.organization.name,
                organization_type: session.organization.organization_type,
            },
        }
    }
}

/// What a person changes of themselves; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChangeMeRequest {
    /// Their name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub(crate) full_name: Member<String>,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) language: Member<String>,
    /// Whether they want to hear of offers.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub(crate) marketing_consent: Member<bool>,
}

/// The caller and their organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeBody {
    user: MeUser,
    organization: MeOrganization,
}

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeUser {
    id: UserId,
    #[schema(value_type = String, format = Email)]
    email: Email,
    full_name: String,
    role: Role,
    #[schema(value_type = String)]
    language: Language,
    marketing_consent: bool,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    terms_accepted_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    gdpr_consent_at: Option<Timestamp>,
}

/// The caller's organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeOrganization {
    id: OrganizationId,
    name: String,
    organization_type: OrganizationType,
    #[schema(required)]
    company_registration: Option<String>,
    #[schema(required)]
    vat_number: Option<String>,
    #[schema(value_type = String)]
    country: Country,
    #[schema(value_type = String)]
    timezone: Timezone,
    #[schema(value_type = String)]
    language: Language,
    twilio_configured: bool,
}

impl From<(Profile, Organization)> for MeBody {
    fn from((profile, organization): (Profile, Organization)) -> Self {
        Self {
            user: MeUser {
                id: profile.id,
                email: profile.email,
                full_name: profile.full_name,
                role: profile.role,
                language: profile.language,
                marketing_consent: profile.marketing_consent,
                terms_accepted_at: profile.terms_accepted_at,
                gdpr_consent_at: profile.gdpr_consent_at,
            },
            organization: MeOrganization {
                id: organization.id,
                name: organization.name,
                organization_type: organization.organization_type,
                company_registration: organization.company_registration,
                vat_number: organization.vat_number,
                country: organization.country,
                timezone: organization.timezone,
                language: organization.language,
                twilio_configured: organization.twilio_configured,
            },
        }
    }
}

/// The public keys of access tokens (RFC 7517).
#[derive(Debug, Serialize)]
pub(crate) struct JwksBody {
    pub(crate) keys: Vec<JsonWebKey>,
}

/// The state of the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusBody {
    /// `ok` or `ready`.
    pub(crate) status: &'static str,
}
