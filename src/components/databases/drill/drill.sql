-- What the restore drill writes on the leader, and the login that may do only that. It may run again and again.
create schema if not exists groundplan;
create table if not exists groundplan.drill (
  id text primary key,
  marked_at timestamptz not null default now(),
  passed_at timestamptz,
  bytes bigint,
  restore_seconds integer,
  replay_seconds integer
);
grant usage on schema groundplan to drill;
grant select, insert, update on groundplan.drill to drill;
grant execute on function pg_create_restore_point(text), pg_switch_wal() to drill;
grant pg_read_all_stats to drill;
