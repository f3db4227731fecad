-- API keys: what programs of an organisation authenticate with.

create table api_keys (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  name            text not null check (length(name) between 1 and 100),
  scopes          text[] not null check (cardinality(scopes) > 0 and scopes <@ array[
    'assistants:read', 'assistants:write', 'contacts:read', 'contacts:write', 'campaigns:read', 'campaigns:write',
    'calls:read', 'appointments:read', 'appointments:write', 'messages:read', 'messages:write']),
  -- HMAC-SHA-256 of id, organisation and 256 random bits under the platform's pepper. The key itself is kept nowhere.
  key_hash        bytea not null check (length(key_hash) = 32),
  created_by      uuid,
  created_at      timestamptz not null,
  expires_at      timestamptz,
  -- To the minute: not every request writes.
  last_used_at    timestamptz,
  revoked_at      timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, created_by) references profiles (organization_id, id) on delete set null (created_by)
);
-- Serves the list, newest first.
create index api_keys_by_organization on api_keys (organization_id, id desc);
-- Serves the forgetting of whoever made them.
create index api_keys_by_creator on api_keys (organization_id, created_by);
alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy tenant on api_keys
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
-- The application writes a hash and cannot read one, nor change one, nor what a key may do.
grant insert, update (name, revoked_at),
      select (id, organization_id, name, scopes, created_by, created_at, expires_at, last_used_at, revoked_at)
   on api_keys to zencall_app;

-- Which program did it; `user_id` says which person. No reference: the fact outlives the key.
alter table gdpr_audit_logs add column api_key_id uuid;
