#!/bin/sh
# Restores from the repository to a restore point: restore.sh <folder> <name>.
set -eu
wal-g backup-fetch "$1" LATEST
cat >>"$1/postgresql.auto.conf" <<SETTINGS
restore_command = 'wal-g wal-fetch "%f" "%p"'
recovery_target_name = '$2'
recovery_target_action = 'promote'
SETTINGS
: >"$1/recovery.signal"
