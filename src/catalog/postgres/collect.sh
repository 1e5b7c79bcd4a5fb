#!/bin/sh
# Prints every setting of a PostgreSQL as a table, one a line: name, type, context, unit, least, most, words, what a
# new cluster has. Run as a user that is not root:
#
#   collect.sh <folder of initdb and postgres> > <major>.tsv
#
# Words that only some builds know (lz4, zstd, io_uring) are added: packages of Debian, Red Hat and PGDG have them.
set -eu
bin=$1
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
"$bin/initdb" -D "$data/pg" -U postgres --no-locale >/dev/null
query="copy (select name, vartype, context, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''),
  coalesce(array_to_string(enumvals, ','), ''),
  translate(coalesce(boot_val, ''), E'\\n\\t', '  ')
  from pg_settings where name not like '%.%' order by name collate \"C\") to '$data/settings.tsv' with (format csv, delimiter E'\\t', quote E'\\b')"
printf '%s\n' "$query" | tr '\n' ' ' | "$bin/postgres" --single -D "$data/pg" postgres >/dev/null
tr -d '\b' <"$data/settings.tsv" |
sed -e '/^wal_compression\t/s/pglz,on,off/pglz,lz4,zstd,on,off/' \
    -e '/^default_toast_compression\t/s/\tpglz\t/\tpglz,lz4\t/' \
    -e '/^io_method\t/s/sync,worker\t/sync,worker,io_uring\t/'
