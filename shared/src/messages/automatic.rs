//! Service messages that the platform sends by itself, because of something else: taken in the transaction of their cause,
//! put on the queue after its commit. One that is lost in between is found by the sweep.

use super::store::{self, New, Taken};
use super::{NewMessage, Purpose, enqueue, is_landline, segments};
use crate::App;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{MessageId, OrganizationId};
use crate::kernel::{Clock, PhoneNumber};

/// Why nothing is sent. What caused the message happens all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untaken {
    /// A landline takes no text messages.
    Landline,
    /// The organisation has no account at Twilio.
    NotConfigured,
    /// Twilio refuses the organisation's credentials since some time.
    CredentialsRejected,
    /// The number is never to be texted again.
    OptedOut,
}

impl Untaken {
    /// For a log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Landline => "landline",
            Self::NotConfigured => "twilio_not_configured",
            Self::CredentialsRejected => "twilio_credentials_rejected",
            Self::OptedOut => "recipient_opted_out",
        }
    }
}

/// Takes a service message to this number, unless nothing may be sent there, or by this organisation.
pub async fn take(
    tx: &TenantTx,
    clock: &Clock,
    to: &PhoneNumber,
    body: &str,
) -> Result<Result<MessageId, Untaken>, DbError> {
    take_as(tx, clock, MessageId::new(clock), (to, false), body).await
}

/// Takes the message that carries the code with which somebody proves that a number is theirs, also to those who want no
/// other. Its id is the code's.
pub async fn take_code(
    tx: &TenantTx,
    clock: &Clock,
    id: MessageId,
    to: &PhoneNumber,
    body: &str,
) -> Result<Result<MessageId, Untaken>, DbError> {
    take_as(tx, clock, id, (to, true), body).await
}

async fn take_as(
    tx: &TenantTx,
    clock: &Clock,
    id: MessageId,
    (to, carries_code): (&PhoneNumber, bool),
    body: &str,
) -> Result<Result<MessageId, Untaken>, DbError> {
    if is_landline(to) {
        return Ok(Err(Untaken::Landline));
    }
    let message = NewMessage {
        to: to.clone(),
        body: body.to_owned(),
        purpose: Purpose::Service,
    };
    let now = clock.now();
    let new = New {
        id,
        message: &message,
        segments: segments::segments(body),
        due_at: now,
        is_test: false,
        created_by: None,
        carries_code,
        // They have just made an appointment, or asked for a code.
        opposition: None,
    };
    Ok(match store::insert(tx, &new, now).await? {
        Taken::Inserted => Ok(new.id),
        Taken::NotConfigured => Err(Untaken::NotConfigured),
        Taken::CredentialsRejected => Err(Untaken::CredentialsRejected),
        Taken::Suppressed => Err(Untaken::OptedOut),
    })
}

/// Puts a message that was taken on the queue, after the commit.
pub async fn dispatch(app: &App, organization: OrganizationId, message: MessageId) {
    if let Err(error) = enqueue(app, organization, &[message]).await {
        tracing::warn!(message_id = %message, error = &error as &dyn std::error::Error, "a message is left to the sweep");
    }
}
