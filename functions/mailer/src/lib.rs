//! `mailer`: sends what the queue `mail` asks for. Messages hold ids; addresses and links are made up here, so that
//! neither lies on a queue.

mod campaign;
mod gdpr;
mod invitation;
mod texts;

use zencall::App;
use zencall::adapters::mail::{Mail, MailError, Mailer};
use zencall::campaigns::upkeep::CampaignMail;
use zencall::gdpr::GdprMail;
use zencall::identity::{self, InvitationMail, MailMessage};
use zencall::outbox::Delivery;
use zencall::worker::{Message, NotHandled};

/// Sends one mail, unless it was sent, or there is nothing to send any more.
pub async fn handle(app: &App, mailer: &Mailer, message: &Message) -> Result<(), NotHandled> {
    // What somebody asks for without being logged in lies in no outbox: its link says whether it was sent.
    let delivery = message.parse::<Delivery>().ok();
    if let Some(delivery) = &delivery
        && delivery.is_done(app).await?
    {
        tracing::info!("sent before");
        return Ok(());
    }
    let sent = dispatch(app, mailer, message).await?;
    if let (Sent::Yes, Some(delivery)) = (sent, &delivery) {
        note(delivery.mark(app).await);
    }
    Ok(())
}

/// Whether a mail has left.
enum Sent {
    Yes,
    No,
}

async fn dispatch(app: &App, mailer: &Mailer, message: &Message) -> Result<Sent, NotHandled> {
    if let Ok(wanted) = message.parse::<GdprMail>() {
        return gdpr::handle(app, mailer, &wanted).await;
    }
    if let Ok(wanted) = message.parse::<InvitationMail>() {
        return invitation::handle(app, mailer, &wanted).await;
    }
    if let Ok(wanted) = message.parse::<CampaignMail>() {
        return campaign::handle(app, mailer, &wanted).await;
    }
    let wanted: MailMessage = message.parse()?;
    let Some(notice) = identity::compose(app, &wanted).await? else {
        return Ok(nothing_to_send());
    };
    mailer.send(&texts::write(&notice, &app.config.app_url)).await?;
    note(identity::mark_sent(app, &notice).await);
    Ok(Sent::Yes)
}

fn nothing_to_send() -> Sent {
    tracing::info!("nothing to send any more");
    Sent::No
}

/// Sends a mail; one that the mail service refuses is given up, since trying again would be refused again.
async fn send(mailer: &Mailer, mail: &Mail) -> Result<Sent, NotHandled> {
    match mailer.send(mail).await {
        Ok(()) => Ok(Sent::Yes),
        Err(MailError::Refused) => {
            tracing::warn!("the mail was refused");
            Ok(Sent::No)
        }
        Err(error) => Err(error.into()),
    }
}

/// The mail has left: to hand the message back because it could not be marked would send it twice.
fn note(marked: Result<(), impl std::error::Error + 'static>) {
    if let Err(error) = marked {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a mail was sent and not marked"
        );
    }
}
