#!/bin/bash
# {{ what }}
# node-bootstrap.service runs it until it succeeds. Status 75 is tried again, 64 waits for a person.
set -euo pipefail
config=/etc/groundplan/kubeadm.yaml
finished=/var/lib/groundplan/bootstrapped
log() { echo "node-bootstrap: $*" >&2; }
later() { log "$*"; exit 75; }
never() { log "$*"; exit 64; }

[ ! -e "$finished" ] || exit 0
{%- if role != "etcd" %}
# A node that is or was in a cluster is never made anew by itself.
[ ! -e /etc/kubernetes/kubelet.conf ] || never 'a part of the bootstrap is done: look at the journal, and run kubeadm reset before another try'
{%- endif %}
if grep -rqs '@@'SECRET: /etc/kubernetes /etc/groundplan; then
  never 'the seed still holds markers of secrets: make it with groundplan seed'
fi
{%- if etcd_disk %}
mountpoint -q /var/lib/etcd || later 'the disk of etcd is not mounted'
{%- endif %}
chronyc waitsync 30 1 0 10 >/dev/null || later 'the clock is not synchronised'
{%- if etcd_members %}

# The API server's certificate for etcd is made here, by the CA of etcd.
[ -e /etc/kubernetes/pki/apiserver-etcd-client.crt ] || kubeadm init phase certs apiserver-etcd-client --config /etc/groundplan/etcd-client.yaml
etcd_answers() {
  local member healthy=0
  for member in {{ etcd_members | join(" ") }}; do
    ! curl --fail --silent --max-time 5 --output /dev/null --cacert /etc/kubernetes/pki/etcd/ca.crt \
      --cert /etc/kubernetes/pki/apiserver-etcd-client.crt --key /etc/kubernetes/pki/apiserver-etcd-client.key \
      "https://$member:2379/health" || healthy=$((healthy + 1))
  done
  [ "$healthy" -ge {{ etcd_quorum }} ]
}
etcd_answers || later 'etcd has no quorum yet'
{%- endif %}
{%- if role == "init" %}
{%- if balancer_probe %}
timeout 5 bash -c '</dev/tcp/{{ api.address }}/{{ api.port }}' 2>/dev/null || later 'the load balancer does not answer yet'
{%- endif %}

kubeadm init --config "$config" || never 'kubeadm init failed: look at the journal, and run kubeadm reset before another try'
{%- if super_admin %}
# From here on admin.conf has its rights, and is what the other control planes use.
sed -i 's#/etc/kubernetes/super-admin.conf#/etc/kubernetes/admin.conf#' /etc/kubernetes/manifests/kube-vip.yaml
{%- endif %}
{%- elif role == "etcd" %}

for phase in 'certs etcd-server' 'certs etcd-peer' 'certs etcd-healthcheck-client' 'etcd local'; do
  # shellcheck disable=SC2086 # a phase is two words
  kubeadm init phase $phase --config "$config" || later "kubeadm could not do the phase $phase"
done
systemctl restart kubelet.service
{%- else %}

ready() { [ "$(curl --silent --insecure --max-time 5 "https://$1/readyz")" = ok ]; }
ready {{ endpoint }} || later 'the cluster does not answer yet'
{%- if before %}
# Control planes join one after the other, as members of etcd must; one that is gone holds up nobody for long.
for _ in $(seq 60); do
  ! ready {{ before }} || break
  sleep 10
done
{%- endif %}
if ! kubeadm join --config "$config"; then
  [ ! -e /etc/kubernetes/kubelet.conf ] || never 'kubeadm join stopped half way: look at the journal, and run kubeadm reset before another try'
  systemctl stop kubelet.service
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
{%- if role == "worker" %}
  rm -f /etc/kubernetes/pki/ca.crt
{%- else %}
  rm -f /etc/kubernetes/manifests/{kube-apiserver,kube-controller-manager,kube-scheduler,etcd}.yaml
{%- endif %}
  later 'kubeadm join failed'
fi
{%- endif %}
install -d -m 0755 /var/lib/groundplan
touch "$finished"
{%- if role != "etcd" %}
# The token in it is of no more use here.
rm -f "$config"
{%- endif %}
