//! Asking for a code: one row and one message on a queue, whosever number it is.

use jiff::Timestamp;

use super::ProofError;
use super::send::ProofCodeRequested;
use crate::App;
use crate::adapters::queue::Outgoing;
use crate::db::{Bytes, DbError};
use crate::kernel::proof_code::{Code, LIFETIME};
use crate::kernel::{Origin, PhoneNumber};
use crate::limits::{self, Limit};

/// Whose turn the messages of people take whom nobody may know.
const GROUP: &str = "proof";
/// How many codes one sweep forgets.
const SWEEP: i32 = 10_000;

/// Asks for a code to this number.
pub async fn ask(app: &App, origin: &Origin, phone: &PhoneNumber) -> Result<(), ProofError> {
    limits::owe(app, origin, &[Limit::ProofCode(phone)]).await?;
    let (id, now) = (app.clock.uuid(), app.clock.now());
    let until = now.saturating_add(LIFETIME).unwrap_or(now);
    let pepper = app.pepper().await?;
    let hash = Bytes(Code::of(&pepper, id).hash(&pepper, phone));
    app.db
        .ask_proof_code(&origin.meter, id, phone, &hash, (now, until))
        .await?;
    let message = Outgoing::new(GROUP, &ProofCodeRequested::new(id));
    app.queue()
        .await
        .send(&app.config.queue_messages_url, &[message])
        .await?;
    Ok(())
}

/// Forgets codes that ran out; returns how many.
pub async fn forget(app: &App, now: Timestamp) -> Result<i32, DbError> {
    app.db.forget_proof_codes(now, SWEEP).await
}
