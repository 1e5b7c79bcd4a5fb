"""The smallest kubelet: runs the pods of generated manifests on this machine, as they are written.

Each container gets the image's file system under an overlay that is thrown away (and is read-only where the manifest
says so), its volumes at their mount paths, its user, its environment; each pod gets a network of its own. There is one
image, a folder that `install.sh` makes of Debian's packages. Needs root.
"""

import base64
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

BRIDGE, NET = "gplive", "10.231.0"


def run(*command, **more):
    return subprocess.run([str(part) for part in command], check=True, **more)


def quiet(*command):
    return subprocess.run([str(part) for part in command], capture_output=True).returncode


class Node:
    """The machine: a bridge, a folder for volumes, and what the API server would know."""

    def __init__(self, folder, objects, image):
        self.folder, self.objects, self.image = pathlib.Path(folder), objects, image
        self.pods, self.names, self.next = {}, {}, 20
        self.environment, self.account, self.namespace = {}, None, ""
        # Addresses outside of the cluster with their names, and the authority that the image trusts.
        self.outside, self.trusted = {}, None
        self.hosts, self.export = self.folder / "hosts", self.folder / "export"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        quiet("ip", "link", "del", BRIDGE)
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "addr", "add", f"{NET}.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        self.resolve({})

    def find(self, kind, name):
        return next(o for o in self.objects if o["kind"] == kind and o["metadata"]["name"] == name)

    def resolve(self, names):
        """What the cluster's DNS answers, besides the names of pods."""
        self.names = names
        lines = ["127.0.0.1 localhost"]
        for pod in self.pods.values():
            lines.append(f"{pod.address} {pod.name} " + " ".join(pod.dns))
        lines += [f"{address} {' '.join(aliases)}" for address, aliases in [*names.items(), *self.outside.items()]]
        # Written in place: the pods have this very file mounted.
        with open(self.hosts, "w") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, name, spec, labels, dns=(), claims=None, only=None):
        self.next += 1
        pod = Pod(self, name, f"{NET}.{self.next}", spec, labels, list(dns), claims or {})
        self.pods[name] = pod
        self.resolve(self.names)
        pod.begin(only)
        return pod

    def close(self):
        for pod in list(self.pods.values()):
            pod.stop(signal.SIGKILL)
        quiet("ip", "link", "del", BRIDGE)


class Pod:
    def __init__(self, node, name, address, spec, labels, dns, claims):
        self.node, self.name, self.address, self.spec = node, name, address, spec
        self.labels, self.dns, self.claims = labels, dns, claims
        self.folder = node.folder / "pods" / name
        self.netns = f"gp-{name}"[-60:]
        self.running, self.waited = {}, {}

    # -- network and volumes ----------------------------------------------------------------------------------

    def begin(self, only=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "volumes").mkdir(parents=True)
        veth = f"gp{self.address.rsplit('.', 1)[1]}"
        quiet("ip", "netns", "del", self.netns)
        quiet("ip", "link", "del", veth)
        run("ip", "netns", "add", self.netns)
        run("ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", self.netns)
        run("ip", "link", "set", veth, "master", BRIDGE, "up")
        run("ip", "-n", self.netns, "addr", "add", f"{self.address}/24", "dev", "eth0")
        run("ip", "-n", self.netns, "link", "set", "eth0", "up")
        run("ip", "-n", self.netns, "link", "set", "lo", "up")
        self.volumes = {volume["name"]: self.volume(volume) for volume in self.spec.get("volumes", [])}
        for template, path in self.claims.items():
            self.volumes[template] = path
            self.own(path)
        for container in self.spec.get("initContainers", []):
            if container.get("restartPolicy") == "Always":
                self.launch(container)
            elif (only is None or container["name"] in only) and self.execute(container):
                raise RuntimeError(f"{self.name}: the init container {container['name']} failed:\n{self.log(container['name'])}")
        for container in self.spec["containers"]:
            if only is None or container["name"] in only:
                self.launch(container)

    def group(self):
        return self.spec.get("securityContext", {}).get("fsGroup", 0)

    def own(self, path):
        os.chown(path, 0, self.group())
        os.chmod(path, 0o2775)

    def volume(self, volume):
        path = self.folder / "volumes" / volume["name"]
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            claim = self.node.folder / "claims" / name
            if self.node.find("PersistentVolumeClaim", name)["spec"].get("volumeName"):
                # A claim on an export: all of them see the same files.
                claim = self.node.export
            claim.mkdir(parents=True, exist_ok=True)
            self.own(claim)
            return claim
        path.mkdir()
        if "emptyDir" in volume or "ephemeral" in volume:
            self.own(path)
            os.chmod(path, 0o2777)
        else:
            sources = volume.get("projected", {}).get("sources") or [volume]
            mode = (volume.get("projected") or volume.get("secret") or volume.get("configMap")).get("defaultMode", 0o644)
            for source in sources:
                self.project(path, source, mode)
        return path

    def project(self, path, source, mode):
        # A ConfigMap's files are links into a folder that is swapped; programs must cope with it.
        real = path / "..data"
        real.mkdir(exist_ok=True)
        if "configMap" in source:
            about = source["configMap"]
            files = {k: v.encode() for k, v in self.node.find("ConfigMap", about["name"]).get("data", {}).items()}
        elif "secret" in source:
            about = source["secret"]
            files = self.secret(about.get("secretName") or about["name"])
        else:
            return
        items = {item["key"]: item["path"] for item in about.get("items") or []} or {key: key for key in files}
        for key, target in items.items():
            file = real / target
            file.write_bytes(files[key])
            os.chown(file, 0, self.group())
            file.chmod(mode)
            if not (path / target).is_symlink():
                (path / target).symlink_to(f"..data/{target}")

    def secret(self, name):
        return {key: base64.b64decode(value) for key, value in self.node.find("Secret", name)["data"].items()}

    # -- containers -------------------------------------------------------------------------------------------

    def environment(self, container):
        values = {}
        fields = {
            "metadata.name": self.name,
            "metadata.namespace": self.node.namespace,
            "status.podIP": self.address,
        }
        for source in container.get("envFrom", []):
            for key, value in self.secret(source["secretRef"]["name"]).items():
                values[source.get("prefix", "") + key] = value.decode()
        for entry in container.get("env", []):
            if "value" in entry:
                text = re.sub(r"\$\(([A-Za-z0-9_]+)\)", lambda m: values.get(m[1], m[0]), entry["value"])
            elif "fieldRef" in entry["valueFrom"]:
                text = fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            else:
                about = entry["valueFrom"]["secretKeyRef"]
                text = self.secret(about["name"])[about["key"]].decode()
            values[entry["name"]] = text
        return values

    def command(self, container):
        """A shell script that makes the container's root and becomes its process."""
        name, image = container["name"], self.node.image
        base = self.folder / f"root-{name}"
        base.mkdir(exist_ok=True)
        context = {**self.spec.get("securityContext", {}), **container.get("securityContext", {})}
        user, group = context["runAsUser"], context.get("runAsGroup", context["runAsUser"])
        root = f"{base}/root"
        lines = [
            "set -e",
            f"mount -t tmpfs tmpfs {base}",
            f"mkdir {base}/up {base}/work {root}",
            f"mount -t overlay overlay -o lowerdir={image},upperdir={base}/up,workdir={base}/work {root}",
            # The user of the image, by its number in the manifest.
            f"sed -i -E '/^[^:]*:[^:]*:{user}:/d; s/^postgres:.*/postgres:x:{user}:{group}::\\/var\\/lib\\/postgresql:\\/bin\\/sh/' {root}/etc/passwd",
            f"sed -i -E 's/^postgres:.*/postgres:x:{group}:/' {root}/etc/group",
            f"rm -rf {root}/etc/pgbackrest* {root}/etc/hosts && touch {root}/etc/hosts",
            f"mount --bind {self.node.hosts} {root}/etc/hosts",
        ]
        if self.node.trusted:
            # What whoever builds the image does for an authority of their own.
            made = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", self.node.trusted], capture_output=True, text=True, check=True)
            lines.append(f"install -m 644 {self.node.trusted} {root}/etc/ssl/certs/{made.stdout.strip()}.0")
        lines.append(f"mount -t proc proc {root}/proc")
        for special in ("dev", "sys"):
            lines.append(f"mount --rbind /{special} {root}/{special}")
        mounts = sorted(container.get("volumeMounts", []), key=lambda mount: len(mount["mountPath"]))
        paths = {mount["mountPath"] for mount in mounts}
        if "/dev/shm" not in paths:
            lines.append(f"mount -t tmpfs -o size=64m tmpfs {root}/dev/shm")
        for mount in mounts:
            source = self.volumes[mount["name"]]
            if mount.get("subPath"):
                source = source / mount["subPath"]
            target = f"{root}{within(mount['mountPath'])}"
            make = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p $(dirname {target}) && touch {target}"
            lines.append(f"{make} && mount --bind {source} {target}")
        if self.spec.get("automountServiceAccountToken", True) and self.node.account:
            target = f"{root}/run/secrets/kubernetes.io/serviceaccount"
            lines.append(f"mkdir -p {target} && mount --bind {self.node.account} {target}")
        if context.get("readOnlyRootFilesystem"):
            lines.append(f"mount -o remount,ro {root}")
        environment = {
            "PATH": f"/usr/local/bin:{binaries(image)}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "HOSTNAME": self.name,
            **self.node.environment,
            **self.environment(container),
        }
        program = container.get("command", []) + [
            re.sub(r"\$\(([A-Za-z0-9_]+)\)", lambda m: environment.get(m[1], m[0]), part)
            for part in container.get("args", [])
        ]
        groups = ",".join(str(g) for g in {group, self.group() or group})
        words = ["env", "-i", *(f"{k}={v}" for k, v in environment.items())]
        words += ["setpriv", f"--reuid={user}", f"--regid={group}", f"--groups={groups}", "--inh-caps=-all", "--no-new-privs", *program]
        lines.append(f"exec chroot {root} " + " ".join(quoted(word) for word in words))
        return "\n".join(lines)

    def launch(self, container):
        log = open(self.folder / f"{container['name']}.log", "ab")
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.netns, "unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", self.command(container)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.running[container["name"]] = process
        return process

    def execute(self, container, timeout=900):
        process = self.launch(container)
        code = process.wait(timeout)
        del self.running[container["name"]]
        return code

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def finish(self, timeout=900):
        """Waits for a Job's pod; the first exit code that is not zero, or zero."""
        until = time.time() + timeout
        codes = [process.wait(max(1, until - time.time())) for process in self.running.values()]
        self.running = {}
        return next((code for code in codes if code), 0)

    def stop(self, how=signal.SIGTERM, timeout=60):
        """SIGKILL is a node that vanished: everything is gone at once, and nobody says goodbye."""
        for process in self.running.values():
            # `unshare` passes nothing on: the signal is for its child, the container's first process.
            children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
            for child in children:
                quiet("kill", f"-{int(how)}", child)
            if how == signal.SIGKILL:
                process.kill()
        for process in self.running.values():
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
        self.running = {}
        quiet("ip", "netns", "del", self.netns)
        quiet("ip", "link", "del", f"gp{self.address.rsplit('.', 1)[1]}")
        self.node.pods.pop(self.name, None)

    def inside(self, container, *program, input=None, user=None):
        """Runs a program in the pod's network, with the container's volumes and user: `kubectl exec`."""
        spec = next(c for c in self.spec["containers"] if c["name"] == container)
        again = {**spec, "name": f"{container}-exec", "command": list(program), "args": []}
        command = ["ip", "netns", "exec", self.netns, "unshare", "-m", "sh", "-c", self.command(again)]
        return subprocess.run(command, capture_output=True, text=True, input=input)


def within(path):
    """A path under another root: `/var/run` is a link to `/run`, which would lead out of it."""
    return path.replace("/var/run/", "/run/", 1)


def binaries(image):
    """Where the image has PostgreSQL's programs."""
    return next(f"/{path.relative_to(image)}" for path in pathlib.Path(image).glob("usr/lib/postgresql/*/bin"))


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"
