"""`assay bridge` with pinned keys of a network that a group key plays (docs/identity.md 13).

usage: bridge.py CERTIFICATES ASSAY FOLDER-FOR-GO; CERTIFICATES: the program identity_certificates

OpenSSL and Go verify what bridges of ES256 and RS256 sign; PyJWT verifies their tokens. Libraries that are not installed
are counted, not passed over.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CERTIFICATES, ASSAY, GO_FOLDER = (os.path.abspath(path) for path in sys.argv[1:4])
ENVIRONMENT = dict(os.environ, LC_ALL="C", TZ="UTC")
FAULTS, SKIPPED = [], []
CHECKS = 0


def check(what, holds, detail=""):
    global CHECKS
    CHECKS += 1
    if not holds:
        FAULTS.append(what)
        print("FAIL %s: %s" % (what, detail))


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, **options)
    return result.returncode, result.stdout + result.stderr


def bridge(*words):
    return run(ASSAY, "bridge", *words)


def expect(status, text, *words):
    """A command with this exit status, which says this."""
    code, said = bridge(*words)
    check("bridge %s" % " ".join(words), code == status and text in said, "%d %s" % (code, said))
    return said


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def to_pem(name):
    code, said = run("openssl", "x509", "-inform", "DER", "-in", name + ".der", "-out", name + ".pem")
    check("%s becomes PEM" % name, code == 0, said)


def part(token, number):
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def describe(path, *words):
    return run("openssl", "x509", "-in", path, "-noout", *words)[1]


def end_of(path):
    text = describe(path, "-enddate").strip().partition("=")[2]
    return int(time.mktime(time.strptime(text, "%b %d %H:%M:%S %Y GMT")))


def make_network():
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
    run("openssl", "pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.spki")
    code, chain = run(CERTIFICATES, ".", str(int(time.time())), "4", "3")
    check("a network certifies", code == 0, chain)
    for name in ("ca", "leaf", "node", "expired", "foreign", "next", "next_leaf"):
        to_pem(name)
    return chain.strip()


def make_bridges(chain):
    for name, words in (("es", []), ("rs", ["--algorithm", "RS256", "--trust-domain", "mesh.example"])):
        expect(0, 'CA "Bridge %s"' % name, "init", "--dir", name, "--name", "Bridge " + name, "--chain-id", chain, "--issuer",
               "https://bridge.example", *words)
        check("keys of %s are its user's" % name,
              all(os.stat("%s/%s.key" % (name, key)).st_mode & 0o777 == 0o600 for key in ("ca", "token")))
        code, said = run("openssl", "verify", "-x509_strict", "-CAfile", name + "/ca.pem", name + "/ca.pem")
        check("OpenSSL verifies the CA of %s" % name, code == 0, said)
    check("no other file is left", sorted(os.listdir("es")) == ["bridge.json", "ca.key", "ca.pem", "jwks.json", "token.key"])
    check("RS256 is RSA", "rsaEncryption" in describe("rs/ca.pem", "-text"))
    check("its names are bounded", "DNS:mesh.example" in describe("rs/ca.pem", "-ext", "nameConstraints"))
    before = read("es/ca.key")
    expect(6, "left alone", "init", "--dir", "es", "--name", "other", "--chain-id", chain)
    check("a bridge is not replaced", read("es/ca.key") == before)
    expect(2, "--issuer", "init", "--dir", "none", "--name", "n", "--chain-id", chain, "--issuer", "http://bridge.example")
    expect(2, "one of --chain-id", "init", "--dir", "none", "--name", "n")
    expect(2, "ES256|RS256", "init", "--dir", "none", "--name", "n", "--chain-id", chain, "--algorithm", "EdDSA")
    expect(2, "DNS name", "init", "--dir", "none", "--name", "n", "--chain-id", chain, "--trust-domain", "Mesh.example")
    check("nothing is made of these", not os.path.exists("none"))
    expect(0, "https://bridge.example", "show", "--dir", "rs")
    expect(5, "no folder of a bridge", "show", "--dir", "none")
    said = expect(1, "nodir/b: the folder that it is to be in does not exist", "init", "--dir", "nodir/b", "--name", "n", "--chain-id", chain)
    check("it names no temporary file", "b." not in said, said)
    if os.geteuid() == 0:
        os.chmod(".", 0o755)
        code, said = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/nonexistent", ASSAY, "bridge", "show",
                         "--dir", "es")
        check("of another user: %s" % said, code != 0 and "es/bridge.json: Permission denied: user 65534 may not read it" in said, said)


def sign_certificates(go):
    for name in ("es", "rs"):
        for leaf in ("leaf", "node"):
            out = "%s_%s.pem" % (leaf, name)
            expect(0, "spiffe://mesh.example/", "certificate", leaf + ".pem", "--dir", name, "--ca", "ca.pem", "--out", out)
            code, said = run("openssl", "verify", "-x509_strict", "-CAfile", name + "/ca.pem", out)
            check("OpenSSL verifies %s" % out, code == 0, said)
            for purpose in ("sslserver", "sslclient"):
                code, said = run("openssl", "verify", "-purpose", purpose, "-CAfile", name + "/ca.pem", out)
                check("%s serves as %s" % (out, purpose), code == 0, said)
            code, _ = run("openssl", "verify", "-CAfile", "ca.pem", out)
            check("the network's CA does not vouch for %s" % out, code != 0)
            for words in (["-subject"], ["-pubkey"], ["-ext", "subjectAltName"]):
                check("%s has the %s of its source" % (out, words[-1]), describe(out, *words) == describe(leaf + ".pem", *words))
            standing = "1.3.6.1.4.1.32473.17.1"
            check("and its standing", standing in describe(out, "-text"))
            check("it ends with its source", end_of(out) == end_of(leaf + ".pem"))
            if go is not None:
                host = "api.mesh.example" if leaf == "leaf" else ""
                code, said = run(go, name + "/ca.pem", out, host)
                check("Go verifies %s" % out, code == 0, said)
        serial = describe("leaf_%s.pem" % name, "-serial")
        expect(0, "", "certificate", "leaf.der", "--dir", name, "--ca", "bundle.json", "--out", "again.pem", "--validity", "60")
        check("a second one has another number", serial != describe("again.pem", "-serial"))
        check("and ends when its owner wants", 0 < end_of("again.pem") - time.time() <= 60)
        expect(0, "", "certificate", "leaf.pem", "--dir", name, "--ca", "ca.pem", "--out", "again.pem", "--validity", "86400")
        check("but never after its source", end_of("again.pem") == end_of("leaf.pem"))
        os.remove("again.pem")


def refuse_certificates(chain):
    def refused(status, text, *words, dir="es", ca="ca.pem"):
        expect(status, text, "certificate", *words, "--dir", dir, "--ca", ca, "--out", "refused.pem")
        check("nothing is written", not os.path.exists("refused.pem"))

    refused(11, "expired", "expired.pem")
    refused(11, "other-profile", "foreign.pem")
    refused(11, "no-key", "next_leaf.pem")
    refused(11, "no-key", "leaf.pem", ca="next.pem")
    refused(11, "other-name", "node.pem", "--service", "api")
    refused(11, "other-name", "leaf.pem", "--service", "vault")
    refused(11, "expired", "leaf.pem", "--at", "2037-01-01T00:00:00Z")
    refused(11, "not-yet", "leaf.pem", "--at", "2020-01-01T00:00:00Z")
    refused(13, "expected a certificate", "bundle.json")
    refused(5, "", "absent.pem")
    refused(11, "", "leaf_es.pem")  # what a bridge signed is no certificate of a network
    refused(2, "one of --checkpoint", "leaf.pem", "--checkpoint", "ca.pem")
    changed = bytearray(read("leaf.der"))
    changed[-1] ^= 1
    write("changed.der", bytes(changed))
    refused(11, "forged", "changed.der")
    expect(0, "", "init", "--dir", "other", "--name", "n", "--chain-id", chain[:-1] + ("0" if chain[-1] != "0" else "1"))
    refused(11, "other-network", "leaf.pem", dir="other")
    write("empty.ca", b"none\n")
    refused(13, "empty.ca: ", "leaf.pem", ca="empty.ca")  # the file is named
    expect(0, "", "init", "--dir", "domain", "--name", "n", "--chain-id", chain, "--trust-domain", "other.example")
    refused(11, "other-network", "leaf.pem", dir="domain")
    os.chmod("other/ca.key", 0o644)
    refused(1, "ca.key", "leaf.pem", dir="other")


def refuse_other_keys():
    """A subject of Ed25519: those that need a bridge do not verify its key."""
    os.mkdir("ed")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "ed/key.pem")
    run("openssl", "pkey", "-in", "ed/key.pem", "-pubout", "-outform", "DER", "-out", "ed/key.spki")
    chain = run(CERTIFICATES, "ed", str(int(time.time())), "4", "3")[1].strip()
    expect(0, "", "init", "--dir", "ed/bridge", "--name", "n", "--chain-id", chain)
    expect(11, "Ed25519", "certificate", "ed/leaf.der", "--dir", "ed/bridge", "--ca", "ed/bundle.json", "--out", "refused.pem")
    check("it is not signed", not os.path.exists("refused.pem"))
    expect(4, "no issuer", "token", "ed/token.jwt", "--dir", "ed/bridge", "--jwks", "ed/jwks.json", "--network-issuer",
           "https://id.mesh.example", "--audience", "vault", "--out", "refused.jwt")


def sign_tokens():
    pinned = ["--jwks", "jwks.json", "--network-issuer", "https://id.mesh.example", "--audience", "vault"]
    source = part(read("token.jwt").decode(), 1)
    for name, algorithm in (("es", "ES256"), ("rs", "RS256")):
        out = "token_%s.jwt" % name
        expect(0, "spiffe://mesh.example/", "token", "token.jwt", "--dir", name, *pinned, "--out", out)
        check("it is its user's alone", os.stat(out).st_mode & 0o777 == 0o600)
        token = read(out).decode()
        head, body = part(token, 0), part(token, 1)
        check("its algorithm is %s" % algorithm, head["alg"] == algorithm and head["typ"] == "JWT", head)
        for claim in ("sub", "aud", "cnf", "jti", "assay", "exp", "nbf"):
            check("%s is that of the source" % claim, body[claim] == source[claim], body)
        check("iss is the bridge's", body["iss"] == "https://bridge.example")
        keys = {key["kid"]: key for key in json.loads(read(name + "/jwks.json"))["keys"]}
        check("its key is in the set", head["kid"] in keys)
        verify_with_pyjwt(token, keys.get(head["kid"]), algorithm)
        expect(0, "", "token", "token.jwt", "--dir", name, *pinned, "--out", out, "--validity", "60")
        body = part(read(out).decode(), 1)
        check("it ends when its owner wants", 0 < body["exp"] - time.time() <= 60)
    refused = [("other-audience", ["--jwks", "jwks.json", "--network-issuer", "https://id.mesh.example", "--audience", "sts"]),
               ("other-issuer", ["--jwks", "jwks.json", "--network-issuer", "https://id.other.example", "--audience", "vault"]),
               ("expired", [*pinned, "--at", "2037-01-01T00:00:00Z"])]
    for answer, words in refused:
        expect(11, answer, "token", "token.jwt", "--dir", "es", *words, "--out", "refused.jwt")
    expect(11, "unsupported", "token", "ear.jwt", "--dir", "es", *pinned, "--out", "refused.jwt")
    expect(11, "", "token", "token_es.jwt", "--dir", "rs", *pinned, "--out", "refused.jwt")
    expect(13, "malformed", "token", "key.pem", "--dir", "es", *pinned, "--out", "refused.jwt")
    expect(2, "go together", "token", "token.jwt", "--dir", "es", "--jwks", "jwks.json", "--audience", "vault", "--out", "r.jwt")
    check("nothing is written of these", not os.path.exists("refused.jwt"))
    expect(0, "2 keys", "jwks", "--dir", "es", "--with", "rs", "--out", "both.json", "--discovery", "openid.json")
    check("both keys are in one set", len(json.loads(read("both.json"))["keys"]) == 2)
    check("no private part is", not re.search(rb'"(d|p|q)"', read("both.json")))
    discovery = json.loads(read("openid.json"))
    check("discovery names the set", discovery["jwks_uri"] == "https://bridge.example/.well-known/jwks.json")
    check("and its algorithms", sorted(discovery["id_token_signing_alg_values_supported"]) == ["ES256", "RS256"])
    expect(0, "", "init", "--dir", "third", "--name", "n", "--chain-id", "0" * 64, "--issuer", "https://third.example")
    expect(4, "another issuer", "jwks", "--dir", "es", "--with", "third", "--out", "none.json")


def verify_with_pyjwt(token, key, algorithm):
    try:
        import jwt
    except ImportError:
        SKIPPED.append("PyJWT")
        return
    public = jwt.PyJWK(key).key
    body = jwt.decode(token, public, algorithms=[algorithm], audience="vault", issuer="https://bridge.example")
    check("PyJWT verifies it", body["sub"].startswith("spiffe://mesh.example/"))
    for words, error in (({"audience": "sts"}, jwt.InvalidAudienceError), ({"issuer": "https://x"}, jwt.InvalidIssuerError)):
        try:
            jwt.decode(token, public, algorithms=[algorithm], **{"audience": "vault", "issuer": "https://bridge.example", **words})
            check("PyJWT refuses %s" % words, False)
        except error:
            check("PyJWT refuses %s" % words, True)
    head, body, signature = token.split(".")
    changed = ("A" if signature[9] != "A" else "B")
    try:
        jwt.decode(".".join((head, body, signature[:9] + changed + signature[10:])), public, algorithms=[algorithm],
                   audience="vault", issuer="https://bridge.example")
        check("PyJWT refuses a changed signature", False)
    except jwt.InvalidSignatureError:
        check("PyJWT refuses a changed signature", True)


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
		panic(err)
	}
	return one
}

func main() {
	pool := x509.NewCertPool()
	pool.AddCert(read(os.Args[1]))
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err := read(os.Args[2]).Verify(x509.VerifyOptions{Roots: pool, DNSName: os.Args[3], KeyUsages: usages})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
"""


def build_go():
    if shutil.which("go") is None:
        SKIPPED.append("go")
        return None
    os.makedirs(GO_FOLDER, exist_ok=True)
    write(GO_FOLDER + "/verify.go", GO.encode())
    ENVIRONMENT.update(GOCACHE=os.environ.get("GOCACHE", GO_FOLDER + "/cache"), GO111MODULE="off", CGO_ENABLED="0", GOPATH=GO_FOLDER + "/path")
    code, said = run("go", "build", "-o", GO_FOLDER + "/verify", GO_FOLDER + "/verify.go")
    check("the verifier in Go builds", code == 0, said)
    return GO_FOLDER + "/verify"


def main():
    go = build_go()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        chain = make_network()
        make_bridges(chain)
        sign_certificates(go)
        refuse_certificates(chain)
        refuse_other_keys()
        sign_tokens()
        os.chdir("/")
    print("%d checks, %d faults; not installed: %s" % (CHECKS, len(FAULTS), ", ".join(sorted(set(SKIPPED))) or "none"))
    sys.exit(1 if FAULTS else 0)


main()
