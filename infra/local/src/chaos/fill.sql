-- A platform of five organisations and {contacts} contacts, as if people had made it: two with campaigns of service, two
-- that canvass the same people for the same advertiser, whose attempts the law adds up, and one whose budget is for half of
-- its people, each of whose calls costs as much as a call can.
with numbered as (
  select n, md5('organization ' || n)::uuid as organization, md5('user ' || n)::uuid as person,
         md5('assistant ' || n)::uuid as assistant, md5('campaign ' || n)::uuid as campaign,
         (array[0.43, 0.25, 0.14, 0.14, 0.04])[n] as share, n in (3, 4) as canvasses
    from generate_series(1, 5) n
), o as (
  insert into organizations (id, name, organization_type, concurrent_calls_limit, calls_per_second, twilio_account_sid, twilio_phone_number,
                             twilio_sms_sender, twilio_configured, twilio_verified_at, vapi_phone_number_id, created_at,
                             updated_at)
  select organization, 'Agence ' || n, 'b2b', greatest(2, {slots} * 6 / 10), 1000, 'AC0000000000000000000000000000000' || n,
         '+33162000001', '+33162000001', true, '{now}', 'number-' || n, '{now}', '{now}'
    from numbered
), u as (
  insert into profiles (id, organization_id, email, full_name, role, email_confirmed_at, created_at, updated_at)
  select person, organization, 'admin' || n || '@zencall.example', 'Camille Test', 'admin', '{now}', '{now}', '{now}'
    from numbered
), a as (
  insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice,
                          system_prompt, first_message, max_duration_seconds, created_at, updated_at,
                          disclosures_version, told_hash, checked_at)
  -- Nobody will look at them at Vapi.
  select assistant, organization, 'assistant-' || n, 'Accueil', 'outbound', 'fr', 'gpt-4o-mini', 'charlotte',
         'Soyez bref.', 'Bonjour.', 300, '{now}', '{now}', 1000, '', '2100-01-01'
    from numbered
), c as (
  insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, advertiser_siren,
                         timezone, call_windows, max_attempts, retry_delay_minutes, retry_on, concurrent_calls,
                         max_cost,
                         created_at, updated_at)
  select campaign, organization, 'Campagne ' || n, assistant, 'votre contrat',
         case when canvasses then 'contract' else 'service' end, 'Agence',
         case when canvasses then '732829320' end, 'Europe/Paris',
         '[{"days": ["mon","tue","wed","thu","fri","sat","sun"], "start": "00:00", "end": "24:00"}]',
         3, 20 * n, '{no_answer,busy,voicemail,failed}', greatest(1, {slots} / 2),
         -- Enough for everybody, so that what is set aside must come back.
         case n when 1 then {contacts} when 5 then ceil({contacts} * share / 2) * 1.5 end, '{now}', '{now}'
    from numbered
)
insert into contacts (id, organization_id, phone, postal_code, contract, created_at, updated_at)
select md5('contact ' || n || ' ' || i)::uuid, organization,
       -- The two that canvass call the same people.
       '+336' || lpad((case when canvasses then 300000000 else n * 100000000 end + i)::text, 9, '0'),
       '75011', case when canvasses then jsonb_build_object('reference', 'C' || i, 'object', 'votre contrat',
                                                            'ends_at', '2030-01-01T00:00:00Z') end,
       '{now}', '{now}'
  from numbered, generate_series(1, greatest(1, ({contacts} * share)::int)) i;

insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
select p.organization_id, c.id, p.id, '{now}', '{now}', '{now}'
  from contacts p join campaigns c on c.organization_id = p.organization_id;

analyze
