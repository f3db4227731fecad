-- Which messages of the outbox have had their effect outside the database, so that a message which the queue hands out again,
-- or which was put there twice, sends no second mail. A queue keeps a message for 14 days at most: what is older than that is
-- deleted by the next mark.
create table outbox_deliveries (
  organization_id uuid not null references organizations on delete cascade,
  outbox_id       uuid not null,
  delivered_at    timestamptz not null,
  primary key (organization_id, outbox_id)
);
-- Serves that deletion.
create index outbox_deliveries_by_age on outbox_deliveries (organization_id, delivered_at);
alter table outbox_deliveries enable row level security;
alter table outbox_deliveries force row level security;
create policy tenant on outbox_deliveries
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, delete on outbox_deliveries to zencall_app;
