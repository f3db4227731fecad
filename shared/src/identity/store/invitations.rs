//! The SQL of invitations. An open one has an address; one that was accepted or withdrawn has none.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::super::invitations::{Invitation, InvitationState, Joining};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::{InvitationId, UserId};
use crate::kernel::{Email, PageRequest, Role};

/// How long the address of an invitation that nobody accepted is kept.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What the limit of invitations counts.
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(in crate::identity) async fn insert_invitation(
    tx: &TenantTx,
    invitation: &Invitation,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_invitation
         insert into invitations (id, organization_id, email, role, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &invitation.id,
            &tx.organization(),
            &invitation.email.as_str(),
            &invitation.role.as_str(),
            &invitation.invited_by,
            &invitation.created_at,
            &invitation.expires_at,
        ],
    )
    .await
    .map(drop)
}

/// Withdraws what is open for this address, and forgets those whom nobody heard of for a month.
pub(in crate::identity) async fn withdraw_older(
    tx: &TenantTx,
    now: Timestamp,
    email: &Email,
) -> Result<(), DbError> {
    let forgotten = now.saturating_sub(FORGOTTEN_AFTER).unwrap_or(now);
    tx.execute(
        "-- identity.withdraw_older_invitations
         update invitations set revoked_at = $3, email = null
          where organization_id = $1 and email is not null and (lower(email) = lower($2) or expires_at < $4)",
        &[&tx.organization(), &email.as_str(), &now, &forgotten],
    )
    .await
    .map(drop)
}

/// How many the organisation has sent within 24 hours.
pub(in crate::identity) async fn invitations_of_the_day(
    tx: &TenantTx,
    now: Timestamp,
) -> Result<i64, DbError> {
    let since = now.saturating_sub(DAY).unwrap_or(now);
    let row = tx
        .query_one(
            "-- identity.invitations_of_the_day
             select count(*) as sent from invitations where created_at > $1",
            &[&since],
        )
        .await?;
    row.try_get("sent").map_err(DbError::Statement)
}

pub(in crate::identity) async fn list_invitations(
    tx: &TenantTx,
    page: PageRequest,
) -> Result<Vec<Invitation>, DbError> {
    let rows = tx
        .query(
            "-- identity.list_invitations
             select id, email, role, invited_by, created_at, expires_at from invitations
              where email is not null and ($1 is null or id < $1)
              order by id desc limit $2",
            &[&page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Invitation::try_from).collect()
}

pub(in crate::identity) async fn revoke_invitation(
    tx: &TenantTx,
    now: Timestamp,
    id: InvitationId,
) -> Result<bool, DbError> {
    let revoked = tx
        .execute(
            "-- identity.revoke_invitation
             update invitations set revoked_at = $3, email = null
              where organization_id = $1 and id = $2 and email is not null",
            &[&tx.organization(), &id, &now],
        )
        .await?;
    Ok(revoked == 1)
}

pub(in crate::identity) async fn find_invitation(
    tx: &TenantTx,
    now: Timestamp,
    id: InvitationId,
) -> Result<Option<InvitationState>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_invitation
             select email, role, invited_by, expires_at, mailed_at, accepted_at from invitations
              where id = $1",
            &[&id],
        )
        .await?;
    row.map(|row| state(&row, now)).transpose()
}

/// The same, held until the transaction ends: of two who accept at once, the second finds it used.
pub(in crate::identity) async fn lock_invitation(
    tx: &TenantTx,
    now: Timestamp,
    id: InvitationId,
) -> Result<Option<InvitationState>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.lock_invitation
             select email, role, invited_by, expires_at, mailed_at, accepted_at from invitations
              where organization_id = $1 and id = $2 for update",
            &[&tx.organization(), &id],
        )
        .await?;
    row.map(|row| state(&row, now)).transpose()
}

/// The invitation has made this member; the address is theirs from now on.
pub(in crate::identity) async fn close_invitation(
    tx: &TenantTx,
    now: Timestamp,
    id: InvitationId,
    user: UserId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.close_invitation
         update invitations set accepted_at = $4, user_id = $3, email = null where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &user, &now],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn mark_invitation_mailed(
    tx: &TenantTx,
    now: Timestamp,
    id: InvitationId,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.mark_invitation_mailed
         update invitations set mailed_at = $3 where organization_id = $1 and id = $2",
        &[&tx.organization(), &id, &now],
    )
    .await
    .map(drop)
}

/// Makes a member of somebody whose address is proven by the link that was sent to it.
pub(in crate::identity) async fn insert_member(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    (email, role): (&Email, Role),
    joining: &Joining,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.insert_member
         insert into profiles (id, organization_id, email, full_name, role, language, email_confirmed_at,
                               terms_accepted_at, gdpr_consent_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $7, $7, $7)",
        &[
            &user,
            &tx.organization(),
            &email.as_str(),
            &joining.full_name.as_str(),
            &role.as_str(),
            &joining.language.as_str(),
            &now,
        ],
    )
    .await
    .map(drop)
}

fn state(row: &Row, now: Timestamp) -> Result<InvitationState, DbError> {
    let at = |column: &str| {
        row.try_get::<_, Option<Timestamp>>(column)
            .map_err(DbError::Statement)
    };
    let email: Option<String> = row.try_get("email").map_err(DbError::Statement)?;
    let expires_at: Timestamp = row.try_get("expires_at").map_err(DbError::Statement)?;
    Ok(match email {
        _ if at("accepted_at")?.is_some() => InvitationState::Used,
        None => InvitationState::Revoked,
        Some(_) if expires_at <= now => InvitationState::Expired,
        Some(email) => InvitationState::Open {
            email: Email::from_database(email),
            role: role(row)?,
            invited_by: row.try_get("invited_by").map_err(DbError::Statement)?,
            mailed: at("mailed_at")?.is_some(),
        },
    })
}

fn role(row: &Row) -> Result<Role, DbError> {
    let role: String = row.try_get("role").map_err(DbError::Statement)?;
    // A role of a later version gives no more rights than the least of today's.
    Ok(Role::parse(&role).unwrap_or(Role::Member))
}

impl TryFrom<&Row> for Invitation {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let at = |column: &str| row.try_get(column).map_err(DbError::Statement);
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            email: Email::from_database(row.try_get("email").map_err(DbError::Statement)?),
            role: role(row)?,
            invited_by: row.try_get("invited_by").map_err(DbError::Statement)?,
            created_at: at("created_at")?,
            expires_at: at("expires_at")?,
        })
    }
}
