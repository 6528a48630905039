#!/usr/bin/python3
"""Programs of two nodes register a key in each epoch and withdraw the one before; what that costs others.

usage: other_keys.py ASSAY NET ADDRESS EPOCH_MS EPOCHS API
API: DER of a public key that is registered and active. Prints how many keys were registered, how often the key was
not active, and the fewest live indices of all samples.
"""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

assay, net, address, epoch_ms, epochs, api = sys.argv[1:7]
registered = [0, 0]


def ask_enclave(node, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(f"{net}/node-{node}/service.sock")
        s.sendall(line.encode() + b"\n")
        return s.recv(8192).decode()


def change_keys(node):
    """One key an epoch; every third stays beside the next."""
    for i in range(int(epochs)):
        begun = time.monotonic()
        name = f"n{i}"
        if i > 0 and i % 3 != 0:
            ask_enclave(node, f"key withdraw tls n{i - 1}")
        subprocess.run([assay, "identity", "fetch", "--dir", f"fetched-{node}-{i}", "--key", name, "--enclave",
                        f"{net}/node-{node}/service.sock", "--checkpoint", f"{net}/node-1/checkpoint", "--http", address,
                        "--wait", "0", "--accept-insecure"], capture_output=True, check=False)
        if f"tls {name} " in ask_enclave(node, "key list"):
            registered[node - 1] += 1
        time.sleep(max(0, int(epoch_ms) / 1000 - (time.monotonic() - begun)))


def get(path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return json.load(error)["data"]


with open(api, "rb") as key:
    spki = hashlib.sha256(key.read()).hexdigest()
writers = [threading.Thread(target=change_keys, args=(node,)) for node in (1, 2)]
for writer in writers:
    writer.start()
samples, active, fewest, lost = 0, 0, None, 0
quiet_until = None
while quiet_until is None or time.monotonic() < quiet_until:
    if quiet_until is None and not any(w.is_alive() for w in writers):
        quiet_until = time.monotonic() + 4 * int(epoch_ms) / 1000  # what came last takes effect
    ca, decision = get("/v1/ca"), get("/v1/authorize?spki=" + spki)
    samples += 1
    active += decision.get("reason") == "active"
    lost = max(lost, sum(h["lost"] for h in ca["holders"]))
    fewest = ca["live"] if fewest is None else min(fewest, ca["live"])
    if decision.get("reason") != "active":
        print(f"epoch {ca['epoch']}: the other key is {decision.get('reason')}")
    time.sleep(0.2)
print(f"registered {registered[0]} and {registered[1]}; in {samples} samples "
      f"not active {samples - active}, fewest live {fewest}, lost {lost}, number {ca['ca_number']}")
