-- Forgetting a person, and an organisation whose last member has left (RGPD, article 17).

-- Since when an organisation is being erased: from then on its rows may be deleted, and nothing of it is called.
alter table organizations add column erasing_at timestamptz;

-- An entry keeps the fact without the person, and outlives the organisation: it goes with the retention of the log.
alter table gdpr_audit_logs drop constraint gdpr_audit_logs_organization_id_fkey;
-- Serve "what somebody did" and "what was done about somebody": exports, and forgetting.
create index gdpr_audit_logs_by_user on gdpr_audit_logs (organization_id, user_id) where user_id is not null;
create index gdpr_audit_logs_about on gdpr_audit_logs (organization_id, (details ->> 'user_id')) where details ? 'user_id';

-- The right to delete belongs to the functions below, not to the application.
grant select (id, organization_id, user_id, ip_address, user_agent, details),
      update (user_id, ip_address, user_agent, details) on gdpr_audit_logs to zencall_lookup;
create policy erase on gdpr_audit_logs to zencall_lookup
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select (user_id, scope) on gdpr_requests to zencall_lookup;
grant select (erasing_at), delete on organizations to zencall_lookup;
create policy erase on organizations for delete to zencall_lookup using (id = (select zencall.organization_id()));
grant select (organization_id, month, dedupe_key), delete on provider_events to zencall_lookup;
grant select (id, organization_id), delete on gate_decisions to zencall_lookup;
grant select (id, organization_id), delete on calls to zencall_lookup;
grant delete on call_attempts to zencall_lookup;
grant select (organization_id, campaign_id, contact_id), delete on campaign_contacts to zencall_lookup;
grant select (id, organization_id), delete on contacts to zencall_lookup;
grant delete on profiles to zencall_lookup;
grant select (id, created_by), update (created_by), delete on messages to zencall_lookup;
grant select (id, organization_id, created_by), update (created_by), delete on do_not_call to zencall_lookup;
grant select (created_by), update (created_by) on campaigns to zencall_lookup;
do $$
declare name text;
begin
  foreach name in array array['provider_events', 'gate_decisions', 'calls', 'call_attempts', 'campaign_contacts',
                              'contacts', 'profiles', 'messages', 'do_not_call'] loop
    execute format('create policy erase on %I for delete to zencall_lookup '
                   'using (organization_id = (select zencall.organization_id()))', name);
  end loop;
  -- To delete a row one must see it; the other tables can be seen by `lookup`.
  foreach name in array array['provider_events', 'gate_decisions', 'contacts', 'do_not_call'] loop
    execute format('create policy erasable on %I for select to zencall_lookup '
                   'using (organization_id = (select zencall.organization_id()))', name);
  end loop;
  -- Who made them is forgotten with the person.
  foreach name in array array['campaigns', 'messages', 'do_not_call'] loop
    execute format('create policy forget on %I for update to zencall_lookup '
                   'using (organization_id = (select zencall.organization_id())) '
                   'with check (organization_id = (select zencall.organization_id()))', name);
  end loop;
end $$;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Forgets somebody of the organisation in whose transaction this runs, whose own deletion is due and under way.
create function zencall.erase_person(person uuid, at_time timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
begin
  if not exists (select from public.gdpr_requests r
                  where r.organization_id = tenant and r.user_id = person and r.request_type = 'data_deletion'
                    and r.status = 'processing' and r.scheduled_at <= at_time) then
    return false;
  end if;
  update public.gdpr_audit_logs l set user_id = null, ip_address = null, user_agent = null
   where l.organization_id = tenant and l.user_id = person;
  update public.gdpr_audit_logs l set details = l.details - 'user_id'
   where l.organization_id = tenant and l.details ->> 'user_id' = person::text and l.details ? 'user_id';
  update public.campaigns c set created_by = null where c.organization_id = tenant and c.created_by = person;
  update public.messages m set created_by = null where m.organization_id = tenant and m.created_by = person;
  update public.do_not_call d set created_by = null where d.organization_id = tenant and d.created_by = person;
  delete from public.profiles p where p.organization_id = tenant and p.id = person;
  return found;
end $$;

-- Deletes some rows of an organisation that is being erased, the numerous tables first; returns how many. Called until
-- nothing is left, so that no statement takes long; the rest goes with the organisation's own row.
create function zencall.erase_rows(at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
  touched int;
begin
  if not exists (select from public.organizations o where o.id = tenant and o.erasing_at is not null) then
    return 0;
  end if;
  update public.gdpr_audit_logs l
     set user_id = null, ip_address = null, user_agent = null, details = l.details - 'user_id'
   where l.organization_id = tenant and l.id in (
     select m.id from public.gdpr_audit_logs m
      where m.organization_id = tenant
        and (m.user_id is not null or m.ip_address is not null or m.user_agent is not null or m.details ? 'user_id')
      limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.provider_events e
   using (select v.month, v.dedupe_key from public.provider_events v where v.organization_id = tenant limit at_most) d
   where e.organization_id = tenant and e.month = d.month and e.dedupe_key = d.dedupe_key;
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.gate_decisions d where d.organization_id = tenant and d.id in (
    select g.id from public.gate_decisions g where g.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  -- With its history.
  delete from public.messages m where m.organization_id = tenant and m.id in (
    select k.id from public.messages k where k.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.do_not_call d where d.organization_id = tenant and d.id in (
    select k.id from public.do_not_call k where k.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  -- With what was said in it.
  delete from public.calls c where c.organization_id = tenant and c.id in (
    select k.id from public.calls k where k.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.call_attempts a where a.organization_id = tenant and a.id in (
    select b.id from public.call_attempts b where b.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.campaign_contacts c
   using (select k.campaign_id, k.contact_id from public.campaign_contacts k where k.organization_id = tenant
           limit at_most) d
   where c.organization_id = tenant and c.campaign_id = d.campaign_id and c.contact_id = d.contact_id;
  get diagnostics touched = row_count;
  if touched > 0 then return touched; end if;
  delete from public.contacts c where c.organization_id = tenant and c.id in (
    select k.id from public.contacts k where k.organization_id = tenant limit at_most);
  get diagnostics touched = row_count;
  return touched;
end $$;

-- Deletes the organisation that is being erased, and with it whatever still refers to it.
create function zencall.erase_organization() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.organizations o where o.id = zencall.organization_id() and o.erasing_at is not null;
  return found;
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('erase_person', 'erase_rows', 'erase_organization')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
