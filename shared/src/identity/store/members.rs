//! The SQL of an organisation's members.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::super::members::{Member, Removal};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::UserId;
use crate::kernel::{Email, PageRequest, Role};

/// Locks who belongs to the organisation and as what: of two administrators who demote each other at once, the second
/// sees what the first did. References to the organisation do not wait.
pub(in crate::identity) async fn lock_members(tx: &TenantTx) -> Result<(), DbError> {
    tx.query(
        "-- identity.lock_members
         select 1 from organizations where id = $1 for no key update",
        &[&tx.organization()],
    )
    .await
    .map(drop)
}

pub(in crate::identity) async fn list_members(
    tx: &TenantTx,
    page: PageRequest,
) -> Result<Vec<Member>, DbError> {
    let rows = tx
        .query(
            "-- identity.list_members
             select id, email, full_name, role, email_confirmed_at is not null as email_confirmed, created_at
               from profiles where ($1 is null or id < $1)
              order by id desc limit $2",
            &[&page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(Member::try_from).collect()
}

pub(in crate::identity) async fn find_member(tx: &TenantTx, user: UserId) -> Result<Option<Member>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.find_member
             select id, email, full_name, role, email_confirmed_at is not null as email_confirmed, created_at
               from profiles where id = $1",
            &[&user],
        )
        .await?;
    row.as_ref().map(Member::try_from).transpose()
}

/// How many administrators there are besides this person.
pub(in crate::identity) async fn other_admins(tx: &TenantTx, user: UserId) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "-- identity.other_admins
             select count(*) as admins from profiles where id <> $1 and role = 'admin'",
            &[&user],
        )
        .await?;
    row.try_get("admins").map_err(DbError::Statement)
}

/// What the person may do as of now, whatever an older token says.
pub(in crate::identity) async fn role_of(tx: &TenantTx, user: UserId) -> Result<Option<Role>, DbError> {
    let row = tx
        .query_opt(
            "-- identity.role_of
             select role from profiles where id = $1",
            &[&user],
        )
        .await?;
    row.map(|row| row.try_get::<_, String>("role").map_err(DbError::Statement))
        .transpose()
        .map(|role| role.and_then(|role| Role::parse(&role)))
}

pub(in crate::identity) async fn is_member(tx: &TenantTx, email: &Email) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "-- identity.is_member
             select 1 from profiles where lower(email) = lower($1)",
            &[&email.as_str()],
        )
        .await?;
    Ok(row.is_some())
}

pub(in crate::identity) async fn set_role(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
    role: Role,
) -> Result<(), DbError> {
    tx.execute(
        "-- identity.set_role
         update profiles set role = $3, updated_at = $4 where organization_id = $1 and id = $2",
        &[&tx.organization(), &user, &role.as_str(), &now],
    )
    .await
    .map(drop)
}

/// Removes the person and all that hangs on their profile; `None` where that is refused, or there is no such person.
pub(in crate::identity) async fn remove_member(
    tx: &TenantTx,
    now: Timestamp,
    user: UserId,
) -> Result<Option<Removal>, DbError> {
    let row = tx
        .query_one(
            "-- identity.remove_member
             select zencall.remove_member($1, $2) as outcome",
            &[&user, &now],
        )
        .await?;
    let outcome: String = row.try_get("outcome").map_err(DbError::Statement)?;
    Ok(match outcome.as_str() {
        "removed" => Some(Removal::Removed),
        "forgotten" => Some(Removal::Forgotten),
        _ => None,
    })
}

impl TryFrom<&Row> for Member {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        Ok(Self {
            id: row.try_get("id").map_err(DbError::Statement)?,
            email: Email::from_database(text("email")?),
            full_name: text("full_name")?,
            // A role of a later version gives no more rights than the least of today's.
            role: Role::parse(&text("role")?).unwrap_or(Role::Member),
            email_confirmed: row.try_get("email_confirmed").map_err(DbError::Statement)?,
            created_at: row.try_get("created_at").map_err(DbError::Statement)?,
        })
    }
}
