# PgBouncer reads its own password from a file alone; it is made in memory, readable for nobody else.
umask 077
password=$(printf %s "$POOLER_PASSWORD" | sed 's/"/""/g')
printf '"%s" "%s"\n' "$POOLER_USER" "$password" >/run/pgbouncer/userlist.txt
exec pgbouncer /etc/pgbouncer/pgbouncer.ini
