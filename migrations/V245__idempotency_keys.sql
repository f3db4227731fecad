-- A request that was sent twice and is done once: a claim while it runs, its answer afterwards, for a day.
create table idempotency_keys (
  organization_id uuid not null references organizations on delete cascade,
  -- Keyed hash of caller, route and key: neither the key nor who sent what can be read or guessed from it.
  key_hash        bytea not null,
  -- Keyed hash of address and body, which may hold a password.
  request_hash    bytea not null,
  -- Whose answer it is; null where the caller is no person.
  user_id         uuid,
  -- The run that holds the key, and until when it is taken to be alive.
  claim_id        uuid not null,
  claimed_until   timestamptz not null,
  expires_at      timestamptz not null,
  -- Null while it runs.
  status          int check (status between 200 and 399),
  -- The answer held a secret, and was not kept.
  is_secret       boolean not null default false,
  content_type    text,
  location        text,
  body            bytea,
  primary key (organization_id, key_hash),
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade,
  check (not is_secret or (location is null and body is null))
);
-- Serves the deletion of what has expired.
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);
-- Serves the foreign key.
create index idempotency_keys_by_user on idempotency_keys (organization_id, user_id) where user_id is not null;
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy tenant on idempotency_keys
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, delete,
      update (request_hash, user_id, claim_id, claimed_until, expires_at, status, is_secret, content_type, location, body)
   on idempotency_keys to zencall_app;

-- Deletes some of what has expired, whosever it is; returns how many.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
grant select (organization_id, key_hash, expires_at), delete on idempotency_keys to zencall_lookup;
create policy lookup on idempotency_keys for select to zencall_lookup using (true);
create policy expire on idempotency_keys for delete to zencall_lookup using (true);
create function zencall.expire_idempotency_keys(at_time timestamptz, at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  touched int;
begin
  delete from public.idempotency_keys k
   using (select e.organization_id, e.key_hash from public.idempotency_keys e
           where e.expires_at <= at_time order by e.expires_at limit at_most) d
   -- A key that was taken anew meanwhile stays.
   where k.organization_id = d.organization_id and k.key_hash = d.key_hash and k.expires_at <= at_time;
  get diagnostics touched = row_count;
  return touched;
end $$;
alter function zencall.expire_idempotency_keys(timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.expire_idempotency_keys(timestamptz, int) from public;
grant execute on function zencall.expire_idempotency_keys(timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
