#!/usr/bin/env python3
"""examples/counter.py - counter whose value survives restarts and cannot be rolled back or cloned; as counter.c.

    python3 counter.py create|open SOCKETS CHECKPOINT KEY FOLDER

KEY has 32 secret bytes: in a TEE its sealing key. Prints each value after it is certified, once a second, until the
library refuses one. Uses the Python binding (package assay of bindings/python).
"""
import pathlib
import sys
import time

import assay


def main(arguments):
    if len(arguments) != 6 or arguments[1] not in ("create", "open"):
        print("usage: counter.py create|open SOCKETS CHECKPOINT KEY FOLDER", file=sys.stderr)
        return 2
    sockets, checkpoint, key, folder = arguments[2], *map(pathlib.Path, arguments[3:5]), arguments[5]
    prepare = assay.Continuity.create if arguments[1] == "create" else assay.Continuity.open
    try:
        with prepare(sockets, folder, checkpoint.read_bytes(), key.read_bytes()) as counter:
            counter.start(60000)
            count = int.from_bytes(counter.state, sys.byteorder)
            while True:
                count += 1
                counter.save(count.to_bytes(8, sys.byteorder), 60000)
                print(count, flush=True)
                time.sleep(1)
    except assay.ContinuityError as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print("counter.py: %s" % error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
