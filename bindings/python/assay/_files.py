"""bindings/python/assay/_files.py - ssl with the folder that `assay identity fetch` keeps: key, certificate chain and CA
certificates of a workload, loaded again whenever they were renewed."""
import base64
import json
import os
import socket
import ssl
import threading
from typing import Any, Optional, Tuple


def _add_authorities(context: ssl.SSLContext, folder: str) -> None:
    """CA certificates: PEM, or a SPIFFE bundle."""
    pem = os.path.join(folder, "ca.pem")
    if os.path.exists(pem):
        context.load_verify_locations(pem)
        return
    with open(os.path.join(folder, "bundle.json"), encoding="utf-8") as file:
        keys = [key for key in json.load(file)["keys"] if key.get("use") == "x509-svid"]
    if not keys or any(len(key.get("x5c", ())) != 1 for key in keys):
        raise ValueError("%s/bundle.json: expected CA certificates, one a key" % folder)
    context.load_verify_locations(cadata=b"".join(base64.b64decode(key["x5c"][0], validate=True) for key in keys))


def _make_context(is_server: bool, folder: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the SPIFFE ID of the certificate is compared instead
    context.verify_mode = ssl.CERT_REQUIRED
    if is_server:
        context.num_tickets = 0  # a session that is resumed verifies nothing again (docs/identity.md 10.7)
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    _add_authorities(context, folder)
    return context


def spiffe_id(connection: ssl.SSLSocket) -> Optional[str]:
    """The SPIFFE ID of the peer of a connection that was verified; None unless it has exactly one URI, which is one."""
    names = (connection.getpeercert() or {}).get("subjectAltName", ())
    uris = [value for kind, value in names if kind == "URI"]
    return uris[0] if len(uris) == 1 and uris[0].startswith("spiffe://") else None


class Files:
    """A folder of `assay identity fetch` (docs/identity.md 11.4). Each connection has the newest set of files; one that
    cannot be read replaces nothing. Threads may share an object."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: dict = {}  # whether of a server -> what `current` named, and the context

    def _newest(self, is_server: bool) -> ssl.SSLContext:
        with self._lock:
            before: Tuple[Optional[str], Any] = self._loaded.get(is_server, (None, None))
            try:
                name = os.readlink(os.path.join(self._folder, "current"))
                if name != before[0]:  # all files of one set by its own name, so that they belong together
                    before = name, _make_context(is_server, os.path.join(self._folder, name))
                    self._loaded[is_server] = before
            except (OSError, ValueError, KeyError):
                if before[1] is None:
                    raise
            return before[1]

    def server_context(self) -> ssl.SSLContext:
        """A context of a server for as long as it runs: clients need a certificate of the network, and each connection
        has the newest files. Any attested member may connect: compare `spiffe_id` of the connection."""
        context = _make_context(True, os.path.join(self._folder, os.readlink(os.path.join(self._folder, "current"))))

        def choose(connection: Any, _name: Optional[str], _context: ssl.SSLContext) -> None:
            connection.context = self._newest(True)
        context.sni_callback = choose  # also of clients that send no name
        return context

    def client_context(self) -> ssl.SSLContext:
        """The newest context of a client: take it for each connection, and compare `spiffe_id` of the connection, since no
        host name is compared."""
        return self._newest(False)

    def connect(self, address: Tuple[str, int], expected: str, timeout: Optional[float] = None) -> ssl.SSLSocket:
        """A connection to the service with this SPIFFE ID. ssl.SSLError: the server is another one."""
        plain = socket.create_connection(address, timeout)
        try:
            connection = self.client_context().wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        found = spiffe_id(connection)
        if found != expected:
            connection.close()
            raise ssl.SSLCertVerificationError("the server is %r, expected %r" % (found, expected))
        return connection
