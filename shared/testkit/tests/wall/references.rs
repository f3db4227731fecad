//! What refers to a tenant's row refers to a row of the same tenant: each reference of the catalogue, tried; and those
//! that are no foreign key, listed.

use std::collections::BTreeSet;

use tokio_postgres::error::SqlState;

use crate::fixtures::Tenant;
use crate::owner;
use crate::tenants::Attempt;

/// Ids of other rows that are kept without a foreign key: what they name may be gone, or is not a row. A join on one of
/// them finds nothing of another tenant, since row security holds for what it joins.
const WITHOUT_KEY: &[&str] = &[
    "call_attempts.assistant_id",
    "calls.attempt_id",
    "calls.campaign_id",
    "campaigns.created_by",
    "consents.contact_id",
    "do_not_call.created_by",
    "gate_decisions.attempt_id",
    "gate_decisions.campaign_id",
    "gate_decisions.contact_id",
    "gdpr_audit_logs.api_key_id",
    "gdpr_audit_logs.organization_id",
    "gdpr_audit_logs.user_id",
    "gdpr_requests.contact_id",
    "messages.created_by",
    "outbox_deliveries.outbox_id",
    "profiles.supabase_user_id",
    "provider_events.call_id",
    "appointment_slots.calendar_id",
    "appointments.calendar_id",
    "idempotency_keys.claim_id",
    "profiles.supabase_user_id",
];

/// A foreign key between two tenants' tables: child, and its columns beside the organisation's.
struct Reference {
    child: String,
    columns: Vec<String>,
    written: String,
}

async fn references() -> Vec<Reference> {
    let rows = owner()
        .await
        .query(
            "select f.conrelid::regclass::text, pg_get_constraintdef(f.oid),
                    array(select a.attname::text from unnest(f.conkey) k join pg_attribute a
                            on a.attrelid = f.conrelid and a.attnum = k where a.attname <> 'organization_id')
               from pg_constraint f
               join pg_attribute there on there.attrelid = f.confrelid and there.attname = 'organization_id'
               join pg_class c on c.oid = f.conrelid and not c.relispartition
              where f.contype = 'f' order by 1, 2",
            &[],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| Reference {
            child: row.get(0),
            written: row.get(1),
            columns: row.get(2),
        })
        .collect()
}

#[tokio::test]
async fn no_row_refers_to_a_row_of_another_tenant() {
    let b = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.run("set constraints all immediate").await.unwrap();
    let references = references().await;
    let mut tried = 0;
    for (table, insert) in b.rows() {
        // Another tenant with everything that such a row may refer to, and without the row: its key is free.
        let a = Tenant::new();
        attempt.become_app(Some(a.id)).await;
        for (_, parent) in a.rows().into_iter().take_while(|(known, _)| *known != table) {
            attempt.run(&parent).await.unwrap();
        }
        attempt.become_app(Some(b.id)).await;
        for reference in references.iter().filter(|reference| reference.child == table) {
            let mut columns = b.columns(table).unwrap();
            for wanted in &reference.columns {
                let theirs = format!("'{}'", a.row);
                match columns.iter_mut().find(|(column, _)| column == wanted) {
                    Some((_, value)) => *value = theirs,
                    None => columns.push((wanted.clone(), theirs)),
                }
            }
            let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
            let foreign = format!(
                "insert into {table} ({}) values ({})",
                names.join(", "),
                values.join(", ")
            );
            let error = attempt.run(&foreign).await.err();
            let error = error.unwrap_or_else(|| panic!("{}: {foreign} was allowed", reference.written));
            assert_eq!(
                error.code(),
                Some(&SqlState::FOREIGN_KEY_VIOLATION),
                "{foreign}: {error:?}"
            );
            tried += 1;
        }
        attempt.run(&insert).await.unwrap();
    }
    assert_eq!(
        tried,
        references.len(),
        "a table with a reference has no row in fixtures.rs"
    );
}

#[tokio::test]
async fn ids_that_are_no_foreign_key_are_listed() {
    let rows = owner()
        .await
        .query(
            "select c.relname || '.' || a.attname
               from pg_class c
               join pg_attribute t on t.attrelid = c.oid and t.attname = 'organization_id'
               join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and a.atttypid = 'uuid'::regtype and (a.attname like '%\\_id' or a.attname like '%\\_by')
                and not exists (select from pg_constraint f
                                 where f.conrelid = c.oid and f.contype in ('f', 'p') and a.attnum = any (f.conkey)
                                   and (f.contype = 'f' or cardinality(f.conkey) = 1))",
            &[],
        )
        .await
        .unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let listed: BTreeSet<String> = WITHOUT_KEY.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, listed);
}
