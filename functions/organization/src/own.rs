//! `/organization`: what is known of it.

use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Caller, Json, Member, ProblemBody};
use zencall::kernel::ids::OrganizationId;
use zencall::kernel::{CompanyRegistration, Country, Faults, Language, Name, Timezone, VatNumber};
use zencall::organizations::{self, CallerNumberMandate, Changes, Organization, OrganizationType};

/// The organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationAnswer {
    organization: OrganizationBody,
}

/// What is known of an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationBody {
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
    #[schema(required)]
    caller_number_mandate: Option<MandateBody>,
    limits: Limits,
}

/// The signed mandate that entitles the organisation to the number that it presents (article L44 IV CPCE).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MandateBody {
    reference: String,
    #[schema(value_type = String, format = Date)]
    signed_on: Date,
}

/// What the platform lets the organisation do at once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Limits {
    /// How many of its calls may run at once.
    concurrent_calls: i32,
}

impl From<Organization> for OrganizationAnswer {
    fn from(found: Organization) -> Self {
        let organization = OrganizationBody {
            id: found.id,
            name: found.name,
            organization_type: found.organization_type,
            company_registration: found.company_registration,
            vat_number: found.vat_number,
            country: found.country,
            timezone: found.timezone,
            language: found.language,
            twilio_configured: found.twilio_configured,
            caller_number_mandate: found.caller_number_mandate.map(|mandate| MandateBody {
                reference: mandate.reference,
                signed_on: mandate.signed_on,
            }),
            limits: Limits {
                concurrent_calls: found.concurrent_calls_limit,
            },
        };
        Self { organization }
    }
}

/// What changes; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChangeOrganizationRequest {
    /// What it is called.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Member<String>,
    /// `b2b` or `b2c`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    organization_type: Member<String>,
    /// SIREN or SIRET; a company must have one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    company_registration: Member<String>,
    /// Must be that company's; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    vat_number: Member<String>,
    /// ISO 3166-1 alpha-2: where national telephone numbers are read.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    country: Member<String>,
    /// An IANA name.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Paris")]
    timezone: Member<String>,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Member<String>,
    /// Null clears it, and so does another number.
    #[serde(default)]
    #[schema(value_type = Option<MandateRequest>)]
    caller_number_mandate: Member<MandateRequest>,
}

/// The signed mandate that entitles the organisation to the number that it presents (article L44 IV CPCE).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MandateRequest {
    /// Where the paper is kept.
    #[schema(max_length = 200, example = "Classeur 3, mandat 2026-014")]
    reference: String,
    /// The day of the signature.
    #[schema(format = Date, example = "2026-11-05")]
    signed_on: String,
}

impl ChangeOrganizationRequest {
    fn check(self, now: Timestamp) -> Result<Changes, Faults> {
        let mut faults = Faults::default();
        let name = self
            .name
            .replacement("name", &mut faults, |typed| Name::parse(&typed));
        let organization_type =
            self.organization_type
                .replacement("organization_type", &mut faults, |typed| {
                    OrganizationType::parse(&typed)
                });
        let company_registration =
            unless_blank(self.company_registration).change("company_registration", &mut faults, |typed| {
                CompanyRegistration::parse(&typed)
            });
        let vat_number =
            unless_blank(self.vat_number).change("vat_number", &mut faults, |typed| VatNumber::parse(&typed));
        let country = self
            .country
            .replacement("country", &mut faults, |typed| Country::parse(&typed));
        let timezone = self
            .timezone
            .replacement("timezone", &mut faults, |typed| Timezone::parse(&typed));
        let language = self
            .language
            .replacement("language", &mut faults, |typed| Language::parse(&typed));
        let caller_number_mandate =
            self.caller_number_mandate
                .change("caller_number_mandate", &mut faults, |typed| {
                    CallerNumberMandate::parse(&typed.reference, &typed.signed_on, now)
                });
        faults.finish(|| {
            Some(Changes {
                name,
                organization_type,
                company_registration,
                vat_number,
                country,
                timezone,
                language,
                caller_number_mandate,
            })
        })
    }
}

/// Forms send what was emptied as an empty text.
fn unless_blank(member: Member<String>) -> Member<String> {
    match member {
        Member::Given(text) if text.trim().is_empty() => Member::Null,
        member => member,
    }
}

/// The caller's organisation.
#[utoipa::path(get, path = "/api/v1/organization", tag = "organization",
    responses((status = 200, body = OrganizationAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_organization(
    State(app): State<App>,
    caller: Caller,
) -> Answer<Json<OrganizationAnswer>> {
    let organization = organizations::read(&app, &caller).await?;
    Ok(Json(organization.into()))
}

/// Change what is known of the organisation; held to what a sign-up is held to.
#[utoipa::path(patch, path = "/api/v1/organization", tag = "organization",
    request_body = ChangeOrganizationRequest,
    responses((status = 200, body = OrganizationAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn change_organization(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<ChangeOrganizationRequest>,
) -> Answer<Json<OrganizationAnswer>> {
    let changes = request.check(app.clock.now())?;
    let organization = organizations::change(&app, &caller, &changes).await?;
    Ok(Json(organization.into()))
}
