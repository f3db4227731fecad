-- Pacing: how many of the platform's lines may be used, whose turn it is, and how fast an account at Twilio may dial.
-- None of the four tables is a tenant's: they are reached only through the functions below.

-- What whoever deploys says, what Vapi says, and what its refusals have taught. One row.
create table platform_limits (
  only_row   boolean primary key default true check (only_row),
  -- Lines of the platform's account at Vapi, and how many of them are kept for inbound calls.
  configured int not null check (configured >= 0),
  reserve    int not null default 0 check (reserve >= 0),
  -- The limit that Vapi told in an answer, and when it last did.
  stated     int,
  stated_at  timestamptz,
  -- How many were in use when Vapi had no line left. It grows again with time, and with what Vapi takes.
  learnt     int,
  learnt_at  timestamptz
);
insert into platform_limits (configured) select count(*) from platform_slots;

-- Inbound calls under way: they are Vapi's to accept, and take lines of the same pool.
create table platform_inbound (
  call_id uuid primary key,
  held_by uuid not null,
  since   timestamptz not null
);

-- When an organisation last got a line: among equals, whoever waited longest comes first.
create table platform_turns (
  holder    uuid primary key,
  served_at timestamptz not null
) with (fillfactor = 50);

-- From when on an account at Twilio may dial again (generic cell rate), and when somebody will look after what it must
-- leave for later. Organisations that share an account share its row.
create table twilio_paces (
  account  text primary key,
  free_at  timestamptz not null,
  wakes_at timestamptz
) with (fillfactor = 50);

do $$
declare t text;
begin
  foreach t in array array['platform_limits', 'platform_inbound', 'platform_turns', 'twilio_paces'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('grant select, insert, update, delete on %I to zencall_lookup', t);
    execute format('create policy lookup on %I to zencall_lookup using (true) with check (true)', t);
  end loop;
end $$;

-- Calls that Twilio places per second; one is what an account has unless it asks for more.
alter table organizations add column calls_per_second int not null default 1 check (calls_per_second between 1 and 1000);
grant select (concurrent_calls_limit, calls_per_second) on organizations to zencall_lookup;
grant select (concurrent_calls) on campaigns to zencall_lookup;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Lines that may be in use, inbound calls included: down at once where Vapi refuses or says so, up by one in thirty seconds.
-- Never none: nothing would be learnt any more. A word of Vapi's counts for a day. (Here and below plpgsql where a session
-- asks again and again: it keeps its plans.)
create function zencall.usable_platform_slots(at_time timestamptz) returns int
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select least(l.configured, greatest(1, least(
           l.configured,
           case when l.stated_at > at_time - interval '1 day' then l.stated end,
           l.learnt + least(floor(extract(epoch from at_time - l.learnt_at) / 30), l.configured)::int)))
    from public.platform_limits l);
end $$;

-- Those of them that campaigns may use: what is kept for inbound calls is not theirs, nor what inbound calls use beyond it.
-- An inbound call of whose end nothing was heard counts for an hour.
create function zencall.outbound_platform_slots(at_time timestamptz) returns int
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  lines int := zencall.usable_platform_slots(at_time);
begin
  return (select greatest(0, lines - greatest(
            least(l.reserve, lines - 1),
            (select count(*)::int from public.platform_inbound i where i.since > at_time - interval '1 hour')))
    from public.platform_limits l);
end $$;

create or replace function zencall.free_platform_slots(at_time timestamptz) returns int
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return greatest(0, zencall.outbound_platform_slots(at_time)
                   - (select count(*)::int from public.platform_slots s where s.leased_until > at_time));
end $$;

create or replace function zencall.set_platform_slots(wanted int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.platform_slots (number) select n from generate_series(1, wanted) n on conflict do nothing;
  delete from public.platform_slots s where s.number > wanted and s.leased_by is null;
  update public.platform_limits set configured = wanted;
$$;

create function zencall.set_platform_reserve(wanted int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.platform_limits set reserve = wanted
$$;

-- As before, within what may be used now; and the organisation has had its turn.
create or replace function zencall.lease_slots(attempts uuid[], campaigns uuid[], until timestamptz[], at_time timestamptz)
returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  lines int := zencall.outbound_platform_slots(at_time);
begin
  return query with wanted as (
    select w.attempt_id, w.campaign_id, w.leased_until, row_number() over (order by w.position) as n
      from unnest(attempts, campaigns, until) with ordinality as w (attempt_id, campaign_id, leased_until, position)
  ), free as (
    select f.number, row_number() over (order by f.number) as n
      from (select s.number from public.platform_slots s
             where (s.leased_until is null or s.leased_until <= at_time)
               and s.number <= lines
             order by s.number
             limit least(cardinality(attempts), greatest(0, lines - (
                     select count(*)::int from public.platform_slots h where h.leased_until > at_time)))
               for update skip locked) f
  ), leased as (
    update public.platform_slots s
       set leased_by = zencall.organization_id(), campaign_id = w.campaign_id,
           attempt_id = w.attempt_id, leased_until = w.leased_until
      from wanted w join free f using (n)
     where s.number = f.number and zencall.organization_id() is not null
    returning s.attempt_id
  ), served as (
    insert into public.platform_turns as t (holder, served_at)
    select zencall.organization_id(), at_time where exists (select from leased)
    on conflict (holder) do update set served_at = greatest(t.served_at, excluded.served_at)
  )
  select l.attempt_id from leased l;
end $$;

-- What an answer of Vapi's to one attempt teaches: how many calls it allows and how many more it would take, or that it had
-- no line left. Ours are those that hold a lease, this one apart, and the inbound ones.
create function zencall.learn_lines(attempt uuid, refused boolean, allowed int, remaining int, at_time timestamptz)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  busy   int;
  usable int;
  bound  int;
begin
  if zencall.organization_id() is null then
    return;
  end if;
  update public.platform_limits l set stated = allowed, stated_at = at_time
   where allowed is not null
     and (l.stated is distinct from allowed or l.stated_at < at_time - interval '1 hour');
  if not refused and remaining is null then
    return;
  end if;
  select count(*) into busy from public.platform_slots s
   where s.leased_until > at_time and s.attempt_id is distinct from attempt;
  select busy + count(*) into busy from public.platform_inbound i where i.since > at_time - interval '1 hour';
  usable := zencall.usable_platform_slots(at_time);
  bound := case when refused then greatest(busy, 1) else busy + 1 + greatest(remaining, 0) end;
  if bound < usable then
    update public.platform_limits set learnt = bound, learnt_at = at_time;
  elsif not refused and remaining > 0 then
    update public.platform_limits l set learnt = usable + 1, learnt_at = at_time
     where l.learnt is not null and usable < least(l.configured, case when l.stated_at > at_time - interval '1 day' then l.stated end);
  end if;
end $$;

-- An inbound call of the organisation in whose transaction this runs is under way, or over.
create function zencall.note_inbound(call uuid, under_way boolean, at_time timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.platform_inbound i
   where i.call_id = call and not under_way and i.held_by = zencall.organization_id();
  insert into public.platform_inbound (call_id, held_by, since)
  select call, zencall.organization_id(), at_time where under_way and zencall.organization_id() is not null
  on conflict do nothing;
$$;

-- How many calls an account may still be given now: what it may dial within two seconds. Half a second that was not used may
-- be caught up with, since no queue is punctual.
create function zencall.turns_left(free_at timestamptz, per_second int, at_time timestamptz) returns int
language sql stable as $$
  select greatest(0, floor(per_second * extract(epoch from
           at_time + interval '2 seconds' - greatest(free_at, at_time - interval '0.5 seconds'))))::int
$$;

-- The same for the organisation in whose transaction this runs.
create function zencall.calls_in_turn(at_time timestamptz) returns int
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select zencall.turns_left(p.free_at, o.calls_per_second, at_time)
    from public.organizations o
    left join public.twilio_paces p on p.account = coalesce(o.twilio_account_sid, o.id::text)
   where o.id = (select zencall.organization_id()));
end $$;

-- Takes so many turns of its account: the first is dialled at `first_at`, each further one `apart` seconds later. Where
-- more calls want to follow than the account may dial now, `wakes_at` says when to go on, to the first who asks.
create function zencall.take_turns(wanted int, more boolean, at_time timestamptz)
returns table (first_at timestamptz, apart float8, wakes_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query with own as (
    select coalesce(o.twilio_account_sid, o.id::text) as account, o.calls_per_second
      from public.organizations o where o.id = (select zencall.organization_id())
  ), before as (
    select p.account, p.free_at, p.wakes_at from public.twilio_paces p
     where p.account = (select account from own) for update
  ), turn as (
    select o.account, 1.0::float8 / o.calls_per_second as apart,
           greatest(b.free_at, at_time - interval '0.5 seconds') as first_at,
           more and coalesce(b.wakes_at <= at_time + interval '1 second', true) as wakes
      from own o left join before b using (account)
  ), taken as (
    insert into public.twilio_paces as p (account, free_at, wakes_at)
    select t.account, t.first_at + make_interval(secs => wanted * t.apart),
           case when t.wakes then t.first_at + make_interval(secs => wanted * t.apart) end
      from turn t where wanted > 0 or t.wakes
    on conflict (account) do update
       set free_at = greatest(p.free_at, excluded.free_at), wakes_at = coalesce(excluded.wakes_at, p.wakes_at)
    returning p.free_at
  )
  select t.first_at, t.apart, case when t.wakes then k.free_at end from turn t, taken k;
end $$;

-- Forgets what says nothing any more: turns and paces of before, inbound calls of whose end nothing was heard. Only what is
-- older than a day goes, whatever is asked for.
create function zencall.forget_turns(before timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.platform_turns t where t.served_at < least(before, now() - interval '1 day');
  delete from public.twilio_paces p where p.free_at < least(before, now() - interval '1 day');
  delete from public.platform_inbound i where i.since < least(before, now() - interval '1 day');
$$;

-- Whether an organisation has a running campaign of which nobody waits and nobody is called.
create function zencall.has_campaign_through(wanted uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    select from public.campaigns c
     where c.organization_id = wanted and c.status = 'running'
       and not exists (select from public.campaign_contacts k
                        where k.campaign_id = c.id and k.status in ('pending', 'waiting'))
       and not exists (select from public.campaign_contacts k where k.campaign_id = c.id and k.status = 'active'));
end $$;

-- Organisations with something to do now, in their order: those with the fewest calls under way first, of equals whoever
-- waited longest for a line. `wants_lines` where there are contacts to call, lines free, and neither its own limit nor
-- its campaigns' nor its account's pace stand in the way; otherwise there is a campaign to begin or to complete. At least as
-- many as there are free lines, and the search ends with the last of them, whatever the others have to do. After the end
-- of a call it is asked for `own`: then nobody is looked at but for the lines, and own for a campaign that is through.
drop function zencall.due_organizations(timestamptz, int);
create function zencall.due_organizations(at_time timestamptz, at_most int, own uuid)
returns table (organization_id uuid, leases int, room int, wants_lines boolean, free int)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t     record;
  named int := 0;
begin
  free := zencall.free_platform_slots(at_time);
  if free > 0 or own is null then
    for t in
      select o.id, coalesce(b.leases, 0) as leases,
             least(o.concurrent_calls_limit - coalesce(b.leases, 0),
                   zencall.turns_left(p.free_at, o.calls_per_second, at_time)) as room
        from (select distinct c.organization_id from public.campaigns c where c.status in ('running', 'scheduled')) r
        join public.organizations o on o.id = r.organization_id
        left join (select s.leased_by, count(*)::int as leases from public.platform_slots s
                    where s.leased_until > at_time group by 1) b on b.leased_by = o.id
        left join public.platform_turns u on u.holder = o.id
        left join public.twilio_paces p on p.account = coalesce(o.twilio_account_sid, o.id::text)
       order by 2, u.served_at nulls first, 1
    loop
      organization_id := t.id;
      leases := t.leases;
      room := t.room;
      wants_lines := free > 0 and t.room > 0 and exists (
        select from public.campaigns c
         where c.organization_id = t.id
           and ((c.status = 'running' and exists (
                   select from public.campaign_contacts k
                    where k.campaign_id = c.id and k.status in ('pending', 'waiting') and k.due_at <= at_time))
             or (c.status = 'scheduled' and c.scheduled_at <= at_time))
           and c.concurrent_calls > (select count(*) from public.platform_slots s
                                      where s.leased_by = t.id and s.campaign_id = c.id and s.leased_until > at_time));
      if wants_lines or (own is null and (zencall.has_campaign_through(t.id) or exists (
           select from public.campaigns c
            where c.organization_id = t.id and c.status = 'scheduled' and c.scheduled_at <= at_time))) then
        return next;
        named := named + 1;
        exit when named >= greatest(at_most, free);
      end if;
    end loop;
  end if;
  if zencall.has_campaign_through(own) then
    organization_id := own;
    leases := 0;
    room := 0;
    wants_lines := false;
    return next;
  end if;
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall'
       and p.proname in ('usable_platform_slots', 'outbound_platform_slots', 'set_platform_reserve', 'learn_lines',
                         'note_inbound', 'turns_left', 'calls_in_turn', 'take_turns', 'forget_turns',
                         'has_campaign_through', 'due_organizations')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
-- Whoever deploys sets the reserve; the application may not. The rest is for the functions above alone.
revoke execute on function zencall.set_platform_reserve(int), zencall.usable_platform_slots(timestamptz),
  zencall.outbound_platform_slots(timestamptz), zencall.turns_left(timestamptz, int, timestamptz),
  zencall.has_campaign_through(uuid) from zencall_app;
do $$ begin execute format('grant execute on function zencall.set_platform_reserve(int) to %I', current_user); end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
