#!/usr/bin/env python3
"""tests/bindings/run_kv.py - misuse of key-value stores through the Python binding, without a network; one is in
tests/integration/cli/services/continuity_store.sh.

usage: run_kv.py CHECKPOINT FOLDER     (of a network without a daemon; for instances)
"""
import copy
import ctypes
import gc
import os
import sys

import assay

KEY = bytes([1] * 32)
faults = []


def expect(what, kind, call, result=None, reason=""):
    """The call raises exactly this."""
    try:
        call()
    except kind as error:
        if result is not None and error.result is not result:
            faults.append("%s: expected %s, found %s" % (what, result.name, error))
        if reason and reason not in error.reason:
            faults.append("%s: expected %r in %r" % (what, reason, error.reason))
        return
    except Exception as error:  # pylint: disable=broad-except # another one is the finding
        faults.append("%s: expected %s, found %r" % (what, kind.__name__, error))
        return
    faults.append("%s: expected %s" % (what, kind.__name__))


def try_options(checkpoint, folder):
    def created(**options):
        given = {"daemon": folder + "/absent", "file": folder + "/other.db", "folder": folder + "/other",
                 "checkpoint": checkpoint, "key": KEY}
        given.update(options)
        assay.KeyValueStore.create(**given).close()

    result = assay.ContinuityResult
    created(group=7, lease=9, handover_ms=1000, page_size=8192)
    expect("open", assay.ContinuityError, lambda: assay.KeyValueStore.open(
        folder + "/absent", folder + "/none.db", folder + "/none", checkpoint, KEY), result.NO_INSTANCE)
    for what, value in (("checkpoint", b"noise"), ("key", bytes(32)), ("file", ""), ("file", "/" + "x" * 4000),
                        ("page_size", 1000), ("folder", None), ("file", None)):
        expect(what, assay.ContinuityError, lambda: created(**{what: value}), result.MISUSE)
    expect("no folder", assay.ContinuityError, lambda: created(file=folder + "/none/a.db"), result.STORAGE)
    with open(folder + "/there.db", "wb"):
        pass
    expect("there", assay.ContinuityError, lambda: created(file=folder + "/there.db"), result.EXISTS, "there.db")
    for what, value in (("file", "a\0b"), ("key", KEY[1:])):
        expect(what, ValueError, lambda: created(**{what: value}))
    for what in ("page_size", "group"):
        expect(what, OverflowError, lambda: created(**{what: -1}))
    for what, value in (("file", b"bytes"), ("checkpoint", None), ("page_size", 1.5), ("state_max", 1)):
        expect(what, TypeError, lambda: created(**{what: value}))


def in_batch(store):
    with store.batch():
        faults.append("a batch before start")


def try_calls(checkpoint, folder):
    error, early = assay.ContinuityError, assay.ContinuityResult.TOO_EARLY
    store = assay.KeyValueStore.create(folder + "/absent", folder + "/a.db", folder + "/a", checkpoint, KEY)
    for call in (lambda: store.get(b"k"), lambda: store.put(b"k", b"v"), lambda: store.delete(b"k"),
                 lambda: in_batch(store), lambda: next(store.items()), store.count, lambda: store.confirm(0)):
        expect("early", error, call, early, "assay_kv_start")
    if store.index != 0 or store.result is not assay.ContinuityResult.OK:
        faults.append("index or result before start")
    expect("start", assay.InDoubt, lambda: store.start(20))
    for call in (lambda: store.get("text"), lambda: store.put(b"k", 5), lambda: store.put("text", b""),
                 lambda: store.delete(None), lambda: next(store.items(prefix="text")), lambda: store.count(start=1)):
        expect("a type", TypeError, call)
    expect("a time", OverflowError, lambda: store.start(-1))
    expect("a copy", TypeError, lambda: copy.copy(store))
    expect("no constructor", TypeError, assay.KeyValueStore)
    store.close()
    store.close()
    for call in (lambda: store.get(b"k"), lambda: store.start(0), lambda: store.index, lambda: store.result):
        expect("closed", error, call, assay.ContinuityResult.MISUSE, "is closed")
    with assay.KeyValueStore.create(folder + "/absent", folder + "/b.db", folder + "/b", checkpoint, KEY) as left:
        pass
    expect("left", error, left.count, assay.ContinuityResult.MISUSE)
    for _ in range(50):
        assay.KeyValueStore.create(folder + "/absent", folder + "/c.db", folder + "/c", checkpoint, KEY)
    gc.collect()
    if len(os.listdir("/proc/self/fd")) > 40:
        faults.append("objects that are collected leave descriptors")


def try_structures(compiled):
    """Sizes and offsets are those of the list of the binary interface."""
    api, found = assay._library, {}
    with open(compiled, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[0] == "struct":
                found[words[1]] = int(words[2])
            elif words[0] == "member":
                found[words[1]] = int(words[2]), int(words[3])
    for name, kind in (("assay_sqlite_options", api.SqliteOptions), ("assay_kv_range", api.KvRange),
                       ("assay_kv_entry", api.KvEntry)):
        if ctypes.sizeof(kind) != found[name]:
            faults.append("%s: %d bytes" % (name, ctypes.sizeof(kind)))
        for field in kind._fields_:
            place = getattr(kind, field[0])
            member = {"start": "from", "start_len": "from_len", "stop": "until",  # `from` is a word of Python
                      "stop_len": "until_len"}.get(field[0], field[0])
            if (place.offset, place.size) != found[name + "." + member]:
                faults.append("%s.%s" % (name, field[0]))


def main():
    with open(sys.argv[1], "rb") as file:
        checkpoint = file.read()
    try_options(checkpoint, sys.argv[2])
    try_calls(checkpoint, sys.argv[2])
    try_structures(os.path.join(os.path.dirname(sys.argv[0]), "../integration/library/abi/assay-sqlite.txt"))
    for fault in faults:
        print("FAULT " + fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
