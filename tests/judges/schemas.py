#!/usr/bin/env python3
"""Every object against the JSON schemas of Kubernetes 1.34 to 1.37, strict: an unknown field is a finding."""

import json, pathlib
import jsonschema_rs, kubernetes_validate
from common import group, identity, main, objects
from crds import PACKAGES

VERSIONS = ("1.34", "1.35", "1.36", "1.37")
# No package has a model of these; the charts that define them are rendered by `charts`.
UNMODELLED = {"gateway.envoyproxy.io", "metallb.io", "snapshot.storage.k8s.io"}
# Files for a machine, not for a cluster: no published schema covers them. They are counted, and not judged here.
MACHINE_GROUPS = {"kubeadm.k8s.io", "kubelet.config.k8s.io", "kubeproxy.config.k8s.io", "audit.k8s.io", "apiserver.config.k8s.io"}


class Schemas:
    def __init__(self, version):
        self.folder = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{version}.0-local-strict"
        self.definitions = json.loads((self.folder / "_definitions.json").read_text())
        self.registry = jsonschema_rs.Registry([("json-schema:///_definitions.json", self.definitions)])
        self.validators = {}

    def validator(self, thing):
        short, _, version = thing["apiVersion"].rpartition("/")
        if "." in short and not short.endswith(".k8s.io"):
            return None  # the files are named by the first word of a group, which others may use too
        name = "-".join(filter(None, (thing["kind"].lower(), short.split(".")[0], version)))
        if name not in self.validators:
            file = self.folder / f"{name}.json"
            self.validators[name] = file.exists() and jsonschema_rs.validator_for(
                {**json.loads(file.read_text()), "$schema": "http://json-schema.org/draft-07/schema#"},
                registry=self.registry, base_uri="json-schema:///x.json")
        return self.validators[name]

    def findings(self, thing):
        validator = self.validator(thing)
        if not validator:
            return ["no such apiVersion and kind"]
        return [f"{'.'.join(map(str, error.instance_path)) or 'object'}: {error.message}" for error in validator.iter_errors(thing)]


SCHEMAS = {version: Schemas(version) for version in VERSIONS}


def judge(output):
    found = objects(output)
    unmodelled = [thing for _, thing in found if group(thing) in UNMODELLED]
    machine = [thing for _, thing in found if group(thing) in MACHINE_GROUPS]
    custom = [thing for _, thing in found if group(thing) in PACKAGES]
    core = [(where, thing) for where, thing in found if group(thing) not in MACHINE_GROUPS | UNMODELLED | PACKAGES.keys()]
    versions = {}  # finding -> the versions that say so
    for version, schemas in SCHEMAS.items():
        for where, thing in core:
            for message in schemas.findings(thing):
                versions.setdefault(f"{where}: {thing['kind']} {identity(thing)[3]}: {message}", []).append(version)
    findings = [f"{finding} ({' '.join(said)})" for finding, said in versions.items()]
    return (f"{' '.join(VERSIONS)}: {len(core)} objects; {len(custom)} custom objects are left to crds, {len(machine)} files for machines and {len(unmodelled)} objects without a model to nobody",
            len(core), findings)


if __name__ == "__main__":
    main(judge)
