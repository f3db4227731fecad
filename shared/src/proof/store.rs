//! The SQL of the proof page, within one organisation at a time.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::read::{Lawful, ProvenCall};
use crate::consents::Company;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::MessageId;
use crate::kernel::{Language, PhoneNumber};

/// What was sent, and in which language the organisation writes.
pub(super) struct Sent {
    /// Whether this message is there already.
    pub(super) known: bool,
    /// How many codes since a day ago.
    pub(super) today: i64,
    pub(super) language: Language,
}

/// The codes that an organisation sent within a day.
pub(super) async fn codes_today(tx: &TenantTx, message: MessageId, now: Timestamp) -> Result<Sent, DbError> {
    let row = tx
        .query_one(
            "-- proof.codes_today
             select o.language, exists (select from messages m where m.id = $1) as known,
                    (select count(*) from messages m
                      where m.carries_code and m.created_at > $2::timestamptz - interval '1 day')
                      as today
               from organizations o",
            &[&message, &now],
        )
        .await?;
    Ok(Sent {
        known: get(&row, "known")?,
        today: get(&row, "today")?,
        language: Language::parse(get(&row, "language")?).unwrap_or_default(),
    })
}

/// What the organisation is called.
pub(super) async fn name(tx: &TenantTx) -> Result<String, DbError> {
    let row = tx
        .query_one(
            "-- proof.organization
             select name from organizations",
            &[],
        )
        .await?;
    get(&row, "name")
}

/// The calls with a number, newest first.
pub(super) async fn calls(tx: &TenantTx, phone: &PhoneNumber) -> Result<Vec<ProvenCall>, DbError> {
    let rows = tx
        .query(
            "-- proof.calls
             select o.name as organization, c.direction, coalesce(c.started_at, c.created_at) as at, c.outcome,
                    k.advertiser_name, k.advertiser_siren, k.object, k.legal_basis, d.decided_at, d.allowed_until,
                    d.inputs_hash
               from calls c
               join organizations o on o.id = $1
               left join campaigns k on k.organization_id = $1 and k.id = c.campaign_id
               left join lateral (
                 select g.decided_at, g.allowed_until, g.inputs_hash from gate_decisions g
                  where g.organization_id = $1 and g.campaign_id = c.campaign_id and g.contact_id = c.contact_id
                    and g.attempt_id = c.attempt_id and g.allowed
                  order by g.id desc limit 1) d on true
              where c.organization_id = $1 and c.phone = $2
              order by c.created_at desc limit 200",
            &[&tx.organization(), &phone.as_str()],
        )
        .await?;
    rows.iter().map(call).collect()
}

fn call(row: &Row) -> Result<ProvenCall, DbError> {
    let advertiser: Option<String> = get(row, "advertiser_name")?;
    let siren = get(row, "advertiser_siren")?;
    let legal_basis: Option<String> = get(row, "legal_basis")?;
    let (decided_at, allowed_until) = (get(row, "decided_at")?, get(row, "allowed_until")?);
    let inputs_hash = get(row, "inputs_hash")?;
    Ok(ProvenCall {
        organization: get(row, "organization")?,
        direction: get(row, "direction")?,
        at: get(row, "at")?,
        outcome: get(row, "outcome")?,
        advertiser: advertiser.map(|name| Company { name, siren }),
        object: get(row, "object")?,
        decision: legal_basis.map(|legal_basis| Lawful {
            legal_basis,
            decided_at,
            allowed_until,
            inputs_hash,
        }),
    })
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
