-- The wall's foundations: who may connect, and how a transaction says for whom it acts.
--
-- zencall_app     what every function becomes inside a transaction; owns nothing, bypasses nothing.
-- zencall_lookup  owns the few SECURITY DEFINER functions that work before a tenant is known.
-- The functions' login (created by the migrate function, NOINHERIT) may only become zencall_app.

do $$
begin
  if not exists (select from pg_roles where rolname = 'zencall_app') then
    create role zencall_app nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'zencall_lookup') then
    create role zencall_lookup nologin noinherit;
  end if;
end $$;

create schema zencall;
grant usage on schema zencall to zencall_app, zencall_lookup;
grant usage on schema public to zencall_app, zencall_lookup;

-- On Supabase these exist and are better informed; elsewhere they read what PostgREST would have set.
create schema if not exists auth;
do $$
begin
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable as
      $f$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $f$;
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable as
      $f$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $f$;
  end if;
end $$;

-- The organisation that this transaction acts for; null outside a tenant's transaction.
-- After a transaction the setting is '' rather than null, hence nullif. Plain SQL, so that it is inlined.
create function zencall.organization_id() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'organization_id')::uuid
$$;

revoke all on function zencall.organization_id() from public;
grant execute on function zencall.organization_id() to zencall_app, zencall_lookup;
