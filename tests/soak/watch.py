"""tests/soak/watch.py - what must hold whatever goes wrong, looked at from outside.

Agreement   two nodes never have different final blocks at one height, nor different rows of one closed epoch.
Justice     an honest member's integrity is never touched; its availability falls only in epochs in which
            something was wrong with it (docs/protocol.md 7.9).
Sanity      scores within 0 and 10000, S = min(I, A).
Finality    an epoch ends within PATIENCE epochs.
Flatness    memory and descriptors of the node that is never ended do not grow.
Health      no process ends unasked; no log says that it found another state, a bug or a lie of an honest member.
"""

import re
import time

PATIENCE = 8  # epochs of T without a new one
GRACE = 4     # epochs after a fault in which its node may still be absent (2.9: it attests in the next one at the earliest)
BAD = re.compile(r"event=(equivocation_noticed|offence_proven|fail_proven|state_root_mismatch)|Sanitizer|"
                 r"runtime error|assertion failed")


def flat(samples, slack_share, slack):
    """Whether a series stays what it was once it has settled: its last fifth against its second one."""
    if len(samples) < 10:
        return True, 0, 0
    fifth = len(samples) // 5
    early = sorted(samples[fifth:2 * fifth])[fifth // 2]
    late = sorted(samples[-fifth:])[fifth // 2]
    return late <= early * (1 + slack_share) + slack, early, late


class Watch:
    def __init__(self, field):
        self.field, self.violations, self.heads, self.rows = field, [], {}, {}
        self.highest, self.advanced_at, self.seen_epochs = 0, time.monotonic(), {}
        self.troubles = []      # [name, from epoch, to epoch or None]
        self.memory, self.descriptors, self.looks = [], [], 0
        self.log_at, self.exported, self.lies = {}, 1, 0
        self.peak, self.fallen = {}, set()
        self.finality_us = []

    def wrong(self, what):
        if what not in self.violations:
            self.violations.append(what)

    # ---- what was done on purpose

    def trouble(self, name):
        self.troubles.append([name, self.highest, None])

    def relief(self, name):
        for t in self.troubles:
            if t[0] == name and t[2] is None:
                t[2] = self.highest

    def troubled(self, name, epoch):
        return any(t[0] == name and t[1] - 1 <= epoch and (t[2] is None or epoch <= t[2] + GRACE)
                   for t in self.troubles)

    # ---- one look

    def look(self):
        now = time.monotonic()
        self.looks += 1
        for node in self.field.nodes.values():
            ended = node.process.poll() if node.process is not None else None
            if ended is not None and ended not in node.expected:
                self.wrong(f"{node.name} ended by itself with {ended}: {self.last_line(node)}")
                node.expected.add(ended)
            self.read_log(node)
            status = node.get("/v1/status") if ended is None else None
            if status is None:
                continue
            self.head(node, status)
            self.standings(node)
        witness = self.field.nodes[1]
        for node in self.field.honest:
            used = node.memory()
            if used is None:
                continue
            peak = self.peak.get(node.name, (0, 0))
            self.peak[node.name] = (max(peak[0], used[0]), max(peak[1], used[1]))
            if node is witness:
                self.memory.append(used[0])
                self.descriptors.append(used[1])
        if now - self.advanced_at > PATIENCE * self.field.epoch_s:
            self.wrong(f"no epoch ended for {now - self.advanced_at:.0f} s after epoch {self.highest}")
            self.advanced_at = now

    def head(self, node, status):
        if status["epoch"] > self.highest:
            self.highest, self.advanced_at = status["epoch"], time.monotonic()
        if node.hostile:
            return
        said = (status["head_id"], status["state_root"])
        first = self.heads.setdefault((status["era"], status["height"]), (node.name, said))
        if first[1] != said:
            self.wrong(f"height {status['height']}: {first[0]} and {node.name} have different final blocks")
        if node.number == 1:
            self.finality_us.append(status["finality"].get("p50_us", 0))

    def standings(self, node):
        """As one honest node sees all others: only what can never be just, whenever it is seen."""
        nodes = node.get("/v1/nodes") if not node.hostile and node.number == 1 + self.looks % 2 else None
        for m in nodes["nodes"] if nodes else []:
            self.judge(m["name"], m, nodes["epoch"], f"{node.name} sees")

    def judge(self, name, m, epoch, who):
        i, a, s = m["integrity_bp"], m["availability_bp"], m["score_bp"]
        if not (0 <= i <= 10000 and 0 <= a <= 10000 and s == min(i, a)):
            self.wrong(f"{who}: {name} in epoch {epoch}: score {s} of integrity {i} and availability {a}")
        if name in {n.name for n in self.field.honest} - self.fallen and i != 10000:
            self.fallen.add(name)
            self.wrong(f"{who}: {name} is honest, and its integrity is {i} in epoch {epoch}")

    @staticmethod
    def last_line(node):
        with open(node.folder + "/log", encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()[-1][:200]

    def read_log(self, node):
        if node.hostile:
            return
        with open(node.folder + "/log", encoding="utf-8", errors="replace") as file:
            file.seek(self.log_at.get(node.name, 0))
            text = file.read()
            self.log_at[node.name] = file.tell()
        for line in text.splitlines():
            if not BAD.search(line):
                continue
            if self.field.traitor and self.field.traitor.name in line:
                self.lies += 1
            else:
                self.wrong(f"{node.name}: {line[:200]}")

    # ---- records of closed epochs

    def read_records(self):
        """Rows of every node that answers; of the same epoch and member they are the same."""
        lowest = max(1, self.exported - 2 * GRACE)
        for node in self.field.honest:
            if node.process.poll() is not None:
                continue
            for row in node.rows(lowest):
                self.record(node, row)
        self.exported = max([e for e, _ in self.rows] or [1])

    def record(self, node, row):
        key = (row["epoch"], row["name"])
        said = {k: row[k] for k in ("era", "certified", "score_bp", "integrity_bp", "availability_bp", "standing", "weight")}
        first = self.rows.setdefault(key, (node.name, said))
        if first[1] != said:
            self.wrong(f"epoch {key[0]}: {first[0]} and {node.name} have different rows of {key[1]}")
        if first[0] == node.name and first[1] is said:
            self.judge(row["name"], row, row["epoch"], f"{node.name} exports")
            self.justice(row)

    def justice(self, row):
        before = self.rows.get((row["epoch"] - 1, row["name"]))
        honest = row["name"] in {n.name for n in self.field.honest}
        if not honest or before is None or row["availability_bp"] >= before[1]["availability_bp"]:
            return
        if not self.troubled(row["name"], row["epoch"]):
            self.wrong(f"{row['name']} lost availability in epoch {row['epoch']}, and nothing was wrong with it")

    def epochs(self):
        closed = {e: r[1]["certified"] for (e, _), r in self.rows.items()}
        return len(closed), sum(closed.values())

    def flatness(self):
        held, early, late = flat(self.memory, 0.25, 2048)
        if not held:
            self.wrong(f"private memory of node-1 grows: {early} KiB, then {late} KiB")
        held_fds, early_fds, late_fds = flat(self.descriptors, 0, 8)
        if not held_fds:
            self.wrong(f"descriptors of node-1 grow: {early_fds}, then {late_fds}")
        return {"private_kib": [early, late], "descriptors": [early_fds, late_fds]}
