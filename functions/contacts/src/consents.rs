//! `/contacts/{id}/consents`: what people agreed to, and what they took back.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zencall::App;
use zencall::campaigns::withdraw;
use zencall::consents::{self, Company, Consent, NewConsent, NewWithdrawal, Purpose};
use zencall::contacts::NewContact;
use zencall::http::{Answer, Caller, Json, ListOf, ListQuery, Member, NoFilter, ProblemBody};
use zencall::kernel::{Country, Faults, Invalid};

/// A consent to record, with what proves it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConsentRequest {
    /// What the person agreed to; a call by an assistant needs `phone` and `automated_voice`.
    #[serde(default)]
    #[schema(value_type = Vec<Purpose>, required)]
    purposes: Member<Vec<String>>,
    /// About what they may be called.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 500)]
    object: Member<String>,
    /// By whom.
    #[serde(default)]
    #[schema(value_type = Company, required)]
    advertiser: Member<Map<String, Value>>,
    /// Who calls in its name.
    #[serde(default)]
    #[schema(value_type = Option<Company>)]
    third_party: Member<Map<String, Value>>,
    /// The text that they were shown or read, as it was.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 10000)]
    text: Member<String>,
    /// Which version of it.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 50)]
    text_version: Member<String>,
    /// How they were asked: `web_form`, `paper`, `oral`, `inbound_call`, or a word of your own.
    #[serde(default)]
    #[schema(value_type = String, required, max_length = 50)]
    channel: Member<String>,
    /// What they clicked, signed or said.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    positive_act: Member<String>,
    /// When, with its zone.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    collected_at: Member<String>,
    /// Until when; a year at most.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Member<String>,
    /// A precise date and time outside the lawful hours: its beginning, or `{ starts_at, ends_at }`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    special_slot: Member<Value>,
    /// What proves it: a text, or an object. Without any, nobody is called on its ground.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    evidence: Member<Value>,
}

/// A consent that is taken back.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WithdrawalRequest {
    /// How it was told; `api` where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 50)]
    channel: Member<String>,
    /// In which words.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    quote: Member<String>,
}

/// One consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentAnswer {
    consent: Consent,
}

impl ConsentRequest {
    fn parse(self, now: Timestamp) -> Result<NewConsent, Faults> {
        let mut faults = Faults::default();
        let purposes = self.purposes.required("purposes", &mut faults, |given| {
            NewConsent::parse_purposes(&given)
        });
        let object = self
            .object
            .required("object", &mut faults, |typed| NewConsent::parse_object(&typed));
        let advertiser = self
            .advertiser
            .required("advertiser", &mut faults, Ok)
            .and_then(|given| company(&given, "advertiser", &mut faults));
        let third_party = self
            .third_party
            .optional("third_party", &mut faults, Ok)
            .and_then(|given| company(&given, "third_party", &mut faults));
        let text = self.text.required("text", &mut faults, NewConsent::parse_text);
        let text_version = self.text_version.required("text_version", &mut faults, |typed| {
            NewConsent::parse_text_version(&typed)
        });
        let channel = self
            .channel
            .required("channel", &mut faults, |typed| NewConsent::parse_channel(&typed));
        let positive_act = self.positive_act.optional("positive_act", &mut faults, |typed| {
            NewConsent::parse_positive_act(&typed)
        });
        let collected_at = self.collected_at.required("collected_at", &mut faults, |typed| {
            NewConsent::parse_collected_at(&typed, now)
        });
        let valid_until = self.valid_until.optional("valid_until", &mut faults, |typed| {
            NewConsent::parse_valid_until(&typed)
        });
        let special_slot = self.special_slot.optional("special_slot", &mut faults, |given| {
            NewConsent::parse_special_slot(&given)
        });
        let evidence = self
            .evidence
            .optional("evidence", &mut faults, NewConsent::parse_evidence);
        faults.finish(|| {
            Some(NewConsent {
                purposes: purposes?,
                object: object?,
                advertiser: advertiser?,
                third_party,
                text: text?,
                text_version: text_version?,
                channel: channel?,
                positive_act,
                collected_at: collected_at?,
                valid_until,
                special_slot,
                evidence,
            })
        })
    }
}

/// Reads a contact that is to be made, and what they have agreed to; every fault of both is reported at once.
pub(crate) fn read_with_contact(
    given: &Map<String, Value>,
    home: Country,
    now: Timestamp,
) -> Result<(NewContact, Option<NewConsent>), Faults> {
    let mut faults = Faults::default();
    let contact = NewContact::read(given, home);
    let consent = match given.get("consent") {
        None | Some(Value::Null) => None,
        Some(value) => match serde_json::from_value::<ConsentRequest>(value.clone()) {
            Ok(request) => faults.keep_nested("consent", request.parse(now)),
            Err(_) => {
                faults.add("consent", CONSENT_UNREADABLE);
                None
            }
        },
    };
    match contact {
        Ok(contact) => faults.finish(|| Some((contact, consent))),
        Err(mut all) => {
            all.append(faults);
            Err(all)
        }
    }
}

/// A change of a contact records no consent: that has a route of its own.
pub(crate) fn refuse_in_a_change(given: &Map<String, Value>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if given.get("consent").is_some_and(|consent| !consent.is_null()) {
        faults.add("consent", RECORDED_ELSEWHERE);
    }
    faults.finish(|| Some(()))
}

const RECORDED_ELSEWHERE: Invalid = Invalid::new(
    "not_changeable",
    "Un consentement se consigne à part : POST /contacts/{id}/consents.",
    "A consent is recorded on its own: POST /contacts/{id}/consents.",
);
const CONSENT_UNREADABLE: Invalid = Invalid::new(
    "wrong_type",
    "Un consentement est un objet.",
    "A consent is an object.",
);

/// A company; faults are named by the member inside it.
fn company(given: &Map<String, Value>, field: &str, faults: &mut Faults) -> Option<Company> {
    let member = |name: &str| {
        let value = given.get(name).cloned().unwrap_or(Value::Null);
        serde_json::from_value::<Member<String>>(value).unwrap_or(Member::Mistyped)
    };
    let name = member("name").required(&format!("{field}.name"), faults, |typed| {
        NewConsent::parse_name(&typed)
    });
    let siren = member("siren").optional(&format!("{field}.siren"), faults, |typed| {
        NewConsent::parse_siren(&typed)
    });
    Some(Company { name: name?, siren })
}

impl WithdrawalRequest {
    fn parse(self) -> Result<NewWithdrawal, Faults> {
        let mut faults = Faults::default();
        let channel = self.channel.optional("channel", &mut faults, |typed| {
            NewWithdrawal::parse_channel(&typed)
        });
        let quote = self
            .quote
            .optional("quote", &mut faults, |typed| NewWithdrawal::parse_quote(&typed));
        faults.finish(|| {
            Some(NewWithdrawal {
                channel: Some(channel.unwrap_or_else(|| "api".to_owned())),
                quote,
                evidence: None,
            })
        })
    }
}

/// What a contact agreed to, newest first; withdrawn and expired consents too.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/consents", tag = "contacts",
    params(("id" = String, Path, description = "The contact's id"),
           ("limit" = Option<u16>, Query, description = "1 to 200, default 50"),
           ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before")),
    responses((status = 200, body = ListOf<Consent>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn list_consents(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Answer<Json<ListOf<Consent>>> {
    let consents = consents::list(&app, &caller, &id, page).await?;
    Ok(Json(ListOf::from_page(consents, |consent| consent)))
}

/// Record what a contact agreed to. The entry can be withdrawn, and neither changed nor deleted.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/consents", tag = "contacts", request_body = ConsentRequest,
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 201, body = ConsentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn record_consent(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ConsentRequest>,
) -> Answer<(StatusCode, Json<ConsentAnswer>)> {
    let new = request.parse(app.clock.now())?;
    let consent = consents::record(&app, &caller, &id, &new).await?;
    Ok((StatusCode::CREATED, Json(ConsentAnswer { consent })))
}

/// Take a consent back. When this answers, no call that rests on it begins any more, in any campaign.
///
/// Nor does a message that sells something leave any more.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/consents/{consent_id}/withdraw", tag = "contacts",
    request_body = Option<WithdrawalRequest>,
    params(("id" = String, Path, description = "The contact's id"),
           ("consent_id" = String, Path, description = "The consent's id")),
    responses((status = 200, body = ConsentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn withdraw_consent(
    State(app): State<App>,
    caller: Caller,
    Path((id, consent_id)): Path<(String, String)>,
    request: Option<Json<WithdrawalRequest>>,
) -> Answer<Json<ConsentAnswer>> {
    let withdrawal = match request {
        Some(Json(request)) => request.parse()?,
        None => WithdrawalRequest {
            channel: Member::Absent,
            quote: Member::Absent,
        }
        .parse()?,
    };
    let consent = withdraw::consent(&app, &caller, (&id, &consent_id), &withdrawal).await?;
    Ok(Json(ConsentAnswer { consent }))
}
