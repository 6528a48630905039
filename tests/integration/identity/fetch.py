"""`assay identity fetch` against an enclave program and a node that the test plays (docs/identity.md 11).

usage: fetch.py CERTIFICATES ASSAY; CERTIFICATES: the program identity_certificates

Registrations are verified here with openssl, over canonical CBOR of this file; certificates are signed by a group key.
"""
import base64
import contextlib
import hashlib
import http.server
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

CERTIFICATES, ASSAY = (os.path.abspath(path) for path in sys.argv[1:3])
FAULTS = []


def check(what, holds):
    if not holds:
        FAULTS.append(what)
        print("FAIL " + what)


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    power = next(i for i in range(4) if number < 1 << (8 << i))
    return bytes([major << 5 | (24 + power)]) + number.to_bytes(1 << power, "big")


def cbor(value):
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(0, value)


def verifies(spki, statement, proof):
    """A P-256 signature r | s."""
    def integer(number):
        number = number.lstrip(b"\0")
        number = (b"\0" if number[:1] >= b"\x80" else b"") + number
        return b"\2" + bytes([len(number)]) + number
    der = integer(proof[:32]) + integer(proof[32:])
    for name, data in (("spki.der", spki), ("sig", b"\x30" + bytes([len(der)]) + der), ("text", statement)):
        with open(name, "wb") as file:
            file.write(data)
    return subprocess.run(["openssl", "dgst", "-sha256", "-verify", "spki.der", "-keyform", "DER", "-signature", "sig", "text"],
                          capture_output=True).returncode == 0


class Authority:
    """A network with a group key: its CA, and a certificate of a key."""

    def __init__(self, folder, spki, time_s):
        os.mkdir(folder)
        with open(folder + "/key.spki", "wb") as file:
            file.write(spki)
        self.chain = subprocess.run([CERTIFICATES, folder, str(time_s), "4", "3"], check=True, capture_output=True,
                                    text=True).stdout.strip()
        self.ca = folder + "/ca.pem"
        openssl("x509", "-inform", "DER", "-in", folder + "/ca.der", "-out", self.ca)
        self.pem = openssl("x509", "-inform", "DER", "-in", folder + "/node.der").decode()
        names = openssl("x509", "-inform", "DER", "-in", folder + "/node.der", "-noout", "-ext", "subjectAltName").decode()
        self.node = base64.b32decode(re.search("node/([a-z2-7]{52})/api", names).group(1).upper() + "====")


class Enclave(threading.Thread):
    """The socket of the enclave program."""

    def __init__(self, path, network):
        super().__init__(daemon=True)
        self.network, self.chain, self.boot, self.registered = network, network.chain, b"\7" * 32, []
        self.keys = [("tls", "api"), ("token", "jobs")]
        self.link = socket.socket(socket.AF_UNIX)
        self.link.bind(path)
        self.link.listen(8)
        self.changed = threading.Condition()

    def run(self):
        while True:
            client = self.link.accept()[0]
            with contextlib.suppress(ConnectionError), client, client.makefile("rw") as lines:
                for line in lines:
                    lines.write(self.reply(line.split()))
                    lines.flush()

    def reply(self, words):
        if words[:2] == ["key", "boot"]:
            return "boot %s chain %s node %s\n" % (self.boot.hex(), self.chain, self.network.node.hex())
        if words[:2] == ["key", "list"]:
            return "".join("%s %s 1000 %s\n" % (*key, "ab" * 32) for key in self.keys) + "end\n"
        if words[:2] == ["key", "withdraw"]:
            if tuple(words[2:]) not in self.keys:
                return "error ASSAY_E_NOT_FOUND: no key is registered under purpose and name\n"
            self.keys.remove(tuple(words[2:]))
            return "ok %d\n" % len(self.keys)
        with self.changed:
            self.registered.append((self.boot, bytes.fromhex(words[2]), bytes.fromhex(words[3])))
            self.changed.notify_all()
        return "ok 1\n"

    def wait(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.registered) >= count, 60)


class Node(http.server.BaseHTTPRequestHandler):
    """Answers of a node: those in `answers`, one after the other, the last one for ever."""
    answers, requests, changed = [], [], threading.Condition()

    def do_GET(self):
        with Node.changed:
            Node.requests.append(self.path)
            status, body = Node.answers[0]
            if len(Node.answers) > 1:
                Node.answers.pop(0)
            Node.changed.notify_all()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


def problem(status, code, **more):
    return status, dict({"type": "about:blank", "status": status, "code": code, "detail": "because", "hint": "h"}, **more)


def issued(pem):
    return 200, {"schema": "assay.issue", "schema_version": 1, "data": {"status": 200, "certificate": pem}}


AT_WORK = 202, {"schema": "assay.issue", "schema_version": 1, "data": {"status": 202, "retry_after_s": 1}}


def fetch(*more, network=None, key="key.pem", folder="tls", enclave="enclave.sock"):
    words = [ASSAY, "identity", "fetch", "--dir", folder, "--key", "api", "--ca", (network or NETWORK).ca, "--chain-id", NETWORK.chain,
             "--http", "127.0.0.1:%d" % SERVER.server_port, *more]
    words += ["--enclave", enclave] if enclave else []
    words += ["--private-key", key] if key else []
    return subprocess.run(words, capture_output=True, text=True)


def read(name, folder="tls"):
    with open("%s/current/%s" % (folder, name)) as file:
        return file.read()


def expect(what, ended, status, text=""):
    check("%s: status %d, expected %d: %s" % (what, ended.returncode, status, ended.stderr), ended.returncode == status)
    check("%s: %s lacks %s" % (what, ended.stderr, text), text in ended.stderr)


def first():
    """What passes is waited for; what was registered verifies; the files are there, and the hook was executed."""
    Node.answers = [problem(404, "not_found"), problem(409, "next_epoch"), AT_WORK, problem(503, "few_holders"), issued(NETWORK.pem)]
    expect("the first one", fetch("--hook", "echo $0 >>hooked"), 0)
    check("five requests", Node.requests == ["/v1/nodes/%s/certificate?key=api" % NETWORK.node.hex()] * 5)
    boot, entry, second = ENCLAVE.registered[0]
    chain = bytes.fromhex(NETWORK.chain)
    proof = entry[-64:]
    check("the entry is canonical", entry == cbor(["assay/key/v1", 1, "api", [], SPKI, proof]))

    def statement(network):
        return cbor(["assay/key-proof/v1", network, NETWORK.node, 1, "api", [], SPKI])
    check("the proof for the ledger", verifies(SPKI, statement(chain), proof))
    challenge = hashlib.sha256(cbor(["assay/key-registration/v1", chain, boot])).digest()
    check("the proof for this boot", verifies(SPKI, statement(challenge), second))
    check("it is no proof for the ledger", not verifies(SPKI, statement(chain), second))
    check("the certificate", read("cert.pem") == NETWORK.pem)
    check("the bundle", read("ca.pem") == open(NETWORK.ca).read())
    check("the key", openssl("pkey", "-in", "tls/current/key.pem", "-pubout", "-outform", "DER") == SPKI)
    check("its mode", os.stat("tls/current/key.pem").st_mode & 0o777 == 0o600)
    check("the hook", os.path.exists("hooked"))
    openssl("verify", "-x509_strict", "-CAfile", "tls/current/ca.pem", "tls/current/cert.pem")
    os.unlink("hooked")
    again = fetch("--json", "--hook", "echo >>hooked")
    expect("the same one", again, 0)
    check("a document", json.loads(again.stdout)["data"]["is_new"] is False)
    check("no hook", not os.path.exists("hooked"))


def has_ended(pid):
    """Or is a zombie, until its new parent collects it."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def refusals():
    """Nothing of these replaces what is there."""
    before = os.readlink("tls/current")
    Node.answers = [issued(OTHER.pem)]
    expect("a certificate of another network", fetch(), 11, "does not verify")
    Node.answers = [issued(NETWORK.pem)]
    expect("under a CA of another network", fetch(network=OTHER), 11, "does not verify")
    expect("of another key", fetch(key="other.pem"), 11, "another key")
    Node.answers = [issued("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    expect("no certificate", fetch(), 11)
    # What a server would take for the certificate must be what was verified.
    Node.answers = [issued(NETWORK.pem.replace("CERTIFICATE", "X509 CRL") + OTHER.pem)]
    expect("a stranger's certificate behind another block", fetch(), 11, "no certificate")
    Node.answers = [issued(NETWORK.pem + OTHER.pem + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    expect("a stranger's certificate behind ours", fetch(folder="behind"), 0)
    check("is not written", read("cert.pem", "behind") == NETWORK.pem)
    Node.answers = [problem(403, "role_required")]
    expect("without the role", fetch(), 4, "role_required")
    for name, content, text in (("empty.pem", "", "found an empty file"), ("rsa.pem", "-" * 1700, "such as a key of RSA")):
        with open(name, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
        expect("a private key in %s" % name, fetch(key=name), 1, text)
    Node.answers = [AT_WORK]
    expect("too late", fetch("--wait", "0"), 7, "within 0 s")
    # What is at work says nothing by itself: the reason of the attempt before is printed.
    Node.answers = [AT_WORK, problem(503, "few_holders"), AT_WORK]
    ended = fetch("--wait", "3")
    expect("too few holders", ended, 7, "last refusal: few_holders: because: start the missing assay-signer")
    check("how long: " + ended.stderr, re.search("the holders of the key have been at work for [2-4] s;", ended.stderr))
    Node.answers = [AT_WORK, problem(503, "few_holders")]
    expect("the same", fetch("--wait", "2"), 7, "have been at work for")
    Node.answers = [AT_WORK]
    ended = fetch("--wait", "1")
    expect("nothing was refused", ended, 7, "have been at work for")
    check("and none is printed: " + ended.stderr, "refusal" not in ended.stderr)
    expect("without an enclave program", fetch(enclave="nothing.sock"), 3, "nothing.sock")
    expect("usage", fetch("--member", "00"), 2, "--enclave")
    expect("usage", fetch(enclave=None), 2, "--member")
    count = len(ENCLAVE.registered)
    ENCLAVE.chain = OTHER.chain
    expect("an enclave of another network", fetch(), 4, "nothing is registered")
    check("nothing is", len(ENCLAVE.registered) == count)
    ENCLAVE.chain = NETWORK.chain
    check("the link stays", os.readlink("tls/current") == before and read("cert.pem") == NETWORK.pem)
    Node.answers = [issued(NETWORK.pem)]
    expect("a hook that fails", fetch("--hook", "exit 3", folder="hooks"), 8, "status 3")
    check("the files are there", os.path.exists("hooks/current/cert.pem"))
    expect("a hook that hangs", fetch("--hook", "sleep 1000 & echo $! >child; wait", "--hook-wait", "1", folder="hangs"), 8,
           "was killed")
    check("what it started has ended", has_ended(int(open("child").read())))


def proven():
    """A node that shows what it wants instead of a proof has nothing written."""
    with open("net.checkpoint", "wb") as file:
        file.write(cbor(["assay/checkpoint/v1", bytes.fromhex(NETWORK.chain), 0, 1, b"\1" * 32, b"\2" * 32, int(time.time()) * 1000,
                         14 * 86400]))
    words = [ASSAY, "identity", "fetch", "--dir", "proven", "--key", "api", "--checkpoint", "net.checkpoint", "--enclave", "enclave.sock",
             "--private-key", "key.pem", "--http", "127.0.0.1:%d" % SERVER.server_port]

    def run():
        return subprocess.run(words, capture_output=True, text=True)
    Node.answers = [issued(NETWORK.pem), (200, {"schema": "assay.ca_proof", "data": {"ca_proof": "00"}})]
    Node.requests = []
    expect("no proof", run(), 13, "cannot be read as a CA proof")
    check("one was requested", Node.requests[-1] == "/v1/ca/proof")
    Node.answers = [issued(NETWORK.pem), problem(503, "ca_none")]
    expect("none yet", run(), 5, "ca_none")
    Node.answers = [issued(NETWORK.pem), problem(404, "not_found")]
    expect("no authority", run(), 5, "not_found")
    check("nothing is written", sorted(os.listdir("proven")) == ["key-name"])
    expect("usage", subprocess.run(words + ["--chain-id", NETWORK.chain], capture_output=True, text=True), 2, "--chain-id")


def own_key():
    """Made once, and registered again with the same bytes after a restart."""
    Node.answers = [AT_WORK]
    for _ in range(2):
        expect("a new key", fetch("--wait", "0", key=None, folder="own"), 7)
    spki = openssl("pkey", "-in", "own/key.pem", "-pubout", "-outform", "DER")
    check("its mode", os.stat("own/key.pem").st_mode & 0o777 == 0o600)
    check("the same key", all(spki in entry for _, entry, _ in ENCLAVE.registered[-2:]))


def watch():
    """Renewed at half of the validity, and registered again when the enclave program restarted. Killed, it leaves all."""
    late = Authority("late", SPKI, int(time.time()) - 447)
    ENCLAVE.network, ENCLAVE.chain = late, late.chain
    Node.answers, Node.requests = [issued(late.pem)], []
    count = len(ENCLAVE.registered)
    running = subprocess.Popen([ASSAY, "identity", "fetch", "--dir", "tls", "--key", "api", "--ca", late.ca, "--chain-id", late.chain,
                                "--http", "127.0.0.1:%d" % SERVER.server_port, "--enclave", "enclave.sock", "--private-key", "key.pem",
                                "--watch"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with Node.changed:
        check("it renews", Node.changed.wait_for(lambda: len(Node.requests) >= 2, 60))
    ENCLAVE.boot = b"\x09" * 32
    check("it registers again", ENCLAVE.wait(count + 2))
    running.send_signal(signal.SIGKILL)
    running.communicate()
    check("the certificate is there", read("cert.pem") == late.pem)


def watching(folder, *more, network=None):
    """A process with --watch; its lines go to FOLDER.err."""
    network = network or NETWORK
    with open(folder + ".err", "w") as errors:
        return subprocess.Popen([ASSAY, "identity", "fetch", "--dir", folder, "--key", "api", "--ca", network.ca, "--chain-id",
                                 network.chain, "--member", network.node.hex(), "--private-key", "key.pem", "--watch", *more],
                                stdout=subprocess.DEVNULL, stderr=errors)


def until(what, holds, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not holds():
        time.sleep(0.1)
    check(what, holds())


def failures():
    """A renewal that fails is reported with the time that is left, then once in 60 s, and when the certificate expires."""
    at = "127.0.0.1:%d" % SERVER.server_port
    ending = Authority("ending", SPKI, int(time.time()) - 880)
    Node.answers = [issued(ending.pem), problem(503, "few_holders")]
    running = watching("ending-watch", "--http", at, network=ending)

    def lines():
        with open("ending-watch.err") as file:
            return file.read().splitlines()
    until("the failure is reported", lambda: len(lines()) >= 1)
    check("with the node's answer: %s" % lines(), "few_holders" in lines()[0] and re.search(r"valid for \d+ s more", lines()[0]))
    until("its end is", lambda: len(lines()) >= 2)
    check("it names the time: %s" % lines(), re.search(r"EXPIRED at 20.*few_holders", lines()[-1]))
    time.sleep(3)
    check("nothing else within 60 s: %s" % lines(), len(lines()) == 2)
    running.kill()
    running.wait()


def failover():
    """The next address after a failure; each failure names its cause."""
    with socket.socket() as closed, socket.socket() as other:
        closed.bind(("127.0.0.1", 0))
        refused = "127.0.0.1:%d" % closed.getsockname()[1]
        Node.answers = [issued(NETWORK.pem)]
        words = [ASSAY, "identity", "fetch", "--dir", "failover", "--key", "api", "--ca", NETWORK.ca, "--chain-id", NETWORK.chain,
                 "--member", NETWORK.node.hex(), "--private-key", "key.pem"]

        def run(*more):
            return subprocess.run(words + list(more), capture_output=True, text=True)
        expect("the second address", run("--http", refused, "--http", "127.0.0.1:%d" % SERVER.server_port), 0)
        # Each request of the other node is preceded by one of this: it is printed once in a minute.
        Node.answers = [problem(404, "not_found")] * 3 + [issued(NETWORK.pem)]
        ended = run("--http", refused, "--http", "127.0.0.1:%d" % SERVER.server_port)
        expect("a node that does not listen", ended, 0)
        check("is reported once: " + ended.stderr, ended.stderr.count("the next node is requested") == 1)
        expect("none listens", run("--http", refused), 3, "connection refused: is assayd running, and is this its listen.http?")
        expect("a URL", run("--http", "http://127.0.0.1:8081"), 2, "without http://")
        expect("a name", run("--http", "localhost:8081"), 2, "ADDRESS:PORT")
        expect("two nodes", run("--http", refused, "--socket", "admin.sock"), 2, "exclude each other")
        other.bind(("127.0.0.1", 0))
        other.listen(1)

        def answer():
            client = other.accept()[0]
            client.recv(1000)
            client.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
            client.close()
        threading.Thread(target=answer, daemon=True).start()
        expect("a port with TLS", run("--http", "127.0.0.1:%d" % other.getsockname()[1]), 3, "a port with TLS")
        for command in ("status", "show"):
            shown = subprocess.run([ASSAY, "ca", command, "--http", refused], capture_output=True, text=True)
            expect("ca " + command, shown, 3, "connection refused")
            shown = subprocess.run([ASSAY, "ca", command, "--http", "http://x"], capture_output=True, text=True)
            expect("ca " + command, shown, 2, "without http://")


def hooks():
    """A hook that failed is executed again until it succeeds."""
    Node.answers = [issued(NETWORK.pem)]
    expect("it fails", fetch("--hook", "test -e ready", folder="pending"), 8, "executes it again")
    check("it is pending", os.path.exists("pending/hook-pending"))
    expect("it fails again", fetch("--hook", "test -e ready", folder="pending"), 8, "status 1")
    running = watching("pending", "--http", "127.0.0.1:%d" % SERVER.server_port, "--hook", "test -e ready && echo >>succeeded")
    until("it fails with --watch", lambda: "again after 1 s" in open("pending.err").read())
    open("ready", "w").close()
    until("it is executed again", lambda: os.path.exists("succeeded"))
    until("and is not pending", lambda: not os.path.exists("pending/hook-pending"))
    time.sleep(3)
    check("once", open("succeeded").read() == "\n")
    running.kill()
    running.wait()
    expect("nothing is due", fetch("--hook", "exit 3", folder="pending"), 0)
    # Killed between the files and the hook.
    open("pending/hook-pending", "w").close()
    expect("it was due", fetch("--hook", "echo >>succeeded", folder="pending"), 0)
    check("it was executed", open("succeeded").read() == "\n\n")


def inputs():
    """What is wrong is found before anything is registered or made."""
    count = len(ENCLAVE.registered)
    Node.answers = [issued(NETWORK.pem)]
    before = os.readlink("tls/current")
    expect("another key of a folder", fetch("--enclave", "enclave.sock", "--private-key", "key.pem", enclave=None, key=None, folder="one"), 0)
    ended = subprocess.run([ASSAY, "identity", "fetch", "--dir", "tls", "--key", "other", "--ca", NETWORK.ca, "--chain-id", NETWORK.chain,
                            "--enclave", "enclave.sock", "--http", "127.0.0.1:%d" % SERVER.server_port], capture_output=True, text=True)
    expect("a folder is for one key", ended, 6, "a folder is for one key")
    check("it names both", "certificate api" in ended.stderr and "certificate other" in ended.stderr)
    check("the link stays", os.readlink("tls/current") == before)
    count += 1
    expect("usage", fetch("--member", NETWORK.node.hex()[:52], enclave=None), 2, "52 characters in base32")
    member = ["--member", base64.b32encode(NETWORK.node).decode().rstrip("=").lower()]
    expect("no key of --member", fetch(*member, enclave=None, key=None, folder="none"), 5, "--private-key")
    check("none is made", not os.path.exists("none/key.pem"))
    words = [ASSAY, "identity", "fetch", "--dir", "absent", "--key", "api", "--chain-id", NETWORK.chain, "--enclave", "enclave.sock",
             "--ca"]
    expect("no such CA file", subprocess.run(words + ["no.pem"], capture_output=True, text=True), 5, "no.pem: no such file")
    check("no folder is made", not os.path.exists("absent"))
    openssl("req", "-x509", "-key", "key.pem", "-subj", "/CN=other", "-out", "ecdsa.pem")
    words = [ASSAY, "identity", "fetch", "--dir", "ecdsa", "--key", "api", "--chain-id", NETWORK.chain, *member, "--private-key", "key.pem",
             "--http", "127.0.0.1:%d" % SERVER.server_port, "--ca", "ecdsa.pem"]
    ended = subprocess.run(words, capture_output=True, text=True)
    expect("a CA of ECDSA", ended, 11, "which are of Ed25519")
    check("its status is none of curves", "not a point" not in ended.stderr)
    words = [ASSAY, "identity", "fetch", "--dir", "audience", "--token", "api", "--checkpoint", "net.checkpoint", "--enclave",
             "enclave.sock", "--audience"]
    for audience in ('a"b', "a b", "", "a" * 129):
        expect("an audience", subprocess.run(words + [audience], capture_output=True, text=True), 2, "--audience")
    check("nothing was registered", len(ENCLAVE.registered) == count)
    os.mkdir("unreadable", 0o700)
    with open("unreadable/key.pem", "w"):
        os.chmod("unreadable/key.pem", 0)
    capabilities = "-dac_override,-dac_read_search"
    drop = ["setpriv", "--bounding-set", capabilities, "--inh-caps", capabilities] if os.geteuid() == 0 else []
    words = [*drop, ASSAY, "identity", "fetch", "--dir", "unreadable", "--key", "api", "--ca", NETWORK.ca, "--chain-id", NETWORK.chain,
             *member]
    expect("a key that cannot be read", subprocess.run(words, capture_output=True, text=True), 1, "Permission denied")
    os.mkdir("others", 0o700)
    words[words.index("unreadable")] = "others"
    if os.geteuid() == 0:
        with open("others/key-name", "w") as file:
            file.write("certificate api")
        os.chmod("others/key-name", 0o600)
        os.chmod(".", 0o755)
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        # The folder is of root, which this user trusts, and may not enter.
        ended = subprocess.run(other + words[len(drop):], capture_output=True, text=True, env=dict(os.environ, HOME="/nonexistent"))
        expect("a folder of another user", ended, 1,
               "others/key-name: the file cannot be read (Permission denied): user 65534 may not, and the folder is of user 0")
        check("nothing else is: " + ended.stderr, "expected" not in ended.stderr)
        os.chmod("enclave.sock", 0o600)
        for command in (["identity", "list"], ["identity", "withdraw", "--key", "api"]):
            ended = subprocess.run(other + [ASSAY, *command, "--enclave", "enclave.sock"], capture_output=True, text=True,
                                   env=dict(os.environ, HOME="/nonexistent"))
            expect("a socket of another user", ended, 3, "user 65534 may not connect to the socket (Permission denied)")
            check("its owner: " + ended.stderr, "run the command as user 0 or in group 0" in ended.stderr)
    words[words.index("others")] = "full"
    words[words.index("--member"):] = ["--enclave", "enclave.sock"]

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    ended = subprocess.run(words, capture_output=True, text=True, preexec_fn=limit)
    expect("a key that cannot be written", ended, 1, "full/key.pem: the key cannot be written (File too large)")


def registered():
    """Keys are listed and withdrawn, those of certificates and of tokens apart."""
    def run(*words):
        return subprocess.run([ASSAY, "identity", *words], capture_output=True, text=True)
    at = ["--enclave", "enclave.sock"]
    listed = run("list", *at)
    expect("a list", listed, 0)
    check("its lines: " + listed.stdout, [line.split() for line in listed.stdout.splitlines()] == [
        ["tls", "api", "user", "1000", "ab" * 32], ["token", "jobs", "user", "1000", "ab" * 32]])
    keys = json.loads(run("list", *at, "--json").stdout)["data"]["keys"]
    check("as a document", keys[1] == {"purpose": "token", "name": "jobs", "uid": 1000, "spki_sha256": "ab" * 32})
    expect("of another purpose", run("withdraw", *at, "--token", "api"), 5, "no key is registered")
    check("nothing is withdrawn", len(ENCLAVE.keys) == 2)
    expect("usage", run("withdraw", *at), 2, "one of --key NAME, --token NAME and --holder")
    expect("usage", run("withdraw", *at, "--key", "api", "--holder"), 2, "one of --key NAME, --token NAME and --holder")
    expect("usage", run("withdraw", *at, "--key", "x y"), 2, "DNS label")
    expect("a key", run("withdraw", *at, "--key", "api"), 0)
    check("it is withdrawn", ENCLAVE.keys == [("token", "jobs")])
    expect("the token", run("withdraw", *at, "--token", "jobs"), 0)
    expect("no holder", run("withdraw", *at, "--holder"), 5, "no key is registered")
    ENCLAVE.keys.append(("holder", "signer"))
    expect("the holder", run("withdraw", *at, "--holder"), 0)
    check("none is listed", "no key is registered" in run("list", *at).stdout)
    expect("no enclave", run("list", "--enclave", "none.sock"), 3, "enclave.service")


def alone():
    """`ca status` ends with 10 while an operator or vendor root has enough indices to sign."""
    def status(*groups):
        Node.answers = [(200, {"schema": "assay.ca", "data": {"state": "active", "ca_number": 1, "live": 4, "indices": 4, "threshold": 3,
                                                              "generation": 1, "ceremony": {"phase": "none"}, "groups": groups}})]
        return subprocess.run([ASSAY, "ca", "status", "--http", "127.0.0.1:%d" % SERVER.server_port], capture_output=True, text=True)
    blocks = {"group": "operator", "name": "acme", "id": "00" * 32, "indices": 2, "signs_alone": False}
    ended = status(blocks)
    expect("none signs alone", ended, 0)
    check("nor is named: " + ended.stdout, "ALONE" not in ended.stdout)
    ended = status(blocks, dict(blocks, indices=3, signs_alone=True))
    expect("one does", ended, 10)
    check("it is named: " + ended.stdout, "ALONE: operator acme has 3 indices" in ended.stdout)


WORK = tempfile.mkdtemp()
os.chdir(WORK)
try:
    for name in ("key", "other"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".pem")
        os.chmod(name + ".pem", 0o600)
    SPKI = openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")
    NETWORK, OTHER = (Authority(name, SPKI, int(time.time())) for name in ("network", "another"))
    ENCLAVE = Enclave("enclave.sock", NETWORK)
    ENCLAVE.start()
    SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
    threading.Thread(target=SERVER.serve_forever, daemon=True).start()
    first()
    refusals()
    proven()
    own_key()
    inputs()
    failover()
    registered()
    alone()
    hooks()
    failures()
    watch()
finally:
    shutil.rmtree(WORK)
print("%d faults" % len(FAULTS))
sys.exit(1 if FAULTS else 0)
