-- Whether assistants still say at Vapi what the law wants said, as far as we have looked.
alter table assistants
  -- Which version of it Vapi was last told, and the SHA-256 of what matters in what Vapi was told.
  add column disclosures_version int,
  add column told_hash text,
  -- When Vapi's copy was last seen to be what it was told; since when it is known to be something else.
  add column checked_at timestamptz,
  add column drifted_at timestamptz;

-- Which organisations have assistants to look at: those of campaigns that call, or will in a moment, whose last look is too
-- old or found something else.
grant select (checked_at, drifted_at, deleted_at) on assistants to zencall_lookup;
grant select (assistant_id) on campaigns to zencall_lookup;

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
create function zencall.organizations_with_unchecked_assistants(
  checked_before timestamptz, starting_before timestamptz, at_most int) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select unchecked.organization_id
    from (select distinct c.organization_id
            from public.campaigns c
            join public.assistants s on s.organization_id = c.organization_id and s.id = c.assistant_id
           where (c.status = 'running' or (c.status = 'scheduled' and c.scheduled_at < starting_before))
             and checked_before is not null and s.deleted_at is null
             and (s.checked_at is null or s.checked_at < checked_before or s.drifted_at is not null)) unchecked
   order by random() limit at_most
$$;
alter function zencall.organizations_with_unchecked_assistants(timestamptz, timestamptz, int) owner to zencall_lookup;
revoke all on function zencall.organizations_with_unchecked_assistants(timestamptz, timestamptz, int) from public;
grant execute on function zencall.organizations_with_unchecked_assistants(timestamptz, timestamptz, int) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
