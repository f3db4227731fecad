//! Another address: asked for with the password, changed when the link that is mailed to it is followed. Whether somebody
//! has the address already is found out by `mailer`, and told to its owner alone: here both take the same steps.

use futures_util::future::{try_join, try_join4};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;

use super::check_password::{PasswordRefused, prove};
use super::mail::{MailMessage, MailPart, RecipientLink};
use super::store;
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::OneTimeTokenId;
use crate::kernel::{Caller, Email, Faults, Invalid};
use crate::limits::{self, Limit, MailKind};
use crate::outbox::{self, Destination};

/// How long the link in the mail is good for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

const UNCHANGED: Invalid = Invalid::new(
    "email_unchanged",
    "C'est déjà votre adresse.",
    "This is your address already.",
);

/// No change was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// The password is another.
    #[error(transparent)]
    Refused(#[from] PasswordRefused),
    /// It is their address.
    #[error(transparent)]
    Unchanged(#[from] Faults),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ChangeEmailError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(refused) => refused.failure(),
            Self::Unchanged(faults) => faults.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Asks for another address: a link is mailed to it, and the owner of the present one is told. A change that was asked
/// for before is forgotten.
pub async fn change_email(
    app: &App,
    caller: &Caller,
    current: String,
    email: &Email,
) -> Result<(), ChangeEmailError> {
    let proven = prove(app, caller, &SecretString::from(current)).await?;
    // As it is written: another case of the same letters is a change that somebody may want.
    if proven.profile.email.as_str() == email.as_str() {
        let mut faults = Faults::default();
        faults.add("email", UNCHANGED);
        return Err(faults.into());
    }
    // Both get a mail.
    let mails = [email, &proven.profile.email].map(|to| Limit::Mail(MailKind::AddressChange, to));
    limits::owe(app, &caller.origin, &mails)
        .await
        .map_err(PasswordRefused::from)?;
    let (clock, now, user) = (&app.clock, app.clock.now(), proven.profile.id);
    let link = OneTimeTokenId::new(clock);
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(now);
    let of = RecipientLink {
        organization_id: caller.organization,
        user_id: user,
        token_id: link,
    };
    let confirm = &MailMessage::new(MailPart::ChangeEmail(of));
    let tell = &MailMessage::new(MailPart::EmailChangeAsked(of));
    let (actor, since) = (&Actor::from(caller), proven.since);
    let body = async |tx: &TenantTx| {
        let details = json!({ "token_id": link });
        let (held, (), (), promises) = try_join4(
            store::hold_credentials(tx, user, since),
            store::void_links(tx, now, user),
            store::insert_email_change(tx, now, link, user, email, expires_at),
            try_join(
                audit::record(tx, clock, actor, "user.ask_email_change", details),
                try_join(
                    outbox::promise(tx, app, Destination::Mail, confirm),
                    outbox::promise(tx, app, Destination::Mail, tell),
                ),
            ),
        )
        .await?;
        let ((), (to_new, to_old)) = promises;
        // The password was changed since it was compared.
        if held {
            Ok([to_new, to_old])
        } else {
            Err(ChangeEmailError::from(PasswordRefused::Wrong))
        }
    };
    let claims = Claims::from(caller);
    let promises = Box::pin(app.db.write("identity.change_email", &claims, body)).await?;
    outbox::keep(app, &promises).await;
    Ok(())
}
