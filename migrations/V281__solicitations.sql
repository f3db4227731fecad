-- How often an advertiser has tried to reach a person (D223-9 code de la consommation), across organisations. No tenant's
-- table and no personal data: a row says that somebody, under a keyed hash of advertiser and number, was tried at a time.
create table solicitations (
  attempt_id uuid primary key,
  key        bytea not null,
  at         timestamptz not null
);
-- Serves the count before every call.
create index solicitations_by_key on solicitations (key, at desc);
-- Serves forgetting what is too old to count.
create index solicitations_by_time on solicitations (at);
alter table solicitations enable row level security;
alter table solicitations force row level security;
grant select, insert, delete on solicitations to zencall_lookup;
create policy lookup on solicitations to zencall_lookup using (true) with check (true);

-- Under which key an attempt counts, where it does.
alter table call_attempts add column solicitation_key bytea;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

create function zencall.recent_solicitations(keys bytea[], since timestamptz, at_most int)
returns table (key bytea, at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.key, s.at
    from (select distinct unnest(keys) as key) k,
         lateral (select r.at from public.solicitations r where r.key = k.key and r.at > since
                   order by r.at desc limit at_most) s
   order by k.key, s.at desc
$$;

-- Each statement of a volatile function sees what was committed before it: behind the lock, what the one before has done.
create function zencall.hold_solicitations(wanted bytea, since timestamptz, at_most int)
returns table (at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(1502, hashtext(encode(wanted, 'hex')));
  return query
    select r.at from public.solicitations r where r.key = wanted and r.at > since order by r.at desc limit at_most;
end $$;

create function zencall.note_solicitation(wanted bytea, attempt uuid, at_time timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.solicitations (attempt_id, key, at)
  select a.id, wanted, at_time from public.call_attempts a
   where a.id = attempt and a.organization_id = zencall.organization_id()
  on conflict do nothing
$$;

create function zencall.forget_solicitation(attempt uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.solicitations s
   using public.call_attempts a
   where s.attempt_id = attempt and a.id = attempt and a.organization_id = zencall.organization_id()
$$;

-- Whatever is asked for, what still counts stays.
create function zencall.forget_old_solicitations(before timestamptz, at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  touched int;
begin
  delete from public.solicitations s
   where s.attempt_id in (
     select o.attempt_id from public.solicitations o
      where o.at < least(before, now() - interval '31 days') limit at_most);
  get diagnostics touched = row_count;
  return touched;
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('recent_solicitations', 'hold_solicitations', 'note_solicitation',
                                                   'forget_solicitation', 'forget_old_solicitations')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
