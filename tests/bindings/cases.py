#!/usr/bin/env python3
"""tests/bindings/cases.py - table of cases for libassay in every language.

usage: cases.py OUT made EXAMPLE MADE     (EXAMPLE: examples/evidence; MADE: a folder of make_cases)
       cases.py OUT genuine VECTORS       (VECTORS: a folder of genuine evidence)

Writes OUT/table, one line a case, its columns separated by tabs, "-" where there is none:

  name, file of evidence, files of collateral (with commas), roots (files, `pinned`, `policy`), policy file, exact (0, 1),
  Unix time, report data (hex), nonce (hex), event logs, SHA-256 of the evidence, expected: a tier, `policy`, or the name
  of a status

Files that a case needs are written to OUT. Prints how many cases each source has.
"""
import datetime
import hashlib
import json
import os
import sys

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
                 "roots": [root], "policy": policy if os.path.exists(policy) else "-"}
        table.add("made", name, evidence, expected, **named)
        exact = "contraindicated" if name == "td-elsewhere" else expected
        table.add("made", name + "-exact", evidence, exact, **{**named, "exact": True})
        table.add("made", name + "-no-root", evidence, "-", **{**named, "roots": []})
        table.add("made", name + "-challenge", evidence, "-", data="c5" * 64, **named)
        for offset in range(0, len(evidence), max(1, len(evidence) // 12)):
            table.add("made", "%s-bit-%d" % (name, offset), flipped(evidence, offset, 4), "-", **named)


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
    with open(os.path.join(out, "table"), "w", encoding="utf-8") as file:
        file.write("\n".join(table.lines) + "\n")
    print("cases: %s" % ", ".join("%s %d" % pair for pair in table.counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
