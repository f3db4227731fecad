//! Which statements are measured, with what in the place of their parameters.

/// Whether a statement changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

impl Kind {
    /// What row security may cost at most, as a ratio.
    pub(super) fn bound(self) -> f64 {
        match self {
            Self::Read => 1.10,
            Self::Write => 1.20,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One statement of the sources.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Expressions over the columns of a row of `EXAMPLES`; each becomes a literal.
    pub(super) params: &'static [&'static str],
    /// Where a read would name the organisation by itself if no policy did, and how.
    pub(super) own: &'static [(&'static str, &'static str)],
}

/// Rows to be asked for: one attempt with everything that belongs to it. `{condition}` narrows the attempts.
pub(super) const EXAMPLES: &str =
    "select a.organization_id as org, a.id as attempt, a.contact_id as contact, a.campaign_id as campaign,
            p.phone, s.id as session, s.user_id as person, a.vapi_call_id as call, bench_id(10, n) as message
       from (select n from generate_series(0::bigint, (select count(*) from contacts) - 1) n) numbers
       join call_attempts a on a.id = bench_id(7, n)
       join contacts p on p.id = a.contact_id
       join sessions s on s.id = bench_id(3, n % 10000)
      where {condition}
      order by md5(n::text) limit 400";

const READ: Kind = Kind::Read;
const WRITE: Kind = Kind::Write;
const NOW: &str = "now()";
const NEW: &str = "gen_random_uuid()";
const NO_ID: &str = "null::uuid";
const NO_TEXT: &str = "null::text";
const NO_TIME: &str = "null::timestamptz";
const PAGE: &str = "51::bigint";

pub(super) const STATEMENTS: &[Statement] = &[
    Statement {
        name: "organizations.find",
        kind: READ,
        params: &[],
        own: &[("from organizations", "from organizations where id = {org}")],
    },
    Statement {
        name: "identity.find_profile",
        kind: READ,
        params: &["person"],
        own: &[(
            "from profiles where",
            "from profiles where organization_id = {org} and",
        )],
    },
    Statement {
        name: "identity.find_profile_of_session",
        kind: READ,
        params: &["session"],
        own: &[("where s.id", "where s.organization_id = {org} and s.id")],
    },
    Statement {
        name: "contacts.find",
        kind: READ,
        params: &["contact"],
        own: &[(
            "from contacts where",
            "from contacts where organization_id = {org} and",
        )],
    },
    Statement {
        name: "contacts.list",
        kind: READ,
        params: &[NO_ID, NO_TEXT, NO_TEXT, NO_TEXT, PAGE],
        own: &[("where (", "where organization_id = {org} and (")],
    },
    Statement {
        name: "do_not_call.list",
        kind: READ,
        params: &[NO_ID, NO_TEXT, PAGE],
        own: &[("where (", "where organization_id = {org} and (")],
    },
    Statement {
        name: "messages.find",
        kind: READ,
        params: &["message"],
        own: &[
            ("where h.", "where h.organization_id = {org} and h."),
            ("where m.", "where m.organization_id = {org} and m."),
        ],
    },
    Statement {
        name: "messages.list",
        kind: READ,
        params: &[NO_ID, PAGE],
        own: &[
            (
                "from messages where",
                "from messages where organization_id = {org} and",
            ),
            ("where h.", "where h.organization_id = {org} and h."),
        ],
    },
    Statement {
        name: "campaigns.report_contacts",
        kind: READ,
        params: &["campaign"],
        own: &[
            ("on k.", "on k.organization_id = {org} and k."),
            ("where c.", "where c.organization_id = {org} and c."),
        ],
    },
    Statement {
        name: "campaigns.report_calls",
        kind: READ,
        params: &["campaign"],
        own: &[
            ("where a.", "where a.organization_id = {org} and a."),
            ("from calls where", "from calls where organization_id = {org} and"),
        ],
    },
    Statement {
        name: "campaigns.contacts",
        kind: READ,
        params: &["campaign", NO_ID, PAGE],
        own: &[
            ("where q.", "where q.organization_id = {org} and q."),
            ("on d.", "on d.organization_id = {org} and d."),
            ("'failed' and", "'failed' and a.organization_id = {org} and"),
            ("where c.", "where c.organization_id = {org} and c."),
        ],
    },
    Statement {
        name: "campaigns.decisions",
        kind: READ,
        params: &["campaign", "contact", NO_ID, PAGE],
        own: &[
            ("where q.", "where q.organization_id = {org} and q."),
            ("where k.", "where k.organization_id = {org} and k."),
        ],
    },
    Statement {
        name: "calls.find",
        kind: READ,
        params: &["attempt"],
        own: &[("where id", "where organization_id = {org} and id")],
    },
    Statement {
        name: "calls.turns",
        kind: READ,
        params: &["attempt"],
        own: &[("where call_id", "where organization_id = {org} and call_id")],
    },
    Statement {
        name: "calls.timeline",
        kind: READ,
        params: &["attempt"],
        own: &[("where call_id", "where organization_id = {org} and call_id")],
    },
    Statement {
        name: "calls.list",
        kind: READ,
        params: &[
            NO_ID, NO_ID, NO_TEXT, NO_TEXT, "false", NO_TEXT, NO_TIME, NO_TIME, PAGE,
        ],
        own: &[("where (", "where organization_id = {org} and (")],
    },
    Statement {
        name: "contacts.insert",
        kind: WRITE,
        params: &[
            NEW,
            "org",
            "'+339' || left(md5(attempt::text), 20)",
            "'{\"first_name\":\"Zoé\"}'::jsonb",
            NOW,
        ],
        own: &[],
    },
    Statement {
        name: "contacts.update",
        kind: WRITE,
        params: &[
            "org",
            "contact",
            NO_TEXT,
            "'{\"first_name\":\"Zoé\"}'::jsonb",
            NOW,
        ],
        own: &[],
    },
    Statement {
        name: "audit.record",
        kind: WRITE,
        params: &[
            NEW,
            "org",
            "person",
            NO_ID,
            "'contact.update'",
            "'{}'::jsonb",
            NO_TEXT,
            NO_TEXT,
            NOW,
        ],
        own: &[],
    },
    Statement {
        name: "outbox.promise",
        kind: WRITE,
        params: &[NEW, "org", "'mail'", "'{}'::jsonb", NOW],
        own: &[],
    },
    Statement {
        name: "identity.insert_refresh_token",
        kind: WRITE,
        params: &["sha256(attempt::text::bytea)", "org", "session", NOW, NOW],
        own: &[],
    },
    Statement {
        name: "identity.touch_session",
        kind: WRITE,
        params: &["org", "session", NOW],
        own: &[],
    },
    Statement {
        name: "do_not_call.insert",
        kind: WRITE,
        params: &[
            "org",
            NEW,
            "'+338' || left(md5(attempt::text), 20)",
            NO_TEXT,
            "'manual'",
            NO_ID,
            NOW,
        ],
        own: &[],
    },
    Statement {
        name: "messages.mark_accepted",
        kind: WRITE,
        params: &["org", "message", "'SM1'", NOW, NOW],
        own: &[],
    },
    Statement {
        name: "campaigns.lock_queued_attempt",
        kind: WRITE,
        params: &["org", "attempt"],
        own: &[],
    },
    Statement {
        name: "campaigns.release_candidates",
        kind: WRITE,
        params: &["org", "array[campaign]", "array[5]", NOW],
        own: &[],
    },
    Statement {
        name: "campaigns.mark_dialing",
        kind: WRITE,
        params: &["org", "attempt", NOW, NEW, NO_TIME, "'{}'::jsonb", "'hash'"],
        own: &[],
    },
    Statement {
        name: "campaigns.mark_in_call",
        kind: WRITE,
        params: &["org", "attempt", "'new-' || attempt", NOW],
        own: &[],
    },
    Statement {
        name: "calls.append_turn",
        kind: WRITE,
        params: &["org", "attempt", NOW, "'user'", "'Oui, volontiers.'"],
        own: &[],
    },
];

impl Statement {
    /// Which attempts serve as its examples.
    pub(super) fn condition(&self) -> &'static str {
        match self.name {
            "campaigns.lock_queued_attempt" | "campaigns.mark_dialing" => "a.status = 'queued'",
            "campaigns.mark_in_call" => "a.status = 'dialing'",
            // Of the campaigns that run.
            "campaigns.release_candidates" => "a.status = 'ended' and n % 10000 < 1000",
            _ => "a.status = 'ended'",
        }
    }
}
