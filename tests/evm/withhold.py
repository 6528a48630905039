"""Stands between a requestor and an executor's client listener, and withholds the keys of steps once the file STOP is there.

usage: withhold.py HOST PORT LISTEN_HOST STOP
"""
import os
import socket
import sys
import threading

host, port, listen_host, stop = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
KEY_IS = 6  # services/tasks/frame.h


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


def carry(source, target, keeps_back):
    try:
        for frame in frames(source):
            if not (keeps_back and frame[5] == KEY_IS and os.path.exists(stop)):
                target.sendall(frame)
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
    line = socket.create_connection((listen_host, port))
    threading.Thread(target=carry, args=(guest, line, False), daemon=True).start()
    threading.Thread(target=carry, args=(line, guest, True), daemon=True).start()
