#!/usr/bin/env bash
# Runs the shipped hooks with the real pre-commit in a repository of a user. The hooks come from a copy of
# .pre-commit-hooks.yaml with `language: rust` made `language: system`, so that they run the binary that is already
# built; what this leaves out is `cargo install` itself, of which we only check that the program's name is right.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
judges=${GROUNDPLAN_JUDGES:-$top/build/judges}
[ $# = 3 ] || { echo "usage: pre-commit.sh GROUNDPLAN BLUEPRINT OTHER-BLUEPRINT" >&2; exit 2; }
binary=$(realpath "$1") blueprint=$(realpath "$2") other=$(realpath "$3")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Inside a hook or a CI job git may be told of other repositories.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export GIT_CONFIG_GLOBAL="$scratch/gitconfig" GIT_CONFIG_SYSTEM=/dev/null
export PRE_COMMIT_HOME="$scratch/cache" PATH="$scratch/bin:$judges/venv/bin:$PATH"
git config --global user.name judge
git config --global user.email judge@example.com
git config --global init.defaultBranch main
mkdir "$scratch/bin"
ln -s "$binary" "$scratch/bin/groundplan"
fail() { echo "pre-commit: $*"; exit 1; }

for sample in "$here"/bad/pre-commit/*.yaml; do
  ! pre-commit validate-manifest "$sample" >/dev/null 2>&1 ||
    fail "judge pre-commit no longer judges: it accepts bad/pre-commit/${sample##*/}"
done
pre-commit validate-manifest "$top/.pre-commit-hooks.yaml"
python - "$top" <<'PY' || fail 'a hook starts a program that cargo install would not install'
import pathlib, sys, tomllib, yaml
top = pathlib.Path(sys.argv[1])
programs = {program["name"] for program in tomllib.loads((top / "Cargo.toml").read_text())["bin"]}
hooks = yaml.safe_load((top / ".pre-commit-hooks.yaml").read_text())
sys.exit(not hooks or any(hook["entry"].split()[0] not in programs or hook["language"] != "rust" for hook in hooks))
PY

git init -q "$scratch/hooks"
sed 's/language: rust/language: system/' "$top/.pre-commit-hooks.yaml" >"$scratch/hooks/.pre-commit-hooks.yaml"
git -C "$scratch/hooks" add .
git -C "$scratch/hooks" commit -qm hooks

git init -q "$scratch/estate"
cd "$scratch/estate"
cp "$blueprint" blueprint.yaml
cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: $scratch/hooks
    rev: $(git -C "$scratch/hooks" rev-parse HEAD)
    hooks:
      - {id: groundplan-check, args: [blueprint.yaml]}
      - {id: groundplan-compile, args: [blueprint.yaml, --output, output]}
YAML
groundplan compile blueprint.yaml --output output >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "$2 does not compile"; }
git add .
git commit -qm estate

hooks() { git add -A && pre-commit run --all-files --verbose >"$scratch/log" 2>&1; }
restore() { git reset -q --hard && git clean -qfd; }
rejected=0
reject() { # reject <hook id that must fail> <what was done>
  ! hooks || { cat "$scratch/log"; fail "judge pre-commit no longer judges: the hooks accept $2"; }
  # pre-commit prints "groundplan check.....Failed", then "- hook id: groundplan-check".
  grep -A1 'Failed$' "$scratch/log" | grep -q "hook id: $1\$" || { cat "$scratch/log"; fail "$1 did not reject $2"; }
  rejected=$((rejected + 1))
  restore
}

hooks || { cat "$scratch/log"; fail 'the hooks refuse a clean repository'; }
[ "$(grep -c 'Passed$' "$scratch/log")" = 2 ] || { cat "$scratch/log"; fail 'not both hooks ran'; }
[ -z "$(git status --porcelain)" ] || fail 'the hooks changed a clean repository'

echo 'nonsense: true' >>blueprint.yaml
reject groundplan-check 'an unknown field in the blueprint'
cp "$other" blueprint.yaml
reject groundplan-compile 'a blueprint that was not compiled again'
generated=$(git ls-files 'output/*.yaml' | head -n 1)
echo '# by hand' >>"$generated"
reject groundplan-compile 'a generated file edited by hand'
# git diff, by which pre-commit looks for changes, does not show a new file: compile itself must say so.
git rm -q "$generated"
reject groundplan-compile 'a generated file missing from the commit'

echo "pre-commit: 2 hooks passed a clean repository and rejected $rejected bad changes; $(find "$here/bad/pre-commit" -name '*.yaml' | wc -l) bad manifests rejected"
