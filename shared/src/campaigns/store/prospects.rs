//! The SQL of contacts before there is a campaign.

use super::gate::{gate_contact, read_gate_contact};
use crate::campaigns::gate::GateContact;
use crate::db::{DbError, TenantTx};

const PROSPECTS: &str = concat!(
    "-- campaigns.prospects
         select ",
    gate_contact!(),
    " null::jsonb end as consents
           from contacts p cross join (select null::text as legal_basis) c
          where p.organization_id = $1 and p.phone = any ($2)"
);

/// The gate's view of the contacts with these numbers. Without a campaign there is no ground to prove; of those who object to
/// everybody, whoever asks knows the ledger.
pub(in crate::campaigns) async fn by_number(
    tx: &TenantTx,
    phones: &[String],
) -> Result<Vec<GateContact>, DbError> {
    let rows = tx.query(PROSPECTS, &[&tx.organization(), &phones]).await?;
    rows.iter().map(read_gate_contact).collect()
}
