-- A call's row is written with each of its events. With room on its page, a change that no index holds touches no index.
alter table calls set (fillfactor = 80);
