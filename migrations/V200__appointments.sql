-- Appointments that people make with an assistant during a call.

create table appointments (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  -- Whose time it takes: an assistant's, or the organisation's where no assistant is known.
  calendar_id     uuid not null,
  assistant_id    uuid,
  call_id         uuid,
  campaign_id     uuid,
  contact_id      uuid,
  -- Vapi's id of the tool call that asked for it.
  tool_call_id    text,
  status          text not null check (status in ('scheduled', 'confirmed', 'cancelled', 'completed', 'no_show')),
  starts_at       timestamptz not null,
  ends_at         timestamptz not null,
  timezone        text not null,
  language        text not null check (language in ('fr', 'en', 'es', 'nl', 'ar')),
  name            text check (length(name) <= 200),
  phone           text,
  email           text check (length(email) <= 254),
  notes           text check (length(notes) <= 2000),
  -- How often it was moved or cancelled: calendars take the highest.
  sequence        int not null default 0,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  unique (organization_id, id),
  check (ends_at > starts_at),
  foreign key (organization_id, assistant_id) references assistants (organization_id, id) on delete set null (assistant_id),
  foreign key (organization_id, call_id) references calls (organization_id, id) on delete set null (call_id),
  foreign key (organization_id, campaign_id) references campaigns (organization_id, id) on delete set null (campaign_id),
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete set null (contact_id)
);
-- Lets the database referee two deliveries of one tool call.
create unique index appointments_tool_call_key
  on appointments (organization_id, coalesce(call_id, calendar_id), tool_call_id) where tool_call_id is not null;
-- Serves the list, newest first.
create index appointments_by_organization on appointments (organization_id, id desc);
-- Serves the list of a period.
create index appointments_by_start on appointments (organization_id, starts_at);
-- Serves what was made in a call, and the foreign key.
create index appointments_by_call on appointments (organization_id, call_id);
-- Serves a campaign's report, and the foreign key.
create index appointments_by_campaign on appointments (organization_id, campaign_id) where campaign_id is not null;
-- Serve the foreign keys.
create index appointments_by_assistant on appointments (organization_id, assistant_id);
create index appointments_by_contact on appointments (organization_id, contact_id);
alter table appointments enable row level security;
alter table appointments force row level security;
create policy tenant on appointments
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on appointments to zencall_app;

-- Which five minutes of a calendar are taken, and by what: its key lets the database referee two who want the same time,
-- however their appointments overlap. A cancelled appointment has no rows here.
create table appointment_slots (
  organization_id uuid not null,
  calendar_id     uuid not null,
  at              timestamptz not null,
  appointment_id  uuid not null,
  primary key (organization_id, calendar_id, at),
  foreign key (organization_id, appointment_id) references appointments (organization_id, id) on delete cascade
);
-- Serves giving an appointment's time back, and the foreign key.
create index appointment_slots_by_appointment on appointment_slots (organization_id, appointment_id);
alter table appointment_slots enable row level security;
alter table appointment_slots force row level security;
create policy tenant on appointment_slots
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, delete on appointment_slots to zencall_app;
