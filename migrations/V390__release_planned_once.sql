-- What release asks for before a tenant is known, at a cost that does not depend on how many contacts there are: the first of
-- those who wait, in the order of their index. Whether there is any was looked for through the whole table, since PostgreSQL
-- takes whoever is asked about for evenly spread, and half a campaign that is done lies together. And planned once a
-- session, since no plan here depends on what is asked.

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- As before.
create or replace function zencall.has_campaign_through(wanted uuid) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return exists (
    select from public.campaigns c
     where c.organization_id = wanted and c.status = 'running'
       and (select k.contact_id from public.campaign_contacts k
             where k.campaign_id = c.id and k.status in ('pending', 'waiting') order by k.due_at limit 1) is null
       and not exists (select from public.campaign_contacts k where k.campaign_id = c.id and k.status = 'active'));
end $$;

-- Organisations with something to do now, in their order, as before; one statement that looks at one after the other until
-- there are enough.
create or replace function zencall.due_organizations(at_time timestamptz, at_most int, own uuid)
returns table (organization_id uuid, leases int, room int, wants_lines boolean, free int)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  lines int := zencall.free_platform_slots(at_time);
begin
  if lines > 0 or own is null then
    return query
    select t.id, t.leases, t.room, w.wants, lines
      from (select o.id, coalesce(b.leases, 0) as leases,
                   least(o.concurrent_calls_limit - coalesce(b.leases, 0),
                         zencall.turns_left(p.free_at, o.calls_per_second, at_time)) as room
              from (select distinct c.organization_id from public.campaigns c
                     where c.status in ('running', 'scheduled')) r
              join public.organizations o on o.id = r.organization_id
              left join (select s.leased_by, count(*)::int as leases from public.platform_slots s
                          where s.leased_until > at_time group by 1) b on b.leased_by = o.id
              left join public.platform_turns u on u.holder = o.id
              left join public.twilio_paces p on p.account = coalesce(o.twilio_account_sid, o.id::text)
             order by 2, u.served_at nulls first, 1
            offset 0) t
     cross join lateral (
       select lines > 0 and t.room > 0 and exists (
                select from public.campaigns c
                 where c.organization_id = t.id
                   and c.status in ('running', 'scheduled')
                   and case when c.status = 'running'
                            then (select k.due_at from public.campaign_contacts k
                                   where k.campaign_id = c.id and k.status in ('pending', 'waiting')
                                   order by k.due_at limit 1) <= at_time
                            else c.scheduled_at <= at_time end
                   -- A campaign has no more calls under way than its organisation.
                   and (c.concurrent_calls > t.leases or c.concurrent_calls > (
                          select count(*) from public.platform_slots s
                           where s.leased_by = t.id and s.campaign_id = c.id and s.leased_until > at_time))) as wants
       offset 0) w
     where w.wants or (own is null and (zencall.has_campaign_through(t.id) or exists (
             select from public.campaigns c
              where c.organization_id = t.id and c.status = 'scheduled' and c.scheduled_at <= at_time)))
     limit greatest(at_most, lines);
  end if;
  if zencall.has_campaign_through(own) then
    return query select own, 0, 0, false, lines;
  end if;
end $$;

-- What bounds a release of the organisation in whose transaction this runs: the calls that each of its campaigns has under
-- way, all of them together, the lines of the platform that are free, and how many calls its account may be given now.
create function zencall.release_bounds(at_time timestamptz)
returns table (campaigns uuid[], leases int[], organization_leases int, free_slots int, turns_left int)
language plpgsql stable security definer rows 1
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  own uuid := zencall.organization_id();
begin
  return query
  select coalesce(array_agg(h.campaign_id) filter (where h.leased_by = own), '{}'),
         coalesce(array_agg(h.calls) filter (where h.leased_by = own), '{}'),
         coalesce(sum(h.calls) filter (where h.leased_by = own), 0)::int,
         greatest(0, zencall.outbound_platform_slots(at_time) - coalesce(sum(h.calls), 0))::int,
         zencall.calls_in_turn(at_time)
    from (select s.leased_by, s.campaign_id, count(*)::int as calls from public.platform_slots s
           where s.leased_until > at_time group by 1, 2) h;
end $$;
alter function zencall.release_bounds(timestamptz) owner to zencall_lookup;
revoke all on function zencall.release_bounds(timestamptz) from public;
grant execute on function zencall.release_bounds(timestamptz) to zencall_app;

-- As before, and in PL/pgSQL, which keeps its plans: a function in SQL is planned at every call.
create or replace function zencall.free_slots(attempts uuid[]) returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  freed int;
begin
  update public.platform_slots s
     set leased_by = null, campaign_id = null, attempt_id = null, leased_until = null
   where s.attempt_id = any (attempts) and s.leased_by = zencall.organization_id();
  get diagnostics freed = row_count;
  return freed;
end $$;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;

-- The rest is asked with the rights of whoever asks, behind the wall.

-- How the latest calls of a campaign went that ended after `since` and were queued not before `from_when`, for its circuit
-- breaker.
create function zencall.latest_calls(
  wanted uuid, since timestamptz, from_when timestamptz, at_most bigint, out calls bigint, out faults bigint)
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
begin
  select count(*), count(*) filter (where j.fault) into calls, faults
    from (select a.fault from public.call_attempts a
           where a.campaign_id = wanted and (a.status = 'ended' or a.fault) and a.ended_at > since
             and (from_when is null or a.queued_at >= from_when)
           order by a.ended_at desc limit at_most) j;
end $$;

-- What the calls of a campaign have cost, with what is set aside for those whose cost is not known, and whether some of that
-- may be given back soon: a call is under way, or it ended after `since`. Nothing of no campaign.
create function zencall.campaign_account(
  wanted uuid, since timestamptz, out spent numeric, out is_settling boolean)
language plpgsql stable strict set plan_cache_mode = force_generic_plan as $$
begin
  spent := zencall.campaign_spent(wanted, null);
  is_settling := exists (
    select from public.call_attempts a
     where a.campaign_id = wanted and a.status <> 'released' and a.cost is null
       and (a.ended_at is null or a.ended_at > since));
end $$;

revoke all on function zencall.latest_calls(uuid, timestamptz, timestamptz, bigint),
  zencall.campaign_account(uuid, timestamptz) from public;
grant execute on function zencall.latest_calls(uuid, timestamptz, timestamptz, bigint),
  zencall.campaign_account(uuid, timestamptz) to zencall_app;
