"""tests/year/year.py - a year of a network of real daemons, and whether every fall is explained at its end.

usage: year.py BIN [--epochs N] [--epoch MS] [--previous PREFIX] [--seed N] [--report FILE] [--short]

BIN is the folder of the programs of this build. Seven daemons of three operators and four vendors close N epochs
(20,000 by default, a year compressed) in twelve months of deeds: members are away, run an unknown build, are of a
vendor with new collateral, rotate their keys, are restarted, drained, and the operators change the policy, identity
keys of nodes and their own keys. With PREFIX all but one begin with the build there and are updated in the fourth
month; until then the network stays at its feature level, and changes are decided by file. The ledger's own rows,
exported while they are made, say which standings fell. At the end each of these falls must be one that a deed explains,
and every node must report it with this cause, in this epoch, at this time: in `assay explain`, in the timeline, and in
the documents of the page; audits and proofs must pass every new key.
--short: the two deeds that cost the most, and new keys of a node and an operator, in some 100 epochs beside other
load. Members may then be late with quotes at any time, and dates be further apart; what the ledger says and what
nodes report must agree all the same.
A machine that builds meanwhile, or whose disk stalls, lets members be late: TMPDIR in memory (/dev/shm) helps.
Exit status: 0 all held, 1 something did not (each is named), 2 usage. Before the end the judgement is repeated with
a deed forgotten, an event lost and a cause exchanged: each must be found.
"""

import argparse
import collections
import hashlib
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time

from network import Network, wait_until

ORDER = ("FULL", "WARNING", "RESTRICTED", "SUSPENDED")
ABSENT, FAILS, OUTDATED, DRAINED = "absent", "evidence", "collateral", "drained"
# Which number of the score the ledger must name.
CAUSES = {ABSENT: "availability", FAILS: "integrity", OUTDATED: "integrity", DRAINED: "availability"}
LATE_EPOCHS = 40  # a busy machine may be late with quotes: a fall by availability in so many epochs, not to SUSPENDED
PROPOSALS = 2  # the feature level from which on changes are decided on the ledger
KEYS = 3  # the one from which on nodes and operators get new keys
SETTLING = 16  # epochs after a deed in which its member may still fall: it catches up and attests
SECONDS, SECONDS_SHORT = 3.0, 20.0  # by which the time of an event may differ from the observed one


class Fall:
    """A close that made the standing of a member worse, by the rows of the ledger."""

    def __init__(self, member, epoch, before, after, rule=""):
        self.member, self.epoch, self.before, self.after, self.rule = member, epoch, before, after, rule

    def __str__(self):
        return f"{self.member}: {self.before} -> {self.after} in epoch {self.epoch}"


class Deed:
    """What this test did to a member, from one epoch to another, and what it may cost."""

    def __init__(self, kind, member, begin, must_fall):
        self.kind, self.member, self.begin, self.end, self.must_fall = kind, member, begin, None, must_fall

    def covers(self, fall):
        until = float("inf") if self.end is None else self.end + SETTLING
        return fall.member == self.member and self.begin <= fall.epoch <= until


class Year:
    def __init__(self, args, folder):
        self.args, self.random = args, random.Random(args.seed)
        prefixes = [os.path.dirname(args.bin.rstrip("/"))] + ([args.previous] if args.previous else [])
        self.network = Network(prefixes, folder, args.epoch, args.history)
        self.nodes = self.network.nodes
        self.witness = self.nodes["node-1"]  # is never stopped but by a power cut
        for node in list(self.nodes.values())[1:]:
            node.prefix = prefixes[-1]
        self.updated = {}  # node name -> epoch from which on it runs this build
        self.checkpoint = os.path.join(folder, "checkpoint")  # of the end of the year: its block must be retained
        self.violations, self.deeds, self.changes = [], [], 0
        self.level, self.ahead = 0, "+16" if args.short else "+100"
        self.rotated = []  # (operator, its old key file)
        self.seconds = SECONDS_SHORT if args.short else SECONDS
        self.plant = None  # what is falsified while the year is judged
        self.standing, self.falls, self.rows = {}, [], 0
        self.read_to, self.certified = 0, 0  # rows of epochs before this one are read
        self.times = []  # (epoch that runs, time) of the witness, ascending
        self.said = 0.0
        self.counts = collections.Counter()

    # ---- observation

    def wrong(self, text):
        if text not in self.violations:
            self.violations.append(text)
            print(f"{'VIOLATION' if self.plant is None else 'found'}: {text}", flush=True)

    def look(self):
        """Reads the epoch, and the rows of what has closed since. Returns: the epoch that runs at the witness."""
        status = self.witness.get("/v1/status")
        if status is None:
            return self.times[-1][0] if self.times else 0
        self.times.append((status["epoch"], time.time()))
        if status["epoch"] - self.read_to >= (5 if self.args.short else 40):
            self.read_rows(status["epoch"])
        if time.monotonic() - self.said > 15:
            self.said = time.monotonic()
            print(f"epoch {status['epoch']} of {self.args.epochs}: {len(self.falls)} falls, {len(self.deeds)} deeds,"
                  f" {len(self.violations)} violations", flush=True)
        return status["epoch"]

    def read_rows(self, epoch):
        done = self.network.assay(["export", "--format", "jsonl", "--since", str(self.read_to), "--socket",
                                   self.witness.admin])
        closed = -1
        for line in done.stdout.splitlines():
            row = json.loads(line)
            if row["epoch"] < self.read_to:
                continue
            closed = row["epoch"]
            self.take_row(row)
        if closed >= 0:
            self.read_to = closed + 1
        elif epoch > self.read_to + 60:
            self.wrong(f"no row of the epochs {self.read_to} to {epoch}")

    def take_row(self, row):
        name, after = row["name"], row["standing"]
        before = self.standing.get(name, after)
        self.standing[name] = after
        self.rows += 1
        self.certified += row["certified"] and row["slot"] == 0
        if ORDER.index(after) > ORDER.index(before):
            self.falls.append(Fall(name, row["epoch"], before, after, row["availability_rule"]))

    def observed(self, epoch):
        """When the epoch was seen to close: (not before, not after) in Unix seconds."""
        before = max((t for e, t in self.times if e <= epoch), default=None)
        after = min((t for e, t in self.times if e > epoch), default=None)
        return before, after

    def pass_until(self, condition, epochs):
        """Observes until the condition holds. Returns: whether it did, within so many epochs or two minutes."""
        last, end = self.look() + epochs, time.monotonic() + 120 + epochs * self.network.epoch_ms / 250
        while not condition():
            if self.look() > last or time.monotonic() > end:
                return False
            time.sleep(0.2)
        self.look()
        return True

    def pass_epochs(self, epochs):
        last = self.look() + epochs
        if not self.pass_until(lambda: self.look() >= last, epochs + 1):
            self.wrong(f"epochs stopped closing at {self.times[-1][0]}")

    def begin(self, kind, member, must_fall=False):
        deed = Deed(kind, member, self.look(), must_fall)
        self.deeds.append(deed)
        self.counts[kind] += 1
        return deed

    def finish(self, deed):
        deed.end = self.look()

    def all_well(self):
        members = self.witness.members()
        return len(members) == 7 and all(m["standing"] == "FULL" for m in members.values())

    def full(self):
        """Nodes that are FULL, without the witness."""
        members = self.witness.members()
        return [n for n in list(self.nodes.values())[1:] if members.get(n.name, {}).get("standing") == "FULL"]

    def settle(self):
        """Waits until everyone is FULL again: deeds do not overlap."""
        if not self.pass_until(self.all_well, 240):
            members = {n: m["standing"] for n, m in self.witness.members().items() if m["standing"] != "FULL"}
            self.wrong(f"240 epochs after the last deed these are not FULL: {members}")

    def votes(self, node):
        status = node.get("/v1/status")
        return status is not None and status["voting"] and status["epoch"] >= self.times[-1][0] - 2

    def back(self, node):
        if not self.pass_until(lambda: self.votes(node), 200):
            self.wrong(f"{node.name} does not vote 200 epochs after its start")

    # ---- deeds

    def somebody(self):
        return self.nodes[f"node-{self.random.randrange(2, 8)}"]

    def fell(self, deed):
        """Waits for a fall of its member. Of a busy machine's epochs few may be certified."""
        return self.pass_until(lambda: any(deed.covers(f) for f in self.falls), 240 if self.args.short else 80)

    def away(self, node=None):
        """A machine fails and comes back."""
        node = node or self.somebody()
        deed = self.begin(ABSENT, node.name, True)
        node.stop(9)
        if self.args.short:
            self.fell(deed)
        else:
            self.pass_epochs(self.random.randrange(25, 60))
        node.start()
        self.back(node)
        self.finish(deed)

    def unknown_build(self, node=None):
        node = node or self.somebody()
        deed = self.begin(FAILS, node.name, True)
        node.tamper()
        if not self.fell(deed):
            self.wrong(f"{node.name} ran an unknown build and did not fall")
        self.finish(deed)

    def restarts(self):
        """Every machine but the witness, one after the other; with this build from then on."""
        for name in list(self.nodes)[1:]:
            node = self.nodes[name]
            deed = self.begin(ABSENT, name)
            if node.stop() != 0:
                self.wrong(f"{name} did not end in order")
            was, node.prefix = node.prefix, self.network.prefixes[0]
            node.start()
            self.back(node)
            self.finish(deed)
            self.settle()
            if was != node.prefix:
                self.updated[name] = self.look()
                self.counts["updated"] += 1

    def rotation(self):
        """Every node but the witness gets other keys."""
        for name in list(self.nodes)[1:]:
            node = self.nodes[name]
            deed = self.begin(ABSENT, name)
            was = self.witness.members()[name]["incarnation"]
            node.stop()
            self.network.assay(["keys", "rotate", "--config", node.config])
            node.start()
            if not self.pass_until(lambda: self.witness.members().get(name, {}).get("incarnation", 0) > was, 200):
                self.wrong(f"{name} is not listed with its new keys")
            self.finish(deed)
            self.settle()

    def power_cut(self):
        deeds = [self.begin(ABSENT, name) for name in self.nodes]
        for node in self.nodes.values():
            node.process.kill()
        for node in self.nodes.values():
            node.process.wait()
            node.start()
        for node in self.nodes.values():
            self.back(node)
        for deed in deeds:
            self.finish(deed)

    def change(self, actions):
        """The operators decide a change, on the ledger once its level has proposals. Returns: whether it is in force."""
        path = os.path.join(self.network.folder, f"change-{self.changes}")
        self.changes += 1
        self.network.assay(["change", "draft", "--out", path, *actions, "--activation", self.ahead, "--socket",
                            self.witness.admin])
        by_ledger = self.level >= PROPOSALS and not self.args.short
        (self.decide_on_ledger if by_ledger else self.decide_by_file)(path)
        in_force = f"in force   change {self.changes},"
        if self.pass_until(lambda: in_force in self.network.assay(["change", "list", "--socket", self.witness.admin],
                                                                  False).stdout, 200):
            return True
        self.wrong(f"change {self.changes} ({' '.join(actions)}) is not in force after 200 epochs")
        return False

    def decide_by_file(self, path):
        for operator in self.network.OPERATORS:
            self.network.assay(["change", "sign", path, "--key", self.network.key(operator), "--socket",
                                self.witness.admin])
        self.network.assay(["change", "submit", path, "--socket", self.witness.admin])

    def inbox(self, node):
        done = self.network.assay(["change", "inbox", "--json", "--socket", node.admin], False)
        return json.loads(done.stdout)["data"]["proposals"] if done.returncode == 0 else []

    def decide_on_ledger(self, path):
        """One operator proposes, the others approve through nodes of their own."""
        first, *others = self.network.OPERATORS
        self.network.assay(["change", "propose", path, "--key", self.network.key(first), "--comment", "of the year",
                            "--yes", "--socket", self.witness.admin])
        for operator, node in zip(others, (self.nodes["node-4"], self.nodes["node-6"])):
            if not self.pass_until(lambda: any(p["sequence"] == self.changes for p in self.inbox(node)), 40):
                self.wrong(f"the inbox of {node.name} does not have the proposal of change {self.changes}")
                return
            mine = next(p for p in self.inbox(node) if p["sequence"] == self.changes)
            self.network.assay(["change", "approve", mine["id"], "--key", self.network.key(operator), "--yes",
                                "--socket", node.admin])
        self.counts["proposal"] += 1

    def raise_level(self):
        """The operators raise the feature level, once every member announces it: with this build everywhere."""
        if any(node.prefix != self.network.prefixes[0] for node in self.nodes.values()):
            return

        def announced():
            voters = [m for m in self.witness.members().values() if m["weight"] > 0]
            return len(voters) > 0 and all(m["level"] >= KEYS for m in voters)

        if not self.pass_until(announced, 100):
            self.wrong(f"after 100 epochs not every member of weight announces level {KEYS}")
            return
        while self.level < KEYS:
            if not self.change(["--parameter", f"level={self.level + 1}"]):
                return
            self.level += 1

    def new_keys(self):
        """A node gets a new identity key, and an operator another key, which signs from then on. No member falls."""
        if self.level < KEYS:
            return
        node, operator = self.somebody(), self.random.choice(self.network.OPERATORS)
        number = len(self.rotated)
        before, request, fresh = (os.path.join(self.network.folder, f"{what}-{number}")
                                  for what in ("before", "request", f"{operator}.key"))
        old = self.network.key(operator)
        self.network.assay(["checkpoint", "--out", before, "--socket", self.witness.admin])
        self.network.assay(["keys", "operator", fresh])
        self.network.assay(["keys", "rotate", "--identity", "--config", node.config, "--out", request])
        with open(request, encoding="utf-8") as file:
            identity = json.load(file)["data"]["identity_public"]
        if not self.change(["--identity", request, "--operator-key", f"{operator}={fresh}"]):
            return
        self.network.keys[operator] = fresh
        if not self.pass_until(lambda: self.identity_of(node) == identity, 40):
            self.wrong(f"{node.name} does not use the identity key that the network lists")
        self.proven(node, operator, before)
        self.rotated.append((operator, old))
        self.counts["keys"] += 1

    def identity_of(self, node):
        done = self.network.assay(["keys", "show", os.path.join(node.folder, "keys"), "--json"], False)
        return json.loads(done.stdout)["data"].get("identity_public") if done.returncode == 0 else None

    def policy(self):
        self.counts["change"] += 1
        self.change(["--allow-reference", f"mrenclave={self.changes:064x}"])

    def drain(self):
        node = self.somebody()
        deed = self.begin(DRAINED, node.name, True)
        if self.change(["--drain", node.name]):
            node.stop()
            self.pass_epochs(30)
            node.start()
            self.change(["--undrain", node.name])
        self.back(node)
        self.finish(deed)

    def vendor_day(self):
        """The vendor of one member alone requires a newer TCB, and takes that back."""
        node = self.nodes["node-4"]
        deed = self.begin(OUTDATED, node.name, True)
        self.network.publish(4, ["--raise", "2"], self.witness.admin)
        if not self.pass_until(lambda: any(deed.covers(f) for f in self.falls), 200):
            self.wrong(f"{node.name} did not fall by newer collateral of its vendor")
        self.pass_epochs(20)
        self.network.publish(4, [], self.witness.admin)
        self.pass_until(lambda: self.witness.members().get(node.name, {}).get("own_outcome", "").startswith("pass"), 200)
        self.finish(deed)

    MONTHS = (("away", "raise_level"), ("policy", "unknown_build"), ("new_keys", "away", "drain"),
              ("unknown_build", "restarts", "raise_level"), ("rotation", "new_keys"), ("vendor_day", "power_cut"))

    def month(self, number):
        for name in self.MONTHS[number % len(self.MONTHS)]:
            getattr(self, name)()
            self.settle()

    def run(self):
        for node in self.nodes.values():
            node.start()
        # In short two that are FULL are enough: the others may be late.
        ready = (lambda: len(self.full()) >= 2) if self.args.short else self.all_well
        if not self.pass_until(lambda: self.look() >= 4 and ready(), 200):
            self.wrong("the network did not begin")
            return
        if self.args.short:
            first, second = self.full()[:2]
            self.unknown_build(first)
            self.away(second)
            self.raise_level()
            self.new_keys()
            self.read_rows(self.look())
            return
        months = max(len(self.MONTHS), 12) if self.args.epochs >= 5000 else len(self.MONTHS)
        for number in range(months):
            self.month(number)
            left = (number + 1) * self.args.epochs // months - self.look()
            if left > 0:
                self.pass_epochs(left)
        self.read_rows(self.look())

    # ---- the end

    def is_late(self, fall):
        """A fall that quotes which come late can make: in short, where they may be late for long, to the end by steps."""
        slow = self.args.short and fall.before == "RESTRICTED"
        return fall.rule == "fall" and (fall.after != "SUSPENDED" or slow)

    def explained(self):
        """Every fall is one that a deed explains, and every deed that must cost something did."""
        late, deeds = [], [d for d in self.deeds if not (self.plant == "deed" and d.kind == FAILS)]
        for fall in self.falls:
            if any(d.covers(fall) for d in deeds):
                continue
            if self.is_late(fall):
                late.append(fall)
            else:
                self.wrong(f"no deed explains {fall}")
        self.counts["late"] = len(late)
        if not self.args.short and len(late) > 4 + self.times[-1][0] // LATE_EPOCHS:
            self.wrong(f"{len(late)} falls are no deed's, expected a quote that is late in {LATE_EPOCHS} epochs at most")
        for deed in self.deeds:
            if deed.must_fall and not any(deed.covers(f) for f in self.falls):
                self.wrong(f"{deed.kind} of {deed.member} in epoch {deed.begin} had no consequence")

    def kinds(self, fall):
        """Numbers of the score that may have made this fall."""
        late = {"availability"} if self.args.short and self.is_late(fall) else set()
        return {CAUSES[d.kind] for d in self.deeds if d.covers(fall)} | late or {"availability"}

    def told_by(self, node):
        """Each fall since it runs this build is in the timeline of this node, with its epoch, cause and time."""
        events = (node.get("/v1/timeline?since=0&limit=9216") or {}).get("events", [])
        # A drained member is reported by its change: it did not fall.
        told = [f for f in self.falls if f.epoch >= self.updated.get(node.name, 0) and
                not any(d.kind == DRAINED and d.covers(f) for d in self.deeds)]
        if self.plant == "event":
            events = [e for e in events if (e.get("name"), e["epoch"]) != (told[-1].member, told[-1].epoch)]
        moves = collections.defaultdict(list)
        for e in events:
            if e["event"] == "standing_changed" and e["b"] > e["a"]:
                moves[e["name"], e["epoch"]].append(e)
        for fall in told:
            mine = [e for e in moves[fall.member, fall.epoch] if ORDER[e["b"]] == fall.after]
            if not mine:
                self.wrong(f"the timeline of {node.name} does not report that {fall}")
                continue
            text = mine[-1]["text"]
            cause = re.search(r"%; ([^)]*)\)", text)
            if not cause:
                self.wrong(f"the timeline of {node.name} gives no cause of {fall}: {text}")
            if node is self.witness:
                self.in_time(fall, mine[-1]["at_unix_ms"] / 1000, "timeline")

    def in_time(self, fall, at, surface):
        before, after = self.observed(fall.epoch)
        if before is not None and at < before - self.seconds or after is not None and at > after + self.seconds:
            self.wrong(f"{surface} dates {fall} at {at:.1f}, observed between {before} and {after}")

    def explains(self, node):
        """The last fall of each member, in the document and in the words of `assay explain`."""
        for name in self.nodes:
            done = self.network.assay(["explain", name, "--json", "--socket", node.admin])
            last = json.loads(done.stdout)["data"]["last_fall"]
            if last and last["epoch"] >= self.read_to:
                self.pass_until(lambda: self.read_to > last["epoch"], 80)
            falls = [f for f in self.falls if f.member == name and (not last or f.epoch <= last["epoch"])]
            if self.plant == "cause" and last:
                last["cause"]["about"] = "availability" if last["cause"]["about"] == "integrity" else "integrity"
            if not falls:
                if last:
                    self.wrong(f"{node.name} explains a fall of {name}, and it has none: {last}")
                continue
            if not last:
                self.wrong(f"{node.name} explains no fall of {name}, expected {falls[-1]}")
                continue
            # A close that fails again without another standing is a step of the fall, too.
            if last["epoch"] < falls[-1].epoch or last["to"] != falls[-1].after:
                self.wrong(f"{node.name} explains {last}, expected {falls[-1]}")
            elif last["cause"]["about"] not in self.kinds(falls[-1]):
                self.wrong(f"{node.name} explains {falls[-1]} by {last['cause']}, expected {self.kinds(falls[-1])}")
            self.in_time(falls[-1] if last["epoch"] == falls[-1].epoch else Fall(name, last["epoch"], "", ""),
                         last["epoch_unix_ms"] / 1000, "explain")

    def sizes(self):
        """Stated in docs/operations.md 7, per epoch at seven members."""
        epochs, kept = self.times[-1][0], min(self.args.history, self.times[-1][0])
        day = max(256, 86400000 // self.network.epoch_ms)
        stated = kept * 3300 + min(10 * kept, epochs) * 2650 + (64 + kept // 1024) * 5000 + min(day, kept) * 610
        largest = {}
        for node in self.nodes.values():
            for what, size in node.sizes().items():
                largest[what] = max(largest.get(what, 0), size)
        limits = {"store": 2 * stated + (8 << 20), "timeline": 9216 * 1024, "log": 4096 * len(self.falls) + 400 * epochs}
        for what, limit in limits.items():
            if largest[what] > limit:
                self.wrong(f"{what}: {largest[what]} bytes, {limit} are stated for {epochs} epochs")
        return {"largest": largest, "limits": limits}

    def proven(self, node, operator, before):
        """A checkpoint of before a rotation leads to proofs of its node and of one of its operator."""
        after, proof = (os.path.join(self.network.folder, f"{what}-{len(self.rotated)}") for what in ("after", "proof"))
        self.network.assay(["checkpoint", "--since", before, "--out", after, "--socket", self.witness.admin])
        for member in (node.name, self.member_of(operator)):
            self.network.assay(["proof", member, "--out", proof, "--socket", self.nodes["node-2"].admin])
            done = self.network.assay(["proof", "verify", proof, "--checkpoint", after, "--node", member], False)
            if done.returncode not in (0, 10, 11):  # of any standing
                self.wrong(f"proof of {member} after new keys: {(done.stdout + done.stderr).strip()[-300:]}")

    def replaced(self):
        """The old key of an operator signs nothing."""
        if not self.rotated:
            self.wrong("no node and operator got new keys in this year")
        for number, (operator, old) in enumerate(self.rotated):
            draft = os.path.join(self.network.folder, f"draft-{number}")
            self.network.assay(["change", "draft", "--out", draft, "--drain", "node-7", "--activation", "+100",
                                "--socket", self.witness.admin])
            done = self.network.assay(["change", "sign", draft, "--key", old, "--socket", self.witness.admin], False)
            if done.returncode != 6:
                self.wrong(f"the old key of {operator} still signs: exit status {done.returncode}")

    def member_of(self, operator):
        """A member of it: its id is the digest of its key."""
        done = self.network.assay(["keys", "show", self.network.key(operator), "--json"])
        key = json.loads(done.stdout)["data"]["public_key"]
        mine = hashlib.sha256(bytes.fromhex(key)).hexdigest()
        return next((n for n, m in self.witness.members().items() if m["operator_id"] == mine), "no member")

    def audited(self):
        self.network.assay(["checkpoint", "--out", self.checkpoint, "--socket", self.witness.admin])
        self.pass_epochs(3)
        for node in self.nodes.values():
            if node.stop() != 0:
                self.wrong(f"{node.name} did not end in order")
        for node in self.nodes.values():
            # Boundaries of the first months may be pruned: the checkpoint proves what follows the gap.
            done = self.network.assay(["audit", "verify", os.path.join(node.folder, "state"), "--genesis",
                                       os.path.join(self.network.folder, "genesis"), "--checkpoint", self.checkpoint],
                                      False)
            if done.returncode != 0:
                self.wrong(f"audit of {node.name}: {(done.stdout + done.stderr).strip()[-300:]}")

    def find_planted(self):
        """The judgement finds what it must."""
        held = self.violations
        checks = {"deed": self.explained, "event": lambda: self.told_by(self.witness),
                  "cause": lambda: self.explains(self.witness)}
        missed = []
        for self.plant, check in checks.items():
            self.violations = []
            check()
            missed += [] if self.violations else [self.plant]
        self.plant, self.violations = None, held
        for plant in missed:
            self.wrong(f"planted and not found: {plant}")

    def judge(self):
        for node in self.nodes.values():
            self.explains(node)
        self.explained()
        self.told_by(self.witness)
        self.told_by(self.nodes["node-2"])
        if not self.violations:
            self.find_planted()
        sizes = self.sizes()
        self.replaced()
        self.audited()
        suspended = [str(f) for f in self.falls if f.after == "SUSPENDED"]
        return {
            "schema": "assay.year", "seed": self.args.seed, "epochs": self.read_to, "certified": self.certified,
            "rows": self.rows, "deeds": dict(sorted(self.counts.items())), "changes": self.changes,
            "level": self.level,
            "falls": len(self.falls), "suspensions": len(suspended), "sizes": sizes, "violations": self.violations,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--epochs", type=int, default=20000)
    parser.add_argument("--epoch", type=int, default=200, metavar="MS")
    parser.add_argument("--history", type=int, default=2000, metavar="EPOCHS")
    parser.add_argument("--previous", metavar="PREFIX")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--report", metavar="FILE")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="assay-year.")
    year = None
    try:
        year = Year(args, os.path.join(folder, "net"))
        year.run()
        report = year.judge()
    finally:
        if year is not None:
            year.network.close()
        if os.environ.get("ASSAY_KEEP"):
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(report, indent=2)
    if args.report:
        with open(args.report, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    print(text)
    return 1 if year.violations else 0


if __name__ == "__main__":
    sys.exit(main())
