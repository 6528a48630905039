"""tests/year/network.py - a local network of seven daemons, its operators, and what may be done to them."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time


class Node:
    def __init__(self, network, number):
        self.network, self.number, self.name = network, number, f"node-{number}"
        self.folder = os.path.join(network.folder, self.name)
        self.config = os.path.join(self.folder, "assayd.yaml")
        self.admin = os.path.join(self.folder, "admin.sock")
        self.process, self.prefix = None, network.prefixes[0]

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([os.path.join(self.prefix, "bin", "assayd"), "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self, number=signal.SIGTERM):
        """Returns: the exit status of the daemon."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def get(self, path):
        """A document of the node's HTTP API; None when it does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(os.path.join(self.folder, "admin.http"))
                s.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                answer = b""
                while block := s.recv(65536):
                    answer += block
            head, body = answer.split(b"\r\n\r\n", 1)
            return json.loads(body)["data"] if b" 200 " in head.split(b"\r\n", 1)[0] else None
        except (OSError, ValueError, KeyError):
            return None

    def members(self):
        """Members by name; {} when the node does not answer."""
        nodes = self.get("/v1/nodes")
        return {m["name"]: m for m in nodes["nodes"]} if nodes else {}

    def enclave(self):
        """Process of the enclave, or None."""
        status = self.get("/v1/status")
        return status["enclave"]["pid"] if status and status.get("enclave") else None

    def tamper(self):
        """Another enclave than the policy allows, and the running one killed. A RESTART restores the right one."""
        pid = self.enclave()
        if pid is None:
            raise RuntimeError(f"{self.name} reports no enclave")
        path = os.path.join(self.folder, "enclave")
        os.unlink(path)
        shutil.copy(os.path.join(self.network.prefixes[0], "libexec", "assay", "assay-enclave-tampered"), path)
        os.kill(pid, signal.SIGKILL)

    def sizes(self):
        """Bytes of the store, the timeline and the log."""
        state = os.path.join(self.folder, "state")
        return {
            "store": sum(os.path.getsize(os.path.join(state, f)) for f in os.listdir(state) if f.startswith("store.")),
            "timeline": os.path.getsize(os.path.join(state, "timeline")),
            "log": os.path.getsize(os.path.join(self.folder, "log")),
        }


class Network:
    """Seven nodes of three operators and four vendors. prefixes: builds, each with bin/ and libexec/."""

    OPERATORS = ("alpha", "beta", "gamma")

    def __init__(self, prefixes, folder, epoch_ms, history_epochs):
        self.prefixes, self.folder, self.epoch_ms = prefixes, folder, epoch_ms
        self.assay(["setup", "local", folder, "--nodes", "7", "--operators", "3", "--vendors", "4", "--epoch-ms",
                    str(epoch_ms), "--port", "0"])
        self.nodes = {f"node-{i}": Node(self, i) for i in range(1, 8)}
        self.keys = {operator: os.path.join(folder, f"{operator}.key") for operator in self.OPERATORS}
        for node in self.nodes.values():
            with open(node.config, encoding="utf-8") as file:
                text = file.read()
            text = re.sub(r"(node: \{ .*?) \}", rf"\1, history_epochs: {history_epochs} }}", text, count=1)
            with open(node.config, "w", encoding="utf-8") as file:
                file.write(text)
        self.make_genesis()
        self.collateral, self.evaluation = os.path.join(folder, "set"), 1
        shutil.copy(self.genesis, self.collateral)

    @property
    def genesis(self):
        return os.path.join(self.folder, "genesis")

    def make_genesis(self):
        """Again, with rules under which platforms that are out of date fall at once, and collateral waits 2 s."""
        with open(os.path.join(self.folder, "policy.yaml"), "a", encoding="utf-8") as file:
            file.write("statuses: [{ status: OutOfDate, accept: refused }]\n")
        with open(os.path.join(self.folder, "plan.yaml"), "a", encoding="utf-8") as file:
            file.write("collateral_delay: 2\n")
        os.unlink(self.genesis)
        self.assay(["genesis", "create", os.path.join(self.folder, "plan.yaml"), "--out", self.genesis])
        for operator in self.OPERATORS:
            self.assay(["genesis", "sign", self.genesis, "--key", self.key(operator)])

    def publish(self, vendor, words, admin):
        """Newer collateral of a vendor, offered to the network."""
        self.evaluation += 1
        made, offer = os.path.join(self.folder, "published"), os.path.join(self.folder, "published.offer")
        following = os.path.join(self.folder, "set.next")
        self.assay(["soft", "collateral", os.path.join(self.folder, f"vendor-{vendor}"), "--out", made, "--evaluation",
                    str(self.evaluation), *words])
        self.assay(["collateral", "pack", made, "--in-force", self.collateral, "--out", offer])
        self.assay(["collateral", "submit", offer, "--socket", admin])
        self.assay(["collateral", "apply", "--in-force", self.collateral, "--offer", offer, "--out", following])
        os.replace(following, self.collateral)
        shutil.rmtree(made)
        os.unlink(offer)

    def key(self, operator):
        """The file of its present key."""
        return self.keys[operator]

    def assay(self, words, check=True):
        """Returns: the finished command, with its output as text."""
        done = subprocess.run([os.path.join(self.prefixes[0], "bin", "assay"), *words], capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"assay {' '.join(words)}: exit status {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def close(self):
        for node in self.nodes.values():
            if node.runs():
                node.process.kill()
                node.process.wait()


def wait_until(condition, seconds, step=0.05):
    """Returns: whether it became true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
