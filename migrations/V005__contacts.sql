-- The people whom an organisation calls. One row per number.
create table contacts (
  id               uuid primary key,
  organization_id  uuid not null references organizations on delete cascade,
  phone            text not null,
  kind             text not null default 'consumer' check (kind in ('consumer', 'business')),
  first_name       text,
  last_name        text,
  email            text,
  company          text,
  postal_code      text,
  timezone         text,
  language         text check (language in ('fr', 'en', 'es', 'nl', 'ar')),
  tags             text[] not null default '{}',
  variables        jsonb not null default '{}',
  contract         jsonb,
  callback_request jsonb,
  do_not_call      boolean not null default false,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  unique (organization_id, id)
);
-- Serves "a number met before updates", and lets the database referee two imports.
create unique index contacts_phone_key on contacts (organization_id, phone);
-- Serves the list, newest first.
create index contacts_by_organization on contacts (organization_id, id desc);
-- Serves adding contacts to a campaign by tag.
create index contacts_by_tag on contacts using gin (tags);
alter table contacts enable row level security;
alter table contacts force row level security;
create policy tenant on contacts
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update, delete on contacts to zencall_app;
