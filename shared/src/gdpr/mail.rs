//! Mails about requests: what lies on the queue (ids), and what `mailer` makes of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store;
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{GdprRequestId, OrganizationId};
use crate::kernel::{Email, Language};

/// The version of the messages.
const VERSION: u8 = 1;

/// A message on the queue `mail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GdprMail {
    v: u8,
    /// Which mail.
    pub kind: GdprMailKind,
    /// Whose request.
    pub organization_id: OrganizationId,
    /// About which request, to the person who made it.
    pub request_id: GdprRequestId,
}

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GdprMailKind {
    /// The archive can be fetched.
    ExportReady,
    /// A deletion was asked for, and will be carried out.
    DeletionScheduled,
}

impl GdprMail {
    pub(super) fn new(
        kind: GdprMailKind,
        organization_id: OrganizationId,
        request_id: GdprRequestId,
    ) -> Self {
        Self {
            v: VERSION,
            kind,
            organization_id,
            request_id,
        }
    }
}

/// A mail to write, in the language of the person who gets it.
#[derive(Debug)]
pub struct GdprNotice {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    /// Which mail.
    pub kind: GdprMailKind,
    /// About which request.
    pub request: GdprRequestId,
    /// Until when the archive is kept, or when the deletion will be carried out.
    pub until: Option<Timestamp>,
    organization: OrganizationId,
}

/// What is to be sent; `None` where there is nothing any more: sent already, cancelled, or gone.
pub async fn compose(app: &App, message: &GdprMail) -> Result<Option<GdprNotice>, DbError> {
    let found = app
        .db
        .read(
            "gdpr.mail_recipient",
            &Claims::platform(message.organization_id),
            async |tx| store::recipient(tx, message.request_id).await,
        )
        .await?;
    let wanted_status = match message.kind {
        GdprMailKind::ExportReady => "completed",
        GdprMailKind::DeletionScheduled => "pending",
    };
    let found = found.filter(|(_, _, request)| request.status == wanted_status);
    Ok(found.map(|(email, language, request)| GdprNotice {
        to: Email::from_database(email),
        language: Language::parse(&language).unwrap_or_default(),
        kind: message.kind,
        request: request.id,
        until: request.scheduled_at.or(request.expires_at),
        organization: message.organization_id,
    }))
}

/// Notes that the mail has left, so that the same message, handed out again, sends nothing.
pub async fn mark_sent(app: &App, notice: &GdprNotice) -> Result<(), DbError> {
    let (now, claims) = (app.clock.now(), Claims::platform(notice.organization));
    app.db
        .write_at_once("gdpr.mark_mailed", &claims, async |tx| {
            store::mark_mailed(tx, now, notice.request).await
        })
        .await
}
