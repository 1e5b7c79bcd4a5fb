#!/usr/bin/env python3
"""Builds every kustomization with the newest and the oldest kubectl, without one warning; every patch must change something."""

import pathlib, shutil, tempfile
import yaml
from common import build, kustomizations, load, main, parallel, reached

MINORS = ("36", "33")


def without_each_patch(folder):
    """Builds again without each patch: kustomize exits 0 when a patch matches nothing."""
    file = folder / "kustomization.yaml"
    text = file.read_text()
    kustomization = load(text)[0]
    patches = kustomization.get("patches", [])
    if not patches:
        return []
    whole, findings = build(folder)[0], []
    for number, patch in enumerate(patches):
        others = patches[:number] + patches[number + 1:]
        file.write_text(yaml.safe_dump({**kustomization, "patches": others}))
        if build(folder) == (whole, []):
            findings.append((number, patch))
    file.write_text(text)
    return findings


def judge(output):
    folders, findings, patches = kustomizations(output), [], 0
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "output"
        shutil.copytree(output, copy)
        built = {minor: parallel(lambda folder: build(folder, minor), folders) for minor in MINORS}
        idle = parallel(lambda folder: without_each_patch(copy / folder.relative_to(output)), folders)
    for number, folder in enumerate(folders):
        where = folder.relative_to(output)
        for minor in MINORS:
            findings += [f"{where}: kubectl 1.{minor}: {line}" for line in built[minor][number][1]]
        if built["36"][number][0] != built["33"][number][0]:
            findings.append(f"{where}: kubectl 1.36 and 1.33 build different objects")
        findings += [f"{where}: patch {index} changes nothing: {patch.get('path') or patch.get('patch')}" for index, patch in idle[number]]
        patches += len(load((folder / "kustomization.yaml").read_text())[0].get("patches", []))
        # A file beside a kustomization that it does not list is never applied. Chart values are read by Helm.
        for file in sorted(set(folder.glob("*.yaml")) - {folder / "kustomization.yaml"}):
            if file.resolve() not in reached(folder) and not file.name.startswith("values"):
                findings.append(f"{file.relative_to(output)}: no kustomization lists it")
    overlays = sum(folder.parent.name == "overlays" for folder in folders)
    return f"1.36 and 1.33: {len(folders)} kustomizations, {overlays} of them overlays, {patches} patches", len(folders), findings


main(judge)
