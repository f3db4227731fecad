-- What must be sent because of a commit, written in that commit. Bodies hold ids, never a secret.
create table outbox (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  queue           text not null check (queue in ('events', 'mail', 'messages', 'imports', 'deliveries', 'gdpr')),
  body            jsonb not null,
  created_at      timestamptz not null
);
-- Serves the sweep of what was left, oldest first.
create index outbox_by_age on outbox (created_at);
-- Serves the removal of what was sent.
create index outbox_by_organization on outbox (organization_id, id);
alter table outbox enable row level security;
alter table outbox force row level security;
create policy tenant on outbox
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, delete on outbox to zencall_app;
