"""tests/bindings/files.py - Files of the Python binding: ssl over folders as `assay identity fetch` writes them.

usage: files.py; PYTHONPATH has the binding, and python3-cryptography makes the certificates.
"""
import base64
import datetime
import json
import os
import socket
import ssl
import sys
import tempfile
import threading

import assay
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

API, WEB = "spiffe://mesh.example/svc/api", "spiffe://mesh.example/svc/web"
faults = []


def check(what, holds):
    if not holds:
        faults.append(what)
        print("FAIL " + what)


def sign(subject, public, issuer, key, extensions):
    now = datetime.datetime.utcnow()
    hour = datetime.timedelta(hours=1)
    builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), now - hour, now + hour)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())


def name_of(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Network:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of("network %d" % id(self))
        self.cert = sign(self.name, self.key.public_key(), self.name, self.key, [(x509.BasicConstraints(True, 0), True)])
        self.pem = self.cert.public_bytes(serialization.Encoding.PEM)

    def bundle(self):
        der = base64.b64encode(self.cert.public_bytes(serialization.Encoding.DER)).decode()
        return json.dumps({"keys": [{"use": "jwt-svid", "kid": "1"}, {"use": "x509-svid", "x5c": [der]}]}).encode()

    def store(self, folder, number, ids, other_key=False, **authorities):
        """A new set, and the link to it."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in ids])
        cert = sign(name_of(str(number)), key.public_key(), self.name, self.key, [(names, False)])
        if other_key:
            key = ec.generate_private_key(ec.SECP256R1())
        files = {"cert.pem": cert.public_bytes(serialization.Encoding.PEM),
                 "key.pem": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption())}
        files.update(authorities or {"ca_pem": self.pem})
        os.mkdir("%s/set-%d" % (folder, number))
        for name, content in files.items():
            with open("%s/set-%d/%s" % (folder, number, name.replace("_", ".")), "wb") as file:
                file.write(content)
        point(folder, "set-%d" % number)


def point(folder, to):
    os.symlink(to, folder + "/new")
    os.rename(folder + "/new", folder + "/current")


class Server(threading.Thread):
    """One context for ever; answers each connection with the SPIFFE ID of its client."""

    def __init__(self, files):
        super().__init__(daemon=True)
        self.context = files.server_context()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = self.listening.getsockname()

    def run(self):
        while True:
            plain = self.listening.accept()[0]
            try:
                with self.context.wrap_socket(plain, server_side=True) as tls:
                    tls.sendall(str(assay.spiffe_id(tls)).encode())
            except OSError:
                plain.close()


def connect(files, server, expected=API):
    """The client as the server saw it, and the number of the server's set; or (None, why there was no connection)."""
    try:
        with files.connect(server.address, expected, 10) as tls:
            said = tls.recv(200).decode()
            subject = dict(pair for rdn in tls.getpeercert()["subject"] for pair in rdn)
            return (said or None), int(subject["commonName"])
    except OSError as error:
        return None, str(error)


def main():
    network, after = Network(), Network()
    with tempfile.TemporaryDirectory() as at, tempfile.TemporaryDirectory() as of:
        try:
            assay.Files(at).client_context()
            check("an empty folder has no context", False)
        except OSError:
            pass
        network.store(at, 1, [API])
        network.store(of, 1, [WEB], bundle_json=network.bundle())
        client, server = assay.Files(of), Server(assay.Files(at))
        server.start()
        check("both sides accept each other", connect(client, server) == (WEB, 1))
        network.store(at, 2, [API])
        check("a new set is used from the next connection on", connect(client, server) == (WEB, 2))
        network.store(at, 3, [API], other_key=True)
        check("a set whose key is another one replaces nothing", connect(client, server) == (WEB, 2))
        network.store(at, 4, [API], ca_pem=b"none")
        check("nor does one without CA certificates", connect(client, server) == (WEB, 2))
        network.store(at, 5, [API], bundle_json=b'{"keys": []}')
        check("nor one with an empty bundle", connect(client, server) == (WEB, 2))
        point(at, "set-none")
        check("nor a link to nothing", connect(client, server) == (WEB, 2))
        # The next CA number: first for clients, then for the server itself; then the old one is retired.
        both = network.pem + after.pem
        network.store(at, 6, [API], ca_pem=both)
        after.store(of, 6, [WEB], ca_pem=both)
        check("the server has the next CA number for clients", connect(client, server) == (WEB, 6))
        after.store(at, 7, [API], ca_pem=after.pem)
        check("and for itself", connect(client, server) == (WEB, 7))
        network.store(of, 8, [WEB], ca_pem=both)
        check("a client of a CA that was retired is refused", connect(client, server)[0] is None)
        after.store(of, 9, [WEB], ca_pem=after.pem)
        check("another one is not", connect(client, server) == (WEB, 7))
        check("another service is refused", "expected" in str(connect(client, server, WEB)[1]))
        network.store(of, 10, [WEB], ca_pem=network.pem)
        check("a server of another network is refused", "verify failed" in str(connect(client, server)[1]))
        after.store(of, 11, [WEB, API], ca_pem=after.pem)
        check("two SPIFFE IDs are none", connect(client, server) == ("None", 7))
        after.store(of, 12, ["https://mesh.example/"], ca_pem=after.pem)
        check("another URI is none", connect(client, server) == ("None", 7))
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
        try:
            with bare.wrap_socket(socket.create_connection(server.address, 10)) as tls:
                check("a client without a certificate is refused", tls.recv(200) == b"")
        except OSError:
            pass
    print("%d faults" % len(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
