#!/bin/sh
# Takes a full backup over the replication protocol, and removes what is older than it must be kept:
# backup.sh <days> [first].
set -eu
if [ "${2:-}" = first ] && wal-g backup-list 2>/dev/null | grep -q '^base_'; then
  echo 'there is a backup already'
  exit 0
fi
# Without a folder the server is read over its replication protocol: this pod has no data of its own.
wal-g backup-push
# By the times in the backups themselves: names of segments begin anew after a major upgrade.
wal-g delete before FIND_FULL "$(date -u -d "-$1 days" +%Y-%m-%dT%H:%M:%SZ)" --use-sentinel-time --confirm
wal-g backup-list
