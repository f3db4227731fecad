-- Who told everybody at once to leave them alone (art. 21(2) RGPD). No tenant's table and nothing that can be read: a keyed hash
-- of the number, and since when. It is asked before every call and every message, of organisations too that did not know the
-- number then.
create table platform_suppressions (
  number_hash bytea primary key,
  objected_at timestamptz not null
);
alter table platform_suppressions enable row level security;
alter table platform_suppressions force row level security;
grant select, insert, update on platform_suppressions to zencall_lookup;
create policy lookup on platform_suppressions to zencall_lookup using (true) with check (true);

-- Under which hash the number of an attempt, and of a message, is looked for.
alter table call_attempts add column number_hash bytea;
alter table messages add column number_hash bytea;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- From now on, or from now on again.
create function zencall.suppress_everywhere(wanted bytea, at_time timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.platform_suppressions as s (number_hash, objected_at)
  select wanted, at_time where wanted is not null and zencall.organization_id() is not null
  on conflict (number_hash) do update set objected_at = greatest(s.objected_at, excluded.objected_at)
$$;

create function zencall.suppressed_everywhere(wanted bytea[])
returns table (number_hash bytea, objected_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.number_hash, s.objected_at from public.platform_suppressions s where s.number_hash = any (wanted)
$$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('suppress_everywhere', 'suppressed_everywhere')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
