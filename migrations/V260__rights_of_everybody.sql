-- PostgreSQL lets everybody execute a new function. Nobody of ours needs that: functions are granted by name. (Nobody needs
-- temporary tables either; that right is the database's, and whoever brings it up to date takes it away.)
do $$
declare f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p
     where p.pronamespace = 'zencall'::regnamespace and p.proowner = current_user::regrole
  loop
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
