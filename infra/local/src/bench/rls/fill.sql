-- A database as it is after a while: a thousand tenants whose rows lie between each other's, as they came in.
-- `{rows}` is replaced. Ids grow with time, as UUID v7 do; row n is the tenant's whose number is n % 1000.

create function bench_id(kind int, n bigint) returns uuid language sql immutable parallel safe as $$
  select encode(int8send((24780000 + n / 65536 << 32) + (n % 65536 << 16) + 28672 + kind)
                || int8send(-9223372036854775808 + (n * 2654435761 + kind * 40503) % 281474976710656), 'hex')::uuid
$$;

insert into organizations (id, name, organization_type, twilio_account_sid, twilio_phone_number, twilio_configured,
                           created_at, updated_at)
select bench_id(1, n), 'Agence ' || n, 'b2b', 'AC' || md5(n::text), '+3316200' || lpad(n::text, 4, '0'), true, now(), now()
  from generate_series(0, 999) n;
insert into profiles (id, organization_id, email, full_name, role, created_at, updated_at)
select bench_id(2, n), bench_id(1, n % 1000), n || '@zencall.example', 'Camille ' || n, 'admin', now(), now()
  from generate_series(0, 9999) n;
insert into sessions (id, organization_id, user_id, created_at, last_used_at)
select bench_id(3, n), bench_id(1, n % 1000), bench_id(2, n % 10000), now(), now() from generate_series(0, {rows} / 10) n;
insert into refresh_tokens (token_hash, organization_id, session_id, created_at, expires_at)
select sha256(n::text::bytea), bench_id(1, n % 1000), bench_id(3, n), now(), now() from generate_series(0, {rows} / 10) n;
insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice, system_prompt,
                        first_message, max_duration_seconds, created_at, updated_at)
select bench_id(4, n), bench_id(1, n % 1000), 'assistant-' || n, 'Accueil', 'outbound', 'fr', 'm', 'v', 's', 'f', 300,
       now(), now()
  from generate_series(0, 4999) n;
insert into contacts (id, organization_id, phone, first_name, last_name, postal_code, created_at, updated_at)
select bench_id(5, n), bench_id(1, n % 1000), '+336' || lpad(n::text, 8, '0'), 'Camille', 'Martin', '75011', now(), now()
  from generate_series(0, {rows} - 1) n;
insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, status, timezone,
                       call_windows, max_attempts, retry_delay_minutes, retry_on, concurrent_calls, created_at, updated_at)
select bench_id(6, n), bench_id(1, n % 1000), 'Rappel', bench_id(4, n % 1000), 'votre rendez-vous', 'service', 'Agence',
       case when n < 1000 then 'running' else 'completed' end, 'Europe/Paris', '[]', 3, 60, '{no_answer}', 5, now(), now()
  from generate_series(0, 9999) n;
insert into campaign_contacts (organization_id, campaign_id, contact_id, status, due_at, attempts, last_outcome, created_at,
                               updated_at)
select bench_id(1, n % 1000), bench_id(6, n % 10000), bench_id(5, n),
       case when n % 2 = 0 then 'pending' else 'completed' end, now() - interval '1 hour', n % 2, null, now(), now()
  from generate_series(0, {rows} - 1) n;
insert into call_attempts (id, organization_id, campaign_id, contact_id, assistant_id, number, status, queued_at, dialing_at,
                           vapi_call_id)
select bench_id(7, n), bench_id(1, n % 1000), bench_id(6, n % 10000), bench_id(5, n), bench_id(4, n % 1000), 1,
       case when n % 100 = 0 then 'queued' when n % 100 = 1 then 'dialing' else 'ended' end, now(), now(),
       case when n % 100 > 1 then 'call-' || n end
  from generate_series(0, {rows} - 1) n;
insert into gate_decisions (id, organization_id, campaign_id, contact_id, stage, allowed, inputs, inputs_hash, decided_at)
select bench_id(8, n), bench_id(1, n % 1000), bench_id(6, n % 10000), bench_id(5, n), 'release', true, '{"number":"FR"}',
       md5(n::text), now()
  from generate_series(0, {rows} - 1) n;
insert into calls (id, organization_id, vapi_call_id, campaign_id, contact_id, attempt_id, assistant_id, direction, phone,
                   status, outcome, duration_seconds, cost, created_at, updated_at)
select bench_id(7, n), bench_id(1, n % 1000), 'call-' || n, bench_id(6, n % 10000), bench_id(5, n), bench_id(7, n),
       bench_id(4, n % 1000), 'outbound', '+336' || lpad(n::text, 8, '0'), 'ended', 'answered', 60, 0.1, now(), now()
  from generate_series(0, {rows} - 1) n where n % 100 > 1;
insert into call_turns (organization_id, call_id, at, role, text_hash, text)
select bench_id(1, n % 1000), bench_id(7, n), now(), 'user', sha256(n::text::bytea), 'Bonjour, oui, demain me convient.'
  from generate_series(0, {rows} - 1) n where n % 100 > 1;
insert into provider_events (id, organization_id, month, provider, dedupe_key, kind, event, call_id, occurred_at, received_at,
                             projection)
select bench_id(9, n), bench_id(1, n % 1000),
       (date_trunc('month', now()) + make_interval(months => (n / 1000 % 4)::int - 1))::date, 'vapi', 'event-' || n, 'status-update',
       'call-ended', bench_id(7, n), now(), now(), '{}'
  from generate_series(0, {rows} - 1) n;
insert into messages (id, organization_id, direction, phone, sender, body, status, status_rank, segments, contact_id, dispatch,
                      due_at, created_at, updated_at)
select bench_id(10, n), bench_id(1, n % 1000), 'outbound', '+336' || lpad(n::text, 8, '0'), 'AGENCE',
       'Votre rendez-vous est confirmé.', 'delivered', 5, 1, bench_id(5, n), 'done', now(), now(), now()
  from generate_series(0, {rows} - 1) n;
insert into message_history (organization_id, message_id, status, rank, at)
select bench_id(1, n % 1000), bench_id(10, n), 'delivered', 5, now() from generate_series(0, {rows} - 1) n;
insert into do_not_call (id, organization_id, phone, source, created_at)
select bench_id(11, n), bench_id(1, n % 1000), '+337' || lpad(n::text, 8, '0'), 'manual', now()
  from generate_series(0, {rows} - 1) n;
insert into gdpr_audit_logs (id, organization_id, user_id, action, details, created_at)
select bench_id(12, n), bench_id(1, n % 1000), bench_id(2, n % 10000), 'contact.create', '{"contact_id":"x"}', now()
  from generate_series(0, {rows} - 1) n;
insert into gdpr_consents (id, organization_id, user_id, consent_type, consent_given, consent_version, created_at)
select bench_id(13, n), bench_id(1, n % 1000), bench_id(2, n % 10000), 'terms', true, '1', now()
  from generate_series(0, {rows} / 10) n;
insert into outbox (id, organization_id, queue, body, created_at)
select bench_id(14, n), bench_id(1, n % 1000), 'mail', '{}', now() from generate_series(0, {rows} / 10) n;
insert into credentials (user_id, organization_id, password_hash, updated_at)
select bench_id(2, n), bench_id(1, n % 1000), 'hash', now() from generate_series(0, 9999) n;
insert into consent_people (id, organization_id, phone, length, created_at)
select bench_id(15, n), bench_id(1, n % 1000), '+336' || lpad(n::text, 8, '0'), 1, now() from generate_series(0, {rows} - 1) n;
insert into consents (id, organization_id, person_id, sequence, kind, contact_id, purposes, channel, salt, commitment, previous_hash,
                      hash, recorded_at)
select bench_id(16, n), bench_id(1, n % 1000), bench_id(15, n), 1, 'given', bench_id(5, n), '{service}', 'form', '\x00', '\x00',
       '\x', '\x00', now()
  from generate_series(0, {rows} - 1) n;
insert into appointments (id, organization_id, calendar_id, assistant_id, call_id, campaign_id, contact_id, status, starts_at, ends_at,
                          timezone, language, created_at, updated_at)
select bench_id(17, n), bench_id(1, n % 1000), bench_id(4, n % 1000), bench_id(4, n % 1000), bench_id(7, n), bench_id(6, n % 10000),
       bench_id(5, n), 'scheduled', now(), now() + interval '30 minutes', 'Europe/Paris', 'fr', now(), now()
  from generate_series(0, {rows} / 10) n where n % 100 > 1;
