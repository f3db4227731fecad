-- What a review of the release found: campaigns that could call nobody kept their organisation first in line and its lines
-- idle; three statements that took a campaign's whole history for the shorter way; calls to take back that others hid.

-- Until then lines are offered to all others first: it was looked at and could call nobody.
alter table campaigns add column rests_until timestamptz;

-- Behind row security the organisation is asked for as well. PostgreSQL takes the two columns for independent, and so, in
-- one index with both, for far fewer rows than they are: an index without the organisation lost against it.
drop index campaign_contacts_due;
create index campaign_contacts_due on campaign_contacts (organization_id, campaign_id, due_at, contact_id)
  where status in ('pending', 'waiting');
drop index call_attempts_judged;
create index call_attempts_judged on call_attempts (organization_id, campaign_id, ended_at desc) include (queued_at, fault)
  where status = 'ended' or fault;

grant select (rests_until) on campaigns to zencall_lookup;
grant select (status) on calls to zencall_lookup;
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- As before, by the new index.
create or replace function zencall.has_campaign_through(wanted uuid) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return exists (
    select from public.campaigns c
     where c.organization_id = wanted and c.status = 'running'
       and (select k.contact_id from public.campaign_contacts k
             where k.organization_id = wanted and k.campaign_id = c.id and k.status in ('pending', 'waiting')
             order by k.due_at limit 1) is null
       and not exists (select from public.campaign_contacts k where k.campaign_id = c.id and k.status = 'active'));
end $$;

-- As before, but those come last whose campaigns all rest, and nobody is named for one whose circuit breaker tries one call.
drop function zencall.due_organizations(timestamptz, int, uuid);
create function zencall.due_organizations(at_time timestamptz, at_least int, own uuid)
returns table (organization_id uuid, leases int, room int, wants_lines boolean, rests boolean, free int)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  lines int := zencall.free_platform_slots(at_time);
begin
  if lines > 0 or own is null then
    return query
    select t.id, t.leases, t.room, w.wants, t.rests, lines
      from (select o.id, r.rests, coalesce(b.leases, 0) as leases,
                   least(o.concurrent_calls_limit - coalesce(b.leases, 0),
                         zencall.turns_left(p.free_at, o.calls_per_second, at_time)) as room
              from (select c.organization_id, bool_and(coalesce(c.rests_until > at_time, false)) as rests
                      from public.campaigns c
                     where c.status in ('running', 'scheduled')
                     group by 1) r
              join public.organizations o on o.id = r.organization_id
              left join (select s.leased_by, count(*)::int as leases from public.platform_slots s
                          where s.leased_until > at_time group by 1) b on b.leased_by = o.id
              left join public.platform_turns u on u.holder = o.id
              left join public.twilio_paces p on p.account = coalesce(o.twilio_account_sid, o.id::text)
             order by r.rests, 3, u.served_at nulls first, 1
            offset 0) t
     cross join lateral (
       select lines > 0 and t.room > 0 and exists (
                select from public.campaigns c
                 where c.organization_id = t.id
                   and c.status in ('running', 'scheduled')
                   and (t.rests or c.rests_until is null or c.rests_until <= at_time)
                   and case when c.status = 'running'
                            then (select k.due_at from public.campaign_contacts k
                                   where k.organization_id = t.id and k.campaign_id = c.id
                                     and k.status in ('pending', 'waiting')
                                   order by k.due_at limit 1) <= at_time
                            else c.scheduled_at <= at_time end
                   -- A campaign has no more calls under way than its organisation.
                   and ((c.breaker <> 'half_open' and c.concurrent_calls > t.leases)
                        or case when c.breaker = 'half_open' then 1 else c.concurrent_calls end > (
                          select count(*) from public.platform_slots s
                           where s.leased_by = t.id and s.campaign_id = c.id and s.leased_until > at_time))) as wants
       offset 0) w
     where w.wants or (own is null and (zencall.has_campaign_through(t.id) or exists (
             select from public.campaigns c
              where c.organization_id = t.id and c.status = 'scheduled' and c.scheduled_at <= at_time)))
     limit greatest(at_least, lines);
  end if;
  if zencall.has_campaign_through(own) then
    return query select own, 0, 0, false, false, lines;
  end if;
end $$;
alter function zencall.due_organizations(timestamptz, int, uuid) owner to zencall_lookup;
revoke all on function zencall.due_organizations(timestamptz, int, uuid) from public;
grant execute on function zencall.due_organizations(timestamptz, int, uuid) to zencall_app;

-- As before, but that calls to take back come first, and those alone that the provider has not placed.
create or replace function zencall.organizations_to_look_after(at_time timestamptz, at_most int) returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select needy.organization_id
    from (select c.organization_id, false as is_urgent from public.campaigns c
           where c.status = 'paused' and c.pause_reason is not null and c.pause_told_at is null
          union
          select c.organization_id, false from public.campaigns c where c.breaker = 'open' and c.probe_at <= at_time
          union
          select c.organization_id, false from public.campaigns c where c.is_closing
          union
          select a.organization_id, true
            from public.call_attempts a join public.calls d on d.id = a.id and d.status = 'queued'
           where a.status = 'in_call' and a.allowed_until <= at_time + interval '1 minute') needy
   where at_time is not null and at_most is not null
   group by 1
   order by bool_or(needy.is_urgent) desc, random() limit at_most;
end $$;

-- As before, and longer: attempts count for thirty days of the calendar.
create or replace function zencall.forget_old_solicitations(before timestamptz, at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  touched int;
begin
  delete from public.solicitations s
   where s.attempt_id in (
     select o.attempt_id from public.solicitations o
      where o.at < least(before, now() - interval '33 days') limit at_most);
  get diagnostics touched = row_count;
  return touched;
end $$;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
