-- Campaigns, their contacts, each attempt to call one, and why each was allowed or refused.

create table campaigns (
  id                  uuid primary key,
  organization_id     uuid not null references organizations on delete cascade,
  name                text not null check (length(name) between 1 and 200),
  assistant_id        uuid not null,
  object              text not null check (length(object) between 1 and 500),
  legal_basis         text not null check (legal_basis in ('consent', 'contract', 'callback_request', 'service', 'business')),
  advertiser_name     text not null,
  advertiser_siren    text,
  sector              text not null default 'other' check (sector in
    ('energy_renovation', 'renewable_energy', 'home_adaptation', 'cpf_training', 'press', 'other')),
  status              text not null default 'draft' check (status in
    ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled')),
  pause_reason        text,
  timezone            text not null,
  call_windows        jsonb not null,
  max_attempts        int not null check (max_attempts between 1 and 10),
  retry_delay_minutes int not null check (retry_delay_minutes between 0 and 10080),
  retry_on            text[] not null,
  concurrent_calls    int not null check (concurrent_calls between 1 and 1000),
  max_cost            numeric(12, 4),
  scheduled_at        timestamptz,
  started_at          timestamptz,
  ended_at            timestamptz,
  created_by          uuid,
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  unique (organization_id, id),
  foreign key (organization_id, assistant_id) references assistants (organization_id, id)
);
-- Serves the list, newest first.
create index campaigns_by_organization on campaigns (organization_id, id desc);
-- Serves the sweep of running and of scheduled campaigns.
create index campaigns_under_way on campaigns (organization_id, id) where status in ('running', 'scheduled');
-- Serves "is this assistant in use", and the foreign key.
create index campaigns_by_assistant on campaigns (organization_id, assistant_id);
alter table campaigns enable row level security;
alter table campaigns force row level security;
create policy tenant on campaigns
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update, delete on campaigns to zencall_app;

-- pending -> waiting(due_at) -> active -> completed | failed | skipped(refusal_code) | cancelled
create table campaign_contacts (
  organization_id uuid not null,
  campaign_id     uuid not null,
  contact_id      uuid not null,
  status          text not null default 'pending' check (status in
    ('pending', 'waiting', 'active', 'completed', 'failed', 'skipped', 'cancelled')),
  -- From when on the contact may be looked at again; a window is this column, never an update of every row.
  due_at          timestamptz not null,
  -- Attempts that count: the provider took them, or may have.
  attempts        int not null default 0,
  last_outcome    text check (last_outcome in
    ('answered', 'transferred', 'no_answer', 'busy', 'voicemail', 'failed', 'cancelled')),
  refusal_code    text,
  refusal_rule    text,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  primary key (campaign_id, contact_id),
  unique (organization_id, campaign_id, contact_id),
  foreign key (organization_id, campaign_id) references campaigns (organization_id, id) on delete cascade,
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete cascade
) with (fillfactor = 80);
-- Serves the release: the due contacts of a campaign, longest due first.
create index campaign_contacts_due on campaign_contacts (campaign_id, due_at, contact_id)
  where status in ('pending', 'waiting');
-- Serves "is every contact final": few rows while a campaign ends.
create index campaign_contacts_active on campaign_contacts (campaign_id) where status = 'active';
-- Serves the foreign key and "which campaigns hold this person".
create index campaign_contacts_by_contact on campaign_contacts (organization_id, contact_id);
alter table campaign_contacts enable row level security;
alter table campaign_contacts force row level security;
create policy tenant on campaign_contacts
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update, delete on campaign_contacts to zencall_app;

-- queued -> dialing -> in_call -> ended(outcome) | released | unknown -> in_call | ended | released
create table call_attempts (
  id              uuid primary key,
  organization_id uuid not null,
  campaign_id     uuid not null,
  contact_id      uuid not null,
  assistant_id    uuid not null,
  number          int  not null check (number >= 1),
  status          text not null default 'queued' check (status in
    ('queued', 'dialing', 'in_call', 'unknown', 'ended', 'released')),
  outcome         text check (outcome in
    ('answered', 'transferred', 'no_answer', 'busy', 'voicemail', 'failed', 'cancelled')),
  released_reason text,
  vapi_call_id    text,
  queued_at       timestamptz not null,
  -- When the message was last put on the queue; the sweep sends again what was left.
  sent_at         timestamptz,
  dialing_at      timestamptz,
  ended_at        timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, campaign_id, contact_id)
    references campaign_contacts (organization_id, campaign_id, contact_id) on delete cascade
) with (fillfactor = 80);
-- One attempt of each number: the database referees two dispatchers.
create unique index call_attempts_number_key on call_attempts (campaign_id, contact_id, number) where status <> 'released';
-- One open attempt per contact: nobody is called twice at once.
create unique index call_attempts_open_key on call_attempts (campaign_id, contact_id)
  where status in ('queued', 'dialing', 'in_call', 'unknown');
-- Serves the sweep of attempts that are under way.
create index call_attempts_open on call_attempts (organization_id, queued_at)
  where status in ('queued', 'dialing', 'in_call', 'unknown');
-- Serves the look-up by Vapi's id.
create unique index call_attempts_vapi_call_id_key on call_attempts (vapi_call_id) where vapi_call_id is not null;
-- Serves the foreign key.
create index call_attempts_by_contact on call_attempts (organization_id, campaign_id, contact_id);
alter table call_attempts enable row level security;
alter table call_attempts force row level security;
create policy tenant on call_attempts
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on call_attempts to zencall_app;

-- Append-only: every answer of the gate with what it was asked, kept three years.
create table gate_decisions (
  id              uuid primary key,
  organization_id uuid not null,
  campaign_id     uuid not null,
  contact_id      uuid not null,
  attempt_id      uuid,
  stage           text not null check (stage in ('import', 'release', 'dial')),
  allowed         boolean not null,
  code            text,
  rule            text,
  allowed_until   timestamptz,
  retry_at        timestamptz,
  inputs          jsonb not null,
  inputs_hash     text not null,
  decided_at      timestamptz not null,
  foreign key (organization_id, campaign_id) references campaigns (organization_id, id) on delete cascade
);
-- Serves "why was this person called, why not".
create index gate_decisions_by_contact on gate_decisions (organization_id, campaign_id, contact_id, id desc);
alter table gate_decisions enable row level security;
alter table gate_decisions force row level security;
create policy tenant on gate_decisions
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on gate_decisions to zencall_app;

-- Vapi's pool of concurrent calls, shared by every tenant: one row a slot, held by a lease that expires.
-- Not a tenant's table: reached only through the functions of V008.
create table platform_slots (
  number       int primary key,
  leased_by    uuid,
  campaign_id  uuid,
  attempt_id   uuid unique,
  leased_until timestamptz
);
-- Serves counting an organisation's live leases.
create index platform_slots_by_holder on platform_slots (leased_by) where leased_by is not null;
alter table platform_slots enable row level security;
alter table platform_slots force row level security;
