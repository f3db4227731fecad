-- Whom an organisation invites to join it. The token of the link is derived from the id, so nothing here opens anything.
create table invitations (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  -- As long as the invitation is open: afterwards the address is the new member's, or nobody's business.
  email           text check (length(email) <= 254),
  role            text not null check (role in ('admin', 'member')),
  invited_by      uuid,
  -- Who it made a member.
  user_id         uuid,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  mailed_at       timestamptz,
  accepted_at     timestamptz,
  revoked_at      timestamptz,
  foreign key (organization_id, invited_by) references profiles (organization_id, id) on delete set null (invited_by),
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade,
  check ((email is not null) = (accepted_at is null and revoked_at is null))
);
-- One open invitation of an address: the database referees two at once.
create unique index invitations_open_key on invitations (organization_id, lower(email)) where email is not null;
-- Serves the list of open invitations, newest first, and counting a day's.
create index invitations_by_organization on invitations (organization_id, id desc);
-- Serve the deletion of a person.
create index invitations_by_inviter on invitations (organization_id, invited_by) where invited_by is not null;
create index invitations_by_user on invitations (organization_id, user_id) where user_id is not null;
alter table invitations enable row level security;
alter table invitations force row level security;
create policy tenant on invitations
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on invitations to zencall_app;

grant select (id, organization_id) on invitations to zencall_lookup;
create policy lookup on invitations for select to zencall_lookup using (true);
-- Removing somebody who has asked to be forgotten carries that out.
grant select (role) on profiles to zencall_lookup;
grant update (status, scheduled_at) on gdpr_requests to zencall_lookup;
create policy forget on gdpr_requests for update to zencall_lookup
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

create function zencall.organization_of_invitation(wanted_id uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select i.organization_id from public.invitations i where i.id = wanted_id
$$;

-- Removes somebody from the organisation in whose transaction this runs: their profile, and with it the password, the
-- logins, the links and the consents. What they did stays in the audit log under their id, without a name: the
-- organisation answers for it, whoever is gone. Of those who have asked to be forgotten, no id stays either.
-- Never the last administrator: whoever calls this has locked the organisation.
create function zencall.remove_member(person uuid, at_time timestamptz) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant uuid := zencall.organization_id();
begin
  if not exists (select from public.profiles p
                  where p.organization_id = tenant and p.id <> person and p.role = 'admin') then
    return 'refused';
  end if;
  update public.gdpr_requests r set status = 'processing', scheduled_at = least(r.scheduled_at, at_time)
   where r.organization_id = tenant and r.user_id = person and r.request_type = 'data_deletion'
     and r.status in ('pending', 'processing');
  if found then
    if zencall.erase_person(person, at_time) then return 'forgotten'; end if;
    return 'absent';
  end if;
  delete from public.profiles p where p.organization_id = tenant and p.id = person;
  if found then return 'removed'; end if;
  return 'absent';
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('organization_of_invitation', 'remove_member')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
