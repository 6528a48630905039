"""Stands between a requestor and an executor's client listener, and kills processes at one frame between them.

usage: killer.py HOST PORT LISTEN_HOST INSTANT

INSTANT is a file of one line, `KIND before|after PID...`: the next frame of that kind (services/tasks/frame.h) is the
instant, before it is passed on (then it never is) or right after. The file is removed when it was done. Each frame takes its
time, so that a task is not over on a fast machine before its instant was named.
"""
import os
import signal
import socket
import sys
import threading
import time

host, port, listen_host, instant = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
KINDS = {"ASK": 1, "KEYS": 2, "INPUT": 3, "STEP_IS": 4, "VOUCH": 5, "KEY_IS": 6, "NEXT": 7}
PACE_S = 0.02
turn = threading.Lock()


def frames(link):
    """Each frame with its length before it."""
    kept = b""
    while True:
        more = link.recv(65536)
        if not more:
            return
        kept += more
        while len(kept) >= 4 and len(kept) >= 4 + int.from_bytes(kept[:4], "big"):
            size = 4 + int.from_bytes(kept[:4], "big")
            yield kept[:size]
            kept = kept[size:]


def kills(frame, when):
    with turn:
        try:
            kind, at, *pids = open(instant, encoding="utf-8").read().split()
        except (OSError, ValueError):
            return False
        if KINDS[kind] != frame[5] or at != when:
            return False
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        os.remove(instant)
        return True


def carry(source, target):
    try:
        for frame in frames(source):
            time.sleep(PACE_S)
            if kills(frame, "before"):
                break
            target.sendall(frame)
            kills(frame, "after")
    except OSError:
        pass
    for link in (source, target):
        try:
            link.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


server = socket.create_server((host, port))
while True:
    guest, _ = server.accept()
    try:
        line = socket.create_connection((listen_host, port))
    except OSError:
        guest.close()
        continue
    threading.Thread(target=carry, args=(guest, line), daemon=True).start()
    threading.Thread(target=carry, args=(line, guest), daemon=True).start()
