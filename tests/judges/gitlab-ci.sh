#!/usr/bin/env bash
# Lints pipelines: GitLab's own JSON schema for the words, gitlab-ci-local for what refers to what (stage, needs).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
judges=${GROUNDPLAN_JUDGES:-$here/../../build/judges}
[ $# -gt 0 ] || { echo "usage: gitlab-ci.sh PIPELINE..." >&2; exit 2; }

# gitlab-ci-local wants a work tree with a remote, and a relative path.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git -C "$scratch" init -q -b main
git -C "$scratch" remote add origin git@gitlab.example.com:platform/estate.git
git -C "$scratch" symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
git -C "$scratch" -c user.name=judge -c user.email=judge@example.com commit -q --allow-empty -m empty

words() {
  "$judges/venv/bin/check-jsonschema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$1"
}
references() {
  cp "$1" "$scratch/.gitlab-ci.yml"
  (cd "$scratch" && "$judges/bin/gitlab-ci-local" --cwd . --list)
}

bad=0
for tool in words references; do
  for sample in "$here/bad/gitlab-ci/$tool"/*.yml; do
    if "$tool" "$sample" >/dev/null 2>&1; then
      echo "judge gitlab-ci no longer judges: $tool accepts bad/gitlab-ci/$tool/${sample##*/}"
      exit 1
    fi
    bad=$((bad + 1))
  done
done

findings=0
for file in "$@"; do
  for tool in words references; do
    "$tool" "$file" >"$scratch/log" 2>&1 || { cat "$scratch/log"; findings=$((findings + 1)); }
  done
done
echo "gitlab-ci: $# pipelines, $findings findings; $bad bad samples rejected"
[ "$findings" = 0 ]
