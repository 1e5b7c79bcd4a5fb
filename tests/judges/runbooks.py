"""Runbooks and scripts: shellcheck on every block of commands and on every script that is no machine's own.

usage: runbooks.py <output folder>
"""

import pathlib
import re
import subprocess
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).parent))
HERE = pathlib.Path(__file__).parent
FENCE = re.compile(r"^([ \t]*)```(\w*)[^\n]*\n(.*?)^\1```[ \t]*$", re.M | re.S)


def blocks(text):
    """Line and text of each block of shell commands."""
    for found in FENCE.finditer(text):
        if found[2] in ("sh", "bash", "shell"):
            yield text.count("\n", 0, found.start()) + 2, textwrap.dedent(found[3])


def shellcheck(text):
    """What shellcheck says of a script, one finding a line, in lines of the script."""
    run = subprocess.run(
        ["shellcheck", "--shell=bash", "--format=gcc", "-"], input=text, capture_output=True, text=True, check=False
    )
    if run.returncode not in (0, 1):
        raise SystemExit(f"shellcheck itself failed: {run.stderr}")
    return [line.split(":", 2)[1:] for line in run.stdout.splitlines()]


def judge(path):
    """Findings of a file, and how many scripts it holds."""
    text = path.read_text()
    if path.suffix == ".sh":
        scripts = [(1, text)]
    else:
        scripts = list(blocks(text))
    findings = []
    for start, script in scripts:
        for line, rest in shellcheck(script):
            findings.append(f"{path}:{start + int(line) - 1}:{rest}")
        if re.search(r"@@SECRET|\{\{|\{%|None\b|\[\]", script):
            findings.append(f"{path}:{start}: a placeholder is left")
    return findings, len(scripts)


def files(folder):
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".sh" or (path.suffix == ".md" and "runbooks" in path.parts):
            yield path


def main(output):
    for bad in sorted((HERE / "bad" / "runbooks").iterdir()):
        expected = (bad / "expect").read_text().split("\n")
        found = [finding for path in files(bad) for finding in judge(path)[0]]
        for words in filter(None, expected):
            if not any(all(word in finding for word in words.split()) for finding in found):
                print(f"runbooks no longer judges: {bad.name} should give {words!r}, got {found}")
                return 1
    findings, count = [], 0
    for path in files(output):
        found, scripts = judge(path)
        findings += found
        count += scripts
    print(*findings, sep="\n")
    if not count:
        print("runbooks: there was nothing to judge")
        return 1
    print(f"runbooks: {count} scripts and blocks, {len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    raise SystemExit(main(pathlib.Path(sys.argv[1])))
