#!/bin/bash
# Takes the snapshots of etcd that are in {{ folder }} to the store `{{ store }}`, makes sure that they are there, and only
# then removes from it those of this cluster that are older than {{ keep }} hours. What an earlier run could not take is taken now.
{%- if encrypted %}
# A snapshot holds every object. The key that opens its Secrets is not in it: it is `encryption/key` of the cluster's secrets.
{%- else %}
# A snapshot holds every object, and the Secrets among them as anybody can read them: etcd is not encrypted here.
{%- endif %}
set -euo pipefail
export RCLONE_CONFIG={{ config }}
there=store:{{ root }}
own=$there/$(uname --nodename)
newest=$(find {{ folder }} -maxdepth 1 -name 'etcd-*.db' -printf '%T@\n' | sort -n | tail -n 1)
[ -n "$newest" ] || { echo 'etcd-store: there is no snapshot' >&2; exit 1; }
rclone copy --max-depth 1 --include 'etcd-*.db' {{ folder }} "$own"
rclone check --one-way --size-only --max-depth 1 --include 'etcd-*.db' {{ folder }} "$own"
rclone delete --min-age {{ keep }}h --include 'etcd-*.db' "$there"
# Read by the node exporter: how old is what is safe?
install -d -m 0755 {{ metrics }}
{
  echo '# HELP groundplan_etcd_snapshot_stored_timestamp_seconds When the newest snapshot in the store was taken.'
  echo '# TYPE groundplan_etcd_snapshot_stored_timestamp_seconds gauge'
  echo "groundplan_etcd_snapshot_stored_timestamp_seconds ${newest%.*}"
} >{{ metrics }}/etcd-snapshot.part
chmod 0644 {{ metrics }}/etcd-snapshot.part
mv {{ metrics }}/etcd-snapshot.part {{ metrics }}/etcd-snapshot.prom
