#!/usr/bin/env bash
# Puts the compiled repository before every judge and ends with a table. A judge whose tool is missing is SKIPPED by
# name; with --require or CI=true that is a failure, for a judge that did not run has proved nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
export GROUNDPLAN_JUDGES=${GROUNDPLAN_JUDGES:-$top/build/judges}
groundplan=${GROUNDPLAN:-$top/target/release/groundplan}
output=$top/output blueprint=$top/blueprints/acme.yaml smallest=$top/blueprints/smallest.yaml overlays=$top/overlays
require=${CI:-false}

usage="usage: [GROUNDPLAN=binary] run.sh [--require] [--output DIR] [--blueprint FILE] [--overlays DIR] [judge...]"
chosen=()
while [ $# -gt 0 ]; do
  case $1 in
    --require) require=true ;;
    --output) output=$(realpath "$2"); shift ;;
    --blueprint) blueprint=$(realpath "$2"); shift ;;
    --overlays) overlays=$(realpath "$2"); shift ;;
    -*) echo "$usage"; exit 2 ;;
    *) chosen+=("$1") ;;
  esac
  shift
done
# `live` is asked for by name: it needs a machine where networks and mounts may be made.
all=(kustomize equality schemas crds alerts database_alerts databases settings machines runbooks bootstrap seed pre-commit gitlab-ci jenkins secrets world)
# Charts are fetched by nobody here: the variable names a folder of them, as `helm pull --untar` makes it.
if [ -n "${GROUNDPLAN_CHARTS:-}" ]; then all+=(charts); else echo 'charts are not judged: GROUNDPLAN_CHARTS names no folder'; fi
[ ${#chosen[@]} -gt 0 ] || chosen=("${all[@]}")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bin=$GROUNDPLAN_JUDGES/bin venv=$GROUNDPLAN_JUDGES/venv/bin image=$GROUNDPLAN_JUDGES/image

# What each judge cannot do without.
tools() {
  case $1 in
    kustomize) echo "$venv/python $bin/kubectl-1.36 $bin/kubectl-1.33" ;;
    equality) echo "$venv/python $bin/kubectl-1.36 $groundplan" ;;
    charts) echo "$venv/python" ;;
    schemas) echo "$venv/python $bin/kubectl-1.36" ;;
    crds) echo "$venv/python $bin/kubectl-1.36 $bin/tsc node" ;;
    database_alerts) echo "$venv/python $bin/kubectl-1.36 $bin/promtool" ;;
    databases) echo "$groundplan $venv/python $bin/kubectl-1.36 $image/opt/patroni/bin/patroni" ;;
    settings) echo "$venv/python $image/opt/postgresql/18/bin/postgres" ;;
    live) echo "$venv/python $bin/kubectl-1.36 $bin/versitygw $image/opt/patroni/bin/patroni $groundplan ip openssl unshare" ;;
    alerts) echo "$venv/python $bin/promtool $bin/amtool" ;;
    pre-commit) echo "$venv/pre-commit git $groundplan" ;;
    gitlab-ci) echo "$venv/check-jsonschema $bin/gitlab-ci-local node git $groundplan" ;;
    jenkins) echo "$venv/python $groundplan" ;;
    runbooks) echo "python3 shellcheck" ;;
    bootstrap) echo "$GROUNDPLAN_JUDGES/kubectl-36/helm/helm" ;;
    seed) echo "$groundplan openssl age age-keygen xorriso bsdtar isoinfo blkid python3" ;;
    secrets) echo "$bin/gitleaks $venv/detect-secrets" ;;
    world) echo "unshare git $groundplan" ;;
    machines)
      echo "$groundplan $venv/python $bin/kubeadm $bin/containerd netplan nft haproxy keepalived chronyd visudo shellcheck rclone /usr/sbin/sshd systemd-analyze apt-config unshare" ;;
    *) echo "there is no judge $1; the judges are ${all[*]} live charts" >&2; return 2 ;;
  esac
}

# These run where `set -e` is off (they are asked for their status), hence every `|| return`.
judge() {
  local python=("$venv/python" -B) pipelines
  case $1 in
    kustomize | schemas | crds | alerts | database_alerts) "${python[@]}" "$here/$1.py" "$output" ;;
    databases)
      # The estate, and one of the major that the image has: PostgreSQL reads its own settings only.
      "$groundplan" compile "$here/live/estate.yaml" --output "$scratch/databases" || return
      "${python[@]}" "$here/databases.py" "$output" && "${python[@]}" "$here/databases.py" "$scratch/databases"
      ;;
    settings) "${python[@]}" "$here/settings.py" "$top/src/catalog/postgres" ;;
    charts)
      mapfile -t helms < <(find "$GROUNDPLAN_JUDGES" -path '*/helm/helm' -type f | sort)
      "${python[@]}" "$here/charts.py" "$output" "$GROUNDPLAN_CHARTS" "${helms[@]}"
      ;;
    equality)
      # --- the one place that knows how the compiler is asked for its own objects
      "$groundplan" compile "$blueprint" --overlays "$overlays" --layout rendered --output "$scratch/rendered" || return
      "${python[@]}" "$here/equality.py" "$output" "$scratch/rendered"
      ;;
    live) IMAGE=$image PATH="$bin:$PATH" "${python[@]}" "$here/live/run.py" "$groundplan" "$here/live" ;;
    pre-commit) "$here/pre-commit.sh" "$groundplan" "$smallest" "$blueprint" ;;
    gitlab-ci)
      # This project's own pipeline, the one `init` writes, and any the blueprint's `delivery` asked for.
      mkdir "$scratch/init" && (cd "$scratch/init" && git init -q && "$groundplan" init) || return
      mapfile -t pipelines < <(find "$output" -name .gitlab-ci.yml)
      "$here/gitlab-ci.sh" "$top/.gitlab-ci.yml" "$scratch/init/.gitlab-ci.yml" "${pipelines[@]}"
      ;;
    jenkins)
      # The estate of `output/` has GitLab.
      "$groundplan" compile "$here/jenkins.yaml" --output "$scratch/jenkins" || return
      "${python[@]}" "$here/jenkins.py" "$scratch/jenkins"
      ;;
    runbooks) python3 -B "$here/runbooks.py" "$output" ;;
    bootstrap) "$here/bootstrap.sh" "$GROUNDPLAN_JUDGES/kubectl-36/helm/helm" "$output" ;;
    seed) "$here/seed.sh" "$groundplan" "$output" ;;
    secrets) "$here/secrets.sh" "$output" ;;
    world) "$here/world.sh" "$groundplan" "$blueprint" "$overlays" ;;
    machines)
      # The estate, and the choices that it does not make.
      "$groundplan" compile "$here/machines.yaml" --output "$scratch/machines" || return
      "${python[@]}" "$here/machines.py" "$output" && "${python[@]}" "$here/machines.py" "$scratch/machines"
      ;;
    *) echo "nobody knows how the judge $1 is asked" >&2; return 1 ;;
  esac
}

table="" failed=0
for name in "${chosen[@]}"; do
  missing=""
  needed=$(tools "$name")
  for tool in $needed; do
    command -v "$tool" >/dev/null || missing+=" ${tool##*/}"
  done
  start=$SECONDS
  if [ -n "$missing" ]; then
    verdict="SKIPPED"
    echo "SKIPPED $name: no$missing (tests/judges/install.sh installs the tools)"
    [ "$require" != true ] || { verdict="SKIPPED, and required"; failed=1; }
  elif judge "$name" </dev/null; then
    verdict=ok
  else
    verdict=FAILED failed=1
  fi
  table+=$(printf '%-12s %4d s  %s' "$name" $((SECONDS - start)) "$verdict")$'\n'
done
printf '\n%s' "$table"
exit "$failed"
