-- What may be asked before a tenant is known, and the platform's shared rows: the complete list of SECURITY DEFINER
-- functions. Each returns the least that serves. They belong to zencall_lookup, which has column grants and policies of
-- its own: under FORCE ROW LEVEL SECURITY an ordinary owner sees nothing.

-- Grants and policies of the look-up role.
grant select (id, email, organization_id, email_confirmed_at) on profiles to zencall_lookup;
create policy lookup on profiles for select to zencall_lookup using (true);
grant select (user_id, password_hash) on credentials to zencall_lookup;
create policy lookup on credentials for select to zencall_lookup using (true);
grant select (token_hash, organization_id, session_id) on refresh_tokens to zencall_lookup;
create policy lookup on refresh_tokens for select to zencall_lookup using (true);
grant select (id, organization_id) on one_time_tokens to zencall_lookup;
create policy lookup on one_time_tokens for select to zencall_lookup using (true);
grant select (id, vapi_phone_number_id, twilio_account_sid) on organizations to zencall_lookup;
create policy lookup on organizations for select to zencall_lookup using (true);
grant select (vapi_assistant_id, organization_id) on assistants to zencall_lookup;
create policy lookup on assistants for select to zencall_lookup using (true);
grant select (id, organization_id, status, queued_at, sent_at, dialing_at) on call_attempts to zencall_lookup;
create policy lookup on call_attempts for select to zencall_lookup using (true);
grant select (vapi_call_id, organization_id) on calls to zencall_lookup;
create policy lookup on calls for select to zencall_lookup using (true);
grant select (id, organization_id, status, scheduled_at) on campaigns to zencall_lookup;
create policy lookup on campaigns for select to zencall_lookup using (true);
grant select (campaign_id, status, due_at) on campaign_contacts to zencall_lookup;
create policy lookup on campaign_contacts for select to zencall_lookup using (true);
grant select on outbox to zencall_lookup;
create policy lookup on outbox for select to zencall_lookup using (true);
grant select, insert, update, delete on platform_slots to zencall_lookup;
create policy lookup on platform_slots to zencall_lookup using (true) with check (true);
grant select, insert, delete on parked_events to zencall_lookup;
create policy lookup on parked_events to zencall_lookup using (true) with check (true);

-- The owner must be a member to hand a function over, and must not stay one: its policies would apply to the owner.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Login: the one way to read a password hash.
create function zencall.login_by_email(wanted_email text)
returns table (user_id uuid, organization_id uuid, password_hash text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.organization_id, c.password_hash
    from public.profiles p join public.credentials c on c.user_id = p.id
   where lower(p.email) = lower(wanted_email)
$$;

-- Sign-up and resend: whose address it is, without the hash.
create function zencall.user_by_email(wanted_email text)
returns table (user_id uuid, organization_id uuid, confirmed boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.organization_id, p.email_confirmed_at is not null
    from public.profiles p where lower(p.email) = lower(wanted_email)
$$;

create function zencall.session_by_refresh_token(wanted_hash bytea)
returns table (organization_id uuid, session_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select t.organization_id, t.session_id from public.refresh_tokens t where t.token_hash = wanted_hash
$$;

create function zencall.organization_of_one_time_token(wanted_id uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select t.organization_id from public.one_time_tokens t where t.id = wanted_id
$$;

-- Webhooks: whose event is this? Our attempt first, then our call, our assistant, our phone number.
create function zencall.organization_of_vapi_event(
  wanted_attempt uuid, wanted_call text, wanted_assistant text, wanted_phone_number text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select a.organization_id from public.call_attempts a where a.id = wanted_attempt),
    (select c.organization_id from public.calls c where c.vapi_call_id = wanted_call),
    (select s.organization_id from public.assistants s where s.vapi_assistant_id = wanted_assistant),
    (select o.id from public.organizations o where o.vapi_phone_number_id = wanted_phone_number))
$$;

create function zencall.organizations_of_twilio_account(wanted_sid text) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select o.id from public.organizations o where o.twilio_account_sid = wanted_sid order by o.id limit 5
$$;

-- Fair share: organisations with something to call now, those with the fewest calls under way first.
create function zencall.due_organizations(at_time timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select due.organization_id
    from (select distinct c.organization_id
            from public.campaigns c
           where (c.status = 'running' and exists (
                   select from public.campaign_contacts k
                    where k.campaign_id = c.id and k.status in ('pending', 'waiting') and k.due_at <= at_time))
              or (c.status = 'scheduled' and c.scheduled_at <= at_time)) due
   order by (select count(*) from public.platform_slots s
              where s.leased_by = due.organization_id and s.leased_until > at_time), random()
   limit at_most
$$;

-- Organisations with attempts that wait for something: never sent, never dialled, never ended.
create function zencall.stale_organizations(
  queued_before timestamptz, dialing_before timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct a.organization_id from public.call_attempts a
   where (a.status = 'queued' and coalesce(a.sent_at, a.queued_at) < queued_before)
      or (a.status in ('dialing', 'in_call', 'unknown') and a.queued_at < dialing_before)
   limit at_most
$$;

create function zencall.outbox_due(created_before timestamptz, at_most int)
returns table (id uuid, organization_id uuid, queue text, body jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select o.id, o.organization_id, o.queue, o.body from public.outbox o
   where o.created_at < created_before order by o.created_at limit at_most
$$;

-- Platform slots. A lease that ran out is a free slot: that heals a lost end.
create function zencall.set_platform_slots(wanted int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.platform_slots (number) select n from generate_series(1, wanted) n on conflict do nothing;
  delete from public.platform_slots s where s.number > wanted and s.leased_by is null
$$;

create function zencall.free_platform_slots(at_time timestamptz) returns int
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*)::int from public.platform_slots s where s.leased_until is null or s.leased_until <= at_time
$$;

-- The live leases of the organisation in whose transaction this runs, by campaign.
create function zencall.live_leases(at_time timestamptz) returns table (campaign_id uuid, leases int)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.campaign_id, count(*)::int from public.platform_slots s
   where s.leased_by = (select zencall.organization_id()) and s.leased_until > at_time
   group by s.campaign_id
$$;

-- Leases a slot for each attempt, in order, as far as there are free ones; returns the attempts that got one.
create function zencall.lease_slots(attempts uuid[], campaigns uuid[], until timestamptz[], at_time timestamptz)
returns setof uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with wanted as (
    select w.attempt_id, w.campaign_id, w.leased_until, row_number() over (order by w.position) as n
      from unnest(attempts, campaigns, until) with ordinality as w (attempt_id, campaign_id, leased_until, position)
  ), free as (
    select f.number, row_number() over (order by f.number) as n
      from (select s.number from public.platform_slots s
             where s.leased_until is null or s.leased_until <= at_time
             order by s.number limit cardinality(attempts) for update skip locked) f
  )
  update public.platform_slots s
     set leased_by = zencall.organization_id(), campaign_id = w.campaign_id,
         attempt_id = w.attempt_id, leased_until = w.leased_until
    from wanted w join free f using (n)
   where s.number = f.number and zencall.organization_id() is not null
  returning s.attempt_id
$$;

-- Frees the slots of these attempts, if the organisation in whose transaction this runs holds them.
create function zencall.free_slots(attempts uuid[]) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with freed as (
    update public.platform_slots s
       set leased_by = null, campaign_id = null, attempt_id = null, leased_until = null
     where s.attempt_id = any (attempts) and s.leased_by = zencall.organization_id()
    returning 1)
  select count(*)::int from freed
$$;

-- Events of assistants that we do not know yet.
create function zencall.park_event(event_id uuid, event_body jsonb, at_time timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.parked_events (id, body, received_at) values (event_id, event_body, at_time) on conflict do nothing
$$;

create function zencall.take_parked_events(older_than timestamptz, at_most int)
returns table (body jsonb, received_at timestamptz)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.parked_events p
   where p.id in (select q.id from public.parked_events q where q.received_at < older_than
                   order by q.received_at limit at_most for update skip locked)
  returning p.body, p.received_at
$$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.prosecdef
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
-- Whoever deploys sets the size of the pool; the application may not.
revoke execute on function zencall.set_platform_slots(int) from zencall_app;
do $$ begin execute format('grant execute on function zencall.set_platform_slots(int) to %I', current_user); end $$;
revoke create on schema zencall from zencall_lookup;

-- Partitions of provider_events: this month and the next two, each behind the same wall (partitions do not inherit it).
-- Owned by the tables' owner, since only an owner creates partitions.
create function zencall.ensure_partitions(around date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  first_day date;
  partition_name text;
begin
  for offset_months in -1..2 loop
    first_day := (date_trunc('month', around) + make_interval(months => offset_months))::date;
    partition_name := 'provider_events_' || to_char(first_day, 'YYYY_MM');
    if to_regclass('public.' || partition_name) is null then
      execute format('create table public.%I partition of public.provider_events for values from (%L) to (%L)',
                     partition_name, first_day, (first_day + interval '1 month')::date);
      execute format('alter table public.%I enable row level security', partition_name);
      execute format('alter table public.%I force row level security', partition_name);
      execute format('create policy tenant on public.%I using (organization_id = (select zencall.organization_id())) '
                     'with check (organization_id = (select zencall.organization_id()))', partition_name);
    end if;
  end loop;
end $$;
revoke all on function zencall.ensure_partitions(date) from public;
grant execute on function zencall.ensure_partitions(date) to zencall_app;
select zencall.ensure_partitions(current_date);

do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
