#!/bin/bash
# Saves etcd to {{ folder }}, checks what was saved, and keeps the newest {{ keep }}.
set -euo pipefail
umask 077
data=/var/lib/etcd/member-data
container=$(crictl ps --quiet --state running --label io.kubernetes.container.name=etcd | head -n 1)
[ -n "$container" ] || { echo 'etcd-snapshot: etcd does not run here' >&2; exit 1; }
install -d -m 0700 {{ folder }}
name=etcd-$(date --utc +%Y%m%dT%H%M%SZ).db
trap 'rm -f "$data"/saving.db*' EXIT
# The image has no shell; its container sees the data folder and the certificates at the same paths as we do.
crictl exec "$container" etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt \
  --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key \
  snapshot save "$data/saving.db"
crictl exec "$container" etcdutl snapshot status "$data/saving.db" --write-out=json
install -m 0600 "$data/saving.db" "{{ folder }}/$name.part"
mv "{{ folder }}/$name.part" "{{ folder }}/$name"
find {{ folder }} -maxdepth 1 -name 'etcd-*.db' | sort -r | tail -n +{{ keep + 1 }} | xargs --no-run-if-empty rm -f
