#!/usr/bin/env python3
"""examples/verify.py - verify one file of evidence, as verify.c does.

    python3 verify.py EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]        (CHALLENGE: report data, hex)

Uses the Python binding (package assay of bindings/python), which finds the library where the linker would.
"""
import os
import sys

import assay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verify(evidence, folder, policy_path, challenge, at):
    policy = assay.Policy(read(policy_path).decode())
    trust = assay.Trust()
    trust.add_pinned()
    trust.add_policy_roots(policy)
    trust.add_collateral([read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))])
    verdict = assay.verify(read(evidence), trust, at, policy, report_data=bytes.fromhex(challenge))
    print(verdict.tier.name.lower())
    for name in ("mrtd", "mrenclave", "debug"):
        value = verdict.claims.get(name)
        if value is not None:
            print("%s: %s" % (name, value.hex() if isinstance(value, bytes) else str(value).lower()))
    for why in verdict.findings:
        print("%s (%s; %s)\n  %s" % (why.text, why.expected, why.observed, why.fix))
    for what, why in verdict.not_checked:
        print("not checked: %s: %s" % (what, why))
    return 0 if verdict.tier is assay.Tier.AFFIRMING else 1


def main(arguments):
    if len(arguments) not in (5, 6):
        print("usage: verify.py EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]", file=sys.stderr)
        return 2
    try:
        bytes.fromhex(arguments[4])
        at = int(arguments[5]) if len(arguments) == 6 else None
    except ValueError as error:
        print("verify.py: %s" % error, file=sys.stderr)
        return 2
    try:
        return verify(*arguments[1:5], at)
    except (assay.Error, OSError, ValueError) as error:
        print("%s: %s" % (arguments[3] if isinstance(error, ValueError) else "verify.py", error), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
