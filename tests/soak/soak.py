"""tests/soak/soak.py - a live network under random faults and with a hostile member, watched from outside.

usage: soak.py BIN TOOLS [--minutes N] [--seed N] [--nodes N] [--epoch MS] [--report FILE] [--plant WHAT]

One seed draws all faults and the luck of links; when things happen is the machine's affair. Exit status: 0 all
held, 1 something did not (each is named), 2 usage, 77 no hosts of their own here. --plant stall, enclave or store does
what must be found, to show that it is.
"""

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

from field import ENDS, KINDS, Fault, Field
from watch import Watch


class Soak:
    def __init__(self, args):
        self.args, self.random = args, random.Random(args.seed)
        self.field = Field(args.bin, args.tools, args.nodes, args.epoch, args.seed)
        self.watch = Watch(self.field)
        self.faults, self.fault, self.told = collections.Counter(), None, 0.0
        self.began = time.monotonic()

    def at(self):
        return time.monotonic() - self.began

    def say(self, text):
        print(f"{self.at():7.1f} s  {text}", flush=True)

    def tell(self):
        if self.at() - self.told < 10:
            return
        self.told = self.at()
        closed, certified = self.watch.epochs()
        memory = self.watch.memory[-1] / 1024 if self.watch.memory else 0
        fault = f"{self.fault.kind} {self.fault.node.name}" if self.fault else "quiet"
        self.say(f"epoch {self.watch.highest}, {certified} of {closed} certified, {sum(self.faults.values())} faults,"
                 f" now {fault}; node-1 {memory:.1f} MiB, {(self.watch.descriptors or [0])[-1]} descriptors;"
                 f" {len(self.watch.violations)} violations")

    def pass_time(self, seconds, done=lambda: False):
        """Looks on meanwhile. Returns: what done said last."""
        until = time.monotonic() + seconds
        while True:
            self.watch.look()
            if self.watch.looks % 8 == 0:
                self.watch.read_records()
            self.tell()
            if done() or time.monotonic() >= until:
                return done()
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))

    def found(self):
        """What was planted is found: enough is known."""
        return bool(self.args.plant and self.watch.violations)

    def all_vote(self):
        for node in self.field.honest:
            status = node.get("/v1/status")
            if status is None or not status["voting"] or status["epoch"] < self.watch.highest - 1:
                return False
        return True

    # ---- what goes wrong

    def one_fault(self):
        kind = self.random.choice(KINDS)
        node = self.random.choice([n for n in self.field.honest if kind not in ENDS or n.number != 1])
        self.fault = fault = Fault(kind, node, self.random)
        self.faults[kind] += 1
        self.watch.trouble(node.name)
        fault.begin()
        self.pass_time(fault.seconds)
        wrong = fault.end()
        if wrong:
            self.watch.wrong(wrong)
        if not self.pass_time(10 * self.field.epoch_s, self.all_vote):
            self.watch.wrong(f"{node.name} was not back ten epochs after \"{kind}\"")
        self.watch.relief(node.name)
        self.fault = None
        self.pass_time(self.random.uniform(0, self.field.epoch_s))

    def lie(self, share):
        """The hostile member: old quotes now and then; half way through it slanders somebody, and is convicted."""
        traitor = self.field.traitor
        if share >= 0.5 and not self.slandered:
            self.slandered = True
            traitor.order(f"slander {self.random.randrange(self.args.nodes)}")
            self.say("the hostile member slanders")
        elif self.random.random() < 0.3:
            traitor.order("replay")

    def run(self):
        self.slandered = False
        for node in self.field.nodes.values():
            node.start()
        if self.args.plant == "enclave":
            self.say("planted: node-3 will run another enclave than it may")
        if not self.pass_time(60, lambda: self.found() or self.watch.highest >= 3 and self.all_vote()):
            self.watch.wrong("the network did not begin")
        self.say(f"it runs: {self.args.nodes} nodes, epochs of {self.args.epoch} ms, seed {self.args.seed}")
        until = self.at() + self.args.minutes * 60
        began = self.at()
        while self.at() < until and not self.found():
            if self.args.plant == "stall":
                self.field.link("both n1,n2,n3 * cut")
                self.pass_time(12 * self.field.epoch_s, self.found)
                break
            self.lie((self.at() - began) / (until - began))
            self.one_fault()
        self.finish()

    # ---- the end

    def finish(self):
        self.field.link(self.field.quiet())
        highest = self.watch.highest
        if not self.pass_time(20 * self.field.epoch_s,
                              lambda: self.found() or self.all_vote() and self.watch.highest >= highest + 2):
            self.watch.wrong("with all faults gone it did not go on")
        self.watch.read_records()
        for node in self.field.nodes.values():
            node.signal(signal.SIGTERM, {0})
        for node in self.field.nodes.values():
            if not node.wait_end(20) or node.process.returncode != 0:
                self.watch.wrong(f"{node.name} did not end as it was asked to: {node.process.poll()}")
        self.watch.look()
        if self.args.plant == "store":
            subprocess.run([os.path.join(self.args.tools, "tamper"),
                            os.path.join(self.field.nodes[2].folder, "state", "store.sqlite"), "5", "3", "40"], check=True)
        for node in self.field.honest:
            done = subprocess.run([os.path.join(self.args.bin, "assay"), "audit", "verify",
                                   os.path.join(node.folder, "state"), "--genesis", os.path.join(self.field.work, "genesis")],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.watch.wrong(f"{node.name}: audit: {(done.stdout + done.stderr).strip()[-200:]}")
            self.audited += done.returncode == 0

    audited = 0

    def report(self):
        closed, certified = self.watch.epochs()
        used = self.watch.flatness()
        finality = sorted(self.watch.finality_us)
        self.field.link("quit")
        self.field.hub.wait(10)
        time.sleep(0.2)
        return {
            "schema": "assay.soak", "seed": self.args.seed, "seconds": round(self.at()), "nodes": self.args.nodes,
            "epoch_ms": self.args.epoch, "epochs_closed": closed, "epochs_certified": certified,
            "faults": dict(sorted(self.faults.items())), "starts": sum(n.starts for n in self.field.nodes.values()),
            "looks": self.watch.looks, "heads_compared": len(self.watch.heads), "rows_compared": len(self.watch.rows),
            "lies_noticed": self.watch.lies, "stores_audited": self.audited,
            "finality_p50_ms": finality[len(finality) // 2] / 1000 if finality else None,
            "node_1": used, "peak_private_kib": max((p[0] for p in self.watch.peak.values()), default=0),
            "peak_descriptors": max((p[1] for p in self.watch.peak.values()), default=0),
            "links": next((l.strip() for l in self.field.said if l.startswith("links:")), ""),
            "violations": self.watch.violations,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("tools")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--nodes", type=int, default=7, choices=range(4, 17), metavar="4..16")
    parser.add_argument("--epoch", type=int, default=4000)
    parser.add_argument("--report")
    parser.add_argument("--plant", choices=("stall", "enclave", "store"))
    args = parser.parse_args()
    soak = None
    try:
        soak = Soak(args)
        if args.plant == "enclave":
            soak.field.nodes[3].tamper()
        soak.run()
        report = soak.report()
    except RuntimeError as error:
        print(error)
        return 77
    finally:
        if soak is not None:
            soak.field.close()
    text = json.dumps(report, indent=2)
    if args.report:
        with open(args.report, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    print(text)
    for violation in report["violations"]:
        print(f"VIOLATION: {violation}")
    print(f"seed {args.seed}: {'held' if not report['violations'] else 'did not hold'}")
    return 1 if report["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
