#!/usr/bin/env bash
# What the world refuses, by the world itself: a disk that is full, one that is read-only, a repository of somebody
# else. Nothing may be half written, and the next run on a healthy disk must repair what is left.
set -euo pipefail
[ $# = 3 ] || { echo "usage: world.sh GROUNDPLAN BLUEPRINT OVERLAYS" >&2; exit 2; }
if [ -z "${GROUNDPLAN_WORLD:-}" ]; then
  # Somebody else's repository: only root can give one away.
  if [ "$(id -u)" = 0 ]; then
    theirs=$(mktemp -d)
    git init -q --bare "$theirs" && chown -R 12345 "$theirs"
    status=0
    said=$("$1" publish "$2" --overlays "$3" --repo "$theirs" 2>&1) || status=$?
    rm -rf "$theirs"
    [[ $status = 3 && $said = *safe.directory* ]] || { echo "  somebody else's repository: exit code $status: $said"; exit 1; }
  fi
  # Where a container forbids mounts, this cannot be judged, and no installation would help.
  unshare --map-root-user --mount true 2>/dev/null || { echo "SKIPPED world: no mounts allowed here"; exit 0; }
  # Mounts of our own, which are gone with us; root in it, whoever we are outside.
  exec env GROUNDPLAN_WORLD=1 unshare --map-root-user --mount "$0" "$@"
fi
groundplan=$1 blueprint=$2 overlays=$3
scratch=$(mktemp -d)
trap 'umount "$scratch"/* 2>/dev/null || true; rm -rf "$scratch"' EXIT
cases=0
fail() { echo "  $*"; exit 1; }
compile() { "$groundplan" compile "$blueprint" --overlays "$overlays" --output "$1" 2>"$scratch.log"; }
refused() { # refused <what> <pattern> <command...>
  local what=$1 pattern=$2 status=0
  shift 2
  "$@" || status=$?
  [ "$status" = 3 ] || fail "$what: exit code $status, 3 is right: $(cat "$scratch.log")"
  grep -qiE "$pattern" "$scratch.log" || fail "$what: the message does not say so: $(cat "$scratch.log")"
  cases=$((cases + 1))
}
tree() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0r sha256sum); }

mkdir "$scratch/whole" "$scratch/small" "$scratch/full" "$scratch/frozen"
compile "$scratch/whole" || fail "a compile on a healthy disk fails: $(cat "$scratch.log")"

# Too small from the beginning: nothing of the output is there.
mount -t tmpfs -o size=64k none "$scratch/small"
dd if=/dev/zero of="$scratch/small/ballast" bs=1k count=128 2>/dev/null && fail "this disk is never full"
rm "$scratch/small/ballast"
refused "a small disk" "no space left|disk" compile "$scratch/small/output"
[ ! -e "$scratch/small/output/groundplan.lock" ] || fail "a small disk: a lock was written"

# Full when there is something already: all of it stays as it was, and the next run on more room completes it.
mount -t tmpfs -o size=64m none "$scratch/full"
cp -r "$scratch/whole" "$scratch/full/output"
rm "$scratch/full/output/clusters" -r
tree "$scratch/full/output" >"$scratch/before"
dd if=/dev/zero of="$scratch/full/ballast" bs=4k 2>/dev/null && fail "this disk is never full"
refused "a full disk" "no space left|disk" compile "$scratch/full/output"
tree "$scratch/full/output" | grep -v '\.groundplan\.' >"$scratch/after" || true
cmp -s "$scratch/before" "$scratch/after" || fail "a full disk: the output has changed: $(diff "$scratch/before" "$scratch/after" | head -5)"
rm "$scratch/full/ballast"
compile "$scratch/full/output" || fail "the run after it fails: $(cat "$scratch.log")"
diff -r "$scratch/whole" "$scratch/full/output" >&2 || fail "the run after it does not repair the output"
cases=$((cases + 1))

# Read-only.
mount -t tmpfs none "$scratch/frozen"
mount -o remount,ro "$scratch/frozen"
refused "a read-only disk" "read-only" compile "$scratch/frozen/output"

rm -f "$scratch.log"
echo "world: $cases refusals as they should be"
