//! The SQL of the edge: what may be asked before a tenant is known. Each is one narrow `SECURITY DEFINER` function, of
//! `V008__edge_functions.sql` or of a later migration, and one round trip.

use jiff::Timestamp;
use secrecy::SecretString;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Bytes, Db, DbError};
use crate::kernel::ids::{
    AttemptId, GdprRequestId, InvitationId, OneTimeTokenId, OrganizationId, OutboxId, SessionId, UserId,
};
use crate::kernel::meter::Meter;
use crate::kernel::shown::shows;
use crate::kernel::{Clock, Email};

/// What the login path needs, the hash included.
#[derive(Debug)]
pub struct Login {
    /// The person.
    pub user: UserId,
    /// Their organisation.
    pub organization: OrganizationId,
    /// A PHC string, or a bcrypt hash that was brought over from another system.
    pub password_hash: SecretString,
    /// Since when it is kept.
    pub changed_at: Timestamp,
}

/// Whose address it is.
#[derive(Debug, Clone, Copy)]
pub struct KnownUser {
    /// The person.
    pub user: UserId,
    /// Their organisation.
    pub organization: OrganizationId,
    /// Whether they have confirmed their address.
    pub confirmed: bool,
}

/// A row of the outbox that was left behind.
pub struct LeftMessage {
    /// Its id.
    pub id: OutboxId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which queue it goes to.
    pub queue: String,
    /// What it says.
    pub body: serde_json::Value,
}

shows!(LeftMessage, id, organization, queue);

/// A provider's event whose tenant was not known when it came.
pub struct ParkedEvent {
    /// Its id.
    pub id: Uuid,
    /// The message as it lay on the queue.
    pub body: serde_json::Value,
}

shows!(ParkedEvent, id);

/// Ids by which an event of Vapi may tell whose it is, the surest first.
#[derive(Debug, Clone, Default)]
pub struct EventKeys {
    /// Our attempt, from `customer.externalId`.
    pub attempt: Option<AttemptId>,
    /// Vapi's id of the call.
    pub vapi_call_id: Option<String>,
    /// Vapi's id of the assistant.
    pub vapi_assistant_id: Option<String>,
    /// Vapi's id of the phone number.
    pub vapi_phone_number_id: Option<String>,
}

impl Db {
    /// Who logs in with this address. The limits that `meter` owes are paid in the same packet; over one, or where they
    /// cannot be counted, nobody is found.
    pub async fn login_by_email(&self, meter: &Meter, email: &Email) -> Result<Option<Login>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.login_by_email",
                meter,
                "-- edge.login_by_email
                 select user_id, organization_id, password_hash, changed_at from zencall.credentials_by_email($1)",
                &[&email.as_str()],
            )
            .await?;
        rows.first()
            .map(|row| {
                Ok(Login {
                    user: get(row, 0)?,
                    organization: get(row, 1)?,
                    password_hash: SecretString::from(get::<String>(row, 2)?),
                    changed_at: get(row, 3)?,
                })
            })
            .transpose()
    }

    /// Whose address this is; with limits as [`Db::login_by_email`].
    pub async fn user_by_email(&self, meter: &Meter, email: &Email) -> Result<Option<KnownUser>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.user_by_email",
                meter,
                "-- edge.user_by_email
                 select user_id, organization_id, confirmed from zencall.user_by_email($1)",
                &[&email.as_str()],
            )
            .await?;
        rows.first()
            .map(|row| {
                Ok(KnownUser {
                    user: get(row, 0)?,
                    organization: get(row, 1)?,
                    confirmed: get(row, 2)?,
                })
            })
            .transpose()
    }

    /// The login that a refresh token descends from, by the token's hash.
    pub async fn session_by_refresh_token(
        &self,
        meter: &Meter,
        token_hash: &Bytes,
    ) -> Result<Option<(OrganizationId, SessionId)>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.session_by_refresh_token",
                meter,
                "-- edge.session_by_refresh_token
                 select organization_id, session_id from zencall.session_by_refresh_token($1)",
                &[token_hash],
            )
            .await?;
        rows.first()
            .map(|row| Ok((get(row, 0)?, get(row, 1)?)))
            .transpose()
    }

    /// Whose link this is.
    pub async fn organization_of_one_time_token(
        &self,
        meter: &Meter,
        id: OneTimeTokenId,
    ) -> Result<Option<OrganizationId>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.organization_of_one_time_token",
                meter,
                "-- edge.organization_of_one_time_token
                 select zencall.organization_of_one_time_token($1)",
                &[&id],
            )
            .await?;
        optional(rows.first())
    }

    /// Whose invitation this is.
    pub async fn organization_of_invitation(
        &self,
        meter: &Meter,
        id: InvitationId,
    ) -> Result<Option<OrganizationId>, DbError> {
        let rows = self
            .counted_lookup(
                "edge.organization_of_invitation",
                meter,
                "-- edge.organization_of_invitation
                 select zencall.organization_of_invitation($1)",
                &[&id],
            )
            .await?;
        optional(rows.first())
    }

    /// Whose event this is, according to our own rows.
    pub async fn organization_of_vapi_event(
        &self,
        keys: &EventKeys,
    ) -> Result<Option<OrganizationId>, DbError> {
        let rows = self
            .lookup(
                "edge.organization_of_vapi_event",
                "-- edge.organization_of_vapi_event
                 select zencall.organization_of_vapi_event($1, $2, $3, $4)",
                &[
                    &keys.attempt,
                    &keys.vapi_call_id,
                    &keys.vapi_assistant_id,
                    &keys.vapi_phone_number_id,
                ],
            )
            .await?;
        optional(rows.first())
    }

    /// Organisations with attempts that have waited too long for something.
    pub async fn stale_organizations(
        &self,
        queued_before: Timestamp,
        dialing_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.stale_organizations",
            "-- edge.stale_organizations
             select zencall.stale_organizations($1, $2, $3)",
            &[&queued_before, &dialing_before, &at_most],
        )
        .await
    }

    /// At most five organisations that are connected with this account at Twilio: one account may serve several.
    pub async fn organizations_of_twilio_account(
        &self,
        account_sid: &str,
    ) -> Result<Vec<OrganizationId>, DbError> {
        self.lookup_column(
            "edge.organizations_of_twilio_account",
            "-- edge.organizations_of_twilio_account
             select zencall.organizations_of_twilio_account($1)",
            &[&account_sid],
        )
        .await
    }

    /// Messages that a crash left in the outbox, oldest first.
    pub async fn outbox_due(
        &self,
        created_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<LeftMessage>, DbError> {
        let rows = self
            .lookup(
                "edge.outbox_due",
                "-- edge.outbox_due
                 select id, organization_id, queue, body from zencall.outbox_due($1, $2)",
                &[&created_before, &at_most],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(LeftMessage {
                    id: get(row, 0)?,
                    organization: get(row, 1)?,
                    queue: get(row, 2)?,
                    body: get(row, 3)?,
                })
            })
            .collect()
    }

    /// Requests under the RGPD that are due, or whose worker was lost, oldest first.
    pub async fn due_gdpr_requests(
        &self,
        now: Timestamp,
        stalled_before: Timestamp,
        at_most: i32,
    ) -> Result<Vec<(OrganizationId, GdprRequestId)>, DbError> {
        let rows = self
            .lookup(
                "edge.due_gdpr_requests",
                "-- edge.due_gdpr_requests
                 select organization_id, id from zencall.due_gdpr_requests($1, $2, $3)",
                &[&now, &stalled_before, &at_most],
            )
            .await?;
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
    }

    /// Keeps an event whose tenant is not known yet.
    pub async fn park_event(&self, clock: &Clock, body: &serde_json::Value) -> Result<(), DbError> {
        self.lookup(
            "edge.park_event",
            "-- edge.park_event
             select zencall.park_event($1, $2, $3)",
            &[&clock.uuid(), body, &clock.now()],
        )
        .await
        .map(drop)
    }

    /// Events that were kept because their tenant was not known, in the order in which they came.
    pub async fn parked_events(
        &self,
        received_before: Timestamp,
        after: Option<Uuid>,
        at_most: i32,
    ) -> Result<Vec<ParkedEvent>, DbError> {
        let rows = self
            .lookup(
                "edge.parked_events",
                "-- edge.parked_events
                 select id, body from zencall.parked_events($1, $2, $3)",
                &[&received_before, &after, &at_most],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ParkedEvent {
                    id: get(row, 0)?,
                    body: get(row, 1)?,
                })
            })
            .collect()
    }

    /// An event that was kept is applied, or given up.
    pub async fn forget_parked_event(&self, id: Uuid) -> Result<(), DbError> {
        self.lookup(
            "edge.forget_parked_event",
            "-- edge.forget_parked_event
             select zencall.forget_parked_event($1)",
            &[&id],
        )
        .await
        .map(drop)
    }

    /// Forgets some attempts that are too old to count under the law; returns how many.
    pub async fn forget_old_solicitations(&self, before: Timestamp, at_most: i32) -> Result<i32, DbError> {
        self.lookup_count(
            "edge.forget_old_solicitations",
            "-- edge.forget_old_solicitations
             select zencall.forget_old_solicitations($1, $2)",
            &[&before, &at_most],
        )
        .await
    }

    /// Forgets limits that had ended before this time; returns how many.
    pub async fn forget_limits(&self, ended_before: Timestamp, at_most: i32) -> Result<i32, DbError> {
        self.lookup_count(
            "edge.forget_limits",
            "-- edge.forget_limits
             select zencall.forget_limits($1, $2)",
            &[&ended_before, &at_most],
        )
        .await
    }

    /// Makes the partitions that the coming months need.
    pub async fn ensure_partitions(&self, around: jiff::civil::Date) -> Result<(), DbError> {
        self.lookup(
            "edge.ensure_partitions",
            "-- edge.ensure_partitions
             select zencall.ensure_partitions($1)",
            &[&around],
        )
        .await
        .map(drop)
    }
}

pub(super) fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    index: usize,
) -> Result<T, DbError> {
    row.try_get(index).map_err(DbError::Statement)
}

fn optional<'a, T: tokio_postgres::types::FromSql<'a>>(row: Option<&'a Row>) -> Result<Option<T>, DbError> {
    row.map_or(Ok(None), |row| get(row, 0))
}
