-- A request to forget somebody whom the organisation calls is that person's right (RGPD, article 17): it outlives the account
-- of the member who wrote it down, without their id.

alter table gdpr_requests
  alter column user_id drop not null,
  add constraint gdpr_requests_user_check check (user_id is not null or (scope = 'contact' and request_type = 'data_deletion')),
  -- Without a member, it is by this that a request goes with the organisation.
  add constraint gdpr_requests_organization_id_fkey
    foreign key (organization_id) references organizations on delete cascade;

grant update (user_id) on gdpr_requests to zencall_lookup;

-- Runs ahead of the cascade, with the rights of whoever deletes; everything else that the member asked for goes with them.
create function zencall.keep_requests_about_contacts() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update public.gdpr_requests r set user_id = null
   where r.organization_id = old.organization_id and r.user_id = old.id
     and r.scope = 'contact' and r.request_type = 'data_deletion';
  return old;
end $$;
revoke all on function zencall.keep_requests_about_contacts() from public;
create trigger keep_requests_about_contacts before delete on profiles
  for each row execute function zencall.keep_requests_about_contacts();
