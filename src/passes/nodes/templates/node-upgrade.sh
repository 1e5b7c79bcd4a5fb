#!/bin/bash
# Brings this node to another version of Kubernetes: node-upgrade <version>{% if role == "control-plane" %} [first]{% endif %}.
{%- if role == "control-plane" %}
# `first` on the first control plane of the cluster, and on no other.
{%- endif %}
# Drain the node before, and uncordon it after.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -y -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-confold "$@"; }
version=${1:?usage: node-upgrade <version>}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "node-upgrade: $version is no version" >&2; exit 64; }
minor=${version%.*}

# The repository is one of a minor, and the pins are of a version.
for file in /etc/groundplan/kubernetes.sources /etc/apt/sources.list.d/kubernetes.sources; do
  sed -i -E "s#/v[0-9]+\.[0-9]+/deb/#/v$minor/deb/#" "$file"
done
sed -i -E "/^Package: kubeadm /{n;s/^Pin: .*/Pin: version $version-*/}; /^Package: cri-tools /{n;s/^Pin: .*/Pin: version $minor.*/}" /etc/apt/preferences.d/groundplan
apt update
apt install --allow-change-held-packages --no-install-recommends kubeadm
{%- if role == "control-plane" %}
if [ "${2:-}" = first ]; then
  kubeadm upgrade apply "v$version" --yes --config /etc/groundplan/kubeadm-upgrade.yaml
else
  kubeadm upgrade node --config /etc/groundplan/kubeadm-upgrade.yaml
fi
{%- elif role == "etcd" %}
kubeadm init phase etcd local --config /etc/groundplan/kubeadm.yaml
{%- else %}
kubeadm upgrade node --config /etc/groundplan/kubeadm-upgrade.yaml
{%- endif %}
apt install --allow-change-held-packages --no-install-recommends kubelet kubectl cri-tools
apt-mark hold kubelet kubeadm kubectl cri-tools
systemctl daemon-reload
systemctl restart kubelet.service
