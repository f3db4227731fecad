//! What the gate asks about a campaign and a contact, as columns and as what is read from them: the same for whoever asks.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;

use super::campaign::windows_from_database;
use super::get;
use crate::assistants::read_compliance;
use crate::campaigns::gate::{GateCampaign, GateContact};
use crate::campaigns::{Advertiser, timezone_from_database};
use crate::db::DbError;
use crate::kernel::{PhoneNumber, Timezone};
use crate::law::{LegalBasis, Sector};

/// The gate's view of a campaign, from a row with the columns of `gate_campaign!`.
pub(in crate::campaigns) fn read_gate_campaign(row: &Row) -> Result<GateCampaign, DbError> {
    let basis: String = get(row, "legal_basis")?;
    let sector: String = get(row, "sector")?;
    let caller: Option<String> = get(row, "twilio_phone_number")?;
    Ok(GateCampaign {
        legal_basis: LegalBasis::parse(&basis).map_err(|_| DbError::Aborted)?,
        advertiser: Advertiser {
            name: get(row, "advertiser_name")?,
            siren: get(row, "advertiser_siren")?,
        },
        object: get(row, "object")?,
        sector: Sector::parse(&sector).map_err(|_| DbError::Aborted)?,
        call_windows: windows_from_database(get(row, "call_windows")?).ok_or(DbError::Aborted)?,
        timezone: timezone_from_database(&get::<String>(row, "timezone")?),
        caller_number: caller.map(PhoneNumber::from_database),
        max_attempts: get(row, "max_attempts")?,
        budget: get(row, "max_cost")?,
        assistant: read_compliance(row)?,
    })
}

/// The gate's view of a contact, from a row with the columns of `gate_contact!`.
pub(in crate::campaigns) fn read_gate_contact(row: &Row) -> Result<GateContact, DbError> {
    let timezone: Option<String> = get(row, "contact_timezone")?;
    Ok(GateContact {
        phone: PhoneNumber::from_database(get(row, "phone")?),
        is_business: get::<String>(row, "kind")? == "business",
        do_not_call: get(row, "do_not_call")?,
        // Known by a hash, which whoever asks has.
        objected_at: None,
        timezone: timezone.and_then(|name| Timezone::parse(&name).ok()),
        postal_code: get(row, "postal_code")?,
        consents: json(row, "consents")?.unwrap_or_default(),
        contract: json(row, "contract")?,
        callback_request: json(row, "callback_request")?,
    })
}

/// A column of JSON of ours; what cannot be read is an error, since nobody is called on a guess.
fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, DbError> {
    get::<Option<Value>>(row, column)?
        .map(|value| serde_json::from_value(value).map_err(|_| DbError::Aborted))
        .transpose()
}

/// The columns of [`read_gate_contact`], of a contact `p` for a campaign `c`. The ledger is read for the grounds that it
/// bears on.
macro_rules! gate_contact {
    () => {
        "p.phone, p.kind,
    (p.do_not_call or exists (
      select from do_not_call n where n.organization_id = $1 and n.phone = p.phone)) as do_not_call,
    p.timezone as contact_timezone, p.postal_code, p.contract, p.callback_request,
    case when c.legal_basis in ('consent', 'contract', 'callback_request') then "
    };
}
pub(super) use gate_contact;

/// The columns of [`read_gate_campaign`], of a campaign `c`, its assistant `s` and its organisation `o`.
macro_rules! gate_campaign {
    () => {
        "c.legal_basis, c.advertiser_name, c.advertiser_siren, c.object, c.sector, c.timezone, c.call_windows, c.max_attempts,
    c.max_cost, s.disclosures_version, s.checked_at, s.drifted_at, o.twilio_phone_number"
    };
}
pub(super) use gate_campaign;

/// What the calls of a campaign `c` have cost, with what is set aside for those whose cost is not known, but for one
/// attempt where one is given; nothing without a budget, where nobody asks.
macro_rules! spent {
    () => {
        spent!("null")
    };
    ($besides:literal) => {
        concat!(
            "case when c.max_cost is null then 0 else zencall.campaign_spent(c.id, ",
            $besides,
            ") end as spent"
        )
    };
}
pub(super) use spent;
