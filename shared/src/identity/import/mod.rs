//! People brought over from another system, with their bcrypt hashes: each once, however often the file is imported.
//! Whoever is known already stays untouched, their password above all.

mod file;

use secrecy::SecretString;
use serde_json::json;

use super::store;
use crate::audit::{self, Actor};
use crate::db::{Claims, Db, DbError, OnConstraint as _, TenantTx};
use crate::kernel::ids::{OrganizationId, UserId};
use crate::kernel::meter::Meter;
use crate::kernel::{Clock, Email, Faults, Invalid, Language, Name, Role};
use crate::organizations::{self, NewOrganization};

pub use file::{FileRefused, Line, lines};

/// Somebody to bring over, every column checked.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Their id in the other system, if it is to stay.
    pub id: Option<UserId>,
    /// Their address.
    pub email: Email,
    /// Their name.
    pub full_name: Name,
    /// What they may do.
    pub role: Role,
    /// The language that they are written to in.
    pub language: Language,
    /// When they proved that the address is theirs.
    pub email_confirmed_at: Option<jiff::Timestamp>,
    /// A bcrypt hash; without one they choose a password as if they had lost theirs.
    pub password_hash: Option<SecretString>,
    /// Their organisation.
    pub organization: OrganizationId,
    /// What it is, where it is to be made.
    pub new_organization: Option<NewOrganization>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They are here now.
    Imported,
    /// They were here, and are as they were.
    AlreadyHere,
    /// They are not here, for these reasons.
    Refused(Faults),
}

enum NotImported {
    AlreadyHere,
    Refused(&'static str, Invalid),
    Db(DbError),
}

impl From<DbError> for NotImported {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

const ELSEWHERE: Invalid = Invalid::new(
    "email_elsewhere",
    "Cette adresse est celle de quelqu'un d'une autre organisation.",
    "This address is that of somebody in another organisation.",
);
const ID_TAKEN: Invalid = Invalid::new(
    "id_taken",
    "Cet identifiant est celui de quelqu'un d'autre.",
    "This id is somebody else's.",
);
const NO_ORGANIZATION: Invalid = Invalid::new(
    "organization_unknown",
    "Cette organisation n'existe pas ; avec organization_name, elle serait créée.",
    "There is no such organisation; with organization_name it would be made.",
);

/// Brings somebody over: all of it or nothing.
pub async fn bring(db: &Db, clock: &Clock, newcomer: &Newcomer) -> Result<Outcome, DbError> {
    let known = db.user_by_email(&Meter::default(), &newcomer.email).await?;
    let outcome = match known {
        Some(known) if known.organization == newcomer.organization => Err(NotImported::AlreadyHere),
        Some(_) => Err(NotImported::Refused("email", ELSEWHERE)),
        None => write(db, clock, newcomer).await,
    };
    match outcome {
        Ok(()) => Ok(Outcome::Imported),
        Err(NotImported::AlreadyHere) => Ok(Outcome::AlreadyHere),
        Err(NotImported::Refused(column, invalid)) => {
            let mut faults = Faults::default();
            faults.add(column, invalid);
            Ok(Outcome::Refused(faults))
        }
        Err(NotImported::Db(error)) => Err(error),
    }
}

async fn write(db: &Db, clock: &Clock, newcomer: &Newcomer) -> Result<(), NotImported> {
    let (now, user) = (clock.now(), newcomer.id.unwrap_or_else(|| UserId::new(clock)));
    let actor = &Actor::default();
    let body = async |tx: &TenantTx| {
        if organizations::find(tx).await?.is_none() {
            let new = newcomer.new_organization.as_ref();
            let new = new.ok_or(NotImported::Refused("organization_id", NO_ORGANIZATION))?;
            organizations::create(tx, clock, new).await?;
        }
        store::insert_newcomer(tx, now, user, newcomer)
            .await
            .on_constraint("profiles_pkey", || NotImported::Refused("id", ID_TAKEN))?;
        if let Some(hash) = &newcomer.password_hash {
            store::insert_credentials(tx, now, user, hash).await?;
        }
        audit::record(tx, clock, actor, "user.import", json!({ "user_id": user })).await?;
        Ok(())
    };
    let claims = Claims::platform(newcomer.organization);
    Box::pin(db.write("identity.import", &claims, body)).await
}
