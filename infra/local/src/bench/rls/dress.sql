-- Puts back what strip.sql took: keys, indexes, and then the foreign keys, which need both.
do $$
declare
  kept text;
begin
  set local maintenance_work_mem = '512MB';
  for kept in
    select definition from bench_kept order by definition like '%FOREIGN KEY%', definition not like 'alter %', position
  loop
    execute kept;
  end loop;
end $$;
drop table bench_kept;
