-- Organisations that text from one number: what is written to it reaches the webhook of one of them, and STOP means all.
do $$ begin execute format('grant zencall_lookup to %I', current_user); end $$;
grant create on schema zencall to zencall_lookup;
grant select (twilio_configured, twilio_phone_number, twilio_sms_sender) on organizations to zencall_lookup;
create function zencall.organizations_of_twilio_number(wanted_number text) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select o.id from public.organizations o
   where o.twilio_configured and (o.twilio_phone_number = wanted_number or o.twilio_sms_sender = wanted_number)
   order by o.id limit 20
$$;
alter function zencall.organizations_of_twilio_number(text) owner to zencall_lookup;
revoke all on function zencall.organizations_of_twilio_number(text) from public;
grant execute on function zencall.organizations_of_twilio_number(text) to zencall_app;
revoke create on schema zencall from zencall_lookup;
do $$ begin execute format('revoke zencall_lookup from %I', current_user); end $$;
-- Serve that question.
create index organizations_by_twilio_phone_number on organizations (twilio_phone_number)
  where twilio_phone_number is not null;
create index organizations_by_twilio_sms_sender on organizations (twilio_sms_sender) where twilio_sms_sender is not null;
