"""Holds a running node against docs/openapi.json, both ways.

usage: contract.py SOCKET OPENAPI SOURCE alone|network

Every operation is called and every answer validated, more strictly than clients do: a member that the
contract does not name is an error here. The other way round, the table of routes and the list of problems
in the source (net/http) say what the contract says. `alone`: a node without its network, which is neither
ready nor permits. Prints one line per thing that does not hold; status 0: all holds.
"""
import base64
import copy
import http.client
import json
import re
import socket
import sys
import time

import jsonschema

SOCKET, OPENAPI, SOURCE, MODE = sys.argv[1:5]
CONTRACT = json.load(open(OPENAPI, encoding="utf-8"))
checks = 0
wrongs = []


def check(what, holds):
    global checks
    checks += 1
    if not holds:
        wrongs.append(what)


class Connection(http.client.HTTPConnection):
    """To a path or HOST:PORT."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(SOCKET)


def ask(path, method="GET", body=None, **headers):
    connection = Connection("localhost")
    try:
        connection.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    except BrokenPipeError:
        pass  # refused by its headers, before the body was sent
    answer = connection.getresponse()
    return answer, answer.read()


# --- schemas


def strict(schema):
    """Members that are not named are errors."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    if "properties" in out and "additionalProperties" not in out and isinstance(out["properties"], dict):
        out["additionalProperties"] = False
    return out


SCHEMAS = {name: strict(schema) for name, schema in CONTRACT["components"]["schemas"].items()}
RESOLVER = jsonschema.RefResolver("", {"components": {"schemas": SCHEMAS}})
# What the contract wants of this very file is not strict: it is a whole OpenAPI document.
LOOSE = {"openapi"}


def faults(value, schema):
    validator = jsonschema.Draft202012Validator(schema, resolver=RESOLVER,
                                                format_checker=jsonschema.draft202012_format_checker)
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200]) for e in validator.iter_errors(value)]


def hold(operation, answer, body):
    """The answer is one that the operation may give."""
    responses = operation["responses"]
    status = str(answer.status)
    kind = (answer.getheader("Content-Type") or "").split(";")[0]
    where = "%s %s" % (operation["operationId"], status)
    response = responses.get(status) or (responses.get("default") if answer.status >= 400 else None)
    check("%s is not in the contract" % where, response is not None)
    if response is None or answer.status == 304:
        check("%s: 304 has no body" % where, body == b"")
        return None
    check("%s: type %s is not in the contract" % (where, kind), kind in response.get("content", {}))
    if "json" not in kind or kind not in response["content"]:
        return None
    value = json.loads(body)
    schema = response["content"][kind]["schema"]
    if operation["operationId"] not in LOOSE:
        schema = strict(schema)
    for fault in faults(value, schema)[:3]:
        check("%s: %s" % (where, fault), False)
    check(where, True)
    return value


def call(path, template=None, **headers):
    operation = CONTRACT["paths"][template or path.split("?")[0]]["get"]
    answer, body = ask(path, **headers)
    seen.add((operation["operationId"], str(answer.status)))
    return answer, hold(operation, answer, body)


seen = set()


# --- this checker can fail


def self_test():
    _, body = ask("/v1/nodes")
    good = json.loads(body)
    schema = strict(CONTRACT["paths"]["/v1/nodes"]["get"]["responses"]["200"]["content"]["application/json"]["schema"])
    check("self-test: a good document", not faults(good, schema))
    for spoil in (lambda d: d.pop("node"), lambda d: d["data"]["nodes"][0].pop("score_bp"),
                  lambda d: d["data"]["nodes"][0].update(extra=1), lambda d: d["data"]["nodes"][0].update(standing="WELL"),
                  lambda d: d["data"]["nodes"][0].update(score_bp=10001), lambda d: d.update(schema="assay.node"),
                  lambda d: d.update(generated_at=7)):
        bad = copy.deepcopy(good)
        spoil(bad)
        check("self-test: a spoiled document passes", bool(faults(bad, schema)))


# --- the source says the same


def method_of(item):
    """The operation of a path: each has one."""
    return item.get("get") or item["post"]


def source_agrees():
    routes = dict(re.findall(r'\{ "(/[^"]*)",[^{}]*?"([a-zA-Z ]*)" \}', open(SOURCE + "/answer.c", encoding="utf-8").read()))
    paths = {re.sub(r"\{[^}]*\}", "*", path.replace("{class}/{path}", "**")): method_of(item)
             for path, item in CONTRACT["paths"].items()}
    check("routes and paths differ: %s" % (set(routes) ^ set(paths)), set(routes) == set(paths) and len(routes) > 10)
    for path, names in routes.items():
        wanted = {p["name"] for p in paths.get(path, {}).get("parameters", []) if p["in"] == "query"}
        check("%s: parameters differ: %s" % (path, wanted ^ set(names.split())), wanted == set(names.split()))
    codes = set(re.findall(r'X\(HTTP_[A-Z_]+, \d+, "([a-z_]+)"', open(SOURCE + "/answer_internal.h", encoding="utf-8").read()))
    named = set(CONTRACT["components"]["schemas"]["problem"]["properties"]["code"]["enum"])
    check("codes of problems differ: %s" % (codes ^ named), codes == named)


# --- a network


def pages(path, items):
    """A list taken page by page is the list."""
    _, whole = call(path + "?limit=256" if "epochs" in path else path)
    first = whole["data"][items]
    by_epoch = "slot" not in first[0] and "epoch" in first[0]
    since = first[0]["epoch"] if by_epoch else 0
    found, rounds = [], 0
    while since is not None and rounds < 300:
        _, page = call("%s?since=%d&limit=1" % (path, since))
        check("%s: a page of 1" % path, len(page["data"][items]) == 1)
        found += page["data"][items]
        since = page["data"]["next_since"]
        rounds += 1
    key = "epoch" if by_epoch else "node_id"
    check("%s by pages is another list" % path, [x[key] for x in found][:len(first)] == [x[key] for x in first])


def not_modified(path, template=None):
    """The state moves on a few times a second: tried until it stood still for a moment."""
    answer, _ = call(path, template)
    for _ in range(20):
        answer, _ = call(path, template, If_None_Match=answer.getheader("ETag"))
        if answer.status == 304:
            break
    check("%s: never not modified" % path, answer.status == 304)


def evidence(node):
    """A network in which all is well: every other member's evidence is genuine, allowed and in date. An epoch may
    have just begun, so the first verdict is waited for."""
    for _ in range(100):
        _, found = call("/v1/nodes/%d/evidence" % node["slot"], "/v1/nodes/{id}/evidence")
        data = found["data"]
        if data["own"] or data["verdict"] is not None:
            break
        time.sleep(0.1)
    check("evidence of slot %d is of another" % node["slot"], data["slot"] == node["slot"] and data["name"] == node["name"])
    if data["own"]:
        check("a node verified its own evidence", data["verdict"] is None)
        return
    verdict = data["verdict"]
    check("evidence of slot %d is not verified" % node["slot"], verdict is not None)
    if verdict is None:
        return
    check("slot %d: not genuine: %s" % (node["slot"], verdict), verdict["genuine"] is True)
    check("slot %d: open proofs: %s" % (node["slot"], verdict["proofs"]),
          len(verdict["proofs"]) > 0 and all(p["state"] == "true" for p in verdict["proofs"]))
    check("slot %d: no certificate: %s" % (node["slot"], verdict["validity"]),
          any(w["certificate"] for w in verdict["validity"]) and any(not w["certificate"] for w in verdict["validity"]))
    check("slot %d: out of date: %s" % (node["slot"], verdict["validity"]),
          all(w["from"] <= verdict["at"] <= w["until"] for w in verdict["validity"]))
    check("slot %d: measurement: %s" % (node["slot"], verdict["measurements"]),
          ["allowed"] == [m["state"] for m in verdict["measurements"] if m["field"] == "mrenclave"])


def every_operation():
    for path in ("/", "/metrics", "/livez", "/readyz", "/openapi.json", "/v1/status", "/v1/nodes", "/v1/epochs",
                 "/v1/matrix", "/v1/timeline", "/v1/counters", "/v1/client", "/v1/policy", "/v1/collateral", "/v1/changes", "/v1/services", "/v1/permit",
                 "/v1/graph/nodes", "/v1/graph/edges"):
        answer, _ = call(path)
        check("%s: %d" % (path, answer.status), answer.status == 200)
        if answer.getheader("ETag") is not None:
            not_modified(path)
    _, nodes = call("/v1/nodes")
    for node in nodes["data"]["nodes"]:
        base32 = base64.b32encode(bytes.fromhex(node["node_id"])).decode().rstrip("=")
        for word in (node["name"], str(node["slot"]), node["node_id"], base32.lower(), base32):
            _, one = call("/v1/nodes/" + word, "/v1/nodes/{id}")
            check("%s is another node" % word, one["data"]["node_id"] == node["node_id"])
            check("%s: another id in base32" % word, one["data"]["node_id_base32"] == base32.lower())
            _, why = call("/v1/nodes/%s/explain" % word, "/v1/nodes/{id}/explain")
            check("%s: explained is another node" % word, why["data"]["node"]["node_id"] == node["node_id"])
        evidence(node)
    _, epochs = call("/v1/epochs")
    for epoch in epochs["data"]["epochs"]:
        number = epoch["epoch"]
        _, one = call("/v1/epochs/%d" % number, "/v1/epochs/{number}")
        check("epoch %d is another one" % number, one["data"] == epoch)
        _, matrix = call("/v1/matrix?epoch=%d" % number)
        check("matrix %d is another one" % number, matrix["data"]["epoch"] == number)
        check("matrix %d is square" % number,
              all(len(m["outcomes"]) == len(matrix["data"]["members"]) for m in matrix["data"]["members"]))
    # What everybody says of everybody in a quiet network.
    votes = "".join(m["outcomes"] for m in matrix["data"]["members"] if m["has_ballot"])
    check("nobody voted in epoch %d" % number, votes.count("P") >= len(matrix["data"]["members"]))
    answer, body = ask("/openapi.json")
    check("another contract is served", json.loads(body) == CONTRACT)
    _, status = call("/v1/status")
    for path in ("/openapi.json", "/metrics", "/livez", "/v1/status", "/v1/nothing", "/v1/checkpoint"):
        check("%s: no chain" % path, ask(path)[0].headers.get_all("Assay-Chain") == [status["data"]["chain_id"]])
    not_modified("/v1/nodes/0", "/v1/nodes/{id}")
    not_modified("/v1/nodes/0/explain", "/v1/nodes/{id}/explain")
    not_modified("/v1/epochs/%d" % number, "/v1/epochs/{number}")
    pages("/v1/nodes", "nodes")
    pages("/v1/epochs", "epochs")


def core_documents():
    """What the node's loop renders, in its turn: for the owner of the socket, an auditor."""
    account = "0" * 63 + "7"
    for path, template in (
            ("/v1/collateral/status", None), ("/v1/checkpoint", None), ("/v1/proofs/0", "/v1/proofs/{id}"),
            ("/v1/proofs/node-1?bare=", "/v1/proofs/{id}"), ("/v1/nodes/0/proof", "/v1/nodes/{id}/proof"),
            ("/v1/nodes/1/proof?bare=1", "/v1/nodes/{id}/proof"), ("/v1/nodes/1/proof?bare=0", "/v1/nodes/{id}/proof"), ("/v1/nodes/node-2/ear", "/v1/nodes/{id}/ear"),
            ("/.well-known/veraison/verification", None), ("/v1/boundaries?era=0&epoch=1", None),
            ("/v1/boundaries?era=0&epoch=1&voters=", None), ("/v1/anchors", None), ("/v1/accounts/" + account, "/v1/accounts/{id}"),
            ("/v1/tasks", None), ("/v1/rows/state?instance=" + "0" * 64, "/v1/rows/{group}"), ("/v1/export", None),
            ("/v1/export?since=2&until=3&votes=", None), ("/v1/items/genesis", "/v1/items/{class}"),
            ("/v1/items/changes?epoch=0&skip=0", "/v1/items/{class}"), ("/v1/changes", None), ("/v1/recover", None), ("/v1/proposals/-", "/v1/proposals/{id}"),
            ("/v1/orders", None)):
        answer, _ = call(path, template)
        check("%s: %d" % (path, answer.status), answer.status == 200)
    _, export = call("/v1/export?since=2&until=3")
    check("export: other epochs", [e["epoch"] for e in export["data"]["epochs"]] == [2, 3])
    for path, template, status, code in (
            ("/v1/proofs/nobody", "/v1/proofs/{id}", 404, "not_found"), ("/v1/tasks/x", "/v1/tasks/{id}", 400, "bad_request"),
            ("/v1/nodes/nobody/proof", "/v1/nodes/{id}/proof", 404, "not_found"), ("/v1/nodes/0/proof?bare=2", "/v1/nodes/{id}/proof", 400, "bad_request"),
            ("/v1/nodes/nobody/ear", "/v1/nodes/{id}/ear", 404, "not_found"),
            ("/v1/nodes/nobody/keys/proof", "/v1/nodes/{id}/keys/proof", 404, "not_found"),
            ("/v1/nodes/node-2/keys/proof", "/v1/nodes/{id}/keys/proof", 404, "not_found"),
            ("/v1/nodes/node-2/keys/proof?spki=0", "/v1/nodes/{id}/keys/proof", 400, "bad_request"),
            ("/v1/nodes/1/evidence/bytes", "/v1/nodes/{id}/evidence/bytes", 403, "role_required"),
            ("/v1/ca", "/v1/ca", 404, "not_found"),
            ("/v1/ca/proof", "/v1/ca/proof", 404, "not_found"),
            ("/v1/bundle", "/v1/bundle", 404, "not_found"),
            ("/.well-known/jwks.json", "/.well-known/jwks.json", 404, "not_found"),
            ("/.well-known/openid-configuration", "/.well-known/openid-configuration", 404, "not_found"),
            ("/v1/nodes/nobody/certificate?key=api", "/v1/nodes/{id}/certificate", 404, "not_found"),
            ("/v1/nodes/1/certificate?key=api", "/v1/nodes/{id}/certificate", 404, "not_found"),
            ("/v1/nodes/1/certificate", "/v1/nodes/{id}/certificate", 400, "bad_request"),
            ("/v1/nodes/node-1/token?key=api&aud=a.example", "/v1/nodes/{id}/token", 404, "not_found"),
            ("/v1/nodes/node-2/token?key=api&aud=a.example", "/v1/nodes/{id}/token", 403, "other_member"),
            ("/v1/nodes/node-1/token?key=api", "/v1/nodes/{id}/token", 400, "bad_request"),
            ("/v1/export?since=x", None, 400, "bad_request"), ("/v1/export?since=1%20votes", None, 400, "bad_request"),
            ("/v1/items/secrets", "/v1/items/{class}", 400, "bad_request")):
        answer, value = call(path, template)
        check("%s: %d, not %d" % (path, answer.status, status), answer.status == status)
        check("%s: %s" % (path, value), bool(value) and value["code"] == code)
    answer, body = ask("/v1/nodes/node-2/ear", Accept="application/eat+cwt")
    check("an attestation result in CBOR: %s" % answer.getheader("Content-Type"),
          answer.status == 200 and answer.getheader("Content-Type") == "application/eat+cwt" and body[:1] == b"\xd2")
    answer, body = ask("/v1/nodes/node-2/ear", Accept="application/eat+jwt")
    check("and in JSON", answer.status == 200 and answer.getheader("Content-Type") == "application/eat+jwt" and body[:2] == b"ey")
    answer, body = ask("/v1/nodes/node-2/keys/proof", Accept="application/json")
    check("a key proof has a document where Accept names that: %s" % answer.status,
          answer.status == 404 or json.loads(body)["data"]["key_proof"][:2] == "84")
    pages("/v1/keys", "members")
    ext_authz = "/v1/ext-authz/{class}/{path}"
    for path, template, status, why in (
            ("/v1/authorize?spki=" + "0" * 64, None, 403, "unknown_key"), ("/v1/authorize?class=normal", None, 401, "no_key"),
            ("/v1/authorize?spki=0", None, 400, None), ("/v1/ext-authz/normal/a?b=c", ext_authz, 401, "no_key"),
            ("/v1/ext-authz/other/", ext_authz, 400, None), ("/v1/ext-authz/normal:api/a", ext_authz, 401, "no_key"),
            ("/v1/ext-authz/normal:API/a", ext_authz, 400, None), ("/v1/nodes/nobody/keys", "/v1/nodes/{id}/keys", 404, None)):
        answer, _ = call(path, template)
        found = (answer.status, answer.getheader("Assay-Reason"))
        check("%s: %s, not %s" % (path, found, (status, why)), found == (status, why))
        check("%s: cached" % path, answer.getheader("Cache-Control") == "no-store")
    operation = CONTRACT["paths"]["/challenge-response/v1/newSession"]["post"]
    for path, template in (("/v1/checkpoint", None), ("/v1/proofs/0", "/v1/proofs/{id}"), ("/v1/nodes/0/proof", "/v1/nodes/{id}/proof"),
                           ("/v1/nodes/node-2/ear", "/v1/nodes/{id}/ear"), ("/v1/keys", None),
                           ("/v1/nodes/node-2/keys", "/v1/nodes/{id}/keys")):
        not_modified(path, template)
    answer, body = ask("/challenge-response/v1/newSession", "POST")
    check("new session: %d" % answer.status, answer.status == 201 and hold(operation, answer, body) is not None)
    path = "/challenge-response/v1/" + (answer.getheader("Location") or "")
    for nonce, status in (("AAECAwQFBgc", 201), ("AAECAwQFBgc", 409), ("AAEC", 400)):
        answer, body = ask("/challenge-response/v1/newSession?nonce=" + nonce, "POST")
        check("nonce %s: %d, not %d" % (nonce, answer.status, status), answer.status == status)
        hold(operation, answer, body)
        seen.add((operation["operationId"], str(answer.status)))
    answer, value = call(path, "/challenge-response/v1/session/{id}")
    check("session: %s" % value, answer.status == 200 and value["status"] == "waiting")
    operation = CONTRACT["paths"]["/challenge-response/v1/session/{id}"]["delete"]
    answer, body = ask(path, "DELETE")
    check("session deleted: %d" % answer.status, answer.status == 204 and body == b"")
    call(path, "/challenge-response/v1/session/{id}")
    answer, body = ask("/v1/submit?kind=change", "POST", b"x", Content_Type="application/octet-stream")
    check("submit without a certificate: %d" % answer.status, answer.status == 403 and json.loads(body)["code"] == "role_required")


def refusals():
    for path, template, status, code in (
            ("/v1/nodes?since=-1", None, 400, "bad_request"), ("/v1/nodes?since=x", None, 400, "bad_request"),
            ("/v1/nodes?limit=0", None, 400, "bad_request"), ("/v1/nodes?limit=99999999999999999999", None, 400, "bad_request"),
            ("/v1/nodes?colour=red", None, 400, "bad_request"), ("/v1/nodes?limit=1&limit=2", None, 400, "bad_request"),
            ("/v1/epochs?limit=257", None, 400, "bad_request"), ("/v1/matrix?epoch=one", None, 400, "bad_request"),
            ("/v1/permit?class=best", None, 400, "bad_request"), ("/v1/timeline?since=", None, 400, "bad_request"),
            ("/v1/events?since=yesterday", None, 400, "bad_request"), ("/v1/status?" + "&".join("a%d=1" % i for i in range(20)), None, 400, "bad_request"),
            ("/v1/nodes/nobody", "/v1/nodes/{id}", 404, "not_found"), ("/v1/nodes/%3Cscript%3E", "/v1/nodes/{id}", 404, "not_found"),
            ("/v1/nodes/nobody/explain", "/v1/nodes/{id}/explain", 404, "not_found"),
            ("/v1/nodes/nobody/evidence", "/v1/nodes/{id}/evidence", 404, "not_found"),
            ("/v1/epochs/99999999", "/v1/epochs/{number}", 404, "not_found"), ("/v1/epochs/x", "/v1/epochs/{number}", 400, "bad_request"),
            ("/v1/matrix?epoch=99999999", None, 404, "not_found")):
        answer, value = call(path, template)
        check("%s: %d, not %d" % (path, answer.status, status), answer.status == status)
        check("%s: %s" % (path, value), bool(value) and value["code"] == code)
    problem = {"responses": {"default": CONTRACT["paths"]["/v1/status"]["get"]["responses"]["default"]}, "operationId": "any"}
    for path, method, body, headers, status in (
            ("/nowhere", "GET", None, {}, 404), ("/v1", "GET", None, {}, 404), ("/v1/nodes/a/b", "GET", None, {}, 404),
            ("/../etc/passwd", "GET", None, {}, 404), ("/v1/status", "POST", None, {}, 405), ("/v1/status", "DELETE", None, {}, 405),
            ("/v1/status", "GET", b"{}", {}, 413), ("/v1/status", "GET", None, {"Accept": "image/png"}, 406)):
        answer, body = ask(path, method, body, **headers)
        check("%s %s: %d, not %d" % (method, path, answer.status, status), answer.status == status)
        hold(problem, answer, body)
    answer, body = ask("/v1/status", "HEAD")
    check("HEAD: %d" % answer.status, answer.status == 200 and body == b"")


def header_rules():
    answer, _ = ask("/")
    policy = answer.getheader("Content-Security-Policy") or ""
    check("policy of the page: %s" % policy, policy.startswith("default-src 'none'") and "unsafe" not in policy)
    check("frames", "frame-ancestors 'none'" in policy)
    answer, _ = ask("/v1/status")
    check("nosniff", answer.getheader("X-Content-Type-Options") == "nosniff")
    check("no origin may read", answer.getheader("Access-Control-Allow-Origin") is None)
    connection = Connection("localhost")
    for _ in range(3):  # one connection serves many questions
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        answer.read()
        check("the connection stays", answer.status == 200 and connection.sock is not None)


# --- events


def read_events(seconds, query="", **headers):
    """[(name, id, data)], and whether the stream told how long to wait before coming back."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(0.3)
    link.connect(SOCKET)
    # HTTP/1.0: what comes is the stream itself, without chunks.
    wanted = "".join("%s: %s\r\n" % (k.replace("_", "-"), v) for k, v in headers.items())
    link.sendall(("GET /v1/events%s HTTP/1.0\r\n%s\r\n" % (query, wanted)).encode())
    text, until = b"", time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            piece = link.recv(65536)
        except (socket.timeout, TimeoutError):
            continue
        if not piece:
            break
        text += piece
    link.close()
    head, _, text = text.partition(b"\r\n\r\n")
    status = head.split(b" ")[1].decode()
    seen.add(("events", status))
    check("events: %s" % status, status == "200")
    check("events: type", b"text/event-stream" in head)
    events, retry = [], False
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        retry = retry or fields.get("retry") == "3000"
        if "event" in fields and "data" in fields:
            events.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return events, retry


def stream():
    events, retry = read_events(3)
    check("events: no retry", retry)
    timeline = [e for e in events if e[0] == "timeline"]
    snapshots = [e for e in events if e[0] == "snapshot"]
    check("events: nothing happened in three seconds", len(timeline) > 0)
    check("events: %d snapshots in three seconds" % len(snapshots), 3 <= len(snapshots) <= 16)
    for name, number, data in events:
        schema = {"timeline": "event", "snapshot": "snapshot"}.get(name)
        check("events: %s" % name, schema is not None)
        for fault in faults(data, {"$ref": "#/components/schemas/%s" % schema})[:2]:
            check("events: %s: %s" % (name, fault), False)
        check("events: an id where it belongs", (number is not None) == (name == "timeline"))
    boot, seq = timeline[0][1].split("-")
    again, _ = read_events(1, Last_Event_ID="%s-%d" % (boot, int(seq) - 1))
    check("events: resumed somewhere else", [e for e in again if e[0] == "timeline"][:1] == timeline[:1])
    by_query, _ = read_events(1, "?since=%s-%d" % (boot, int(seq) - 1))
    check("events: since is not Last-Event-ID", [e for e in by_query if e[0] == "timeline"][:1] == timeline[:1])
    other, _ = read_events(1, Last_Event_ID="1-1")
    check("events: another run is not told of", other[:1] and other[0][0] == "resync")
    _, listed = call("/v1/timeline?since=%d&limit=1" % (int(seq) - 1))
    check("timeline and events differ", listed["data"]["boot"] == boot and listed["data"]["events"][0] == timeline[0][2])


# --- what must have been seen


def coverage():
    for path, item in CONTRACT["paths"].items():
        operation = method_of(item)
        if operation["operationId"] in ("submit", "task", "share", "evidence_bytes"):
            continue  # there is none in this network, or of this role
        for status in operation["responses"]:
            if status in ("503", "default") or (operation["operationId"], status) in seen:
                continue
            if status == "403" or (status == "400" and "parameters" not in operation):
                continue
            if operation["operationId"] in ("authorize", "ext_authz") and status == "200":
                continue  # this network has no keys: authorize.sh has
            if operation["operationId"] == "key_proof" and status in ("200", "304"):
                continue
            if operation["operationId"] in ("ca", "ca_proof", "bundle", "jwks", "openid", "certificate", "token") and status != "404":
                continue  # nor an authority: signers.sh has
            if operation["operationId"] in ("livez", "readyz", "permit", "timeline", "page") and status == "304":
                continue
            check("%s %s was never seen" % (operation["operationId"], status), status == "400")


def alone():
    answer, value = call("/v1/permit")
    check("alone: permit: %d" % answer.status, answer.status == 403 and value["data"]["permitted"] is False)
    answer, value = call("/readyz")
    check("alone: ready: %d" % answer.status, answer.status == 503 and value["code"] == "not_ready")
    failing = {c["name"] for c in value["data"]["checks"] if not c["ok"]}
    check("alone: fails for %s" % failing, {"quorum", "chain", "evidence"} <= failing)
    answer, _ = call("/livez")
    check("alone: alive: %d" % answer.status, answer.status == 200)
    for path in ("/v1/status", "/v1/nodes", "/v1/epochs", "/v1/timeline", "/metrics"):
        answer, _ = call(path)
        check("alone: %s: %d" % (path, answer.status), answer.status == 200)
    answer, _ = call("/v1/matrix")
    check("alone: matrix: %d" % answer.status, answer.status == 404)


if MODE == "alone":
    alone()
else:
    self_test()
    source_agrees()
    every_operation()
    core_documents()
    refusals()
    header_rules()
    stream()
    coverage()
for wrong in wrongs[:40]:
    print("FAILED:", wrong)
print("%d of %d checks hold" % (checks - len(wrongs), checks))
sys.exit(1 if wrongs or checks < 10 else 0)
