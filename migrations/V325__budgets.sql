-- Budgets. What a call may cost at most is set aside before it is dialled, on its attempt; what it did cost is added to the
-- campaign's account when it is known. An attempt that was given back cost nothing, and one whose cost nobody knows keeps
-- what was set aside.

alter table call_attempts
  -- The worst case, in US dollars: the longest call at the price of a minute.
  add column reserved numeric(12, 4) not null default 0 check (reserved >= 0),
  add column cost numeric(12, 4);

-- Serves what is set aside: attempts under way, and the few that ended and are not paid yet.
create index call_attempts_unpaid on call_attempts (campaign_id) include (reserved, ended_at)
  where status <> 'released' and cost is null;

-- What a campaign's calls have cost. Sixteen rows instead of one, so that ends of calls do not queue for it.
create table campaign_accounts (
  organization_id uuid not null,
  campaign_id     uuid not null,
  part            smallint not null check (part between 0 and 15),
  spent           numeric(14, 4) not null,
  primary key (campaign_id, part),
  foreign key (organization_id, campaign_id) references campaigns (organization_id, id) on delete cascade
) with (fillfactor = 50);
-- Serves the foreign key.
create index campaign_accounts_by_campaign on campaign_accounts (organization_id, campaign_id);
alter table campaign_accounts enable row level security;
alter table campaign_accounts force row level security;
create policy tenant on campaign_accounts
  using (organization_id = (select zencall.organization_id()))
  with check (organization_id = (select zencall.organization_id()));
grant select, insert, update, delete on campaign_accounts to zencall_app;

-- A cost is told once or more often, by a report, by reconciliation, before or after the call's end: whoever writes it, the
-- difference is booked, in two rows.
create function zencall.book_cost() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  booked numeric := 0;
begin
  if tg_op = 'UPDATE' and old.campaign_id is not null then
    booked := coalesce(old.cost, 0);
  end if;
  update public.call_attempts a set cost = new.cost
   where a.organization_id = new.organization_id and a.id = coalesce(new.attempt_id, new.id);
  insert into public.campaign_accounts as t (organization_id, campaign_id, part, spent)
  select c.organization_id, c.id, get_byte(uuid_send(new.id), 15) & 15, new.cost - booked
    from public.campaigns c where c.organization_id = new.organization_id and c.id = new.campaign_id
  on conflict (campaign_id, part) do update set spent = t.spent + excluded.spent;
  return null;
end $$;
revoke all on function zencall.book_cost() from public;
create trigger book_first_cost after insert on calls
  for each row when (new.cost is not null and new.campaign_id is not null) execute function zencall.book_cost();
create trigger book_cost after update of cost, campaign_id on calls
  for each row when (new.cost is not null and new.campaign_id is not null
                     and (new.cost is distinct from old.cost or old.campaign_id is null))
  execute function zencall.book_cost();

-- What was spent before. The owner itself is behind the wall: it steps out for this.
alter table calls no force row level security;
alter table campaigns no force row level security;
alter table campaign_accounts no force row level security;
alter table call_attempts no force row level security;
insert into campaign_accounts (organization_id, campaign_id, part, spent)
select d.organization_id, d.campaign_id, get_byte(uuid_send(d.id), 15) & 15, sum(d.cost)
  from calls d join campaigns c on c.organization_id = d.organization_id and c.id = d.campaign_id
 where d.cost is not null
 group by 1, 2, 3;
update call_attempts a set cost = d.cost
  from calls d
 where d.organization_id = a.organization_id and d.id = a.id and d.cost is not null;
alter table calls force row level security;
alter table campaigns force row level security;
alter table campaign_accounts force row level security;
alter table call_attempts force row level security;
