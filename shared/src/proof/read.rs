//! What the holder of a number is told: what they agreed to, and when they were called and why that was lawful, in every
//! organisation.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ProofError, store};
use crate::App;
use crate::consents::{self, Company, Consent};
use crate::db::{Bytes, Claims};
use crate::kernel::ids::OrganizationId;
use crate::kernel::proof_code::Code;
use crate::kernel::shown::shows;
use crate::kernel::{Origin, PhoneNumber};
use crate::limits::{self, Limit};

/// A consent, as its giver is told of it.
#[derive(Serialize, ToSchema)]
pub struct ProvenConsent {
    /// Who keeps it.
    pub organization: String,
    /// What was agreed to, how, and what proves it.
    #[serde(flatten)]
    pub consent: Consent,
    /// What the request had to say (R223-1 I), as it was recorded.
    pub mentions: Mentions,
}

/// The five mentions of a request for consent.
#[derive(Serialize, ToSchema)]
pub struct Mentions {
    /// 1° Who calls, and for which goods or services.
    pub professional: String,
    /// 2° What was proposed: for whom, about what, by which means.
    pub proposal: String,
    /// 3° For how long: a year from its collection at most.
    pub period: String,
    /// 4° How to withdraw, at any time.
    pub withdrawal: String,
    /// 5° How to have the proof.
    pub proof: String,
}

impl Mentions {
    fn of(consent: &Consent) -> Self {
        let company = |company: &Company| match &company.siren {
            Some(siren) => format!("{} (SIREN {siren})", company.name),
            None => company.name.clone(),
        };
        let third_party = consent.third_party.as_ref();
        let through = third_party.map(|third| format!(" / {}", company(third)));
        let purposes: Vec<_> = consent.purposes.iter().map(|purpose| purpose.as_str()).collect();
        Self {
            professional: format!(
                "{}{} : {}",
                company(&consent.advertiser),
                through.unwrap_or_default(),
                consent.object
            ),
            proposal: format!("{} ({})", consent.text, purposes.join(", ")),
            period: format!("{} / {}", consent.collected_at, consent.valid_until),
            withdrawal: "POST /api/v1/proof/withdraw · SMS STOP · « stop »".to_owned(),
            proof: "POST /api/v1/proof".to_owned(),
        }
    }
}

/// A call, as the person who was called is told of it.
#[derive(Clone, Serialize, ToSchema)]
pub struct ProvenCall {
    /// Who called, or was called.
    pub organization: String,
    /// `outbound`: to this number; `inbound`: from it.
    pub direction: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What became of it.
    #[schema(required)]
    pub outcome: Option<String>,
    /// In whose name.
    #[schema(required)]
    pub advertiser: Option<Company>,
    /// About what.
    #[schema(required)]
    pub object: Option<String>,
    /// Why it was held to be lawful; null for a call that no campaign made.
    #[schema(required)]
    pub decision: Option<Lawful>,
}

shows!(ProvenCall, direction, at, outcome);

/// Why a call was held to be lawful, as it was decided just before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lawful {
    /// `consent`, `contract`, `callback_request`, `service` or `business`.
    pub legal_basis: String,
    /// When it was decided; null where the decision is not kept any more.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Until when it held.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub allowed_until: Option<Timestamp>,
    /// The hash of everything that it was decided on.
    #[schema(required)]
    pub inputs_hash: Option<String>,
}

/// What there is about a number.
#[derive(Default, Serialize, ToSchema)]
pub struct Found {
    /// What was agreed to, withdrawn and expired consents too.
    pub consents: Vec<ProvenConsent>,
    /// Calls.
    pub calls: Vec<ProvenCall>,
}

/// The code's id and the organisations that have to do with the number; an error where the code is not the number's.
pub(super) async fn prove(
    app: &App,
    origin: &Origin,
    phone: &PhoneNumber,
    code: &Code,
) -> Result<(Uuid, Vec<OrganizationId>), ProofError> {
    limits::owe(app, origin, &[Limit::Proof(phone)]).await?;
    let hash = Bytes(code.hash(&*app.pepper().await?, phone));
    let now = app.clock.now();
    let id = app.db.prove_code(&origin.meter, phone, &hash, now).await?;
    let id = id.ok_or(ProofError::NotProven)?;
    Ok((id, app.db.proven_organizations(id, now).await?))
}

/// What there is about this number, for whoever shows the code that came to it.
pub async fn read(app: &App, origin: &Origin, phone: &PhoneNumber, code: &Code) -> Result<Found, ProofError> {
    let (_, organizations) = prove(app, origin, phone, code).await?;
    let (mut found, now) = (Found::default(), app.clock.now());
    for organization in organizations {
        let (name, consents, calls) = app
            .db
            .read("proof.read", &Claims::platform(organization), async |tx| {
                let (name, consents, calls) = futures_util::future::join3(
                    store::name(tx),
                    consents::of_number(tx, phone, now),
                    store::calls(tx, phone),
                )
                .await;
                Ok::<_, ProofError>((name?, consents?, calls?))
            })
            .await?;
        found
            .consents
            .extend(consents.into_iter().map(|consent| ProvenConsent {
                organization: name.clone(),
                mentions: Mentions::of(&consent),
                consent,
            }));
        found.calls.extend(calls);
    }
    found
        .consents
        .sort_by_key(|proven| std::cmp::Reverse(proven.consent.collected_at));
    found.calls.sort_by_key(|call| std::cmp::Reverse(call.at));
    Ok(found)
}
