"""Brings a running cluster in step with what is in git: what all members agreed on, what each is configured with,
and the restarts that some settings need. It may run again and again; where nothing differs it changes nothing.

The argument is a file with `members` (hosts of Patroni's REST API), `shared` (what all agree on), `digest` (what a
member says it is configured with once it has read its files), and `followed` (settings that a standby needs at least
as large as its leader). USER and PASSWORD are those of the REST API.
"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request

# People set these in an emergency; they are nobody else's to take back.
KEPT = ("pause", "standby_cluster")

with open(sys.argv[1], encoding="utf-8") as file:
    plan = json.load(file)
credentials = base64.b64encode(f"{os.environ['API_USER']}:{os.environ['API_PASSWORD']}".encode()).decode()


def call(host, method, path, body=None, timeout=10):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{host}{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith(("{", "[")) else text


def until(what, seconds, check):
    """Tries `check` until it returns something; what went wrong last is what is told."""
    end, last = time.monotonic() + seconds, "nothing answered"
    while time.monotonic() < end:
        try:
            found = check()
            if found:
                return found
        except (OSError, ValueError) as error:
            last = error
        time.sleep(5)
    sys.exit(f"gave up after {seconds} seconds waiting {what}: {last}")


def anybody(method, path, body=None):
    """Any member answers for all of them."""
    last = None
    for host in plan["members"]:
        try:
            return call(host, method, path, body)
        except OSError as error:
            last = error
    raise last or OSError("there are no members")


def cluster():
    members = anybody("GET", "/cluster")["members"]
    led = any(member["role"] in ("leader", "standby_leader") and member["state"] == "running" for member in members)
    return members if led else None


def host_of(member):
    """The host by which this Job knows a member, which begins with the member's name."""
    return next(host for host in plan["members"] if host.split(".")[0].split(":")[0] == member["name"])


def agree():
    """What all members agreed on; returns whether a setting that standbys follow became smaller."""
    have = anybody("GET", "/config")
    want = dict(plan["shared"]) | {key: have[key] for key in KEPT if key in have}
    if have == want:
        print("what the members agreed on is as it should be", flush=True)
        return False

    def number(config, name):
        try:
            return int(config["postgresql"]["parameters"][name])
        except (KeyError, ValueError):
            return 0

    smaller = any(number(want, name) < number(have, name) for name in plan["followed"])
    anybody("PUT", "/config", want)
    print("the members agreed on something new", flush=True)
    return smaller


def configured():
    """Every member has read its files: the kubelet brings them within a minute or two."""
    members = cluster() or []
    late = [member for member in members if member.get("tags", {}).get("configuration") != plan["digest"]]
    for member in late:
        call(host_of(member), "POST", "/reload")
    return bool(members) and not late


def restart(member, seconds=1800):
    name = member["name"]
    print(f"restarting PostgreSQL of {name} in place", flush=True)
    try:
        call(host_of(member), "POST", "/restart", {"restart_pending": True}, timeout=600)
    except urllib.error.HTTPError as error:
        # It was restarted meanwhile by somebody else, or is being so.
        if error.code != 503:
            raise

    def done():
        now = next((other for other in cluster() or [] if other["name"] == name), None)
        return now and now["state"] in ("running", "streaming") and not now.get("pending_restart")

    until(f"for {name} to be back", seconds, done)


until("for a leader", 600, cluster)
leader_first = agree()
until("for every member to read its configuration", 600, configured)
# Patroni finds out in its next round what must be restarted.
time.sleep(plan["shared"]["loop_wait"] + 2)
pending = [member for member in cluster() or [] if member.get("pending_restart")]
pending.sort(key=lambda member: (member["role"] == "leader") != leader_first)
for member in pending:
    restart(member)
print(f"{len(pending)} members were restarted in place", flush=True)
