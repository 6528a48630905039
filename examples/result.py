#!/usr/bin/env python3
"""examples/result.py - verify a token of another verifier under the issuers of a policy file, as result.c does.

    python3 result.py POLICY TOKEN [NONCE] [UNIX_TIME]        (NONCE: what the token must echo; "": none)

A token is a result: what its issuer states about evidence that it verified. It is never evidence, and nothing of it
becomes a verdict of this library.
"""
import os
import sys

import assay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verify(policy, path, nonce, at):
    folder = os.path.dirname(policy)
    issuers = assay.read_issuers(read(policy).decode(), lambda name: read(os.path.join(folder, name)))
    if not issuers:
        raise ValueError("names no issuer: expected a section token_issuers")
    token = assay.verify_token(read(path), issuers, nonce or None, at)
    print("%s, %s" % (token.answer.name.lower().replace("_", "-"), token.statement.name.lower()))
    if token.why:
        print(token.why)
    if token.issuer is not None:
        print("%s: %s" % (token.service.name.lower(), token.issuer))
    for what, why in token.not_checked:
        print("not checked: %s: %s" % (what, why))
    return 0 if token.answer is assay.Answer.VALID and token.statement is assay.Statement.AFFIRMING else 1


def main(arguments):
    if len(arguments) not in (3, 4, 5) or len(arguments) == 5 and not arguments[4].isdigit():
        print("usage: result.py POLICY TOKEN [NONCE] [UNIX_TIME]", file=sys.stderr)
        return 2
    try:
        return verify(arguments[1], arguments[2], arguments[3] if len(arguments) > 3 else None,
                      int(arguments[4]) if len(arguments) > 4 else None)
    except (assay.Error, OSError, ValueError) as error:
        print("%s: %s" % (arguments[1] if isinstance(error, ValueError) else "result.py", error), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
