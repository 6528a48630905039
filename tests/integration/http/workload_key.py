"""Registers a workload key with an enclave, as a program on its machine does (docs/identity.md 6).

usage: workload_key.py SOCKET KEY NAME [AUDIENCE]; with an audience the key is for tokens, else for TLS

KEY: PEM of a P-256 key, of `openssl genpkey`. Prints the SHA-256 of its SubjectPublicKeyInfo. openssl signs; the
canonical CBOR is written here, so that it is a second writer beside the C code.
"""
import hashlib
import socket
import subprocess
import sys

SOCKET, KEY, NAME = sys.argv[1:4]
AUDIENCES = sys.argv[4:5]
PURPOSE = 3 if AUDIENCES else 1


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = 1 if number < 256 else 2
    return bytes([major << 5 | (23 + size)]) + number.to_bytes(size, "big")


def cbor(value):
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(0, value)


def integer(der, at):
    """An INTEGER of DER, in 32 bytes, and what follows it."""
    end = at + 2 + der[at + 1]
    return int.from_bytes(der[at + 2:end], "big").to_bytes(32, "big"), end


def proof(chain, node):
    statement = cbor(["assay/key-proof/v1", chain, node, PURPOSE, NAME, AUDIENCES, SPKI])
    der = openssl("dgst", "-sha256", "-sign", KEY, data=statement)
    r, at = integer(der, 2)
    return r + integer(der, at)[0]


def ask(line):
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(SOCKET)
        link.sendall(line.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            more = link.recv(4096)
            if not more:
                break
            answer += more
    return answer.decode().split()


SPKI = openssl("pkey", "-in", KEY, "-pubout", "-outform", "DER")
words = ask("key boot")
if words[:1] != ["boot"]:
    sys.exit("key boot: " + " ".join(words))
boot, chain, node = (bytes.fromhex(words[i]) for i in (1, 3, 5))
entry = cbor(["assay/key/v1", PURPOSE, NAME, AUDIENCES, SPKI, proof(chain, node)])
second = proof(hashlib.sha256(cbor(["assay/key-registration/v1", chain, boot])).digest(), node)
words = ask("key register %s %s" % (entry.hex(), second.hex()))
if words[:1] != ["ok"]:
    sys.exit("key register: " + " ".join(words))
print(hashlib.sha256(SPKI).hexdigest())
