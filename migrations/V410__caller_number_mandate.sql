-- The mandate by which the operator may present an organisation's number (article L44 IV CPCE): where the signed paper is kept,
-- and of which day it is. It is about one number and goes with it.
alter table organizations
  add column caller_number_mandate text check (length(caller_number_mandate) between 1 and 200),
  add column caller_number_mandate_signed_on date,
  add constraint organizations_mandate_is_dated
    check ((caller_number_mandate is null) = (caller_number_mandate_signed_on is null));
