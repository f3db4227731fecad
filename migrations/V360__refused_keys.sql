-- API keys that are refused are counted, as wrong passwords are: by the key and the address that showed it, and by the
-- address alone. Beyond a limit not even a good key is taken from there, or whoever guesses would learn of the hit; but
-- one that was good there lately is not stopped by what strangers behind the same address use up.
--
-- A key that is good costs no counter but its own: the address is looked up and not written, so requests that come from
-- one address do not wait for each other. One that is refused raises nothing any more, since what is raised undoes the
-- count with it: the answer says so, by `is_granted` being null.
--
-- `use_api_key` (V241) stays for containers of the version before.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

create function zencall.use_or_refuse_api_key(
  wanted_key uuid, wanted_organization uuid, wanted_hash bytea, wanted_scope text,
  subjects bytea[], allowed int[], seconds int[], waivers bytea[],
  guess_subjects bytea[], guesses_allowed int[], guess_seconds int[], guess_waivers bytea[],
  known_subject bytea, known_seconds int, at_time timestamptz)
returns table (spent_subject bytea, spent int, seconds_left int, is_over boolean, is_granted boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  granted text[];
  used_at timestamptz;
begin
  select k.scopes, k.last_used_at into granted, used_at from public.api_keys k
   where k.id = wanted_key and k.organization_id = wanted_organization and k.key_hash = wanted_hash
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > at_time);
  if granted is null then
    return query
      select s.spent_subject, s.spent, s.seconds_left, s.is_over, null::boolean
        from zencall.spend(guess_subjects, guesses_allowed, guess_seconds, guess_waivers, at_time) s;
    return;
  end if;
  return query
    select r.subject, r.spent, ceil(extract(epoch from r.ends_at - at_time))::int, true, null::boolean
      from unnest(guess_subjects, guesses_allowed, guess_waivers) as g (subject, allowed, waiver)
      join public.rate_limits r on r.subject = g.subject
     where r.ends_at > at_time and r.spent >= g.allowed
       and not exists (select from public.rate_limits k where k.subject = g.waiver and k.ends_at > at_time);
  if found then
    return;
  end if;
  -- Written once a day, whatever the key asks.
  if not exists (select from public.rate_limits k
                  where k.subject = known_subject
                    and k.ends_at > at_time + make_interval(secs => known_seconds) - interval '1 day') then
    insert into public.rate_limits (subject, spent, ends_at)
    values (known_subject, 1, at_time + make_interval(secs => known_seconds))
    on conflict (subject) do update set ends_at = excluded.ends_at;
  end if;
  if used_at is null or used_at <= at_time - interval '1 minute' then
    update public.api_keys k set last_used_at = at_time
     where k.id = wanted_key and (k.last_used_at is null or k.last_used_at <= at_time - interval '1 minute');
  end if;
  return query
    select s.spent_subject, s.spent, s.seconds_left, s.is_over, coalesce(wanted_scope = any (granted), false)
      from zencall.spend(subjects, allowed, seconds, waivers, at_time) s;
end $$;

do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p
     where p.pronamespace = 'zencall'::regnamespace and p.proname = 'use_or_refuse_api_key'
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
