-- Takes constraints and indexes off every table, and notes how they were. Foreign keys come first, since they need the others.
create table bench_kept (position int generated always as identity, definition text not null);
do $$
declare
  kept record;
begin
  for kept in
    select k.conrelid::regclass as relation, k.conname, pg_get_constraintdef(k.oid) as definition,
           -- A partitioned table takes none that is not checked.
           k.contype = 'f' and k.convalidated and c.relkind <> 'p' as is_believed
      from pg_constraint k join pg_class c on c.oid = k.conrelid
     where k.connamespace = 'public'::regnamespace and k.contype in ('f', 'p', 'u', 'x') and k.conparentid = 0
     order by k.contype <> 'f'
  loop
    execute format('alter table %s drop constraint %I', kept.relation, kept.conname);
    insert into bench_kept (definition)
    values (format('alter table %s add constraint %I %s%s', kept.relation, kept.conname, kept.definition,
                   case when kept.is_believed then ' not valid' else '' end));
  end loop;
  for kept in
    -- Of a partitioned table, those of its partitions come and go with its own.
    select i.indexrelid::regclass as index, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as definition
      from pg_index i join pg_class c on c.oid = i.indexrelid
     where c.relnamespace = 'public'::regnamespace and not c.relispartition
  loop
    execute format('drop index %s', kept.index);
    insert into bench_kept (definition) values (kept.definition);
  end loop;
end $$;
