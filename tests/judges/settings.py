#!/usr/bin/env python3
"""Puts the catalogue of PostgreSQL's settings before PostgreSQL itself: every name, type, context, unit, range and word.

Of each major that the image has, PostgreSQL says what it knows, by the script that made the catalogue (collect.sh).
"""

import pathlib, re, shutil
from common import HERE, main
from databases import LIBRARIES, POSTGRES, folder, inside

COLLECT = HERE.parents[1] / "src/catalog/postgres/collect.sh"
COLUMNS = ("type", "context", "unit", "least", "most", "words")
# What a minor or a build says of itself.
ITSELF = {"server_version", "server_version_num", "ssl_library"}
# What Debian's packages add to any major.
DEBIAN = {"extension_destdir"}
# What a later minor brought than that of the catalogue, which is that of the images that are the default.
LATER = {"17": {"composite_type_mismatch", "output_plugin_libraries"}}


def told():
    """What each PostgreSQL says, by major and name."""
    found = {}
    for major, binaries in POSTGRES.items():
        with folder() as (path, there):
            shutil.copy(COLLECT, path / "collect.sh")
            code, said = inside("sh", f"{there}/collect.sh", binaries, TMPDIR=there, **LIBRARIES.get(major, {}))
        if code:
            raise SystemExit(f"settings: PostgreSQL {major} does not say what it knows:\n{said}")
        found[major] = read(said)
    return found


def read(text):
    return {cells[0]: cells[1:7] for cells in (line.split("\t") for line in text.splitlines()) if len(cells) >= 7}


TOLD = told()


def judge(catalogue):
    findings, counts = [], []
    for table in sorted(catalogue.glob("*.tsv")):
        known = TOLD.get(table.stem)
        if known is None:
            continue
        written = read(table.read_text())
        counts.append(f"{len(known)} of {table.stem}")
        new = known.keys() - written.keys() - DEBIAN - LATER.get(table.stem, set())
        findings += [f"{table.stem}: `{name}` is not in the catalogue" for name in sorted(new)]
        findings += [f"{table.stem}: PostgreSQL knows no `{name}`" for name in sorted(written.keys() - known.keys())]
        for name in sorted(known.keys() & written.keys() - ITSELF):
            findings += [
                f"{table.stem}: the {column} of `{name}` is `{theirs}`, not `{ours}`"
                for column, ours, theirs in zip(COLUMNS, written[name], known[name])
                if ours != theirs
            ]
    others = sorted(table.stem for table in catalogue.glob("*.tsv") if table.stem not in TOLD)
    return f"settings by PostgreSQL: {', '.join(counts)}; of {', '.join(others) or 'no other'} by nobody", len(counts), findings


if __name__ == "__main__":
    main(judge)
