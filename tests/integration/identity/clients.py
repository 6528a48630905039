"""tests/integration/identity/clients.py - TLS libraries take what a group key signed, and refuse what it did not.

usage: clients.py IDENTITY_CERTIFICATES FOLDER-FOR-GO ROOT LIBRARY [EXAMPLE]. EXAMPLE: examples/attested_tls.c as a program;
LIBRARY: the folder of libassay.so for Python, - in a build with sanitizers. Libraries that are not installed are counted, not passed over.
"""
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

TABLES = [(4, 3), (7, 4), (20, 11)]
ALGORITHMS = [["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
              ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-algorithm", "ed25519"]]
ENVIRONMENT = dict(os.environ, LC_ALL="C")
checks = 0
skipped = []


def run(*command, **options):
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=300, **options)


def expect(condition, what, result=None):
    global checks
    checks += 1
    if not condition:
        print("FAILED: %s" % what)
        if result is not None:
            print(result.stdout.decode(errors="replace") + result.stderr.decode(errors="replace"))
        sys.exit(1)


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def to_pem(folder, name):
    write("%s/%s.pem" % (folder, name), ssl.DER_cert_to_PEM_cert(read("%s/%s.der" % (folder, name))).encode())


def make(program, folder, table, algorithm):
    key = folder + "/key.pem"
    expect(run("openssl", "genpkey", *algorithm, "-out", key).returncode == 0, "a key is made")
    expect(run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", folder + "/key.spki").returncode == 0,
           "its public part is written")
    made = run(program, folder, str(int(time.time())), str(table[0]), str(table[1]))
    expect(made.returncode == 0, "certificates are signed", made)
    for name in ("ca", "leaf", "foreign", "node", "expired", "next", "cross", "next_leaf"):
        to_pem(folder, name)
    return made.stdout.decode().strip()


def openssl_verifies(folder, leaf, *options, ca="ca"):
    return run("openssl", "verify", "-x509_strict", "-check_ss_sig", *options, "-CAfile", "%s/%s.pem" % (folder, ca),
               "%s/%s.pem" % (folder, leaf))


def verify_with_openssl(folder):
    good = openssl_verifies(folder, "leaf", "-purpose", "sslserver", "-verify_hostname", "api.mesh.example")
    expect(good.returncode == 0, "OpenSSL accepts a leaf for its name", good)
    good = openssl_verifies(folder, "leaf", "-purpose", "sslclient")
    expect(good.returncode == 0, "OpenSSL accepts it as a client", good)
    expect(openssl_verifies(folder, "ca").returncode == 0, "OpenSSL accepts the CA certificate")
    good = openssl_verifies(folder, "node")
    expect(good.returncode == 0, "OpenSSL accepts a leaf without a granted name", good)
    expect(openssl_verifies(folder, "node", "-verify_hostname", "api.mesh.example").returncode != 0,
           "a name that was not granted is not in a certificate")
    foreign = openssl_verifies(folder, "foreign")
    expect(b"permitted subtree" in foreign.stderr, "OpenSSL refuses a foreign domain", foreign)
    old = openssl_verifies(folder, "expired")
    expect(b"expired" in old.stderr, "OpenSSL refuses an old certificate", old)
    expect(openssl_verifies(folder, "leaf", ca="next").returncode != 0, "another CA number vouches for nothing")
    # Who has the old CA verifies leaves of the next one by the certificate that the old one signed (identity.md 5.1.1).
    cross = openssl_verifies(folder, "cross")
    expect(cross.returncode == 0, "OpenSSL accepts the next CA's certificate by the old one", cross)
    path = openssl_verifies(folder, "next_leaf", "-untrusted", folder + "/cross.pem")
    expect(path.returncode == 0, "a path leads over the next CA", path)
    path = openssl_verifies(folder, "leaf", "-untrusted", folder + "/cross.pem", ca="next")
    expect(path.returncode != 0, "and none back", path)
    usage = openssl_verifies(folder, "next_leaf", "-untrusted", folder + "/leaf.pem")
    expect(usage.returncode != 0, "a leaf issues nothing", usage)


def change_each_part(folder):
    """Any changed byte of a certificate is refused: one in each sixteenth of it, and the last."""
    whole = read(folder + "/leaf.der")
    for at in sorted({len(whole) * part // 16 + 5 for part in range(16)} | {len(whole) - 1}):
        if at >= len(whole):
            continue
        changed = bytearray(whole)
        changed[at] ^= 1
        write(folder + "/changed.der", bytes(changed))
        to_pem(folder, "changed")
        result = openssl_verifies(folder, "changed")
        expect(result.returncode != 0, "a certificate with byte %d changed is refused" % at, result)


def verify_with_gnutls(folder):
    if shutil.which("certtool") is None:
        skipped.append("certtool")
        return
    for name, good in (("leaf", True), ("node", True), ("foreign", False), ("expired", False), ("changed", False)):
        result = run("certtool", "--verify", "--load-ca-certificate", folder + "/ca.pem", "--infile",
                     "%s/%s.pem" % (folder, name))
        expect((result.returncode == 0) == good, "GnuTLS, %s" % name, result)


def handshake(folder, leaf, hostname):
    """Mutual TLS in memory. Returns: None, or why it failed."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for context in (server, client):
        context.load_verify_locations(folder + "/ca.pem")
        context.load_cert_chain("%s/%s.pem" % (folder, leaf), folder + "/key.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(down, up, server_hostname=hostname), server.wrap_bio(up, down, server_side=True)]
    left = set(sides)
    for _ in range(20):
        for side in list(left):
            try:
                side.do_handshake()
                left.discard(side)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                return str(error)
    return "no end" if left else None


def verify_with_python(folder):
    why = handshake(folder, "leaf", "api.mesh.example")
    expect(why is None, "Python's ssl: %s" % why)
    expect(handshake(folder, "leaf", "other.mesh.example") is not None, "another host name is refused")
    for name in ("foreign", "expired"):
        expect(handshake(folder, name, "api.mesh.example") is not None, "Python refuses %s" % name)


def verify_over_sockets(folder):
    """openssl s_server and s_client, both with certificates; and gnutls-cli against the same server."""
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", folder + "/leaf.pem", "-key", folder + "/key.pem",
         "-CAfile", folder + "/ca.pem", "-Verify", "1", "-verify_return_error", "-naccept", "3"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT)
    try:
        port = ""
        while not port:
            line = server.stdout.readline().decode()
            expect(line != "", "s_server listens")
            if line.startswith("ACCEPT"):
                port = line.strip().rpartition(":")[2]
        options = ["-connect", "127.0.0.1:" + port, "-servername", "api.mesh.example", "-verify_return_error",
                   "-verify_hostname", "api.mesh.example", "-cert", folder + "/leaf.pem", "-key", folder + "/key.pem"]
        result = run("openssl", "s_client", *options, "-CAfile", folder + "/ca.pem", input=b"Q\n")
        expect(b"Verify return code: 0 (ok)" in result.stdout, "a TLS connection under the CA", result)
        result = run("openssl", "s_client", *options, "-CAfile", folder + "/next.pem", input=b"Q\n")
        expect(b"Verify return code: 0 (ok)" not in result.stdout, "another CA is refused", result)
        if shutil.which("gnutls-cli") is None:
            skipped.append("gnutls-cli")
            return
        result = run("gnutls-cli", "--x509cafile", folder + "/ca.pem", "--x509certfile", folder + "/leaf.pem",
                     "--x509keyfile", folder + "/key.pem", "--verify-hostname", "api.mesh.example", "-p", port, "127.0.0.1",
                     input=b"")
        expect(b"- Status: The certificate is trusted" in result.stdout, "gnutls-cli under the CA", result)
    finally:
        server.kill()
        server.wait()


def verify_tokens(folder):
    """As an OIDC client does: the key of the set by its id, the signature by a library of its own."""
    keys = {key["kid"]: key for key in json.loads(read(folder + "/jwks.json"))["keys"]}
    for name in ("token", "ear"):
        text = read("%s/%s.jwt" % (folder, name)).decode()
        signed, _, signature = text.rpartition(".")
        header, body = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split(".")]
        point = base64.urlsafe_b64decode(keys[header["kid"]]["x"] + "==")
        write(folder + "/token.key", bytes.fromhex("302a300506032b6570032100") + point)
        write(folder + "/signed", signed.encode())
        write(folder + "/signature", base64.urlsafe_b64decode(signature + "=="))
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder + "/token.key", "-rawin",
                   "-in", folder + "/signed", "-sigfile", folder + "/signature"]
        result = run(*command)
        expect(result.returncode == 0, "OpenSSL verifies the %s" % name, result)
        write(folder + "/signed", signed[:-1].encode())
        expect(run(*command).returncode != 0, "and refuses a changed one")
        expect(header["alg"] == "EdDSA", "its algorithm")
        # No OIDC client takes an attestation result: another type and issuer, and no audience.
        expect((header["typ"] == "JWT") == (name == "token"), "its type")
        expect(("aud" in body) == (name == "token"), "its audience")
        expect((body["iss"] == "https://id.mesh.example") == (name == "token"), "its issuer")


GO = """package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(name string) *x509.Certificate {
	raw, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(raw)
	one, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return one
}

func main() {
	pool := x509.NewCertPool()
	pool.AddCert(read(os.Args[1]))
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	_, err := read(os.Args[2]).Verify(x509.VerifyOptions{Roots: pool, DNSName: os.Args[3], KeyUsages: usages})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
"""


def build_go(folder):
    if shutil.which("go") is None:
        skipped.append("go")
        return None
    os.makedirs(folder, exist_ok=True)
    write(folder + "/verify.go", GO.encode())
    ENVIRONMENT.update(GOCACHE=os.environ.get("GOCACHE", folder + "/cache"), GO111MODULE="off", CGO_ENABLED="0", GOPATH=folder + "/path")
    built = run("go", "build", "-o", folder + "/verify", folder + "/verify.go")
    expect(built.returncode == 0, "the verifier in Go builds", built)
    return folder + "/verify"


def verify_with_go(program, folder):
    if program is None:
        return
    for name, host, good in (("leaf", "api.mesh.example", True), ("leaf", "a.mesh.example", False),
                             ("foreign", "api.mush.example", False), ("expired", "", False), ("changed", "", False)):
        result = run(program, folder + "/ca.pem", "%s/%s.pem" % (folder, name), host)
        expect((result.returncode == 0) == good, "Go, %s for %s" % (name, host), result)


def connect_example(program, folder, chain_id, server, client, bundles=("ca.pem", "ca.der"), service="api", other=None):
    """Both sides of an example of attested TLS: `other` is the program of the client, if it is another one. Returns: what each
    printed, and whether both accepted the other."""
    def command(role, port, leaf, bundle):
        return [*(other if role == "client" and other else program), role, port, "%s/%s.pem" % (folder, leaf), folder + "/key.pem", "%s/%s" % (folder, bundle), chain_id,
                service]

    listening = subprocess.Popen(command("server", "0", server, bundles[0]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 env=ENVIRONMENT)
    try:
        port = listening.stdout.readline().decode().split()
        expect(port[:1] == ["port"], "the example listens")
        other = run(*command("client", port[1], client, bundles[1]))
        said = listening.communicate(timeout=60)[0].decode()
        return said, other.stdout.decode(), listening.returncode == 0 and other.returncode == 0
    finally:
        listening.kill()
        listening.wait()


def verify_with_library(program, folder, chain_id):
    """libassay in the verify callback of OpenSSL, on both sides."""
    if program is None:
        skipped.append("libssl")
        return
    def connect(server, client, **options):
        return connect_example([program], folder, options.pop("chain", chain_id), server, client, **options)

    said = connect("leaf", "leaf")
    expect(said[2] and all("peer spiffe://mesh.example/svc/api, epoch 77" in one for one in said[:2]),
           "both sides of the example accept each other: %s" % (said,))
    expect(all("not checked: revocation: " in one and "not checked: network" not in one for one in said[:2]),
           "what is left open is printed: %s" % (said,))
    said = connect("leaf", "leaf", chain=chain_id[:-1] + ("0" if chain_id[-1] != "0" else "1"))
    expect(not said[2] and "refused: other-network:" in said[1], "another chain is refused: %s" % (said,))
    said = connect("leaf", "leaf", chain=chain_id.upper())
    expect(said[2], "digits of the chain may be upper case: %s" % (said,))
    said = connect("leaf", "leaf", bundles=("ca.pem", "jwks.json"))
    expect(not said[2] and "found a key set, expected certificates or their bundle" in said[1],
           "a key set is no bundle: %s" % (said,))
    for wrong in ([], ["server"], ["server", "0", "a", "b", "c", chain_id[:-1], "api"],
                  ["serve", "0", "a", "b", "c", chain_id, "api"], ["server", "0", "a", "b", "c", chain_id, "api", "secure"]):
        result = run(program, *wrong)
        expect(result.returncode == 2 and result.stderr.startswith(b"usage: attested_tls "), "a usage is printed", result)
    for leaf, answer in (("node", "other-name"), ("expired", "expired"), ("foreign", "other-profile"),
                         ("next_leaf", "no-key")):
        said = connect("leaf", leaf)
        expect(not said[2] and "refused: %s:" % answer in said[0], "the server refuses %s: %s" % (leaf, said))
        # The other side is told by an alert.
        expect("not connected" in said[1] and "alert" in said[1], "the client prints why: %s" % (said,))
        said = connect(leaf, "leaf")
        expect(not said[2] and "refused: %s:" % answer in said[1], "the client refuses %s: %s" % (leaf, said))
        expect("not connected" in said[0] and "alert" in said[0], "the server prints why: %s" % (said,))
    said = connect("leaf", "leaf", bundles=("next.pem", "ca.pem"))
    expect(not said[2] and "refused: no-key:" in said[0], "a key that was rolled over is refused: %s" % (said,))
    said = connect("leaf", "leaf", service="vault")
    expect(not said[2] and "refused: other-name:" in said[1], "another service is refused: %s" % (said,))
    # The next CA's certificate by the old one makes a path (docs/identity.md 8.2), and a leaf none.
    write(folder + "/path.pem", read(folder + "/next_leaf.pem") + read(folder + "/cross.pem"))
    said = connect("leaf", "path")
    expect(said[2], "a path leads over the next CA: %s" % (said,))
    write(folder + "/path.pem", read(folder + "/next_leaf.pem") + read(folder + "/leaf.pem"))
    said = connect("leaf", "path")
    expect(not said[2] and "refused: long-path:" in said[0], "a leaf makes none: %s" % (said,))


def verify_with_binding(root, library, folder, chain_id, example):
    """examples/attested_tls.py: Python's ssl with libassay behind the handshake, on both sides, and with the example in C."""
    if library == "-":
        skipped.append("libassay for Python")
        return
    ENVIRONMENT.update(LD_LIBRARY_PATH=library, PYTHONPATH=root + "/bindings/python", PYTHONDONTWRITEBYTECODE="1")
    program = ["/usr/bin/python3", root + "/examples/attested_tls.py"]
    def connect(server, client, **options):
        return connect_example(program, folder, options.pop("chain", chain_id), server, client,
                               bundles=options.pop("bundles", ("ca.pem", "ca.pem")), **options)

    said = connect("leaf", "leaf")
    expect(said[2] and all("peer spiffe://mesh.example/svc/api, epoch 77" in one for one in said[:2]),
           "both sides in Python accept each other: %s" % (said,))
    said = connect("leaf", "leaf", chain=chain_id[:-1] + ("0" if chain_id[-1] != "0" else "1"))
    expect(not said[2] and "refused: other-network:" in said[1], "Python refuses another chain: %s" % (said,))
    said = connect("leaf", "leaf", service="vault")
    expect(not said[2] and "refused: other-name:" in said[1], "Python refuses another service: %s" % (said,))
    # What OpenSSL's verification of the chain would let through.
    said = connect("leaf", "node")
    expect(not said[2] and "refused: other-name:" in said[0], "Python refuses a chosen name: %s" % (said,))
    for leaf in ("expired", "foreign", "next_leaf"):
        said = connect("leaf", leaf)
        expect(not said[2] and "not connected" in said[0] and "peer spiffe" not in said[0],
               "Python refuses %s: %s" % (leaf, said))
        said = connect(leaf, "leaf")
        expect(not said[2] and "not connected" in said[1] and "peer spiffe" not in said[1],
               "the client in Python refuses %s: %s" % (leaf, said))
    said = connect("leaf", "leaf", bundles=("next.pem", "ca.pem"))
    expect(not said[2] and "peer spiffe" not in said[0], "a key that was rolled over is refused: %s" % (said,))
    words = [folder + "/leaf.pem", folder + "/key.pem", folder + "/ca.pem", chain_id, "api"]
    for wrong, text in ((["client", "1", *words], b"refused"), (["client", "1", "none.pem", *words[1:]], b"No such file"),
                        (["client", "1", *words[:3], "xy", "api"], b"hex")):
        result = run(*program, *wrong)
        expect(result.returncode == 2 and text in result.stderr and b"Traceback" not in result.stderr,
               "Python without a connection: %s" % (wrong,), result)
    if example is None:
        return  # counted by verify_with_library
    for server, client in (([example], program), (program, [example])):
        said = connect_example(server, folder, chain_id, "leaf", "leaf", bundles=("ca.pem", "ca.pem"), other=client)
        expect(said[2] and all("peer spiffe://mesh.example/svc/api, epoch 77" in one for one in said[:2]),
               "a server of %s and a client of %s accept each other: %s" % (server[0], client[0], said))
        said = connect_example(server, folder, chain_id, "leaf", "node", bundles=("ca.pem", "ca.pem"), other=client)
        expect(not said[2] and "refused: other-name:" in said[0] and "not connected" in said[1],
               "the server of %s refuses the client of %s under another name: %s" % (server[0], client[0], said))


def main():
    program, go_folder, root, library = sys.argv[1:5]
    example = sys.argv[5] if len(sys.argv) > 5 else None
    go = build_go(os.path.abspath(go_folder))
    for number, table in enumerate(TABLES):
        with tempfile.TemporaryDirectory() as folder:
            chain_id = make(program, folder, table, ALGORITHMS[number % 3])
            verify_with_openssl(folder)
            change_each_part(folder)
            verify_with_gnutls(folder)
            verify_with_python(folder)
            verify_over_sockets(folder)
            verify_tokens(folder)
            verify_with_library(example, folder, chain_id)
            verify_with_binding(root, library, folder, chain_id, example)
            verify_with_go(go, folder)
    print("%d checks; not installed: %s" % (checks, ", ".join(sorted(set(skipped))) or "none"))


main()
