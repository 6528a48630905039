#!/usr/bin/env python3
"""tests/bindings/run.py - runs the table of cases (cases.py) through the Python binding, as run.c does.

usage: run.py TABLE
"""
import sys

import assay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def listed(text):
    return [] if text == "-" else text.split(",")


def unhex(text):
    return None if text == "-" else bytes.fromhex(text)


def shown(value):
    if value is None:
        return "null 0"
    if isinstance(value, bool):
        return "bool %d" % value
    if isinstance(value, int):
        return "uint %d" % value
    if isinstance(value, str):
        return "text %s" % value.encode().hex()
    return "bytes %s" % value.hex()


def print_verdict(verdict):
    print("tier %s\nkind %s\ngenuine %s" % (verdict.tier.name.lower(), verdict.kind,
                                            {None: "unknown", True: "true", False: "false"}[verdict.genuine]))
    if verdict.expires is not None:
        print("expires %d" % verdict.expires)
    for why in verdict.findings:
        print("finding %d %s|%s|%s|%s|%s" % (why.rule, why.name, why.text, why.expected, why.observed, why.fix))
    for what, why in verdict.not_checked:
        print("unchecked %s|%s" % (what, why))
    for name, value in verdict.claims.items():
        print("claim %s %s" % (name, shown(value)))
    print("result %s" % verdict.result.hex())


def run_case(column, verifier):
    (name, evidence, files, roots, policy_path, exact, at, data, nonce, logs, _, _) = column
    print("== %s" % name)
    policy = None
    if policy_path != "-":
        try:
            policy = assay.Policy(read(policy_path).decode())
        except ValueError as error:
            print("policy %s" % error)
            return
        print("policy %s" % policy.digest.hex())
    trust = assay.Trust()
    for root in listed(roots):
        if root == "pinned":
            trust.add_pinned()
        elif root == "policy":
            trust.add_policy_roots(policy)
        else:
            trust.add_root(read(root))
    trust.set_exact(exact == "1")
    if files != "-":
        used = trust.add_collateral([read(path) for path in listed(files)])
        print("collateral %s" % ("used" if used else "of no use"))
    for form in ("json", "cbor"):
        result = assay.Result(form, "tests", "7", nonce="a nonce of tests")
        verdict = assay.verify(read(evidence), trust, int(at), policy, 0, unhex(data), unhex(nonce),
                               [read(path) for path in listed(logs)], verifier, result)
        if form == "json":
            print_verdict(verdict)
        else:
            print("result %s" % verdict.result.hex())


def main(arguments):
    verifier = assay.Verifier(8)
    with open(arguments[1], encoding="utf-8") as table:
        for line in table:
            column = line.rstrip("\n").split("\t")
            try:
                run_case(column, verifier)
            except assay.Error as error:
                print("error %s" % str(error).partition(":")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
