-- What a Supabase project adds to the same schema: its frontend reads six tables as `authenticated`, and a live dashboard
-- hears of some more. Nothing of it happens anywhere else.

-- Roles are the cluster's, so they prove nothing about this database: Supabase's users or its publication do.
create function zencall.is_supabase() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (select from pg_roles where rolname = 'authenticated')
     and (exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'auth' and c.relname = 'users')
          or exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                      where n.nspname = 'auth' and p.proname = 'role')
          or exists (select from pg_publication where pubname = 'supabase_realtime'))
$$;

-- Closes every table of ours to the API roles, then opens what is listed here. Run at the end of every migration, so that
-- a new table is closed whether its author thought of Supabase or not. Doing it twice changes nothing.
create function zencall.open_to_supabase() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ours   regclass;
  shown  record;
  viewer constant text := '(select v.%s from zencall.user_by_supabase_id((select auth.uid())) v)';
  chosen text;
begin
  if not zencall.is_supabase() then
    return;
  end if;

  for ours in
    select c.oid::regclass from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and (c.relname = 'refinery_schema_history'
            or exists (select from pg_policy p
                        where p.polrelid = c.oid
                          and (p.polroles && array['zencall_app'::regrole::oid, 'zencall_lookup'::regrole::oid]
                               or pg_get_expr(p.polqual, p.polrelid) like '%zencall.organization_id()%')))
  loop
    perform zencall.close_to_supabase(ours);
    -- The tenants' policies are written for everybody. Here the API reads some of these tables, and would fail in asking
    -- for an organisation that it does not have: they speak of our own roles alone.
    if exists (select from pg_policy p where p.polrelid = ours and p.polname = 'tenant' and p.polroles = '{0}') then
      execute format('alter policy tenant on %s to zencall_app, zencall_lookup', ours);
    end if;
  end loop;

  for shown in
    select * from (values
      -- What existing frontends read: columns by name, nothing secret.
      ('organizations', false, 'id = {organization_id}',
       '{id,name,organization_type,twilio_account_sid,twilio_phone_number,twilio_configured,company_registration,vat_number}'::name[]),
      ('profiles', false, 'organization_id = {organization_id} and (id = {user_id} or {role} = ''admin'')',
       '{id,email,full_name,organization_id,role,gdpr_consent_at,terms_accepted_at,marketing_consent}'),
      ('assistants', false, 'organization_id = {organization_id} and deleted_at is null',
       '{id,organization_id,vapi_assistant_id,name,model,voice}'),
      ('gdpr_consents', false, 'organization_id = {organization_id} and user_id = {user_id}',
       '{id,user_id,consent_type,consent_given,consent_version,ip_address,user_agent,created_at}'),
      ('gdpr_requests', false, 'organization_id = {organization_id} and user_id = {user_id}',
       '{id,user_id,organization_id,request_type,status,data_url,created_at}'),
      ('gdpr_audit_logs', false, 'organization_id = {organization_id} and (user_id = {user_id} or {role} = ''admin'')',
       '{id,user_id,organization_id,action,details,ip_address,created_at}'),
      -- What a live dashboard hears of: what changed, never who was called or what was said.
      ('campaigns', true, 'organization_id = {organization_id}',
       '{id,organization_id,name,assistant_id,status,pause_reason,scheduled_at,started_at,ended_at,created_at,updated_at}'),
      ('calls', true, 'organization_id = {organization_id}',
       '{id,organization_id,campaign_id,contact_id,assistant_id,direction,status,outcome,ended_reason,started_at,ended_at,duration_seconds,created_at,updated_at}'),
      ('messages', true, 'organization_id = {organization_id}',
       '{id,organization_id,contact_id,direction,purpose,status,error_code,created_at,updated_at}'),
      ('appointments', true, 'organization_id = {organization_id}',
       '{id,organization_id,assistant_id,call_id,campaign_id,contact_id,status,starts_at,ends_at,timezone,created_at,updated_at}')
    ) as t (relation, live, visible, columns)
  loop
    continue when to_regclass('public.' || shown.relation) is null;
    if not exists (select from pg_policy p
                    where p.polrelid = to_regclass('public.' || shown.relation) and p.polname = 'supabase') then
      execute format(
        'create policy supabase on public.%I for select to authenticated using (%s)', shown.relation,
        replace(replace(replace(shown.visible, '{organization_id}', format(viewer, 'organization_id')),
                        '{user_id}', format(viewer, 'user_id')), '{role}', format(viewer, 'role')));
    end if;
    select string_agg(quote_ident(a.attname), ', ') into chosen
      from pg_attribute a
     where a.attrelid = to_regclass('public.' || shown.relation) and a.attnum > 0 and not a.attisdropped
       and a.attname = any (shown.columns);
    execute format('grant select (%s) on public.%I to authenticated', chosen, shown.relation);
    if shown.live
       and exists (select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables)
       and not exists (select from pg_publication_tables p
                        where p.pubname = 'supabase_realtime' and p.schemaname = 'public' and p.tablename = shown.relation)
    then
      execute format('alter publication supabase_realtime add table public.%I', shown.relation);
    end if;
  end loop;

  -- Only the functions' owner hands them out; whoever migrates becomes it for that moment, as in V008.
  if not has_function_privilege('authenticated', 'zencall.user_by_supabase_id(uuid)', 'execute') then
    execute format('grant zencall_lookup to %I', current_user);
    -- For the policies above. The schema stays closed to them, so they cannot ask about anybody else.
    grant execute on function zencall.user_by_supabase_id(uuid) to authenticated;
    if exists (select from pg_roles where rolname = 'supabase_auth_admin') then
      grant usage on schema zencall to supabase_auth_admin;
      grant execute on function zencall.supabase_access_token(jsonb) to supabase_auth_admin;
    end if;
    execute format('revoke zencall_lookup from %I', current_user);
  end if;
end $$;

revoke all on function zencall.is_supabase(), zencall.open_to_supabase() from public;
select zencall.open_to_supabase();
