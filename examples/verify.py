#!/usr/bin/env python3
"""examples/verify.py - verify one file of evidence with a folder of collateral, as verify.c does.

    python3 verify.py EVIDENCE FOLDER [UNIX_TIME]

Calls libassay through ctypes: nothing to compile. The name holds the version, because before 1.0
every minor version may change the interface; the loader finds it where the linker would.
"""
import ctypes as c
import os
import sys
import time

OK, TIER_AFFIRMING = 0, 1


class Bytes(c.Structure):
    _fields_ = [("bytes", c.c_char_p), ("len", c.c_size_t)]


class Finding(c.Structure):
    _fields_ = [("rule", c.c_uint32), ("class_", c.c_int), ("offset", c.c_uint32)] + [
        (name, c.c_char_p) for name in ("name", "text", "expected", "observed", "fix")]


def load():
    lib = c.CDLL("libassay.so.0.1")
    pointer = c.c_void_p  # the objects are opaque
    for name, result, *arguments in (
            ("assay_describe_status", c.c_char_p, c.c_int),
            ("assay_name_of_tier", c.c_char_p, c.c_int),
            ("assay_trust_create", c.c_int, c.POINTER(pointer)),
            ("assay_trust_add_pinned", c.c_int, pointer),
            ("assay_trust_add_collateral", c.c_int, pointer, c.POINTER(Bytes), c.c_size_t),
            ("assay_trust_destroy", None, c.POINTER(pointer)),
            ("assay_verdict_create", c.c_int, c.POINTER(pointer)),
            ("assay_verdict_get_tier", c.c_int, pointer),
            ("assay_verdict_get_finding", c.c_bool, pointer, c.c_size_t, c.POINTER(Finding)),
            ("assay_verdict_destroy", None, c.POINTER(pointer)),
            ("assay_verify", c.c_int, pointer, pointer, pointer, c.c_int, c.c_char_p, c.c_size_t,
             c.c_int64, pointer)):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verify(lib, evidence, files, at):
    """Returns the tier and [(text, expected, observed, fix)...]; raises OSError when it cannot judge."""
    trust, verdict = c.c_void_p(), c.c_void_p()

    def must(status):
        if status != OK:
            raise OSError(lib.assay_describe_status(status).decode())

    try:
        must(lib.assay_trust_create(trust))
        must(lib.assay_verdict_create(verdict))
        must(lib.assay_trust_add_pinned(trust))
        pieces = (Bytes * len(files))(*(Bytes(file, len(file)) for file in files))
        status = lib.assay_trust_add_collateral(trust, pieces, len(files))
        if status != OK:  # the evidence may be judged without
            print("verify:", lib.assay_describe_status(status).decode(), file=sys.stderr)
        must(lib.assay_verify(None, trust, None, 0, evidence, len(evidence), at, verdict))
        why, found = Finding(), []
        while lib.assay_verdict_get_finding(verdict, len(found), why):
            found.append(tuple(text.decode() for text in (why.text, why.expected, why.observed, why.fix)))
        return lib.assay_verdict_get_tier(verdict), found
    finally:
        lib.assay_verdict_destroy(verdict)
        lib.assay_trust_destroy(trust)


def main(arguments):
    if len(arguments) not in (3, 4):
        print("usage: verify.py EVIDENCE FOLDER [UNIX_TIME]", file=sys.stderr)
        return 2
    folder = arguments[2]
    files = [read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    at = int(arguments[3]) if len(arguments) == 4 else int(time.time())
    lib = load()
    tier, found = verify(lib, read(arguments[1]), files, at)
    print(lib.assay_name_of_tier(tier).decode())
    for finding in found:
        print("%s (%s; %s)\n  %s" % finding)
    return 0 if tier == TIER_AFFIRMING else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
