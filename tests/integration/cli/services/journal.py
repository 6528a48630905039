"""Journals of a holder as no holder writes them, each in a folder of its own: the last entry is another one, and the
chain of digests holds. Only `changed` breaks it.

usage: journal.py FOLDER of a journal-1
"""
import hashlib
import os
import sys

FIELDS = ("type", "before", "wall_ms", "era", "epoch", "block_id", "subject", "entry", "tbs", "name", "list", "generation",
          "ca_number")


def read_item(data, at):
    """One unsigned integer, byte string or text of canonical CBOR. Returns: value, end."""
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if number >= 24:
        size = 1 << (number - 24)
        number = int.from_bytes(data[at:at + size], "big")
        at += size
    if major == 0:
        return number, at
    text = data[at:at + number]
    return (text if major == 2 else text.decode()), at + number


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = next(i for i in range(4) if number < 1 << (8 << i))
    return bytes([major << 5 | (24 + size)]) + number.to_bytes(1 << size, "big")


def decode(data):
    entry, at = {}, 1
    for field in FIELDS:
        entry[field], at = read_item(data, at)
    return entry


def encode(entry):
    out = head(4, len(FIELDS))
    for field in FIELDS:
        value = entry[field]
        if isinstance(value, int):
            out += head(0, value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += head(3 if field == "type" else 2, len(value)) + value
    return out


def read(path):
    data, at, entries = open(path, "rb").read(), 0, []
    while at < len(data):
        size = int.from_bytes(data[at:at + 2], "big")
        entries.append(data[at + 2:at + 2 + size])
        at += 2 + size
    return entries


def write(folder, entries):
    os.mkdir(folder)
    with open(folder + "/journal-1", "wb") as file:
        for entry in entries:
            file.write(len(entry).to_bytes(2, "big") + entry)


def flipped(digest):
    return bytes([digest[0] ^ 1]) + digest[1:]


entries = read(sys.argv[1] + "/journal-1")
last = decode(entries[-1])
assert encode(last) == entries[-1] and last["before"] == hashlib.sha256(entries[-2]).digest()
write("changed", [flipped(entries[0][::-1])[::-1]] + entries[1:])
write("other_text", entries[:-1] + [encode(dict(last, tbs=flipped(last["tbs"])))])
write("other_generation", entries[:-1] + [encode(dict(last, generation=last["generation"] + 1))])
first = decode(entries[0])
write("other_epoch", [encode(dict(first, epoch=first["epoch"] + 1))])
write("other_block", [encode(dict(last, block_id=flipped(last["block_id"])))])
write("later_epoch", entries[:-1] + [encode(dict(last, epoch=last["epoch"] + 100000, name=flipped(last["name"])))])
