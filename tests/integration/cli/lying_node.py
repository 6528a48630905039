#!/usr/bin/env python3
"""An admin socket that lies about proposals: passes requests to a node and changes what it answers.

usage: lying_node.py SOCKET_OF_A_NODE OWN_SOCKET FOLDER

FOLDER/lie names what is false (none: nothing); each `review` is refused, and written to FOLDER/review.
"""
import json
import os
import socket
import sys
import threading

TRUE, OWN, FOLDER = sys.argv[1:4]


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(65536)
        if not data:
            break
        line += data
    return line


def ask(line):
    with socket.socket(socket.AF_UNIX) as node:
        node.connect(TRUE)
        node.sendall(line)
        return read_line(node)


def flip(text, at):
    digit = "%x" % (int(text[at], 16) ^ 1)
    return text[:at] + digit + text[at + 1:]


def change_places(data, **fields):
    for place in data["places"]:
        place.update(fields)


LIES = {
    "epoch": lambda data: data.update(epoch=9000),
    "issued": lambda data: change_places(data, issued=9000),
    "ended": lambda data: change_places(data, open=False),
    "expires": lambda data: data.update(expires=data["expires"] + 5000),
    "words": lambda data: data.update(author_id="beta\naction         nothing",
                                      comment="safe\ncomment        agreed on the phone \u202e"),
    "body": lambda data: data.update(change="00" + data["change"][2:]),
    "no-record": lambda data: data.pop("review"),
    # Of the record: array of 4, kind, body; its end is the change, so the start of the body is hit.
    "record": lambda data: data.update(review=flip(data["review"], 80)),
}


def answer(line):
    command = line.decode().split()[0] if line.strip() else ""
    if command == "review":
        with open(FOLDER + "/review", "wb") as out:
            out.write(line)
        refused = {"code": "refused", "detail": "the lying node has it now"}
        return json.dumps({"schema": "assay.error", "schema_version": 1, "node": "x", "data": refused}).encode() + b"\n"
    said = ask(line)
    if command != "proposal":
        return said
    with open(FOLDER + "/lie", encoding="ascii") as lie:
        name = lie.read().strip()
    document = json.loads(said)
    if name in LIES and document["schema"] == "assay.proposal":
        LIES[name](document["data"])
    return json.dumps(document).encode() + b"\n"


def serve(connection):
    with connection:
        while True:
            line = read_line(connection)
            if not line:
                return
            connection.sendall(answer(line))


def main():
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(OWN)
        os.chmod(OWN, 0o600)
        listener.listen(16)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
