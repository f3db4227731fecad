//! `/gdpr/consents`: what the caller agreed to.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::gdpr::{self, Consent, ConsentType, GivenConsent};
use zencall::http::{Answer, Caller, Json, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::Faults;

/// A choice.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct GiveConsent {
    /// `terms`, `privacy`, `marketing` or `cookies`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    consent_type: Member<String>,
    /// Whether it is given; `false` withdraws it.
    #[serde(default)]
    #[schema(value_type = bool, required)]
    consent_given: Member<bool>,
    /// The version of the text (`/legal/{document}`); default: today's.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    consent_version: Member<String>,
}

impl GiveConsent {
    fn parse(self) -> Result<GivenConsent, Faults> {
        let mut faults = Faults::default();
        let kind = self
            .consent_type
            .required("consent_type", &mut faults, |typed| ConsentType::parse(&typed));
        let given = self.consent_given.required("consent_given", &mut faults, Ok);
        let version = self.consent_version.optional("consent_version", &mut faults, Ok);
        let consent = kind.zip(given).and_then(|(kind, given)| {
            let parsed = GivenConsent::new(kind, given, version.as_deref());
            faults.keep("consent_version", parsed)
        });
        faults.finish(|| consent)
    }
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentView {
    /// `terms`, `privacy`, `marketing` or `cookies`.
    consent_type: String,
    consent_given: bool,
    /// The version of the text.
    consent_version: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Consent> for ConsentView {
    fn from(consent: Consent) -> Self {
        Self {
            consent_type: consent.consent_type,
            consent_given: consent.given,
            consent_version: consent.version,
            created_at: consent.at,
        }
    }
}

/// The ledger, newest first, and what stands of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentsAnswer {
    /// Every choice that was made.
    data: Vec<ConsentView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
    /// The last choice of each type.
    current: Vec<ConsentView>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnConsentAnswer)]
pub(crate) struct ConsentAnswer {
    consent: ConsentView,
}

/// Reads what the caller agreed to.
#[utoipa::path(get, path = "/api/v1/gdpr/consents", tag = "gdpr",
    params(("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "Where the page begins")),
    responses((status = 200, body = ConsentsAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_consents(
    State(app): State<App>,
    caller: Caller,
    query: ListQuery<NoFilter>,
) -> Answer<Json<ConsentsAnswer>> {
    let (page, current) = gdpr::read_consents(&app, &caller, query.page).await?;
    Ok(Json(ConsentsAnswer {
        data: page.data.into_iter().map(ConsentView::from).collect(),
        next_cursor: page.next_cursor,
        current: current.into_iter().map(ConsentView::from).collect(),
    }))
}

/// Gives or withdraws a consent: an entry is added to the ledger, none is changed.
#[utoipa::path(put, path = "/api/v1/gdpr/consents", tag = "gdpr", request_body = GiveConsent,
    responses((status = 200, body = ConsentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn give_consent(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<GiveConsent>,
) -> Answer<Json<ConsentAnswer>> {
    let consent = gdpr::give_consent(&app, &caller, &body.parse()?).await?.into();
    Ok(Json(ConsentAnswer { consent }))
}
