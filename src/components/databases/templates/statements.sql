-- The roles and databases that the blueprint names. It may run again and again; nothing is ever dropped.
set log_statement = 'none';
{% for user in users %}
\getenv secret USER_{{ loop.index0 }}
select 'create role {{ user.quoted }}' where not exists (select from pg_roles where rolname = '{{ user.name }}') \gexec
alter role {{ user.quoted }} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit {{ user.limit }};
select format('alter role %I password %L', '{{ user.name }}',
  :'secret') \gexec
{% if user.read_only %}
alter role {{ user.quoted }} set default_transaction_read_only = on;
grant pg_read_all_data to {{ user.quoted }};
{% endif %}
{% endfor %}
{% for database in databases %}
select 'create database {{ database.quoted }}' where not exists (select from pg_database where datname = '{{ database.name }}') \gexec
{% if database.owner %}
alter database {{ database.quoted }} owner to {{ database.owner }};
{% endif %}
revoke connect, temporary on database {{ database.quoted }} from public;
{% for user in database.users %}
grant connect, temporary on database {{ database.quoted }} to {{ user }};
{% endfor %}
{% if database.extensions %}
\connect {{ database.quoted }}
{% for extension in database.extensions %}
create extension if not exists {{ extension }};
{% endfor %}
\connect postgres
set log_statement = 'none';
{% endif %}
{% endfor %}
{% if pooler %}
\getenv secret POOLER
select 'create role pooler' where not exists (select from pg_roles where rolname = 'pooler') \gexec
alter role pooler login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit {{ pooler }};
select format('alter role %I password %L', 'pooler',
  :'secret') \gexec
create schema if not exists pooler;
revoke all on schema pooler from public;
grant usage on schema pooler to pooler;
-- The pooler may ask for the password of a role that logs in and is nobody special, and for nothing else.
create or replace function pooler.lookup(wanted text, out usename text, out passwd text)
  language sql security definer set search_path = pg_catalog
  begin atomic
    select rolname::text, rolpassword from pg_authid
    where rolname = wanted and rolcanlogin and not rolsuper and not rolreplication;
  end;
revoke all on function pooler.lookup(text) from public;
grant execute on function pooler.lookup(text) to pooler;
{% endif %}
-- Who reads statistics, over the socket alone: it has no password.
select 'create role monitor' where not exists (select from pg_roles where rolname = 'monitor') \gexec
alter role monitor login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 5;
grant pg_monitor to monitor;
{% if drill %}
\getenv secret DRILL
select 'create role drill' where not exists (select from pg_roles where rolname = 'drill') \gexec
alter role drill login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 4;
select format('alter role %I password %L', 'drill',
  :'secret') \gexec
{{ drill }}
{% endif %}
{% if wal_g %}
-- WAL-G asks where the data is before it reads it (`show data_directory`).
grant pg_read_all_settings to replicator;
{% endif %}
