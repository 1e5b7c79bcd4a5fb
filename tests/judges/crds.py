#!/usr/bin/env python3
"""Custom resources against the types of @kubernetes-models: values by its validator, unknown fields by TypeScript.

The validator also takes every core object: it knows quantities and enums (`policyTypes: [Ingres]`) that the JSON
schemas leave open. Only the validator, for its core types are those of Kubernetes 1.27 and newer fields are right.
"""

import json, pathlib, subprocess, tempfile
from common import HERE, ROOT, group, identity, main, objects

PACKAGES = {  # API group -> npm package below @kubernetes-models
    "argoproj.io": "argo-cd",
    "external-secrets.io": "external-secrets",
    "gateway.networking.k8s.io": "gateway-api",
    "monitoring.coreos.com": "prometheus-operator",
    "bitnami.com": "sealed-secrets",
    "cert-manager.io": "cert-manager",
    "cilium.io": "cilium",
}

# Groups of which no model is published; their definitions come with a chart, and `charts` judges by those.
BY_CHARTS = {"elasticsearch.k8s.elastic.co", "kibana.k8s.elastic.co"}


def module(thing):
    package = PACKAGES.get(group(thing))
    return f"@kubernetes-models/{package}/{thing['apiVersion']}" if package else f"kubernetes-models/{thing['apiVersion']}"


def values(found):
    """[finding] of the validator, one Node process for all."""
    work = [{"where": where, "module": module(thing), "custom": group(thing) in PACKAGES, "object": thing} for where, thing in found]
    run = subprocess.run(["node", "--input-type=module", "--eval", (HERE / "crds.mjs").read_text()],
                         cwd=ROOT / "npm", input=json.dumps(work), capture_output=True, text=True)
    if run.returncode:
        return [f"crds.mjs: {run.stderr.strip()}"]
    return json.loads(run.stdout)


def fields(custom):
    """[finding] of TypeScript's excess-property check over one file with every custom object in it."""
    if not custom:
        return []
    lines = [f"export const x{number} = {json.dumps(thing)} satisfies import('{module(thing)}').I{thing['kind']};"
             for number, (_, thing) in enumerate(custom)]
    with tempfile.TemporaryDirectory(dir=ROOT / "npm") as scratch:  # inside, so that the packages resolve
        file = pathlib.Path(scratch) / "objects.mts"
        file.write_text("\n".join(lines))
        run = subprocess.run([ROOT / "bin" / "tsc", "--noEmit", "--strict", "--module", "nodenext", "--moduleResolution", "nodenext",
                              "--skipLibCheck", "--target", "es2022", file.name], cwd=scratch, capture_output=True, text=True)
    findings = []
    for line in run.stdout.splitlines():
        if line.startswith("objects.mts("):
            where, thing = custom[int(line[12:].split(",")[0]) - 1]
            findings.append(f"{where}: {thing['kind']} {identity(thing)[3]}: {line.partition(': ')[2]}")
    if run.returncode and not findings:
        findings.append(f"tsc: {run.stdout}{run.stderr}")
    return findings


def judge(output):
    found = [(where, thing) for where, thing in objects(output) if group(thing) not in BY_CHARTS]
    custom = [(where, thing) for where, thing in found if group(thing) in PACKAGES]
    groups = sorted({group(thing) for _, thing in custom})
    return (f"{len(custom)} custom objects of {len(groups)} groups ({', '.join(groups)}), values of {len(found)} objects",
            len(custom), values(found) + fields(custom))


if __name__ == "__main__":
    main(judge)
