//! The SQL of links in mails.

use jiff::Timestamp;

use super::super::token::Purpose;
use crate::db::{DbError, TenantTx};
use crate::kernel::Email;
use crate::kernel::ids::{OneTimeTokenId, UserId};

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum LinkState {
    /// It can be followed, and no mail has left with it.
    Open,
    /// It can be followed; its mail has left.
    Mailed,
    /// It was followed.
    Used,
    /// Its time has passed.
    Expired,
}

pub(in crate::identity) async fn insert_one_time_token(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
    user: UserId,
    purpose: Purpose,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_one_time_token
         insert into one_time_tokens (id, organization_id, user_id, purpose, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        &[
            &id,
            &tx.organization(),
            &user,
            &purpose.as_str(),
            &now,
            &expires_at,
        ],
    )
    .await
    .map(drop)
}

/// Makes a link that a message asks for; `false` where it was made when the message was handed out before.
pub(in crate::identity) async fn insert_asked_link(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
    user: UserId,
    purpose: Purpose,
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let inserted = tx
        .execute(
            "-- identity.insert_asked_link
             insert into one_time_tokens (id, organization_id, user_id, purpose, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing",
            &[
                &id,
                &tx.organization(),
                &user,
                &purpose.as_str(),
                &now,
                &expires_at,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Makes a link that will change an address.
pub(in crate::identity) async fn insert_email_change(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
    user: UserId,
    email: &Email,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_email_change
         insert into one_time_tokens (id, organization_id, user_id, purpose, email, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &id,
            &tx.organization(),
            &user,
            &Purpose::ChangeEmail.as_str(),
            &email.as_str(),
            &now,
            &expires_at,
        ],
    )
    .await
    .map(drop)
}

/// The addresses of a change: the one that waits for its confirmation, and the one that was replaced.
pub(in crate::identity) async fn find_email_change(
    tx: &TenantTx,
    id: OneTimeTokenId,
) -> Result<(Option<Email>, Option<Email>), DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_email_change
             select email, previous_email from one_time_tokens where id = $1",
            &[&id],
        )
        .await?;
    let Some(row) = row else {
        return Ok((None, None));
    };
    let address = |column: &str| {
        let text = row.try_get::<_, Option<String>>(column);
        text.map(|text| text.map(Email::from_database))
            .map_err(DbError::Statement)
    };
    Ok((address("email")?, address("previous_email")?))
}

/// Keeps the address that a change is about to replace, for the mail that tells its owner, and forgets the other one,
/// which is in the profile from now on.
pub(in crate::identity) async fn keep_previous_email(
    tx: &TenantTx,
    id: OneTimeTokenId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.keep_previous_email
         update one_time_tokens t set previous_email = p.email, email = null
           from profiles p
          where t.organization_id = $1 and t.id = $2 and p.organization_id = t.organization_id and p.id = t.user_id",
        &[&tx.organization(), &id],
    )
    .await
    .map(drop)
}

/// Forgets the address that a change replaced: its owner has been told.
pub(in crate::identity) async fn forget_previous_email(
    tx: &TenantTx,
    id: OneTimeTokenId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.forget_previous_email
         update one_time_tokens set previous_email = null where organization_id = $1 and id = $2",
        &[&tx.organization(), &id],
    )
    .await
    .map(drop)
}

/// Makes every link of a person useless, whatever it was for.
pub(in crate::identity) async fn void_links(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.void_links
         update one_time_tokens set used_at = $3, email = null
          where organization_id = $1 and user_id = $2 and used_at is null",
        &[&tx.organization(), &user, &now],
    )
    .await
    .map(drop)
}

/// Uses a link, once: whose it is, or `None` where it cannot be used.
pub(in crate::identity) async fn use_one_time_token(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
    purpose: Purpose,
) -> Result<Option<UserId>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.use_one_time_token
             update one_time_tokens set used_at = $4
              where organization_id = $1 and id = $2 and purpose = $3 and used_at is null and expires_at > $4
             returning user_id",
            &[&tx.organization(), &id, &purpose.as_str(), &now],
        )
        .await?;
    row.map(|row| row.try_get("user_id").map_err(DbError::Statement))
        .transpose()
}

pub(in crate::identity) async fn find_link(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
) -> Result<Option<LinkState>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_link
             select used_at is not null as used, expires_at <= $2 as expired, mailed_at is not null as mailed
               from one_time_tokens where id = $1",
            &[&id, &now],
        )
        .await?;
    row.map(|row| {
        let is = |column: &str| row.try_get::<_, bool>(column).map_err(DbError::Statement);
        Ok(match (is("used")?, is("expired")?, is("mailed")?) {
            (true, _, _) => LinkState::Used,
            (false, true, _) => LinkState::Expired,
            (false, false, true) => LinkState::Mailed,
            (false, false, false) => LinkState::Open,
        })
    })
    .transpose()
}

pub(in crate::identity) async fn mark_mailed(
    tx: &TenantTx,
    now: Timestamp,
    id: OneTimeTokenId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.mark_mailed
         update one_time_tokens set mailed_at = $3 where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}
