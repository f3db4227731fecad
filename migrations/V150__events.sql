-- What taking in Vapi's events asks of the schema beyond V007 and V008.

-- The report after a call holds the whole conversation; what was heard live stands in for it until then.
alter table call_turns add column source text not null default 'live' check (source in ('live', 'report'));
grant delete on call_turns to zencall_app;

-- Whether anybody took a transferred call, once the report has told; and from whom the two times are known (0 a signal's
-- own time, 1 the call as a message showed it, 2 the report), so that what is known does not depend on what came first.
alter table calls
  add column transfer_connected boolean,
  add column started_certainty int check (started_certainty between 0 and 2),
  add column ended_certainty int check (ended_certainty between 0 and 2);

-- Whose event is this? Every row of ours that the event names must belong to one organisation: an event that names
-- rows of two has no owner, and changes nothing in either (A-26). An attempt that is bound to another call does not
-- count. The phone number decides where nothing else is known: inbound calls without an assistant.
grant select (vapi_call_id) on call_attempts to zencall_lookup;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
create or replace function zencall.organization_of_vapi_event(
  wanted_attempt uuid, wanted_call text, wanted_assistant text, wanted_phone_number text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with named as (
    select a.organization_id from public.call_attempts a
     where a.id = wanted_attempt and (a.vapi_call_id is null or wanted_call is null or a.vapi_call_id = wanted_call)
    union
    select a.organization_id from public.call_attempts a where a.vapi_call_id = wanted_call
    union
    select c.organization_id from public.calls c where c.vapi_call_id = wanted_call
    union
    select s.organization_id from public.assistants s where s.vapi_assistant_id = wanted_assistant
  )
  select case (select count(*) from named)
    when 0 then (select o.id from public.organizations o where o.vapi_phone_number_id = wanted_phone_number)
    when 1 then (select organization_id from named)
  end
$$;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;

-- take_parked_events locks the rows that it takes, which needs the right to change them.
grant update on parked_events to zencall_lookup;
