#!/usr/bin/env python3
"""tests/bindings/cases.py - table of cases for libassay in every language.

usage: cases.py OUT made EXAMPLE MADE TOKENS STANDINGS [IDENTITIES]     (EXAMPLE: examples/evidence; MADE: a folder of make_cases;
                                              TOKENS: of result_maker.py; STANDINGS: of make_key_proofs;
                                              IDENTITIES: of identity_certificates at AT)
       cases.py OUT genuine VECTORS       (VECTORS: a folder of genuine evidence)

Writes OUT/table, one line a case, its columns separated by tabs, "-" where there is none:

  name, file of evidence, files of collateral (with commas), roots (files, `pinned`, `policy`), policy file, exact (0, 1),
  Unix time, report data (hex), nonce (hex), event logs, SHA-256 of the evidence, expected: a tier, `policy`, or the name
  of a status

Cases whose name begins with "token-" are tokens of other verifiers: the policy file names the issuers, the nonce is text,
and expected is an answer with a statement, `policy`, or the name of a status. Those whose name begins with "identity-" are
certificates or tokens of a network (identity_cases.py), with "standing-" proofs from a checkpoint (standing_cases.py).

Files that a case needs are written to OUT. Prints how many cases each source has.
"""
import base64
import datetime
import hashlib
import json
import os
import struct
import sys

import identity_cases
import standing_cases

FILE_LEN_MAX = 262144
AT = 1800000000


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Table:
    def __init__(self, out):
        self.out, self.lines, self.counts = out, [], {}

    def file(self, name, content):
        path = os.path.join(self.out, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def add(self, source, name, evidence, expected, files=(), roots=(), policy="-", exact=False, at=AT, data="-", nonce="-",
            logs=()):
        if isinstance(evidence, bytes):
            evidence = self.file(name, evidence)
        digest = hashlib.sha256(read(evidence)).hexdigest()
        listed = [",".join(some) or "-" for some in (files, roots)]
        self.lines.append("\t".join([name, evidence, *listed, policy, str(int(exact)), str(at), data, nonce,
                                     ",".join(logs) or "-", digest, expected]))
        self.counts[source] = self.counts.get(source, 0) + 1


def folder(path):
    found = [os.path.join(path, name) for name in sorted(os.listdir(path))]
    return [one for one in found if os.path.getsize(one) <= FILE_LEN_MAX][:32]


def flipped(content, offset, bit=1):
    return content[:offset] + bytes([content[offset] ^ bit]) + content[offset + 1:]


EVENT_RULES = """events:
  - { state: denied, register: rtmr0, data: measured }
  - { state: required, register: rtmr1, data: absent }
"""


def firmware_log(data):
    """A log of firmware in a TD (CCEL) with one event in RTMR 0: a header, and an event with a SHA-384 digest."""
    spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, 0x0c, 48, 0)
    header = struct.pack("<II20sI", 0, 3, b"", len(spec)) + spec
    return header + struct.pack("<IIIH48sI", 1, 0x80000007, 1, 0x0c, hashlib.sha384(data).digest(), len(data)) + data


def add_example(table, example):
    """A quote of a TDX domain, and each argument of a request."""
    quote, policy = read(os.path.join(example, "quote.bin")), os.path.join(example, "policy.yaml")
    named = {"files": folder(os.path.join(example, "collateral")), "roots": ["policy"], "policy": policy}
    data = quote[48 + 520:48 + 584].hex()
    affirming, contraindicated = "affirming", "contraindicated"

    def add(name, evidence, expected, **changed):
        table.add("example", "td-" + name, evidence, expected, **{**named, **changed})

    add("plain", quote, affirming)
    add("exact", quote, affirming, exact=True)
    add("root-as-file", quote, affirming, roots=[os.path.join(example, "root_ca.pem")], policy="-")
    add("zeros-behind", quote + bytes(64), affirming)
    add("challenge", quote, affirming, data=data)
    add("other-challenge", quote, contraindicated, data=flipped(bytes.fromhex(data), 0).hex())
    add("short-challenge", quote, contraindicated, data=data[:2])
    add("long-challenge", quote, "ASSAY_E_RANGE", data=data + "00")
    add("nonce", quote, contraindicated, nonce="00" * 32)
    add("long-nonce", quote, "ASSAY_E_RANGE", nonce="00" * 1025)
    add("without-collateral", quote, "none", files=[])
    add("without-crl", quote, "none", files=[one for one in named["files"] if not one.endswith("_crl.der")])
    add("collateral-of-no-use", quote, "none", files=[table.file("noise", b"noise")])
    add("other-roots", quote, contraindicated, roots=["pinned"])
    add("both-roots", quote, affirming, roots=["pinned", "policy"])
    add("no-roots", quote, contraindicated, roots=[])
    add("root-that-is-none", quote, "ASSAY_E_SYNTAX", roots=[table.file("noise", b"noise")])
    add("before", quote, "none", at=0)
    add("after", quote, "none", at=2100000000)
    add("without-policy", quote, contraindicated, policy="-", roots=["pinned"])
    text = read(policy).decode()
    add("denied", quote, contraindicated, policy=table.file("denied", text.replace("allowed", "denied").encode()))
    add("other-kinds", quote, contraindicated,
        policy=table.file("kinds", text.replace("kinds: [tdx-v4]\nroots", "kinds: [sgx-v3]\nroots").encode()))
    add("no-policy", quote, "policy", policy=table.file("not-yaml", b"policy_version: [\n"))
    add("policy-of-later", quote, "policy", policy=table.file("later", text.replace("version: 1", "version: 9").encode()))
    add("log-that-is-none", quote, contraindicated, logs=[table.file("log", b"\x01" * 100)])
    log = table.file("firmware-log", firmware_log(b"measured"))
    add("log", quote, "-", logs=[log])
    add("log-twice", quote, "-", logs=[log, log])
    add("log-and-noise", quote, "-", logs=[log, table.file("log", b"\x01" * 100)])
    add("logs-too-many", quote, "ASSAY_E_RANGE", logs=[log] * 5)
    add("log-with-event-rule", quote, "-", logs=[log],
        policy=table.file("events", (text + EVENT_RULES).encode()))
    add("noise", b"noise" * 50, "none")
    for name, content in (("empty", b""), ("one-byte", b"\0"), ("half", quote[:len(quote) // 2])):
        add(name, content, contraindicated)
    for offset in range(0, len(quote), 97):
        add("bit-%d" % offset, flipped(quote, offset), "-")


def add_made(table, made):
    """Evidence of other kinds, of the tests' authorities (make_cases.c): its file `case` has what it expects."""
    for name in sorted(os.listdir(made)):
        path = os.path.join(made, name)
        at, expected = read(os.path.join(path, "case")).decode().split()
        evidence, policy = read(os.path.join(path, "evidence")), os.path.join(path, "policy.yaml")
        root, collateral = os.path.join(path, "root"), os.path.join(path, "collateral")
        named = {"files": folder(collateral) if os.path.isdir(collateral) else [], "at": int(at),
                 "roots": ["policy"] if name == "devices" else [root], "policy": policy if os.path.exists(policy) else "-"}
        table.add("made", name, evidence, expected, **named)
        exact = "contraindicated" if name == "td-elsewhere" else expected
        table.add("made", name + "-exact", evidence, exact, **{**named, "exact": True})
        table.add("made", name + "-no-root", evidence, "-", **{**named, "roots": []})
        table.add("made", name + "-challenge", evidence, "-", data="c5" * 64, **named)
        for offset in range(0, len(evidence), max(1, len(evidence) // 12)):
            table.add("made", "%s-bit-%d" % (name, offset), flipped(evidence, offset, 4), "-", **named)


def issued(token):
    """When a token was issued."""
    text = read(token).split(b".")[1]
    return json.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))["iat"]


def add_tokens(table, tokens):
    """Tokens of other verifiers, under the issuers of a policy."""
    head = "policy_version: 1\nprofile: production\ntoken_issuers:\n"
    azure = "  - { service: azure, issuer: https://sharedeus2.eus2.attest.azure.net, keys: rsa.jwks, age_max_s: 900 }\n"
    intel = "  - { service: intel, issuer: https://portal.trustauthority.intel.com, keys: intel.jwks }\n"
    google = ("  - { service: google, issuer: https://confidentialcomputing.googleapis.com, keys: rsa.jwks, "
              "audience: https://relying.example }\n")
    nvidia = "  - { service: nvidia, issuer: https://nras.attestation.nvidia.com, keys: ec.jwks, root: root.pem }\n"
    for name, text in (("all", head + google + azure + intel + nvidia), ("google", head + google), ("none", head[:-15]),
                       ("wrong", head + azure.replace("azure,", "aws,")),
                       ("other", head + azure.replace("rsa.jwks", "other.jwks"))):
        with open(os.path.join(tokens, name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)
    at = issued(os.path.join(tokens, "azure.jwt"))

    def add(name, token, expected, policy="all", nonce="-", at=at + 60):
        path = token if isinstance(token, bytes) else os.path.join(tokens, token)
        table.add("tokens", "token-" + name, path, expected, policy=os.path.join(tokens, policy + ".yaml"), nonce=nonce, at=at)

    add("azure", "azure.jwt", "valid affirming", nonce="5f1c")
    add("claims", "claims.jwt", "valid affirming")
    add("debug", "debug.jwt", "valid contraindicated")
    add("nothing", "nothing.jwt", "valid nothing")
    add("google", "google.jwt", "valid affirming", nonce="nonce of ours")
    add("intel", "intel.jwt", "valid warning", nonce="5f1c")
    add("nvidia", "nras.json", "valid affirming", nonce="9f31")
    add("overall", "overall.jwt", "-")
    add("failed", "failed.json", "valid contraindicated")
    add("swapped", "swapped.json", "not-bound nothing")
    add("none", "none.jwt", "-")
    add("other-nonce", "azure.jwt", "other-nonce nothing", nonce="5f1d")
    add("of-no-issuer", "azure.jwt", "ASSAY_E_INVALID", policy="none")
    add("wrong-policy", "azure.jwt", "policy", policy="wrong")
    add("other-key", "azure.jwt", "forged nothing", policy="other")
    add("other-issuer", "azure.jwt", "other-issuer nothing", policy="google")
    add("too-old", "azure.jwt", "not-now nothing", at=at + 901)
    add("expired", "intel.jwt", "not-now nothing", at=at + 3600)
    add("ancient", "intel.jwt", "not-now nothing", at=-2**62)
    add("empty", b"", "malformed nothing")
    add("noise", b"noise.of.ours", "malformed nothing")
    add("nul", read(os.path.join(tokens, "azure.jwt")) + b"\0", "-")
    add("long", b"." * 131073, "ASSAY_E_RANGE")
    content = read(os.path.join(tokens, "azure.jwt"))
    for offset in range(0, len(content), 41):
        add("bit-%d" % offset, flipped(content, offset, 1), "-")


ROLES = ("quote", "report", "attestation_document", "cca_token (tag 399 collection)")
TIERS = {"sgx-processor-ca-config-and-swhardening": "warning", "tdx-v4-uptodate": "affirming",
         "tdx-v5-td15-uptodate": "affirming", "neg-sgx-quote-signature-bit": "contraindicated",
         "neg-tdx-rtmr-bit": "contraindicated", "neg-tampered-signature": "contraindicated"}


def add_genuine(table, vectors):
    """Each case as it is, and with a bit of its evidence changed."""
    for case in json.loads(read(os.path.join(vectors, "MANIFEST.json")))["cases"]:
        found = [one["path"] for one in case["files"] if one["role"] in ROLES]
        if not found:
            continue
        evidence = os.path.join(vectors, found[0])
        at = case.get("evaluation_time", "2026-07-20T00:00:00Z")
        at = int(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp())
        roots = [one for one in folder(os.path.dirname(evidence)) if os.path.basename(one) == "cpak-pub.json"]
        files, content = folder(os.path.dirname(evidence)), read(evidence)
        table.add("genuine", case["id"], evidence, TIERS.get(case["id"], "-"), files, ["pinned", *roots], exact=True, at=at)
        table.add("genuine", case["id"] + "-bit", flipped(content, len(content) // 3), "-", files, ["pinned", *roots], at=at)


def main(arguments):
    out, part, *folders = arguments[1:]
    table = Table(out)
    if part == "genuine":
        add_genuine(table, folders[0])
    else:
        add_example(table, folders[0])
        add_made(table, folders[1])
        add_tokens(table, folders[2])
        standing_cases.add(table, folders[3])
        if len(folders) > 4:
            identity_cases.add(table, folders[4], AT)
    with open(os.path.join(out, "table"), "w", encoding="utf-8") as file:
        file.write("\n".join(table.lines) + "\n")
    print("cases: %s" % ", ".join("%s %d" % pair for pair in table.counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
