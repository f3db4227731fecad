-- Takes away what Supabase's default privileges give its API roles on every new table. Elsewhere there is nothing to take.
create function zencall.close_to_supabase(relation regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare api_role name;
begin
  for api_role in select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role') loop
    execute format('revoke all on %s from %I', relation, api_role);
  end loop;
end $$;
revoke all on function zencall.close_to_supabase(regclass) from public;

-- As before, and closed.
create or replace function zencall.ensure_partitions(around date) returns void
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
      execute format('create policy tenant on public.%I '
                     'using (organization_id = (select zencall.organization_id())) '
                     'with check (organization_id = (select zencall.organization_id()))', partition_name);
      perform zencall.close_to_supabase(format('public.%I', partition_name)::regclass);
    end if;
  end loop;
end $$;
