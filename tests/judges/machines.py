#!/usr/bin/env python3
"""First boots before the programs that will read them: cloud-init, netplan, nft, HAProxy, keepalived, containerd, systemd,
sshd, chrony, sudo, apt, shellcheck and kubeadm itself. Wants root: nft and keepalived are asked in a network namespace."""

import base64, functools, json, os, pathlib, re, subprocess, tempfile, time, tomllib
import jsonschema, yaml
from common import ROOT, main, parallel

CLOUD_INIT = ROOT / "cloud-init/usr/lib/python3/dist-packages"
# What `groundplan seed` puts in the place of markers; of the right shape, and of no use.
SECRETS = {"kubeadm/token": "abcdef.0123456789abcdef", "pki/ca.pin": "sha256:" + "a" * 64,
           "encryption/key": base64.b64encode(b"x" * 32).decode(),
           "etcd-store/access-key": "access", "etcd-store/secret-key": "secret"}


def run(*command, **options):
    """The findings of a program: what it complains of, if it complains at all."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return done.returncode, said


def failing(*command, **options):
    status, said = run(*command, **options)
    return (said or [f"exit status {status}"]) if status else []


def fill(text):
    return re.sub(r"@@SECRET:([^@|]*)(\|b64)?@@", lambda found: SECRETS.get(found[1], base64.b64encode(b"PEM").decode()), text)


def cloud_config(text, folder):
    file = folder / "user-data"
    file.write_text(text)
    status, said = run(ROOT / "venv/bin/python", "-m", "cloudinit.cmd.main", "schema", "-c", file, env={**os.environ, "PYTHONPATH": str(CLOUD_INIT)})
    return [line for line in said if not line.startswith("Valid schema") and "unnecessary" not in line] + ([f"exit status {status}"] if status else [])


@functools.cache
def network_schema():
    schema = json.loads((CLOUD_INIT / "cloudinit/config/schemas/schema-network-config-v2.json").read_text())
    return jsonschema.Draft7Validator(schema)


def network_config(text, folder):
    # cloud-init itself skips version 2 where netplan's Python is missing, and says that it is valid.
    findings = [f"{'.'.join(map(str, error.path))}: {error.message}" for error in network_schema().iter_errors(yaml.safe_load(text))]
    file = folder / "etc/netplan/50-cloud-init.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(0o600)
    status, said = run("netplan", "generate", "--root-dir", folder)
    # What netplan only warns of does not work: an old key, two default routes, a name that is too long.
    return findings + said + ([f"exit status {status}"] if status and not said else [])


def meta_data(text, _):
    keys = set(yaml.safe_load(text) or {})
    return [] if keys == {"instance-id", "local-hostname"} else [f"meta-data has {sorted(keys)}"]


def nft(file):
    return failing("unshare", "-n", "nft", "-c", "-f", file)


def haproxy(file):
    return failing("haproxy", "-c", "-dW", "-f", file)


def keepalived(file):
    """As it is, for the scripts' user; and with root in its place, for all the rest: after it has tried another user once,
    keepalived 2.2 takes its own parent for dead when it only tests, and stops without a word."""
    text = file.read_text()
    links = sorted(set(re.findall(r"^\s*interface (\S+)", text, re.M)))
    links = "; ".join(f"ip link add {link} type veth peer name p{n}; ip addr add 192.0.2.{n + 1}/24 dev {link}; ip link set {link} up" for n, link in enumerate(links))
    findings = []
    for variant in (text, re.sub(r"^(\s*script_user) .*$", r"\1 root", text, flags=re.M)):
        file.write_text(variant)
        status, said = run("unshare", "-n", "sh", "-c", f"{links}; keepalived -t -f {file}")
        stopped = variant == text and status in (143, -15)
        said = [line for line in said if line != "Terminated"]
        findings += said or ([f"exit status {status}"] if status and not stopped else [])
    return findings


def flat(table, path=()):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, path + (key,))
        else:
            yield path + (key,), value


def containerd(file):
    """containerd drops what it does not know: what it reads back must hold every key of ours."""
    done = subprocess.run([ROOT / "bin/containerd", "-c", file, "config", "dump"], capture_output=True, text=True)
    if done.returncode:
        return [done.stderr.strip()]
    read = dict(flat(tomllib.loads(done.stdout)))
    ours = [(key, value) for key, value in flat(tomllib.loads(file.read_text())) if key[0] not in ("version", "imports")]
    return [f"{'.'.join(key)} = {value!r} was read as {read.get(key)!r}" for key, value in ours if read.get(key) != value]


def units(files):
    """All units of a machine together, twice: each run is blind to what the other sees."""
    with tempfile.TemporaryDirectory() as scratch:
        for path, text in files.items():
            file = pathlib.Path(scratch) / path.removeprefix("/etc/systemd/system/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(re.sub(r"/usr/(local/sbin/\S+|bin/kubelet|bin/cri-dockerd)", "/bin/true", text))
            if file.parent.name.endswith(".d"):
                stub = file.parent.with_suffix("")
                stub.exists() or stub.write_text("[Service]\nExecStart=/bin/true\n")
        names = sorted(file for file in pathlib.Path(scratch).iterdir() if file.is_file())
        findings = []
        for extra in ((), ("--recursive-errors=no",)):
            status, said = run("systemd-analyze", "verify", "--man=no", *extra, *names)
            findings += said + ([f"exit status {status}"] if status and not said else [])
        for calendar in re.findall(r"^OnCalendar=(.*)$", "\n".join(files.values()), re.M):
            findings += failing("systemd-analyze", "calendar", calendar)
        return sorted(set(findings))


@functools.cache
def host_key():
    key = pathlib.Path(tempfile.mkdtemp()) / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    return key


def sshd(file):
    return failing("/usr/sbin/sshd", "-t", "-h", host_key(), "-f", file)


def chrony(file):
    return failing("chronyd", "-p", "-f", file)


def shell(file):
    return failing("shellcheck", "--severity=style", file)


def store(file):
    """The program that takes snapshots to their store, run: its store is a folder, which rclone sees as it sees a bucket."""
    findings = shell(file)
    scratch = file.parent
    here, there, metrics = (scratch / name for name in ("here", "there", "metrics"))
    config = scratch / "rclone.conf"
    text = file.read_text()
    keep = int(re.search(r"--min-age (\d+)h", text)[1])
    for path, own in (("/var/backups/etcd", here), ("/var/lib/groundplan/metrics", metrics), ("/etc/groundplan/etcd-store.conf", config)):
        findings += [] if path in text else [f"nothing is said of {path}"]
        text = text.replace(path, str(own))
    file.write_text(text)
    config.write_text(f"[store]\ntype = alias\nremote = {there}\n")
    here.mkdir()
    there.mkdir()
    execute = lambda: run("env", "-i", f"PATH={os.environ['PATH']}", "bash", file)[0]
    if execute() == 0:
        findings.append("succeeds without a snapshot")
    now = int(time.time())
    for name, age in (("etcd-old.db", keep + 1), ("etcd-new.db", 1), ("etcd-half.db.part", 0)):
        (here / name).write_text(name)
        os.utime(here / name, (now - age * 3600,) * 2)
    if execute() or execute():
        findings.append("fails with a store that is there")
    stored = [path.name for path in there.rglob("*") if path.is_file()]
    if stored != ["etcd-new.db"]:
        findings.append(f"the store holds {stored}")
    told = (metrics / "etcd-snapshot.prom").read_text().splitlines()[-1]
    if told != f"groundplan_etcd_snapshot_stored_timestamp_seconds {now - 3600}":
        findings.append(f"the metric is {told}")
    config.write_text("[store]\ntype = alias\nremote = /proc/nowhere\n")
    if execute() == 0:
        findings.append("succeeds without a store")
    return findings


def kubeadm(file):
    status, said = run(ROOT / "bin/kubeadm", "config", "validate", "--config", file)
    return said if status or said != ["ok"] else []


def apt_conf(file):
    return failing("apt-config", "-c", file, "dump", env={"PATH": os.environ["PATH"], "APT_CONFIG": str(file)})


def toml(file):
    return [] if tomllib.loads(file.read_text()) else ["is empty"]


def document(file):
    return [] if list(yaml.safe_load_all(file.read_text())) else ["is empty"]


# The first that fits a path judges it; a file that none fits is judged by its first line.
READERS = (
    (r"^/etc/groundplan/hostfw\.nft$", nft),
    (r"/haproxy\.cfg$", haproxy),
    (r"/keepalived\.conf$", keepalived),
    (r"^/etc/containerd/config\.toml$", containerd),
    (r"/hosts\.toml$", toml),
    (r"^/etc/ssh/sshd_config\.d/", sshd),
    (r"/chrony\.conf$", chrony),
    (r"^/etc/apt/apt\.conf\.d/", apt_conf),
    (r"^/etc/groundplan/(kubeadm|kubeadm-upgrade|etcd-client)\.yaml$", kubeadm),
    (r"/etcd-store$", store),
    (r"\.(yaml|json)$", document),
)


def judged(pair):
    """The findings of one file; many machines have the same one."""
    path, text = pair
    reader = next((reader for pattern, reader in READERS if re.search(pattern, path)), shell if text.startswith("#!/bin/bash") else None)
    if reader is None:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / os.path.basename(path)
        file.write_text(fill(text))
        try:
            return reader(file)
        except (tomllib.TOMLDecodeError, yaml.YAMLError) as fault:
            return [str(fault)]


def sudo(users):
    rules = "".join(f"{user['name']} {rule}\n" for user in users for rule in user.get("sudo") or [])
    with tempfile.NamedTemporaryFile("w", suffix=".sudo") as file:
        file.write(rules)
        file.flush()
        return failing("visudo", "-cf", file.name)


def machine(folder):
    """The findings about a machine as a whole, and its files."""
    text = (folder / "user-data").read_text()
    findings = [] if text.startswith("#cloud-config\n") else ["the first line is not #cloud-config"]
    for name, judge in (("user-data", cloud_config), ("network-config", network_config), ("meta-data", meta_data)):
        if (folder / name).exists():
            with tempfile.TemporaryDirectory() as scratch:
                findings += [f"{name}: {finding}" for finding in judge((folder / name).read_text(), pathlib.Path(scratch))]
    data = yaml.safe_load(text)
    findings += sudo(data.get("users") or [])
    files = {file["path"]: file["content"] for file in data.get("write_files") or [] if file.get("encoding") != "b64"}
    systemd = {path: body for path, body in files.items() if path.startswith("/etc/systemd/system/")}
    return findings, files, systemd


def judge(output):
    folders = sorted(file.parent for file in output.rglob("user-data"))
    met, findings = {}, []
    for folder, (own, files, systemd) in zip(folders, parallel(machine, folders)):
        name = folder.name
        findings += [f"{name}: {finding}" for finding in own]
        for pair in files.items():
            met.setdefault(pair, name)
        if systemd:
            met.setdefault(("units", json.dumps(systemd, sort_keys=True)), name)
    pairs = list(met)
    look = lambda pair: units(json.loads(pair[1])) if pair[0] == "units" else judged(pair)
    for pair, said in zip(pairs, parallel(look, pairs)):
        findings += [f"{met[pair]}: {pair[0]}: {finding}" for finding in said]
    return f"{len(folders)} machines, {len(pairs)} different files", len(folders), findings


if __name__ == "__main__":
    main(judge)
