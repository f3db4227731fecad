-- Whoever recomputes the decisions of the gate walks through all organisations that have campaigns, some at a time.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;

create function zencall.organizations_with_campaigns(after uuid, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct c.organization_id from public.campaigns c
   where after is null or c.organization_id > after
   order by c.organization_id limit at_most
$$;

alter function zencall.organizations_with_campaigns(uuid, int) owner to zencall_lookup;
revoke all on function zencall.organizations_with_campaigns(uuid, int) from public;
grant execute on function zencall.organizations_with_campaigns(uuid, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
