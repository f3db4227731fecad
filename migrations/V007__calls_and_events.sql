-- Calls as they happened, what was said, and every event that the providers sent about them.

create table calls (
  id                   uuid primary key,
  organization_id      uuid not null references organizations on delete cascade,
  vapi_call_id         text,
  campaign_id          uuid,
  contact_id           uuid,
  -- An outbound call of a campaign has the id of its attempt.
  attempt_id           uuid,
  assistant_id         uuid,
  direction            text not null check (direction in ('inbound', 'outbound')),
  phone                text,
  status               text not null check (status in
    ('queued', 'ringing', 'in_progress', 'forwarding', 'ended')),
  outcome              text check (outcome in
    ('answered', 'transferred', 'no_answer', 'busy', 'voicemail', 'failed', 'cancelled')),
  ended_reason         text,
  started_at           timestamptz,
  ended_at             timestamptz,
  duration_seconds     int,
  cost                 numeric(12, 4),
  sentiment            text check (sentiment in ('positive', 'neutral', 'negative')),
  sentiment_score      double precision,
  sentiment_source     text,
  summary              text,
  transfer_destination text,
  recording_available  boolean not null default false,
  reported_at          timestamptz,
  created_at           timestamptz not null,
  updated_at           timestamptz not null,
  unique (organization_id, id),
  foreign key (organization_id, assistant_id) references assistants (organization_id, id) on delete set null (assistant_id),
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete set null (contact_id)
) with (fillfactor = 70);
-- Serves the look-up by Vapi's id.
create unique index calls_vapi_call_id_key on calls (vapi_call_id) where vapi_call_id is not null;
-- Serves the list, newest first.
create index calls_by_organization on calls (organization_id, id desc);
-- Serves a campaign's calls and its report.
create index calls_by_campaign on calls (organization_id, campaign_id, id desc) where campaign_id is not null;
-- Serve the foreign keys.
create index calls_by_assistant on calls (organization_id, assistant_id);
create index calls_by_contact on calls (organization_id, contact_id);
alter table calls enable row level security;
alter table calls force row level security;
create policy tenant on calls
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on calls to zencall_app;

-- One row per utterance: finals are appended, never overwritten.
create table call_turns (
  organization_id uuid not null,
  call_id         uuid not null,
  at              timestamptz not null,
  role            text not null check (role in ('assistant', 'user')),
  text_hash       bytea not null,
  text            text not null,
  primary key (call_id, at, role, text_hash),
  foreign key (organization_id, call_id) references calls (organization_id, id) on delete cascade
);
-- Serves the foreign key.
create index call_turns_by_call on call_turns (organization_id, call_id);
alter table call_turns enable row level security;
alter table call_turns force row level security;
create policy tenant on call_turns
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on call_turns to zencall_app;

-- Every event once. `month` is the month of the call's creation, so that a repeated delivery meets its
-- first one in the same partition, whenever it comes.
create table provider_events (
  id              uuid not null,
  organization_id uuid not null references organizations on delete cascade,
  month           date not null,
  provider        text not null check (provider in ('vapi', 'twilio')),
  dedupe_key      text not null,
  kind            text not null,
  -- What the product calls it: call-started, call-ended, transcript, transfer, appointment-booked; null for the rest.
  event           text,
  call_id         uuid,
  occurred_at     timestamptz not null,
  received_at     timestamptz not null,
  projection      jsonb not null,
  primary key (organization_id, month, dedupe_key)
) partition by range (month);
-- Serves a call's timeline.
create index provider_events_by_call on provider_events (organization_id, call_id, occurred_at);
alter table provider_events enable row level security;
alter table provider_events force row level security;
create policy tenant on provider_events
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on provider_events to zencall_app;

-- Events of assistants that we do not know (yet): kept 24 hours, reached only through the functions of V008.
create table parked_events (
  id          uuid primary key,
  body        jsonb not null,
  received_at timestamptz not null
);
-- Serves the sweep, oldest first.
create index parked_events_by_age on parked_events (received_at);
alter table parked_events enable row level security;
alter table parked_events force row level security;
