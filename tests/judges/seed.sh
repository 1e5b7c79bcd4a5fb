#!/usr/bin/env bash
# Secrets and seeds, read by others: OpenSSL and kubeadm take the authorities, age opens the file, four programs and
# cloud-init's own reader find the three files of a volume. usage: seed.sh <groundplan> <output folder>
set -euo pipefail
groundplan=$(realpath "$1") output=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
fail() { echo "seed: $*"; exit 1; }

age-keygen -o key.txt 2>/dev/null
"$groundplan" -q secrets init main.age --cluster main --recipient "$(age-keygen -y key.txt)"
age --decrypt --identity key.txt main.age >plain.json || fail 'age does not open the file'
python3 - <<'END'
import json, pathlib
for name, text in json.load(open("plain.json"))["secrets"].items():
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
END

# A judge that takes a leaf for an authority, or a foreign key for its own, judges nothing.
check() { # check <certificate> <key>
  openssl x509 -in "$1" -noout -text | grep -q 'CA:TRUE' || return 1
  openssl verify -CAfile "$1" "$1" >/dev/null || return 1
  openssl x509 -in "$1" -noout -checkend $((9 * 365 * 86400)) >/dev/null || return 1
  [ "$(openssl x509 -in "$1" -noout -pubkey)" = "$(openssl pkey -in "$2" -pubout)" ]
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.crt -days 4000 -subj /CN=leaf \
  -addext basicConstraints=critical,CA:FALSE 2>/dev/null
! check leaf.crt leaf.key || fail 'no longer judges: a leaf passes'
! check pki/ca.crt pki/etcd/ca.key || fail 'no longer judges: a foreign key passes'
for name in ca etcd/ca front-proxy-ca; do
  check "pki/$name.crt" "pki/$name.key" || fail "openssl refuses pki/$name"
done
[ "$(cat pki/sa.pub)" = "$(openssl pkey -in pki/sa.key -pubout)" ] || fail 'sa.pub is not of sa.key'
pin=sha256:$(openssl x509 -in pki/ca.crt -noout -pubkey | openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1)
"$groundplan" secrets list main.age --identity key.txt | grep -q "$pin" || fail 'the pin is not what openssl computes'

if kubeadm=$(command -v kubeadm || command -v "${GROUNDPLAN_JUDGES:-/nowhere}/bin/kubeadm"); then
  cp -r pki kubeadm-pki
  printf '%s\n' 'apiVersion: kubeadm.k8s.io/v1beta4' 'kind: InitConfiguration' \
    'localAPIEndpoint: {advertiseAddress: 10.0.0.1}' 'nodeRegistration: {name: cp-1}' --- \
    'apiVersion: kubeadm.k8s.io/v1beta4' 'kind: ClusterConfiguration' 'kubernetesVersion: v1.36.4' \
    'encryptionAlgorithm: ECDSA-P256' "certificatesDir: $scratch/kubeadm-pki" >kubeadm.yaml
  "$kubeadm" init phase certs all --config kubeadm.yaml >kubeadm.log || { cat kubeadm.log; fail 'kubeadm refuses the authorities'; }
  openssl verify -CAfile pki/ca.crt kubeadm-pki/apiserver.crt >/dev/null || fail 'kubeadm did not sign with our authority'
  openssl verify -CAfile pki/etcd/ca.crt kubeadm-pki/etcd/server.crt >/dev/null || fail 'kubeadm did not sign with our authority of etcd'
else
  echo 'seed: no kubeadm here; it did not see the authorities'
fi

# What a store's service gave is put in by hand; no machine boots without it.
! "$groundplan" -q seed --all --secrets main.age --identity key.txt --into seeds --output "$output" 2>error || fail 'a seed lacks its keys'
grep -q etcd-store error || fail 'the missing key is not named'
for key in access-key secret-key; do
  printf 'example/%s\n' "$key" | "$groundplan" -q secrets set "etcd-store/$key" --file main.age --identity key.txt
done
"$groundplan" -q seed --all --secrets main.age --identity key.txt --into seeds --output "$output"
[ -z "$(find seeds -type f ! -perm 0600 -o -type d ! -perm 0700)" ] || fail 'others may read a seed'
! grep -rq '@@SECRET' seeds || fail 'a marker is left'
volumes=0
for volume in seeds/*/seed.iso; do
  folder=$(dirname "$volume")
  rm -rf read && mkdir read
  xorriso -osirrox on -indev "$volume" -extract / read 2>/dev/null
  for file in user-data meta-data network-config; do
    [ ! -e "$folder/$file" ] || cmp "read/$file" "$folder/$file" || fail "xorriso reads another $file"
    [ ! -e "$folder/$file" ] || bsdtar -xOf "$volume" "$file" | cmp - "$folder/$file" || fail "bsdtar reads another $file"
    [ ! -e "$folder/$file" ] || isoinfo -J -x "/$file" -i "$volume" | cmp - "$folder/$file" || fail "with Joliet $file is another"
  done
  [ "$(blkid -p -s LABEL -o value "$volume")" = cidata ] || fail "$volume has another label"
  volumes=$((volumes + 1))
done
[ "$volumes" -gt 0 ] || fail 'there was no machine to judge'
dd if=/dev/zero of="$volume" bs=2048 seek=16 count=1 conv=notrunc status=none
! xorriso -indev "$volume" -toc 2>&1 | grep -q "'cidata'" || fail 'no longer judges: a broken volume passes'
echo "seed: $volumes volumes"
