//! The text messages about an appointment: what they say, and why one was not sent.

use std::sync::Arc;

use super::words::words;
use super::{Appointment, link};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::app::Pepper;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{AppointmentId, MessageId, OrganizationId};
use crate::messages::automatic;

/// A longer name would make the message dearer.
const LONGEST_NAME: usize = 40;

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is booked.
    Booked,
    /// It takes place at another time.
    Moved,
    /// It does not take place.
    Cancelled,
}

/// What messages are signed with: fetched before a transaction, which does no other input or output.
pub(super) struct Signer<'a> {
    pepper: Arc<Pepper>,
    api_url: &'a str,
}

impl<'a> Signer<'a> {
    pub(super) async fn of(app: &'a App) -> Result<Self, SecretsError> {
        Ok(Self {
            pepper: app.pepper().await?,
            api_url: &app.config.api_url,
        })
    }

    fn link(&self, organization: OrganizationId, appointment: &Appointment) -> String {
        let (url, id) = (self.api_url, appointment.id);
        let token = link::token(&self.pepper, organization, id, appointment.ends_at);
        format!("{url}/api/v1/appointments/{id}/calendar?token={token}")
    }
}

/// What a message says, in the language of the call.
fn text(
    signer: &Signer<'_>,
    notice: Notice,
    from: &str,
    organization: OrganizationId,
    of: &Appointment,
) -> String {
    let words = words(of.language);
    let text = match notice {
        Notice::Booked => words.confirmation,
        Notice::Moved => words.moved,
        Notice::Cancelled => words.cancelled,
    };
    let from: String = from
        .chars()
        .filter(|letter| !letter.is_control())
        .take(LONGEST_NAME)
        .collect();
    text.replace("{when}", &words.written(of.starts_at, &of.timezone))
        .replace("{link}", &signer.link(organization, of))
        // Last: a name may hold anything.
        .replace("{organization}", from.trim())
}

/// Takes a message to whoever made the appointment, in the transaction that gives cause for it. None where there is no
/// number, or nothing may be sent to it.
pub(super) async fn take(
    tx: &TenantTx,
    app: &App,
    signer: &Signer<'_>,
    notice: Notice,
    from: &str,
    appointment: &Appointment,
) -> Result<Option<MessageId>, DbError> {
    let Some(phone) = &appointment.phone else {
        log(appointment.id, notice, "no_number");
        return Ok(None);
    };
    let body = text(signer, notice, from, tx.organization(), appointment);
    match automatic::take(tx, &app.clock, phone, &body).await? {
        Ok(message) => Ok(Some(message)),
        Err(untaken) => {
            log(appointment.id, notice, untaken.as_str());
            Ok(None)
        }
    }
}

fn log(appointment: AppointmentId, notice: Notice, reason: &str) {
    tracing::info!(appointment_id = %appointment, ?notice, reason, "no text message about an appointment");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appointments::calendar::tests::appointment;

    #[test]
    fn a_message_is_signed_with_the_organisations_name_and_carries_the_link() {
        let signer = Signer {
            pepper: Arc::new(Pepper::new(Box::new([1; 32]))),
            api_url: "https://api.zencall.example",
        };
        let organization = OrganizationId(uuid::Uuid::nil());
        let of = appointment();
        let said = text(&signer, Notice::Booked, "Agence\n{link}", organization, &of);
        assert!(said.starts_with("Agence{link} : votre rendez-vous du 24/11/2026 à 14:00 est enregistré. Agenda : https://api.zencall.example/api/v1/appointments/"));
        let long = text(&signer, Notice::Cancelled, &"é".repeat(200), organization, &of);
        assert!(long.starts_with(&format!("{} : votre", "é".repeat(40))) && long.contains("annulé"));
    }
}
