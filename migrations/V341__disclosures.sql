-- What the transcript of a call shows of what must be said in it: ai, identity, purpose, recording, objection, each found,
-- missing or not_applicable. Nothing where no report has come.
alter table calls add column disclosures jsonb;
