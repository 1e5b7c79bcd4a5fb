#!/bin/bash
# Installs what this node runs, at the versions that apt's preferences pin, and holds them. node-packages.service
# runs it until it succeeds, and never again: an upgrade is the work of node-upgrade.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -y -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-confold "$@"; }

# The key of a repository changes its expiry, never its fingerprint: it is fetched, and only this one is taken.
repository() { # repository <name> <address of its key> <fingerprint>
  local armoured found
  armoured=$(mktemp)
  curl --fail --silent --show-error --location --retry 5 --max-time 60 --output "$armoured" "$2"
  found=$(gpg --batch --show-keys --with-colons "$armoured" | awk -F: '$1 == "pub" {wait = 1} wait && $1 == "fpr" {print $10; wait = 0}')
  if [ "$found" != "$3" ]; then
    echo "node-packages: the key of $1 has the fingerprint $found, not $3" >&2
    return 1
  fi
  gpg --batch --yes --dearmor --output "/etc/apt/keyrings/$1.gpg" "$armoured"
  chmod 0644 "/etc/apt/keyrings/$1.gpg"
  rm -f "$armoured"
  install -m 0644 "/etc/groundplan/$1.sources" "/etc/apt/sources.list.d/$1.sources"
}

install -d -m 0755 /etc/apt/keyrings
{%- for repository in repositories %}
repository {{ repository.name }} {{ repository.key }} {{ repository.fingerprint }}
{%- endfor %}
apt update
apt install --no-install-recommends {{ packages | join(" ") }}
apt install --no-install-recommends --allow-downgrades --allow-change-held-packages {{ held | join(" ") }}
apt-mark hold {{ held | join(" ") }}

# Shutdown waits for pods once logind has read its drop-in, and the runtime runs with our configuration.
systemctl kill --signal=HUP systemd-logind.service || true
systemctl restart {{ runtime_units | join(" ") }}
systemctl enable kubelet.service
install -d -m 0755 /var/lib/groundplan
touch /var/lib/groundplan/packages
