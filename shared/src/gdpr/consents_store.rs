//! The SQL of the users' own consents: rows are added, never changed.

use tokio_postgres::Row;
use uuid::Uuid;

use super::consents::{Consent, ConsentType, GivenConsent};
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::UserId;
use crate::kernel::page::PageRequest;
use crate::kernel::{Clock, Origin};

impl TryFrom<&Row> for Consent {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column: &str| row.try_get::<_, String>(column).map_err(DbError::Statement);
        Ok(Self {
            id: super::consents::ConsentId(row.try_get::<_, Uuid>("id").map_err(DbError::Statement)?),
            consent_type: text("consent_type")?,
            given: row.try_get("consent_given").map_err(DbError::Statement)?,
            version: text("consent_version")?,
            at: row.try_get("created_at").map_err(DbError::Statement)?,
        })
    }
}

fn consents(rows: &[Row]) -> Result<Vec<Consent>, DbError> {
    rows.iter().map(Consent::try_from).collect()
}

pub(super) async fn list(tx: &TenantTx, user: UserId, page: PageRequest) -> Result<Vec<Consent>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.list_consents
             select id, consent_type, consent_given, consent_version, created_at
               from gdpr_consents
              where user_id = $1 and ($2 is null or id < $2)
              order by id desc limit $3",
            &[&user, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    consents(&rows)
}

/// What was last said of each.
pub(super) async fn current(tx: &TenantTx, user: UserId) -> Result<Vec<Consent>, DbError> {
    let rows = tx
        .query(
            "-- gdpr.current_consents
             select distinct on (consent_type) id, consent_type, consent_given, consent_version, created_at
               from gdpr_consents where user_id = $1
              order by consent_type, id desc",
            &[&user],
        )
        .await?;
    consents(&rows)
}

pub(super) async fn insert(
    tx: &TenantTx,
    clock: &Clock,
    user: UserId,
    consent: &GivenConsent,
    origin: &Origin,
) -> Result<Consent, DbError> {
    let row = tx
        .query_one(
            "-- gdpr.insert_consent
             insert into gdpr_consents (id, organization_id, user_id, consent_type, consent_given, consent_version,
                                        ip_address, user_agent, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             returning id, consent_type, consent_given, consent_version, created_at",
            &[
                &clock.uuid(),
                &tx.organization(),
                &user,
                &consent.consent_type.as_str(),
                &consent.given,
                &consent.version,
                &origin.ip_address,
                &origin.user_agent,
                &clock.now(),
            ],
        )
        .await?;
    Consent::try_from(&row)
}

/// What the profile says of it, which existing frontends read.
pub(super) async fn update_profile(
    tx: &TenantTx,
    clock: &Clock,
    user: UserId,
    consent: &GivenConsent,
) -> Result<(), DbError> {
    let sql = match consent.consent_type {
        ConsentType::Terms => {
            "-- gdpr.update_terms
             update profiles set terms_accepted_at = case when $3 then $4 end, updated_at = $4
              where organization_id = $1 and id = $2"
        }
        ConsentType::Privacy => {
            "-- gdpr.update_privacy
             update profiles set gdpr_consent_at = case when $3 then $4 end, updated_at = $4
              where organization_id = $1 and id = $2"
        }
        ConsentType::Marketing => {
            "-- gdpr.update_marketing
             update profiles set marketing_consent = $3, updated_at = $4 where organization_id = $1 and id = $2"
        }
        ConsentType::Cookies => return Ok(()),
    };
    tx.execute(sql, &[&tx.organization(), &user, &consent.given, &clock.now()])
        .await
        .map(drop)
}
