#!/bin/sh
# Fills the first member with the state of another database: Patroni runs it instead of initdb, and PostgreSQL runs
# `recover.sh fetch <segment> <path>` for every segment of that database's log.
set -eu
{% if pgbackrest %}
for name in PGBACKREST_REPO1_PATH PGBACKREST_REPO1_CIPHER_PASS; do
  eval "export $name=\"\$RECOVER_$name\""
done
if [ "${1:-}" = fetch ]; then
  exec pgbackrest --stanza="$RECOVER_STANZA" --pg1-path={{ data }} --no-archive-async archive-get "$2" "$3"
fi
exec pgbackrest --stanza="$RECOVER_STANZA" --pg1-path={{ data }} \
{% if wal %}
  --link-map=pg_wal={{ wal }} \
{% endif %}
{% if kind == "default" %}
  --type=default \
{% else %}
  --type={{ kind }} --target='{{ target }}' --target-action=promote \
{% endif %}
  --recovery-option=restore_command="/etc/recover/recover.sh fetch %f \"%p\"" restore
{% else %}
for name in WALG_S3_PREFIX WALG_FILE_PREFIX WALG_LIBSODIUM_KEY; do
  eval "value=\${RECOVER_$name:-}"
  [ -z "$value" ] || export "$name=$value"
done
if [ "${1:-}" = fetch ]; then
  exec wal-g wal-fetch "$2" "$3"
fi
wal-g backup-fetch {{ data }} LATEST
cat >>{{ data }}/postgresql.auto.conf <<SETTINGS
restore_command = '/etc/recover/recover.sh fetch %f "%p"'
{% if kind == "time" %}
recovery_target_time = '{{ target }}'
{% elif kind == "name" %}
recovery_target_name = '{{ target }}'
{% endif %}
recovery_target_action = 'promote'
SETTINGS
: >{{ data }}/recovery.signal
{% endif %}
