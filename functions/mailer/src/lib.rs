//! `mailer`: sends what the queue `mail` asks for. Messages hold ids; addresses and links are made up here, so that
//! neither lies on a queue.

mod campaign;
mod gdpr;
mod invitation;
mod texts;

use zencall::App;
use zencall::adapters::mail::Mailer;
use zencall::campaigns::upkeep::CampaignMail;
use zencall::gdpr::GdprMail;
use zencall::identity::{self, InvitationMail, MailMessage};
use zencall::worker::{Message, NotHandled};

/// Sends one mail, unless there is nothing to send any more.
pub async fn handle(app: &App, mailer: &Mailer, message: &Message) -> Result<(), NotHandled> {
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
        tracing::info!("nothing to send any more");
        return Ok(());
    };
    mailer.send(&texts::write(&notice, &app.config.app_url)).await?;
    // The mail has left: to hand the message back would send it twice.
    if let Err(error) = identity::mark_sent(app, &notice).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a mail was sent and not marked"
        );
    }
    Ok(())
}
