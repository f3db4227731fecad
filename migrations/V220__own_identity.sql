-- An address that is to be changed waits with its link until it is confirmed; the one before it, until its owner has
-- been told. Both are forgotten then.
alter table one_time_tokens
  add column email          text check (length(email) <= 254),
  add column previous_email text check (length(previous_email) <= 254);

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
grant select (updated_at) on credentials to zencall_lookup;

-- Login: the one way to read a password hash, with the moment since when it is kept. Whoever writes because of it says
-- that moment, so that a password which was changed meanwhile opens nothing. Takes the place of login_by_email().
create function zencall.credentials_by_email(wanted_email text)
returns table (user_id uuid, organization_id uuid, password_hash text, changed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.organization_id, c.password_hash, c.updated_at
    from public.profiles p join public.credentials c on c.user_id = p.id
   where lower(p.email) = lower(wanted_email)
$$;
alter function zencall.credentials_by_email(text) owner to zencall_lookup;
revoke all on function zencall.credentials_by_email(text) from public;
grant execute on function zencall.credentials_by_email(text) to zencall_app;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
