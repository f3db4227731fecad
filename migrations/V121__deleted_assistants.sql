-- A deleted assistant leaves Vapi and every list, and its row stays: past campaigns and calls name it, and late events of its
-- calls still find their tenant by it.
alter table assistants add column deleted_at timestamptz;

-- The list shows what is not deleted.
drop index assistants_by_organization;
create index assistants_by_organization on assistants (organization_id, id desc) where deleted_at is null;

-- A campaign cannot choose a deleted assistant: for it, there is none. Checked after the row, as a foreign key is, so that
-- row security speaks first. The lock waits for a deletion that is under way.
create function zencall.refuse_deleted_assistant() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.assistants a
    where a.organization_id = new.organization_id and a.id = new.assistant_id and a.deleted_at is null
      for key share;
  if not found then
    raise exception 'the assistant is deleted'
      using errcode = 'foreign_key_violation', constraint = 'campaigns_organization_id_assistant_id_fkey';
  end if;
  return new;
end $$;
create trigger refuse_deleted_assistant after insert or update of assistant_id on campaigns
  for each row execute function zencall.refuse_deleted_assistant();
