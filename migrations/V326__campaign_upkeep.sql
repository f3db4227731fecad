-- What a campaign needs every minute, beside its calls: to be stopped where the provider fails and tried again, to tell why it
-- stopped, to take back calls that the provider has not placed when their window ends, to leave nobody waiting once it is
-- cancelled. And how many contacts it has, without counting them.

alter table campaigns
  -- A circuit breaker: closed, open until `probe_at`, then half open, for one call alone.
  add column breaker text not null default 'closed' check (breaker in ('closed', 'open', 'half_open')),
  -- Calls queued before this say nothing about it.
  add column breaker_since timestamptz,
  add column breaker_trips int not null default 0,
  add column probe_at timestamptz,
  -- When its organisation's administrators were told why it is paused.
  add column pause_told_at timestamptz,
  -- Cancelled, and some of its contacts are not marked as such yet.
  add column is_closing boolean not null default false,
  add column total_contacts bigint not null default 0;
-- Serve the upkeep: the few campaigns that need some.
create index campaigns_untold on campaigns (organization_id)
  where status = 'paused' and pause_reason is not null and pause_told_at is null;
create index campaigns_to_probe on campaigns (organization_id, probe_at) where breaker = 'open';
create index campaigns_closing on campaigns (organization_id) where is_closing;

alter table call_attempts
  -- The platform or a provider failed before anybody was reached.
  add column fault boolean not null default false,
  -- Until when the gate allowed it to be placed.
  add column allowed_until timestamptz,
  -- Since when the provider is asked to take it back.
  add column recalled_at timestamptz;
-- Serves the circuit breaker: how the latest calls of a campaign went.
create index call_attempts_judged on call_attempts (campaign_id, ended_at desc) include (queued_at, fault)
  where status = 'ended' or fault;

-- How many contacts a campaign has, kept by whoever adds or removes some: one update a statement and campaign.
create function zencall.count_contacts() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update public.campaigns c
     set total_contacts = c.total_contacts + case tg_op when 'INSERT' then m.contacts else -m.contacts end
    from (select k.organization_id, k.campaign_id, count(*) as contacts from moved k group by 1, 2) m
   where c.organization_id = m.organization_id and c.id = m.campaign_id;
  return null;
end $$;
revoke all on function zencall.count_contacts() from public;
create trigger count_added after insert on campaign_contacts
  referencing new table as moved for each statement execute function zencall.count_contacts();
create trigger count_removed after delete on campaign_contacts
  referencing old table as moved for each statement execute function zencall.count_contacts();
alter table campaigns no force row level security;
alter table campaign_contacts no force row level security;
update campaigns c
   set total_contacts = (select count(*) from campaign_contacts k where k.campaign_id = c.id);
alter table campaigns force row level security;
alter table campaign_contacts force row level security;
-- Who forgets an organisation removes contacts.
grant select (total_contacts), update (total_contacts) on campaigns to zencall_lookup;

-- Which organisations need some.
grant select (status, pause_reason, pause_told_at, breaker, probe_at, is_closing) on campaigns to zencall_lookup;
grant select (allowed_until) on call_attempts to zencall_lookup;
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
create function zencall.organizations_to_look_after(at_time timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select needy.organization_id
    from (select c.organization_id from public.campaigns c
           where c.status = 'paused' and c.pause_reason is not null and c.pause_told_at is null
          union
          select c.organization_id from public.campaigns c where c.breaker = 'open' and c.probe_at <= at_time
          union
          select c.organization_id from public.campaigns c where c.is_closing
          union
          select a.organization_id from public.call_attempts a
           where a.status = 'in_call' and a.allowed_until <= at_time + interval '1 minute') needy
   where at_time is not null and at_most is not null
   order by random() limit at_most
$$;
alter function zencall.organizations_to_look_after(timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.organizations_to_look_after(timestamptz, int) from public;
grant execute on function zencall.organizations_to_look_after(timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
