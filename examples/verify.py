#!/usr/bin/env python3
"""examples/verify.py - verify one file of evidence with a folder of collateral, as verify.c does.

    python3 verify.py EVIDENCE FOLDER [UNIX_TIME]

Uses the Python binding (assay.py of bindings/python), which finds the library where the linker would.
"""
import os
import sys

import assay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(arguments):
    if len(arguments) not in (3, 4):
        print("usage: verify.py EVIDENCE FOLDER [UNIX_TIME]", file=sys.stderr)
        return 2
    folder = arguments[2]
    trust = assay.Trust()
    trust.add_pinned()
    trust.add_collateral([read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))])
    at = int(arguments[3]) if len(arguments) == 4 else None
    verdict = assay.verify(read(arguments[1]), trust, at)
    print(verdict.tier.name.lower())
    for why in verdict.findings:
        print("%s (%s; %s)\n  %s" % (why.text, why.expected, why.observed, why.fix))
    return 0 if verdict.tier is assay.Tier.AFFIRMING else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
