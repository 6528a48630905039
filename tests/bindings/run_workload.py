#!/usr/bin/env python3
"""tests/bindings/run_workload.py - registration of keys through the Python binding; go/workload and rust's workload do the same,
and print the same.

usage: run_workload.py SOCKET KEY.pem SPKI.der ABSENT
"""
import subprocess
import sys

import assay



def show(what, call):
    try:
        print(what, call())
    except assay.RegistrationError as error:
        print(what, assay._library.name_of("assay_name_of_status", error.status), "may pass" if error.may_pass else "stays", "with a reason" if error.why else "without")


def registered(one):
    return "%s %d %s %s %s" % ("new" if one.is_new else "known", one.count, one.boot.hex(), one.chain_id.hex(), one.node_id.hex())


def main():
    socket, key_file, spki_file, absent = sys.argv[1:]
    signed = []

    def sign(message):
        signed.append(message)
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=message, stdout=subprocess.PIPE,
                              check=True).stdout

    with open(spki_file, "rb") as file:
        spki = file.read()
    chain, member, boot = (bytes([n] + [0] * 31) for n in (1, 2, 4))
    key = assay.WorkloadKey(socket, chain, "api", spki, sign)
    refusing = key._replace(name="other", sign=lambda message: b"")
    show("first", lambda: registered(assay.register_key(key)))
    show("again", lambda: registered(assay.register_key(key._replace(boot=boot, node_id=member))))
    print("signed", len(signed), len(set(signed)))
    show("chain", lambda: registered(assay.register_key(key._replace(chain_id=bytes(32)))))
    show("member", lambda: registered(assay.register_key(key._replace(node_id=bytes(32)))))
    show("name", lambda: registered(assay.register_key(key._replace(name="No Label"))))
    show("signer", lambda: registered(assay.register_key(refusing)))
    show("token", lambda: registered(assay.register_key(key._replace(purpose=assay.Purpose.TOKEN, audiences=["a", "b"]))))
    show("descending", lambda: registered(assay.register_key(
        key._replace(name="x", purpose=assay.Purpose.TOKEN, audiences=["b", "a"]))))
    show("timeout", lambda: registered(assay.register_key(key._replace(timeout_ms=60001))))
    show("absent", lambda: registered(assay.register_key(key._replace(socket_path=absent))))
    show("withdraw", lambda: str(assay.withdraw_key(socket, "api")).lower())
    show("withdrawn", lambda: str(assay.withdraw_key(socket, "api")).lower())
    show("token withdrawn", lambda: str(assay.withdraw_key(socket, "api", assay.Purpose.TOKEN)).lower())

    def fails(message):
        raise KeyError(len(message) > 0)

    try:
        assay.register_key(key._replace(sign=fails))
        print("an exception got lost")
    except KeyError:
        print("own error")
    try:
        assay.register_key(key._replace(name="a\0b"))
        print("a NUL was cut")
    except ValueError:
        print("text")


main()
