#!/bin/bash
# What must hold before anything of Kubernetes starts: modules before the sysctls that need them, no swap, one
# firewall. Runs at first boot; systemd does the same from the same files at every later one.
set -euo pipefail
# The node exporter reads metrics of the machine's own programs here, on every node.
install -d -m 0755 /var/lib/groundplan {{ metrics }}
systemctl restart systemd-modules-load.service
sysctl --quiet --system
swapoff --all
sed -i -E '/^[^#]\S*\s+\S+\s+swap\s/s/^/# /' /etc/fstab
rm -f /swap.img
# Each of these would load rules of its own, and nftables.service takes away everybody's.
systemctl disable --now nftables.service ufw.service 2>/dev/null || true
# It runs since before its files were written.
systemctl try-restart multipathd.service 2>/dev/null || true
systemctl daemon-reload
systemctl enable --now host-firewall.service
