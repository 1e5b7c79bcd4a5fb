"""Boots the generated database as it is written: real Patroni, PostgreSQL and pgBackRest in the generated pods.

run.py <groundplan> <folder of estate.yaml> : compiles, plays kubelet, API server, DNS, certificate issuer and secret
store, and then: boot, a backup into S3 over TLS, a killed leader, a drill that passes, a drill that must fail because a segment
of WAL is gone, a restore to a point in time, and a backup and a drill on an export. Every step says how long it took.
"""

import base64
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml

import api
import kubelet

HERE = pathlib.Path(__file__).parent
PORT = 6443


class Failed(Exception):
    pass


def want(truth, message):
    if not truth:
        raise Failed(message)


@contextlib.contextmanager
def step(name):
    began = time.time()
    print(f"live: {name} ...", flush=True)
    yield
    print(f"live: {name}: {time.time() - began:.1f} s", flush=True)


def until(what, condition, timeout):
    end = time.time() + timeout
    while time.time() < end:
        with contextlib.suppress(OSError, subprocess.SubprocessError, KeyError, ValueError):
            if found := condition():
                return found
        time.sleep(0.25)
    raise Failed(f"{what}: not within {timeout} s")


def built(output, *folders):
    objects = []
    for folder in folders:
        done = subprocess.run(["kubectl-1.36" if shutil.which("kubectl-1.36") else "kubectl", "kustomize", str(output / folder)], capture_output=True, text=True, check=True)
        objects += [document for document in yaml.safe_load_all(done.stdout) if document]
    return objects


def plain(folder):
    """Objects of a folder that kustomize has no part in."""
    return [it for path in sorted(folder.glob("*.yaml")) for it in yaml.safe_load_all(path.read_text()) if it and it.get("kind") != "Kustomization"]


# -- what stands outside the database: certificates, secrets ------------------------------------------------------


class Authority:
    """cert-manager, in so far as it answers Certificate objects."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=live", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def text(self, file):
        return (self.folder / file).read_text()

    def issue(self, name, common_name, names):
        """A certificate and its key, as files."""
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common_name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        extensions = ["authorityKeyIdentifier=keyid", "subjectKeyIdentifier=hash", f"subjectAltName={','.join(names)}"]
        (self.folder / "san").write_text("\n".join(extensions) + "\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "san", "-out", f"{name}.crt")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def secret(self, certificate):
        spec, name = certificate["spec"], certificate["metadata"]["name"]
        dns = spec.get("dnsNames") or [spec["commonName"]]
        self.issue(name, spec.get("commonName") or dns[0], [f"DNS:{name}" for name in dns])
        files = {"tls.crt": f"{name}.crt", "tls.key": f"{name}.key", "ca.crt": "ca.crt"}
        return secret(spec["secretName"], {key: self.text(file) for key, file in files.items()})


def secret(name, values):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def external(thing, kept):
    """The secret store: a random value for each reference, the same one wherever it is asked for."""
    values = {}
    for entry in thing["spec"]["data"]:
        reference = entry["remoteRef"]
        place = (reference["key"], reference.get("property"))
        values[entry["secretKey"]] = kept.setdefault(place, secrets.token_hex(16))
    return secret(thing["spec"].get("target", {}).get("name") or thing["metadata"]["name"], values)


class Objects:
    """An S3 service over TLS, whose objects are files; it checks signatures, so keys must be those of the store."""

    HOST, PORT, BUCKET = "s3.example.org", 9443, "live-backups"

    def __init__(self, folder, node, authority, kept):
        self.files = folder / self.BUCKET
        self.files.mkdir(parents=True, exist_ok=True)
        address = f"{kubelet.NET}.1"
        node.outside[address] = [self.HOST]
        node.trusted = authority.folder / "ca.crt"
        certificate, key = authority.issue("s3", self.HOST, [f"DNS:{self.HOST}"])
        access, hidden = (kept.setdefault(("backup/s3", name), secrets.token_hex(16)) for name in ("access-key", "secret-key"))
        self.log = open(folder.parent / "s3.log", "ab")
        words = ["versitygw", "--port", f"{address}:{self.PORT}", "--cert", certificate, "--key", key, "posix", folder]
        environment = {**os.environ, "ROOT_ACCESS_KEY": access, "ROOT_SECRET_KEY": hidden}
        self.process = subprocess.Popen([str(word) for word in words], env=environment, stdout=self.log, stderr=self.log)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            # It waits for clients that hold their connections open; what they wrote is in files.
            self.process.kill()
            self.process.wait()
        self.log.close()


# -- the database ------------------------------------------------------------------------------------------------


class Cluster:
    """A generated database on this machine."""

    def __init__(self, folder, objects, namespace, authority, kept, port, repository):
        self.objects, self.namespace = objects, namespace
        made = [authority.secret(o) for o in objects if o["kind"] == "Certificate"]
        made += [external(o, kept) for o in objects if o["kind"] == "ExternalSecret"]
        self.objects += made
        self.node = kubelet.Node(folder, self.objects, image())
        self.node.namespace = namespace
        self.set = next(o for o in objects if o["kind"] == "StatefulSet")
        self.name, self.spec = self.set["metadata"]["name"], self.set["spec"]
        self.template = self.spec["template"]
        role = next(o for o in objects if o["kind"] == "Role" and any("configmaps" in rule["resources"] for rule in o["rules"]) and self.name in str(o))
        self.store = api.Store(role["rules"])
        address = f"{kubelet.NET}.1"
        files = authority.issue("api", "api", [f"IP:{address}"])
        self.server = api.serve(self.store, address, port, *files)
        self.node.account = self.account(authority)
        self.node.environment = {"KUBERNETES_SERVICE_HOST": address, "KUBERNETES_SERVICE_PORT": str(port)}
        repository.mkdir(exist_ok=True)
        self.repository = self.node.export = repository
        self.objects_store = None
        if any(thing["kind"] == "ConfigMap" and "repo1-type=s3" in str(thing) for thing in objects):
            self.objects_store = Objects(repository, self.node, authority, kept)
        self.stopped = set()

    def account(self, authority):
        """What a pod with a service account finds at its well-known place."""
        folder = self.node.folder / "account"
        folder.mkdir(exist_ok=True)
        for name, text in {"token": "live", "namespace": self.namespace, "ca.crt": authority.text("ca.crt")}.items():
            (folder / name).write_text(text)
        return folder

    def dns(self, pod):
        service = self.spec["serviceName"]
        short = f"{pod}.{service}"
        return [short, f"{short}.{self.namespace}", f"{short}.{self.namespace}.svc", f"{short}.{self.namespace}.svc.cluster.local"]

    def start(self, number):
        pod = f"{self.name}-{number}"
        claims = {}
        for template in self.spec.get("volumeClaimTemplates", []):
            path = self.node.folder / "claims" / f"{template['metadata']['name']}-{pod}"
            path.mkdir(parents=True, exist_ok=True)
            claims[template["metadata"]["name"]] = path
        labels = {**self.template["metadata"]["labels"], "statefulset.kubernetes.io/pod-name": pod}
        self.stopped.discard(pod)
        started = self.node.start(pod, self.template["spec"], labels, self.dns(pod), claims, {"postgres", "backrest"})
        self.store.pod(pod, started.address, labels)
        return started

    def main(self):
        return next(c for c in self.template["spec"]["containers"] if "readinessProbe" in c)

    def ready(self, pod):
        probe = self.main()["readinessProbe"]["httpGet"]
        port = probe["port"]
        if isinstance(port, str):
            port = next(p["containerPort"] for p in self.main()["ports"] if p["name"] == port)
        with urllib.request.urlopen(f"http://{self.node.pods[pod].address}:{port}{probe['path']}", timeout=2) as answer:
            return answer.status == 200

    def behind(self, service):
        """The pods that the Service selects and that are ready, as its endpoints would be."""
        selector = service["spec"]["selector"]
        pods = []
        for pod in list(self.node.pods):
            with contextlib.suppress(KeyError, OSError):
                labels = self.store.labels(pod)
                if all(labels.get(k) == v for k, v in selector.items()) and self.ready(pod):
                    pods.append(pod)
        return pods

    def services(self):
        return [o for o in self.objects if o["kind"] == "Service" and o["spec"].get("selector", {}).get("role")]

    def route(self):
        """The Services' names, answered with the address of a pod behind them."""
        names = {}
        for service in self.services():
            name = service["metadata"]["name"]
            for pod in self.behind(service)[:1]:
                full = [name, f"{name}.{self.namespace}", f"{name}.{self.namespace}.svc", f"{name}.{self.namespace}.svc.cluster.local"]
                names.setdefault(self.node.pods[pod].address, []).extend(full)
        self.node.resolve(names)

    def leader(self):
        service = next(s for s in self.services() if s["spec"]["selector"]["role"] in ("primary", "master"))
        pods = self.behind(service)
        return pods[0] if len(pods) == 1 else None

    def standbys(self):
        service = next((s for s in self.services() if s["spec"]["selector"]["role"] == "replica"), None)
        return self.behind(service) if service else []

    def boot(self, timeout=120):
        for number in range(self.spec["replicas"]):
            self.start(number)
        until("a leader", self.leader, timeout)
        until("all standbys", lambda: len(self.standbys()) == self.spec["replicas"] - 1, timeout)
        self.route()

    def sql(self, statement, pod=None, database="postgres"):
        pod = self.node.pods[pod or self.leader()]
        done = pod.inside(self.main()["name"], "psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", statement)
        if done.returncode:
            raise subprocess.SubprocessError(done.stderr)
        return done.stdout.strip()

    def job(self, template, name, timeout=900):
        self.route()
        labels = template["metadata"].get("labels", {})
        pod = self.node.start(name, template["spec"], labels)
        try:
            code = pod.finish(timeout)
            text = "\n".join(pod.log(c["name"]) for c in template["spec"].get("initContainers", []) + template["spec"]["containers"])
        finally:
            pod.stop(signal.SIGKILL)
        return code, text

    def cronjob(self, name, timeout=900):
        template = self.node.find("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]
        return self.job(template, f"{name}-live", timeout)

    def hooks(self):
        for thing in self.objects:
            hook = thing["metadata"].get("annotations", {}).get("argocd.argoproj.io/hook")
            if thing["kind"] == "Job" and hook == "PostSync":
                code, text = self.job(thing["spec"]["template"], thing["metadata"]["name"])
                want(code == 0, f"the hook {thing['metadata']['name']} failed:\n{text}")

    def logs(self):
        texts = []
        for pod in self.node.pods.values():
            for log in sorted(pod.folder.glob("*.log")):
                texts.append(f"--- {pod.name} {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-25:]))
        return "\n".join(texts)

    def close(self):
        self.server.shutdown()
        self.node.close()
        if self.objects_store:
            self.objects_store.close()


def image():
    """The folder that stands for the image: Debian with PostgreSQL, pgBackRest, PgBouncer and Patroni."""
    path = os.environ.get("IMAGE")
    want(path, "IMAGE names no folder")
    return path


# -- what is proven ----------------------------------------------------------------------------------------------


def failover(cluster):
    """The leader vanishes with its node; what was acknowledged is there afterwards."""
    cluster.sql("create table if not exists acknowledged (id int primary key)")
    for number in range(50):
        cluster.sql(f"insert into acknowledged values ({number})")
    old = cluster.leader()
    began = time.time()
    cluster.node.pods[old].stop(signal.SIGKILL)
    new = until("a new leader", lambda: (found := cluster.leader()) and found != old and found, 90)
    until("a write", lambda: cluster.sql("insert into acknowledged values (1000)") == "", 30)
    print(f"live: {old} killed, {new} took a write after {time.time() - began:.1f} s", flush=True)
    want(cluster.sql("select count(*) from acknowledged") == "51", "acknowledged rows are missing after the failover")
    cluster.start(int(old.rsplit("-", 1)[1]))
    until("the old leader as a standby", lambda: old in cluster.standbys(), 90)


def archived(cluster):
    """Switches WAL, and waits until the segment is in the repository; its name."""
    segment = cluster.sql("select pg_walfile_name(pg_switch_wal())")
    until(f"{segment} in the repository", lambda: list(cluster.repository.rglob(f"{segment}-*")), 60)
    return segment


def recover_target(cluster):
    """Rows before and after a moment, and the moment."""
    cluster.sql("create table if not exists ledger (id int primary key)")
    cluster.sql("insert into ledger select generate_series(1, 1000)")
    time.sleep(1)
    moment = cluster.sql("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
    time.sleep(2)
    cluster.sql("delete from ledger where id > 10")
    archived(cluster)
    return moment


def gap(cluster):
    """Takes a segment out of the middle of the archive; where it was."""
    cluster.sql("create table if not exists filler (id int)")
    cluster.sql("insert into filler select generate_series(1, 1000)")
    archived(cluster)
    cluster.sql("insert into filler select generate_series(1, 1000)")
    middle = archived(cluster)
    cluster.sql("insert into filler select generate_series(1, 1000)")
    archived(cluster)
    file = next(cluster.repository.rglob(f"{middle}-*"))
    file.unlink()
    return middle


def compiled(groundplan, blueprint, overlays, output):
    command = [groundplan, "compile", blueprint, "--output", output]
    if overlays.exists():
        command += ["--overlays", overlays]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    want(done.returncode == 0, f"the blueprint does not compile:\n{done.stdout}{done.stderr}")


def main(groundplan, folder):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="live-"))
    scratch.chmod(0o755)
    cluster = None
    try:
        output = scratch / "output"
        compiled(groundplan, folder / "estate.yaml", folder / "none", output)
        objects = built(output, "databases/orders/overlays/production", "databases/orders-drill/overlays/production")
        objects += plain(output / "clusters/main/namespaces/shop-production")
        authority, kept = Authority(scratch / "ca"), {}
        repository = scratch / "export"
        cluster = Cluster(scratch / "node", objects, "shop-production", authority, kept, PORT, repository)
        with step("boot"):
            cluster.boot()
        with step("hooks after the sync"):
            cluster.hooks()
        with step("backup"):
            code, text = cluster.cronjob("orders-db-backup")
            want(code == 0, f"the backup failed:\n{text}")
            want("WARN" not in text and "ERROR" not in text, f"pgBackRest complains:\n{text}")
        with step("failover"):
            failover(cluster)
        with step("drill"):
            code, text = cluster.cronjob("orders-db-drill")
            print("\n".join(line for line in text.splitlines() if line.startswith("drill:")))
            want(code == 0, f"the drill failed:\n{text}\n{cluster.logs()}")
        moment = recover_target(cluster)
        with step("drill without a segment of WAL"):
            middle = gap(cluster)
            code, text = cluster.cronjob("orders-db-drill")
            print("\n".join(line for line in text.splitlines() if line.startswith("drill:")))
            want(code != 0, f"the drill passed although {middle} is gone: it proves nothing")
            want("missing or damaged" in text, f"the drill failed for another reason:\n{text}")
        want(not cluster.store.denied, f"Patroni asked for what its Role does not grant: {dict(cluster.store.denied)}")
        unused = set(cluster.store.allowed) - set(cluster.store.used)
        print(f"live: verbs used {sorted(cluster.store.used)}; granted and not used {sorted(unused)}")
        with step(f"restore to {moment}"):
            cluster.close()
            recovered = restore(groundplan, folder, scratch, moment, authority, kept, repository)
            cluster = recovered
            want(cluster.sql("select count(*) from ledger") == "1000", "the rows of the moment did not come back")
        with step("a backup and a drill on an export"):
            cluster.close()
            cluster = exported(output, scratch, authority, kept)
    except Exception as error:
        print(f"live: FAILED: {error}")
        if cluster:
            print(cluster.logs())
        return 1
    finally:
        if cluster:
            cluster.close()
        if not os.environ.get("KEEP"):
            shutil.rmtree(scratch, ignore_errors=True)
    print("live: passed")
    return 0


def restore(groundplan, folder, scratch, moment, authority, kept, repository):
    """The same blueprint with `recover`, as a cluster of its own beside what is left of the first."""
    text = (folder / "recovered.yaml").read_text().replace("@moment@", moment)
    (scratch / "recovered.yaml").write_text(text)
    compiled(groundplan, scratch / "recovered.yaml", folder / "none", scratch / "recovered")
    objects = built(scratch / "recovered", "databases/orders-again/overlays/production")
    objects += plain(scratch / "recovered/clusters/main/namespaces/shop-production")
    cluster = Cluster(scratch / "again", objects, "shop-production", authority, kept, PORT + 1, repository)
    cluster.boot(180)
    return cluster


def exported(output, scratch, authority, kept):
    """A database of one member whose backups are files on an export."""
    objects = built(output, "databases/ledger/overlays/production", "databases/ledger-drill/overlays/production")
    objects += plain(output / "clusters/main/namespaces/shop-production")
    cluster = Cluster(scratch / "ledger", objects, "shop-production", authority, kept, PORT + 2, scratch / "nas")
    cluster.boot()
    cluster.hooks()
    for job in ("ledger-db-backup", "ledger-db-drill"):
        code, text = cluster.cronjob(job)
        want(code == 0, f"{job} failed:\n{text}\n{cluster.logs()}")
    want(list(cluster.repository.rglob("backup.manifest")), "no backup is on the export")
    return cluster


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()))
