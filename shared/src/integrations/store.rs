//! The SQL of connections: columns of the organisation's own row.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::route::Former;
use super::{IntegrationError, NewConnection, TwilioConnection};
use crate::db::{DbError, TenantTx};
use crate::kernel::{Country, PhoneNumber};

/// Longer than a change takes, whose requests all have time-outs.
const LONGEST_CHANGE: SignedDuration = SignedDuration::from_secs(60);

/// The right to change the connection, until it runs out.
#[derive(Debug)]
pub(super) struct Claim {
    /// As the database keeps it: proves that the claim is still ours.
    pub(super) until: Timestamp,
    /// The connection as it was when the claim was taken.
    pub(super) before: TwilioConnection,
    /// Where messages to its numbers went before they came to us.
    pub(super) former: Vec<Former>,
}

impl TryFrom<&Row> for TwilioConnection {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column| {
            row.try_get::<_, Option<String>>(column)
                .map_err(DbError::Statement)
        };
        let country = text("country")?.and_then(|code| Country::parse(&code).ok());
        Ok(Self {
            configured: row.try_get("twilio_configured").map_err(DbError::Statement)?,
            account_sid: text("twilio_account_sid")?,
            phone_number: text("twilio_phone_number")?.map(PhoneNumber::from_database),
            sms_sender: text("twilio_sms_sender")?,
            verified_at: row.try_get("twilio_verified_at").map_err(DbError::Statement)?,
            vapi_phone_number_id: text("vapi_phone_number_id")?,
            country: country.unwrap_or(Country::FR),
        })
    }
}

pub(super) async fn current(tx: &TenantTx) -> Result<TwilioConnection, DbError> {
    let row = tx
        .query_one(
            "-- integrations.current
             select twilio_configured, twilio_account_sid, twilio_phone_number, twilio_sms_sender, twilio_verified_at,
                    vapi_phone_number_id, country
               from organizations",
            &[],
        )
        .await?;
    TwilioConnection::try_from(&row)
}

pub(super) async fn claim(tx: &TenantTx, now: Timestamp) -> Result<Claim, IntegrationError> {
    let until = now.saturating_add(LONGEST_CHANGE).unwrap_or(now);
    let row = tx
        .query_opt(
            "-- integrations.claim
             update organizations set twilio_change_until = $2
              where id = $1 and (twilio_change_until is null or twilio_change_until <= $3)
             returning twilio_change_until, twilio_configured, twilio_account_sid, twilio_phone_number,
                       twilio_sms_sender, twilio_verified_at, vapi_phone_number_id, country, twilio_sms_former",
            &[&tx.organization(), &until, &now],
        )
        .await?
        .ok_or(IntegrationError::UnderWay)?;
    let former: Option<serde_json::Value> = row.try_get("twilio_sms_former").map_err(DbError::Statement)?;
    Ok(Claim {
        until: row.try_get("twilio_change_until").map_err(DbError::Statement)?,
        before: TwilioConnection::try_from(&row)?,
        former: former
            .and_then(|former| serde_json::from_value(former).ok())
            .unwrap_or_default(),
    })
}

pub(super) async fn release(tx: &TenantTx, claim: &Claim) -> Result<(), DbError> {
    tx.execute(
        "-- integrations.release
         update organizations set twilio_change_until = null where id = $1 and twilio_change_until = $2",
        &[&tx.organization(), &claim.until],
    )
    .await
    .map(drop)
}

/// Writes the connection and gives the claim back. Whose claim ran out meanwhile has lost it.
pub(super) async fn connect(
    tx: &TenantTx,
    claim: &Claim,
    new: &NewConnection,
    vapi_phone_number_id: &str,
    former: &[Former],
    now: Timestamp,
) -> Result<TwilioConnection, IntegrationError> {
    let former = serde_json::to_value(former).unwrap_or_default();
    let row = tx
        .query_opt(
            "-- integrations.connect
             update organizations
                set twilio_configured = true, twilio_account_sid = $3, twilio_phone_number = $4, twilio_sms_sender = $5,
                    vapi_phone_number_id = $6, twilio_verified_at = $7, updated_at = $7, twilio_change_until = null,
                    twilio_rejected_at = null, twilio_sms_former = $8,
                    caller_number_mandate = case when twilio_phone_number = $4 then caller_number_mandate end,
                    caller_number_mandate_signed_on =
                      case when twilio_phone_number = $4 then caller_number_mandate_signed_on end
              where id = $1 and twilio_change_until = $2
             returning twilio_configured, twilio_account_sid, twilio_phone_number, twilio_sms_sender, twilio_verified_at,
                       vapi_phone_number_id, country",
            &[
                &tx.organization(),
                &claim.until,
                &new.credentials.account_sid.as_str(),
                &new.phone_number.as_str(),
                &new.sms_sender.as_str(),
                &vapi_phone_number_id,
                &now,
                &former,
            ],
        )
        .await?
        .ok_or(IntegrationError::UnderWay)?;
    Ok(TwilioConnection::try_from(&row)?)
}

/// Clears the connection and gives the claim back.
pub(super) async fn disconnect(tx: &TenantTx, claim: &Claim, now: Timestamp) -> Result<(), IntegrationError> {
    let cleared = tx
        .execute(
            "-- integrations.disconnect
             update organizations
                set twilio_configured = false, twilio_account_sid = null, twilio_phone_number = null,
                    twilio_sms_sender = null, vapi_phone_number_id = null, twilio_verified_at = null,
                    updated_at = $3, twilio_change_until = null, twilio_sms_former = null,
                    caller_number_mandate = null, caller_number_mandate_signed_on = null
              where id = $1 and twilio_change_until = $2",
            &[&tx.organization(), &claim.until, &now],
        )
        .await?;
    if cleared == 1 {
        Ok(())
    } else {
        Err(IntegrationError::UnderWay)
    }
}
