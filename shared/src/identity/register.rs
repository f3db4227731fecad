//! Sign-up: an organisation with its first person, in one transaction. Whether the address was known is told to its
//! owner by mail, and to nobody else: both paths take the same steps.

use futures_util::future::{try_join, try_join3, try_join5};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;

use super::consents::{self, ConsentType};
use super::mail::{MailMessage, MailPart, Recipient, RecipientLink};
use super::password::{HashingFailed, NewPassword};
use super::store;
use super::token::Purpose;
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::edge::KnownUser;
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{OneTimeTokenId, OrganizationId, UserId};
use crate::kernel::{CompanyRegistration, Email, Language, Name, Origin, VatNumber};
use crate::limits::{self, Limit, MailKind};
use crate::organizations::{self, NewOrganization, OrganizationType};
use crate::outbox::{self, Destination, Promise};

/// How long the link in the mail is good for.
pub(super) const CONFIRMATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Somebody who signs up, every member checked.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: NewPassword,
    /// Their name.
    pub full_name: Name,
    /// Company or person.
    pub organization_type: OrganizationType,
    /// What the organisation is called; without it, as its first person is.
    pub company_name: Option<Name>,
    /// SIREN or SIRET.
    pub company_registration: Option<CompanyRegistration>,
    /// Its VAT number.
    pub vat_number: Option<VatNumber>,
    /// Whether they want to hear of offers. Terms and privacy policy were accepted, else there is no sign-up.
    pub marketing_consent: bool,
    /// The language that they are written to in.
    pub language: Language,
}

/// A sign-up failed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Somebody else signed up with the address in the same moment.
    #[error("the address was taken in the same moment")]
    AddressTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for RegisterError {
    fn failure(&self) -> Failure {
        match self {
            // Only where the other one's row is gone again: the next try finds the address free.
            Self::AddressTaken => Failure::unavailable(),
            Self::Hashing(_) => Failure::internal(),
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Signs somebody up, or tells the owner of the address that somebody tried.
pub async fn register(app: &App, origin: &Origin, sign_up: &SignUp) -> Result<(), RegisterError> {
    let (email, meter) = (&sign_up.email, &origin.meter);
    limits::owe(
        app,
        origin,
        &[Limit::SignUp, Limit::Mail(MailKind::SignUp, email)],
    )
    .await?;
    // Asked before the password is hashed: what is over the limit costs nothing.
    let known = app.db.user_by_email(meter, email).await?;
    let password_hash = sign_up.password.hash(&app.clock).await?;
    let promise = match known {
        Some(known) => tell(app, origin, known, &password_hash).await?,
        None => match create(app, origin, sign_up, &password_hash).await {
            Err(RegisterError::AddressTaken) => {
                let known = app.db.user_by_email(meter, email).await?;
                let known = known.ok_or(RegisterError::AddressTaken)?;
                tell(app, origin, known, &password_hash).await?
            }
            created => created?,
        },
    };
    outbox::keep(app, &[promise]).await;
    Ok(())
}

/// Makes organisation, person, credentials, consents, link, audit entry and the promise of a mail: one packet.
async fn create(
    app: &App,
    origin: &Origin,
    sign_up: &SignUp,
    password_hash: &SecretString,
) -> Result<Promise, RegisterError> {
    let clock = &app.clock;
    let user = UserId::new(clock);
    let token = OneTimeTokenId::new(clock);
    let organization = &NewOrganization {
        id: OrganizationId::new(clock),
        name: sign_up
            .company_name
            .clone()
            .unwrap_or_else(|| sign_up.full_name.clone()),
        organization_type: sign_up.organization_type,
        company_registration: sign_up.company_registration.clone(),
        vat_number: sign_up.vat_number.clone(),
        language: sign_up.language,
    };
    let choices = &[
        (ConsentType::Terms, true),
        (ConsentType::Privacy, true),
        (ConsentType::Marketing, sign_up.marketing_consent),
    ];
    let actor = &Actor::person(user, origin);
    let message = &MailMessage::new(MailPart::ConfirmEmail(RecipientLink {
        organization_id: organization.id,
        user_id: user,
        token_id: token,
    }));
    let now = clock.now();
    let expires_at = now.saturating_add(CONFIRMATION_LIFETIME).unwrap_or(now);
    let claims = Claims::platform(organization.id);
    let body = async |tx: &TenantTx| {
        let person = try_join5(
            organizations::create(tx, clock, organization),
            store::insert_profile(tx, now, user, sign_up),
            store::insert_credentials(tx, now, user, password_hash),
            consents::record(tx, clock, user, choices, origin),
            store::insert_one_time_token(tx, now, token, user, Purpose::ConfirmEmail, expires_at),
        );
        let (_, (), promise) = try_join3(
            person,
            audit::record(
                tx,
                clock,
                actor,
                "user.register",
                json!({ "user_id": user, "organization_type": organization.organization_type }),
            ),
            outbox::promise(tx, app, Destination::Mail, message),
        )
        .await
        .on_constraint("profiles_email_key", || RegisterError::AddressTaken)?;
        Ok(promise)
    };
    Box::pin(app.db.write("identity.register", &claims, body)).await
}

/// Promises a mail to the owner of a known address. The hash is wanted, though nobody keeps it: without it this does not
/// compile, and so a known address is never answered sooner than a new one.
async fn tell(
    app: &App,
    origin: &Origin,
    known: KnownUser,
    _hashed: &SecretString,
) -> Result<Promise, RegisterError> {
    let message = &MailMessage::new(MailPart::AddressKnown(Recipient {
        organization_id: known.organization,
        user_id: known.user,
    }));
    // Whoever tried is not that person.
    let actor = &Actor::nobody(origin);
    app.db
        .write(
            "identity.tell_known_address",
            &Claims::platform(known.organization),
            async |tx| {
                let details = json!({ "user_id": known.user });
                let ((), promise) = try_join(
                    audit::record(tx, &app.clock, actor, "user.register_again", details),
                    outbox::promise(tx, app, Destination::Mail, message),
                )
                .await?;
                Ok(promise)
            },
        )
        .await
}
