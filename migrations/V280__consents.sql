-- The ledger of consents (R223-1 and R223-2 code de la consommation; RGPD, article 7(1)): one chain per person and
-- organisation, only ever added to. Each link's hash covers the one before and a salted commitment to its own row, so
-- that a row can be forgotten, with its salt, while the chain stays whole.

create table consent_people (
  id              uuid primary key,
  organization_id uuid not null references organizations on delete cascade,
  -- Null once the person is forgotten.
  phone           text,
  -- How long the chain is, and the hash of its last link.
  length          int   not null default 0,
  head            bytea not null default '\x',
  created_at      timestamptz not null,
  unique (organization_id, id)
);
-- Serves "what did this person agree to", and lets the database referee two who record at once.
create unique index consent_people_phone_key on consent_people (organization_id, phone);
alter table consent_people enable row level security;
alter table consent_people force row level security;
create policy tenant on consent_people
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update (phone, length, head) on consent_people to zencall_app;

create table consents (
  id                 uuid primary key,
  organization_id    uuid not null,
  person_id          uuid not null,
  sequence           int  not null check (sequence >= 1),
  kind               text not null check (kind in ('given', 'withdrawn')),
  contact_id         uuid,
  -- What was agreed to, and how it is proved.
  purposes           text[],
  object             text,
  advertiser_name    text,
  advertiser_siren   text,
  third_party_name   text,
  third_party_siren  text,
  wording            text,
  wording_sha256     text,
  text_version       text,
  channel            text,
  positive_act       text,
  collected_at       timestamptz,
  valid_until        timestamptz,
  special_slot_from  timestamptz,
  special_slot_until timestamptz,
  evidence           text,
  -- Of a withdrawal: of which consent, or of all where there is none; and in which words.
  withdraws          uuid,
  quote              text,
  salt               bytea,
  commitment         bytea not null,
  previous_hash      bytea not null,
  hash               bytea not null,
  recorded_at        timestamptz not null,
  unique (organization_id, id),
  foreign key (organization_id, person_id) references consent_people (organization_id, id) on delete cascade
);
-- Serves reading a chain in its order, and lets the database referee its links.
create unique index consents_sequence_key on consents (organization_id, person_id, sequence);
alter table consents enable row level security;
alter table consents force row level security;
create policy tenant on consents
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert on consents to zencall_app;
