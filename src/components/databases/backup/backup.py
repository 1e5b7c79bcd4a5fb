"""Takes the backup that is due: a full one, else a differential one, else an incremental one.

What is due is read in the repository, not in the calendar: a full backup that failed on Sunday is taken on Monday.
Arguments: the stanza, then `full=<seconds>`, `diff=<seconds>`, `incr=<seconds>`, the longest interval first, and
`slack=<seconds>`, by which a backup may be early. With `first` it only takes a backup where there is none.
"""

import json
import subprocess
import sys
import time

# A full backup serves as a differential one, and either as an incremental one.
SERVES = {"full": ("full",), "diff": ("full", "diff"), "incr": ("full", "diff", "incr")}


def pgbackrest(*arguments):
    command = ["pgbackrest", f"--stanza={stanza}", *arguments]
    print("+", *command, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def finished():
    """When each good backup ended, by its kind."""
    stanzas = json.loads(pgbackrest("info", "--output=json"))
    backups = [backup for known in stanzas if known["name"] == stanza for backup in known.get("backup", [])]
    return [(backup["type"], backup["timestamp"]["stop"]) for backup in backups if not backup.get("error")]


def due(done, intervals, slack, now):
    """The largest kind whose last backup is older than its interval, else nothing."""
    for kind, interval in intervals:
        ages = [now - stop for of, stop in done if of in SERVES[kind]]
        if not ages or min(ages) >= interval - slack:
            return kind
    return None


stanza, options = sys.argv[1], sys.argv[2:]
numbers = {name: int(value) for name, value in (option.split("=") for option in options if "=" in option)}
slack = numbers.pop("slack")
pgbackrest("stanza-create")
backups = finished()
if "first" in options and backups:
    print("there is a backup already")
    sys.exit(0)
# Proves that WAL arrives in the repository: it forces a switch and waits for the segment.
pgbackrest("check")
kind = due(backups, numbers.items(), slack, time.time())
if kind is None:
    print("no backup is due")
    sys.exit(0)
pgbackrest(f"--type={kind}", "backup")
print(pgbackrest("info"))
