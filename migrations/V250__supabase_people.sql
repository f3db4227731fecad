-- Which user of Supabase Auth somebody is. Set by whoever brings people over, or once by the sign-in itself where the
-- platform allows it (SUPABASE_LINK_BY_EMAIL); never changed by a token.
alter table profiles add column supabase_user_id uuid;
-- Serves the look-up, and makes one user one person.
create unique index profiles_supabase_user_id_key on profiles (supabase_user_id) where supabase_user_id is not null;

grant select (supabase_user_id, role) on profiles to zencall_lookup;
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Whom Supabase means. People who were brought over from there may have kept their id: it is Supabase's own making, so
-- nobody else can have a token with it.
create function zencall.user_by_supabase_id(wanted_id uuid)
returns table (user_id uuid, organization_id uuid, role text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.organization_id, p.role
    from public.profiles p
   where p.supabase_user_id = wanted_id or p.id = wanted_id
   order by p.supabase_user_id is not distinct from wanted_id desc
   limit 1
$$;

-- Supabase's custom access token hook: writes into each new token for whom it speaks, so that no request has to ask, and
-- takes away what somebody may have written there by hand. Asked at each refresh, so nobody stays a member by an old word.
create function zencall.supabase_access_token(event jsonb) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_set(
    event, '{claims,app_metadata}',
    (case jsonb_typeof(event #> '{claims,app_metadata}')
       when 'object' then event #> '{claims,app_metadata}' else '{}'::jsonb end
     - array['organization_id', 'org_role', 'profile_id'])
    || coalesce(
         (select jsonb_build_object('organization_id', u.organization_id, 'org_role', u.role, 'profile_id', u.user_id)
            from zencall.user_by_supabase_id((event ->> 'user_id')::uuid) u),
         '{}'::jsonb))
$$;

alter function zencall.user_by_supabase_id(uuid) owner to zencall_lookup;
alter function zencall.supabase_access_token(jsonb) owner to zencall_lookup;
revoke all on function zencall.user_by_supabase_id(uuid), zencall.supabase_access_token(jsonb) from public;
grant execute on function zencall.user_by_supabase_id(uuid) to zencall_app;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
