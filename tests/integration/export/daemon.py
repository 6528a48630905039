"""tests/integration/export/daemon.py - admin socket of a daemon that a test scripts.

It serves the documents that `assay export` reads: status, timeline, export, nodes, counters. Events and epochs are
lists that the test extends; `restart` and `lose_timeline` do what a daemon does. Standard library only.
"""
import bisect
import json
import os
import socket
import threading
import time

CHAIN = "c0" * 32
NODE_ID = "1d" * 32
PAGE = 50  # events of an answer: several pages, unlike the daemon's 1024


class Daemon:
    def __init__(self, path, node_id=NODE_ID):
        self.path, self.node_id, self.chain, self.node = path, node_id, CHAIN, "alpha"
        self.lock = threading.Lock()
        self.events, self.epochs = [], []
        self.last_seq = self.gone = 0
        self.boot = int(time.time() * 1000)
        self.started = time.monotonic()
        self.clock = 1_800_000_000_000
        self.requests = []
        self.counters = {"bad_frame": 3, "replayed": 0}
        self.listener = None
        self.listen()

    # --- what happens

    def happen(self, code="standing_changed", text="node-1 drops to WARNING", name="node-1", severity="info", **more):
        with self.lock:
            self.last_seq += 1
            self.clock += 7
            event = {"seq": self.last_seq, "at_unix_ms": self.clock, "epoch": self.last_seq // 10, "event": code,
                     "severity": severity, "slot": 1, "name": name, "count": 1, "first_seq": self.last_seq,
                     "first_epoch": self.last_seq // 10, "first_unix_ms": self.clock, "a": 1, "b": 2, "text": text}
            event.update(more)
            self.events.append(event)
            return dict(event)

    def repeat(self, index):
        """The event at index comes again: one event, under a new number."""
        with self.lock:
            event = dict(self.events.pop(index))
            self.last_seq += 1
            self.clock += 7
            event.update(seq=self.last_seq, at_unix_ms=self.clock, count=event["count"] + 1)
            self.events.append(event)
            return dict(event)

    def evict(self, count):
        with self.lock:
            for event in self.events[:count]:
                self.gone = max(self.gone, event["seq"])
            del self.events[:count]

    def close_epoch(self, members=3, orders=""):
        with self.lock:
            number = self.epochs[-1]["epoch"] + 1 if self.epochs else 5
            rows = [{"slot": i, "name": f"node-{i}", "incarnation": 1, "score_bp": 9000 + i, "integrity_bp": 9500,
                     "availability_bp": 9000 + i, "standing": "FULL", "weight": 100, "orders": orders if i == 1 else "",
                     "positive_bp": 10000, "negative_bp": 0, "unjudged_bp": 0, "electorate_bp": 10000, "lo_bp": 0,
                     "hi_bp": 10000, "reason": "x", "integrity_rule": "I1", "availability_rule": "A1"}
                    for i in range(members)]
            self.epochs.append({"epoch": number, "era": 0, "certified": True, "kept": "full", "members": rows,
                                "tolerance": {"total_weight": 300, "members_stop": 1, "members_break": 1,
                                              "largest_operator_bp": 1, "largest_vendor_bp": 2,
                                              "largest_platform_bp": 3}})
            return number

    def restart(self):
        with self.lock:
            self.boot = max(self.boot + 1, int(time.time() * 1000))
            self.started = time.monotonic()
            self.counters = {"bad_frame": 0, "replayed": 0}

    def lose_timeline(self):
        self.restart()
        with self.lock:
            self.events, self.last_seq, self.gone = [], 0, 0

    # --- answers

    def document(self, schema, data):
        return {"schema": schema, "schema_version": 1, "node": self.node, "generated_at": "2027-01-15T08:00:00.000Z",
                "data": data}

    def timeline(self, since):
        after = self.events[bisect.bisect_right(self.events, since, key=lambda event: event["seq"]):]
        page = after[:PAGE]  # boot: Unix ms of the start
        return self.document("assay.timeline", {
            "boot": f"{self.boot:x}", "last_seq": self.last_seq, "gone_seq": self.gone, "gap": since < self.gone,
            "events": page, "next_since": page[-1]["seq"] if len(after) > PAGE else None})

    def export(self, words):
        options = dict(w.split("=") for w in words if "=" in w)
        since, until = int(options.get("since", 0)), int(options.get("until", 2**63))
        found = [e for e in self.epochs if since <= e["epoch"] <= until]
        more = found[4]["epoch"] if len(found) > 4 else None
        return self.document("assay.export", {"chain_id": self.chain, "epochs": found[:4], "next_since": more})

    def answer(self, line):
        words = line.split()
        with self.lock:
            self.requests.append(line)
            if words[0] == "timeline":
                return self.timeline(int(words[1].split("=")[1]) if len(words) > 1 else 0)
            if words[0] == "export":
                return self.export(words[1:])
            if words[0] == "status":
                return self.document("assay.status", {
                    "chain_id": self.chain, "node_id": self.node_id, "epoch": 7, "height": 42, "head_age_ms": None,
                    "stale": False, "total_weight": 300, "member_count": 3, "timeline_seq": self.last_seq,
                    "uptime_ms": int((time.monotonic() - self.started) * 1000)})
            if words[0] == "nodes":
                return self.document("assay.nodes", {"nodes": [
                    {"slot": i, "name": f"node-{i}", "score_bp": 9000, "integrity_bp": 9500, "availability_bp": 9000,
                     "weight": 100} for i in range(3)]})
            if words[0] == "counters":
                return self.document("assay.counters", self.counters)
            return self.document("assay.error", {"code": "unknown_request", "detail": "unknown"})

    # --- the socket

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self.listener.listen(64)
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    def serve(self, listener):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_one, args=(link,), daemon=True).start()

    def serve_one(self, link):
        with link:
            link.settimeout(10)
            line = b""
            try:
                while not line.endswith(b"\n"):
                    piece = link.recv(4096)
                    if not piece:
                        return
                    line += piece
                link.sendall(json.dumps(self.answer(line.decode().strip())).encode() + b"\n")
            except OSError:
                pass
