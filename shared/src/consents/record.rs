//! Recording a consent.

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::chain::Content;
use super::standing::valid_until;
use super::{Consent, NewConsent, Purpose, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{ConsentId, ContactId};
use crate::kernel::instant::whole_microseconds;
use crate::kernel::{Caller, Clock, Faults, Invalid, PhoneNumber, hex};

/// Why a consent was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The contact is absent, or another organisation's.
    #[error("no such contact")]
    ContactNotFound,
    /// It ends before it begins.
    #[error("the consent ends before it begins")]
    EndsBeforeItBegins,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for RecordError {
    fn failure(&self) -> Failure {
        match self {
            Self::ContactNotFound => super::contact_not_found(),
            Self::EndsBeforeItBegins => {
                let mut faults = Faults::default();
                faults.add(
                    "valid_until",
                    Invalid::new(
                        "before_collection",
                        "La fin de validité précède le recueil.",
                        "The end of validity comes before the collection.",
                    ),
                );
                Failure::invalid(faults)
            }
            Self::Db(error) => error.failure(),
        }
    }
}

/// Records what the contact with this id, as it stands in an address, has agreed to.
pub async fn record(
    app: &App,
    caller: &Caller,
    contact: &str,
    new: &NewConsent,
) -> Result<Consent, RecordError> {
    let contact = ContactId::parse(contact).map_err(|_| RecordError::ContactNotFound)?;
    let (now, actor, clock) = (app.clock.now(), &Actor::from(caller), &app.clock);
    app.db
        .write("consents.record", &Claims::from(caller), async |tx| {
            let Some(phone) = store::phone_of(tx, contact).await? else {
                return Err(RecordError::ContactNotFound);
            };
            let id = record_in(tx, clock, actor, (contact, &phone), new).await?;
            let recorded = store::one(tx, contact, id, now).await?;
            recorded.ok_or(RecordError::ContactNotFound)
        })
        .await
}

/// The same in the transaction of whatever makes or knows the contact.
pub async fn record_in(
    tx: &TenantTx,
    clock: &Clock,
    actor: &Actor,
    (contact, phone): (ContactId, &PhoneNumber),
    new: &NewConsent,
) -> Result<ConsentId, RecordError> {
    if new.valid_until.is_some_and(|until| until <= new.collected_at) {
        return Err(RecordError::EndsBeforeItBegins);
    }
    let now = clock.now();
    let content = content(contact, new, now);
    let id = store::append(tx, clock, phone, &content, now).await?;
    let details = json!({ "consent_id": id, "contact_id": contact, "purposes": content.purposes });
    audit::record(tx, clock, actor, "consent.record", details).await?;
    Ok(id)
}

fn content(contact: ContactId, new: &NewConsent, now: Timestamp) -> Content {
    let third_party = new.third_party.as_ref();
    Content {
        kind: store::GIVEN.to_owned(),
        contact_id: Some(contact.0),
        purposes: Some(
            new.purposes
                .iter()
                .copied()
                .map(Purpose::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        object: Some(new.object.clone()),
        advertiser_name: Some(new.advertiser.name.clone()),
        advertiser_siren: new.advertiser.siren.clone(),
        third_party_name: third_party.map(|company| company.name.clone()),
        third_party_siren: third_party.and_then(|company| company.siren.clone()),
        wording: Some(new.text.clone()),
        wording_sha256: Some(sha256(&new.text)),
        text_version: Some(new.text_version.clone()),
        channel: Some(new.channel.clone()),
        positive_act: new.positive_act.clone(),
        collected_at: Some(new.collected_at),
        valid_until: Some(whole_microseconds(valid_until(
            new.collected_at,
            new.valid_until,
            now,
        ))),
        special_slot_from: new.special_slot.map(|slot| slot.starts_at),
        special_slot_until: new.special_slot.map(|slot| slot.ends_at),
        evidence: new.evidence.as_ref().map(ToString::to_string),
        withdraws: None,
        quote: None,
    }
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}
