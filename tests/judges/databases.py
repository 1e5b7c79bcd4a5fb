#!/usr/bin/env python3
"""Puts the configuration of every database before the programs that read it: Patroni, PostgreSQL, pgBackRest, PgBouncer.

They run in the image that install.sh makes (build/judges/image). PostgreSQL's settings are judged by PostgreSQL of the
same major, 17 of Debian and 18 of an npm package; of another major, the database is counted as judged by nobody.
"""

import contextlib, os, pathlib, re, shutil, subprocess, tempfile
import yaml
from common import ROOT, main, objects

IMAGE = pathlib.Path(os.environ.get("IMAGE") or ROOT / "image")
BINARIES = next(IMAGE.glob("usr/lib/postgresql/*/bin"), None)
MAJOR = BINARIES.parent.name if BINARIES else ""
# Where each major's programs are, in the image: Debian's, and those that have nothing but the server.
POSTGRES = {path.parent.name: f"/{path.relative_to(IMAGE)}" for pattern in ("usr/lib/postgresql/*/bin", "opt/postgresql/*/bin") for path in IMAGE.glob(pattern)}
# There is no /proc in the image, by which a program finds the libraries beside it.
LIBRARIES = {major: {"LD_LIBRARY_PATH": path.removesuffix("bin") + "lib"} for major, path in POSTGRES.items() if path.startswith("/opt")}
# The build of the npm package knows no lz4, which packages of Debian, Red Hat and PGDG do.
UNBUILT = {"18": {"wal_compression": "lz4"}}
# What pgBackRest exits with when it is the configuration that is wrong (its errors 27 to 37).
WRONG = range(27, 38)


@contextlib.contextmanager
def folder():
    """A folder in the image, and its name there; PostgreSQL's user owns it."""
    path = pathlib.Path(tempfile.mkdtemp(dir=IMAGE / "tmp"))
    try:
        path.chmod(0o777)
        yield path, f"/tmp/{path.name}"
    finally:
        shutil.rmtree(path, ignore_errors=True)


def inside(*command, user="postgres", timeout=60, **environment):
    """Runs a program in the image: exit status, and all it said."""
    uid = subprocess.run(["chroot", IMAGE, "id", "-u", user], capture_output=True, text=True).stdout.strip()
    variables = [f"{key}={value}" for key, value in {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", **environment}.items()]
    words = ["chroot", f"--userspec={uid}:{uid}", IMAGE, "env", "-i", *variables, *command]
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode() + (late.stderr or b"").decode()
    return done.returncode, done.stdout + done.stderr


def joined(files):
    """Patroni's files as Patroni joins them: mappings by key, later files win."""
    def merge(into, more):
        for key, value in more.items():
            into[key] = merge(into[key], value) if isinstance(value, dict) and isinstance(into.get(key), dict) else value
        return into
    whole = {}
    for name in sorted(files):
        if name.endswith((".yml", ".yaml")):
            merge(whole, yaml.safe_load(files[name]) or {})
    return whole


def patroni(where, files, variables):
    """`--validate-config`, and nothing but silence will do."""
    config = joined(files)
    findings = []
    with folder() as (path, there):
        # The programs are the image's, whatever major the blueprint asks for; files that Secrets bring are not there.
        config["postgresql"]["bin_dir"] = f"/usr/lib/postgresql/{MAJOR}/bin"
        config["postgresql"]["data_dir"] = f"{there}/data"
        for name in ("ssl_cert_file", "ssl_key_file", "ssl_ca_file"):
            config["postgresql"].get("parameters", {}).pop(name, None)
        (path / "patroni.yml").write_text(yaml.safe_dump(config))
        code, said = inside("patroni", "--validate-config", f"{there}/patroni.yml", **variables)
    lines = [line for line in said.splitlines() if line.strip() and "FutureWarning" not in line and not line.startswith("  ")]
    if code or lines:
        findings += [f"{where}: patroni: {line}" for line in lines or [f"exit status {code}"]]
    return findings


def settings(config):
    shared = config["bootstrap"]["dcs"]["postgresql"].get("parameters", {})
    return {**shared, **config["postgresql"].get("parameters", {})}


def postgres(where, config):
    """PostgreSQL reads each setting; one that it does not know, or a value out of range, ends it."""
    major = re.search(r"(\d\d)", config["postgresql"]["bin_dir"])[1]
    if major not in POSTGRES:
        return None
    with folder() as (path, there):
        data = path / "data"
        data.mkdir(mode=0o700)
        shutil.chown(data, *(int(part) for part in owner()))
        (data / "PG_VERSION").write_text(f"{major}\n")
        lines = [f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'" for name, value in settings(config).items() if UNBUILT.get(major, {}).get(name) != value]
        (data / "postgresql.auto.conf").write_text("")
        (data / "postgresql.conf").write_text("\n".join(lines) + "\n")
        code, said = inside(f"{POSTGRES[major]}/postgres", "-D", f"{there}/data", "-C", "shared_buffers", **LIBRARIES.get(major, {}))
        findings = [f"{where}: postgres {major}: {line}" for line in said.splitlines() if re.search(r"FATAL|ERROR|WARNING|LOG:", line)]
        if code and not findings:
            findings = [f"{where}: postgres {major}: {said.strip()}"]
    return findings


def owner():
    return subprocess.run(["chroot", IMAGE, "sh", "-c", "id -u postgres; id -g postgres"], capture_output=True, text=True).stdout.split()


def pgbackrest(where, text):
    """pgBackRest reads its configuration; a line that it does not understand is only a WARN to it, and an error here."""
    findings = []
    with folder() as (path, there):
        (path / "pgbackrest.conf").write_text(re.sub(r"=/tls/.*", f"={there}/none", text))
        stanza = re.findall(r"^\[(?!global)([^\]:]+)\]", text, re.M)
        # No store answers here; what is judged is what is said before one is asked.
        variables = {"PGBACKREST_REPO1_PATH": f"{there}/repo", "PGBACKREST_REPO1_CIPHER_PASS": "judge"}
        if "repo1-type=s3" in text:
            variables |= {"PGBACKREST_REPO1_S3_KEY": "judge", "PGBACKREST_REPO1_S3_KEY_SECRET": "judge", "PGBACKREST_REPO1_STORAGE_HOST": "127.0.0.1", "PGBACKREST_IO_TIMEOUT": "1"}
        for number in range(1, 1 + len(re.findall(r"^pg\d+-host-type", text, re.M))):
            variables[f"PGBACKREST_PG{number}_HOST"] = f"member-{number}"
        for name in stanza:
            for command in ("info", "backup"):
                code, said = inside("pgbackrest", f"--config={there}/pgbackrest.conf", f"--stanza={name}", "--log-level-console=warn", f"--lock-path={there}/lock", command, timeout=5, **variables)
                lines = [line for line in said.splitlines() if "WARN" in line or (code in WRONG and "ERROR" in line)]
                # There is no repository here, which is not the configuration's fault.
                findings += [f"{where}: pgbackrest {command}: {line.split(' ', 2)[-1]}" for line in lines if "unable to check pg" not in line]
        if not stanza:
            findings.append(f"{where}: pgbackrest: there is no stanza")
    return findings


def pgbouncer(where, files):
    """PgBouncer starts with its configuration, on a socket nobody uses."""
    with folder() as (path, there):
        text = re.sub(r"=\s*(/[^\s]*\.(?:crt|key|txt))", f"= {there}/none", files["pgbouncer.ini"])
        text = re.sub(r"(?m)^(client|server)_tls_(?:sslmode|key_file|cert_file|ca_file)\s*=.*\n", "", text)
        text = re.sub(r"(?m)^(auth_file|%include)\s*.*\n", "", text)
        text = re.sub(r"(?m)^(listen_addr|unix_socket_dir)\s*=.*", rf"\1 = ", text)
        (path / "none").write_text("")
        (path / "pgbouncer.ini").write_text(text)
        _, said = inside("timeout", "2", "pgbouncer", f"{there}/pgbouncer.ini")
        lines = [line for line in said.splitlines() if re.search(r"WARNING|ERROR|FATAL", line) and "kernel file descriptor" not in line]
    return [f"{where}: pgbouncer: {line.split('] ', 1)[-1]}" for line in lines]


def secret_variables(template):
    """The variables of PostgreSQL's container, with a word for each secret."""
    container = next(it for it in template["spec"]["containers"] if it["name"] == "postgres")
    values = {"POD_IP": "10.0.0.1"}
    for entry in container.get("env", []):
        if "value" in entry:
            values[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda found: values.get(found[1], "x"), entry["value"])
        elif "fieldRef" not in entry["valueFrom"]:
            values[entry["name"]] = "judge"
        else:
            path = entry["valueFrom"]["fieldRef"]["fieldPath"]
            values[entry["name"]] = {"status.podIP": "10.0.0.1"}.get(path, "judge")
    return values


def judge(output):
    findings, counts = [], dict.fromkeys(("patroni", "postgres", "pgbackrest", "pgbouncer"), 0)
    nobody = 0
    by_folder = {}
    for where, thing in objects(output):
        by_folder.setdefault(str(pathlib.Path(where).parent) if where.endswith(".yaml") else where, []).append(thing)
    for where, things in by_folder.items():
        if where.endswith("/base"):
            continue
        for thing in things:
            files = thing.get("data") or {}
            if thing["kind"] != "ConfigMap":
                continue
            if any("bootstrap:" in text for text in files.values()):
                sets = [it for it in things if it["kind"] == "StatefulSet"]
                counts["patroni"] += 1
                findings += patroni(where, files, secret_variables(sets[0]["spec"]["template"]))
                found = postgres(where, joined(files))
                nobody += found is None
                counts["postgres"] += found is not None
                findings += found or []
            for name, text in files.items():
                if name == "pgbackrest.conf":
                    counts["pgbackrest"] += 1
                    findings += pgbackrest(where, text)
                if name == "pgbouncer.ini":
                    counts["pgbouncer"] += 1
                    findings += pgbouncer(where, files)
    text = ", ".join(f"{count} by {program}" for program, count in counts.items())
    return f"{text}; settings of {nobody} databases of another major than {', '.join(POSTGRES)} by nobody", counts["patroni"], findings


if __name__ == "__main__":
    main(judge)
