#!/usr/bin/env python3
"""tests/bindings/attested_keys.py - TLS connections of examples/attested_keys in C, Go and Rust, each with its own TLS library.

usage: attested_keys.py PROOFS WORK C GO RUST     (PROOFS: a folder of make_key_proofs)

Every pair of languages accepts the right keys; each language as client and as server refuses a key that no member declared,
that of another member, a proof that is too old or of before the checkpoint, a suspended member, a withdrawn key, a
certificate without a proof, one with two, and one with the proof of another.
"""
import os
import subprocess
import sys

LANGUAGES = ("c", "go", "rust")
EXTENSION = "1.3.6.1.4.1.32473.17.2"
EXTENSION_DER = bytes.fromhex("060a2b0601040181fd591102")
OTHER_EXTENSION = "1.3.6.1.4.1.32473.17.9"  # as long in DER
OTHER_EXTENSION_DER = EXTENSION_DER[:-1] + b"\x09"
ENVIRONMENT = dict(os.environ, LC_ALL="C")
checks = 0


def expect(condition, what):
    global checks
    checks += 1
    if not condition:
        print("FAILED: %s" % what)
        sys.exit(1)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def openssl(*words):
    result = subprocess.run(["openssl", *words], capture_output=True, env=ENVIRONMENT, timeout=60)
    expect(result.returncode == 0, "openssl %s: %s" % (words[0], result.stderr.decode(errors="replace")))


class Bench:
    def __init__(self, proofs, work, programs):
        self.proofs, self.work, self.programs = proofs, work, dict(zip(LANGUAGES, programs))
        self.member, self.other = (read("%s/%d.id" % (proofs, slot)).hex() for slot in (2, 3))
        self.certificates = {}

    def certificate(self, key, *proofs):
        """A certificate that the key signed itself, with this key proof, or these two. Returns: the folder's name of it.

        openssl writes no extension twice: the second gets its OBJECT IDENTIFIER in DER. The signature no longer fits then, and
        no example looks at it."""
        name = "-".join((key,) + proofs)
        if name not in self.certificates:
            base = "%s/%s" % (self.work, name)
            with open(base + ".conf", "w", encoding="ascii") as file:
                file.write("[req]\ndistinguished_name = dn\nprompt = no\nx509_extensions = ext\n[dn]\nCN = workload\n[ext]\n"
                           "basicConstraints = CA:FALSE\n")
                for extension, proof in zip((EXTENSION, OTHER_EXTENSION), proofs):
                    file.write("%s = DER:%s\n" % (extension, read("%s/%s" % (self.proofs, proof)).hex()))
            pem = "%s/%s.pem" % (self.proofs, key)
            openssl("req", "-x509", "-new", "-config", base + ".conf", "-key", pem, "-days", "1", "-out", base + ".pem")
            openssl("x509", "-in", base + ".pem", "-outform", "DER", "-out", base + ".der")
            if len(proofs) > 1:
                self.repeat_extension(base)
            openssl("pkcs8", "-topk8", "-nocrypt", "-in", pem, "-outform", "DER", "-out", base + ".key")
            self.certificates[name] = base
        return self.certificates[name], key

    def repeat_extension(self, base):
        der = read(base + ".der")
        expect(der.count(EXTENSION_DER) == 1 and der.count(OTHER_EXTENSION_DER) == 1, "two extensions in %s" % base)
        with open(base + ".der", "wb") as file:
            file.write(der.replace(OTHER_EXTENSION_DER, EXTENSION_DER))
        openssl("x509", "-inform", "DER", "-in", base + ".der", "-out", base + ".pem")

    def command(self, language, role, port, certificate, time, member, later_s):
        base, key = certificate
        own = [base + ".der", base + ".key"] if language == "rust" else [base + ".pem", "%s/%s.pem" % (self.proofs, key)]
        at = int(read("%s/%s.ms" % (self.proofs, time))) // 1000 + later_s
        return [self.programs[language], role, port, *own, "%s/checkpoint.%s" % (self.proofs, time), member, "60", str(at)]

    def connect(self, server, client, server_has, client_has, time="early", later=(0, 0), wants=None):
        """later: by so many seconds their clocks are ahead; wants: the members that they want of the other, both of server and
        client. Returns: what both printed, and their exit statuses."""
        wants = wants or (self.member, self.member)
        listening = subprocess.Popen(self.command(server, "server", "0", server_has, time, wants[0], later[0]),
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        try:
            port = listening.stdout.readline().decode().split()
            expect(port[:1] == ["port"], "%s listens: %s" % (server, port))
            other = subprocess.run(self.command(client, "client", port[1], client_has, time, wants[1], later[1]),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT, timeout=60)
            said = listening.communicate(timeout=60)[0].decode()
            return said, other.stdout.decode(), listening.returncode, other.returncode
        finally:
            listening.kill()
            listening.wait()

    def refuses(self, language, bad, why, wants=None, later_s=0, **options):
        """The language refuses what `bad` shows, as a client and as a server; a good peer is of the same language."""
        good = self.certificate("api", "2." + options.get("time", "early"))
        want = wants or self.member
        for role, pair in (("server", (good, bad)), ("client", (bad, good))):
            own = (want, self.member) if role == "server" else (self.member, want)
            later = (later_s, 0) if role == "server" else (0, later_s)
            said = self.connect(language, language, *pair, wants=own, later=later, **options)
            mine = said[0 if role == "server" else 1]
            expect("refused: " in mine and why in mine, "%s as %s refuses (%s): %s" % (language, role, why, said))
            expect(said[2:] == (1, 1) and "\nconnected" not in said[0] + said[1], "no connection of %s: %s" % (language, said))


def accept(bench):
    for server in LANGUAGES:
        for client in LANGUAGES:
            said = bench.connect(server, client, bench.certificate("api", "2.early"), bench.certificate("web", "2.early"))
            expect(said[2:] == (0, 0) and all("peer accepted, epoch " in one and "\nconnected\n" in one for one in said[:2]),
                   "%s and %s accept each other: %s" % (server, client, said))


def refuse_two_proofs(bench):
    """Of two extensions none counts, though each has the right proof."""
    two = bench.certificate("web", "2.early", "2.early")
    for language in ("c", "rust"):
        bench.refuses(language, two, "or several")
    # crypto/tls refuses such a certificate before the example sees it, also as its own.
    said = bench.connect("c", "go", two, bench.certificate("api", "2.early"))
    expect("duplicate extensions" in said[1] and said[2:] == (1, 1), "go refuses two proofs: %s" % (said,))


def refuse(bench, language):
    refuses = lambda *arguments, **options: bench.refuses(language, *arguments, **options)
    refuses(bench.certificate("stranger", "2.early"), "not in the list")
    refuses(bench.certificate("low", "2.early"), "not in the list")
    refuses(bench.certificate("low", "3.early"), "another member")
    refuses(bench.certificate("login", "2.early"), "another purpose")
    refuses(bench.certificate("web"), "no key proof")
    refuses(bench.certificate("web", "checkpoint.early"), "")
    refuses(bench.certificate("low", "3.late"), "standing of the member is too low", time="late", wants=bench.other)
    refuses(bench.certificate("low", "3.early"), "before the checkpoint", time="late", wants=bench.other)
    refuses(bench.certificate("web", "2.last"), "newest list", time="last")
    refuses(bench.certificate("web", "2.early"), "older than", later_s=60)


def main():
    proofs, work, *programs = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    bench = Bench(proofs, work, programs)
    accept(bench)
    refuse_two_proofs(bench)
    for language in LANGUAGES:
        refuse(bench, language)
        for wrong in ([], ["server"], ["serve", "0", "a", "b", "c", bench.member, "60"]):
            result = subprocess.run([bench.programs[language], *wrong], capture_output=True, timeout=60)
            expect(result.returncode == 2 and result.stderr.startswith(b"usage: attested_keys "), "a usage of %s" % language)
    for age in ("", "0", "-1", " 60", "60s", "0x10", "4294967296", "18446744073709551676"):
        wrong = ["client", "1", "a", "b", "%s/checkpoint.early" % proofs, bench.member, age]
        result = subprocess.run([bench.programs["c"], *wrong], capture_output=True, timeout=60)
        expect(result.returncode == 2 and b"MAX-AGE: seconds" in result.stderr, "an age of %r" % age)
    print("%d checks" % checks)


main()
