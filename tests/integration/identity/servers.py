"""tests/integration/identity/servers.py - servers and tokens with the standard libraries of Go and Python: HTTP/2 over mutual
TLS with folders of `assay identity fetch`, and tokens by the published key set.

usage: servers.py IDENTITY_CERTIFICATES FOLDER-FOR-GO ROOT LIBRARY

LIBRARY: the folder of libassay.so for Python, - in a build with sanitizers. What is not installed is counted, not passed over.
Faults that are planted into the code of the bindings and examples must be found by the tests of this file.
"""
import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ENVIRONMENT = dict(os.environ, LC_ALL="C", PYTHONDONTWRITEBYTECODE="1")
PYTHON = "/usr/bin/python3"
checks = 0
skipped = []

GO_FAULTS = (
    ("files.go", "mine.GetConfigForClient, mine.ClientCAs = nil, authorities", "mine.GetConfigForClient = nil; _ = authorities"),
    ("files.go", "tls.RequireAndVerifyClientCert", "tls.RequireAnyClientCert"),
    ("files.go", "found != spiffeID", "found != spiffeID && found == \"\""),
    ("files.go", "if _, err = state.PeerCertificates[0].Verify(options); err != nil {", "if len(options.KeyUsages) == 0 {"),
    ("files.go", "crosses.AddCert(sent)", "_ = sent"),
    ("files.go", "name != f.set)", "f.set == \"\")"),
    ("files.go", "if f.now == nil {\n\t\treturn nil, err", "if err != nil {\n\t\treturn nil, err"),
    ("files.go", "SessionTicketsDisabled: true", "SessionTicketsDisabled: false"),
    ("files.go", "MinVersion: tls.VersionTLS13, NextProtos: []string{\"h2\", \"http/1.1\"}, ClientAuth", "MinVersion: tls.VersionTLS12, NextProtos: []string{\"h2\"}, ClientAuth"),
    ("files.go", "len(leaf.URIs) != 1", "len(leaf.URIs) < 1"),
    ("files.go", "if key.Use != \"x509-svid\" {", "if key.Use == \"x509-svid\" {"),
    ("authorize.go", "answer.StatusCode == http.StatusOK && reason == \"active\"", "answer.StatusCode == http.StatusOK"),
    ("authorize.go", "sha256.Sum256(leaf.RawSubjectPublicKeyInfo)", "sha256.Sum256(leaf.Raw)"),
    ("authorize.go", "if authorization != nil || err != nil {", "if authorization != nil || err != nil || undecided.Reason != \"\" {"),
    ("authorize.go", "transport.RoundTrip(request) // follows no redirection", "(&http.Client{Transport: transport}).Do(request)"),
    ("authorize.go", "if _, err := a.Authorize(r.Context(), leaf, class); err != nil {", "if err := error(nil); err != nil {\n\t\t\t_ = leaf"),
)
PYTHON_FAULTS = (
    ("context.verify_mode = ssl.CERT_REQUIRED", "context.verify_mode = ssl.CERT_NONE"),
    ("if name != before[0]:", "if before[0] is None:"),
    ("if found != expected:", "if found is None:"),
    ("connection.context = self._newest(True)", "pass"),
    ("if before[1] is None:", "if True:"),
    ("if len(uris) == 1 and", "if uris and"),
    ("if key.get(\"use\") == \"x509-svid\"", "if True"),
)
TOKEN_FAULTS = {
    "go": (("if !ed25519.Verify(", "if ed25519.Verify == nil && !ed25519.Verify("), ("found.Iss != issuer", "found.Iss == \"\""),
           ("found.Aud != audience", "found.Aud == \"\""), ("now.Add(-leeway).After", "now.Add(-1000 * time.Hour).After"),
           ("head.Typ != \"JWT\"", "head.Typ == \"\""), ("found.Sub != os.Args[4]", "found.Sub == \"\""),
           ("now.Add(leeway).Before", "now.Add(1000 * time.Hour).Before")),
    "py": (("issuer=issuer, ", ""), ("audience=audience, ", "options_of=audience, "), ("LEEWAY_S = 60", "LEEWAY_S = 10**7"),
           ("claims[\"sub\"] != arguments[4]", "claims[\"sub\"] == \"\"")),
}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, env=dict(ENVIRONMENT, **options.pop("env", {})), timeout=300, **options)


def expect(condition, what, result=None):
    global checks
    checks += 1
    if not condition:
        print("FAILED: %s" % what)
        if result is not None:
            print(result.stdout.decode(errors="replace")[-3000:] + result.stderr.decode(errors="replace")[-3000:])
        sys.exit(1)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def changed(path, before, after):
    text = read(path)
    expect(text.count(before) == 1, "a fault is planted once: %s" % before)
    return text.replace(before, after)


def test_go(root, folder):
    """The tests of the binding that need no cgo, and each fault."""
    if shutil.which("go") is None:
        skipped.append("go")
        return
    os.makedirs(folder, exist_ok=True)
    ENVIRONMENT.update(GOCACHE=os.environ.get("GOCACHE", folder + "/cache"), GOPATH=folder + "/path", GOPROXY="off",
                       GOFLAGS="-mod=mod -buildvcs=false", GO111MODULE="on", GOENV="off", GOTOOLCHAIN="local",
                       GOWORK="off", CGO_ENABLED="0")
    binding = folder + "/binding"
    shutil.rmtree(binding, ignore_errors=True)
    shutil.copytree(root + "/bindings/go", binding)
    test = ("go", "test", "-count=1", ".")
    result = run(*test, cwd=binding)
    expect(result.returncode == 0, "Go serves HTTP/2 over mutual TLS", result)
    for name, before, after in GO_FAULTS:
        path = "%s/%s" % (binding, name)
        good = read(path)
        write(path, changed(path, before, after))
        result = run(*test, cwd=binding)
        expect(result.returncode != 0 and b"build failed" not in result.stdout, "Go after %s is refused" % after, result)
        write(path, good)
    # The example, as users build it without cgo and so without libassay.
    example = folder + "/mtls_server"
    os.makedirs(example, exist_ok=True)
    shutil.copy(root + "/examples/mtls_server.go", example + "/main.go")
    write(example + "/go.mod", "module assay.example/server\n\ngo 1.19\n\nrequire assay.example/assay v0.0.0\n\n"
          "replace assay.example/assay => ../binding\n")
    result = run("go", "build", "-o", folder + "/server", ".", cwd=example)
    expect(result.returncode == 0, "examples/mtls_server.go builds", result)


class Node(http.server.BaseHTTPRequestHandler):
    """The answers of `/v1/authorize`: what `answer` has."""
    answer = (200, "active")

    def do_GET(self):
        self.send_response(Node.answer[0])
        self.send_header("Assay-Reason", Node.answer[1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def start(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, "http://127.0.0.1:%d" % server.server_address[1]


def pem_of(der):
    return "-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(der).decode()


def test_example(folder, certificates):
    """The server of the example under certificates of a group key; curl as its client."""
    if not os.path.exists(folder + "/server") or shutil.which("curl") is None:
        skipped.append("curl, or go")
        return
    with tempfile.TemporaryDirectory() as at:
        os.mkdir(at + "/set-1")
        for name, to in (("leaf", "cert"), ("ca", "ca"), ("node", "node")):
            with open("%s/%s.der" % (certificates, name), "rb") as file:
                write("%s/set-1/%s.pem" % (at, to), pem_of(file.read()))
        shutil.copy(certificates + "/key.pem", at + "/set-1/key.pem")
        os.symlink("set-1", at + "/current")
        node, address = start(Node)
        server = subprocess.Popen([folder + "/server", "127.0.0.1:0", at, address], stdout=subprocess.PIPE, env=ENVIRONMENT)
        result = run(folder + "/server", "127.0.0.1:0", at, "127.0.0.1:8080")
        expect(result.returncode == 2 and b"NODE: expected http://" in result.stderr, "a node without a scheme is refused", result)
        try:
            listen = server.stdout.readline().decode().strip()
            expect(listen != "", "the example listens")
            host, files = "api.mesh.example", at + "/set-1/"
            curl = ["curl", "-sS", "-m", "20", "--cacert", files + "ca.pem", "--resolve", "%s:%s:127.0.0.1" % (host, listen[10:]),
                    "https://%s:%s/" % (host, listen[10:]), "-w", " %{http_code}"]
            mine = ["--cert", files + "node.pem", "--key", files + "key.pem"]
            result = run(*curl, *mine)
            expect(result.stdout.startswith(b"HTTP/2.0 spiffe://mesh.example/node/") and result.stdout.endswith(b" 200"),
                   "curl gets an answer over HTTP/2", result)
            Node.answer = (403, "suspended")
            expect(run(*curl, *mine).stdout.endswith(b" 403"), "a member that is suspended is denied")
            Node.answer = (503, "behind")
            expect(run(*curl, *mine).stdout.endswith(b" 503"), "what the node cannot tell is no yes")
            Node.answer = (200, "active")
            expect(run(*curl).returncode != 0, "a client without a certificate gets none")
        finally:
            server.kill()
            server.wait()
            node.shutdown()


def test_python(root, library):
    """ssl of Python with folders that change."""
    if library == "-" or run(PYTHON, "-c", "import cryptography").returncode != 0:
        skipped.append("libassay for Python, or python3-cryptography")
        return
    test = (PYTHON, root + "/tests/bindings/files.py")
    paths = {"LD_LIBRARY_PATH": library, "PYTHONPATH": root + "/bindings/python"}
    result = run(*test, env=paths)
    expect(result.returncode == 0, "Python serves mutual TLS and loads its files again", result)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root + "/bindings/python/assay", folder + "/assay")
        path = folder + "/assay/_files.py"
        good = read(path)
        for before, after in PYTHON_FAULTS:
            write(path, changed(path, before, after))
            result = run(*test, env=dict(paths, PYTHONPATH=folder))
            expect(result.returncode != 0 and b"SyntaxError" not in result.stderr, "Python after %s is refused" % after, result)
            write(path, good)


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def decode(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def sign_token(folder, head, body):
    """A token by a key of the test. Returns: it, and its key for a key set"""
    key = folder + "/own.key"
    if not os.path.exists(key):
        expect(run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key).returncode == 0, "a key of tokens is made")
    point = run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER").stdout[-32:]
    text = encode(head) + "." + encode(body)
    write(folder + "/text", text)
    result = run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", folder + "/text")
    expect(result.returncode == 0, "a token is signed", result)
    url = functools.partial(base64.urlsafe_b64encode)
    published = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": head["kid"],
                 "x": url(point).rstrip(b"=").decode()}
    return text + "." + url(result.stdout).rstrip(b"=").decode(), published


def cases(folder):
    """Name -> token, arguments after the address, whether it is valid."""
    token = read(folder + "/token.jwt")
    head, body, signature = token.split(".")
    claims, names = decode(body), ["https://id.mesh.example", "vault"]
    own = {}

    def by_own(what, header=None, **members):
        made = dict(claims, **members)
        own[what], published = sign_token(folder, dict(decode(head), kid="own", **(header or {})), made)
        return own[what], published
    good, published = by_own("own")
    with open(folder + "/jwks.json", encoding="utf-8") as file:
        keys = json.load(file)["keys"]
    write(folder + "/set.json", json.dumps({"keys": keys + [published]}))
    now = int(time.time())
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    return {
        "a token of the group key": (token, names, True),
        "one for a subject": (token, names + [claims["sub"]], True),
        "one of the test's key": (good, names, True),
        "another subject": (token, names + ["spiffe://mesh.example/svc/api"], False),
        "another issuer": (token, ["https://id.mush.example", "vault"], False),
        "another audience": (token, [names[0], "safe"], False),
        "another signature": (head + "." + body + "." + flipped, names, False),
        "another body": (head + "." + encode(dict(claims, sub="spiffe://mesh.example/svc/api")) + "." + signature, names, False),
        "an attestation result": (read(folder + "/ear.jwt"), ["https://id.mesh.example/ear", "vault"], False),
        "an attestation result's type": (by_own("typ", {"typ": "eat+jwt"})[0], names, False),
        "an expired one": (by_own("exp", exp=now - 3600)[0], names, False),
        "one of tomorrow": (by_own("nbf", nbf=now + 86400, exp=now + 90000)[0], names, False),
        "no signature": (encode({"alg": "none", "typ": "JWT"}) + "." + body + ".", names, False),
        "another algorithm": (encode(dict(decode(head), alg="HS256")) + "." + body + "." + signature, names, False),
        "a key that is not in the set": (encode(dict(decode(head), kid="none")) + "." + body + "." + signature, names, False),
        "no token": ("token", names, False),
    }


def wrong_cases(verifier, address, table):
    """Names of the cases that the verifier decides otherwise."""
    wrong = []
    for what, (token, arguments, is_valid) in table.items():
        result = run(*verifier, address + "/set.json", *arguments, input=token.encode())
        if (result.returncode == 0) != is_valid or result.returncode not in (0, 1) or b"Traceback" in result.stderr:
            wrong.append("%s: status %d: %s" % (what, result.returncode, (result.stdout + result.stderr).decode()[-300:]))
    return wrong


def test_tokens(root, go_folder, certificates):
    """The examples of Go and Python against a key set over HTTP."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=certificates)
    http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
    server, address = start(handler)
    table = cases(certificates)
    names = {"go": [go_folder + "/verify_token"], "py": [PYTHON, certificates + "/verify_token.py"]}
    if shutil.which("go") is None:
        del names["go"]
    if run(PYTHON, "-c", "import jwt").returncode != 0:
        skipped.append("python3-jwt")
        del names["py"]
    for language, verifier in names.items():
        source = "%s/verify_token.%s" % (certificates, language)
        good = read("%s/examples/verify_token.%s" % (root, language))
        for before, after in ((None, None),) + TOKEN_FAULTS[language]:
            write(source, good)
            if before is not None:
                write(source, changed(source, before, after))
            if language == "go":
                result = run("go", "build", "-o", verifier[0], source)
                expect(result.returncode == 0, "verify_token.go builds after %s" % after, result)
            wrong = wrong_cases(verifier, address, table)
            if before is None:
                expect(not wrong, "%s: %s" % (source, "; ".join(wrong)))
                result = run(*verifier, address + "/none.json", "https://id.mesh.example", "vault", input=b"a.b.c")
                expect(result.returncode in (1, 2), "no key set, no token", result)
            else:
                expect(bool(wrong), "%s after %s is refused" % (source, after))
    server.shutdown()


def main():
    program, go_folder, root, library = sys.argv[1:5]
    go_folder = os.path.abspath(go_folder)
    test_go(root, go_folder)
    test_python(root, library)
    with tempfile.TemporaryDirectory() as folder:
        expect(run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                   folder + "/key.pem").returncode == 0, "a key is made")
        expect(run("openssl", "pkey", "-in", folder + "/key.pem", "-pubout", "-outform", "DER", "-out",
                   folder + "/key.spki").returncode == 0, "its public part is written")
        made = run(program, folder, str(int(time.time())), "4", "3")
        expect(made.returncode == 0, "certificates are signed", made)
        test_example(go_folder, folder)
        test_tokens(root, go_folder, folder)
    print("%d checks; not installed: %s" % (checks, ", ".join(sorted(set(skipped))) or "none"))


main()
