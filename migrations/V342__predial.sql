-- The gate also answers for campaigns that Vapi runs itself: whether somebody of a campaign of ours may be dialled.
alter table gate_decisions drop constraint if exists gate_decisions_stage_check;
alter table gate_decisions add constraint gate_decisions_stage_check
  check (stage in ('import', 'forecast', 'release', 'dial', 'predial'));

-- What the gate lets Vapi dial is a solicitation as any other. The decision that allowed it stands for the attempt.
grant select (id, organization_id, stage, allowed) on gate_decisions to zencall_lookup;
create policy predial_lookup on gate_decisions for select to zencall_lookup using (stage = 'predial');

do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
create function zencall.note_predial(wanted bytea, decision uuid, at_time timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.solicitations (attempt_id, key, at)
  select d.id, wanted, at_time from public.gate_decisions d
   where d.id = decision and d.organization_id = zencall.organization_id() and d.stage = 'predial' and d.allowed
  on conflict do nothing
$$;
alter function zencall.note_predial(bytea, uuid, timestamptz) owner to zencall_lookup;
revoke all on function zencall.note_predial(bytea, uuid, timestamptz) from public;
grant execute on function zencall.note_predial(bytea, uuid, timestamptz) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
