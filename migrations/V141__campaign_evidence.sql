-- Which organisations have attempts of which something should have been heard by now: sent and not dialled, dialled and
-- nothing known, or in a call that must be over. A call that merely lasts does not count, so that it hides no other.
grant select (assistant_id) on call_attempts to zencall_lookup;
grant select (id, max_duration_seconds) on assistants to zencall_lookup;
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
create or replace function zencall.stale_organizations(
  queued_before timestamptz, dialing_before timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select stale.organization_id
    from (select distinct a.organization_id
            from public.call_attempts a
            join public.assistants s on s.organization_id = a.organization_id and s.id = a.assistant_id
           where (a.status = 'queued' and coalesce(a.sent_at, a.queued_at) < queued_before)
              or (a.status in ('dialing', 'unknown') and a.dialing_at < dialing_before)
              or (a.status = 'in_call' and a.dialing_at + make_interval(secs => s.max_duration_seconds) < dialing_before)
         ) stale
   order by random() limit at_most
$$;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;

-- A decision is evidence, kept three years: it outlives the campaign that it was made for.
alter table gate_decisions
  drop constraint gate_decisions_organization_id_campaign_id_fkey,
  add foreign key (organization_id) references organizations on delete cascade;
