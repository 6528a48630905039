#!/usr/bin/python3
"""A program of one user at a socket of services: one that takes all it can get, or one that asks now and then.

usage: crowd.py greedy SOCKET SERVICE VERB    connections without end, questions on each; until it is ended
       crowd.py modest SOCKET SERVICE VERB N  N questions one after the other; prints the longest wait in ms and how
                                              many had no answer, or ends with 1 where it is not let in
       crowd.py lines SOCKET                  connections without end to a socket of lines, and nothing else
SERVICE is tasks or shares, VERB quote or verify (net/services/wire.h).
"""

import os
import select
import socket
import struct
import sys
import time

SERVICES = {"shares": 2, "tasks": 3}
PURPOSES = {"shares": 1, "tasks": 2}
MANY, BURST, WAIT_S = 40, 12, 20


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    if value < 256:
        return bytes([major << 5 | 24, value])
    if value < 65536:
        return bytes([major << 5 | 25]) + struct.pack(">H", value)
    return bytes([major << 5 | 26]) + struct.pack(">I", value)


def message(*items):
    body = head(4, len(items))
    for item in items:
        body += head(0, item) if isinstance(item, int) else head(2, len(item)) + item
    return struct.pack(">I", len(body)) + body


def question(service, verb, serial, kind=3):
    statement = os.urandom(32)
    if verb == "quote":
        return message(7, serial, PURPOSES[service], statement)
    # Of the kind SOFT, or of one that there is not; nothing that anybody signed, so it is judged each time.
    evidence = struct.pack(">H", kind) + os.urandom(4000)
    return message(9, serial, PURPOSES[service], statement, bytes(32), b"", evidence)


def dial(path, waits=False):
    """waits: for room in the queue of the kernel, as programs do."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.setblocking(waits)
    s.connect(path)
    return s


def greedy(path, service, verb):
    there = []
    while True:
        while len(there) < MANY:
            try:
                s = dial(path)
                s.send(message(4, SERVICES[service], 0))
                there.append(s)
            except OSError:
                break
        for s in list(there):
            try:
                for serial in range(BURST):
                    s.send(question(service, verb, serial, serial % 4 * 33 or 3))
            except BlockingIOError:
                pass
            except OSError:
                there.remove(s)
                s.close()
        for s in select.select(there, [], [], 0.01)[0]:
            try:
                if not s.recv(1 << 20):
                    raise OSError
            except OSError:
                there.remove(s)
                s.close()


def lines(path):
    there = []
    while True:
        while len(there) < MANY:
            try:
                there.append(dial(path))
            except OSError:
                break
        for s in select.select(there, [], [], 0.01)[0]:
            there.remove(s)
            s.close()


def take(s, data, until):
    """One message; the rest of what came."""
    while len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
        if not select.select([s], [], [], max(0, until - time.monotonic()))[0]:
            raise TimeoutError(f"{len(data)} bytes of a message")
        more = s.recv(1 << 20)
        if not more:
            raise ConnectionError
        data += more
    end = 4 + struct.unpack(">I", data[:4])[0]
    return data[4:end], data[end:]


def follow(path, service):
    until = time.monotonic() + WAIT_S
    while True:
        try:
            s = dial(path, True)
            s.send(message(4, SERVICES[service], 0))
            first, data = take(s, b"", until)
            if first[1] == 1:  # BEGIN
                return s, data
            s.close()
        except (ConnectionError, BlockingIOError):
            pass
        if time.monotonic() > until:
            raise TimeoutError(f"{len(data)} bytes of a message")
        time.sleep(0.02)


def modest(path, service, verb, count):
    longest, missing = 0, 0
    answer = {"quote": 8, "verify": 10}[verb]
    s, data = follow(path, service)
    for number in range(count):
        serial = 1 + number % 20  # one byte, in the question and in its answer
        asked = time.monotonic()
        s.send(question(service, verb, serial))
        while True:
            one, data = take(s, data, asked + WAIT_S)
            if one[1] == answer and one[2] == serial:
                break
        missing += verb == "quote" and len(one) < 64
        longest = max(longest, time.monotonic() - asked)
    print(f"longest={int(longest * 1000)} missing={missing}")


def main():
    kind, path = sys.argv[1:3]
    try:
        if kind == "greedy":
            greedy(path, *sys.argv[3:5])
        if kind == "lines":
            lines(path)
        modest(path, sys.argv[3], sys.argv[4], int(sys.argv[5]))
    except (TimeoutError, ConnectionError) as fault:
        print(f"{type(fault).__name__}: not let in, or put out: {fault}")
        sys.exit(1)


main()
