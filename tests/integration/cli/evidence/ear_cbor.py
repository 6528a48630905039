#!/usr/bin/env python3
"""tests/integration/cli/evidence/ear_cbor.py - reads an attestation result in CBOR, or in a record of the wrapper.

usage: ear_cbor.py FORM FILE KEY     FORM: cwt, cwt-text, cmw-cbor, cmw-json; KEY: SubjectPublicKeyInfo in DER

Another implementation than the one under test: its own decoder, signatures by the openssl command. Prints the profile
and the status of submodule cpu0; of cmw-json the token, for the verifier under test. Exits 1 if anything does not hold.
"""
import base64
import json
import subprocess
import sys
import tempfile

MEDIA = 'application/eat+%s; eat_profile="tag:ietf.org,2026:rats/ear#04"'


def decode(data, at=0):
    """One item: its value and where the next one starts. Tags are (tag, value)."""
    kind, size = data[at] >> 5, data[at] & 31
    at += 1
    if kind == 7:
        return {20: False, 21: True, 22: None}[size], at
    number = size
    if size >= 24:
        length = 1 << (size - 24)
        number, at = int.from_bytes(data[at:at + length], "big"), at + length
    if kind in (0, 1):
        return (number if kind == 0 else -1 - number), at
    if kind in (2, 3):
        raw = data[at:at + number]
        assert len(raw) == number
        return (raw if kind == 2 else raw.decode()), at + number
    if kind == 6:
        value, at = decode(data, at)
        return (number, value), at
    items = []
    for _ in range(number * (2 if kind == 5 else 1)):
        value, at = decode(data, at)
        items.append(value)
    return (dict(zip(items[::2], items[1::2])) if kind == 5 else items), at


def whole(data):
    value, end = decode(data)
    assert end == len(data), "bytes follow"
    return value


def encode_bytes(data):
    size = len(data)
    head = bytes([0x40 | size]) if size < 24 else b"\x58" + bytes([size]) if size < 256 else b"\x59" + size.to_bytes(2, "big")
    return head + data


def integer(number):
    raw = number.to_bytes(33, "big").lstrip(b"\0")
    raw = raw if raw[0] < 0x80 else b"\0" + raw
    return b"\x02" + bytes([len(raw)]) + raw


def verify(text, signature, key):
    both = integer(int.from_bytes(signature[:32], "big")) + integer(int.from_bytes(signature[32:], "big"))
    with tempfile.NamedTemporaryFile() as der, tempfile.NamedTemporaryFile() as signed, tempfile.NamedTemporaryFile() as pem:
        der.write(b"\x30" + bytes([len(both)]) + both)
        signed.write(text)
        for file in (der, signed):
            file.flush()
        subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-in", key, "-out", pem.name], check=True)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", pem.name, "-signature", der.name, signed.name], check=True,
                       stdout=subprocess.DEVNULL)


def read_cwt(data, key):
    tag, (protected, unprotected, payload, signature) = whole(data)
    header = whole(protected)
    assert tag == 18 and unprotected == {} and header[1] == -7 and header[16] == "application/eat+cwt"
    verify(b"\x84\x6aSignature1" + encode_bytes(protected) + b"\x40" + encode_bytes(payload), signature, key)
    claims = whole(payload)
    print(claims[265], "status", claims[266]["cpu0"][1000])


def main(form, path, key):
    with open(path, "rb") as file:
        data = file.read()
    if form == "cmw-json":
        media, value, ind = json.loads(data)
        assert media == MEDIA % "jwt" and ind == 8
        print(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode())
        return 0
    if form == "cwt-text":
        text = data.decode().strip()
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if form == "cmw-cbor":
        media, data, ind = whole(data)
        assert media == MEDIA % "cwt" and ind == 8
    read_cwt(data, key)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
