"""tests/integration/export/network.py - `assay export` next to the daemons of a real network.

usage: network.py BIN

Four nodes; a folder, an OTLP receiver and a syslog receiver get the events of the first one, while the exporters, that
daemon and the receiver are killed. In the end every event that the daemon retains was delivered, to the folder once.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import otlp  # noqa: E402
import syslog  # noqa: E402

BIN = os.path.abspath(sys.argv[1])
ASSAY, ASSAYD = os.path.join(BIN, "assay"), os.path.join(BIN, "assayd")
ENVIRONMENT = {**os.environ, "LC_ALL": "C"}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def wait(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.1)


def free_port():
    for port in range(20000 + os.getpid() % 20000, 60000, 16):
        sockets = []
        try:
            for i in range(12):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port + i))
            return port
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no free ports")


class Network:
    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        subprocess.run([ASSAY, "setup", "local", "--dir", folder + "/net", "--epoch-ms", "1000", "--port",
                        str(free_port())], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        for i in range(1, 5):
            self.start(f"node-{i}", ASSAYD, "--config", f"{folder}/net/node-{i}/assayd.yaml")
        self.socket = f"{folder}/net/node-1/admin.sock"

    def start(self, name, *command):
        with open(f"{self.folder}/{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)

    def export(self, name, *options):
        self.start(name, ASSAY, "export", "--what", "events", "--follow", "--socket", self.socket, *options)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def end(self, name):
        self.processes[name].send_signal(signal.SIGTERM)
        check(self.processes[name].wait(40) == 0, f"{name}: {self.log(name)[-800:]}")

    def log(self, name):
        with open(f"{self.folder}/{name}.log", errors="replace") as file:
            return file.read()

    def ask(self, *words):
        done = subprocess.run([ASSAY, *words, "--socket", self.socket, "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        return json.loads(done.stdout)["data"] if done.returncode == 0 else None

    def epoch(self):
        status = self.ask("status")
        return status["epoch"] if status else 0

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()


def lines(folder):
    found = []
    for name in sorted(n for n in os.listdir(folder) if n.startswith("events-")):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found += [json.loads(line) for line in file.read().split("\n") if line]
    return found


def follow(network, folder, receiver, server):
    """Starts all three. Returns: their options, for another start."""
    starts = {"files": ("--to", folder + "/out", "--rotate-bytes", "8192", "--keep", "0"),
              "otlp": ("--to", f"otlp:{receiver.url()}", "--state", folder + "/otlp-state", "--metrics-every", "1"),
              "syslog": ("--to", server.target, "--state", folder + "/syslog-state")}
    for name, options in starts.items():
        network.export(name, *options)
    return starts


def run(folder):
    network, receiver, server = Network(folder), otlp.Receiver(), syslog.Receiver("tcp")
    try:
        starts = follow(network, folder, receiver, server)
        wait(lambda: network.epoch() >= 4, "epochs close", 120)
        for name in starts:
            network.kill(name)
        receiver.script = [(503, {}, ""), "close"]
        for name, options in starts.items():
            network.export(name, *options)
        network.kill("node-1")
        time.sleep(1)
        network.start("node-1", ASSAYD, "--config", f"{folder}/net/node-1/assayd.yaml")
        begun = network.epoch()
        wait(lambda: network.epoch() >= max(begun, 4) + 4, "the network goes on", 120)
        retained = network.ask("timeline")["events"]
        expected = {(e["seq"], e["at_unix_ms"]) for e in retained}

        def delivered():
            """What is retained is in the folder, and of that all has arrived: retries wait for seconds."""
            mine = {f"{line['id']}" for line in lines(folder + "/out") if (line["seq"], line["at_unix_ms"]) in expected}
            return len(mine) == len(expected) and mine <= set(receiver.ids()) and mine <= set(server.ids())

        wait(delivered, "everything is delivered", 60)
        for name in starts:
            network.end(name)
        found = lines(folder + "/out")
        check(len(retained) > 10, f"{len(retained)} events")
        check(not [line for line in found if line["kind"] == "gap"], "no gap")
        keys = [(line["seq"], line["at_unix_ms"]) for line in found]
        check(len(set(keys)) == len(keys), "the folder has no event twice")
        check(keys == sorted(keys), "in order, times ascend")
        check(expected <= set(keys), f"missing in the folder: {sorted(expected - set(keys))[:5]}")
        ids = {f"{line['id']}" for line in found if (line["seq"], line["at_unix_ms"]) in expected}
        check(ids <= set(receiver.ids()), f"missing at the OTLP receiver: {sorted(ids - set(receiver.ids()))[:5]}")
        check(ids <= set(server.ids()), f"missing at the syslog server: {sorted(ids - set(server.ids()))[:5]}")
        check(not receiver.faults and not server.faults, f"{receiver.faults[:1]} {server.faults[:1]}")
        check(len(receiver.metrics) > 3, "metrics")
        print(f"{len(found)} events in {len(os.listdir(folder + '/out')) - 2} files, {len(receiver.ids())} log records, "
              f"{len(receiver.metrics)} sets of metrics, {len(server.ids())} messages")
    except AssertionError:
        for name in network.processes:
            print(f"--- {name}\n{network.log(name)[-1500:]}")
        raise
    finally:
        network.stop()
        receiver.stop()
        server.stop()


def main():
    folder = tempfile.mkdtemp(prefix="assay-en.", dir="/tmp")
    try:
        run(folder)
    finally:
        shutil.rmtree(folder)


main()
