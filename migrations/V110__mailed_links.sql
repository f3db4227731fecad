-- When the mail with this link left: the queue may hand its message out more than once.
alter table one_time_tokens add column mailed_at timestamptz;
