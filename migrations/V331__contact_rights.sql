-- The rights of the people whom an organisation calls (RGPD, chapter III): a copy of what is held about them (articles 15
-- and 20), and to be forgotten (article 17), asked for by a member in their name.

alter table gdpr_requests
  -- Whom it is about. Kept without a reference: it outlives them.
  add column contact_id uuid,
  -- What was erased, and where: counts.
  add column receipts jsonb,
  drop constraint gdpr_requests_scope_check,
  add constraint gdpr_requests_scope_check check (scope in ('self', 'organization', 'contact')),
  add constraint gdpr_requests_contact_check check ((scope = 'contact') = (contact_id is not null));
drop index gdpr_requests_open_export_key;
create unique index gdpr_requests_open_export_key on gdpr_requests (organization_id, user_id, request_type, scope)
  where status in ('pending', 'processing') and request_type <> 'data_deletion' and scope <> 'contact';
drop index gdpr_requests_open_deletion_key;
create unique index gdpr_requests_open_deletion_key on gdpr_requests (organization_id, user_id)
  where status in ('pending', 'processing') and request_type = 'data_deletion' and scope <> 'contact';
-- One open request of a kind about a contact: the database referees two at once.
create unique index gdpr_requests_open_contact_key on gdpr_requests (organization_id, contact_id, request_type)
  where status in ('pending', 'processing') and scope = 'contact';

-- Numbers of people who were forgotten and are not to be taken in again, as keyed hashes: there are too few numbers for a
-- hash without a key to hide one.
create table oppositions (
  organization_id uuid not null references organizations on delete cascade,
  phone_hash      bytea not null,
  created_at      timestamptz not null,
  primary key (organization_id, phone_hash)
);
alter table oppositions enable row level security;
alter table oppositions force row level security;
create policy tenant on oppositions
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on oppositions to zencall_app;

-- By what a chain is found again, should its proof be asked for, once the number is forgotten.
alter table consent_people add column phone_hash bytea;
grant update (phone_hash) on consent_people to zencall_app;

-- What an erasure of a contact needs to see and to change.
grant select (contact_id) on gdpr_requests to zencall_lookup;
grant select (contact_id) on calls to zencall_lookup;
grant select (call_id), update (projection) on provider_events to zencall_lookup;
create policy forget on provider_events for update to zencall_lookup
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, update on consents to zencall_lookup;
create policy forget on consents for update to zencall_lookup using (true) with check (true);

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- As before, and no word about somebody else's data is one about the person's own account.
create or replace function zencall.erase_person(person uuid, at_time timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
begin
  if not exists (select from public.gdpr_requests r
                  where r.organization_id = tenant and r.user_id = person and r.request_type = 'data_deletion'
                    and r.scope <> 'contact' and r.status = 'processing' and r.scheduled_at <= at_time) then
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

create or replace function zencall.remove_member(person uuid, at_time timestamptz) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
begin
  if not exists (select from public.profiles p
                  where p.organization_id = tenant and p.id <> person and p.role = 'admin') then
    return 'refused';
  end if;
  update public.gdpr_requests r set status = 'processing', scheduled_at = least(r.scheduled_at, at_time)
   where r.organization_id = tenant and r.user_id = person and r.request_type = 'data_deletion' and r.scope <> 'contact'
     and r.status in ('pending', 'processing');
  if found then
    if zencall.erase_person(person, at_time) then return 'forgotten'; end if;
    return 'absent';
  end if;
  delete from public.profiles p where p.organization_id = tenant and p.id = person;
  if found then return 'removed'; end if;
  return 'absent';
end $$;

-- What the providers told of a contact's calls, for a request about them that is under way.
create function zencall.erase_contact_events(request uuid) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
  person uuid;
  touched int;
begin
  select r.contact_id into person from public.gdpr_requests r
   where r.organization_id = tenant and r.id = request and r.request_type = 'data_deletion' and r.scope = 'contact'
     and r.status = 'processing';
  if person is null then return 0; end if;
  update public.provider_events e set projection = '{}'
   where e.organization_id = tenant and e.call_id in (
     select c.id from public.calls c
      where c.organization_id = tenant
        and (c.contact_id = person
             or c.phone = (select p.phone from public.contacts p where p.organization_id = tenant and p.id = person)));
  get diagnostics touched = row_count;
  return touched;
end $$;

-- Entries of the ledger three years after what they prove (R223-2): they lose content and salt, and keep their place and
-- their hash, so that the chain stays whole. Whatever is asked for, what must still be proved stays.
create function zencall.forget_old_consents(before timestamptz, at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  touched int;
begin
  update public.consents c
     set contact_id = null, purposes = null, object = null, advertiser_name = null, advertiser_siren = null,
         third_party_name = null, third_party_siren = null, wording = null, wording_sha256 = null, text_version = null,
         channel = null, positive_act = null, collected_at = null, valid_until = null, special_slot_from = null,
         special_slot_until = null, evidence = null, withdraws = null, quote = null, salt = null
   where c.id in (
     select d.id from public.consents d
      where d.salt is not null
        and coalesce(d.collected_at, d.recorded_at) < least(before, now() - interval '3 years')
      order by coalesce(d.collected_at, d.recorded_at) limit at_most);
  get diagnostics touched = row_count;
  return touched;
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('erase_contact_events', 'forget_old_consents')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
-- Serves that sweep.
create index consents_by_age on consents ((coalesce(collected_at, recorded_at))) where salt is not null;
