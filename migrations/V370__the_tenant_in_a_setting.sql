-- What is left of the wall's price after V300 is its function: the planner evaluates it for each table to estimate rows, the
-- executor again, and each time it took the organisation out of a JSON text. A transaction of ours says it in a setting of
-- its own besides, which takes half of that.

-- The organisation that this transaction acts for, null outside a tenant's transaction (after one a setting is '' rather than
-- null). Whoever sets the claims alone, as PostgREST does and functions of before this migration, acts for whom these name.
create or replace function zencall.organization_id() returns uuid language plpgsql stable as $$
declare
  tenant uuid := nullif(pg_catalog.current_setting('zencall.organization_id', true), '')::pg_catalog.uuid;
begin
  if tenant is null then
    tenant := (nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::pg_catalog.json ->> 'organization_id')::pg_catalog.uuid;
  end if;
  return tenant;
end $$;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- As before, and the setting: the organisation whose key was proven, whatever the claims say.
create or replace function zencall.claim_by_api_key(
  wanted_key uuid, wanted_organization uuid, wanted_hash bytea, wanted_scope text, at_time timestamptz, claims text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  granted text[];
begin
  select k.scopes into granted from public.api_keys k
   where k.id = wanted_key and k.organization_id = wanted_organization and k.key_hash = wanted_hash
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > at_time);
  if granted is null then
    raise exception using errcode = 'ZC401', message = 'not a usable API key';
  end if;
  if (wanted_scope = any (granted)) is not true then
    raise exception using errcode = 'ZC403', message = 'the API key lacks the scope';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('zencall.organization_id', wanted_organization::text, true);
end $$;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;

-- Reads leave the organisation to the policies alone, so nothing is deployed over a table that lacks one. Run at the end of
-- every migration: whatever the application may touch and has an organisation is walled off, both ways, in the one form.
create function zencall.prove_wall() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  gaps text;
begin
  with walls as (
    select c.oid, c.relrowsecurity and c.relforcerowsecurity as is_forced, format('(%I = zencall.organization_id())', a.attname) as form
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
       and a.attname = case when c.oid = 'public.organizations'::regclass then 'id' else 'organization_id' end
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and (has_table_privilege('zencall_app', c.oid, 'select, insert, update, delete')
            or has_any_column_privilege('zencall_app', c.oid, 'select, insert, update')))
  select string_agg(w.oid::regclass::text, ', ' order by w.oid::regclass::text) into gaps
    from walls w
   where not w.is_forced
      or not exists (select from pg_policy p
                      where p.polrelid = w.oid and p.polname = 'tenant' and p.polcmd = '*'
                        and pg_get_expr(p.polqual, p.polrelid) = w.form
                        and pg_get_expr(p.polwithcheck, p.polrelid) = w.form)
      or exists (select from pg_policy p
                  where p.polrelid = w.oid and p.polname <> 'tenant'
                    and p.polroles && array[0::oid, 'zencall_app'::regrole::oid]);
  if gaps is not null then
    raise exception 'no wall around %', gaps using errcode = 'insufficient_privilege';
  end if;
end $$;
revoke all on function zencall.prove_wall() from public;
