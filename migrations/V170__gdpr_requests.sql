-- What people ask for under the RGPD: their data (articles 15 and 20), or their deletion (article 17).
--
-- pending -> processing -> completed | rejected | failed; a deletion waits as `pending` until `scheduled_at`, and may be
-- `cancelled` until then.
create table gdpr_requests (
  id              uuid primary key,
  organization_id uuid not null,
  user_id         uuid not null,
  request_type    text not null check (request_type in ('data_access', 'data_export', 'data_deletion')),
  scope           text not null default 'self' check (scope in ('self', 'organization')),
  status          text not null default 'pending' check (status in
    ('pending', 'processing', 'completed', 'rejected', 'failed', 'cancelled')),
  -- Why it was rejected or failed: a code.
  reason          text,
  -- Where a link may be had. The link itself is signed at each read and kept nowhere.
  data_url        text,
  object_key      text,
  scheduled_at    timestamptz,
  attempts        int not null default 0,
  -- Until when somebody works on it, or, while pending, until when it rests after a failure.
  lease_until     timestamptz,
  expires_at      timestamptz,
  mailed_at       timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  completed_at    timestamptz,
  foreign key (organization_id, user_id) references profiles (organization_id, id) on delete cascade
);
-- One open export of a kind: the database referees two requests at once.
create unique index gdpr_requests_open_export_key on gdpr_requests (organization_id, user_id, request_type, scope)
  where status in ('pending', 'processing') and request_type <> 'data_deletion';
-- One open deletion.
create unique index gdpr_requests_open_deletion_key on gdpr_requests (organization_id, user_id)
  where status in ('pending', 'processing') and request_type = 'data_deletion';
-- Serves a person's own requests, newest first, and counting a day's.
create index gdpr_requests_by_user on gdpr_requests (organization_id, user_id, id desc);
-- Serves the sweep of what is due or was left behind: few rows are open.
create index gdpr_requests_open on gdpr_requests (created_at) where status in ('pending', 'processing');
alter table gdpr_requests enable row level security;
alter table gdpr_requests force row level security;
create policy tenant on gdpr_requests
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on gdpr_requests to zencall_app;

-- An export reads every table in keyset pages, in the order of an index that begins with the organisation.
create index gate_decisions_by_organization on gate_decisions (organization_id, id);
create index call_turns_by_organization on call_turns (organization_id, call_id, at, role, text_hash);
-- The one above serves its foreign key too.
drop index call_turns_by_call;

-- Requests that are due, or whose worker is not heard of any more.
grant select (id, organization_id, request_type, status, scheduled_at, lease_until, created_at)
  on gdpr_requests to zencall_lookup;
create policy lookup on gdpr_requests for select to zencall_lookup using (true);
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
create function zencall.due_gdpr_requests(at_time timestamptz, stalled_before timestamptz, at_most int)
returns table (id uuid, organization_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.id, r.organization_id from public.gdpr_requests r
   where r.status in ('pending', 'processing')
     and (r.lease_until is null or r.lease_until < at_time)
     and case when r.request_type = 'data_deletion' then r.scheduled_at <= at_time
              else r.created_at < stalled_before end
   order by r.created_at limit at_most
$$;
alter function zencall.due_gdpr_requests(timestamptz, timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.due_gdpr_requests(timestamptz, timestamptz, int) from public;
grant execute on function zencall.due_gdpr_requests(timestamptz, timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
