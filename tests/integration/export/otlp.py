"""tests/integration/export/otlp.py - strict receiver of OTLP/HTTP with JSON.

`check_logs` and `check_metrics` hold a request to the protocol: opentelemetry-proto v1 in the JSON mapping of proto3.
Every member is known, of its type, and there when it must be; 64-bit integers are texts; enumerations are numbers;
sums have a start that is not after the point. Standard library only.
"""
import http.server
import json
import re
import ssl
import threading

DECIMAL = re.compile(r"(0|[1-9][0-9]*)\Z")
SIGNED = re.compile(r"(0|-?[1-9][0-9]*)\Z")


class Wrong(Exception):
    """A request that the protocol does not have."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def members(value, where, must=(), may=()):
    need(isinstance(value, dict), f"{where}: no object")
    for key in must:
        need(key in value, f"{where}: {key} is missing")
    for key in value:
        need(key in must or key in may, f"{where}: unknown member {key}")
        need(value[key] is not None, f"{where}.{key}: null")


def items(value, where):
    need(isinstance(value, list) and value, f"{where}: no list, or an empty one")
    return list(enumerate(value))


def text(value, where, empty=False):
    need(isinstance(value, str) and (empty or value != ""), f"{where}: expected a text, found {value!r}")
    need("\x00" not in value, f"{where}: a NUL")
    return value


def nanoseconds(value, where):
    need(isinstance(value, str) and DECIMAL.match(value), f"{where}: expected digits in a text, found {value!r}")
    need(0 < int(value) < 2**64, f"{where}: out of range")
    return int(value)


def any_value(value, where):
    members(value, where, may=("stringValue", "boolValue", "intValue"))
    need(len(value) == 1, f"{where}: expected one kind of value, found {value!r}")
    kind, content = next(iter(value.items()))
    if kind == "stringValue":
        return text(content, where, empty=True)
    if kind == "boolValue":
        need(isinstance(content, bool), f"{where}: no boolean")
        return content
    need(isinstance(content, str) and SIGNED.match(content), f"{where}: intValue is no text of digits: {content!r}")
    need(-(2**63) <= int(content) < 2**63, f"{where}: out of range")
    return int(content)


def attributes(value, where):
    found = {}
    for i, attribute in items(value, where):
        members(attribute, f"{where}[{i}]", must=("key", "value"))
        key = text(attribute["key"], f"{where}[{i}].key")
        need(key not in found, f"{where}: {key} twice")
        found[key] = any_value(attribute["value"], f"{where}.{key}")
    return found


def resource(value, where):
    members(value, where, must=("attributes",))
    found = attributes(value["attributes"], where)
    need(found.get("service.name") == "assay", f"{where}: service.name is {found.get('service.name')!r}")
    for key in ("service.instance.id", "service.version", "assay.chain.id", "assay.node.name"):
        need(found.get(key), f"{where}: {key} is missing")
    return found


def scope(value, where):
    members(value, where, must=("name",), may=("version",))
    text(value["name"], f"{where}.name")


def each_scope(body, outer, middle, inner):
    members(body, "request", must=(outer,))
    for i, of_resource in items(body[outer], outer):
        where = f"{outer}[{i}]"
        members(of_resource, where, must=("resource", middle))
        found = resource(of_resource["resource"], f"{where}.resource")
        for j, of_scope in items(of_resource[middle], f"{where}.{middle}"):
            members(of_scope, f"{where}.{middle}[{j}]", must=("scope", inner))
            scope(of_scope["scope"], f"{where}.{middle}[{j}].scope")
            for k, item in items(of_scope[inner], inner):
                yield found, item, f"{inner}[{k}]"


SEVERITIES = {17: "ERROR", 13: "WARN", 9: "INFO", 5: "DEBUG"}


def check_logs(body):
    """Returns: [(attributes, record)], in order."""
    records = []
    for _, record, where in each_scope(body, "resourceLogs", "scopeLogs", "logRecords"):
        members(record, where, must=("observedTimeUnixNano", "severityNumber", "severityText", "body", "attributes"),
                may=("timeUnixNano",))
        nanoseconds(record["observedTimeUnixNano"], f"{where}.observedTimeUnixNano")
        if "timeUnixNano" in record:
            nanoseconds(record["timeUnixNano"], f"{where}.timeUnixNano")
        number = record["severityNumber"]
        need(type(number) is int and SEVERITIES.get(number) == record["severityText"], f"{where}: severity {number!r}")
        any_value(record["body"], f"{where}.body")
        found = attributes(record["attributes"], f"{where}.attributes")
        text(found.get("log.record.uid"), f"{where}: log.record.uid")
        text(found.get("event.name"), f"{where}: event.name")
        records.append((found, record))
    return records


def check_point(point, where, is_sum):
    must = ("timeUnixNano", "asInt") + (("startTimeUnixNano",) if is_sum else ())
    members(point, where, must=must, may=("attributes",))
    at = nanoseconds(point["timeUnixNano"], f"{where}.timeUnixNano")
    need(isinstance(point["asInt"], str) and SIGNED.match(point["asInt"]), f"{where}.asInt: {point['asInt']!r}")
    start = nanoseconds(point["startTimeUnixNano"], f"{where}.startTimeUnixNano") if is_sum else None
    need(start is None or start <= at, f"{where}: it starts after its time")
    found = attributes(point["attributes"], where) if "attributes" in point else {}
    return tuple(sorted(found.items())), start, at, int(point["asInt"])


def check_metrics(body):
    """Returns: {(name, labels): (is_sum, start, at, value)}"""
    found = {}
    for _, metric, where in each_scope(body, "resourceMetrics", "scopeMetrics", "metrics"):
        members(metric, where, must=("name", "description", "unit"), may=("sum", "gauge"))
        name = text(metric["name"], f"{where}.name")
        text(metric["unit"], f"{where}.unit")
        is_sum = "sum" in metric
        need(is_sum != ("gauge" in metric), f"{where}: expected one of sum and gauge")
        data = metric["sum" if is_sum else "gauge"]
        if is_sum:
            members(data, where, must=("dataPoints", "aggregationTemporality", "isMonotonic"))
            need(data["aggregationTemporality"] == 2 and data["isMonotonic"] is True, f"{where}: no cumulative sum")
        else:
            members(data, where, must=("dataPoints",))
        for k, point in items(data["dataPoints"], f"{where}.dataPoints"):
            labels, start, at, value = check_point(point, f"{name}[{k}]", is_sum)
            need((name, labels) not in found, f"{name}{labels}: twice")
            need(not is_sum or value >= 0, f"{name}: negative")
            found[name, labels] = (is_sum, start, at, value)
    return found


class Receiver:
    """Listens; `script` has what it answers next, once each: (status, headers, body), or "close"."""

    def __init__(self, certificate=None, client_ca=None, port=0):
        self.script, self.logs, self.metrics, self.faults, self.headers = [], [], [], [], []
        self.times, self.sums = [], {}
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.handle(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".crt", certificate + ".key")
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        with self.lock:
            next_one = self.script.pop(0) if self.script else (200, {}, "{}")
            if callable(next_one):
                next_one = next_one(body)
            if next_one == "close":
                request.close_connection = True
                return
            status, headers, answer = next_one
            self.headers.append(dict(request.headers))
            self.judge(request, body, status)
        request.send_response(status)
        for key, value in headers.items():
            request.send_header(key, value)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer.encode())

    def judge(self, request, body, status):
        """Each request must be well-formed, also one that is refused; only what is accepted is kept."""
        try:
            need(request.headers["Content-Type"] == "application/json", "Content-Type")
            document = json.loads(body.decode("utf-8"))
            if request.path == "/v1/logs":
                records = check_logs(document)
                self.logs.extend(records if status == 200 else [])
            elif request.path == "/v1/metrics":
                found = check_metrics(document)
                self.metrics.extend([found] if status == 200 else [])
                self.check_sums(found if status == 200 else {})
            else:
                raise Wrong(f"path {request.path}")
        except (Wrong, ValueError) as fault:
            self.faults.append(f"{fault}: {body[:2000]!r}")

    def check_sums(self, found):
        """With the same start a sum never decreases; a new start is later than the old one."""
        for key, (is_sum, start, at, value) in found.items():
            if not is_sum:
                continue
            if key in self.sums:
                before_start, before_at, before = self.sums[key]
                need(at > before_at, f"{key}: points are not in order")
                need(start >= before_start, f"{key}: the start moves back")
                need(value >= before or start > before_at - 10**9, f"{key}: {before} before, {value} now, same start")
            self.sums[key] = (start, at, value)

    def ids(self):
        with self.lock:
            return [found["log.record.uid"] for found, _ in self.logs]
