#!/usr/bin/env bash
# No credential in the output: gitleaks knows the shapes of tokens, detect-secrets passwords and random strings.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
judges=${GROUNDPLAN_JUDGES:-$here/../../build/judges}
[ $# = 1 ] || { echo "usage: secrets.sh DIR" >&2; exit 2; }
[ -d "$1" ] || { echo "secrets: there is no folder $1"; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Not secrets: ciphertext of SealedSecrets, and fields that hold the *name* of a secret.
excluded_files='(^|/)sealedsecret-[^/]*\.yaml$'
excluded_lines='^[ -]*(secretKey|secretName|existing[a-zA-Z]*Secret|[a-zA-Z]+SecretName): "?[A-Za-z0-9._-]+"?$'

gitleaks() {
  "$judges/bin/gitleaks" detect --no-git --no-banner --redact --verbose --log-level error --source "$1"
}
detect-secrets() { # exits 0 whatever it finds, and keeps to relative paths
  (cd "$1" && "$judges/venv/bin/detect-secrets" scan --all-files --no-verify --exclude-files "$excluded_files" --exclude-lines "$excluded_lines" .) |
    "$judges/venv/bin/python" -c '
import json, sys
found = [f for findings in json.load(sys.stdin)["results"].values() for f in findings]
for f in found: print("  {filename}:{line_number}: {type}".format(**f))
sys.exit(bool(found))'
}

# The samples are stored with @@ inside each credential, so that nobody else's scanner finds them in this repository.
bad=0
for tool in gitleaks detect-secrets; do
  for sample in "$here/bad/secrets/$tool"/*; do
    rm -rf "$scratch/bad"
    mkdir "$scratch/bad"
    sed 's/@@//g' "$sample" >"$scratch/bad/${sample##*/}"
    if "$tool" "$scratch/bad" >/dev/null 2>&1; then
      echo "judge secrets no longer judges: $tool accepts bad/secrets/$tool/${sample##*/}"
      exit 1
    fi
    bad=$((bad + 1))
  done
done

files=$(find "$1" -type f | wc -l)
findings=0
for tool in gitleaks detect-secrets; do
  "$tool" "$1" || { echo "  $tool refuses $1"; findings=1; }
done
echo "secrets: $files files, $([ "$findings" = 0 ] && echo no findings || echo findings above); $bad bad samples rejected"
[ "$files" -gt 0 ] || { echo "secrets: judged nothing, which proves nothing"; exit 1; }
[ "$findings" = 0 ]
