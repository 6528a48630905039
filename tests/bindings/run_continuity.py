#!/usr/bin/env python3
"""tests/bindings/run_continuity.py - results and misuse of rollback protection through the Python binding;
go/continuity and rust's continuity do the same, and print the same.

usage: run_continuity.py CHECKPOINT FOLDER     (of a network without a daemon; for instances)
"""
import copy
import ctypes
import gc
import os
import select
import sys
import threading
import time

import assay

KEY, OTHER = bytes([1] * 32), bytes([2] * 64)
faults = []


def show(what, call):
    try:
        print(what, call())
    except assay.ContinuityError as error:
        print(what, error.result.name, "with a reason" if error.reason else "without")
        if isinstance(error, assay.InDoubt) != (error.result is assay.ContinuityResult.IN_DOUBT):
            faults.append("%s: %s" % (what, type(error)))


def refuses(what, kind, call):
    """What the types of other languages exclude."""
    try:
        call()
    except kind:
        return
    except Exception as error:  # pylint: disable=broad-except # another one is the finding
        faults.append("%s: expected %s, found %r" % (what, kind.__name__, error))
        return
    faults.append("%s: expected %s" % (what, kind.__name__))


def print_results():
    for result in assay.ContinuityResult:
        name = assay._library.continuity_library().assay_continuity_name(result).decode()
        if name != result.name:
            faults.append("%d is %s in C, and %s here" % (result, name, result.name))
        print(int(result), name, result.description)


def try_options(checkpoint, folder):
    def created(**options):
        given = {"daemon": folder + "/absent", "folder": folder + "/other", "checkpoint": checkpoint, "key": KEY}
        given.update(options)
        assay.Continuity.create(**given).close()
        return "made"

    os.mkdir(folder + "/empty")
    for place in ("empty", "none"):
        show("open " + place, lambda: assay.Continuity.open(folder + "/absent", folder + "/" + place, checkpoint, KEY))
    show("checkpoint", lambda: created(checkpoint=b"noise"))
    show("no checkpoint", lambda: created(checkpoint=b""))
    show("key", lambda: created(key=bytes(32)))
    show("no folder", lambda: created(folder=""))
    show("long folder", lambda: created(folder="/" + "x" * 4000))
    show("long daemon", lambda: created(daemon="/" + "x" * 4000))
    show("state_max", lambda: created(state_max=(1 << 30) + 1))
    show("later without owner", lambda: created(later=checkpoint, later_signature=OTHER))
    show("later", lambda: created(owner=OTHER, later=checkpoint, later_signature=OTHER))
    show("empty later", lambda: created(owner=OTHER, later=b"", later_signature=OTHER))
    show("made", lambda: created(group=7, owner=OTHER, lease=9, handover_ms=1000, state_max=1 << 30))
    try:
        created(key=bytes(32))
    except assay.ContinuityError as error:
        print(error)
    for what, options in (("key", {"key": KEY[1:]}), ("owner", {"owner": KEY}), ("folder", {"folder": "a\0b"}),
                          ("signature", {"later_signature": KEY}), ("daemon", {"daemon": "a\0b"})):
        refuses(what, ValueError, lambda: created(**options))
    for what in ("group", "lease", "handover_ms", "state_max"):
        refuses(what, OverflowError, lambda: created(**{what: -1}))
    for what, value in (("checkpoint", None), ("checkpoint", "text"), ("key", "text"), ("folder", b"bytes"),
                        ("group", 1.5), ("size", 8)):
        refuses(what, TypeError, lambda: created(**{what: value}))
    for what in ("daemon", "folder", "key"):
        refuses(what, assay.ContinuityError, lambda: created(**{what: None}))


def try_session(checkpoint, folder):
    c = assay.Continuity.create(folder + "/absent", folder + "/new", checkpoint, KEY)
    show("update", lambda: c.update(b"state"))
    show("wait", lambda: c.wait(1, 0))
    show("save", lambda: c.save(b"", 0))
    show("confirm", lambda: c.confirm(0))
    show("receipt", lambda: c.receipt(KEY, 0))
    show("retire", lambda: c.retire(0))
    show("start", lambda: c.start(0))
    show("start again", lambda: c.start(20))
    show("a day", lambda: c.start(86400001))
    show("step", lambda: c.step(86400001))
    show("stepped", lambda: c.step(10) or "done")
    print("state", len(c.state), c.index)
    status = c.status
    print("status", status.session, status.given, status.certified, status.chain_id.hex(), status.instance.hex())
    print("events", c.fileno() >= 0, 0 <= c.timeout_ms <= 60000)
    show("opened", lambda: assay.Continuity.open(folder + "/absent", folder + "/new", checkpoint, KEY))

    select.select([c], [], [], 0)
    for what in ("start", "confirm", "retire", "step"):
        refuses(what, OverflowError, lambda: getattr(c, what)(-1))
        refuses(what, OverflowError, lambda: getattr(c, what)(1 << 32))
        refuses(what, TypeError, lambda: getattr(c, what)(0.5))
    refuses("wait", OverflowError, lambda: c.wait(-1, 0))
    refuses("wait", OverflowError, lambda: c.wait(1 << 64, 0))
    refuses("save", OverflowError, lambda: c.save(b"", -1))
    refuses("save", TypeError, lambda: c.save("text", 0))
    refuses("update", TypeError, lambda: c.update(5))
    refuses("receipt", ValueError, lambda: c.receipt(KEY[1:], 0))
    refuses("receipt", assay.ContinuityError, lambda: c.receipt(None, 0))
    refuses("a copy", TypeError, lambda: copy.copy(c))
    refuses("no constructor", TypeError, assay.Continuity)
    return c


def try_threads(c):
    """A call waits for that of another thread, also close."""
    other = threading.Thread(target=lambda: show("waited", lambda: c.start(300)))
    began = time.monotonic()
    other.start()
    time.sleep(0.1)
    c.close()
    if time.monotonic() - began < 0.25:
        faults.append("close did not wait for a call")
    other.join()


def try_closed(c, checkpoint, folder):
    c.close()
    c.close()
    for call in (lambda: c.start(0), lambda: c.update(b""), lambda: c.state, lambda: c.index, lambda: c.status,
                 c.fileno, lambda: c.timeout_ms, lambda: c.receipt(KEY, 0)):
        refuses("closed", assay.ContinuityError, call)
    with assay.Continuity.create(folder + "/absent", folder + "/left", checkpoint, KEY) as left:
        pass
    refuses("left", assay.ContinuityError, left.step)
    for _ in range(50):
        assay.Continuity.create(folder + "/absent", folder + "/many", checkpoint, KEY)
    gc.collect()
    if len(os.listdir("/proc/self/fd")) > 40:
        faults.append("objects that are collected leave descriptors")


def try_structure():
    """Sizes that are wrong, and NULL, which the binding never passes."""
    library, out = assay._library.continuity_library(), assay._library.OBJECT()
    options = assay._library.ContinuityOptions()
    options.size -= 1
    for given in (options, None):
        for call in (library.assay_continuity_create, library.assay_continuity_open):
            if call(given, out) != assay.ContinuityResult.MISUSE or not library.assay_continuity_reason(out):
                faults.append("another size, or NULL")
            library.assay_continuity_close(out)
    pointer = ctypes.POINTER(type(options))
    larger = ctypes.create_string_buffer(options.size + 9)
    larger[0:8] = len(larger).to_bytes(8, sys.byteorder)
    larger[len(larger) - 1] = b"\1"
    if library.assay_continuity_open(ctypes.cast(larger, pointer), out) != assay.ContinuityResult.MISUSE:
        faults.append("members of a later version")
    if b"later version" not in library.assay_continuity_reason(out):
        faults.append("no reason for members of a later version")
    library.assay_continuity_close(out)
    status = assay._library.ContinuityStatus()
    if library.assay_continuity_get_status(None, status) != assay._library.INVALID:
        faults.append("the status of NULL")


def try_receipts(checkpoint):
    def show_receipt(what, *given, **options):
        try:
            print(what, assay.verify_receipt(*given, **options))
        except assay.ReceiptError as error:
            print(what, error.answer.name, "with a reason" if error.reason else "without")

    for answer in assay.ReceiptAnswer:
        if assay._library.continuity_library().assay_continuity_receipt_name(answer).decode() != answer.name:
            faults.append("the name of %r" % answer)
        print(int(answer), "RECEIPT_" + answer.name, answer.description)
    show_receipt("noise", checkpoint, b"", b"noise", nonce=KEY, now_ms=1)
    show_receipt("no receipt", checkpoint, b"", b"", instance=KEY, max_age_s=1)
    show_receipt("no trust", b"", b"", b"")
    show_receipt("long receipt", checkpoint, b"", bytes(3073))
    for what, kind, options in (("nonce", ValueError, {"nonce": KEY[1:]}), ("instance", TypeError, {"instance": "text"}),
                                ("now_ms", OverflowError, {"now_ms": -1}), ("max_age_s", OverflowError, {"max_age_s": 1 << 32})):
        refuses(what, kind, lambda: assay.verify_receipt(checkpoint, b"", b"", **options))
    refuses("receipt", TypeError, lambda: assay.verify_receipt(checkpoint, b"", None))


def main():
    with open(sys.argv[1], "rb") as file:
        checkpoint = file.read()
    print_results()
    try_options(checkpoint, sys.argv[2])
    c = try_session(checkpoint, sys.argv[2])
    try_threads(c)
    try_closed(c, checkpoint, sys.argv[2])
    try_receipts(checkpoint)
    try_structure()
    for fault in faults:
        print("FAULT " + fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
