#!/bin/sh
# Proves that the database can be restored to now: marks a point on the leader, restores to exactly that point from
# the backups alone, and looks at what came back. It must fail when anything between the last backup and the mark is
# missing, hence a restore point by its name: a restore to "the latest" would end before a gap and call itself good.
set -eu

scratch=$SCRATCH
data=$scratch/pgdata
# PostgreSQL's name for the mark; time and pod make it unique.
mark="drill-$(date -u +%Y%m%dT%H%M%S)-$$"
began=$(date +%s)

say() { echo "drill: $*"; }
fail() { echo "drill: FAILED: $*" >&2; exit 1; }
# The last of several answers: a statement that returns nothing prints a line too.
leader() { psql -X -v ON_ERROR_STOP=1 -qAt -d "$LEADER" -c "$1"; }
restored() { psql -X -v ON_ERROR_STOP=1 -qAt -h "$scratch/run" -p 5499 -U postgres -d "${2:-postgres}" -c "$1"; }

say "marking $mark on the leader"
leader "insert into groundplan.drill (id) values ('$mark')"
leader "select pg_create_restore_point('$mark')" >/dev/null
segment=$(leader "select pg_walfile_name(pg_switch_wal())")

say "waiting at most ${RECOVERY_POINT}s for $segment to be archived"
waited=0
until [ "$(leader "select coalesce(last_archived_wal, '') >= '$segment' from pg_stat_archiver")" = t ]; do
  [ "$waited" -lt "$RECOVERY_POINT" ] || fail "$segment was not archived within ${RECOVERY_POINT}s: the recovery point is missed"
  sleep 1
  waited=$((waited + 1))
done

say "restoring"
rm -rf "$data" "$scratch/wal"
mkdir -p "$scratch/run"
restore_began=$(date +%s)
/etc/groundplan/restore.sh "$data" "$mark"
restore_ended=$(date +%s)

# Nothing of production's addresses, files or archive; and every setting that recovery wants at least as large as
# it was on the leader, which the control file knows.
printf 'local all all trust\n' >"$scratch/run/hba"
: >"$scratch/run/ident"
set -- -D "$data" -c port=5499 -c listen_addresses= -c unix_socket_directories="$scratch/run" \
  -c hba_file="$scratch/run/hba" -c ident_file="$scratch/run/ident" -c ssl=off -c cluster_name=drill \
  -c shared_buffers="$SHARED_BUFFERS" -c archive_mode=off -c logging_collector=off -c log_destination=stderr \
  -c primary_conninfo= -c primary_slot_name= -c synchronous_standby_names= -c max_wal_size=1GB -c huge_pages=off
for setting in max_connections max_worker_processes max_wal_senders max_prepared_xacts max_locks_per_xact; do
  value=$(pg_controldata "$data" | sed -n "s/^$setting setting: *//p")
  case $setting in
    max_prepared_xacts) setting=max_prepared_transactions ;;
    max_locks_per_xact) setting=max_locks_per_transaction ;;
  esac
  set -- "$@" -c "$setting=$value"
done

say "replaying"
postgres "$@" 2>"$scratch/run/log" &
server=$!
trap 'kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
until [ "$(restored 'select pg_is_in_recovery()' 2>/dev/null || true)" = f ]; do
  if ! kill -0 "$server" 2>/dev/null; then
    tail -n 20 "$scratch/run/log" >&2
    fail "the server stopped before it reached $mark: WAL between the backup and the mark is missing or damaged"
  fi
  sleep 1
done
replay_ended=$(date +%s)

[ "$(restored "select count(*) from groundplan.drill where id = '$mark'")" = 1 ] || fail "the marked row did not come back"
for database in $(leader "select datname from pg_database where datallowconn and not datistemplate order by 1"); do
  [ "$(restored "select count(*) from pg_database where datname = '$database'")" = 1 ] || fail "the database $database did not come back"
done

say "checking every index against its table"
pg_amcheck -h "$scratch/run" -p 5499 -U postgres --all --heapallindexed --install-missing

size=$(restored "select sum(pg_database_size(oid)) from pg_database")
say "passed: $size bytes; restore $((restore_ended - restore_began))s, replay $((replay_ended - restore_ended))s, all $(($(date +%s) - began))s"
leader "update groundplan.drill set passed_at = now(), bytes = $size, restore_seconds = $((restore_ended - restore_began)), replay_seconds = $((replay_ended - restore_ended)) where id = '$mark'"
