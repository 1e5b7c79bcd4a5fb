#!/usr/bin/env bash
# Boots one machine of each role in a container with systemd and cloud-init, and looks at what became of it. For a
# nightly job: it needs root and systemd-nspawn, and makes its base system once (apt; about two minutes).
#
# There is no network, no second disk and no kernel of its own in such a guest, so these are left out of the seed or
# stood in for: the network-config (netplan judges it), mounts, sysctl, the clock, and packages that are no part of Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${GROUNDPLAN_JUDGES:-$(cd "$here/../.." && pwd)/build/judges}
[ $# = 1 ] || { echo "usage: boot.sh DIR" >&2; exit 2; }
base=$root/guest
scratch=$(mktemp -d -p "$root")
trap 'rm -rf "$scratch"' EXIT

if [ ! -e "$base/ready" ]; then
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' | awk '$2 == "Debian" {print $1; exit}')
  rm -rf "$base"
  debootstrap --variant=minbase bookworm "$base" "$mirror" >"$root/guest.log"
  cp /etc/resolv.conf "$base/etc/"
  [ ! -e /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$base/etc/apt/apt.conf.d/"
  DEBIAN_FRONTEND=noninteractive chroot "$base" apt-get -qq install -y --no-install-recommends systemd-sysv dbus cloud-init sudo \
    openssh-server iproute2 procps kmod ca-certificates chrony curl gnupg nftables openssl unattended-upgrades conntrack \
    ethtool iptables socat xfsprogs nfs-common open-iscsi haproxy keepalived >>"$root/guest.log" 2>&1
  printf 'datasource_list: [NoCloud, None]\n' >"$base/etc/cloud/cloud.cfg.d/90-seed.cfg"
  printf 'network: {config: disabled}\nlocale: C.UTF-8\n' >"$base/etc/cloud/cloud.cfg.d/91-guest.cfg"
  # The keys of our sysctl files are those of the kernel that machines run.
  printf '#!/bin/sh\nexit 0\n' >"$base/usr/local/sbin/sysctl"
  chmod 0755 "$base/usr/local/sbin/sysctl"
  touch "$base/ready"
fi

boot() { # boot <folder of a machine>
  local name guest=$scratch/guest namespace=groundplan-boot-$$ status=1
  name=$(basename "$1")
  cp -a "$base" "$guest"
  mkdir -p "$guest/var/lib/cloud/seed/nocloud"
  PYTHONPATH=$here "$root/venv/bin/python" -B - "$1" "$guest/var/lib/cloud/seed/nocloud" <<'PY'
import pathlib, sys, yaml
from machines import fill
machine, seed = map(pathlib.Path, sys.argv[1:])
data = yaml.safe_load(fill((machine / "user-data").read_text()))
for absent in ("fs_setup", "mounts", "package_update"):
    data.pop(absent, None)
(seed / "user-data").write_text("#cloud-config\n" + yaml.safe_dump(data))
(seed / "meta-data").write_text((machine / "meta-data").read_text())
PY
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  systemd-nspawn --quiet --boot --register=no --keep-unit --machine="guest-$$" --directory="$guest" \
    --network-namespace-path="/run/netns/$namespace" --capability=CAP_NET_ADMIN >"$scratch/console" 2>&1 &
  local guest_pid=$! _
  for _ in $(seq 120); do
    [ ! -e "$guest/var/lib/cloud/data/result.json" ] || { status=0; break; }
    kill -0 "$guest_pid" 2>/dev/null || break
    sleep 1
  done
  sleep 3
  if [ "$status" != 0 ]; then
    echo "  $name: cloud-init did not finish"
    tail -n 20 "$scratch/console"
  else
    "$root/venv/bin/python" -B - "$1" "$guest" "$(pgrep -P "$guest_pid" | head -n 1)" <<'PY' || status=1
import json, pathlib, stat, subprocess, sys, yaml
machine, guest, leader = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
data = yaml.safe_load((machine / "user-data").read_text())
findings = [f"result.json: {error}" for error in json.loads((guest / "var/lib/cloud/data/result.json").read_text())["v1"]["errors"]]
for file in data["write_files"]:
    there = guest / file["path"].lstrip("/")
    if not there.is_file():
        findings.append(f"{file['path']} is not there")
    elif (mode := format(stat.S_IMODE(there.stat().st_mode), "04o")) != file.get("permissions", mode):
        findings.append(f"{file['path']} has the mode {mode}")
inside = lambda *command: subprocess.run(["nsenter", "--target", leader, "--all", *command], capture_output=True, text=True)
if (state := inside("systemctl", "is-active", "host-firewall.service").stdout.strip()) != "active":
    findings.append(f"host-firewall.service is {state}")
if "table inet hostfw" not in inside("nft", "list", "ruleset").stdout:
    findings.append("the firewall is not loaded")
if inside("hostname").stdout.strip() != data["hostname"]:
    findings.append("the host name is another one")
for user in data["users"]:
    if "authorized_keys" not in inside("ls", f"/home/{user['name']}/.ssh").stdout:
        findings.append(f"{user['name']} has no key")
login = inside("sshd", "-T").stdout
for wanted in ("permitrootlogin no", "passwordauthentication no"):
    if wanted not in login:
        findings.append(f"sshd does not say {wanted}")
enabled = [word for command in data["runcmd"] if command[0] == "systemctl" for word in command if "." in word]
for unit in enabled:
    if (state := inside("systemctl", "is-enabled", unit).stdout.strip()) != "enabled":
        findings.append(f"{unit} is {state}")
for finding in findings:
    print(f"  {machine.name}: {finding}")
sys.exit(bool(findings))
PY
  fi
  kill -TERM "$guest_pid" 2>/dev/null || true
  sleep 1
  kill -KILL "$guest_pid" 2>/dev/null || true
  wait "$guest_pid" 2>/dev/null || true
  ip netns delete "$namespace"
  rm -rf "$guest"
  echo "boot: $name $([ "$status" = 0 ] && echo came up as written || echo FAILED)"
  return "$status"
}

failed=0 booted=0
# One machine of each kind, told by what its bootstrap does; a balancer of its own has none.
for kind in -l'Makes the cluster' -l'Joins as a control plane' -l'Joins as a node' -l'Starts this member of etcd' -Lnode-bootstrap; do
  machine=$(find "$1" -name user-data -exec grep "${kind:0:2}" "${kind:2}" {} + | sort | head -n 1) || true
  [ -n "$machine" ] || continue
  boot "$(dirname "$machine")" || failed=1
  booted=$((booted + 1))
done
[ "$booted" -gt 0 ] || { echo 'boot: there is no machine, which proves nothing'; exit 1; }
exit "$failed"
