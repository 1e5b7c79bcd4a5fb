#!/bin/bash
# Renews the certificates of this {{ role }} when the first of them has less than 60 days left, and restarts what
# reads them, one after the other. Each machine has a day of its own, so never two at once.
set -euo pipefail
due=false
for certificate in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt; do
  case $certificate in */ca.crt | */front-proxy-ca.crt) continue ;; esac
  openssl x509 -noout -checkend $((60 * 24 * 3600)) -in "$certificate" >/dev/null || due=true
done
[ "$due" = true ] || exit 0
{%- if role == "etcd" %}
for name in etcd-server etcd-peer etcd-healthcheck-client; do
  kubeadm certs renew "$name" --config /etc/groundplan/kubeadm.yaml
done
{%- else %}
kubeadm certs renew all
{%- if external_etcd %}
kubeadm certs renew apiserver-etcd-client --config /etc/groundplan/etcd-client.yaml
{%- endif %}
{%- endif %}

held=$(mktemp -d -p /etc/kubernetes)
# Whatever happens, no component stays stopped.
trap 'find "$held" -name "*.yaml" -exec mv -t /etc/kubernetes/manifests {} +; rmdir "$held"' EXIT
for manifest in /etc/kubernetes/manifests/*.yaml; do
  name=$(basename "$manifest" .yaml)
  mv "$manifest" "$held/"
  for _ in $(seq 60); do
    [ -n "$(crictl ps --quiet --label "io.kubernetes.container.name=$name")" ] || break
    sleep 2
  done
  mv "$held/$name.yaml" "$manifest"
  for _ in $(seq 60); do
    [ -z "$(crictl ps --quiet --label "io.kubernetes.container.name=$name")" ] || break
    sleep 2
  done
done
