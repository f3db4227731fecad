//! The SQL of people, their passwords and their consents.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;
use uuid::Uuid;

use super::super::import::Newcomer;
use super::super::{Changes, Profile, SignUp};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{OneTimeTokenId, SessionId, UserId};
use crate::kernel::{Email, Language, Origin, Role};

pub(in crate::identity) async fn insert_profile(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    sign_up: &SignUp,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_profile
         insert into profiles (id, organization_id, email, full_name, role, language, marketing_consent,
                               terms_accepted_at, gdpr_consent_at, created_at, updated_at)
         values ($1, $2, $3, $4, 'admin', $5, $6, $7, $7, $7, $7)",
        &[
            &user,
            &tx.organization(),
            &sign_up.email.as_str(),
            &sign_up.full_name.as_str(),
            &sign_up.language.as_str(),
            &sign_up.marketing_consent,
            &now,
        ],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn insert_newcomer(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    newcomer: &Newcomer,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_newcomer
         insert into profiles (id, organization_id, email, full_name, role, language, email_confirmed_at, created_at,
                               updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        &[
            &user,
            &tx.organization(),
            &newcomer.email.as_str(),
            &newcomer.full_name.as_str(),
            &newcomer.role.as_str(),
            &newcomer.language.as_str(),
            &newcomer.email_confirmed_at,
            &now,
        ],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn find_profile(
    tx: &TenantTx,
    user: UserId,
) -> Result<Option<Profile>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_profile
             select id, email, full_name, role, language, email_confirmed_at is not null as email_confirmed,
                    marketing_consent, terms_accepted_at, gdpr_consent_at
               from profiles where id = $1",
            &[&user],
        )
        .await?;
    row.as_ref().map(Profile::try_from).transpose()
}

pub(in crate::identity) async fn find_profile_of_session(
    tx: &TenantTx,
    session: SessionId,
) -> Result<Option<Profile>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_profile_of_session
             select p.id, p.email, p.full_name, p.role, p.language,
                    p.email_confirmed_at is not null as email_confirmed,
                    p.marketing_consent, p.terms_accepted_at, p.gdpr_consent_at
               from sessions s join profiles p on p.organization_id = s.organization_id and p.id = s.user_id
              where s.id = $1",
            &[&session],
        )
        .await?;
    row.as_ref().map(Profile::try_from).transpose()
}

pub(in crate::identity) async fn find_profile_of_link(
    tx: &TenantTx,
    link: OneTimeTokenId,
) -> Result<Option<Profile>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_profile_of_link
             select p.id, p.email, p.full_name, p.role, p.language,
                    p.email_confirmed_at is not null as email_confirmed,
                    p.marketing_consent, p.terms_accepted_at, p.gdpr_consent_at
               from one_time_tokens t join profiles p on p.organization_id = t.organization_id and p.id = t.user_id
              where t.id = $1",
            &[&link],
        )
        .await?;
    row.as_ref().map(Profile::try_from).transpose()
}

pub(in crate::identity) async fn update_profile(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    changes: &Changes,
) -> Result<Option<Profile>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.update_profile
             update profiles
                set full_name = coalesce($3, full_name), language = coalesce($4, language),
                    marketing_consent = coalesce($5, marketing_consent), updated_at = $6
              where organization_id = $1 and id = $2
             returning id, email, full_name, role, language, email_confirmed_at is not null as email_confirmed,
                       marketing_consent, terms_accepted_at, gdpr_consent_at",
            &[
                &tx.organization(),
                &user,
                &changes.full_name.as_ref().map(|name| name.as_str()),
                &changes.language.map(Language::as_str),
                &changes.marketing_consent,
                &now,
            ],
        )
        .await?;
    row.as_ref().map(Profile::try_from).transpose()
}

pub(in crate::identity) async fn confirm_email(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.confirm_email
         update profiles set email_confirmed_at = coalesce(email_confirmed_at, $3), updated_at = $3
          where organization_id = $1 and id = $2",
        &[&tx.organization(), &user, &now],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn insert_credentials(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    password_hash: &SecretString,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_credentials
         insert into credentials (user_id, organization_id, password_hash, updated_at) values ($1, $2, $3, $4)",
        &[
            &user,
            &tx.organization(),
            &password_hash.expose_secret(),
            &now,
        ],
    )
    .await
    .map(drop)
}

/// Keeps another password instead of the one that is kept since `seen`; `false` where that was changed meanwhile.
pub(in crate::identity) async fn replace_credentials(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    password_hash: &SecretString,
    seen: Timestamp,
) -> Result<bool, DbError> {
    let replaced = tx
        .execute(
            "-- identity.replace_credentials
             update credentials set password_hash = $3, updated_at = $4
              where organization_id = $1 and user_id = $2 and updated_at = $5",
            &[
                &tx.organization(),
                &user,
                &password_hash.expose_secret(),
                &now,
                &seen,
            ],
        )
        .await?;
    Ok(replaced == 1)
}

/// Keeps another password, whatever was kept.
pub(in crate::identity) async fn reset_credentials(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    password_hash: &SecretString,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.reset_credentials
         insert into credentials (user_id, organization_id, password_hash, updated_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update set password_hash = $3, updated_at = $4",
        &[&user, &tx.organization(), &password_hash.expose_secret(), &now],
    )
    .await
    .map(drop)
}

/// Whether the password is still the one that is kept since `seen`. It stays so until the transaction ends: whoever
/// changes it waits, and then finds the login that was opened with it.
pub(in crate::identity) async fn hold_credentials(
    tx: &TenantTx,
    user: UserId,
    seen: Timestamp,
) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "-- identity.hold_credentials
             select 1 from credentials where organization_id = $1 and user_id = $2 and updated_at = $3 for share",
            &[&tx.organization(), &user, &seen],
        )
        .await?;
    Ok(row.is_some())
}

/// Gives a person another address, which they have confirmed.
pub(in crate::identity) async fn change_email(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    email: &Email,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.change_email
         update profiles set email = $3, email_confirmed_at = $4, updated_at = $4
          where organization_id = $1 and id = $2",
        &[&tx.organization(), &user, &email.as_str(), &now],
    )
    .await
    .map(drop)
}

/// Rows for the consent ledger, column by column.
pub(in crate::identity) struct ConsentRows {
    pub(in crate::identity) ids: Vec<Uuid>,
    pub(in crate::identity) types: Vec<&'static str>,
    pub(in crate::identity) given: Vec<bool>,
}

pub(in crate::identity) async fn insert_consents(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    rows: &ConsentRows,
    version: &str,
    origin: &Origin,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_consents
         insert into gdpr_consents (id, organization_id, user_id, consent_type, consent_given, consent_version,
                                    ip_address, user_agent, created_at)
         select c.id, $1, $2, c.consent_type, c.consent_given, $3, $4, $5, $6
           from unnest($7, $8, $9) as c (id, consent_type, consent_given)",
        &[
            &tx.organization(),
            &user,
            &version,
            &origin.ip_address,
            &origin.user_agent,
            &now,
            &rows.ids,
            &rows.types,
            &rows.given,
        ],
    )
    .await
    .map(drop)
}

impl TryFrom<&Row> for Profile {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        let is = |column: &str| row.try_get::<_, bool>(column).map_err(DbError::Statement);
        let at = |column: &str| row.try_get(column).map_err(DbError::Statement);
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            email: Email::from_database(text("email")?),
            full_name: text("full_name")?,
            // A role of a later version gives no more rights than the least of today's.
            role: Role::parse(&text("role")?).unwrap_or(Role::Member),
            language: Language::parse(&text("language")?).unwrap_or_default(),
            email_confirmed: is("email_confirmed")?,
            marketing_consent: is("marketing_consent")?,
            terms_accepted_at: at("terms_accepted_at")?,
            gdpr_consent_at: at("gdpr_consent_at")?,
        })
    }
}
