"""tests/integration/export/export.py - `assay export --to` against a scripted daemon and strict receivers.

usage: export.py ASSAY [CASE...]

What must hold: each event arrives, in order, once in a folder and at least once elsewhere (with the same id), whatever
is killed or restarted; what the daemon lost is a record of its own; what receivers get is well-formed; each mistake on
the command line ends with status 2.
"""
import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import otlp  # noqa: E402
import syslog  # noqa: E402
from daemon import Daemon  # noqa: E402

ASSAY = os.path.abspath(sys.argv[1])
HOSTILE = ['"] evil="1" [x y="z"]', "back\\slash\\", "line\nbreak\r\x01\x1b[31m\x7f", "=cmd|' /C calc'!A0", "a,b;\"c\"",
           "\u00e4\u20ac\U0001f600", "\u0085\u009b", "]", '"', "%s%n", "", " " * 30, "x" * 380, '{"a":1}', "\ufeffmark"]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait(condition, what, seconds=150):
    """A hang is found, not a slow machine; and those that are waited for have the processor."""
    end, pause = time.monotonic() + seconds, 0.02
    while not condition():
        check(time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(0.5, pause * 1.2)


class Case:
    """A folder, a daemon, and exporters that end with it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="assay-ex.", dir="/tmp")
        self.daemon = Daemon(self.path("admin.sock"))
        self.running = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *options, env=None):
        said = open(self.path("said"), "ab")
        process = subprocess.Popen([ASSAY, "export", "--socket", self.daemon.path, *options], stdout=subprocess.PIPE,
                                   stderr=said, env={**os.environ, "LC_ALL": "C", **(env or {})})
        said.close()
        self.running.append(process)
        return process

    def said(self):
        with open(self.path("said"), errors="replace") as file:
            return file.read()

    def end(self, process, expected=0):
        process.send_signal(signal.SIGTERM)
        check(process.wait(120) == expected, f"ended with {process.returncode}: {self.said()[-800:]}")

    def run(self, *options, expected=0, env=None):
        process = self.start(*options, env=env)
        out = process.communicate(timeout=180)[0]
        check(process.returncode == expected,
              f"{' '.join(options)}: expected {expected}, found {process.returncode}: {self.said()[-800:]}")
        return out.decode()

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.daemon.stop()
        shutil.rmtree(self.folder)


def arrives(text):
    """As the client of the admin socket hands it on: without what a terminal obeys (apps/client.c)."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: "??" if found.group() in "\b\f\r" else "?", text)


def files(folder, what="events", ending="jsonl"):
    pattern = re.compile(rf"{what}-[0-9]{{8}}\.{ending}\Z")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if pattern.match(name))


def lines(folder):
    found = []
    for path in files(folder):
        with open(path, encoding="utf-8") as file:
            content = file.read()
        check(content == "" or content.endswith("\n"), f"{path} ends inside of a line")
        found += [json.loads(line) for line in content.splitlines()]
    return found


def expected_ids(events):
    return [f"{'c0' * 8}-{'1d' * 8}-{e['seq']}-{e['at_unix_ms']}" for e in events]


def same(found, expected, what):
    check(found == expected, f"{what}: {len(found)} of {len(expected)}; missing {[i for i in expected if i not in found][:5]}, "
          f"added {[i for i in found if i not in expected][:5]}, twice {sorted({i for i in found if found.count(i) > 1})[:5]}")


# ------------------------------------------------------------ folders


def a_folder_has_each_event_once_whenever_it_is_killed(case):
    dice, folder, happened = random.Random(int(os.environ.get("ASSAY_SEED", "7"))), case.path("out"), []
    going = threading.Event()

    def feed():
        while not going.is_set():
            for _ in range(dice.randrange(1, 20)):
                happened.append(case.daemon.happen(text="padding " * 20))
            time.sleep(0.02)

    feeder = threading.Thread(target=feed)
    feeder.start()
    for turn in range(25):
        process = case.start("--what", "events", "--follow", "--to", folder, "--rotate-bytes", "20000", "--keep", "0")
        time.sleep(dice.uniform(0.0, 0.9))
        process.kill()
        process.wait()
        if turn % 5 == 4:
            case.daemon.restart()
    going.set()
    feeder.join()
    process = case.start("--what", "events", "--follow", "--to", folder, "--rotate-bytes", "20000", "--keep", "0")
    wait(lambda: len(lines_safely(folder)) >= len(happened), "all events", 300)
    case.end(process)
    check(len(files(folder)) > 3, "it rotates")
    check(max(os.path.getsize(path) for path in files(folder)) <= 21000, "files are bounded")
    found = lines(folder)
    same([line["id"] for line in found], expected_ids(happened), "ids")
    check([line["seq"] for line in found] == sorted(line["seq"] for line in found), "ascending")


def lines_safely(folder):
    try:
        return lines(folder)
    except (AssertionError, ValueError, OSError):
        return []  # in the middle of a line


def old_files_go_and_new_ones_are_bounded(case):
    folder = case.path("out")
    for _ in range(400):
        case.daemon.happen()
    case.run("--what", "events", "--to", folder, "--rotate-bytes", "8000", "--keep", "3")
    check(len(files(folder)) == 3, f"three files stay: {files(folder)}")
    newest = lines(folder)
    check(newest[-1]["seq"] == 400 and newest[0]["seq"] > 300, "the newest ones")
    case.daemon.happen()
    case.run("--what", "events", "--to", folder, "--rotate-bytes", "8000", "--keep", "3")
    check(lines(folder)[-1]["seq"] == 401, "it goes on where it was")
    # An operator takes the file away: the next one is begun, and nothing comes again.
    os.unlink(files(folder)[-1])
    case.daemon.happen()
    case.run("--what", "events", "--to", folder, "--keep", "3")
    with open(files(folder)[-1]) as file:
        check([json.loads(line)["seq"] for line in file] == [402], "one event in a new file")


def what_the_daemon_lost_is_a_record(case):
    folder = case.path("out")
    first = [case.daemon.happen() for _ in range(120)]
    case.run("--what", "events", "--to", folder)
    [case.daemon.happen() for _ in range(200)]
    case.daemon.evict(270)
    left = list(case.daemon.events)
    case.run("--what", "events", "--to", folder)
    found = lines(folder)
    gaps = [line for line in found if line["kind"] == "gap"]
    check(len(gaps) == 1 and (gaps[0]["a"], gaps[0]["b"]) == (120, 270), f"one gap, from 120 to 270: {gaps}")
    check(gaps[0]["severity"] == "warning" and gaps[0]["event"] == "history_gap", "it warns")
    check(found.index(gaps[0]) == 120, "between the events")
    same([line["id"] for line in found if line["kind"] == "event"], expected_ids(first + left), "events")
    case.run("--what", "events", "--to", folder)
    check(lines(folder) == found, "it is recorded once")


def numbers_that_begin_anew_lose_nothing(case):
    folder = case.path("out")
    old = [case.daemon.happen() for _ in range(130)]
    process = case.start("--what", "events", "--follow", "--to", folder)
    wait(lambda: len(lines_safely(folder)) == 130, "the first events")
    case.daemon.lose_timeline()
    new = [case.daemon.happen(code="resumed") for _ in range(160)]  # more than before, at once: last_seq is higher
    wait(lambda: len(lines_safely(folder)) >= 291, lambda: f"{len(lines_safely(folder))} lines {case.said()}")
    case.end(process)
    found = lines(folder)
    same([line["id"] for line in found if line["kind"] == "event"], expected_ids(old + new), "events")
    check([line["kind"] for line in found].index("gap") == 130, "the restart is recorded between them")
    check(sum(line["kind"] == "gap" for line in found) == 1, "once")
    case.daemon.lose_timeline()
    newest = [case.daemon.happen() for _ in range(3)]
    case.run("--what", "events", "--to", folder)
    same([line["id"] for line in lines(folder) if line["kind"] == "event"], expected_ids(old + new + newest), "again")


def a_restart_of_the_daemon_repeats_nothing(case):
    folder = case.path("out")
    events = [case.daemon.happen() for _ in range(120)]
    process = case.start("--what", "events", "--follow", "--to", folder)
    wait(lambda: len(lines_safely(folder)) == 120, "the first events")
    case.daemon.stop()
    time.sleep(1.5)
    case.daemon.restart()
    events.append(case.daemon.repeat(119))  # the newest one that was exported has another number now
    events.append(case.daemon.repeat(3))
    events.append(case.daemon.happen())
    case.daemon.listen()
    wait(lambda: len(lines_safely(folder)) >= 123, lambda: f"{len(lines_safely(folder))} lines {case.said()}")
    case.end(process)
    same([line["id"] for line in lines(folder)], expected_ids(events), "ids")
    check(lines(folder)[120]["count"] == 2 and lines(folder)[120]["first_seq"] == 120, "a repeat names its first")
    check("trying again" in case.said() and "works again" in case.said(), f"reported: {case.said()}")


def another_daemon_behind_the_socket_ends_it(case):
    """No poll fails in between: a fail-over of a context, or a daemon that was replaced."""
    for number, (what, change) in enumerate([("events", {"node_id": "2e" * 32, "node": "beta"}),
                                             ("events", {"chain": "c1" * 32}), ("scores", {"chain": "c2" * 32})]):
        folder = case.path(f"out{number}")
        case.daemon.happen()
        case.daemon.close_epoch()
        process = case.start("--what", what, "--follow", "--to", folder)
        wait(lambda: any(os.path.getsize(path) for path in files(folder, what)) if os.path.isdir(folder) else False, "records")
        case.daemon.restart()
        with case.daemon.lock:
            vars(case.daemon).update(change)
        case.daemon.happen()
        case.daemon.close_epoch()
        check(process.wait(100) == 2, f"it ends: {case.said()}")
        check("use a folder for each" in case.said(), case.said())
        text = "".join(open(path).read() for path in files(folder, what))
        count = len(text.splitlines())
        check(count == (number + 1 if what == "events" else 3 * (number + 1)) and "gap" not in text, f"{count} records: {text}")
        vars(case.daemon).update(node_id="1d" * 32, node="alpha", chain="c0" * 32)
        case.daemon.events.pop()
        case.daemon.last_seq -= 1
        case.daemon.epochs.pop()


def scores_and_orders_are_rows(case):
    folder = case.path("out")
    for i in range(11):
        case.daemon.close_epoch(orders="SUSPEND RESTART" if i == 4 else "")
    case.run("--what", "scores", "--to", folder, "--format", "csv")
    case.daemon.close_epoch()
    case.daemon.epochs.append({**case.daemon.epochs[-1], "epoch": 30})  # what is between is not there
    case.run("--what", "scores", "--to", folder, "--format", "csv")
    rows = []
    for path in files(folder, "scores", "csv"):
        with open(path, newline="") as file:
            rows += list(csv.DictReader(file))
    scores = [row for row in rows if row["kind"] == "score"]
    check(len(scores) == 13 * 3 and len({row["id"] for row in scores}) == 39, f"{len(scores)} rows of 39")
    check(scores[0]["epoch"] == "5" and scores[0]["score_bp"] == "9000" and scores[0]["certified"] == "true", "values")
    gaps = [row for row in rows if row["kind"] == "gap"]
    check(len(gaps) == 1 and "after 16 and up to 29" in gaps[0]["text"], f"the hole: {gaps}")
    out = case.run("--what", "orders", "--format", "jsonl")
    orders = [json.loads(line) for line in out.splitlines() if '"kind":"order"' in line.replace(" ", "")]
    check(len(orders) == 1 and orders[0]["orders"] == "SUSPEND RESTART" and orders[0]["slot"] == 1, f"{orders}")
    plain = case.run("--format", "csv").splitlines()
    check(plain[0].startswith("chain_id,epoch,era,certified,kept,slot,name") and plain[0].endswith("platform_bp"),
          f"columns of earlier releases: {plain[0]}")


def hostile_texts_stay_inside(case):
    for text in HOSTILE:
        case.daemon.happen(text=text, name=text[:40] or "n")
    case.run("--what", "events", "--to", case.path("out"))
    check([line["text"] for line in lines(case.path("out"))] == [arrives(t) for t in HOSTILE], "JSON has them")
    out = case.run("--what", "events", "--format", "csv")
    rows = list(csv.DictReader(out.splitlines(keepends=True)))
    check(all(row["kind"] == "event" and row["b"] == "2" for row in rows), "CSV has one row each")
    check(not any(row["text"].startswith(("=", "+", "@")) for row in rows), "no cell is a formula")


# ------------------------------------------------------------ OpenTelemetry


def no_faults(receiver):
    check(not receiver.faults, f"{len(receiver.faults)} requests are not of the protocol: {receiver.faults[:2]}")


def logs_arrive_in_order_with_attributes(case):
    receiver = otlp.Receiver()
    for i, text in enumerate(HOSTILE):
        case.daemon.happen(text=text, severity=["error", "warning", "info", "debug"][i % 4])
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}/")
    no_faults(receiver)
    same(receiver.ids(), expected_ids(case.daemon.events), "ids")
    times = [int(record["timeUnixNano"]) for _, record in receiver.logs]
    check(times == [e["at_unix_ms"] * 10**6 for e in case.daemon.events] and times == sorted(times), "times")
    check([record["severityNumber"] for _, record in receiver.logs[:4]] == [17, 13, 9, 5], "severities")
    attributes = receiver.logs[0][0]
    check(attributes["assay.seq"] == 1 and attributes["assay.name"] == "node-1", f"{attributes}")
    for what in ("scores", "orders"):
        case.daemon.close_epoch(orders="RESTART")
        case.run("--what", what, "--to", f"otlp:{receiver.url()}")
    no_faults(receiver)
    check(receiver.logs[-1][0]["assay.orders"] == "RESTART" and "timeUnixNano" not in receiver.logs[-1][1], "an order")
    receiver.stop()


def retries_lose_and_repeat_nothing(case):
    receiver, state = otlp.Receiver(), case.path("state")
    busy = [(503, {}, ""), "close", (429, {"Retry-After": "2"}, ""), (502, {}, "no"), (504, {}, "")]
    receiver.script = list(busy)
    events = [case.daemon.happen() for _ in range(600)]
    begun = time.monotonic()
    options = ("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--state", state, "--metrics-every", "0")
    process = case.start(*options)
    wait(lambda: len(receiver.ids()) >= 600, lambda: f"{len(receiver.ids())} of 600: {case.said()}")
    check(time.monotonic() - begun >= 5, "it backs off, and waits for Retry-After")
    same(receiver.ids(), expected_ids(events), "after 503, 429, 502, 504 and a connection that broke off")
    # The receiver is dead, the exporter is killed, the daemon restarts.
    port = receiver.port
    receiver.stop()
    events += [case.daemon.happen() for _ in range(90)]
    time.sleep(2)
    process.kill()
    process.wait()
    case.daemon.restart()
    again = otlp.Receiver(port=port)
    process = case.start(*options)
    events += [case.daemon.happen() for _ in range(20)]
    wait(lambda: len(again.ids()) >= 110, lambda: f"{len(again.ids())} of 110: {case.said()}")
    case.end(process)
    same(receiver.ids() + again.ids(), expected_ids(events), "after the restarts")
    no_faults(receiver)
    no_faults(again)
    check(case.said().count("trying again") <= 4, f"a failure is reported once: {case.said()}")
    again.stop()


def a_record_at_fault_alone_is_dropped(case):
    receiver = otlp.Receiver()
    for i in range(300):
        case.daemon.happen(text="poison" if i == 123 else "good")

    def judge(body):
        return (400, {}, "bad") if b'"poison"' in body else (200, {}, "{}")

    receiver.script = [judge] * 200
    process = case.start("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--metrics-every", "0")
    wait(lambda: len(receiver.ids()) >= 299, lambda: f"{len(receiver.ids())} of 299: {case.said()}")
    case.end(process)
    same(receiver.ids(), expected_ids(e for e in case.daemon.events if e["text"] == "good"), "all others")
    check(expected_ids([case.daemon.events[123]])[0] in case.said(), f"it is named: {case.said()}")
    receiver.stop()


def a_batch_that_is_too_large_is_halved_at_once(case):
    receiver = otlp.Receiver()
    events = [case.daemon.happen(text="x" * 300) for _ in range(400)]
    receiver.script = [lambda body: (413, {}, "") if len(body) > 60000 else (200, {}, "{}")] * 200
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}", "--metrics-every", "0")
    same(receiver.ids(), expected_ids(events), "ids")
    receiver.stop()


def a_receiver_without_metrics_delays_no_records(case):
    receiver = otlp.Receiver()
    receiver.script = [lambda body: (404, {}, "") if b"resourceMetrics" in body else (200, {}, "{}")] * 200
    process = case.start("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--metrics-every", "1")
    case.daemon.happen()
    wait(lambda: len(receiver.ids()) == 1, "an event")
    wait(lambda: "status 404 for metrics" in case.said(), lambda: case.said())
    case.daemon.happen()
    wait(lambda: len(receiver.ids()) == 2, "an event, though metrics wait for a minute", 50)
    process.kill()
    receiver.stop()


def a_page_of_a_web_server_is_no_delivery(case):
    receiver = otlp.Receiver()
    events = [case.daemon.happen() for _ in range(3)]
    receiver.script = [(200, {}, "<html>login</html>")]
    to = ("--what", "events", "--to", f"otlp:{receiver.url()}/SECRET", "--state", case.path("state"), "--metrics-every", "0")
    case.run(*to, expected=3)
    check("no answer of OTLP" in case.said(), case.said())
    receiver.script = [(503, {}, "")]
    case.run(*to, expected=3)
    check(not os.path.exists(case.path("state/cursor-events.json")), "nothing was delivered")
    receiver.stop()
    case.run(*to, expected=3)  # nobody answers
    for to in ("otlp:https://user:SECRET@host", "otlp:https://host?key=SECRET"):
        case.run("--what", "events", "--to", to, expected=2)
    case.run("--what", "events", "--to", "otlp:https://host/SECRET", "--format", "csv", expected=2)
    check("SECRET" not in case.said() and len(events) == 3, f"a token in a path is not printed: {case.said()}")


def partial_success_and_wrong_tokens_are_reported(case):
    receiver = otlp.Receiver()
    receiver.script = [(200, {}, '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too\\nold"}}')]
    [case.daemon.happen() for _ in range(5)]
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}", "--metrics-every", "0")
    check("2 of 5 records rejected: too?old" in case.said(), case.said())
    receiver.script = [(401, {}, "")] * 100
    tokens = case.path("tokens")
    with open(os.open(tokens, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write("Authorization: Bearer secret\nX-Tenant: one\n")
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}", "--headers", tokens, expected=3)
    check("status 401" in case.said() and "secret" not in case.said(), case.said())
    check(receiver.headers[-1]["Authorization"] == "Bearer secret" and receiver.headers[-1]["X-Tenant"] == "one", "sent")
    receiver.script = []
    before = len(receiver.ids())
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}", "--headers", tokens)
    check(len(receiver.ids()) == before + 5, "a wrong token has lost nothing")
    os.chmod(tokens, 0o644)
    case.run("--what", "events", "--to", f"otlp:{receiver.url()}", "--headers", tokens, expected=2)
    receiver.stop()


def metrics_are_sums_with_a_start(case):
    receiver = otlp.Receiver()
    process = case.start("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--metrics-every", "1")
    wait(lambda: len(receiver.metrics) >= 3, "three sets of metrics")
    case.daemon.counters["bad_frame"] = 9
    time.sleep(1.2)
    case.daemon.restart()  # its counters begin at 0
    count = len(receiver.metrics)
    wait(lambda: len(receiver.metrics) >= count + 3, "metrics after the restart")
    case.end(process)
    no_faults(receiver)
    bad = ("assay.peer.events", (("assay.counter", "bad_frame"),))
    series = [found[bad] for found in receiver.metrics]
    check([value for _, _, _, value in series][0] == 3 and series[-1][3] == 0, f"values {series}")
    check(len({start for _, start, _, _ in series}) == 2, f"one start for each run of the daemon: {series}")
    check(receiver.metrics[0]["assay.node.score", (("assay.member.name", "node-2"),)][3] == 9000, "scores")
    check(receiver.metrics[0]["assay.height", ()][3] == 42, "a figure of status")
    receiver.stop()


def make_certificates(case):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=case.folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{ca}.key",
                "-out", f"{ca}.crt", "-days", "2", "-subj", f"/CN={ca}")
    for name in ("server", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.crt", "-days", "2", "-copy_extensions", "copy")


def https_verifies_both_ends(case):
    make_certificates(case)
    receiver = otlp.Receiver(certificate=case.path("server"), client_ca=case.path("ca.crt"))
    [case.daemon.happen() for _ in range(5)]
    to = ("--what", "events", "--to", f"otlp:{receiver.url()}", "--metrics-every", "0")
    client = ("--certificate", case.path("client.crt"), "--key", case.path("client.key"))
    case.run(*to, "--ca", case.path("other.crt"), *client, expected=3)
    case.run(*to, "--ca", case.path("ca.crt"), expected=3)
    check(receiver.ids() == [], "nothing goes to a receiver that is not trusted, or that trusts us not")
    case.run(*to, "--ca", case.path("ca.crt"), *client)
    same(receiver.ids(), expected_ids(case.daemon.events), "ids")
    receiver.stop()


# ------------------------------------------------------------ syslog


def syslog_has_each_event(case, kind):
    receiver = syslog.Receiver(kind, case.path("log") if kind == "unix" else 0)
    severities = ["error", "warning", "info", "debug"]
    for i, text in enumerate(HOSTILE):
        case.daemon.happen(text=text, name=text[:40], severity=severities[i % 4])
    [case.daemon.happen() for _ in range(300)]
    case.run("--what", "events", "--to", receiver.target)
    wait(lambda: len(receiver.ids()) >= len(case.daemon.events), lambda: f"{len(receiver.ids())}: {receiver.faults[:2]}")
    check(not receiver.faults, f"no message of RFC 5424: {receiver.faults[:2]}")
    same(receiver.ids(), expected_ids(case.daemon.events), "ids")
    message = receiver.messages[0]
    check((message["facility"], message["severity"], message["msgid"]) == (3, 3, "standing_changed"), f"{message}")
    check(message["fields"]["seq"] == "1" and message["fields"]["name"] == HOSTILE[0], f"{message}")
    check(message["text"] == HOSTILE[0] and message["element"] == "assay@32473", f"{message}")
    check([m["severity"] for m in receiver.messages[:4]] == [3, 4, 6, 7], "severities")
    check([m["text"] for m in receiver.messages[:len(HOSTILE)]] ==
          [arrives(t).replace("\n", "?") for t in HOSTILE], f"{[m['text'] for m in receiver.messages[:3]]}")
    receiver.stop()


def syslog_over_a_unix_socket(case):
    syslog_has_each_event(case, "unix")


def syslog_over_udp(case):
    syslog_has_each_event(case, "udp")


def syslog_over_tcp(case):
    syslog_has_each_event(case, "tcp")


def a_syslog_server_that_restarts_loses_nothing(case):
    receiver, state = syslog.Receiver("tcp"), case.path("state")
    port, target = receiver.port, receiver.target
    process = case.start("--what", "events", "--follow", "--to", target, "--state", state)
    [case.daemon.happen() for _ in range(50)]
    wait(lambda: len(receiver.ids()) >= 50, "the first events")
    receiver.stop()
    [case.daemon.happen() for _ in range(40)]
    time.sleep(2)
    again = syslog.Receiver("tcp", port)
    [case.daemon.happen() for _ in range(10)]
    wait(lambda: len(set(receiver.ids() + again.ids())) >= 100, lambda: f"{len(again.ids())}: {case.said()}")
    case.end(process)
    check(set(receiver.ids() + again.ids()) == set(expected_ids(case.daemon.events)), "each at least once")
    check(not again.faults and again.ids() == sorted(again.ids(), key=lambda i: int(i.split("-")[2])), "in order")
    again.stop()


def a_slow_syslog_server_gets_each_event_once(case):
    """It needs longer for a batch than the exporter waits without progress."""
    receiver = syslog.Receiver("tcp", pace_s=0.4)
    events = [case.daemon.happen(text="x" * 380) for _ in range(450)]
    process = case.start("--what", "events", "--to", receiver.target)
    wait(lambda: len(receiver.ids()) >= len(events), lambda: f"{len(receiver.ids())}: {case.said()}", 150)
    check(process.wait(100) == 0, case.said())
    same(receiver.ids(), expected_ids(events), "ids")
    receiver.stop()


def a_syslog_server_that_talks_hangs_nothing(case):
    receiver = syslog.Receiver("tcp", floods=True)
    events = [case.daemon.happen() for _ in range(300)]
    process = case.start("--what", "events", "--follow", "--to", receiver.target)
    wait(lambda: len(set(receiver.ids())) >= len(events), lambda: f"{len(receiver.ids())}: {case.said()}")
    events.append(case.daemon.happen())
    wait(lambda: len(set(receiver.ids())) >= len(events), lambda: f"{len(receiver.ids())}: {case.said()}")
    begun = time.monotonic()
    case.end(process)
    check(time.monotonic() - begun < 40, "it ends soon")
    receiver.stop()


def a_syslog_server_that_reads_nothing_lets_it_end(case):
    deaf = socket.create_server(("127.0.0.1", 0))
    for _ in range(3000):
        case.daemon.happen(text="x" * 380)
    process = case.start("--what", "events", "--follow", "--to", f"syslog:tcp://127.0.0.1:{deaf.getsockname()[1]}")
    time.sleep(2)
    begun = time.monotonic()
    case.end(process)
    check(time.monotonic() - begun < 60, "it ends soon")
    check("were not delivered" in case.said(), case.said())
    deaf.close()


# ------------------------------------------------------------ ends and mistakes


def a_signal_flushes(case):
    receiver = otlp.Receiver()
    process = case.start("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--state", case.path("state"))
    case.daemon.happen()
    wait(lambda: len(receiver.ids()) == 1, lambda: case.said())
    for _ in range(300):
        case.daemon.happen()
    case.end(process)
    same(receiver.ids(), expected_ids(case.daemon.events), "what happened before the signal")
    with open(case.path("state/cursor-events.json")) as file:
        check(json.load(file)["seq"] == 301, "the position is saved")
    receiver.stop()
    # Neither daemon nor receiver answers: it ends all the same, and soon.
    process = case.start("--what", "events", "--follow", "--to", f"otlp:{receiver.url()}", "--state", case.path("state"))
    case.daemon.happen()
    wait(lambda: "trying again" in case.said(), lambda: case.said())
    begun = time.monotonic()
    case.end(process)
    check(time.monotonic() - begun < 40, "soon")
    check("1 records were not delivered" in case.said(), case.said())


def a_queue_that_is_full_leaves_events_at_the_daemon(case):
    folder, receiver = case.path("state"), otlp.Receiver()
    port = receiver.port
    receiver.stop()
    [case.daemon.happen() for _ in range(400)]
    process = case.start("--what", "events", "--follow", "--to", f"otlp:http://127.0.0.1:{port}", "--state", folder,
                         "--queue", "60", "--metrics-every", "0")
    wait(lambda: "trying again" in case.said(), lambda: case.said())
    time.sleep(2)
    with case.daemon.lock:
        read = [r for r in case.daemon.requests if r.startswith("timeline since=")]
    check(len(read) <= 4, f"it reads no further than its queue: {read}")
    receiver = otlp.Receiver(port=port)
    wait(lambda: len(receiver.ids()) >= 400, lambda: f"{len(receiver.ids())} {case.said()}")
    case.end(process)
    same(receiver.ids(), expected_ids(case.daemon.events), "ids")
    receiver.stop()


def stdout_that_is_full_is_an_error(case):
    case.daemon.happen()
    with open("/dev/full", "w") as full:
        process = subprocess.run([ASSAY, "export", "--socket", case.daemon.path, "--what", "events"], stdout=full,
                                 stderr=subprocess.PIPE)
    check(process.returncode == 1 and b"No space left" in process.stderr, f"{process}")


def one_folder_is_of_one_exporter_and_one_node(case):
    folder = case.path("out")
    case.daemon.happen()
    process = case.start("--what", "events", "--follow", "--to", folder)
    wait(lambda: len(lines_safely(folder)) == 1, "an event")
    case.run("--what", "events", "--to", folder, expected=6)
    check("another export" in case.said(), case.said())
    case.end(process)
    case.daemon.node_id = "2e" * 32
    case.run("--what", "events", "--to", folder, expected=2)
    check("use a folder for each" in case.said(), case.said())
    check(len(lines(folder)) == 1, "nothing was written")
    with open(os.path.join(folder, "cursor-events.json"), "w") as file:
        file.write('{"schema":"assay.export.cursor","version":1}')
    case.run("--what", "events", "--to", folder, expected=2)
    check("is no cursor of events" in case.said(), case.said())


def mistakes_end_with_2(case):
    for to in ("otlp:", "otlp:ftp://x", "otlp:http://otel.example.org", "otlp:https://", "otlp:https:///v1",
               "otlp:https://user@host", "otlp:https://host?x=1", "otlp:http://127.0.0.1x", "syslog:", "syslog:log",
               "syslog:udp://host", "syslog:udp://host:0", "syslog:tcp://:514", "syslog:tcp://host:99999",
               "syslog:tls://host:1", "syslog:/" + "x" * 120, "syslog://127.0.0.1:1", "file:/tmp/x", "", "/proc/nowhere/out"):
        case.run("--what", "events", "--to", to, expected=2)
    case.run("--what", "events", "--to", "syslog://127.0.0.1:1", expected=2)
    check("expected syslog:tcp://HOST:PORT" in case.said(), case.said())
    for more in (["--follow"], ["--to", "otlp:https://host", "--format", "csv"], ["--to", case.path("o"), "--state", "s"],
                 ["--what", "events", "--votes", "--format", "csv"], ["--to", case.path("o"), "--ca", "x"],
                 ["--to", "otlp:https://host", "--key", "x"], ["--what", "events", "--format", "json"],
                 ["--to", case.path("o"), "--rotate-bytes", "1"], ["--what", "everything"]):
        case.run(*more, expected=2)
    check(not os.path.exists(case.path("o")), "a mistake makes no folder")
    case.daemon.stop()
    case.run("--what", "events", "--to", case.path("o"), expected=3)
    case.daemon.listen()


CASES = [value for value in list(globals().values())
         if callable(value) and getattr(value, "__code__", None) and value.__code__.co_varnames[:1] == ("case",)
         and value.__code__.co_argcount == 1 and value is not make_certificates]


def main():
    wanted, failures, count = sys.argv[2:], 0, 0
    for case_of in CASES:
        if wanted and case_of.__name__ not in wanted:
            continue
        count += 1
        case = Case()
        try:
            case_of(case)
            print(f"ok: {case_of.__name__}", flush=True)
        except Exception as fault:  # each case is reported, also one that breaks off
            failures += 1
            print(f"FAILED: {case_of.__name__}: {type(fault).__name__}: {fault}", flush=True)
        finally:
            case.close()
    print(f"{count} cases, {failures} failures")
    return 1 if failures or not count else 0


sys.exit(main())
