//! Forgetting somebody whom the organisation called: first at Vapi and Twilio, as long as our rows say what lies there, then
//! here. Every step may be repeated, and is until all of it is done; what was erased is counted, and the counts stay.
//!
//! What is kept, and why (RGPD, article 17(3)(b) and (e)): the proofs of consent, without number or contact, for the three
//! years that R223-2 code de la consommation wants them; decisions, which name a contact that is no more; and a keyed hash of
//! the number, by which it is known should somebody bring it back.

use serde_json::json;

use super::contact_store as store;
use super::work::{Turn, WorkError, Worked};
use crate::adapters::storage::Storage;
use crate::adapters::twilio::Wanted;
use crate::audit::{self, Actor};
use crate::contacts;
use crate::oppositions;

pub(super) async fn run(storage: &Storage, turn: &mut Turn<'_>) -> Result<Worked, WorkError> {
    let app = turn.app;
    let Some(contact) = turn.claim.request.contact else {
        turn.end("failed", "contact_unknown").await?;
        return Ok(Worked::Rejected);
    };
    let known = app
        .db
        .read("gdpr.contact_traces", turn.claims, async |tx| {
            store::traces(tx, contact).await
        })
        .await?;
    for key in &known.archives {
        storage.delete(key).await?;
    }
    let vapi = &app.vapi().await?;
    for call in &known.vapi_calls {
        turn.keep().await?;
        vapi.delete_call(call).await?;
    }
    let wanted = Wanted {
        secrets: app.secrets().await,
        stage: &app.config.stage,
        organization: turn.claims.organization(),
        clock: &app.clock,
    };
    let credentials = app.twilio_credentials.get(wanted).await?;
    let mut texts = 0;
    if let Some(credentials) = &credentials {
        let twilio = app.twilio();
        for sid in &known.twilio_messages {
            turn.keep().await?;
            twilio.delete_message(&credentials.current, sid).await?;
            texts += 1;
        }
    }
    turn.keep().await?;
    let hash = match &known.phone {
        Some(phone) => Some(oppositions::hash(
            &*app.number_key().await?,
            turn.claims.organization(),
            phone,
        )),
        None => None,
    };
    let (claim, now, hash) = (&turn.claim, app.clock.now(), &hash);
    let at_providers = &json!({
        "vapi_calls": known.vapi_calls.len(),
        "twilio_messages": texts,
        "twilio_messages_out_of_reach": known.twilio_messages.len() - texts,
        "archives": known.archives.len(),
    });
    app.db
        .write("gdpr.erase_contact", turn.claims, async |tx| {
            // An import that runs meanwhile sees the opposition, or its contact is seen here.
            contacts::import::take_turns(tx).await?;
            let mut receipts = at_providers.clone();
            store::erase(tx, claim.request.id, contact, &known, now, &mut receipts).await?;
            if let (Some(hash), Some(phone)) = (hash, &known.phone) {
                oppositions::add(tx, hash, now).await?;
                receipts["proofs_kept"] = store::restrict_proofs(tx, phone, hash).await?.into();
                store::forget_number(tx, phone).await?;
            }
            if !store::delete_contact(tx, contact).await? {
                // A call is under way: its end would belong to nobody.
                return Err(WorkError::UnderWay);
            }
            if !store::complete(tx, claim, now, &receipts).await? {
                return Err(WorkError::ClaimLost);
            }
            let details = json!({ "request_id": claim.request.id, "contact_id": contact });
            audit::record(tx, &app.clock, &Actor::default(), "gdpr.erase_contact", details).await?;
            Ok(Worked::Erased)
        })
        .await
}
