//! Whoever takes a consent back, or is never to be called again: what is queued for them ends here, in the transaction
//! that says so.

use jiff::Timestamp;
use serde_json::json;

use super::store;
use crate::App;
use crate::audit::{self, Actor};
use crate::consents::{self, Consent, NewWithdrawal};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{ConsentId, ContactId};
use crate::kernel::{Caller, PhoneNumber};

/// Why a consent was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// It is absent, or another organisation's.
    #[error("no such consent")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for WithdrawError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => consents::not_found(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Takes back the calls to a number that nobody has begun to dial. Contacts that wait for their turn are refused by the
/// gate when it comes.
pub async fn number(tx: &TenantTx, phone: &PhoneNumber, now: Timestamp) -> Result<(), DbError> {
    store::withdraw::release_number(tx, phone, now).await
}

/// Withdraws one consent of a contact, both named as they stand in an address. Calls that it allowed and that nobody
/// has begun to dial end with it, in every campaign, and so do marketing messages that have not left. Whatever is under
/// way asks the gate again just before it dials.
pub async fn consent(
    app: &App,
    caller: &Caller,
    (contact, consent): (&str, &str),
    withdrawal: &NewWithdrawal,
) -> Result<Consent, WithdrawError> {
    let contact = ContactId::parse(contact).map_err(|_| WithdrawError::NotFound)?;
    let consent = ConsentId::parse(consent).map_err(|_| WithdrawError::NotFound)?;
    let (now, actor, clock) = (app.clock.now(), &Actor::from(caller), &app.clock);
    app.db
        .write("campaigns.withdraw_consent", &Claims::from(caller), async |tx| {
            let withdrawn = consents::withdraw(tx, clock, (contact, consent), withdrawal, now).await?;
            let withdrawn = withdrawn.ok_or(WithdrawError::NotFound)?;
            if withdrawn.news {
                let (calls, messages) = futures_util::future::join(
                    store::withdraw::release_consented(tx, &withdrawn.phone, now),
                    store::withdraw::cancel_marketing(tx, &withdrawn.phone, now),
                )
                .await;
                calls?;
                messages?;
                let details =
                    json!({ "consent_id": consent, "contact_id": contact, "channel": withdrawal.channel });
                audit::record(tx, clock, actor, "consent.withdraw", details).await?;
            }
            Ok(withdrawn.consent)
        })
        .await
}
