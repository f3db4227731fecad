-- What connecting a number changes at Twilio, what lost callbacks and lost reports leave open, and the answer to STOP.

-- Where messages to the connected numbers went before: `[{ "sid", "before": { "url", "method", "application" } }]`, put back
-- when the account is disconnected.
alter table organizations add column twilio_sms_former jsonb;

alter table messages
  -- When Twilio is asked what became of it, and how often it was; null once it is known, or no longer worth asking.
  add column next_poll_at timestamptz,
  add column polls int not null default 0,
  -- It tells somebody that their STOP was understood: the one message that the list of numbers does not hold back.
  add column confirms_stop boolean not null default false;
-- Serves the question which messages to ask about.
create index messages_to_ask_about on messages (next_poll_at) where next_poll_at is not null;

alter table calls
  -- When Vapi is asked for the report of a call that has ended, and how often it was; null once it has come.
  add column report_due_at timestamptz,
  add column report_asks int not null default 0;
-- Serves the question which reports to ask for.
create index calls_to_ask_about on calls (report_due_at) where report_due_at is not null;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

grant select (next_poll_at) on messages to zencall_lookup;
create or replace function zencall.organizations_with_due_messages(at_time timestamptz, queued_before timestamptz, at_most int)
returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct d.organization_id from (
    select m.organization_id from public.messages m
     where m.dispatch <> 'done' and m.due_at <= at_time and (m.queued_at is null or m.queued_at < queued_before)
    union all
    select m.organization_id from public.messages m where m.next_poll_at <= at_time
  ) d
   limit at_most
$$;

-- Organisations with calls whose report is to be asked for, those that have waited longest first.
grant select (organization_id, report_due_at) on calls to zencall_lookup;
create function zencall.organizations_with_unreported_calls(at_time timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select c.organization_id from public.calls c
   where c.report_due_at <= at_time
   group by c.organization_id
   order by min(c.report_due_at) limit at_most
$$;
alter function zencall.organizations_with_unreported_calls(timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.organizations_with_unreported_calls(timestamptz, int) from public;
grant execute on function zencall.organizations_with_unreported_calls(timestamptz, int) to zencall_app;

revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
