-- Somebody who was forgotten may come back: with a consent that they gave anew, their number is taken in again (RGPD,
-- articles 4(11) and 7), and the hash that kept it out goes.
grant delete on oppositions to zencall_app;
