-- What a fresh Supabase project has before anything of ours, as far as it matters here (supabase/postgres: init-scripts and
-- migrations). Run by the superuser in the project's database; the roles, which are the cluster's, are there already.
-- :owner stands for `postgres`, who is no superuser there.

create schema auth;
grant usage on schema auth to :owner, anon, authenticated, service_role, supabase_auth_admin;
create table auth.users (
  id                 uuid primary key,
  email              text unique,
  email_confirmed_at timestamptz,
  encrypted_password text,
  raw_app_meta_data  jsonb,
  raw_user_meta_data jsonb,
  is_anonymous       boolean not null default false
);
alter table auth.users enable row level security;
alter table auth.users owner to supabase_auth_admin;
grant select on auth.users to :owner;

create function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
$$;
create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                  nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.jwt() owner to supabase_auth_admin;

grant usage on schema public to anon, authenticated, service_role;
-- Every table that the owner makes is given to the API: what a migration does not take away stays open.
alter default privileges for role :owner in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role :owner in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role :owner in schema public grant all on sequences to anon, authenticated, service_role;

create publication supabase_realtime;
alter publication supabase_realtime owner to :owner;
