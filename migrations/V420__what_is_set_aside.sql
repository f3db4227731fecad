-- Serves what is set aside, from the index alone. Behind row security the organisation is asked for as well, and where the
-- statistics were some thousand calls old, an index with both columns and every attempt of the campaign was taken for the
-- cheaper one: then each release added up all of them.
drop index call_attempts_unpaid;
create index call_attempts_unpaid on call_attempts (organization_id, campaign_id) include (id, reserved, ended_at)
  where status <> 'released' and cost is null;
