//! Another password: by somebody who knows the one before, or who reads the mails of the account's address. Whoever else
//! was logged in is so no longer, links that were mailed open nothing any more, and the owner is told.

use futures_util::future::{try_join, try_join3, try_join5};
use secrecy::SecretString;
use serde_json::json;

use super::check_password::{PasswordRefused, prove};
use super::link::LinkRefused;
use super::mail::{MailMessage, MailPart, Recipient};
use super::password::{HashingFailed, NewPassword};
use super::token::{self, Purpose};
use super::{Profile, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::OrganizationId;
use crate::kernel::{Caller, Faults, Origin};
use crate::limits::{self, Limit};
use crate::organizations::{self, Organization};
use crate::outbox::{self, Destination};

/// The password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The one before is another.
    #[error(transparent)]
    Refused(#[from] PasswordRefused),
    /// The link leads nowhere.
    #[error(transparent)]
    Link(#[from] LinkRefused),
    /// The new one is not taken.
    #[error(transparent)]
    Unsuitable(#[from] Faults),
    /// The new one could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for ChangePasswordError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(refused) => refused.failure(),
            Self::Link(refused) => refused.failure(),
            Self::Unsuitable(faults) => faults.failure(),
            Self::Hashing(_) => Failure::internal(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Changes the caller's password. Their other logins end; this one stays.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: String,
    new: &NewPassword,
) -> Result<(), ChangePasswordError> {
    let proven = prove(app, caller, &SecretString::from(current)).await?;
    let session = proven.session;
    suits(new, &proven.profile, &proven.organization)?;
    let hash = new.hash(&app.clock).await?;
    let (clock, now, user) = (&app.clock, app.clock.now(), proven.profile.id);
    let (hash, actor, since) = (&hash, &Actor::from(caller), proven.since);
    let told = &told(caller.organization, &proven.profile);
    let body = async |tx: &TenantTx| {
        // First the password, then the logins: one that is being opened with the old password is waited for, and found.
        let (replaced, (), (), (), promise) = try_join5(
            store::replace_credentials(tx, now, user, hash, since),
            store::revoke_sessions(tx, now, user, Some(session)),
            store::void_links(tx, now, user),
            audit::record(tx, clock, actor, "user.change_password", json!({})),
            outbox::promise(tx, app, Destination::Mail, told),
        )
        .await?;
        // Somebody else has changed it since it was compared: it is not their password any more.
        if replaced {
            Ok(promise)
        } else {
            Err(ChangePasswordError::from(PasswordRefused::Wrong))
        }
    };
    let claims = Claims::from(caller);
    let promise = Box::pin(app.db.write("identity.change_password", &claims, body)).await?;
    outbox::keep(app, &[promise]).await;
    Ok(())
}

/// Gives somebody who lost their password another one, with the link that was mailed to them, once. That they read the
/// mails of the address confirms it too. A password that is not taken leaves the link as it is.
pub async fn reset_password(
    app: &App,
    origin: &Origin,
    token: &str,
    new: &NewPassword,
) -> Result<(), ChangePasswordError> {
    let link = token::read_one_time_token(&*app.pepper().await?, Purpose::ResetPassword, token)
        .ok_or(LinkRefused::Invalid)?;
    limits::owe(app, origin, &[Limit::Link]).await?;
    let organization = app.db.organization_of_one_time_token(&origin.meter, link).await?;
    let claims = Claims::platform(organization.ok_or(LinkRefused::Invalid)?);
    let now = app.clock.now();
    let (state, who) = app
        .db
        .read("identity.read_reset", &claims, async |tx| {
            let (state, profile, organization) = try_join3(
                store::find_link(tx, now, link),
                store::find_profile_of_link(tx, link),
                organizations::find(tx),
            )
            .await?;
            Ok::<_, DbError>((state, profile.zip(organization)))
        })
        .await?;
    if let Some(refused) = LinkRefused::of(state) {
        return Err(refused.into());
    }
    let (profile, company) = who.ok_or(LinkRefused::Invalid)?;
    suits(new, &profile, &company)?;
    let hash = &new.hash(&app.clock).await?;
    let (clock, user) = (&app.clock, profile.id);
    let told = &told(claims.organization(), &profile);
    let actor = &Actor::person(user, origin);
    let body = async |tx: &TenantTx| {
        let used = store::use_one_time_token(tx, now, link, Purpose::ResetPassword).await?;
        if used.is_none() {
            return Err(ChangePasswordError::from(LinkRefused::Used));
        }
        let ((), (), (), (), ((), promise)) = try_join5(
            store::reset_credentials(tx, now, user, hash),
            store::revoke_sessions(tx, now, user, None),
            store::void_links(tx, now, user),
            store::confirm_email(tx, now, user),
            try_join(
                audit::record(tx, clock, actor, "user.reset_password", json!({})),
                outbox::promise(tx, app, Destination::Mail, told),
            ),
        )
        .await?;
        Ok(promise)
    };
    let promise = Box::pin(app.db.write("identity.reset_password", &claims, body)).await?;
    outbox::keep(app, &[promise]).await;
    Ok(())
}

/// Whether this person may have this password: it is not to be guessed from what is known of them.
fn suits(new: &NewPassword, profile: &Profile, organization: &Organization) -> Result<(), Faults> {
    let personal = [profile.email.as_str(), &profile.full_name, &organization.name];
    let mut faults = Faults::default();
    faults.keep::<()>("password", new.suits(&personal));
    faults.finish(|| Some(()))
}

fn told(organization_id: OrganizationId, profile: &Profile) -> MailMessage {
    MailMessage::new(MailPart::PasswordChanged(Recipient {
        organization_id,
        user_id: profile.id,
    }))
}
