-- Serves calls by the time at which they began: what they come to day by day, and the list between two instants. CASE, and
-- not coalesce(): behind row security an index is used only for what PostgreSQL knows to give nothing away, and of the two
-- it knows that of CASE alone.
create index calls_by_time on calls (organization_id, (case when started_at is null then created_at else started_at end) desc);

-- Nobody could use it, for the same reason: `@>` and `&&` of arrays are not known to give nothing away. Contacts with a tag are
-- found among those of their organisation.
drop index if exists contacts_by_tag;
