-- What costs most in a short statement is planning it: every statement of the product is planned anew, since no pooler is
-- trusted with prepared ones. What a function of PL/pgSQL asks is planned once a session. So the look-ups that many
-- statements contain, and those that hardly any call needs, are functions: the statement around them is planned without
-- them, whether they are asked or not.

-- As before: whose event is this? Every row of ours that the event names must belong to one organisation: an event that
-- names rows of two has no owner (A-26). As plain SQL it was planned for every event. The plan does not depend on who asks.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
create or replace function zencall.organization_of_vapi_event(
  wanted_attempt uuid, wanted_call text, wanted_assistant text, wanted_phone_number text) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return (
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
    end);
end $$;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;

-- The rest is asked with the rights of whoever asks, behind the wall.

-- What the ledger knows of consent to calls of this number, the oldest first: what the gate reads.
create function zencall.consent_facts(wanted_organization uuid, wanted_phone text) returns jsonb
language plpgsql stable as $$
begin
  return (
    select pg_catalog.jsonb_agg(e.fact order by e.sequence)
      from (select g.sequence, pg_catalog.jsonb_build_object(
                     'kind', g.kind, 'id', g.id, 'purposes', g.purposes, 'object', g.object,
                     'advertiser_name', g.advertiser_name, 'advertiser_siren', g.advertiser_siren,
                     'collected_at', g.collected_at, 'valid_until', g.valid_until,
                     'special_slot_from', g.special_slot_from, 'special_slot_until', g.special_slot_until,
                     'evidence', g.evidence is not null, 'withdraws', g.withdraws, 'recorded_at', g.recorded_at) as fact
              from public.consent_people q
              join public.consents g on g.organization_id = q.organization_id and g.person_id = q.id
             where q.organization_id = wanted_organization and q.phone = wanted_phone and g.salt is not null
             order by g.sequence desc limit 100) e);
end $$;

-- What the calls of a campaign have cost, with what is set aside for those whose cost is not known; but for one attempt.
create function zencall.campaign_spent(wanted uuid, besides uuid) returns numeric
language plpgsql stable as $$
begin
  return (select coalesce(pg_catalog.sum(t.spent), 0) from public.campaign_accounts t where t.campaign_id = wanted)
       + (select coalesce(pg_catalog.sum(u.reserved), 0) from public.call_attempts u
           where u.campaign_id = wanted and u.status <> 'released' and u.cost is null and u.id is distinct from besides);
end $$;

-- Whether a call of this assistant of Vapi's is being placed whose id Vapi has not told us yet.
create function zencall.expects_call(wanted_organization uuid, wanted_assistant text) returns boolean
language plpgsql stable as $$
begin
  return exists (
    select from public.call_attempts w join public.assistants s on s.id = w.assistant_id
     where w.organization_id = wanted_organization and w.status in ('dialing', 'unknown')
       and s.vapi_assistant_id = wanted_assistant);
end $$;

revoke all on function zencall.consent_facts(uuid, text), zencall.campaign_spent(uuid, uuid),
  zencall.expects_call(uuid, text) from public;
grant execute on function zencall.consent_facts(uuid, text), zencall.campaign_spent(uuid, uuid),
  zencall.expects_call(uuid, text) to zencall_app;
