#!/usr/bin/env bash
# Brings the cluster main from kubeadm's end to where Argo CD takes over:
#   1. definitions of custom resources (gateway-crds)
#   2. definitions of custom resources (prometheus-operator-crds)
#   3. the container network (cni)
#   4. approval of serving certificates (kubelet-csr-approver)
#   5. Argo CD (argocd)
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
server=$(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')
case $server in
  https://api.main.acme.internal:6443 | https://10.20.10.5:6443) ;;
  *) fail "kubectl speaks to $server, which is not main" ;;
esac

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
  helm template "$@" --kube-version '1.36.4' --include-crds --skip-tests >"$scratch/all.yaml"
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

say 'definitions of custom resources: gateway-crds'
try apply "$here/10-gateway-crds-namespace.yaml"
release 'gateway-crds' 'gateway-crds' 'oci://docker.io/envoyproxy/gateway-crds-helm' --version 'v1.9.0' \
  --namespace 'envoy-gateway-system' \
  --values "$root/clusters/main/platform/gateway-crds/values.yaml"
kubectl wait --for=condition=Established customresourcedefinition --all --timeout=2m >/dev/null

say 'definitions of custom resources: prometheus-operator-crds'
try apply "$here/10-prometheus-operator-crds-namespace.yaml"
release 'prometheus-operator-crds' 'prometheus-operator-crds' 'prometheus-operator-crds' --repo 'https://prometheus-community.github.io/helm-charts' --version '31.0.1' \
  --namespace 'monitoring' \
  --values "$root/clusters/main/platform/prometheus-operator-crds/values.yaml"
kubectl wait --for=condition=Established customresourcedefinition --all --timeout=2m >/dev/null

say 'the container network: cni'
release 'cni' 'cni' 'cilium' --repo 'https://helm.cilium.io' --version '1.20.0' \
  --namespace 'kube-system' \
  --values "$root/clusters/main/platform/cni/values.yaml"
kubectl wait --for=condition=Ready node --all --timeout=15m

say 'approval of serving certificates: kubelet-csr-approver'
release 'kubelet-csr-approver' 'kubelet-csr-approver' 'kubelet-csr-approver' --repo 'https://postfinance.github.io/kubelet-csr-approver' --version '1.2.14' \
  --namespace 'kube-system' \
  --values "$root/clusters/main/platform/kubelet-csr-approver/values.yaml"
ready 'kube-system' 'app.kubernetes.io/instance=kubelet-csr-approver'

say 'Argo CD: argocd'
try apply "$here/50-argocd-namespace.yaml"
release 'argocd' 'argocd' 'argo-cd' --repo 'https://argoproj.github.io/argo-helm' --version '10.1.1' \
  --namespace 'argocd' \
  --values "$root/clusters/main/platform/argocd/values.yaml"
ready 'argocd' 'app.kubernetes.io/instance=argocd'

say 'the DNS of the cluster'
! kubectl --namespace kube-system get deployment coredns >/dev/null 2>&1 ||
  kubectl --namespace kube-system rollout status deployment coredns --timeout=10m

say 'the root: from here on Argo CD syncs everything'
if [ -z "$(kubectl --namespace 'argocd' get secret --selector argocd.argoproj.io/secret-type --output name)" ]; then
  echo 'bootstrap: Argo CD has no credential of a repository; a private one needs it: see the runbook' >&2
fi
try apply "$here/60-root.yaml"
kubectl --namespace 'argocd' get application 'acme'
say 'done'
