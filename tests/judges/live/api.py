"""A stand-in for the part of the core/v1 API that Patroni uses: pods, configmaps, services; list, watch, get, create, patch.

Writes lock on `metadata.resourceVersion` as the real one does. What the Role does not grant is answered with 403 and
remembered: the judge wants none of it. An outage can be switched on.
"""

import collections
import copy
import json
import re
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = re.compile(r"/api/v1/namespaces/([^/]+)/([a-z]+)(?:/([^/]+))?$")
KINDS = {"pods": "Pod", "configmaps": "ConfigMap", "services": "Service", "endpoints": "Endpoints"}


class Store:
    """The objects of one namespace, with their history for watches."""

    def __init__(self, rules):
        self.changed = threading.Condition(threading.RLock())
        self.objects = collections.defaultdict(dict)
        self.events = collections.defaultdict(list)
        self.version = 100
        # Each verb on a resource with the names it is limited to; nothing: not limited.
        self.allowed = {
            (verb, resource): rule.get("resourceNames", [])
            for rule in rules
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        self.used, self.denied = collections.Counter(), collections.Counter()
        self.down = False

    def put(self, resource, thing, event):
        with self.changed:
            self.version += 1
            thing["metadata"]["resourceVersion"] = str(self.version)
            thing["kind"] = KINDS[resource]
            self.objects[resource][thing["metadata"]["name"]] = thing
            self.events[resource].append((self.version, {"type": event, "object": copy.deepcopy(thing)}))
            self.changed.notify_all()

    def pod(self, name, address, labels):
        status = {"podIP": address, "phase": "Running"}
        self.put("pods", {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": status}, "ADDED")

    def labels(self, name):
        with self.changed:
            return dict(self.objects["pods"][name]["metadata"].get("labels") or {})

    def remove_pod(self, name):
        with self.changed:
            gone = self.objects["pods"].pop(name)
            self.version += 1
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.events["pods"].append((self.version, {"type": "DELETED", "object": gone}))
            self.changed.notify_all()


def selected(thing, selector):
    labels = thing["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in (part.split("=", 1) for part in selector.split(",") if part))


def merged(into, patch):
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            into[key] = merged(into[key] if isinstance(into.get(key), dict) else {}, value)
        else:
            into[key] = value
    return into


def handler(store):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def say(self, code, body):
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def refuse(self, code, reason):
            self.say(code, {"kind": "Status", "status": "Failure", "reason": reason, "code": code})

        def do(self):
            url = urllib.parse.urlparse(self.path)
            query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            found = PATH.match(url.path)
            if store.down:
                return self.refuse(503, "ServiceUnavailable")
            if not found or found[2] not in KINDS:
                return self.refuse(404, "NotFound")
            _, resource, name = found.groups()
            watching = query.get("watch", "").lower() == "true"
            verb = {
                "GET": "get" if name else "watch" if watching else "list",
                "POST": "create",
                "PATCH": "patch",
                "PUT": "update",
                "DELETE": "delete" if name else "deletecollection",
            }[self.command]
            names = store.allowed.get((verb, resource))
            if names is None or (names and name not in names):
                store.denied[(verb, resource, name)] += 1
                return self.refuse(403, "Forbidden")
            store.used[(verb, resource)] += 1
            return getattr(self, verb)(resource, name, query, body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do

        def get(self, resource, name, *_):
            with store.changed:
                thing = copy.deepcopy(store.objects[resource].get(name))
            return self.say(200, thing) if thing else self.refuse(404, "NotFound")

        def list(self, resource, _, query, __):
            selector = query.get("labelSelector", "")
            with store.changed:
                items = [copy.deepcopy(it) for it in store.objects[resource].values() if selected(it, selector)]
                version = str(store.version)
            self.say(200, {"kind": "List", "metadata": {"resourceVersion": version}, "items": items})

        def watch(self, resource, _, query, __):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            seen, selector = int(query.get("resourceVersion") or 0), query.get("labelSelector", "")
            until = time.time() + 300
            try:
                while time.time() < until and not store.down:
                    with store.changed:
                        new = [(v, e) for v, e in store.events[resource] if v > seen]
                        if not new:
                            store.changed.wait(1)
                            continue
                    seen = new[-1][0]
                    for _, event in new:
                        if selected(event["object"], selector):
                            line = json.dumps(event).encode() + b"\n"
                            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                            self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.close_connection = True

        def create(self, resource, _, __, body):
            with store.changed:
                if body["metadata"]["name"] in store.objects[resource]:
                    return self.refuse(409, "AlreadyExists")
                store.put(resource, body, "ADDED")
            return self.say(201, body)

        def patch(self, resource, name, _, body):
            with store.changed:
                old = store.objects[resource].get(name)
                if not old:
                    return self.refuse(404, "NotFound")
                wanted = body.get("metadata", {}).get("resourceVersion")
                if wanted and wanted != old["metadata"]["resourceVersion"]:
                    return self.refuse(409, "Conflict")
                thing = merged(copy.deepcopy(old), body)
                store.put(resource, thing, "MODIFIED")
            return self.say(200, thing)

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Members are killed in the middle of an answer here: that is no news."""


def serve(store, address, port, certificate, key):
    server = Server((address, port), handler(store))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
