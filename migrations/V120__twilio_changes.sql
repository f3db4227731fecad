-- One change of an organisation's Twilio connection at a time: it touches Twilio, Secrets Manager and Vapi, so no transaction
-- can hold it together. Whoever changes it leaves here until when, and takes it away again; a crash costs that minute.
alter table organizations add column twilio_change_until timestamptz;
