#!/usr/bin/env python3
"""examples/attested_tls.py - TLS between two keys that a network certified, with Python's ssl; as attested_tls.c.

usage: attested_tls.py server|client PORT CERTIFICATE KEY BUNDLE CHAIN-ID SERVICE [insecure]

BUNDLE has the network's CA certificates in PEM. ssl has no callback for a verification of its own, so OpenSSL verifies the
chain during the handshake, and libassay what the network certified after it, before a byte of the application is read or
written. The last word accepts certificates of a network for development. Exit status: 0 when both sides accepted each other, 1 when one did not, 2 when there was no connection.
"""
import socket
import ssl
import sys

import assay

AGE_MAX_S, SKEW_S = 900, 60


def make_context(is_server, certificate, key, bundle):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the service of the certificate is compared instead
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(bundle)
    return context


def verify(tls, network):
    """Whether the peer's certificate is the network's, for the service that is expected."""
    peer = assay.verify_peer(network, [tls.getpeercert(True)])
    if peer.answer is not assay.IdentityAnswer.VALID:
        print("refused: %s: %s" % (peer.answer.name.lower().replace("_", "-"), peer.why))
        return False
    print("peer %s, epoch %d" % (peer.claims.spiffe_id, peer.claims.epoch))
    for what, why in peer.not_checked:
        print("not checked: %s: %s" % (what, why))
    return True


def connect(is_server, port):
    if not is_server:
        return socket.create_connection(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", port)) as listening:
        print("port %d" % listening.getsockname()[1], flush=True)
        return listening.accept()[0]


def talk(connection, context, is_server, network):
    with context.wrap_socket(connection, server_side=is_server) as tls:
        if not verify(tls, network):
            return False
        tls.sendall(b"hello\n")  # one line each way: the other side may refuse this one
        return tls.recv(6) == b"hello\n"


def main(arguments):
    accepts_insecure = arguments[8:] == ["insecure"]
    if (len(arguments) != 8 and not accepts_insecure) or arguments[1] not in ("server", "client"):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    role, port, certificate, key, bundle, chain_id, service = arguments[1:8]
    try:
        with open(bundle, "rb") as file:
            network = assay.IdentityRequest(file.read(), chain_id=bytes.fromhex(chain_id), service=service,
                                            age_max_s=AGE_MAX_S, standing_worst=assay.Standing.WARNING, skew_s=SKEW_S,
                                            accept_insecure=accepts_insecure)
        context = make_context(role == "server", certificate, key, bundle)
        connection = connect(role == "server", int(port))
    except (OSError, ValueError) as error:  # a file, a number, or nothing that listens
        print(error, file=sys.stderr)
        return 2
    try:
        good = talk(connection, context, role == "server", network)
    except OSError as error:  # also what TLS refuses, here or at the peer
        print(error)
        good = False
    print("connected" if good else "not connected")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
