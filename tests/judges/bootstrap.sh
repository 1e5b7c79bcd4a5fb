#!/usr/bin/env bash
# Runs the bootstrap of every cluster twice, against a kubectl that writes down what it is asked and a helm that renders a
# chart of ours for real: order, hooks, and that it refuses another cluster. usage: bootstrap.sh <helm> <output folder>
set -euo pipefail
helm=$(realpath "$1") output=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "bootstrap: $*"; exit 1; }
export HELM_CACHE_HOME=$scratch/cache HELM_CONFIG_HOME=$scratch/config HELM_DATA_HOME=$scratch/data
export asked=$scratch/asked sample=$scratch/chart helm

# Of the hooks only those of an installation belong to it; a test never does.
chart=$sample
mkdir -p "$chart/templates" "$chart/crds" "$scratch/bin"
printf 'apiVersion: v2\nname: sample\nversion: 1.0.0\n' >"$chart/Chart.yaml"
printf 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: defined}\n' >"$chart/crds/a.yaml"
object() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n%s' "$1" "${2:-}" >"$chart/templates/$1.yaml"; }
hook() { printf '  annotations:\n    %s: %s\n    "helm.sh/hook-weight": "1"\n' "$1" "$2"; }
object plain
object installed "$(hook '"helm.sh/hook"' pre-install,pre-upgrade)"
object after "$(hook helm.sh/hook '"post-install"')"
object removing "$(hook '"helm.sh/hook"' pre-delete)"
object upgrading "$(hook helm.sh/hook post-upgrade)"
object testing "$(hook '"helm.sh/hook"' test)"

cat >"$scratch/bin/helm" <<'END'
#!/usr/bin/env bash
set -euo pipefail
echo "helm $*" >>"$asked"
values=""
while [ $# -gt 0 ]; do
  [ "$1" != --values ] || values=$2
  shift
done
[ -s "$values" ] || { echo "there are no values $values" >&2; exit 1; }
"$helm" template sample "$sample" --include-crds --skip-tests
END
cat >"$scratch/bin/kubectl" <<'END'
#!/usr/bin/env bash
set -euo pipefail
echo "kubectl $*" >>"$asked"
case "$*" in
  "config view"*) echo "$server" ;;
  apply*)
    file=${*: -1}
    [ -s "$file" ] || { echo "$file is empty" >&2; exit 1; }
    sed -n 's/^  *name: /applied /p; s/^metadata: {name: \(.*\)}/applied \1/p' "$file" >>"$asked"
    ;;
esac
END
chmod +x "$scratch/bin/"*

clusters=0
for script in "$output"/clusters/*/bootstrap/apply.sh; do
  servers=$(sed -n 's/^  \(https:.*\)) ;;$/\1/p' "$script")
  : >"$asked"
  ! PATH=$scratch/bin:$PATH server=https://elsewhere:6443 bash "$script" >/dev/null 2>&1 ||
    fail "no longer judges: $script took another cluster for its own"
  for turn in 1 2; do
    : >"$asked"
    PATH=$scratch/bin:$PATH server=${servers%% *} bash "$script" >"$scratch/said" 2>&1 || { cat "$scratch/said"; fail "$script failed"; }
    cp "$asked" "$scratch/asked-$turn"
  done
  sed -E 's#/tmp/[^ ]*##' "$scratch/asked-1" >"$scratch/one"
  sed -E 's#/tmp/[^ ]*##' "$scratch/asked-2" >"$scratch/two"
  cmp "$scratch/one" "$scratch/two" || fail "$script does something else the second time"
  grep -q '^helm ' "$asked" || fail "$script renders no chart"
  for name in plain installed after defined; do
    grep -qx "applied $name" "$asked" || fail "$name was not applied"
  done
  for name in removing upgrading testing; do
    ! grep -qx "applied $name" "$asked" || fail "$name was applied"
  done
  ! grep '^kubectl apply' "$asked" | grep -qv -- '--server-side --field-manager=argocd-controller' || fail 'applied by another way'
  grep '^kubectl apply' "$asked" | tail -n 1 | grep -q '60-root.yaml' || fail 'the root is not the last'
  clusters=$((clusters + 1))
done
[ "$clusters" -gt 0 ] || fail 'there was nothing to judge'
echo "bootstrap: $clusters clusters, twice each"
