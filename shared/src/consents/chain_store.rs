//! The SQL of chains as they are verified.

use tokio_postgres::Row;
use uuid::Uuid;

use super::chain::{Content, Link, Place};
use super::store::get;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::ConsentId;

/// A person's chain, as it is kept.
pub(super) struct Chain {
    pub(super) id: Uuid,
    pub(super) length: i32,
    pub(super) head: Vec<u8>,
    pub(super) links: Vec<Link>,
}

/// Some chains in the order of their ids, with their links in their order.
pub(super) async fn chains(tx: &TenantTx, after: Option<Uuid>, at_most: i64) -> Result<Vec<Chain>, DbError> {
    let rows = tx
        .query(
            "-- consents.chains
             select q.id as chain, q.length, q.head, c.*
               from (select id, length, head from consent_people
                      where ($1::uuid is null or id > $1) order by id limit $2) q
               left join consents c on c.person_id = q.id
              order by q.id, c.sequence",
            &[&after, &at_most],
        )
        .await?;
    let mut chains: Vec<Chain> = Vec::new();
    for row in &rows {
        let id = get(row, "chain")?;
        if chains.last().is_none_or(|chain| chain.id != id) {
            chains.push(Chain {
                id,
                length: get(row, "length")?,
                head: get(row, "head")?,
                links: Vec::new(),
            });
        }
        if let (Some(chain), Some(entry)) = (chains.last_mut(), get::<Option<ConsentId>>(row, "id")?) {
            chain.links.push(read_link(row, id, entry)?);
        }
    }
    Ok(chains)
}

fn read_link(row: &Row, person: Uuid, id: ConsentId) -> Result<Link, DbError> {
    Ok(Link {
        place: Place {
            person,
            sequence: get(row, "sequence")?,
            id,
            recorded_at: get(row, "recorded_at")?,
        },
        content: Content {
            kind: get(row, "kind")?,
            contact_id: get(row, "contact_id")?,
            purposes: get(row, "purposes")?,
            object: get(row, "object")?,
            advertiser_name: get(row, "advertiser_name")?,
            advertiser_siren: get(row, "advertiser_siren")?,
            third_party_name: get(row, "third_party_name")?,
            third_party_siren: get(row, "third_party_siren")?,
            wording: get(row, "wording")?,
            wording_sha256: get(row, "wording_sha256")?,
            text_version: get(row, "text_version")?,
            channel: get(row, "channel")?,
            positive_act: get(row, "positive_act")?,
            collected_at: get(row, "collected_at")?,
            valid_until: get(row, "valid_until")?,
            special_slot_from: get(row, "special_slot_from")?,
            special_slot_until: get(row, "special_slot_until")?,
            evidence: get(row, "evidence")?,
            withdraws: get(row, "withdraws")?,
            quote: get(row, "quote")?,
        },
        salt: get(row, "salt")?,
        commitment: get(row, "commitment")?,
        previous_hash: get(row, "previous_hash")?,
        hash: get(row, "hash")?,
    })
}
