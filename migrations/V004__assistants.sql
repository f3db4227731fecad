-- Voice assistants: ours in the database, theirs at Vapi, tied by vapi_assistant_id.
create table assistants (
  id                   uuid primary key,
  organization_id      uuid not null references organizations on delete cascade,
  vapi_assistant_id    text not null,
  name                 text not null check (length(name) between 1 and 40),
  assistant_type       text not null check (assistant_type in ('astreinte', 'rdv', 'info', 'outbound')),
  language             text not null check (language in ('fr', 'en', 'es', 'nl', 'ar')),
  model                text not null,
  voice                text not null,
  system_prompt        text not null,
  first_message        text not null,
  transfer_number      text,
  max_duration_seconds int  not null check (max_duration_seconds between 10 and 43200),
  recording            boolean not null default false,
  created_at           timestamptz not null,
  updated_at           timestamptz not null,
  unique (organization_id, id)
);
-- Serves the look-up of the organisation behind an event of Vapi.
create unique index assistants_vapi_assistant_id_key on assistants (vapi_assistant_id);
-- Serves the list, newest first.
create index assistants_by_organization on assistants (organization_id, id desc);
alter table assistants enable row level security;
alter table assistants force row level security;
create policy tenant on assistants
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update, delete on assistants to zencall_app;
