//! The SQL of the ledger.

use futures_util::future::join;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::chain::{Content, Place, SALT_BYTES, commit, link_hash};
use super::standing::valid_until;
use super::{Company, Consent, NewWithdrawal, Purpose, SpecialSlot, Status};
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{ConsentId, ContactId};
use crate::kernel::instant::whole_microseconds;
use crate::kernel::{Clock, PageRequest, PhoneNumber, hex};

pub(super) const GIVEN: &str = "given";
const WITHDRAWN: &str = "withdrawn";

/// An expression for a statement that has a contact as `p`: its entries in the order of their chain, as the gate reads
/// them ([`super::Entry`]), the last hundred of them.
macro_rules! facts {
    () => {
        "zencall.consent_facts($1, p.phone)"
    };
}
pub(crate) use facts;

const COLUMNS: &str = "c.id, c.contact_id, c.purposes, c.object, c.advertiser_name, c.advertiser_siren, c.third_party_name,
    c.third_party_siren, c.wording, c.wording_sha256, c.text_version, c.channel, c.positive_act, c.collected_at,
    c.valid_until, c.special_slot_from, c.special_slot_until, c.evidence, c.recorded_at, c.sequence, c.hash,
    (select min(w.recorded_at) from consents w
      where w.organization_id = c.organization_id and w.person_id = c.person_id and w.kind = 'withdrawn'
        and w.sequence > c.sequence and (w.withdraws is null or w.withdraws = c.id)) as withdrawn_at";

/// The number of a contact; nothing where there is no such contact.
pub(super) async fn phone_of(tx: &TenantTx, contact: ContactId) -> Result<Option<PhoneNumber>, DbError> {
    let row = tx
        .query_opt(
            "-- consents.phone_of
             select phone from contacts where id = $1",
            &[&contact],
        )
        .await?;
    row.map(|row| get(&row, "phone").map(PhoneNumber::from_database))
        .transpose()
}

/// Adds a link to a person's chain, which is locked until the transaction ends.
pub(super) async fn append(
    tx: &TenantTx,
    clock: &Clock,
    phone: &PhoneNumber,
    content: &Content,
    now: Timestamp,
) -> Result<ConsentId, DbError> {
    let head = tx
        .query_one(
            // An update of nothing: the row comes back, and is locked, whoever put it there.
            "-- consents.lock_chain
             insert into consent_people (id, organization_id, phone, created_at) values ($2, $1, $3, $4)
             on conflict (organization_id, phone) do update set phone = excluded.phone
             returning id, length, head",
            &[&tx.organization(), &clock.uuid(), &phone.as_str(), &now],
        )
        .await?;
    let previous: Vec<u8> = get(&head, "head")?;
    let place = Place {
        person: get(&head, "id")?,
        sequence: get::<i32>(&head, "length")? + 1,
        id: ConsentId::new(clock),
        recorded_at: whole_microseconds(now),
    };
    let salt = clock.random_bytes::<SALT_BYTES>();
    let commitment = commit(&salt, content);
    let hash = link_hash(&previous, &place, &commitment);
    let (salt, commitment) = (Bytes(salt.to_vec()), Bytes(commitment));
    let (previous, hash) = (Bytes(previous), Bytes(hash));
    let (inserted, moved) = join(
        tx.execute(
            "-- consents.append
             insert into consents (id, organization_id, person_id, sequence, kind, contact_id, purposes, object,
                                   advertiser_name, advertiser_siren, third_party_name, third_party_siren, wording,
                                   wording_sha256, text_version, channel, positive_act, collected_at, valid_until,
                                   special_slot_from, special_slot_until, evidence, withdraws, quote, salt, commitment,
                                   previous_hash, hash, recorded_at)
             values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                     $23, $24, $25, $26, $27, $28, $29)",
            &[
                &tx.organization(),
                &place.id,
                &place.person,
                &place.sequence,
                &content.kind,
                &content.contact_id,
                &content.purposes,
                &content.object,
                &content.advertiser_name,
                &content.advertiser_siren,
                &content.third_party_name,
                &content.third_party_siren,
                &content.wording,
                &content.wording_sha256,
                &content.text_version,
                &content.channel,
                &content.positive_act,
                &content.collected_at,
                &content.valid_until,
                &content.special_slot_from,
                &content.special_slot_until,
                &content.evidence,
                &content.withdraws,
                &content.quote,
                &salt,
                &commitment,
                &previous,
                &hash,
                &place.recorded_at,
            ],
        ),
        tx.execute(
            "-- consents.move_head
             update consent_people set length = $3, head = $4 where organization_id = $1 and id = $2",
            &[&tx.organization(), &place.person, &place.sequence, &hash],
        ),
    )
    .await;
    inserted?;
    moved?;
    Ok(place.id)
}

/// A consent that was taken back.
#[derive(Debug)]
pub struct Withdrawn {
    /// The consent, as it stands now.
    pub consent: Consent,
    /// Whose it was.
    pub phone: PhoneNumber,
    /// False where it was withdrawn already.
    pub news: bool,
}

/// Adds the withdrawal of one consent of a contact; nothing where there is no such consent, and nothing is added where it
/// was withdrawn already.
pub async fn withdraw(
    tx: &TenantTx,
    clock: &Clock,
    (contact, consent): (ContactId, ConsentId),
    withdrawal: &NewWithdrawal,
    now: Timestamp,
) -> Result<Option<Withdrawn>, DbError> {
    let (phone, known) = join(phone_of(tx, contact), one(tx, contact, consent, now)).await;
    let (Some(phone), Some(known)) = (phone?, known?) else {
        return Ok(None);
    };
    let news = known.withdrawn_at.is_none();
    if news {
        let content = withdrawn(Some(contact), Some(consent), withdrawal);
        append(tx, clock, &phone, &content, now).await?;
    }
    let consent = if news {
        one(tx, contact, consent, now).await?
    } else {
        Some(known)
    };
    Ok(consent.map(|consent| Withdrawn { consent, phone, news }))
}

/// Adds the withdrawal of everything that the holder of a number agreed to, or may be told to have agreed to: a receipt
/// also where they never did. Nothing is added where that is the last that they said already, in the same way.
pub async fn withdraw_all(
    tx: &TenantTx,
    clock: &Clock,
    phone: &PhoneNumber,
    withdrawal: &NewWithdrawal,
    now: Timestamp,
) -> Result<(), DbError> {
    let said = tx
        .query_opt(
            "-- consents.said_so_last
             select 1 from consent_people q
               join consents c on c.person_id = q.id and c.sequence = q.length
              where q.phone = $1 and c.kind = 'withdrawn' and c.withdraws is null
                and c.channel = $2",
            &[&phone.as_str(), &withdrawal.channel],
        )
        .await?;
    if said.is_none() {
        append(tx, clock, phone, &withdrawn(None, None, withdrawal), now).await?;
    }
    Ok(())
}

fn withdrawn(contact: Option<ContactId>, consent: Option<ConsentId>, withdrawal: &NewWithdrawal) -> Content {
    Content {
        kind: WITHDRAWN.to_owned(),
        contact_id: contact.map(|contact| contact.0),
        channel: withdrawal.channel.clone(),
        quote: withdrawal.quote.clone(),
        evidence: withdrawal.evidence.as_ref().map(ToString::to_string),
        withdraws: consent.map(|consent| consent.0),
        ..Content::default()
    }
}

/// One consent of the person behind a contact.
pub(super) async fn one(
    tx: &TenantTx,
    contact: ContactId,
    id: ConsentId,
    now: Timestamp,
) -> Result<Option<Consent>, DbError> {
    let sql = about_contact(
        "-- consents.one",
        "where c.organization_id = $1 and c.id = $3 and c.kind = 'given'",
    );
    let row = tx.query_opt(&sql, &[&tx.organization(), &contact, &id]).await?;
    row.map(|row| read(&row, now)).transpose()
}

/// The consents of the person behind a contact, newest first, one more than the page holds.
pub(super) async fn list(
    tx: &TenantTx,
    contact: ContactId,
    page: PageRequest,
    now: Timestamp,
) -> Result<Vec<Consent>, DbError> {
    let sql = about_contact(
        "-- consents.list",
        "where c.organization_id = $1 and c.kind = 'given' and ($3::uuid is null or c.id < $3) order by c.id desc limit $4",
    );
    let rows = tx
        .query(
            &sql,
            &[&tx.organization(), &contact, &page.after, &page.rows_to_fetch()],
        )
        .await?;
    rows.iter().map(|row| read(row, now)).collect()
}

/// What the holder of a number agreed to, newest first, the last two hundred; what was forgotten is left out.
pub async fn of_number(tx: &TenantTx, phone: &PhoneNumber, now: Timestamp) -> Result<Vec<Consent>, DbError> {
    let sql = format!(
        "-- consents.of_number
         select {COLUMNS}
           from consent_people q
           join consents c on c.organization_id = $1 and c.person_id = q.id
          where q.organization_id = $1 and q.phone = $2 and c.kind = 'given' and c.salt is not null
          order by c.sequence desc limit 200"
    );
    let rows = tx.query(&sql, &[&tx.organization(), &phone.as_str()]).await?;
    rows.iter().map(|row| read(row, now)).collect()
}

/// A statement about the consents of contact `$2`, whose chain is found by its number.
fn about_contact(name: &str, condition: &str) -> String {
    format!(
        "{name}
         select {COLUMNS}
           from contacts p
           join consent_people q on q.organization_id = $1 and q.phone = p.phone
           join consents c on c.organization_id = $1 and c.person_id = q.id and p.organization_id = $1 and p.id = $2
          {condition}"
    )
}

fn read(row: &Row, now: Timestamp) -> Result<Consent, DbError> {
    let purposes: Vec<String> = get::<Option<_>>(row, "purposes")?.unwrap_or_default();
    let company = |name: &str, siren: &str| -> Result<Option<Company>, DbError> {
        let siren = get(row, siren)?;
        Ok(get::<Option<String>>(row, name)?.map(|name| Company { name, siren }))
    };
    let collected_at: Timestamp = get::<Option<_>>(row, "collected_at")?.unwrap_or(Timestamp::UNIX_EPOCH);
    let valid_until = valid_until(collected_at, get(row, "valid_until")?, now);
    let withdrawn_at: Option<Timestamp> = get(row, "withdrawn_at")?;
    let slot: (Option<Timestamp>, Option<Timestamp>) =
        (get(row, "special_slot_from")?, get(row, "special_slot_until")?);
    let evidence: Option<String> = get(row, "evidence")?;
    let hash: Vec<u8> = get(row, "hash")?;
    let text = |column: &str| get::<Option<String>>(row, column).map(Option::unwrap_or_default);
    Ok(Consent {
        id: get(row, "id")?,
        contact_id: get(row, "contact_id")?,
        status: match withdrawn_at {
            Some(_) => Status::Withdrawn,
            None if now > valid_until => Status::Expired,
            None => Status::Valid,
        },
        purposes: purposes.iter().filter_map(|word| Purpose::parse(word)).collect(),
        object: text("object")?,
        advertiser: company("advertiser_name", "advertiser_siren")?.unwrap_or(Company {
            name: String::new(),
            siren: None,
        }),
        third_party: company("third_party_name", "third_party_siren")?,
        text: text("wording")?,
        text_version: text("text_version")?,
        text_sha256: text("wording_sha256")?,
        channel: text("channel")?,
        positive_act: get(row, "positive_act")?,
        collected_at,
        valid_until,
        special_slot: slot
            .0
            .zip(slot.1)
            .map(|(starts_at, ends_at)| SpecialSlot { starts_at, ends_at }),
        evidence: evidence.and_then(|evidence| serde_json::from_str(&evidence).ok()),
        withdrawn_at,
        recorded_at: get(row, "recorded_at")?,
        sequence: get(row, "sequence")?,
        hash: hex(&hash),
    })
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
