-- Tenants, the people in them, how they prove who they are, and what they agreed to.

create table organizations (
  id                     uuid primary key,
  name                   text not null check (length(name) between 1 and 200),
  organization_type      text not null check (organization_type in ('b2b', 'b2c')),
  company_registration   text,
  vat_number             text,
  country                text not null default 'FR',
  timezone               text not null default 'Europe/Paris',
  language               text not null default 'fr' check (language in ('fr', 'en', 'es', 'nl', 'ar')),
  concurrent_calls_limit int  not null default 10 check (concurrent_calls_limit between 0 and 1000),
  -- The token of this account lives in Secrets Manager under the organisation's id, never here.
  twilio_account_sid     text,
  twilio_phone_number    text,
  twilio_sms_sender      text,
  twilio_configured      boolean not null default false,
  twilio_verified_at     timestamptz,
  vapi_phone_number_id   text,
  created_at             timestamptz not null,
  updated_at             timestamptz not null
);
alter table organizations enable row level security;
alter table organizations force row level security;
create policy tenant on organizations
  using (id = (select zencall.organization_id())) with check (id = (select zencall.organization_id()));
grant select, insert, update on organizations to zencall_app;
-- Serves the look-up of the organisations behind a Twilio account.
create index organizations_by_twilio_account on organizations (twilio_account_sid) where twilio_account_sid is not null;
-- Serves the look-up of the organisation behind a Vapi phone number.
create unique index organizations_vapi_phone_number_id_key on organizations (vapi_phone_number_id);

create table profiles (
  id                 uuid primary key,
  organization_id    uuid not null references organizations on delete cascade,
  email              text not null check (length(email) <= 254),
  full_name          text not null check (length(full_name) between 1 and 200),
  role               text not null check (role in ('admin', 'member')),
  language           text not null default 'fr' check (language in ('fr', 'en', 'es', 'nl', 'ar')),
  email_confirmed_at timestamptz,
  gdpr_consent_at    timestamptz,
  terms_accepted_at  timestamptz,
  marketing_consent  boolean not null default false,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  unique (organization_id, id)
);
-- Serves the login, and lets the database referee two sign-ups with one address.
create unique index profiles_email_key on profiles (lower(email));
alter table profiles enable row level security;
alter table profiles force row level security;
create policy tenant on profiles
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on profiles to zencall_app;

-- Apart from profiles, so that no query of a profile can return a hash: the application writes it and cannot read it.
create table credentials (
  user_id         uuid primary key,
  organization_id uuid not null,
  password_hash   text not null,
  updated_at      timestamptz not null,
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade
);
alter table credentials enable row level security;
alter table credentials force row level security;
create policy tenant on credentials
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant insert, update, select (user_id, organization_id, updated_at) on credentials to zencall_app;

create table sessions (
  id              uuid primary key,
  organization_id uuid not null,
  user_id         uuid not null,
  created_at      timestamptz not null,
  last_used_at    timestamptz not null,
  revoked_at      timestamptz,
  ip_address      text,
  user_agent      text,
  unique (organization_id, id),
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade
);
-- Serves the list of a person's sessions and revoking them all.
create index sessions_by_user on sessions (organization_id, user_id, id desc);
alter table sessions enable row level security;
alter table sessions force row level security;
create policy tenant on sessions
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on sessions to zencall_app;

-- One row per refresh token ever issued; a spent one that comes back revokes its session.
create table refresh_tokens (
  token_hash      bytea primary key,
  organization_id uuid not null,
  session_id      uuid not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  spent_at        timestamptz,
  foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade
);
-- Serves the deletion of a session's tokens with the session.
create index refresh_tokens_by_session on refresh_tokens (organization_id, session_id);
alter table refresh_tokens enable row level security;
alter table refresh_tokens force row level security;
create policy tenant on refresh_tokens
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on refresh_tokens to zencall_app;

-- Links in mails. The token is derived from the id by HMAC, so nothing here opens anything.
create table one_time_tokens (
  id              uuid primary key,
  organization_id uuid not null,
  user_id         uuid not null,
  purpose         text not null check (purpose in ('confirm_email', 'change_email', 'reset_password', 'invitation')),
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  used_at         timestamptz,
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade
);
-- Serves the deletion of a person's links with the person.
create index one_time_tokens_by_user on one_time_tokens (organization_id, user_id);
alter table one_time_tokens enable row level security;
alter table one_time_tokens force row level security;
create policy tenant on one_time_tokens
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on one_time_tokens to zencall_app;

-- Append-only: what a user agreed to, when, from where.
create table gdpr_consents (
  id              uuid primary key,
  organization_id uuid not null,
  user_id         uuid not null,
  consent_type    text not null check (consent_type in ('terms', 'privacy', 'marketing', 'cookies')),
  consent_given   boolean not null,
  consent_version text not null,
  ip_address      text,
  user_agent      text,
  created_at      timestamptz not null,
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade
);
-- Serves a user's own consents, newest first.
create index gdpr_consents_by_user on gdpr_consents (organization_id, user_id, id desc);
alter table gdpr_consents enable row level security;
alter table gdpr_consents force row level security;
create policy tenant on gdpr_consents
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on gdpr_consents to zencall_app;

-- Append-only: who did what, when, from where. No reference to profiles: the fact outlives the person.
create table gdpr_audit_logs (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  user_id         uuid,
  action          text not null,
  details         jsonb not null default '{}',
  ip_address      text,
  user_agent      text,
  created_at      timestamptz not null
);
-- Serves an organisation's audit log, newest first.
create index gdpr_audit_logs_by_organization on gdpr_audit_logs (organization_id, id desc);
alter table gdpr_audit_logs enable row level security;
alter table gdpr_audit_logs force row level security;
create policy tenant on gdpr_audit_logs
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on gdpr_audit_logs to zencall_app;
