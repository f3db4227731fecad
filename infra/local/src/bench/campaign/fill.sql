-- One organisation with one campaign of {contacts} contacts, the first half of whom were called and answered. It has a budget,
-- and a limit that lets ten calls through at once.
set session_replication_role = replica;
insert into organizations (id, name, organization_type, concurrent_calls_limit, twilio_account_sid, twilio_phone_number,
                           twilio_sms_sender, twilio_configured, twilio_verified_at, vapi_phone_number_id, created_at,
                           updated_at)
values ('00000000-0000-0000-0000-000000000001'::uuid, 'Agence', 'b2b', 1000, 'AC00000000000000000000000000000001', '+33162000001',
        '+33162000001', true, now(), 'number', now(), now());
insert into profiles (id, organization_id, email, full_name, role, email_confirmed_at, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000002'::uuid, '00000000-0000-0000-0000-000000000001'::uuid, 'admin@zencall.example', 'Camille Test', 'admin', now(), now(), now());
insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice,
                        system_prompt, first_message, max_duration_seconds, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000003'::uuid, '00000000-0000-0000-0000-000000000001'::uuid, 'assistant', 'Accueil', 'outbound', 'fr', 'gpt-4o-mini',
        'charlotte', 'Soyez bref.', 'Bonjour.', 300, now(), now());
insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, timezone,
                       call_windows, max_attempts, retry_delay_minutes, retry_on, concurrent_calls, max_cost,
                       created_at, updated_at)
values ('00000000-0000-0000-0000-000000000004'::uuid, '00000000-0000-0000-0000-000000000001'::uuid, 'Rappel', '00000000-0000-0000-0000-000000000003'::uuid, 'votre rendez-vous', 'service',
        'Agence', 'Europe/Paris',
        '[{"days": ["mon","tue","wed","thu","fri","sat","sun"], "start": "00:00", "end": "24:00"}]',
        3, 60, '{no_answer,busy,voicemail,failed}', 10, 10000000, now(), now());
insert into contacts (id, organization_id, phone, created_at, updated_at)
select md5('contact ' || i)::uuid, '00000000-0000-0000-0000-000000000001'::uuid, '+336' || lpad((10000000 + i)::text, 8, '0'), now(), now()
  from generate_series(1, {contacts}) i;
insert into campaign_contacts (organization_id, campaign_id, contact_id, status, due_at, attempts, tries, last_outcome,
                               created_at, updated_at)
select '00000000-0000-0000-0000-000000000001'::uuid, '00000000-0000-0000-0000-000000000004'::uuid, md5('contact ' || i)::uuid,
       case when i <= {contacts} / 2 then 'completed' else 'pending' end, now() - interval '1 hour',
       case when i <= {contacts} / 2 then 1 else 0 end, case when i <= {contacts} / 2 then 1 else 0 end,
       case when i <= {contacts} / 2 then 'answered' end, now(), now()
  from generate_series(1, {contacts}) i;
insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status, outcome,
                           vapi_call_id, queued_at, dialing_at, ended_at)
select md5('attempt ' || i)::uuid, '00000000-0000-0000-0000-000000000001'::uuid, '00000000-0000-0000-0000-000000000004'::uuid, md5('contact ' || i)::uuid,
       '00000000-0000-0000-0000-000000000003'::uuid, 1, 'ended', 'answered', 'call ' || i, now() - interval '2 hours',
       now() - interval '2 hours', now() - interval '1 hour'
  from generate_series(1, {contacts} / 2) i;
insert into calls (id, organization_id, vapi_call_id, campaign_id, contact_id, attempt_id, assistant_id, direction, phone,
                   status, outcome, started_at, ended_at, duration_seconds, cost, reported_at, created_at, updated_at)
select md5('attempt ' || i)::uuid, '00000000-0000-0000-0000-000000000001'::uuid, 'call ' || i, '00000000-0000-0000-0000-000000000004'::uuid,
       md5('contact ' || i)::uuid, md5('attempt ' || i)::uuid, '00000000-0000-0000-0000-000000000003'::uuid, 'outbound', '+33600000000',
       'ended', 'answered', now() - interval '2 hours', now() - interval '1 hour', 60, 0.05, now(), now(), now()
  from generate_series(1, {contacts} / 2) i;
set session_replication_role = origin;
vacuum analyze
