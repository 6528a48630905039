"""Attack: a hostile node answers `assay identity fetch` with certificates that are old, over, or without the cross
certificate, and proves nothing (docs/identity.md 11).

usage: fetch_hostile.py CERTIFICATES ASSAY; CERTIFICATES: the program identity_certificates
"""
import base64
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

CERTIFICATES, ASSAY = (os.path.abspath(path) for path in sys.argv[1:3])
FAULTS = []


def check(what, holds):
    print(("ok   " if holds else "FAIL ") + what)
    if not holds:
        FAULTS.append(what)


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


def pem(name):
    return openssl("x509", "-inform", "DER", "-in", "net/%s.der" % name).decode()


class Node:
    """A node that issues one certificate for ever."""

    def __init__(self, certificate, holds=False):
        node = self
        self.certificate, self.requests, self.end = certificate, 0, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                node.requests += 1
                if holds and "/certificate" not in self.path:
                    node.end.wait(600)
                    return # no answer, and the connection stayed
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"schema": "assay.issue", "schema_version": 1,
                                             "data": {"status": 200, "certificate": node.certificate}}).encode())

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.where = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def words(folder, *nodes, ca="net/ca.pem"):
    at = [word for node in nodes for word in ("--http", node.where)]
    return [ASSAY, "identity", "fetch", "--dir", folder, "--key", "api", "--ca", ca, "--chain-id", CHAIN, "--member", NODE,
            "--private-key", "key.pem", *at]


def current(folder):
    with open(folder + "/current/cert.pem") as file:
        return file.read()


def replaced():
    """What is in place is valid for 900 s more. The node answers with one of an earlier epoch that ended 100 s ago."""
    good, hostile, behind = Node(pem("node")), Node(pem("older")), Node(pem("behind"))
    subprocess.run(words("a", good), check=True, capture_output=True)
    check("the newest is in place", current("a") == pem("node"))
    ended = subprocess.run(words("a", hostile), capture_output=True, text=True)
    print("    status %d: %s%s" % (ended.returncode, ended.stdout, ended.stderr))
    check("a certificate that is over replaces no valid one", current("a") == pem("node"))
    check("it is refused", ended.returncode == 11 and "this machine's date" in ended.stderr)
    ended = subprocess.run(words("a", behind), capture_output=True, text=True)
    check("an older one replaces no newer one", current("a") == pem("node"))
    check("it says what is there: %s" % ended.stdout, ended.returncode == 0 and "already in" in ended.stdout)
    ended = subprocess.run(words("a", hostile, good), capture_output=True, text=True)
    check("the second node is requested", ended.returncode == 0 and good.requests == 2)
    subprocess.run(words("e", behind), check=True, capture_output=True)
    check("the older one is better than none", current("e") == pem("behind"))


def watched():
    """Two nodes are named. The first one answers with what is over; the second one has a valid certificate."""
    good, hostile = Node(pem("node")), Node(pem("older"))
    running = subprocess.Popen(words("b", hostile, good) + ["--watch", "--hook", "echo >>hooked"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(25)
    running.kill()
    _, errors = running.communicate()
    print("    requests: %d of the hostile node, %d of the other; errors: %r" % (hostile.requests, good.requests, errors))
    check("the other node is requested", good.requests > 0)
    check("the valid certificate is in place", current("b") == pem("node"))


def hooked():
    """Two certificates in turn: each is a new set, and the hook runs each time."""
    hostile = Node(pem("older"))
    running = subprocess.Popen(words("c", hostile) + ["--watch", "--hook", "echo >>c-hooked"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        count = hostile.requests
        while hostile.requests == count and time.monotonic() < end:
            time.sleep(0.05)
        hostile.certificate = pem("node") if hostile.certificate == pem("older") else pem("older")
    running.kill()
    running.wait()
    runs = len(open("c-hooked").read())
    print("    %d runs of the hook in 30 s" % runs)
    check("the hook runs for newer certificates alone", runs <= 2)


def unproven():
    """Without --watch, the first node issues a certificate and proves no certificate authority: the next one is requested."""
    with open("net.checkpoint", "wb") as file: # canonical CBOR
        file.write(b"\x88\x73assay/checkpoint/v1\x58\x20" + bytes.fromhex(CHAIN) + b"\0\1\x58\x20" + 32 * b"\1" + b"\x58\x20" + 32 * b"\2"
                   + b"\x1b" + (int(time.time()) * 1000).to_bytes(8, "big") + b"\x1a" + (14 * 86400).to_bytes(4, "big"))
    lying, other = Node(pem("node")), Node(pem("node"))
    line = words("p", lying, other)
    at = line.index("--ca")
    line[at:at + 4] = ["--checkpoint", "net.checkpoint"]
    ended = subprocess.run(line, capture_output=True, text=True)
    print("    status %d: %s%s" % (ended.returncode, ended.stdout, ended.stderr))
    check("each node is requested once, certificate and proof", (lying.requests, other.requests) == (2, 2))
    first, last = ended.stderr.splitlines()
    check("the first failure names its node", lying.where + ": CA proof: " in first and "the next node" in first)
    check("so does the last one", ended.returncode == 13 and other.where + ": CA proof: it cannot be read" in last)
    check("nothing is written", sorted(os.listdir("p")) == ["key-name"])


def held():
    """A node issues a certificate and never answers the request for its proof: it has its part of --wait, not all of it."""
    holding, other = Node(pem("node"), holds=True), Node(pem("node"))
    line = words("h", holding, other) + ["--timeout", "300000", "--wait", "12"]
    at = line.index("--ca")
    line[at:at + 4] = ["--checkpoint", "net.checkpoint"]
    try:
        ended = subprocess.run(line, capture_output=True, text=True, timeout=150)
    except subprocess.TimeoutExpired:
        check("it ends", False)
        return
    finally:
        holding.end.set()
    print("    status %d: %s%s" % (ended.returncode, ended.stdout, ended.stderr))
    check("the next node is requested", (holding.requests, other.requests) == (2, 2))
    check("the first one is named", holding.where + ": CA proof: " in ended.stderr.splitlines()[0])
    alone = Node(pem("node"), holds=True)
    line = words("h", alone) + ["--timeout", "300000", "--wait", "3"]
    at = line.index("--ca")
    line[at:at + 4] = ["--checkpoint", "net.checkpoint"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=150)
    alone.end.set()
    check("one node alone: %s" % ended.stderr, ended.returncode != 0 and alone.where in ended.stderr)


def stripped():
    """A node leaves the cross certificate out that is in place: nothing is new, and no hook runs."""
    chain = pem("next_leaf") + pem("cross")
    node = Node(chain)
    for certificate in (chain, pem("next_leaf"), chain, pem("next_leaf")):
        node.certificate = certificate
        ended = subprocess.run(words("s", node, ca="both.pem") + ["--hook", "echo >>s-hooked"], capture_output=True, text=True)
        check("the cross certificate stays: %s%s" % (ended.stdout, ended.stderr), ended.returncode == 0 and current("s") == chain)
    check("one certificate runs the hook once", open("s-hooked").read() == "\n")
    node.certificate = pem("node") + pem("cross")
    subprocess.run(words("n", node, ca="both.pem"), check=True, capture_output=True)
    check("it is not for a leaf of the number before", current("n") == pem("node"))


def crossed():
    """docs/identity.md 5.1.1, 11.4: cert.pem has the cross certificate behind the leaf during a rollover."""
    chain = pem("next_leaf") + pem("cross")
    node = Node(chain)
    ended = subprocess.run(words("d", node, ca="both.pem"), capture_output=True, text=True)
    print("    status %d: %s%s" % (ended.returncode, ended.stdout, ended.stderr))
    check("the chain of a server", os.path.exists("d/current") and current("d") == chain)
    if os.path.exists("d/current"):
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", "net/ca.pem", "-untrusted", "d/current/cert.pem",
                                   "d/current/cert.pem"], capture_output=True, text=True)
        print("    a relying party that has number 1 alone: %s%s" % (verified.stdout, verified.stderr))
        check("who has number 1 alone verifies it", verified.returncode == 0)


WORK = tempfile.mkdtemp()
os.chdir(WORK)
try:
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
    os.chmod("key.pem", 0o600)
    os.mkdir("net")
    with open("net/key.spki", "wb") as key:
        key.write(openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER"))
    CHAIN = subprocess.run([CERTIFICATES, "net", str(int(time.time())), "4", "3"], check=True, capture_output=True, text=True).stdout.strip()
    openssl("x509", "-inform", "DER", "-in", "net/ca.der", "-out", "net/ca.pem")
    NAMES = openssl("x509", "-inform", "DER", "-in", "net/node.der", "-noout", "-ext", "subjectAltName").decode()
    NODE = base64.b32decode(re.search("node/([a-z2-7]{52})/api", NAMES).group(1).upper() + "====").hex()
    with open("both.pem", "w") as both:
        both.write(open("net/ca.pem").read() + pem("next"))
    replaced()
    unproven()
    held()
    watched()
    hooked()
    crossed()
    stripped()
finally:
    shutil.rmtree(WORK)
print("%d faults" % len(FAULTS))
sys.exit(1 if FAULTS else 0)
