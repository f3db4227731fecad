-- What the wall costs is planning, not looking: the policy joins every statement, and is planned with it each time. As a
-- sub-select over a plain SQL function it was parsed, inlined and planned as a query of its own, for every table again.
-- One call of a function that the planner takes as it is costs a third of that to a half.

-- As before: the organisation that this transaction acts for, null outside a tenant's transaction (after one the setting
-- is '' rather than null). PL/pgSQL, so that it is *not* inlined; stable, so that it serves as a condition of an index.
create or replace function zencall.organization_id() returns uuid language plpgsql stable as $$
begin
  return (nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::pg_catalog.json ->> 'organization_id')::uuid;
end $$;

-- Brings the tenants' tables and partitions from the former form to the one that `make test` compares literally; a policy
-- of any other form stays what it is, and fails there. Run at the end of every migration: one that was written before this
-- may come after it.
create function zencall.unify_policies() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wall record;
begin
  for wall in
    select p.polrelid::regclass as relation, t.tenant
      from pg_policy p,
           lateral (select case when p.polrelid = 'public.organizations'::regclass then 'id' else 'organization_id' end as tenant) t,
           lateral (select format('(%s = ( SELECT zencall.organization_id() AS organization_id))', t.tenant) as form) former
     where p.polname = 'tenant' and pg_get_expr(p.polqual, p.polrelid) = former.form
       and pg_get_expr(p.polwithcheck, p.polrelid) = former.form
  loop
    execute format('alter policy tenant on %1$s using (%2$I = zencall.organization_id()) '
                   'with check (%2$I = zencall.organization_id())', wall.relation, wall.tenant);
  end loop;
end $$;
revoke all on function zencall.unify_policies() from public;
select zencall.unify_policies();

-- The one table whose rows of an organisation no index found. Serves the foreign key as well.
create index credentials_by_organization on credentials (organization_id, user_id);

-- As before, with that form, and for ten years either way: whoever may call it cannot fill the catalogue with tables.
create or replace function zencall.ensure_partitions(around date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  first_day date;
  partition_name text;
begin
  if around not between current_date - 3653 and current_date + 3653 then
    raise exception 'a partition for % is not needed', around using errcode = 'invalid_parameter_value';
  end if;
  for offset_months in -1..2 loop
    first_day := (date_trunc('month', around) + make_interval(months => offset_months))::date;
    partition_name := 'provider_events_' || to_char(first_day, 'YYYY_MM');
    if to_regclass('public.' || partition_name) is null then
      execute format('create table public.%I partition of public.provider_events for values from (%L) to (%L)',
                     partition_name, first_day, (first_day + interval '1 month')::date);
      execute format('alter table public.%I enable row level security', partition_name);
      execute format('alter table public.%I force row level security', partition_name);
      execute format('create policy tenant on public.%I using (organization_id = zencall.organization_id()) '
                     'with check (organization_id = zencall.organization_id())', partition_name);
      perform zencall.close_to_supabase(format('public.%I', partition_name)::regclass);
    end if;
  end loop;
end $$;
