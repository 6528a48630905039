"""Metrics of a running node, under promtool and a real Prometheus.

usage: metrics.py lint HOST:PORT ROOT        names, formats, the reference, the queries of dashboard and alerts
       metrics.py members HOST:PORT NAME...   a row for each of these members and for no other
       metrics.py files ROOT FILE...          the same of what programs of services wrote
       metrics.py wait PROMETHEUS EXPRESSION  until the query has a result (60 s)
       metrics.py queries PROMETHEUS ROOT PART  every query is understood, and most of those that begin with PART (dashboard,
                                              or the panels of programs: "dashboard: Programs") have a result
"""
import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse

wrongs = []
checks = 0


def check(what, holds):
    global checks
    checks += 1
    if not holds:
        wrongs.append(what)


def get(address, path, accept=None):
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request("GET", path, headers={"Accept": accept} if accept else {})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type") or "", answer.read().decode()


def families(text):
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def names_of(text):
    return set(re.findall(r"^([a-z_]+)[{ ]", re.sub(r"^#.*$", "", text, flags=re.M), re.M))


def expressions(root):
    """{where: PromQL} of the dashboard and of the alerts."""
    board = json.load(open(root + "/docs/monitoring/dashboard.json", encoding="utf-8"))
    found = {}
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            found["dashboard: %s %s" % (panel["title"], target["refId"])] = target["expr"].replace("$instance", ".*").replace("$chain", ".*")
    alerts = open(root + "/docs/monitoring/alerts.yml", encoding="utf-8").read()
    for kind, name, expr in re.findall(r"- (alert|record): (\S+)\n +expr: (.*)", alerts):
        found[kind + ": " + name] = expr
    return found


def reference(root):
    """Names of the reference: those of a daemon, and those of programs of services."""
    page = open(root + "/docs/reference/metrics.md", encoding="utf-8").read()
    own, programs = page.split("\n## 2. ")
    return tuple(set(re.findall(r"^\| `([a-z_]+)`", part, re.M)) for part in (own, programs))


def files(root, *paths):
    """What programs wrote is what the reference says, and promtool takes each."""
    names = set()
    for path in paths:
        text = open(path, encoding="utf-8").read()
        tool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        check("%s: promtool: %s%s" % (path, tool.stdout, tool.stderr),
              tool.returncode == 0 and tool.stdout + tool.stderr == "")
        check("%s: labels" % path, set(re.findall(r"[{,]([a-z]+)=", text)) <= {"listen", "program", "version", "state"})
        series = re.findall(r"^([^#\n][^ ]*) ", text, re.M)
        check("%s: a series twice" % path, len(series) == len(set(series)))
        names |= names_of(text)
    _, told = reference(root)
    if not any("signer" in path for path in paths):  # of holders of the group key: where there are none
        told = {name for name in told if not name.startswith("assay_signer_")}
    check("docs/reference/metrics.md differs: %s" % sorted(told ^ names), told == names)


# What only a node with TLS has: tls.sh asks for it.
WITH_TLS = {"assay_http_certificate_expiry_seconds"}
# What only a member that fell has, and one that is not FULL.
AFTER_FALL = {"assay_node_fall_timestamp_seconds", "assay_member_fall_timestamp_seconds",
              "assay_member_recovery_timestamp_seconds"}
MEMBER = {"member", "operator", "vendor"}


def labels_of(text):
    """{name: labels} of a page."""
    found = {name: set(MEMBER) for name in AFTER_FALL if "_member_" in name}
    for name, labels in re.findall(r"^([a-z_]+)\{([^}]*)\} ", text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def members(address, *names):
    _, _, text = get(address, "/metrics")
    for family in ("score_ratio", "integrity_ratio", "availability_ratio", "offline", "standing"):
        rows = re.findall(r'^assay_member_%s\{member="([^"]*)",operator="(\w+)",vendor="([^"]+)"' % family, text, re.M)
        check("%s: %s" % (family, rows), sorted(row[0] for row in rows) == sorted(names))
    check("left out", "\nassay_members_left_out 0\n" in text)


def lint(address, root):
    status, kind, old = get(address, "/metrics")
    check("text format: %d %s" % (status, kind), status == 200 and kind.startswith("text/plain; version=0.0.4"))
    tool = subprocess.run(["promtool", "check", "metrics"], input=old, capture_output=True, text=True)
    check("promtool: %s%s" % (tool.stdout, tool.stderr), tool.returncode == 0 and tool.stdout + tool.stderr == "")
    broken = subprocess.run(["promtool", "check", "metrics"], input=old + "assay_more{a=} 1\n", capture_output=True, text=True)
    check("promtool takes anything", broken.returncode != 0)
    status, kind, new = get(address, "/metrics", "application/openmetrics-text; version=1.0.0")
    check("OpenMetrics: %d %s" % (status, kind), status == 200 and kind.startswith("application/openmetrics-text"))
    check("OpenMetrics ends", new.endswith("# EOF\n"))
    check("no empty line", "\n\n" not in new)
    for family, type_ in families(new).items():
        check("%s: a counter without _total" % family, type_ != "counter" or re.search(r"^%s_total[{ ]" % family, new, re.M))
        check("%s: twice" % family, new.count("# TYPE %s " % family) == 1)
    check("formats differ", names_of(new) == names_of(old))
    check("labels", set(re.findall(r"[{,]([a-z]+)=", new)) == {
        "version", "standing", "state", "until", "quantile", "dir", "event", "what", "votes", "result", "code", "reason",
        "kind", "group", "phase", "chain", "outcome"} | MEMBER)
    names = names_of(new)
    told, programs = reference(root)
    mine = {n for n in names if not n.endswith("_seconds_count")}
    told, mine = told - WITH_TLS - AFTER_FALL, mine - AFTER_FALL
    check("docs/reference/metrics.md differs: %s" % sorted(told ^ mine), told == mine)
    known = labels_of(new)
    for where, expr in expressions(root).items():
        for name in re.findall(r"\b(?:assay|process)_[a-z_]+", expr):
            check("%s: no metric %s" % (where, name), name in names | programs | WITH_TLS | AFTER_FALL)
        for name, selector in re.findall(r"\b((?:assay|process)_[a-z_]+)\{([^}]*)\}", expr):
            for label in re.findall(r'(\w+)(?:=~|!~|!=|=)"', selector):
                check("%s: %s has no label %s" % (where, name, label),
                      name in programs or label in known.get(name, set()) | {"job", "instance"})
    check("queries", len(expressions(root)) > 30)
    print("metrics: %d names, %d bytes, text format %d bytes" % (len(names), len(new), len(old)))
    times = []
    for _ in range(20):
        start = time.monotonic()
        get(address, "/metrics", "application/openmetrics-text")
        times.append(time.monotonic() - start)
    print("scrape: median %.1f ms" % (sorted(times)[10] * 1000))


def query(prometheus, expr):
    status, _, body = get(prometheus, "/api/v1/query?query=" + urllib.parse.quote(expr))
    value = json.loads(body)
    return status, value.get("data", {}).get("result", []), value.get("error", "")


def wait(prometheus, expr):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            _, result, _ = query(prometheus, expr)
        except (OSError, ValueError):  # it is not there yet, or says so in words
            result = []
        if result:
            check(expr, True)
            return
        time.sleep(0.25)
    check("%s: no result in 60 s" % expr, False)


def queries(prometheus, root, part):
    empty = []
    found = expressions(root)
    for where, expr in found.items():
        status, result, error = query(prometheus, expr)
        check("%s: %d %s" % (where, status, error), status == 200)
        if where.startswith(part) and not result:
            empty.append(where)
    status, _, _ = query(prometheus, "assay_epoch +")
    check("Prometheus takes anything", status == 400)
    # What is refused and dropped may be nothing, no member may need attention, and programs of services need not run.
    idle = ("Refused", "Programs", "need attention") if part == "dashboard" else ()
    check("no result: %s" % empty, all(any(word in e for word in idle) for e in empty))


globals()[sys.argv[1]](*sys.argv[2:])
for wrong in wrongs:
    print("FAILED:", wrong)
print("%d of %d checks hold" % (checks - len(wrongs), checks))
sys.exit(1 if wrongs or checks == 0 else 0)
