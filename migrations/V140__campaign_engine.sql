-- Attempts made, counted or not: numbers the next one, where `attempts` counts those that the limits look at.
alter table campaign_contacts add column tries int not null default 0;

-- Organisations with something to do now: contacts to call, a campaign to begin, or one whose last contact is done.
-- Fair share: those with the fewest calls under way come first.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
create or replace function zencall.due_organizations(at_time timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select due.organization_id
    from (select distinct c.organization_id
            from public.campaigns c
           where (c.status = 'scheduled' and c.scheduled_at <= at_time)
              or (c.status = 'running' and (
                   exists (select from public.campaign_contacts k
                            where k.campaign_id = c.id and k.status in ('pending', 'waiting') and k.due_at <= at_time)
                or not exists (select from public.campaign_contacts k
                                where k.campaign_id = c.id and k.status in ('pending', 'waiting', 'active'))))) due
   order by (select count(*) from public.platform_slots s
              where s.leased_by = due.organization_id and s.leased_until > at_time), random()
   limit at_most
$$;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
