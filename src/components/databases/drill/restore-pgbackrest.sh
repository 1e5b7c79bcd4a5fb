#!/bin/sh
# Restores from the repository to a restore point: restore.sh <folder> <name>.
set -eu
exec pgbackrest --stanza="$STANZA" --pg1-path="$1" --log-level-console=warn \
  --type=name --target="$2" --target-action=promote --archive-mode=off ${LINK_WAL:+--link-map=pg_wal="$(dirname "$1")/wal"} restore
