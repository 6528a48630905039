"""tests/bench/net/crowd.py - a crowd of real daemons on this machine: does every epoch close, and what does it cost?

usage: crowd.py BIN [--nodes N] [--epoch MS] [--minutes M] [--overlay ABOVE,DEGREE] [--thread] [--lanes] [--hub HUB]
                [--must] [--report FILE]

N daemons with SOFT enclaves on loopback, in four roots and five operators. Above 64 members they have links to
neighbours only (docs/protocol.md 4.12.1); --overlay lowers that limit, with the test build of the daemon. --thread
runs the sockets of each daemon in its core (listen.transport: thread). --lanes counts received messages by kind, with
the test build. --hub HUB (the program link_hub, root or a user namespace): the daemons are on fifteen hosts in three regions with
round-trip times of 80, 150 and 220 ms, and 2 % of all packets between two hosts are lost; daemons on the same host have
direct links.

Once per epoch the script samples epochs (certified or not), standings and finality as the daemons report them, and
private memory, descriptors and processor time of core, verifier process and transport as the kernel counts them. At the
end it reports problems: an uncertified epoch in the window, a member that did not close all of them, a member that was
suspended in it, memory that grew. Exit status 0: measured; 1: daemons did not start or terminated, or with --must a
problem was found; 2: usage.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "../../../engine/message.h"), encoding="utf-8") as header:
    KINDS = {int(number): name for number, name in re.findall(r'X\(ASSAY_MESSAGE_\w+, (\d+), "(\w+)"', header.read())}
KIB = re.compile(r"^Private_\w+: +(\d+)", re.M)
HOSTS = 15 # of --hub
REGIONS = ("n1,n2,n3,n4,n5", "n6,n7,n8,n9,n10", "n11,n12,n13,n14,n15")
START_S = 300
FLAT_KIB = 1024     # so much more at the end is no growth
SETTLED_EPOCH = 10  # evidence of eight epochs is kept: memory grows until then


def free_ports(count):
    """Below those that the kernel gives to connections."""
    base = random.randrange(10000, 30000 - count)
    ports = []
    while len(ports) < count:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", base))
                ports.append(base)
            except OSError:
                pass
        base += 1
    return ports


class Daemon:
    def __init__(self, crowd, number):
        self.crowd, self.number, self.name = crowd, number, f"node-{number}"
        self.folder = os.path.join(crowd.work, self.name)
        self.pid, self.roles, self.process = 0, {}, None

    def start(self):
        options, env = self.crowd.options, dict(os.environ)
        program = os.path.join(options.bin, "assayd")
        if options.overlay or options.lanes:
            program = os.path.join(options.bin, "..", "libexec", "assay", "assayd-byzantine")
        if options.overlay:
            env["ASSAY_TEST_OVERLAY"] = options.overlay
        if options.lanes:
            env["ASSAY_TEST_LANES"] = os.path.join(self.folder, "lanes")
        words = [program, "--config", "assayd.yaml"] + (["--set", "listen.transport=thread"] if options.thread else [])
        words = self.crowd.on_host(self.number) + words
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.process.pid

    def ask(self, what, timeout=20):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(timeout)
                s.connect(os.path.join(self.folder, "admin.sock"))
                s.sendall(what.encode() + b"\n")
                answer = b""
                while not answer.endswith(b"\n") and (block := s.recv(1 << 20)):
                    answer += block
            return json.loads(answer)["data"]
        except (OSError, ValueError, KeyError):
            return None

    def find_roles(self):
        """Its processes in a role, by role."""
        self.roles = {"core": self.pid}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/children", encoding="ascii") as file:
                children = file.read().split()
            for child in children:
                with open(f"/proc/{child}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if words[0] in (b"assay-verifier", b"assay-transport"):
                    self.roles[words[0].decode().removeprefix("assay-")] = int(child)

    def used(self):
        """{role: (private KiB, descriptors, ms of processor)}"""
        seen, ms = {}, 1000 / os.sysconf("SC_CLK_TCK")
        self.find_roles()
        for role, pid in self.roles.items():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                private = sum(int(n) for n in KIB.findall(file.read()))
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            files = len(os.listdir(f"/proc/{pid}/fd"))
            seen[role] = (private, files, (int(fields[11]) + int(fields[12])) * ms)
        return seen

    def lanes(self):
        with open(os.path.join(self.folder, "lanes"), "rb") as file:
            return struct.unpack("=128Q", file.read(1024))


class Crowd:
    def __init__(self, options):
        self.options, self.daemons, self.hub, self.spaces = options, [], None, []
        self.work = tempfile.mkdtemp(prefix="assay-crowd.", dir="/tmp")
        ports = free_ports(options.nodes)
        made = subprocess.run(["sh", os.path.join(HERE, "../../hostile/network.sh"), options.bin, self.work,
                               str(options.epoch), *map(str, ports)],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"the network cannot be made: {made.stderr}")
        self.daemons = [Daemon(self, i + 1) for i in range(options.nodes)]
        if options.hub:
            self.open_hub(ports)

    def open_hub(self, ports):
        with open(os.path.join(self.work, "links"), "w", encoding="ascii") as file:
            file.write("seed 1\n" + "".join(f"host n{i + 1}\n" for i in range(HOSTS)) + "link * * delay 1 loss 2\n"
                       f"both {REGIONS[0]} {REGIONS[1]} delay 40 jitter 8\nboth {REGIONS[1]} {REGIONS[2]} delay 75 jitter 15\n"
                       f"both {REGIONS[0]} {REGIONS[2]} delay 110 jitter 22\n")
        self.hub = subprocess.Popen([self.options.hub, os.path.join(self.work, "links")], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        for line in self.hub.stdout:
            if line.startswith("ready"):
                break
            self.spaces.append(line.split()[-1])
        if len(self.spaces) != HOSTS:
            self.fail("no hosts of their own here (namespaces, TUN)")
        at = {f"127.0.0.1:{port}": f"10.77.0.{i % HOSTS + 1}:{port}" for i, port in enumerate(ports)}
        for d, port in zip(self.daemons, ports):
            path = os.path.join(d.folder, "assayd.yaml")
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"127\.0\.0\.1:\d+", lambda found: at[found.group()], file.read())
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(f'gossip: "10.77.0.{(d.number - 1) % HOSTS + 1}:{port}"', f'gossip: "0.0.0.0:{port}"'))

    def on_host(self, number):
        return ["nsenter", f"--net={self.spaces[(number - 1) % HOSTS]}"] if self.spaces else []

    def end_hub(self):
        if self.hub is None:
            return ""
        said, _ = self.hub.communicate("quit\n", timeout=10)
        return next((line for line in said.splitlines() if line.startswith("links:")), "")

    def close(self):
        if self.hub is not None:
            self.hub.kill()
        for how in (signal.SIGTERM, signal.SIGKILL):
            for d in self.daemons:
                if d.process is not None and d.process.poll() is None:
                    d.process.send_signal(how)
            until = time.monotonic() + 60
            for d in self.daemons:
                try:
                    if d.process is not None:
                        d.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    pass
        shutil.rmtree(self.work, ignore_errors=True)

    def fail(self, what):
        for d in self.daemons:
            if d.process is not None and d.process.poll() not in (None, 0):
                with open(os.path.join(d.folder, "log"), encoding="utf-8", errors="replace") as file:
                    what += f"\n  {d.name} ended with {d.process.returncode}: {file.read()[-300:]}"
        print(f"crowd: {what}", flush=True)
        sys.exit(1)

    def begin(self):
        began = time.monotonic()
        for d in self.daemons:
            d.start()
        wanted = list(self.daemons)
        while wanted:
            wanted = [d for d in wanted if ((d.ask("status") or {}).get("certified_epoch") or 0) < 2]
            if time.monotonic() > began + START_S + 6 * self.options.epoch / 1000:
                self.fail(f"{len(wanted)} daemons did not begin")
            time.sleep(0.5)
        return time.monotonic() - began

    def look(self):
        seen = {"at": time.monotonic(), "used": [], "status": [], "counters": []}
        for d in self.daemons:
            if d.process.poll() is not None:
                self.fail(f"{d.name} ended by itself")
            seen["used"].append(d.used())
            seen["status"].append(d.ask("status"))
            seen["counters"].append(d.ask("counters"))
        if None in seen["status"] or None in seen["counters"]:
            self.fail(f"{seen['status'].count(None)} daemons did not answer")
        seen["epoch"] = min(s["epoch"] for s in seen["status"])
        return seen

    def watch(self, tell):
        """Looks once an epoch, well after its start."""
        looks, until = [self.look()], time.monotonic() + self.options.minutes * 60
        while time.monotonic() < until:
            time.sleep(max(2.0, self.options.epoch / 1000))
            looks.append(self.look())
            tell(looks)
        return looks

    def rows(self, since, until):
        done = subprocess.run([os.path.join(self.options.bin, "assay"), "export", "--format", "jsonl", "--since", str(since),
                               "--until", str(until), "--socket", os.path.join(self.daemons[0].folder, "admin.sock")],
                              capture_output=True, text=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def private_mib(look, role):
    return sorted(u[role][0] / 1024 for u in look["used"] if role in u)


def cpu_ms(first, last, role):
    """Of all daemons; one whose process was replaced is left out of both."""
    return sum(b[role][2] - a[role][2] for a, b in zip(first["used"], last["used"]) if role in a and role in b)


def judge(options, crowd, looks, started_s, lanes):
    first, last = looks[0], looks[-1]
    epochs = last["epoch"] - first["epoch"]
    n = options.nodes
    rows = crowd.rows(first["epoch"], last["epoch"] - 1)
    closed = sorted({r["epoch"] for r in rows})
    wrong = [f"epoch {e} is not certified" for e in closed if not all(r["certified"] for r in rows if r["epoch"] == e)]
    if len(closed) != epochs or epochs < 1:
        wrong.append(f"{len(closed)} of {epochs} epochs were exported")
    expected = (last["at"] - first["at"]) * 1000 / options.epoch
    if epochs < 0.8 * expected - 1:
        wrong.append(f"{epochs} epochs closed where {expected:.1f} fit")
    behind = [b["slot"] for a, b in zip(first["status"], last["status"]) if b["epoch"] - a["epoch"] < epochs - 1]
    falls, before = {}, {}  # what a late start cost is no fall
    for r in rows:
        if r["availability_bp"] < before.get(r["name"], 0) or r["integrity_bp"] < 10000:
            falls[r["name"]] = falls.get(r["name"], 0) + 1
        before[r["name"]] = r["availability_bp"]
    wrong += [f"slots {behind} are behind"] if behind else []
    wrong += [f"{len(falls)} members fell: {sorted(falls)[:5]}"] if falls else []
    led = [s["finality"] for s in last["status"] if s["finality"]["p50_us"] > 0]  # who led measures
    report = {
        "nodes": n, "epoch_ms": options.epoch, "overlay": options.overlay or ("64,8" if n > 64 else "none"),
        "transport": "thread" if options.thread else "process", "start_s": round(started_s, 1),
        "minutes": round((last["at"] - first["at"]) / 60, 1), "epochs": epochs,
        "certified": len([e for e in closed if all(r["certified"] for r in rows if r["epoch"] == e)]),
        "blocks": round((last["status"][0]["height"] - first["status"][0]["height"]) /
                        max(last["status"][0]["epoch"] - first["status"][0]["epoch"], 1), 2),
        "lowest_score_bp": min((r["score_bp"] for r in rows), default=None), "falls": sum(falls.values()),
        "finality_ms": {p: round(statistics.median(f[f"{p}_us"] for f in led) / 1000, 1) if led else None
                        for p in ("p50", "p90", "p99")},
        "cpu_ms_per_node_and_epoch": {}, "private_mib": {}, "private_max_mib": {}, "descriptors_max": {},
        "sent_bytes_per_node_and_epoch": round(sum(b["bytes_out"] - a["bytes_out"] for a, b in
                                                   zip(first["counters"], last["counters"])) / n / max(epochs, 1)),
        "replaced": {k: sum(c.get(k, 0) for c in last["counters"]) for k in ("transport_ended", "verifier_ended")},
    }
    settled = [look for look in looks if look["epoch"] >= SETTLED_EPOCH]
    early = settled[0] if settled else first
    for role in ("core", "transport", "verifier"):
        now, then = private_mib(last, role), private_mib(early, role)
        if not now:
            continue
        report["cpu_ms_per_node_and_epoch"][role] = round(cpu_ms(first, last, role) / n / max(epochs, 1), 1)
        report["private_mib"][role] = [round(statistics.median(then), 1), round(statistics.median(now), 1)]
        report["private_max_mib"][role] = round(now[-1], 1)
        report["descriptors_max"][role] = max(u[role][1] for look in looks for u in look["used"] if role in u)
        if len(settled) >= 3 and statistics.median(now) > statistics.median(then) + FLAT_KIB / 1024:
            wrong.append(f"private memory of {role} grew from {statistics.median(then):.1f} to {statistics.median(now):.1f} MiB")
    near = [s["neighbours"] for s in last["status"]]
    if near[0]["used"]:
        held = [x["chosen"] + x["others"] for x in near]
        report["neighbours"] = {"least": min(held), "median": statistics.median(held), "most": max(held),
                                "errands_most": max(x["transient_links"] for x in near)}
    if lanes:
        report["received"] = {"messages": {}, "bytes": {}}
        for kind, name in KINDS.items():
            for at, what in ((0, "messages"), (1, "bytes")):
                total = sum(b[2 * kind + at] - a[2 * kind + at] for a, b in zip(*lanes))
                if total:
                    report["received"][what][name] = round(total / n / max(epochs, 1), 2)
    report["wrong"] = wrong
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--nodes", type=int, default=70)
    parser.add_argument("--epoch", type=int, default=20000, metavar="MS")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--overlay", metavar="ABOVE,DEGREE")
    parser.add_argument("--thread", action="store_true")
    parser.add_argument("--lanes", action="store_true")
    parser.add_argument("--hub", metavar="HUB")
    parser.add_argument("--must", action="store_true")
    parser.add_argument("--report")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)

    def tell(looks):
        last = looks[-1]
        print(f"  {last['at'] - looks[0]['at']:6.0f} s  epoch {last['epoch']}, private core"
              f" {statistics.median(private_mib(last, 'core')):.1f} MiB", file=sys.stderr, flush=True)

    crowd = Crowd(options)
    try:
        started_s = crowd.begin()
        before = [d.lanes() for d in crowd.daemons] if options.lanes else None
        looks = crowd.watch(tell)
        lanes = (before, [d.lanes() for d in crowd.daemons]) if options.lanes else None
        report = judge(options, crowd, looks, started_s, lanes)
        report["links"] = crowd.end_hub()
    finally:
        crowd.close()
    text = json.dumps(report, indent=1)
    print(text)
    if options.report:
        with open(options.report, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    return 1 if options.must and report["wrong"] else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
