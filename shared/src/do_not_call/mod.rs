//! Numbers that are never to be called or texted again, whoever's they are (art. 21(2) RGPD; L34-5 CPCE).
//!
//! A number counts from the commit that adds it: queued calls and waiting messages to it end in the same transaction, what
//! its holder agreed to is withdrawn, and whatever is under way asks again just before it dials or sends.

pub mod add;
pub mod list;
pub mod remove;
mod store;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::campaigns::withdraw;
use crate::consents::{self, NewWithdrawal};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{DoNotCallId, UserId};
use crate::kernel::{Clock, PhoneNumber};

use crate::kernel::shown::shows;
pub use add::{Added, NewEntry, add};
pub use list::list;
pub use remove::remove;

/// They wrote STOP.
pub const SMS_STOP: &str = "sms_stop";
/// They wrote STOP to Twilio, which tells us with error 21610.
pub const TWILIO_OPT_OUT: &str = "twilio_opt_out";
/// They said so in a call.
pub const CALL: &str = "call";
/// They withdrew everything on the public proof page.
pub const PROOF_PAGE: &str = "proof_page";
/// They asked to be forgotten.
pub const ERASURE: &str = "erasure";
/// Somebody of the organisation said so.
pub const MANUAL: &str = "manual";

/// A number on the list.
#[derive(Clone, Serialize, ToSchema)]
pub struct Entry {
    /// Its id.
    pub id: DoNotCallId,
    /// The number, in E.164.
    #[schema(value_type = String)]
    pub phone: PhoneNumber,
    /// Why, in the organisation's own words.
    #[schema(required)]
    pub reason: Option<String>,
    /// Who said so: `manual`, `call`, `sms_stop`, `twilio_opt_out`, `proof_page`, `erasure`, or a word of the organisation's own.
    pub source: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

shows!(Entry, id, phone, source);

/// A number to put on the list.
#[derive(Clone)]
pub struct Suppression<'a> {
    /// Which.
    pub phone: &'a PhoneNumber,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who said so.
    pub source: &'a str,
    /// Who put it there, if it was a person.
    pub created_by: Option<UserId>,
    /// In which words the holder of the number said so.
    pub quote: Option<&'a str>,
    /// What proves it, for the ledger: ids.
    pub evidence: Option<Value>,
}

shows!(Suppression<'a>, phone, source);

impl<'a> Suppression<'a> {
    /// Somebody says so, and nothing else is known.
    pub fn by(source: &'a str, phone: &'a PhoneNumber) -> Self {
        Self {
            phone,
            reason: None,
            source,
            created_by: None,
            quote: None,
            evidence: None,
        }
    }

    /// Twilio says that they have opted out.
    pub fn by_twilio(phone: &'a PhoneNumber) -> Self {
        Self {
            reason: Some("Twilio 21610"),
            ..Self::by(TWILIO_OPT_OUT, phone)
        }
    }

    /// They wrote that they want no more messages.
    pub fn by_message(phone: &'a PhoneNumber, quote: &'a str, evidence: Value) -> Self {
        Self {
            quote: Some(quote),
            evidence: Some(evidence),
            ..Self::by(SMS_STOP, phone)
        }
    }

    /// They withdrew everything, with the code that came to their number.
    pub fn on_proof_page(phone: &'a PhoneNumber, evidence: Value) -> Self {
        Self {
            evidence: Some(evidence),
            ..Self::by(PROOF_PAGE, phone)
        }
    }

    /// They said in a call that they want no more of them.
    pub fn in_call(phone: &'a PhoneNumber, quote: Option<&'a str>, evidence: Value) -> Self {
        Self {
            quote,
            evidence: Some(evidence),
            ..Self::by(CALL, phone)
        }
    }
}

/// Puts a number on the list and ends what waits for it, in the transaction of whatever says so. Returns the entry, and
/// whether it is new.
pub async fn suppress(
    tx: &TenantTx,
    clock: &Clock,
    suppression: &Suppression<'_>,
    now: Timestamp,
) -> Result<(Entry, bool), DbError> {
    let id = DoNotCallId::new(clock);
    // One packet, in this order: what is decided after the entry must see it.
    let (entry, messages, calls) = futures_util::future::join3(
        store::insert(tx, id, suppression, now),
        store::cancel_messages(tx, suppression.phone, now),
        withdraw::number(tx, suppression.phone, now),
    )
    .await;
    messages?;
    calls?;
    let (entry, new) = entry?;
    // Also for a number that was on the list: its holder may have agreed to something since, and what they say leaves a
    // receipt.
    let withdrawal = NewWithdrawal {
        channel: Some(suppression.source.to_owned()),
        quote: suppression.quote.map(str::to_owned),
        evidence: suppression.evidence.clone(),
    };
    consents::withdraw_all(tx, clock, suppression.phone, &withdrawal, now).await?;
    Ok((entry, new))
}
