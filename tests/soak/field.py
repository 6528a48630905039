"""tests/soak/field.py - a live network on hosts of its own, and what may be done to it.

Node 7 (the last one) is hostile: the Byzantine test build. Node 1 is never ended: its memory is watched.
"""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading


class Node:
    def __init__(self, field, number):
        self.field, self.number, self.name = field, number, f"node-{number}"
        self.folder = os.path.join(field.work, self.name)
        self.hostile = number == field.count and field.has_traitor
        self.process, self.expected, self.starts = None, {0}, 0
        self.clock = os.path.join(self.folder, "clock")
        self.command = os.path.join(self.folder, "command")
        self.set_date(0)

    def set_date(self, seconds):
        """In place: the daemon has it mapped."""
        with open(self.clock, "r+" if os.path.exists(self.clock) else "w", encoding="ascii") as file:
            file.write(f"{seconds:<20}")

    def start(self):
        cast = os.path.join(self.field.bin, "..", "libexec", "assay")
        program = os.path.join(cast, "assayd-byzantine") if self.hostile else os.path.join(self.field.bin, "assayd")
        env = dict(os.environ, LD_PRELOAD=os.path.join(cast, "libclock_shim.so"), ASSAY_TEST_CLOCK=self.clock,
                   ASSAY_BYZANTINE=self.command)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net={self.field.spaces[self.number]}", program, "--config",
                 os.path.join(self.folder, "assayd.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=self.field.work,
                preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        self.expected, self.starts = set(), self.starts + 1

    def signal(self, number, expected):
        """expected: how the process may end because of it."""
        self.expected |= expected
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait_end(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def full_disk(self):
        """Files end at 4 KiB from now on: writes fail, as on a disk that is full."""
        self.expected |= {1}
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))

    def tamper(self):
        """Another enclave than it may run: a copy, since a RESTART puts the right one in its place."""
        path, other = os.path.join(self.folder, "assayd.yaml"), os.path.join(self.folder, "enclave")
        shutil.copy(os.path.join(self.field.bin, "..", "libexec", "assay", "assay-enclave-tampered"), other)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(f"  path: {self.field.bin}/assay-enclave", f"  path: {other}"))

    def order(self, words):
        with open(self.command, "w", encoding="ascii") as file:
            file.write(words + "\n")

    def get(self, path, timeout=2.0):
        """A document of the node's HTTP; None when it does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(timeout)
                s.connect(os.path.join(self.folder, "admin.http"))
                s.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                answer = b""
                while block := s.recv(65536):
                    answer += block
            return json.loads(answer.split(b"\r\n\r\n", 1)[1])["data"]
        except (OSError, ValueError, KeyError, IndexError):
            return None

    def rows(self, since):
        """Closed epochs from this one on, as the node exports them."""
        done = subprocess.run([os.path.join(self.field.bin, "assay"), "export", "--format", "jsonl", "--since", str(since),
                               "--socket", os.path.join(self.folder, "admin.sock")],
                              capture_output=True, text=True, timeout=30, check=False)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def memory(self):
        """(private KiB, descriptors) of a process that runs and of the one that has its sockets; None."""
        try:
            private, files = 0, 0
            for pid in [self.process.pid, *self.transports()]:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    private += sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+)", file.read(), re.M))
                files += len(os.listdir(f"/proc/{pid}/fd"))
            return private, files
        except (OSError, AttributeError):
            return None

    def transports(self):
        """The process that has the daemon's sockets, where there is one."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        for child in children:
            with open(f"/proc/{child}/cmdline", "rb") as file:
                if file.read().startswith(b"assay-transport\0"):
                    yield child


class Field:
    def __init__(self, binaries, tools, count, epoch_ms, seed, traitor=True):
        here = os.path.dirname(os.path.abspath(__file__))
        self.bin, self.count, self.epoch_s, self.has_traitor = binaries, count, epoch_ms / 1000, traitor
        self.hub = None
        made = subprocess.run(["sh", os.path.join(here, "network.sh"), binaries, tools, str(count), str(epoch_ms)],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        self.work = made.stdout.split()[-1]
        with open(os.path.join(self.work, "links"), "w", encoding="ascii") as file:
            file.write(f"seed {seed}\n" + "".join(f"host n{i}\n" for i in range(1, count + 1)) + self.quiet() + "\n")
        self.hub = subprocess.Popen([os.path.join(tools, "link_hub"), os.path.join(self.work, "links")],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.spaces, self.said = {}, []
        for line in self.hub.stdout:
            words = line.split()
            if words[0] == "ready":
                break
            self.spaces[int(words[1][1:])] = words[-1]
        if len(self.spaces) != count:
            raise RuntimeError("no hosts of their own here (namespaces, TUN)")
        threading.Thread(target=lambda: self.said.extend(self.hub.stdout), daemon=True).start()
        self.nodes = {i: Node(self, i) for i in range(1, count + 1)}
        self.honest = [n for n in self.nodes.values() if not n.hostile]
        self.traitor = next((n for n in self.nodes.values() if n.hostile), None)

    @staticmethod
    def quiet():
        """What links are like all the time."""
        return "link * * clear delay 20 jitter 5 loss 0.5"

    def link(self, line):
        self.hub.stdin.write(line + "\n")
        self.hub.stdin.flush()

    def close(self):
        for node in getattr(self, "nodes", {}).values():
            if node.process is not None and node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
                node.process.kill()
                node.process.wait()
        if self.hub is not None:
            self.hub.kill()
            self.hub.wait()
        shutil.rmtree(self.work, ignore_errors=True)


# ------------------------------------------------------------ faults


class Fault:
    """One thing that goes wrong with one honest node for a while."""

    def __init__(self, kind, node, random):
        self.kind, self.node = kind, node
        epoch_s = node.field.epoch_s
        self.seconds = random.uniform(*{"pause": (0.3, 2.5 * epoch_s), "kill": (0.0, 2 * epoch_s),
                                        "term": (0.0, epoch_s)}.get(kind, (epoch_s, 3 * epoch_s)))
        self.step_s = random.choice([-1, 1]) * random.randrange(60, 7200)

    def begin(self):
        node, field, n = self.node, self.node.field, f"n{self.node.number}"
        if self.kind == "kill":
            node.signal(signal.SIGKILL, {-signal.SIGKILL})
        elif self.kind == "term":
            node.signal(signal.SIGTERM, {0})
        elif self.kind == "pause":
            node.signal(signal.SIGSTOP, set())
        elif self.kind == "clock":
            node.set_date(self.step_s)
        elif self.kind == "disk":
            node.full_disk()
        elif self.kind == "apart":
            field.link(f"both {n} * cut")
        elif self.kind == "mute":
            field.link(f"link {n} * cut")
        elif self.kind == "deaf":
            field.link(f"link * {n} cut")
        elif self.kind == "slow":
            field.link(f"both {n} * delay 200 jitter 100 loss 8")
        elif self.kind == "narrow":
            field.link(f"both {n} * rate 400 duplicate 2")

    def end(self):
        """Returns: None, or what did not end as it must."""
        node, wrong = self.node, None
        if self.kind == "pause":
            node.signal(signal.SIGCONT, set())
        elif self.kind == "clock":
            node.set_date(0)
        elif self.kind in ("kill", "term", "disk"):
            if not node.wait_end(20):
                wrong = f"{node.name} did not end by \"{self.kind}\" within 20 s"
                node.signal(signal.SIGKILL, {-signal.SIGKILL})
                node.wait_end(5)
            if node.process.returncode not in node.expected:
                wrong = f"{node.name} ended with {node.process.returncode} by \"{self.kind}\""
            node.start()
        else:
            node.field.link(node.field.quiet())
        return wrong


KINDS = ("kill", "term", "pause", "clock", "disk", "apart", "mute", "deaf", "slow", "narrow")
ENDS = ("kill", "term", "disk")  # the process with it: never of node 1
