//! What is held about people, table by table and column by column: what an export holds, and what it does not, and why.
//! A test compares this list with the database, so that a new column must be entered here, on the one side or the other.

pub use super::withheld::WITHHELD;
use crate::gdpr::Scope;

/// A table of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name of its files.
    pub name: &'static str,
    /// The table that it is read from.
    pub table: &'static str,
    /// Columns that are read as they are.
    columns: &'static str,
    /// Columns that are read otherwise.
    computed: &'static [(&'static str, &'static str)],
    /// What its rows are ordered by, with the types.
    pub(super) key: &'static [(&'static str, &'static str)],
    /// Which rows: `$2` is the person.
    pub(super) filter: &'static str,
    /// Which rows are about a contact, which `$2` is then.
    about_contact: Option<&'static str>,
    scope: Scope,
}

/// The number of the contact.
macro_rules! their_number {
    () => {
        "(select p.phone from contacts p where p.organization_id = $1 and p.id = $2)"
    };
}

/// What most tables about one person have in common.
const OWN: Table = Table {
    name: "",
    table: "",
    columns: "",
    computed: &[],
    key: &[("id", "uuid")],
    filter: "t.user_id = $2",
    about_contact: None,
    scope: Scope::Own,
};

/// What most tables of an organisation have in common.
const ORGANIZATION: Table = Table {
    filter: "true",
    scope: Scope::Organization,
    ..OWN
};

impl Table {
    /// The columns of its files, in their order, with what they are read as. Who of the organisation did something is no
    /// business of the people whom it calls.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, String)> {
        let withheld = self.scope == Scope::Contact;
        let plain = self
            .columns
            .split(' ')
            .filter(move |name| !(withheld && *name == "created_by"))
            .map(|name| (name, format!("t.{name}")));
        let computed = self.computed.iter();
        plain.chain(computed.map(|(name, expression)| (*name, (*expression).to_owned())))
    }

    /// The column that says whose the row is.
    pub(super) fn tenant_column(&self) -> &'static str {
        if self.table == "organizations" {
            "id"
        } else {
            "organization_id"
        }
    }
}

/// The tables of an archive: the person's own, and then, where it was asked for, the organisation's; or the rows of these
/// that are about one contact.
pub fn tables(scope: Scope) -> impl Iterator<Item = Table> {
    TABLES.iter().filter_map(move |table| match scope {
        Scope::Contact => table.about_contact.map(|filter| Table {
            filter,
            scope,
            ..*table
        }),
        Scope::Organization => Some(*table),
        Scope::Own => (table.scope == Scope::Own).then_some(*table),
    })
}

const TABLES: &[Table] = &[
    Table {
        name: "profile",
        table: "profiles",
        columns: "id organization_id email full_name role language email_confirmed_at gdpr_consent_at \
                  terms_accepted_at marketing_consent supabase_user_id created_at updated_at",
        filter: "t.id = $2",
        ..OWN
    },
    Table {
        name: "credentials",
        table: "credentials",
        columns: "user_id updated_at",
        key: &[("user_id", "uuid")],
        ..OWN
    },
    Table {
        name: "sessions",
        table: "sessions",
        columns: "id user_id created_at last_used_at revoked_at ip_address user_agent",
        ..OWN
    },
    Table {
        name: "mailed_links",
        table: "one_time_tokens",
        columns: "id user_id purpose email previous_email created_at expires_at used_at mailed_at",
        ..OWN
    },
    Table {
        name: "consents",
        table: "gdpr_consents",
        columns: "id user_id consent_type consent_given consent_version ip_address user_agent created_at",
        ..OWN
    },
    Table {
        name: "requests",
        table: "gdpr_requests",
        columns: "id user_id request_type scope status reason data_url scheduled_at expires_at mailed_at created_at \
                  updated_at completed_at",
        ..OWN
    },
    Table {
        // What they did, and what others did about them: of the others, nothing but that.
        name: "audit_log",
        table: "gdpr_audit_logs",
        columns: "id action details api_key_id created_at",
        computed: &[
            ("user_id", "case when t.user_id = $2 then t.user_id end"),
            ("ip_address", "case when t.user_id = $2 then t.ip_address end"),
            ("user_agent", "case when t.user_id = $2 then t.user_agent end"),
        ],
        filter: "t.user_id = $2 or t.details ->> 'user_id' = $2::text",
        ..OWN
    },
    Table {
        name: "campaigns_created",
        table: "campaigns",
        columns: "id name status created_by created_at",
        filter: "t.created_by = $2",
        ..OWN
    },
    Table {
        name: "organization",
        table: "organizations",
        columns: "id name organization_type company_registration vat_number country timezone language \
                  concurrent_calls_limit calls_per_second twilio_account_sid twilio_phone_number twilio_sms_sender twilio_configured \
                  twilio_verified_at twilio_rejected_at vapi_phone_number_id caller_number_mandate \
                  caller_number_mandate_signed_on created_at updated_at",
        ..ORGANIZATION
    },
    Table {
        name: "members",
        table: "profiles",
        columns: "id email full_name role language created_at",
        ..ORGANIZATION
    },
    Table {
        name: "api_keys",
        table: "api_keys",
        columns: "id name scopes created_by created_at expires_at last_used_at revoked_at",
        ..ORGANIZATION
    },
    Table {
        name: "invitations",
        table: "invitations",
        columns: "id email role invited_by user_id created_at expires_at mailed_at accepted_at revoked_at",
        ..ORGANIZATION
    },
    Table {
        name: "assistants",
        table: "assistants",
        columns: "id vapi_assistant_id name assistant_type language model voice system_prompt first_message \
                  transfer_number max_duration_seconds recording disclosures_version checked_at drifted_at \
                  created_at updated_at deleted_at",
        ..ORGANIZATION
    },
    Table {
        name: "contacts",
        about_contact: Some("t.id = $2"),
        table: "contacts",
        columns: "id phone kind first_name last_name email company postal_code timezone language tags variables \
                  contract callback_request do_not_call created_at updated_at",
        ..ORGANIZATION
    },
    Table {
        name: "contact_imports",
        table: "contact_imports",
        columns: "id file_name language status reason total_bytes bytes_read rows_read imported updated rejected errors \
                  refused created_by created_at updated_at started_at completed_at",
        ..ORGANIZATION
    },
    Table {
        name: "consent_people",
        about_contact: Some(concat!("t.phone = ", their_number!())),
        table: "consent_people",
        columns: "id phone length created_at",
        computed: &[("head", "encode(t.head, 'hex')")],
        ..ORGANIZATION
    },
    Table {
        name: "contact_consents",
        about_contact: Some(concat!(
            "t.person_id in (select q.id from consent_people q where q.organization_id = $1 and q.phone = ",
            their_number!(),
            ")"
        )),
        table: "consents",
        columns: "id person_id sequence kind contact_id purposes object advertiser_name advertiser_siren \
                  third_party_name third_party_siren wording wording_sha256 text_version channel positive_act \
                  collected_at valid_until special_slot_from special_slot_until evidence withdraws quote recorded_at",
        computed: &[
            ("salt", "encode(t.salt, 'hex')"),
            ("commitment", "encode(t.commitment, 'hex')"),
            ("previous_hash", "encode(t.previous_hash, 'hex')"),
            ("hash", "encode(t.hash, 'hex')"),
        ],
        ..ORGANIZATION
    },
    Table {
        name: "campaigns",
        table: "campaigns",
        columns: "id name assistant_id object legal_basis advertiser_name advertiser_siren sector status pause_reason \
                  timezone call_windows max_attempts retry_delay_minutes retry_on concurrent_calls max_cost \
                  scheduled_at started_at ended_at created_by created_at updated_at total_contacts",
        ..ORGANIZATION
    },
    Table {
        name: "campaign_contacts",
        about_contact: Some("t.contact_id = $2"),
        table: "campaign_contacts",
        columns: "campaign_id contact_id status due_at attempts tries last_outcome refusal_code refusal_rule \
                  created_at updated_at",
        key: &[("campaign_id", "uuid"), ("contact_id", "uuid")],
        ..ORGANIZATION
    },
    Table {
        name: "call_attempts",
        about_contact: Some("t.contact_id = $2"),
        table: "call_attempts",
        columns: "id campaign_id contact_id assistant_id number status outcome released_reason vapi_call_id queued_at \
                  sent_at dialing_at ended_at reserved cost fault allowed_until recalled_at",
        ..ORGANIZATION
    },
    Table {
        name: "decisions",
        about_contact: Some("t.contact_id = $2"),
        table: "gate_decisions",
        columns: "id campaign_id contact_id attempt_id stage allowed code rule allowed_until retry_at inputs \
                  inputs_hash decided_at",
        ..ORGANIZATION
    },
    Table {
        name: "calls",
        about_contact: Some(concat!("t.contact_id = $2 or t.phone = ", their_number!())),
        table: "calls",
        columns: "id vapi_call_id campaign_id contact_id attempt_id assistant_id direction phone status outcome \
                  ended_reason started_at ended_at duration_seconds cost sentiment sentiment_score sentiment_source \
                  summary transfer_destination transfer_connected recording_available reported_at disclosures created_at \
                  updated_at",
        ..ORGANIZATION
    },
    Table {
        name: "call_turns",
        about_contact: Some(concat!(
            "t.call_id in (select c.id from calls c where c.organization_id = $1 and (c.contact_id = $2 or c.phone = ",
            their_number!(),
            "))"
        )),
        table: "call_turns",
        columns: "call_id at role source text",
        key: &[
            ("call_id", "uuid"),
            ("at", "timestamptz"),
            ("role", "text"),
            ("text_hash", "bytea"),
        ],
        ..ORGANIZATION
    },
    Table {
        name: "call_events",
        about_contact: Some(concat!(
            "t.call_id in (select c.id from calls c where c.organization_id = $1 and (c.contact_id = $2 or c.phone = ",
            their_number!(),
            "))"
        )),
        table: "provider_events",
        columns: "id provider kind event call_id occurred_at received_at projection",
        key: &[("month", "date"), ("dedupe_key", "text")],
        ..ORGANIZATION
    },
    Table {
        name: "messages",
        about_contact: Some(concat!("t.contact_id = $2 or t.phone = ", their_number!())),
        table: "messages",
        columns: "id direction phone sender body purpose status error_code twilio_message_sid segments contact_id \
                  retry_of retries created_by created_at updated_at",
        ..ORGANIZATION
    },
    Table {
        name: "message_history",
        about_contact: Some(concat!(
            "t.message_id in (select m.id from messages m where m.organization_id = $1 and (m.contact_id = $2 or m.phone = ",
            their_number!(),
            "))"
        )),
        table: "message_history",
        columns: "message_id status error_code at",
        key: &[("message_id", "uuid"), ("status", "text")],
        ..ORGANIZATION
    },
    Table {
        name: "appointments",
        about_contact: Some(concat!("t.contact_id = $2 or t.phone = ", their_number!())),
        table: "appointments",
        columns: "id calendar_id assistant_id call_id campaign_id contact_id status starts_at ends_at timezone language \
                  name phone email notes sequence created_at updated_at",
        ..ORGANIZATION
    },
    Table {
        name: "do_not_call",
        about_contact: Some(concat!("t.phone = ", their_number!())),
        table: "do_not_call",
        columns: "id phone reason source created_by created_at",
        ..ORGANIZATION
    },
];

/// Whether this column of the database is in an archive, or has a reason not to be.
pub fn knows(table: &str, column: &str) -> bool {
    let exported = TABLES
        .iter()
        .filter(|known| known.table == table)
        .flat_map(Table::columns)
        .any(|(known, _)| known == column);
    exported
        || WITHHELD.iter().any(|(withheld, name, _)| {
            (*withheld == table || *withheld == "*") && (*name == column || *name == "*")
        })
}
