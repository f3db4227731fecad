-- Parked events are looked at, applied, and only then forgotten: a crash in between applies one again, which changes
-- nothing, and loses none.
drop function zencall.take_parked_events(timestamptz, int);
revoke update on parked_events from zencall_lookup;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

create function zencall.parked_events(received_before timestamptz, after_id uuid, at_most int)
returns table (id uuid, body jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.body from public.parked_events p
   where p.received_at < received_before and (after_id is null or p.id > after_id)
   order by p.id limit at_most
$$;

create function zencall.forget_parked_event(event_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.parked_events p where p.id = event_id
$$;

alter function zencall.parked_events(timestamptz, uuid, int) owner to zencall_lookup;
alter function zencall.forget_parked_event(uuid) owner to zencall_lookup;
revoke all on function zencall.parked_events(timestamptz, uuid, int), zencall.forget_parked_event(uuid) from public;
grant execute on function zencall.parked_events(timestamptz, uuid, int), zencall.forget_parked_event(uuid) to zencall_app;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
