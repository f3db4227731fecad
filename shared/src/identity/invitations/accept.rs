//! The link of an invitation was followed: its address is theirs, and they are a member, logged in.

use futures_util::TryFutureExt as _;
use futures_util::future::{try_join, try_join5};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::super::consents::{self, ConsentType};
use super::super::password::{HashingFailed, NewPassword};
use super::super::session::{self, Issuer, Session, SessionError};
use super::super::store;
use super::super::token::{self, Purpose};
use super::InvitationState;
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, OnConstraint as _, TenantTx};
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{InvitationId, SessionId, UserId};
use crate::kernel::{Email, Faults, Language, Name, Origin, Role};
use crate::limits::{self, Limit};
use crate::organizations::{self, Organization};

/// Somebody who joins, every member checked but for what the invitation knows. Terms and privacy policy were accepted,
/// else nobody joins.
#[derive(Debug, Clone)]
pub struct Joining {
    token: SecretString,
    /// Their password.
    pub password: NewPassword,
    /// Their name.
    pub full_name: Name,
    /// The language that they are written to in.
    pub language: Language,
}

impl Joining {
    /// Somebody with the token of a link.
    pub fn new(token: String, password: NewPassword, full_name: Name, language: Language) -> Self {
        Self {
            token: token.into(),
            password,
            full_name,
            language,
        }
    }
}

/// Nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The link is none of ours.
    #[error("not a link of ours")]
    Invalid,
    /// Its time has passed.
    #[error("the invitation has expired")]
    Expired,
    /// It was accepted before.
    #[error("the invitation was accepted")]
    Used,
    /// It was withdrawn, or followed by another.
    #[error("the invitation was withdrawn")]
    Revoked,
    /// The address has an account already. Only whoever reads its mails learns that here.
    #[error("the address has an account")]
    HasAccount,
    /// The password is no good for this person.
    #[error(transparent)]
    Password(Faults),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<DbError> for AcceptError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SecretsError> for AcceptError {
    fn from(error: SecretsError) -> Self {
        Self::Session(error.into())
    }
}

impl Classify for AcceptError {
    fn failure(&self) -> Failure {
        match self {
            Self::Invalid => Failure::new(
                Class::Invalid,
                "link_invalid",
                "Ce lien n'est pas valide.",
                "This link is not valid.",
            ),
            Self::Expired => Failure::new(
                Class::Invalid,
                "link_expired",
                "Cette invitation a expiré. Demandez-en une nouvelle à la personne qui vous a invité.",
                "This invitation has expired. Ask whoever invited you for a new one.",
            ),
            Self::Used => Failure::new(
                Class::Invalid,
                "link_used",
                "Cette invitation a déjà été acceptée. Connectez-vous.",
                "This invitation was accepted before. Please log in.",
            ),
            Self::Revoked => Failure::new(
                Class::Invalid,
                "link_revoked",
                "Cette invitation a été retirée, ou remplacée par une plus récente.",
                "This invitation was withdrawn, or replaced by a newer one.",
            ),
            Self::HasAccount => Failure::new(
                Class::Conflict,
                "address_has_account",
                "Cette adresse a déjà un compte Zencall, et une personne n'appartient qu'à une organisation. \
                 Demandez à être invité avec une autre adresse, ou supprimez d'abord l'autre compte.",
                "This address already has a Zencall account, and a person belongs to one organisation. \
                 Ask to be invited with another address, or delete the other account first.",
            ),
            Self::Password(faults) => faults.failure(),
            Self::Hashing(_) => Failure::internal(),
            Self::Session(error) => error.failure(),
        }
    }
}

/// Makes the bearer of an invitation's link a member, and opens a session. Of two at once, one joins.
pub async fn accept_invitation(
    app: &App,
    origin: &Origin,
    joining: &Joining,
) -> Result<Session, AcceptError> {
    let issuer = Issuer::of(app).await?;
    let typed = joining.token.expose_secret();
    // Nothing is looked up, and nothing hashed, for a forged one.
    let link = token::read_one_time_token(&issuer.pepper, Purpose::Invitation, typed);
    let id = InvitationId(link.ok_or(AcceptError::Invalid)?.0);
    limits::owe(app, origin, &[Limit::Link]).await?;
    let organization = app.db.organization_of_invitation(&origin.meter, id).await?;
    let claims = Claims::platform(organization.ok_or(AcceptError::Invalid)?);
    let clock = &app.clock;
    let (state, company) = app
        .db
        .read("identity.read_invitation", &claims, async |tx| {
            let found = try_join(
                store::find_invitation(tx, clock.now(), id),
                organizations::find(tx),
            );
            found.await
        })
        .await?;
    let (email, _) = open(state)?;
    suits(&email, joining, &company.ok_or(AcceptError::Invalid)?)?;
    let password_hash = &joining.password.hash(clock).await?;

    let (now, user, session) = (clock.now(), UserId::new(clock), SessionId::new(clock));
    let refresh = issuer.new_refresh(clock);
    let written = &refresh;
    let actor = &Actor::person(user, origin);
    let choices = &[(ConsentType::Terms, true), (ConsentType::Privacy, true)];
    let body = async |tx: &TenantTx| {
        let (email, role) = open(store::lock_invitation(tx, now, id).await?)?;
        store::insert_member(tx, now, user, (&email, role), joining)
            .await
            .on_constraint("profiles_email_key", || AcceptError::HasAccount)?;
        let details = json!({ "user_id": user, "invitation_id": id, "after": { "role": role } });
        let ((), (profile, organization)) = try_join(
            try_join5(
                store::insert_credentials(tx, now, user, password_hash),
                consents::record(tx, clock, user, choices, origin),
                session::open(tx, clock, (session, user), written, origin),
                store::close_invitation(tx, now, id, user),
                audit::record(tx, clock, actor, "invitation.accept", details),
            )
            .map_ok(drop),
            try_join(store::find_profile(tx, user), organizations::find(tx)),
        )
        .await?;
        profile.zip(organization).ok_or(AcceptError::Invalid)
    };
    let who = Box::pin(app.db.write("identity.accept_invitation", &claims, body)).await?;
    Ok(issuer
        .session(clock, session, refresh, who)
        .map_err(SessionError::from)?)
}

/// Whom the invitation is for, and as what.
fn open(state: Option<InvitationState>) -> Result<(Email, Role), AcceptError> {
    match state {
        Some(InvitationState::Open { email, role, .. }) => Ok((email, role)),
        Some(InvitationState::Used) => Err(AcceptError::Used),
        Some(InvitationState::Revoked) => Err(AcceptError::Revoked),
        Some(InvitationState::Expired) => Err(AcceptError::Expired),
        None => Err(AcceptError::Invalid),
    }
}

/// Whether they may have this password: it is not to be guessed from what is known of them.
fn suits(email: &Email, joining: &Joining, organization: &Organization) -> Result<(), AcceptError> {
    let personal = [email.as_str(), joining.full_name.as_str(), &organization.name];
    let mut faults = Faults::default();
    faults.keep::<()>("password", joining.password.suits(&personal));
    faults.finish(|| Some(())).map_err(AcceptError::Password)
}
