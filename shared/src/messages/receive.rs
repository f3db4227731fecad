//! Taking in a webhook of Twilio: proven with the token of the organisation, and what we keep of it put on the queue of
//! events. No database is needed, except where the address names no organisation.

use crate::App;
use crate::adapters::kept::Newer;
use crate::adapters::queue::{Outgoing, QueueError};
use crate::adapters::secrets::SecretsError;
use crate::adapters::twilio::Wanted;
use crate::adapters::twilio::webhook::{Envelope, Fact, Message, Notice, Provider, Refused};
use crate::adapters::verified::Verified;
use crate::db::DbError;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::OrganizationId;

/// A webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is not proven.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Secrets Manager.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database, asked for the organisations of an account.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The queue did not take it: Twilio tries again.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Classify for ReceiveError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
            Self::Queue(error) => error.failure(),
        }
    }
}

/// What Twilio wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Status,
    /// What to answer to whoever wrote.
    Message,
}

/// Takes a webhook that is addressed to one organisation, as it stands in the address.
pub async fn receive(app: &App, organization: &str, envelope: &Envelope) -> Result<Heard, ReceiveError> {
    // Secrets Manager is not asked about what is no organisation's id.
    let organization = OrganizationId::parse(organization).map_err(|_| Refused::Nobody)?;
    let message = prove(app, organization, envelope).await?;
    keep(app, &[organization], &message, false).await
}

/// Takes a webhook that names no organisation: each of those with this account, five at most, may prove it.
pub async fn receive_for_account(app: &App, envelope: &Envelope) -> Result<Heard, ReceiveError> {
    let account = envelope.claimed_account().ok_or(Refused::Nobody)?;
    let candidates = app.db.organizations_of_twilio_account(account.as_str()).await?;
    let mut proven: Option<(Vec<OrganizationId>, Verified<Message>)> = None;
    for organization in candidates {
        match prove(app, organization, envelope).await {
            Ok(message) => match &mut proven {
                Some((organizations, _)) => organizations.push(organization),
                None => proven = Some((vec![organization], message)),
            },
            Err(ReceiveError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let (organizations, message) = proven.ok_or(Refused::Nobody)?;
    keep(app, &organizations, &message, true).await
}

/// Proves a webhook with the organisation's token; where the signature is wrong, with the token that there is now.
async fn prove(
    app: &App,
    organization: OrganizationId,
    envelope: &Envelope,
) -> Result<Verified<Message>, ReceiveError> {
    let wanted = Wanted {
        secrets: app.secrets().await,
        stage: &app.config.stage,
        organization,
        clock: &app.clock,
    };
    let now = app.clock.now();
    let known = app.twilio_credentials.get(wanted).await?.ok_or(Refused::Nobody)?;
    let refused = match known.verify(envelope, now) {
        Ok(message) => return Ok(message),
        Err(refused) => refused,
    };
    match app.twilio_credentials.newer_than(&known, wanted).await? {
        Newer::Other(newer) => Ok(newer.verify(envelope, now)?),
        Newer::Same | Newer::Unknown => Err(refused.into()),
    }
}

/// Puts what it says on the queue. Only when this has returned is it safe.
async fn keep(
    app: &App,
    organizations: &[OrganizationId],
    message: &Verified<Message>,
    shared: bool,
) -> Result<Heard, ReceiveError> {
    let Some(fact) = message.get().fact() else {
        tracing::info!("a webhook of twilio that is about no message");
        return Ok(Heard::Status);
    };
    let heard = match fact {
        Fact::MessageStatus { .. } => Heard::Status,
        Fact::MessageReceived { .. } => Heard::Message,
    };
    let outgoing: Vec<_> = organizations
        .iter()
        .map(|organization| {
            let notice = Notice {
                provider: Provider::Twilio,
                organization_id: *organization,
                shared,
                received_at: app.clock.now(),
                fact: fact.clone(),
            };
            Outgoing::new(organization.to_string(), &notice)
        })
        .collect();
    app.queue()
        .await
        .send(&app.config.queue_events_url, &outgoing)
        .await?;
    Ok(heard)
}
