#!/usr/bin/env bash
# Brings the cluster {{ cluster }} from kubeadm's end to where Argo CD takes over:
{%- for step in steps %}
#   {{ loop.index }}. {{ step.what }} ({{ step.unit }})
{%- endfor %}
# It may be run again at any time: what is there as it should be is left as it is. It wants kubectl with the
# administrator's configuration of this cluster, and helm 3.17 or newer.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }
for program in kubectl helm; do
  command -v "$program" >/dev/null || fail "$program is missing"
done
{%- if servers %}
server=$(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')
case $server in
  {{ servers | join(" | ") }}) ;;
  *) fail "kubectl speaks to $server, which is not {{ cluster }}" ;;
esac
{%- endif %}

# Under the name by which Argo CD owns fields: it takes everything over without a conflict.
apply() { kubectl apply --server-side --field-manager=argocd-controller --filename "$1"; }

# An object of a kind that was defined a moment ago is refused at first.
try() {
  local turn
  for turn in 1 2 3 4 5 6; do
    if "$@"; then return; fi
    echo "bootstrap: try $turn failed" >&2
    sleep $((turn * 5))
  done
  fail "gave up: $*"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Renders a chart as Argo CD does: with its definitions, without its tests, and of its hooks those of an installation.
release() { # release <unit> <arguments of helm template>
  local unit=$1
  shift
  helm template "$@" --kube-version '{{ version }}' --include-crds --skip-tests >"$scratch/all.yaml"
  awk '
    function flush() { if (!hook || install) printf "%s", text; text = ""; hook = 0; install = 0 }
    /^---/ { flush() }
    /helm\.sh\/hook"?:/ { hook = 1; if ($0 ~ /(pre|post)-install/) install = 1 }
    { text = text $0 "\n" }
    END { flush() }
  ' "$scratch/all.yaml" >"$scratch/$unit.yaml"
  try apply "$scratch/$unit.yaml"
}

ready() { # ready <namespace> <selector>
  local kind
  for kind in deployment daemonset statefulset; do
    kubectl --namespace "$1" get "$kind" --selector "$2" --output name | while read -r name; do
      kubectl --namespace "$1" rollout status "$name" --timeout=15m
    done
  done
}

kubectl wait --for=jsonpath='{.status.phase}'=Active namespace/kube-system --timeout=5m >/dev/null ||
  fail 'the API server does not answer'
{% for step in steps %}
say '{{ step.what }}: {{ step.unit }}'
{%- if step.home %}
try apply "$here/{{ step.home }}"
{%- endif %}
{%- if step.release %}
{%- if not step.home and step.namespace not in ["default", "kube-system"] %}
kubectl get namespace '{{ step.namespace }}' >/dev/null 2>&1 || kubectl create namespace '{{ step.namespace }}'
{%- endif %}
release '{{ step.unit }}' '{{ step.release.name }}' '{{ step.release.chart }}'
{%- if step.release.repository %} --repo '{{ step.release.repository }}'{% endif %}
{%- if step.release.version %} --version '{{ step.release.version }}'{% endif %} \
  --namespace '{{ step.namespace }}'
{%- for version in step.release.api_versions %} --api-versions '{{ version }}'{% endfor %} \
  --values "$root/{{ step.release.values }}"
{%- endif %}
{%- if step.objects %}
try apply "$here/{{ step.objects }}"
{%- endif %}
{%- if step.word == "definitions" %}
kubectl wait --for=condition=Established customresourcedefinition --all --timeout=2m >/dev/null
{%- elif step.word == "network" %}
kubectl wait --for=condition=Ready node --all --timeout=15m
{%- elif step.release %}
ready '{{ step.namespace }}' 'app.kubernetes.io/instance={{ step.release.name }}'
{%- endif %}
{% endfor %}
say 'the DNS of the cluster'
! kubectl --namespace kube-system get deployment coredns >/dev/null 2>&1 ||
  kubectl --namespace kube-system rollout status deployment coredns --timeout=10m
{% if argocd %}
{%- if not installs_argocd %}
say 'Argo CD, which this blueprint does not install'
kubectl get customresourcedefinition applications.argoproj.io >/dev/null 2>&1 ||
  fail 'install Argo CD into {{ argocd }}, and run this again'
{% endif %}
{%- if roots %}
say 'the root: from here on Argo CD syncs everything'
if [ -z "$(kubectl --namespace '{{ argocd }}' get secret --selector argocd.argoproj.io/secret-type --output name)" ]; then
  echo 'bootstrap: Argo CD has no credential of a repository; a private one needs it: see the runbook' >&2
fi
try apply "$here/60-root.yaml"
{%- for name in roots %}
kubectl --namespace '{{ argocd }}' get application '{{ name }}'
{%- endfor %}
{%- endif %}
{%- endif %}
say 'done'
