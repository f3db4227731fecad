//! One valid row of every tenant's table. A new table needs one here: the wall is proven with it.

use uuid::Uuid;

/// A tenant whose rows have ids of their own.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: Uuid,
    /// Of every other row: an id is unique within its table only.
    pub(crate) row: Uuid,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        Self {
            id: Uuid::now_v7(),
            row: Uuid::now_v7(),
        }
    }

    /// The tenants' tables with the statement that makes a row of each, parents first.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let replace = |(table, columns, values): &(&'static str, &str, &str)| {
            let values = values
                .replace("{org}", &format!("'{}'", self.id))
                .replace("{row}", &format!("'{}'", self.row));
            (
                *table,
                format!("insert into {table} ({columns}) values ({values})"),
            )
        };
        ROWS.iter().map(replace).collect()
    }

    /// The columns of a row of this table with its values, as SQL.
    pub(crate) fn columns(&self, table: &str) -> Option<Vec<(String, String)>> {
        let (_, columns, values) = ROWS.iter().find(|(known, ..)| *known == table)?;
        let columns = columns.split(',').map(|column| column.trim().to_owned());
        let values = values.split_whitespace().collect::<Vec<_>>().join(" ");
        let values = values.split(", ").map(|value| {
            let value = value.replace("{org}", &format!("'{}'", self.id));
            value.replace("{row}", &format!("'{}'", self.row))
        });
        let (columns, values): (Vec<_>, Vec<_>) = (columns.collect(), values.collect());
        assert_eq!(
            columns.len(),
            values.len(),
            "{table}: write its values so that each stands behind its own comma"
        );
        Some(columns.into_iter().zip(values).collect())
    }

    /// The statement that makes a row of this table; a partition's rows are those of the table that it is part of.
    pub(crate) fn row_of(&self, table: &str, part_of: Option<&str>) -> String {
        let name = part_of.unwrap_or(table);
        self.rows()
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("the table {name} has no row in tests/wall/fixtures.rs: add one"))
            .1
    }
}

/// Table, columns, values.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "organizations",
        "id, name, organization_type, created_at, updated_at",
        "{org}, 'Agence', 'b2b', now(), now()",
    ),
    (
        "profiles",
        "id, organization_id, email, full_name, role, created_at, updated_at",
        "{row}, {org}, {row} || '@zencall.example', 'Camille', 'admin', now(), now()",
    ),
    (
        "credentials",
        "user_id, organization_id, password_hash, updated_at",
        // Of no password.
        "{row}, {org}, '$argon2id$v=19$m=19456,t=2,p=1$gfYSqKUkvjq1zdUpxCbjkA$4k4MTmdfUQPbDGBr2XRlXNBmx3PAmTbvzYCMLbV1cZI', now()",
    ),
    (
        "sessions",
        "id, organization_id, user_id, created_at, last_used_at",
        "{row}, {org}, {row}, now(), now()",
    ),
    (
        "refresh_tokens",
        "token_hash, organization_id, session_id, created_at, expires_at",
        "{row}::text::bytea, {org}, {row}, now(), now()",
    ),
    (
        "one_time_tokens",
        "id, organization_id, user_id, purpose, created_at, expires_at",
        "{row}, {org}, {row}, 'confirm_email', now(), now()",
    ),
    (
        "invitations",
        "id, organization_id, email, role, created_at, expires_at",
        "{row}, {org}, {row} || '@zencall.example', 'member', now(), now()",
    ),
    (
        "gdpr_consents",
        "id, organization_id, user_id, consent_type, consent_given, consent_version, created_at",
        "{row}, {org}, {row}, 'terms', true, '1', now()",
    ),
    (
        "gdpr_requests",
        "id, organization_id, user_id, request_type, created_at, updated_at",
        "{row}, {org}, {row}, 'data_export', now(), now()",
    ),
    (
        "gdpr_audit_logs",
        "id, organization_id, action, created_at",
        "{row}, {org}, 'test.wall', now()",
    ),
    (
        "api_keys",
        "id, organization_id, name, scopes, key_hash, created_at",
        "{row}, {org}, 'Intégration', '{calls:read}', sha256({row}::text::bytea), now()",
    ),
    (
        "outbox",
        "id, organization_id, queue, body, created_at",
        "{row}, {org}, 'mail', '{}', now()",
    ),
    (
        "outbox_deliveries",
        "outbox_id, organization_id, delivered_at",
        "{row}, {org}, now()",
    ),
    (
        "assistants",
        "id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice, system_prompt, first_message,
         max_duration_seconds, created_at, updated_at",
        "{row}, {org}, {row}, 'Accueil', 'outbound', 'fr', 'm', 'v', 's', 'f', 300, now(), now()",
    ),
    (
        "contacts",
        "id, organization_id, phone, created_at, updated_at",
        "{row}, {org}, '+33639980001', now(), now()",
    ),
    (
        "campaigns",
        "id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, timezone, call_windows, max_attempts,
         retry_delay_minutes, retry_on, concurrent_calls, created_at, updated_at",
        "{row}, {org}, 'c', {row}, 'o', 'service', 'a', 'Europe/Paris',
         '[{\"days\":[\"mon\"],\"start\":\"09:00\",\"end\":\"18:00\"}]', 3, 60, '{}', 5, now(), now()",
    ),
    (
        "campaign_contacts",
        "organization_id, campaign_id, contact_id, due_at, created_at, updated_at",
        "{org}, {row}, {row}, now(), now(), now()",
    ),
    (
        "call_attempts",
        "id, organization_id, campaign_id, contact_id, assistant_id, number, queued_at",
        "{row}, {org}, {row}, {row}, {row}, 1, now()",
    ),
    (
        "campaign_accounts",
        "organization_id, campaign_id, part, spent",
        "{org}, {row}, 0, 1",
    ),
    (
        "gate_decisions",
        "id, organization_id, campaign_id, contact_id, stage, allowed, inputs, inputs_hash, decided_at",
        "{row}, {org}, {row}, {row}, 'release', true, '{}', 'x', now()",
    ),
    (
        "calls",
        "id, organization_id, direction, status, contact_id, assistant_id, created_at, updated_at",
        "{row}, {org}, 'outbound', 'queued', {row}, {row}, now(), now()",
    ),
    (
        "call_turns",
        "organization_id, call_id, at, role, text_hash, text",
        "{org}, {row}, now(), 'user', 'x', 'Bonjour'",
    ),
    (
        "provider_events",
        "id, organization_id, month, provider, dedupe_key, kind, occurred_at, received_at, projection",
        "{row}, {org}, date_trunc('month', now())::date, 'vapi', {row}, 'k', now(), now(), '{}'",
    ),
    (
        "contact_imports",
        "id, organization_id, file_name, language, created_by, created_at, updated_at",
        "{row}, {org}, 'clients.csv', 'fr', {row}, now(), now()",
    ),
    (
        "contact_import_batches",
        "organization_id, import_id, number, outcome",
        "{org}, {row}, 1, '2,imported'",
    ),
    (
        "do_not_call",
        "id, organization_id, phone, source, created_at",
        "{row}, {org}, '+33639980001', 'manual', now()",
    ),
    (
        "consent_people",
        "id, organization_id, phone, created_at",
        "{row}, {org}, '+33639980001', now()",
    ),
    (
        "consents",
        "id, organization_id, person_id, sequence, kind, commitment, previous_hash, hash, recorded_at",
        "{row}, {org}, {row}, 1, 'given', 'x', '', 'x', now()",
    ),
    (
        "messages",
        "id, organization_id, direction, phone, sender, body, status, status_rank, segments, contact_id, dispatch, due_at,
         created_at, updated_at",
        "{row}, {org}, 'outbound', '+33639980001', 'AGENCE', 'Bonjour', 'queued', 1, 1, {row}, 'done', now(), now(), now()",
    ),
    (
        "message_history",
        "organization_id, message_id, status, rank, at",
        "{org}, {row}, 'queued', 1, now()",
    ),
    (
        "appointments",
        "id, organization_id, calendar_id, assistant_id, call_id, campaign_id, contact_id, status, starts_at, ends_at,
         timezone, language, created_at, updated_at",
        "{row}, {org}, {row}, {row}, {row}, {row}, {row}, 'scheduled', now(), now() + interval '1 hour', 'Europe/Paris',
         'fr', now(), now()",
    ),
    (
        "appointment_slots",
        "organization_id, calendar_id, at, appointment_id",
        "{org}, {row}, now(), {row}",
    ),
    (
        "idempotency_keys",
        "organization_id, key_hash, request_hash, user_id, claim_id, claimed_until, expires_at",
        "{org}, {row}::text::bytea, 'x', {row}, {row}, now(), now()",
    ),
    (
        "oppositions",
        "organization_id, phone_hash, created_at",
        "{org}, {row}::text::bytea, now()",
    ),
];
