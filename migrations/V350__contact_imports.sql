-- Files of contacts that are imported by a job.
--
-- waiting (for the file) -> processing -> completed | failed; `cancelled` from either of the first two. `open` until
-- whoever works on it has also put away what is left: the file, and the lines that its outcome is made of.
create table contact_imports (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  file_name       text not null check (length(file_name) between 1 and 255),
  -- In which language its outcome is written.
  language        text not null check (language in ('fr', 'en')),
  status          text not null default 'waiting' check (status in
    ('waiting', 'processing', 'completed', 'failed', 'cancelled')),
  open            boolean not null default true,
  -- Why it failed: a code, and a sentence in each language.
  reason          jsonb,
  total_bytes     bigint,
  -- Which file is read, and where reading goes on. Written with the rows that precede that place.
  version         text,
  place           jsonb,
  bytes_read      bigint not null default 0,
  batches         int not null default 0,
  rows_read       int not null default 0,
  imported        int not null default 0,
  updated         int not null default 0,
  rejected        int not null default 0,
  -- The first faults, and how many of its rows nobody may call as they are, by the gate's code.
  errors          jsonb not null default '[]',
  refused         jsonb not null default '{}',
  has_outcome     boolean not null default false,
  created_by      uuid,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  started_at      timestamptz,
  completed_at    timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, created_by) references profiles (organization_id, id) on delete set null (created_by)
) with (fillfactor = 70);
-- Serves the list, newest first.
create index contact_imports_by_organization on contact_imports (organization_id, id desc);
-- Serves the sweep of what was left behind, and counting an organisation's: few rows are open.
create index contact_imports_open on contact_imports (organization_id, created_at) where open;
-- Serves the foreign key.
create index contact_imports_by_creator on contact_imports (organization_id, created_by);
alter table contact_imports enable row level security;
alter table contact_imports force row level security;
create policy tenant on contact_imports
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update on contact_imports to zencall_app;

-- The lines of the outcome of some rows, until all are there and lie in the bucket.
create table contact_import_batches (
  organization_id uuid not null,
  import_id       uuid not null,
  number          int  not null,
  outcome         text not null,
  primary key (organization_id, import_id, number),
  foreign key (organization_id, import_id) references contact_imports (organization_id, id) on delete cascade
);
alter table contact_import_batches enable row level security;
alter table contact_import_batches force row level security;
create policy tenant on contact_import_batches
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, delete on contact_import_batches to zencall_app;

-- Imports whose file nobody told of, or of which nothing is heard any more.
grant select (id, organization_id, status, open, created_at, updated_at) on contact_imports to zencall_lookup;
create policy lookup on contact_imports for select to zencall_lookup using (true);
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
create function zencall.left_contact_imports(waiting_before timestamptz, silent_before timestamptz, at_most int)
returns table (id uuid, organization_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select i.id, i.organization_id from public.contact_imports i
   where i.open and case when i.status = 'waiting' then i.created_at < waiting_before
                         else i.updated_at < silent_before end
   order by i.created_at limit at_most
$$;
alter function zencall.left_contact_imports(timestamptz, timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.left_contact_imports(timestamptz, timestamptz, int) from public;
grant execute on function zencall.left_contact_imports(timestamptz, timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
