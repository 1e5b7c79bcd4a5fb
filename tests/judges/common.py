"""What the judges in Python share: reading YAML as Go does, building kustomizations, and the verdict.

A judge is a function from folders to findings. `main` first puts it before every sample in bad/<judge>/, each of which
must be found, so that a judge that stopped judging is noticed; then before the output.
"""

import concurrent.futures, os, pathlib, re, subprocess, sys
import yaml

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(os.environ.get("GROUNDPLAN_JUDGES") or HERE.parents[1] / "build" / "judges")


class GoLoader(yaml.CSafeLoader):
    """YAML 1.1 as kubectl and Argo CD read a plain file; PyYAML differs in numbers, dates, `y` and `=`.

    (kustomize itself reads `on` as text and quotes it again; only files it does not build are at risk.)
    """


GoLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("int", "float", "timestamp", "value", "bool")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
GoLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"), list("-+0123456789"))
GoLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"), list("-+.0123456789"))
GoLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"), list("yYnNtTfFoO"))
GoLoader.bool_values = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}


def load(text):
    return [document for document in yaml.load_all(text, Loader=GoLoader) if document is not None]


def is_object(document):
    return isinstance(document, dict) and "apiVersion" in document and "kind" in document


def identity(thing):
    metadata = thing.get("metadata") or {}
    return (thing["apiVersion"], thing["kind"], metadata.get("namespace", ""), metadata.get("name", ""))


def group(thing):
    return thing["apiVersion"].rpartition("/")[0]


def kustomizations(output):
    """Every folder with a kustomization.yaml, sorted."""
    return sorted(file.parent for file in output.rglob("kustomization.yaml"))


def build(folder, minor="36"):
    """The objects of a folder as `kubectl kustomize` makes them, and everything it complained about."""
    run = subprocess.run([ROOT / "bin" / f"kubectl-1.{minor}", "kustomize", str(folder)], capture_output=True, text=True)
    complaints = [line for line in run.stderr.splitlines() if line.strip()]
    if run.returncode and not complaints:
        complaints = [f"exit status {run.returncode}"]
    return (load(run.stdout) if run.returncode == 0 else []), complaints


def parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def reached(folder):
    """The files a kustomization lists by itself: its objects and its patches."""
    kustomization = load((folder / "kustomization.yaml").read_text())[0]
    entries = kustomization.get("resources", []) + [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
    return {(folder / entry).resolve() for entry in entries}


def objects(output):
    """(where, object) of every object: built by each kustomization, and of files no kustomization reaches."""
    folders = kustomizations(output)
    found = []
    for folder, (things, complaints) in zip(folders, parallel(build, folders)):
        if complaints:
            sys.exit(f"{folder}: {complaints[0]}")  # the kustomize judge says more
        found += [(str(folder.relative_to(output)), thing) for thing in things]
    seen = {file for folder in folders for file in reached(folder)}
    for file in sorted(output.rglob("*.yaml")):
        if file.name != "kustomization.yaml" and file.resolve() not in seen:
            found += [(str(file.relative_to(output)), thing) for thing in load(file.read_text()) if is_object(thing)]
    return found


def main(judge, arguments=1):
    """`judge(*folders)` returns (what was judged as text, how many, findings)."""
    name = pathlib.Path(sys.argv[0]).stem
    if len(sys.argv) != arguments + 1:
        sys.exit(f"usage: {name}.py " + "DIR " * arguments)
    samples = sorted(folder for folder in (HERE / "bad" / name).iterdir() if folder.is_dir())
    for sample in samples:
        folders = [sample] if arguments == 1 else [sample / part for part in ("overlays", "rendered")]
        findings = judge(*folders)[2]
        for wanted in (sample / "expect").read_text().splitlines():
            if not any(wanted in finding for finding in findings):
                sys.exit(f"judge {name} no longer judges: bad/{name}/{sample.name} should give “{wanted}”, gave {findings or 'nothing'}")
    for folder in sys.argv[1:]:
        if not os.path.isdir(folder):
            sys.exit(f"{name}: there is no folder {folder}")
    text, count, findings = judge(*map(pathlib.Path, sys.argv[1:]))
    for finding in findings:
        print(f"  {finding}")
    print(f"{name}: {text}, {len(findings)} findings; {len(samples)} bad samples rejected")
    if not samples or not count:
        sys.exit(f"{name}: judged nothing, which proves nothing")
    sys.exit(bool(findings))
