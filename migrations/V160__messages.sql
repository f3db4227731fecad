-- Text messages, and the numbers that are never to be called or texted again.

create table do_not_call (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  phone           text not null,
  reason          text check (length(reason) <= 500),
  -- Who said so: `manual`, `sms_stop` (they wrote STOP), `twilio_opt_out` (error 21610), or a word of the organisation's own.
  source          text not null check (length(source) between 1 and 50),
  created_by      uuid,
  created_at      timestamptz not null,
  unique (organization_id, id)
);
-- Serves the question before every call and every message, and lets the database referee two who add a number.
create unique index do_not_call_phone_key on do_not_call (organization_id, phone);
-- Serves the list, newest first.
create index do_not_call_by_organization on do_not_call (organization_id, id desc);
alter table do_not_call enable row level security;
alter table do_not_call force row level security;
create policy tenant on do_not_call
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
-- The update is of nothing: a number that is added twice comes back as it is.
grant select, insert, delete, update (phone) on do_not_call to zencall_app;

create table messages (
  id                 uuid primary key,
  organization_id    uuid not null references organizations on delete cascade,
  direction          text not null check (direction in ('outbound', 'inbound')),
  -- The other side's number, and ours: a number or a sender's name.
  phone              text not null,
  sender             text not null,
  body               text not null,
  purpose            text check (purpose in ('service', 'marketing')),
  -- What is shown: Twilio's word, the furthest that was heard.
  status             text not null,
  status_rank        int  not null,
  error_code         text,
  twilio_message_sid text,
  segments           int  not null check (segments >= 0),
  contact_id         uuid,
  -- How far sending is: waiting -> sending -> done | unknown (nobody knows whether Twilio has it) -> done | waiting.
  dispatch           text not null check (dispatch in ('waiting', 'sending', 'unknown', 'done')),
  -- From when on it may be sent.
  due_at             timestamptz not null,
  -- When its message was last put on the queue; the sweep sends again what was left.
  queued_at          timestamptz,
  sending_at         timestamptz,
  -- The message that this one repeats, because the telephone was off, and how many there were before it.
  retry_of           uuid,
  retries            int not null default 0,
  created_by         uuid,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  unique (organization_id, id),
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete set null (contact_id),
  foreign key (organization_id, retry_of) references messages (organization_id, id) on delete set null (retry_of)
) with (fillfactor = 80);
-- Serves the look-up by Twilio's id, and lets the database referee two deliveries of one inbound message.
create unique index messages_twilio_message_sid_key on messages (organization_id, twilio_message_sid);
-- Serves the list, newest first.
create index messages_by_organization on messages (organization_id, id desc);
-- Serves the sweep: few rows, those under way.
create index messages_under_way on messages (due_at) where dispatch <> 'done';
-- Serves the withdrawal of what waits for a number.
create index messages_under_way_by_phone on messages (organization_id, phone) where dispatch <> 'done';
-- Serve the foreign keys.
create index messages_by_contact on messages (organization_id, contact_id);
create index messages_by_retry_of on messages (organization_id, retry_of) where retry_of is not null;
alter table messages enable row level security;
alter table messages force row level security;
create policy tenant on messages
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on messages to zencall_app;

-- Every status once, also one that came too late to count.
create table message_history (
  organization_id uuid not null,
  message_id      uuid not null,
  status          text not null,
  rank            int  not null,
  error_code      text,
  at              timestamptz not null,
  primary key (message_id, status),
  foreign key (organization_id, message_id) references messages (organization_id, id) on delete cascade
);
-- Serves the foreign key.
create index message_history_by_message on message_history (organization_id, message_id);
alter table message_history enable row level security;
alter table message_history force row level security;
create policy tenant on message_history
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on message_history to zencall_app;

-- Since when Twilio refuses the organisation's credentials; nothing is sent until they are given again.
alter table organizations add column twilio_rejected_at timestamptz;

-- Organisations with messages that are due and on no queue, or were on it too long ago.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
grant select (organization_id, dispatch, due_at, queued_at) on messages to zencall_lookup;
create policy lookup on messages for select to zencall_lookup using (true);
create function zencall.organizations_with_due_messages(at_time timestamptz, queued_before timestamptz, at_most int)
returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct m.organization_id from public.messages m
   where m.dispatch <> 'done' and m.due_at <= at_time and (m.queued_at is null or m.queued_at < queued_before)
   limit at_most
$$;
alter function zencall.organizations_with_due_messages(timestamptz, timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.organizations_with_due_messages(timestamptz, timestamptz, int) from public;
grant execute on function zencall.organizations_with_due_messages(timestamptz, timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
