-- Rate limits, and the proof of an API key.
--
-- A limit is a window that begins with the first request and ends some time later: the request beyond the limit is
-- refused until then, to the second, which is what the answer's headers say. A bucket that refills would let through
-- nobody knows quite how many; a log of every request would cost a row each. What a window lets through around its end,
-- twice the limit at most, is bounded too.
--
-- Unlogged: the counters are worth nothing after a crash, and a transaction that touches nothing else is committed
-- without waiting for the disk. That is what makes it affordable to count every request in the database.
create unlogged table rate_limits (
  -- What is limited and whose: a hash, of an id or, keyed, of an address. Nobody is named.
  subject bytea primary key,
  spent   int not null,
  ends_at timestamptz not null
) with (fillfactor = 70);
-- Serves the sweep of what has ended. Counting does not touch it.
create index rate_limits_by_end on rate_limits (ends_at);
alter table rate_limits enable row level security;
alter table rate_limits force row level security;
grant select, insert, update, delete on rate_limits to zencall_lookup;
create policy lookup on rate_limits to zencall_lookup using (true) with check (true);

grant select (id, organization_id, key_hash, scopes, expires_at, last_used_at, revoked_at),
      update (last_used_at) on api_keys to zencall_lookup;
create policy lookup on api_keys for select to zencall_lookup using (true);
create policy touch on api_keys for update to zencall_lookup using (true) with check (true);

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Counts one request against some limits at once: against all of them, or, where one is exhausted, only against that
-- one, since what is refused was not done. A limit with a waiver does not stop whoever the waiver is remembered for.
create function zencall.spend(
  subjects bytea[], allowed int[], seconds int[], waivers bytea[], at_time timestamptz)
returns table (spent_subject bytea, spent int, seconds_left int, is_over boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted record;
  refused boolean := false;
begin
  -- In one order for everybody, or two requests would wait for each other.
  for wanted in
    select w.subject, w.allowed, w.seconds, w.waiver
      from unnest(subjects, allowed, seconds, waivers) as w (subject, allowed, seconds, waiver) order by w.subject
  loop
    spent_subject := wanted.subject;
    insert into public.rate_limits as r (subject, spent, ends_at)
    values (wanted.subject, 1, at_time + make_interval(secs => wanted.seconds))
    on conflict (subject) do update
       set spent = case when r.ends_at <= at_time then 1 else least(r.spent, wanted.allowed) + 1 end,
           ends_at = case when r.ends_at <= at_time then excluded.ends_at else r.ends_at end
    returning r.spent, ceil(extract(epoch from r.ends_at - at_time))::int into spent, seconds_left;
    is_over := spent > wanted.allowed and not exists (
      select from public.rate_limits k where k.subject = wanted.waiver and k.ends_at > at_time);
    refused := refused or is_over;
    return next;
  end loop;
  if refused and cardinality(subjects) > 1 then
    update public.rate_limits r set spent = r.spent - 1
      from unnest(subjects, allowed) as w (subject, allowed)
     where r.subject = w.subject and r.spent <= w.allowed;
  end if;
end $$;

-- Takes back what was counted for something that turned out not to be limited: a login that succeeded.
create function zencall.give_back(subjects bytea[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.rate_limits r set spent = greatest(r.spent - 1, 0)
   where r.subject in (select s.subject from public.rate_limits s where s.subject = any (subjects)
                        order by s.subject for update)
$$;

create function zencall.forget_limits(ended_before timestamptz, at_most int) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with forgotten as (
    delete from public.rate_limits r
     where r.subject in (select s.subject from public.rate_limits s where s.ends_at < ended_before
                          order by s.ends_at limit at_most for update skip locked)
    returning 1)
  select count(*)::int from forgotten
$$;

-- Proves an API key and sets the claims that come with it, or ends the transaction. ZC401: no such key of this
-- organisation, expired, revoked, or another secret. ZC403: it lacks the scope. What is compared are two codes under a
-- pepper that only the platform has, so how long it takes tells nothing of the key.
create function zencall.claim_by_api_key(
  wanted_key uuid, wanted_organization uuid, wanted_hash bytea, wanted_scope text, at_time timestamptz, claims text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  granted text[];
begin
  select k.scopes into granted from public.api_keys k
   where k.id = wanted_key and k.organization_id = wanted_organization and k.key_hash = wanted_hash
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > at_time);
  if granted is null then
    raise exception using errcode = 'ZC401', message = 'not a usable API key';
  end if;
  if (wanted_scope = any (granted)) is not true then
    raise exception using errcode = 'ZC403', message = 'the API key lacks the scope';
  end if;
  perform set_config('request.jwt.claims', claims, true);
end $$;

-- Counts a request of an API key that is good, and notes its use, once a minute. Of one that is not, nothing is counted:
-- the organisation that it names may be anybody's.
create function zencall.use_api_key(
  wanted_key uuid, wanted_organization uuid, wanted_hash bytea, wanted_scope text,
  subjects bytea[], allowed int[], seconds int[], waivers bytea[], at_time timestamptz)
returns table (spent_subject bytea, spent int, seconds_left int, is_over boolean, is_granted boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  granted text[];
  used_at timestamptz;
begin
  select k.scopes, k.last_used_at into granted, used_at from public.api_keys k
   where k.id = wanted_key and k.organization_id = wanted_organization and k.key_hash = wanted_hash
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > at_time);
  if granted is null then
    raise exception using errcode = 'ZC401', message = 'not a usable API key';
  end if;
  if used_at is null or used_at <= at_time - interval '1 minute' then
    update public.api_keys k set last_used_at = at_time
     where k.id = wanted_key and (k.last_used_at is null or k.last_used_at <= at_time - interval '1 minute');
  end if;
  return query
    select s.spent_subject, s.spent, s.seconds_left, s.is_over, coalesce(wanted_scope = any (granted), false)
      from zencall.spend(subjects, allowed, seconds, waivers, at_time) s;
end $$;

do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p
     where p.pronamespace = 'zencall'::regnamespace
       and p.proname in ('spend', 'give_back', 'forget_limits', 'claim_by_api_key', 'use_api_key')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
