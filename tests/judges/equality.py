#!/usr/bin/env python3
"""`kubectl kustomize` of every overlay equals the objects the compiler itself holds for that unit (the rendered layout)."""

from common import build, identity, is_object, load, kustomizations, main, parallel


def rendered_folder(overlay):
    """workloads/<unit>/overlays/<environment>  ->  environments/<environment>/workloads/<unit>"""
    kind, unit, _, environment = overlay.parts[-4:]
    return f"environments/{environment}/{kind}/{unit}"


def difference(left, right, path=""):
    """Where two objects differ first, in words."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            if key not in left or key not in right:
                return f"{path}.{key} is only in {'the build' if key in left else 'the compiler'}"
            if found := difference(left[key], right[key], f"{path}.{key}"):
                return found
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, pair in enumerate(zip(left, right)):
            if found := difference(*pair, f"{path}[{index}]"):
                return found
    elif left != right or isinstance(left, bool) != isinstance(right, bool):  # for Python, 1 == True
        return f"{path}: the build has {left!r}, the compiler {right!r}"
    return ""


def index(things, where, findings):
    known = {}
    for thing in things:
        if identity(thing) in known:
            findings.append(f"{where}: {identity(thing)} twice")
        known[identity(thing)] = thing
    return known


def judge(output, rendered):
    overlays = [folder for folder in kustomizations(output) if folder.parent.name == "overlays"]
    findings, count, seen = [], 0, set()
    for overlay, (things, complaints) in zip(overlays, parallel(build, overlays)):
        target = rendered_folder(overlay.relative_to(output))
        findings += [f"{target}: {line}" for line in complaints]
        built = index(things, target, findings)
        files = sorted((rendered / target).glob("*.yaml"))
        seen.update(files)
        documents = [document for file in files for document in load(file.read_text())]
        own = index((d for d in documents if is_object(d) and d["kind"] != "Kustomization"), target, findings)
        count += len(built)
        findings += [f"{target}: only in the build: {key}" for key in built.keys() - own.keys()]
        findings += [f"{target}: only in the compiler's objects: {key}" for key in own.keys() - built.keys()]
        for key in built.keys() & own.keys():
            if found := difference(built[key], own[key]):
                findings.append(f"{target}: {' '.join(filter(None, key[1:]))}: {found}")
    units = {"workloads", "databases"}  # what has overlays at all; the rest is written once, not patched
    for file in sorted((rendered / "environments").glob("*/*/*/*.yaml")):
        if file.parts[-3] in units and file not in seen:
            findings.append(f"{file.relative_to(rendered)}: no overlay builds it")
    return f"{len(overlays)} overlays, {count} objects", count, sorted(findings)


main(judge, arguments=2)
