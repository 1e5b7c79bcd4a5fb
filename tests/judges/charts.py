#!/usr/bin/env python3
"""Renders every chart release of an output with Helm 3 and Helm 4, and changes every value once.

    charts.py <output> <folder of charts> [<helm> ...]

The folder holds unpacked charts by name, as `helm pull --untar` makes them; nothing is fetched. A release whose chart
is not there is named and counted, never passed over. For each release:

- `helm lint --strict` and `helm template` succeed with each Helm; where they come to other objects, which nulls among
  a chart's own defaults do, that is told: Argo CD renders with the Helm that it bundles;
- two renderings are equal: nothing in them is random;
- no object renders empty (`spec: {}` of a PodDisruptionBudget), none has both fields of a budget;
- every object of the output whose definition such a chart brings has no field that the definition does not know, all
  that it requires, and only values that it lists;
- every value that is changed changes the rendering: a value that changes nothing is dead.
"""
import copy
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

KUBE = "1.36.0"
# Helm 4 does not like the `v` with which some projects write their versions.
ACCEPTED = re.compile("is not a valid SemVerV2")
# A value that is the chart's own default is written where it must not change with the chart.
ABSENT = object()


class Loader(yaml.SafeLoader):
    """The definitions of the Prometheus operator hold a bare `=`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:value", "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def leaves(value, path=()):
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, path + (key,))
    else:
        yield path, value


def changed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        if value.isdigit():
            return str(int(value) + 1)
        if value[:-2].isdigit() and value.endswith(("Mi", "Gi")):
            return str(int(value[:-2]) + 1) + value[-2:]
        return value + "x"
    if isinstance(value, list):
        return []
    return {"changed": "yes"}


def put(values, path, value):
    values = copy.deepcopy(values)
    at = values
    for key in path[:-1]:
        at = at[key]
    if value is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return values


def objects(text):
    found = {}
    for one in yaml.load_all(text, Loader):
        if one:
            meta = one["metadata"]
            found[(one["apiVersion"], one["kind"], meta.get("namespace"), meta["name"])] = one
    return found


class Release:
    def __init__(self, folder, application, charts):
        self.folder = folder
        source = next(source for source in application["spec"]["sources"] if "helm" in source)
        self.chart = source.get("chart") or source["repoURL"].rsplit("/", 1)[1]
        self.version = source["targetRevision"]
        self.name = source["helm"]["releaseName"]
        self.namespace = application["spec"]["destination"]["namespace"]
        self.values = yaml.safe_load((folder / "values.yaml").read_text()) or {}
        places = [place for place in charts.rglob("Chart.yaml") if self.is_chart(place)]
        self.place = places[0].parent if places else None

    def is_chart(self, place):
        about = yaml.safe_load(place.read_text())
        same = str(about.get("version", "")).lstrip("v") == self.version.lstrip("v")
        return about.get("name") == self.chart and same

    def run(self, helm, values, *command):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(values, file)
            file.flush()
            arguments = [helm, *command, str(self.place), "-n", self.namespace, "-f", file.name, "--kube-version", KUBE]
            return subprocess.run(arguments, capture_output=True, text=True)

    def template(self, helm, values):
        return self.run(helm, values, "template", self.name, "--include-crds", "--skip-tests")


def definitions(found, into):
    for (_, kind, _, _), one in found.items():
        if kind == "CustomResourceDefinition":
            for version in one["spec"]["versions"]:
                key = (f"{one['spec']['group']}/{version['name']}", one["spec"]["names"]["kind"])
                into[key] = version["schema"]["openAPIV3Schema"]


def misfits(value, schema, path):
    """What a value has that its schema does not permit; a subset of OpenAPI, as far as definitions use it."""
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return
    right = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": (int, float)}.get(kind)
    if right and (not isinstance(value, right) or (kind == "integer" and isinstance(value, bool))):
        yield f"{path}: {value!r} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from misfits(item, schema.get("items", {}), f"{path}[{number}]")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for key in schema.get("required", []):
            if key not in value:
                yield f"{path}: `{key}` is missing"
        for key, below in value.items():
            if key in properties:
                yield from misfits(below, properties[key], f"{path}.{key}")
            elif isinstance(others, dict):
                yield from misfits(below, others, f"{path}.{key}")
            elif properties and not others and not schema.get("x-kubernetes-preserve-unknown-fields"):
                yield f"{path}: `{key}` is unknown"


def fit(output, schemas):
    """How many objects of the output have a definition, and what is wrong with them."""
    count, faults = 0, []
    for file in sorted(output.rglob("*.yaml")):
        if file.name in ("values.yaml", "kustomization.yaml"):
            continue
        try:
            one = yaml.load(file.read_text(), Loader)
        except yaml.YAMLError:
            continue  # several documents or templates: not one object
        if not isinstance(one, dict) or (one.get("apiVersion"), one.get("kind")) not in schemas:
            continue
        count += 1
        schema = schemas[(one["apiVersion"], one["kind"])]
        properties = {**schema.get("properties", {}), "metadata": {}}
        faults += [f"{file.relative_to(output)}: {fault}" for fault in misfits(one, {**schema, "properties": properties}, "")]
    return count, faults


def judge(release, helms, schemas):
    faults = []
    first = None
    for helm in helms:
        lint = release.run(helm, release.values, "lint", "--strict")
        complaints = [line for line in lint.stdout.splitlines() if line.startswith(("[ERROR]", "[WARNING]")) and not ACCEPTED.search(line)]
        if lint.returncode and (complaints or not ACCEPTED.search(lint.stdout)):
            faults.append(f"{helm} lint: {' '.join(complaints)[:400] or lint.stderr[:400]}")
        result = release.template(helm, release.values)
        if result.returncode:
            return faults + [f"{helm} template: {result.stderr.strip()[:400]}"], 0
        again = release.template(helm, release.values)
        if again.stdout != result.stdout:
            faults.append(f"{helm}: two renderings differ, so something in them is random")
        found = objects(result.stdout)
        first = found if first is None else first
        for key in sorted(set(first) | set(found), key=str):
            if first.get(key) != found.get(key):
                print(f"{release.folder.name}: note: {key[1]} {key[3]} of {helm} is not that of {helms[0]}")
    definitions(first, schemas)
    for (_, kind, _, name), one in first.items():
        if kind == "PodDisruptionBudget":
            set_ = [key for key in ("minAvailable", "maxUnavailable") if one["spec"].get(key) not in (None, "")]
            if len(set_) != 1:
                faults.append(f"the budget {name} has {set_ or 'neither field'}")
    mutations = 0
    base = release.template(helms[0], release.values).stdout
    for path, value in leaves(release.values):
        if not path:
            continue
        mutations += 1
        ways = [changed(value), ABSENT] + ([False] if value == "true" else [])
        if all(effectless(release, helms[0], base, put(release.values, path, way)) for way in ways):
            faults.append(f"dead value: {'.'.join(path)}")
    return faults, mutations


def effectless(release, helm, base, values):
    """A rendering that fails is an effect too."""
    result = release.template(helm, values)
    return result.returncode == 0 and result.stdout == base


def main():
    output, charts, *helms = sys.argv[1:]
    output, charts = pathlib.Path(output), pathlib.Path(charts)
    helms = helms or ["helm"]
    applications = {}
    for file in output.rglob("argocd/application-*.yaml"):
        application = yaml.safe_load(file.read_text())
        for source in application["spec"].get("sources", []):
            for value in source.get("helm", {}).get("valueFiles", []):
                applications[value.removeprefix("$values/").rsplit("/", 1)[0]] = application
    failed = missing = rendered = mutated = 0
    schemas = {}
    folders = sorted(file.parent for file in output.rglob("values.yaml"))
    for folder in folders:
        application = next((one for path, one in applications.items() if path.endswith(str(folder.relative_to(output)))), None)
        if application is None:
            print(f"{folder}: no Application reads these values")
            failed += 1
            continue
        release = Release(folder, application, charts)
        if release.place is None:
            print(f"{folder.name}: {release.chart} {release.version} is not at hand, not rendered")
            missing += 1
            continue
        faults, mutations = judge(release, helms, schemas)
        rendered += 1
        mutated += mutations
        for fault in faults:
            print(f"{folder.name}: {fault}")
        failed += bool(faults)
    fitted, faults = fit(output, schemas)
    for fault in faults:
        print(fault)
    failed += bool(faults)
    print(f"charts: {fitted} objects fit the definitions of the charts, {len(faults)} findings")
    print(f"charts: {rendered} rendered with {len(helms)} Helms, {mutated} values changed, {missing} not at hand, {failed} failed")
    if not rendered or failed:
        sys.exit(1)


main()
