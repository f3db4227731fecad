-- What the person whom a number belongs to may ask without an account (R223-2 code de la consommation): a code by text
-- message, and then what everybody has who called or may call that number.

-- Codes that were asked for, for ten minutes. No tenant's table: reached through the functions below only. The code itself
-- is not kept: a keyed hash of it and of the number is.
create table proof_codes (
  id         uuid primary key,
  phone      text not null,
  code_hash  bytea not null,
  tries      int not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- Since when somebody has shown the code.
  proven_at  timestamptz
);
-- Serves "the last code for this number".
create index proof_codes_by_phone on proof_codes (phone, created_at desc);
-- Serves forgetting.
create index proof_codes_by_expiry on proof_codes (expires_at);
alter table proof_codes enable row level security;
alter table proof_codes force row level security;
grant select, insert, update, delete on proof_codes to zencall_lookup;
create policy lookup on proof_codes to zencall_lookup using (true) with check (true);

-- A text message that carries such a code: the code is put into it as it leaves, and lies nowhere.
alter table messages add column carries_code boolean not null default false;
-- Serves the limit of what this costs an organisation.
create index messages_with_codes on messages (organization_id, created_at) where carries_code;

-- Serve "who has anything to do with this number".
create index consent_people_by_phone on consent_people (phone) where phone is not null;
create index contacts_by_phone on contacts (phone);
create index calls_by_phone on calls (phone, created_at desc) where phone is not null;
grant select (id, organization_id, phone) on consent_people to zencall_lookup;
create policy lookup on consent_people for select to zencall_lookup using (true);
grant select (organization_id, person_id, recorded_at) on consents to zencall_lookup;
create policy lookup on consents for select to zencall_lookup using (true);
grant select (phone) on contacts to zencall_lookup;
create policy lookup on contacts for select to zencall_lookup using (true);
grant select (phone, created_at) on calls to zencall_lookup;
grant select (twilio_rejected_at) on organizations to zencall_lookup;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

-- Organisations that have a ledger, some at a time: whoever verifies the chains walks through all of them.
create function zencall.organizations_with_consents(after uuid, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct q.organization_id from public.consent_people q
   where after is null or q.organization_id > after
   order by q.organization_id limit at_most
$$;

create function zencall.ask_proof_code(code uuid, number text, hash bytea, at_time timestamptz, until timestamptz)
returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.proof_codes (id, phone, code_hash, created_at, expires_at)
  values (code, number, hash, at_time, until)
$$;

-- Whose account sends a code: that of whoever had to do with the number last, if it can send anything.
create function zencall.sender_of_proof_code(code uuid, at_time timestamptz)
returns table (organization_id uuid, phone text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select o.id, k.phone
    from public.proof_codes k
    cross join lateral (
      select q.organization_id, max(c.recorded_at) as at
        from public.consent_people q join public.consents c on c.organization_id = q.organization_id and c.person_id = q.id
       where q.phone = k.phone group by q.organization_id
      union all
      select c.organization_id, max(c.created_at) from public.calls c where c.phone = k.phone group by c.organization_id
    ) known
    join public.organizations o on o.id = known.organization_id
   where k.id = code and k.expires_at > at_time
     and o.twilio_configured and o.twilio_rejected_at is null and o.erasing_at is null
   order by known.at desc, o.id limit 1
$$;

-- The last code for a number, if this is it. Five tries; a right one is given back.
create function zencall.prove_code(number text, hash bytea, at_time timestamptz) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  tried uuid;
  is_right boolean;
begin
  update public.proof_codes k set tries = k.tries + 1
   where k.tries < 5 and k.id = (
     select l.id from public.proof_codes l where l.phone = number and l.expires_at > at_time
      order by l.created_at desc, l.id desc limit 1)
  returning k.id, k.code_hash = hash into tried, is_right;
  if is_right is not true then return null; end if;
  update public.proof_codes k set tries = k.tries - 1, proven_at = coalesce(k.proven_at, at_time) where k.id = tried;
  return tried;
end $$;

-- Organisations that have to do with the number of a code that was shown.
create function zencall.proven_organizations(code uuid, at_time timestamptz) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with proven as (
    select k.phone from public.proof_codes k where k.id = code and k.proven_at is not null and k.expires_at > at_time
  )
  select q.organization_id from proven join public.consent_people q using (phone)
  union
  select c.organization_id from proven join public.contacts c using (phone)
  union
  select c.organization_id from proven join public.calls c using (phone)
$$;

create function zencall.forget_proof_codes(before timestamptz, at_most int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  touched int;
begin
  delete from public.proof_codes k where k.id in (
    select l.id from public.proof_codes l where l.expires_at < before limit at_most);
  get diagnostics touched = row_count;
  return touched;
end $$;

do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'zencall' and p.proname in ('organizations_with_consents', 'ask_proof_code', 'sender_of_proof_code',
                                                   'prove_code', 'proven_organizations', 'forget_proof_codes')
  loop
    execute format('alter function %s owner to zencall_lookup', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to zencall_app', f);
  end loop;
end $$;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
