-- The platform's list is asked with the key under which its hashes were made: with another one nobody on it would be found, and
-- everybody would be called. And it tells a day, not an instant by which two organisations could recognise somebody.
create table platform_number_key (
  is_the_one boolean primary key default true check (is_the_one),
  fingerprint bytea not null
);
alter table platform_number_key enable row level security;
alter table platform_number_key force row level security;
grant select, insert on platform_number_key to zencall_lookup;
create policy lookup on platform_number_key to zencall_lookup using (true) with check (true);

-- Every message is looked for under its own number as it leaves: no hash needs to lie beside the number that it hides. The column
-- stays, as the two functions without a key do, for code that is a version older; the next migration of this list drops them.
alter table messages no force row level security;
update messages set number_hash = null where dispatch = 'done' and number_hash is not null;
alter table messages force row level security;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Puts a number on the list whose holder has shown the code that came to it, whoever knows the number; from now on, or from now
-- on again. The first number decides under which key all of them are.
create function zencall.suppress_everywhere(code uuid, wanted bytea, key bytea, at_time timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if wanted is null or key is null or not exists (
    select from public.proof_codes k where k.id = code and k.proven_at is not null and k.expires_at > at_time) then
    return false;
  end if;
  insert into public.platform_number_key (fingerprint) values (key) on conflict do nothing;
  if exists (select from public.platform_number_key k where k.fingerprint <> key) then
    raise exception 'the list of suppressed numbers was made under another key';
  end if;
  insert into public.platform_suppressions as s (number_hash, objected_at) values (wanted, at_time)
  on conflict (number_hash) do update set objected_at = greatest(s.objected_at, excluded.objected_at);
  return true;
end $$;

-- Which of these are on the list, and since when: the end of that day in Paris.
create function zencall.suppressed_everywhere(wanted bytea[], key bytea)
returns table (number_hash bytea, objected_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from public.platform_number_key k where k.fingerprint is distinct from key) then
    raise exception 'the list of suppressed numbers was made under another key';
  end if;
  return query
    select s.number_hash,
           (date_trunc('day', s.objected_at at time zone 'Europe/Paris') + interval '1 day') at time zone 'Europe/Paris'
      from public.platform_suppressions s where s.number_hash = any (wanted);
end $$;

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
