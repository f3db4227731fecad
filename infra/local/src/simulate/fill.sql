-- The tenants of a run, each with its contacts and a campaign that was not started. `{tenants}` is their list.
with numbered as (
  select * from (values {tenants}) as t (n, contacts, organization_limit, campaign_limit, per_second, first_person)
), o as (
  insert into organizations (id, name, organization_type, concurrent_calls_limit, calls_per_second, twilio_account_sid,
                             twilio_phone_number, twilio_sms_sender, twilio_configured, twilio_verified_at,
                             vapi_phone_number_id, created_at, updated_at)
  select md5('organization ' || n)::uuid, 'Agence ' || n, 'b2b', organization_limit, per_second, 'AC' || md5('account ' || n),
         '+33162000001', '+33162000001', true, '{now}', 'number-' || n, '{now}', '{now}'
    from numbered
), u as (
  insert into profiles (id, organization_id, email, full_name, role, email_confirmed_at, created_at, updated_at)
  select md5('person ' || n)::uuid, md5('organization ' || n)::uuid, 'admin' || n || '@zencall.example', 'Camille Test',
         'admin', '{now}', '{now}', '{now}'
    from numbered
), a as (
  insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice,
                          system_prompt, first_message, max_duration_seconds, created_at, updated_at,
                          disclosures_version, told_hash, checked_at)
  -- Nobody will look at them at Vapi.
  select md5('assistant ' || n)::uuid, md5('organization ' || n)::uuid, 'assistant-' || n, 'Accueil', 'outbound', 'fr',
         'gpt-4o-mini', 'charlotte', 'Soyez bref.', 'Bonjour.', 300, '{now}', '{now}', 1000, '', '2100-01-01'
    from numbered
), c as (
  insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, timezone, call_windows,
                         max_attempts, retry_delay_minutes, retry_on, concurrent_calls, total_contacts, created_at,
                         updated_at)
  select md5('campaign ' || n)::uuid, md5('organization ' || n)::uuid, 'Campagne ' || n, md5('assistant ' || n)::uuid,
         'votre contrat', 'service', 'Agence', 'Europe/Paris', '{windows}', {attempts}, {retry_minutes},
         '{retry_on}', campaign_limit, contacts, '{now}', '{now}'
    from numbered
), p as (
  insert into contacts (id, organization_id, phone, postal_code, created_at, updated_at)
  select md5('contact ' || (first_person + i))::uuid, md5('organization ' || n)::uuid,
         '+336' || lpad((first_person + i)::text, 8, '0'), '75011', '{now}', '{now}'
    from numbered, generate_series(0, contacts - 1) i
)
insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
select md5('organization ' || n)::uuid, md5('campaign ' || n)::uuid, md5('contact ' || (first_person + i))::uuid,
       '{now}', '{now}', '{now}'
  from numbered, generate_series(0, contacts - 1) i
