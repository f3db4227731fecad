//! The SQL of contacts. Members come as one JSON object that holds exactly what was given: `members ? 'email'` tells a
//! member that is null from one that was not mentioned.

use futures_util::future::join;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use super::list::Filter;
use super::{Contact, Kind, Members, NewContact};
use crate::db::{Bytes, DbError, TenantTx};
use crate::kernel::ids::{ContactId, DoNotCallId};
use crate::kernel::{Country, Language, PageRequest, PhoneNumber};

/// What became of a contact that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// It is gone.
    Done,
    /// There is none.
    Absent,
    /// A call to it is under way.
    InCall,
}

/// Rows of an import, each number once.
#[derive(Default)]
pub struct Batch {
    pub(super) ids: Vec<ContactId>,
    pub(super) phones: Vec<String>,
    /// Under which an opposition to the number would be kept.
    pub(super) hashes: Vec<Bytes>,
    pub(super) members: Vec<Value>,
}

crate::kernel::shown::shows!(Batch, ids);

/// What became of a number of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The number.
    pub phone: PhoneNumber,
    /// Its contact.
    pub id: ContactId,
    /// Whether the organisation did not know it.
    pub is_new: bool,
}

/// The country in which national numbers are read.
pub(super) async fn home_country(tx: &TenantTx) -> Result<Country, DbError> {
    let row = tx
        .query_opt(
            "-- contacts.home_country
             select country from organizations",
            &[],
        )
        .await?;
    let country: Option<String> = row.map(|row| get(&row, "country")).transpose()?;
    Ok(country
        .and_then(|country| Country::parse(&country).ok())
        .unwrap_or(Country::FR))
}

/// Writes a contact; the constraint `contacts_phone_key` refuses a number that is known.
pub(super) async fn insert(
    tx: &TenantTx,
    id: ContactId,
    contact: &NewContact,
    now: Timestamp,
) -> Result<Contact, DbError> {
    let row = tx
        .query_one(
            "-- contacts.insert
             insert into contacts (id, organization_id, phone, kind, first_name, last_name, email, company, postal_code,
                                   timezone, language, tags, variables, contract, callback_request, do_not_call,
                                   created_at, updated_at)
             select $1, $2, $3, coalesce(m->>'kind', 'consumer'), m->>'first_name', m->>'last_name', m->>'email',
                    m->>'company', m->>'postal_code', m->>'timezone', m->>'language',
                    array(select jsonb_array_elements_text(m->'tags')), coalesce(m->'variables', '{}'),
                    nullif(m->'contract', 'null'), nullif(m->'callback_request', 'null'),
                    coalesce((m->>'do_not_call')::boolean, false), $5, $5
               from (select $4 as m) given
             returning *",
            &[&id, &tx.organization(), &contact.phone.as_str(), &contact.members.to_json(), &now],
        )
        .await?;
    Contact::try_from(&row)
}

/// Changes the members that were given; `None` if this tenant has no such contact.
pub(super) async fn update(
    tx: &TenantTx,
    id: ContactId,
    phone: Option<&PhoneNumber>,
    members: &Members,
    now: Timestamp,
) -> Result<Option<Contact>, DbError> {
    let row = tx
        .query_opt(
            "-- contacts.update
             update contacts
                set phone = coalesce($3, phone),
                    kind = coalesce(m->>'kind', kind),
                    first_name = case when m ? 'first_name' then m->>'first_name' else first_name end,
                    last_name = case when m ? 'last_name' then m->>'last_name' else last_name end,
                    email = case when m ? 'email' then m->>'email' else email end,
                    company = case when m ? 'company' then m->>'company' else company end,
                    postal_code = case when m ? 'postal_code' then m->>'postal_code' else postal_code end,
                    timezone = case when m ? 'timezone' then m->>'timezone' else timezone end,
                    language = case when m ? 'language' then m->>'language' else language end,
                    tags = case when m ? 'tags' then array(select jsonb_array_elements_text(m->'tags')) else tags end,
                    variables = coalesce(m->'variables', variables),
                    contract = case when m ? 'contract' then nullif(m->'contract', 'null') else contract end,
                    callback_request = case when m ? 'callback_request'
                                            then nullif(m->'callback_request', 'null') else callback_request end,
                    do_not_call = coalesce((m->>'do_not_call')::boolean, do_not_call),
                    updated_at = $5
               from (select $4 as m) given
              where organization_id = $1 and id = $2
             returning contacts.*",
            &[&tx.organization(), &id, &phone.map(PhoneNumber::as_str), &members.to_json(), &now],
        )
        .await?;
    row.as_ref().map(Contact::try_from).transpose()
}

/// The contact; `None` if this tenant has no such one.
pub(super) async fn find(tx: &TenantTx, id: ContactId) -> Result<Option<Contact>, DbError> {
    let row = tx
        .query_opt(
            "-- contacts.find
             select * from contacts where id = $1",
            &[&id],
        )
        .await?;
    row.as_ref().map(Contact::try_from).transpose()
}

/// The contact as it is before a change, held until the transaction ends.
pub(super) async fn lock(tx: &TenantTx, id: ContactId) -> Result<Option<Contact>, DbError> {
    let row = tx
        .query_opt(
            "-- contacts.lock
             select * from contacts where organization_id = $1 and id = $2 for no key update",
            &[&tx.organization(), &id],
        )
        .await?;
    row.as_ref().map(Contact::try_from).transpose()
}

/// The contacts that pass the filter, newest first, one more than the page holds.
pub(super) async fn list(tx: &TenantTx, filter: &Filter, page: PageRequest) -> Result<Vec<Contact>, DbError> {
    let rows = tx
        .query(
            "-- contacts.list
             select * from contacts
              where ($1::uuid is null or id < $1)
                and ($2::text is null or tags @> array[$2])
                and ($3::text is null
                     or concat_ws(' ', first_name, last_name, company, email, phone) ilike $3
                     or phone like $4)
              order by id desc
              limit $5",
            &[
                &page.after,
                &filter.tag,
                &filter.text_pattern(),
                &filter.number_pattern(),
                &page.rows_to_fetch(),
            ],
        )
        .await?;
    rows.iter().map(Contact::try_from).collect()
}

/// Deletes a contact, its place in campaigns included, unless a call to it is under way. A release that is choosing it is
/// waited for first, and seen by the statement that follows: else its slot would be held for nobody.
///
/// That the person does not want to be called outlives it, on the list: whoever imports them again calls nobody. Written here,
/// since the list itself stands on campaigns and those on contacts; nothing is left to take back, the contact's places are gone.
pub(super) async fn delete(
    tx: &TenantTx,
    id: ContactId,
    objection: DoNotCallId,
    now: Timestamp,
) -> Result<Deletion, DbError> {
    let (held, row) = join(
        tx.execute(
            "-- contacts.hold_places
             select 1 from campaign_contacts where organization_id = $1 and contact_id = $2
              order by campaign_id for update",
            &[&tx.organization(), &id],
        ),
        tx.query_one(
            "-- contacts.delete
             with target as (
               select id, phone, do_not_call from contacts where organization_id = $1 and id = $2 for update
             ), in_call as (
               select from campaign_contacts where organization_id = $1 and contact_id = $2 and status = 'active'
             ), kept as (
               insert into do_not_call (id, organization_id, phone, source, created_at)
               select $3, $1, phone, 'manual', $4 from target where do_not_call and not exists (select from in_call)
               on conflict (organization_id, phone) do nothing
             ), deleted as (
               delete from contacts
                where organization_id = $1 and id in (select id from target) and not exists (select from in_call)
             )
             select exists (select from target) as found, exists (select from in_call) as in_call",
            &[&tx.organization(), &id, &objection, &now],
        ),
    )
    .await;
    held?;
    let row = row?;
    Ok(match (get(&row, "found")?, get(&row, "in_call")?) {
        (false, _) => Deletion::Absent,
        (true, true) => Deletion::InCall,
        (true, false) => Deletion::Done,
    })
}

/// Lets imports of one organisation wait for each other: two that hold the same numbers in another order would
/// deadlock.
pub(super) async fn take_turns(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute(
        "-- contacts.take_turns
         select pg_advisory_xact_lock(hashtextextended('contacts.import ' || $1::text, 0))",
        &[&tx.organization()],
    )
    .await
    .map(drop)
}

/// Writes a batch in one statement and tells of each of its numbers what became of it: nothing where an opposition to it is
/// kept.
///
/// Known numbers are updated first, since only an update can tell what a line did not mention; the rest is inserted.
/// Where a number was created in the very same moment, what is known of it stays and the line adds to it. Variables
/// are joined with those already there, as long as the sum stays within the limits of one contact.
pub(super) async fn upsert(tx: &TenantTx, batch: &Batch, now: Timestamp) -> Result<Vec<Written>, DbError> {
    let rows = tx
        .query(
            "-- contacts.upsert
             with given as (
               select g.id, g.phone, g.m
                 from unnest($2::uuid[], $3::text[], $4::jsonb[], $6::bytea[]) as g (id, phone, m, hash)
                where g.hash not in (select x.phone_hash from oppositions x
                                      where x.organization_id = $1 and x.phone_hash = any ($6))
             ), updated as (
               update contacts c
                  set kind = coalesce(m->>'kind', c.kind),
                      first_name = case when m ? 'first_name' then m->>'first_name' else c.first_name end,
                      last_name = case when m ? 'last_name' then m->>'last_name' else c.last_name end,
                      email = case when m ? 'email' then m->>'email' else c.email end,
                      company = case when m ? 'company' then m->>'company' else c.company end,
                      postal_code = case when m ? 'postal_code' then m->>'postal_code' else c.postal_code end,
                      timezone = case when m ? 'timezone' then m->>'timezone' else c.timezone end,
                      language = case when m ? 'language' then m->>'language' else c.language end,
                      tags = case when m ? 'tags' then array(select jsonb_array_elements_text(m->'tags')) else c.tags end,
                      variables = case
                        when not m ? 'variables' then c.variables
                        when (select count(*) from jsonb_object_keys(c.variables || (m->'variables'))) <= 50
                             and octet_length((c.variables || (m->'variables'))::text) <= 10240
                          then c.variables || (m->'variables')
                        else m->'variables' end,
                      contract = case when m ? 'contract' then nullif(m->'contract', 'null') else c.contract end,
                      callback_request = case when m ? 'callback_request'
                                              then nullif(m->'callback_request', 'null') else c.callback_request end,
                      do_not_call = coalesce((m->>'do_not_call')::boolean, c.do_not_call),
                      updated_at = $5
                 from given g
                where c.organization_id = $1 and c.phone = g.phone
               returning c.phone, c.id
             ), inserted as (
               insert into contacts (id, organization_id, phone, kind, first_name, last_name, email, company,
                                     postal_code, timezone, language, tags, variables, contract, callback_request,
                                     do_not_call, created_at, updated_at)
               select id, $1, phone, coalesce(m->>'kind', 'consumer'), m->>'first_name', m->>'last_name', m->>'email',
                      m->>'company', m->>'postal_code', m->>'timezone', m->>'language',
                      array(select jsonb_array_elements_text(m->'tags')), coalesce(m->'variables', '{}'),
                      nullif(m->'contract', 'null'), nullif(m->'callback_request', 'null'),
                      coalesce((m->>'do_not_call')::boolean, false), $5, $5
                 from given where phone not in (select phone from updated)
                on conflict (organization_id, phone) do update
                  set first_name = coalesce(excluded.first_name, contacts.first_name),
                      last_name = coalesce(excluded.last_name, contacts.last_name),
                      email = coalesce(excluded.email, contacts.email),
                      company = coalesce(excluded.company, contacts.company),
                      postal_code = coalesce(excluded.postal_code, contacts.postal_code),
                      timezone = coalesce(excluded.timezone, contacts.timezone),
                      language = coalesce(excluded.language, contacts.language),
                      contract = coalesce(excluded.contract, contacts.contract),
                      callback_request = coalesce(excluded.callback_request, contacts.callback_request),
                      do_not_call = contacts.do_not_call or excluded.do_not_call,
                      updated_at = excluded.updated_at
               returning phone, id, xmax = 0 as is_new
             )
             select phone, id, false as is_new from updated
             union all
             select phone, id, is_new from inserted",
            &[&tx.organization(), &batch.ids, &batch.phones, &batch.members, &now, &batch.hashes],
        )
        .await?;
    let written = |row| {
        Ok(Written {
            phone: PhoneNumber::from_database(get(row, "phone")?),
            id: get(row, "id")?,
            is_new: get(row, "is_new")?,
        })
    };
    rows.iter().map(written).collect()
}

impl TryFrom<&Row> for Contact {
    type Error = DbError;

    fn try_from(row: &Row) -> Result<Self, DbError> {
        let text = |column| get::<Option<String>>(row, column);
        let json = |column| get::<Option<Value>>(row, column);
        Ok(Self {
            id: get(row, "id")?,
            phone: PhoneNumber::from_database(get(row, "phone")?),
            kind: Kind::parse(&get::<String>(row, "kind")?).unwrap_or_default(),
            first_name: text("first_name")?,
            last_name: text("last_name")?,
            email: text("email")?,
            company: text("company")?,
            postal_code: text("postal_code")?,
            timezone: text("timezone")?,
            language: text("language")?.and_then(|language| Language::parse(&language).ok()),
            tags: get(row, "tags")?,
            variables: get(row, "variables")?,
            contract: json("contract")?.and_then(|contract| serde_json::from_value(contract).ok()),
            callback_request: json("callback_request")?.and_then(|asked| serde_json::from_value(asked).ok()),
            do_not_call: get(row, "do_not_call")?,
            created_at: get(row, "created_at")?,
            updated_at: get(row, "updated_at")?,
        })
    }
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, DbError> {
    row.try_get(column).map_err(DbError::Statement)
}
